#!/usr/bin/env python3
"""Fails on what the built libraries should not hold.

    scripts/check_symbols.py SHARED_LIBRARY STATIC_LIBRARY OBJECTS INCLUDE_FOLDER

* the shared and the static library offer exactly the functions that the public headers
  declare, and all of them start with espalier_;
* none of the objects that they are made of, an archive, holds writable data (a mutable global);
* no two of these objects define the same name.
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


def offered(library, which):
    lines = run("nm", which, "--defined-only", "--format=posix", library).splitlines()
    return {line.split()[0].split("@")[0] for line in lines if len(line.split()) > 1} - IGNORED_SYMBOLS


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
    if len(sys.argv) != 5:
        print(__doc__)
        return 2
    shared, static, objects, include = sys.argv[1:]
    wanted, problems, found = declared(include), [], set()
    for library, which in ((shared, "-D"), (static, "-g")):
        found, kind = offered(library, which), pathlib.Path(library).suffix
        problems += [f"{kind}: offered without the prefix: {name}"
                     for name in sorted(found) if not name.startswith("espalier_")]
        problems += [f"{kind}: offered but in no public header: {name}"
                     for name in sorted(found - wanted) if name.startswith("espalier_")]
        problems += [f"{kind}: declared but not offered: {name}" for name in sorted(wanted - found)]
    problems += [f"{member}: {size} bytes of writable data in {section}"
                 for member, section, size in writable_sections(objects)]
    names, twice = defined(objects)
    problems += [f"defined in two objects: {name}" for name in sorted(twice)]
    for problem in problems:
        print(problem)
    print(f"{len(wanted)} functions declared, {len(found)} offered; {len(names - found)} inner names; "
          f"{len(problems)} problems")
    return 1 if problems or not found else 0


if __name__ == "__main__":
    sys.exit(main())
