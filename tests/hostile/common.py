"""Kinds of bad files that are bad for every reader: no regular files, and files of another kind."""
import gzip
import io
import os
import random
import socket
import struct
import zipfile
import zlib


# Something else than a file at that path.

def fifo(path):
    os.mkfifo(path)


def zeros(path):
    os.symlink("/dev/zero", path)


def full(path):
    os.symlink("/dev/full", path)


def nothing(path):
    os.symlink("/dev/null", path)


def terminal(path):
    os.symlink("/dev/tty", path)


def own_memory(path):
    os.symlink("/proc/self/mem", path)


def processor(path):
    os.symlink("/proc/cpuinfo", path)


def folder(path):
    path.mkdir()


def dangling(path):
    os.symlink("not-there", path)


def loop(path):
    os.symlink(path.name, path)


def to_fifo(path):
    os.mkfifo(path.with_name("the-fifo"))
    os.symlink("the-fifo", path)


def door(path):
    server = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket is short
    server.bind(path.name)
    os.chdir(here)
    server.close()


def zipped(name, data, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
    return buffer.getvalue()


def packed(data):
    return gzip.compress(data, 9, mtime=0)


# 640 MB: more than any command may have, from as many bytes as a small picture has.
BOMB = packed(bytes(16 << 20)) * 40

NOISE = random.Random(6).randbytes(5000)

SPECIAL = {
    "a fifo": fifo, "/dev/zero": zeros, "/dev/full": full, "/dev/null": nothing, "/dev/tty": terminal,
    "/proc/self/mem": own_memory, "a folder": folder, "a dangling link": dangling,
    "a link to itself": loop, "a link to a fifo": to_fifo, "a socket": door, "/proc/cpuinfo": processor,
}

FOREIGN = {
    "nothing at all": b"",
    "one zero byte": b"\0",
    "zeros": bytes(70000),
    "ones": b"\xff" * 70000,
    "noise": NOISE,
    "noise, gzipped": packed(NOISE),
    "gzip of nothing": packed(b""),
    "a gzip bomb of 640 MB": BOMB,
    "a gzip header alone": packed(b"x")[:10],
    "gzip in gzip": packed(packed(packed(b"hello" * 100))),
    "a picture": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(4000),
    "a program": b"\x7fELF\x02\x01\x01" + bytes(4000),
    "a pickle": b"\x80\x04\x95\x20\0\0\0\0\0\0\0\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
    "another zip": zipped("word/document.xml", b"<w/>" * 1000),
    "an empty zip": b"PK\5\6" + bytes(18),
    "UTF-16": "\ufeff{\"a\": 1}".encode("utf-16-le") * 40,
    "control characters": b"\x1b[2J\x1b]0;title\x07\r\n" * 50,
    "one long line": b"a" * 300000,
}


def wrong_checksum(data):
    return data[:-8] + struct.pack("<I", zlib.crc32(b"other")) + data[-4:]
