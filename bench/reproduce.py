#!/usr/bin/env python3
"""The paper's claims, measured: the studies behind docs/reproduce.md and its tables.

usage: bench/reproduce.py run ESPALIER FOLDER [--data-dir DIR]   runs (or goes on with) all studies
       bench/reproduce.py document FOLDER                        fills docs/reproduce.md from them

FOLDER gets one study folder for each entry of STUDIES. `run` may be broken off and
repeated; MNIST is looked for in DIR (espalier study --help says where else). `document`
leaves alone what FOLDER has no study for: tables, rows of a data set, pictures."""
import argparse
import csv
import glob
import json
import math
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = os.path.join(ROOT, "docs", "reproduce.md")
PICTURES = os.path.join(ROOT, "docs", "reproduce")

GRID = "--sparsities 80%,85%,90% --steps 5,10 --seeds 5 --epochs 30"
MAIN = f"--criteria activation,activation-weight --controls magnitude,random {GRID} --spectra"
CONTROLS = ("--criteria activation,activation-weight "
            "--controls rewind,reinit,shuffle,scratch,pca,svd,factors --nuclear 0.001,0.003 "
            "--nuclear-weighted 0.00001,0.00003 --sparsities 90% --steps 5 --seeds 5 --epochs 30 --spectra")
COUNTS = f"--criteria activation --counts training,sample,sample-sum,sample-zeros --controls none {GRID}"
TIME = "--criteria activation --controls none --sparsities 50%,60%,70% --steps 5 --seeds 5 --epochs 30"
STUDIES = [("fm", "fashion-mnist", MAIN), ("mn", "mnist", MAIN),
           ("fm-controls", "fashion-mnist", CONTROLS), ("mn-controls", "mnist", CONTROLS),
           ("fm-time", "fashion-mnist", TIME), ("mn-time", "mnist", TIME),
           ("fm-counts", "fashion-mnist", COUNTS), ("mn-counts", "mnist", COUNTS),
           ("lenet", "mnist", "--preset lenet")]
DATA = {"fm": "Fashion-MNIST", "mn": "MNIST"}
CRITERIA = ["activation", "activation-weight", "magnitude", "random"]


# ---- statistics: two-sided 97.5 % quantiles of Student's t, checked in tests/study ----

def t_quantile(df):
    """By bisection on the tail that espalier's own tests compare with scipy."""
    def tail(t):  # P(T > t), by the trapezium rule on the density over its angle
        n = 4000
        a, b = math.atan(t / math.sqrt(df)), math.pi / 2
        width = (b - a) / n
        total = sum(math.cos(a + (i + 0.5) * width) ** (df - 1) for i in range(n)) * width
        return total * math.gamma((df + 1) / 2) / (math.sqrt(math.pi) * math.gamma(df / 2))
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > 0.025 else (low, middle)
    return low


QUANTILES = {}


def estimate(values):
    """(mean, half width of the 95 % interval or None, n)"""
    n = len(values)
    mean = sum(values) / n
    if n < 2:
        return mean, None, n
    if n not in QUANTILES:
        QUANTILES[n] = t_quantile(n - 1)
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    return mean, QUANTILES[n] * sd / math.sqrt(n), n


def show(values, digits=2, scale=100.0, sign=False):
    if not values:
        return "–"
    mean, half, _ = estimate([scale * v for v in values])
    text = f"{mean:+.{digits}f}" if sign else f"{mean:.{digits}f}"
    text = text.replace("-", "−")
    return text if half is None else f"{text} ± {half:.{digits}f}"


# ---- reading ------------------------------------------------------------------------

class Study:
    def __init__(self, folder):
        self.folder = folder
        self.runs = []
        for path in sorted(glob.glob(os.path.join(folder, "runs", "*.json"))):
            with open(path) as file:
                run = json.load(file)
            if run["status"] == "done":
                self.runs.append(run)

    def pick(self, **wanted):
        """Runs by seed."""
        return {r["seed"]: r for r in self.runs if all(r[k] == v for k, v in wanted.items())}


def studies(folder):
    return {name: Study(os.path.join(folder, name)) for name, _, _ in STUDIES
            if os.path.isdir(os.path.join(folder, name, "runs"))}


def accuracies(runs):
    return [r["accuracy"]["test"] for _, r in sorted(runs.items())]


def paired(runs, others, key=lambda r: r["accuracy"]["test"]):
    return [key(runs[s]) - key(others[s]) for s in sorted(runs) if s in others]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def near(targets, value):
    return next((t for t in targets if abs(t - value) < 1e-9), value)


# ---- tables ---------------------------------------------------------------------------

def accuracy_table(all_studies):
    rows = []
    for name in ("fm", "mn"):
        if name not in all_studies:
            continue
        study = all_studies[name]
        dense = study.pick(method="dense")
        rows.append([DATA[name], "dense", "", show(accuracies(dense)), "", "", "", ""])
        for target in (0.8, 0.85, 0.9):
            for steps in (5, 10):
                base = study.pick(method="prune", criterion="magnitude", target=target, steps=steps)
                row = [DATA[name], f"{100 * target:.0f} %", steps, show(accuracies(base))]
                pick = lambda c: study.pick(method="prune", criterion=c, target=target, steps=steps)
                row += [show(paired(pick(c), base), sign=True) for c in CRITERIA if c != "magnitude"]
                rows.append(row + [show(paired(pick("activation"), pick("random")), sign=True)])
    return table(["data", "pruned", "steps", "magnitude, test accuracy %", "activation − magnitude",
                  "activation-weight − magnitude", "random − magnitude", "activation − random"], rows)


def p_value(field):
    """Empty: no test, as where all pairs differ by the same."""
    return f"{float(field):.3g}" if field else "–"


def p_values_table(all_studies, folder):
    rows = []
    for name in ("fm", "mn"):
        path = os.path.join(folder, name, "summary.csv")
        if not os.path.exists(path):
            continue
        with open(path) as file:
            for r in csv.DictReader(file):
                if r["method"] == "prune" and r["criterion"] in ("activation", "activation-weight"):
                    rows.append([DATA[name], r["criterion"], f"{100 * float(r['target']):.0f} %", r["steps"],
                                 f"{100 * float(r['against_magnitude_mean']):+.2f}".replace("-", "−"),
                                 p_value(r["against_magnitude_p"]),
                                 p_value(r["against_magnitude_p_holm"])])
    return table(["data", "criterion", "pruned", "steps", "− magnitude, points", "p", "p, Holm"], rows)


def counting_table(all_studies):
    rows = []
    for name in ("fm", "mn"):
        study = all_studies.get(name + "-counts")
        if not study:
            continue
        for target in (0.8, 0.85, 0.9):
            for steps in (5, 10):
                base = study.pick(method="prune", criterion="activation", target=target, steps=steps,
                                  count="training")
                row = [DATA[name], f"{100 * target:.0f} %", steps, show(accuracies(base))]
                for count in ("sample", "sample-sum", "sample-zeros"):
                    runs = study.pick(method="prune", criterion="activation", target=target,
                                      steps=steps, count=count)
                    row.append(show(paired(runs, base), sign=True))
                if any(cell != "–" for cell in row[4:]):
                    rows.append(row)
    return table(["data", "pruned", "steps", "`training`, test accuracy %", "`sample` − `training`",
                  "`sample-sum` − `training`", "`sample-zeros` − `training`"], rows)


def hidden(run):
    return run["layers"][:-1]


def rank_table(all_studies):
    rows = []
    for name in ("fm", "mn"):
        study = all_studies.get(name)
        if not study:
            continue
        kinds = [("dense", study.pick(method="dense"))]
        kinds += [(c, study.pick(method="prune", criterion=c, target=0.9, steps=5)) for c in CRITERIA]
        for label, runs in kinds:
            if not runs:
                continue
            per_layer = list(zip(*[[(l["rank"], l["stable_rank"], l["live"]) for l in hidden(r)]
                                   for r in runs.values()]))
            mean = lambda layer, k: sum(v[k] for v in layer) / len(layer)
            rows.append([DATA[name], label, "-".join(f"{mean(l, 2):.0f}" for l in per_layer),
                         "-".join(f"{mean(l, 0):.0f}" for l in per_layer),
                         "-".join(f"{mean(l, 1):.1f}" for l in per_layer),
                         show([sum(l["nuclear"] for l in hidden(r)) for r in runs.values()], 1, 1.0)])
    return table(["data", "90 %, 5 steps", "live neurons", "rank", "stable rank",
                  "sum of all singular values"], rows)


def low_rank_table(all_studies):
    rows = []
    for name in ("fm", "mn"):
        study = all_studies.get(name + "-controls")
        if not study:
            continue
        for criterion in ("activation", "activation-weight"):
            base = study.pick(method="prune", criterion=criterion)
            for method in ("pca", "svd", "factors"):
                runs = study.pick(method=method, criterion=criterion)
                if not runs:
                    continue
                before = lambda r: r["accuracy_before_retraining"]
                rows.append([DATA[name], criterion, show(accuracies(base)), method,
                             show([before(r) for r in runs.values()]),
                             show([base[s]["accuracy"]["test"] - before(runs[s]) for s in runs if s in base], sign=True),
                             show(accuracies(runs)),
                             show([-d for d in paired(runs, base)], sign=True),
                             f"{sum(r['flops'] for r in runs.values()) / len(runs) / 2:,.0f}"])
    return table(["data", "ranks of", "pruned, test accuracy %", "rival", "rival, not retrained",
                  "pruned − rival", "rival, retrained", "pruned − rival, retrained",
                  "weights of the rival"], rows)


def control_table(all_studies):
    rows = []
    for name in ("fm", "mn"):
        study = all_studies.get(name + "-controls")
        if not study:
            continue
        for criterion in ("activation", "activation-weight"):
            base = study.pick(method="prune", criterion=criterion)
            row = [DATA[name], criterion, show(accuracies(base))]
            for method in ("rewind", "reinit", "shuffle", "scratch"):
                row.append(show(paired(study.pick(method=method, criterion=criterion), base), sign=True))
            if base and any(cell != "–" for cell in row[3:]):
                rows.append(row)
    return table(["data", "90 %, 5 steps", "pruned, test accuracy %", "rewind − pruned", "reinit − pruned",
                  "shuffle − pruned", "scratch − pruned"], rows)


POINTS = [0.0, 0.1, 0.25, 0.5, 0.75]


def at(values, point):
    return values[min(len(values) - 1, int(point * len(values)))]


def step_profile(runs):
    """Singular values after/before a step and their difference, mean over runs, steps, layers."""
    ratios, drops = [[] for _ in POINTS], [[] for _ in POINTS]
    sums = []
    for run in runs.values():
        before = {}
        for event in run.get("spectra") or []:
            if event["when"] == "before":
                before = event
            elif event["when"] == "after" and before:
                for old, new in list(zip(before["layers"], event["layers"]))[:-1]:
                    live = old["singular_values"][:old["rank"]]
                    if not live:
                        continue
                    sums.append(new["nuclear"] / old["nuclear"])
                    for k, point in enumerate(POINTS):
                        index = min(len(live) - 1, int(point * len(live)))
                        ratios[k].append(new["singular_values"][index] / live[index])
                        drops[k].append(live[index] - new["singular_values"][index])
    return ratios, drops, sums


def end_profile(runs, dense):
    """The same for the network at the end against the dense one of its seed."""
    ratios, drops = [[] for _ in POINTS], [[] for _ in POINTS]
    sums = []
    final = lambda r: [e for e in r["spectra"] if e["when"] == "end"][-1]["layers"][:-1]
    for seed, run in runs.items():
        if seed not in dense or not run.get("spectra") or not dense[seed].get("spectra"):
            continue
        for old, new in zip(final(dense[seed]), final(run)):
            sums.append(new["nuclear"] / old["nuclear"])
            for k, point in enumerate(POINTS):
                values = old["singular_values"]
                index = min(len(values) - 1, int(point * len(values)))
                value = new["singular_values"][index] if index < len(new["singular_values"]) else 0.0
                ratios[k].append(value / values[index])
                drops[k].append(values[index] - value)
    return ratios, drops, sums


def profile_row(label, profile):
    ratios, drops, sums = profile
    if not sums:
        return None
    mean = lambda v: sum(v) / len(v)
    return label + [f"{mean(sums):.2f}"] + [f"{mean(r):.2f} ({mean(d):.2f})".replace("-", "−")
                                               for r, d in zip(ratios, drops)]


def shrinkage_table(all_studies):
    rows = []
    for name in ("fm", "mn"):
        main, study = all_studies.get(name), all_studies.get(name + "-controls")
        for criterion in CRITERIA if main else []:
            runs = main.pick(method="prune", criterion=criterion, target=0.9, steps=5)
            rows.append(profile_row([DATA[name], f"one step of `{criterion}`, after/before"], step_profile(runs)))
        if not main:
            continue
        dense = main.pick(method="dense")
        for criterion in CRITERIA:
            runs = main.pick(method="prune", criterion=criterion, target=0.9, steps=5)
            rows.append(profile_row([DATA[name], f"`{criterion}` 90 %, end/dense"], end_profile(runs, dense)))
        for method in ("nuclear", "nuclear-weighted") if study else []:
            for target in sorted({r["target"] for r in study.runs if r["method"] == method}):
                runs = study.pick(method=method, target=target)
                label = f"`--{method} {target:g}`, end/dense ({show(accuracies(runs))} %)"
                rows.append(profile_row([DATA[name], label], end_profile(runs, study.pick(method="dense"))))
    return table(["data", "what", "sum"] + ["largest" if not p else f"at {100 * p:.0f} %" for p in POINTS],
                 [r for r in rows if r])


def time_table(all_studies):
    rows = []
    mean = lambda values: sum(values) / len(values)
    for name in ("fm", "mn"):
        if name not in all_studies:
            continue
        groups = {}
        extra = all_studies[name + "-time"].runs if name + "-time" in all_studies else []
        for run in all_studies[name].runs + [r for r in extra if r["method"] == "prune"]:
            if run["nanoseconds"]:
                key = (run["criterion"] or "dense", run["target"], run["steps"])
                groups.setdefault(key, []).append(run)
        dense = next((runs for key, runs in groups.items() if key[0] == "dense"), None)
        if not dense:
            continue
        whole = mean([r["nanoseconds"] for r in dense])
        rows.append([DATA[name], f"{whole / 1000:.2f} µs (dense)"] + [""] * 4)
        for part in (0.7, 0.5, 0.33, 0.25, 0.2):
            row = [DATA[name], f"{part * whole / 1000:.2f} µs ({part:.2f} of dense)"]
            for criterion in CRITERIA:
                fits = [(mean([r["accuracy"]["validation"] for r in runs]), key, runs)
                        for key, runs in groups.items() if key[0] == criterion and
                        mean([r["nanoseconds"] for r in runs]) <= part * whole]
                if not fits:
                    row.append("none fits")
                    continue
                _, key, runs = max(fits, key=lambda f: f[0])
                row.append(f"{show([r['accuracy']['test'] for r in runs])} ({100 * key[1]:.0f} %, {key[2]} steps)")
            rows.append(row)
        rows[-6][2:] = [f"{show(accuracies(all_studies[name].pick(method='dense')))} (dense)", "", "", ""]
    return table(["data", "time for one prediction, at most"] + [f"`{c}`" for c in CRITERIA], rows)


LITERATURE = {12: "Han et al. 1.59; OBD 2.0 (12.5×)", 28: "lottery ticket: as dense (3.6 % kept)",
              50: "SNIP 2.4; dynamic surgery 1.99 (56×)", 70: "layer-wise OBS 2.0 (67×); sparse variational dropout 1.92 (68×)",
              100: "–"}


def lenet_table(all_studies):
    study = all_studies.get("lenet")
    if not study:
        return ""
    criteria, ratios = ("activation", "activation-weight", "magnitude"), (12, 28, 50, 70, 100)
    pick = lambda criterion, times: {
        r["seed"]: r for r in study.runs if r["method"] == "prune" and r["criterion"] == criterion
        and abs(r["target"] - (1 - 1 / times)) < 1e-4}
    dense = study.pick(method="dense")
    whole = set(dense).intersection(*(pick(c, t) for c in criteria for t in ratios))  # seeds that are complete
    error = lambda runs: show([1 - a for a in accuracies({s: r for s, r in runs.items() if s in whole})])
    rows = [["1×"] + [error(dense)] * 3 + [len(whole), "–"]]
    for times in ratios:
        rows.append([f"{times}×"] + [error(pick(c, times)) for c in criteria] + [len(whole), LITERATURE[times]])
    return table(["compression", "`activation`, test error %", "`activation-weight`, test error %",
                  "`magnitude`, test error %", "seeds", "literature, test error %"], rows)


# ---- the document ------------------------------------------------------------------------

def rows_by_data(body):
    """A table's head, and its rows under the data set that their first cell names."""
    lines = [line for line in body.splitlines() if line.startswith("|")]
    groups = {name: [line for line in lines if line.startswith(f"| {name} |")] for name in DATA.values()}
    return lines[:2], {name: rows for name, rows in groups.items() if rows}


def merged(old, new):
    """The new table, with the old rows of data sets that it has none for."""
    if len(new.splitlines()) < 3:
        return old.strip()
    head, rows = rows_by_data(new)
    if not rows:
        return new
    rows = {**rows_by_data(old)[1], **rows}
    return "\n".join(head + [line for name in DATA.values() for line in rows.get(name, [])])


def document(folder):
    found = studies(folder)
    tables = {"accuracy": accuracy_table(found), "p": p_values_table(found, folder),
              "counting": counting_table(found), "rank": rank_table(found),
              "low-rank": low_rank_table(found), "controls": control_table(found),
              "shrinkage": shrinkage_table(found), "time": time_table(found), "lenet": lenet_table(found)}
    with open(DOCUMENT) as file:
        text = file.read()
    for name, body in tables.items():
        pattern = re.compile(rf"(<!-- table: {name} -->\n)(.*?)(<!-- end -->)", re.S)
        if not pattern.search(text):
            sys.exit(f"{DOCUMENT}: no place for the table {name}")
        text = pattern.sub(lambda m: m.group(1) + "\n" + merged(m.group(2), body) + "\n\n" + m.group(3), text)
    with open(DOCUMENT, "w") as file:
        file.write(text)
    os.makedirs(PICTURES, exist_ok=True)
    for target, source in re.findall(r"\(reproduce/([\w.-]+\.svg)\)<!-- from (\S+) -->", text):
        if os.path.exists(os.path.join(folder, source)):
            shutil.copyfile(os.path.join(folder, source), os.path.join(PICTURES, target))


def run(args):
    os.makedirs(args.folder, exist_ok=True)
    for name, data, options in STUDIES:
        command = [args.espalier, "study", data, "-o", os.path.join(args.folder, name)] + options.split()
        for place in args.data_dir:
            command += ["--data-dir", place]
        print("$ " + " ".join(command), file=sys.stderr)
        if subprocess.run(command).returncode not in (0, 3):
            sys.exit(1)
        subprocess.run([args.espalier, "report", os.path.join(args.folder, name)], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run")
    runner.add_argument("espalier")
    runner.add_argument("folder")
    runner.add_argument("--data-dir", action="append", default=[])
    writer = commands.add_parser("document")
    writer.add_argument("folder")
    args = parser.parse_args()
    run(args) if args.command == "run" else document(args.folder)


if __name__ == "__main__":
    main()
