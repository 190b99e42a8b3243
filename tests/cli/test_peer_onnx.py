"""The ONNX checker (python3-onnx), with type and shape inference, on exported files."""
import ast
import json

import peers
from exports import OPSETS, Export, need, need_fashion
from harness import main

need(peers.python_with("onnx"), "python3-onnx")


class Checker(Export):
    def check(self, files):
        return zip(files, peers.check(self.folder / name for _, name in files))

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

    def test_checker_on_opsets(self):
        newer = []
        for opset, (_, facts) in zip(OPSETS, self.check(self.opset_files())):
            self.assertEqual(facts["opset"], opset)
            newer += [] if facts["checked"] else [opset]
        self.assertFalse([opset for opset in newer if opset <= 17])
        if newer:
            self.skipTest(f"this ONNX checker knows opsets 9 to {newer[0] - 1} only; those passed")

    @need_fashion
    def test_lines_of_the_document(self):
        self.train_shown()
        names = ast.literal_eval(self.run_lines(peers.python_with("onnx"), "run_names.py"))
        self.assertEqual((names[0], len(names)), ("T-shirt/top", 10))


main()
