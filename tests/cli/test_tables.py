"""Tables from end to end: trained on, evaluated, pruned and predicted by what the model knows."""
import json
import random

from harness import Case, main


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
                  "--quiet")
        self.assertEqual(self.metadata("p")["columns"], self.metadata("m")["columns"])
        self.assertEqual(self.metadata("p")["input_scaling"], self.metadata("m")["input_scaling"])
        self.assertEqual(self.result("eval", "p", "flowers.csv")["rows"], 30)
        self.good("train", "flowers.csv", "--from", "m", "-o", "f", "--epochs", "2", "--quiet")
        self.assertEqual(self.result("eval", "f", "flowers.csv")["rows"], 30)


if __name__ == "__main__":
    main()
