"""Going on with a run: by a signal, by its folder alone, and everything that is refused.
Runs that are killed at any moment are tests/faults/kills.py's business."""
import json
import os
import shutil
import signal
import subprocess
import time

from harness import PROGRAM, Case, environment, main

NET = ("--hidden", "24,12", "--early-stop", "never")
TRAIN = ("train", "small", "-o", "net", *NET, "--prune", "60%", "--steps", "2", "--trigger", "epoch", "--every", "2")
MANY = ("--epochs", "100000")
ENOUGH = 200  # epochs of a run that is broken off long before them and ends soon after
LEFT = {"resume.json", "checkpoint-0.safetensors", "checkpoint-1.safetensors"}


class Resume(Case):
    # In memory where that can be had: waiting for a disk tells nothing here.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "."

    def start(self, *arguments, **more):
        return subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=environment(self.folder), **more)

    def wait_for(self, name, bytes_least=0):
        path = self.folder / name
        while not path.exists() or path.stat().st_size < bytes_least:
            time.sleep(0.01)

    def broken_off(self, name, *more, epochs=100000, least=1200):
        """A run that was killed after some epochs: when its log had so many bytes."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        with self.start(*TRAIN, "--epochs", epochs, "--run", name, *more) as process:
            self.wait_for(f"{name}/log.jsonl", least)
            process.kill()
        self.assertEqual(process.returncode, -signal.SIGKILL)
        return self.folder / name

    def refused(self, *arguments, code=1):
        done = self.run_cli(*arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        return done.stderr

    def files(self, name):
        return {path.name for path in (self.folder / name).iterdir()}

    # ---- signals ------------------------------------------------------------------

    def test_signals(self):
        """The first ends the epoch, and what is printed goes on to the same bits."""
        self.good("train", "small", "-o", "whole", *TRAIN[4:], "--epochs", ENOUGH, "--run", "unbroken", "--quiet")
        for number in (signal.SIGINT, signal.SIGTERM):
            name = f"stopped by {number}"
            with self.start(*TRAIN, "--epochs", ENOUGH, "--run", name, "--quiet") as process:
                self.wait_for(f"{name}/log.jsonl", 1000)
                process.send_signal(number)
                out, said = process.communicate()
            self.assertEqual((process.returncode, out), (-number, ""))
            self.assertRegex(said, rf"^espalier: stopped after epoch \d+; go on with: espalier train --resume "
                                   rf"'{name}'\n$")
            self.assertLessEqual(LEFT, self.files(name))
            command = said.strip().split("go on with: espalier ")[1]
            done = subprocess.run(f"{PROGRAM} {command}", shell=True, cwd=self.folder, check=False,
                                  capture_output=True, text=True, env=environment(self.folder))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(self.bytes_of("net"), self.bytes_of("whole"))
            for one in ("log.jsonl", "config.json", "before.safetensors", "initial.safetensors", "evaluation.json"):
                self.assertEqual(self.bytes_of(f"{name}/{one}"), self.bytes_of(f"unbroken/{one}"))
            self.assertEqual(self.files(name), self.files("unbroken"))

    def test_second_signal(self):
        """While a batch takes long, a second one does not wait for the epoch."""
        with self.start("train", "small", "-o", "x", "--hidden", "3000,3000", "--run", "slow", *MANY) as process:
            self.wait_for("slow/checkpoint-0.safetensors")
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            said = process.communicate()[1]
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertEqual(said, "espalier: stopped at once; go on with: espalier train --resume slow\n")

    def test_signal_without_folder(self):
        with self.start("train", "small", "-o", "none", *NET, *MANY) as process:
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            out, said = process.communicate()
        self.assertEqual((process.returncode, out, said), (-signal.SIGINT, "", ""))
        self.assertFalse((self.folder / "none").exists())

    def test_ignored_signal(self):
        """nohup and background jobs ignore SIGINT; so does a run of theirs."""
        with self.start(*TRAIN, "--epochs", "60", "--run", "ignoring", "--quiet",
                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as process:
            self.wait_for("ignoring/log.jsonl", 500)
            process.send_signal(signal.SIGINT)
            process.communicate()
        self.assertEqual(process.returncode, 0)

    # ---- the folder -----------------------------------------------------------------

    def test_finished(self):
        self.good(*TRAIN, "--epochs", "5", "--run", "done", "--quiet")
        self.assertFalse(LEFT & self.files("done"))
        done = self.run_cli("train", "--resume", "done")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", "espalier: done: this run is finished; its network is done/model.safetensors\n"))
        self.assertIn("--resume: done holds a run of 'espalier train'",
                      self.refused("prune", "--resume", "done", code=2))
        result = json.loads(self.good("train", "--resume", "done", "--json", "--quiet"))
        self.assertEqual(result, json.loads(self.bytes_of("done/result.json")))

    def test_in_use(self):
        """A lock is a living process's: two do not work there, a dead one is in nobody's way."""
        with self.start(*TRAIN, "--epochs", ENOUGH, "--run", "used") as process:
            self.wait_for("used/log.jsonl", 500)
            process.send_signal(signal.SIGSTOP)
            said = self.refused("train", "--resume", "used")
            process.kill()
        self.assertEqual(said, "espalier: used: another process works on this run\n")
        with self.start("train", "--resume", "used") as process:
            process.communicate()
        self.assertEqual(process.returncode, 0)

    def test_moved_with_other_options(self):
        """A folder may be moved; paths count from where the run began; threads may differ."""
        folder = self.broken_off("here", "--threads", "1", epochs=ENOUGH)
        moved = self.folder / "elsewhere" / "it's here"
        moved.parent.mkdir()
        folder.rename(moved)
        done = subprocess.run([PROGRAM, "train", "--resume", "it's here", "--threads", "2", "--json"], check=False,
                              cwd=moved.parent, capture_output=True, text=True, env=environment(self.folder))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout)["epochs"], ENOUGH)
        self.assertEqual(self.bytes_of("net"), (moved / "model.safetensors").read_bytes())

    def test_old_model_goes_on(self):
        """What --from took over is known without MODEL."""
        common = ("--from", "old", "--epochs", ENOUGH, "--early-stop", "never", "--prune", "20%", "--steps", "1", "--trigger", "epoch")
        self.good("train", "small", "-o", "old", *NET, "--epochs", "3", "--lr", "0.03", "--batch", "20", "--quiet")
        self.good("train", "small", "-o", "whole2", *common, "--quiet")
        with self.start("train", "small", "-o", "again2", *common, "--run", "from-old") as process:
            self.wait_for("from-old/log.jsonl", 500)
            process.kill()
        self.assertEqual(process.returncode, -signal.SIGKILL)
        (self.folder / "old").unlink()
        done = self.run_cli("train", "--resume", "from-old", "--quiet")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.bytes_of("again2"), self.bytes_of("whole2"))

    # ---- damage -----------------------------------------------------------------------

    def test_damaged_checkpoint(self):
        """The other one serves, and the end is the same."""
        self.good(*TRAIN, "--epochs", ENOUGH, "--quiet")
        wanted = self.bytes_of("net")
        folder = self.broken_off("damaged", epochs=ENOUGH)
        newest = max(folder.glob("checkpoint-*"), key=lambda path: path.stat().st_mtime_ns)
        data = bytearray(newest.read_bytes())
        data[-40] ^= 1
        newest.write_bytes(data)
        done = self.run_cli("train", "--resume", "damaged", "--quiet")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"damaged: its contents have the digest \w{16}; expected \w{16}\n"
                                      r"espalier: damaged: goes on from the checkpoint before, after epoch \d+\n$")
        self.assertEqual(self.bytes_of("net"), wanted)

    def test_damaged_facts(self):
        folder = self.broken_off("facts")
        (folder / "resume.json").write_bytes((folder / "resume.json").read_bytes()[:-20])
        self.assertRegex(self.refused("train", "--resume", "facts"),
                         r"^espalier: facts/resume\.json: line 1: expected a JSON object: [^\n]+\n$")
        (folder / "resume.json").write_text("[1]")
        self.assertEqual(self.refused("train", "--resume", "facts"),
                         "espalier: facts/resume.json: expected a JSON object\n")

    def test_no_checkpoint_left(self):
        folder = self.broken_off("lost")
        for path in folder.glob("checkpoint-*"):
            path.write_bytes(b"nothing")
        self.assertIn("lost: no checkpoint of this run can be read", self.refused("train", "--resume", "lost"))

    def test_cut_log(self):
        folder = self.broken_off("cut")
        os.truncate(folder / "log.jsonl", 100)
        self.assertRegex(self.refused("train", "--resume", "cut"),
                         r"^espalier: cut: .*/cut/log.jsonl: expected at least the \d+ bytes that the checkpoint "
                         r"knows of, found 100\n$")

    def test_missing_parts(self):
        """Noticed before any epoch, and nothing is changed; the configuration is written again."""
        folder = self.broken_off("parts", epochs=ENOUGH, least=3000)  # checkpoints know of the step then
        config = self.bytes_of("parts/config.json")
        for name, what in (("before", "pruning step"), ("initial", "epoch")):
            aside = (folder / f"{name}.safetensors").rename(self.folder / "aside")
            held = {path.name: path.read_bytes() for path in folder.iterdir()}
            self.assertRegex(self.refused("train", "--resume", "parts"),
                             rf"^espalier: parts: cannot go on without the network before its first {what}: "
                             rf"/[^\n]*/parts/{name}\.safetensors: [^\n]*: No such file or directory\n$")
            self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, held)
            aside.rename(folder / f"{name}.safetensors")
        (folder / "config.json").unlink()
        with self.start("train", "--resume", "parts") as process:
            self.wait_for("parts/config.json")
            process.kill()
        self.assertEqual(self.bytes_of("parts/config.json"), config)

    def test_changed_data(self):
        shutil.copytree(self.folder / "small", self.folder / "own")
        with self.start("train", "own", "-o", "x", *NET, *MANY, "--run", "changed") as process:
            self.wait_for("changed/log.jsonl", 500)
            process.kill()
        path = next(self.folder.glob("own/train-images*"))
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        self.assertRegex(self.refused("train", "--resume", "changed"),
                         "^espalier: changed: the data are not those that the run began with")

    # ---- wrong use ----------------------------------------------------------------------

    def test_usage(self):
        self.broken_off("wrong")
        for arguments, said in (
                (("train", "small", "--resume", "wrong"), "--resume: expected no file beside it, found small"),
                (("train", "--resume", "wrong", "-o", "x"), "--output: has no meaning with --resume"),
                (("train", "--resume", "wrong", "--epochs", "3"), "--epochs: has no meaning with --resume"),
                (("prune", "--resume", "wrong"), "--resume: wrong holds a run of 'espalier train'"),
                (("train",), "expected 'espalier train DATA -o MODEL', found 0 file arguments")):
            self.assertIn(said, self.refused(*arguments, code=2))

    def test_no_run(self):
        (self.folder / "empty").mkdir()
        self.assertEqual(self.refused("train", "--resume", "nowhere"),
                         "espalier: nowhere: cannot open this folder: No such file or directory\n")
        self.assertEqual(self.refused("train", "--resume", "empty"),
                         "espalier: empty: expected the folder of a run, found no resume.json; a run that was "
                         "stopped before it wrote one is started again by its own command\n")

    def test_gone_directory(self):
        where = self.folder / "gone"
        shutil.copytree(self.folder / "small", where / "small")
        with subprocess.Popen([PROGRAM, *TRAIN, *MANY, "--run", self.folder / "left"], cwd=where,
                              stderr=subprocess.DEVNULL, env=environment(self.folder)) as process:
            self.wait_for("left/log.jsonl", 500)
            process.kill()
        shutil.rmtree(where)
        self.assertRegex(self.refused("train", "--resume", "left"),
                         "^espalier: left: the run began in the folder .*/gone, which its paths count from: "
                         "No such file or directory\n$")

    def test_diverged(self):
        """The last good checkpoint stays, and is a model."""
        done = self.run_cli("train", "small", "-o", "x", *NET, "--lr", "1e6", "--epochs", "9", "--run", "diverged")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"^espalier: epoch \d+, batch \d+: the .* became .*layer \d+.*; a smaller "
                                      r"learning rate or scaled inputs usually help\n$")
        self.assertFalse((self.folder / "x").exists())
        self.good("info", "diverged/checkpoint-0.safetensors")


main()
