"""An environment whose interpreter waited for it is like one whose interpreter was started for it."""

import base64
import shutil
import time
import unittest

from aviary_server import ServerCase, scope_header
from function_code import NODE, PYTHON, ROLE, python_zip, zipped

PYTHON_FACTS = """
import os, resource, sys, time
BORN = os.urandom(8).hex()

def handler(event, context):
    return {
        "born": BORN, "folder": os.getcwd(), "environment": sorted(os.environ), "value": os.environ["VALUE"],
        "path": sys.path, "argv": sys.argv, "user": os.getuid(), "group": os.getgid(), "session": os.getsid(0) == os.getpid(),
        "task": sorted(name for name in os.listdir("/var/task") if name != "__pycache__"),
        "opt": sorted(os.listdir("/opt")), "input": os.readlink("/proc/self/fd/0"),
        "descriptors": len(os.listdir("/proc/self/fd")), "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "processes": resource.getrlimit(resource.RLIMIT_NPROC), "zone": time.tzname, "tmp": sorted(os.listdir("/tmp"))}
"""

NODE_FACTS = """
const fs = require('fs');
const born = require('crypto').randomBytes(8).toString('hex');
exports.handler = async () => ({
  born, folder: process.cwd(), environment: Object.keys(process.env).sort(), value: process.env.VALUE, argv: process.argv.length,
  user: process.getuid(), task: fs.readdirSync('/var/task').sort(), opt: fs.readdirSync('/opt').sort(),
  input: fs.readlinkSync('/proc/self/fd/0'), paths: module.paths, global: require('module').globalPaths,
  main: require.main === module, resolved: require.resolve('other'),
});
"""

RUBY_FACTS = """
require 'other'
BORN = Random.urandom(8).unpack1('H*')

def handler(event:, context:)
  { born: BORN, folder: Dir.pwd, environment: ENV.keys.sort, value: ENV.fetch('VALUE'), user: Process.uid,
    task: Dir.children('/var/task').sort, opt: Dir.children('/opt').sort, other: OTHER,
    input: File.readlink('/proc/self/fd/0'), gems: Gem.path.include?('/var/task/vendor/bundle/ruby/3.2.0') }
end
"""


class WaitingInterpreters(ServerCase):
    def create(self, name, runtime, code, **more):
        answer = self.server.post("/2015-03-31/functions", {
            "FunctionName": name, "Role": ROLE, "Runtime": runtime, "Handler": "index.handler", "Timeout": 60,
            "Code": {"ZipFile": base64.b64encode(code).decode()}, "Environment": {"Variables": {"VALUE": name}},
            **more}, headers=scope_header())
        self.assertEqual(answer.status, 201, answer)

    def invoke(self, name):
        answer = self.server.post(f"/2015-03-31/functions/{name}/invocations", {}, headers=scope_header())
        self.assertEqual((answer.status, answer.headers.get("x-amz-function-error")), (200, None), answer)
        return answer.json()

    def anew(self, name, number):
        changed = self.server.put(f"/2015-03-31/functions/{name}/configuration", {"Description": str(number)},
                                  headers=scope_header())
        self.assertEqual(changed.status, 200, changed)
        time.sleep(0.5)  # long enough for one to wait, mostly; the test holds either way

    def same_every_time(self, name):
        """Cold starts in a row: the first is plain, later ones meet an interpreter that waited."""
        first = self.invoke(name)
        born = {first.pop("born")}
        self.assertEqual(first["value"], name)
        self.assertEqual(first["folder"], "/var/task")
        for number in range(4):
            self.anew(name, number)
            facts = self.invoke(name)
            born.add(facts.pop("born"))
            self.assertEqual(facts, first)
        self.assertEqual(len(born), 5, "each environment has an interpreter of its own")
        return first

    def test_python(self):
        self.create("python", PYTHON, python_zip(PYTHON_FACTS))
        facts = self.same_every_time("python")
        self.assertEqual(facts["processes"], [742, 742])  # contract section 5: at 128 MB
        self.assertEqual(facts["input"], "/dev/null")
        self.assertNotIn("AVIARY_WAIT", facts["environment"])
        # with more memory the limit is another one, though the interpreter waited under this one
        self.create("large", PYTHON, python_zip(PYTHON_FACTS), MemorySize=1024)
        self.assertEqual(self.same_every_time("large")["processes"], [1024, 1024])

    @unittest.skipUnless(shutil.which("node"), "no node here")
    def test_node(self):
        self.create("node", NODE, zipped({"index.js": NODE_FACTS, "node_modules/other/index.js": "module.exports = 1;"}))
        facts = self.same_every_time("node")
        self.assertEqual(facts["input"], "/dev/null")
        self.assertEqual(facts["resolved"], "/var/task/node_modules/other/index.js")

    @unittest.skipUnless(shutil.which("ruby"), "no ruby here")
    def test_ruby(self):
        self.create("ruby", "ruby3.2", zipped({"index.rb": RUBY_FACTS, "other.rb": "OTHER = 7\n"}))
        facts = self.same_every_time("ruby")
        self.assertEqual(facts["input"], "/dev/null")
        self.assertTrue(facts["gems"])

    def test_variables_that_an_interpreter_reads_as_it_starts(self):
        source = "import sys\ndef handler(event, context):\n    return [sys.flags.dont_write_bytecode, sys.flags.optimize]\n"
        self.create("plain", PYTHON, python_zip(source))
        self.create("chosen", PYTHON, python_zip(source), Environment={"Variables": {"PYTHONOPTIMIZE": "2"}})
        for number in range(3):
            self.assertEqual(self.invoke("plain")[1], 0)
            self.assertEqual(self.invoke("chosen")[1], 2)
            self.anew("plain", number)
            self.anew("chosen", number)

    def test_modules_of_the_functions_own(self):
        """A file of the package comes before a module of the same name that the interpreter has loaded already."""
        self.create("own", PYTHON, zipped({
            "index.py": "import uuid, decimal\ndef handler(event, context):\n    return [uuid.MINE, hasattr(decimal, 'Decimal')]\n",
            "uuid.py": "MINE = 'yes'\n"}))
        for number in range(3):
            self.assertEqual(self.invoke("own"), ["yes", True])
            self.anew("own", number)

    def test_a_crash_and_the_next(self):
        self.create("crash", PYTHON, python_zip(
            "import os\n\ndef handler(event, context):\n    if event:\n        os._exit(1)\n    return os.environ['VALUE']\n"))
        for number in range(3):
            self.assertEqual(self.invoke("crash"), "crash")
            answer = self.server.post("/2015-03-31/functions/crash/invocations", {"a": 1}, headers=scope_header())
            self.assertEqual(answer.json()["errorType"], "Runtime.ExitError")
            self.anew("crash", number)

    def test_logging_keeps_its_records_together(self):
        """Through the descriptor for framed records, which is not among the function's variables."""
        self.create("logger", PYTHON, python_zip(
            "import logging, os\nlogging.getLogger().setLevel('INFO')\n\ndef handler(event, context):\n"
            "    print('printed')\n    logging.info('two\\nlines')\n    print('after')\n"
            "    return '_LAMBDA_TELEMETRY_LOG_FD' in os.environ\n"))
        for number in range(3):
            answer = self.server.post("/2015-03-31/functions/logger/invocations", {},
                                      headers={**scope_header(), "X-Amz-Log-Type": "Tail"})
            self.assertEqual(answer.json(), False)
            log = base64.b64decode(answer.headers["x-amz-log-result"]).decode()
            self.assertRegex(log, r"(?s)\$LATEST\nprinted\n\[INFO\]\t\S+Z\t\S+\ttwo\nlines\nafter\nEND RequestId")
            self.anew("logger", number)


if __name__ == "__main__":
    unittest.main()
