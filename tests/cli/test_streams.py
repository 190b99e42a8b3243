"""Standard input, output and error that are closed, full, slow, or go away while they are written:
what could not be written is never passed over with exit code 0, and files are whole."""
import json
import os
import shutil
import signal
import subprocess
import time

from harness import PROGRAM, Case, environment, main

NET = ("--hidden", "12,6", "--epochs", "2", "--early-stop", "never")
# Every command that prints, in all of its forms; what may be written is removed after each.
PRINTING = [
    ("--version",), ("--help",), ("-h",), ("help",), ("help", "train"), ("data", "--help"),
    *((command, "--help") for command in ("train", "prune", "eval", "predict", "analyse", "info", "compact", "lowrank",
                                          "export", "report", "study")),
    *(("data", command, "--help") for command in ("list", "fetch", "info")),
    ("info", "net"), ("info", "net", "net"), ("info", "net", "--json"), ("info", "net", "net", "--json"),
    ("eval", "net", "small"), ("eval", "net", "small", "--json"),
    ("predict", "net", "small"), ("predict", "net", "small", "--format", "jsonl"),
    ("predict", "net", "small", "--format", "npy"), ("predict", "net", "small", "--rows", "1"),
    ("predict", "net", "small", "-o", "/dev/stdout"),
    ("analyse", "net"), ("analyse", "net", "--json"), ("analyse", "net", "--csv", "/dev/stdout"),
    ("compact", "net", "-o", "made"), ("compact", "net", "-o", "made", "--json"),
    ("lowrank", "net", "--rank", "3,3", "-o", "made"), ("lowrank", "net", "--rank", "3,3", "-o", "made", "--json"),
    ("export", "net", "-o", "made.onnx"), ("export", "net", "-o", "made.safetensors"), ("export", "net", "-o", "made.c"),
    ("report", "run"), ("report", "study"),
    ("train", "small", "-o", "made", *NET), ("train", "small", "-o", "made", *NET, "--json"),
    ("train", "small", "-o", "made", *NET, "--run", "new"), ("train", "--resume", "run", "--json"),
    ("prune", "net", "-o", "made", "--prune", "40%"), ("prune", "net", "-o", "made", "--prune", "40%", "--json"),
    ("study", "small", "-o", "study", *NET[:4], "--seeds", "1", "--sparsities", "50%", "--steps", "1"),
    ("study", "small", "-o", "study", *NET[:4], "--seeds", "1", "--sparsities", "50%", "--steps", "1", "--json"),
    ("data", "list"), ("data", "list", "--json"), ("data", "info", "small"), ("data", "info", "small", "--json"),
]
# What is written where, with an output that takes nothing.
WRITING = [
    ("train", "small", *NET), ("prune", "net", "--prune", "40%"), ("compact", "net"), ("lowrank", "net", "--rank", "3,3"),
    ("predict", "net", "small"), ("predict", "net", "small", "--format", "npy"), ("report", "run"),
]


class Streams(Case):
    # In memory where that can be had: waiting for a disk tells nothing here.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "."

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        def run(*arguments):
            subprocess.run([PROGRAM, *arguments, "--quiet"], cwd=cls.folder, check=True, env=environment(cls.folder))
        run("train", "small", "-o", "net", *NET, "--prune", "40%", "--steps", "1", "--trigger", "epoch", "--every", "1",
            "--run", "run")
        run("study", "small", "-o", "study", *NET[:4], "--seeds", "1", "--sparsities", "50%", "--steps", "1")
        done = subprocess.run([PROGRAM, "predict", "net", "small"], cwd=cls.folder, check=True, capture_output=True,
                              env=environment(cls.folder))
        cls.predictions = done.stdout

    def tearDown(self):
        self.clean()

    def clean(self):
        """Removes what was made; nothing may lie about unfinished."""
        left = [path for path in self.folder.rglob(".espalier-*")]
        self.assertEqual(left, [])
        for path in (*self.folder.glob("made*"), *self.folder.glob("new")):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def shell(self, arguments, redirected):
        """A command under a shell's redirections; its exit code and what it said."""
        done = subprocess.run(["bash", "-c", f'"$0" "$@" {redirected}', PROGRAM, *arguments], cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environment(self.folder),
                              timeout=120)
        return done.returncode, done.stderr.decode(), done.stdout

    # ---- output that does not take anything ---------------------------------------------

    def test_no_output(self):
        for where, why in ((">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")):
            for arguments in PRINTING:
                code, said, _ = self.shell(arguments, where)
                self.assertEqual(code, 1, (arguments, where, said))
                self.assertRegex(said, rf"^(espalier: run: this run is finished; .*\n)?espalier: "
                                       rf"(cannot write to standard output: {why}|/dev/stdout: cannot write: {why}|"
                                       rf"/dev/stdout: .*, found a folder)\n$", (arguments, where))
                self.clean()

    def test_quiet_needs_no_output(self):
        for arguments in (("train", "small", "-o", "made", *NET), ("compact", "net", "-o", "made")):
            self.assertEqual(self.shell((*arguments, "--quiet"), ">&-"), (0, "", b""))
            self.good("info", "made")

    def test_full_file(self):
        for arguments in WRITING:
            code, said, out = self.shell((*arguments, "-o", "/dev/full"), "")
            self.assertEqual((code, said, out), (1, "espalier: /dev/full: cannot write: No space left on device\n", b""))
        self.assertEqual(self.shell(("analyse", "net", "--csv", "/dev/full"), "")[:2],
                         (1, "espalier: /dev/full: cannot write: No space left on device\n"))

    def test_no_messages(self):
        """Where standard error takes nothing, exit codes still tell."""
        for where in ("2>&-", "2>/dev/full"):
            for arguments, code in ((("info", "net"), 0), (("info", "nowhere"), 1), (("info",), 2), ((), 2), (("inf",), 2),
                                    (("train", "small", "-o", "made", *NET), 0),
                                    (("prune", "net", "-o", "made", "--prune", "x"), 2)):
                self.assertEqual(self.shell(arguments, where)[0], code, (arguments, where))
            self.clean()
        # A file that is opened later does not become standard error, and no message goes into it.
        self.assertEqual(self.shell(("train", "small", "-o", "made", *NET, "--run", "new"), "<&- >&- 2>&-")[0], 1)
        self.good("info", "made")
        for line in (self.folder / "new/log.jsonl").read_text().splitlines():
            json.loads(line)

    # ---- input ---------------------------------------------------------------------------

    def test_no_input(self):
        for where, why in (("<&-", "Bad file descriptor"), ("</", "Is a directory"), ("0>/dev/null", "Bad file descriptor")):
            self.assertEqual(self.shell(("predict", "net", "-"), where),
                             (1, f"espalier: standard input: cannot read: {why}\n", b""))
            self.assertEqual(self.shell(("predict", "net", "-", "-o", "made"), where)[0], 1)
            self.assertFalse((self.folder / "made").exists())
        for arguments in PRINTING[:30]:  # they read none
            self.assertEqual(self.shell(arguments, "<&-")[0], 0, arguments)

    # ---- pipes -----------------------------------------------------------------------------

    def test_reader_that_goes_away(self):
        """A command dies by SIGPIPE, as others do, or, where that is ignored, says why and ends with 1."""
        for ignored in (False, True):
            for arguments in PRINTING:
                inside, outside = os.pipe()
                os.close(inside)  # nobody reads
                done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=outside,
                                      stderr=subprocess.PIPE, text=True, check=False, env=environment(self.folder),
                                      restore_signals=not ignored)
                os.close(outside)
                if ignored:
                    self.assertEqual(done.returncode, 1, arguments)
                    self.assertRegex(done.stderr, r"(cannot write to standard output|/dev/stdout: cannot write( there)?): "
                                                  r"(Broken pipe|No such device or address)\n$")
                else:
                    self.assertEqual(done.returncode, -signal.SIGPIPE, (arguments, done.stderr))
                if "made" in arguments:
                    self.good("info", "made")  # whole: it is written before anything is printed
                self.clean()

    def test_slow_reader(self):
        """More than a pipe holds, read in pieces after some time."""
        rows = "".join(",".join("1" for _ in range(64)) + "\n" for _ in range(3000))
        (self.folder / "rows.csv").write_text(rows)
        whole = self.run_cli("predict", "net", "rows.csv").stdout
        self.assertGreater(len(whole), 100000)
        with subprocess.Popen([PROGRAM, "predict", "net", "rows.csv"], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, env=environment(self.folder)) as process:
            time.sleep(0.2)
            found = b""
            while piece := process.stdout.read(17000):
                found += piece
                time.sleep(0.01)
        self.assertEqual((process.returncode, found.decode()), (0, whole))

    def test_pipe_that_is_full(self):
        """One that does not wait: what did not go in is told of."""
        inside, outside = os.pipe()
        os.set_blocking(outside, False)
        try:
            while True:
                os.write(outside, b"x" * 4096)
        except BlockingIOError:
            pass
        for arguments in PRINTING:
            done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=outside,
                                  stderr=subprocess.PIPE, text=True, check=False, env=environment(self.folder))
            self.assertEqual(done.returncode, 1, arguments)
            self.assertRegex(done.stderr, "cannot write to standard output: Resource temporarily unavailable\n$")
            self.clean()
        os.close(inside)
        os.close(outside)

    def test_reader_of_a_fifo(self):
        """As `-o FIFO`, too."""
        os.mkfifo(self.folder / "made")
        with subprocess.Popen([PROGRAM, "predict", "net", "small", "-o", "made"], cwd=self.folder,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(self.folder)) as process:
            with open(self.folder / "made", "rb") as reader:
                self.assertEqual(reader.read(), self.predictions)
            self.assertEqual(process.communicate()[1], b"")
        self.assertEqual(process.returncode, 0)

    def test_standard_output_by_name(self):
        """What a shell redirected is written on, not replaced."""
        for name in ("-", "/dev/stdout"):
            with open(self.folder / "made", "wb+") as file:
                file.write(b"before\n")
                file.flush()
                subprocess.run([PROGRAM, "predict", "net", "small", "-o", name], cwd=self.folder, check=True,
                               stdout=file, env=environment(self.folder))
            self.assertEqual((self.folder / "made").read_bytes(), b"before\n" + self.predictions)
            self.assertFalse((self.folder / "-").exists())

    def test_rights_stay(self):
        """A file that only its owner reads stays so when it is replaced."""
        for arguments in (("predict", "net", "small"), ("compact", "net")):
            (self.folder / "made").write_bytes(b"")
            (self.folder / "made").chmod(0o600)
            self.good(*arguments, "-o", "made")
            self.assertEqual((self.folder / "made").stat().st_mode & 0o777, 0o600)
            self.clean()

    def test_signals_leave_nothing_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            before = set(os.listdir(self.folder))
            with subprocess.Popen([PROGRAM, "predict", "net", "-", "-o", "made"], cwd=self.folder,
                                  stdin=subprocess.PIPE, env=environment(self.folder)) as process:
                process.stdin.write(b",".join([b"1"] * 64) + b"\n")
                process.stdin.flush()
                while set(os.listdir(self.folder)) == before:
                    time.sleep(0.01)
                process.send_signal(number)
                process.wait()
            self.assertEqual((process.returncode, set(os.listdir(self.folder))), (-number, before))

    def test_messages_into_a_pipe_that_nobody_reads(self):
        inside, outside = os.pipe()
        os.close(inside)
        done = subprocess.run([PROGRAM, "info", "nowhere"], cwd=self.folder, stdin=subprocess.DEVNULL, stderr=outside,
                              stdout=subprocess.PIPE, check=False, env=environment(self.folder))
        self.assertEqual((done.returncode, done.stdout), (-signal.SIGPIPE, b""))
        done = subprocess.run([PROGRAM, "info", "nowhere"], cwd=self.folder, stdin=subprocess.DEVNULL, stderr=outside,
                              stdout=subprocess.PIPE, check=False, env=environment(self.folder), restore_signals=False)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        os.close(outside)


main()
