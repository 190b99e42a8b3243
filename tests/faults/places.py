#!/usr/bin/env python3
"""Places where nothing more can be written: a full disk, and a folder on a read-only one.

    places.py ESPALIER [--only COMMAND;…] [--most N] [--in FOLDER]

Mounts a small tmpfs in a namespace of its own, which takes root or a system that allows it to users
(unshare -rm); ends with exit code 77 where neither may be. Every command that writes files does so
there while N different numbers of pages, or of files, are free (0, …, as many as it needs); last the
disk is read-only. After each: exit code 1 and one line that names a file and says what the system
said, nothing on standard output, files that were there as they were or whole and new, nothing left
behind; and once there is room the command does its work, or goes on with it, to the same bytes.
Prints how many points were tried; the exit code is 0 if nothing was found.
"""
import argparse
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "data"))
from server import serve  # noqa: E402

SKIPPED, DISK_BYTES, DISK_FILES = 77, 6 << 20, 160
SYSTEM = pathlib.Path("/usr/share/datasets/fashion-mnist")
# Debian's files are the publisher's with another gzip header (tests/cli/test_data.py).
PUBLISHED = {"t10k-images-idx3-ubyte": 1504176627, "t10k-labels-idx1-ubyte": 1504176627,
             "train-images-idx3-ubyte": 1504176606, "train-labels-idx1-ubyte": 1504176606}
NET = ["--hidden", "120,40", "--epochs", "3", "--early-stop", "never", "--threads", "1"]
PRUNE = ["--prune", "40%", "--steps", "1", "--trigger", "epoch", "--every", "2"]
STUDY = ["study", "small", "--hidden", "40,20", "--epochs", "2", "--criteria", "magnitude", "--sparsities", "50%",
         "--seeds", "1", "--steps", "1"]
ROWS = "predictions.csv"


class Command:
    """What is run; the files that it writes on the disk; folders that have to be there first; and
    the command that goes on with a folder that it has begun."""

    def __init__(self, *arguments, outputs=(), needs=(), goes_on=None):
        self.arguments = [str(one) for one in arguments]
        self.outputs, self.needs, self.goes_on = outputs, needs, goes_on


COMMANDS = {
    "train": Command("train", "small", "-o", "disk/out", *NET, *PRUNE, outputs=["out"]),
    "train --run": Command("train", "small", "-o", "disk/out", *NET, *PRUNE, "--run", "disk/new",
                           outputs=["out", "new/log.jsonl", "new/model.safetensors", "new/config.json"],
                           goes_on=("new/resume.json", ["train", "--resume", "disk/new"])),
    "prune": Command("prune", "given", "-o", "disk/out", "--prune", "40%", outputs=["out"]),
    "prune --run": Command("prune", "given", "small", "-o", "disk/out", "--prune", "40%", "--epochs", "2", "--run",
                           "disk/new", "--threads", "1", outputs=["out", "new/log.jsonl", "new/model.safetensors"],
                           goes_on=("new/resume.json", ["prune", "--resume", "disk/new"])),
    "export to ONNX": Command("export", "given", "-o", "disk/out.onnx", outputs=["out.onnx"]),
    "export to safetensors": Command("export", "given", "-o", "disk/out.safetensors", outputs=["out.safetensors"]),
    "export to C": Command("export", "given", "-o", "disk/out.c", outputs=["out.c", "out.h"]),
    "export to C, int8": Command("export", "given", "-o", "disk/out.c", "--type", "int8", "--data", "small",
                                 "--test-vectors", "9", outputs=["out.c", "out.h", "out_test.c"]),
    "predict to CSV": Command("predict", "given", "small", "-o", "disk/out.csv", "--split", "train", outputs=["out.csv"]),
    "predict to npy": Command("predict", "given", "small", "-o", "disk/out.npy", "--split", "train", outputs=["out.npy"]),
    "predict a table": Command("predict", "given", "rows.csv", "-o", "disk/out.jsonl", outputs=["out.jsonl"]),
    "report on a run": Command("report", "disk/run", outputs=["run/report.html"], needs=["run"]),
    "report on a study": Command("report", "disk/study", "-o", "disk/out.html", outputs=["out.html"], needs=["study"]),
    "study": Command(*STUDY, "-o", "disk/new", "--jobs", "1", outputs=[]),
    "study, two jobs": Command(*STUDY, "-o", "disk/new", "--jobs", "2", outputs=[]),
    "compact": Command("compact", "pruned", "-o", "disk/out", outputs=["out"]),
    "lowrank": Command("lowrank", "given", "--rank", "9,9", "-o", "disk/out", outputs=["out"]),
    "analyse": Command("analyse", "given", "--csv", "disk/out.csv", outputs=["out.csv"]),
}


class Bench:
    def __init__(self, program, place, most):
        self.program, self.place, self.most = program, place, most
        self.disk = place / "disk"
        self.points, self.faults = 0, []
        self.environment = {key: value for key, value in os.environ.items()
                            if key not in ("ESPALIER_DATA", "XDG_DATA_HOME", "TMPDIR")}
        self.environment.update(HOME=str(place), LC_ALL="C.UTF-8", no_proxy="*")

    def run(self, arguments):
        return subprocess.run([self.program, *arguments], cwd=self.place, check=False, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=self.environment, timeout=120)

    # ---- the disk -------------------------------------------------------------------

    def clear(self):
        for path in self.disk.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def lay_out(self, command):
        """As it is before the command: old files in the place of its outputs."""
        self.clear()
        for need in command.needs:
            shutil.copytree(self.place / need, self.disk / need)
        for output in command.outputs:
            if (self.disk / output).parent.is_dir():
                (self.disk / output).write_bytes(b"old")

    def leave_pages(self, pages):
        free = os.statvfs(self.disk)
        with open(self.disk / "ballast", "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, (free.f_bavail - pages) * free.f_frsize)

    def leave_files(self, files):
        (self.disk / "ballast").mkdir()
        for index in range(os.statvfs(self.disk).f_ffree - files):
            (self.disk / "ballast" / str(index)).touch()

    def make_room(self):
        ballast = self.disk / "ballast"
        if ballast.is_dir():
            shutil.rmtree(ballast)
        else:
            ballast.unlink()

    def resize(self, count):
        subprocess.run(["mount", "-o", f"remount,size={count}", self.disk], check=True)

    # ---- what is looked for ----------------------------------------------------------

    def fault(self, where, text):
        self.faults.append(f"{where}: {text.strip()}")
        print(self.faults[-1], file=sys.stderr)

    def contents(self, command):
        return {output: (self.disk / output).read_bytes() for output in command.outputs
                if (self.disk / output).exists()}

    def check_failed(self, command, done, where, reason, wanted):
        if done.returncode != 1 or done.stdout:
            self.fault(where, f"exit code {done.returncode}, says {done.stdout!r} {done.stderr!r}")
        if not re.fullmatch(rf"espalier: \S*disk/[^:\n]*: [^:\n]*: {reason}\n", done.stderr):
            self.fault(where, f"says {done.stderr!r}")
        for output, found in self.contents(command).items():
            if found not in (b"old", wanted.get(output)) and not output.startswith("new/"):
                self.fault(where, f"{output} is neither old nor new")
        left = [str(path) for path in self.disk.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"]
        if left:
            self.fault(where, f"leaves {left}")

    def check_goes_on(self, command, where, wanted):
        arguments = command.arguments
        if command.goes_on and (self.disk / command.goes_on[0]).exists():
            arguments = command.goes_on[1]
        done = self.run(arguments)
        if done.returncode or done.stderr:
            self.fault(where, f"with room: {arguments}: exit code {done.returncode}, {done.stderr!r}")
        elif self.contents(command) != wanted:
            self.fault(where, f"with room {arguments} ends otherwise")

    # ---- points -----------------------------------------------------------------------

    def enough(self, command, leave, used):
        """A number of pages or files, not much more than the command needs."""
        count = max(used, 1)
        while True:
            self.lay_out(command)
            leave(count)
            if self.run(command.arguments).returncode == 0:
                return count
            count += count // 4 + 1

    def points_of(self, most):
        return sorted({round(index * most / self.most) for index in range(self.most)} | {0, 1})

    def full(self, name, command, what, leave, used, wanted):
        for count in self.points_of(self.enough(command, leave, used)):
            self.lay_out(command)
            leave(count)
            done = self.run(command.arguments)
            if done.returncode == 0:
                continue
            self.points += 1
            where = f"{name}, {count} {what} free"
            self.check_failed(command, done, where, "No space left on device", wanted)
            self.make_room()
            self.check_goes_on(command, where, wanted)

    def read_only(self, name, command, wanted):
        self.lay_out(command)
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        done = self.run(command.arguments)
        subprocess.run(["mount", "-o", "remount,rw", self.disk], check=True)
        self.points += 1
        where = f"{name}, read-only"
        self.check_failed(command, done, where, "Read-only file system", {})
        self.check_goes_on(command, where, wanted)

    def command(self, name):
        command = COMMANDS[name]
        self.lay_out(command)
        before = os.statvfs(self.disk)
        done = self.run(command.arguments)
        if done.returncode:
            raise SystemExit(f"places.py: {name}: {done.stderr}")
        after, wanted = os.statvfs(self.disk), self.contents(command)
        self.full(name, command, "pages", self.leave_pages, before.f_bavail - after.f_bavail, wanted)
        self.full(name, command, "files", self.leave_files, before.f_ffree - after.f_ffree, wanted)
        self.read_only(name, command, wanted)


def fetch(bench):
    """A download: what has arrived stays, and the rest is fetched once there is room."""
    if not SYSTEM.is_dir():
        return
    served = bench.place / "served"
    served.mkdir()
    for name, stamp in PUBLISHED.items():
        data = (SYSTEM / f"{name}.gz").read_bytes()
        (served / f"{name}.gz").write_bytes(
            b"\x1f\x8b\x08\x08" + struct.pack("<IBB", stamp, 0, 3) + name.encode() + b"\0" + data[10:])
    server = serve(served)
    server.handle_error = lambda *_: None  # the other end goes away
    command = Command("data", "fetch", "fashion-mnist", "--data-dir", "disk", "--from",
                      f"http://127.0.0.1:{server.server_port}/good")
    bench.clear()
    for megabytes in (1, 5, 12):
        bench.resize(megabytes << 20)
        done = bench.run(command.arguments)
        if "no libcurl" in done.stderr:
            break
        bench.points += 1
        bench.check_failed(command, done, f"data fetch, {megabytes} MiB", "No space left on device.*", {})
    bench.resize(40 << 20)
    if "no libcurl" not in done.stderr:
        bench.check_goes_on(command, "data fetch", {})
    server.shutdown()


def make_files(program, place):
    """What the commands read; it lies on another disk."""
    def run(*arguments):
        subprocess.run([program, *arguments, "--quiet"], cwd=place, check=True)
    subprocess.run([sys.executable, HERE.parent / "make_idx.py", place / "small"], check=True)
    run("train", "small", "-o", "given", *NET, *PRUNE, "--run", "run")
    run("prune", "given", "-o", "pruned", "--prune", "80%")
    run(*STUDY, "-o", "study")
    pixels = (place / "small" / "t10k-images-idx3-ubyte").read_bytes()[16:]
    with open(place / "rows.csv", "w", encoding="ascii") as rows:
        for first in range(0, len(pixels), 64):
            rows.write(",".join(map(str, pixels[first:first + 64])) + "\n")


def inside(given):
    place = pathlib.Path(tempfile.mkdtemp(prefix="places-", dir=given.place)).resolve()
    program = str(pathlib.Path(given.program).resolve())
    bench = Bench(program, place, given.most)
    bench.disk.mkdir()
    try:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},nr_inodes={DISK_FILES}", "tmpfs", bench.disk],
                          check=False).returncode:
            return SKIPPED
        make_files(program, place)
        for name in given.only.split(";"):
            bench.command(name)
        fetch(bench)
    finally:
        subprocess.run(["umount", bench.disk], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(place, ignore_errors=True)
    print(f"{bench.points} points in {len(given.only.split(';'))} commands: {len(bench.faults)} found")
    return 1 if bench.faults else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--only", default=";".join(COMMANDS))
    parser.add_argument("--most", type=int, default=40)
    parser.add_argument("--in", dest="place", default=".")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        return inside(given)
    for way in (["unshare", "-m"], ["unshare", "-rm"]):
        if shutil.which("unshare") and subprocess.run([*way, "true"], check=False, capture_output=True).returncode == 0:
            return subprocess.run([*way, sys.executable, __file__, *sys.argv[1:], "--inside"], check=False).returncode
    print("places.py: skipped: no file system may be mounted here (root, or unshare -rm)")
    return SKIPPED


if __name__ == "__main__":
    sys.exit(main())
