"""espalier lowrank: ranks given and taken over, matrices and factors, training again."""
import json

from harness import Case, main

NET = ("--hidden", "24,12", "--epochs", "8", "--early-stop", "never")


class LowRank(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        case.good("train", "small", "-o", "dense", *NET, "--quiet")
        case.good("train", "small", "-o", "pruned", *NET, "--prune", "70%", "--steps", "2",
                  "--trigger", "epoch", "--every", "2", "--quiet")

    def ranks(self, name):
        layers = json.loads(self.good("analyse", name, "--json"))["layers"]
        return [layer["rank"] for layer in layers]

    def accuracy(self, name):
        return self.result("eval", name, "small")["accuracy"]

    def test_result(self):
        r = self.result("lowrank", "dense", "small", "--rank", "5,3", "--method", "svd", "-o", "low")
        self.assertEqual((r["method"], r["factors"]), ("svd", False))
        self.assertEqual([layer["rank"] for layer in r["layers"]],
                         [{"before": 24, "asked": 5, "after": 5},
                          {"before": 12, "asked": 3, "after": 3}])
        self.assertEqual([layer["stored"] for layer in r["layers"]], ["matrix", "matrix"])
        self.assertTrue(all(0 < layer["change"] < 1 for layer in r["layers"]))
        self.assertEqual(r["weights"]["before"], r["weights"]["after"])
        self.assertEqual(r["bytes"], {"before": len(self.bytes_of("dense")),
                                      "after": len(self.bytes_of("low"))})
        self.assertEqual(r["test_accuracy"], {"before": self.accuracy("dense"),
                                              "after": self.accuracy("low")})
        self.assertEqual(self.ranks("low")[:2], [5, 3])
        note = json.loads(self.header("low")["__metadata__"]["low_rank"])
        self.assertEqual(note, {"method": "svd", "ranks": [5, 3], "factors": False})
        self.assertEqual(self.training("low"), self.training("dense"))

    def test_pca_adds_the_mean(self):
        r = self.result("lowrank", "dense", "--rank", "5,3", "-o", "pca")
        self.assertEqual(r["method"], "pca")
        self.assertIsNone(r["test_accuracy"])
        self.assertEqual([layer["rank"]["after"] for layer in r["layers"]], [6, 4])

    def test_factors(self):
        """5 (64 + 24) < 64 x 24 and 3 (24 + 12) < 24 x 12; the function stays."""
        whole = self.result("lowrank", "dense", "small", "--rank", "5,3", "--method", "svd", "-o", "w")
        r = self.result("lowrank", "dense", "small", "--rank", "5,3", "--method", "svd", "--factors",
                        "-o", "factors")
        self.assertEqual([layer["stored"] for layer in r["layers"]], ["factors", "factors"])
        self.assertEqual([layer["weights"] for layer in r["layers"]],
                         [{"before": 64 * 24, "after": 5 * 88}, {"before": 288, "after": 3 * 36}])
        self.assertEqual([layer["change"] for layer in r["layers"]],
                         [layer["change"] for layer in whole["layers"]])
        self.assertAlmostEqual(r["test_accuracy"]["after"], whole["test_accuracy"]["after"], delta=0.02)
        header = self.header("factors")
        self.assertEqual(json.loads(header["__metadata__"]["linear"]), [0, 2])
        self.assertEqual(header["layers.0.weight"]["shape"], [5, 64])
        self.assertEqual(header["layers.1.weight"]["shape"], [24, 5])

    def test_no_higher_rank_than_asked(self):
        """Nothing is to be taken away: weights and masks stay."""
        wanted = self.tensors("pruned")
        for method in ("svd", "pca"):
            ranks = self.ranks("pruned")[:2]
            if method == "pca":  # of the centred weights
                ranks = [rank + 1 for rank in ranks]
            for more in ((), ("--factors",)):
                r = self.result("lowrank", "pruned", "--rank", ",".join(map(str, ranks)), "--method", method, *more,
                                "-o", "stays")
                self.assertEqual([layer["stored"] for layer in r["layers"]], ["unchanged", "unchanged"])
                self.assertEqual(r["weights"]["before"], r["weights"]["after"])
                self.assertEqual(self.tensors("stays"), wanted)

    def test_where_factors_are_no_smaller(self):
        r = self.result("lowrank", "dense", "--rank", "30,11", "--method", "svd", "--factors", "-o", "s")
        self.assertEqual([layer["stored"] for layer in r["layers"]], ["unchanged", "matrix"])
        self.assertEqual(r["layers"][0]["change"], 0)
        self.assertNotIn("linear", self.header("s")["__metadata__"])

    def test_like(self):
        expected = self.ranks("pruned")[:2]
        self.good("compact", "pruned", "-o", "small-pruned", "--quiet")
        for name in ("pruned", "small-pruned"):
            r = self.result("lowrank", "dense", "--like", name, "--method", "svd", "-o", "like")
            self.assertEqual([layer["rank"]["asked"] for layer in r["layers"]], expected)
        self.good("lowrank", "dense", "--rank", "like:pruned", "--method", "svd", "-o", "again",
                  "--quiet")
        self.assertEqual(self.bytes_of("again"), self.bytes_of("like"))

    def test_compacted_model(self):
        self.good("compact", "pruned", "-o", "compacted", "--quiet")
        self.good("lowrank", "compacted", "--rank", "2,2", "--factors", "-o", "c", "--quiet")
        self.assertGreaterEqual(self.accuracy("c"), 0)
        kept = self.header("compacted").get("layers.0.kept")
        self.assertEqual((self.header("c").get("layers.1.kept") or {}).get("shape"),
                         kept and kept["shape"])

    def test_training_again(self):
        """The recipe is in the file; a matrix fills up again, two factors keep their rank."""
        for more, expected in (((), [24, 12]), (("--factors",), [5, 5, 3, 3])):
            self.good("lowrank", "dense", "--rank", "5,3", "--method", "svd", *more, "-o", "cut",
                      "--quiet")
            r = self.result("train", "small", "--from", "cut", "-o", "retrained")
            self.assertEqual(r["epochs"], 8)
            self.assertEqual(self.ranks("retrained")[:-1], expected)
            self.assertGreater(self.accuracy("retrained"), self.accuracy("cut"))

    def test_table(self):
        text = self.good("lowrank", "dense", "small", "--rank", "5,3", "--factors", "-o", "t")
        lines = text.splitlines()
        self.assertRegex(lines[0], r"^layer +size +rank +asked +after +stored +weights")
        self.assertRegex(lines[1], r"^0 +24 x 64 +24 +5 +6 +factors +1,536 +528 +\d+\.\d\d %$")
        self.assertRegex(text, r"\ntest     \d+\.\d\d % -> \d+\.\d\d %\n")
        self.assertEqual(lines[-1], "retrain  espalier train small --from t -o MODEL")
        self.assertEqual(self.good("lowrank", "dense", "--rank", "5,3", "-o", "t", "--quiet"), "")

    def test_wrong_usage(self):
        self.good("lowrank", "dense", "--rank", "5,3", "--factors", "-o", "thin", "--quiet")
        either = "expected either --like PRUNED or --rank RANKS, found "
        for arguments, code, expected in (
                ((), 2, either + "neither"),
                (("--like", "pruned", "--rank", "1,1"), 2, either + "both"),
                (("--rank", "5"), 2, "--rank: expected 2 ranks, one for each hidden layer of dense, "
                                     "found 1"),
                (("--rank", "5,0"), 2, "found '5,0'"),
                (("--rank", "5,3", "--method", "qr"), 2, "--method: expected pca or svd, found 'qr'"),
                (("--like", "thin"), 1, "thin: expected 3 layers as in dense, found 5"),
                (("--like", "nothing"), 1, "nothing")):
            done = self.run_cli("lowrank", "dense", *arguments, "-o", "none")
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(expected, done.stderr)
            self.assertFalse((self.folder / "none").exists())
        for output in ("dense", "pruned"):
            before = self.bytes_of(output)
            done = self.run_cli("lowrank", "dense", "--like", "pruned", "-o", output)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(self.bytes_of(output), before)
        self.assertEqual(self.run_cli("lowrank", "dense", "--rank", "5,3").returncode, 2)


main()
