"""The Python client against the execution contract, on every Python that this machine has.

Where an expectation about AWS comes from stands beside it; "RIC" is awslambdaric, AWS's own client.
"""

import json
import os
import re
import signal
import textwrap
import unittest

from every_client import EveryClient
from harness import AHEAD, ARN, ISO, Function, python_argv, pythons

TRACE = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"


class PythonCase(EveryClient, unittest.TestCase):
    GOT = "def handler(event, context): return {'got': event}"
    GOT_ANSWER = b'{"got": {"key1": "value1"}}'
    ECHO = "def handler(event, context): return event"
    COUNTER = "n = 0\ndef handler(event, context):\n  global n; n += 1\n  return n"
    REPEATS = "def handler(event, context): return 'x' * event"
    version = path = None
    waits = False
    maxDiff = None

    def function(self, source, handler="handler.handler", files=(), **options):
        everything = dict(files)
        if source is not None:
            everything["handler.py"] = textwrap.dedent(source)
        options.setdefault("execution_env", "AWS_Lambda_python" + self.version)
        options.setdefault("waits", self.waits)
        function = Function(python_argv(self.path), everything, handler, **options)
        self.addCleanup(function.close)
        return function

    def agent(self):
        return r"^aws-lambda-python/%s\.\d+-\S+$" % re.escape(self.version)

    def result(self, source, body=b"{}", **options):
        answer = self.function(source, **options).invoke(body)
        self.assertEqual(answer.kind, "response", answer.body)
        return json.loads(answer.body)

    def text_of(self, expression, preamble=""):
        source = "%s\ndef handler(event, context): return %s" % (textwrap.dedent(preamble), expression)
        answer = self.function(source).invoke()
        self.assertEqual(answer.kind, "response", answer.body)
        return answer.body.decode()

    def error(self, source, **options):
        """(payload in order, log) of a failing init"""
        function = self.function(source, **options)
        answer = function.api.answer()
        self.assertEqual(answer.path, "/2018-06-01/runtime/init/error")
        self.assertEqual(function.wait(), 1)  # RIC: sys.exit(1) after the report
        payload = json.loads(answer.body)
        self.assertEqual(answer["Lambda-Runtime-Function-Error-Type"], payload["errorType"])
        return payload, function.text(), function

    # ----------------------------------------------------------------------------------------------- snapshots

    def test_waits_to_be_restored_for_what_follows_the_restore(self):
        handler = "def handler(event, context): return done\n"
        hooks = "import snapshot_restore_py as snapshots\ndone = []\n"
        before = hooks + "snapshots.register_before_snapshot(done.append, 'before')\n"
        after = before + "snapshots.register_after_restore(done.append, 'after')\n"
        for preamble, waits, done in (("done = []\n", False, []), (before, False, ["before"]),
                                      (after, True, ["before", "after"])):
            function = self.function(preamble + handler, environment={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"})
            if waits:
                function.api.offer()  # what the restore is answered with does not matter
            answer = function.invoke()
            self.assertEqual(json.loads(answer.body), done)
            first = function.api.requests[0].path.removeprefix("/2018-06-01/runtime/")
            self.assertEqual(first, "restore/next" if waits else "invocation/next")

    # ------------------------------------------------------------------------------------------------ requests

    def test_response_goes_before_next_is_asked(self):
        function = self.function("def handler(event, context): return 1")
        function.invoke()
        function.invoke()
        kinds = [request.path.rsplit("/", 1)[1] for request in function.api.requests[:4]]
        self.assertEqual(kinds, ["next", "response", "next", "response"])

    def test_an_environment_made_ahead_is_ready_without_having_run_its_handler(self):
        source = """
            import gc, sys, weakref
            calls = []
            class Garbage: pass
            def circle():
                garbage = Garbage()
                garbage.self = garbage
                return weakref.ref(garbage)
            left = circle()
            def handler(event, context):
                calls.append(context.aws_request_id)
                return calls, left() is None, 'aviary_runtime.exercise' in sys.modules
        """
        function = self.function(source, environment=AHEAD)
        answer = function.invoke(request_id="first")
        self.assertEqual(json.loads(answer.body), [["first"], True, True])
        self.assertEqual([request.path.rsplit("/", 1)[1] for request in function.api.requests[:2]], ["next", "response"])
        self.assertEqual(function.api.connections, 1)
        self.assertEqual(json.loads(self.function(source).invoke(request_id="first").body)[2], False)

    # ------------------------------------------------------------------------------------------------- payloads

    def test_whitespace_around_an_event(self):
        function = self.function("def handler(event, context): return event")
        self.assertEqual(function.invoke(b' \n {"a":1}\r\n').body, b'{"a": 1}')

    def test_unicode(self):
        function = self.function("def handler(event, context): return {event['k']: 'ä€\\U0001f600\\u2028'}")
        body = function.invoke('{"k":"schlüssel\\ud83d\\ude00"}'.encode()).body
        self.assertEqual(json.loads(body), {"schlüssel😀": "ä€😀\u2028"})
        # RIC: ensure_ascii=False from python3.12 on
        self.assertEqual(body.isascii(), tuple(map(int, self.version.split("."))) < (3, 12))

    def test_bytes_are_a_response_as_they_are(self):
        # RIC marshal_response
        answer = self.function("def handler(event, context): return bytes(range(256))").invoke()
        self.assertEqual(answer["Content-Type"], "application/unknown")
        self.assertEqual(answer.body, bytes(range(256)))

    def test_other_content_types_reach_the_handler_as_bytes(self):
        # RIC unmarshal_request: only exactly application/json is parsed
        function = self.function("def handler(event, context): return [type(event).__name__, len(event)]")
        self.assertEqual(function.invoke(b"\xff\x00{", content_type="application/octet-stream").body, b'["bytes", 3]')

    def test_values_as_simplejson_writes_them(self):
        # RIC: simplejson with Decimal as raw digits, bytes decoded, named tuples as objects
        names = "from decimal import Decimal\nfrom collections import namedtuple\nPoint = namedtuple('Point', 'x y')"
        for expression, expected in {
            "None": "null",
            "True": "true",
            "'a\"b'": '"a\\"b"',
            "1.5": "1.5",
            "float('nan')": "NaN",
            "float('-inf')": "-Infinity",
            "{'a': [1, 2.0, None, (3, 'x')]}": '{"a": [1, 2.0, null, [3, "x"]]}',
            "{1: 'a', None: 2, True: 3, 1.5: 4}": '{"1": 3, "null": 2, "1.5": 4}',
            "{'pi': Decimal('3.14159000')}": '{"pi": 3.14159000}',
            "Decimal('1E+2')": "1E+2",
            "[Decimal('NaN')]": "[NaN]",
            "{'b': b'bytes', b'k': 1}": '{"b": "bytes", "k": 1}',
            "[Point(1, Decimal('2.0'))]": '[{"x": 1, "y": 2.0}]',
        }.items():
            with self.subTest(expression):
                self.assertEqual(self.text_of(expression, names), expected)

    def test_marshal_errors(self):
        for expression, message in {
            "object()": "Object of type object is not JSON serializable",
            "{'a': {1, 2}}": "Object of type set is not JSON serializable",
            "{(1, 2): 3}": "keys must be str, int, float, bool or None, not tuple",
            "circle": "Circular reference detected",
            "{'a': b'\\xff'}": "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        }.items():
            with self.subTest(expression):
                function = self.function(
                    "circle = []\ncircle.append(circle)\ndef handler(event, context): return " + expression
                )
                answer = function.invoke(request_id="id-1")
                self.assertEqual(answer.kind, "error")
                self.assertEqual(
                    list(json.loads(answer.body).items()),
                    self.payload("Unable to marshal response: " + message, "Runtime.MarshalError", "id-1", []),
                )
                self.assertEqual(function.invoke().kind, "error")  # the environment lives on

    def test_unmarshal_error(self):
        function = self.function("def handler(event, context): return 1")
        answer = function.invoke(b"{'a': 1}", request_id="id-1")
        self.assertEqual(
            list(json.loads(answer.body).items()),
            self.payload(
                "Unable to unmarshal input: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                "Runtime.UnmarshalError",
                "id-1",
                [],
            ),
        )
        self.assertEqual(function.invoke().kind, "response")

    # -------------------------------------------------------------------------------------------------- context

    def test_context(self):
        function = self.function(
            """
            import os
            def handler(event, context):
                client = context.client_context
                return {
                    "names": [context.function_name, context.function_version, context.memory_limit_in_mb,
                              context.log_group_name, context.log_stream_name, context.invoked_function_arn,
                              context.aws_request_id, context.tenant_id],
                    "left": context.get_remaining_time_in_millis(),
                    "client": client and [client.custom, client.env, client.client.app_title,
                                          client.client.installation_id],
                    "identity": [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
                    "trace": os.environ.get("_X_AMZN_TRACE_ID"),
                    "shown": repr(context),
                }
            """
        )
        got = json.loads(
            function.invoke(
                trace=TRACE,
                request_id="id-1",
                left=5000,
                fields=[
                    ("Lambda-Runtime-Client-Context", '{"client":{"app_title":"tïtle"},"custom":{"a":1},"env":{"b":"c"}}'),
                    ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"ci","cognitoIdentityPoolId":"cp"}'),
                    ("Lambda-Runtime-Aws-Tenant-Id", "tenant-7"),
                ],
            ).body
        )
        stream = "2026/01/12/[$LATEST]0123456789abcdef0123456789abcdef"
        self.assertEqual(got["names"], ["fn", "$LATEST", "128", "/aws/lambda/fn", stream, ARN, "id-1", "tenant-7"])
        self.assertTrue(3000 < got["left"] <= 5000, got["left"])
        self.assertEqual(got["client"], [{"a": 1}, {"b": "c"}, "tïtle", None])
        self.assertEqual(got["identity"], ["ci", "cp"])
        self.assertEqual(got["trace"], TRACE)
        self.assertTrue(got["shown"].startswith("LambdaContext([aws_request_id=id-1,log_group_name=/aws/lambda/fn,"))
        got = json.loads(function.invoke(left=-10).body)
        self.assertEqual((got["left"], got["client"], got["identity"]), (0, None, [None, None]))
        self.assertIsNone(got["trace"])  # gone with its header
        self.assertIsNone(got["names"][-1])

    def test_bad_client_context(self):
        function = self.function("def handler(event, context): return 1")
        answer = function.invoke(fields=[("Lambda-Runtime-Client-Context", "{")])
        payload = json.loads(answer.body)
        self.assertEqual(payload["errorType"], "Runtime.LambdaContextUnmarshalError")
        self.assertTrue(payload["errorMessage"].startswith("Unable to parse Client Context JSON: "))

    # --------------------------------------------------------------------------------------------------- errors

    def payload(self, message, error_type, request_id, trace):
        # contract section 8: key order as shown; python3.8 has no requestId
        rows = [("errorMessage", message), ("errorType", error_type), ("requestId", request_id), ("stackTrace", trace)]
        return [row for row in rows if row[0] != "requestId" or self.version != "3.8"]

    def test_exception(self):
        function = self.function('def handler(event, context):\n    raise Exception("msg")\n')
        answer = function.invoke(request_id="id-1")
        self.assertEqual(answer.path, "/2018-06-01/runtime/invocation/id-1/error")
        frame = '  File "%s/handler.py", line 2, in handler\n    raise Exception("msg")\n' % function.task
        self.assertEqual(
            list(json.loads(answer.body).items()), self.payload("msg", "Exception", "id-1", [frame])
        )
        self.assertEqual(answer["Lambda-Runtime-Function-Error-Type"], "Exception")
        cause = json.loads(answer["Lambda-Runtime-Function-XRay-Error-Cause"])
        path = function.task + "/handler.py"
        self.assertEqual(
            cause,
            {
                "working_directory": function.task,
                "exceptions": [
                    {
                        "message": "msg",
                        "type": "Exception",
                        "stack": [{"label": "handler", "path": path, "line": 2}],
                    }
                ],
                "paths": [path],
            },
        )
        # RIC: trace lines joined by CR, indented by U+00A0
        log = function.text(r"raise Exception")
        self.assertEqual(
            log,
            "[ERROR] Exception: msg\rTraceback (most recent call last):\r"
            '\u00a0\u00a0File "%s", line 2, in handler\r\u00a0\u00a0\u00a0\u00a0raise Exception("msg")\n' % path,
        )

    def test_exception_in_depth(self):
        function = self.function(
            """
            class Ouch(ValueError):
                pass
            def deep(n):
                if n == 0:
                    raise Ouch("é\\nline two")
                return deep(n - 1)
            def handler(event, context):
                return deep(event)
            """
        )
        payload = json.loads(function.invoke(b"1").body)
        self.assertEqual((payload["errorType"], payload["errorMessage"]), ("Ouch", "é\nline two"))
        self.assertEqual(len(payload["stackTrace"]), 3)
        payload = json.loads(function.invoke(b"50").body)
        self.assertTrue(any("Previous line repeated" in line for line in payload["stackTrace"]), payload)
        self.assertEqual(function.invoke(b"100000").kind, "error")  # RecursionError
        self.assertEqual(json.loads(function.invoke(b"0").body)["errorType"], "Ouch")

    def test_huge_error_drops_its_cause(self):
        # RIC: the cause goes only below 1 MiB
        function = self.function("def handler(event, context): raise Exception('x' * event)")
        answer = function.invoke(b"900000")
        self.assertIsNotNone(answer["Lambda-Runtime-Function-XRay-Error-Cause"])
        answer = function.invoke(b"1100000")
        self.assertIsNone(answer["Lambda-Runtime-Function-XRay-Error-Cause"])
        self.assertEqual(len(json.loads(answer.body)["errorMessage"]), 1100000)

    def test_globals_survive_an_error(self):
        function = self.function(
            "n = 0\ndef handler(event, context):\n  global n; n += 1\n  if n == 1: raise KeyError('k')\n  return n"
        )
        self.assertEqual(json.loads(function.invoke().body)["errorMessage"], "'k'")
        self.assertEqual(function.invoke().body, b"2")

    def test_exits(self):
        for statement, status in {
            "sys.exit(7)": 7,
            "sys.exit()": 0,
            "exit(3)": 3,
            "quit()": 0,
            "os._exit(9)": 9,
            "os.kill(os.getpid(), 11)": -signal.SIGSEGV,
        }.items():
            with self.subTest(statement):
                function = self.function(
                    "import os, sys\ndef handler(event, context):\n    print('before', end='')\n    " + statement
                )
                function.api.offer()
                self.assertEqual(function.wait(), status)
                self.assertTrue(function.text().startswith("before"))
                self.assertTrue(function.api.answers.empty())

    # ----------------------------------------------------------------------------------------------------- init

    def test_init_import_error(self):
        payload, log, _ = self.error("import nothing_of_the_kind")
        self.assertEqual(
            list(payload.items()),
            self.payload(
                "Unable to import module 'handler': No module named 'nothing_of_the_kind'",
                "Runtime.ImportModuleError",
                "",
                [],
            ),
        )
        warning, error = log.split("\n")[:2]
        self.assertRegex(warning, r"^\[WARNING\]\t%s\t\tLAMBDA_WARNING: Unhandled exception\. The most" % ISO)
        self.assertEqual(
            error,
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'handler': No module named "
            "'nothing_of_the_kind'\rTraceback (most recent call last):",
        )

    def test_init_handler_errors(self):
        for handler, error_type, message in (
            ("handler", "MalformedHandlerName", "Bad handler 'handler': not enough values to unpack (expected 2, got 1)"),
            ("handler.nope", "HandlerNotFound", "Handler 'nope' missing on module 'handler'"),
            ("missing.handler", "ImportModuleError", "Unable to import module 'missing': No module named 'missing'"),
            ("sys.exit", "BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        ):
            with self.subTest(handler):
                payload, _, _ = self.error("def handler(event, context): pass", handler=handler)
                self.assertEqual(list(payload.items()), self.payload(message, "Runtime." + error_type, "", []))

    def test_init_syntax_error(self):
        payload, _, function = self.error("def handler(event, context):\n    return (\n")
        self.assertEqual(payload["errorType"], "Runtime.UserCodeSyntaxError")
        self.assertTrue(payload["errorMessage"].startswith("Syntax error in module 'handler': "), payload)
        self.assertEqual(len(payload["stackTrace"]), 1)
        self.assertTrue(payload["stackTrace"][0].startswith('  File "%s/handler.py" Line ' % function.task))

    def test_init_exception(self):
        payload, log, function = self.error("def broken():\n    raise RuntimeError('at init')\nbroken()\n")
        self.assertEqual((payload["errorType"], payload["errorMessage"]), ("RuntimeError", "at init"))
        if self.version != "3.8":
            self.assertEqual(payload["requestId"], "")
        self.assertIn("importlib/__init__.py", payload["stackTrace"][0])
        self.assertEqual(
            payload["stackTrace"][-2:],
            [
                '  File "%s/handler.py", line 3, in <module>\n    broken()\n' % function.task,
                '  File "%s/handler.py", line 2, in broken\n    raise RuntimeError(\'at init\')\n' % function.task,
            ],
        )
        self.assertIn("[ERROR] RuntimeError: at init\rTraceback", log)

    def test_init_exit(self):
        function = self.function("import sys\nsys.exit(4)")
        self.assertEqual(function.wait(), 4)
        self.assertEqual(function.api.requests, [])

    def test_handler_in_a_package_and_in_a_folder(self):
        files = {"a/b/deep.py": "def go(event, context): return __name__"}
        self.assertEqual(self.result(None, handler="a/b/deep.go", files=files), "a.b.deep")
        self.assertEqual(self.result(None, handler="a.b.deep.go", files=files), "a.b.deep")

    # ----------------------------------------------------------------------------------------------------- logs

    def test_print_is_seen_at_once(self):
        function = self.function(
            "import sys, time\ndef handler(event, context):\n    print('one', end='')\n"
            "    print('zwei ü', file=sys.stderr)\n    sys.stdout.write('three\\n')\n    return 1"
        )
        function.invoke()
        self.assertEqual(function.text("three"), "onezwei ü\nthree\n")

    def test_logging(self):
        function = self.function(
            """
            import logging
            logging.warning("at init")
            log = logging.getLogger("mine")
            logging.getLogger().setLevel("INFO")
            def handler(event, context):
                log.debug("not seen")
                log.info("value %d", 7)
                try:
                    1 / 0
                except ZeroDivisionError:
                    log.exception("failed")
                context.log("plain\\n")
            """
        )
        function.invoke(request_id="id-9")
        log = function.text("plain\n")
        # the record format of contract section 7
        self.assertRegex(
            log,
            r"^\[WARNING\]\t%s\t\tat init\n\[INFO\]\t%s\tid-9\tvalue 7\n\[ERROR\]\t%s\tid-9\tfailed\n"
            r"Traceback \(most recent call last\):\n(.|\n)*ZeroDivisionError: division by zero\n*plain\n$" % (ISO, ISO, ISO),
        )

    def test_logging_as_json(self):
        function = self.function(
            """
            import logging
            log = logging.getLogger("mine")
            def handler(event, context):
                log.info("not at this level")
                log.warning("watch %s", "out", extra={"order": 7})
                try:
                    {}["k"]
                except KeyError:
                    log.exception("failed")
                print("plain")
                raise ValueError("v")
            """,
            environment={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "WARN"},
        )
        function.invoke(request_id="id-9", fields=[("Lambda-Runtime-Aws-Tenant-Id", "t")])
        lines = function.text(r"ValueError[^\n]*\n").splitlines()
        first, second, plain, error = [json.loads(line) if line[0] == "{" else line for line in lines]
        self.assertRegex(first.pop("timestamp"), "^%s$" % ISO)
        self.assertEqual(
            first,
            {
                "level": "WARNING", "message": "watch out", "logger": "mine", "requestId": "id-9", "tenantId": "t",
                "order": 7,
            },
        )
        self.assertEqual(
            [second[key] for key in ("level", "errorType", "errorMessage", "location")],
            ["ERROR", "KeyError", "'k'", function.task + "/handler.py:handler:10"],
        )
        self.assertEqual(len(second["stackTrace"]), 1)
        self.assertEqual(plain, "plain")  # print is not wrapped
        self.assertEqual([error["log_level"], error["errorType"], error["errorMessage"]], ["ERROR", "ValueError", "v"])

    def test_logging_on_the_telemetry_descriptor(self):
        reading, writing = os.pipe()
        function = self.function(
            "import logging\ndef handler(event, context):\n    logging.warning('w')\n    print('out')\n    raise KeyError(1)",
            environment={"_LAMBDA_TELEMETRY_LOG_FD": str(writing)},
            extra={"pass_fds": (writing,)},
        )
        os.close(writing)
        function.invoke(request_id="id-9")
        data = b""
        while data.count(b"\xa5\x5a") < 2:
            data += os.read(reading, 65536)
        os.close(reading)
        frames = []
        while data:
            length = int.from_bytes(data[4:8], "big")
            self.assertGreater(int.from_bytes(data[8:16], "big"), 1_600_000_000_000_000)
            frames.append((data[:4].hex(), data[16 : 16 + length].decode()))
            data = data[16 + length :]
        self.assertEqual([kind for kind, _ in frames], ["a55a0003", "a55a0017"])
        self.assertRegex(frames[0][1], r"^\[WARNING\]\t%s\tid-9\tw\n$" % ISO)
        self.assertTrue(frames[1][1].startswith("[ERROR] KeyError: 1\nTraceback (most recent call last):\n"))
        self.assertEqual(function.text("out\n"), "out\n")

    def test_logging_of_the_users_own(self):
        # a module of that name in the package shadows the standard one, as it does everywhere
        files = {"logging.py": "mine = True"}
        self.assertEqual(
            self.result("import logging\ndef handler(event, context): return logging.mine", files=files), True
        )

    # -------------------------------------------------------------------------------------------- surroundings

    def test_search_path(self):
        source = "import sys\ndef handler(event, context): return sys.path"
        function = self.function(source, environment={"PYTHONPATH": "/var/runtime:/users/own"})
        path = json.loads(function.invoke().body)
        version = "python" + self.version
        self.assertEqual(path[:4], [function.task, "/opt/python/lib/%s/site-packages" % version, "/opt/python", "/var/runtime"])
        self.assertEqual(path[4], "/users/own")
        standard = path.index(os.path.dirname(os.__file__)) if os.path.dirname(os.__file__) in path else 6
        self.assertLess(4, standard)
        self.assertFalse(any(entry.startswith(os.path.dirname(python_argv("")[2])) for entry in path), path)

    def test_layers(self):
        files = {
            "opt/python/layered.py": "x = 'layer'",
            "opt/python/lib/python%s/site-packages/deeper.py" % self.version: "x = 'site'",
        }
        function = self.layered("import layered, deeper\ndef handler(event, context): return [layered.x, deeper.x]", files)
        self.assertEqual(json.loads(function.invoke().body), ["layer", "site"])

    def layered(self, source, files):
        import tempfile

        opt = tempfile.TemporaryDirectory()
        self.addCleanup(opt.cleanup)
        for name, text in files.items():
            target = os.path.join(opt.name, name[4:])
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w") as file:
                file.write(text)
        return self.function(source, environment={"AVIARY_OPT_DIR": opt.name})

    def test_handler_finds_nothing_of_the_client(self):
        payload, _, _ = self.error("import bootstrap")
        self.assertEqual(payload["errorMessage"], "Unable to import module 'handler': No module named 'bootstrap'")

    def test_fork_and_threads_of_the_handler(self):
        got = self.result(
            """
            import os, subprocess, sys, threading
            def handler(event, context):
                out = []
                thread = threading.Thread(target=lambda: out.append("thread"))
                thread.start(); thread.join()
                out.append(subprocess.run([sys.executable, "-S", "-c", "print(1)"], capture_output=True, text=True).stdout)
                pid = os.fork()
                if pid == 0:
                    os._exit(5)
                out.append(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
                return out
            """
        )
        self.assertEqual(got, ["thread", "1\n", 5])

    def test_end_of_the_runtime_api(self):
        function = self.function("def handler(event, context): return 1")
        function.invoke()
        function.api.close()
        self.assertNotEqual(function.wait(), 0)


def load_tests(loader, tests, pattern):
    suite = unittest.TestSuite()
    for version, path in pythons():
        name = "Python_%s_%s" % (version.replace(".", "_"), path.strip("/").split("/")[0])
        case = type(name, (PythonCase,), {"version": version, "path": path})
        suite.addTests(loader.loadTestsFromTestCase(case))
    # Started ahead of its function it is the same client: the newest and the oldest say so.
    found = pythons()
    for version, path in [found[0], found[-1]] if found else []:
        name = "Waiting_Python_%s" % version.replace(".", "_")
        case = type(name, (PythonCase,), {"version": version, "path": path, "waits": True})
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    unittest.main()
