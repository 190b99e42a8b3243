#!/usr/bin/env python3
"""Draws docs/dense-against-pruned.svg from the runs of ./demo.

    scripts/picture.py [RUNS] [OUT.svg]          (runs/demo, docs/dense-against-pruned.svg)

Left: validation accuracy over the epochs; right: weights that are left. Needs gnuplot.
"""
import json
import pathlib
import subprocess
import sys

WEIGHTS = 320_700
RUNS = [("dense", "dense", "#555555"), ("activation", "pruned by activation", "#0072b2"),
        ("activation-weight", "pruned by activation-weight", "#d55e00")]


def read(path):
    """Per epoch: validation accuracy in %, and thousands of weights after it."""
    rows, kept = [], WEIGHTS
    for line in path.read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "epoch":
            rows.append([event["epoch"], 100 * event["validation_accuracy"], kept / 1000])
        elif event["event"] == "prune":
            kept = WEIGHTS * (1 - event["sparsity"])
            rows[-1][2] = kept / 1000
    return rows


def main():
    runs = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "runs/demo")
    out = sys.argv[2] if len(sys.argv) > 2 else "docs/dense-against-pruned.svg"
    script = [f'set terminal svg size 860,300 font "sans,12" background "white"; set output "{out}"',
              "set multiplot layout 1,2; set grid lc rgb '#dddddd'; set border 3; set tics nomirror",
              "set xlabel 'epoch'; set key bottom right"]
    data, first, second = [], [], []
    for folder, title, colour in RUNS:
        name = "$" + folder.replace("-", "_")
        data.append(f"{name} << EOD")
        data += [f"{e} {a:.3f} {w:.2f}" for e, a, w in read(runs / folder / "log.jsonl")]
        data.append("EOD")
        line = f"lw 2 lc rgb '{colour}'"
        first.append(f"{name} using 1:2 with lines {line} title '{title}'")
        second.append(f"{name} using 1:3 with steps {line} notitle")
    script += ["set ylabel 'validation accuracy, %'; set yrange [80:91]", "plot " + ", ".join(first)]
    script += ["set ylabel 'weights left, thousands'; set yrange [0:340]", "plot " + ", ".join(second)]
    subprocess.run(["gnuplot"], input="\n".join(data + script) + "\n", text=True, check=True)


if __name__ == "__main__":
    main()
