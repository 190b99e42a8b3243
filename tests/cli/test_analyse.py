"""Analysis: the same numbers as numpy's, tables, CSV, a baseline; the log of a run."""
import csv
import json
import os
import struct
import sys

try:
    import numpy as np
except ImportError:  # a first python3 in the path may stand before a system's with numpy
    SYSTEM = "/usr/bin/python3"
    if os.path.exists(SYSTEM) and "ESPALIER_TEST_PYTHON" not in os.environ:
        os.environ["ESPALIER_TEST_PYTHON"] = SYSTEM
        os.execv(SYSTEM, [SYSTEM, *sys.argv])
    np = None

import unittest

from harness import THIN, Case, environment, main


def write_model(path, weights, **metadata):
    """A plain state dict: rows of numbers, zero biases."""
    header, data = {"__metadata__": metadata}, b""
    for l, rows in enumerate(weights):
        for name, shape, values in (("weight", [len(rows), len(rows[0])], [x for r in rows for x in r]),
                                    ("bias", [len(rows)], [0.0] * len(rows))):
            raw = struct.pack(f"<{len(values)}f", *values)
            header[f"layers.{l}.{name}"] = {"dtype": "F32", "shape": shape,
                                            "data_offsets": [len(data), len(data) + len(raw)]}
            data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


DIAGONAL = [[2, 0, 0], [0, -5, 0], [0, 0, 0], [0, 0, 3]]
HALVED = [[2, 0, 0], [0, -2.5, 0], [0, 0, 0], [0, 0, 0]]
LAST = [[1, 0, 0, 0], [0, 1, 0, 0]]

TABLE = """\
layer  shape  live  sparsity  flops  bytes
0      4 x 3     2   75.00 %      6     20
1      2 x 4     2   75.00 %      4     16
all              2   75.00 %     10     36

singular values
layer  rank  stable rank  spectral  median  Frobenius  nuclear
0         3         1.52    5.0000  3.0000     6.1644  10.0000
1         2         2.00    1.0000  1.0000     1.4142   2.0000
"""

COMPARED = """\
layer       shape   live  sparsity  flops  bytes
0           4 x 3      2   83.33 %      4     16
  baseline  4 x 3      2   75.00 %      6     20
  ratio            1.000            0.667  0.800
1           2 x 4      2   75.00 %      4     16
  baseline  2 x 4      2   75.00 %      4     16
  ratio            1.000            1.000  1.000
all                    2   80.00 %      8     32
  baseline             2   75.00 %     10     36
  ratio            1.000            0.800  0.889

singular values
layer        rank  stable rank  spectral  median  Frobenius  nuclear
0               2         1.64    2.5000  2.0000     3.2016   4.5000
  baseline      3         1.52    5.0000  3.0000     6.1644  10.0000
  ratio     0.667        1.079     0.500   0.667      0.519    0.450
1               2         2.00    1.0000  1.0000     1.4142   2.0000
  baseline      2         2.00    1.0000  1.0000     1.4142   2.0000
  ratio     1.000        1.000     1.000   1.000      1.000    1.000
"""


class WithLapack(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        write_model(cls.folder / "whole", [DIAGONAL, LAST])
        if "no LAPACK" in cls().run_cli("analyse", "whole").stderr:
            cls.tearDownClass()
            raise unittest.SkipTest("this build has no LAPACK")


class Analyse(WithLapack):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        write_model(cls.folder / "half", [HALVED, LAST])
        write_model(cls.folder / "nothing", [[[0.0] * 3] * 4, LAST])

    def wrong(self, code, message, *arguments):
        before = sorted(p.name for p in self.folder.iterdir())
        done = self.run_cli("analyse", *arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""))
        self.assertIn(message, done.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), before)

    def rows(self, name):
        with open(self.folder / name, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def test_table(self):
        self.assertEqual(self.good("analyse", "whole"), TABLE)
        self.assertEqual(self.good("analyse", "half", "--baseline", "whole"), COMPARED)
        self.assertIn("\n  ratio         -", self.good("analyse", "whole", "--baseline", "nothing"))

    def test_small_weights_have_digits(self):
        """As many for all layers, so that they stand below each other; their ratios are told."""
        for name, scale in (("tiny", 1e-6), ("tinier", 5e-7)):
            write_model(self.folder / name, [[[scale * x for x in row] for row in DIAGONAL], LAST])
        text = self.good("analyse", "tinier", "--baseline", "tiny")
        self.assertIn("\n0               3         1.52  0.000002500  0.000001500  0.000003082  0.000005000\n", text)
        self.assertIn("\n  ratio     1.000        1.000        0.500        0.500        0.500        0.500\n", text)
        self.assertIn("\n1               2         2.00  1.000000000  1.000000000  1.414213562  2.000000000\n", text)

    def test_names_that_are_no_utf8(self):
        name = os.fsdecode(b"gr\xfcn")
        write_model(self.folder / name, [DIAGONAL, LAST])
        found = self.result("analyse", name, "--baseline", name)
        self.assertEqual(found["file"], list(b"gr\xfcn"))
        self.assertEqual(found["baseline"]["file"], list(b"gr\xfcn"))

    def test_messages_do_nothing_to_a_terminal(self):
        done = self.run_cli("analyse", "red\x9b31m\x1b\x7f\xa0\u00e9")
        self.assertIn("espalier: red??31m??\xa0\u00e9: ", done.stderr)
        write_model(self.folder / "named", [DIAGONAL, LAST], classes='["\x9b31m", "\u00e9"]')
        self.assertIn(" ??31m, \u00e9\n", self.good("info", "named"))

    def test_keys(self):
        found = self.result("analyse", "whole")
        self.assertEqual(set(found), {"file", "layers", "total", "baseline"})
        self.assertEqual((found["file"], found["baseline"]), ("whole", None))
        self.assertEqual(list(found["layers"][0]),
                         ["inputs", "outputs", "singular_values", "rank", "stable_rank", "spectral",
                          "frobenius", "nuclear", "sparsity", "weights", "nonzero", "live", "flops",
                          "bytes"])
        self.assertEqual(found["total"], {"sparsity": {"all": 0.75, "prunable": 0.75}, "weights": 20,
                                          "nonzero": 5, "live": 2, "flops": 10, "bytes": 36})

    def test_csv(self):
        self.good("analyse", "whole", "--csv", "one.csv")
        rows = self.rows("one.csv")
        self.assertEqual(list(rows[0]), ["layer", "index", "singular_value"])
        self.assertEqual([(r["layer"], r["index"]) for r in rows],
                         [("0", "1"), ("0", "2"), ("0", "3"), ("1", "1"), ("1", "2")])
        for row, expected in zip(rows, (5, 3, 2, 1, 1)):
            self.assertAlmostEqual(float(row["singular_value"]), expected, places=5)

    def test_csv_has_a_stream_of_its_own(self):
        self.good("analyse", "whole", "--csv", "one.csv")
        for stream in ("-", "/dev/stdout"):
            self.assertEqual(self.good("analyse", "whole", "--csv", stream).encode(), self.bytes_of("one.csv"))
            self.wrong(2, f"--csv {stream}: expected a file beside --json", "whole", "--json", "--csv", stream)

    def test_baseline(self):
        found = self.result("analyse", "half", "--baseline", "whole", "--csv", "two.csv")
        layer = found["layers"][0]
        self.assertEqual(found["baseline"]["file"], "whole")
        self.assertEqual(layer["baseline"], self.result("analyse", "whole")["layers"][0])
        for key, expected in (("ratios", (0.5, 2 / 3, 0)), ("differences", (-2.5, -1, -2)),
                              ("relative_ratios", (1, 4 / 3, 0))):
            for value, wanted in zip(layer[key], expected, strict=True):
                self.assertAlmostEqual(value, wanted, places=5)
        rows = self.rows("two.csv")
        self.assertEqual(len(rows), 5)
        for row, ratio in zip(rows, layer["ratios"]):
            self.assertAlmostEqual(float(row["ratio"]), ratio, places=6)
            self.assertAlmostEqual(float(row["difference"]),
                                   float(row["singular_value"]) - float(row["baseline"]), places=5)
        # Nothing to divide by: null, an empty field.
        found = self.result("analyse", "whole", "--baseline", "nothing", "--csv", "none.csv")
        self.assertEqual(found["layers"][0]["ratios"], [None] * 3)
        self.assertEqual([(r["ratio"], r["relative_ratio"]) for r in self.rows("none.csv")][:3],
                         [("", "")] * 3)

    def test_compacted_against_its_original(self):
        self.good("compact", "whole", "-o", "thin")
        found = self.result("analyse", "thin", "--baseline", "whole")["layers"][0]
        self.assertEqual((found["outputs"], found["baseline"]["outputs"]), (2, 4))
        self.assertEqual(len(found["singular_values"]), 2)
        # The neuron that nothing reads is gone, and what it weighed.
        for value, expected in zip(found["ratios"], (1, 2 / 3, 0), strict=True):
            self.assertAlmostEqual(value, expected, places=5)

    def test_wrong_input(self):
        write_model(self.folder / "deep", [DIAGONAL, [[1, 0, 0, 0]], [[1], [2]]])
        self.wrong(2, "expected 'espalier analyse MODEL', found 0 file arguments")
        self.wrong(2, "found 2 file arguments", "whole", "half")
        self.wrong(2, "did you mean '--baseline'?", "whole", "--basline", "half")
        self.wrong(1, "absent", "absent")
        self.wrong(1, "absent", "whole", "--baseline", "absent")
        self.wrong(1, "deep: expected a baseline of 2 layers, as whole has, found 3", "whole",
                   "--baseline", "deep")
        self.wrong(2, "output and input are the same file", "whole", "--csv", "whole")
        self.wrong(2, "output and input are the same file", "half", "--baseline", "whole", "--csv",
                   "whole")
        self.wrong(1, "no/such: cannot write there", "whole", "--csv", "no/such")

    @unittest.skipIf(np is None, "numpy is not installed")
    def test_equals_numpy(self):
        random = np.random.default_rng(7)
        low = random.normal(size=(40, 6)) @ random.normal(size=(6, 30))
        sparse = random.normal(size=(90, 40)) * (random.random((90, 40)) < 0.05)
        matrices = [random.normal(size=(30, 70)), low, random.normal(size=(1, 40)),
                    random.normal(size=(30, 1)), np.zeros((40, 30)), sparse,
                    np.outer(random.normal(size=20), random.normal(size=90)),
                    1e-20 * random.normal(size=(10, 20))]
        matrices = [m.astype(np.float32) for m in matrices]
        write_model(self.folder / "many", [m.tolist() for m in matrices])
        found = self.result("analyse", "many", "--csv", "many.csv")
        rows = self.rows("many.csv")
        self.assertEqual(len(found["layers"]), len(matrices))
        for l, (layer, m) in enumerate(zip(found["layers"], matrices)):
            with self.subTest(layer=l, shape=m.shape):
                exact = np.linalg.svd(m.astype(np.float64), compute_uv=False)
                values = np.array(layer["singular_values"])
                rank = np.linalg.matrix_rank(m)
                self.assertEqual(values.shape, exact.shape)
                self.assertEqual(layer["rank"], rank)
                np.testing.assert_allclose(values[:rank], exact[:rank], rtol=1e-4)
                np.testing.assert_allclose(values, exact, atol=1e-5 * exact[0])
                one = [float(r["singular_value"]) for r in rows if int(r["layer"]) == l]
                np.testing.assert_allclose(one, values, rtol=1e-7)
                wide = m.astype(np.float64)
                for name, kind in (("spectral", 2), ("frobenius", "fro"), ("nuclear", "nuc")):
                    np.testing.assert_allclose(layer[name], np.linalg.norm(wide, kind), rtol=1e-4)
                square = np.linalg.norm(wide, 2) ** 2
                stable = np.linalg.norm(wide) ** 2 / square if square else 0
                np.testing.assert_allclose(layer["stable_rank"], stable, rtol=1e-4)
                nonzero = np.count_nonzero(m)
                self.assertAlmostEqual(layer["sparsity"], 1 - nonzero / m.size)
                self.assertEqual((layer["inputs"], layer["outputs"]), m.shape[::-1])
                self.assertEqual((layer["weights"], layer["nonzero"], layer["flops"]),
                                 (m.size, nonzero, 2 * nonzero))

    def test_agrees_with_info(self):
        self.good("train", "small", "-o", "net", "--hidden", "12,6", "--epochs", "2", "--prune", "50%",
                  "--steps", "1", "--trigger", "epoch", "--every", "1", "--quiet")
        layers = self.result("analyse", "net")["layers"]
        known = self.result("info", "net")["layers"]
        for layer, other in zip(layers, known, strict=True):
            for key in ("inputs", "outputs", "weights", "nonzero", "live", "sparsity"):
                self.assertEqual(layer[key], other[key], key)
            self.assertEqual(layer["flops"], 2 * layer["nonzero"])
            self.assertEqual(layer["bytes"], 4 * (layer["nonzero"] + layer["live"]))


class Log(WithLapack):
    """What log.jsonl tells of pruning steps."""

    def events(self, folder, kind):
        lines = map(json.loads, self.bytes_of(folder + "/log.jsonl").splitlines())
        return [line for line in lines if line["event"] == kind]

    def check(self, folder, model, steps):
        prunes, counts = self.events(folder, "prune"), self.events(folder, "counts")
        self.assertEqual([p["step"] for p in prunes], list(range(steps)))
        self.assertEqual([c["step"] for c in counts], list(range(steps)))
        for prune, count in zip(prunes, counts):
            self.assertEqual(prune["epoch"], count["epoch"])
            self.assertEqual(len(prune["layers"]), len(count["layers"]) + 1)
            for left, layer in zip(prune["layers"], count["layers"]):
                self.assertEqual(sum(layer["kept_after"]), left["nonzero"])
                self.assertEqual(sum(n > 0 for n in layer["kept_after"]), left["live"])
                for cut, kept, after in zip(layer["counts"], layer["kept"], layer["kept_after"],
                                            strict=True):
                    self.assertLessEqual(cut, count["inputs_counted"])
                    self.assertLessEqual(after, kept)
        final = self.result("analyse", model)["layers"]
        self.assertEqual([(l["live"], l["nonzero"]) for l in final],
                         [(l["live"], l["nonzero"]) for l in prunes[-1]["layers"]])

    def test_train_and_prune(self):
        self.good("train", "small", "-o", "net", "--hidden", "12,6", "--epochs", "4", "--prune", "60%",
                  "--steps", "3", "--trigger", "epoch", "--every", "1", "--run", "run", "--quiet")
        self.check("run", "net", 3)
        self.assertEqual([c["inputs_counted"] for c in self.events("run", "counts")],
                         [540, 1080, 1620])
        self.good("prune", "net", "-o", "less", "--prune", "70%", "--run", "again", "--quiet")
        self.check("again", "less", 1)
        self.good("prune", "net", "-o", "other", "--prune", "70%", "--criterion", "magnitude", "--run",
                  "other-run", "--quiet")
        self.check("other-run", "other", 1)

    def test_spectra(self):
        self.good("train", "small", "-o", "seen", "--hidden", "12,6", "--epochs", "4", "--prune", "60%",
                  "--steps", "2", "--trigger", "epoch", "--every", "1", "--run", "seen-run",
                  "--spectra", "--quiet", said=THIN)
        spectra = self.events("seen-run", "spectrum")
        self.assertEqual([(s["when"], s["step"], s["epoch"]) for s in spectra],
                         [("begin", None, 0), ("before", 0, 1), ("after", 0, 1), ("before", 1, 2),
                          ("after", 1, 2), ("end", None, 4)])
        for found, layer in zip(spectra[-1]["layers"], self.result("analyse", "seen")["layers"],
                                strict=True):
            for key in ("rank", "live", "flops", "bytes"):
                self.assertEqual(found[key], layer[key])
            for key in ("stable_rank", "spectral", "frobenius", "nuclear", "sparsity"):
                self.assertAlmostEqual(found[key], layer[key], places=9)
            for one, other in zip(found["singular_values"], layer["singular_values"], strict=True):
                self.assertAlmostEqual(one, other, places=9)
        self.good("prune", "seen", "-o", "less", "--prune", "70%", "--run", "less-run", "--spectra",
                  "--quiet", said=THIN)
        self.assertEqual([s["when"] for s in self.events("less-run", "spectrum")], ["before", "after"])

    def test_spectra_without_lapack(self):
        """A library that cannot be loaded is found out about before anything is begun."""
        (self.folder / "broken").mkdir()
        (self.folder / "broken" / "libopenblas.so.0").touch()
        done = self.run_cli("train", "small", "-o", "unseen", "--hidden", "12,6", "--epochs", "1", "--run",
                            "unseen-run", "--spectra", "--quiet",
                            env=dict(environment(self.folder), LD_LIBRARY_PATH=self.folder / "broken"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("no LAPACK", done.stderr)
        self.assertEqual([p.name for p in self.folder.glob("unseen*")], [])


if __name__ == "__main__":
    main()
