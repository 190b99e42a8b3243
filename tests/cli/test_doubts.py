"""Data that cannot teach what they should: a warning, and an error for one class only."""
import struct

from harness import Case, main

NET = ("-o", "net", "--hidden", "4", "--epochs", "1", "--quiet")


class Doubts(Case):
    def table(self, name, rows, labels, image=False, most=255):
        """Training rows only; as images of one line, or as rows of a table. most: their largest value."""
        step = most // max(map(max, rows))
        rows = [[step * value for value in row] for row in rows]
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        shape = (0x803, len(rows), 1, len(rows[0])) if image else (0x802, len(rows), len(rows[0]))
        (folder / "train-images").write_bytes(
            struct.pack(f">{len(shape)}I", *shape) + b"".join(map(bytes, rows)))
        (folder / "train-labels").write_bytes(struct.pack(">2I", 0x801, len(rows)) + bytes(labels))

    def said(self, message, *arguments, code=0):
        done = self.run_cli(*arguments)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (code, "", message and f"espalier: {message}\n"))

    def test_a_class_is_missing(self):
        self.table("gap", [(1, 9), (2, 8), (3, 7), (4, 6)], [0, 3, 0, 3])
        self.said("warning: gap: 2 of the 4 classes have no training row and cannot be learnt: 1, 2",
                  "train", "gap", *NET, "--validation", "0")
        self.said("warning: gap: 2 of the 4 classes have no training row and cannot be learnt: 1, 2",
                  "prune", "net", "gap", "-o", "half", "--prune", "20%", "--dead", "keep", "--quiet",
                  "--validation", "0")

    def test_a_class_is_in_the_validation_rows_only(self):
        self.table("sorted", [(i, 9 * i % 7) for i in range(20)], [0] * 4 + [1] * 8 + [2] * 8)
        self.said("warning: sorted: 1 of the 3 classes has no training row and cannot be learnt: 0; the "
                  "validation rows have some: try --validation-split stratified",
                  "train", "sorted", *NET, "--validation", "20%")
        self.said("", "train", "sorted", *NET, "--validation", "20%", "--validation-split",
                  "stratified")

    def test_one_class_only(self):
        self.table("one", [(i, 9 * i % 7) for i in range(20)], [1] * 20)
        self.said("one: expected training rows of two classes or more, found only class 1; is this the "
                  "column of labels?", "train", "one", "-o", "none", "--quiet", code=1)
        self.assertFalse((self.folder / "none").exists())
        self.said("one: expected training rows of two classes or more, found only class 1; is this the "
                  "column of labels?", "study", "one", "-o", "none", "--quiet", code=1)
        self.assertFalse((self.folder / "none").exists())

    def test_pruning_at_once_needs_no_second_class(self):
        self.table("two", [(1, 9), (2, 8), (3, 7), (4, 6)], [0, 1, 0, 1])
        self.said("", "train", "two", *NET, "--validation", "0")
        self.table("one", [(1, 9), (2, 8)], [1, 1])
        self.said("warning: one: 1 of the 2 classes has no training row and cannot be learnt: 0",
                  "prune", "net", "one", "-o", "half", "--prune", "20%", "--dead", "keep", "--quiet",
                  "--validation", "0")
        self.said("one: expected training rows of two classes or more, found only class 1; is this the "
                  "column of labels?", "prune", "net", "one", "-o", "none", "--quiet", "--validation",
                  "0", "--epochs", "1", code=1)

    def test_numbers_that_became_categories(self):
        for first in ("None", "12%", "\u22123", "$3.00", "\"1,000.5\"", "\u00a04"):
            (self.folder / "t.csv").write_text(f"a,b,y\n{first},1,p\n" + "".join(
                f"{i % 5},{i * i % 7},{'pq'[i % 2]}\n" for i in range(20)), encoding="utf-8")
            plain = first.strip('"')
            warning = (f"warning: t.csv: column 1 (a): {5 + (first != 'None')} of its 6 different values look like "
                       f"numbers, but the first, '{plain}', is none that is read, so each is a category, an input of "
                       "its own: write it as a plain number, or leave it empty and say --missing, or leave the column "
                       "out by --ignore; --categorical a says that it is meant")
            self.said(warning, "train", "t.csv", *NET)
            done = self.run_cli("data", "info", "t.csv")
            self.assertEqual((done.returncode, done.stderr), (0, f"espalier: {warning}\n"))
        self.said("", "train", "t.csv", *NET, "--categorical", "a")
        self.said("", "train", "t.csv", *NET, "--ignore", "a")
        self.assertEqual(self.run_cli("data", "info", "t.csv", "--categorical", "a").stderr, "")

    def test_labels_that_are_measures(self):
        rows = "".join(f"{'pq'[i % 2]},{i % 5},{i % 4 + .5}\n" for i in range(40))
        (self.folder / "first.csv").write_text("kind,a,width\n" + rows, encoding="utf-8")
        warning = ("warning: first.csv: the labels are of column 3 (width), the last, and are numbers with fractions, from "
                   "0.5 to 3.5, each of the 4 a class: if another column holds the classes, name it by --label")
        self.said(warning, "train", "first.csv", *NET)
        done = self.run_cli("data", "info", "first.csv")
        self.assertEqual(done.stderr, f"espalier: {warning}\n")
        self.assertIn("labels     column 3 (width)\n", done.stdout)
        self.said("", "train", "first.csv", *NET, "--label", "width")
        done = self.run_cli("train", "first.csv", "-o", "net", "--hidden", "4", "--epochs", "1", "--label", "1")
        self.assertEqual(done.stderr, "")
        self.assertIn("labels    column 1 (kind)\n", done.stdout)

    def test_columns_that_count_the_rows(self):
        for first in (0, 1):
            (self.folder / "i.csv").write_text(",a,kind\n" + "".join(
                f"{i + first},{i * i % 7},{'pq'[i // 20]}\n" for i in range(40)), encoding="utf-8")
            warning = ("warning: i.csv: column 1 counts the rows, which teaches nothing that holds for others: leave it out "
                       "by --ignore 1")
            self.said(warning, "train", "i.csv", *NET, "--test", "20%")
            self.assertEqual(self.run_cli("data", "info", "i.csv").stderr, f"espalier: {warning}\n")
            self.said("", "train", "i.csv", *NET, "--ignore", "1")
        text = (self.folder / "i.csv").read_text(encoding="utf-8")
        (self.folder / "i.csv").write_text(text.replace("\n31,", "\n32,"), encoding="utf-8")
        self.said("", "train", "i.csv", *NET)

    def test_inputs_far_from_zero(self):
        def put(offset, step):
            (self.folder / "far.csv").write_text("x,z,kind\n" + "".join(
                f"{offset + i % 8 * step},{i * i % 7},{'pq'[i % 2]}\n" for i in range(40)), encoding="utf-8")
        warning = ("warning: far.csv: 1 of the 2 inputs lies so far from zero that 32-bit floats hold no more than 1,000 "
                   "steps of what changes: subtract an offset in the file: x (steps of {} at {})")
        for offset, step, *found in ((10 ** 9, 1, "64", "1e+09"), (10 ** 9, 100, "64", "1e+09"),
                                     (1e5, .01, "0.0078125", "100000")):
            put(offset, step)
            self.said(warning.format(*found), "train", "far.csv", *NET)
        for offset, step in ((16000000, 1), (2000, .5), (0, .1)):
            put(offset, step)
            self.said("", "train", "far.csv", *NET)

    def test_small_bytes(self):
        rows, labels = [(i % 10, i % 7) for i in range(40)], [i % 2 for i in range(40)]
        self.table("dim", rows, labels, most=9)
        self.said("warning: dim: values reach no more than 9 of the 255 by which bytes are divided: try --scaling range",
                  "train", "dim", *NET)
        self.said("", "train", "dim", *NET, "--scaling", "range")
        self.said("", "prune", "net", "dim", "-o", "half", "--prune", "20%", "--dead", "keep", "--epochs", "1",
                  "--quiet")
        self.table("large", rows, labels)
        self.said("", "train", "large", *NET)

    def test_test_rows_that_are_training_rows(self):
        def put(repeated):
            (self.folder / "test.csv").write_text("a,b,kind\n" + "".join(
                f"{i % 7 if i < repeated else 8},{i * i % 11},{'pq'[i % 2]}\n" for i in range(300)), encoding="utf-8")
        (self.folder / "r.csv").write_text("a,b,kind\n" + "".join(
            f"{i % 7},{i * i % 11},{'pq'[i % 2]}\n" for i in range(300)), encoding="utf-8")
        put(3)
        warning = ("warning: r.csv: 3 of the 300 test rows are in the training file, too: accuracy on the test rows may "
                   "flatter by that share")
        self.said(warning, "train", "r.csv", *NET, "--test-file", "test.csv")
        put(2)
        self.said("", "train", "r.csv", *NET, "--test-file", "test.csv")

    def test_constant_inputs(self):
        rows = [(7, 7, i, 0, 7, 7, 7, 7) for i in range(10)]
        self.table("flat", rows, [i % 2 for i in range(10)])
        self.said("warning: flat: 7 of the 8 inputs never change in the training rows and teach "
                  "nothing: 0, 1, 3, 4, 5, ...", "train", "flat", *NET)
        self.table("flat", [row[1:4] for row in rows], [i % 2 for i in range(10)])
        self.said("warning: flat: 2 of the 3 inputs never change in the training rows and teach "
                  "nothing: 0, 2", "train", "flat", *NET)
        self.table("picture", rows, [i % 2 for i in range(10)], image=True)
        self.said("", "train", "picture", *NET)  # the borders of pictures are often so


main()
