"""espalier data: the list, what info says, and downloads from a server on this machine."""
import gzip
import json
import os
import pathlib
import pty
import shutil
import signal
import struct
import subprocess
import sys
import time
import unittest

from harness import PROGRAM, Case, environment, main

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "data"))
from server import serve  # noqa: E402

SYSTEM = pathlib.Path("/usr/share/datasets/fashion-mnist")
# Debian's files are the publisher's with another gzip header: no name in it, another
# time. With these it is the publisher's again, bit by bit.
PUBLISHED = {"t10k-images-idx3-ubyte": 1504176627, "t10k-labels-idx1-ubyte": 1504176627,
             "train-images-idx3-ubyte": 1504176606, "train-labels-idx1-ubyte": 1504176606}


def idx(folder, part, rows, labels):
    """Images of one line."""
    (folder / f"{part}-images").write_bytes(
        struct.pack(">4I", 0x803, len(rows), 1, len(rows[0])) + b"".join(map(bytes, rows)))
    (folder / f"{part}-labels").write_bytes(struct.pack(">2I", 0x801, len(rows)) + bytes(labels))


INFO = """\
data       odd
rows       6 train, 0 validation, 3 test
inputs     4, images of 1x4
values     0 to 8, mean 2.958, 25.0 % of them zero
constant   3 inputs: 1, 2, 3
repeated   3 of the rows of the training file repeat an earlier one, 1 of them
           with another label: 2 (as 0), 3 (as 0), 5 (as 1)
leaked     2 of the test rows are in the training file, too, 1 of them with
           another label: 0 (as 1), 2 (as 0)
classes    3

class  train  validation  test
0          2           0     0  ##########
1          0           0     1
2          4           0     2  ####################

No training row of class 1: a network cannot learn it.

2 test rows are also in the training file: accuracy on the test rows may
flatter by that share.

0         2         0
..::  %%  --::  %%  ..::  %%
"""


class Info(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        odd = cls.folder / "odd"
        odd.mkdir()
        idx(odd, "train", [(1, 2, 0, 7), (3, 2, 0, 7), (1, 2, 0, 7), (1, 2, 0, 7), (8, 2, 0, 7),
                           (3, 2, 0, 7)], [0, 2, 0, 2, 2, 2])
        idx(odd, "test", [(3, 2, 0, 7), (9, 9, 9, 9), (1, 2, 0, 7)], [2, 1, 2])

    def test_exactly(self):
        self.assertEqual(self.good("data", "info", "odd", "--validation", "0", "--rows", "3"), INFO)

    def test_no_rows_drawn(self):
        text = self.good("data", "info", "odd", "--validation", "0", "--rows", "0")
        self.assertEqual(text, INFO[:INFO.index("\n0         2")])

    def test_json(self):
        found = self.result("data", "info", "odd", "--validation", "0", "--rows", "1")
        self.assertEqual(found["rows"], {"train": 6, "validation": 0, "test": 3})
        self.assertEqual(found["classes"][2], {"name": "2", "rows": {"train": 4, "validation": 0,
                                                                     "test": 2}})
        self.assertEqual((found["inputs"], found["image"], found["constant_inputs"]), (4, [1, 4], 3))
        self.assertEqual(found["repeated"]["count"], 3)
        self.assertEqual(found["leaked"]["first"][1], {"row": 2, "earlier": 0, "labels_differ": True})
        self.assertEqual(found["columns"][3], {"name": None, "low": 7, "high": 7, "mean": 7,
                                               "missing": 0})
        self.assertEqual(found["drawn"], [{"row": 0, "class": 0, "values": [1, 2, 0, 7]}])

    def test_table(self):
        (self.folder / "plants.csv").write_text(
            "height,colour,moist,kind\n" + "".join(
                f"{i % 7},{'red' if i % 3 else 'blue'},4,{'oak' if i % 2 else 'ash'}\n" for i in range(21))
            + ",red,4,oak\n3,,4,ash\n,blue,4,ash\n")
        text = self.good("data", "info", "plants.csv", "--missing", "mean", "--rows", "3")
        self.assertIn("missing    3 filled in: height 2, colour=red 1\n", text)
        self.assertIn("constant   1 input: moist\n", text)
        self.assertRegex(text, r"(?m)^input +low +mean +high\nheight +0 +\d\S* +6\ncolour=blue +0 +0\.\d+ +1$")
        self.assertRegex(text, r"(?m)^class +height +colour=blu\w* +colour=red +moist$")
        self.assertRegex(text, r"(?m)^ash +\d\S* +[01] +[01] +4$")
        found = self.result("data", "info", "plants.csv", "--missing", "mean")
        self.assertEqual((found["missing_values"], found["columns"][0]["missing"]), (3, 2))
        done = self.run_cli("data", "info", "plants.csv")
        self.assertEqual(done.returncode, 1)
        self.assertIn("height", done.stderr)
        text = self.good("data", "info", "plants.csv", "--missing", "drop")
        self.assertIn("missing    3 rows left out\n", text)
        found = self.result("data", "info", "plants.csv", "--missing", "drop")
        self.assertEqual((found["missing_values"], found["dropped_rows"]), (0, 3))

    def test_validation_rows_are_left_out(self):
        text = self.good("data", "info", "odd", "--validation", "80%", "--rows", "0")
        self.assertIn("rows       2 train, 4 validation, 3 test\n", text)
        self.assertIn("There is one class only in the training rows: nothing to tell apart.", text)

    def test_fits_a_terminal(self):
        for source in ("small", *(["fashion-mnist"] if SYSTEM.is_dir() else [])):
            text = self.good("data", "info", source, "--rows", "12")
            self.assertLess(max(map(len, text.splitlines())), 80)

    @unittest.skipUnless(SYSTEM.is_dir(), "fashion-mnist is not installed")
    def test_known_name(self):
        text = self.good("data", "info", "fashion-mnist", "--rows", "0")
        for line in ("data       fashion-mnist, pictures of clothes", f"path       {SYSTEM}",
                     "licence    MIT", "rows       54,000 train, 6,000 validation, 10,000 test",
                     "inputs     784, images of 28x28",
                     "Ankle boot   5,398         602  1,000  ####################"):
            self.assertIn(line + "\n", text)


class List(Case):
    def test_found_and_not_found(self):
        text = self.good("data", "list", "--data-dir", "places")
        self.assertRegex(text, r"(?m)^mnist +handwritten digits +60,000 +10,000 +28x28 +10 +"
                               r"CC BY-SA 3\.0 +12 MB  -$")
        self.assertRegex(text, r"(?m)^emnist-letters +handwritten letters +124,800 +20,800 .* 562 MB  -$")
        (self.folder / "places" / "mnist").mkdir(parents=True)
        text = self.good("data", "list", "--data-dir", "places")
        self.assertRegex(text, r"(?m)^mnist .* 12 MB  places/mnist$")
        (self.folder / "places" / "mnist" / "x.part").touch()
        text = self.good("data", "list", "--data-dir", "places")
        self.assertRegex(text, r"(?m)^mnist .* 12 MB  places/mnist \(not complete: fetch it again\)$")
        sets = {s["name"]: s for s in self.result("data", "list", "--data-dir", "places")["datasets"]}
        self.assertEqual((sets["mnist"]["found"], sets["mnist"]["complete"]), ("places/mnist", False))
        self.assertIsNone(sets["kmnist"]["found"])
        self.assertEqual(sets["kmnist"]["class_names"][3], "tsu")
        self.assertEqual(sets["mnist"]["class_names"], list("0123456789"))
        self.assertEqual(len(sets["fashion-mnist"]["files"]), 4)
        shutil.rmtree(self.folder / "places")

    def test_wrong_words(self):
        for message, arguments in (
                ("expected 'espalier data list', 'data fetch NAME' or 'data info DATA', found nothing "
                 "after data", ()),
                ("expected list, fetch or info after data, found 'lst'; did you mean 'list'?", ("lst",))):
            done = self.run_cli("data", *arguments)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (2, "", f"espalier: {message}\ntry 'espalier data --help'\n"))
        for message, arguments in (
                ("expected 'espalier data list', found 1 file argument", ("list", "x")),
                ("expected 'espalier data info DATA', found 0 file arguments", ("info",)),
                ("expected one of mnist, fashion-mnist, kmnist, emnist-letters, found 'kmnst'; did you "
                 "mean 'kmnist'?", ("fetch", "kmnst")),
                ("--from: expected an address that begins with http:// or https://, found 'ftp://x'",
                 ("fetch", "mnist", "--from", "ftp://x"))):
            done = self.run_cli("data", *arguments)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (2, "", f"espalier: {message}\ntry 'espalier data {arguments[0]} --help'\n"))


class Fetch(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.served = cls.folder / "served"
        cls.served.mkdir()
        # Not the published file: what a bad mirror would have.
        (cls.served / "t10k-images-idx3-ubyte.gz").write_bytes(b"x" * 1648877)
        cls.places = cls.folder / "places"
        cls.server = serve(cls.served)
        done = subprocess.run([PROGRAM, "data", "fetch", "kmnist", "--data-dir", cls.places, "--from",
                               f"http://127.0.0.1:{cls.server.server_port}/none"], check=False,
                              capture_output=True, text=True, env=dict(os.environ, no_proxy="*"))
        if "no libcurl" in done.stderr:
            raise unittest.SkipTest("built without libcurl")

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        super().tearDownClass()

    def tearDown(self):
        shutil.rmtree(self.places, ignore_errors=True)

    def url(self, way):
        return f"http://127.0.0.1:{self.server.server_port}/{way}"

    def fetch(self, name, way, *more):
        return self.run_cli("data", "fetch", name, "--data-dir", self.places, "--from",
                            self.url(way), *more, env=dict(environment(self.folder), no_proxy="*"))

    def left(self):
        return sorted(str(p.relative_to(self.places)) for p in self.places.rglob("*") if p.is_file())

    def wrong(self, name, way, message):
        done = self.fetch(name, way)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertRegex(done.stderr, f"^espalier: {message}\n$")
        self.assertEqual(self.left(), [])

    def test_no_such_file(self):
        self.wrong("kmnist", "none", self.url("none/t10k-images-idx3-ubyte.gz")
                   + ": the server answered 404: it has no such file")

    def test_wrong_content(self):
        self.wrong("mnist", "good", rf"{self.places}/mnist/t10k-images-idx3-ubyte.gz.part: expected "
                   r"SHA-256 8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6, found "
                   r"[0-9a-f]{64}")

    def test_redirected_to_a_file(self):
        self.wrong("mnist", "to_file", ".*: expected an address of http or https: .*")

    def test_no_network(self):
        done = self.run_cli("data", "fetch", "mnist", "--data-dir", self.places, "--from",
                            "http://127.0.0.1:1")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^espalier: http://127\.0\.0\.1:1/t10k-images-idx3-ubyte\.gz: no "
                         r"connection: .*\. Without a network, fetch this file elsewhere and put it "
                         rf"there as {self.places}/mnist/t10k-images-idx3-ubyte\.gz; another fetch "
                         r"checks it\n$")

    def test_folder_that_cannot_be_made(self):
        self.places.write_text("a file\n")
        done = self.fetch("mnist", "good")
        self.assertEqual((done.returncode, done.stderr),
                         (1, f"espalier: {self.places}: cannot make this folder: Not a directory\n"))
        self.places.unlink()

    def test_no_place_at_all(self):
        kept = {k: v for k, v in environment(self.folder).items() if k != "HOME"}
        done = self.run_cli("data", "fetch", "mnist", env=kept)
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected --data-dir DIR, $ESPALIER_DATA", done.stderr)

    def stopped(self, number):
        log = self.server.RequestHandlerClass.log
        asked = len(log)
        process = subprocess.Popen(
            [PROGRAM, "data", "fetch", "mnist", "--data-dir", self.places, "--from", self.url("slow")],
            env=dict(environment(self.folder), no_proxy="*"), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        part = self.places / "mnist" / "t10k-images-idx3-ubyte.gz.part"
        while process.poll() is None and not (len(log) > asked and part.stat().st_size > 0):
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (1, ""), err)
        self.assertRegex(err, rf"^espalier: stopped: what was fetched stays as {part}, and another "
                              r"fetch goes on there\n$")
        self.assertEqual(self.left(), ["mnist/" + part.name])

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.stopped(number)
        asked = [line for line in self.server.RequestHandlerClass.log if line.startswith("/slow/")]
        self.assertRegex(asked[-1], r"bytes=\d+-$")  # the second went on where the first stopped
        text = self.good("data", "list", "--data-dir", self.places)
        self.assertIn("places/mnist (not complete: fetch it again)\n", text)

    @unittest.skipUnless(SYSTEM.is_dir(), "fashion-mnist is not installed")
    def test_the_published_files(self):
        """The whole of it: the table's digests are those of the published files."""
        for name, stamp in PUBLISHED.items():
            data = (SYSTEM / f"{name}.gz").read_bytes()
            (self.served / f"{name}.gz").write_bytes(
                b"\x1f\x8b\x08\x08" + struct.pack("<IBB", stamp, 0, 3) + name.encode() + b"\0"
                + data[10:])
        done = self.fetch("fashion-mnist", "good")
        place = self.places / "fashion-mnist"
        self.assertEqual((done.returncode, done.stderr, done.stdout),
                         (0, "", f"fetched fashion-mnist into {place} (30,878,645 bytes)\n"))
        self.assertEqual(self.left(), [f"fashion-mnist/{name}.gz" for name in sorted(PUBLISHED)])
        self.assertEqual(gzip.decompress((place / "t10k-labels-idx1-ubyte.gz").read_bytes()),
                         gzip.decompress((SYSTEM / "t10k-labels-idx1-ubyte.gz").read_bytes()))
        done = self.fetch("fashion-mnist", "broken")
        self.assertEqual((done.returncode, done.stderr, done.stdout),
                         (0, "", f"fashion-mnist is complete in {place}: nothing to fetch\n"))
        (place / "train-labels-idx1-ubyte.gz").unlink()
        found = json.loads(self.fetch("fashion-mnist", "good", "--json").stdout)
        self.assertEqual(found, {"name": "fashion-mnist", "path": str(place), "received_bytes": 29515,
                                 "resumed_bytes": 0, "files_there_before": 3})
        (place / "train-labels-idx1-ubyte.gz").write_bytes(b"mine")
        done = self.fetch("fashion-mnist", "good")
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected 29515 bytes, found 4; this is not the published file: move it away and "
                      "fetch again", done.stderr)
        self.assertEqual((place / "train-labels-idx1-ubyte.gz").read_bytes(), b"mine")
        for name in PUBLISHED:
            if not name.startswith("t10k-images"):
                (self.served / f"{name}.gz").unlink()
        (self.served / "t10k-images-idx3-ubyte.gz").write_bytes(b"x" * 1648877)

    @unittest.skipUnless(SYSTEM.is_dir(), "fashion-mnist is not installed")
    def test_the_systems_will_do(self):
        self.assertEqual(self.good("data", "fetch", "fashion-mnist"),
                         f"fashion-mnist is complete in {SYSTEM}: nothing to fetch\n")

    def test_bar(self):
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(PROGRAM, [PROGRAM, "data", "fetch", "mnist", "--data-dir", str(self.places),
                                "--from", self.url("good")],
                      dict(environment(self.folder), no_proxy="*"))
        text = b""
        try:
            while chunk := os.read(terminal, 4096):
                text += chunk
        except OSError:  # Linux: the other end is closed
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 1)
        self.assertRegex(text.decode(), r"\r\x1b\[K1/4 t10k-images-idx3-ubyte\.gz \[ *=* *\] ")
        self.assertRegex(text.decode(), r"\r\x1b\[Kespalier: .*expected SHA-256")


main()
