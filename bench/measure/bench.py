"""One run of the benchmarks: where things are, what is made once and kept, and
where results go."""
import array
import gzip
import json
import pathlib
import statistics
import subprocess
import sys

from measure import machine, tables, worker

HIDDEN_SMALL = "95,63,32,16"
EPOCHS = ["--epochs", "8", "--early-stop", "never", "--threads", "1", "--seed", "1"]
PRUNED = ["--prune", "90%", "--steps", "5", "--trigger", "epoch", "--every", "1"]
SCATTERED = ["--criterion", "magnitude", "--scope", "layer", "--dead", "keep"]
# Networks that are trained once and kept in the build folder.
MODELS = {
    "dense": [],
    "small": ["--hidden", HIDDEN_SMALL],
    "activation": PRUNED + ["--criterion", "activation"],
    # Layer by layer, so that every neuron stays alive.
    "magnitude": PRUNED + SCATTERED,
    "magnitude-30": ["--prune", "30%", *PRUNED[2:], *SCATTERED],
    "magnitude-60": ["--prune", "60%", *PRUNED[2:], *SCATTERED],
}


class Bench:
    def __init__(self, arguments, out):
        self.quick, self.out = arguments.quick, out
        self.folder = pathlib.Path(arguments.build).resolve()
        self.rounds = arguments.rounds or (2 if self.quick else 5)
        self.lock = worker.Lock(arguments.lock)
        self.data = machine.data_folder()
        machine.build(self.folder)
        self.blas = machine.choose_blas(self.folder)
        self.machine = machine.facts(self.folder, self.blas)
        self.peers = {}
        for name, (found, how) in machine.peers(self.folder).items():
            self.peers[name] = found
            if not found:
                print(f"{name} is not here and is left out ({how})", file=sys.stderr)
        self.files = self.folder / "bench-files"
        self.files.mkdir(exist_ok=True)

    # ---- programs -------------------------------------------------------
    @property
    def espalier(self):
        return self.folder / "cli" / "espalier"

    def program(self, name, **options):
        return [self.folder / "bench" / name, *(f"{k}={v}" for k, v in options.items())]

    def script(self, name, **options):
        return [machine.PYTHON, machine.PEERS / f"{name}.py",
                *(f"{k}={v}" for k, v in options.items())]

    def measure(self, workers, rounds=None, **how):
        """Interleaved rounds; the workers are closed afterwards."""
        results = worker.interleave(workers, rounds or self.rounds, self.lock, **how)
        for one in workers:
            one.close()
        return results

    # ---- files made once --------------------------------------------------
    def kept(self, name, make):
        """files/name, made by make(path) if it is not there; written aside and renamed."""
        path = self.files / name
        if not path.exists():
            aside = path.with_name(f"new-{name}")
            with self.lock:
                make(aside)
            aside.rename(path)
        return path

    def model(self, name):
        def train(path):
            command = [self.espalier, "train", self.data, "-o", path, "--quiet", *EPOCHS, *MODELS[name]]
            done = subprocess.run(command, env=machine.environment(1), capture_output=True, text=True)
            if done.returncode not in (0, 3):
                raise SystemExit(done.stderr)
        return self.kept(f"{name}.safetensors", train)

    def onnx(self, name, batch):
        def write(path):
            command = self.script("to_onnx", model=self.model(name), onnx=path, batch=batch)
            subprocess.run(command, check=True, env=machine.environment(1), capture_output=True)
        return self.kept(f"{name}-{batch}.onnx", write)

    def idx(self, part, kind):
        """An IDX file of the data set, unpacked."""
        plain = pathlib.Path(self.data) / f"{part}-{kind}-ubyte"
        return plain.read_bytes() if plain.exists() else gzip.open(f"{plain}.gz").read()

    def values(self, part, first, count):
        """Rows of "train" or "t10k" as scaled float32, and their labels as bytes."""
        def write_values(path):
            pixels = self.idx(part, "images-idx3")[16 + 784 * first:16 + 784 * (first + count)]
            path.write_bytes(array.array("f", (pixel / 255 for pixel in pixels)).tobytes())
        def write_labels(path):
            path.write_bytes(self.idx(part, "labels-idx1")[8 + first:8 + first + count])
        name = f"{part}-{first}-{count}"
        return self.kept(f"{name}.f32", write_values), self.kept(f"{name}.u8", write_labels)

    def one_row(self):
        """A folder of IDX files with one training and one test row."""
        folder = self.files / "one-row"
        folder.mkdir(exist_ok=True)
        for part in ("train", "t10k"):
            for kind, header, width in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
                data = self.idx(part, kind)
                row = data[:4] + (1).to_bytes(4, "big") + data[8:header + width]
                (folder / f"{part}-{kind}-ubyte").write_bytes(row)
        return folder

    # ---- results -----------------------------------------------------------
    def record(self, subject, case, method, results, field="seconds", unit="s", scale=1.0, base=False,
               facts=None, **derived):
        """Notes one method's rounds. derived: columns computed from the median by functions."""
        values = [result[field] * scale for result in results]
        median = statistics.median(values)
        record = {"subject": subject, "case": case, "method": method, "base": base, "unit": unit,
                  "median": median, "least": min(values), "most": max(values), "values": values,
                  "derived": {name: made(median) for name, made in derived.items()},
                  "facts": facts or {}, "quick": self.quick, **self.machine}
        self.out.write(json.dumps(record) + "\n")
        self.out.flush()
        return record

    def show(self, records):
        print(tables.plain(records), flush=True)
