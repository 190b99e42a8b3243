"""What the peers written in Python share: arguments name=value, the data set, the
model file, and the talk with bench/run (one line of facts when ready; for each
line "run" one line of results)."""
import gzip
import json
import pathlib
import sys
import time

import numpy


def options(**defaults):
    """The program's arguments name=value over the defaults, whose types they take."""
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    unknown = given.keys() - defaults.keys()
    if unknown:
        sys.exit(f"{sys.argv[0]}: unknown option {unknown.pop()}")
    return {name: type(value)(given.get(name, value)) for name, value in defaults.items()}


def serve(once, **facts):
    """once() returns a dictionary of results, or None: then only its time counts."""
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        if line.strip() != "run":
            break
        begin = time.perf_counter()
        result = once() or {}
        print(json.dumps({"seconds": time.perf_counter() - begin, **result}), flush=True)


def repeat(one_pass, least=0.1):
    """Repeats a pass for `least` seconds or more; seconds of one pass."""
    begin, passes = time.perf_counter(), 0
    while True:
        one_pass()
        passes += 1
        if (seconds := time.perf_counter() - begin) >= least:
            return seconds / passes


def idx(folder, name, header):
    """The bytes of an IDX file behind its header."""
    path = pathlib.Path(folder) / name
    if path.exists():
        data = path.read_bytes()
    else:
        with gzip.open(f"{path}.gz") as file:
            data = file.read()
    return numpy.frombuffer(data, numpy.uint8, offset=header)


def rows(folder, part):
    """Bytes [rows][inputs] and labels of "train" or "t10k"."""
    labels = idx(folder, f"{part}-labels-idx1-ubyte", 8)
    return idx(folder, f"{part}-images-idx3-ubyte", 16).reshape(len(labels), -1), labels


def training(folder, count):
    """The training rows behind the first tenth (the validation rows), at most count."""
    values, labels = rows(folder, "train")
    first = len(labels) // 10
    return values[first:first + count], labels[first:first + count]


def scaled(values):
    return values.astype(numpy.float32) * numpy.float32(1 / 255)


def standardised(values):
    """Each column to mean 0 and standard deviation 1; a constant one to 0."""
    values = values.astype(numpy.float32)
    deviation = values.std(axis=0, dtype=numpy.float64)
    deviation[deviation == 0] = 1
    return ((values - values.mean(axis=0, dtype=numpy.float64)) / deviation).astype(numpy.float32)


def layers(path):
    """(weights [out][in], biases [out]) of each layer of a model file (safetensors)."""
    data = pathlib.Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])

    def tensor(name):
        entry = header[name]
        begin, end = entry["data_offsets"]
        flat = numpy.frombuffer(data[8 + size + begin:8 + size + end], numpy.float32)
        return flat.reshape(entry["shape"]).copy()

    depth = sum(name.endswith(".weight") for name in header)
    return [(tensor(f"layers.{l}.weight"), tensor(f"layers.{l}.bias")) for l in range(depth)]
