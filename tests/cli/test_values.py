"""Option values out of range: exact messages, exit code 2, nothing written."""
import json

from harness import Case, environment, main

FRACTION = "expected a fraction from 0 to 1, such as 0.9 or 90%, found"
WIDTHS = "expected 1 to 64 numbers from 1 to 16777216, such as 300,200,100,50, or like:MODEL, found"

WRONG = [
    ("--hidden=0", f"--hidden: {WIDTHS} '0'"),
    ("--hidden=1000000000000", f"--hidden: {WIDTHS} '1000000000000'"),
    ("--hidden=", f"--hidden: {WIDTHS} ''"),
    ("--hidden=3,,4", f"--hidden: {WIDTHS} '3,,4'"),
    ("--hidden=3,4,", f"--hidden: {WIDTHS} '3,4,'"),
    ("--steps=0", "--steps: expected a whole number from 1 to 1000000, found '0'"),
    ("--epochs=0", "--epochs: expected a whole number from 1 to 1000000000, found '0'"),
    ("--epochs=1e3", "--epochs: expected a whole number from 1 to 1000000000, found '1e3'"),
    ("--batch=-1", "--batch: expected a whole number from 1 to 1048576, found '-1'"),
    ("--batch= 1", "--batch: expected a whole number from 1 to 1048576, found ' 1'"),
    ("--prune=1.5", f"--prune: {FRACTION} '1.5'"),
    ("--prune=150%", f"--prune: {FRACTION} '150%'"),
    ("--prune=-1%", f"--prune: {FRACTION} '-1%'"),
    ("--prune=+0.5", f"--prune: {FRACTION} '+0.5'"),
    ("--prune=%", f"--prune: {FRACTION} '%'"),
    ("--prune=0x1p-1", f"--prune: {FRACTION} '0x1p-1'"),
    ("--lr=nan", "--lr: expected a number above 0, found 'nan'"),
    ("--lr=inf", "--lr: expected a number above 0, found 'inf'"),
    ("--lr=1e999", "--lr: expected a number above 0, found '1e999'"),
    ("--lr=0.1.2", "--lr: expected a number above 0, found '0.1.2'"),
    ("--lr=1e", "--lr: expected a number above 0, found '1e'"),
    ("--lr=0", "--lr: expected a number above 0, found '0'"),
    ("--momentum=1", "--momentum: expected a number from 0 to below 1, found '1'"),
    ("--seed=-1", "--seed: expected a whole number from 0 to 2^63 - 1, found '-1'"),
    ("--seed=9223372036854775808",
     "--seed: expected a whole number from 0 to 2^63 - 1, found '9223372036854775808'"),
    ("--threads=257", "--threads: expected a whole number from 0 to 256, found '257'"),
    ("--validation=100%",
     "--validation: expected a fraction from 0 to below 1, such as 0.9 or 90%, found '100%'"),
    ("--optimizer=adma", "--optimizer: expected sgd, momentum, nesterov or adam, found 'adma'; "
     "did you mean adam?"),
    ("--criterion=zzz",
     "--criterion: expected activation, activation-weight, magnitude or random, found 'zzz'"),
    ("--data-dir=", "--data-dir: expected a name that is not empty, found ''"),
    ("--output=", "--output: expected a name that is not empty, found ''"),
    ("--batch=2000000", "--batch: expected a whole number from 1 to 1048576, found '2000000'"),
    ("--epoch=3", "unknown option '--epoch=3'; did you mean '--epochs'?"),
    ("--critreion=random", "unknown option '--critreion=random'; did you mean '--criterion'?"),
    ("--zzzzzzzz", "unknown option '--zzzzzzzz'"),
    ("-x", "unknown option '-x'"),
    ("--json=3", "--json=3: expected no value"),
    ("--lr", "--lr: expected a value after it, found none"),
    ("extra", "expected 'espalier train DATA -o MODEL', found 2 file arguments"),
    ("--prune=0.99", "--prune: expected at most 0.972972 of all weights (1152 of 1184: the output "
     "layer is not pruned), found 0.99"),
]

COMBINED = [
    (("--start-accuracy", "99%", "--prune", "50%"),
     "--start-accuracy: expected at most --final-accuracy (98%), found 99%"),
    (("--keep", "best", "--validation", "0"),
     "--keep: the best network is told by validation rows, and there are none"),
    (("--count", "none", "--prune", "50%"),
     "--count none: the criterion activation needs activation counts, and the network has none"),
    (("--scope", "one-by-one", "--steps", "3", "--prune", "50%"),
     "--steps: expected a multiple of the 2 hidden layers (scope one-by-one prunes one of them in "
     "each step), found 3"),
    (("--trigger", "once", "--steps", "5"), "--steps: has no meaning with --trigger once"),
    (("--spectra",), "--spectra: expected --run DIR, whose log takes them, found none"),
    (("--trigger", "cubic", "--steps", "5"), "--steps: has no meaning with --trigger cubic"),
]


class Values(Case):
    def refused(self, arguments, message):
        done = self.run_cli("train", "small", "-o", "never.safetensors", "--hidden", "16,8",
                            "--epochs", "1", *arguments)
        self.assertEqual(done.stderr, f"espalier: {message}\ntry 'espalier train --help'\n")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual([p.name for p in self.folder.iterdir()], ["small"])

    def test_one_value(self):
        for argument, message in WRONG:
            with self.subTest(argument):
                self.refused([argument], message)

    def test_values_that_do_not_go_together(self):
        for arguments, message in COMBINED:
            with self.subTest(arguments):
                self.refused(arguments, message)

    def test_options_without_effect_are_said(self):
        for arguments, with_what in ((("--prune", "40%", "--every", "3"), "--trigger epoch or once"),
                                     (("--prune", "40%", "--trigger", "epoch", "--patience", "3"),
                                      "--trigger accuracy"),
                                     (("--prune", "40%", "--sample", "16"), "a sample mode of --count"),
                                     (("--criterion", "magnitude"), "--prune"),
                                     (("--dead", "keep"), "--prune"), (("--patience", "3"), "--prune"),
                                     (("--momentum", "0.9"), "--optimizer momentum or nesterov"),
                                     (("--optimizer", "momentum", "--beta1", "0.8"), "--optimizer adam"),
                                     (("--lr-gamma", "0.5"), "--lr-schedule step"),
                                     (("--nuclear-every", "2"), "--nuclear")):
            done = self.run_cli("train", "small", "-o", "noted", "--hidden", "8", "--epochs", "1", "--quiet",
                                *arguments)
            notes = [line for line in done.stderr.splitlines() if "note:" in line]
            self.assertEqual(notes, [f"espalier: note: {arguments[-2]} has no effect without {with_what}"])
            (self.folder / "noted").unlink()

    def test_steps_that_come_too_late_are_said(self):
        for arguments, message in (
                (("--trigger", "epoch", "--every", "2"), "--epochs 2: too few for 5 pruning steps, one in 2"),
                (("--trigger", "cubic", "--cubic-epochs", "3"),
                 "--epochs 2: too few for cubic pruning over 3 (--cubic-epochs)"),
                (("--trigger", "once", "--every", "3"),
                 "--epochs 2: too few for a pruning step after 3 (--every)")):
            done = self.run_cli("train", "small", "-o", "late", "--hidden", "8", "--epochs", "2", "--quiet",
                                "--prune", "50%", *arguments)
            self.assertEqual(done.stderr.splitlines()[0],
                             f"espalier: warning: {message}: the target will not be reached")
            self.assertEqual(done.returncode, 3)
            (self.folder / "late").unlink()

    def test_a_rate_that_never_gets_there_is_said(self):
        slow = ("train", "small", "-o", "slow", "--hidden", "8", "--epochs", "2", "--quiet", "--warmup")
        self.assertEqual(self.run_cli(*slow, "2").stderr, "")
        self.assertEqual(self.run_cli(*slow, "3").stderr,
                         "espalier: warning: --epochs 2: too few for a learning rate that grows over 3 (--warmup): "
                         "--lr will not be reached\n")
        (self.folder / "slow").unlink()

    def test_both_ways_to_write_a_fraction(self):
        self.good("train", "small", "-o", "a", "--hidden", "4", "--epochs", "1", "--quiet",
                  "--validation", "0.25")
        self.good("train", "small", "-o", "b", "--hidden", "4", "--epochs", "1", "--quiet",
                  "--validation", "25%")
        self.assertEqual(self.bytes_of("a"), self.bytes_of("b"))
        for name in ("a", "b"):
            (self.folder / name).unlink()

    def test_threads_of_the_environment(self):
        def threads(text, *more):
            done = self.run_cli("train", "small", "-o", "omp.safetensors", "--epochs", 1, "--hidden",
                                "16", "--json", *more,
                                env=dict(environment(self.folder), OMP_NUM_THREADS=text))
            self.assertEqual(done.returncode, 0, done.stderr)
            (self.folder / "omp.safetensors").unlink()
            return json.loads(done.stdout)["threads"], done.stderr
        self.assertEqual(threads("3"), (3, ""))
        self.assertEqual(threads("2,4"), (2, ""))
        self.assertEqual(threads("3", "--threads", 2), (2, ""))
        self.assertEqual(threads("3", "--threads", 0), (1, ""))  # a small network is worth one
        for text in ("many", "0", "-1", "", "2x"):
            self.assertEqual(threads(text), (1, "espalier: OMP_NUM_THREADS: expected a number from 1, "
                                                f"found '{text}'; it is ignored\n"))


main()
