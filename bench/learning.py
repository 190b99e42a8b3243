#!/usr/bin/env python3
"""Does it learn as it should? The runs of docs/method.md, "Checked against an
independent implementation": the paper's network, three seeds, every criterion.

usage: bench/learning.py ESPALIER [-o FILE.jsonl] [--data NAME] [--seeds 3] [--jobs 2] [--mnist]

Each run is one `espalier train … --json` on one thread; finished runs found in
FILE.jsonl are not repeated. Ends with a table of means beside the figures of the
independent implementation."""
import argparse
import concurrent.futures
import json
import os
import statistics
import subprocess
import sys
import tempfile

# Test accuracy in % and hidden neurons left, from the independent implementation.
EXPECTED = {
    ("dense", 0): (88.6, None),
    ("magnitude", 80): (88.7, None), ("magnitude", 90): (87.9, None),
    ("activation-weight", 80): (88.1, None), ("activation-weight", 90): (87.9, None),
    ("activation", 80): (87.2, "47-57-39-21"), ("activation", 90): (85.8, "19-34-27-13"),
    ("random", 80): (87.4, None), ("random", 90): (86.2, None),
}
EXPECTED_MNIST = {("dense", 0): (96.9, None), ("magnitude", 90): (97.1, None),
                  ("activation-weight", 90): (97.1, None), ("activation", 90): (None, None)}
CURVE = {2: 0.831, 3: 0.849, 5: 0.867, 10: 0.890, 20: 0.915}
RECIPE = ["--trigger", "epoch", "--every", "5", "--steps", "5", "--epochs", "50",
          "--early-stop", "never", "--dead", "keep"]


def run(args, method, percent, seed):
    with tempfile.TemporaryDirectory() as folder:
        command = [args.espalier, "train", args.data, "-o", os.path.join(folder, "m.safetensors"),
                   "--run", os.path.join(folder, "run"), "--seed", str(seed), "--threads", "1",
                   "--json"]
        command += [] if args.mnist else (RECIPE if percent else RECIPE[6:10])
        if percent:
            command += ["--prune", f"{percent}%", "--criterion", method]
        for folder_name in args.data_dir:
            command += ["--data-dir", folder_name]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 3):
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        curve = {}
        with open(os.path.join(folder, "run", "log.jsonl")) as log:
            for line in log:
                event = json.loads(line)
                if event.get("event") == "epoch":
                    curve[event["epoch"]] = event["training_accuracy"]
        return {"method": method, "percent": percent, "seed": seed, "exit": done.returncode,
                "curve": curve, "result": json.loads(done.stdout)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("espalier")
    parser.add_argument("-o", "--output", default="learning.jsonl")
    parser.add_argument("--data", default=None)
    parser.add_argument("--data-dir", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--mnist", action="store_true", help="MNIST by the accuracy trigger")
    args = parser.parse_args()
    args.data = args.data or ("mnist" if args.mnist else "fashion-mnist")
    expected = EXPECTED_MNIST if args.mnist else EXPECTED
    runs = {}
    if os.path.exists(args.output):
        for line in open(args.output):
            row = json.loads(line)
            runs[row["method"], row["percent"], row["seed"]] = row
    wanted = [(m, p, s) for s in range(1, args.seeds + 1) for m, p in expected
              if (m, p, s) not in runs]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool, open(args.output, "a") as out:
        for future in concurrent.futures.as_completed([pool.submit(run, args, *w) for w in wanted]):
            row = future.result()
            runs[row["method"], row["percent"], row["seed"]] = row
            out.write(json.dumps(row) + "\n")
            out.flush()
            print(f"{row['method']} {row['percent']} seed {row['seed']}: "
                  f"{100 * row['result']['accuracy']['test']:.2f} %", file=sys.stderr)
    print("| method | sparsity | test accuracy, mean (each seed) | expected | live neurons, mean | expected | epochs |")
    print("|---|---|---|---|---|---|---|")
    for method, percent in expected:
        rows = [runs[method, percent, s] for s in range(1, args.seeds + 1)]
        accuracies = [100 * r["result"]["accuracy"]["test"] for r in rows]
        live = [[layer["live"] for layer in r["result"]["layers"][:-1]] for r in rows]
        means = "-".join(f"{statistics.mean(column):.0f}" for column in zip(*live))
        epochs = "/".join(str(r["result"]["epochs"]) for r in rows)
        accuracy, neurons = expected[method, percent]
        print(f"| {method} | {percent} % | {statistics.mean(accuracies):.2f} "
              f"({', '.join(f'{a:.2f}' for a in accuracies)}) | {accuracy or '–'} | {means} | {neurons or '–'} | {epochs} |")
    if not args.mnist:
        print("\nTraining accuracy of the dense runs:")
        for epoch, value in CURVE.items():
            found = [runs["dense", 0, s]["curve"][str(epoch)] if str(epoch) in runs["dense", 0, s]["curve"]
                     else runs["dense", 0, s]["curve"][epoch] for s in range(1, args.seeds + 1)]
            print(f"  epoch {epoch:2}: {', '.join(f'{f:.4f}' for f in found)}   expected {value} ± 0.003")


if __name__ == "__main__":
    main()
