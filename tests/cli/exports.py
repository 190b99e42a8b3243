"""What the tests of exported files share: networks of every kind, and comparing.

A test of another program ends with the exit code 77 (skipped) where that is not installed.
"""
import csv
import io
import json
import os
import re
import struct
import subprocess
import sys
import unittest

import peers
from harness import THIN, Case

NET = ("--hidden", "24,12", "--epochs", "4", "--early-stop", "never", "--quiet")
STEP = ("--steps", "1", "--trigger", "epoch", "--every", "1")
CLOSE = 1e-5
OPSETS = range(9, 22)
SKIPPED = 77

need_fashion = unittest.skipUnless(peers.FASHION.exists(), "dataset-fashion-mnist is not installed")


def need(there, package):
    """Ends the test program where a package is missing."""
    if not there:
        print(f"skipped: {package} is not installed (scripts/setup peers installs it)")
        sys.exit(SKIPPED)


def modules(printed):
    """What stands in torch.nn.Sequential(), as `export` printed it."""
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

    # ---- Fashion-MNIST

    def train_on_fashion(self):
        """(model, form, options of its export) of the table in docs/export.md."""
        net = ("--hidden", "300,100", "--epochs", "2", "--early-stop", "never", "--quiet")
        self.good("train", "fashion-mnist", "-o", "dense-net", *net)
        self.good("train", "fashion-mnist", "-o", "pruned-net", *net, *STEP, "--prune", "90%",
                  said=THIN)
        self.good("lowrank", "dense-net", "--rank", "40,20", "--factors", "-o", "factors-net",
                  "--quiet")
        values, width = peers.images(peers.FASHION)
        (self.folder / "images").write_bytes(values.tobytes())
        self.assertEqual(width, 784)
        return (("dense-net", "dense", ()), ("pruned-net", "pruned", ()),
                ("pruned-net", "compacted", ("--compact",)), ("factors-net", "factors", ()))

    def compare_images(self, peer, forms, ending, *more):
        """All 10,000 test images in a peer: the exported files are there."""
        paths = [self.folder / f"{form}{ending}" for _, form, _ in forms]
        found = peer(self.folder / "images", 784, paths, *more)
        expected = {model: self.predict(model, "fashion-mnist") for model, _, _ in forms}
        for (model, form, _), numbers, path in zip(forms, found, paths):
            self.assertEqual(len(expected[model][0]), 10000)
            largest = self.same(expected[model], numbers, form)
            print(f"{peer.__name__}, {form}: {path.stat().st_size:,} bytes, 10,000 classes equal, "
                  f"largest difference {largest:.1e}", flush=True)

    def compare_onnx_images(self, peer):
        forms = self.train_on_fashion()
        for model, form, options in forms:
            self.export(model, f"{form}.onnx", *options)
        self.compare_images(peer, forms, ".onnx")

    # ---- the lines of docs/export.md

    def run_lines(self, program, name, change=lambda text, lines: text):
        """Runs what the document shows under this name; returns what it printed."""
        lines = peers.snippets("export.md")
        (self.folder / name).write_text(change(lines[name], lines), encoding="utf-8")
        done = subprocess.run([program, name], cwd=self.folder, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL,
                              env=dict(os.environ, NODE_PATH=str(peers.NODE_MODULES)))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def train_shown(self):
        """net.onnx for the document's lines; the probabilities of the first image."""
        self.good("train", "fashion-mnist", "-o", "shown", "--hidden", "30", "--epochs", "1", "--quiet",
                  "--early-stop", "never")
        self.export("shown", "net.onnx")
        return self.predict("shown", "fashion-mnist", "--rows", "1")[1]

    def same_printed(self, expected, text):
        """Numbers in a text, to the digits that are printed."""
        found = [float(number) for number in re.findall(r"-?\d[\d.e+-]*", text)]
        self.assertEqual(len(found), len(expected), text)
        for a, b in zip(expected, found):
            self.assertAlmostEqual(a, b, delta=1e-5 + 1e-5 * a)
