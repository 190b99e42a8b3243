#!/usr/bin/env python3
"""Makes the files that must open for ever, with the program of a version that wrote them.

    make.py FORMAT ESPALIER [SYSTEM_CALLS]

FORMAT names what ESPALIER writes: 1, 2, 3 (versions of the model file), run (a finished run and a
study), interrupted (a run that was killed, by tests/faults/system_calls.c). The files go to folders
beside this script, and what ESPALIER itself says of them goes to manifest.json: the version, the
widths, the sparsity, the test accuracy, and the predictions of the first rows. Data are those of
tests/make_idx.py, which must never change. A made folder is not made again: new formats are added.
"""
import csv
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MANIFEST = HERE / "manifest.json"
ROWS = 3
COMMON = ["--hidden", "12,6", "--lr", "0.1", "--batch", "16", "--early-stop", "never", "--seed", "3", "--threads", "1",
          "--math", "reference"]
PRUNE = ["--prune", "93%", "--criterion", "magnitude", "--steps", "2", "--trigger", "epoch", "--every", "2"]
MODELS = {
    "1": {"plain": ["train", "small", *COMMON, "--epochs", "8"],
          "pruned": ["train", "small", *COMMON, *PRUNE, "--epochs", "12"],
          "compact": ["compact", "pruned.safetensors"]},
    "2": {"plain": ["train", "small", *COMMON, "--epochs", "8"],
          "factors": ["lowrank", "plain.safetensors", "--rank", "3,3", "--method", "svd", "--factors"]},
    "3": {"leaky": ["train", "small", *COMMON, *PRUNE, "--epochs", "12", "--activation", "leaky-relu", "--leaky-slope", "0.05"],
          "tanh": ["train", "small", *COMMON, "--epochs", "4", "--activation", "tanh"],
          "mixed": ["lowrank", "tanh.safetensors", "--rank", "3,3", "--method", "svd", "--factors"]},
}
WRITTEN = {"1": ["plain", "pruned", "compact"], "2": ["factors"], "3": ["leaky", "mixed"]}
STUDY = ["study", "small", *COMMON[:2], "--epochs", "4", "--criteria", "magnitude", "--sparsities", "50%", "--controls", "none",
         "--seeds", "1", "--steps", "1", "--trigger", "epoch", "--math", "reference", "--jobs", "1", "--quiet"]
KILLED_AT = 46  # of the system calls that change files: after two epochs, just before the first pruning step


class Maker:
    def __init__(self, program, place):
        self.program, self.place = str(pathlib.Path(program).resolve()), place

    def run(self, *arguments, before=(), codes=(0,)):
        done = subprocess.run([*before, self.program, *arguments], cwd=self.place, check=False, capture_output=True, text=True)
        if done.returncode not in codes:
            raise SystemExit(f"make.py: {arguments}: {done.returncode} {done.stderr}")
        return done.stdout

    def said(self, name):
        """What the program says of a model file."""
        info = json.loads(self.run("info", name, "--json"))
        rows = list(csv.DictReader(self.run("predict", name, "small").splitlines()))[:ROWS]
        raw = (self.place / name).read_bytes()
        header = json.loads(raw[8:8 + struct.unpack("<Q", raw[:8])[0]])
        return {"format": int(header["__metadata__"]["espalier"]),
                "inputs": info["inputs"], "widths": [layer["outputs"] for layer in info["layers"]],
                "sparsity": info["sparsity"]["all"], "inputs_counted": info["inputs_counted"],
                "accuracy": json.loads(self.run("eval", name, "small", "--json"))["accuracy"],
                "predictions": [[float(row[key]) for key in ("class", "0", "1", "2", "3")] for row in rows]}

    def models(self, version):
        made = {}
        for name, arguments in MODELS[version].items():
            file = f"{name}.safetensors"
            self.run(*arguments, "-o", file, "--quiet")
            if name in WRITTEN[version]:
                made[f"format-{version}/{file}"] = self.said(file)
                keep(self.place / file, f"format-{version}/{file}")
        return {"models": made}

    def finished(self):
        self.run("train", "small", "-o", "net", *COMMON, *PRUNE, "--epochs", "8", "--run", "run", "--quiet")
        self.run(*STUDY, "-o", "study")
        keep(self.place / "run", "run")
        keep(self.place / "study", "study")
        return {"runs": {"run": summary(self.place / "run")}, "studies": {"study": study(self.place / "study")}}

    def interrupted(self, tool):
        arguments = ["train", "small", "-o", "net", *COMMON, *PRUNE, "--optimizer", "momentum", "--epochs", "12", "--quiet"]
        self.run(*arguments, "--run", "whole")
        self.run(*arguments, "--run", "interrupted", before=(str(pathlib.Path(tool).resolve()), "-w", "-k", str(KILLED_AT)),
                 codes=(137,))
        facts = json.loads((self.place / "interrupted/resume.json").read_text())
        facts["directory"] = "."  # the test writes its own folder here
        (self.place / "interrupted/resume.json").write_text(json.dumps(facts) + "\n")
        keep(self.place / "interrupted", "interrupted")
        result = summary(self.place / "whole")
        shutil.copy(self.place / "whole/model.safetensors", self.place / "end.safetensors")
        result["network"] = self.said("end.safetensors")
        return {"interrupted": {"interrupted": result}}


def summary(folder):
    result = json.loads((folder / "result.json").read_text())
    return {key: result[key] for key in ("version", "epochs", "stopped_by", "sparsity", "accuracy")} | {
        "steps": len(result["prunes"])}


def study(folder):
    about = json.loads((folder / "study.json").read_text())
    with open(folder / "runs.csv", encoding="utf-8") as table:
        return {"version": about["version"], "command": STUDY, "runs": about["runs"], "rows": len(list(csv.DictReader(table)))}


def keep(path, name):
    target = HERE / name
    target.parent.mkdir(exist_ok=True)
    if target.exists():
        raise SystemExit(f"make.py: {name} is there already, and old files are not made again")
    (shutil.copytree if path.is_dir() else shutil.copy)(path, target)


def main():
    which, program = sys.argv[1:3]
    place = pathlib.Path(tempfile.mkdtemp()).resolve()
    subprocess.run([sys.executable, HERE.parent / "make_idx.py", place / "small"], check=True)
    maker = Maker(program, place)
    version = maker.run("--version").split()[1]
    if which == "run":
        made = maker.finished()
    elif which == "interrupted":
        made = maker.interrupted(sys.argv[3])
    else:
        made = maker.models(which)
    manifest = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    for kind, entries in made.items():
        for name, entry in entries.items():
            manifest.setdefault(kind, {})[name] = {"version": version} | entry
    MANIFEST.write_text(json.dumps(manifest, indent=1) + "\n")
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
