"""Faulty files and names: the message names file, expectation and finding; an
output that is there stays as it is, and none is left that was not."""
import gzip
import os
import shutil
import struct
import subprocess
import sys

from harness import MAKE_IDX, Case, main

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def zipped(data):
    def change(folder):
        (folder / IMAGES).unlink()
        (folder / (IMAGES + ".gz")).write_bytes(data)
    return change


def replace(name, data):
    return lambda folder: (folder / name).write_bytes(data((folder / name).read_bytes()))


FAULTS = {
    "missing": (lambda folder: (folder / LABELS).unlink(), r"bad: .*expected .*train-labels"),
    "empty": (replace(IMAGES, lambda d: b""), IMAGES + r": empty: expected .* found 0 bytes"),
    "truncated": (replace(IMAGES, lambda d: d[:-5]), IMAGES + r": truncated: .*found"),
    "truncated header": (replace(IMAGES, lambda d: d[:3]), IMAGES + r": truncated: expected .*found 3"),
    "too long": (replace(IMAGES, lambda d: d + b"x"), IMAGES + r": expected .*found 1"),
    "not gzip": (zipped(b"hello, this is no gzip"), IMAGES + r"\.gz: not a gzip file: expected .*found"),
    "truncated gzip": (zipped(gzip.compress(bytes(range(256)) * 40)[:-9]), IMAGES + r"\.gz: "),
    "wrong magic": (replace(IMAGES, lambda d: b"\1\2\3\4" + d[4:]),
                    IMAGES + r": wrong magic: expected .*found 0x01020304"),
    "other number": (replace(LABELS, lambda d: struct.pack(">2I", 0x801, 599) + d[8:-1]),
                     r"600 .*599 labels"),
    "absurd size": (replace(IMAGES, lambda d: struct.pack(">4I", 0x803, 600, 2**32 - 1, 2**32 - 1)
                            + d[16:]), IMAGES + r": "),
}


class WrongInput(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.folder / "precious").write_text("precious\n")

    def setUp(self):
        if not (self.folder / "net").exists():
            self.good("train", "small", "-o", "net", "--hidden", "8", "--epochs", "1", "--quiet")

    def wrong(self, code, pattern, *arguments, stdout=""):
        before = sorted(p.name for p in self.folder.rglob("*"))
        done = self.run_cli(*arguments)
        self.assertRegex(done.stderr, pattern)
        self.assertTrue(done.stderr.startswith("espalier: "), done.stderr)
        self.assertEqual((done.returncode, done.stdout), (code, stdout), done.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.rglob("*")), before)
        self.assertEqual((self.folder / "precious").read_text(), "precious\n")
        return done.stderr

    def exactly(self, code, message, *arguments):
        self.assertEqual(self.wrong(code, "^espalier: ", *arguments), message)

    def test_faulty_data(self):
        for name, (change, pattern) in FAULTS.items():
            with self.subTest(name):
                shutil.copytree(self.folder / "small", self.folder / "bad")
                change(self.folder / "bad")
                self.wrong(1, pattern, "train", "bad", "-o", "precious", "--run", "folder")
                shutil.rmtree(self.folder / "bad")

    def test_label_beyond_the_classes(self):
        shutil.copytree(self.folder / "small", self.folder / "bad")
        replace("t10k-labels-idx1-ubyte", lambda d: d[:-1] + b"\xc8")(self.folder / "bad")
        self.exactly(1, "espalier: net: the network knows 4 classes, but bad has 201\n",
                     "eval", "net", "bad")
        shutil.rmtree(self.folder / "bad")

    def test_names_that_are_not_there(self):
        self.wrong(1, r"nowhere: no such data set: looked for .*nowhere", "train", "nowhere", "-o",
                   "precious")
        self.wrong(1, r"^espalier: nowhere\.csv: no such file: looked for \./nowhere\.csv[^;]*$", "train",
                   "nowhere.csv", "-o", "precious")
        self.wrong(1, r"nothing: .*No such file", "eval", "nothing", "small")
        self.wrong(1, r"small: expected a file, found a folder", "info", "small")

    def test_faulty_models(self):
        data = self.bytes_of("net")
        for name, text in (("empty", b""), ("cut", data[:-1]), ("head", data[:100]),
                           ("images", self.bytes_of("small/" + IMAGES))):
            (self.folder / name).write_bytes(text)
            with self.subTest(name):
                self.wrong(1, f"{name}: .*(expected|promises)", "compact", name, "-o", "precious")
                self.wrong(1, f"{name}: .*(expected|promises)", "info", name)
            (self.folder / name).unlink()

    def test_model_for_other_data(self):
        self.good("train", "small", "-o", "net", "--hidden", "8", "--epochs", "1", "--quiet")
        subprocess.run([sys.executable, MAKE_IDX, self.folder / "large", "--side", "10"], check=True)
        message = "espalier: net: the network takes 64 inputs, but the rows of large have 100\n"
        for arguments in (("eval", "net", "large"), ("predict", "net", "large", "-o", "precious"),
                          ("prune", "net", "large", "-o", "precious"),
                          ("info", "net", "--data", "large"),
                          ("compact", "net", "-o", "precious", "--data", "large")):
            with self.subTest(arguments):
                self.exactly(1, message, *arguments)

    def test_output_is_input(self):
        self.folder.joinpath("link").symlink_to("net")
        for output in ("net", "./net", "link", self.folder / "net"):
            for command in ("prune", "compact"):
                with self.subTest(f"{command} {output}"):
                    self.exactly(2, f"espalier: {output}: output and input are the same file (net)\n"
                                 f"try 'espalier {command} --help'\n", command, "net", "-o", output)
        self.wrong(2, "output and input are the same file", "predict", "net", "small", "-o", "link")
        self.wrong(2, r"-images-idx3-ubyte: output and input are the same file", "train", "small",
                   "-o", "small/" + IMAGES)
        self.folder.joinpath("link").unlink()

    def test_output_is_the_run_folder(self):
        self.wrong(1, "^espalier: both: expected a file to write, found a folder\n$", "train", "small",
                   "-o", "both", "--run", "./both", "--early-stop", "never", "--epochs", "1000000")

    def test_output_is_a_file_of_the_run_folder(self):
        for name in ("result.json", "log.jsonl", "initial.safetensors", "checkpoint-1.safetensors"):
            self.wrong(2, f"^espalier: -o: expected another name in the folder of --run, which keeps a file {name} ",
                       "train", "small", "-o", f"./mine/{name}", "--run", "mine", "--epochs", "1")
            self.wrong(2, "expected another name in the folder of --run", "prune", "net", "-o",
                       f"{self.folder}/mine/{name}", "--run", "mine", "--prune", "10%")
        self.assertFalse((self.folder / "mine").exists())

    def test_output_in_the_run_folder_by_any_spelling(self):
        for output, run in (("ours/m", "./ours"), ("./ours/m", "ours"), (self.folder / "ours/m", "ours/")):
            self.good("train", "small", "-o", output, "--run", run, "--hidden", "4", "--epochs", "1", "--quiet")
            self.assertTrue((self.folder / "ours/m").exists())
            shutil.rmtree(self.folder / "ours")

    def test_output_is_an_array(self):
        self.wrong(2, "^espalier: -o: expected a file for a model ", "train", "x_train.npy", "-o", "y_train.npy")

    def test_control_characters_stay_off_the_terminal(self):
        self.wrong(1, r"^espalier: a\?b\?\[31m: no such data set: .*\n$", "eval", "net", "a\nb\x1b[31m")
        self.wrong(2, r"^espalier: unknown option '--a\?b'\n", "info", "net", "--a\nb")

    def test_unwritable_output(self):
        # A run of so many epochs would take minutes: the check comes first.
        for output in ("none/x", "net/x", "/proc/none/x"):
            with self.subTest(output):
                self.wrong(1, f"^espalier: {output}: cannot write there: .+\n$", "train", "small",
                           "-o", output, "--early-stop", "never", "--epochs", "1000000")
        self.exactly(1, "espalier: small: expected a file to write, found a folder\n", "train",
                     "small", "-o", "small")
        self.exactly(1, "espalier: none/run: cannot make this folder: No such file or directory\n",
                     "train", "small", "-o", "precious", "--run", "none/run")

    def test_run_folder_that_is_in_use(self):
        self.exactly(2, "espalier: --run: expected a new or empty folder, but small holds files\n"
                     "try 'espalier train --help'\n", "train", "small", "-o", "precious", "--run", "small")
        self.exactly(2, "espalier: --run: expected a new or empty folder, found the file net\n"
                     "try 'espalier train --help'\n", "train", "small", "-o", "precious", "--run", "net")

    def test_wrong_usage(self):
        for message, arguments in (
                ("expected -o FILE, found no output", ("train", "small")),
                ("expected -o FILE, found no output", ("compact", "net")),
                ("expected 'espalier eval MODEL DATA', found 1 file argument", ("eval", "net")),
                ("-o: expected a name that ends in .safetensors or .onnx or .c, found 'x.zzz'",
                 ("export", "net", "-o", "x.zzz")),
                ("-o: expected a file for a model, found -: none is written to standard output",
                 ("compact", "net", "-o", "-")),
                ("-o: expected a name that ends in .safetensors or .onnx or .c, found './.safetensors'",
                 ("export", "net", "-o", "./.safetensors")),
                ("--count: expected training (every training row of DATA, once) or none, or --epochs N "
                 "with DATA, found sample", ("prune", "net", "small", "-o", "precious", "--count",
                                             "sample")),
                ("--scope: expected global or layer, or --epochs N with DATA and another --trigger than "
                 "once, found one-by-one", ("prune", "net", "-o", "precious", "--scope", "one-by-one")),
                ("--top-k: expected at most the 4 classes of net, found 5",
                 ("eval", "net", "small", "--top-k", "5")),
                ("--rows: expected rows within the 150 test rows of small, found 100:151",
                 ("predict", "net", "small", "--rows", "100:151")),
                ("--rows: expected a number of rows such as 10, or first:end such as 20:30, "
                 "found '7:7'", ("predict", "net", "small", "--rows", "7:7")),
                ("--labels: expected 1, one for each model, found 2", ("info", "net", "--labels", "a,b")),
                ("--epochs: expected DATA to fine-tune on, found none",
                 ("prune", "net", "-o", "precious", "--epochs", "3")),
                ("--trigger: expected once, or --epochs N with DATA to prune while fine-tuning, "
                 "found accuracy", ("prune", "net", "small", "-o", "precious", "--trigger", "accuracy")),
                ("--lr has a meaning only with --epochs N and DATA: the network is pruned in one "
                 "step", ("prune", "net", "small", "-o", "precious", "--lr", "0.1"))):
            with self.subTest(arguments):
                self.exactly(2, f"espalier: {message}\ntry 'espalier {arguments[0]} --help'\n",
                             *arguments)

    def test_unknown_command(self):
        self.exactly(2, "espalier: unknown command 'trian'; did you mean 'train'?\n"
                     "try 'espalier --help'\n", "trian")
        self.exactly(2, "espalier: unknown command 'zzzzzz'\ntry 'espalier --help'\n", "zzzzzz")
        self.exactly(2, "espalier: unknown option '--zzz'; a command comes first\n"
                     "try 'espalier --help'\n", "--zzz")

    def test_no_rows_of_that_kind(self):
        self.exactly(1, "espalier: small: expected validation rows, found none\n", "eval", "net",
                     "small", "--split", "validation", "--validation", "0")

    def test_standard_output_is_full_or_closed(self):
        arguments = ("eval", "net", "small")
        with open("/dev/full", "w", encoding="ascii") as full:
            done = self.run_cli(*arguments, stdout=full)
        self.assertEqual((done.returncode, done.stderr), (
            1, "espalier: cannot write to standard output: No space left on device\n"))
        done = self.run_cli(*arguments, stdout=None, preexec_fn=lambda: os.close(1))
        self.assertEqual((done.returncode, done.stderr), (
            1, "espalier: cannot write to standard output: Bad file descriptor\n"))

    def test_loss_that_is_not_finite(self):
        self.wrong(1, r"epoch \d+", "train", "small", "-o", "precious", "--lr", "1e30", "--hidden",
                   "8,8", "--epochs", "5")


main()
