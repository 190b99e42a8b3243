"""Programs that are measured in rounds, one of them at a time.

A worker starts, prepares itself and prints a line of facts; then it is stopped
(SIGSTOP), so that no thread of it can spin beside another's round. Its round
wakes it, sends "run" and reads one line of JSON. A command is run anew in each
round. interleave() goes round: A B C A B C …"""
import fcntl
import json
import os
import signal
import subprocess
import time

from measure import machine


class Lock:
    """Holds a lock file for the time of a round, if one was given: programs that
    share the machine can then keep out of the way."""

    def __init__(self, path):
        self.file = open(path, "w") if path else None

    def __enter__(self):
        if self.file:
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        if self.file:
            fcntl.flock(self.file, fcntl.LOCK_UN)


def start(command, threads, env, cpus, **pipes):
    def pin():
        os.sched_setaffinity(0, cpus)
    # With something to do before it Python forks as a whole, which takes milliseconds.
    return subprocess.Popen([str(part) for part in command], text=True,
                            preexec_fn=pin if cpus else None,
                            env=machine.environment(threads, **(env or {})), **pipes)


class Worker:
    def __init__(self, name, command, threads=1, env=None, cpus=None):
        self.name, self.command = name, command
        self.process = start(command, threads, env, cpus, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.facts = self.answer()
        self.process.send_signal(signal.SIGSTOP)

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.kill()
            command = " ".join(map(str, self.command))
            raise SystemExit(f"{command}\n{self.process.stderr.read()[-2000:]}")
        return json.loads(line)

    def round(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        result = self.answer()
        self.process.send_signal(signal.SIGSTOP)
        return result

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Command:
    """read(stdout) makes the round's result; without it there are wall clock and
    peak memory: {"seconds", "bytes"}."""

    def __init__(self, name, command, threads=1, env=None, read=None, text=None):
        self.name, self.command, self.read, self.text = name, command, read, text
        self.threads, self.env, self.facts = threads, env, {}

    def round(self):
        begin = time.perf_counter()
        process = start(self.command, self.threads, self.env, None, stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self.text:
            process.stdin.write(self.text)
        process.stdin.close()
        stdout = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode not in (0, 3):
            raise SystemExit(f"{' '.join(map(str, self.command))}\nexit code {process.returncode}")
        return self.read(stdout) if self.read else {"seconds": seconds,
                                                    "bytes": 1024 * usage.ru_maxrss}

    def close(self):
        pass


class Busy:
    """So many processes that do nothing but keep processors busy, while inside."""

    def __init__(self, count):
        self.count, self.processes = count, []

    def __enter__(self):
        self.processes = [subprocess.Popen([machine.PYTHON, "-c", "while True: pass"])
                          for _ in range(self.count)]

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def interleave(workers, rounds, lock, warm=True, beside=0):
    """The results of each worker by name, one for each round; a first round is not
    counted if warm. beside: so many busy processes run meanwhile."""
    results = {worker.name: [] for worker in workers}
    for index in range(-1 if warm else 0, rounds):
        for worker in workers:
            with lock, Busy(beside):
                result = worker.round()
            if index >= 0:
                results[worker.name].append(result)
    return results


def best(makers, rounds, lock):
    """The name of the fastest of several variants of a worker, by a short trial."""
    workers = [make() for make in makers]
    results = interleave(workers, rounds, lock)
    for worker in workers:
        worker.close()
    return min(results, key=lambda name: min(result["seconds"] for result in results[name]))
