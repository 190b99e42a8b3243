#!/usr/bin/env python3
"""Fails on what the built libraries should not hold.

    scripts/check_symbols.py SHARED_LIBRARY STATIC_LIBRARY INCLUDE_FOLDER

* the shared library exports exactly the functions that the public headers declare,
  and all of them start with espalier_;
* no object of the static library holds writable data (a mutable global);
* no two objects of the static library define the same name.
Global symbols of the static library without the prefix are only counted.
"""
import pathlib
import re
import subprocess
import sys

DECLARED = re.compile(r"\bESPALIER_API\b[^;{}]*?\b(\w+)\s*\(", re.DOTALL)
# nm's letters for data that can be written: D d (.data), B b (.bss), C (common),
# G g S s (small data). Sections of constants that hold addresses, relocated
# once at load time, have the letters D and d, too: told apart by their section.
WRITABLE = re.compile(r"^\.(data|bss|tdata|tbss|sdata|sbss)(\.|$)")
CONSTANT = re.compile(r"^\.data\.rel\.ro(\.|$)")
# Bookkeeping of the compilers, not of the program.
IGNORED_SYMBOLS = {"_init", "_fini", "__bss_start", "_edata", "_end"}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def declared(include):
    names = set()
    for header in sorted(pathlib.Path(include).glob("espalier/*.h")):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.MULTILINE)
        names.update(DECLARED.findall(text))
    return names


def exported(library):
    lines = run("nm", "-D", "--defined-only", "--format=posix", library).splitlines()
    return {line.split()[0].split("@")[0] for line in lines} - IGNORED_SYMBOLS


def writable_sections(library):
    """Triples of object, section and size, for sections that are not empty."""
    member = "?"
    for line in run("size", "-A", library).splitlines():
        if match := re.match(r"^(\S+)\s+\(ex ", line):
            member = match.group(1)
        elif match := re.match(r"^(\.\S+|COMMON)\s+(\d+)\s", line):
            section, size = match.group(1), int(match.group(2))
            if size and WRITABLE.match(section) and not CONSTANT.match(section):
                yield member, section, size


def defined(library):
    """Global names, and those that more than one object defines (weak ones are the compiler's)."""
    names, twice = set(), set()
    for line in run("nm", "-g", "--defined-only", "--format=posix", library).splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[1] not in "WV":
            (twice if fields[0] in names else names).add(fields[0])
    return names, twice


def main():
    if len(sys.argv) != 4:
        print(__doc__)
        return 2
    shared, static, include = sys.argv[1:]
    wanted, found = declared(include), exported(shared)
    problems = [f"exported without the prefix: {name}"
                for name in sorted(found) if not name.startswith("espalier_")]
    problems += [f"exported but in no public header: {name}"
                 for name in sorted(found - wanted) if name.startswith("espalier_")]
    problems += [f"declared but not exported: {name}" for name in sorted(wanted - found)]
    problems += [f"{member}: {size} bytes of writable data in {section}"
                 for member, section, size in writable_sections(static)]
    names, twice = defined(static)
    problems += [f"defined in two objects: {name}" for name in sorted(twice)]
    for problem in problems:
        print(problem)

    inner = sorted(name for name in names if not name.startswith("espalier_"))
    print(f"{len(wanted)} functions declared, {len(found)} exported; "
          f"{len(inner)} internal symbols in the static library; {len(problems)} problems")
    return 1 if problems or not found else 0


if __name__ == "__main__":
    sys.exit(main())
