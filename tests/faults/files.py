#!/usr/bin/env python3
"""Makes every system call that touches files fail in turn, in every command on small inputs.

    files.py ESPALIER SYSTEM_CALLS [--only COMMAND,…] [--every N] [--in FOLDER]

Each call (open, read, write, fsync, rename, close …; tests/faults/system_calls.c) fails once with
EIO, once with ENOSPC, is interrupted once (EINTR), and takes one byte only (reads and writes); and
all calls from one on fail. After each: no crash, exit code 0 or 1 with a message, an output that
was there is as it was or whole and new, and the command works the next time; what goes on with a run
or a study that was killed goes on with what the fault left, to the same end. Prints the number of
points; the exit code is 0 if nothing was found. --every N takes each N-th point only.
"""
import argparse
import errno
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NET = ["--hidden", "12,6", "--epochs", "2", "--early-stop", "never", "--quiet", "--threads", "1"]
PRUNE = ["--prune", "40%", "--steps", "1", "--trigger", "epoch", "--every", "1"]
STUDY = ["study", "small", "-o", "run", *NET[:4], "--criteria", "magnitude", "--sparsities", "50%", "--seeds", "1",
         "--steps", "1", "--jobs", "1", "--quiet"]
# name: command, outputs
COMMANDS = {
    "train": (["train", "small", "-o", "out", *NET, *PRUNE], ["out"]),
    "run": (["train", "small", "-o", "out", *NET, *PRUNE, "--run", "run"], ["out"]),
    "prune": (["prune", "given", "-o", "out", "--prune", "40%", "--quiet"], ["out"]),
    "eval": (["eval", "given", "small", "--json"], []),
    "predict": (["predict", "given", "small", "-o", "out"], ["out"]),
    "analyse": (["analyse", "given", "--json"], []),
    "info": (["info", "given"], []),
    "compact": (["compact", "given", "-o", "out", "--quiet"], ["out"]),
    "lowrank": (["lowrank", "given", "--rank", "3,3", "-o", "out", "--quiet"], ["out"]),
    "export": (["export", "given", "-o", "out.safetensors"], ["out.safetensors"]),
    "study": (STUDY, []),
    "resume": (["train", "--resume", "run", "--quiet"], ["out"]),
    "study again": (STUDY, []),
    "report run": (["report", "run", "--quiet"], ["run/report.html"]),
    "report study": (["report", "run", "--quiet"], ["run/report.html"]),
    "data info": (["data", "info", "small", "--json"], []),
}
# The folder that a command finds in the place of `run`.
FOLDERS = {"resume": "killed run", "study again": "killed study", "report run": "whole run", "report study": "whole study"}
# What a folder holds in the end that it goes on with.
ENDS = {"resume": ["log.jsonl", "model.safetensors", "evaluation.json"],
        "study again": ["study.json", *(f"runs/{name}-s1.safetensors" for name in
                                        ("dense", "magnitude-50-global-1", "random-50-global-1"))]}
WAYS = {"EIO": ["-e", str(errno.EIO), "-f"], "ENOSPC": ["-e", str(errno.ENOSPC), "-f"], "EINTR": ["-i"],
        "short": ["-s"], "EIO from then on": ["-a", "-e", str(errno.EIO), "-f"]}


class Bench:
    def __init__(self, program, tool, place, every):
        self.program, self.tool, self.place, self.every = program, tool, place, every
        self.points, self.faults, self.ends = 0, [], {}

    def run(self, arguments, before=()):
        return subprocess.run([*before, self.program, *arguments], cwd=self.place, check=False, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60, env=dict(os.environ, PATH="none"))  # no gnuplot

    def clean(self, name):
        shutil.rmtree(self.place / "run", ignore_errors=True)
        if name in FOLDERS:
            shutil.copytree(self.place / FOLDERS[name], self.place / "run")
        for path in self.place.glob(".espalier-*"):
            path.unlink()

    def command(self, name):
        arguments, outputs = COMMANDS[name]
        told = self.place / "told"
        self.clean(name)
        done = self.run(arguments, (self.tool, "-o", str(told)))
        if done.returncode not in (0, 3):
            raise SystemExit(f"files.py: {name}: {done.stderr.decode()}")
        calls = int(told.read_text().split()[0])
        wanted = {output: (self.place / output).read_bytes() for output in outputs}
        self.ends = {end: (self.place / "run" / end).read_bytes() for end in ENDS.get(name, ())}
        for way, options in WAYS.items():
            for n in range(1, calls + 1, self.every):
                self.point(name, way, n, (self.tool, "-o", str(told), *options, str(n)), wanted)

    def point(self, name, way, n, tool, wanted):
        arguments = COMMANDS[name][0]
        self.points += 1
        self.clean(name)
        for output in wanted:
            (self.place / output).write_bytes(b"old")
        try:
            done = self.run(arguments, tool)
        except subprocess.TimeoutExpired:
            self.fault(name, way, n, "hangs")
            return
        code, said = done.returncode, done.stderr.decode(errors="replace")
        if code not in (0, 1, 3):
            self.fault(name, way, n, f"exit code {code}: {said}")
        # where everything fails from then on, standard error does so, too
        if code == 1 and not said.startswith("espalier: ") and way != "EIO from then on":
            self.fault(name, way, n, f"exit code 1 and says {said!r}")
        for output, whole in wanted.items():
            found = (self.place / output).read_bytes() if (self.place / output).exists() else None
            if found not in (whole, b"old") or (code == 0 and found != whole):
                self.fault(name, way, n, f"exit code {code} and {output} is neither old nor new")
        if way != "EIO from then on" and list(self.place.glob(".espalier-*")) and code != 0:
            left = [path.name for path in self.place.glob(".espalier-*")]
            met = (self.place / "told").read_text().split()[1]
            if met not in ("unlink", "unlinkat"):
                self.fault(name, way, n, f"leaves {left}")
        if n % 7 == 0 or self.ends:
            self.next_time(name, way, n, wanted)

    def next_time(self, name, way, n, wanted):
        if not self.ends:
            self.clean(name)
        done = self.run(COMMANDS[name][0])
        if done.returncode not in (0, 3):
            self.fault(name, way, n, f"the next time: {done.returncode} {done.stderr.decode()}")
        for output, whole in wanted.items():
            if (self.place / output).read_bytes() != whole:
                self.fault(name, way, n, f"the next time {output} differs")
        for end, whole in self.ends.items():
            if (self.place / "run" / end).read_bytes() != whole:
                self.fault(name, way, n, f"the next time {end} differs")

    def fault(self, name, way, n, text):
        met = (self.place / "told").read_text().split()[1] if (self.place / "told").exists() else "?"
        self.faults.append(f"{name}, call {n} ({met}), {way}: {text.strip()}")
        print(self.faults[-1], file=sys.stderr)


def prepare(bench):
    """The data, a model, and folders that are whole, or of a process that was killed half way."""
    place = bench.place
    subprocess.run([sys.executable, HERE.parent / "make_idx.py", place / "small"], check=True)
    subprocess.run([bench.program, "train", "small", "-o", "given", *NET, *PRUNE], cwd=place, check=True)
    for name, what in (("run", "run"), ("study", "study")):
        told = place / "told"
        bench.clean("")
        bench.run(COMMANDS[name][0], (bench.tool, "-w", "-o", str(told)))
        (place / "run").rename(place / f"whole {what}")
        half = int(told.read_text().split()[0]) * 6 // 10
        bench.run(COMMANDS[name][0], (bench.tool, "-w", "-k", str(half)))
        (place / "run").rename(place / f"killed {what}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("tool")
    parser.add_argument("--only", default=",".join(COMMANDS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--in", dest="place", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else ".")
    given = parser.parse_args()
    place = pathlib.Path(tempfile.mkdtemp(prefix="files-", dir=given.place)).resolve()
    bench = Bench(str(pathlib.Path(given.program).resolve()), str(pathlib.Path(given.tool).resolve()), place, given.every)
    try:
        prepare(bench)
        for name in given.only.split(","):
            bench.command(name)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"{bench.points} points in {len(given.only.split(','))} commands: {len(bench.faults)} found")
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main())
