"""Bad .npy files and .npz archives."""
import io
import struct
import zipfile

from common import packed, zipped

ROWS, INPUTS = 12, 4


def npy(head, data, version=(1, 0), length=None):
    head = head.encode("latin-1") if isinstance(head, str) else head
    size = len(head) if length is None else length
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version[0] == 1 else "<I", size) + head + data


def head(descr="'<f4'", order="False", shape=f"({ROWS}, {INPUTS})", more=""):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, {more}}}\n"


VALUES = struct.pack(f"<{ROWS * INPUTS}f", *(i % 7 for i in range(ROWS * INPUTS)))
GOOD = npy(head(), VALUES)
LABELS = npy(head("'|u1'", shape=f"({ROWS},)"), bytes(i % 3 for i in range(ROWS)))


def arrays():
    for version in ((0, 0), (1, 1), (2, 0), (3, 0), (4, 0), (9, 9), (255, 255)):
        yield f"version {version}", b"\x93NUMPY" + bytes(version) + GOOD[8:]
    yield "a header of no length", npy("", VALUES)
    yield "a header length beyond the file", npy(head(), VALUES, length=65535)
    yield "a header length of 4 GB", npy(head(), VALUES, (2, 0), 2**32 - 1)
    yield "a header length cut short", npy(head(), VALUES, length=20)
    yield "a header of 1 MB of spaces", npy(" " * (1 << 20) + head(), VALUES, (2, 0))
    yield "no dictionary", npy("[1, 2]\n", VALUES)
    yield "a dictionary without end", npy(head()[:-3], VALUES)
    yield "an expression", npy(head(shape="__import__('os').system('true')"), VALUES)
    yield "a sum", npy(head(shape="(6+6, 4)"), VALUES)
    yield "a key twice", npy(head(more="'shape': (1, 1), "), VALUES)
    yield "a key too many", npy(head(more="'other': 1, "), VALUES)
    yield "no shape", npy("{'descr': '<f4', 'fortran_order': False}\n", VALUES)
    yield "deep nesting", npy(head(shape="(" * 30000), VALUES)
    yield "deep lists", npy(head(descr="[" * 30000), VALUES)
    for shape in ("()", "(12)", "(-12, 4)", "(12, -4)", "(12.0, 4)", "(0, 4)", "(12, 0)", "(1e3, 4)", "(0x0c, 4)",
                  "(18446744073709551615, 4)", "(18446744073709551616, 4)", "(4611686018427387904, 4)",
                  "(4294967296, 4294967296)", "(99999999999999999999999999, 1)", "(13, 4)", "(11, 4)",
                  "(" + "1, " * 40 + "48)", "(" + "2, " * 64 + ")", "('12', 4)", "(12, 4", "(12,, 4)", "(True, 4)"):
        yield f"shape {shape[:40]}", npy(head(shape=shape), VALUES)
    for descr in ("'|O'", "'<f3'", "'<f16'", "'<c8'", "'<M8[s]'", "'|V4'", "'<U99999999'", "'|S4294967295'",
                  "'|S18446744073709551615'", "'<i16'", "'>f'", "'f4'", "'<f4", "''", "'<f04'", "'<f-4'",
                  "[('a', '<f4')]", "12", "None", "'<U0'", "'|S0'"):
        yield f"type {descr}", npy(head(descr=descr), VALUES)
    for order in ("0", "None", "'False'", "true", "Maybe"):
        yield f"fortran_order {order}", npy(head(order=order), VALUES)
    yield "zero bytes in the header", npy(head().replace(" ", "\0"), VALUES)
    yield "a byte more", GOOD + b"\0"
    yield "half of the data", GOOD[:-len(VALUES) // 2]
    yield "no numbers", npy(head(), struct.pack("<f", float("nan")) * ROWS * INPUTS)
    yield "infinite numbers", npy(head(), struct.pack("<f", float("-inf")) * ROWS * INPUTS)
    yield "doubles beyond float", npy(head("'<f8'"), struct.pack("<d", 1e300) * ROWS * INPUTS)
    yield "a gzip bomb", packed(npy(head("'|u1'", shape="(4194304, 4)"), bytes(1 << 24)))
    yield "a gzip bomb that promises more", packed(npy(head("'|u1'", shape="(99999999999, 4)"), bytes(1 << 24)))


# ---- archives ------------------------------------------------------------------------------

def archive(members, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as out:
        for name, data in members:
            out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
    return buffer.getvalue()


GOOD_ZIP = archive([("x.npy", GOOD), ("y.npy", LABELS)])
DEFLATED = archive([("x.npy", GOOD), ("y.npy", LABELS)], zipfile.ZIP_DEFLATED)


def central(data):
    return data.index(b"PK\1\2")


def end(data):
    return data.rindex(b"PK\5\6")


def patch(data, at, form, *values):
    new = struct.pack("<" + form, *values)
    return data[:at] + new + data[at + len(new):]


def archives():
    good, packed_zip, middle, tail = GOOD_ZIP, DEFLATED, central(GOOD_ZIP), end(GOOD_ZIP)
    yield "no member", b"PK\5\6" + bytes(18)
    yield "x alone", archive([("x.npy", GOOD)])
    yield "y alone", archive([("y.npy", LABELS)])
    yield "the same name twice", good[:middle].replace(b"y.npy", b"x.npy") + good[middle:].replace(b"y.npy", b"x.npy")
    yield "other names in the list", good[:middle] + good[middle:].replace(b"y.npy", b"z.npy")
    yield "other names at the members", good[:middle].replace(b"y.npy", b"z.npy") + good[middle:]
    for name in ("../x.npy", "/x.npy", "a/../../x.npy", "C:\\x.npy", "x\n.npy", "\x1b[2Jx.npy", ".npy", "x.npy/"):
        yield f"a member {name!r}", archive([(name, GOOD), ("y.npy", LABELS)])
    yield "a member whose name is 60 kB", archive([("x" * 60000 + ".npy", GOOD), ("y.npy", LABELS)])
    yield "20,000 members", archive([(f"m{i}.npy", b"") for i in range(20000)])
    yield "a member that is no array", archive([("x.npy", b"hello"), ("y.npy", LABELS)])
    yield "an empty member", archive([("x.npy", b""), ("y.npy", LABELS)])
    yield "an archive in the archive", archive([("x.npy", good), ("y.npy", LABELS)])
    for what, at, form, value in (("method 12", 10, "H", 12), ("method 99", 10, "H", 99), ("encrypted", 8, "H", 1),
                                  ("a descriptor", 8, "H", 8), ("a wrong checksum", 16, "I", 1),
                                  ("packed size 0", 20, "I", 0), ("packed size 4 GB", 20, "I", 2**32 - 2),
                                  ("size 0", 24, "I", 0), ("size 4 GB", 24, "I", 2**32 - 2),
                                  ("sizes in 64 bits that are not there", 24, "I", 2**32 - 1),
                                  ("a name beyond the list", 28, "H", 65535), ("extra beyond the list", 30, "H", 65535),
                                  ("a comment beyond the list", 32, "H", 65535), ("another disk", 34, "H", 7),
                                  ("a place beyond the file", 42, "I", 2**31), ("a place in the list", 42, "I", middle),
                                  ("the place of the other member", 42, "I", good.index(b"PK\3\4", 4))):
        yield f"list: {what}", patch(good, middle + at, form, value)
        yield f"list, deflated: {what}", patch(packed_zip, central(packed_zip) + at, form, value)
    for what, at, form, value in (("65535 members", 10, "H", 65535), ("no members", 10, "H", 0), ("one member", 10, "H", 1),
                                  ("a list of 4 GB", 12, "I", 2**32 - 2), ("a list of no length", 12, "I", 0),
                                  ("a list beyond the file", 16, "I", 2**31), ("a list at 0", 16, "I", 0),
                                  ("a comment beyond the file", 20, "H", 65535), ("disk 3", 4, "H", 3)):
        yield f"end: {what}", patch(good, tail + at, form, value)
    zeros = bytes(1 << 24)
    yield "a bomb", archive([("x.npy", npy(head("'|u1'", shape="(4194304, 4)"), zeros)), ("y.npy", LABELS)],
                            zipfile.ZIP_DEFLATED)
    yield "a bomb that promises more", archive([("x.npy", npy(head("'|u1'", shape="(99999999999, 4)"), zeros)),
                                                ("y.npy", LABELS)], zipfile.ZIP_DEFLATED)
    yield "a bomb in a bomb", archive([("x.npy", zipped("x.npy", zeros)), ("y.npy", LABELS)], zipfile.ZIP_DEFLATED)
    yield "members that overlap", overlapping()
    yield "two ends", good + good[tail:]
    yield "bytes before", b"#!/bin/sh\n" + good
    yield "bytes behind", good + bytes(100)
    yield "a list without members", good[middle:]
    yield "pickled objects", archive([("x.npy", npy(head("'|O'"), b"\x80\4cposix\nsystem\n")), ("y.npy", LABELS)])


def overlapping():
    """Many names in the list for one member: what a zip bomb of today is made of."""
    member = zipped("x.npy", bytes(1 << 22))
    at, ending = central(member), end(member)
    entry = member[at:ending]
    entries = b"".join(entry[:46] + b"%04d.npy" % i for i in range(2000)) if len(entry) == 51 else entry * 2000
    entries = entries.replace(struct.pack("<H", 5) + b"\0\0", struct.pack("<H", 8) + b"\0\0")
    return member[:at] + entries + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 2000, 2000, len(entries), at, 0)
