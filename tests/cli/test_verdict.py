"""What is said at the end of a run: layers that only the guard kept, more pruned than was asked for, less learnt
than the run was stopped for, classes that are never predicted."""
import json
import random

from harness import Case, main

NEVER = "never predicted for any of the"


def table(path, counts):
    """Rows of each class, their middle three standard deviations apart; the class is told by both inputs."""
    rng = random.Random(5)
    rows = [(name, rng.gauss(3 * k, 1), rng.gauss(-3 * k, 1))
            for k, (name, count) in enumerate(counts.items()) for _ in range(count)]
    rng.shuffle(rows)
    path.write_text("x,y,class\n" + "".join(f"{x:.4f},{y:.4f},{name}\n" for name, x, y in rows))


class Verdict(Case):
    def said(self, *arguments, code=0):
        done = self.run_cli("train", *arguments, "-o", "net", "--quiet")
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        return done.stderr

    def test_rare_class(self):
        table(self.folder / "rare.csv", {"common": 990, "rare": 10})
        self.assertEqual(self.said("rare.csv", "--validation", "0"),
                         f"espalier: warning: 1 of the 2 classes is {NEVER} 1,000 training rows: rare (1.00 %); class "
                         "common alone has 99.00 %, and --final-accuracy 98% ended the run: try --early-stop never or a "
                         "higher --final-accuracy\n")
        for remedy in (("--early-stop", "never", "--epochs", "40"), ("--final-accuracy", "99.5%")):
            self.assertEqual(self.said("rare.csv", "--validation", "0", *remedy), "")

    def test_many_classes(self):
        """No more than three are named; a rate of next to nothing learns none, and no rule ended the run."""
        table(self.folder / "many.csv", {c: 10 for c in "abcdefghijkl"})
        still = ("many.csv", "--validation", "0", "--lr", "1e-9", "--early-stop", "never")
        self.assertRegex(self.said(*still, "--epochs", "10"),
                         rf"\Aespalier: warning: \d+ of the 12 classes are {NEVER} 120 training rows: \w \(8\.33 %\), "
                         r"\w \(8\.33 %\), \w \(8\.33 %\) and \d more\n\Z")
        self.assertEqual(self.said(*still, "--epochs", "9"), "")  # a trial

    def test_class_without_rows(self):
        """It cannot be predicted, and another warning says so."""
        (self.folder / "gap.csv").write_text("x,class\n" + "".join(f"{i % 2},{3 * (i % 2)}\n" for i in range(40)))
        said = self.said("gap.csv", "--validation", "0", "--epochs", "60")
        self.assertNotIn(NEVER, said)

    def test_stopped_short(self):
        """Labels by chance and a large rate: an epoch's mean is no more than a guess at what the network does at its end."""
        rng = random.Random(7)
        (self.folder / "noise.csv").write_text("x,y,class\n" + "".join(
            f"{rng.gauss(0, 1):.3f},{rng.gauss(0, 1):.3f},{rng.choice('ab')}\n" for _ in range(120)))
        told = 0
        for seed in range(1, 13):
            done = self.run_cli("train", "noise.csv", "-o", "net", "--final-accuracy", "58%", "--lr", "0.5", "--hidden", "8",
                                "--validation", "0" if seed > 6 else "10%", "--seed", seed, "--json")
            result = json.loads(done.stdout)
            train = result["accuracy"]["train"]
            short = result["stopped_by"] == "accuracy" and train < 0.57
            told += short
            keep = "" if seed > 6 else "--keep best or "
            note = (f"espalier: note: {100 * train:.2f} % of the training rows are right, though --final-accuracy 58% ended the "
                    "run: an epoch's accuracy is a mean over its batches, each before its update; "
                    f"{keep}another --batch may help\n")
            self.assertEqual(note in done.stderr, short, (seed, train, done.stderr))
        self.assertGreater(told, 0)

    def test_guard(self):
        """The way out is told once, and of that only what was not taken already."""
        prune = ("small", "--hidden", "64,40", "--epochs", "4", "--prune", "97%", "--steps", "1", "--trigger",
                 "epoch", "--every", "2")
        hint = "espalier: warning: pruning took as much of a layer as --min-neurons {} lets it, and the accuracy may have " \
               "gone with it: try {}\n"
        said = self.said(*prune)
        self.assertIn("would have left too few neurons in layer", said)
        self.assertEqual(said.count(" lets it"), 1)
        self.assertIn(hint.format(1, "--min-neurons 10, --scope layer or --criterion activation-weight"), said)
        self.assertIn(hint.format(10, "--criterion activation-weight"),
                      self.said(*prune, "--min-neurons", "10", "--scope", "layer", code=3))
        self.assertNotIn(" lets it", self.said(*prune, "--min-neurons", "11", code=3))

    def test_pruned_at_once(self):
        self.said("small", "--hidden", "64,40", "--epochs", "8", "--early-stop", "never")
        done = self.run_cli("prune", "net", "-o", "thin", "--prune", "97%", "--quiet")
        self.assertRegex(done.stderr,
                         r"\A(espalier: warning: layer [01] is about to die out: [^\n]*\n)+"
                         r"espalier: warning: pruning step 1 would have left too few neurons in some layer: \d of the best "
                         r"(was|were) kept\nespalier: warning: pruning took [^\n]*: try --min-neurons 10, --scope layer, "
                         r"--criterion activation-weight or --epochs N with DATA, to fine-tune\n\Z")

    def test_far_above_the_target(self):
        self.said("small", "--hidden", "64,40", "--epochs", "8", "--early-stop", "never")
        half = ("prune", "net", "-o", "half", "--prune", "50%", "--quiet")
        self.assertRegex(self.run_cli(*half).stderr,
                         r"\Aespalier: warning: 6\d\.\d\d % of all weights were pruned, 50 % were asked for: neurons that "
                         r"died took their other weights along\n\Z")
        self.good(*half, "--criterion", "magnitude")


main()
