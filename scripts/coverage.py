#!/usr/bin/env python3
"""Lines and branches of src/ that the tests reached, by gcov.

    cmake --preset coverage && cmake --build build/coverage && ctest --test-dir build/coverage
    scripts/coverage.py build/coverage
"""
import pathlib
import re
import subprocess
import sys

MARKS = {"lines": re.compile(r"Lines executed:([\d.]+)% of (\d+)"),
         "branches": re.compile(r"Taken at least once:([\d.]+)% of (\d+)")}


def measured(build):
    """{file: {"lines": (percent, count), "branches": …}} of the files of src/."""
    found, name = {}, None
    for notes in sorted((build / "CMakeFiles" / "espalier_objects.dir").glob("**/*.gcda")):
        text = subprocess.run(["gcov", "-b", "-n", notes.resolve()], cwd=build, text=True,
                              capture_output=True, check=True).stdout
        for line in text.splitlines():
            if place := re.match(r"File '.*/src/(\w+/\w+\.(?:c|inc))'", line):
                name = place[1]
            elif line.startswith("File "):
                name = None
            for what, mark in MARKS.items():
                if name and (hit := mark.match(line)):
                    found.setdefault(name, {})[what] = float(hit[1]), int(hit[2])
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = measured(pathlib.Path(sys.argv[1]))
    if not found:
        sys.exit(f"{sys.argv[1]}: no test has run in a build with --coverage there")
    for what in MARKS:
        parts = [file[what] for file in found.values() if what in file]
        count = sum(n for _, n in parts)
        print(f"{what:9} {sum(p * n for p, n in parts) / count:5.1f} % of {count:,}")
    print("least:")
    for name in sorted((n for n in found if "lines" in found[n]), key=lambda n: found[n]["lines"])[:5]:
        print(f"  {found[name]['lines'][0]:5.1f} %  {name}")


if __name__ == "__main__":
    main()
