"""Fills the tables of docs/performance.md from a JSON-lines file. A table stands
between <!-- table: NAME --> and <!-- end -->."""
import json
import pathlib
import re
import statistics

from measure import tables

TABLE = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def refuse(path, what):
    raise SystemExit(f"bench/run: {path}: {what}")


def load(path):
    """Of each subject and case the last run, whole runs before quick ones."""
    cases = {}
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        refuse(path, error.strerror)
    except UnicodeDecodeError:
        refuse(path, "expected lines of JSON, found other bytes")
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            run, case = (not record["quick"], record["date"]), (record["subject"], record["case"])
        except (ValueError, KeyError, TypeError):
            refuse(path, f"line {number}: expected a result of bench/run, found '{line[:40]}'")
        kept = cases.setdefault(case, [run, []])
        if run > kept[0]:
            kept[:] = [run, []]
        if run == kept[0]:
            kept[1].append(record)
    if not cases:
        refuse(path, "expected results of bench/run, found none")
    return [record for _, records in cases.values() for record in records]


def fill(source, path):
    records = load(source)
    def table(match):
        begin, name, end = match.groups()
        part = [r for r in records if r["subject"] == name]
        made = {"machine": machine, "aims": aims, "losses": losses}.get(name)
        text = made(records) if made else tables.markdown(part) if part else "*not measured*"
        return f"{begin}\n{text}\n\n{end}"
    path.write_text(TABLE.sub(table, path.read_text()))
    return 0


def machine(records):
    """What the lines say about the machine, the build and the peers."""
    last = records[-1]
    versions = {}
    for r in records:
        for peer in ("PyTorch", "scikit-learn", "ONNX Runtime"):
            if r["method"].startswith(peer) and "version" in r["facts"]:
                versions[peer] = r["facts"]["version"]
    facts = {
        "processor": f"{last['machine']}, {last['cores']} cores, {last['caches']}",
        "system": last["system"], "compiler": last["compiler"], "flags": f"`{last['flags']}`",
        "commit": ", ".join(sorted({r["commit"] + (" and changes" if r["changed"] else "") for r in records})),
        "measured": f"{min(r['date'] for r in records)[:10]} to {max(r['date'] for r in records)[:10]}",
        "OpenBLAS's kernels": last.get("blas", "its own choice"),
        "peers": ", ".join(f"{peer} {version}" for peer, version in versions.items())}
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in facts.items())])


def losses(records):
    """The peers whose median ratio to espalier's time or memory is below 1."""
    lines = ["| subject | case | peer | ratio (rounds) |", "|---|---|---|---:|"]
    for r in records:
        base = next((x for x in records if x["base"] and (x["subject"], x["case"]) == (r["subject"], r["case"])), {})
        found = tables.ratios(r, [x for x in records if x["subject"] == r["subject"]])
        if base.get("method", "").startswith("espalier") and not r["method"].startswith("espalier") \
                and found and statistics.median(found) < 1:
            lines.append(f"| {r['subject']} | {r['case']} | {r['method']} | {tables.ratio_text(found)} |")
    return "\n".join(lines) if lines[2:] else "None in these cases."


# ---- what was aimed at ----------------------------------------------------------

class Case:
    """The methods of one case, to be compared round by round."""

    def __init__(self, records, subject, case):
        self.records = [r for r in records if r["subject"] == subject and r["case"].startswith(case)]

    def best(self, *beginnings):
        """The method of this name, or the fastest whose name begins so."""
        found = ([r for r in self.records if r["method"] in beginnings]
                 or [r for r in self.records if r["method"].startswith(beginnings)])
        return min(found, key=lambda r: r["median"], default=None)

    def ratio(self, slow, fast):
        """Rounds of the slow method over those of the fast one; None if one is missing."""
        a, b = self.best(slow), self.best(fast)
        return [x / y for x, y in zip(a["values"], b["values"])] if a and b else None


DENSE, SMALL, SPARSE = "784-300-200-100-50-10", "784-95-63-32-16-10", "90 % pruned by magnitude"
ORT = "ONNX Runtime"
# What, subject, case, slow method, fast method, aim; the aim is a least ratio, or
# a greatest one if negative.
AIMS = [
    ("training, batch 32, 1 thread: times faster than PyTorch's best", "train", "batch 32, 1", "PyTorch,", "espalier", 2.3),
    ("the same, 2 threads", "train", "batch 32, 2", "PyTorch,", "espalier", 3.7),
    ("batch 256, 1 thread", "train", "batch 256, 1", "PyTorch,", "espalier", 1.5),
    ("the same, 2 threads", "train", "batch 256, 2", "PyTorch,", "espalier", 2.4),
    ("counting: times the epoch without", "count", "batch 32, 1", "with counting", "without", -1.02),
    ("the same, 2 threads", "count", "batch 32, 2", "with counting", "without", -1.02),
    ("epoch at 90 % by activation: of the dense epoch", "prune", "one epoch, batch 32, 1", "90 % by activation", "dense", -0.2),
    ("epoch at 90 % by magnitude: of the dense epoch", "prune", "one epoch, batch 32, 1", "90 % by magnitude", "dense", -1.0),
    ("the same at 60 %", "prune", "one epoch, batch 32, 1", "60 % by magnitude", "dense", -1.0),
    ("the same at 30 %", "prune", "one epoch, batch 32, 1", "30 % by magnitude", "dense", -1.0),
    ("masks of 60 %: of the same weights' epoch without them", "prune", "60 % by magnitude, weights", "with masks", "without", -1.0),
    ("the same, 30 %", "prune", "30 % by magnitude, weights", "with masks", "without", -1.0),
    ("train and prune: times faster than PyTorch's masks", "prune", "12 epochs, a step after each", "PyTorch", "espalier, 1", 5.0),
    ("the same, pruned later", "prune", "12 epochs, a step after every", "PyTorch", "espalier, 1", 5.0),
    ("predict, dense, batch 1: times faster than ONNX Runtime", "predict", f"{DENSE}, batch 1", ORT, "espalier", 1.5),
    ("predict, small, batch 1", "predict", f"{SMALL}, batch 1", ORT, "espalier", 2.5),
    ("predict, 90 % by magnitude, batch 1", "predict", f"{SPARSE}, batch 1", ORT, "espalier", 3.0),
    ("predict, dense, batch 1024", "predict", f"{DENSE}, batch 1024", ORT, "espalier", 1.0),
    ("predict, 90 % by magnitude, batch 1024", "predict", f"{SPARSE}, batch 1024", ORT, "espalier", 5.0),
    ("busy machine: default threads to 1 thread", "neighbour", f"{DENSE}, batch 32, 1 busy", "default", "1 thread", -1.5),
    ("the same, 2 busy loops a core", "neighbour", f"{DENSE}, batch 32, 2 busy", "default", "1 thread", -1.5),
]


def aims(records):
    lines = ["| what | aim | measured (rounds) | |", "|---|---:|---:|---|"]
    def line(what, aim, text, held):
        lines.append(f"| {what} | {aim} | {text} | {'reached' if held else 'missed'} |")
    for what, subject, case, slow, fast, aim in AIMS:
        exact = [r for r in records if r["case"] == case]
        found = Case(exact or records, subject, case).ratio(slow, fast)
        if found:
            median = statistics.median(found)
            shown = round(median, 2)
            held = shown <= -aim if aim < 0 else shown >= aim
            line(what, f"{'at most' if aim < 0 else 'at least'} {abs(aim):g}", tables.ratio_text(found), held)
    for threads, aim in (("1 thread", 0.85), ("2 threads", 0.75)):
        ours = Case(records, "train", f"batch 32, {threads}").best("espalier")
        if ours:
            share = ours["derived"]["share of peak"]
            line(f"share of the peak, batch 32, {threads}", f"at least {aim:.0%}", f"{share:.0%}", share >= aim)
    for r in records:
        if r["subject"] == "select" and r["case"].startswith("100"):
            line(f"selection among 100 million weights, {r['method']}: seconds; memory of the weights'",
                 "below 2; below 1", f"{r['median']:.2f}; {r['derived']['of the weights']:.2f}",
                 r["median"] < 2 and r["derived"]["of the weights"] < 1)
    shares = [r["derived"]["of the BLAS"] for r in records if r["derived"].get("of the BLAS")]
    wide = [r["derived"]["of the BLAS"] for r in records if r["derived"].get("of the BLAS")
            and not r["case"].startswith(("width 512", "width 1024"))]
    if shares:
        line("least share of the BLAS's GFLOP/s at scale", "at least 90%", f"{min(wide):.0%}", min(wide) >= 0.9)
    for case, method, aim, unit in (("peak of one", "espalier", 110e6 / 2**20, "MiB"),
                                    ("one row", "espalier predict", 15, "ms")):
        ours = Case(records, "memory", case).best(method)
        if ours:
            line(f"{ours['case']}, {unit}", f"below {aim:.0f}", tables.number(ours["median"]), ours["median"] < aim)
    return "\n".join(lines)
