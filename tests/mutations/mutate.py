#!/usr/bin/env python3
"""Breaks one rule of the program after the other, and looks that the tests notice.

    mutate.py FOLDER [--only PATTERN] [--rows 1-20] [--jobs N] [--minutes N] [--again] [--own]
    mutate.py --list [--only PATTERN] [--rows 1-20]
    mutate.py --check BUILD

FOLDER    where a copy of the tree is changed, built and tested: never the tree itself. It is kept, with
          its builds and the verdicts, and taken up again: what was noticed is not tried again, what was
          not only when the tree has changed
--only    mutations whose name or file matches; --rows: those with these numbers
--minutes begins no mutation after so many
--again   those with a verdict, too
--own     a mutation's own tests only: one that they do not notice is not tried on the others
--check   only looks that each mutation's text is in the tree exactly once, and that its tests are among
          those of BUILD

A mutation (rows_*.py) is put into the copy; its own tests are built and run, those with the sanitizers if it
says so, and then, while they all pass, those of all rooms and commands. Each is one line: `caught` and the
test, `compiler` if it does not build, or `SURVIVED`. Exit code 1 if one survived that is not known to.
"""
import argparse
import collections
import contextlib
import hashlib
import json
import pathlib
import re
import shutil
import sys
import time

import building
import rows_format
import rows_network
import rows_program
import rows_pruning
import rows_training

ROOT = pathlib.Path(__file__).resolve().parents[2]
MUTATIONS = [*rows_format.ROWS, *rows_network.ROWS, *rows_training.ROWS, *rows_pruning.ROWS, *rows_program.ROWS]
# The wider suite: all rooms, all commands; not what takes minutes, nor what looks at documents.
WIDE, NOT_WIDE = "/", r"^(docs|order|install|faults|hostile|mutations)/|cli/peer_"


def objections(tests):
    """What is wrong with the table. tests: names of all tests, None = not looked at."""
    for name, count in collections.Counter(m.name for m in MUTATIONS).items():
        if count > 1:
            yield f"{name}: {count} mutations have this name"
    for m in MUTATIONS:
        path = ROOT / m.file
        found = path.read_text(encoding="utf-8").count(m.old) if path.is_file() else 0
        if found != 1:
            yield (f"{m.name}: {m.file}: expected this text exactly once, found it {found} times: bring the "
                   f"mutation up to date:\n    {m.old!r}")
        if m.old == m.new:
            yield f"{m.name}: changes nothing"
        for part in m.tests.split("|"):
            if tests is not None and not any(re.search(part, test) for test in tests):
                yield f"{m.name}: no test matches '{part}'"


def chosen(options):
    first, last = 1, len(MUTATIONS)
    if options.rows:
        first, _, end = options.rows.partition("-")
        first, last = int(first), int(end or first)
    for number, m in enumerate(MUTATIONS, 1):
        if first <= number <= last and (not options.only or re.search(options.only, m.name + " " + m.file)):
            yield number, m


# ---- the copy ---------------------------------------------------------------


def files_of(root):
    """Files of the tree, by their paths in it: what is made while building is left out."""
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if place.parts[0] in ("build", "runs", ".git") or "__pycache__" in place.parts or not path.is_file():
            continue
        yield str(place)


def copy_tree(tree):
    """Makes the copy like the tree, writing what differs only; a digest of it all."""
    digest, wanted = hashlib.sha256(), list(files_of(ROOT))
    for name in wanted:
        source, target = ROOT / name, tree / name
        data = source.read_bytes()
        if not name.startswith(("docs/", "tests/mutations/")):
            digest.update(name.encode() + b"\0" + data + b"\0")
        if not target.is_file() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        shutil.copymode(source, target)
    for name in set(files_of(tree)) - set(wanted) if tree.is_dir() else ():
        (tree / name).unlink()
    return digest.hexdigest()


class Copy:
    def __init__(self, folder, jobs, own):
        self.folder, self.tree, self.own = folder, folder / "tree", own
        if folder.resolve() == ROOT or ROOT in folder.resolve().parents:
            sys.exit(f"{folder}: expected a folder outside of the tree {ROOT}")
        self.digest = copy_tree(self.tree)
        self.plain = building.Build(self.tree, folder / "release", False, jobs)
        self.sanitized = building.Build(self.tree, folder / "sanitized", True, jobs)
        self.plain.configure()
        self.sanitized.configure()
        self.passed = read_json(folder / "passed.json", {}).get(self.digest, {})

    def check(self, build, pattern, without):
        """Unchanged, the tree must pass: else every mutation would seem to be noticed. Returns how long it may take."""
        mark, start = f"{build.folder.name} {pattern}", time.monotonic()
        if mark not in self.passed:
            if failed := build.judge(pattern, without, building.WHOLE_SECONDS):
                sys.exit(f"without a mutation: {failed[0]} {failed[1]}")
            self.passed[mark] = round(time.monotonic() - start)
            (self.folder / "passed.json").write_text(json.dumps({self.digest: self.passed}), encoding="utf-8")
        return building.LEAST_SECONDS + building.TIMES_AS_LONG * self.passed[mark]

    @contextlib.contextmanager
    def broken(self, m):
        path = self.tree / m.file
        whole = path.read_text(encoding="utf-8")
        try:
            path.write_text(whole.replace(m.old, m.new), encoding="utf-8")
            yield
        finally:
            path.write_text(whole, encoding="utf-8")

    def judge(self, m):
        """(verdict, by what): its own tests, those under the sanitizers, all."""
        stages = [(self.plain, m.tests, None)]
        if m.sanitized:
            stages.append((self.sanitized, m.tests, NOT_WIDE))
        if not self.own:
            stages.append((self.plain, WIDE, NOT_WIDE))
        for build, pattern, without in stages:
            seconds = self.check(build, pattern, without)
            with self.broken(m):
                if verdict := build.judge(pattern, without, seconds):
                    return verdict
        return "SURVIVED", ""


# ---- verdicts ---------------------------------------------------------------


def key(m):
    return hashlib.sha256(repr((m.file, m.old, m.new, m.tests)).encode()).hexdigest()[:16]


def read_json(path, otherwise):
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else otherwise


def room(m):
    parts = m.file.split("/")
    return parts[1] if parts[0] == "src" else parts[0]


def summary(verdicts):
    """Numbers by room, of all mutations that have a verdict."""
    table = collections.defaultdict(collections.Counter)
    for m in MUTATIONS:
        verdict, by, _ = verdicts.get(key(m), ("untried", "", ""))
        own = verdict == "caught" and re.search(m.tests, by)
        for name in (room(m), "all"):
            table[name]["mutations"] += 1
            table[name]["own tests" if own else "other tests" if verdict == "caught" else verdict] += 1
    columns = ["mutations", "own tests", "other tests", "compiler", "SURVIVED", "untried"]
    print(f"\n{'room':10}" + "".join(f"{c:>13}" for c in columns))
    for name in sorted(table, key=lambda n: (n == "all", n)):
        print(f"{name:10}" + "".join(f"{table[name][c]:13}" for c in columns))


def run(options):
    path, start, missed = options.folder / "verdicts.json", time.monotonic(), 0
    copy = Copy(options.folder.resolve(), options.jobs, options.own)
    verdicts = read_json(path, {})
    for number, m in chosen(options):
        if options.minutes and time.monotonic() - start > 60 * options.minutes:
            print("no more time: run it again to go on")
            break
        before = verdicts.get(key(m), ("", "", ""))
        if (before[0] == "caught" or before[2] == copy.digest) and not options.again:
            continue
        began = time.monotonic()
        verdict, by = copy.judge(m)
        verdicts[key(m)] = verdict, by, copy.digest
        path.write_text(json.dumps(verdicts, indent=1), encoding="utf-8")
        expected = " (as expected)" if verdict == "SURVIVED" and m.survives else ""
        missed += verdict != "caught" and not expected
        print(f"{number:4} {verdict:9} {m.name:28} {by}{expected}  [{time.monotonic() - began:.0f} s]", flush=True)
    summary(verdicts)
    return 1 if missed else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--only")
    parser.add_argument("--rows")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", type=pathlib.Path, metavar="BUILD")
    options = parser.parse_args()
    if not options.folder and not options.list and not options.check:
        parser.error("expected a FOLDER")
    wrong = list(objections(building.tests_of(options.check).keys() if options.check else None))
    if wrong:
        sys.exit("\n".join(wrong))
    if options.check:
        print(f"{len(MUTATIONS)} mutations fit the tree")
    elif options.list:
        for number, m in chosen(options):
            print(f"{number:4} {m.name:28} {m.file:34} {m.rule}")
    else:
        return run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
