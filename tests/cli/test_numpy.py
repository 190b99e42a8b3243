"""NumPy arrays as data: the same network from the same rows, whatever file they are in."""
import json
import struct
import zipfile

from arrays import npy, write_npz
from harness import Case, main

TRAIN = ("--hidden", "16", "--epochs", "8", "--early-stop", "never")


class Arrays(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        small = cls.folder / "small"
        images = {part: (small / f"{name}-images-idx3-ubyte").read_bytes()[16:]
                  for part, name in (("train", "train"), ("test", "t10k"))}
        cls.labels = {part: (small / f"{name}-labels-idx1-ubyte").read_bytes()[8:]
                      for part, name in (("train", "train"), ("test", "t10k"))}
        cls.values = {part: npy("|u1", (len(data) // 64, 8, 8), data)
                      for part, data in images.items()}
        cls.parts = {}
        for part, labels in cls.labels.items():
            cls.parts["x_" + part] = cls.values[part]
            cls.parts["y_" + part] = npy("|u1", (len(labels),), labels)
        write_npz(cls.folder / "stored.npz", **cls.parts)
        write_npz(cls.folder / "packed.npz", zipfile.ZIP_DEFLATED, **cls.parts)
        (cls.folder / "folder").mkdir()
        for name, data in cls.parts.items():
            (cls.folder / "folder" / f"{name}.npy").write_bytes(data)
        cls.run_once("train", "small", "-o", "net", *TRAIN)

    @classmethod
    def run_once(cls, *arguments):
        done = cls.run_cli(cls, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_the_same_network(self):
        expected = self.tensors("net")
        for source in ("stored.npz", "packed.npz", "folder", "folder/x_train.npy"):
            self.good("train", source, "-o", "again", *TRAIN)
            self.assertEqual(self.tensors("again"), expected, source)
            self.assertEqual(self.result("eval", "again", source), self.result("eval", "net", "small"))

    def one_part(self, name, labels, descr="|u1", shape=None):
        write_npz(self.folder / name, data=self.values["train"],
                  target=npy(descr, shape or (600,), labels))

    def test_test_rows_are_drawn(self):
        self.one_part("one.npz", self.labels["train"])
        trained = self.result("train", "one.npz", "-o", "drawn", "--test", "20%", *TRAIN)
        found = self.result("eval", "drawn", "one.npz")
        self.assertEqual(found["rows"], 120)
        self.assertEqual(found["accuracy"], trained["accuracy"]["test"])
        self.assertEqual([sum(row) for row in found["confusion"]], [30] * 4)
        self.assertEqual(self.result("eval", "drawn", "one.npz", "--split", "train")["rows"], 432)

    def test_values_without_labels(self):
        write_npz(self.folder / "bare.npz", x=self.values["test"])
        (self.folder / "bare.npy").write_bytes(self.values["test"])
        write_npz(self.folder / "two.npz", x_train=self.values["train"], x_test=self.values["test"])
        write_npz(self.folder / "labels.npz", y=npy("|u1", (150,), bytes(150)))
        for arguments in (("eval", "net", "bare.npz"), ("predict", "net", "bare.npz", "--split", "train"),
                          ("predict", "net", "two.npz")):
            done = self.run_cli(*arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, r"npz: (x|x_train) alone; names are such as .*; rows without labels are "
                                          r"predicted from an archive of one array, or a \.npy file\n$")
        done = self.run_cli("predict", "net", "labels.npz")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"labels\.npz: y: expected rows of 64 numbers, \[rows, 64\], found uint8 \[150\]\n$")
        whole = self.good("predict", "net", "small")
        self.assertEqual(self.good("predict", "net", "bare.npy"), whole)
        self.assertEqual(self.good("predict", "net", "bare.npz"), whole)
        self.assertEqual(self.good("predict", "net", "bare.npz", "--rows", "3:5").splitlines()[1:], whole.splitlines()[4:6])
        self.assertIn("expected rows within the 150 rows of bare.npz, found 0:151",
                      self.run_cli("predict", "net", "bare.npz", "--rows", "151").stderr)

    def test_rows_without_a_test_part(self):
        """Those of another archive are all for tests; its own are no test."""
        self.one_part("own.npz", self.labels["train"])
        self.good("train", "own.npz", "-o", "own", *TRAIN)
        done = self.run_cli("eval", "own", "own.npz")
        self.assertEqual(done.returncode, 1)
        self.assertIn("own.npz: expected test rows, found none: train with --test", done.stderr)
        self.one_part("other.npz", self.labels["train"])
        self.assertEqual(self.result("eval", "own", "other.npz")["rows"], 600)

    def test_labels_by_name(self):
        texts = "".join(("dog", "cat", "ant", "bee")[label] for label in self.labels["train"])
        self.one_part("text.npz", texts.encode("utf-32-le"), "<U3")
        self.good("train", "text.npz", "-o", "text", "--test", "20%", *TRAIN)
        self.assertEqual(json.loads(self.header("text")["__metadata__"]["classes"]),
                         ["ant", "bee", "cat", "dog"])
        # Fewer classes, and these in another order of appearance.
        few = [i for i, label in enumerate(self.labels["test"]) if label in (0, 1)]
        data = self.values["test"][-150 * 64:]
        write_npz(self.folder / "few.npz",
                  X=npy("|u1", (len(few), 64), b"".join(data[64 * i:64 * i + 64] for i in few)),
                  y=npy("<U3", (len(few),), "".join(("dog", "cat")[self.labels["test"][i]]
                                                    for i in few).encode("utf-32-le")))
        found = self.result("eval", "text", "few.npz")
        self.assertEqual([sum(row) for row in found["confusion"]],
                         [0, 0, sum(self.labels["test"][i] == 1 for i in few),
                          sum(self.labels["test"][i] == 0 for i in few)])
        self.assertGreater(found["accuracy"], 0.8)

    def test_numbers_from_1(self):
        labels = b"".join(struct.pack(">q", label + 1) for label in self.labels["train"])
        self.one_part("from1.npz", labels, ">i8")
        self.good("train", "from1.npz", "-o", "from1", *TRAIN)
        self.assertEqual(json.loads(self.header("from1")["__metadata__"]["classes"]),
                         ["1", "2", "3", "4"])
        self.assertEqual(self.good("predict", "from1", "folder/x_test.npy").splitlines()[0],
                         "class,1,2,3,4")

    def test_wrong_files(self):
        for name, data, words in (
                ("empty.npz", b"", "empty.npz: empty: expected a .npz archive"),
                ("text.npy", b"1,2,3\n", "text.npy: not a .npy file"),
                ("cut.npz", (self.folder / "stored.npz").read_bytes()[:-200], "cut.npz: truncated")):
            (self.folder / name).write_bytes(data)
            if name == "text.npy":
                (self.folder / "text_labels.npy").write_bytes(self.parts["y_train"])
            done = self.run_cli("train", name, "-o", "no")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(words, done.stderr)
        done = self.run_cli("train", "stored.npz", "-o", "stored.npz")
        self.assertEqual(done.returncode, 2)
        done = self.run_cli("predict", "net", "folder", "-o", "folder/x_train.npy")
        self.assertEqual(done.returncode, 2)
        done = self.run_cli("train", "stored.npz", "-o", "no", "--test-file", "packed.npz")
        self.assertIn("found the file packed.npz", done.stderr)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    main()
