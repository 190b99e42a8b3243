"""What is said at the end of a run: classes that are never predicted."""
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
    def said(self, *arguments):
        done = self.run_cli("train", *arguments, "-o", "net", "--quiet")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
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


main()
