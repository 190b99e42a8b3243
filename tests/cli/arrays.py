"""Files of NumPy arrays, written and read without NumPy."""
import array
import re
import struct
import zipfile


def npy(descr, shape, values, fortran=False):
    """A .npy file, version 1, of values as they lie in memory."""
    head = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + values


def read_npy(data):
    """The shape and values of a matrix of floats in this machine's order."""
    length, = struct.unpack("<H", data[8:10])
    shape = re.search(rb"'shape': \((\d+), (\d+)\)", data[10:10 + length])
    return tuple(map(int, shape.groups())), array.array("f", data[10 + length:])


def write_npz(path, compression=zipfile.ZIP_STORED, **arrays):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in arrays.items():
            archive.writestr(name + ".npy", data)
