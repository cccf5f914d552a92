"""The Node.js client against the execution contract, with the node that this machine has.

Where an expectation about AWS comes from stands beside it; "RIC" is aws-lambda-ric 3.3.0 (nodejs16 to 22) or 4.0.2
(nodejs24), AWS's own client.
"""

import base64
import http.server
import json
import os
import shutil
import tempfile
import textwrap
import threading
import unittest

from every_client import EveryClient
from harness import AHEAD, ARN, ISO, RUNTIME_DIR, Function, version_of

NODE, VERSION = version_of("node", "--version")
ECHO = "exports.handler = async (event) => event;"


def flags():
    # contract section 11
    found = []
    if VERSION and (VERSION[0] in (20, 22)) and VERSION >= (20, 19):
        found.append("--no-experimental-require-module")
    if VERSION and VERSION[0] == 22:
        found.append("--no-experimental-detect-module")
    return found


@unittest.skipUnless(NODE, "no node here")
class NodeCase(unittest.TestCase):
    maxDiff = None
    runtime = "nodejs20.x"
    waits = False
    node = NODE

    def function(self, source=None, handler="index.handler", files=(), **options):
        everything = dict(files)
        if source is not None:
            everything["index.js"] = textwrap.dedent(source)
        options.setdefault("execution_env", "AWS_Lambda_" + self.runtime)
        options.setdefault("waits", self.waits)
        argv = [self.node, *flags(), os.path.join(RUNTIME_DIR, "nodejs", "bootstrap.cjs")]
        function = Function(argv, everything, handler, **options)
        self.addCleanup(function.close)
        return function

    def error(self, *arguments, status=129, **options):
        """(payload, log, function) of a failing init"""
        function = self.function(*arguments, **options)
        answer = function.api.answer()
        self.assertEqual(answer.path, "/2018-06-01/runtime/init/error")
        self.assertEqual(function.wait(), status)
        payload = json.loads(answer.body)
        self.assertEqual(list(payload), ["errorType", "errorMessage", "trace"])
        self.assertEqual(answer["Lambda-Runtime-Function-Error-Type"], payload["errorType"])
        return payload, function.text(), function


class Common(EveryClient):
    """What nodejs16.x to 24.x have in common."""

    AGENT = r"^aws-lambda-nodejs/v\d+\.\d+\.\d+-\S+$"
    GOT = "exports.handler = async (event) => ({ got: event });"
    ECHO = ECHO
    COUNTER = "let n = 0; exports.handler = async () => ++n;"
    REPEATS = "exports.handler = async (n) => 'x'.repeat(n);"

    # ------------------------------------------------------------------------------------------------ requests

    def test_an_environment_made_ahead_is_ready_without_having_run_its_handler(self):
        function = self.function(
            "const calls = []; exports.handler = async (event, context) => { calls.push(context.awsRequestId); return calls; };",
            environment=AHEAD)
        self.assertEqual(function.invoke(request_id="first").body, b'["first"]')
        self.assertEqual([one.path.rsplit("/", 1)[1] for one in function.api.requests[:2]], ["next", "response"])
        self.assertEqual(function.api.connections, 1)

    def test_unicode(self):
        function = self.function(ECHO)
        body = '{"schlüssel":"ä€😀\u2028"}'
        self.assertEqual(function.invoke(body).body.decode(), body)
        for size in range(65_500, 65_540):  # characters that fall apart where one read ends
            body = '"' + "a" * size + '€€€"'
            self.assertEqual(function.invoke(body).body.decode(), body)

    def test_values(self):
        for expression, expected in {
            "undefined": "null",
            "null": "null",
            "'a\"b'": '"a\\"b"',
            "[1.5, NaN, undefined]": "[1.5,null,null]",
            "new Date(0)": '"1970-01-01T00:00:00.000Z"',
            "Buffer.from('ab')": '{"type":"Buffer","data":[97,98]}',
        }.items():
            with self.subTest(expression):
                function = self.function("exports.handler = async () => (%s);" % expression)
                self.assertEqual(function.invoke().body.decode(), expected)

    def test_answers_of_custom_resources(self):
        """They go where ResponseURL says, also from those who know better: `port: 443` is AWS's own sample."""
        got = []

        class Taker(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Taker)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = "http://127.0.0.1:%d/_aviary/responses/" % server.server_port
        for source in (
            "const https = require('https'), { parse } = require('url');",
            "const https = { ...require('https') }, { parse } = require('url'); https.request = (...o) => require('https').request(...o);",
        ):
            function = self.function(source + """
                exports.handler = (event) => new Promise((resolve, reject) => {
                  const { hostname, path } = parse(event.ResponseURL);
                  const request = https.request({ hostname, path: event.path ?? path, port: event.port, method: 'PUT',
                    headers: { 'content-type': '', 'content-length': 2 } }, (response) => resolve(response.statusCode));
                  request.on('error', reject);
                  request.end('{}');
                });
                """)
            for event in ({"ResponseURL": url + "a"}, {"ResponseURL": url + "b", "port": 443}):
                self.assertEqual(function.invoke(json.dumps(event)).body, b"200")
            # Nothing else is meddled with.
            answer = function.invoke(json.dumps({"ResponseURL": url + "c", "path": "/other", "port": server.server_port}))
            self.assertEqual(answer.kind, "error")
        self.assertEqual(got, [("/_aviary/responses/" + name, b"{}") for name in "abab"])

    def test_awss_sdk_of_the_machine(self):
        """Lambda's runtime brings it. Here it is what `npm install --global` has put beside node; and nothing else of it."""
        prefix = tempfile.mkdtemp(prefix="aviary-node-")
        self.addCleanup(shutil.rmtree, prefix, ignore_errors=True)
        for package in ("@aws-sdk/client-s3", "@aws-sdk/lib", "aws-sdk", "express"):
            folder = os.path.join(prefix, "lib/node_modules", package)
            os.makedirs(folder)
            with open(folder + "/index.js", "w") as file:
                file.write("exports.from = 'the machine';")
        os.mkdir(prefix + "/bin")
        shutil.copy(os.path.realpath(NODE), prefix + "/bin/node")
        self.node = prefix + "/bin/node"
        own = {"node_modules/@aws-sdk/lib/index.js": "exports.from = 'the package';"}
        names = ("@aws-sdk/client-s3", "@aws-sdk/lib", "aws-sdk", "express")
        function = self.function("exports.handler = async (name) => require(name).from;", files=own)
        answers = [json.loads(function.invoke(json.dumps(name)).body) for name in names]
        self.assertEqual(answers[:3], ["the machine", "the package", "the machine"])
        self.assertIn("Cannot find module 'express'", answers[3]["errorMessage"])
        function = self.function(files={"index.mjs": "export const handler = async (name) => (await import(name)).from;", **own})
        answers = [json.loads(function.invoke(json.dumps(name)).body) for name in names]
        self.assertEqual(answers[:3], ["the machine", "the package", "the machine"])
        self.assertIn("Cannot find package 'express'", answers[3]["errorMessage"])

    # -------------------------------------------------------------------------------------------------- context

    def test_context(self):
        function = self.function(
            """
            exports.handler = async (event, c) => ({
              names: [c.functionName, c.functionVersion, c.memoryLimitInMB, c.logGroupName, c.logStreamName,
                      c.invokedFunctionArn, c.awsRequestId, c.tenantId ?? null],
              left: c.getRemainingTimeInMillis(), client: c.clientContext ?? null, identity: c.identity ?? null,
              trace: process.env._X_AMZN_TRACE_ID ?? null });
            """
        )
        got = json.loads(
            function.invoke(
                trace="Root=1-2-3",
                request_id="id-1",
                left=5000,
                fields=[
                    ("Lambda-Runtime-Client-Context", '{"custom":{"a":"tïtle"}}'),
                    ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"ci","cognitoIdentityPoolId":"cp"}'),
                    ("Lambda-Runtime-Aws-Tenant-Id", "tenant-7"),
                ],
            ).body
        )
        stream = "2026/01/12/[$LATEST]0123456789abcdef0123456789abcdef"
        self.assertEqual(got["names"], ["fn", "$LATEST", "128", "/aws/lambda/fn", stream, ARN, "id-1", "tenant-7"])
        self.assertTrue(3000 < got["left"] <= 5000, got["left"])
        self.assertEqual(got["client"], {"custom": {"a": "tïtle"}})
        self.assertEqual(got["identity"], {"cognitoIdentityId": "ci", "cognitoIdentityPoolId": "cp"})
        self.assertEqual(got["trace"], "Root=1-2-3")
        got = json.loads(function.invoke().body)
        self.assertEqual([got["client"], got["identity"], got["trace"], got["names"][-1]], [None] * 4)

    # --------------------------------------------------------------------------------------------------- errors

    def test_exception(self):
        function = self.function("exports.handler = async () => {\n  throw new Error('msg');\n};\n")
        answer = function.invoke(request_id="id-1")
        self.assertEqual(answer.path, "/2018-06-01/runtime/invocation/id-1/error")
        payload = json.loads(answer.body)
        self.assertEqual(list(payload), ["errorType", "errorMessage", "trace"])  # contract section 8: trace, no id
        self.assertEqual((payload["errorType"], payload["errorMessage"]), ("Error", "msg"))
        self.assertEqual(payload["trace"][0], "Error: msg")
        self.assertIn("(%s/index.js:2:9)" % function.task, payload["trace"][1])
        self.assertEqual(answer["Lambda-Runtime-Function-Error-Type"], "Error")
        cause = json.loads(answer["Lambda-Runtime-Function-XRay-Error-Cause"])
        self.assertEqual(cause["working_directory"], function.task)
        self.assertEqual(cause["exceptions"][0]["stack"][0]["path"], function.task + "/index.js")
        self.assertEqual(cause["exceptions"][0]["stack"][0]["line"], 2)
        log = function.text("Invoke Error")
        self.assertRegex(
            log, '^%s\tid-1\tERROR\tInvoke Error \t{"errorType":"Error","errorMessage":"msg","stack":' % ISO
        )
        self.assertEqual(log.count("\n"), 1)
        self.assertEqual(function.invoke().kind, "error")  # the environment lives on

    def test_errors_of_every_kind(self):
        function = self.function(
            """
            class Ouch extends TypeError { constructor(m) { super(m); this.name = 'Ouch'; this.code = 7; } }
            exports.handler = async (how) => {
              switch (how) {
                case 1: throw new Ouch('ä\\nzwei\\x7f');
                case 2: throw 'a string';
                case 3: throw { some: 'object' };
                case 4: return null.nothing;
                case 5: { const circle = {}; circle.circle = circle; return circle; }
                case 6: return 10n;
              }
            };
            """
        )
        payload = json.loads(function.invoke(b"1").body)
        self.assertEqual((payload["errorType"], payload["errorMessage"]), ("Ouch", "ä\nzwei%7F"))
        # RIC toRapidResponse: what is no Error
        self.assertEqual(
            json.loads(function.invoke(b"2").body), {"errorType": "string", "errorMessage": "a string", "trace": []}
        )
        self.assertEqual(
            json.loads(function.invoke(b"3").body),
            {"errorType": "object", "errorMessage": "[object Object]", "trace": []},
        )
        self.assertEqual(json.loads(function.invoke(b"4").body)["errorType"], "TypeError")
        for how in (b"5", b"6"):
            payload = json.loads(function.invoke(how).body)
            self.assertEqual(payload["errorMessage"], "Unable to stringify response body")
            self.assertEqual(payload["errorType"], self.STRINGIFY)
        self.assertEqual(json.loads(function.invoke(b"{oops").body)["errorType"], "SyntaxError")
        self.assertEqual(function.invoke(b"0").body, b"null")

    def test_huge_error_drops_its_cause(self):
        function = self.function("exports.handler = async (n) => { throw new Error('x'.repeat(n)); };")
        self.assertIsNotNone(function.invoke(b"400000")["Lambda-Runtime-Function-XRay-Error-Cause"])
        answer = function.invoke(b"1100000")
        self.assertIsNone(answer["Lambda-Runtime-Function-XRay-Error-Cause"])
        self.assertEqual(len(json.loads(answer.body)["errorMessage"]), 1100000)

    def test_uncaught_exception(self):
        # contract section 6: posted as /error, then exit 129
        function = self.function(
            "exports.handler = () => new Promise(() => setTimeout(() => { throw new RangeError('late'); }, 5));"
        )
        answer = function.invoke(request_id="id-1")
        self.assertEqual(answer.path, "/2018-06-01/runtime/invocation/id-1/error")
        payload = json.loads(answer.body)
        self.assertEqual((payload["errorType"], payload["errorMessage"]), ("RangeError", "late"))
        self.assertEqual(function.wait(), 129)
        self.assertRegex(function.text(), '\tid-1\tERROR\tUncaught Exception \t{"errorType":"RangeError"')

    def test_unhandled_rejection(self):
        # contract section 6: posted as /error, then exit 128
        function = self.function(
            "exports.handler = () => new Promise(() => { Promise.reject(new Error('nobody')); setTimeout(() => {}, 9e5); });"
        )
        payload = json.loads(function.invoke().body)
        self.assertEqual(payload["errorType"], "Runtime.UnhandledPromiseRejection")
        self.assertEqual(payload["errorMessage"], "Error: nobody")
        self.assertEqual(payload["trace"][0], "Runtime.UnhandledPromiseRejection: Error: nobody")
        self.assertEqual(function.wait(), 128)
        self.assertIn('ERROR\tUnhandled Promise Rejection \t{"errorType":"Runtime.Unhandled', function.text())

    def test_promise_that_never_settles(self):
        # contract section 8
        function = self.function("exports.handler = () => new Promise(() => {});")
        payload = json.loads(function.invoke().body)
        self.assertEqual(payload["errorType"], "Runtime.NodeJsExit")
        self.assertIn("The Lambda runtime client detected an unexpected Node.js exit code", payload["errorMessage"])
        self.assertEqual(function.wait(), 13)

    def test_exits(self):
        for statement, status in {"process.exit(7)": 7, "process.exit()": 0, "process.abort()": -6}.items():
            with self.subTest(statement):
                function = self.function("exports.handler = async () => { console.log('before'); %s; };" % statement)
                function.api.offer()
                self.assertEqual(function.wait(), status)
                self.assertIn("INFO\tbefore\n", function.text())
                self.assertTrue(function.api.answers.empty())

    # ----------------------------------------------------------------------------------------------------- init

    def test_init_import_error(self):
        payload, log, function = self.error("require('nothing-of-the-kind');", status=self.INIT_STATUS)
        self.assertEqual(payload["errorType"], "Runtime.ImportModuleError")
        stack = "\nRequire stack:\n- %s/index.js" % function.task
        if not self.modern:
            stack += "\n- %s/index.mjs" % RUNTIME_DIR
        self.assertEqual(payload["errorMessage"], "Error: Cannot find module 'nothing-of-the-kind'" + stack)
        self.assertEqual(
            payload["trace"][0], "Runtime.ImportModuleError: Error: Cannot find module 'nothing-of-the-kind'"
        )
        self.assertRegex(log, '^%s\t%s\tERROR\t%s \t{"errorType":"Runtime.ImportModuleError"' % (ISO, *self.INIT_LOG))

    def test_init_handler_errors(self):
        bad = "'%s' is not a valid handler name. Use absolute paths when specifying root directories in handler names."
        for handler, error_type, message in (
            ("index.nope", "HandlerNotFound", "index.nope is undefined or not exported"),
            ("index.value", "HandlerNotFound", "index.value is not a function"),
            ("index", "MalformedHandlerName", "Bad handler"),
            ("../index.handler", "MalformedHandlerName", bad % "../index.handler"),
        ):
            with self.subTest(handler):
                source = "exports.value = 7; exports.handler = async () => 1;"
                payload, _, _ = self.error(source, handler=handler, status=self.INIT_STATUS)
                self.assertEqual((payload["errorType"], payload["errorMessage"]), ("Runtime." + error_type, message))

    def test_init_missing_file(self):
        payload, _, _ = self.error("", handler="missing.handler", status=self.INIT_STATUS)
        self.assertEqual(payload["errorType"], "Runtime.ImportModuleError")
        self.assertTrue(payload["errorMessage"].startswith("Error: Cannot find module 'missing'\nRequire stack:\n- "))

    def test_init_syntax_error(self):
        payload, _, _ = self.error("exports.handler = async () => { return (; };", status=self.INIT_STATUS)
        self.assertEqual(
            (payload["errorType"], payload["errorMessage"]),
            ("Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token ';'"),
        )

    def test_init_exception(self):
        payload, _, _ = self.error("throw new RangeError('at init');", status=self.INIT_STATUS)
        self.assertEqual((payload["errorType"], payload["errorMessage"]), ("RangeError", "at init"))

    def test_init_esm_missing_package(self):
        files = {"index.mjs": "import x from 'nothing-of-the-kind';\nexport const handler = async () => 1;"}
        payload, _, function = self.error(files=files, status=self.INIT_STATUS)
        self.assertEqual(payload["errorType"], "Error")  # contract section 8
        self.assertEqual(
            payload["errorMessage"],
            "Cannot find package 'nothing-of-the-kind' imported from %s/index.mjs" % function.task,
        )

    def test_init_exit(self):
        function = self.function("process.exit(4);")
        self.assertEqual(function.wait(), 4)
        self.assertEqual(function.api.requests, [])

    # -------------------------------------------------------------------------------------------------- modules

    def test_modules(self):
        module = json.dumps({"type": "module"})
        for name, files, handler in (
            ("mjs", {"index.mjs": "export const handler = async () => 'mjs';"}, "index.handler"),
            ("cjs", {"index.cjs": "exports.handler = async () => 'cjs';"}, "index.handler"),
            ("js of a module", {"index.js": "export const handler = async () => 'js of a module';", "package.json": module},
             "index.handler"),
            ("top-level await", {"index.mjs": "const x = await new Promise(r => setTimeout(r, 5, 'top-level await'));"
                                              "export const handler = async () => x;"}, "index.handler"),
            ("nested", {"a/b/deep.js": "exports.one = { two: async () => 'nested' };"}, "a/b/deep.one.two"),
            ("js first", {"index.js": "exports.handler = async () => 'js first';",
                          "index.mjs": "export const handler = async () => 'mjs';"}, "index.handler"),
            ("package", {"node_modules/pkg/index.js": "exports.handler = async () => 'package';"}, "pkg.handler"),
        ):
            with self.subTest(name):
                self.assertEqual(json.loads(self.function(files=files, handler=handler).invoke().body), name)

    def test_layers_through_node_path(self):
        # contract section 11: NODE_PATH holds for ES modules too
        opt = tempfile.TemporaryDirectory()
        self.addCleanup(opt.cleanup)
        modules = os.path.join(opt.name, "nodejs", "node_modules")
        for name, text in {
            "plain/index.js": "module.exports = 'plain';",
            "dual/package.json": json.dumps({"exports": {"import": "./x.mjs", "require": "./x.cjs"}}),
            "dual/x.mjs": "export default 'esm';",
            "dual/x.cjs": "module.exports = 'cjs';",
            "@scope/deep/package.json": json.dumps({"exports": {"./sub": "./s.js"}}),
            "@scope/deep/s.js": "module.exports = 'sub';",
        }.items():
            path = os.path.join(modules, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        environment = {"NODE_PATH": "/opt/nodejs/none:%s:/var/runtime" % modules}
        names = "['plain', 'dual', '@scope/deep/sub']"
        function = self.function(
            files={"index.mjs": "import plain from 'plain'; import dual from 'dual'; import sub from '@scope/deep/sub';"
                                "import fs from 'node:fs'; export const handler = async () => [plain, dual, sub];"},
            environment=environment,
        )
        self.assertEqual(json.loads(function.invoke().body), ["plain", "esm", "sub"])
        function = self.function(
            "exports.handler = async () => [%s.map(n => require(n)), (await import('dual')).default];" % names,
            environment=environment,
        )
        self.assertEqual(json.loads(function.invoke().body), [["plain", "cjs", "sub"], "esm"])
        files = {"index.mjs": "import x from 'none-such'; export const handler = async () => 1;"}
        payload, _, function = self.error(files=files, environment=environment, status=self.INIT_STATUS)
        self.assertTrue(payload["errorMessage"].startswith("Cannot find package 'none-such' imported from "), payload)

    # ----------------------------------------------------------------------------------------------------- logs

    def test_console(self):
        function = self.function(
            """
            console.log('at init');
            exports.handler = async () => {
              console.log('one %d', 1, { a: 1 });
              console.info('two\\nlines'); console.debug('d'); console.warn('w'); console.error('e'); console.trace('t');
              process.stdout.write('raw\\n');
            };
            """
        )
        function.invoke(request_id="id-9")
        lines = function.text("raw\n").split("\n")
        self.assertRegex(lines[0], "^%s\t%s\tINFO\tat init$" % (ISO, self.INIT_LOG[0]))
        rest = ["\t".join(line.split("\t")[1:]) if "\t" in line else line for line in lines[1:]]
        self.assertEqual(
            rest,
            ["id-9\tINFO\tone 1 { a: 1 }", "id-9\tINFO\ttwo\rlines", "id-9\tDEBUG\td", "id-9\tWARN\tw", "id-9\tERROR\te",
             "id-9\tTRACE\tt", "raw", ""],
        )

    def test_console_as_json(self):
        function = self.function(
            """
            exports.handler = async () => {
              console.debug('not at this level');
              console.info({ a: 1 }); console.warn('w', 2); console.error(new TypeError('t'));
              console.error('with', new TypeError('t'));
            };
            """,
            environment={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"},
        )
        function.invoke(request_id="id-9", fields=[("Lambda-Runtime-Aws-Tenant-Id", "t-7")] if not self.modern else [])
        lines = [json.loads(line) for line in function.text('"with.*\n').splitlines()]
        for line in lines:
            self.assertRegex(line.pop("timestamp"), "^%s$" % ISO)
            self.assertEqual(line.pop("requestId"), "id-9")
            self.assertEqual(line.pop("tenantId", None), None if self.modern else "t-7")
        self.assertEqual(lines[0], {"level": "INFO", "message": {"a": 1}})
        self.assertEqual(lines[1], {"level": "WARN", "message": "w 2"})
        self.assertEqual(
            [lines[2]["message"][key] for key in ("errorType", "errorMessage")], ["TypeError", "t"]
        )
        self.assertEqual(lines[2]["message"]["stackTrace"][0], "TypeError: t")
        self.assertEqual((lines[3]["errorType"], lines[3]["errorMessage"]), ("TypeError", "t"))

    def test_console_on_the_telemetry_descriptor(self):
        reading, writing = os.pipe()
        function = self.function(
            "exports.handler = async () => { console.warn('two\\nlines'); };",
            environment={"_LAMBDA_TELEMETRY_LOG_FD": str(writing)},
            extra={"pass_fds": (writing,)},
        )
        os.close(writing)
        function.invoke(request_id="id-9")
        data = os.read(reading, 65536)
        os.close(reading)
        self.assertEqual(data[:4].hex(), "a55a0013")
        self.assertEqual(int.from_bytes(data[4:8], "big"), len(data) - 16)
        self.assertRegex(data[16:].decode(), "^%s\tid-9\tWARN\ttwo\nlines\n$" % ISO)

    def test_end_of_the_runtime_api(self):
        function = self.function(ECHO)
        function.invoke()
        function.api.close()
        self.assertNotEqual(function.wait(), 0)

    # ------------------------------------------------------------------------------------------------ streaming

    def streamed(self, body, **options):
        function = self.function("exports.handler = awslambda.streamifyResponse(%s);" % body, **options)
        return function, function.invoke(request_id="id-1")

    def test_streaming(self):
        function, answer = self.streamed(
            """async (event, stream, context) => {
              stream.setContentType('text/plain');
              for (const part of ['one ', 'two ', { three: 3 }]) {
                stream.write(part);
                await new Promise((resolve) => setTimeout(resolve, 20));
              }
              stream.end();
            }"""
        )
        # contract section 1, streaming responses
        self.assertEqual(answer.path, "/2018-06-01/runtime/invocation/id-1/response")
        self.assertEqual(answer.body, b'one two {"three":3}')
        self.assertEqual(answer["Lambda-Runtime-Function-Response-Mode"], "streaming")
        self.assertEqual(answer["Transfer-Encoding"], "chunked")
        self.assertEqual(answer["Content-Type"], "text/plain")
        trailers = [value for name, value in answer.fields if name.lower() == "trailer"]
        self.assertEqual(
            trailers, ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"]
        )
        self.assertGreater(len(answer.chunks), 1)  # written as it came
        self.assertEqual(answer.trailers, {})
        for _ in range(5):
            self.assertEqual(function.invoke().body, b'one two {"three":3}')

    def test_streaming_by_pipeline(self):
        function = self.function(
            """
            const util = require('util'), stream = require('stream');
            const pipeline = util.promisify(stream.pipeline);
            exports.handler = awslambda.streamifyResponse(async (event, out) => {
              await pipeline(stream.Readable.from(['x'.repeat(100000), 'y'.repeat(100000)]), out);
            });
            """
        )
        answer = function.invoke()
        self.assertEqual(answer.body, b"x" * 100000 + b"y" * 100000)
        self.assertEqual(answer["Content-Type"], "application/octet-stream")

    def test_streaming_http(self):
        _, answer = self.streamed(
            """async (event, stream) => {
              stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' } });
              stream.write('hello');
              stream.end();
            }"""
        )
        self.assertEqual(answer["Content-Type"], "application/vnd.awslambda.http-integration-response")
        self.assertEqual(answer.body, b'{"statusCode":201,"headers":{"a":"b"}}' + bytes(8) + b"hello")

    def test_streaming_error_in_mid_stream(self):
        function, answer = self.streamed(
            "async (event, stream) => { stream.write('part'); throw new RangeError('mid'); }"
        )
        self.assertEqual(answer.body, b"part")
        self.assertEqual(answer.trailers["lambda-runtime-function-error-type"], "RangeError")
        error = json.loads(base64.b64decode(answer.trailers["lambda-runtime-function-error-body"]))
        self.assertEqual((error["errorType"], error["errorMessage"]), ("RangeError", "mid"))
        self.assertRegex(function.text("Invoke Error"), "ERROR\tInvoke Error \t")
        self.assertEqual(function.invoke().trailers["lambda-runtime-function-error-type"], "RangeError")

    def test_streaming_error_before_anything(self):
        _, answer = self.streamed("async () => { throw new RangeError('first'); }")
        self.assertEqual(answer.body, b"")
        self.assertEqual(answer.trailers["lambda-runtime-function-error-type"], "RangeError")

    def test_streaming_handler_that_is_not_async(self):
        _, answer = self.streamed("(event, stream) => { stream.write('x'); }")
        error = json.loads(base64.b64decode(answer.trailers["lambda-runtime-function-error-body"]))
        self.assertIn("Streaming does not support non-async handlers.", error["errorMessage"])


class Node20(Common, NodeCase):
    runtime = "nodejs20.x"
    modern = False
    STRINGIFY = "Error"
    INIT_STATUS = 129  # RIC 3: by way of uncaughtException
    INIT_LOG = ("undefined", "Uncaught Exception")

    def test_callback(self):
        function = self.function(
            """
            exports.handler = (event, context, callback) => {
              if (event === 1) callback(null, 'yes');
              if (event === 2) callback(new Error('no'));
              if (event === 3) callback('text');
              if (event === 4) { callback(null, 'first'); callback(null, 'second'); }
              if (event === 5) throw new Error('thrown');
              if (event === 6) setTimeout(callback, 5, null, 'later');
            };
            """
        )
        self.assertEqual(function.invoke(b"1").body, b'"yes"')
        self.assertEqual(json.loads(function.invoke(b"2").body)["errorMessage"], "no")
        self.assertEqual(
            json.loads(function.invoke(b"3").body), {"errorType": "string", "errorMessage": "text", "trace": []}
        )
        self.assertEqual(function.invoke(b"4").body, b'"first"')
        self.assertEqual(json.loads(function.invoke(b"5").body)["errorMessage"], "thrown")
        self.assertEqual(function.invoke(b"6").body, b'"later"')
        self.assertEqual(function.invoke(b"7").body, b"null")  # never calls back: null
        self.assertRegex(function.text("WARN"), "WARN\tAWS Lambda plans to remove support for callback-based")

    def test_callback_warning_silenced(self):
        function = self.function(
            "exports.handler = (e, c, callback) => callback(null, 1);",
            environment={"AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING": "1"},
        )
        function.invoke()
        self.assertEqual(function.text(), "")

    def test_callback_waits_for_an_empty_event_loop(self):
        function = self.function(
            """
            exports.handler = (event, context, callback) => {
              context.callbackWaitsForEmptyEventLoop = event.waits;
              setTimeout(() => console.log('timer'), 300);
              callback(null, 'done');
            };
            """,
            environment={"AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING": "1"},
        )
        self.assertEqual(function.invoke(b'{"waits":true}').body, b'"done"')
        self.assertIn("timer", function.text("timer"))
        function.output = b""
        self.assertEqual(function.invoke(b'{"waits":false}').body, b'"done"')
        self.assertEqual(function.output, b"")

    def test_context_methods(self):
        function = self.function(
            """
            exports.handler = (event, context) => {
              if (event === 1) context.succeed({ a: 1 });
              if (event === 2) context.fail(new Error('failed'));
              if (event === 3) context.done(null, 3);
              if (event === 4) context.done('problem');
              if (event === 5) context.fail();
            };
            """
        )
        self.assertEqual(function.invoke(b"1").body, b'{"a":1}')
        self.assertEqual(json.loads(function.invoke(b"2").body)["errorMessage"], "failed")
        self.assertEqual(function.invoke(b"3").body, b"3")
        self.assertEqual(json.loads(function.invoke(b"4").body)["errorMessage"], "problem")
        # RIC fail(): "handled" stands in for nothing
        self.assertEqual(
            json.loads(function.invoke(b"5").body), {"errorType": "string", "errorMessage": "handled", "trace": []}
        )

    def test_response_before_exit_gets_out(self):
        function = self.function("exports.handler = (event, context) => { context.succeed('x'); process.exit(0); };")
        self.assertEqual(function.invoke().body, b'"x"')
        self.assertEqual(function.wait(), 0)

    def test_esm_syntax_in_a_plain_js(self):
        # contract section 11: refused by Lambda's node flags
        payload, _, _ = self.error("export const handler = async () => 1;")
        self.assertEqual(payload["errorType"], "Runtime.UserCodeSyntaxError")
        self.assertEqual(payload["errorMessage"], "SyntaxError: Unexpected token 'export'")


class Node24(Common, NodeCase):
    runtime = "nodejs24.x"
    modern = True
    STRINGIFY = "Runtime.JSONStringifyError"
    INIT_STATUS = 1
    INIT_LOG = ("-", "Init Error")

    def test_callback_handlers_are_refused(self):
        payload, _, _ = self.error("exports.handler = (event, context, callback) => callback(null, 1);", status=1)
        self.assertEqual(payload["errorType"], "Runtime.CallbackHandlerDeprecated")
        self.assertTrue(payload["errorMessage"].startswith("ERROR: AWS Lambda has removed support for callback"))

    def test_plain_value(self):
        self.assertEqual(self.function("exports.handler = () => 7;").invoke().body, b"7")


class WaitingNode20(Node20):
    """Started ahead of its function it is the same client."""

    waits = True


class WaitingNode24(Node24):
    waits = True


del NodeCase

if __name__ == "__main__":
    unittest.main()
