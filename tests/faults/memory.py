#!/usr/bin/env python3
"""Makes every allocation fail in turn, in every command on small inputs.

    memory.py ESPALIER ALLOCATIONS [--only COMMAND,…] [--every N] [--first N] [--last N] [--in FOLDER]

Each request for memory (by the program, by its libraries, by the C library for them;
tests/faults/allocations.c) fails once, and all fail from one on. After each: no crash, no hang, exit
code 1 with a message about memory, or the same exit code and output as without the fault; files that
were there as they were or whole and new, files of a folder whole or not there; no more blocks left than
without a fault, nothing left behind. After a failure in a run's or a study's folder it must go on to
the same files. Prints the number of points; the exit code is 0 if nothing was found. --every N takes
each N-th point only, from --first to --last. Libraries that end the process when they have no memory
are let through: OpenBLAS, libxsmm, Fortran's and OpenMP's own. The commands are in memory_commands.py.
"""
import argparse
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile

from memory_commands import COMMANDS, prepare, serve

WAYS = ("once", "from then on")
# Seconds that a command is waited for. They are counted one by one, so that it may be stopped for as
# long as one likes together with this script.
PATIENCE = 100
# What popt says before it ends the process.
POPT_SAYS = "virtual memory exhausted.\n"
# Files with times in them, and what in them is a time; of tables for people not even the rest is looked at.
TIMED = re.compile(r"(result\.json|runs/.*\.json)$")
TIMES = {"seconds", "nanoseconds", "nanoseconds_dense"}
TABLES = re.compile(r"(runs\.csv|summary\.\w+)$")


def libxsmm(program):
    """Where libxsmm lies in the program, if it was linked into it, and its function that prepares it."""
    lines = subprocess.run(["nm", "-n", program], check=True, capture_output=True, text=True).stdout.splitlines()
    code = [line.split() for line in lines if re.search(r" [tT] (?!.*\.cold)", line)]
    its = [i for i, (_, _, name) in enumerate(code) if re.match(r"libxsmm_", name)]
    begin = [at for at, _, name in code if name == "libxsmm_init"]
    return (f"{code[its[0]][0]}-{code[its[-1] + 1][0]}" if its else ""), "".join(begin)


class Done:
    """How a command ended: its exit code (-N after signal N, None where it hung), what it printed,
    how many allocations were met and how many blocks are left."""

    def __init__(self, status, met, left, streams):
        self.code = None if status is None else os.waitstatus_to_exitcode(status)
        self.met, self.left = met, left
        self.output = (streams / "output").read_bytes()
        self.said = re.sub(r"after \d+ ms", "after some time", (streams / "errors").read_text(errors="replace"))


class Server:
    """A process that has the program loaded, of which every run is a child (tests/faults/serve.c)."""

    def __init__(self, program, arguments, place, environment):
        self.streams = pathlib.Path(environment["ALLOCATION_SERVE"])
        self.process = subprocess.Popen([program, *arguments], cwd=place, env=environment, bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self):
        """The next line of its answer as numbers; None where it does not come."""
        for _ in range(PATIENCE):
            if select.select([self.process.stdout], [], [], 1)[0]:
                return list(map(int, self.process.stdout.readline().split()))
        return None

    def run(self, fails=0, way="once"):
        self.process.stdin.write(f"{fails} {int(way != 'once')}\n".encode())
        child, = self.line()
        told = self.line()
        if told is None:
            os.kill(child, signal.SIGKILL)
            self.line()
            told = None, 0, 0
        return Done(*told, self.streams)

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def without_times(path, data):
    try:
        return {key: value for key, value in json.loads(data).items() if key not in TIMES}
    except ValueError:
        return f"{path} is no JSON"


def contents(folder):
    """What is in each file, as far as it does not depend on the time."""
    paths = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    files = {path: (folder / path).read_bytes() for path in paths}
    return {path: without_times(path, data) if TIMED.search(path) else None if TABLES.search(path) else data
            for path, data in files.items()}


class Trial:
    """One command: what it does without a fault, and with each."""

    def __init__(self, bench, name):
        self.bench, self.name, self.command, self.place = bench, name, COMMANDS[name], bench.place
        self.server = bench.server(self.command.arguments)
        self.again = bench.server(self.command.again) if self.command.again else None
        first, second = self.whole(), self.whole()
        self.count, self.left, self.said = second.met, second.left, second.said
        if self.count == 0:
            raise SystemExit(f"memory.py: {name}: no allocation was met; is the other file preloaded?")
        self.output = first.output if first.output == second.output else None  # else it has times in it

    def whole(self):
        """A run without a fault; what it writes becomes what is wanted."""
        self.clean()
        done = self.server.run()
        if done.code not in (self.command.code, 3 if self.command.code == 0 else None):
            raise SystemExit(f"memory.py: {self.name}: exit code {done.code}: {done.said}")
        self.code = done.code
        self.wanted = {output: (self.place / output).read_bytes() for output in self.command.outputs}
        folders = {folder: contents(self.place / folder) for folder in self.command.folders}
        before = getattr(self, "folders", folders)
        # None for a file that is another one each time
        self.folders = {folder: {path: data if before[folder].get(path) == data else None
                                 for path, data in files.items()} for folder, files in folders.items()}
        return done

    def clean(self):
        for folder, first in self.command.folders.items():
            shutil.rmtree(self.place / folder, ignore_errors=True)
            if first:
                shutil.copytree(self.place / first, self.place / folder)
        for output in self.command.outputs:
            (self.place / output).write_bytes(b"old")
        for path in self.place.glob(".espalier-*"):
            path.unlink()

    def points(self):
        for way in WAYS:
            for n in range(self.bench.first, min(self.bench.last, self.count) + 1, self.bench.every):
                self.clean()
                for fault in self.point(self.server.run(n, way)):
                    self.bench.fault(f"{self.name}, allocation {n}, {way}: {fault.strip()}")
                self.bench.points += 1

    def point(self, done):
        if done.code is None:
            return ["hangs"]
        self.bench.ended += done.code != self.code
        if done.code not in (1, self.code) and not self.is_a_run_of_many(done):
            return [f"exit code {done.code}: {done.said}"]
        faults = [*self.words(done), *self.files(done), *self.folder_files(done)]
        if left := [path.name for path in self.place.glob(".espalier-*")]:
            faults.append(f"leaves {left}")
        if done.left > self.left:
            faults.append(f"exit code {done.code} and {done.left - self.left} blocks are not given back")
        if self.again and done.code != self.code and self.bench.points % 7 == 0:
            faults += self.next_time()
        return faults

    def is_a_run_of_many(self, done):
        """A study goes on when one of its runs has failed, and says so in the end."""
        return self.command.arguments[0] == "study" and done.code == 3 and "out of memory" in done.said

    def words(self, done):
        if done.code == 1 and self.said != done.said and not (
                done.said.removeprefix(POPT_SAYS).startswith("espalier: ") and
                re.search(self.command.says, done.said)):
            yield f"exit code 1 and says {done.said!r}"
        if done.code == self.code and done.code != 1 and done.said != self.said:
            yield f"exit code {done.code} and says {done.said!r}"
        if done.code == self.code and self.output is not None and done.output != self.output and not (
                self.command.advice and self.output.startswith(done.output) and done.output):
            yield f"exit code {done.code} and another standard output"

    def files(self, done):
        for output, whole in self.wanted.items():
            found = (self.place / output).read_bytes() if (self.place / output).exists() else None
            if found not in (whole, b"old") or (done.code == self.code and found != whole):
                yield f"exit code {done.code} and {output} is neither old nor new"

    def folder_files(self, done):
        for folder, wanted in self.folders.items():
            found = contents(self.place / folder)
            if left := [path for path in found if ".espalier-" in path]:
                yield f"leaves {left}"
            if done.code == self.code and (set(found) != set(wanted) or any(
                    data not in (None, found[path]) for path, data in wanted.items())):
                yield f"exit code {done.code} and {folder} has other files"
            for path, data in found.items():
                if isinstance(data, str) or (path.endswith(".json") and isinstance(data, bytes) and
                                             isinstance(without_times(path, data), str)):
                    yield f"{folder}/{path} is no JSON"

    def next_time(self):
        """What was broken off goes on, and ends in the same files."""
        # a run that has not begun to keep what it needs is started again; a finished one says so
        kept = any((self.place / folder / name).exists() for folder in self.folders
                   for name in ("resume.json", "result.json"))
        server = self.again if kept or "--resume" not in self.command.again else self.server
        done = server.run()
        if done.code not in (0, 3):
            yield f"the next time: exit code {done.code}: {done.said}"
            return
        for folder, wanted in self.folders.items():
            found = contents(self.place / folder)
            for path, data in wanted.items():
                if path not in found or (data is not None and found[path] != data):
                    yield f"the next time {folder}/{path} is {'another' if path in found else 'not there'}"
        for output, whole in self.wanted.items():
            if (self.place / output).read_bytes() != whole:
                yield f"the next time {output} is another"

    def end(self):
        self.server.end()
        if self.again:
            self.again.end()


class Bench:
    def __init__(self, program, shim, place, given):
        self.program, self.place = program, place
        self.every, self.first, self.last = given.every, given.first, given.last
        self.points, self.ended, self.faults = 0, 0, []
        self.address = serve()
        streams = place / "streams"
        streams.mkdir()
        # more threads of OpenBLAS would turn round until the end of each run
        self.plain = {"PATH": "/nowhere", "HOME": str(place), "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
        through, before = libxsmm(program)
        self.environment = self.plain | {"LD_PRELOAD": shim, "ALLOCATION_SERVE": str(streams),
                                         "ALLOCATION_SKIP": through, "ALLOCATION_BEFORE": before}

    def server(self, arguments):
        arguments = [self.address if argument == "SERVER" else argument for argument in arguments]
        return Server(self.program, arguments, self.place, self.environment)

    def command(self, name):
        before = len(self.faults), self.points
        trial = Trial(self, name)
        trial.points()
        trial.end()
        print(f"{name}: {trial.count} allocations, {self.points - before[1]} points, "
              f"{len(self.faults) - before[0]} found", flush=True)

    def break_off(self, command):
        """A run that ends half-way, behind its first checkpoint."""
        (self.place / "streams/input").touch()
        server = self.server(command.split())
        count = server.run().met
        shutil.rmtree(self.place / "run")
        assert server.run(count * 6 // 10).code == 1
        server.end()

    def fault(self, text):
        self.faults.append(text)
        print(text, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("--only", default=",".join(COMMANDS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=sys.maxsize)
    parser.add_argument("--in", dest="place", default="/dev/shm" if os.access("/dev/shm", os.W_OK) else ".")
    given = parser.parse_args()
    place = pathlib.Path(tempfile.mkdtemp(prefix="memory-", dir=given.place)).resolve()
    bench = Bench(str(pathlib.Path(given.program).resolve()), str(pathlib.Path(given.shim).resolve()), place, given)
    try:
        prepare(bench.program, place, bench.plain, bench.break_off)
        shutil.copy(place / "stream.csv", place / "streams/input")
        for name in given.only.split(","):
            bench.command(name)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"{bench.points} points in {len(given.only.split(','))} commands, {bench.ended} of them ended them: "
          f"{len(bench.faults)} found")
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main())
