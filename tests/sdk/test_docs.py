"""The documentation does what it says.

Every ```sh block of a page is run, in the page's order, in one shell, with a fresh server behind AWS_ENDPOINT_URL (the
port of the text, 4566, is replaced). Blocks of other kinds (```console, ```cpp) are not run. A comment
`<!-- prints: text -->` before a block says what its output contains; `<!-- server: options -->` how the page's server is
started.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import unittest

from aviary_server import Server, binary
from aws_cli import Cli, installed

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PAGES = sorted(os.path.relpath(path, ROOT) for pattern in ("README.md", "docs/*.md", "examples/**/README.md")
               for path in glob.glob(os.path.join(ROOT, pattern), recursive=True))
MARK = "=== end of block {} ==="


def read(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def blocks(text):
    """[(shell, [what its output contains])] and the server's options."""
    found, expected, options, inside, kind = [], [], [], None, ""
    for line in text.splitlines():
        if inside is not None:
            if line.startswith("```"):
                if kind == "sh":
                    found.append(("\n".join(inside), expected))
                    expected = []
                inside = None
            else:
                inside.append(line)
        elif line.startswith("```"):
            inside, kind = [], line[3:].strip()
        elif line.startswith("<!-- prints: "):
            expected.append(line[len("<!-- prints: "):].removesuffix(" -->"))
        elif line.startswith("<!-- server: "):
            options += line[len("<!-- server: "):].removesuffix(" -->").split()
    return found, options


class Examples(unittest.TestCase):
    maxDiff = None

    def run_page(self, page):
        found, options = blocks(read(page))
        if not found:
            return
        server = Server(*options).start()
        self.addCleanup(server.stop)
        path, version = installed()[-1]
        cli = Cli(path, version, server.endpoint)
        self.addCleanup(cli.close)
        if page.startswith("examples/"):
            shutil.copytree(os.path.join(ROOT, os.path.dirname(page)), cli.folder, dirs_exist_ok=True)
        else:
            shutil.copytree(os.path.join(ROOT, "examples"), os.path.join(cli.folder, "examples"))
        script = "\n".join(f"{shell}\necho '{MARK.format(number)}'" for number, (shell, _) in enumerate(found))
        script = script.replace("http://127.0.0.1:4566", server.endpoint)
        ran = cli.shell(f"aviary() {{ '{binary()}' \"$@\"; }}\nexec 2>&1\n{script}", timeout=240)
        outputs = re.split(r"=== end of block \d+ ===\n", ran.out)
        self.assertEqual(ran.code, 0, f"{page}: a command fails\n{ran.out[-3000:]}\n{server.log()[-2000:]}")
        for (shell, expected), output in zip(found, outputs):
            for text in expected:
                self.assertIn(text, output, f"{page}: this does not print what it promises:\n{shell}")


for _page in PAGES:
    def _test(self, page=_page):
        self.run_page(page)
    setattr(Examples, "test_" + re.sub(r"\W+", "_", _page.lower().removesuffix(".md")), _test)


class Pages(unittest.TestCase):
    def test_tables_are_those_of_the_program(self):
        done = subprocess.run([sys.executable, os.path.join(ROOT, "script", "update-docs"), "--check", binary()],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, f"{done.stdout}{done.stderr}\nscript/update-docs writes them anew")

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
                if "://" in target:
                    continue
                file, _, anchor = target.partition("#")
                path = os.path.normpath(os.path.join(ROOT, os.path.dirname(page), file)) if file else os.path.join(ROOT, page)
                self.assertTrue(os.path.exists(path), f"{page}: {target}")
                if anchor:
                    with open(path, encoding="utf-8") as linked:
                        headings = {re.sub(r"[^\w\- ]", "", line.lstrip("# ").strip().lower()).replace(" ", "-")
                                    for line in linked if line.startswith("#")}
                    self.assertIn(anchor, headings, f"{page}: {target}")

    def test_nothing_of_one_machine(self):
        for page in PAGES:
            for match in re.findall(r"/(?:root|home|work|Users)/\S*", read(page)):
                self.fail(f"{page} names a path of one machine: {match}")

    def test_the_embedding_example_compiles(self):
        """Against the public header alone."""
        compiler = shutil.which("g++") or shutil.which("clang++")
        if not compiler:
            self.skipTest("no compiler here")
        program = re.search(r"```cpp\n(.*?)```", read("docs/embedding.md"), re.S)[1]
        done = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I",
                               os.path.join(ROOT, "include"), "-x", "c++", "-"], input=program, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)


class Demo(unittest.TestCase):
    def play(self, *arguments, environment=None):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return subprocess.run([sys.executable, os.path.join(ROOT, "script", "demo"), *arguments], capture_output=True,
                              text=True, timeout=120, env={**clean, **(environment or {})})

    def check(self, done):
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("routing-config 'AdditionalVersionWeights={6=0.1}'", done.stdout)
        rows = re.findall(r"^ +([56]) +(\d+) +(\d+)% +(\d+)%", done.stdout, re.M)
        self.assertEqual([(version, share) for version, _, _, share in rows], [
            ("5", "100"), ("5", "90"), ("6", "10"), ("5", "50"), ("6", "50"), ("6", "100"), ("5", "100")])
        self.assertIn("plausible: true", done.stdout)

    def test_against_a_running_server(self):
        for runtime in ("python", "node"):
            server = Server("--seed", "5").start()
            self.addCleanup(server.stop)
            done = self.play("--endpoint", server.endpoint, "--runtime", runtime)
            self.check(done)
            self.assertNotIn("\033[", done.stdout, "no colours unless it is a terminal")
            functions = server.get("/2015-03-31/functions").json()["Functions"]
            self.assertEqual(functions, [], "it touched the default account")

    def test_exact(self):
        server = Server("--routing", "exact").start()
        self.addCleanup(server.stop)
        done = self.play("--endpoint", server.endpoint)
        self.check(done)
        rows = re.findall(r"^ +([56]) +(\d+) ", done.stdout, re.M)
        self.assertEqual(rows[1:5], [("5", "90"), ("6", "10"), ("5", "50"), ("6", "50")])

    def test_with_a_server_of_its_own(self):
        self.check(self.play(environment={"AVIARY_BINARY": binary(), "NO_COLOR": "1"}))


if __name__ == "__main__":
    unittest.main(verbosity=1)
