"""espalier export to .c: what is written compiles everywhere and computes the same."""
import csv
import json
import pathlib
import random
import re
import shutil
import struct
import subprocess
import unittest

from harness import Case, main

STRICT = ("-std=c99 -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow "
          "-Wdouble-promotion -Wmissing-prototypes -Wstrict-prototypes -Wcast-qual").split()
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]
SANITIZE = "-g -fsanitize=address,undefined -fno-sanitize-recover=all".split()
ARM = "arm-none-eabi-gcc"
QEMU = "qemu-system-arm"
BOARD = pathlib.Path(__file__).resolve().parents[2] / "examples" / "microcontroller"
CORES = {"Cortex-M0": ["-mcpu=cortex-m0"],
         "Cortex-M4F": ["-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]}
TYPES = ("float", "int8", "int16")

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


class Trained(Case):
    """Two small networks: m lost whole neurons and inputs, scattered single weights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls("run_cli")
        for name, criterion in (("m", "activation"), ("scattered", "magnitude")):
            case.good("train", "small", "-o", f"{name}.safetensors", "--hidden", "40,30,20",
                      "--epochs", "8", "--quiet", "--prune", "80%", "--trigger", "epoch",
                      "--every", "1", "--criterion", criterion)

    def run_tool(self, *words, code=0, **more):
        done = subprocess.run(list(map(str, words)), cwd=self.folder, capture_output=True,
                              text=True, check=False, stdin=more.pop("stdin", subprocess.DEVNULL),
                              timeout=120, **more)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def compile(self, compiler, *files, flags=()):
        self.run_tool(compiler, *STRICT, *flags, *files, "-o", "program")
        return "./program"

    def export(self, model, output, *options):
        return self.good("export", f"{model}.safetensors", "-o", output, *options)


@unittest.skipUnless(COMPILERS, "no compiler is installed")
class Float(Trained):
    def rows(self):
        data = (self.folder / "small" / "t10k-images-idx3-ubyte").read_bytes()[16:]
        return "\n".join(" ".join(map(str, data[i:i + 64])) for i in range(0, len(data), 64))

    def check(self, model, optimize, compiler):
        self.export(model, "p.c", "--probabilities", "--optimize", optimize, "--quiet")
        (self.folder / "driver.c").write_text(DRIVER.format(name="p", upper="P"))
        wanted = list(csv.reader(self.good("predict", f"{model}.safetensors",
                                           "small").splitlines()))[1:]
        program = self.compile(compiler, "p.c", "driver.c", flags=SANITIZE)
        (self.folder / "rows").write_text(self.rows())
        with open(self.folder / "rows", encoding="ascii") as rows:
            found = list(csv.reader(self.run_tool(program, stdin=rows).splitlines()))
        self.assertEqual(len(found), len(wanted))
        for a, b in zip(found, wanted):
            self.assertEqual(a[0], b[0])
            for x, y in zip(a[1:], b[1:]):
                self.assertAlmostEqual(float(x), float(y), delta=1e-5)

    def test_agrees_with_predict(self):
        self.check("m", "size", COMPILERS[0])
        self.check("m", "speed", COMPILERS[-1])
        self.check("scattered", "size", COMPILERS[-1])
        self.check("scattered", "speed", COMPILERS[0])

    def test_needs_nothing(self):
        self.export("m", "n.c", "--probabilities", "--quiet")
        text = (self.folder / "n.c").read_text() + (self.folder / "n.h").read_text()
        self.assertEqual(set(re.findall(r"#include (.*)", text)), {'"n.h"', "<stdint.h>"})
        self.run_tool(COMPILERS[0], *STRICT, "-O2", "-ffreestanding", "-c", "n.c", "-o", "n.o")
        undefined = self.run_tool("nm", "-u", "n.o").split()
        self.assertLessEqual(set(undefined) - {"U"}, {"memcpy", "memset"})


@unittest.skipUnless(COMPILERS, "no compiler is installed")
class SelfTest(Trained):
    """The self-test holds the library's own results for all test rows: the integers' to the
    last bit."""

    def test_passes(self):
        for kind in TYPES:
            for model, optimize, compiler in (("m", "size", COMPILERS[0]),
                                              ("m", "speed", COMPILERS[-1]),
                                              ("scattered", "size", COMPILERS[-1]),
                                              ("scattered", "speed", COMPILERS[0])):
                with self.subTest(kind=kind, model=model, optimize=optimize):
                    self.export(model, "t.c", "--data", "small", "--test-vectors", "150",
                                "--type", kind, "--optimize", optimize, "--quiet")
                    self.run_tool(self.compile(compiler, "t.c", "t_test.c", flags=SANITIZE))
                    self.run_tool(self.compile(compiler, "t.c", "t_test.c", flags=["-O3"]))

    def test_fewer_rows_than_asked_for(self):
        self.assertIn(" bytes)\n", self.export("m", "t.c", "--data", "small", "--test-vectors", "150"))
        said = self.export("m", "t.c", "--data", "small", "--test-vectors", "151")
        self.assertRegex(said, r"wrote t_test.c \([\d,]+ bytes\): all 150 rows that there are\n")

    def test_can_fail(self):
        for kind, wrong in (("float", " 77.0f -"), ("int8", " 1 +")):
            self.export("m", "t.c", "--data", "small", "--test-vectors", "5", "--type", kind,
                        "--quiet")
            text = (self.folder / "t_test.c").read_text()
            place = text.index("{", text.index("t_scores")) + 1
            (self.folder / "broken_test.c").write_text(text[:place] + wrong + text[place:])
            self.run_tool(self.compile(COMPILERS[0], "t.c", "broken_test.c"), code=1)

    def test_accuracy_is_the_programs(self):
        labels = (self.folder / "small" / "t10k-labels-idx1-ubyte").read_bytes()[8:]
        for kind in TYPES:
            said = self.export("m", "t.c", "--data", "small", "--test-vectors", "150", "--type", kind)
            text = (self.folder / "t_test.c").read_text()
            start = text.index("{", text.index("t_classes"))
            classes = re.findall(r"\d+", text[start:text.index("}", start)])
            right = sum(int(a) == b for a, b in zip(classes, labels))
            line = f"accuracy  {100 * right / 150:.2f} % of 150 test rows; the network itself "
            self.assertIn(line, said)
            self.assertIn(line, (self.folder / "t.c").read_text())


NOT_A_NUMBER = """
#include "s.h"
#include <math.h>
int main(void)
{
    const float row[S_INPUTS] = {25.0f, NAN, 1.0f};
    float scores[S_CLASSES];
    return s_predict(row, scores) != 0 || !isnan(scores[0]);
}
"""
QUANTISE = """
#define S_FLOAT_ROWS
#include "s.h"
#include <stdio.h>
int main(void)
{
    float row[S_INPUTS];
    %s x[S_INPUTS];
    int n = 0;
    while (scanf("%%f", row + n) == 1) {
        if (++n < S_INPUTS)
            continue;
        n = 0;
        s_quantise(row, x);
        for (int c = 0; c < S_INPUTS; c++)
            printf("%%d ", x[c]);
        puts("");
    }
    return 0;
}
"""


@unittest.skipUnless(COMPILERS, "no compiler is installed")
class Table(Case):
    """Rows that are no bytes: columns of different size, named, of a table."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = random.Random(5)
        rows = [f"{20 + rng.gauss(3 * k, 2):.2f},{101300 + rng.gauss(30 * k, 40):.1f},"
                f"{rng.gauss(k, 0.8):.4f},{'abc'[k]}" for k in rng.choices(range(3), k=600)]
        (cls.folder / "sensor.csv").write_text("temp,pressure,*/ ax,kind\n" + "\n".join(rows))
        cls("run_cli").good("train", "sensor.csv", "-o", "s.safetensors", "--test", "20%",
                            "--hidden", "12,8", "--epochs", "30", "--activation", "tanh",
                            "--quiet")

    def numbers(self, what):
        text = (self.folder / "s_test.c").read_text()
        start = text.index("{", text.index(f"{what}["))
        return [int(n) for n in re.findall(r"-?\d+", text[start:text.index("}", start)])]

    def run_tool(self, *words, **more):
        return subprocess.run(list(map(str, words)), cwd=self.folder, check=True, text=True,
                              capture_output=True, **more).stdout

    def test_not_a_number(self):
        """As the header says."""
        self.good("export", "s.safetensors", "-o", "s.c", "--quiet")
        self.assertIn("A NaN in x, as of a broken sensor, makes scores NaN", (self.folder / "s.h").read_text())
        (self.folder / "nan.c").write_text(NOT_A_NUMBER)
        self.run_tool(COMPILERS[0], *STRICT, "s.c", "nan.c", "-o", "nan", "-lm")
        self.run_tool("./nan")
        for kind, lowest in (("int8", -127), ("int16", None)):
            self.good("export", "s.safetensors", "-o", "s.c", "--data", "sensor.csv", "--type", kind, "--quiet")
            said = re.search(r"A NaN,\n \* as of a broken sensor, becomes the lowest level, (-\d+): ",
                             (self.folder / "s.h").read_text())
            self.assertEqual(int(said[1]), lowest or int(said[1]))
            (self.folder / "levels.c").write_text(QUANTISE % f"{kind}_t")
            self.run_tool(COMPILERS[0], *STRICT, "levels.c", "-o", "levels")
            self.assertEqual(self.run_tool("./levels", input="25 nan 1").split()[1], said[1])

    def test_levels(self):
        for kind, top in (("int8", 127), ("int16", 32767)):
            said = self.good("export", "s.safetensors", "-o", "s.c", "--data", "sensor.csv",
                             "--type", kind, "--test-vectors", "1000")
            after, before = map(float, re.search(r"accuracy +([\d.]+) .* itself ([\d.]+) %",
                                                 said).groups())
            self.assertGreater(after, before - 4)
            header = (self.folder / "s.h").read_text()
            self.assertIn('*   1  "pressure"\n *   2  "* / ax"\n', header)
            self.assertIn(" on the stack for the values between layers, and the calls' frames\n", said)
            (self.folder / "levels.c").write_text(QUANTISE % f"{kind}_t")
            self.run_tool(COMPILERS[-1], *STRICT, *SANITIZE, "s.c", "s_test.c", "-o", "s")
            self.run_tool("./s")
            self.run_tool(COMPILERS[0], *STRICT, *SANITIZE, "levels.c", "-o", "levels")
            lines = (self.folder / "sensor.csv").read_text().splitlines()[1:]
            rows = "\n".join(" ".join(line.split(",")[:3]) for line in lines)
            levels = {tuple(map(int, line.split()))
                      for line in self.run_tool("./levels", input=rows).splitlines()}
            vectors = self.numbers("s_rows")
            self.assertEqual(len(vectors), 3 * len(self.numbers("s_classes")))
            self.assertLessEqual(set(zip(*[iter(vectors)] * 3)), levels)
            self.assertLessEqual(max(map(abs, vectors)), top)
            self.assertGreater(max(map(abs, vectors)), 100)


@unittest.skipUnless(COMPILERS, "no compiler is installed")
class Strangers(Trained):
    NAMES = ["*/ int oops;", "/* // \\", "tab\tnewline\nreturn\r", 'quote" ??/ ??>',
             ]

    def rename(self, model, names, output):
        data = (self.folder / f"{model}.safetensors").read_bytes()
        length, = struct.unpack("<Q", data[:8])
        header = json.loads(data[8:8 + length])
        header["__metadata__"]["classes"] = json.dumps(names)
        text = json.dumps(header).encode()
        (self.folder / output).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length:])

    def test_class_names_and_command(self):
        nasty = "evil*??/" .replace("/", "") + "\\ '\u202e$@%s.safetensors"
        for names in (self.NAMES, ["\u202eabc", "\u2066x", "Gr\u00f6\u00dfe \u4e2d", "$@%s%n"]):
            self.rename("m", names, nasty)
            self.good("export", nasty, "-o", "s.c", "--data", "small", "--test-vectors", "9",
                      "--quiet")
            for compiler in COMPILERS:
                self.run_tool(self.compile(compiler, "s.c", "s_test.c"))
            if shutil.which("g++"):
                self.run_tool("g++", "-Wall", "-Wextra", "-Werror", "-x", "c++", "-fsyntax-only",
                              "s.h")
            self.assertNotIn("\u202e", (self.folder / "s.c").read_text())
            self.assertNotIn("\u202e", (self.folder / "s.h").read_text())

    def test_names(self):
        for file, name in (("int.c", "int"), ("3d.c", "m_3d"), ("a b-c.c", "a_b_c"),
                           ("\u00fcber.c", "m___ber"), ("_x.c", "m__x"),
                           ("x" * 90 + ".c", "x" * 63)):
            self.export("m", file, "--data", "small", "--test-vectors", "3", "--quiet")
            self.assertIn(f"int {name}_predict(const float x[{name.upper()}_INPUTS]",
                          (self.folder / file).read_text())
            self.run_tool(self.compile(COMPILERS[0], file, file[:-2] + "_test.c"))
        for name in ("while", "double", "Z", "a_1"):
            self.export("m", "k.c", "--name", name, "--data", "small", "--test-vectors", "3",
                        "--quiet")
            self.run_tool(self.compile(COMPILERS[-1], "k.c", "k_test.c"))

    def test_two_in_one_program(self):
        text = ""
        for name in ("one", "two"):
            self.export("m", f"{name}.c", "--type", "int8", "--data", "small", "--quiet")
            text += f'#include "{name}.c"\n'
        (self.folder / "both.c").write_text(text + "int main(void)\n{\n    return 0;\n}\n")
        self.compile(COMPILERS[0], "both.c")

    def test_same_bytes(self):
        files = ("d.c", "d.h", "d_test.c")
        for kind in TYPES:
            made = []
            for _ in range(2):
                self.export("m", "d.c", "--data", "small", "--test-vectors", "9", "--type", kind,
                            "--quiet")
                made.append([self.bytes_of(file) for file in files])
            self.assertEqual(*made)


@unittest.skipUnless(shutil.which(ARM), f"{ARM} is not installed (Debian: gcc-arm-none-eabi)")
class Arm(Trained):
    def sections(self, file):
        text = self.run_tool("arm-none-eabi-size", "-A", file)
        sizes = {"text": 0, "rodata": 0, "data": 0, "bss": 0}
        for name, size in re.findall(r"^\.(text|rodata|data|bss)\S*\s+(\d+)", text, re.MULTILINE):
            sizes[name] += int(size)
        return sizes

    def test_sections(self):
        self.good("train", "small", "-o", "curved.safetensors", "--hidden", "20,10", "--epochs",
                  "2", "--activation", "sigmoid", "--quiet")
        for model in ("m", "scattered", "curved"):
            for kind in TYPES:
                said = self.export(model, "a.c", "--data", "small", "--type", kind)
                constants, code = (int(n.replace(",", "")) for n in re.search(
                    r"flash +([\d,]+) bytes of constants and about ([\d,]+) of code", said).groups())
                for core, flags in CORES.items():
                    self.run_tool(ARM, *STRICT, *flags, "-mthumb", "-Os", "-ffreestanding", "-c",
                                  "a.c", "-o", "a.o")
                    sizes = self.sections("a.o")
                    print(f"{model}, {kind}, {core}: code {sizes['text']}, constants "
                          f"{sizes['rodata']} bytes")
                    self.assertEqual((sizes["data"], sizes["bss"]), (0, 0))
                    self.assertLessEqual(constants, sizes["rodata"])
                    self.assertLessEqual(sizes["rodata"], constants + 64) # alignment
                    self.assertLessEqual(sizes["text"], code)
                    undefined = set(self.run_tool("arm-none-eabi-nm", "-u", "a.o").split()) - {"U"}
                    if kind != "float": # no floats, no division, no 64 bits: nothing of libgcc
                        self.assertEqual(undefined, set())
                    elif core == "Cortex-M4F":
                        self.assertEqual(undefined, set())
                    else:
                        self.assertLessEqual({"__aeabi_fadd", "__aeabi_fmul"}, undefined)

    @unittest.skipUnless(shutil.which(QEMU), f"{QEMU} is not installed (Debian: qemu-system-arm)")
    def test_on_emulated_boards(self):
        for kind in TYPES:
            self.export("scattered", "q.c", "--data", "small", "--type", kind, "--test-vectors",
                        "20", "--quiet")
            for core in ("m0", "m4"):
                said = self.run_tool(BOARD / "run.sh", "q.c", core)
                print(f"{kind}, {core}:\n{said}")
                self.assertIn("20 of 20 classified as they must be, every score the same", said)
                self.assertRegex(said, r"RAM +\d+ bytes: \d+ of data, the row included, and \d+")
        # a wrong score is found there, too
        text = (self.folder / "q_test.c").read_text()
        place = text.index("{", text.index("q_scores")) + 1
        (self.folder / "q_test.c").write_text(text[:place] + " 1 +" + text[place:])
        self.assertIn("scores differ", self.run_tool(BOARD / "run.sh", "q.c", code=1))


@unittest.skipUnless(shutil.which(ARM) and shutil.which(QEMU), "no tools for Cortex-M")
@unittest.skipUnless(pathlib.Path("/usr/share/datasets/fashion-mnist").is_dir(),
                     "Fashion-MNIST is not installed (Debian: dataset-fashion-mnist)")
class Example(Case):
    """examples/microcontroller, with fewer epochs."""

    def test_three_commands(self):
        text = (BOARD / "README.md").read_text(encoding="utf-8")
        commands = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
        self.assertEqual(len(commands), 3)
        for file in BOARD.iterdir():
            shutil.copy(file, self.folder)
        said = ""
        for command in commands:
            words = command.replace("--epochs 20", "--epochs 6").split()
            if words[0] == "espalier":
                said += self.good(*words[1:])
            else:
                done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True,
                                      check=False, timeout=120)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                said += done.stdout + done.stderr
        print(said)
        flash, ram = (int(re.search(rf"^{what} +(\d+) bytes(?: of 32768|:)", said,
                                    re.MULTILINE).group(1)) for what in ("flash", "RAM"))
        self.assertLess(flash, 32768)
        self.assertLess(ram, 2048)
        after, before = map(float, re.search(
            r"accuracy +([\d.]+) % of 10,000 test rows; the network itself ([\d.]+) %",
            said).groups())
        self.assertGreater(after, 80)
        self.assertGreater(after, before - 0.5)


class Wrong(Trained):
    def refused(self, code, message, *arguments):
        done = self.run_cli("export", "m.safetensors", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(message, done.stderr)
        self.assertEqual([p.name for p in self.folder.glob("w*")], [])

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
        (self.folder / "n.h").write_bytes(self.bytes_of("m.safetensors"))
        done = self.run_cli("export", "n.h", "-o", "n.c")
        self.assertEqual((done.returncode, self.bytes_of("n.h")), (2, self.bytes_of("m.safetensors")))
        self.assertIn("n.h: output and input are the same file", done.stderr)
        self.refused(2, "whose header can stand in an #include", "-o", 'w".c')

    def test_data_of_another_width(self):
        self.refused(1, "fashion-mnist", "-o", "w.c", "--data", "fashion-mnist")

    def test_old_files_stay(self):
        (self.folder / "old.c").write_text("old")
        (self.folder / "old.h").mkdir()
        done = self.run_cli("export", "m.safetensors", "-o", "old.c")
        self.assertEqual(done.returncode, 1)
        self.assertIn("old.h", done.stderr)
        self.assertEqual((self.folder / "old.c").read_text(), "old")
        self.assertEqual(list(self.folder.glob(".espalier*")), [])


main()
