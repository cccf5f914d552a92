"""What goes wrong in each runtime, to the letter: for the caller, in the headers and in the log; and the next invoke works.

Expectations: recordings from AWS and the sources of its runtime clients, unless a case says otherwise.
"""

import base64
import shutil
import unittest

from aviary_server import ServerCase, scope_header
from function_code import NODE, PYTHON, ROLE, zipped

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
RUBY = "ruby3.2"
EXIT = "Runtime.ExitError"


def exited(how):
    return rf"^RequestId: {UUID} Error: Runtime exited with(out providing a reason| error: {how})$"


class Failures(ServerCase):
    # One at a time, so that every invoke meets the environment of the one before.
    OPTIONS = ("--max-environments", "1")

    def create(self, files, runtime, handler="index.handler", **more):
        answer = self.server.post("/2015-03-31/functions", {
            "FunctionName": "f", "Role": ROLE, "Runtime": runtime, "Handler": handler, "Timeout": 30,
            "Code": {"ZipFile": base64.b64encode(zipped(files)).decode()}, **more}, headers=scope_header())
        self.assertEqual(answer.status, 201, answer)

    def invoke(self, event):
        self.all_back()  # what is counted is counted in one environment
        answer = self.server.post("/2015-03-31/functions/f/invocations", event,
                                  headers={**scope_header(), "X-Amz-Log-Type": "Tail"})
        self.assertEqual(answer.status, 200, answer)
        return answer, base64.b64decode(answer.headers["x-amz-log-result"]).decode()

    def fails(self, event, error_type, message, log=None):
        """One failing invoke."""
        answer, text = self.invoke(event)
        self.assertEqual(answer.headers.get("x-amz-function-error"), "Unhandled", (answer, text))
        payload = answer.json()
        self.assertEqual(payload.get("errorType"), error_type, (payload, text))
        self.assertRegex(payload["errorMessage"], message)
        self.assertRegex(text, rf"START RequestId: {UUID} Version: \$LATEST\n")
        self.assertRegex(text, rf"END RequestId: {UUID}\nREPORT RequestId: {UUID}\tDuration: \d+\.\d\d ms\t")
        if log:
            self.assertRegex(text, log)
        return payload, text

    def each(self, cases, runtime, files):
        """Cases against one function that does what the event says; after each, the next is answered."""
        self.create(files, runtime)
        for do, error_type, message, log, survives in cases:
            with self.subTest(do):
                before, _ = self.invoke({"do": "count"})
                self.fails({"do": do}, error_type, message, log)
                after, text = self.invoke({"do": "count"})
                self.assertNotIn("x-amz-function-error", after.headers, (after, text))
                count = before.json()
                # one invoke failed between the two, and was counted, if the globals survived it
                self.assertEqual(after.json(), count + 2 if survives else 1, text)

    def init(self, cases, runtime):
        """Each function fails as it is loaded: (files, handler, type, message, log)."""
        for files, handler, error_type, message, log in cases:
            with self.subTest(files=files, handler=handler):
                self.server.post("/_aviary/reset")
                self.create(files, runtime, handler)
                for _ in range(2):  # each invoke tries anew
                    self.fails({}, error_type, message, log)

    # -------------------------------------------------------------------------------------------------- python

    def test_python(self):
        source = (
            "import os, signal, sys, threading, time\nCOUNT = 0\n\nclass Mine(Exception):\n    pass\n\n"
            "def handler(event, context):\n    global COUNT\n    COUNT += 1\n    do = event['do']\n"
            "    if do == 'raise':\n        raise Mine('no such order')\n"
            "    if do == 'base':\n        raise KeyboardInterrupt('stop')\n"
            "    if do == 'exit':\n        sys.exit(3)\n"
            "    if do == 'kill':\n        os.kill(os.getpid(), 9)\n"
            "    if do == 'segv':\n        os.kill(os.getpid(), 11)\n"
            "    if do == 'set':\n        return {1}\n"
            "    if do == 'cycle':\n        a = []\n        a.append(a)\n        return a\n"
            "    if do == 'large':\n        return 'x' * 7000000\n"
            "    if do == 'deep':\n        return handler(event, context)\n"
            "    return COUNT\n")
        self.each([
            ("raise", "Mine", "^no such order$",
             r"\[ERROR\] Mine: no such order\nTraceback \(most recent call last\):\n", True),
            ("set", "Runtime.MarshalError", "^Unable to marshal response: Object of type set is not JSON serializable$",
             r"\[ERROR\] Runtime.MarshalError: Unable to marshal response", True),
            ("cycle", "Runtime.MarshalError", "^Unable to marshal response: Circular reference detected", None, True),
            ("large", "Function.ResponseSizeTooLarge",
             r"^Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\.$", None, True),
            ("exit", EXIT, exited("exit status 3"), r"Error: Runtime exited with error: exit status 3\nRuntime.ExitError\n",
             False),
            ("kill", EXIT, exited("signal: killed"), r"\tStatus: error\tError Type: Runtime.ExitError\t\n$", False),
            ("segv", EXIT, exited("signal: segmentation fault"), None, False),
        ], PYTHON, {"index.py": source})

    def test_python_init(self):
        again = r"(?s)INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: error\tError Type: "
        ok = "def handler(event, context):\n    return 1\n"
        self.init([
            ({"index.py": "import nothing_of_that_name\n" + ok}, "index.handler", "Runtime.ImportModuleError",
             "^Unable to import module 'index': No module named 'nothing_of_that_name'$",
             again + "Runtime.ImportModuleError"),
            ({"index.py": ok}, "other.handler", "Runtime.ImportModuleError",
             "^Unable to import module 'other': No module named 'other'$", again),
            ({"index.py": ok}, "index.nope", "Runtime.HandlerNotFound", "^Handler 'nope' missing on module 'index'$", again),
            ({"index.py": ok}, "index", "Runtime.MalformedHandlerName",
             r"^Bad handler 'index': not enough values to unpack \(expected 2, got 1\)$", again),
            ({"index.py": "def handler(:\n"}, "index.handler", "Runtime.UserCodeSyntaxError",
             r"^Syntax error in module 'index': ", again + "Runtime.UserCodeSyntaxError"),
            ({"index.py": "raise RuntimeError('not today')\n"}, "index.handler", "RuntimeError", "^not today$",
             again + "Runtime.Unknown"),
            ({"index.py": "import os\nos._exit(5)\n"}, "index.handler", EXIT, exited("exit status 5"), again + EXIT),
        ], PYTHON)

    def test_a_time_out_in_each_managed_runtime(self):
        cases = [(PYTHON, {"index.py": "import time\ndef handler(event, context):\n    time.sleep(60)\n"})]
        if shutil.which("node"):
            cases.append((NODE, {"index.js": "exports.handler = () => new Promise((done) => setTimeout(done, 60000));\n"}))
            cases.append((NODE, {"index.js": "exports.handler = async () => { for (;;); };\n"}))
        if shutil.which("ruby"):
            cases.append((RUBY, {"index.rb": "def handler(event:, context:) = sleep(60)\n"}))
        for runtime, files in cases:
            with self.subTest(runtime, files=files):
                self.server.post("/_aviary/reset")
                self.create(files, runtime, Timeout=1)
                payload, text = self.fails({}, "Sandbox.Timedout",
                                           rf"^RequestId: {UUID} Error: Task timed out after 1\.00 seconds$")
                self.assertEqual(list(payload), ["errorType", "errorMessage"])
                self.assertRegex(text, rf"\d\d\.\d\d\dZ {UUID} Task timed out after 1\.00 seconds\n\nEND RequestId")
                self.assertRegex(text, r"\tStatus: timeout\t\n$")

    def test_out_of_memory(self):
        self.create({"index.py": "def handler(event, context):\n    return len(bytearray(event['size']))\n"}, PYTHON,
                    MemorySize=128)
        size = 400 << 20
        answer, text = self.invoke({"size": size})
        self.assertEqual(answer.headers.get("x-amz-function-error"), "Unhandled", text)
        self.assertIn(answer.json()["errorType"], ("Runtime.OutOfMemory", EXIT))
        self.assertRegex(answer.json()["errorMessage"], exited("signal: killed"))
        self.assertEqual(self.invoke({"size": 10})[0].json(), 10)

    # ---------------------------------------------------------------------------------------------------- node

    @unittest.skipUnless(shutil.which("node"), "no node here")
    def test_node(self):
        source = r"""
            let count = 0;
            class Mine extends Error { constructor(m) { super(m); this.name = 'Mine'; } }
            exports.handler = async (event) => {
              count++;
              switch (event.do) {
                case 'throw': throw new Mine('no such order');
                case 'string': throw 'just text';
                case 'bigint': return { a: 1n };
                case 'large': return 'x'.repeat(7000000);
                case 'never': return new Promise(() => {});
                case 'uncaught': setTimeout(() => { throw new TypeError('late'); }, 1); return new Promise((r) => setTimeout(r, 5000));
                case 'rejected': Promise.reject(new Error('unseen')); return new Promise((r) => setTimeout(r, 5000));
                case 'exit': process.exit(4);
                case 'abort': process.abort();
              }
              return count;
            };
        """
        self.each([
            ("throw", "Mine", "^no such order$", r'\tERROR\tInvoke Error \t\{"errorType":"Mine","errorMessage":"no such order"',
             True),
            ("string", "string", "^just text$", None, True),
            ("bigint", "Error", "^Unable to stringify response body$", None, True),
            ("large", "Function.ResponseSizeTooLarge",
             r"^Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\.$", None, True),
            ("never", "Runtime.NodeJsExit", "The Lambda runtime client detected an unexpected Node.js exit code", None, False),
            ("uncaught", "TypeError", "^late$", r"\tERROR\tUncaught Exception \t", False),
            ("rejected", "Runtime.UnhandledPromiseRejection", "^Error: unseen$",
             r"\tERROR\tUnhandled Promise Rejection \t", False),
            ("exit", EXIT, exited("exit status 4"), r"Error: Runtime exited with error: exit status 4\nRuntime.ExitError\n",
             False),
            ("abort", EXIT, exited("signal: aborted"), None, False),
        ], NODE, {"index.js": source})

    @unittest.skipUnless(shutil.which("node"), "no node here")
    def test_node_init(self):
        again = r"(?s)INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: error\tError Type: "
        ok = "exports.handler = async () => 1;\n"
        self.init([
            ({"index.js": "require('nothing-of-that-name');\n" + ok}, "index.handler", "Runtime.ImportModuleError",
             r"^Error: Cannot find module 'nothing-of-that-name'\nRequire stack:\n- /var/task/index.js\n", again),
            ({"index.js": ok}, "other.handler", "Runtime.ImportModuleError", "^Error: Cannot find module 'other'\n", again),
            ({"index.js": ok}, "index.nope", "Runtime.HandlerNotFound", "^index.nope is undefined or not exported$", again),
            ({"index.js": "exports.handler = 7;\n"}, "index.handler", "Runtime.HandlerNotFound",
             "^index.handler is not a function$", again),
            ({"index.js": "exports.handler = (;\n"}, "index.handler", "Runtime.UserCodeSyntaxError", "^SyntaxError: ", again),
            ({"index.js": "throw new RangeError('not today');\n"}, "index.handler", "RangeError", "^not today$",
             again + "Runtime.Unknown"),
            ({"index.mjs": "import 'nothing-of-that-name';\nexport const handler = async () => 1;\n"}, "index.handler",
             "Error", "^Cannot find package 'nothing-of-that-name' imported from /var/task/index.mjs", again),
            ({"index.js": "process.exit(6);\n"}, "index.handler", EXIT, exited("exit status 6"), again + EXIT),
        ], NODE)

    # ---------------------------------------------------------------------------------------------------- ruby

    @unittest.skipUnless(shutil.which("ruby"), "no ruby here")
    def test_ruby(self):
        source = (
            "$count = 0\nclass Mine < StandardError; end\n\ndef handler(event:, context:)\n  $count += 1\n"
            "  case event['do']\n  when 'raise' then raise Mine, 'no such order'\n  when 'missing' then nil.nothing_there\n"
            "  when 'exit' then exit!(3)\n  when 'large' then 'x' * 7_000_000\n  else $count\n  end\nend\n")
        self.each([
            ("raise", "Function<Mine>", "^no such order$", r"Error raised from handler method\n", True),
            ("missing", "Function<NoMethodError>", "undefined method `nothing_there'", r"Critical exception from handler\n",
             False),
            ("large", "Function.ResponseSizeTooLarge",
             r"^Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\.$", None, True),
            ("exit", EXIT, exited("exit status 3"), None, False),
        ], RUBY, {"index.rb": source})

    @unittest.skipUnless(shutil.which("ruby"), "no ruby here")
    def test_ruby_init(self):
        again = r"(?s)INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: error\tError Type: "
        self.init([
            ({"index.rb": "require 'nothing_of_that_name'\n"}, "index.handler", "Init<LoadError>",
             "^cannot load such file -- nothing_of_that_name$", again),
            ({"index.rb": "raise 'not today'\n"}, "index.handler", "Init<RuntimeError>", "^not today$", again),
            ({"index.rb": "def handler(\n"}, "index.handler", "Init<SyntaxError>", "index.rb", again),
            ({"index.rb": "exit!(6)\n"}, "index.handler", EXIT, exited("exit status 6"), again + EXIT),
        ], RUBY)

    # ---------------------------------------------------------------------------------------- custom runtimes

    def test_bootstraps_that_do_not_start(self):
        where = rf"^RequestId: {UUID} Error: fork/exec /var/task/bootstrap: "
        self.init([
            ({"other": "x"}, "h", "Runtime.InvalidEntrypoint",
             rf"^RequestId: {UUID} Error: Couldn't find valid bootstrap\(s\): \[/var/task/bootstrap /opt/bootstrap\]$", None),
            ({"bootstrap": ("#!/bin/sh\n", 0o644)}, "h", "Runtime.InvalidEntrypoint", where + "permission denied$", None),
            ({"bootstrap": ("no program\x01\x02", 0o755)}, "h", "Runtime.InvalidEntrypoint", where + "exec format error$", None),
            # The way of bootstraps that were written on Windows: what the kernel looks for ends in a carriage return.
            ({"bootstrap": ("#!/bin/sh\r\nexit 0\r\n", 0o755)}, "h", "Runtime.InvalidEntrypoint",
             where + "no such file or directory$", None),
            ({"bootstrap": ("#!/bin/sh\nexit 0\n", 0o755)}, "h", EXIT, exited("exit status 0"), None),
            ({"bootstrap": ("#!/bin/sh\nexit 9\n", 0o755)}, "h", EXIT, exited("exit status 9"), None),
        ], "provided.al2023")


if __name__ == "__main__":
    unittest.main()
