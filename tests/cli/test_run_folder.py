"""What a run folder holds, for every kind of run."""
import json
import shutil

from harness import Case, main

NET = ("--hidden", "24,12", "--epochs", "6", "--early-stop", "never")
PRUNE = ("--prune", "60%", "--steps", "2", "--trigger", "epoch", "--every", "2")
ALWAYS = {"config.json", "result.json", "log.jsonl", "model.safetensors", "evaluation.json"}
KEYS = {"rows", "accuracy", "top_k", "loss", "confusion"}
SPLITS = ("train", "validation", "test")


class RunFolder(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        case.good("train", "small", "-o", "net", *NET, *PRUNE, "--run", "pruned", "--quiet")
        case.good("train", "small", "-o", "dense", *NET, "--run", "dense-run", "--quiet")

    def files(self, name):
        return {path.name for path in (self.folder / name).iterdir()}

    def read(self, name):
        return json.loads(self.bytes_of(name))

    def same_weights(self, one, other):
        self.assertEqual(*({key: value for key, value in self.tensors(name).items()
                            if key.endswith(("weight", "bias", "mask"))} for name in (one, other)))

    def assert_evaluated(self, folder, moment, model):
        found = self.read(f"{folder}/evaluation.json")[moment]
        for split in SPLITS:
            told = self.result("eval", f"{folder}/{model}", "small", "--split", split)
            self.assertEqual(found[split], {key: told[key] for key in KEYS})

    def test_trained_and_pruned(self):
        self.assertEqual(self.files("pruned"), ALWAYS | {"initial.safetensors", "before.safetensors"})
        self.assert_evaluated("pruned", "before", "before.safetensors")
        self.assert_evaluated("pruned", "after", "model.safetensors")

    def test_networks_before(self):
        """before = two epochs without pruning, counts included; initial = none at all."""
        self.good("train", "small", "-o", "two", *NET, "--epochs", "2", "--quiet")
        self.assertEqual(self.tensors("pruned/before.safetensors"), self.tensors("two"))
        self.assertEqual(self.result("info", "pruned/before.safetensors")["inputs_counted"], 2 * 540)
        self.same_weights("pruned/initial.safetensors", "dense-run/initial.safetensors")
        info = self.result("info", "pruned/initial.safetensors")
        self.assertEqual((info["sparsity"]["all"], info["inputs_counted"]), (0, 0))
        for name in ("initial", "before", "model"):
            self.assertEqual(self.training(f"pruned/{name}.safetensors"),
                             self.read("pruned/config.json"))

    def test_trained_only(self):
        self.assertEqual(self.files("dense-run") - {"thin.safetensors"}, ALWAYS | {"initial.safetensors"})
        self.assertIsNone(self.read("dense-run/evaluation.json")["before"])
        self.assert_evaluated("dense-run", "after", "model.safetensors")

    def test_configuration(self):
        config = self.read("pruned/config.json")
        self.assertEqual((config["image"], config["class_names"]), ([8, 8], ["0", "1", "2", "3"]))

    def test_scaling_is_the_networks_own(self):
        """What a network brings is not recorded as an option that nobody gave."""
        self.assertEqual(self.read("pruned/config.json")["options"]["scaling"], "auto")
        self.good("prune", "dense", "small", "-o", "own", "--prune", "40%", "--quiet")
        self.good("train", "small", "--from", "dense", "-o", "own-from", "--epochs", "1", "--quiet")
        for name in ("own", "own-from"):
            self.assertEqual({"scaling", "missing"} & set(self.training(name)["options"]), set())
            self.assertEqual(self.header(name)["__metadata__"]["input_scaling"],
                             self.header("dense")["__metadata__"]["input_scaling"])

    def test_pruned_at_once(self):
        self.good("prune", "dense-run/model.safetensors", "-o", "p", "--prune", "40%", "--run",
                  "once", "--quiet")
        self.assertEqual(self.files("once"), ALWAYS | {"initial.safetensors", "before.safetensors"})
        self.assertEqual(self.bytes_of("once/initial.safetensors"),
                         self.bytes_of("dense-run/initial.safetensors"))
        self.assertEqual(self.tensors("once/before.safetensors"), self.tensors("dense"))
        nothing = {split: None for split in SPLITS}
        self.assertEqual(self.read("once/evaluation.json"), {"before": nothing, "after": nothing})
        self.assertEqual(self.read("once/config.json")["image"], [8, 8])
        events = {json.loads(line)["event"] for line in self.bytes_of("once/log.jsonl").splitlines()}
        self.assertEqual(events, {"prune", "counts"})  # no begin, no end

    def test_pruned_at_once_with_data(self):
        self.good("prune", "dense", "small", "-o", "p", "--prune", "40%", "--run", "counted", "--quiet")
        self.assertEqual(self.files("counted"), ALWAYS | {"before.safetensors"})
        self.assert_evaluated("counted", "before", "before.safetensors")
        self.assert_evaluated("counted", "after", "model.safetensors")

    def test_pruned_while_fine_tuning(self):
        for name, trigger in (("tuned", ()), ("tuned-later", ("--trigger", "epoch", "--every", "1",
                                                             "--steps", "2"))):
            self.good("prune", "dense-run/model.safetensors", "small", "-o", "p", "--prune", "50%",
                      "--epochs", "3", "--run", name, "--quiet", *trigger)
            self.assertEqual(self.files(name), ALWAYS | {"initial.safetensors", "before.safetensors"})
            self.assert_evaluated(name, "before", "before.safetensors")
        self.same_weights("tuned/before.safetensors", "dense")
        self.assertNotEqual(self.tensors("tuned-later/before.safetensors"), self.tensors("dense"))

    def test_from_a_model(self):
        self.good("train", "small", "-o", "f", "--from", "dense-run/model.safetensors", "--epochs",
                  "1", "--run", "further", "--quiet")
        self.assertEqual(self.bytes_of("further/initial.safetensors"),
                         self.bytes_of("dense-run/initial.safetensors"))
        self.good("train", "small", "-o", "f", "--from", "dense", "--epochs", "1", "--run",
                  "no-initial", "--quiet")
        self.assertEqual(self.files("no-initial"), ALWAYS)

    def test_from_thin_factors(self):
        """They have layers that the initial network had not."""
        self.good("lowrank", "dense-run/model.safetensors", "--rank", "3,3", "--method", "svd",
                  "--factors", "--quiet", "-o", "dense-run/thin.safetensors")
        r = self.result("train", "small", "-o", "f", "--from", "dense-run/thin.safetensors",
                        "--run", "thin-run")
        self.assertEqual((len(r["layers"]), r["restart"]["recipe"]), (5, "model"))
        self.assertEqual(self.files("thin-run"), ALWAYS)
        done = self.run_cli("train", "small", "-o", "f", "--restart", "rewind", "--from",
                            "dense-run/thin.safetensors")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "espalier: dense-run/thin.safetensors: the initial network has "
                         "the widths 64-24-12-4, expected 64-3-24-3-12-4\n")

    def test_faulty_initial_beside_a_model(self):
        (self.folder / "faulty").mkdir()
        shutil.copy(self.folder / "dense", self.folder / "faulty")
        (self.folder / "faulty/initial.safetensors").write_bytes(b"no model")
        self.good("prune", "faulty/dense", "-o", "p", "--prune", "40%", "--run", "beside-faulty",
                  "--quiet")
        self.assertEqual(self.files("beside-faulty"), ALWAYS | {"before.safetensors"})

    def test_compacted(self):
        self.good("train", "small", "-o", "c", *NET, *PRUNE, "--compact", "--run", "small-run",
                  "--quiet")
        self.assertEqual(self.tensors("small-run/initial.safetensors"),
                         self.tensors("pruned/initial.safetensors"))
        self.assert_evaluated("small-run", "after", "model.safetensors")

    def test_spectra(self):
        self.good("train", "small", "-o", "s", *NET, *PRUNE, "--run", "spectra", "--spectra", "--quiet")
        self.assertEqual(self.bytes_of("s"), self.bytes_of("net"))
        lines = [json.loads(line) for line in self.bytes_of("spectra/log.jsonl").splitlines()]
        spectra = [(line["when"], line["step"]) for line in lines if line["event"] == "spectrum"]
        self.assertEqual(spectra, [("begin", None), ("before", 0), ("after", 0), ("before", 1),
                                   ("after", 1), ("end", None)])

    def test_nuclear(self):
        """The penalty shrinks the weights, is recorded, and comes back with the recipe."""
        self.good("train", "small", "-o", "n", *NET, "--nuclear", "0.02", "--nuclear-start", "0",
                  "--nuclear-interval", "10", "--quiet")
        options = self.training("n")["options"]
        self.assertEqual([options[f"nuclear{name}"] for name in ("", "-weighted", "-start", "-every",
                                                                 "-interval")], [0.02, 0, 0, 1, 10])
        self.assertNotEqual(self.tensors("n"), self.tensors("dense"))
        self.good("train", "small", "-o", "m", "--from", "n", "--epochs", "1", "--quiet")
        self.assertEqual(self.training("m")["options"]["nuclear"], 0.02)


main()
