"""espalier export to .c: what is written compiles everywhere and computes the same."""
import csv
import pathlib
import shutil
import subprocess
import unittest

import harness

STRICT = ("-std=c99 -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow "
          "-Wdouble-promotion -Wmissing-prototypes -Wstrict-prototypes -Wcast-qual").split()
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]
SANITIZE = "-g -fsanitize=address,undefined -fno-sanitize-recover=all".split()

DRIVER = """
#include "{name}.h"
#include <stdio.h>
int main(void)
{{
    static float x[{upper}_INPUTS], p[{upper}_CLASSES];
    int n = 0;
    while (scanf("%f", x + n) == 1) {{
        if (++n < {upper}_INPUTS)
            continue;
        n = 0;
        printf("%d", {name}_probabilities(x, p));
        for (int k = 0; k < {upper}_CLASSES; k++)
            printf(",%.9g", (double)p[k]);
        puts("");
    }}
    return 0;
}}
"""


def compile_c(compiler, folder, *files, flags=(), output="program"):
    done = subprocess.run([compiler, *STRICT, *flags, *files, "-o", output], cwd=folder,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{compiler} {files}: {done.stderr}")
    return pathlib.Path(folder) / output


class Trained(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls("run_cli")
        case.good("train", "small", "-o", "m.safetensors", "--hidden", "40,30,20", "--epochs", "8",
                  "--quiet", "--prune", "80%", "--trigger", "epoch", "--every", "1")
        case.good("train", "small", "-o", "scattered.safetensors", "--hidden", "40,30,20",
                  "--epochs", "8", "--quiet", "--prune", "80%", "--trigger", "epoch", "--every",
                  "1", "--criterion", "magnitude")


@unittest.skipUnless(COMPILERS, "no compiler is installed")
class Float(Trained):
    def rows(self):
        data = (self.folder / "small" / "t10k-images-idx3-ubyte").read_bytes()[16:]
        return [data[i:i + 64] for i in range(0, len(data), 64)]

    def test_agrees_with_predict(self):
        rows = "\n".join(" ".join(map(str, row)) for row in self.rows())
        for model in ("m", "scattered"):
            for optimize in ("size", "speed"):
                self.good("export", f"{model}.safetensors", "-o", "p.c", "--probabilities",
                          "--optimize", optimize, "--quiet")
                (self.folder / "driver.c").write_text(DRIVER.format(name="p", upper="P"))
                wanted = list(csv.reader(self.good("predict", f"{model}.safetensors", "small")
                                         .splitlines()))[1:]
                for compiler in COMPILERS:
                    program = compile_c(compiler, self.folder, "p.c", "driver.c", flags=SANITIZE)
                    done = subprocess.run([program], input=rows, capture_output=True, text=True,
                                          check=True)
                    found = list(csv.reader(done.stdout.splitlines()))
                    self.assertEqual(len(found), len(wanted))
                    for a, b in zip(found, wanted):
                        self.assertEqual(a[0], b[0])
                        for x, y in zip(a[1:], b[1:]):
                            self.assertAlmostEqual(float(x), float(y), delta=1e-5)

    def test_self_test(self):
        self.good("export", "m.safetensors", "-o", "t.c", "--data", "small", "--test-vectors",
                  "30", "--quiet")
        for compiler in COMPILERS:
            program = compile_c(compiler, self.folder, "t.c", "t_test.c")
            self.assertEqual(subprocess.run([program], check=False).returncode, 0)
        # and it can fail
        text = (self.folder / "t_test.c").read_text()
        start = text.index("t_scores")
        place = text.index("{", start) + 1
        (self.folder / "broken_test.c").write_text(text[:place] + " 77.0f -" + text[place:])
        program = compile_c(COMPILERS[0], self.folder, "t.c", "broken_test.c")
        self.assertEqual(subprocess.run([program], check=False).returncode, 1)


class Wrong(Trained):
    def refused(self, code, message, *arguments):
        done = self.run_cli("export", "m.safetensors", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(message, done.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.glob("w*")), [])

    def test_options(self):
        self.refused(2, "--name: expected an output that ends in .c, found 'w.safetensors'",
                     "-o", "w.safetensors", "--name", "n")
        self.refused(2, "--type int8: expected --data DATA to calibrate with, found none",
                     "-o", "w.c", "--type", "int8")
        self.refused(2, "--probabilities: expected --type float, found int16", "-o", "w.c",
                     "--type", "int16", "--data", "small", "--probabilities")
        self.refused(2, "--test-vectors: expected --data DATA to take rows from", "-o", "w.c",
                     "--test-vectors", "3")
        self.refused(2, "name: expected a letter, then letters, digits and underscores", "-o",
                     "w.c", "--name", "3d")
        self.refused(2, "whose header can stand in an #include", "-o", 'w".c')

    def test_data_of_another_width(self):
        self.refused(1, "fashion-mnist", "-o", "w.c", "--data", "fashion-mnist")


harness.main()
