#!/usr/bin/env python3
"""Fails on text that has no place in the tree.

    scripts/check_text.py [ROOT]

Paths of somebody's machine, marks of unfinished work, tabs in C files, lines
above 110 columns in C files (100 is the aim), and a missing newline at the end.
"""
import pathlib
import re
import sys

FOLDERS = ["include", "src", "cli", "tests", "fuzz", "bench", "docs", "examples", "cmake", "scripts"]
SUFFIXES = {".c", ".h", ".inc", ".in", ".md", ".1", ".txt", ".cmake", ".py", ".sh", ".cff", ".json"}
# Written in pieces so that this file passes its own check.
ANYWHERE = {
    "a path of a machine": re.compile(r"(?<![\w.])/(?:" + "work|root|home|tmp" + r")/\w"),
    "a mark of unfinished work": re.compile(r"\b(?:" + "TO" + "DO|FIX" + "ME|X" + r"XX)\b"),
}


def files(root):
    for path in sorted(root.iterdir()):
        if path.is_file() and (path.suffix in SUFFIXES or path.name in ("demo", "check")):
            yield path
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("**/*")):
            if path.is_file() and path.suffix in SUFFIXES:
                yield path


def objections(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        for what, pattern in ANYWHERE.items():
            if match := pattern.search(line):
                yield f"{path}:{number}: {what}: {match.group(0)}"
        if path.suffix in (".c", ".h", ".inc"):
            if "\t" in line:
                yield f"{path}:{number}: a tab"
            if len(line) > 110:
                yield f"{path}:{number}: {len(line)} columns, at most 110"
    if text and not text.endswith("\n"):
        yield f"{path}: no newline at the end"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    seen = bad = 0
    for path in files(root):
        seen += 1
        for objection in objections(path, path.read_text(encoding="utf-8")):
            print(objection)
            bad += 1
    print(f"{seen} files, {bad} objections")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
