"""espalier report: the page and the plots of a run, with and without gnuplot, of good and bad folders."""
import html.parser
import os
import re
import shutil
import subprocess
import unittest

from harness import Case, environment, main

NET = ("--hidden", "16,8", "--epochs", "9", "--prune", "60%", "--steps", "2", "--trigger", "epoch",
       "--every", "3", "--early-stop", "never")
GNUPLOT = shutil.which("gnuplot")
SECTIONS = ["training", "layers", "counts", "spectra", "weights", "images", "classes", "ledger", "settings"]
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(html.parser.HTMLParser):
    """Fails on elements that do not close in order; gathers ids, sections, labels."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.sections, self.labels, self.names = [], [], [], [], set()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.names.add(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "section":
            self.sections.append(attrs["id"])
        if tag == "svg":
            self.labels.append(attrs.get("aria-label"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> while {self.open} are open"
        self.open.pop()


def read(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open, reader.open
    return reader


class Report(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        assert case.run_cli("train", "small", "-o", "net", *NET, "--spectra", "--run", "run").returncode == 0

    def bare(self):
        """An environment in whose PATH there is nothing."""
        (self.folder / "empty").mkdir(exist_ok=True)
        return dict(environment(self.folder), PATH=str(self.folder / "empty"))

    def copy(self, name):
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.folder / "run", self.folder / name)
        return self.folder / name

    @unittest.skipUnless(GNUPLOT, "gnuplot is not here")
    def test_page_of_a_run(self):
        folder = self.copy("whole")
        text = self.good("report", "whole")
        found = re.fullmatch(r"wrote whole/report\.html \(([\d,]+) bytes, (\d+) plots\)\n", text)
        self.assertIsNotNone(found, text)
        page = (folder / "report.html").read_text()
        self.assertEqual(len(page.encode()), int(found[1].replace(",", "")))
        reader = read(page)
        self.assertEqual(reader.sections, SECTIONS)
        self.assertEqual(len(reader.ids), len(set(reader.ids)))
        self.assertEqual(len(reader.labels), int(found[2]))
        self.assertTrue(all(reader.labels))
        self.assertEqual(reader.names & {"script", "link", "iframe", "object", "form"}, set())
        addresses = set(re.findall(r"\w+://[^\s\"'<>)]*", page))
        self.assertLessEqual(addresses, {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"})
        self.assertNotIn("nan", page.lower().replace("nanoseconds", "").split("<body>")[1].split("<svg")[0])
        scripts = sorted(p.stem for p in (folder / "plots").glob("*.gp") if p.stem != "style")
        for ending in ("csv", "svg"):
            self.assertEqual(sorted(p.stem for p in (folder / "plots").glob("*." + ending)), scripts)
        self.assertEqual(len(scripts), int(found[2]))
        before = page
        self.good("report", "whole", "--quiet")
        self.assertEqual((folder / "report.html").read_text(), before)

    @unittest.skipUnless(GNUPLOT, "gnuplot is not here")
    def test_scripts_run_by_themselves(self):
        plots = self.copy("restyled") / "plots"
        self.good("report", "restyled")
        for script in ("accuracy", "counts-layer-0", "weights-layer-0"):
            for ending, start in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("eps", b"%!PS")):
                made = plots / f"{script}.{ending}"
                made.unlink(missing_ok=True)
                done = subprocess.run([GNUPLOT, "-e", f"format='{ending}'", f"{script}.gp"], cwd=plots,
                                      capture_output=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(made.read_bytes().startswith(start), made)

    def test_without_gnuplot(self):
        folder = self.copy("dry")
        done = self.run_cli("report", "dry", "-o", "page.html", env=self.bare())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^wrote page\.html \([\d,]+ bytes, 0 plots\)\n$")
        self.assertEqual(done.stderr, "espalier: no plots: gnuplot was not found in PATH; install it (Debian: "
                                      "gnuplot-nox) and run this again, or name it with --gnuplot\n")
        page = (self.folder / "page.html").read_text()
        self.assertEqual(read(page).sections, SECTIONS)
        self.assertNotIn("<svg", page)
        self.assertIn("gnuplot was not found", page)
        self.assertTrue((folder / "plots" / "accuracy.gp").exists())
        self.assertFalse(list((folder / "plots").glob("*.svg")))
        self.assertFalse((folder / "report.html").exists())

    def test_gnuplot_that_fails(self):
        self.copy("failing")
        done = self.run_cli("report", "failing", "--gnuplot", "/bin/false", "--quiet")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertRegex(done.stderr, r"^espalier: (\d+) of \1 plots were not drawn; the page says why\n$")
        self.assertIn("accuracy.gp failed (exit code 1)", (self.folder / "failing/report.html").read_text())
        for name in ("no-such-program", "small"):
            done = self.run_cli("report", "failing", "--gnuplot", name)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"espalier: --gnuplot: expected a program, found '{name}'\n", done.stderr)

    def test_kinds_of_runs(self):
        env = self.bare()
        runs = {
            "dense": ("train", "small", "--hidden", "8", "--epochs", "2"),
            "compacted": ("train", "small", *NET, "--compact", "--criterion", "magnitude"),
            "pruned": ("prune", "net", "small", "--prune", "80%"),
            "blind": ("prune", "net", "--prune", "80%"),
        }
        for name, command in runs.items():
            done = self.run_cli(*command, "-o", f"{name}.net", "--run", name, "--quiet")
            self.assertEqual(done.returncode, 0, done.stderr)
            done = self.run_cli("report", name, env=env)
            self.assertEqual(done.returncode, 0, done.stderr)
            page = (self.folder / name / "report.html").read_text()
            sections = read(page).sections
            self.assertEqual(sections, [s for s in SECTIONS if s in sections])
            self.assertEqual("ledger" in sections, name != "dense")
            self.assertEqual("training" in sections, name in ("dense", "compacted"))
            self.assertIn("weights", sections)

    def test_what_was_counted(self):
        """Outputs above zero, the sum of them, or zeros: said for what they are, in their units."""
        for mode, axis, ledger in (("sample", "activated by, % of inputs", "how many inputs had activated it"),
                                   ("sample-sum", "sum of activations per input", "the sum of its activations"),
                                   ("sample-zeros", "zero at, % of inputs", "at how many inputs it had been zero")):
            self.good("train", "small", *NET, "--count", mode, "-o", "counted.net", "--run", mode, "--quiet",
                      said=r"(espalier: [^\n]*\n)*")
            self.assertEqual(self.run_cli("report", mode, env=self.bare()).returncode, 0)
            page = (self.folder / mode / "report.html").read_text()
            self.assertIn(f"the count {ledger}.", page)
            self.assertIn(f"ylabel '{axis}'", (self.folder / mode / "plots" / "counts-layer-0.gp").read_text())
            self.assertEqual("fewest zeros left" in page, mode == "sample-zeros")
            section = page[page.index('<section id="ledger">'):]
            counts = re.findall(r"<tr><th[^>]*>\d+</th>(?:<td[^>]*>[^<]*</td>){2}<td[^>]*>([0-9.e+]+)</td></tr>", section)
            self.assertTrue(counts, mode)
            self.assertLess(max(map(float, counts)), 1e6)

    def test_first_layer_without_weights(self):
        self.good("train", "small", *NET[:4], "--prune", "94%", "--steps", "1", "--trigger", "epoch", "--every", "3",
                  "--min-neurons", "0", "-o", "empty.net", "--run", "empty", "--quiet", said=r"(espalier: [^\n]*\n)*")
        done = self.run_cli("report", "empty")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_older_folder(self):
        folder = self.copy("older")
        for name in ("before.safetensors", "evaluation.json", "initial.safetensors"):
            (folder / name).unlink()
        kept = [line for line in (folder / "log.jsonl").read_text().splitlines(keepends=True)
                if '"spectrum"' not in line and '"counts"' not in line]
        (folder / "log.jsonl").write_text(re.sub(r',"layers":\[[^]]*\]', "", "".join(kept)))
        self.assertEqual(self.run_cli("report", "older", env=self.bare()).returncode, 0)
        page = (folder / "report.html").read_text()
        self.assertNotIn("classes", read(page).sections)
        self.assertIn("Not in this folder", page)

    def test_bad_folders(self):
        env = self.bare()

        def failed(name, expected):
            done = self.run_cli("report", name, env=env)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, expected)
        failed("nowhere", r"^espalier: nowhere: cannot open: No such file or directory\n$")
        failed("net", r"^espalier: net: expected the folder of a run or a study, found a file\n$")
        failed("small", r"^espalier: small: expected the folder of a run \(with log\.jsonl\) or of a study "
                        r"\(with study\.json\), found neither file\n$")
        folder = self.copy("damaged")
        lines = (folder / "log.jsonl").read_text().splitlines(keepends=True)
        lines[2] = lines[2][:20] + "\n"
        (folder / "log.jsonl").write_text("".join(lines))
        failed("damaged", r"^espalier: damaged/log\.jsonl: line 3: expected a JSON object: .*\n$")
        self.assertFalse((folder / "report.html").exists())
        folder = self.copy("damaged")
        data = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(data[:len(data) // 2])
        failed("damaged", r"^espalier: damaged/model\.safetensors: ")
        folder = self.copy("ended")
        (folder / "log.jsonl").write_text("".join(lines[:2]) + lines[3][:30])
        (folder / "result.json").unlink()
        self.assertEqual(self.run_cli("report", "ended", env=env).returncode, 0)
        self.assertIn("is not whole", (folder / "report.html").read_text())

    def test_wrong_usage(self):
        for arguments in ((), ("a", "b"), ("run", "--outptu", "x"), ("run", "-o", "-")):
            self.assertEqual(self.run_cli("report", *arguments).returncode, 2)

    def test_page_over_the_run(self):
        folder = self.copy("kept")
        before = (folder / "log.jsonl").read_bytes()
        done = self.run_cli("report", "kept", "-o", "kept/../kept/log.jsonl", env=self.bare())
        self.assertEqual(done.returncode, 2)
        self.assertIn("kept/../kept/log.jsonl: output and input are the same file (kept/log.jsonl)", done.stderr)
        self.assertEqual((folder / "log.jsonl").read_bytes(), before)
        for _ in range(2):
            self.assertEqual(self.run_cli("report", "kept", "-o", "kept/page.html", env=self.bare()).returncode, 0)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_folder_that_may_not_be_written(self):
        folder = self.copy("locked")
        folder.chmod(0o555)
        done = self.run_cli("report", "locked", env=self.bare())
        folder.chmod(0o755)
        self.assertEqual(done.returncode, 1)
        self.assertIn("locked/plots: cannot make this folder", done.stderr)


main()
