"""`aviary invoke FILE [EVENT]`: a handler, once, without a server."""

import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest
import zipfile

from aviary_server import binary
from function_code import BOOTSTRAP_ECHO, NODE, PYTHON, zipped


class InvokeVerb(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aviary-invoke-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, True)

    def write(self, name, content, mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return path

    def run_verb(self, *words, stdin=None):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AVIARY_", "AWS_"))}
        return subprocess.run([binary(), "invoke", *words], input=stdin, capture_output=True, text=True, timeout=120,
                              env=clean, cwd=self.folder)

    def answer(self, *words, **more):
        done = self.run_verb(*words, **more)
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)

    ECHO = "def handler(event, context):\n    print('seen', sorted(event))\n    return event\n"

    def test_answer_and_log(self):
        self.write("app.py", self.ECHO)
        done = self.run_verb("app.py", '{"b": 1, "a": 2}')
        self.assertEqual((done.returncode, done.stdout), (0, '{"b": 1, "a": 2}\n'), done.stderr)
        lines = done.stderr.splitlines()
        self.assertIn("seen ['a', 'b']", lines)
        self.assertTrue(any(line.startswith("START RequestId: ") for line in lines), lines)
        self.assertTrue(any(line.startswith("REPORT RequestId: ") for line in lines), lines)

    def test_where_the_event_comes_from(self):
        self.write("app.py", self.ECHO)
        self.write("event.json", '{"from": "a file"}')
        self.assertEqual(self.answer("app.py"), {})
        self.assertEqual(self.answer("app.py", "@event.json"), {"from": "a file"})
        self.assertEqual(self.answer("app.py", "-", stdin='{"from": "stdin"}'), {"from": "stdin"})

    def test_a_function_error(self):
        self.write("app.py", "def handler(event, context):\n    raise ValueError('no luck')\n")
        done = self.run_verb("app.py")
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(json.loads(done.stdout)["errorType"], "ValueError")

    def test_environment_handler_runtime_timeout(self):
        self.write("app.py", "import os, time\n\ndef work(event, context):\n    time.sleep(event.get('sleep', 0))\n"
                             "    return [os.environ['STAGE'], os.environ['AWS_EXECUTION_ENV'],\n"
                             "            context.memory_limit_in_mb]\n")
        options = ("--handler", "app.work", "--runtime", PYTHON, "--env", "STAGE=test=1", "--env", "OTHER=2",
                   "--memory", "256", "--timeout", "2")
        self.assertEqual(self.answer("app.py", *options), ["test=1", f"AWS_Lambda_{PYTHON}", "256"])
        done = self.run_verb("app.py", '{"sleep": 20}', *options)
        self.assertEqual((done.returncode, json.loads(done.stdout)["errorType"]), (1, "Sandbox.Timedout"), done)

    def test_a_node_project(self):
        self.write("package.json", '{"type": "module"}')
        self.write("node_modules/left-pad/package.json", '{"main": "index.js"}')
        self.write("node_modules/left-pad/index.js", "module.exports = () => 'padded';")
        self.write("src/orders.js", "import pad from 'left-pad';\nexport const handler = async () => pad();\n")
        self.assertEqual(self.answer("src/orders.js", "--runtime", NODE), "padded")

    def test_ruby(self):
        if not shutil.which("ruby"):
            self.skipTest("no ruby here")
        self.write("app.rb", "def handler(event:, context:)\n  event['n'] + 1\nend\n")
        self.assertEqual(self.answer("app.rb", '{"n": 1}'), 2)

    def test_a_program_and_a_package(self):
        with zipfile.ZipFile(io.BytesIO(BOOTSTRAP_ECHO)) as archive:
            program = archive.read("bootstrap")
        self.write("server", program, 0o755)
        self.assertEqual(self.answer("server", '{"to": "a program"}'), {"to": "a program"})
        self.write("function.zip", zipped({"app.py": self.ECHO}))
        self.assertEqual(self.answer("function.zip", '{"z": 1}', "--runtime", PYTHON, "--handler", "app.handler"),
                         {"z": 1})

    def test_a_folder_of_another_choice(self):
        self.write("lib/words.py", "WORD = 'found'\n")
        self.write("functions/orders/app.py", "from lib.words import WORD\n\ndef handler(event, context):\n"
                                              "    return WORD\n")
        self.assertEqual(self.answer("functions/orders/app.py", "--folder", "."), "found")

    def test_a_private_folder(self):
        """Where functions run as another user: they get a copy."""
        self.write("app.py", self.ECHO)
        os.chmod(self.folder, 0o700)
        self.assertEqual(self.answer("app.py", '{"a": 1}'), {"a": 1})

    def test_what_cannot_be_run(self):
        self.write("app.py", "x = 1\n")
        self.write("app.ts", "export const handler = () => 1;\n")
        for words, says in ((("missing.py",), "no file missing.py"), (("app.py",), "--handler app.NAME"),
                            (("app.ts",), "compiled"), (("app.py", "@missing", "--handler", "app.x"), "missing"),
                            (("app.py", "{no", "--handler", "app.x"), "JSON"),
                            (("app.py", "--handler", "app.x", "--env", "X"), "NAME=value"),
                            (("app.py", "--handler", "app.x", "--runtime", "cobol85"), "cobol85"), ((), "FILE")):
            done = self.run_verb(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), (words, done))
            self.assertIn(says.lower(), done.stderr.lower(), words)

    def test_nothing_stays(self):
        self.write("app.py", "import os\n\ndef handler(event, context):\n    return os.getpid()\n")
        before = set(os.listdir(tempfile.gettempdir()))
        self.answer("app.py")
        left = [name for name in set(os.listdir(tempfile.gettempdir())) - before if name.startswith("aviary-invoke-")]
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()
