"""espalier export: names, bytes, messages. What other programs make of the files is told by
test_peer_*.py, each for one of them."""
import json

from exports import Export, modules
from harness import main


class Files(Export):
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

    def test_options_of_another_format(self):
        for name, *options in (("x.safetensors", "--opset", "17"), ("x.safetensors", "--gather"),
                               ("x.onnx", "--fold-scaling")):
            done = self.run_cli("export", "dense", "-o", name, *options)
            other = ".onnx" if "safetensors" in name else ".safetensors"
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{options[0]}: expected an output that ends in {other}, found '{name}'",
                          done.stderr)
            self.assertFalse((self.folder / name).exists())

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
        self.assertEqual(json.loads(self.header("folded.safetensors")["__metadata__"]["input_scaling"]),
                         {"shift": 0, "scale": 1})
        self.assertIn("\ninputs   (x - shift) * scale, lists in the file's metadata; or raw ones",
                      self.export("scaled", "s.safetensors"))


main()
