"""What the command-line tests share: a folder with small data, and running espalier.

Each test is a program: test_NAME.py ESPALIER, where ESPALIER is the program under test.
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

MAKE_IDX = pathlib.Path(__file__).resolve().parent.parent / "make_idx.py"
PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve()) if len(sys.argv) > 1 else "espalier"


def environment(folder):
    """No data sets but those of the test and of the system."""
    kept = {k: v for k, v in os.environ.items() if k not in ("ESPALIER_DATA", "XDG_DATA_HOME")}
    return dict(kept, HOME=str(folder), LC_ALL="C.UTF-8")


# What may be said where little is left of small networks.
THIN = r"(espalier: warning: [^\n]*(layer|never predicted|asked for)[^\n]*\n)*"


class Case(unittest.TestCase):
    """A fresh folder for each class, with the data set `small`: 64 inputs, 4 classes."""

    place = "."

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cli-", dir=cls.place)).resolve()
        subprocess.run([sys.executable, MAKE_IDX, cls.folder / "small"], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def run_cli(self, *arguments, **more):
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("env", environment(self.folder))
        return subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              check=False, **more)

    def good(self, *arguments, code=0, said=""):
        """Runs a command that must end with `code`; returns its stdout. said: a pattern."""
        done = self.run_cli(*arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        if code == 0:
            self.assertRegex(done.stderr, rf"\A{said}\Z")
        return done.stdout

    def result(self, *arguments, code=0, said=""):
        return json.loads(self.good(*arguments, "--json", code=code, said=said))

    def bytes_of(self, name):
        return (self.folder / name).read_bytes()

    def header(self, name):
        """The JSON header of a model file."""
        data = self.bytes_of(name)
        length, = struct.unpack("<Q", data[:8])
        return json.loads(data[8:8 + length])

    def tensors(self, name):
        """The bytes of every tensor of a model file."""
        data, header = self.bytes_of(name), self.header(name)
        start = 8 + struct.unpack("<Q", data[:8])[0]
        return {key: data[start + about["data_offsets"][0]:start + about["data_offsets"][1]]
                for key, about in header.items() if key != "__metadata__"}

    def training(self, name):
        return json.loads(self.header(name)["__metadata__"]["training"])


def main():
    unittest.main(verbosity=1)
