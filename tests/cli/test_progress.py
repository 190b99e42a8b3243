"""The bar is for terminals only, and goes away at the end."""
import fcntl
import os
import pty
import re
import struct
import termios

from harness import PROGRAM, Case, environment, main

NET = ("train", "small", "-o", "net", "--hidden", "16,8", "--epochs", "6", "--prune", "40%", "--steps",
       "2", "--trigger", "epoch", "--every", "2")
CLEAR = "\r\x1b[K"


class Progress(Case):
    def on_terminal(self, *arguments, columns=80):
        """stderr on a terminal, stdout into a file; returns both."""
        out = self.folder / "stdout"
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
            descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(descriptor, 1)
            os.execve(PROGRAM, [PROGRAM, *arguments], environment(self.folder))
        text = b""
        try:
            while chunk := os.read(terminal, 4096):
                text += chunk
        except OSError:  # Linux: the other end is closed
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0, text)
        return text.decode(), out.read_text()

    def test_terminal(self):
        bar, out = self.on_terminal(*NET)
        self.assertRegex(bar, r"\[=+ *\] 6/6  accuracy \d+\.\d %  sparsity 4\d\.\d %  "
                              r"\d+-\d+ +\S+( s)? left")
        self.assertRegex(bar, r"epoch 2: pruned \d+ weights and \d+ by propagation, sparsity ")
        self.assertTrue(bar.endswith(CLEAR))
        for line in re.split(r"\r\x1b\[K|\r\n", bar):
            self.assertLess(len(line), 80)
        self.assertNotIn("\x1b", out)
        self.assertIn("pruning steps", out)

    def test_narrow_terminal(self):
        """What does not fit is left out whole: half of the widths would be other widths."""
        bar, _ = self.on_terminal(*NET, columns=40)
        drawn = [line for line in re.split(r"\r\x1b\[K|\r\n", bar) if "accuracy" in line]
        self.assertTrue(drawn)
        for line in drawn:
            self.assertRegex(line, r"^\d/6  accuracy +(\d+\.\d %|-  )  sparsity +\d+\.\d %$")

    def test_quiet(self):
        self.assertEqual(self.on_terminal(*NET, "--quiet"), ("", ""))

    def test_no_terminal(self):
        done = self.run_cli(*NET)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


main()
