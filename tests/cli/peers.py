"""Other programs that read what espalier exports, and where they are found.

Packages for Python may belong to the Python that runs the tests or to the system's own.
Node's are sought in build/peers/node_modules, where `scripts/setup peers` puts them.
"""
import array
import functools
import gzip
import json
import pathlib
import re
import shutil
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
NODE_MODULES = TESTS.parent / "build" / "peers" / "node_modules"
SCRIPT = TESTS / "peers" / "peer.py"
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")


@functools.lru_cache(None)
def python_with(*modules):
    """A Python that has all modules, or None."""
    find = f"import importlib.util as u; exit(not all(map(u.find_spec, {modules!r})))"
    for python in filter(None, (sys.executable, "/usr/bin/python3", shutil.which("python3"))):
        if pathlib.Path(python).exists() and not subprocess.run([python, "-c", find]).returncode:
            return python
    return None


def has_onnxruntime():
    return bool(shutil.which("node")) and (NODE_MODULES / "onnxruntime-node").is_dir()


def images(path):
    """The bytes of an IDX file of images as float32 rows; their width."""
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    width = int.from_bytes(data[8:12], "big") * int.from_bytes(data[12:16], "big")
    return array.array("f", list(data[16:])), width


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{command[1]}: {done.stderr.strip()[-800:]}")
    return done.stdout


def probabilities(models):
    """The float32 numbers that a peer wrote for each model."""
    lists = []
    for model in models:
        numbers = array.array("f")
        numbers.frombytes(pathlib.Path(f"{model}.out").read_bytes())
        lists.append(numbers)
    return lists


def snippets(document):
    """The blocks of a document that have a file's name: {name: text}."""
    text = (TESTS.parent / "docs" / document).read_text(encoding="utf-8")
    return dict(re.findall(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", text, re.M | re.S))


def check(models):
    return json.loads(run(python_with("onnx"), SCRIPT, "check", *models))


def onnxruntime(rows, width, models):
    run("node", TESTS / "peers" / "onnxruntime.cjs", NODE_MODULES, rows, width, *models)
    return probabilities(models)


def opencv(rows, width, models):
    run(python_with("cv2"), SCRIPT, "opencv", rows, width, *models)
    return probabilities(models)


def torch(rows, width, models, modules):
    """modules: for each model what stands in torch.nn.Sequential()."""
    run(python_with("torch", "numpy"), SCRIPT, "torch", rows, width,
        *(f"{model}={module}" for model, module in zip(models, modules)))
    return probabilities(models)
