"""Activations: every one is trained, pruned, compacted, predicted with and told of."""
import csv
import io
import json
import re
import struct

from harness import THIN, Case, main

NAMES = ("relu", "leaky-relu", "sigmoid", "tanh")
NET = ("--hidden", "24,12", "--epochs", "12", "--early-stop", "never", "--optimizer", "adam",
       "--lr", "0.01")
PRUNE = ("--prune", "60%", "--steps", "2", "--trigger", "epoch", "--every", "2")
WARNING = ("espalier: warning: every input activates a sigmoid, so that counts are equal and "
           "--criterion activation takes neurons by their number; --count sample-sum tells them "
           "apart\n")


class Activation(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        for name in NAMES:
            extra = ("--count", "sample-sum") if name == "sigmoid" else ()
            case.good("train", "small", "-o", name, *NET, *PRUNE, "--activation", name, *extra,
                      "--quiet")

    def accuracy(self, name):
        return self.result("eval", name, "small")["accuracy"]

    def probabilities(self, name):
        rows = list(csv.reader(io.StringIO(self.good("predict", name, "small"))))
        return [[float(value) for value in row[1:]] for row in rows[1:]]

    def fails(self, code, said, *arguments):
        result = self.run_cli(*arguments)
        self.assertEqual((result.returncode, result.stderr), (code, said))

    def write_header(self, name, other, header):
        """The same tensors with other metadata, as another file."""
        data = self.bytes_of(name)
        text = json.dumps(header).encode()
        rest = data[8 + struct.unpack("<Q", data[:8])[0]:]
        (self.folder / other).write_bytes(struct.pack("<Q", len(text)) + text + rest)

    def activation(self, name):
        return self.header(name)["__metadata__"]["activation"]

    def test_file(self):
        listed = {"relu": "relu", "leaky-relu": '[{"leaky-relu":0.01},{"leaky-relu":0.01}]',
                  "sigmoid": '["sigmoid","sigmoid"]', "tanh": '["tanh","tanh"]'}
        for name in NAMES:
            self.assertEqual(self.activation(name), listed[name])
            self.assertEqual(self.header(name)["__metadata__"]["espalier"],
                             "1" if name == "relu" else "3")
            options = self.training(name)["options"]
            self.assertEqual(options.get("activation", "relu"), name)
            self.assertEqual(options.get("leaky-slope"), 0.01 if name == "leaky-relu" else None)
        self.assertNotIn("activation", self.training("relu")["options"])

    def test_learns_and_is_pruned(self):
        for name in NAMES:
            self.assertGreater(self.accuracy(name), 0.8, name)
            self.assertGreaterEqual(self.result("info", name)["sparsity"]["all"], 0.6)

    def test_compacted_is_the_same(self):
        for name in NAMES:
            found = self.good("compact", name, "-o", f"c-{name}")
            difference = re.search(r"largest output difference (\S+) over", found).group(1)
            self.assertLessEqual(float(difference), 1e-5)
            self.assertEqual(self.activation(f"c-{name}"), self.activation(name))
            self.assertEqual(self.accuracy(f"c-{name}"), self.accuracy(name))
            for a, b in zip(self.probabilities(name), self.probabilities(f"c-{name}")):
                self.assertTrue(all(abs(x - y) <= 1e-5 for x, y in zip(a, b)))

    def test_state_dict(self):
        for name in NAMES:
            self.good("export", name, "-o", f"{name}.safetensors")
            self.assertEqual(self.activation(f"{name}.safetensors"), self.activation(name))

    def test_info(self):
        lines = {"relu": "", "leaky-relu": "function  leaky-relu, slope 0.01\n",
                 "sigmoid": "function  sigmoid\n", "tanh": "function  tanh\n"}
        for name in NAMES:
            said = self.good("info", name)
            self.assertEqual("".join(re.findall(r"function .*\n", said)), lines[name])
            layers = self.result("info", name)["layers"]
            self.assertEqual([layer["activation"] for layer in layers], [name, name, "softmax"])
            self.assertEqual([layer.get("slope") for layer in layers[:2]],
                             [0.01 if name == "leaky-relu" else None] * 2)

    def test_info_of_several(self):
        """Layers that differ are told by their numbers."""
        header = self.header("tanh")
        header["__metadata__"]["activation"] = '["tanh",{"leaky-relu":0.3}]'
        self.write_header("tanh", "mixed", header)
        said = self.good("info", "mixed")
        self.assertIn("function  layer 0: tanh\nfunction  layer 1: leaky-relu, slope 0.3\n", said)
        self.fails(1, "espalier: mixed: expected one activation in all hidden layers, found several; "
                    "choose with --activation\n",
                 "train", "small", "-o", "new", "--hidden", "like:mixed")
        self.good("train", "small", "-o", "new", "--hidden", "like:mixed", "--activation",
                  "sigmoid", "--epochs", "1", "--quiet")
        self.assertIn("sigmoid", self.activation("new"))

    def test_unknown_in_a_file(self):
        header = self.header("tanh")
        header["__metadata__"]["activation"] = '["tanh","gelu"]'
        self.write_header("tanh", "gelu", header)
        self.fails(1, "espalier: gelu: metadata 'activation', layer 1: 'gelu'; this version knows "
                    "'relu', 'linear', {\"leaky-relu\": slope}, 'sigmoid', 'tanh'\n",
                 "eval", "gelu", "small")

    def test_negative_slope(self):
        """It is run and pruned, but not trained."""
        header = self.header("leaky-relu")
        header["__metadata__"]["activation"] = '[{"leaky-relu":-0.5},{"leaky-relu":0.01}]'
        self.write_header("leaky-relu", "negative", header)
        self.good("prune", "negative", "small", "-o", "n", "--prune", "70%", "--quiet", said=THIN)
        self.good("eval", "n", "small")
        self.fails(1, "espalier: layer 0: leaky-relu with the slope -0.5; a layer is trained with 0 "
                    "or more\n",
                 "train", "small", "-o", "new", "--from", "negative")

    def test_like(self):
        self.good("train", "small", "-o", "like", "--hidden", "like:leaky-relu", "--epochs", "1",
                  "--quiet")
        self.assertEqual(self.activation("like"), self.activation("leaky-relu"))
        self.assertEqual(self.training("like")["options"]["leaky-slope"], 0.01)

    def test_from(self):
        for how in ("fine-tune", "rewind", "reinit", "shuffle"):
            self.good("train", "small", "-o", "again", "--from", "tanh", "--restart", how,
                      "--epochs", "1", "--quiet")
            self.assertEqual(self.activation("again"), self.activation("tanh"))
        for option in (("--activation", "relu"), ("--leaky-slope", "0.1")):
            self.fails(2, "espalier: --activation: has no meaning with --from: MODEL has its own\n"
                        "try 'espalier train --help'\n",
                     "train", "small", "-o", "again", "--from", "tanh", *option)

    def test_slope(self):
        self.good("train", "small", "-o", "steep", "--activation", "leaky-relu", "--leaky-slope",
                  "0.3", "--epochs", "1", "--quiet")
        self.assertEqual(json.loads(self.activation("steep")), [{"leaky-relu": 0.3}] * 4)
        self.assertIn(", LeakyReLU(0.3), ", self.good("export", "steep", "-o", "steep.safetensors"))
        self.fails(2, "espalier: --leaky-slope: has no meaning with --activation tanh\n"
                    "try 'espalier train --help'\n",
                 "train", "small", "-o", "x", "--activation", "tanh", "--leaky-slope", "0.3")

    def test_sigmoid_warns(self):
        train = ("train", "small", "-o", "x", "--activation", "sigmoid", "--epochs", "2", "--quiet",
                 "--trigger", "epoch", "--every", "1", "--steps", "1", "--prune", "50%")
        for options, warned in ((), True), (("--criterion", "magnitude"), False), \
                               (("--count", "sample-sum"), False), (("--count", "sample"), True):
            result = self.run_cli(*train, *options)
            self.assertEqual(result.returncode, 0)
            self.assertRegex(result.stderr, rf"\A{re.escape(WARNING) if warned else ''}{THIN}\Z")
        prune = ("prune", "sigmoid", "-o", "x", "--prune", "80%", "--quiet")
        self.fails(0, WARNING, *prune[:2], "small", *prune[2:])
        self.good(*prune)  # by the sums in the file

    def test_threads_change_nothing(self):
        for name in NAMES[1:]:
            for threads in ("1", "2", "5"):
                self.good("train", "small", "-o", f"t{threads}", *NET, *PRUNE, "--activation", name,
                          "--criterion", "activation-weight", "--threads", threads, "--quiet")
            self.assertEqual(self.bytes_of("t1"), self.bytes_of("t2"))
            self.assertEqual(self.bytes_of("t1"), self.bytes_of("t5"))


main()
