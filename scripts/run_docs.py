#!/usr/bin/env python3
"""Runs what a document shows and compares the output with what it says.

    scripts/run_docs.py --prefix PREFIX --scratch FOLDER DOCUMENT.md

PREFIX is where espalier is installed. Every ```console block is run by bash in
the scratch folder, block after block: lines that start with '$ ' are commands
(a line ending in '\\' goes on in the next), the lines below them the output,
stderr included. Rules of comparison:

* a line '...' stands for any lines, also for none;
* measured times (a number and a unit: 12 s, 3.4 ms, 17.2 µs, 1:23) are not compared;
* spaces at the end of a line are not compared, runs of spaces count as one;
* a command that fails must be followed by `$ echo $?`.

An HTML comment on a line of its own before a block changes what happens to it:

    <!-- not run: REASON -->   nothing; counted
    <!-- slow -->              run only with ESPALIER_SLOW_DOCS=1 in the environment
    <!-- roughly: 5% -->       numbers may differ by so much, those near 0 by 0.0005
    <!-- file: NAME -->        any block: its text is saved as NAME in the scratch folder
    <!-- compile -->           a ```c block: compiled against PREFIX without warnings and run
    <!-- compile: ARGUMENTS --> the same, run with these arguments

Comments may follow one another. A document without any block to run fails.
"""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

SECONDS_PER_BLOCK = 600
MARK = "\x1e"
TIME = re.compile(r"\b\d+(?::\d\d)+(?:\.\d+)?\b|\b\d[\d,]*(?:\.\d+)?(?: ?(?:ns|µs|us|ms|s|min|h)\b)")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
COMMENT = re.compile(r"^<!--\s*([a-z ]+?)\s*(?::\s*(.*?))?\s*-->$")
KNOWN = {"not run", "slow", "roughly", "file", "compile"}


class Block:
    def __init__(self, language, line, rules):
        self.language, self.line, self.rules, self.lines = language, line, rules, []


def blocks(text):
    """The fenced blocks of a document, each with the comments before it."""
    rules, block = {}, None
    for number, line in enumerate(text.split("\n"), 1):
        if block is not None:
            if line.strip() == "```":
                yield block
                block = None
            else:
                block.lines.append(line)
        elif line.startswith("```"):
            block, rules = Block(line[3:].strip(), number, rules), {}
        elif (match := COMMENT.match(line.strip())) and match.group(1) in KNOWN:
            rules[match.group(1)] = match.group(2) or ""
        elif line.strip():
            rules = {}


def commands(block):
    """Pairs of a command and the lines shown below it."""
    result, going_on = [], False
    for line in block.lines:
        if going_on:
            result[-1][0] += "\n" + line
        elif line.startswith("$ "):
            result.append([line[2:], []])
        elif result:
            result[-1][1].append(line)
        else:
            raise ValueError("output before the first command")
        going_on = (going_on or line.startswith("$ ")) and line.endswith("\\")
    return result


def run(block_commands, folder, environment):
    """Runs the commands in one shell; returns a list of (exit code, output lines)."""
    script = []
    for command, _ in block_commands:
        script.append(command)
        script.append(f"__status=$?; printf '{MARK}%d\\n' $__status; (exit $__status)")
    done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS_PER_BLOCK, check=False)
    pieces = re.split(MARK + r"(\d+)\n", done.stdout.decode("utf-8", "replace"))
    return [(int(code), output.split("\n")[:-1] if output.endswith("\n") else output.split("\n"))
            for output, code in zip(pieces[0::2], pieces[1::2])]


def normal(line):
    return " ".join(TIME.sub("<time>", line).split())


def same_line(shown, found, tolerance):
    shown, found = normal(shown), normal(found)
    if shown == found or not tolerance:
        return shown == found
    if NUMBER.sub("#", shown) != NUMBER.sub("#", found):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(found))
    values = [(float(a.replace(",", "")), float(b.replace(",", ""))) for a, b in pairs]
    return all(abs(a - b) <= tolerance * max(abs(a), abs(b), 0.01) for a, b in values)


def same(shown, found, tolerance):
    """Whether the lines found are those shown, '...' standing for any lines."""
    if not shown:
        return not found
    if shown[0].strip() == "...":
        return any(same(shown[1:], found[i:], tolerance) for i in range(len(found) + 1))
    return bool(found) and same_line(shown[0], found[0], tolerance) and same(
        shown[1:], found[1:], tolerance)


def trimmed(lines):
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def check_console(block, folder, environment):
    """Yields what is wrong with a block."""
    tolerance = float(block.rules.get("roughly", "0").rstrip("%") or 0) / 100
    wanted = commands(block)
    results = run(wanted, folder, environment)
    for index, (command, shown) in enumerate(wanted):
        if index >= len(results):
            yield f"$ {command}\nthe shell ended before this command did"
            return
        code, found = results[index]
        checked_next = index + 1 < len(wanted) and wanted[index + 1][0].startswith("echo $?")
        if code != 0 and not checked_next:
            yield f"$ {command}\nexit code {code}:\n" + "\n".join(found)
        elif not same(trimmed(shown), trimmed(found), tolerance):
            yield f"$ {command}\n-- shown:\n" + "\n".join(shown) + "\n-- found:\n" + "\n".join(found)


def check_program(block, folder, environment):
    source, program = folder / f"line{block.line}.c", folder / f"line{block.line}"
    source.write_text("\n".join(block.lines) + "\n", encoding="utf-8")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "espalier"], env=environment,
                           capture_output=True, text=True, check=True).stdout.split()
    build = [environment.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
             str(source), *flags, "-o", str(program)]
    for command in (build, [str(program), *shlex.split(block.rules["compile"])]):
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS_PER_BLOCK, check=False)
        if done.returncode != 0:
            yield f"{' '.join(command)}\nexit code {done.returncode}:\n{done.stdout}{done.stderr}"
            return


def prepared(prefix):
    environment = dict(os.environ, LC_ALL="C.UTF-8", COLUMNS="100")
    environment["PATH"] = f"{prefix / 'bin'}:{environment['PATH']}"
    for folder in prefix.glob("**/pkgconfig"):
        environment["PKG_CONFIG_PATH"] = str(folder)
        environment["LD_LIBRARY_PATH"] = str(folder.parent)
    return environment


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prefix", type=pathlib.Path, required=True)
    parser.add_argument("--scratch", type=pathlib.Path, required=True)
    parser.add_argument("document", type=pathlib.Path)
    options = parser.parse_args()
    slow = os.environ.get("ESPALIER_SLOW_DOCS") == "1"
    folder = options.scratch.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = prepared(options.prefix.resolve())

    counts = {"run": 0, "not run": 0, "slow": 0, "failed": 0}
    for block in blocks(options.document.read_text(encoding="utf-8")):
        if "file" in block.rules:
            (folder / block.rules["file"]).write_text("\n".join(block.lines) + "\n", encoding="utf-8")
        if block.language == "console":
            check = check_console
        elif block.language == "c" and "compile" in block.rules:
            check = check_program
        else:
            continue
        if "not run" in block.rules or ("slow" in block.rules and not slow):
            counts["not run" if "not run" in block.rules else "slow"] += 1
            continue
        counts["run"] += 1
        for problem in check(block, folder, environment):
            print(f"{options.document}:{block.line}: {problem}\n")
            counts["failed"] += 1
    print(f"{options.document.name}: {counts['run']} blocks run, {counts['not run']} not run, "
          f"{counts['slow']} slow ones left out, {counts['failed']} failures")
    return 1 if counts["failed"] or not any(counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
