"""The same command on lesser processors, as far as the environment can make this one lesser:
our own kernels by ESPALIER_CPU, those of the libraries behind by variables of their own."""
import csv
import io
import json

from harness import Case, environment, main

MACHINES = {
    "this one": {},
    "avx2": {"ESPALIER_CPU": "avx2", "LIBXSMM_TARGET": "hsw", "OPENBLAS_CORETYPE": "Haswell"},
    "no avx, no jit": {"ESPALIER_CPU": "plain", "OPENBLAS_CORETYPE": "Nehalem"},
}


class Machines(Case):
    def on(self, machine, *arguments):
        done = self.run_cli(*arguments, env=dict(environment(self.folder), **MACHINES[machine]))
        self.assertEqual((done.returncode, done.stderr), (0, ""), machine)
        return done.stdout

    def probabilities(self, machine, model):
        text = self.on(machine, "predict", model, "small")
        return [list(map(float, row)) for row in list(csv.reader(io.StringIO(text)))[1:]]

    def close(self, found, expected, allowed, what):
        self.assertEqual(len(found), len(expected), what)
        for a, b in zip(found, expected):
            for x, y in zip(a, b):
                self.assertAlmostEqual(x, y, delta=allowed, msg=what)

    def test_one_model_predicts_alike(self):
        self.good("train", "small", "-o", "m.safetensors", "--epochs", 3, "--hidden", "90,50",
                  "--prune", "60%", "--steps", 1, "--start-accuracy", "0%", "--criterion", "magnitude")
        expected = self.probabilities("this one", "m.safetensors")
        self.assertGreater(len(expected), 10)
        for machine in MACHINES:
            found = self.probabilities(machine, "m.safetensors")
            self.close(found, expected, 1e-5, machine)

    def test_training_comes_to_the_same(self):
        expected = None
        for machine in MACHINES:
            self.on(machine, "train", "small", "-o", "t.safetensors", "--epochs", 2, "--hidden",
                    "90,50", "--threads", 2)
            found = self.probabilities("this one", "t.safetensors")
            expected = expected or found
            self.close(found, expected, 1e-4, machine)

    def test_without_jit_other_products_are_named(self):
        result = json.loads(self.on("no avx, no jit", "train", "small", "-o", "j.safetensors",
                                    "--epochs", 1, "--json"))
        self.assertIn(result["math"], ("openblas", "reference"))


main()
