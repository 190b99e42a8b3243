"""Studies: the folder, taking up what was killed, growing, controls, exit codes, messages."""
import csv
import json
import os
import pty
import shutil
import signal
import subprocess
import time

from harness import PROGRAM, THIN, Case, environment, main

SMALL = ("study", "small", "--hidden", "16,8", "--epochs", "8", "--sparsities", "50%,5x", "--steps", "2")
CLOCKS = ("seconds", "nanoseconds", "nanoseconds_dense")


class Study(Case):
    def tearDown(self):
        for path in self.folder.glob("s[0-9]"):
            shutil.rmtree(path)

    def wrong(self, message, *arguments, code=2):
        done = self.run_cli(*arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr.splitlines()[0], f"espalier: {message}")
        return done

    def records(self, folder):
        """The records of a study's runs by name, without what clocks said."""
        names = json.loads((self.folder / folder / "study.json").read_text())["runs"]
        found = {}
        for name in names:
            record = json.loads((self.folder / folder / "runs" / f"{name}.json").read_text())
            self.assertEqual(record["name"], name)
            found[name] = {key: value for key, value in record.items() if key not in CLOCKS}
        return found

    def rows(self, folder):
        with open(self.folder / folder / "runs.csv", encoding="utf-8") as file:
            return {row["name"]: row for row in csv.DictReader(file)}

    def test_folder(self):
        out = self.good(*SMALL, "-o", "s1", "--seeds", "2", "--controls", "random,scratch")
        self.assertIn("22 runs, 0 of them finished before", out)
        records, rows = self.records("s1"), self.rows("s1")
        self.assertEqual(list(rows), list(records))
        self.assertEqual(len(rows), 2 * (1 + 3 * 2 + 2 * 2))
        for name, row in rows.items():
            record = records[name]
            dense = rows[f"dense-s{row['seed']}"]
            kept = sum(layer["nonzero"] for layer in record["layers"])
            self.assertAlmostEqual(float(row["compression_ratio"]), (64 * 16 + 16 * 8 + 8 * 4) / kept)
            self.assertAlmostEqual(float(row["flop_ratio"]), 2 * (64 * 16 + 16 * 8 + 8 * 4) / record["flops"])
            self.assertAlmostEqual(float(row["change_against_dense"]),
                                   float(row["test_accuracy"]) - float(dense["test_accuracy"]))
            self.assertEqual(row["live"], "-".join(str(layer["live"]) for layer in record["layers"][:-1]))
            self.assertEqual(row["ranks"], "-".join(str(layer["rank"]) for layer in record["layers"][:-1]))
            self.assertEqual(int(row["file_bytes"]),
                             (self.folder / "s1" / "runs" / f"{name}.safetensors").stat().st_size)
            self.assertGreater(float(row["nanoseconds"]), 0)
        # the network is what the row says
        name = "activation-80-global-2-training-s1"
        result = self.result("eval", f"s1/runs/{name}.safetensors", "small")
        self.assertAlmostEqual(result["accuracy"], float(rows[name]["test_accuracy"]))

    def test_a_run_is_what_train_does(self):
        self.good(*SMALL, "-o", "s1", "--seeds", "1", "--seed", "3", "--quiet")
        single = self.result("train", "small", "-o", "one.safetensors", "--hidden", "16,8", "--epochs", "8",
                             "--early-stop", "never", "--trigger", "epoch", "--every", "2", "--steps", "2",
                             "--prune", "80%", "--seed", "3", "--compact", said=THIN)
        record = self.records("s1")["activation-80-global-2-training-s3"]
        self.assertEqual(single["accuracy"], record["accuracy"])
        self.assertEqual([layer["nonzero"] for layer in single["layers"]],
                         [layer["nonzero"] for layer in record["layers"]])

    def test_kill_and_resume(self):
        plan = (*SMALL, "--seeds", "8", "--spectra", "--quiet")
        self.good(*plan, "-o", "s1")
        runs = self.folder / "s2" / "runs"
        with subprocess.Popen([PROGRAM, *plan, "-o", "s2", "--jobs", "1"], cwd=self.folder,
                              env=environment(self.folder), stdin=subprocess.DEVNULL) as child:
            while child.poll() is None and (not runs.is_dir() or len(list(runs.glob("*.json"))) < 5):
                time.sleep(0.002)
            child.send_signal(signal.SIGKILL)
        self.assertEqual(child.returncode, -signal.SIGKILL)
        finished = {path: path.stat().st_mtime_ns for path in runs.glob("*.safetensors")
                    if path.with_suffix(".json").exists()}
        self.assertGreaterEqual(len(finished), 5)
        self.assertLess(len(finished), 72)
        (runs / ".espalier-1-0.tmp").write_text("left behind")
        result = self.result(*plan, "-o", "s2")
        self.assertEqual((result["runs"], result["found"]), (72, len(finished)))
        for path, changed in finished.items():
            self.assertEqual(path.stat().st_mtime_ns, changed)
        whole, resumed = self.records("s1"), self.records("s2")
        self.assertEqual(whole, resumed)
        self.assertEqual(self.bytes_of("s1/study.json"), self.bytes_of("s2/study.json"))
        for name in whole:
            self.assertEqual(self.bytes_of(f"s1/runs/{name}.safetensors"),
                             self.bytes_of(f"s2/runs/{name}.safetensors"))
        self.assertEqual(list(runs.glob(".*")), [])
        self.assertEqual(self.result(*plan, "-o", "s2")["found"], 72)

    def test_growing_and_shrinking(self):
        self.good(*SMALL, "-o", "s1", "--seeds", "1", "--quiet")
        grown = self.result(*SMALL, "-o", "s1", "--seeds", "2", "--controls", "magnitude,random,rewind")
        self.assertEqual((grown["runs"], grown["found"]), (2 * (1 + 4 * 2 + 4), 9))
        self.wrong("s1/study.json: the study there is another one: 17 of its runs are not in this plan, such as "
                   "rewind-of-activation-50-global-2-training-s1; a study may grow, but not shrink",
                   *SMALL, "-o", "s1", "--seeds", "1")
        self.wrong("s1/study.json: the study there is another one: epochs is 8 there and 9 here",
                   *SMALL, "-o", "s1", "--seeds", "2", "--epochs", "9")
        self.wrong("s1/study.json: the study there is another one: source.validation.seed is 1 there and 2 here",
                   *SMALL, "-o", "s1", "--seeds", "2", "--seed", "2")

    def test_a_network_carries_its_recipe(self):
        """`train --from` a network of a study goes on by its recipe: rewinding is the study's rewinding."""
        self.good(*SMALL, "-o", "s1", "--seeds", "1", "--controls", "rewind,reinit", "--batch", "8", "--lr", "0.05",
                  "--quiet")
        name = "activation-50-global-2-training-s1"
        records = self.records("s1")
        for how in ("rewind", "reinit"):
            again = self.result("train", "small", "--from", f"s1/runs/{name}.safetensors", "--restart", how,
                                "--early-stop", "never", "-o", "s1/again.safetensors")
            self.assertEqual(again["accuracy"], records[f"{how}-of-{name}"]["accuracy"], how)

    def test_exchanged_data(self):
        """One pixel of one training image under the same name."""
        data = self.folder / "other" / "small"
        shutil.copytree(self.folder / "small", data)
        options = SMALL[2:]
        self.good("study", "other/small", *options, "-o", "s1", "--seeds", "1", "--quiet")
        images = next(data.glob("train*images*"))
        content = bytearray(images.read_bytes())
        content[-1] ^= 1
        images.write_bytes(content)
        done = self.run_cli("study", "other/small", *options, "-o", "s1", "--seeds", "1")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, "fingerprint is \"[0-9a-f]{16}\" there and \"[0-9a-f]{16}\" here")

    def test_rows_read_again_are_the_same(self):
        """At a high ratio the last of the ten digits tells whether a value was rounded in between."""
        wide = (*SMALL[:2], "--hidden", "300,4", "--epochs", "2", "--sparsities", "99.5%", "--steps", "1",
                "--criteria", "magnitude", "--seeds", "4", "--quiet", "-o", "s1")
        tables = []
        for _ in range(2):
            self.good(*wide)
            tables.append([{key: value for key, value in row.items() if key not in (*CLOCKS, "time_ratio")}
                           for row in self.rows("s1").values()])
        self.assertEqual(*tables)

    def test_seeds_beyond_a_double(self):
        few = (*SMALL[:2], "--hidden", "4", "--epochs", "1", "--criteria", "none", "--controls", "none")
        self.good(*few, "--seeds", "1", "--seed", str(2**62 + 1), "--quiet", "-o", "large")
        self.assertEqual([row["seed"] for row in self.rows("large").values()], [str(2**62 + 1)])

    def test_failures(self):
        broken = self.folder / "s1" / "runs" / "dense-s1.safetensors"
        broken.mkdir(parents=True)
        done = self.run_cli(*SMALL, "-o", "s1", "--seeds", "1", "--controls", "none", "--quiet")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("espalier: 1 of 5 runs failed, 0 did not reach their target sparsity\n"
                      "espalier:   dense-s1: ", done.stderr)
        self.assertEqual([row["status"] for row in self.rows("s1").values()], ["failed"] + 4 * ["done"])
        broken.rmdir()
        self.good(*SMALL, "-o", "s1", "--seeds", "1", "--controls", "none", "--quiet")

    def test_missed_targets(self):
        done = self.run_cli(*SMALL, "-o", "s1", "--seeds", "1", "--controls", "none", "--criteria", "magnitude",
                            "--trigger", "accuracy", "--start-accuracy", "100%", "--final-accuracy", "100%",
                            "--patience", "0", "--epochs", "2", "--quiet")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr, "espalier: 0 of 3 runs failed, 2 did not reach their target sparsity\n"
                                      "espalier:   magnitude-50-global-2-s1: 0.00 % instead of 50.00 %\n"
                                      "espalier:   magnitude-80-global-2-s1: 0.00 % instead of 80.00 %\n")

    def test_target_of_the_compacted_network(self):
        """Its runs are judged by what is written and shown (--dead authors leaves weights in dead neurons)."""
        out = self.result("study", "small", "-o", "s1", "--hidden", "16,8", "--epochs", "8", "--sparsities", "93%",
                          "--scopes", "layer", "--steps", "2", "--counts", "sample-sum", "--dead", "authors",
                          "--amounts", "authors", "--criteria", "activation", "--controls", "none", "--seeds", "1",
                          "--jobs", "1", said=THIN)
        run = out["records"][1]
        self.assertGreaterEqual(run["sparsity"]["all"], 0.93)
        self.assertTrue(run["reached"])
        self.assertEqual(out["missed"], 0)

    def test_triggers_that_know_their_steps(self):
        for trigger, name in (("once", "1"), ("cubic", "cubic")):
            self.wrong(f"--steps: has no meaning with --trigger {trigger}", *SMALL, "-o", "s1", "--trigger", trigger)
            plan = ("study", "small", "--hidden", "16,8", "--epochs", "4", "--sparsities", "50%", "--criteria",
                    "magnitude", "--controls", "none", "--seeds", "1", "--trigger", trigger, "-o")
            out = self.result(*plan, "s1")
            self.assertEqual([record["name"] for record in out["records"]],
                             ["dense-s1", f"magnitude-50-global-{name}-s1"])
            summary = (self.folder / "s1" / "summary.md").read_text().replace("\n", " ")
            self.assertIn(f"scope global, trigger {trigger}.", summary)
            self.assertEqual(self.result(*plan, "s1")["found"], 2)
            shutil.rmtree(self.folder / "s1")

    def test_arithmetic_between_cuts(self):
        """Every batch counts with the weights that it was trained with: 3 epochs of 17 batches, the last of
        each smaller, a cut after each 7 of the first 34."""
        self.good("study", "small", "--hidden", "16,8", "--epochs", "3", "--sparsities", "80%", "--criteria",
                  "magnitude", "--controls", "none", "--seeds", "1", "--trigger", "cubic", "--cubic-epochs", "2",
                  "--cubic-interval", "7", "-o", "s1", "--quiet")
        name = "magnitude-80-global-cubic-s1"
        rows, dense = 540, 64 * 16 + 16 * 8 + 8 * 4
        history = json.loads(self.header(f"s1/runs/{name}.safetensors")["__metadata__"]["history"])
        self.assertEqual([step["epoch"] for step in history], [1, 1, 2, 2, 2])
        kept = [dense] + [round(dense * (1 - step["sparsity_all"])) for step in history]
        expected = 6 * sum(min(32, rows - 32 * (batch % 17)) * kept[5 if batch >= 34 else batch // 7]
                           for batch in range(51))
        self.assertEqual(float(self.rows("s1")[name]["arithmetic"]), expected)

    def test_default_that_does_not_fit(self):
        """An option that nobody gave is called a default."""
        plan = ("study", "small", "--hidden", "2", "--epochs", "10", "-o", "s1")
        words = "expected at most 0.941176 of all weights (128 of 136: the output layer is not pruned), found"
        self.wrong(f"--sparsities (the default): {words} 0.95", *plan)
        self.wrong(f"--sparsities (of the preset, or the default): {words} 0.964286", *plan, "--preset", "lenet",
                   "--steps", "1")
        self.wrong(f"--sparsities: {words} 0.97", *plan, "--sparsities", "50%,97%")

    def test_no_test_rows(self):
        rows = "".join(f"{i * 7 % 61},{i * i % 5},{'ab'[i % 2]}\n" for i in range(60))
        (self.folder / "table.csv").write_text("x,y,class\n" + rows)
        plan = ("study", "table.csv", "--hidden", "6", "--epochs", "2", "--sparsities", "50%", "--steps", "1",
                "--seeds", "1", "--quiet", "-o")
        self.good(*plan, "s1", said="espalier: warning: table.csv: no test rows: [^\n]* --test or --test-file\n")
        self.good("report", "s1", "--quiet")
        self.good(*plan, "s2", "--test", "20%")

    def test_damaged_records(self):
        """What cannot be is refused by the report, and run again by the study, which says why."""
        plan = (*SMALL, "--seeds", "1", "--criteria", "magnitude", "--controls", "none", "--quiet", "-o", "s1")
        self.good(*plan)
        path = self.folder / "s1" / "runs" / "dense-s1.json"
        whole = self.records("s1")
        for key, wrong in (("epochs", -3), ("seed", 2), ("name", "dense-s2"), ("best_test_accuracy", 17.5)):
            record = json.loads(path.read_text())
            path.write_text(json.dumps({**record, key: wrong}))
            done = self.run_cli("report", "s1")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, rf"\Aespalier: s1/runs/dense-s1.json: {key}: expected [^\n]*, found {wrong}\n\Z")
            done = self.run_cli(*(word for word in plan if word != "--quiet"))
            self.assertEqual(done.returncode, 0)
            self.assertIn("dense-s1 runs again: ", done.stderr)
            self.assertEqual(self.records("s1"), whole)

    def test_presets(self):
        out = self.result("study", "small", "-o", "s1", "--preset", "lenet", "--epochs", "20", "--seeds", "1",
                          "--criteria", "magnitude", "--batch", "100")
        plan = json.loads((self.folder / "s1" / "study.json").read_text())
        self.assertEqual(plan["options"]["hidden"], [300, 100])
        self.assertEqual(plan["options"]["epochs"], 20)
        self.assertEqual([round(r["target"], 6) for r in out["records"][1:]],
                         [round(1 - 1 / ratio, 6) for ratio in (12, 28, 50, 70, 100)])

    def test_messages(self):
        self.wrong("expected -o FILE, found no output", *SMALL)
        self.wrong("--criteria: expected criteria (see --help) or none, found 'activity'",
                   *SMALL, "-o", "s1", "--criteria", "activity")
        for wrong in ("80", "0", "1x", "x", "50%,", "100%"):
            self.wrong("--sparsities: expected sparsities such as 90%, 0.9 or 10x, found "
                       f"'{wrong.split(',')[-1]}'", *SMALL[:6], "-o", "s1", f"--sparsities={wrong}")
        self.wrong("--controls: expected some of dense, magnitude, random, rewind, reinit, shuffle, scratch, pca, "
                   "svd, factors, or none, found 'wind'", *SMALL, "-o", "s1", "--controls", "wind")
        self.wrong("--epochs: expected enough for 5 pruning steps, one in 2 epochs, found 8",
                   *SMALL, "-o", "s1", "--steps", "5", "--every", "2")
        self.wrong("--control-sparsities: expected some of the sparsities, found 0.7",
                   *SMALL, "-o", "s1", "--control-sparsities", "70%")
        self.wrong("the plan: a list holds something twice, the run activation-80-global-2-training-s1",
                   *SMALL, "-o", "s1", "--sparsities", "80%,5x")
        self.assertFalse((self.folder / "s1").exists())
        (self.folder / "file").write_text("")
        self.wrong("file: cannot make the folder: File exists", *SMALL, "-o", "file", code=1)
        self.wrong("nowhere: cannot open: No such file or directory",
                   *SMALL, "-o", "s1", "--hidden", "like:nowhere", code=1)
        self.assertFalse((self.folder / "s1").exists())

    def test_folder_of_others(self):
        folder = self.folder / "s1"
        folder.mkdir()
        (folder / "log.jsonl").write_text("")
        self.wrong("s1: expected a new or empty folder, or that of a study, found other files", *SMALL, "-o", "s1")
        (folder / "log.jsonl").unlink()
        (folder / "runs").write_text("")
        self.wrong("s1/runs: cannot make the folder: File exists", *SMALL, "-o", "s1", code=1)
        self.assertEqual([path.name for path in folder.iterdir()], ["runs"])

    def test_like(self):
        self.good("train", "small", "-o", "one.safetensors", "--hidden", "9,3", "--epochs", "1", "--quiet")
        self.good(*SMALL, "-o", "s1", "--hidden", "like:one.safetensors", "--criteria", "none", "--controls", "none",
                  "--seeds", "1", "--quiet")
        self.assertEqual(self.rows("s1")["dense-s1"]["live"], "9-3")

    def test_progress(self):
        out = self.folder / "out"
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(descriptor, 1)
            os.execve(PROGRAM, [PROGRAM, *SMALL, "-o", "s1", "--seeds", "2"], environment(self.folder))
        text = b""
        try:
            while chunk := os.read(terminal, 4096):
                text += chunk
        except OSError:  # Linux: the other end is closed
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0, text)
        self.assertRegex(text.decode(), r"\d+/18 runs, \d running, .+ left")
        self.assertTrue(text.endswith(b"\r\x1b[K"))
        self.assertNotIn("\x1b", out.read_text())


main()
