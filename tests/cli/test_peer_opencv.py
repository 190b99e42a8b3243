"""OpenCV's dnn (python3-opencv) on exported files."""
import peers
from exports import Export, need, need_fashion
from harness import main

need(peers.python_with("cv2"), "python3-opencv")


class OpenCv(Export):
    def test_every_network(self):
        self.same_in(peers.opencv, self.onnx_files(gather=False))

    @need_fashion
    def test_all_images_of_fashion_mnist(self):
        self.compare_onnx_images(peers.opencv)

    @need_fashion
    def test_lines_of_the_document(self):
        first = self.train_shown()
        self.same_printed(first, self.run_lines(peers.python_with("cv2"), "run_opencv.py"))


main()
