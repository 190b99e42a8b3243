"""Bad IDX files, gzipped files and tables."""
import gzip
import struct
import zlib

from common import packed, wrong_checksum


def header(*sizes, kind=8, rank=None):
    return bytes([0, 0, kind, len(sizes) if rank is None else rank]) + struct.pack(
        f">{len(sizes)}I", *sizes)


ROWS, SIDE = 12, 2
PIXELS = bytes(range(ROWS * SIDE * SIDE))
IMAGES = header(ROWS, SIDE, SIDE) + PIXELS
LABELS = header(ROWS) + bytes(i % 3 for i in range(ROWS))
MOST = 2**32 - 1


def idx():
    yield "magic bytes 0 and 1", b"\0\1" + IMAGES[2:]
    yield "little-endian magic", IMAGES[3::-1] + IMAGES[4:]
    yield "little-endian sizes", IMAGES[:4] + struct.pack("<3I", ROWS, SIDE, SIDE) + PIXELS
    for kind in (0, 7, 10, 15, 0x80, 0xff):
        yield f"type {kind}", header(ROWS, SIDE, SIDE, kind=kind) + PIXELS
    for kind in (9, 11, 12, 13, 14):
        yield f"type {kind} with the data of bytes", header(ROWS, SIDE, SIDE, kind=kind) + PIXELS
    for rank in (0, 1, 2, 4, 5, 127, 255):
        yield f"rank {rank}", header(ROWS, SIDE, SIDE, rank=rank) + PIXELS
    for sizes in ((0, SIDE, SIDE), (ROWS, 0, SIDE), (ROWS, SIDE, 0), (0, 0, 0)):
        yield f"sizes {sizes}", header(*sizes) + PIXELS
    for sizes in ((MOST, SIDE, SIDE), (ROWS, MOST, SIDE), (ROWS, SIDE, MOST), (MOST, MOST, MOST),
                  (65536, 65536, 1), (65536, 65536, 65536), (2**31, 2**31, 4), (2**31, 2, 1),
                  (ROWS + 1, SIDE, SIDE), (ROWS - 1, SIDE, SIDE)):
        yield f"sizes {sizes}", header(*sizes) + PIXELS
    yield "sizes that wrap to the right number", header(2**30, 2**30, 16, 3) + PIXELS
    yield "255 sizes", header(*([1] * 255)) + b"\1"
    yield "255 sizes of 2", header(*([2] * 255)) + PIXELS
    yield "eight sizes of 65536", header(*([65536] * 8)) + PIXELS
    yield "a byte more", IMAGES + b"\0"
    yield "a second file behind", IMAGES + IMAGES
    yield "doubles that are not numbers", header(ROWS, 1, kind=14) + struct.pack(">d", float("nan")) * ROWS
    yield "infinite floats", header(ROWS, 1, kind=13) + struct.pack(">f", float("inf")) * ROWS
    yield "doubles beyond float", header(ROWS, 1, kind=14) + struct.pack(">d", 1e300) * ROWS
    yield "labels in place of images", LABELS
    yield "a header without data", IMAGES[:16]


def bomb(plain, levels=1):
    for _ in range(levels):
        plain = packed(plain)
    return plain


def deflated(data):
    """A gzip member around raw deflate data."""
    return b"\x1f\x8b\x08\0\0\0\0\0\0\3" + data + bytes(8)


def gzips():
    good = packed(IMAGES)
    million = bytes(1 << 24)
    yield "method 0", good[:2] + b"\0" + good[3:]
    for flags in (1, 2, 4, 8, 16, 32, 64, 128, 0xe0, 0xff):
        yield f"flags {flags} without what they announce", good[:3] + bytes([flags]) + good[4:]
    yield "a name without end", good[:3] + b"\x08" + good[4:10] + b"n" * 100000
    yield "a comment without end", good[:3] + b"\x10" + good[4:10] + b"n" * 100000
    yield "an extra field beyond the end", good[:3] + b"\x04" + good[4:10] + b"\xff\xff" + good[10:]
    yield "a wrong header checksum", good[:3] + b"\x02" + good[4:10] + b"\0\0" + good[10:]
    yield "a wrong checksum", wrong_checksum(good)
    yield "a wrong length", good[:-4] + b"\1\2\3\4"
    yield "no checksum", good[:-8]
    yield "half a checksum", good[:-6]
    yield "zeros behind", good + bytes(512)
    yield "text behind", good + b"hello"
    yield "half a member behind", good + good[:20]
    yield "a broken member behind", good + good[:12] + b"\xff" * 20
    yield "the file twice", good + good
    yield "10,000 empty members", packed(b"") * 10000
    yield "10,000 members of a byte", packed(b"\0") * 10000
    yield "block type 3", deflated(b"\x07" + bytes(100))
    yield "a stored block of another length", deflated(b"\x01\x10\x00\x00\x00" + bytes(16))
    yield "empty stored blocks without end", deflated(b"\0\0\0\xff\xff" * 20000)
    yield "a distance before the beginning", deflated(b"\x4b\x04\x12" + bytes(20))
    yield "codes over-subscribed", deflated(b"\x05" + b"\xff" * 40)
    yield "codes of no length", deflated(b"\x05" + bytes(40))
    yield "a dictionary asked for", b"\x78\xbb" + bytes(50)
    yield "zlib, not gzip", zlib.compress(IMAGES)
    yield "raw deflate", zlib.compress(IMAGES)[2:-4]
    yield "compress(1)", b"\x1f\x9d\x90" + bytes(60)
    yield "bzip2", b"BZh91AY&SY" + bytes(60)
    yield "xz", b"\xfd7zXZ\0" + bytes(60)
    yield "zstd", b"\x28\xb5\x2f\xfd" + bytes(60)
    yield "a bomb of 16 MB", bomb(million)
    yield "a bomb in a bomb", bomb(million, 2)
    yield "a bomb with a header that fits", bomb(header(1 << 24, 1, 1) + million)
    yield "a bomb with a header that promises 4 GB", bomb(header(MOST, 1, 1) + million)
    yield "a bomb with a header that promises 2^96", bomb(header(MOST, MOST, MOST) + million)
    yield "a header that promises what 1032 times could hold", bomb(header(40000, 1, 1)) + bytes(0)
    yield "two bytes", b"\x1f\x8b"
    yield "stored, truncated", gzip.compress(IMAGES, 0, mtime=0)[:-12]


TABLE = b"a,b,c,class\n" + b"".join(
    b"%d,%d.5,%d,%s\n" % (i, i * 3, i % 5, b"yes" if i % 2 else b"no") for i in range(20))


def tables():
    lines = TABLE.split(b"\n")
    yield "a header alone", lines[0] + b"\n"
    yield "one column", b"a\n1\n2\n"
    yield "one row", b"\n".join(lines[:2]) + b"\n"
    yield "a field too few", TABLE + b"1,2,3\n"
    yield "a field too many", TABLE + b"1,2,3,4,5\n"
    yield "a quote without end", TABLE + b'"1,2,3,4\n'
    yield "a quote without end, 300 kB on", TABLE + b'"' + b"x" * 300000
    yield "text behind a quote", TABLE + b'"1"2,2,3,no\n'
    yield "a quote within a field", TABLE + b'1"2,2,3,no\n'
    yield "zero bytes", TABLE.replace(b"3", b"\0")
    yield "a zero byte in a label", TABLE.replace(b"yes", b"y\0s")
    yield "not a number", TABLE + b"1,2,none,no\n"
    for word in (b"nan", b"inf", b"-infinity", b"1e999", b"-1e39", b"0x10", b"1_000", b"1,5", b"--1", b"+",
                 b".", b"e5", b"1e", b"1e+", b"\xd9\xa1\xd9\xa2", b"9" * 400 + b".5", b"1" + b"0" * 100000):
        yield f"the number {word[:20]!r}", TABLE + b"1," + word + b",3,no\n"
    yield "an empty cell", TABLE + b"1,,3,no\n"
    yield "an empty label", TABLE + b"1,2,3,\n"
    yield "the same name twice", TABLE.replace(b"a,b", b"a,a")
    yield "no names", TABLE.replace(b"a,b,c", b",,")
    yield "invalid UTF-8", TABLE + b"1,2,3,\xff\xfe\x80\n"
    yield "terminal codes in a label", TABLE + b"1,2,3,\x1b[2Jhello\n"
    yield "carriage returns alone", TABLE.replace(b"\n", b"\r")
    yield "mixed line ends", TABLE.replace(b"5\n", b"5\r\n").replace(b"no\n", b"no\r")
    yield "commas alone", b",,,\n" * 100
    yield "line ends alone", b"\n" * 100000
    yield "quotes alone", b'"' * 99999
    yield "100,000 columns", b",".join([b"1"] * 100000) + b"\n" + b",".join([b"1"] * 100000) + b"\n"
    yield "2,000,000 columns", b"," * 2000000 + b"\n"
    yield "a label for every row", b"a,b\n" + b"".join(b"%d,l%d\n" % (i, i) for i in range(70000))
    yield "a category for every row", b"a,b\n" + b"".join(b"c%d,%d\n" % (i, i % 2) for i in range(2000))
    yield "constant columns, one class", b"a,b,c\n" + b"1,1,x\n" * 30
    yield "a label of 100 kB", TABLE + b"1,2,3," + b"l" * 100000 + b"\n"
    yield "a huge label number", b"a,b\n1,0\n2,1\n3,4294967295\n"
    yield "a huge class number", b"a,b\n1,0\n2,1\n3,4294967296\n"
    yield "labels beyond 64 bits", b"a,b\n1,0\n2,1\n3,99999999999999999999\n"
    yield "a formula", TABLE + b"=cmd|' /C calc'!A0,2,3,no\n"
    yield "a byte order mark of UTF-16", b"\xff\xfe" + TABLE.decode().encode("utf-16-le")
    yield "separators that change", TABLE + b"1;2;3;no\n"
    yield "a comment of 100 kB", b"#" + b"c" * 100000 + b"\n" + TABLE
    yield "comments alone", b"#c\n" * 1000
    yield "a gzip bomb", bomb(bytes(1 << 24))
    yield "a gzip bomb of line ends", bomb(b"\n" * (1 << 24))
    yield "a gzip bomb of one field", bomb(b"1" * (1 << 24))
    yield "a gzip bomb of fields", bomb(b"1," * (1 << 23))
    yield "a gzip bomb of quotes", bomb(b'"' * (1 << 24))
    yield "cut gzip", packed(TABLE)[:-10]
