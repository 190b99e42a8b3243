#!/usr/bin/env python3
"""Writes a small data set of images that can be learnt, as IDX files.

    tests/make_idx.py FOLDER [--rows 600] [--test-rows 150] [--side 8] [--classes 4] [--gzip]

Each class has a random pattern of bright pixels; a row is its class's pattern
with noise. The same arguments give the same bytes. Labels go round: 0, 1, 2, …
"""
import argparse
import gzip
import pathlib
import random
import struct


def write(path, data, zipped):
    if zipped:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(data, mtime=0))
    else:
        path.write_bytes(data)


def image(pattern, rng):
    return bytes(min(255, max(0, int(rng.gauss(200 if bright else 40, 45)))) for bright in pattern)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--test-rows", type=int, default=150)
    parser.add_argument("--side", type=int, default=8)
    parser.add_argument("--classes", type=int, default=4)
    parser.add_argument("--gzip", action="store_true")
    options = parser.parse_args()

    rng = random.Random(48)
    pixels = options.side * options.side
    patterns = [[rng.random() < 0.4 for _ in range(pixels)] for _ in range(options.classes)]
    options.folder.mkdir(parents=True, exist_ok=True)
    for prefix, rows in (("train", options.rows), ("t10k", options.test_rows)):
        labels = bytes(row % options.classes for row in range(rows))
        images = b"".join(image(patterns[label], rng) for label in labels)
        write(options.folder / f"{prefix}-images-idx3-ubyte",
              struct.pack(">4I", 0x803, rows, options.side, options.side) + images, options.gzip)
        write(options.folder / f"{prefix}-labels-idx1-ubyte",
              struct.pack(">2I", 0x801, rows) + labels, options.gzip)


if __name__ == "__main__":
    main()
