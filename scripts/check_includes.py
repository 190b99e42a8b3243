#!/usr/bin/env python3
"""Fails on an #include against the direction in which data flows.

    scripts/check_includes.py [ROOT]

A room may include its own files and those of the rooms named below; a public
header belongs to a room, too. cli/ sees public headers only.
"""
import pathlib
import re
import sys

FOUNDATION = ["base", "format", "math"]
MAY_INCLUDE = {
    "base": [],
    "format": ["base"],
    "math": ["base", "format"],
    "data": FOUNDATION,
    "net": FOUNDATION,
    "train": FOUNDATION + ["data", "net"],
    "prune": FOUNDATION + ["data", "net", "train"],
    "infer": FOUNDATION + ["data", "net"],
    "analyse": FOUNDATION + ["data", "net", "infer"],
    "import": FOUNDATION + ["net"],
    "export": FOUNDATION + ["data", "net", "infer"],
    "study": FOUNDATION + ["data", "net", "train", "prune", "infer", "analyse", "report"],
    "report": ["base", "format"],
}
# What a room may know of others by their public headers alone.
MAY_INCLUDE_PUBLIC = {
    "report": ["data", "net", "train", "prune", "infer", "analyse", "study"],
    "cli": [room for room in MAY_INCLUDE],
}
ROOM_OF_PUBLIC = {
    "status": "base", "memory": "base", "npy": "format", "math": "math", "dataset": "data", "table": "data",
    "network": "net", "observe": "train", "train": "train", "regularise": "train", "prune": "prune", "predict": "infer", "analyse": "analyse",
    "import": "import", "export": "export", "report": "report", "study": "study",
    "study_summary": "study",
    "checkpoint": "train",
    "named": "data", "describe": "data",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def public_room(name):
    return ROOM_OF_PUBLIC.get(pathlib.PurePath(name).stem)


def objection(room, included):
    """Why a file of `room` may not include `included`; None if it may."""
    folder, _, name = included.partition("/")
    if folder == "espalier":
        if name == "espalier.h":
            return None if room == "cli" else "the library's own files name the header they need"
        owner = public_room(name)
        if owner is None:
            return "scripts/check_includes.py knows no room for this public header"
        allowed = MAY_INCLUDE.get(room, []) + MAY_INCLUDE_PUBLIC.get(room, []) + [room]
        return None if owner in allowed else f"{room} stands before {owner}"
    if name and folder in MAY_INCLUDE:
        if room == "cli":
            return "cli sees public headers only"
        if folder not in MAY_INCLUDE.get(room, []) + [room]:
            return f"{room} must not include {folder}"
    return None


def files(root):
    """Pairs of a file and the room it belongs to."""
    for path in sorted((root / "src").glob("*/*.[ch]")):
        yield path, path.parent.name
    for path in sorted((root / "cli").glob("**/*.[ch]")):
        yield path, "cli"
    for path in sorted((root / "include" / "espalier").glob("*.h")):
        if path.name != "espalier.h":
            yield path, public_room(path.name) or path.stem


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    seen = bad = 0
    for path, room in files(root):
        seen += 1
        if room != "cli" and room not in MAY_INCLUDE:
            print(f"{path}: scripts/check_includes.py knows no room '{room}'")
            bad += 1
            continue
        text = path.read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            why = objection(room, match.group(1))
            if why:
                line = text.count("\n", 0, match.start(1)) + 1
                print(f'{path}:{line}: includes "{match.group(1)}": {why}')
                bad += 1
    print(f"{seen} files, {bad} includes against the direction")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
