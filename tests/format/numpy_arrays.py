"""Has numpy write arrays for test_npy_numpy.c to read.

usage: numpy_arrays.py FOLDER
Files NAME.npy and NAME.values: what must be found, as float32 in C order and this
machine's byte order; of texts NAME.texts, one to a line. all.npz and packed.npz hold
all of the arrays, stored and deflated.
Exit code 77: numpy is not installed."""
import itertools
import pathlib
import sys

try:
    import numpy as np
    from numpy.lib import format as npy
except ImportError:
    sys.exit(77)

folder = pathlib.Path(sys.argv[1])
random = np.random.default_rng(1)
arrays = {}


def write(name, array, version=None):
    with open(folder / f"{name}.npy", "wb") as file:
        npy.write_array(file, array, version=version, allow_pickle=False)
    arrays[name] = array
    if array.dtype.kind in "US":
        texts = [t.decode() if isinstance(t, bytes) else str(t) for t in array.ravel(order="C")]
        (folder / f"{name}.texts").write_text("".join(t + "\n" for t in texts), encoding="utf-8")
    else:
        with np.errstate(over="ignore"):
            array.astype("=f4").ravel(order="C").tofile(folder / f"{name}.values")


def values(kind, size, count):
    if kind == "b":
        return random.integers(0, 2, count).astype(bool)
    if kind == "f":
        made = random.normal(0, 100, count)
        made[:6] = 0.0, -0.0, np.inf, -np.inf, np.nan, 6e-8
        return made
    info = np.iinfo(np.dtype(f"{kind}{size}"))
    made = random.integers(info.min, info.max, count, dtype=info.dtype, endpoint=True)
    made[:2] = info.min, info.max
    return made


TYPES = ["b1"] + [f"{k}{s}" for k in "iu" for s in (1, 2, 4, 8)] + ["f2", "f4", "f8"]
SHAPES = [(), (7,), (1,), (0,), (3, 0), (5, 4), (2, 3, 4), (1, 5, 1, 3), (700, 9)]
for number, (kind, end, order) in enumerate(itertools.product(TYPES, "<>", "CF")):
    for shape in SHAPES:
        count = int(np.prod(shape))
        some = values(kind[0], kind[1], max(count, 6))[:count].reshape(shape)
        array = np.array(some, dtype=np.dtype(end + kind), order=order)
        write(f"{kind}-{'lb'[end == '>']}{order}-{'x'.join(map(str, shape))}", array)
for version in ((1, 0), (2, 0), (3, 0)):
    write(f"version{version[0]}", np.arange(6, dtype="<i4").reshape(2, 3), version)
write("strided", np.arange(60, dtype="f4").reshape(6, 10)[::2, ::-3])
for end in "<>":
    write(f"texts{'lb'[end == '>']}", np.array([["cat", "dög"], ["鳥", "🐟 fish"]], dtype=f"{end}U7"))
    write(f"textsF{'lb'[end == '>']}", np.asfortranarray(np.array([["a", "b", "c"], ["d", "e", ""]],
                                                                 dtype=f"{end}U2")))
write("latin", np.array([b"one", b"three"]))
np.savez(folder / "all.npz", **arrays)
np.savez_compressed(folder / "packed.npz", **arrays)
