"""Studies and signals: the first keeps what is finished and says how to go on, a second ends at once,
and what went on is what an unbroken study is. Studies that are killed are tests/faults/kills.py's business."""
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import time

from harness import PROGRAM, Case, environment, main

SMALL = ("study", "small", "--hidden", "16,8", "--epochs", "40", "--sparsities", "50%,5x", "--steps", "2", "--seeds", "3",
         "--controls", "magnitude,scratch", "--spectra")
RUNS = 3 * (1 + 3 * 2 + 2 * 2)
LONG = ("study", "small", "--hidden", "16,8", "--sparsities", "50%", "--steps", "2", "--seeds", "2", "--quiet",
        "--epochs", "1000000")
# What a clock says, and what is made of it.
CLOCKS = ("seconds", "nanoseconds", "nanoseconds_dense", "time_ratio")


def timeless(line, between):
    """A table's row without its columns of times; other lines as they are."""
    cells = [cell.strip(" -:") for cell in line.strip("|").split(between)]
    return cells[:7] + cells[9:] if len(cells) > 9 else line


class Signals(Case):
    # In memory where that can be had: waiting for a disk tells nothing here.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "."

    def tearDown(self):
        for path in self.folder.glob("s *"):
            shutil.rmtree(path)

    def start(self, *arguments, **more):
        return subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=environment(self.folder), **more)

    def wait_for(self, process, folder, count):
        """Until so many runs are finished."""
        runs = self.folder / folder / "runs"
        while process.poll() is None and (not runs.is_dir() or len(list(runs.glob("*.json"))) < count):
            time.sleep(0.001)

    def go_on(self, said):
        command = said.strip().split("go on with: espalier ")[1]
        return subprocess.run(f"exec {PROGRAM} {command}", shell=True, cwd=self.folder, check=False,
                              capture_output=True, text=True, env=environment(self.folder))

    def contents(self, folder):
        """Every file of the study, without what clocks said."""
        found = {}
        for path in sorted((self.folder / folder).rglob("*")):
            name = str(path.relative_to(self.folder / folder))
            if path.suffix == ".json":
                found[name] = {key: value for key, value in json.loads(path.read_text()).items() if key not in CLOCKS}
            elif path.suffix == ".csv":
                rows = list(csv.DictReader(io.StringIO(path.read_text())))
                found[name] = [{key: value for key, value in row.items() if not key.startswith(CLOCKS)} for row in rows]
            elif path.suffix in (".md", ".tex"):
                found[name] = [timeless(line, "|" if path.suffix == ".md" else "&") for line in
                               path.read_text().splitlines()]
            elif path.is_file():
                found[name] = path.read_bytes()
        return found

    def test_goes_on(self):
        """Broken off at several moments, with one and two runs at once; the printed command goes on with it."""
        self.good(*SMALL, "-o", "s whole", "--quiet")
        wanted = self.contents("s whole")
        moments = [(1, 2, signal.SIGINT), (2, 2, signal.SIGTERM), (2, RUNS - 4, signal.SIGINT), (1, 0, signal.SIGTERM)]
        for jobs, count, number in moments:
            name = f"s {jobs} {count}"
            with self.start(*SMALL, "-o", name, "--jobs", jobs, "--quiet") as process:
                self.wait_for(process, name, count)
                time.sleep(0.004)
                process.send_signal(number)
                out, said = process.communicate()
            if process.returncode == 0:  # it was faster
                continue
            if process.returncode == -number and said == "":  # before it began
                self.assertEqual(count, 0)
                continue
            self.assertEqual((process.returncode, out), (-number, ""), said)
            self.assertRegex(said, rf"^espalier: stopped with \d+ of {RUNS} runs done; go on with: espalier study small "
                                   rf"--hidden 16,8 .* -o '{name}' --jobs {jobs} --quiet\n$")
            finished = {path: path.stat().st_mtime_ns for path in (self.folder / name / "runs").glob("*.safetensors")}
            self.assertEqual(int(said.split()[3]), len(finished))
            self.assertGreaterEqual(len(finished), count)
            with open(self.folder / name / "runs.csv", encoding="utf-8") as file:
                self.assertEqual({row["name"] for row in csv.DictReader(file)}, {path.stem for path in finished})
            self.assertEqual([path for path in (self.folder / name).rglob(".espalier-*")], [])
            done = self.go_on(said)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            for path, changed in finished.items():
                self.assertEqual(path.stat().st_mtime_ns, changed)
            self.assertEqual(self.contents(name), wanted)

    def test_again_and_again(self):
        """Every process makes some runs, until the study is whole."""
        self.good(*SMALL, "-o", "s whole", "--quiet")
        turns, code = 0, None
        while code != 0:
            with self.start(*SMALL, "-o", "s turns", "--jobs", "2", "--quiet") as process:
                self.wait_for(process, "s turns", min(3 * turns + 1, RUNS))
                process.send_signal(signal.SIGINT)
                said = process.communicate()[1]
            code = process.returncode
            self.assertIn(code, (0, -signal.SIGINT), said)
            turns += 1
            self.assertLess(turns, 200)
            if turns > RUNS:
                code = self.run_cli(*SMALL, "-o", "s turns", "--quiet").returncode
        self.assertGreater(turns, 3)
        self.assertEqual(self.contents("s turns"), self.contents("s whole"))

    def test_not_after_hours(self):
        """A run that would take for ever ends with its epoch."""
        for jobs in (1, 2):
            name = f"s long {jobs}"
            with self.start(*LONG, "-o", name, "--jobs", jobs) as process:
                while not (self.folder / name / "study.json").exists():
                    time.sleep(0.001)
                time.sleep(0.2)
                process.send_signal(signal.SIGTERM)
                out, said = process.communicate(timeout=60)
            self.assertEqual((process.returncode, out), (-signal.SIGTERM, ""))
            self.assertRegex(said, r"^espalier: stopped with 0 of 10 runs done; go on with: espalier study small ")
            self.assertEqual(list((self.folder / name / "runs").iterdir()), [])
            self.good("report", name, "--quiet", code=0)

    def test_second_signal(self):
        """While a batch takes long, a second one does not wait for the epoch; nothing is half written."""
        slow = ("study", "small", "-o", "s slow", "--hidden", "3000,3000", "--epochs", "100000", "--batch", "2000",
                "--seeds", "1", "--sparsities", "50%", "--steps", "1", "--quiet")
        for _ in range(5):  # on a busy machine the epoch may end before the second comes
            shutil.rmtree(self.folder / "s slow", ignore_errors=True)
            with self.start(*slow) as process:
                while not (self.folder / "s slow" / "study.json").exists():
                    time.sleep(0.001)
                time.sleep(0.1)
                process.send_signal(signal.SIGINT)
                time.sleep(0.02)
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=60)[1]
            if "stopped at once" in said:
                break
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertRegex(said, r"\Aespalier: stopped at once; go on with: espalier study small -o 's slow' [^\n]*\n\Z")
        self.assertEqual(list((self.folder / "s slow" / "runs").iterdir()), [])

    def test_ignored_signal(self):
        with self.start(*SMALL, "-o", "s ignored", "--quiet",
                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as process:
            self.wait_for(process, "s ignored", 3)
            process.send_signal(signal.SIGINT)
            process.communicate()
        self.assertEqual(process.returncode, 0)

    def test_while_timing(self):
        """The last pass: every run is done, and not all of them are timed."""
        wide = ("study", "small", "-o", "s timed", "--hidden", "900,900", "--epochs", "1", "--seeds", "2", "--criteria",
                "magnitude", "--sparsities", "10%", "--steps", "1", "--every", "1", "--controls", "none", "--quiet")
        with self.start(*wide) as process:
            self.wait_for(process, "s timed", 4)
            process.send_signal(signal.SIGINT)
            said = process.communicate()[1]
        if process.returncode == 0:
            self.skipTest("it was faster")
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertRegex(said, r"^espalier: stopped with [34] of 4 runs done; go on with: ")
        self.assertEqual(self.go_on(said).returncode, 0)
        with open(self.folder / "s timed" / "runs.csv", encoding="utf-8") as file:
            self.assertTrue(all(float(row["nanoseconds"]) > 0 for row in csv.DictReader(file)))


main()
