"""The subjects: what is measured against what. Each takes the Bench and returns
its records; the order in SUBJECTS is the order of a whole run."""
import json
import os
import statistics

from measure import machine
from measure.worker import Command, Worker, best

ROWS = 54000
WIDTHS = [784, 300, 200, 100, 50, 10]


def arithmetic(widths, rows):
    """Operations of training on so many rows: 2 for each weight forward, for the
    weights' gradient, and, but for the first layer, for the inputs' gradient."""
    sizes = [a * b for a, b in zip(widths, widths[1:])]
    return 2.0 * rows * (3 * sum(sizes) - sizes[0])


def threads_text(threads):
    return f"{threads} thread" + ("s" if threads > 1 else "")


def ours(b, name="espalier", threads=1, **options):
    return Worker(name, b.program("bench_train", data=b.data, threads=threads, **options),
                  threads=threads or None)


# ---- the machine ----------------------------------------------------------

def peak_workers(b):
    return [Worker(f"peak {t}", b.program("bench_peak", threads=t), threads=t) for t in (1, 2)]


def peak(b):
    results = b.measure(peak_workers(b))
    return [b.record("peak", "fused multiply-adds, float32", threads_text(t), results[f"peak {t}"],
                     unit="ns per operation", scale=1.0,
                     **{"GFLOP/s": lambda ns: 1 / ns, "GFLOP/s of a core": lambda ns, t=t: 1 / ns / t})
            for t in (1, 2)]


# ---- training ---------------------------------------------------------------

# OpenMP waits differently on different machines; the fastest of these is taken.
TORCH_VARIANTS = {
    "2 threads": {},
    "2 threads, OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"},
    "2 threads, OMP_WAIT_POLICY=active": {"OMP_WAIT_POLICY": "active"},
    "2 threads, GOMP_SPINCOUNT=10000": {"GOMP_SPINCOUNT": "10000"},
}


def torch_two(b, batch):
    """The name of PyTorch's best setting for two threads, from a short trial."""
    def maker(name, env):
        return lambda: Worker(name, b.script("torch_train", data=b.data, threads=2, batch=batch,
                                             rows=ROWS // 8), threads=2, env=env)
    return best([maker(*pair) for pair in TORCH_VARIANTS.items()], 2, b.lock)


def train_peers(b, batch, threads):
    """Peers of one case; for two threads those of one thread, too, where they may be better."""
    torch = lambda name, t, env=None, **more: Worker(  # noqa: E731
        name, b.script("torch_train", data=b.data, threads=t, batch=batch, **more), threads=t, env=env)
    found = []
    if b.peers["torch"]:
        found.append(torch("PyTorch, 1 thread", 1))
        if threads == 2:
            name = torch_two(b, batch)
            found.append(torch(f"PyTorch, {name}", 2, TORCH_VARIANTS[name]))
        else:
            found.append(torch("PyTorch DataLoader", 1, form="loader"))
    if b.peers["sklearn"] and batch == 32:
        for form in ("partial", "warm") if threads == 1 else ("partial",):
            name = {"partial": "partial_fit", "warm": "fit, warm_start"}[form]
            found.append(Worker(f"scikit-learn, {name}, {threads_text(threads)}",
                                b.script("sklearn_train", data=b.data, form=form, batch=batch), threads))
    return found


def fann_worker(b):
    """FANN on a tenth of the rows: its time grows with them, and there is enough of it."""
    values, labels = b.values("train", 6000, ROWS // 10)
    return Worker("FANN, row by row (a tenth of the rows, times 10)",
                  b.program("peer_fann", values=values, labels=labels, rows=ROWS // 10))


def train(b):
    records = []
    for batch in (32, 256):
        for threads in (1, 2):
            workers = [ours(b, threads=threads, batch=batch), *train_peers(b, batch, threads)]
            if b.peers["fann"] and batch == 32 and threads == 1:
                workers.append(fann_worker(b))
            facts = {worker.name: worker.facts for worker in workers}
            results = b.measure(workers + peak_workers(b), rounds=b.rounds * (1 if batch == 32 else 3))
            limit = min(r["seconds"] for r in results.pop(f"peak {threads}"))
            results.pop(f"peak {3 - threads}")
            flop = arithmetic(WIDTHS, ROWS)
            case = f"batch {batch}, {threads_text(threads)}"
            for name, rounds in results.items():
                scale = 10.0 if name.startswith("FANN") else 1.0
                records.append(b.record(
                    "train", case, name, rounds, scale=scale, base=name == "espalier",
                    facts=facts[name], **{"share of peak": lambda s: flop / s * limit / 1e9}))
    return records


def against_torch(b, subject, case, threads, extra=(), **options):
    """An epoch of espalier, of others and of PyTorch with one thread and with up to `threads`."""
    workers = [ours(b, threads=threads, **options), *extra]
    passive = "2 threads, OMP_WAIT_POLICY=passive"
    for count, how in ((1, "1 thread"), (2, passive))[:threads if b.peers["torch"] else 0]:
        workers.append(Worker(f"PyTorch, {how}", b.script(
            "torch_train", data=b.data, threads=count, **options), count, TORCH_VARIANTS.get(how)))
    return [b.record(subject, f"{case}, {threads_text(threads)}", name, rounds, base=name == "espalier")
            for name, rounds in b.measure(workers).items()]


def standard(b):
    """Inputs without zeros, as tables have: pixels that were standardised."""
    return [record for batch, most in ((32, 2), (256, 2), (1024, 1)) for threads in range(1, most + 1)
            for record in against_torch(b, "standard", f"batch {batch}", threads, batch=batch,
                                        scaling="standard")]


# Other update rules and functions than those of the paper.
RULES = {
    "weight decay 1e-4": {"decay": 100}, "momentum": {"optimizer": "momentum"}, "Adam": {"optimizer": "adam"},
    "leaky-relu": {"activation": "leaky-relu"}, "sigmoid": {"activation": "sigmoid"}, "tanh": {"activation": "tanh"},
}


def rules(b):
    records = []
    for rule, options in RULES.items():
        for threads in (1, 2) if rule == "Adam" else (1,):
            plain = [ours(b, "espalier, plain SGD and ReLU", threads)]
            records += against_torch(b, "rules", rule, threads, plain, **options)
    return records


SHORT_ROWS = 9000


def measure_closely(b, workers):
    """Many rounds of epochs of SHORT_ROWS: whether a ratio is within 2 % of 1 drowns in less, and the
    machine's own pace changes from second to second."""
    return b.measure(workers, rounds=40 * b.rounds)


def count(b):
    records = []
    for batch, threads in ((32, 1), (32, 2), (256, 1)):
        workers = [ours(b, "without", threads, batch=batch, rows=SHORT_ROWS, count=0),
                   ours(b, "with counting", threads, batch=batch, rows=SHORT_ROWS, count=1)]
        for name, rounds in measure_closely(b, workers).items():
            records.append(b.record("count", f"batch {batch}, {threads_text(threads)}", name, rounds,
                                    base=name == "without"))
    return records


# ---- pruning ----------------------------------------------------------------

def pruned_epoch(b):
    records = []
    for threads in (1, 2):
        workers = [ours(b, "dense", threads, model=b.model("dense"), count=1)]
        workers += [ours(b, name, threads, model=b.model(model), count=1) for name, model in
                    (("90 % by activation", "activation"), ("90 % by magnitude", "magnitude"),
                     ("60 % by magnitude", "magnitude-60"), ("30 % by magnitude", "magnitude-30"))]
        for name, rounds in b.measure(workers, rounds=3 * b.rounds).items():
            records.append(b.record("prune", f"one epoch, batch 32, {threads_text(threads)}", name,
                                    rounds, base=name == "dense"))
    return records


def masked_epoch(b):
    """What masks cost: the same weights with and without them, held still, so that the same neurons
    are active in both."""
    records = []
    for percent in 60, 30:
        how = {"model": b.model(f"magnitude-{percent}"), "still": 1, "count": 1, "rows": SHORT_ROWS}
        workers = [ours(b, "without masks", masks=0, **how), ours(b, "with masks", **how)]
        for name, rounds in measure_closely(b, workers).items():
            records.append(b.record("prune", f"{percent} % by magnitude, weights held still, 1 thread", name,
                                    rounds, base=name == "without masks"))
    return records


def our_job(b, threads, every, epochs):
    def read(stdout):
        result = json.loads(stdout)
        return {"seconds": result["seconds"]["total"], "test_accuracy": result["accuracy"]["test"]}
    command = [b.espalier, "train", b.data, "-o", b.files / "job.safetensors", "--prune", "90%",
               "--steps", 5, "--trigger", "epoch", "--every", every, "--epochs", epochs,
               "--early-stop", "never", "--threads", threads, "--json", "--quiet"]
    return Command(f"espalier, {threads_text(threads)}", command, threads=threads, read=read)


def torch_job(b, threads, **options):
    return Worker(f"PyTorch, masks, {threads_text(threads)}",
                  b.script("torch_job", data=b.data, threads=threads, **options), threads,
                  env={"OMP_WAIT_POLICY": "passive"} if threads > 1 else None)


def job(b):
    """The whole main job on 1 and 2 threads, against the better of the two of PyTorch."""
    records = []
    if b.peers["torch"]:
        trial = [lambda t=t: torch_job(b, t, epochs=1) for t in (1, 2)]
        better = 1 if best(trial, 1, b.lock).endswith("1 thread") else 2
    for every in (1, 2):
        epochs = 6 if b.quick else 12
        workers = [our_job(b, threads, every, epochs) for threads in (1, 2)]
        if b.peers["torch"]:
            workers.append(torch_job(b, better, every=every, epochs=epochs))
        when = "each of the first 5 epochs" if every == 1 else "every second epoch"
        for name, rounds in b.measure(workers, warm=False).items():
            accuracy = rounds[-1]["test_accuracy"]
            records.append(b.record("prune", f"{epochs} epochs, a step after {when}", name, rounds,
                                    base=name == "espalier, 1 thread",
                                    **{"test accuracy, %": lambda _, a=accuracy: 100 * a}))
    return records


def prune(b):
    return pruned_epoch(b) + masked_epoch(b) + job(b)


# ---- prediction --------------------------------------------------------------

NETWORKS = {"dense": "784-300-200-100-50-10", "small": "784-95-63-32-16-10",
            "magnitude": "90 % pruned by magnitude"}


def predict(b):
    records, rows = [], 4096
    for name, text in NETWORKS.items():
        model = b.model(name)
        for batch in (1, 1024):
            workers = [Worker("espalier", b.program("bench_predict", model=model, data=b.data,
                                                    batch=batch, rows=rows))]
            if b.peers["onnxruntime"]:
                workers.append(Worker("ONNX Runtime from C", b.program(
                    "peer_onnxruntime", library=b.peers["onnxruntime"], model=b.onnx(name, batch),
                    values=b.values("t10k", 0, rows)[0], batch=batch)))
            if batch == 1:
                for skip, how in enumerate(("plain C loop", "plain C loop, zeros skipped")):
                    workers.append(Worker(how, b.program("peer_plain", model=model, data=b.data,
                                                         rows=rows, skip=skip)))
            if b.peers["torch"]:
                for form in ("script", "eager"):
                    workers.append(Worker(f"PyTorch, {form}", b.script(
                        "torch_predict", model=model, data=b.data, batch=batch, rows=rows, form=form)))
            facts = {worker.name: worker.facts for worker in workers}
            for method, rounds in b.measure(workers, rounds=8 * b.rounds).items():
                records.append(b.record("predict", f"{text}, batch {batch}", method, rounds, unit="µs a row",
                                        scale=1e6, base=method == "espalier", facts=facts[method],
                                        **{"rows per second": lambda us: 1e6 / us}))
    return records


# ---- scale -------------------------------------------------------------------

SHAPES = {
    "width 512": [784, 512, 512, 10], "width 1024": [784, 1024, 1024, 10],
    "width 2048": [784, 2048, 2048, 10], "width 4096": [784, 4096, 4096, 10],
    "depth 10": [784] + 10 * [1024] + [10], "1,000 classes": [784, 2048, 2048, 1000],
}


def scale(b):
    records, square = [], 2.0 * 2048 ** 3
    product = f"2048² product, OpenBLAS, core type {b.blas}"
    for name, widths in SHAPES.items():
        for batch in (32, 256, 1024):
            flop, case = arithmetic(widths, batch), f"{name}, batch {batch}"
            steps = max(2, min(200, round(3e10 / flop)))
            step = Worker("a training step", b.program("bench_scale", widths="-".join(map(str, widths)),
                                                       batch=batch, steps=steps))
            workers = [step]
            if b.blas != "none":
                workers.append(Worker(product, b.program("bench_blas", size=2048)))
            results = b.measure(workers)
            ours, *others = (results[worker.name] for worker in workers)
            derived = {"GFLOP": lambda _: flop / 1e9, "GFLOP/s": lambda ms: flop / ms / 1e6}
            if others:
                share = statistics.median(flop / square * theirs["seconds"] / own["seconds"]
                                          for own, theirs in zip(ours, others[0]))
                derived["of the BLAS"] = lambda _: share
            records.append(b.record("scale", case, step.name, ours, unit="ms", scale=1e3, **derived))
            for theirs in others:
                records.append(b.record(
                    "scale", case, workers[1].name, theirs, unit="ms", scale=1e3,
                    **{"GFLOP": lambda _: square / 1e9, "GFLOP/s": lambda ms: square / ms / 1e6}))
    return records


def select(b):
    records = []
    criteria = ("activation", "activation-weight", "magnitude", "random")
    for millions, width in ((10, 1581),) if b.quick else ((10, 1581), (100, 5000)):
        one_core = {min(os.sched_getaffinity(0))}
        workers = [Worker(criterion, b.program("bench_select", criterion=criterion,
                                               widths="-".join([str(width)] * 5 + ["10"])), cpus=one_core)
                   for criterion in criteria]
        for name, rounds in b.measure(workers, warm=False).items():
            extra = max(r["extra_bytes"] for r in rounds)
            weights = rounds[0]["weight_bytes"]
            records.append(b.record("select", f"{millions} million weights, one core", name, rounds, **{
                "extra MiB": lambda _: extra / 2**20, "of the weights": lambda _: extra / weights}))
    return records


# ---- memory, start, neighbours --------------------------------------------------

def memory(b):
    model = b.files / "memory.safetensors"
    workers = [Command("espalier", [b.espalier, "train", b.data, "-o", model, "--epochs", "1", "--quiet"],
                       threads=None)]
    if b.peers["torch"]:
        workers += [Command(f"PyTorch, {text}", b.script("torch_train", data=b.data, form=form), text="run\n")
                    for form, text in (("memory", "floats in memory"), ("bytes", "bytes in memory"))]
    if b.peers["sklearn"]:
        workers.append(Command("scikit-learn", b.script("sklearn_train", data=b.data), text="run\n"))
    records = [b.record("memory", "peak of one epoch, batch 32", name, rounds, field="bytes", unit="MiB",
                        scale=2.0**-20, base=name == "espalier")
               for name, rounds in b.measure(workers, rounds=3, warm=False).items()]
    start = Command("espalier predict", [b.espalier, "predict", b.model("dense"), b.one_row()])
    small = Command("espalier predict, small network", [b.espalier, "predict", b.model("small"), b.one_row()])
    for name, rounds in b.measure([start, small], rounds=4 * b.rounds).items():
        records.append(b.record("memory", "one row, from start to end", name, rounds, unit="ms", scale=1e3))
    return records


def neighbour(b):
    records, cores = [], len(os.sched_getaffinity(0))
    networks = {"784-300-200-100-50-10": ROWS // 6, "784-32-10": ROWS}
    for widths, rows in networks.items():
        for each in (0, 1, 2):
            workers = [ours(b, "1 thread", 1, widths=widths, rows=rows),
                       ours(b, "default threads", 0, widths=widths, rows=rows)]
            facts = {worker.name: worker.facts for worker in workers}
            beside = f"{each} busy loop{'s' if each > 1 else ''} a core" if each else "idle machine"
            results = b.measure(workers, beside=each * cores)
            for name, rounds in results.items():
                threads = facts[name].get("threads")
                records.append(b.record("neighbour", f"{widths}, batch 32, {beside}",
                                        f"{name} ({threads})", rounds, base=name == "1 thread"))
    return records


SUBJECTS = {made.__name__: made
            for made in (peak, train, standard, rules, count, prune, predict, scale, select, memory, neighbour)}
