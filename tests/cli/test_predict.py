"""Batch prediction: forms of output, rows as a stream, bounded memory, readers that go away."""
import array
import json
import os
import random
import signal
import struct
import subprocess
import threading

from arrays import npy, read_npy
from harness import PROGRAM, Case, environment, main


class Predict(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_once("train", "small", "-o", "net", "--hidden", "16", "--epochs", "10", "--quiet")
        cls.images = cls.bytes_of(cls, "small/t10k-images-idx3-ubyte")[16:]
        cls.text = cls.run_once("predict", "net", "small")
        cls.lines = cls.text.splitlines(keepends=True)
        cls.rows = [cls.images[i:i + 64] for i in range(0, len(cls.images), 64)]
        (cls.folder / "rows.csv").write_text("".join(map(cls.csv_line, cls.rows)))
        (cls.folder / "rows.npy").write_bytes(npy("|u1", (150, 8, 8), cls.images))

    @classmethod
    def run_once(cls, *arguments):
        done = cls.run_cli(cls, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @staticmethod
    def csv_line(row):
        return ",".join(map(str, row)) + "\n"

    def feed(self, text, *arguments, code=0):
        """Runs predict with text on standard input."""
        done = subprocess.run([PROGRAM, "predict", "net", "-", *arguments], cwd=self.folder,
                              env=environment(self.folder), input=text, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout, done.stderr

    # ---- where rows come from

    def test_rows_are_the_same_wherever_they_come_from(self):
        self.assertEqual(self.good("predict", "net", "rows.csv"), self.text)
        self.assertEqual(self.good("predict", "net", "rows.npy"), self.text)
        self.assertEqual(self.feed((self.folder / "rows.csv").read_text())[0], self.text)
        header = ",".join(f"p{i}" for i in range(64)) + "\n"
        self.assertEqual(self.feed(header + "".join(map(self.csv_line, self.rows)))[0], self.text)
        columns = b"".join(bytes(row[i] for row in self.rows) for i in range(64))
        (self.folder / "columns.npy").write_bytes(npy("|u1", (150, 64), columns, True))
        self.assertEqual(self.good("predict", "net", "columns.npy"), self.text)
        wide = b"".join(struct.pack(">d", value) for value in self.images)
        (self.folder / "wide.npy").write_bytes(npy(">f8", (150, 64), wide))
        self.assertEqual(self.good("predict", "net", "wide.npy"), self.text)

    def test_a_row_depends_on_no_other(self):
        for i in (0, 77, 149):
            self.assertEqual(self.feed(self.csv_line(self.rows[i]))[0],
                             self.lines[0] + self.lines[i + 1])

    def test_some_rows(self):
        for source in ("rows.csv", "rows.npy", "small"):
            self.assertEqual(self.good("predict", "net", source, "--rows", "3"),
                             "".join(self.lines[:4]))
            self.assertEqual(self.good("predict", "net", source, "--rows", "20:25"),
                             self.lines[0] + "".join(self.lines[21:26]))
            self.assertEqual(self.good("predict", "net", source, "--rows", "148:"),
                             self.lines[0] + "".join(self.lines[149:]))
        text, _ = self.feed("".join(map(self.csv_line, self.rows)), "--rows", "1:2")
        self.assertEqual(text, self.lines[0] + self.lines[2])
        done = self.run_cli("predict", "net", "rows.npy", "--rows", "151")
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected rows within the 150 rows of rows.npy, found 0:151", done.stderr)
        for first in ("150:", "151:", "400:500"):
            done = self.run_cli("predict", "net", "rows.csv", "--rows", first, "-o", "beyond.csv")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, "espalier: rows.csv: expected more than %s rows for --rows, "
                             "found 150\n" % first.split(":")[0])
            self.assertFalse((self.folder / "beyond.csv").exists())
        for rows, end in (("151", 151), ("149:400", 400), ("0:151", 151)):
            done = self.run_cli("predict", "net", "rows.csv", "--rows", rows, "-o", "beyond.csv")
            self.assertEqual((done.returncode, done.stderr),
                             (1, f"espalier: rows.csv: expected {end} rows for --rows, found 150\n"))
            self.assertFalse((self.folder / "beyond.csv").exists())
        text, said = self.feed("".join(map(self.csv_line, self.rows)), "--rows", "149:151", code=1)
        self.assertEqual((text, said), (self.lines[0] + self.lines[150],
                                        "espalier: standard input: expected 151 rows for --rows, found 150\n"))

    def test_no_rows(self):
        self.assertEqual(self.feed("")[0], self.lines[0])
        (self.folder / "none.npy").write_bytes(npy("|u1", (0, 64), b""))
        self.assertEqual(self.good("predict", "net", "none.npy"), self.lines[0])
        self.good("predict", "net", "none.npy", "-o", "none-out.npy")
        self.assertEqual(read_npy(self.bytes_of("none-out.npy"))[0], (0, 4))

    # ---- forms of output

    def probabilities(self):
        return [[float(x) for x in line.split(",")[1:]] for line in self.lines[1:]]

    def test_json_lines(self):
        for arguments in (("small", "--format", "jsonl"), ("rows.csv", "--format", "jsonl")):
            found = [json.loads(line) for line in
                     self.good("predict", "net", *arguments).splitlines()]
            self.assertEqual(len(found), 150)
            for one, row, line in zip(found, self.probabilities(), self.lines[1:]):
                self.assertEqual(list(one), ["class", "probability", "probabilities"])
                self.assertEqual(list(one["probabilities"]), ["0", "1", "2", "3"])
                self.assertEqual(list(one["probabilities"].values()), row)
                self.assertEqual(one["probability"], max(row))
                self.assertEqual(one["class"], line.split(",")[0])
        for name in ("p.npz", "p.JSON"):
            done = self.run_cli("predict", "net", "small", "-o", name)
            self.assertEqual((done.returncode, (self.folder / name).exists()), (2, False))
        self.good("predict", "net", "small", "-o", "p.JSONL")
        self.good("predict", "net", "small", "-o", "p.jsonl")
        self.assertEqual(self.bytes_of("p.JSONL"), self.bytes_of("p.jsonl"))
        self.assertEqual(self.bytes_of("p.jsonl").decode(),
                         self.good("predict", "net", "small", "--format", "jsonl"))

    def test_names_of_classes_in_json(self):
        data = self.bytes_of("net")
        size, = struct.unpack("<Q", data[:8])
        header = json.loads(data[8:8 + size])
        names = ['a "b"', "c,d", "\u9ce5", "e\\f"]
        header["__metadata__"]["classes"] = json.dumps(names)
        head = json.dumps(header).encode()
        head += b" " * (-len(head) % 8)
        (self.folder / "named").write_bytes(struct.pack("<Q", len(head)) + head + data[8 + size:])
        line = self.good("predict", "named", "small", "--rows", "1", "--format", "jsonl")
        self.assertEqual(list(json.loads(line)["probabilities"]), names)

    def test_arrays(self):
        expected = array.array("f", [x for row in self.probabilities() for x in row])
        for source in ("small", "rows.csv", "rows.npy"):
            self.good("predict", "net", source, "-o", "p.npy")
            self.assertEqual(read_npy(self.bytes_of("p.npy")), ((150, 4), expected))
        with open(self.folder / "out", "wb") as out:
            self.assertEqual(self.run_cli("predict", "net", "rows.csv", "--format", "npy",
                                          stdout=out).returncode, 0)
        self.assertEqual(self.bytes_of("out"), self.bytes_of("p.npy"))
        # A number of rows that is known goes through a pipe.
        done = subprocess.run([PROGRAM, "predict", "net", "small", "--format", "npy"],
                              cwd=self.folder, stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, self.bytes_of("p.npy"))

    def test_array_into_a_pipe(self):
        for arguments in ((), ("-o", "/dev/stdout")):
            done = self.run_cli("predict", "net", "rows.csv", "--format", "npy", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("begins with its number of rows", done.stderr)
        with open(self.folder / "log", "ab") as log:
            self.assertEqual(self.run_cli("predict", "net", "rows.csv", "--format", "npy",
                                          stdout=log).returncode, 2)

    # ---- wrong input

    def wrong(self, words, *arguments, code=1):
        done = self.run_cli("predict", "net", *arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertIn(words, done.stderr)

    def test_wrong_arrays(self):
        (self.folder / "odd.npy").write_bytes(npy("|u1", (1, 63), bytes(63)))
        self.wrong("expected rows of 64 numbers, [rows, 64], found uint8 [1, 63]", "odd.npy")
        (self.folder / "flat.npy").write_bytes(npy("|u1", (64,), bytes(64)))
        self.wrong("found uint8 [64]", "flat.npy")
        (self.folder / "text.npy").write_bytes(npy("|S1", (1, 64), bytes(64)))
        self.wrong("found bytes [1, 64]", "text.npy")
        (self.folder / "pickle.npy").write_bytes(npy("|O", (1, 64), b""))
        self.wrong("it holds Python objects", "pickle.npy")
        values = struct.pack("<64f", *range(63), float("nan"))
        (self.folder / "nan.npy").write_bytes(npy("<f4", (1, 64), values))
        done = self.run_cli("predict", "net", "nan.npy")
        self.assertEqual((done.returncode, done.stdout), (1, self.lines[0]))
        self.assertIn("row 0, column 63 (counted from 0): expected a finite number, found nan",
                      done.stderr)
        self.wrong("--split: standard input has no parts", "-", "--split", "test", code=2)

    def test_a_bad_row_leaves_no_file(self):
        (self.folder / "bad.csv").write_text(self.csv_line(self.rows[0]) + "1,2,3\n")
        (self.folder / "kept.csv").write_text("kept")
        before = sorted(os.listdir(self.folder))
        self.wrong("bad.csv", "bad.csv", "-o", "kept.csv")
        self.assertEqual(self.bytes_of("kept.csv"), b"kept")
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        text, error = self.feed((self.folder / "bad.csv").read_text(), code=1)
        self.assertEqual(text, "".join(self.lines[:2]))
        self.assertIn("row 2", error)

    # ---- streams

    def test_a_row_comes_out_before_the_next_goes_in(self):
        with subprocess.Popen([PROGRAM, "predict", "net", "-", "--header", "no"], cwd=self.folder,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
            for i in range(20):
                one.stdin.write(self.csv_line(self.rows[i]))
                one.stdin.flush()
                if i == 0:
                    self.assertEqual(one.stdout.readline(), self.lines[0])
                self.assertEqual(one.stdout.readline(), self.lines[i + 1])
            one.stdin.close()
            self.assertEqual(one.stdout.read(), "")
        self.assertEqual(one.returncode, 0)

    def test_reader_that_goes_away(self):
        text = "".join(map(self.csv_line, self.rows)) * 40
        (self.folder / "long.csv").write_text(text)
        for source in ("long.csv", "-"):
            with open(self.folder / "long.csv", encoding="ascii") as rows:
                with subprocess.Popen([PROGRAM, "predict", "net", source], cwd=self.folder,
                                      stdin=rows, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      text=True) as one:
                    self.assertEqual(one.stdout.readline(), self.lines[0])
                    one.stdout.close()
                    self.assertEqual(one.stderr.read(), "")
            self.assertEqual(one.returncode, -signal.SIGPIPE)

    def peak(self, rows):
        """The most memory in KiB that predicting so many rows from standard input takes."""
        draw = random.Random(1)
        some = "".join(self.csv_line(draw.choices(range(256), k=64)) for _ in range(100))
        with subprocess.Popen([PROGRAM, "predict", "net", "-", "-o", "/dev/null"],
                              cwd=self.folder, stdin=subprocess.PIPE, text=True) as one:
            def write():
                with one.stdin:
                    for _ in range(rows // 100):
                        one.stdin.write(some)
            writer = threading.Thread(target=write)
            writer.start()
            _, status, usage = os.wait4(one.pid, 0)
            one.returncode = os.waitstatus_to_exitcode(status)
            writer.join()
        self.assertEqual(one.returncode, 0)
        return usage.ru_maxrss

    def test_memory_does_not_grow_with_rows(self):
        few, many = self.peak(1000), self.peak(40000)
        # 39,000 rows are 10 MB as floats and more as text.
        self.assertLess(many - few, 2048)


if __name__ == "__main__":
    main()
