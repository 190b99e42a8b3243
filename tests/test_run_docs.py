#!/usr/bin/env python3
"""The runner of documents must pass what is true and fail what is not.

    tests/test_run_docs.py SOURCE_FOLDER
"""
import os
import pathlib
import subprocess
import sys
import tempfile

TRUE = {
    "plain": "```console\n$ echo one; echo two >&2\none\ntwo\n```",
    "two commands": "```console\n$ true\n$ echo a\na\n```",
    "continued": "```console\n$ echo a \\\n    b\na b\n```",
    "any lines": "```console\n$ seq 9\n1\n...\n9\n```",
    "time": "```console\n$ echo 'took 3.2 s, 17 µs each, 1:07'\ntook 99 s, 1.5 µs each, 0:59\n```",
    "roughly": "<!-- roughly: 5% -->\n```console\n$ echo loss 1.02\nloss 1.00\n```",
    "near zero": "<!-- roughly: 5% -->\n```console\n$ echo p 3e-07\np 1.2e-05\n```",
    "exit code": "```console\n$ false\n$ echo $?\n1\n```",
    "kept files": "```console\n$ echo kept > f\n```\ntext\n```console\n$ cat f\nkept\n```",
    "saved": "<!-- file: f -->\n```\nsaved\n```\n```console\n$ cat f\nsaved\n```",
    "not run": "<!-- not run: no network -->\n```console\n$ false\n```",
    "slow": "<!-- slow -->\n```console\n$ false\n```",
}
FALSE = {
    "other output": "```console\n$ echo one\ntwo\n```",
    "missing output": "```console\n$ true\nsomething\n```",
    "unshown output": "```console\n$ echo something\n```",
    "other number": "```console\n$ echo loss 1.02\nloss 1.00\n```",
    "too rough": "<!-- roughly: 5% -->\n```console\n$ echo loss 1.12\nloss 1.00\n```",
    "other word": "<!-- roughly: 5% -->\n```console\n$ echo loss 1.0\ngain 1.0\n```",
    "failed command": "```console\n$ echo a; false\na\n```",
    "ended early": "```console\n$ exit 0\n$ true\n```",
    "comment of another block": "<!-- not run: x -->\ntext\n```console\n$ false\n```",
    "nothing to run": "only text",
}


def passes(runner, text, folder):
    document = folder / "document.md"
    document.write_text(text + "\n", encoding="utf-8")
    environment = dict(os.environ, ESPALIER_SLOW_DOCS="0")
    done = subprocess.run([sys.executable, runner, "--prefix", folder, "--scratch",
                           folder / "scratch", document], env=environment, capture_output=True,
                          check=False)
    return done.returncode == 0


def main():
    runner = pathlib.Path(sys.argv[1]) / "scripts" / "run_docs.py"
    wrong = []
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        for expected, cases in ((True, TRUE), (False, FALSE)):
            wrong += [name for name, text in cases.items()
                      if passes(runner, text, pathlib.Path(scratch)) != expected]
    print(f"{len(TRUE) + len(FALSE)} documents, judged wrongly: {wrong or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
