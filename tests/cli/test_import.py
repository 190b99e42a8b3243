"""Networks of other programs through the commands: what they do with them, the question
of scaling, and what they say of files that they cannot take."""
import json
import pathlib
import shutil
import signal
import struct
import subprocess
import time
import zipfile

from arrays import npy, write_npz
from harness import PROGRAM, Case, environment, main

MODELS = pathlib.Path(__file__).resolve().parent.parent / "import" / "models"
NOTE = r"^espalier: note: {} has no scaling of its inputs: the bytes of small go in divided by 255; "


def state_dict(tensors):
    """A safetensors file out of {name: (shape, bytes)}."""
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


class Foreign(Case):
    """`net` is trained here; `torch.safetensors` are its weights as PyTorch would name them,
    `net.onnx` its export, `torch.onnx` the same as if another program had written it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        self = cls()
        self.good("train", "small", "-o", "net", "--hidden", "12,8", "--epochs", "6", "--quiet")
        parts = self.tensors("net")
        header = self.header("net")
        (cls.folder / "torch.safetensors").write_bytes(state_dict(
            {f"fc{i + 1}.{kind}": (header[f"layers.{i}.{kind}"]["shape"], parts[f"layers.{i}.{kind}"])
             for i in range(3) for kind in ("weight", "bias")}))
        cls.onnx = "net.onnx" if self.run_cli("export", "net", "-o", "net.onnx").returncode == 0 else None
        if cls.onnx:
            data = (cls.folder / "net.onnx").read_bytes()
            (cls.folder / "torch.onnx").write_bytes(data.replace(b"espalier", b"somebody"))

    def runTest(self):
        """For setUpClass, which needs an instance."""

    def noted(self, pattern, *arguments):
        done = self.run_cli(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, pattern)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stdout

    def refused(self, code, pattern, *arguments):
        done = self.run_cli(*arguments)
        self.assertRegex(done.stderr, pattern)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)

    def need_libzip(self):
        if "libzip" in self.run_cli("info", MODELS / "dict_letters.npz").stderr:
            self.skipTest("this build has no libzip")

    # ---- scaling ---------------------------------------------------------------------

    def test_bytes_are_divided_and_said(self):
        expected = self.good("eval", "net", "small")
        self.assertEqual(self.noted(NOTE.format("torch.safetensors"), "eval", "torch.safetensors", "small"), expected)
        self.assertEqual(self.good("eval", "torch.safetensors", "small", "--scaling", "auto"), expected)
        raw = self.good("eval", "torch.safetensors", "small", "--scaling", "none")
        self.assertNotEqual(raw, expected)

    def test_a_scaling_leaves_the_rows_as_they_are(self):
        """Validation rows stay apart, in what is evaluated as in what calibrates."""
        for split in ("train", "validation", "test"):
            outputs = [self.noted(NOTE.format("torch.safetensors"), "eval", "torch.safetensors", "small", "--split", split),
                       self.good("eval", "torch.safetensors", "small", "--split", split, "--scaling", "auto")]
            self.assertEqual(*outputs)
        programs = []
        for option in ([], ["--scaling", "auto"]):
            done = self.run_cli("export", "torch.safetensors", "-o", "p.c", "--type", "int8", "--data", "small", *option)
            programs.append((done.stdout.split("\n")[-2], self.bytes_of("p.c").replace(b" --scaling auto", b"")))
        self.assertEqual(*programs)

    def test_predictions_are_the_same(self):
        self.assertEqual(self.noted(NOTE.format("torch.safetensors"), "predict", "torch.safetensors", "small"),
                         self.good("predict", "net", "small"))

    def test_bytes_one_by_one_are_divided_and_said(self):
        """As in a data set: arrays of uint8, but no others."""
        self.need_libzip()
        expected = self.good("predict", "net", "small")
        images = self.bytes_of("small/t10k-images-idx3-ubyte")[16:]
        labels = self.bytes_of("small/t10k-labels-idx1-ubyte")[8:]
        rows = npy("|u1", (150, 8, 8), images)
        (self.folder / "rows.npy").write_bytes(rows)
        (self.folder / "same.npy").write_bytes(npy("<u2", (150, 64), b"".join(bytes((v, 0)) for v in images)))
        write_npz(self.folder / "rows.npz", x=rows)
        write_npz(self.folder / "test.npz", x_test=rows, y_test=npy("|u1", (150,), labels))
        for name in ("rows.npy", "rows.npz", "test.npz"):
            note = NOTE.format("torch.safetensors").replace("small", name)
            self.assertEqual(self.noted(note, "predict", "torch.safetensors", name), expected)
            self.assertEqual(self.good("predict", "torch.safetensors", name, "--scaling", "auto"), expected)
        for name, way in (("rows.npy", "say --scaling none, or bring another into it by espalier compact --data"),
                          ("same.npy", "bring its scaling into it by espalier compact --data"),
                          ("test.npz", "say --scaling none or standard")):
            self.assertIn(f"if it was trained otherwise, {way}", self.run_cli("predict", "torch.safetensors", name).stderr)
        raw = self.good("predict", "torch.safetensors", "rows.npy", "--scaling", "none")
        self.assertNotEqual(raw, expected)
        self.assertEqual(self.noted("the rows of same.npy go in as they are", "predict", "torch.safetensors", "same.npy"),
                         raw)
        self.refused(1, "same.npy: expected training rows to fit --scaling auto on, found none", "predict",
                     "torch.safetensors", "same.npy", "--scaling", "auto")
        self.assertEqual(self.good("eval", "torch.safetensors", "test.npz", "--scaling", "auto"),
                         self.good("eval", "net", "small"))

    def test_floats_are_fitted_on_training_rows(self):
        """--scaling auto looks first whether the rows are bytes."""
        self.need_libzip()
        parts = {}
        for part, name in (("train", "train"), ("test", "t10k")):
            images = self.bytes_of(f"small/{name}-images-idx3-ubyte")[16:]
            parts["x_" + part] = npy("<u2", (len(images) // 64, 64), b"".join(bytes((v, 0)) for v in images))
            labels = self.bytes_of(f"small/{name}-labels-idx1-ubyte")[8:]
            parts["y_" + part] = npy("|u1", (len(labels),), labels)
        write_npz(self.folder / "wide.npz", **parts)
        self.assertEqual(self.good("eval", "torch.safetensors", "wide.npz", "--scaling", "auto"),
                         self.good("eval", "torch.safetensors", "wide.npz", "--scaling", "standard"))
        write_npz(self.folder / "whole.npz", x=parts["x_test"], y=parts["y_test"])
        self.refused(1, "whole.npz: expected test rows beside the training rows to fit --scaling auto on, found none",
                     "eval", "torch.safetensors", "whole.npz", "--scaling", "auto")

    def test_a_run_goes_on(self):
        """The network has its scaling by then; the data are read as when the run began."""
        command = ("prune", "torch.safetensors", "small", "-o", "long", "--prune", "40%", "--trigger", "epoch",
                   "--every", "1", "--steps", "2", "--epochs", "100000", "--early-stop", "never", "--run", "long-run",
                   "--scaling", "standard", "--quiet")
        log = self.folder / "long-run" / "log.jsonl"
        for arguments in (command, ("prune", "--resume", "long-run")):
            before = log.stat().st_size if log.exists() else 0
            with subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, stderr=subprocess.PIPE, text=True,
                                  stdout=subprocess.DEVNULL, env=environment(self.folder)) as process:
                while process.poll() is None and not (log.exists() and log.stat().st_size > before + 3000):
                    time.sleep(0.01)
                process.send_signal(signal.SIGTERM)
                said = process.communicate()[1]
            self.assertRegex(said, r"espalier: stopped after epoch \d+; go on with")

    def test_matrices_keep_their_order(self):
        """Without biases both ways of laying them out chain, one of them from back to front."""
        for name, first, second in (("numpy", (20, 8), (8, 3)), ("torch", (8, 20), (3, 8))):
            data = {f"w{i}": (shape, b"\0\0\x80\x3f" * shape[0] * shape[1])
                    for i, shape in enumerate((first, second))}
            (self.folder / f"{name}.safetensors.bare").write_bytes(state_dict(data))
            out = self.result("info", f"{name}.safetensors.bare")
            self.assertEqual((out["inputs"], len(out["classes"])), (20, 3), name)

    def test_own_networks_say_it_themselves(self):
        self.refused(2, "--scaling: net says itself how its inputs are scaled", "eval", "net", "small", "--scaling",
                     "none")

    def test_scaling_travels_on(self):
        self.noted(NOTE.format("torch.safetensors"), "prune", "torch.safetensors", "small", "-o", "small.safetensors",
                   "--prune", "50%", "--criterion", "magnitude", "--epochs", "2", "--quiet")
        self.assertEqual(self.header("small.safetensors")["__metadata__"]["imported"], "safetensors")
        scaling = json.loads(self.header("small.safetensors")["__metadata__"]["input_scaling"])
        self.assertAlmostEqual(scaling["scale"], 1 / 255, places=8)
        self.good("eval", "small.safetensors", "small")
        self.good("prune", "torch.safetensors", "small", "-o", "raw.safetensors", "--prune", "50%", "--criterion",
                  "magnitude", "--quiet", "--scaling", "none")
        scaling = json.loads(self.header("raw.safetensors")["__metadata__"]["input_scaling"])
        self.assertEqual((scaling["shift"], scaling["scale"]), (0, 1))
        self.good("eval", "raw.safetensors", "small")

    def test_unknown_scaling_stays_unknown(self):
        expected = self.noted(NOTE.format("torch.safetensors"), "eval", "torch.safetensors", "small")
        for option, said in (("--quiet", ""), ("--fold-scaling", "espalier: note: --fold-scaling has no effect: "
                             "torch.safetensors does not say how its inputs are scaled; .*compact.*\n")):
            self.good("export", "torch.safetensors", "-o", "copy.safetensors", option, said=said)
            self.assertNotIn("input_scaling", self.header("copy.safetensors")["__metadata__"])
            self.assertEqual(self.noted(NOTE.format("copy.safetensors"), "eval", "copy.safetensors", "small"), expected)
        self.good("prune", "torch.safetensors", "small", "-o", "raw.safetensors", "--prune", "50%", "--criterion",
                  "magnitude", "--quiet", "--scaling", "none")
        self.good("export", "raw.safetensors", "-o", "copy.safetensors")
        self.assertEqual(json.loads(self.header("copy.safetensors")["__metadata__"]["input_scaling"]),
                         {"shift": 0, "scale": 1})
        self.assertNotIn("inputs ", self.good("export", "raw.safetensors", "-o", "copy.safetensors"))

    def test_known_scaling_stays_known(self):
        """Through ONNX too, whose graph has no node for one that changes nothing."""
        if not self.onnx:
            self.skipTest("this build has no ONNX")
        for option in ("none", "auto"):
            self.good("compact", "torch.safetensors", "-o", "known.safetensors", "--data", "small", "--scaling", option)
            expected = self.good("eval", "known.safetensors", "small")
            self.good("export", "known.safetensors", "-o", "known.onnx")
            self.assertEqual(self.good("eval", "known.onnx", "small"), expected)
        expected = self.good("eval", "net", "small")
        self.good("export", "net", "-o", "folded.safetensors", "--fold-scaling")
        self.good("export", "folded.safetensors", "-o", "folded.onnx")
        self.assertEqual(self.good("eval", "folded.onnx", "small").split("\n")[1], expected.split("\n")[1])
        self.good("export", "torch.safetensors", "-o", "unknown.onnx")
        self.noted(NOTE.format("unknown.onnx"), "eval", "unknown.onnx", "small")

    def table(self, name, rows, labels):
        (self.folder / name).write_text("a,b,c,d,e,f,kind\n" + "".join(
            ",".join(map(str, row)) + f",{label}\n" for row, label in zip(rows, labels)))

    def test_tables_fit_a_scaling_on_training_rows(self):
        shutil.copy(MODELS / "dict_names.safetensors", self.folder)
        rows = [[(7 * i + 3 * j) % 11 + 10 * j for j in range(6)] for i in range(30)]
        self.table("t.csv", rows, [i % 3 for i in range(30)])
        self.noted("^espalier: note: dict_names.safetensors has no scaling of its inputs: the rows of t.csv go in as "
                   "they are; .*--scaling range or standard", "eval", "dict_names.safetensors", "t.csv")
        self.good("compact", "dict_names.safetensors", "-o", "settled", "--data", "t.csv", "--scaling", "standard")
        scaling = json.loads(self.header("settled")["__metadata__"]["input_scaling"])
        for j in range(6):
            column = [row[j] for row in rows]
            mean = sum(column) / 30
            deviation = (sum((v - mean) ** 2 for v in column) / 30) ** 0.5
            self.assertAlmostEqual(scaling["shift"][j], mean, places=4)
            self.assertAlmostEqual(scaling["scale"][j], 1 / deviation, places=5)
        self.good("eval", "settled", "t.csv")
        self.refused(1, "t.csv: expected test rows beside the training rows to fit --scaling standard on, found none: "
                        "rows to test or to predict do not tell it; .*'espalier compact MODEL -o NEW --data TRAINING "
                        "--scaling standard'", "eval", "dict_names.safetensors", "t.csv", "--scaling", "standard")

    def test_validation_rows_are_not_fitted_on(self):
        """As in training, in every command that keeps some apart."""
        shutil.copy(MODELS / "dict_names.safetensors", self.folder)
        self.table("t.csv", [[(7 * i + 3 * j) % 11 + 10 * j for j in range(6)] for i in range(30)],
                   [i % 3 for i in range(30)])
        for kept, rows in (([], 27), (["--validation", "40%"], 18), (["--validation", "0"], 30)):
            self.good("prune", "dict_names.safetensors", "t.csv", "-o", "fitted", "--scaling", "standard", "--prune",
                      "10%", "--criterion", "magnitude", "--quiet", *kept)
            for split, count in (("train", rows), ("validation", 30 - rows)):
                if count:
                    said = self.good("eval", "dict_names.safetensors", "t.csv", "--scaling", "standard", "--split", split,
                                     *kept)
                    self.assertRegex(said, rf"^rows +{count}\n")
            self.good("train", "t.csv", "-o", "own", "--hidden", "3", "--epochs", "1", "--quiet", *kept)
            self.assertEqual(*(self.header(name)["__metadata__"]["input_scaling"] for name in ("fitted", "own")))

    def test_streams_have_nothing_to_fit_on(self):
        shutil.copy(MODELS / "dict_names.safetensors", self.folder)
        (self.folder / "rows.csv").write_text("a,b,c,d,e,f\n1,2,3,4,5,6\n6,5,4,3,2,1\n")
        raw = self.good("predict", "dict_names.safetensors", "rows.csv", "--scaling", "none")
        self.assertEqual(raw.count("\n"), 3)
        self.assertEqual(self.noted("the rows of rows.csv go in as they are", "predict", "dict_names.safetensors",
                                    "rows.csv"), raw)
        self.refused(1, "rows.csv: expected training rows to fit --scaling range on, found none", "predict",
                     "dict_names.safetensors", "rows.csv", "--scaling", "range")

    def test_names_of_classes_come_from_a_table(self):
        shutil.copy(MODELS / "dict_names.safetensors", self.folder)
        rows = [[i + j for j in range(6)] for i in range(6)]
        self.table("named.csv", rows, ["elm", "oak", "ash"] * 2)
        self.table("numbered.csv", rows, [1, 2, 0] * 2)
        done = self.run_cli("eval", "dict_names.safetensors", "named.csv", "--scaling", "none")
        self.assertRegex(done.stderr, "^espalier: note: the network has no names of its 3 classes: they are those of "
                                      "named.csv in their order, from 'ash' to 'oak'\n")
        numbered = self.good("eval", "dict_names.safetensors", "numbered.csv", "--scaling", "none")
        self.assertEqual(done.stdout.split("\n")[:4], numbered.split("\n")[:4])
        self.table("few.csv", rows[:2], ["elm", "oak"])
        self.refused(1, "few.csv: expected a label for each of the network's 3 classes, which have no names, found 2 "
                        "different ones: write the labels as the numbers of the classes, 0 to 2", "eval",
                     "dict_names.safetensors", "few.csv", "--scaling", "none")
        self.table("wrong.csv", rows[:4], [0, 1, 2, "elm"])
        self.refused(1, "wrong.csv: row 4 .*expected one of the 3 classes of the network, found 'elm'", "eval",
                     "dict_names.safetensors", "wrong.csv", "--scaling", "none")
        self.table("one.csv", rows[:2], ["elm", "elm"])
        self.refused(1, "one.csv: row 1 .*expected one of the 3 classes of the network, found 'elm'", "eval",
                     "dict_names.safetensors", "one.csv", "--scaling", "none")

    def test_info_tells_the_scaling_of_the_file(self):
        """Not that which was taken to measure on DATA."""
        for said, arguments in (("not scaled", []), ("not scaled; here scaled: x * 0.00392157", ["--scaling", "auto"]),
                                ("not scaled; here as they are", ["--scaling", "none"])):
            data = ["--data", "small"] if arguments else []
            out = self.good("info", "torch.safetensors", *data, *arguments)
            self.assertIn(f"\ninputs    64, {said}\n", out)
            self.assertEqual(self.result("info", "torch.safetensors", *data, *arguments)["scaling"],
                             {"shift": [], "scale": []})

    def test_networks_that_are_alike_read_the_rows_once(self):
        """Also where the first takes the names of its classes and its scaling from them."""
        shutil.copy(MODELS / "dict_names.safetensors", self.folder)
        shutil.copy(MODELS / "dict_names.safetensors", self.folder / "again.safetensors")
        rows = [[i + j for j in range(6)] for i in range(6)]
        self.table("named.csv", rows, ["elm", "oak", "ash"] * 2)
        done = self.run_cli("info", "dict_names.safetensors", "again.safetensors", "--data", "named.csv", "--scaling",
                            "none", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("note: the network has no names"), 1)
        one, other = json.loads(done.stdout)["models"]
        self.assertEqual(one["classes"], ["ash", "elm", "oak"])
        self.assertEqual(one["classes"], other["classes"])
        self.assertEqual(one["test_accuracy"], other["test_accuracy"])

    def test_data_options_without_data_are_wrong_usage(self):
        """They would change nothing, and with --scaling the network would be taken for scaled."""
        for command, wanted in ((["compact"], "--data DATA"), (["lowrank", "--rank", "4,4"], "DATA"),
                                (["prune", "--prune", "50%", "--criterion", "magnitude"], "DATA")):
            for option, value in (("--scaling", "standard"), ("--label", "last"), ("--data-dir", "nowhere")):
                self.refused(2, f"{option}: has no meaning without {wanted}", *command, "torch.safetensors", "-o",
                             "x", option, value)
        self.refused(2, "--test: has no meaning without DATA", "prune", "torch.safetensors", "-o", "x", "--prune",
                     "50%", "--criterion", "magnitude", "--test", "10%")
        self.refused(2, "--scaling: has no meaning without --data DATA", "info", "torch.safetensors", "--scaling",
                     "none")
        self.refused(2, "--header: has no meaning without --data DATA", "info", "torch.safetensors", "--header", "no")
        self.refused(2, "--scaling: has no meaning without --data DATA", "export", "torch.safetensors", "-o", "x.c", "--scaling",
                     "range")
        self.refused(2, r"--scaling: expected an output that ends in \.c", "export", "torch.safetensors", "-o",
                     "x.safetensors", "--scaling", "range")
        self.assertFalse((self.folder / "x").exists())

    def test_a_guessed_order_is_told(self):
        """Not where numbers in the names decide, nor ever after."""
        def layers(*names):
            shapes = ((5, 6), (5, 5), (5, 5), (3, 5))
            (self.folder / "order").write_bytes(state_dict(
                {f"{name}.weight": (shape, struct.pack("<f", i + 1) * shape[0] * shape[1])
                 for i, (name, shape) in enumerate(zip(names, shapes))}))

        layers("input", "hidden", "extra", "output")
        self.noted("^espalier: note: order: the names of the layers do not say their order, and several fit: taken are "
                   "input.weight, extra.weight, hidden.weight, output.weight; if it is another, number the names, or "
                   "use ONNX$", "compact", "order", "-o", "told.safetensors")
        self.assertNotIn("guessed_order", self.header("told.safetensors")["__metadata__"])
        self.good("info", "told.safetensors")
        layers("input", "hidden.1", "hidden.2", "head")
        self.good("info", "order")
        layers("first", "second", "third", "zlast")
        self.good("info", "order")

    def test_names_that_say_nothing(self):
        """Vectors are the biases of the matrices in turn, wherever their names sort them."""
        header, parts = self.header("net"), self.tensors("net")
        expected = self.good("predict", "net", "small")
        for weight, bias in (("c{}", "i{}"), ("y{}", "a{}"), ("{}.m", "{}.v"), ("{}.m", "{}.a")):
            with self.subTest(weight):
                (self.folder / "plain.safetensors").write_bytes(state_dict(
                    {(weight if kind == "weight" else bias).format(i):
                     (header[f"layers.{i}.{kind}"]["shape"], parts[f"layers.{i}.{kind}"])
                     for i in range(3) for kind in ("weight", "bias")}))
                self.assertEqual(self.good("predict", "plain.safetensors", "small", "--scaling", "auto"), expected)
        zeros = bytes(4 * 6)
        (self.folder / "plain.safetensors").write_bytes(state_dict(
            {"a0": ([2, 3], zeros), "a1": ([3, 2], zeros), "z0": ([6], zeros), "z1": ([3], zeros[:12])}))
        self.refused(1, "tensor 'z0' .*a bias of another length", "info", "plain.safetensors")

    # ---- the commands ------------------------------------------------------------------

    def test_onnx_through_all_commands(self):
        if not self.onnx:
            self.skipTest("this build has no ONNX")
        expected = self.good("eval", "net", "small")
        for name in ("net.onnx", "torch.onnx"):
            self.assertEqual(self.good("eval", name, "small"), expected)
            self.good("analyse", name)
            self.good("compact", name, "-o", "c.safetensors")
            self.good("lowrank", name, "-o", "l.safetensors", "--rank", "4,4")
            self.good("export", name, "-o", "again.onnx")
            self.good("prune", name, "small", "-o", "p.safetensors", "--prune", "60%", "--epochs", "3", "--quiet")
            self.assertGreater(self.result("info", "p.safetensors")["sparsity"]["prunable"], 0.59)
            self.good("train", "small", "--from", name, "-o", "t.safetensors", "--epochs", "2", "--quiet")
            self.good("eval", "t.safetensors", "small")
        self.assertIn("came from ONNX (somebody ", self.good("info", "torch.onnx"))
        self.assertIn("file      net.onnx, ONNX, ", self.good("info", "net.onnx"))

    def test_activation_counts_afresh(self):
        """The criterion needs counts, which no foreign file has."""
        self.refused(2, "name DATA to count", "prune", "torch.safetensors", "-o", "x", "--prune", "50%", "--quiet")
        self.noted(NOTE.format("torch.safetensors"), "prune", "torch.safetensors", "small", "-o", "counted",
                   "--prune", "50%", "--criterion", "activation", "--quiet")
        self.assertGreater(self.result("info", "counted")["inputs_counted"], 0)

    def test_own_exports_come_back(self):
        expected = self.good("eval", "net", "small")
        self.good("export", "net", "-o", "back.safetensors")
        self.assertEqual(self.good("eval", "back.safetensors", "small"), expected)
        self.good("export", "net", "-o", "folded.safetensors", "--fold-scaling")
        self.assertEqual(self.good("eval", "folded.safetensors", "small").split("\n")[1], expected.split("\n")[1])

    def test_info_of_each_kind(self):
        shutil.copy(MODELS / "dict_letters.npz", self.folder)
        done = self.run_cli("info", "dict_letters.npz")
        if "libzip" not in done.stderr:
            self.assertIn("came from NumPy .npz", done.stdout)
        self.assertEqual(self.result("info", "torch.safetensors")["imported"], "safetensors")

    # ---- what cannot be taken -------------------------------------------------------------

    def test_pickles_are_never_opened(self):
        with zipfile.ZipFile(self.folder / "model.pt", "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
        (self.folder / "old.pth").write_bytes(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")
        for name in ("model.pt", "old.pth"):
            self.refused(1, name + r": is a Python pickle, .*torch\.onnx\.export\(.*safetensors.*numpy\.savez", "info",
                         name)

    def test_other_formats_get_a_hint(self):
        (self.folder / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
        (self.folder / "model.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(100))
        (self.folder / "w.npy").write_bytes(b"\x93NUMPY\1\0" + bytes(100))
        self.refused(1, r"model\.h5: is a Keras model; .*tf2onnx", "info", "model.h5")
        self.refused(1, r"model\.tflite: is a TensorFlow Lite model", "info", "model.tflite")
        self.refused(1, r"w\.npy: is a single NumPy array", "info", "w.npy")

    def test_what_is_no_model_is_called_by_its_name(self):
        for content, what in ((b"", "an empty file"), (b"a,b\n1,2\n", "text"), (b"hello", "text"),
                              (b'{"seed": 1, "widths": [2, 3]}', "text"), (b"\x89PNG\r\n\x1a\n" + bytes(99), r"a picture \(PNG\)"),
                              (b"\xff\xd8\xff\xe0" + bytes(99), r"a picture \(JPEG\)"), (b"%PDF-1.7\n", "a PDF document"),
                              (b"\x7fELF\2\1\1" + bytes(99), "a program"), (b"\0\0\x08\x03" + bytes(99), "an IDX file, .*"),
                              (b"PK\3\4" + bytes(99), "a zip archive"), (b"\x01\x02\x03" + bytes(99), "other bytes")):
            (self.folder / "what").write_bytes(content)
            for arguments in (("info", "what"), ("predict", "what", "small"), ("train", "small", "--from", "what", "-o", "x")):
                self.refused(1, rf"what: expected a model file \(safetensors, ONNX or \.npz\), found {what}\n$", *arguments)
        (self.folder / "what").write_bytes(b"\xff" * 8 + b"{}")  # a length that was damaged
        self.refused(1, r"what: header of \d+ bytes; expected at most 2", "info", "what")

    def test_tensors_without_a_place(self):
        zeros = bytes(4 * 6)
        wrong = {
            "rnn": ({"r.weight_ih_l0": ([3, 2], zeros), "r.weight_hh_l0": ([3, 3], zeros + bytes(12)),
                     "r.bias_ih_l0": ([3], bytes(12)), "r.bias_hh_l0": ([3], bytes(12)), "f.weight": ([2, 3], zeros),
                     "f.bias": ([2], bytes(8))}, r"'r\.bias_hh_l0' .*of a recurrent layer \(RNN, GRU, LSTM\)"),
            "gru": ({"weight_ih": ([3, 2], zeros), "weight_hh": ([3, 1], bytes(12))}, r"'weight_hh' .*of a recurrent"),
            "keras": ({"rnn/kernel:0": ([2, 3], zeros), "rnn/recurrent_kernel:0": ([3, 2], zeros)},
                      r"'rnn/recurrent_kernel:0' .*of a recurrent"),
            "attention": ({"in_proj_weight": ([6, 2], zeros * 2), "out_proj.weight": ([2, 6], zeros * 2)},
                          r"'in_proj_weight' .*of attention \(MultiheadAttention\)"),
            "conv": ({"c.weight": ([1, 1, 2, 3], zeros)}, r"tensor 'c\.weight' F32 of shape \[1, 1, 2, 3\]: .*convol"),
            "norm": ({"a.weight": ([2, 3], zeros), "n.weight": ([6], zeros)}, r"'n\.weight' .*normalisation"),
            "batch": ({"a.weight": ([2, 3], zeros), "n.running_mean": ([6], zeros)}, r"save the network as ONNX"),
            "lost": ({"a.weight": ([2, 3], zeros), "z.bias": ([6], zeros)}, r"'z\.bias' .*belongs to no matrix"),
            "length": ({"a.weight": ([2, 3], zeros), "a.bias": ([6], zeros)}, r"'a\.bias' .*another length"),
            "one": ({"a.weight": ([1, 6], zeros)}, r"'a\.weight' .*with one output"),
            "apart": ({"a.weight": ([2, 3], zeros), "b.weight": ([6, 1], zeros)}, r"matrices that chain, .*found 2"),
            "none": ({"a.bias": ([6], zeros)}, r"expected 1 to 4096 matrices of weights, found 0"),
            "empty": ({"a.weight": ([0, 3], b"")}, r"expected widths from 1"),
            "scalar": ({"a.weight": ([2, 3], zeros), "s": ([], zeros[:4])}, r"tensor 's' F32 of shape \[\]"),
        }
        for name, (tensors, pattern) in wrong.items():
            with self.subTest(name):
                (self.folder / "bad.safetensors").write_bytes(state_dict(tensors))
                self.refused(1, "bad.safetensors: .*" + pattern, "info", "bad.safetensors")

    def test_classes_fewer_than_the_data(self):
        shutil.copy(MODELS / "dict_sequential.safetensors", self.folder)
        self.refused(1, "takes 6 inputs, but the rows of small have 64", "eval", "dict_sequential.safetensors", "small")


if __name__ == "__main__":
    main()
