"""ONNX Runtime (npm's onnxruntime-node) on exported files."""
import peers
from exports import Export, need, need_fashion
from harness import main

need(peers.has_onnxruntime(), "onnxruntime-node")


class OnnxRuntime(Export):
    def test_every_network_and_opset(self):
        self.same_in(peers.onnxruntime, self.onnx_files() + self.opset_files())

    @need_fashion
    def test_all_images_of_fashion_mnist(self):
        self.compare_onnx_images(peers.onnxruntime)

    @need_fashion
    def test_lines_of_the_document(self):
        first = self.train_shown()
        dims, numbers = self.run_lines("node", "run.cjs").split("\n", 1)
        self.assertEqual(dims, "[ 10000, 10 ]")
        self.same_printed(first, numbers.split("[")[1])


main()
