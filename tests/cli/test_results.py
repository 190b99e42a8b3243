"""Results: JSON keys, run folder, tables, CSV, information."""
import csv
import io
import json
import math
import os
import struct
import subprocess
import sys

from harness import MAKE_IDX, PROGRAM, THIN, Case, environment, main

RESULT = {"seed", "epochs", "stopped_by", "target", "sparsity", "accuracy", "loss", "layers",
          "prunes", "seconds", "math", "threads", "version"}
NET = ("--hidden", "16,8", "--epochs", "12", "--prune", "60%", "--steps", "2", "--trigger", "epoch",
       "--every", "4")


class Results(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = json.loads(cls().run_cli("train", "small", "-o", "net", *NET, "--run", "run",
                                             "--json").stdout)

    def test_result_object(self):
        r = self.first
        self.assertEqual(RESULT - set(r), set())
        self.assertEqual((r["seed"], r["target"], r["epochs"]), (1, 0.6, 12))
        self.assertIn(r["stopped_by"], ("epochs", "accuracy", "early-stop"))
        for key in ("accuracy", "loss"):
            self.assertEqual(set(r[key]), {"train", "validation", "test"})
        self.assertEqual([(l["inputs"], l["outputs"]) for l in r["layers"]],
                         [(64, 16), (16, 8), (8, 4)])
        for layer in r["layers"]:
            self.assertEqual(set(layer), {"inputs", "outputs", "live", "weights", "nonzero", "rank"})
        weights = sum(l["weights"] for l in r["layers"])
        nonzero = sum(l["nonzero"] for l in r["layers"])
        self.assertAlmostEqual(r["sparsity"]["all"], 1 - nonzero / weights, places=9)
        self.assertGreaterEqual(r["sparsity"]["all"], 0.6 - 1 / weights)
        self.assertEqual([p["epoch"] for p in r["prunes"]], [4, 8])
        for step in r["prunes"]:
            self.assertEqual({"epoch", "training_accuracy", "requested", "removed_by_rank",
                              "removed_by_propagation", "sparsity"} - set(step), set())
            self.assertEqual(step["requested"], step["removed_by_rank"])
        self.assertEqual(len(r["seconds"]["per_epoch"]), r["epochs"])

    def test_run_folder(self):
        self.assertEqual({p.name for p in (self.folder / "run").iterdir()},
                         {"log.jsonl", "result.json", "config.json", "model.safetensors",
                          "initial.safetensors", "before.safetensors", "evaluation.json"})
        self.assertEqual(self.bytes_of("run/model.safetensors"), self.bytes_of("net"))
        self.assertEqual(json.loads(self.bytes_of("run/result.json")), self.first)
        self.assertEqual(json.loads(self.bytes_of("run/config.json")), self.training("net"))
        events = [json.loads(line)["event"] for line in
                  self.bytes_of("run/log.jsonl").decode().splitlines()]
        self.assertEqual(events.count("epoch"), 12)
        self.assertEqual(events.count("prune"), 2)
        for name in ("log.jsonl", "result.json", "config.json"):
            self.assertTrue(self.bytes_of("run/" + name).endswith(b"}\n"), name)

    def test_configuration_in_the_file(self):
        config = self.training("net")
        self.assertEqual(config["command"], "train")
        self.assertEqual((config["data"], config["widths"], config["seed"]), ("small", [64, 16, 8, 4], 1))
        self.assertEqual(config["validation"], {"fraction": 0.1, "split": "first", "seed": 1})
        options = config["options"]
        self.assertEqual((options["prune"], options["hidden"], options["trigger"]),
                         (0.6, [16, 8], "epoch"))
        for machine in ("threads", "output", "run", "data-dir"):
            self.assertNotIn(machine, options)
        self.assertNotIn(str(self.folder), json.dumps(self.header("net")))

    def test_summary(self):
        text = self.good("train", "small", "-o", "told", *NET, "--compact", said=THIN)
        self.assertIn("\nneurons   16-8 -> ", text)
        self.assertRegex(text, r"(?m)^sparsity  6\d\.\d\d % of all weights, \d\d\.\d\d % of the prunable$")
        self.assertRegex(text, r"(?m)^test +\d+\.\d\d %  \d+\.\d{4}$")
        self.assertRegex(text, r"(?m)^wrote told \([\d,]+ bytes\)$")
        self.assertRegex(text, r"(?m)^compacted = masked: largest output difference \S+ over 750 "
                               r"rows, 0 classes changed$")
        self.assertNotRegex(text, r"(?m) $")
        self.assertEqual(self.good("train", "small", "-o", "told", *NET, "--quiet", said=THIN), "")

    def test_step_after_the_last_epoch(self):
        late = "\nthe last step came after the last epoch: nothing was learnt after it\n"
        for trigger, said in ((("--every", "6", "--trigger", "epoch", "--steps", "2"), True),
                              (("--every", "4", "--trigger", "epoch", "--steps", "2"), False),
                              (("--trigger", "cubic", "--cubic-epochs", "12"), False)):
            text = self.good("train", "small", "-o", "late", *NET[:6], *trigger, "--early-stop", "never",
                             said=THIN)
            self.assertEqual(late in text, said, text)

    def test_target_not_reached(self):
        done = self.run_cli("train", "small", "-o", "short", "--hidden", "8", "--epochs", "2",
                            "--prune", "50%", "--trigger", "epoch", "--every", "2", "--quiet")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertRegex(done.stderr, r"^espalier: warning: --epochs 2: too few for 5 pruning steps, one in "
                         r"2: the target will not be reached\n"
                         r"espalier: TARGET SPARSITY NOT REACHED: asked for 50\.00 % of "
                         r"all weights, got \d+\.\d\d % \(pruning steps: 1 taken, 4 outstanding; the "
                         r"run ended after epoch 2, stopped by epochs\)\n$")
        self.assertTrue((self.folder / "short").exists())

    def test_finished_run_that_missed_its_target(self):
        """--resume says it again, with the same exit code."""
        first = self.run_cli("train", "small", "-o", "short", "--hidden", "8", "--epochs", "2", "--prune", "50%",
                             "--trigger", "epoch", "--every", "2", "--quiet", "--run", "missed", "--json")
        line = first.stderr.splitlines()[-1]
        self.assertIn("TARGET SPARSITY NOT REACHED", line)
        self.assertEqual(json.loads(first.stdout)["failed_checks"], [line.removeprefix("espalier: ")])
        self.assertNotIn("failed_checks", self.first)
        again = self.run_cli("train", "--resume", "missed", "--json", "--quiet")
        self.assertEqual((first.returncode, again.returncode), (3, 3))
        self.assertEqual((again.stdout, again.stderr), (first.stdout, line + "\n"))

    def test_target_of_the_network_that_is_written(self):
        """With --dead authors dead neurons keep weights, which go where the network is compacted."""
        options = ("train", "small", "-o", "written", "--hidden", "16,8", "--epochs", "8", "--prune", "93%",
                   "--scope", "layer", "--steps", "2", "--trigger", "epoch", "--every", "2", "--count", "sample-sum",
                   "--dead", "authors", "--amounts", "authors")
        for more, code in (((), 3), (("--compact",), 0)):
            done = self.run_cli(*options, *more, "--json")
            self.assertEqual(done.returncode, code, done.stderr)
            shown = json.loads(done.stdout)["sparsity"]["all"]
            self.assertEqual(shown < 0.93, code == 3)
            self.assertEqual(f"asked for 93.00 % of all weights, got {100 * shown:.2f} %" in done.stderr, code == 3)

    def test_eval(self):
        r = self.result("eval", "net", "small")
        self.assertEqual(set(r), {"rows", "accuracy", "top_k", "loss", "confusion", "classes"})
        for c, found in enumerate(r["classes"]):
            truly, predicted = sum(r["confusion"][c]), sum(row[c] for row in r["confusion"])
            right = r["confusion"][c][c]
            self.assertEqual((found["name"], found["rows"]), (str(c), truly))
            self.assertAlmostEqual(found["recall"], right / truly)
            if predicted:
                self.assertAlmostEqual(found["precision"], right / predicted)
            else:
                self.assertIsNone(found["precision"])
        self.assertEqual(len(r["classes"]), 4)
        right = sum(r["confusion"][i][i] for i in range(4))
        self.assertEqual(sum(map(sum, r["confusion"])), r["rows"])
        self.assertAlmostEqual(r["accuracy"], right / r["rows"])
        self.assertEqual(r["top_k"], {"k": 4, "accuracy": 1.0})
        self.assertAlmostEqual(r["accuracy"], self.first["accuracy"]["test"], places=9)
        self.assertEqual(self.result("eval", "net", "small", "--top-k", "1")["top_k"]["accuracy"],
                         r["accuracy"])
        text = self.good("eval", "net", "small")
        self.assertRegex(text, r"\Arows      150\naccuracy  ")
        self.assertIn("\nconfusion (row: true class, column: predicted class)\n", text)

    def test_eval_takes_the_rows_of_training(self):
        for split in ("first", "random", "stratified"):
            trained = self.result("train", "small", "-o", "split", "--hidden", "8", "--epochs", "3",
                                  "--validation", "20%", "--validation-split", split, "--seed", "7")
            found = self.result("eval", "split", "small", "--split", "validation")
            self.assertEqual(found["rows"], 120)
            self.assertAlmostEqual(found["loss"], trained["loss"]["validation"], places=9)
            other = self.result("eval", "split", "small", "--split", "validation", "--validation",
                                "10%")
            self.assertEqual(other["rows"], 60)

    def test_predict(self):
        text = self.good("predict", "net", "small")
        rows = list(csv.reader(io.StringIO(text)))
        self.assertEqual(rows[0], ["class", "0", "1", "2", "3"])
        self.assertEqual(len(rows), 151)
        for row in rows[1:]:
            probabilities = [float(x) for x in row[1:]]
            self.assertTrue(math.isclose(sum(probabilities), 1, abs_tol=1e-5))
            self.assertEqual(row[0], str(probabilities.index(max(probabilities))))
        labels = self.bytes_of("small/t10k-labels-idx1-ubyte")[8:]
        right = sum(row[0] == str(label) for row, label in zip(rows[1:], labels))
        self.assertAlmostEqual(right / 150, self.first["accuracy"]["test"], places=9)
        lines = text.splitlines(keepends=True)
        self.assertEqual(self.good("predict", "net", "small", "--rows", "3"), "".join(lines[:4]))
        self.assertEqual(self.good("predict", "net", "small", "--rows", "145:"),
                         lines[0] + "".join(lines[146:]))
        self.assertEqual(self.good("predict", "net", "small", "-o", "p.csv"), "")
        self.assertEqual(self.bytes_of("p.csv").decode(), text)

    def test_predict_follows_links_and_writes_to_pipes(self):
        text = self.good("predict", "net", "small")
        (self.folder / "real.csv").write_text("old")
        (self.folder / "link.csv").symlink_to("real.csv")
        self.good("predict", "net", "small", "-o", "link.csv")
        self.assertTrue((self.folder / "link.csv").is_symlink())
        self.assertEqual((self.folder / "real.csv").read_text(), text)
        (self.folder / "dangling.csv").symlink_to("made.csv")
        self.good("predict", "net", "small", "-o", "dangling.csv")
        self.assertTrue((self.folder / "dangling.csv").is_symlink())
        self.assertEqual((self.folder / "made.csv").read_text(), text)
        os.mkfifo(self.folder / "pipe")
        with subprocess.Popen(["cat", "pipe"], cwd=self.folder, stdout=subprocess.PIPE, text=True) as cat:
            self.good("predict", "net", "small", "-o", "pipe")
            self.assertEqual(cat.communicate()[0], text)
        self.assertTrue((self.folder / "pipe").is_fifo())

    def test_names_of_classes(self):
        def renamed(names):
            data = self.bytes_of("net")
            size, = struct.unpack("<Q", data[:8])
            header = json.loads(data[8:8 + size])
            header["__metadata__"]["classes"] = json.dumps(names)
            text = json.dumps(header).encode()
            (self.folder / "named").write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size:])
            return self.good("eval", "named", "small") + self.good("info", "named")
        self.assertRegex(renamed(["0", "1", "2", "3"]), r"(?m)^0  +\d+  +\d+  +\d+  +\d+$")
        self.assertRegex(renamed(["ä", "b", "c", "d"]), r"(?m)^0 ä  +\d+  +\d+  +\d+  +\d+$")
        text = renamed(["a\x1b[31m", "b\n", "ö" * 200, "d"])
        self.assertNotIn("\x1b", text)
        self.assertIn("\nclasses   4: a?[31m, b?, öö", text)
        self.assertRegex(text, r"(?m)^b\?  +\d+ ")
        self.assertRegex(text, r"(?m)^ö{79}  +\d+ ")

    def test_eval_of_many_classes(self):
        subprocess.run([sys.executable, MAKE_IDX, self.folder / "many", "--classes", "41"], check=True)
        self.good("train", "many", "-o", "m", "--hidden", "8", "--epochs", "1", "--quiet")
        text = self.good("eval", "m", "many")
        self.assertRegex(text, r"(?m)^40  +\d+  ")
        self.assertTrue(text.endswith("\nconfusion matrix: too wide for a terminal; see --json\n"))
        self.assertEqual(len(self.result("eval", "m", "many")["confusion"]), 41)

    def test_info(self):
        text = self.good("info", "net")
        self.assertIn("made by   espalier train ", text)
        self.assertIn("prune 60% by activation\n", text)
        one = self.result("info", "net")
        self.assertEqual((one["inputs"], one["classes"]), (64, ["0", "1", "2", "3"]))
        self.assertAlmostEqual(one["sparsity"]["all"], self.first["sparsity"]["all"], places=9)
        self.assertEqual(len(one["history"]), 2)
        self.assertIsNone(one["test_accuracy"])
        self.good("compact", "net", "-o", "tight", "--quiet")
        several = self.result("info", "net", "tight", "--data", "small", "--labels", "A,B")
        self.assertEqual([m["label"] for m in several["models"]], ["A", "B"])
        a, b = several["models"]
        self.assertEqual(a["sparsity"], b["sparsity"])
        self.assertLess(b["weights"], a["weights"])
        self.assertEqual(a["test_accuracy"], b["test_accuracy"])
        self.assertGreater(b["nanoseconds_per_prediction"], 0)
        table = self.good("info", "net", "tight").splitlines()
        self.assertEqual(table[0].split(), ["net", "tight"])
        self.assertEqual([line[:20].rstrip() for line in table[1:]],
                         ["weights kept", "weights in the file", "live hidden neurons",
                          "sparsity of all", "sparsity of prunable", "FLOPs per prediction",
                          "file bytes"])

    def test_info_of_linear_layers(self):
        data = self.bytes_of("net")
        header = self.header("net")
        header["__metadata__"].update(espalier="2", linear="[0]")
        header["__metadata__"].pop("inputs_counted")
        counts = [header.pop(f"layers.{layer}.activations")["data_offsets"] for layer in (0, 1)]
        skipped = counts[1][1]  # they come first
        for name in set(header) - {"__metadata__"}:
            header[name]["data_offsets"] = [at - skipped for at in header[name]["data_offsets"]]
        text = json.dumps(header).encode()
        rest = data[8 + struct.unpack("<Q", data[:8])[0] + skipped:]
        (self.folder / "linear").write_bytes(struct.pack("<Q", len(text)) + text + rest)
        self.assertIn("\nlinear    layer 0 (no activation: never pruned or counted)\n",
                      self.good("info", "linear"))
        self.assertEqual([l["activation"] for l in self.result("info", "linear")["layers"]],
                         ["linear", "relu", "softmax"])
        self.assertNotIn("\nlinear ", self.good("info", "net"))
        self.assertEqual([l["activation"] for l in self.result("info", "net")["layers"]],
                         ["relu", "relu", "softmax"])

    def test_compact(self):
        proof = r"compacted = masked: largest output difference \S+ over %s rows, 0 classes changed\n$"
        self.assertRegex(self.good("compact", "net", "-o", "tight"), proof % "1,000")
        self.assertRegex(self.good("compact", "net", "-o", "tight", "--data", "small"), proof % "750")
        self.assertLess(len(self.bytes_of("tight")), len(self.bytes_of("net")))
        r = self.result("compact", "net", "-o", "tight")
        self.assertEqual(set(r), {"neurons_removed", "inputs_removed", "largest_difference", "rows",
                                  "class_changes"})
        self.assertEqual(self.result("eval", "tight", "small")["confusion"],
                         self.result("eval", "net", "small")["confusion"])

    def reads_three(self, width, **metadata):
        """A model file of a few hundred bytes that reads three of `width` columns."""
        parts = {"kept_inputs": ("I64", [3], struct.pack("<3q", 0, 1, width - 1)),
                 "layers.0.weight": ("F32", [4, 3], struct.pack("<12f", *(i / 10 for i in range(12)))),
                 "layers.0.bias": ("F32", [4], struct.pack("<4f", -1, 0, 1, 2)),
                 "layers.1.weight": ("F32", [2, 4], struct.pack("<8f", *(i / 10 for i in range(8)))),
                 "layers.1.bias": ("F32", [2], struct.pack("<2f", 0, 1))}
        header = {"__metadata__": {"original_widths": json.dumps([width, 4, 2]), **metadata}}
        values = b""
        for name, (dtype, shape, data) in parts.items():
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(values), len(values) + len(data)]}
            values += data
        text = json.dumps(header).encode()
        (self.folder / "three").write_bytes(struct.pack("<Q", len(text)) + text + values)

    def test_compact_in_little_memory(self):
        """How wide a row is costs a file nothing, and its proof not much."""
        for width, rows in ((100_000, "1,000"), (5_000_000, "26")):
            self.reads_three(width)
            with subprocess.Popen([PROGRAM, "compact", "three", "-o", "tight"], cwd=self.folder,
                                  stdout=subprocess.PIPE, text=True) as one:
                said = one.stdout.read()
                _, status, usage = os.wait4(one.pid, 0)
                one.returncode = os.waitstatus_to_exitcode(status)
            self.assertRegex(said, rf"over {rows} rows, 0 classes changed\n\Z")
            self.assertLess(usage.ru_maxrss, 512 * 1024)

    def test_compact_with_a_scale_near_zero(self):
        """No float times 1e-40 is near 1."""
        self.reads_three(1000, input_scaling='{"shift": 0, "scale": 1e-40}')
        self.assertRegex(self.good("compact", "three", "-o", "tight"), r"over 1,000 rows, 0 classes changed\n\Z")

    def test_export(self):
        self.assertRegex(self.good("export", "net", "-o", "out.safetensors"),
                         r"^wrote out\.safetensors \([\d,]+ bytes\)\nmodules  Linear\(64, 16\), ")
        self.assertIn("0.weight", self.header("out.safetensors"))

    def test_data_by_name(self):
        self.good("eval", "net", "small", "--data-dir", "nowhere")
        (self.folder / "sets").mkdir()
        (self.folder / "small").rename(self.folder / "sets" / "small")
        try:
            self.good("eval", "net", "small", "--data-dir", "nowhere", "--data-dir", "sets")
            for name, value in (("ESPALIER_DATA", "sets"), ("XDG_DATA_HOME", "home")):
                if name == "XDG_DATA_HOME":
                    (self.folder / "home").mkdir()
                    (self.folder / "home" / "espalier").symlink_to("../sets")
                done = self.run_cli("eval", "net", "small",
                                    env=dict(environment(self.folder), **{name: value}))
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.run_cli("eval", "net", "small").returncode, 1)
        finally:
            (self.folder / "sets" / "small").rename(self.folder / "small")

    def test_forms_of_prediction(self):
        """Dense as trained, sparse once most weights of a wide layer are scattered zeros."""
        self.good("train", "small", "-o", "wide", "--hidden", "200", "--epochs", 1, "--quiet")
        self.good("prune", "wide", "-o", "thin", "--prune", "97%", "--of", "prunable",
                  "--criterion", "random", "--quiet")
        for name, form in (("wide", "dense"), ("thin", "sparse")):
            text = self.good("info", name, "--data", "small")
            lines = text[text.index("prediction on this machine"):].splitlines()
            self.assertEqual(lines[1].split("  ")[0], "layer")
            self.assertEqual(lines[2].split()[6], form, text)
        self.assertNotIn("prediction on", self.good("info", "wide"))


main()
