#!/usr/bin/env python3
"""Kills runs and goes on with them: the network and the log must end as if nothing had happened.

    kills.py ESPALIER [--tool SYSTEM_CALLS] [--random N] [--boundaries N|all] [--chain N] [--seed S]
             [--only KIND,…] [--in FOLDER]

Every kind of run below is done once without a break. Then it is killed

  at boundaries   by the tool (tests/faults/system_calls.c), just before its n-th system call
                  that changes files: write, fsync, rename, unlink, mkdir, opening a new file
  at random       by SIGKILL after a random part of the time that it takes
  in chains       at a boundary, and again and again while it goes on

and gone on with by --resume DIR alone, with the other number of threads. Prints how many kills
there were of each, and how many ended otherwise than they should: the exit code is 0 if none.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
NET = ["--hidden", "24,12", "--early-stop", "never", "--quiet"]
STEPS = ["--prune", "60%", "--steps", "2", "--trigger", "epoch", "--every", "2"]
TRAIN = ["train", "small", "-o", "out", "--run", "run", *NET, "--epochs", "5"]
KINDS = {
    "sgd": [*TRAIN, *STEPS, "--threads", "1"],
    "adam": [*TRAIN, *STEPS, "--optimizer", "adam", "--lr", "0.002", "--keep", "best", "--threads", "2"],
    "nuclear": [*TRAIN, *STEPS, "--nuclear", "0.02", "--nuclear-start", "0", "--nuclear-interval", "5",
                "--spectra", "--compact", "--threads", "1"],
    "cubic": [*TRAIN, "--prune", "50%", "--trigger", "cubic", "--cubic-epochs", "2", "--cubic-interval", "6",
              "--count", "sample", "--optimizer", "momentum", "--threads", "2"],
    "from": ["train", "small", "-o", "out", "--run", "run", "--from", "given", "--restart", "rewind", "--quiet",
             "--epochs", "3", "--threads", "1"],
    "tuned": ["prune", "given", "small", "-o", "out", "--run", "run", "--prune", "50%", "--epochs", "3",
              "--quiet", "--threads", "1"],
    "at-once": ["prune", "given", "small", "-o", "out", "--run", "run", "--prune", "40%", "--quiet"],
    "study": ["study", "small", "-o", "run", "--hidden", "16,8", "--epochs", "3", "--criteria", "magnitude,random",
              "--sparsities", "50%", "--seeds", "1", "--steps", "2", "--jobs", "1", "--quiet"],
}
# What a clock or the number of threads has to do with.
VARIES = {"seconds", "threads", "nanoseconds", "nanoseconds_dense"}


def without_clocks(value):
    if isinstance(value, dict):
        return {key: without_clocks(one) for key, one in value.items() if key not in VARIES}
    return [without_clocks(one) for one in value] if isinstance(value, list) else value


def contents(path):
    data = path.read_bytes()
    if path.suffix == ".json":
        return without_clocks(json.loads(data))
    return data


class Kind:
    def __init__(self, name, program, tool, place):
        self.name, self.program, self.tool, self.place = name, program, tool, place
        self.arguments = KINDS[name]
        self.study = self.arguments[0] == "study"
        self.clean()
        began = time.monotonic()
        self.run(self.arguments, expect=(0, 3))
        self.took = time.monotonic() - began
        self.code = self.last.returncode
        self.wanted = self.state()
        self.faults = []

    def clean(self):
        shutil.rmtree(self.place / "run", ignore_errors=True)
        (self.place / "out").unlink(missing_ok=True)

    def run(self, arguments, before=(), expect=None):
        self.last = subprocess.run([*before, self.program, *arguments], cwd=self.place, check=False, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if expect is not None and self.last.returncode not in expect:
            raise SystemExit(f"kills.py: {self.name}: {arguments}: {self.last.returncode} {self.last.stderr}")

    def state(self):
        """Every file that the run leaves, and what is in it."""
        files = {}
        for path in sorted((self.place / "run").rglob("*")):
            if path.is_file() and not (self.study and path.suffix in (".csv", ".md", ".tex")):
                files[str(path.relative_to(self.place))] = contents(path)
        if not self.study:
            files["out"] = contents(self.place / "out")
            if files["run/model.safetensors"] != files["out"]:
                raise SystemExit(f"kills.py: {self.name}: the run's network is not the output")
        return files

    def resume_arguments(self, turn):
        if self.study:
            return self.arguments
        return [self.arguments[0], "--resume", "run", "--quiet", "--threads", str(1 + turn % 2)]

    def fault(self, what, text):
        self.faults.append(f"{self.name}, {what}: {text}")
        print(self.faults[-1], file=sys.stderr)

    def go_on(self, what, turn, before=()):
        """Goes on, or begins anew where nothing had begun. True once the run is at its end."""
        self.run(self.resume_arguments(turn), before)
        if not self.study and "is started again by its own command" in self.last.stderr + "\n" or \
                not (self.place / "run").exists():
            self.run(self.arguments, before)
        return self.last.returncode != 137

    def check(self, what, turn):
        self.go_on(what, turn)
        if self.last.returncode not in (0, self.code):
            self.fault(what, f"exit code {self.last.returncode}: {self.last.stderr}")
            return
        found = self.state()
        if found.keys() != self.wanted.keys():
            self.fault(what, f"files differ: {sorted(found.keys() ^ self.wanted.keys())}")
        for name in found.keys() & self.wanted.keys():
            if found[name] != self.wanted[name]:
                self.fault(what, f"{name} differs")

    # ---- ways to die ----------------------------------------------------------------

    def count_boundaries(self):
        told = self.place / "told"
        self.clean()
        self.run(self.arguments, (self.tool, "-w", "-o", str(told)))
        return int(told.read_text().split()[0])

    def boundaries(self, wanted, dice):
        total = self.count_boundaries()
        places = range(1, total + 1)
        if wanted != "all":
            places = sorted(dice.sample(places, min(int(wanted), total)))
        for n in places:
            self.clean()
            self.run(self.arguments, (self.tool, "-w", "-k", str(n)))
            if self.last.returncode != 137:
                continue  # another number of calls: it ended before
            self.check(f"killed at boundary {n} of {total}", n)
            yield n

    def chain(self, dice):
        """Killed again and again while it goes on."""
        total = self.count_boundaries()
        self.clean()
        self.run(self.arguments, (self.tool, "-w", "-k", str(dice.randint(1, total))))
        kills = 1
        for turn in range(12):
            if self.go_on("chain", turn, (self.tool, "-w", "-k", str(dice.randint(2, 2 + total // 3)))):
                break
            kills += 1
        self.check(f"killed {kills} times", 0)
        return kills

    def at_random(self, dice):
        self.clean()
        after = dice.uniform(0, 1.1 * self.took)
        with subprocess.Popen([self.program, *self.arguments], cwd=self.place, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(after)
            process.kill()
        dead = process.returncode == -9
        self.check(f"killed after {1000 * after:.0f} ms", dice.randint(0, 1))
        return dead


def prepare(program, place):
    subprocess.run([sys.executable, HERE.parent / "make_idx.py", place / "small"], check=True)
    subprocess.run([program, "train", "small", "-o", "given", "--hidden", "24,12", "--epochs", "2", "--quiet"],
                   cwd=place, check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--tool")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--boundaries", default="0")
    parser.add_argument("--chain", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--in", dest="place", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else ".")
    given = parser.parse_args()
    program, dice = str(pathlib.Path(given.program).resolve()), random.Random(given.seed)
    tool = str(pathlib.Path(given.tool).resolve()) if given.tool else None
    place = pathlib.Path(tempfile.mkdtemp(prefix="kills-", dir=given.place)).resolve()
    kills, faults = {"boundary": 0, "random": 0, "chain": 0}, []
    try:
        prepare(program, place)
        kinds = [Kind(name, program, tool, place) for name in given.only.split(",")]
        for kind in kinds:
            if tool and given.boundaries != "0":
                kills["boundary"] += sum(1 for _ in kind.boundaries(given.boundaries, dice))
            for _ in range(given.chain if tool else 0):
                kills["chain"] += kind.chain(dice)
        for index in range(given.random):
            kills["random"] += kinds[index % len(kinds)].at_random(dice)
        faults = [fault for kind in kinds for fault in kind.faults]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"{sum(kills.values())} kills ({kills['boundary']} at boundaries, {kills['random']} at random moments, "
          f"{kills['chain']} in chains) over {len(kinds)} kinds of runs: {len(faults)} ended otherwise")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
