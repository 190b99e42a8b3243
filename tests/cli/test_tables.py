"""Tables from end to end: trained on, evaluated, pruned and predicted by what the model knows."""
import json
import random

from harness import THIN, Case, main


def flowers(rows=150, seed=3):
    """Three kinds of flowers: four measures, the garden, the kind; sorted by kind."""
    draw = random.Random(seed)
    lines = ["sepal length,sepal width,petal length,petal width,garden,species"]
    for name, means in (("setosa", (5, 3.4, 1.5, .2)), ("versicolor", (5.9, 2.8, 4.3, 1.3)),
                        ("virginica", (6.6, 3, 5.5, 2))):
        for _ in range(rows // 3):
            cells = ["%.1f" % max(.1, draw.gauss(mean, .3)) for mean in means]
            lines.append(",".join(cells + [draw.choice(["north", "south", "east"]), name]))
    return lines


class Tables(Case):
    TRAIN = ("--hidden", "12", "--epochs", "40", "--lr", "0.1", "--early-stop", "never")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.put("flowers.csv", flowers())
        cls.trained = json.loads(cls.run_once("train", "flowers.csv", "-o", "m", "--test", "20%",
                                              *cls.TRAIN, "--json"))

    @classmethod
    def run_once(cls, *arguments):
        done = cls.run_cli(cls, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @classmethod
    def put(cls, name, lines, end="\n"):
        (cls.folder / name).write_text(end.join(lines) + end, encoding="utf-8", newline="")

    def metadata(self, name):
        return self.header(name)["__metadata__"]

    def test_model_knows_the_table(self):
        columns = json.loads(self.metadata("m")["columns"])
        self.assertEqual([c["name"] for c in columns["columns"]],
                         ["sepal length", "sepal width", "petal length", "petal width", "garden"])
        self.assertEqual(columns["columns"][4]["values"], ["east", "north", "south"])
        self.assertEqual(columns["label"], {"position": 6, "name": "species"})
        self.assertEqual(json.loads(self.metadata("m")["classes"]),
                         ["setosa", "versicolor", "virginica"])
        scaling = json.loads(self.metadata("m")["input_scaling"])
        self.assertEqual((len(scaling["shift"]), len(scaling["scale"])), (7, 7))
        self.assertEqual(self.training("m")["validation"],
                         {"fraction": 0.1, "split": "stratified", "seed": 1, "test": 0.2})
        self.assertGreater(self.trained["accuracy"]["test"], 0.85)

    def test_same_table_gives_the_same_rows(self):
        self.assertEqual(self.result("eval", "m", "flowers.csv")["rows"], 30)
        for split, rows in (("train", 108), ("validation", 12), ("test", 30)):
            found = self.result("eval", "m", "flowers.csv", "--split", split)
            self.assertEqual(found["rows"], rows)
            self.assertAlmostEqual(found["accuracy"], self.trained["accuracy"][split])

    def test_another_table_is_all_test_rows(self):
        """With fewer classes, other columns, another order of columns and another dialect."""
        lines = [line.split(",") for line in flowers()]
        part = [";".join([f"{i}", row[5], row[4], row[1], row[0], row[3], row[2]])
                for i, row in enumerate(lines) if i == 0 or 60 <= i < 80]
        part[0] = part[0].replace("0;", "id;", 1)
        self.put("part.csv", part, end="\r\n")
        found = self.result("eval", "m", "part.csv")
        self.assertEqual(found["rows"], 20)
        self.assertEqual([c["rows"] for c in found["classes"]], [0, 20, 0])
        self.assertGreater(found["accuracy"], 0.6)
        self.assertEqual(len(self.good("predict", "m", "part.csv").splitlines()), 21)

    def test_pruned_and_trained_further(self):
        self.good("prune", "m", "flowers.csv", "-o", "p", "--prune", "40%", "--epochs", "3",
                  "--quiet", said=THIN)
        self.assertEqual(self.metadata("p")["columns"], self.metadata("m")["columns"])
        self.assertEqual(self.metadata("p")["input_scaling"], self.metadata("m")["input_scaling"])
        self.assertEqual(self.result("eval", "p", "flowers.csv")["rows"], 30)
        self.good("train", "flowers.csv", "--from", "m", "-o", "f", "--epochs", "2", "--quiet")
        self.assertEqual(self.result("eval", "f", "flowers.csv")["rows"], 30)

    def test_what_was_given_once_is_known(self):
        """Decimal commas, missing values, categories: no option is needed again."""
        lines = [line.replace(",", ";").replace(".", ",") for line in flowers()]
        lines[5] = ";" + lines[5].split(";", 1)[1]
        lines[70] = lines[70].replace(lines[70].split(";")[4], "?")
        self.put("comma.csv", lines)
        self.good("train", "comma.csv", "-o", "c", "--decimal", "comma", "--missing", "median",
                  "--label", "species", *self.TRAIN, "--quiet")
        columns = json.loads(self.metadata("c")["columns"])
        self.assertEqual((columns["decimal"], columns["missing"]), ("comma", "median"))
        self.assertEqual(columns["columns"][0]["name"], "sepal length")
        self.assertTrue(5 < columns["columns"][0]["fill"] < 7)
        self.put("comma2.csv", lines[:1] + lines[3:9] + lines[68:75])
        self.assertEqual(self.result("eval", "c", "comma2.csv")["rows"], 13)
        self.assertEqual(self.result("eval", "c", "comma2.csv", "--missing", "drop")["rows"], 11)

    def test_second_file(self):
        lines = flowers()
        self.put("part1.csv", lines[:1] + lines[1::2])
        self.put("part2.csv", lines[:1] + lines[2::2])
        result = self.result("train", "part1.csv", "--test-file", "part2.csv", "-o", "s", *self.TRAIN)
        found = self.result("eval", "s", "part2.csv")
        self.assertEqual(found["rows"], 75)
        self.assertAlmostEqual(found["accuracy"], result["accuracy"]["test"])

    def test_scaling(self):
        for how, pairs in (("none", None), ("range", 7), ("standard", 7), ("auto", 7)):
            self.good("train", "flowers.csv", "-o", "x", "--scaling", how, "--epochs", "1", "--quiet")
            scaling = self.metadata("x").get("input_scaling")
            self.assertEqual(scaling and len(json.loads(scaling)["shift"]), pairs, how)
        self.good("train", "small", "-o", "x", "--epochs", "1", "--quiet")
        self.assertEqual(json.loads(self.metadata("x")["input_scaling"])["shift"], 0)

    def test_unscaled_network_stays_unscaled(self):
        self.good("train", "flowers.csv", "-o", "raw", "--scaling", "none", *self.TRAIN, "--quiet")
        self.good("prune", "raw", "flowers.csv", "-o", "raw2", "--prune", "20%", "--epochs", "2",
                  "--quiet")
        self.assertNotIn("input_scaling", self.metadata("raw2"))

    def test_model_without_columns(self):
        """Trained on images, evaluated on a table of the same rows: labels are its classes."""
        self.good("train", "small", "-o", "i", "--hidden", "8", "--epochs", "20", "--lr", "0.1",
                  "--quiet")
        images, labels = (self.bytes_of(f"small/t10k-{name}-ubyte")
                          for name in ("images-idx3", "labels-idx1"))
        rows = [images[16 + 64 * i:80 + 64 * i] for i in range(len(labels) - 8)]
        lines = [",".join(map(str, row)) + f",{labels[8 + i]}" for i, row in enumerate(rows)
                 if labels[8 + i] != 0]
        self.put("images.csv", lines)
        whole = self.result("eval", "i", "small")
        part = self.result("eval", "i", "images.csv")
        self.assertEqual([c["rows"] for c in part["classes"]],
                         [0] + [c["rows"] for c in whole["classes"][1:]])
        self.assertEqual(part["confusion"][1:], whole["confusion"][1:])

    def test_study_and_report(self):
        self.good("study", "flowers.csv", "-o", "st", "--test", "20%", "--hidden", "8", "--epochs",
                  "4", "--criteria", "activation", "--sparsities", "50%", "--steps", "1", "--seeds",
                  "2", "--controls", "magnitude", "--quiet")
        study = json.loads((self.folder / "st/study.json").read_text())
        self.assertEqual(study["data"]["test_rows"], 30)
        self.assertEqual(study["data"]["classes"], ["setosa", "versicolor", "virginica"])
        self.good("train", "flowers.csv", "-o", "r", "--epochs", "2", "--run", "run", "--quiet")
        for folder in ("st", "run"):
            self.good("report", folder)

    def refused(self, code, message, *arguments):
        done = self.run_cli(*arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""))
        self.assertEqual(done.stderr, f"espalier: {message}\n")

    def test_wrong_tables(self):
        lines = flowers()
        self.put("bad.csv", lines[:40] + ["5.1,wide,1.4,0.2,north,setosa"] + lines[40:])
        self.refused(1, "bad.csv: row 40 (line 41), column 2 (sepal width): expected a number, found "
                        "'wide'", "train", "bad.csv", "-o", "bad")
        self.assertFalse((self.folder / "bad").exists())
        self.put("unknown.csv", lines[:3] + [lines[3].replace("setosa", "rose")])
        self.refused(1, "unknown.csv: row 3 (line 4), column 6 (species): expected one of the 3 "
                        "classes of the network, found 'rose'", "eval", "m", "unknown.csv")
        self.put("narrow.csv", [line.split(",", 1)[1] for line in lines])
        self.refused(1, "narrow.csv: line 1: expected a column 'sepal length', found none of that "
                        "name among 5", "eval", "m", "narrow.csv")
        self.refused(1, "flowers.csv: label: expected the name of a column or a number from 1 to 6, "
                        "found 'kind'", "train", "flowers.csv", "-o", "bad", "--label", "kind")
        self.refused(1, "gone.csv: cannot open: No such file or directory", "train", "flowers.csv",
                     "-o", "bad", "--test-file", "gone.csv")
        self.good("train", "flowers.csv", "-o", "t", "--epochs", "1", "--quiet")
        self.refused(1, "flowers.csv: expected test rows, found none: training kept none of this "
                        "table apart (--test); take another table, or in eval and predict other rows "
                        "by --split", "eval", "t", "flowers.csv")

    def test_missing_values_that_the_model_does_not_know(self):
        lines = flowers()
        self.put("holes.csv", [lines[0], "," + lines[1].split(",", 1)[1]] + lines[60:70])
        for command in ("eval", "predict"):
            self.refused(2, "--missing: expected error or drop, found mean: the network was "
                            "trained without it and does not know what to fill in", command, "m",
                         "holes.csv", "--missing", "mean")
        self.refused(1, "holes.csv: row 1 (line 2), column 1 (sepal length): expected a value, found "
                        "nothing (with --missing drop its row would be left out)", "eval", "m", "holes.csv")
        self.assertEqual(self.result("eval", "m", "holes.csv", "--missing", "drop")["rows"], 10)

    def test_other_networks_take_numbers(self):
        """Without training rows nothing is learnt: a text is not left out, it is an error."""
        lines = flowers()
        self.put("four.csv", [",".join(line.split(",")[:4] + line.split(",")[5:]) for line in lines])
        self.good("train", "four.csv", "-o", "four", "--epochs", "1", "--quiet")
        self.good("export", "four", "-o", "bare.safetensors")
        self.assertEqual(self.result("eval", "bare.safetensors", "four.csv")["rows"], 150)
        self.refused(1, "flowers.csv: row 1 (line 2), column 5 (garden): expected a number, found "
                        f"'{lines[1].split(',')[4]}'", "eval", "bare.safetensors", "flowers.csv")
        self.refused(1, "four.csv: expected rows of nothing but the network's 4 inputs and a label, "
                        "found --ignore: the network knows no columns; leave those that it does not read "
                        "out of the file", "predict", "bare.safetensors", "four.csv", "--ignore", "1")

    def test_options_without_effect_are_said(self):
        done = self.run_cli("eval", "m", "flowers.csv", "--ignore", "garden")
        self.assertEqual((done.returncode, done.stderr), (0, "espalier: note: --ignore has no effect: the "
                                                             "network knows the columns that it reads\n"))

    def test_separator_of_another_table(self):
        lines = flowers()
        self.put("semicolons.csv", [line.replace(",", ";") for line in lines])
        self.good("train", "semicolons.csv", "-o", "semi", "--separator", "semicolon", "--epochs", "1",
                  "--quiet")
        self.refused(1, "flowers.csv: line 1: expected a column 'sepal length', found none of that name "
                        "among 1", "predict", "semi", "flowers.csv")
        self.assertEqual(len(self.good("predict", "semi", "flowers.csv", "--separator",
                                       "auto").splitlines()), 151)

    def test_test_rows_stay_the_same(self):
        """Neither other validation rows nor rows that are left out make test rows of training rows."""
        lines = flowers(seed=8)
        lines[7] = "," + lines[7].split(",", 1)[1]
        self.put("holed.csv", lines)
        self.good("train", "holed.csv", "-o", "holed", "--missing", "mean", "--test", "20%", "--epochs", "1",
                  "--quiet")
        rows = self.good("predict", "holed", "holed.csv", "--split", "test")
        self.assertEqual(self.good("predict", "holed", "holed.csv", "--split", "test", "--validation-seed", "8"),
                         rows)
        self.refused(1, "holed.csv: expected all rows of the table that the network was trained on, whose test "
                        "rows are drawn among them; found 1 left out for missing values", "eval", "holed",
                     "holed.csv", "--missing", "drop")

    def test_category_that_was_filled_in(self):
        lines = flowers()
        self.put("gardens.csv", lines[:1] + [",".join(line.split(",")[:4] + [garden, line.split(",")[5]])
                                             for line, garden in zip(lines[1:], ["south", "south", "?"] * 50)] +
                 ["5,3,1,1,east,setosa"])
        found = json.loads(self.good("data", "info", "gardens.csv", "--missing", "mean", "--json"))
        self.assertEqual([(c["name"], c["missing"]) for c in found["columns"][4:]],
                         [("garden=east", 0), ("garden=south", 50)])

    def test_categories_that_were_not_learnt(self):
        """As where another program wrote True as TRUE: rows lose what the network knows them by."""
        lines = [f"{i % 7},{'True' if i % 3 else 'False'},{'pq'[i % 3 > 0]}" for i in range(60)]
        self.put("door.csv", ["t,door,y"] + lines)
        self.put("upper.csv", ["y,t,door"] + [
            ",".join((y, t + ".5", door.upper() if i > 1 else door))
            for i, (t, door, y) in enumerate(line.split(",") for line in lines)])
        self.good("train", "door.csv", "-o", "door", "--epochs", "1", "--quiet")
        for command in (("eval", "door", "upper.csv"), ("predict", "door", "upper.csv"),
                        ("data", "info", "door.csv", "--test-file", "upper.csv"),
                        ("train", "door.csv", "--test-file", "upper.csv", "-o", "x", "--epochs", "1")):
            done = self.run_cli(*command)
            self.assertEqual((done.returncode, done.stderr), (
                0, "espalier: warning: upper.csv: column 3 (door): 58 of 60 rows hold a category that no training "
                "row had (first 'TRUE', row 3): read as none of those learnt\n"), command)
        self.assertEqual(self.run_cli("predict", "door", "door.csv").stderr, "")

    def test_many_columns_with_categories_that_were_not_learnt(self):
        self.put("six.csv", ["a,b,c,d,e,f,y"] + [
            ",".join([("no", "nor")[i // 2 % 2]] * 6 + [str(i % 2)]) for i in range(20)])
        self.put("other.csv", ["a,b,c,d,e,f,y", ",".join(["yes"] * 6) + ",1"])
        self.good("train", "six.csv", "-o", "six", "--hidden", "4", "--lr", "0.001", "--epochs",
                  "1", "--quiet")
        said = self.run_cli("predict", "six", "other.csv").stderr.splitlines()
        self.assertEqual(len(said), 5)
        self.assertIn("column 4 (d): 1 of 1 rows", said[3])
        self.assertEqual(said[4], "espalier: warning: other.csv: and 2 more columns with such categories")

    def test_names_that_are_there_twice(self):
        self.put("ab.csv", ["a,b,y"] + [f"{i % 5},{i * i % 7},{i % 2}" for i in range(20)])
        self.good("train", "ab.csv", "-o", "ab", "--hidden", "4", "--epochs", "1", "--quiet")
        self.put("twice.csv", ["a,b,a", "3,5,1"])
        self.refused(1, "twice.csv: line 1: columns 1 and 3: expected different names, found 'a' twice",
                     "predict", "ab", "twice.csv")
        self.put("others.csv", ["z,b,z,a", "3,5,1,2"])
        self.good("predict", "ab", "others.csv")  # what is not read may be there twice

    def test_blanks_around_names_of_columns(self):
        self.put("blank.csv", ["a,b,c,y"] + [f"{i},{i * i % 7},{i * 3 % 5},{i % 2}" for i in range(20)])
        found = self.result("data", "info", "blank.csv", "--ignore", "a, c", "--label", " y")
        self.assertEqual([c["name"] for c in found["columns"]], ["b"])
        self.put("blank.csv", ['a,b," c",c,y'] + [f"{i},{i % 7},0,{i % 5},{i % 2}" for i in range(20)])
        found = self.result("data", "info", "blank.csv", "--ignore", "a, c")
        self.assertEqual([c["name"] for c in found["columns"]], ["b", "c"])

    def test_values_too_large_to_compute_with(self):
        lines = flowers()[:4]
        self.put("huge.csv", lines[:2] + ["3.4e38,-3.4e38,1.4,0.2,north,setosa"])
        done = self.run_cli("predict", "m", "huge.csv")
        why = "the row's values, or the network's weights, are too large to compute with"
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (1, 2))
        self.assertEqual(done.stderr, "espalier: huge.csv: row 2: expected finite probabilities, found nan: "
                                      f"{why}\n")
        self.refused(1, "huge.csv: expected a finite loss, found nan: some row's values, or the network's "
                        "weights, are too large to compute with", "eval", "m", "huge.csv")
        self.refused(1, "data: row 1 (counted from 0): expected finite scores for test vectors, found "
                        f"others: {why}", "export", "m", "-o", "huge.c", "--data", "huge.csv",
                     "--test-vectors", "2")
        self.assertFalse((self.folder / "huge.c").exists())

    def test_calibrated_by_another_table(self):
        """All of its rows are test rows; there are no others to calibrate with."""
        self.put("longer.csv", flowers() + flowers()[-1:])
        said = self.good("export", "m", "-o", "q.c", "--type", "int8", "--data", "longer.csv")
        self.assertIn(" of 151 test rows, which it was calibrated on; the network itself ", said)
        accuracy, itself = [float(word) for word in said.splitlines()[-1].split() if "." in word]
        self.assertLess(abs(accuracy - itself), 3)
        self.assertIn("_quantise(", (self.folder / "q.h").read_text())
        self.assertIn("calibrated on 151\n * test rows, ", (self.folder / "q.c").read_text())

    def test_header_of_a_program_names_the_columns(self):
        self.put("gaps.csv", [line.replace("north", "?") for line in flowers()])
        self.good("train", "gaps.csv", "-o", "gaps", "--missing", "mean", "--epochs", "1", "--quiet")
        self.good("export", "gaps", "-o", "gaps.c")
        text = (self.folder / "gaps.h").read_text()
        self.assertRegex(text, r' \*   0  "sepal length"  where it is missing: [0-9.]+f\n')
        self.assertIn(' *   5  "garden=south"  1 where it is so, else 0', text)
        self.assertEqual(text.count("; 1 where it is missing"), 1)

    def test_another_table_that_was_learnt_from(self):
        """Its own test rows are known again; where they were drawn goes along."""
        self.put("other.csv", flowers(seed=9))
        for command in (("train", "other.csv", "--from", "m"), ("prune", "m", "other.csv", "--prune", "20%")):
            out = self.result(*command, "-o", "moved", "--epochs", "2", "--seed", "7", "--quiet")
            found = self.result("eval", "moved", "other.csv")
            self.assertEqual(found["rows"], 30)
            self.assertAlmostEqual(found["accuracy"], out["accuracy"]["test"])

    def test_models_that_read_a_table_in_their_own_ways(self):
        for name, ignored in (("without length", "sepal length"), ("without garden", "garden")):
            self.good("train", "flowers.csv", "-o", name, "--ignore", ignored, "--test", "20%", *self.TRAIN,
                      "--quiet")
        models = ("m", "without length", "without garden", "m")
        told = self.result("info", *models, "--data", "flowers.csv")["models"]
        self.assertEqual([one["test_accuracy"] for one in told],
                         [self.result("eval", name, "flowers.csv")["accuracy"] for name in models])

    def test_rows_that_look_like_names(self):
        """Categories that are numbers, and a fault in the first of rows that never had names."""
        rows = [f"{10 * (1 + i % 3)},{i % 7}.5,{'ab'[i % 2]}" for i in range(40)]
        self.put("numbers.csv", rows)
        self.good("train", "numbers.csv", "-o", "numbered", "--categorical", "1", "--hidden", "4", "--epochs", "1",
                  "--quiet")
        self.put("new.csv", ["40,1.0", "10,2.0", "20,3.0"])
        said = ".*column 1: 1 of 3 rows hold a category.*\n"
        found = self.good("predict", "numbered", "new.csv", said=said).splitlines()
        self.assertEqual(len(found), 4)
        self.put("new.csv", ["40.0,1.0", "10.0,2.0", "2e1,3.0"])
        self.assertEqual(self.good("predict", "numbered", "new.csv", said=said).splitlines(), found)
        self.good("train", "numbers.csv", "-o", "plain", "--hidden", "4", "--epochs", "1", "--quiet")
        self.put("fault.csv", ["10,oops", "10,2.0"])
        done = self.run_cli("predict", "plain", "fault.csv")
        self.assertEqual(done.returncode, 1)
        self.assertIn("fault.csv: row 1 (line 1), column 2: expected", done.stderr)

    def test_columns_that_are_counted(self):
        """As a program writes them whose table had no names of its own but the label's."""
        self.put("counted.csv", ["0,1,2,species"] + [f"{i % 5}.5,{i % 3},{i % 7},{'ab'[i % 2]}" for i in range(40)])
        self.good("train", "counted.csv", "-o", "counted", "--hidden", "4", "--epochs", "1", "--quiet")
        self.assertEqual(json.loads(self.metadata("counted")["classes"]), ["a", "b"])

    def test_label_in_another_column(self):
        lines = flowers()[1:]
        self.put("bare.csv", lines)
        self.put("turned.csv", [",".join(line.split(",")[-1:] + line.split(",")[:-1]) for line in lines])
        self.good("train", "bare.csv", "-o", "bare", *self.TRAIN, "--quiet")
        straight = self.result("eval", "bare", "bare.csv", "--split", "train")
        turned = self.result("eval", "bare", "turned.csv", "--label", "1")
        self.assertGreater(straight["accuracy"], 0.8)
        self.assertGreater(turned["accuracy"], 0.8)
        self.assertEqual(turned["rows"], 150)

    def test_columns_far_from_zero(self):
        """Programs in integers keep what their means leave; where float32 cannot, it is said."""
        draw = random.Random(5)
        rows = [(1.7e9 + round(draw.gauss(0, 300)), draw.gauss(0, 1)) for _ in range(300)]
        self.put("times.csv", ["time,x,y"] + [f"{t:.0f},{x:.4f},{'ab'[(t - 1.7e9) / 300 + x > 0]}" for t, x in rows])
        self.good("train", "times.csv", "-o", "times", *self.TRAIN, "--test", "20%", "--quiet",
                  said=r".*32-bit floats hold no more than .* time \(steps of 128 at 1.7e\+09\)\n")
        said = self.good("export", "times", "-o", "times.c", "--type", "int16", "--data", "times.csv")
        accuracy, itself = [float(word) for word in said.splitlines()[-1].split() if "." in word]
        self.assertLess(abs(accuracy - itself), 2)
        done = self.run_cli("export", "times", "-o", "times.safetensors", "--fold-scaling")
        self.assertEqual((done.returncode, (self.folder / "times.safetensors").exists()), (1, False))
        self.assertIn("adds up numbers so large that float32 keeps too little", done.stderr)

    def test_what_is_no_table(self):
        """Options of tables are not passed over in silence, nor test rows that come in files of their own."""
        net = ("--hidden", "4", "--epochs", "1", "--quiet")
        done = self.run_cli("train", "small", "-o", "idx", "--ignore", "3", *net)
        self.assertEqual((done.returncode, done.stderr),
                         (0, "espalier: note: --ignore has no effect: small is no table\n"))
        done = self.run_cli("train", "small", "-o", "no", "--test", "20%", *net)
        self.assertEqual((done.returncode, (self.folder / "no").exists()), (2, False))
        self.assertIn("small: expected test rows in files of their own, such as t10k-images", done.stderr)

    def test_rows_without_names_are_no_header(self):
        self.put("rows.csv", ["5,3,1,0.2,2,north,setosa", "5,3,1,0.2,2,north,setosa"])
        self.refused(1, "rows.csv: line 1: expected 6 fields, or one less without labels, found 7",
                     "predict", "m", "rows.csv")
        self.put("empty.csv", flowers()[:1])
        self.refused(1, "empty.csv: expected rows, found none", "train", "flowers.csv", "-o", "bad",
                     "--test-file", "empty.csv")
        self.put("kinds.csv", flowers()[:3])
        self.refused(1, "kinds.csv: row 1 (line 2), column 5 (garden): expected one of the 3 classes of "
                        f"the network, found '{flowers()[1].split(',')[4]}'", "eval", "m", "kinds.csv",
                     "--label", "garden")

    def test_wrong_options(self):
        train = ("train", "flowers.csv", "-o", "bad")
        self.refused(2, "--test: has no meaning with --test-file, which has the test rows", *train,
                     "--test", "10%", "--test-file", "flowers.csv")
        done = self.run_cli(*train, "--test-file", "./flowers.csv", "--epochs", "1", "--quiet")
        self.assertEqual((done.returncode, done.stderr), (
            0, "espalier: warning: --test-file is DATA itself: its rows are tested on that are trained on\n"
               "espalier: warning: flowers.csv: 150 of the 150 test rows are in the training file, too: accuracy on the "
               "test rows may flatter by that share\n"))
        done = self.run_cli("prune", "bad", "flowers.csv", "-o", "bad2", "--test", "20%", "--quiet", "--prune",
                            "5%")
        self.assertEqual((done.returncode, done.stderr), (
            0, "espalier: warning: --test: the network was trained on all rows of flowers.csv, so those "
               "tested on, too\n"))
        for name in ("bad", "bad2"):
            (self.folder / name).unlink()
        again = ("--test: expected 20%, the part of flowers.csv that the network was not trained on, found "
                 "50%: it has learnt some of those rows")
        self.refused(2, again, "train", "flowers.csv", "--from", "m", "-o", "bad", "--epochs", "1", "--test",
                     "50%")
        self.refused(2, again, "prune", "m", "flowers.csv", "-o", "bad", "--prune", "5%", "--test", "50%")
        self.refused(2, "--comment: expected one character or none, found 'rem'", *train,
                     "--comment", "rem")
        for option, value, text in (
                ("--scaling", "max", "auto, none, range or standard, found 'max'"),
                ("--missing", "zero", "auto, error, mean, median or drop, found 'zero'"),
                ("--separator", ";", "auto, comma, semicolon, tab, pipe or space, found ';'"),
                ("--header", "maybe", "auto, yes or no, found 'maybe'"),
                ("--decimal", "dot", "auto, point or comma, found 'dot'"),
                ("--test", "1", "a fraction from 0 to below 1, such as 0.9 or 90%, found '1'"),
                ("--max-categories", "0", "a whole number from 1 to 65534, found '0'")):
            done = self.run_cli(*train, option, value)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr.splitlines()[0], f"espalier: {option}: expected {text}")
        done = self.run_cli(*train, "--from", "m", "--scaling", "none")
        self.assertEqual(done.stderr.splitlines()[0],
                         "espalier: --scaling: has no meaning with --from: MODEL has its own")
        done = self.run_cli("train", "flowers.csv", "-o", "flowers.csv")
        self.assertEqual((done.returncode, done.stderr.splitlines()[0]),
                         (2, "espalier: flowers.csv: output and input are the same file (flowers.csv)"))
        self.put("t.csv", flowers())
        done = self.run_cli("train", "flowers.csv", "--test-file", "t.csv", "-o", "t.csv")
        self.assertEqual((done.returncode, done.stderr.splitlines()[0]),
                         (2, "espalier: t.csv: output and input are the same file (t.csv)"))


if __name__ == "__main__":
    main()
