"""Pruning a trained network: from its counts, from fresh ones, while fine-tuning."""
import json
import struct

from harness import Case, main


class Prune(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        case.good("train", "small", "-o", "dense", "--hidden", "24,12", "--epochs", "10", "--quiet")
        case.good("train", "small", "-o", "uncounted", "--hidden", "24,12", "--epochs", "2", "--count",
                  "none", "--quiet")

    def test_without_data_from_the_counts_in_the_file(self):
        r = self.result("prune", "dense", "-o", "pruned", "--trigger", "once", "--prune", "40%")
        weights = 64 * 24 + 24 * 12 + 12 * 4
        self.assertEqual(r["accuracy"], {"train": None, "validation": None, "test": None})
        self.assertEqual(len(r["prunes"]), 1)
        self.assertEqual(r["prunes"][0]["requested"], weights * 40 // 100)
        self.assertGreaterEqual(r["sparsity"]["all"], (weights * 40 // 100) / weights)
        self.assertEqual((r["epochs"], r["stopped_by"], r["math"]), (0, None, None))
        config = self.training("pruned")
        self.assertEqual((config["command"], config["data"]), ("prune", None))
        self.assertEqual(config["before"], self.training("dense"))

    def test_already_sparser_than_asked(self):
        self.good("prune", "dense", "-o", "half", "--prune", "50%", "--quiet")
        shown = self.good("prune", "half", "-o", "still", "--prune", "10%")
        self.assertRegex(shown, r"\n1 +0 +- +0 +0 +0 +\d+\.\d\d %  already met\n")

    def test_without_counts(self):
        done = self.run_cli("prune", "uncounted", "-o", "never", "--prune", "40%")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("name DATA to count activations now, or take a criterion that needs none, such "
                      "as --criterion magnitude\n", done.stderr)
        self.assertFalse((self.folder / "never").exists())
        self.good("prune", "uncounted", "-o", "m", "--prune", "40%", "--criterion", "magnitude")
        r = self.result("prune", "uncounted", "small", "-o", "fresh", "--prune", "40%")
        self.assertIsNotNone(r["accuracy"]["test"])

    def test_fresh_counts_are_of_every_training_row(self):
        self.good("prune", "dense", "small", "-o", "fresh", "--prune", "40%", "--quiet")
        self.assertEqual(self.result("info", "fresh")["inputs_counted"], 540)

    def test_with_data_but_the_counts_in_the_file(self):
        self.good("prune", "dense", "-o", "without", "--prune", "40%", "--quiet")
        r = self.result("prune", "dense", "small", "-o", "with", "--prune", "40%", "--count", "none")
        self.assertIsNotNone(r["accuracy"]["test"])
        for key in ("inputs_counted", "layers"):
            self.assertEqual(self.result("info", "with")[key], self.result("info", "without")[key])

    def test_history_that_is_none(self):
        data = self.bytes_of("dense")
        header = self.header("dense")
        header["__metadata__"]["history"] = "}"
        text = json.dumps(header).encode()
        size, = struct.unpack("<Q", data[:8])
        (self.folder / "odd").write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size:])
        done = self.run_cli("prune", "odd", "-o", "never", "--prune", "40%")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^espalier: odd: metadata 'history' of the network is not a JSON "
                                      r"list of pruning steps: .*\n$")

    def test_fine_tuning(self):
        r = self.result("prune", "dense", "small", "-o", "tuned", "--prune", "70%", "--epochs", "6")
        self.assertEqual([p["epoch"] for p in r["prunes"]], [0])
        self.assertGreaterEqual(r["epochs"], 1)
        r = self.result("prune", "dense", "small", "-o", "tuned", "--prune", "70%", "--epochs", "6",
                        "--trigger", "epoch", "--every", "1", "--steps", "3", "--early-stop", "never")
        self.assertEqual([p["epoch"] for p in r["prunes"]], [1, 2, 3])
        self.assertEqual(r["epochs"], 6)

    def test_fine_tuning_counts_as_it_is_told(self):
        """Before the cut, too, which each way makes elsewhere."""
        masks = set()
        for mode, rows in (("training", 540 * 3), ("sample", 32 * 3), ("sample-sum", 32 * 3), ("sample-zeros", 32 * 3)):
            self.good("prune", "dense", "small", "-o", "tuned", "--prune", "40%", "--epochs", "2", "--count", mode,
                      "--early-stop", "never", "--quiet")
            self.assertEqual(self.result("info", "tuned")["inputs_counted"], rows)
            self.assertEqual(self.header("tuned")["__metadata__"]["counted"], mode)
            masks.add(self.tensors("tuned")["layers.0.mask"])
        self.assertEqual(len(masks), 4)

    def test_every_means_nothing_to_a_cut_at_once(self):
        for trigger in ([], ["--trigger", "once"]):
            done = self.run_cli("prune", "dense", "small", "-o", "never", "--epochs", "2", "--every", "1", *trigger)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("--every: has no meaning with --trigger once, which prunes a trained network before the first "
                          "epoch\n", done.stderr)
            self.assertFalse((self.folder / "never").exists())
        self.assertIn("for the trigger epoch (default", self.good("prune", "--help"))

    def test_masks_hold(self):
        self.good("prune", "dense", "-o", "pruned", "--prune", "50%", "--quiet")
        r = self.result("prune", "pruned", "small", "-o", "again", "--prune", "50%", "--epochs", "3",
                        "--optimizer", "adam", "--early-stop", "never")
        self.assertGreaterEqual(r["sparsity"]["all"], self.result("info", "pruned")["sparsity"]["all"])
        self.assertEqual(len(self.result("info", "again")["history"]), 2)

    def test_validation_rows_stay_the_same(self):
        self.good("train", "small", "-o", "split", "--hidden", "8", "--epochs", "2", "--quiet",
                  "--validation", "20%", "--validation-split", "random", "--seed", "5")
        self.good("prune", "split", "small", "-o", "tuned", "--prune", "30%", "--epochs", "2",
                  "--seed", "9", "--quiet")
        self.assertEqual(self.training("tuned")["validation"],
                         {"fraction": 0.2, "split": "random", "seed": 5})
        self.assertEqual(self.training("tuned")["seed"], 9)

    def test_one_by_one(self):
        r = self.result("train", "small", "-o", "layers", "--hidden", "16,12,8", "--epochs", "6",
                        "--prune", "50%", "--scope", "one-by-one", "--trigger", "epoch", "--every",
                        "1", "--early-stop", "never")
        self.assertEqual(len(r["prunes"]), 3)


main()
