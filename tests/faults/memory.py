#!/usr/bin/env python3
"""Makes every allocation fail in turn, in every command on small inputs.

    memory.py ESPALIER ALLOCATIONS [--only COMMAND,…] [--every N] [--first N] [--in FOLDER]

Each request for memory (by the program, by its libraries, by the C library for them;
tests/faults/allocations.c) fails once, and all fail from one on. After each: no crash, no hang, exit
code 0 or 1 with a message about memory, outputs that were there as they were or whole and new, no more
blocks left than without a fault, nothing left behind in the folder, and where the exit code is 0 the
same result. Prints the number of points; the exit code is 0 if nothing was found. --every N takes each
N-th point only, beginning with --first. Libraries that end the process when they have no memory are
let through: OpenBLAS, libxsmm, Fortran's and OpenMP's own.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
from arrays import npy, write_npz  # noqa: E402

NET = ["--hidden", "12,6", "--epochs", "2", "--early-stop", "never", "--quiet", "--threads", "1"]
PRUNE = ["--prune", "40%", "--steps", "1", "--trigger", "epoch", "--every", "1"]
# name: command, outputs; "-" reads rows from standard input
COMMANDS = {
    "train": (["train", "small", "-o", "out", *NET, *PRUNE], ["out"]),
    "threads": (["train", "small", "-o", "out", *NET[:-1], "2"], ["out"]),
    "run": (["train", "small", "-o", "out", *NET, *PRUNE, "--run", "run", "--spectra", "--json"], ["out"]),
    "resume": (["train", "--resume", "run", "--quiet"], ["net"]),
    "table": (["train", "rows.csv", "-o", "out", *NET], ["out"]),
    "arrays": (["train", "rows.npz", "-o", "out", *NET], ["out"]),
    "prune": (["prune", "given", "-o", "out", "--prune", "40%", "--quiet"], ["out"]),
    "eval": (["eval", "given", "small", "--json"], []),
    "predict": (["predict", "given", "small", "-o", "out"], ["out"]),
    "predict-table": (["predict", "tabled", "rows.csv"], []),
    "predict-npy": (["predict", "given", "small", "-o", "out.npy"], ["out.npy"]),
    "predict-stream": (["predict", "tabled", "-", "--format", "jsonl"], []),
    "analyse": (["analyse", "given", "--json"], []),
    "info": (["info", "given"], []),
    "compact": (["compact", "given", "-o", "out", "--quiet"], ["out"]),
    "lowrank": (["lowrank", "given", "--rank", "3,3", "-o", "out", "--quiet"], ["out"]),
    "safetensors": (["export", "given", "-o", "out.safetensors"], ["out.safetensors"]),
    "onnx": (["export", "given", "-o", "out.onnx"], ["out.onnx"]),
    "c": (["export", "given", "-o", "out.c", "--type", "int8", "--data", "small"], ["out.c"]),
    "import": (["eval", "given.onnx", "small", "--json"], []),
    "data": (["data", "info", "small", "--json"], []),
    "data-table": (["data", "info", "rows.csv"], []),
    "data-list": (["data", "list"], []),
    "report": (["report", "kept", "-o", "out.html", "--quiet"], ["out.html"]),
    "study": (["study", "small", "-o", "run", *NET[:4], "--criteria", "magnitude", "--sparsities", "50%",
               "--seeds", "1", "--steps", "1", "--jobs", "1", "--controls", "none", "--quiet"], []),
}
WAYS = {"once": {}, "from then on": {"ALLOCATION_ON": "1"}}
HINTS = {"safetensors", "onnx", "c"}  # a last line of advice is left out where it cannot be worked out
# popt ends the process itself, or takes the command line for empty.
POPT_SAYS = re.compile(r"virtual memory exhausted\.\n|.*found 0 file arguments\n.*", re.DOTALL)


def let_through(program):
    """Where libxsmm lies in the program, if it was linked into it; "" else."""
    lines = subprocess.run(["nm", "-n", program], check=True, capture_output=True, text=True).stdout.splitlines()
    code = [line.split() for line in lines if re.search(r" [tT] (?!.*\.cold)", line)]
    its = [i for i, (_, _, name) in enumerate(code) if re.match(r"libxsmm_", name)]
    return f"{code[its[0]][0]}-{code[its[-1] + 1][0]}" if its else ""


class Bench:
    def __init__(self, program, shim, place, given):
        self.program, self.place, self.every, self.first = program, place, given.every, given.first
        self.points, self.ended, self.faults = 0, 0, []
        self.told = place / "told"
        self.environment = {"PATH": str(place), "HOME": str(place), "LC_ALL": "C.UTF-8", "LD_PRELOAD": shim,
                            "ALLOCATION_TOLD": str(self.told), "ALLOCATION_SKIP": let_through(program)}

    def run(self, arguments, **environment):
        with open(self.place / "stream.csv", "rb") as rows:
            return subprocess.run([self.program, *arguments], cwd=self.place, check=False, stdin=rows, timeout=120,
                                  capture_output=True, env=self.environment | environment)

    def clean(self, name, outputs):
        shutil.rmtree(self.place / "run", ignore_errors=True)
        if name == "resume":
            shutil.copytree(self.place / "broken", self.place / "run")
            outputs = ["net"]
        for output in outputs:
            (self.place / output).write_bytes(b"old")
        for path in self.place.glob(".espalier-*"):
            path.unlink()

    def told_numbers(self):
        """How many allocations, how many blocks left; none where the process was ended at once."""
        count, left = map(int, self.told.read_text().split()) if self.told.exists() else (0, 0)
        return count, left

    def command(self, name):
        arguments, outputs = COMMANDS[name]
        said = []
        for _ in range(2):
            self.clean(name, outputs)
            done = self.run(arguments)
            if done.returncode not in (0, 3):
                raise SystemExit(f"memory.py: {name}: {done.stderr.decode()}")
            said.append(done.stdout)
        count, self.left = self.told_numbers()
        if count == 0:
            raise SystemExit(f"memory.py: {name}: no allocation was met; is {self.environment['LD_PRELOAD']} preloaded?")
        self.stdout = said[0] if said[0] == said[1] else None  # else it has times in it
        wanted = {output: (self.place / output).read_bytes() for output in outputs}
        before = len(self.faults), self.points
        for way, environment in WAYS.items():
            for n in range(self.first, count + 1, self.every):
                self.point(name, way, n, environment, wanted)
        print(f"{name}: {count} allocations, {self.points - before[1]} points, {len(self.faults) - before[0]} found",
              flush=True)

    def point(self, name, way, n, environment, wanted):
        self.points += 1
        self.clean(name, wanted)
        self.told.unlink(missing_ok=True)
        try:
            done = self.run(COMMANDS[name][0], ALLOCATION_FAILS=str(n), **environment)
        except subprocess.TimeoutExpired:
            self.fault(name, way, n, "hangs")
            return
        code, said = done.returncode, done.stderr.decode(errors="replace")
        self.ended += code in (1, 2)
        if code in (1, 2) and POPT_SAYS.fullmatch(said):
            return
        if code not in (0, 1, 3):
            self.fault(name, way, n, f"exit code {code}: {said}")
            return
        if code == 1 and not (said.startswith("espalier: ") and "memory" in said):
            self.fault(name, way, n, f"exit code 1 and says {said!r}")
        if code == 0 and self.stdout is not None and done.stdout != self.stdout and not (
                name in HINTS and self.stdout.startswith(done.stdout) and done.stdout):
            self.fault(name, way, n, "exit code 0 and another standard output")
        for output, whole in wanted.items():
            found = (self.place / output).read_bytes() if (self.place / output).exists() else None
            if found not in (whole, b"old") or (code in (0, 3) and found != whole):
                self.fault(name, way, n, f"exit code {code} and {output} is neither old nor new")
        if left := [path.name for path in self.place.glob("**/.espalier-*")]:
            self.fault(name, way, n, f"leaves {left}")
        if (more := self.told_numbers()[1] - self.left) > 0:
            self.fault(name, way, n, f"exit code {code} and {more} blocks are not given back")

    def fault(self, name, way, n, text):
        self.faults.append(f"{name}, allocation {n}, {way}: {text.strip()}")
        print(self.faults[-1], file=sys.stderr, flush=True)


def tables(place):
    """300 rows of three numbers and a word, in classes a and b; the same as arrays."""
    lines = [f"{i % 7 + (i % 2) * 9},{i % 5}.5,{'east' if i % 3 else 'west'},{'ab'[i % 2]}" for i in range(300)]
    (place / "rows.csv").write_text("\n".join(["x,y,side,kind", *lines]) + "\n")
    (place / "stream.csv").write_text("x,y,side\n" + "\n".join(line.rsplit(",", 1)[0] for line in lines[:40]) + "\n")
    values = bytes((i * 37 + (i // 4 % 2) * 90) % 256 for i in range(1200))
    write_npz(place / "rows.npz", x_train=npy("|u1", (300, 4), values),
              y_train=npy("|u1", (300,), bytes(i % 2 for i in range(300))))


def prepare(bench, place):
    plain = {key: value for key, value in bench.environment.items() if key != "LD_PRELOAD"}

    def run(*arguments, before=()):
        done = subprocess.run([*before, bench.program, *arguments], cwd=place, env=plain, check=False, capture_output=True)
        if done.returncode not in (0, 3):
            raise SystemExit(f"memory.py: {arguments}: {done.stderr.decode()}")

    subprocess.run([sys.executable, HERE.parent / "make_idx.py", place / "small"], check=True)
    tables(place)
    run("train", "small", "-o", "given", *NET, *PRUNE, "--run", "kept", "--spectra")
    run("train", "rows.csv", "-o", "tabled", *NET)
    run("export", "given", "-o", "given.onnx")
    broken(place)


def broken(place):
    """A run that was broken off: the one that must open for ever."""
    shutil.copytree(HERE.parent / "old/interrupted", place / "broken")
    facts = place / "broken/resume.json"
    text = facts.read_text().replace('"directory": "."', f'"directory": "{place}"')
    facts.write_text(text.replace("interrupted", "run"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("--only", default=",".join(COMMANDS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--in", dest="place", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else ".")
    given = parser.parse_args()
    place = pathlib.Path(tempfile.mkdtemp(prefix="memory-", dir=given.place)).resolve()
    bench = Bench(str(pathlib.Path(given.program).resolve()), str(pathlib.Path(given.shim).resolve()), place, given)
    try:
        prepare(bench, place)
        for name in given.only.split(","):
            bench.command(name)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"{bench.points} points in {len(given.only.split(','))} commands, {bench.ended} of them ended them: "
          f"{len(bench.faults)} found")
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main())
