"""The same seed gives the same model file for any number of threads; another
seed, or a setting that matters, another one."""
from harness import Case, main

NET = ("train", "small", "-o", "net", "--hidden", "24,12", "--epochs", "8", "--quiet", "--prune",
       "50%", "--steps", "3", "--trigger", "epoch", "--every", "2", "--early-stop", "never")


class SameBytes(Case):
    def bytes_with(self, *more):
        self.good(*NET, *more)
        return self.bytes_of("net")

    def test_threads(self):
        for optimizer in ("sgd", "adam"):
            for more in ((), ("--count", "sample"), ("--criterion", "random", "--compact")):
                with self.subTest(f"{optimizer} {more}"):
                    found = {self.bytes_with("--optimizer", optimizer, "--threads", threads, *more)
                             for threads in (1, 2, 3, 1)}
                    self.assertEqual(len(found), 1)

    def test_seed_matters(self):
        self.assertNotEqual(self.bytes_with("--seed", "1"), self.bytes_with("--seed", "2"))

    def test_output_name_does_not_matter(self):
        first = self.bytes_with()
        self.good(*NET, "-o", "other", "--run", "run")
        self.assertEqual(self.bytes_of("other"), first)

    def test_fine_tuning(self):
        self.bytes_with()
        for threads in (1, 2, 3):
            self.good("prune", "net", "small", "-o", f"fine{threads}", "--epochs", "4", "--prune",
                      "70%", "--threads", threads, "--quiet")
        self.assertEqual(self.bytes_of("fine1"), self.bytes_of("fine2"))
        self.assertEqual(self.bytes_of("fine1"), self.bytes_of("fine3"))


main()
