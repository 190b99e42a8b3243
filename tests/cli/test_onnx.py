"""espalier export: ONNX and PyTorch files, run in the other programs where they are installed.

A package that is missing skips the part that needs it, and the summary says so.
"""
import array
import ast
import csv
import io
import json
import os
import re
import struct
import subprocess
import unittest

import peers
from harness import Case, main

NET = ("--hidden", "24,12", "--epochs", "4", "--early-stop", "never", "--quiet")
STEP = ("--steps", "1", "--trigger", "epoch", "--every", "1")
CLOSE = 1e-5
OPSETS = range(9, 22)

need_checker = unittest.skipUnless(peers.python_with("onnx"), "python3-onnx is not installed")
need_runtime = unittest.skipUnless(peers.has_onnxruntime(),
                                   "onnxruntime-node is not installed (scripts/setup peers)")
need_opencv = unittest.skipUnless(peers.python_with("cv2"), "python3-opencv is not installed")
need_torch = unittest.skipUnless(peers.python_with("torch", "numpy"),
                                 "python3-torch is not installed")
need_fashion = unittest.skipUnless(peers.FASHION.exists(), "dataset-fashion-mnist is not installed")


def modules(printed):
    line, = [line for line in printed.splitlines() if line.startswith("modules ")]
    return line.removeprefix("modules").strip()


class Export(Case):
    """The networks: dense, masked, compacted, as thin factors, with a scaling for each input, with
    other activations."""

    MODELS = ("dense", "pruned", "compacted", "factors", "scaled", "scaled-small", "curved", "leaky")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        case.good("train", "small", "-o", "dense", *NET)
        case.good("train", "small", "-o", "pruned", *NET, *STEP, "--prune", "90%",
                  "--criterion", "magnitude")
        case.good("compact", "pruned", "-o", "compacted", "--quiet")
        case.good("lowrank", "dense", "--rank", "5,3", "--method", "svd", "--factors", "-o", "factors",
                  "--quiet")
        each = {"shift": [i % 7 - 3.25 for i in range(64)],
                "scale": [(1 + i % 5) / 1024 for i in range(64)]}
        case.rewrite("dense", "scaled", input_scaling=each)
        case.rewrite("compacted", "scaled-small", input_scaling=each)
        case.rewrite("dense", "curved", espalier=3, activation=["sigmoid", "tanh"])
        case.rewrite("dense", "leaky", espalier=3, activation=[{"leaky-relu": 0.125}, "relu"])
        values, cls.width = peers.images(cls.folder / "small" / "t10k-images-idx3-ubyte")
        (cls.folder / "rows").write_bytes(values.tobytes())
        cls.expected = {model: case.predict(model) for model in cls.MODELS}

    def rewrite(self, source, name, **metadata):
        """A copy of a model file with other metadata."""
        header, data = self.header(source), self.bytes_of(source)
        start = 8 + int.from_bytes(data[:8], "little")
        header["__metadata__"].update({key: json.dumps(value) for key, value in metadata.items()})
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        (self.folder / name).write_bytes(struct.pack("<Q", len(text)) + text + data[start:])

    def predict(self, model, data="small", *options):
        """Classes by number, and probabilities one after another."""
        rows = list(csv.reader(io.StringIO(self.good("predict", model, data, *options))))
        names = {name: number for number, name in enumerate(rows[0][1:])}
        return ([names[row[0]] for row in rows[1:]], [float(p) for row in rows[1:] for p in row[1:]])

    def same(self, expected, found, what):
        """Same classes, probabilities within CLOSE; returns the largest difference."""
        classes, probabilities = expected
        count = len(probabilities) // len(classes)
        self.assertEqual(len(found), len(probabilities), what)
        largest = max(abs(a - b) for a, b in zip(probabilities, found))
        self.assertLessEqual(largest, CLOSE, what)
        for row, label in enumerate(classes):
            part = found[row * count:(row + 1) * count]
            self.assertEqual(max(range(count), key=part.__getitem__), label, f"{what}, row {row}")
        return largest

    def same_in(self, peer, files, *more):
        """files: (model, its exported file)."""
        paths = [self.folder / name for _, name in files]
        for (model, name), found in zip(files, peer(self.folder / "rows", self.width, paths, *more)):
            self.same(self.expected[model], found, name)

    def export(self, model, name, *options):
        """Returns what was printed."""
        return self.good("export", model, "-o", name, *options)

    def onnx_files(self, gather=True):
        """Every network in every form: (model, file)."""
        forms = [("", ()), ("-compact", ("--compact",)), ("-gather", ("--compact", "--gather"))]
        files = []
        for model in self.MODELS:
            for ending, options in forms if gather else forms[:2]:
                files.append((model, f"{model}{ending}.onnx"))
                self.export(*files[-1], *options)
        return files

    def opset_files(self):
        for opset in OPSETS:
            self.export("scaled-small", f"{opset}.onnx", "--gather", "--opset", opset)
        return [("scaled-small", f"{opset}.onnx") for opset in OPSETS]

    # ---- ONNX

    def check(self, files):
        return zip(files, peers.check(self.folder / name for _, name in files))

    @need_checker
    def test_checker(self):
        for (model, name), facts in self.check(self.onnx_files()):
            self.assertTrue(facts["checked"], name)
            self.assertEqual((facts["opset"], facts["ir"]), (17, 8))
            self.assertEqual(facts["shapes"], {"x": ["batch", 64], "probabilities": ["batch", 4]})
            self.assertEqual("Gather" in facts["operators"], "gather" in name and
                             model in ("pruned", "compacted", "scaled-small"), name)
            self.assertEqual(facts["producer"], "espalier")
            self.assertEqual(json.loads(facts["metadata"]["classes"]), ["0", "1", "2", "3"])
            self.assertIn("seed", json.loads(facts["metadata"]["training"]))
            self.assertNotIn("history", facts["metadata"])

    @need_checker
    def test_checker_on_opsets(self):
        newer = []
        for opset, (_, facts) in zip(OPSETS, self.check(self.opset_files())):
            self.assertEqual(facts["opset"], opset)
            newer += [] if facts["checked"] else [opset]
        self.assertFalse([opset for opset in newer if opset <= 17])
        if newer:
            self.skipTest(f"this ONNX checker knows opsets 9 to {newer[0] - 1} only; those passed")

    @need_runtime
    def test_onnxruntime(self):
        self.same_in(peers.onnxruntime, self.onnx_files() + self.opset_files())

    @need_opencv
    def test_opencv(self):
        self.same_in(peers.opencv, self.onnx_files(gather=False))

    def test_same_bytes(self):
        self.export("pruned", "a.onnx")
        self.export("pruned", "b.onnx")
        self.assertEqual(self.bytes_of("a.onnx"), self.bytes_of("b.onnx"))

    def test_says_how_to_get_the_small_one(self):
        self.assertRegex(self.export("pruned", "p.onnx"),
                         r"^wrote p\.onnx \([\d,]+ bytes\)\nsmaller  [\d,]+ of 1,872 weights by "
                         r"--compact, the same function\n$")
        self.assertRegex(self.export("pruned", "c.onnx", "--compact"),
                         r"^wrote c\.onnx \([\d,]+ bytes\)\n$")
        self.assertLess(len(self.bytes_of("c.onnx")), len(self.bytes_of("p.onnx")))
        self.export("pruned", "g.onnx", "--compact", "--gather")
        self.assertLess(len(self.bytes_of("g.onnx")), len(self.bytes_of("c.onnx")))
        self.assertEqual(self.good("export", "pruned", "-o", "p.onnx", "--quiet"), "")

    def test_wrong_opset(self):
        for opset in ("8", "22", "x"):
            done = self.run_cli("export", "dense", "-o", "none.onnx", "--opset", opset)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"--opset: expected a whole number from 9 to 21, found '{opset}'",
                          done.stderr)
            self.assertFalse((self.folder / "none.onnx").exists())

    @need_fashion
    def test_all_images_of_fashion_mnist(self):
        """10,000 rows in every peer that is there: the table in docs/export.md."""
        net = ("--hidden", "300,100", "--epochs", "2", "--early-stop", "never", "--quiet")
        self.good("train", "fashion-mnist", "-o", "dense-net", *net)
        self.good("train", "fashion-mnist", "-o", "pruned-net", *net, *STEP, "--prune", "90%")
        self.good("lowrank", "dense-net", "--rank", "40,20", "--factors", "-o", "factors-net",
                  "--quiet")
        values, width = peers.images(peers.FASHION)
        (self.folder / "images").write_bytes(values.tobytes())
        files = []
        for model, form, *options in (("dense-net", "dense"), ("pruned-net", "pruned"),
                                      ("pruned-net", "compacted", "--compact"),
                                      ("factors-net", "factors")):
            self.export(model, f"{form}.onnx", *options)
            printed = self.export(model, f"{form}.safetensors", "--fold-scaling", *options)
            files.append((model, form, modules(printed)))
        self.compare_all(files, width)

    def compare_all(self, files, width):
        """files: (model, its exported files without their ending, PyTorch's modules)."""
        expected = {model: self.predict(model, "fashion-mnist") for model, _, _ in files}
        onnx = [self.folder / f"{form}.onnx" for _, form, _ in files]
        torch = [self.folder / f"{form}.safetensors" for _, form, _ in files]
        missing = []
        for peer, there, paths, more in (
                (peers.onnxruntime, peers.has_onnxruntime(), onnx, ()),
                (peers.opencv, peers.python_with("cv2"), onnx, ()),
                (peers.torch, peers.python_with("torch", "numpy"), torch,
                 ([module for _, _, module in files],))):
            if not there:
                missing.append(peer.__name__)
                continue
            found = peer(self.folder / "images", width, paths, *more)
            for (model, form, _), numbers, path in zip(files, found, paths):
                self.assertEqual(len(expected[model][0]), 10000)
                largest = self.same(expected[model], numbers, f"{peer.__name__}, {form}")
                print(f"{peer.__name__}, {form}: {path.stat().st_size:,} bytes, 10,000 classes equal, "
                      f"largest difference {largest:.1e}", flush=True)
        if missing:
            self.skipTest("not installed: " + ", ".join(missing))

    # ---- the document's own lines

    def run_lines(self, *command):
        done = subprocess.run([str(part) for part in command], cwd=self.folder, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              env=dict(os.environ, NODE_PATH=str(peers.NODE_MODULES)))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    @need_fashion
    def test_lines_of_the_document(self):
        """What docs/export.md shows runs as it stands there."""
        lines = peers.snippets("export.md")
        self.good("train", "fashion-mnist", "-o", "shown", "--hidden", "30", "--epochs", "1", "--quiet",
                  "--early-stop", "never")
        self.export("shown", "net.onnx")
        printed = self.export("shown", "torch.safetensors", "--fold-scaling")
        for name, text in lines.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        first = [float(p) for p in self.predict("shown", "fashion-mnist", "--rows", "1")[1]]
        if peers.has_onnxruntime():
            text = self.run_lines("node", "run.cjs")
            self.assertTrue(text.startswith("[ 10000, 10 ]\n"), text)
            self.close(first, re.findall(r"-?\d[\d.e+-]*", text.split("[", 2)[2]))
        if peers.python_with("cv2"):
            text = self.run_lines(peers.python_with("cv2"), "run_opencv.py")
            self.close(first, text.strip("[]\n ").split())
        if peers.python_with("onnx"):
            names = ast.literal_eval(self.run_lines(peers.python_with("onnx"), "run_names.py"))
            self.assertEqual((names[0], len(names)), ("T-shirt/top", 10))
        if peers.python_with("torch"):
            (self.folder / "run_torch.py").write_text(
                self.torch_lines(lines, modules(printed)), encoding="utf-8")
            self.assertEqual(self.run_lines(peers.python_with("torch"), "run_torch.py"),
                             "torch.Size([1, 10])\n")

    def torch_lines(self, lines, made_of):
        """With this network's modules, and without the package where it is missing."""
        text = lines["run_torch.py"]
        text = re.sub(r"Sequential\(L.*\)", lambda _: f"Sequential({made_of})", text)
        if not peers.python_with("torch", "safetensors"):
            text = text.replace("from safetensors.torch import load_file\n", lines["load_file.py"])
        return text + "import torch\nprint(net(torch.zeros(1, 784)).shape)\n"

    def close(self, expected, texts):
        """Printed numbers, to the digits that are printed."""
        self.assertEqual(len(texts), len(expected))
        for a, b in zip(expected, map(float, texts)):
            self.assertAlmostEqual(a, b, delta=1e-5 + 1e-5 * a)

    # ---- PyTorch

    @need_torch
    def test_raw_rows(self):
        """Scaling folded in: whatever the network, it takes rows as they are."""
        files, printed = [], []
        for model in self.MODELS:
            for ending, more in (("", ()), ("-compact", ("--compact",))):
                files.append((model, f"{model}{ending}.safetensors"))
                printed.append(self.export(*files[-1], "--fold-scaling", *more))
                self.assertNotIn("inputs ", printed[-1])
        self.same_in(peers.torch, files, map(modules, printed))

    @need_torch
    def test_scaled_rows(self):
        """As it is: the scaling is said, and not in the weights."""
        values = array.array("f")
        values.frombytes((self.folder / "rows").read_bytes())
        scaled = array.array("f", [v * 0.00392156886 for v in values])
        (self.folder / "scaled-rows").write_bytes(scaled.tobytes())
        printed = self.export("compacted", "t.safetensors")
        self.assertIn("\ninputs   x * 0.00392156886; or raw ones with --fold-scaling\n", printed)
        found, = peers.torch(self.folder / "scaled-rows", self.width,
                             [self.folder / "t.safetensors"], [modules(printed)])
        self.same(self.expected["compacted"], found, "t.safetensors")

    def test_names(self):
        self.assertEqual(modules(self.export("dense", "d.safetensors")),
                         "Linear(64, 24), ReLU(), Linear(24, 12), ReLU(), Linear(12, 4)")
        self.assertEqual(set(self.tensors("d.safetensors")),
                         {f"{i}.{part}" for i in (0, 2, 4) for part in ("weight", "bias")})
        self.assertEqual(modules(self.export("factors", "f.safetensors")),
                         "Linear(64, 5), Linear(5, 24), ReLU(), Linear(24, 3), Linear(3, 12), ReLU(), "
                         "Linear(12, 4)")
        self.assertEqual(set(self.tensors("f.safetensors")),
                         {f"{i}.{part}" for i in (0, 1, 3, 4, 6) for part in ("weight", "bias")})

    def test_scaling_is_never_lost(self):
        self.export("dense", "d.safetensors")
        self.assertEqual(self.header("d.safetensors")["__metadata__"]["input_scaling"],
                         self.header("dense")["__metadata__"]["input_scaling"])
        self.export("dense", "folded.safetensors", "--fold-scaling")
        self.assertNotIn("input_scaling", self.header("folded.safetensors")["__metadata__"])
        self.assertIn("\ninputs   (x - shift) * scale, lists in the file's metadata; or raw ones",
                      self.export("scaled", "s.safetensors"))


main()
