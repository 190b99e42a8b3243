"""Help: on stdout with exit code 0, within 80 columns, with the real defaults."""
import re
import resource
import subprocess

from harness import PROGRAM, Case, environment, main

COMMANDS = ("train", "prune", "eval", "predict", "analyse", "info", "compact", "export", "study", "data")
DEFAULTS = {
    "train": {"hidden": "300,200,100,50", "init": "glorot-uniform", "batch": "32", "lr": "0.01",
              "optimizer": "sgd", "weight-decay": "0", "lr-schedule": "constant", "epochs": "500",
              "validation": "10%", "validation-split": "auto", "scaling": "auto", "missing": "error", "seed": "1", "threads": "all",
              "prune": "none: dense", "of": "all", "steps": "5", "criterion": "activation",
              "scope": "global", "trigger": "accuracy", "every": "5", "patience": "30",
              "cubic-epochs": "2", "cubic-interval": "100", "start-accuracy": "80%",
              "final-accuracy": "98%", "count": "training", "count-window": "since-start",
              "sample": "32", "dead": "fold", "min-neurons": "1", "amounts": "cumulative",
              "early-stop": "after-pruning", "keep": "last"},
    "prune": {"epochs": "0", "trigger": "once", "prune": "90%", "criterion": "activation"},
    "eval": {"split": "test", "validation": "the model's"},
    "predict": {"split": "test", "rows": "all"},
}


def options(text):
    """Option name to its whole description on one line."""
    joined = re.sub(r"\n {20,}", " ", text)
    return dict(re.findall(r"(?m)^ .{4} --([a-z0-9-]+) *(.*)$", joined))


class Help(Case):
    def test_every_command(self):
        for command in COMMANDS:
            with self.subTest(command):
                text = self.good(command, "--help")
                self.assertEqual(self.good("help", command), text)
                self.assertTrue(text.startswith(f"usage: espalier {command} "))
                self.assertLess(max(map(len, text.splitlines())), 80)
                for name, value in DEFAULTS.get(command, {}).items():
                    self.assertIn(f"(default {value})", options(text)[name], name)

    def test_little_memory(self):
        """A library's thread that waits for memory in vain does not keep the program from ending. One that cannot
        begin at all (a sanitizer, say) says so at once."""
        more = environment(self.folder)
        more.pop("OPENBLAS_NUM_THREADS", None)
        for megabytes in (110, 120, 160, 240):
            limit = megabytes << 20
            done = subprocess.run([PROGRAM, "train", "--help"], cwd=self.folder, env=more, timeout=120, check=False,
                                  capture_output=True, stdin=subprocess.DEVNULL,
                                  preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
            if done.returncode == 0:
                self.assertEqual(done.stdout.decode(), self.good("train", "--help"))
            else:
                self.assertNotEqual(done.stderr, b"")

    def test_values_before_help_do_not_change_the_defaults(self):
        self.assertIn("(default 0.01)", self.good("train", "--lr", "5", "--help"))

    def test_tables_are_listed(self):
        text = " ".join(self.good("train", "--help").split())
        for word in ("activation-weight ", "magnitude ", "random ", "reference",
                     "sample-zeros reproduces the authors' published code and removes the most "
                     "active neurons first"):
            self.assertIn(word, text)
        self.assertIn(".safetensors", self.good("export", "--help"))

    def test_program(self):
        text = self.good("--help")
        self.assertEqual(self.good("help"), text)
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command} ")
        done = self.run_cli()
        self.assertEqual((done.returncode, done.stdout, done.stderr), (2, "", text))
        self.assertRegex(self.good("--version"), r"^espalier \d+\.\d+\.\d+\n$")


main()
