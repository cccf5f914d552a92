"""Functions' logs: the JSON format with its levels, what --log-functions prints. Expectations: AWS's runtime clients for what
a function writes, its documentation of log levels for what the platform does."""

import base64
import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

from aviary_server import Server, ServerCase, binary, scope_header
from function_code import NODE, PYTHON, ROLE, zipped

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"

PYTHON_SOURCE = """
import logging
logger = logging.getLogger("shop")

def handler(event, context):
    print("printed")
    for level in ("debug", "info", "warning", "error"):
        getattr(logger, level)("at %s", level, extra={"order": 7})
    if event:
        raise ValueError("two\\nlines")
    return 1
"""

NODE_SOURCE = """
exports.handler = async (event) => {
  for (const level of ['debug', 'info', 'warn', 'error']) console[level]('at %s', level, { order: 7 });
  if (event.fail) throw new Error('no');
  return 1;
};
"""


class Logs(ServerCase):
    OPTIONS = ("--log-functions", "--max-environments", "1")

    def create(self, runtime, files, **more):
        answer = self.server.post("/2015-03-31/functions", {
            "FunctionName": "f", "Role": ROLE, "Runtime": runtime, "Handler": "index.handler", "Timeout": 30,
            "Code": {"ZipFile": base64.b64encode(zipped(files)).decode()}, **more}, headers=scope_header())
        self.assertEqual(answer.status, 201, answer)

    def tail(self, event=None):
        answer = self.server.post("/2015-03-31/functions/f/invocations", event or {},
                                  headers={**scope_header(), "X-Amz-Log-Type": "Tail"})
        self.assertEqual(answer.status, 200, answer)
        return base64.b64decode(answer.headers["x-amz-log-result"]).decode()

    def records(self, text):
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def json_logging(self, **levels):
        return {"LoggingConfig": {"LogFormat": "JSON", **levels}}

    def test_python_as_json(self):
        self.create(PYTHON, {"index.py": PYTHON_SOURCE}, **self.json_logging())
        text = self.tail()
        self.assertIn("\nprinted\n", text)  # plain output is not wrapped
        start, *mine, report = self.records(text)
        self.assertEqual((start["type"], start["record"]["version"]), ("platform.start", "$LATEST"))
        self.assertRegex(start["record"]["requestId"], UUID)
        self.assertEqual([(line["level"], line["message"], line["logger"], line["order"]) for line in mine], [
            ("INFO", "at info", "shop", 7), ("WARNING", "at warning", "shop", 7), ("ERROR", "at error", "shop", 7)])
        self.assertEqual({line["requestId"] for line in mine}, {start["record"]["requestId"]})
        for line in mine:
            self.assertRegex(line["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$")
        self.assertEqual((report["type"], report["record"]["status"]), ("platform.report", "success"))
        self.assertEqual(report["record"]["metrics"]["memorySizeMB"], 128)
        self.assertIn("initDurationMs", report["record"]["metrics"])

    def test_an_error_as_json(self):
        self.create(PYTHON, {"index.py": PYTHON_SOURCE}, **self.json_logging())
        lines = self.records(self.tail({"a": 1}))
        error = [line for line in lines if line.get("log_level") == "ERROR"]
        self.assertEqual((error[0]["errorType"], error[0]["errorMessage"]), ("ValueError", "two\nlines"))
        self.assertEqual(lines[-1]["record"]["status"], "error")

    def test_levels(self):
        self.create(PYTHON, {"index.py": PYTHON_SOURCE},
                    **self.json_logging(ApplicationLogLevel="ERROR", SystemLogLevel="WARN"))
        text = self.tail()
        self.assertEqual([line.get("message") for line in self.records(text)], ["at error"])
        self.assertIn("printed\n", text)
        changed = self.server.put("/2015-03-31/functions/f/configuration", {
            "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "DEBUG"}},
            headers=scope_header())
        self.assertEqual(changed.status, 200, changed)
        lines = self.records(self.tail())
        self.assertEqual([line["message"] for line in lines if "message" in line],
                         ["at debug", "at info", "at warning", "at error"])
        self.assertEqual([line["type"] for line in lines if "type" in line],
                         ["platform.start", "platform.runtimeDone", "platform.report"])

    @unittest.skipUnless(shutil.which("node"), "no node here")
    def test_node_as_json(self):
        self.create(NODE, {"index.js": NODE_SOURCE}, **self.json_logging(ApplicationLogLevel="WARN"))
        lines = self.records(self.tail())
        self.assertEqual([(line["level"], line["message"]) for line in lines if "message" in line],
                         [("WARN", "at warn { order: 7 }"), ("ERROR", "at error { order: 7 }")])

    @unittest.skipUnless(shutil.which("node"), "no node here")
    def test_node_as_text(self):
        self.create(NODE, {"index.js": NODE_SOURCE})
        text = self.tail({"fail": True})
        self.assertRegex(text, rf"{STAMP}\t{UUID}\tINFO\tat info \{{ order: 7 \}}\n")
        self.assertRegex(text, rf"{STAMP}\t{UUID}\tERROR\tInvoke Error \t\{{\"errorType\":\"Error\",\"errorMessage\":\"no\"")

    def test_python_as_text(self):
        self.create(PYTHON, {"index.py": PYTHON_SOURCE})
        text = self.tail({"a": 1})
        self.assertRegex(text, rf"\n\[WARNING\]\t{STAMP}\t{UUID}\tat warning\n")
        self.assertNotIn("at info", text)  # the root logger's level is WARNING
        self.assertRegex(text, r"\n\[ERROR\] ValueError: two\nlines\nTraceback \(most recent call last\):\n")

    def test_what_the_server_prints(self):
        """Everything, INIT_START too, which is not part of an invocation's tail."""
        self.create(PYTHON, {"index.py": PYTHON_SOURCE})
        self.assertNotIn("INIT_START", self.tail())
        wanted = [r"^f\[\$LATEST\] INIT_START Runtime Version: python:3\.11\.v\S+\tRuntime Version ARN: "
                  r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$",
                  rf"^f\[\$LATEST\] START RequestId: {UUID} Version: \$LATEST$", r"^f\[\$LATEST\] printed$",
                  rf"^f\[\$LATEST\] END RequestId: {UUID}$", rf"^f\[\$LATEST\] REPORT RequestId: {UUID}\t"]
        end = time.monotonic() + 30
        missing = wanted
        while missing and time.monotonic() < end:
            time.sleep(0.05)
            missing = [line for line in wanted if not re.search(line, self.server.log(), re.M)]
        self.assertEqual(missing, [])


class OnATerminal(unittest.TestCase):
    def test_what_the_server_prints_has_colours(self):
        terminal, theirs = pty.openpty()
        self.addCleanup(os.close, terminal)
        process = subprocess.Popen([binary(), "serve", "--port", "0", "--log-functions"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.terminate)
        server = Server()
        server.endpoint = process.stdout.readline().split()[-1].decode()
        code = base64.b64encode(zipped({"index.py": PYTHON_SOURCE})).decode()
        answer = server.post("/2015-03-31/functions", {"FunctionName": "f", "Role": ROLE, "Runtime": PYTHON,
                                                       "Handler": "index.handler", "Code": {"ZipFile": code}})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(server.post("/2015-03-31/functions/f/invocations", {}).body, b"1")
        seen, end = b"", time.monotonic() + 30
        while b"REPORT" not in seen and time.monotonic() < end:
            if select.select([terminal], [], [], 0.5)[0]:
                seen += os.read(terminal, 65536)
        self.assertRegex(seen.decode(), r"\x1b\[(\d+)mf\[\$LATEST\]\x1b\[0m printed\r\n")


if __name__ == "__main__":
    unittest.main()
