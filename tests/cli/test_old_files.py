"""Old files open for ever: models and folders in tests/old/, each with what the version that wrote it
said of it. What is newer than this version is refused."""
import csv
import json
import pathlib
import shutil
import struct

from harness import Case, environment, main

OLD = pathlib.Path(__file__).resolve().parent.parent / "old"
MANIFEST = json.loads((OLD / "manifest.json").read_text(encoding="utf-8"))
KINDS = {"models", "runs", "studies", "interrupted"}


class OldFiles(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copytree(OLD, cls.folder / "old")

    def each(self, kind):
        for name, wanted in MANIFEST[kind].items():
            with self.subTest(file=name, written_by=wanted["version"]):
                yield f"old/{name}", wanted

    def check_model(self, name, wanted, within=1e-6, pruned_within=1e-12):
        """Widths, sparsity, counts, accuracy and the predictions of the first rows are as they were."""
        info = self.result("info", name)
        self.assertEqual(info["inputs"], wanted["inputs"])
        self.assertEqual([layer["outputs"] for layer in info["layers"]], wanted["widths"])
        self.assertAlmostEqual(info["sparsity"]["all"], wanted["sparsity"], delta=pruned_within)
        self.assertEqual(info["inputs_counted"], wanted["inputs_counted"])
        self.assertAlmostEqual(self.result("eval", name, "small")["accuracy"], wanted["accuracy"], places=12)
        rows = list(csv.reader(self.good("predict", name, "small").splitlines()))[1:]
        self.assertGreaterEqual(len(rows), len(wanted["predictions"]))
        for found, expected in zip(rows, wanted["predictions"]):
            self.assertEqual(len(found), len(expected))
            for one, other in zip(found, expected):
                self.assertAlmostEqual(float(one), other, delta=within)

    def page(self, name):
        """The report of a folder, without plots: those have tests of their own."""
        done = self.run_cli("report", name, "-o", "page.html", "--quiet",
                            env=dict(environment(self.folder), PATH=str(self.folder)))
        self.assertEqual(done.returncode, 0, done.stderr)
        return (self.folder / "page.html").read_text(encoding="utf-8")

    def test_nothing_is_forgotten(self):
        """Every file and folder of the corpus is in the manifest, and every format is there."""
        self.assertEqual(set(MANIFEST), KINDS)
        found = {str(path.relative_to(OLD)) for path in OLD.glob("format-*/*")}
        self.assertEqual(found, set(MANIFEST["models"]))
        folders = {path.name for path in OLD.iterdir() if path.is_dir() and not path.name.startswith(("format-", "__"))}
        self.assertEqual(folders, set().union(*(MANIFEST[kind] for kind in KINDS - {"models"})))
        formats = {entry["format"] for entry in MANIFEST["models"].values()}
        self.assertEqual(formats, set(range(1, self.newest_format() + 1)))

    def test_models(self):
        for name, wanted in self.each("models"):
            self.assertEqual(int(self.header(name)["__metadata__"]["espalier"]), wanted["format"])
            self.check_model(name, wanted)

    def test_rewritten(self):
        """What this version writes of an old file says the same."""
        for name, wanted in self.each("models"):
            self.good("export", name, "-o", "new.safetensors", "--quiet")
            self.good("compact", name, "-o", "small.safetensors", "--quiet")
            info = self.result("info", "new.safetensors")
            self.assertEqual([layer["outputs"] for layer in info["layers"]], wanted["widths"])
            self.assertAlmostEqual(self.result("eval", "small.safetensors", "small")["accuracy"], wanted["accuracy"])

    def test_trained_further(self):
        for name, wanted in self.each("models"):
            self.good("train", "small", "--from", name, "-o", "more.safetensors", "--epochs", "1", "--quiet")
            self.assertGreaterEqual(self.result("info", "more.safetensors")["sparsity"]["all"], wanted["sparsity"])

    def test_runs(self):
        for name, wanted in self.each("runs"):
            self.assertIn("<html", self.page(name))
            result = json.loads(self.bytes_of(f"{name}/result.json"))
            model = self.result("info", f"{name}/model.safetensors")
            self.assertAlmostEqual(model["sparsity"]["all"], result["sparsity"]["all"], places=10)
            done = self.run_cli("train", "--resume", name)
            self.assertEqual((done.returncode, "this run is finished" in done.stderr), (0, True), done.stderr)
            self.assertEqual((result["epochs"], len(result["prunes"])), (wanted["epochs"], wanted["steps"]))

    def test_studies(self):
        """An old study is reported, and started again it has nothing to do."""
        for name, wanted in self.each("studies"):
            self.assertIn("magnitude", self.page(name))
            shutil.copytree(self.folder / name, self.folder / "again")
            self.good(*wanted["command"], "-o", "again")
            for path in (OLD / pathlib.Path(name).name).glob("runs*/*"):
                self.assertEqual((self.folder / "again" / "runs" / path.name).read_bytes(), path.read_bytes())
            with open(self.folder / "again" / "runs.csv", encoding="utf-8") as table:
                self.assertEqual(len(list(csv.DictReader(table))), wanted["rows"])

    def test_interrupted(self):
        """A run that was killed under an old version ends as it would have ended there."""
        for name, wanted in self.each("interrupted"):
            path = self.folder / name / "resume.json"
            facts = json.loads(path.read_text(encoding="utf-8"))
            path.write_text(json.dumps(facts | {"directory": str(self.folder)}), encoding="utf-8")
            done = self.run_cli("train", "--resume", name, "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            result = json.loads(done.stdout)
            self.assertEqual((result["epochs"], result["stopped_by"], len(result["prunes"])),
                             (wanted["epochs"], wanted["stopped_by"], wanted["steps"]))
            self.assertAlmostEqual(result["sparsity"]["all"], wanted["sparsity"]["all"], delta=0.005)
            self.assertAlmostEqual(result["accuracy"]["test"], wanted["accuracy"]["test"], delta=0.01)
            # other processors round otherwise, over all epochs since, and may prune a weight more
            self.check_model("net", wanted["network"], within=1e-3, pruned_within=0.005)

    # ---- newer than known ---------------------------------------------------------------

    def rewrite(self, name, target, key, value):
        """A copy of a safetensors file with another text in its metadata."""
        raw = self.bytes_of(name)
        start = 8 + struct.unpack("<Q", raw[:8])[0]
        header = json.loads(raw[8:start])
        header["__metadata__"][key] = value
        text = json.dumps(header).encode()
        (self.folder / target).write_bytes(struct.pack("<Q", len(text)) + text + raw[start:])

    def newest_format(self):
        self.rewrite("old/format-1/plain.safetensors", "newer", "espalier", "1000000")
        return int(self.run_cli("info", "newer").stderr.split("reads up to ")[1])

    def test_newer_model(self):
        newest = self.newest_format()
        for version in (newest + 1, 99):
            self.rewrite("old/format-1/plain.safetensors", "newer.safetensors", "espalier", str(version))
            said = f"espalier: newer.safetensors: model format {version}; this version reads up to {newest}\n"
            for command in (("info",), ("eval", "small"), ("predict", "small"), ("compact", "-o", "x"),
                            ("export", "-o", "x.onnx"), ("prune", "--prune", "50%", "-o", "x"), ("analyse",)):
                done = self.run_cli(command[0], "newer.safetensors", *command[1:])
                self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", said), command)
        self.assertFalse((self.folder / "x").exists() or (self.folder / "x.onnx").exists())

    def test_newer_checkpoint(self):
        """All of them newer: there is nothing to go on from, and the folder is left as it is."""
        for name in MANIFEST["interrupted"]:
            folder = self.folder / "newer run"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(OLD / name, folder)
            for path in list(folder.glob("checkpoint-*.safetensors")):
                self.rewrite(path, path, "checkpoint", "2")
            before = {path.name: path.read_bytes() for path in folder.iterdir()}
            done = self.run_cli("train", "--resume", folder.name)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, r"checkpoint-0\.safetensors: .*checkpoint.* 2.*up to 1")
            self.assertEqual({path.name: path.read_bytes() for path in folder.iterdir()}, before)


if __name__ == "__main__":
    main()
