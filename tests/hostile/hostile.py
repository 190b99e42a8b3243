#!/usr/bin/env python3
"""Feeds bad files to every reader, and looks that none of them hurts.

    hostile.py ESPALIER --mutate MUTATE [--step N] [--every N] [--unlimited] [--only READER,…] [--keep]

ESPALIER  the program; each hand-made file (containers.py, arrays.py, models.py, graphs.py, folders.py and,
          for all readers, common.py) goes through a command of it. --every N: each N-th of them
MUTATE    tests/hostile/mutate.c; a small valid file of each kind goes through it, cut short at each byte and
          with each bit of its header turned over. --step N: each N-th of these

A command may say that the file is good. Else it ends with the exit code 1 and one line that names the file,
prints nothing, and leaves nothing behind. All have MEMORY bytes of data to live in (--unlimited: none is set,
for sanitizers), and SECONDS. Prints a table of what was tried.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import arrays
import common
import containers
import folders
import graphs
import models

MEMORY, SECONDS = 512 << 20, 30
EXTRA_MEGABYTES = 96  # that a small file may cost, buffers and all
MAKE_IDX = pathlib.Path(__file__).resolve().parent.parent / "make_idx.py"
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


class Reader:
    """Where a file of a kind is put, and what reads it."""

    def __init__(self, name, file, good, kinds, *commands, header=64, door=None, beside=None, folder=None, source=None,
                 many=False, foreign=True, step=1):
        self.name, self.file, self.good, self.header, self.door = name, file, good, header, door
        self.commands, self.beside, self.folder, self.many, self.step = commands, beside or {}, folder, many, step
        self.source = source or "{file}"
        self.kinds = [*common.SPECIAL.items(), *(common.FOREIGN.items() if foreign else ()), *kinds]

    def lay(self, place):
        """The files around the bad one; where that one goes."""
        if self.folder:
            shutil.copytree(self.folder, place, dirs_exist_ok=True)
        place.mkdir(exist_ok=True)
        for name, data in self.beside.items():
            (place / name).write_bytes(data)
        path = place / self.file
        path.unlink(missing_ok=True)
        return path


def put(path, content, good):
    if hasattr(content, "needs_good"):
        content(path, good)
    elif callable(content):
        content(path)
    else:
        path.write_bytes(content)


def listing(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


class Hostile:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.program = str(pathlib.Path(options.program).resolve())
        self.wrong = []
        kept = {k: v for k, v in os.environ.items() if k not in ("ESPALIER_DATA", "XDG_DATA_HOME")}
        # Threads take memory of their own; gnuplot takes time, and is not meant here; a sanitizer
        # says "no" as an allocator does.
        self.environment = dict(kept, HOME=str(folder), LC_ALL="C.UTF-8", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
                                PATH="/nowhere",
                                ASAN_OPTIONS=f"allocator_may_return_null=1:max_allocation_size_mb={MEMORY >> 20}:"
                                             "detect_leaks=1:exitcode=99", UBSAN_OPTIONS="halt_on_error=1:exitcode=99")

    def run(self, *arguments, **more):
        # A session of its own has no terminal.
        return subprocess.run([str(a) for a in arguments], cwd=self.folder, env=self.environment, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              start_new_session=True, timeout=SECONDS, **more)

    def good(self, *arguments):
        done = self.run(self.program, *arguments)
        if done.returncode:
            sys.exit(f"hostile: {arguments}: {done.stderr}")

    # ---- the readers -----------------------------------------------------------------------

    def make(self):
        """Good files of each kind; the readers."""
        subprocess.run([sys.executable, MAKE_IDX, self.folder / "small", "--rows", "60", "--test-rows", "12", "--side",
                        "2", "--classes", "3"], check=True)
        (self.folder / "model").write_bytes(models.with_metadata(input_scaling='{"shift": 0, "scale": 1}'))
        (self.folder / "precious").write_bytes(b"precious")
        net = ("--hidden", "4,3", "--epochs", "2", "--early-stop", "never", "--quiet")
        self.good("train", "small", "-o", "net", "--run", "run", *net, "--prune", "50%", "--steps", "1", "--trigger",
                  "epoch", "--every", "1", "--criterion", "magnitude", "--spectra")
        self.good("study", "small", "-o", "study", *net[:-1], "--criteria", "magnitude", "--sparsities", "50%",
                  "--seeds", "1", "--steps", "1", "--jobs", "1", "--quiet")
        self.stop_a_run(net)
        return [self.idx(), self.gzips(), self.tables(), self.arrays(), self.archives(), self.models(), self.graphs(),
                self.checkpoints(), self.resumed(), *self.json_of("run", self.folder / "run", "log.jsonl", "result.json",
                                                                  "config.json", "evaluation.json"),
                *self.json_of("study", self.folder / "study", "study.json", *self.records())]

    def stop_a_run(self, net):
        """The folder `broken` of a run that was stopped soon after it began."""
        subprocess.run([sys.executable, MAKE_IDX, self.folder / "more", "--rows", "600", "--test-rows", "12", "--side",
                        "2", "--classes", "3"], check=True)
        command = [self.program, "train", "more", "-o", "output", "--run", "broken", *net, "--epochs", "200"]
        with subprocess.Popen(command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            while process.poll() is None and not (self.folder / "broken/checkpoint-1.safetensors").exists():
                time.sleep(0.0005)
            process.send_signal(signal.SIGINT)
            said = process.communicate()[1].decode()
        if "go on with" not in said:
            sys.exit(f"hostile: expected a run that stopped, found: {said}")

    def idx(self):
        data = dict.fromkeys((IMAGES, "t10k-images-idx3-ubyte"), containers.IMAGES)
        data.update(dict.fromkeys((LABELS, "t10k-labels-idx1-ubyte"), containers.LABELS))
        return Reader("IDX", IMAGES, containers.IMAGES, containers.idx(), ("data", "info", "{folder}"),
                      ("train", "{folder}", "-o", "{out}", "--epochs", "1", "--hidden", "2", "--quiet"), header=128,
                      door="data", beside=data, source="{folder}")

    def gzips(self):
        data = {LABELS: containers.LABELS}
        good = common.packed(containers.IMAGES)
        return Reader("gzip", IMAGES + ".gz", good, containers.gzips(), ("data", "info", "{folder}"),
                      header=8 * len(good), door="data", beside=data, source="{folder}")

    def tables(self):
        return Reader("CSV", "table.csv", containers.TABLE, containers.tables(), ("data", "info", "{file}"),
                      ("predict", "model", "{file}", "-o", "{out}"), header=8 * 60, door="data")

    def arrays(self):
        return Reader("npy", "rows.npy", arrays.GOOD, arrays.arrays(), ("predict", "model", "{file}", "-o", "{out}"),
                      header=8 * (len(arrays.GOOD) - len(arrays.VALUES)), door="rows")

    def archives(self):
        return Reader("npz, zip", "data.npz", arrays.DEFLATED, arrays.archives(), ("data", "info", "{file}"),
                      ("info", "{file}"), header=8 * len(arrays.DEFLATED), door="data")

    def models(self):
        return Reader("safetensors", "bad.safetensors", models.GOOD, models.files(), ("info", "{file}"),
                      ("compact", "{file}", "-o", "{out}"),
                      header=8 * (len(models.GOOD) - len(models.DATA)), door="network")

    def graphs(self):
        return Reader("ONNX", "bad.onnx", graphs.GOOD, graphs.models(), ("info", "{file}"),
                      header=8 * len(graphs.GOOD), door="network")

    def checkpoints(self):
        good = (self.folder / "broken/checkpoint-0.safetensors").read_bytes()
        kinds = [(name, content) for name, content in models.files() if "metadata" not in name]
        shutil.copytree(self.folder / "broken", self.folder / "lone")
        (self.folder / "lone/checkpoint-1.safetensors").unlink()  # or the run went on from that one
        return Reader("checkpoint", "checkpoint-0.safetensors", good, kinds, ("train", "--resume", "{folder}", "--quiet"),
                      header=8 * 2000, door="checkpoint", folder=self.folder / "lone", many=True, step=5)

    def records(self):
        names = json.loads((self.folder / "study/study.json").read_text())["runs"]
        return [f"runs/{name}.json" for name in names[:2]]

    def resumed(self):
        good = (self.folder / "broken/resume.json").read_bytes()
        # Its arguments are obeyed: who goes on with a stranger's run runs a stranger's command.
        values = [kind for kind in folders.values_of(good) if "arguments" not in kind[0] and "directory" not in kind[0]]
        return Reader("resume.json", "resume.json", good, [*folders.texts(), *values],
                      ("train", "--resume", "{folder}", "--quiet"), folder=self.folder / "broken", many=True)

    def json_of(self, kind, folder, *names):
        commands = [("report", "{folder}", "-o", "{out}"), ("report", "{folder}", "--quiet")]
        for name in names:
            good = (folder / name).read_bytes()
            kinds = [*folders.texts(), *list(folders.values_of(good))[::4]]
            if name.startswith("log"):
                kinds += [("a line of no JSON", good + b"x\n"), ("half a line", good[:-9]), ("no line", b"\n"),
                          ("zero bytes", good.replace(b"e", b"\0")), ("10,000 lines", good * 500)]
            kinds += folders.links()
            yield Reader(f"{kind}: {name.split('-')[0]}", name, good, kinds, *commands, header=8 * 200, folder=folder,
                         door="study" if kind == "study" else "report", source="{folder}", step=7)

    # ---- by the program ----------------------------------------------------------------------

    def complain(self, reader, kind, what):
        self.wrong.append(f"{reader.name}: {kind}: {what}")
        print(self.wrong[-1], flush=True)

    def judge(self, reader, kind, done, place, out, before):
        said = done.stderr
        words = said.replace(str(self.folder), "")
        if done.returncode not in (0, 1):
            return f"exit code {done.returncode}: {said[-400:]}"
        if "out of memory" in said:
            return "asks for more memory than its size justifies"
        if any(c < " " and c != "\n" or c == "\x7f" for c in said + done.stdout.replace("\t", "")):
            return f"control characters: {said!r}"
        after = listing(place)
        if (self.folder / "precious").read_bytes() != b"precious":
            (self.folder / "precious").write_bytes(b"precious")
            return "writes where a link led"
        if done.returncode == 0:
            return "is taken for good" if reader.name == "ONNX" and graphs.leads_out(kind) else None
        if not reader.many and (said.count("\n") != 1 or not said.startswith("espalier: ")):
            return f"expected one line, found: {said!r}"
        if place.name not in words:
            return f"expected a message that names the file, found: {said!r}"
        if len(said) > 4000:
            return f"a message of {len(said)} bytes"
        if done.stdout:
            return f"prints although it fails: {done.stdout[:200]!r}"
        if out.exists() or [p for p in after if ".espalier-" in p]:
            return f"left behind: {[p for p in after if p not in before]}"
        return None

    def one(self, reader, index, name, content):
        count = 0
        for number, command in enumerate(reader.commands):
            place = self.folder / f"{re.sub('[^A-Za-z]+', '-', reader.name)}-{index}-{number}"
            out = self.folder / f"{place.name}.out"
            path = reader.lay(place)
            put(path, content, reader.good)
            before = listing(place)
            arguments = [a.format(file=f"{place.name}/{reader.file}", folder=place.name, out=out.name) for a in command]
            try:
                problem = self.judge(reader, name, self.run(self.program, *arguments), place, out, before)
            except subprocess.TimeoutExpired:
                problem = f"not ready within {SECONDS} seconds"
            if problem:
                self.complain(reader, name, f"espalier {' '.join(arguments)}: {problem}")
            if not (problem and self.options.keep):
                shutil.rmtree(place, ignore_errors=True)
                out.unlink(missing_ok=True)
            count += 1
        return count

    def by_program(self, reader, workers):
        kinds = list(enumerate(reader.kinds))[::self.options.every]
        return len(kinds), sum(workers.map(lambda kind: self.one(reader, kind[0], *kind[1]), kinds))

    # ---- by the library ---------------------------------------------------------------------------

    def by_library(self, reader):
        if not reader.door:
            return 0, 0, 0
        place = self.folder / "mutated"
        path = reader.lay(place)
        path.write_bytes(reader.good)
        source = reader.source.format(file=path, folder=place)
        try:
            done = self.run(self.options.mutate, reader.door, source, path, reader.header,
                            reader.step * self.options.step, 0 if self.options.unlimited else EXTRA_MEGABYTES)
            said = done.stderr
        except subprocess.TimeoutExpired:
            done, said = None, f"not ready within {SECONDS} seconds"
        if done is None or done.returncode:
            shutil.copy(path, self.folder / "mutant")
            at = (self.folder / "at").read_text().strip()
            self.complain(reader, at, f"{done.returncode if done else ''} {said[-600:]}")
            return 0, 0, 0
        shutil.rmtree(place)
        return tuple(map(int, done.stdout.split()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--mutate", type=pathlib.Path, required=True)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--unlimited", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    options.mutate = options.mutate.resolve()
    if not options.unlimited:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    memory = "/dev/shm"  # flushing costs nothing there
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hostile-", dir=memory if os.access(memory, os.W_OK) else None))
    hostile = Hostile(options, folder)
    total = [0] * 5
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as workers:
            print(f"{'reader':<24}{'kinds':>8}{'commands':>10}{'cut, bits':>11}{'refused':>9}{'shrinking':>11}")
            for reader in hostile.make():
                if options.only and not any(reader.name.startswith(o) for o in options.only.split(",")):
                    continue
                mutated = workers.submit(hostile.by_library, reader)
                numbers = [*hostile.by_program(reader, workers), *mutated.result()]
                total = [a + b for a, b in zip(total, numbers)]
                print(f"{reader.name:<24}" + "".join(f"{n:>{w}}" for n, w in zip(numbers, (8, 10, 11, 9, 11))), flush=True)
        print(f"{'all':<24}" + "".join(f"{n:>{w}}" for n, w in zip(total, (8, 10, 11, 9, 11))))
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    print(f"{len(hostile.wrong)} that did harm")
    return 1 if hostile.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
