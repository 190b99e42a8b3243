"""train --from MODEL: from which weights, by which recipe; train --hidden like:MODEL."""
import json
import re
import shutil
import struct

from harness import THIN, Case, main

NET = ("--hidden", "24,12", "--epochs", "6", "--lr", "0.05", "--batch", "16", "--momentum", "0.5",
       "--optimizer", "momentum", "--early-stop", "never", "--seed", "5")
PRUNE = ("--prune", "60%", "--steps", "2", "--trigger", "epoch", "--every", "2")
LAYERS = ((64, 24), (24, 12), (12, 4))


class Restart(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        case.good("train", "small", "-o", "net", *NET, *PRUNE, "--run", "run", "--quiet")
        case.good("train", "small", "-o", "dense", *NET, "--run", "dense-run", "--quiet")

    def weights(self, name):
        """For each layer its weights and its mask."""
        found = []
        tensors = self.tensors(name)
        for layer in range(len(LAYERS)):
            raw = tensors[f"layers.{layer}.weight"]
            weights = struct.unpack(f"<{len(raw) // 4}f", raw)
            found.append((weights, tensors.get(f"layers.{layer}.mask", bytes([1] * len(weights)))))
        return found

    def without_metadata(self, name, target, keys=("training",)):
        """A copy of a model that has forgotten these keys."""
        data, header = self.bytes_of(name), self.header(name)
        size, = struct.unpack("<Q", data[:8])
        for key in keys:
            header["__metadata__"].pop(key, None)
        text = json.dumps(header).encode()
        path = self.folder / target
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size:])

    def refused(self, code, message, *arguments):
        done = self.run_cli("train", "small", "-o", "never", *arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""))
        self.assertEqual(done.stderr, f"espalier: {message}\n" +
                         ("try 'espalier train --help'\n" if code == 2 else ""))
        self.assertFalse((self.folder / "never").exists())

    def test_scratch_and_from_its_initial_weights(self):
        self.good("train", "small", "-o", "again", "--from", "dense-run/initial.safetensors", "--quiet")
        self.assertEqual(self.tensors("again"), self.tensors("dense"))
        self.good("train", "small", "-o", "again", "--from", "run/initial.safetensors", *PRUNE, "--quiet")
        self.assertEqual(self.tensors("again"), self.tensors("net"))
        self.assertEqual(*(self.header(name)["__metadata__"]["history"] for name in ("again", "net")))

    def test_rewound_from_folder_file_and_seed(self):
        (self.folder / "alone").mkdir()
        shutil.copy(self.folder / "net", self.folder / "alone")
        sources = {"folder": ("run/model.safetensors",), "seed": ("alone/net",),
                   "file": ("alone/net", "--initial", "run/initial.safetensors")}
        found = set()
        for source, model in sources.items():
            r = self.result("train", "small", "-o", "rewound", "--from", *model, "--restart", "rewind")
            self.assertEqual(r["restart"], {"how": "rewind", "from": model[0].split("/")[1],
                                            "initial": source, "recipe": "model"})
            found.add(self.bytes_of("rewound"))
        self.assertEqual(len(found), 1)
        self.refused(2, "run/initial.safetensors: output and input are the same file (run/initial.safetensors)", "--from",
                     "run/model.safetensors", "--restart", "rewind", "-o", "run/initial.safetensors")
        self.assertEqual(self.training("rewound")["restart"], "rewind")
        self.assertEqual(self.training("rewound")["before"], self.training("net"))

    def test_rewound_weights(self):
        self.good("train", "small", "-o", "r", "--from", "run/model.safetensors", "--restart",
                  "rewind", "--run", "r-run", "--quiet")
        rows = zip(self.weights("r-run/initial.safetensors"), self.weights("run/initial.safetensors"),
                   self.weights("net"), self.weights("r"))
        for (began, _), (first, _), (_, mask), (ended, _) in rows:
            self.assertEqual(began, tuple(w if kept else 0.0 for w, kept in zip(first, mask)))
            self.assertTrue(all(kept or w == 0 for w, kept in zip(ended, mask)))
            self.assertNotEqual(began, ended)

    def test_rewound_twice_and_after_fine_tuning(self):
        self.good("train", "small", "-o", "tuned", "--from", "net", "--epochs", "1", "--quiet")
        self.good("prune", "tuned", "-o", "smaller", "--prune", "70%", "--criterion", "magnitude",
                  "--quiet")
        self.good("train", "small", "-o", "r", "--from", "smaller", "--restart", "rewind", "--run",
                  "r2-run", "--quiet")
        for (began, mask), (first, _) in zip(self.weights("r2-run/initial.safetensors"),
                                             self.weights("run/initial.safetensors")):
            self.assertEqual(began, tuple(w if kept else 0.0 for w, kept in zip(first, mask)))

    def test_rewound_after_reinit(self):
        """The last weights that were drawn are those to go back to, from the seed, too."""
        self.good("train", "small", "-o", "fresh", "--from", "net", "--restart", "reinit", "--seed",
                  "8", "--run", "fresh-run", "--quiet")
        self.good("train", "small", "-o", "r", "--from", "fresh", "--restart", "rewind", "--run",
                  "r3-run", "--quiet")
        self.assertEqual(self.weights("r3-run/initial.safetensors"),
                         self.weights("fresh-run/initial.safetensors"))
        self.assertEqual(self.training("r")["seed"], 8)

    def test_reinit(self):
        self.good("train", "small", "-o", "i", "--from", "net", "--restart", "reinit", "--run",
                  "i-run", "--quiet", "--init", "he-normal")
        for (began, mask), (first, _), (_, kept) in zip(self.weights("i-run/initial.safetensors"),
                                                        self.weights("run/initial.safetensors"),
                                                        self.weights("net")):
            self.assertEqual(mask, kept)
            self.assertFalse(any(a == b != 0 for a, b in zip(began, first)))
        self.assertEqual(self.training("i")["options"]["init"], "he-normal")

    def test_shuffle(self):
        self.good("train", "small", "-o", "s", "--from", "net", "--restart", "shuffle", "--quiet")
        for (_, mask), (_, kept) in zip(self.weights("s"), self.weights("net")):
            self.assertEqual(sum(mask), sum(kept))
            self.assertNotEqual(mask, kept)
        self.assertIn("history", self.header("net")["__metadata__"])
        self.assertNotIn("history", self.header("s")["__metadata__"])

    def test_threads_do_not_matter(self):
        for how in ("fine-tune", "rewind", "reinit", "shuffle"):
            found = set()
            for threads in (1, 2):
                self.good("train", "small", "-o", "t", "--from", "net", "--restart", how,
                          "--threads", threads, "--quiet")
                found.add(self.bytes_of("t"))
            self.assertEqual(len(found), 1, how)

    def test_compacted(self):
        self.good("compact", "net", "-o", "run/small.safetensors")
        r = self.result("train", "small", "-o", "c", "--from", "run/small.safetensors", "--restart",
                        "rewind")
        self.assertEqual(r["restart"]["initial"], "folder")
        self.assertLess(r["layers"][0]["outputs"], 24)
        self.assertEqual(self.training("c")["widths"], [64, 24, 12, 4])

    def test_recipe(self):
        self.good("train", "small", "-o", "r", "--from", "net", "--batch", "8", "--quiet")
        old, new = self.training("net"), self.training("r")
        for name in ("epochs", "lr", "momentum", "optimizer", "early-stop", "init", "hidden"):
            self.assertEqual(new["options"][name], old["options"][name], name)
        self.assertEqual((new["seed"], new["options"]["batch"]), (5, 8))
        self.assertEqual((new["options"]["prune"], new["options"]["trigger"]), (None, "accuracy"))
        self.assertEqual(new["validation"], old["validation"])
        told = self.good("train", "small", "-o", "r", "--from", "net", "--restart", "rewind")
        self.assertRegex(told, r"(?m)^restart   rewind of net, initial weights from its seed, recipe of "
                               r"its first training$")

    def test_recipe_is_that_of_the_first_training(self):
        self.good("train", "small", "-o", "a", "--from", "net", "--lr", "0.5", "--epochs", "1",
                  "--quiet")
        self.good("prune", "a", "-o", "b", "--prune", "70%", "--criterion", "magnitude", "--quiet")
        self.good("train", "small", "-o", "c", "--from", "b", "--quiet")
        self.assertEqual((self.training("c")["options"]["lr"], self.training("c")["options"]["epochs"]),
                         (0.05, 6))

    def test_validation_rows_are_those_of_the_model(self):
        self.good("train", "small", "-o", "v", *NET, "--validation", "20%", "--validation-split",
                  "stratified", "--quiet")
        self.good("train", "small", "-o", "w", "--from", "v", "--epochs", "1", "--seed", "9", "--quiet")
        self.assertEqual(self.training("w")["validation"],
                         {"fraction": 0.2, "split": "stratified", "seed": 5})

    def test_model_that_does_not_tell(self):
        self.without_metadata("net", "plain/net")
        r = self.result("train", "small", "-o", "p", "--from", "plain/net", "--epochs", "1")
        self.assertEqual(r["restart"], {"how": "fine-tune", "from": "net", "initial": None,
                                        "recipe": "defaults"})
        self.assertEqual(self.training("p")["options"]["lr"], 0.01)
        self.assertIsNone(self.training("p")["before"])
        self.refused(1, "plain/net: cannot rewind: no initial.safetensors of its own lies beside it, "
                     "and its metadata does not tell how its first weights were drawn; name them with "
                     "--initial FILE", "--from", "plain/net", "--restart", "rewind")

    def test_initial_of_another_network(self):
        (self.folder / "mixed").mkdir()
        shutil.copy(self.folder / "net", self.folder / "mixed")
        self.good("train", "small", "-o", "mixed/initial.safetensors", *NET, "--seed", "6", "--quiet")
        r = self.result("train", "small", "-o", "r", "--from", "mixed/net", "--restart", "rewind")
        self.assertEqual(r["restart"]["initial"], "seed")
        (self.folder / "mixed/initial.safetensors").write_bytes(b"no model")
        done = self.run_cli("train", "small", "-o", "r", "--from", "mixed/net", "--restart", "rewind")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("espalier: mixed/initial.safetensors: "), done.stderr)

    def test_initial_of_another_shape(self):
        self.good("train", "small", "-o", "wide", "--hidden", "25,12", "--epochs", "1", "--quiet")
        self.refused(1, "wide: the initial network has the widths 64-25-12-4, expected 64-24-12-4",
                     "--from", "net", "--restart", "rewind", "--initial", "wide")

    def test_pruned_further(self):
        r = self.result("train", "small", "-o", "further", "--from", "net", "--prune", "80%",
                        "--steps", "2", "--trigger", "epoch", "--every", "1", said=THIN)
        self.assertEqual(len(r["prunes"]), 2)
        self.assertGreaterEqual(r["sparsity"]["all"], 0.8)
        self.assertEqual(len(self.result("info", "further")["history"]), 4)

    def test_one_by_one(self):
        r = self.result("train", "small", "-o", "layers", "--from", "dense", "--prune", "50%",
                        "--scope", "one-by-one", "--trigger", "epoch", "--every", "1")
        self.assertEqual(len(r["prunes"]), 2)

    def test_wrong_usage(self):
        for message, *arguments in (
            ("--restart: expected --from MODEL beside it, found none", "--restart", "reinit"),
            ("--initial: expected --from MODEL beside it, found none", "--initial", "net"),
            ("--hidden: has no meaning with --from: MODEL has its widths", "--from", "net", "--hidden",
             "8"),
            ("--init: has no meaning with --restart fine-tune, which draws no weights", "--from",
             "net", "--init", "he-normal"),
            ("--init: has no meaning with --restart rewind, which draws no weights", "--from", "net",
             "--restart", "rewind", "--init", "he-normal"),
            ("--initial: has no meaning with --restart reinit", "--from", "net", "--restart",
             "reinit", "--initial", "dense"),
            ("--restart: expected fine-tune, rewind, reinit or shuffle, found 'rewnd'; did you mean "
             "rewind?", "--from", "net", "--restart", "rewnd"),
            ("never: output and input are the same file (never)", "--from", "never"),
        ):
            with self.subTest(message):
                if arguments == ["--from", "never"]:
                    done = self.run_cli("train", "small", "-o", "net", "--from", "net")
                    self.assertEqual((done.returncode, done.stderr.splitlines()[0]),
                                     (2, "espalier: " + message.replace("never", "net")))
                else:
                    self.refused(2, message, *arguments)

    def test_faulty_files(self):
        done = self.run_cli("train", "small", "-o", "never", "--from", "missing")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("espalier: missing: "), done.stderr)
        done = self.run_cli("train", "small", "-o", "never", "--hidden", "like:missing")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("espalier: missing: "), done.stderr)
        self.refused(2, "--hidden: expected 1 to 64 numbers from 1 to 16777216, such as 300,200,100,50, "
                     "or like:MODEL, found 'like:'", "--hidden", "like:")

    def test_hidden_like(self):
        live = [layer["live"] for layer in self.result("info", "net")["layers"]][:2]
        self.assertNotEqual(live, [24, 12])
        self.good("train", "small", "-o", "like", "--hidden", "like:net", "--epochs", "2", "--quiet")
        self.good("train", "small", "-o", "typed", "--hidden", ",".join(map(str, live)), "--epochs",
                  "2", "--quiet")
        self.assertEqual(self.bytes_of("like"), self.bytes_of("typed"))
        self.assertEqual(self.training("like")["options"]["hidden"], live)
        self.assertIsNone(re.search("before|restart", json.dumps(self.training("like"))))


main()
