"""Building the copy and running its tests, with limits of time and memory."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

BUILD_SECONDS = 1800
# Tests that do not end: these many seconds, and so many times as long as they take on the unchanged tree.
LEAST_SECONDS, TIMES_AS_LONG, WHOLE_SECONDS = 30, 5, 1800
MEMORY = 3 << 30  # that a process may hold: a bound that is gone must not take the machine
FAILED = re.compile(r"Test +#\d+: (\S+) \.*([^*\n]*)\*\*\*(\w+)")
STARTED = re.compile(r"Start +\d+: (\S+)")


def read(log):
    return log.read_text(encoding="utf-8", errors="replace")


def tests_of(build):
    """{test: its command} of a build, whether its programs are there or not."""
    found = {}
    for listing in pathlib.Path(build).rglob("CTestTestfile.cmake"):
        for name, command in re.findall(r"^add_test\(\[=\[(.*?)\]=\] (.*)\)$", read(listing), re.MULTILINE):
            found[name] = re.findall(r'"((?:[^"\\]|\\.)*)"', command)
    return found


def descendants(process):
    """Processes that it started, and they: also those with a session of their own."""
    children = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found = [process]
    for parent in found:
        found += children.get(parent, [])
    return found


def kill(process):
    for number in descendants(process.pid):
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            pass


def kill_the_greedy(process):
    """Sanitizers reserve address space without end, so that no limit of the system will do."""
    for number in descendants(process.pid):
        try:
            pages = int(pathlib.Path(f"/proc/{number}/statm").read_text(encoding="ascii").split()[1])
            if pages * os.sysconf("SC_PAGE_SIZE") > MEMORY:
                os.kill(number, signal.SIGKILL)
        except OSError:
            pass


def execute(command, seconds, log, enough=None, **environment):
    """(exit code or None if time ran out, output); enough: a text that says that no more is needed."""
    end, looked = time.monotonic() + seconds, time.monotonic()
    with log.open("w", encoding="utf-8") as out, subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=log.parent,
            env={**os.environ, **environment}) as process:
        try:
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
                if enough and enough.search(read(log)):
                    break
                if time.monotonic() > looked + 1:
                    looked = time.monotonic()
                    kill_the_greedy(process)
        finally:
            code = process.poll()
            if code is None:
                kill(process)
    return code, read(log)


class Build:
    def __init__(self, tree, folder, sanitized, jobs):
        self.tree, self.folder, self.sanitized, self.jobs = tree, folder, sanitized, jobs
        self.tests, self.targets = {}, set()

    def configure(self):
        options = ["-DESPALIER_TESTS=ON", "-DESPALIER_WERROR=OFF"]
        options += (["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1 -g",
                     "-DESPALIER_SANITIZE=address,undefined"] if self.sanitized else ["-DCMAKE_BUILD_TYPE=Release"])
        if shutil.which("ld.lld"):  # many programs are linked
            options += ["-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld"]
        self.folder.mkdir(parents=True, exist_ok=True)
        code, output = execute(["cmake", "-G", "Ninja", "-S", self.tree, "-B", self.folder, *options], BUILD_SECONDS,
                               self.folder / "configure.log")
        if code:
            sys.exit(f"cmake in {self.folder}:\n{output}")
        self.tests = tests_of(self.folder)
        listed = execute(["ninja", "-C", self.folder, "-t", "targets", "all"], BUILD_SECONDS, self.folder / "targets.log")
        self.targets = {line.rpartition(": ")[0] for line in listed[1].splitlines()}

    def programs(self, pattern, without):
        """What the tests need: whatever of the build their commands name."""
        found, place = set(), str(self.folder) + "/"
        for name, command in self.tests.items():
            if re.search(pattern, name) and not (without and re.search(without, name)):
                found |= {c[len(place):] for c in command if c.startswith(place)} & self.targets
        return sorted(found)

    def judge(self, pattern, without, seconds):
        """None if the tests pass in time, else the verdict: (what, by what)."""
        command = ["cmake", "--build", self.folder, "--parallel", self.jobs, "--target", *self.programs(pattern, without)]
        code, _ = execute(command, BUILD_SECONDS, self.folder / "build.log")
        return self.run(pattern, without, seconds) if code == 0 else ("compiler", "")

    def run(self, pattern, without, seconds):
        command = ["ctest", "--test-dir", self.folder, "-R", pattern, *(["-E", without] if without else []),
                   "--stop-on-failure", "--no-tests=error", "-j", self.jobs]
        scratch = self.folder / "scratch"  # those that are killed leave files behind
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        code, output = execute(command, seconds, self.folder / "tests.log", FAILED, TMPDIR=str(scratch))
        suffix = ", sanitized" if self.sanitized else ""
        if failed := FAILED.search(output):
            how = "" if failed[3] == "Failed" else f" ({(failed[2] or failed[3]).lower()})"
            return "caught", failed[1] + how + suffix
        if code == 0:
            return None
        if code is None and (started := STARTED.findall(output)):
            return "caught", f"{started[-1]} (no end after {seconds} s){suffix}"
        sys.exit(f"ctest in {self.folder} ended with {code}:\n{output}")
