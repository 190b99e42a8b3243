"""torch.nn.Sequential (python3-torch) with exported state dicts."""
import array
import re

import peers
from exports import Export, modules, need, need_fashion
from harness import main

need(peers.python_with("torch", "numpy"), "python3-torch")


class PyTorch(Export):
    def test_raw_rows(self):
        """Scaling folded in: whatever the network, it takes rows as they are."""
        files, printed = [], []
        for model in self.MODELS:
            for ending, more in (("", ()), ("-compact", ("--compact",))):
                files.append((model, f"{model}{ending}.safetensors"))
                printed.append(self.export(*files[-1], "--fold-scaling", *more))
                self.assertNotIn("inputs ", printed[-1])
        self.same_in(peers.torch, files, map(modules, printed))

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

    @need_fashion
    def test_all_images_of_fashion_mnist(self):
        forms = self.train_on_fashion()
        printed = [self.export(model, f"{form}.safetensors", "--fold-scaling", *options)
                   for model, form, options in forms]
        self.compare_images(peers.torch, forms, ".safetensors", map(modules, printed))

    def test_lines_of_the_document(self):
        """With this network's modules, and without the package safetensors where it is missing."""
        printed = self.export("compacted", "torch.safetensors")

        def change(text, lines):
            text = re.sub(r"Sequential\(L.*\)", lambda _: f"Sequential({modules(printed)})", text)
            if not peers.python_with("torch", "safetensors"):
                text = text.replace("from safetensors.torch import load_file\n", lines["load_file.py"])
            return text + "import torch\nprint(net(torch.zeros(1, 64)).shape)\n"

        self.assertEqual(self.run_lines(peers.python_with("torch"), "run_torch.py", change),
                         "torch.Size([1, 4])\n")


main()
