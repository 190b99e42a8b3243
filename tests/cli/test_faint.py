"""Layers that are about to die out: warned of while training and while pruning, once, also in a run that
was broken off."""
import json
import os
import signal
import subprocess
import time

from harness import PROGRAM, THIN, Case, environment, main

# A rate far too large: the first epochs leave next to nothing.
DYING = ("train", "small", "--hidden", "64,64", "--lr", "5", "--early-stop", "never")
SAID = r"(espalier: warning: epoch \d+: layer [01] (has died out: none|is about to die out: \d+) of its 64 neurons " \
       r"answers? to any of 64 training rows\n)+"


class Faint(Case):
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "."

    def notes(self, name):
        log = [json.loads(line) for line in (self.folder / name / "log.jsonl").read_text().splitlines()]
        return [line["note"] for line in log if line["event"] == "note"]

    def test_training(self):
        done = self.run_cli(*DYING, "-o", "net", "--epochs", "9", "--quiet", "--run", "dying")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertRegex(done.stderr, f"^{SAID}$")
        notes = self.notes("dying")
        self.assertEqual(len(notes), len(set(note[:7] for note in notes)))  # once for each layer
        self.assertEqual([line.split(": ", 3)[3] for line in done.stderr.splitlines()], notes)

    def test_pruning(self):
        net = ("train", "small", "-o", "net", "--hidden", "64,40", "--epochs", "8", "--early-stop", "never", "--quiet")
        self.assertEqual(self.run_cli(*net).stderr, "")
        done = self.run_cli(*net, "--prune", "97%", "--steps", "4", "--trigger", "epoch", "--every", "1")
        self.assertRegex(done.stderr, r"(?m)^espalier: warning: epoch \d: layer 0 is about to die out: [123] of its 64 "
                                      r"neurons answers? to any of 64 training rows$")
        self.good(*net)
        done = self.run_cli("prune", "net", "-o", "thin", "--prune", "97%", "--quiet")
        self.assertRegex(done.stderr, r"(?m)^espalier: warning: layer 0 is about to die out: [123] of its 64 neurons "
                                      r"(is|are) left$")
        self.assertIn("pruning step 1 would have left too few neurons in some layer", done.stderr)
        said = json.loads(self.run_cli("prune", "net", "-o", "thin", "--prune", "97%", "--json").stdout)
        self.assertEqual(len(said["notes"]), 1)
        self.assertIn("would have left too few neurons", said["notes"][0])
        self.good("prune", "net", "-o", "fair", "--prune", "50%", "--quiet", said=THIN)

    def test_guarded(self):
        """Where pruning would have taken the last neurons."""
        done = self.run_cli("train", "small", "-o", "net", "--hidden", "64,40", "--epochs", "4", "--prune", "97%", "--steps",
                            "1", "--trigger", "epoch", "--every", "2", "--min-neurons", "30", "--quiet")
        self.assertIn("warning: epoch 2: pruning step 1 would have left too few neurons in layer ", done.stderr)

    def test_broken_off(self):
        many = ("--epochs", "400", "--quiet")
        self.run_cli(*DYING, "-o", "whole", *many, "--run", "unbroken")
        with subprocess.Popen([PROGRAM, *DYING, "-o", "net", *many, "--run", "broken"], cwd=self.folder,
                              env=environment(self.folder), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            log = self.folder / "broken" / "log.jsonl"
            while process.poll() is None and (not log.exists() or log.read_text().count("\n") < 20):
                time.sleep(0.001)
            process.send_signal(signal.SIGINT)
        self.assertEqual(process.returncode, -signal.SIGINT)
        done = self.run_cli("train", "--resume", "broken", "--quiet")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"\A(espalier: warning: \d of the 4 classes (is|are) never predicted [^\n]*\n)?\Z")
        self.assertEqual(self.bytes_of("broken/log.jsonl"), self.bytes_of("unbroken/log.jsonl"))
        self.assertGreater(len(self.notes("broken")), 0)


main()
