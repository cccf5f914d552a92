"""The same handlers under AWS's own runtime client and under ours: what they post, and what they write, is the same.

Skipped is a client that cannot be had here; see official_clients.py.
"""

import json
import os
import re
import shutil
import sys
import textwrap
import unittest

import official_clients
import test_real_code
from harness import ISO, RUNTIME_DIR, Function, python_argv, version_of

NODE, VERSION = version_of("node", "--version")
PYTHON = "/usr/bin/python3"
RUBY = shutil.which("ruby")

# name: (file, source, events)
NODE_CASES = {
    "values": ("index.js", """
        exports.handler = async (event) => [event, 1, 'ü', null, undefined, new Date(0), NaN, { a: undefined }][event.n] ?? event;
        """, [{"n": i} for i in range(8)] + [[], "text", 7, None]),
    "undefined": ("index.js", "exports.handler = async () => {};", [{}]),
    "context": ("index.mjs", """
        export const handler = async (event, context) => ({
          ...context, left: context.getRemainingTimeInMillis() > 1000, keys: Object.keys(context).sort(),
          trace: process.env._X_AMZN_TRACE_ID, env: Object.keys(process.env).filter((n) => n.startsWith('AWS_LAMBDA_F')).sort() });
        """, [{}]),
    "errors": ("index.js", """
        class Custom extends Error { constructor(m) { super(m); this.name = 'CustomName'; this.code = 'E42'; } }
        exports.handler = async (event) => {
          switch (event.n) {
            case 0: throw new Error('plain');
            case 1: throw new Custom('of its own');
            case 2: throw 'a string';
            case 3: throw { some: 'object' };
            case 4: throw null;
            case 5: return null.x;
            case 6: { const e = new RangeError('caused'); e.cause = new Error('why'); throw e; }
            case 7: return 10n;
            case 8: { const o = {}; o.o = o; return o; }
            case 9: throw 42;
            case 10: throw undefined;
          }
        };
        """, [{"n": i} for i in range(11)]),
    "callbacks": ("index.js", """
        exports.handler = (event, context, callback) => {
          context.callbackWaitsForEmptyEventLoop = false;
          if (event.n === 0) callback(null, { called: true });
          if (event.n === 1) callback(new Error('called'));
          if (event.n === 2) callback('text');
          if (event.n === 3) context.succeed('succeeded');
          if (event.n === 4) context.fail(new TypeError('failed'));
          if (event.n === 5) context.done(null, [1]);
        };
        """, [{"n": i} for i in range(6)]),
    "console": ("index.js", """
        exports.handler = async () => {
          console.log('one\\ntwo', { a: [1, { b: 2 }] }, '%s');
          console.info('%s and %d', 'text', 7);
          console.warn('careful'); console.error(new Error('shown').message); console.debug('d'); console.trace;
          process.stdout.write('raw\\n');
        };
        """, [{}, {}]),
    "streams": ("index.mjs", """
        export const handler = awslambda.streamifyResponse(async (event, stream) => {
          if (event.http) stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' } });
          else stream.setContentType('text/plain');
          stream.write('one'); stream.write(Buffer.from('two'));
          if (event.fails) throw new Error('in mid-stream');
          stream.end();
        });
        """, [{}, {"http": True}, {"fails": True}]),
}
# A client that ends: name: (file, source, handler)
NODE_ENDS = {
    "missing module": ("index.js", "require('nothing-of-that-name');", "index.handler"),
    "missing file": ("other.js", "", "index.handler"),
    "missing handler": ("index.js", "exports.other = 1;", "index.handler"),
    "no function": ("index.js", "exports.handler = 1;", "index.handler"),
    "syntax": ("index.js", "exports.handler = async ( => 1;", "index.handler"),
    "throws": ("index.mjs", "throw new Error('at once'); export const handler = 1;", "index.handler"),
    "bad name": ("index.js", "", "index"),
}
PYTHON_CASES = {
    "values": ("index.py", """
        def handler(event, context):
            return event if not isinstance(event, dict) else [event, 1, "ü", None, 1.5, {"a": (1, 2)}][event["n"]]
        """, [{"n": i} for i in range(6)] + [[], "text", None]),
    "errors": ("index.py", """
        class Custom(Exception):
            pass
        def handler(event, context):
            n = event["n"]
            if n == 0: raise Exception("plain")
            if n == 1: raise Custom("of its own")
            if n == 2: return object()
            if n == 3: return {}["key"]
            if n == 4: raise ValueError
            try: 1 / 0
            except ZeroDivisionError as error: raise RuntimeError("later") from error
        """, [{"n": i} for i in range(6)]),
    "context": ("index.py", """
        def handler(event, context):
            return [context.function_name, context.aws_request_id, context.memory_limit_in_mb, context.log_group_name,
                    context.invoked_function_arn, context.get_remaining_time_in_millis() > 1000, context.function_version]
        """, [{}]),
    "logging": ("index.py", """
        import logging
        logging.getLogger().setLevel("INFO")
        def handler(event, context):
            print("printed")
            logging.getLogger().info("informed")
            logging.getLogger("x").warning("warned %s", 1)
        """, [{}, {}]),
}
PYTHON_ENDS = {
    "missing module": ("index.py", "import nothing_of_that_name\n", "index.handler"),
    "missing handler": ("index.py", "other = 1\n", "index.handler"),
    "syntax": ("index.py", "def handler(:\n", "index.handler"),
    "throws": ("index.py", "raise Exception('at once')\n", "index.handler"),
    "bad name": ("index.py", "", "index"),
}
RUBY_CASES = {
    "values": ("index.rb", """
        def handler(event:, context:) = event.is_a?(Hash) ? [event, 1, "ü", nil, 1.5][event["n"]] : event
        """, [{"n": i} for i in range(5)] + [[], "text", None]),
    "errors": ("index.rb", """
        class Custom < StandardError; end
        def handler(event:, context:)
          raise "plain" if event["n"] == 0
          raise Custom, "of its own" if event["n"] == 1
          Integer("x")
        end
        """, [{"n": i} for i in range(3)]),
}
RUBY_ENDS = {
    "missing file": ("other.rb", "", "index.handler"),
    "throws": ("index.rb", "raise 'at once'", "index.handler"),
}


class Comparison(unittest.TestCase):
    maxDiff = None
    # What a request says of the client itself, or of the moment.
    own = {"user-agent", "host", "content-length", "expect", "accept", "connection", "transfer-encoding", "date"}

    def start(self, argv, file, source, handler, execution_env, **environment):
        function = Function(argv, {file: textwrap.dedent(source)}, handler, execution_env=execution_env, environment=environment)
        self.addCleanup(function.close)
        return function

    @staticmethod
    def plain(function, text):
        """Without what differs from one run to the next."""
        text = text.replace(function.task, "/var/task").replace(function.root, "/var/root")
        text = re.sub(r"/\S+/aws-lambda-ric/dist/|%s/" % re.escape(RUNTIME_DIR), "/var/runtime/", text)
        text = re.sub(r"^Executing '.*\n", "", text)  # the official one's greeting, which Lambda does not show
        text = re.sub(ISO, "<time>", text)
        return re.sub(r'"?deadlineMs"?:\d+', "<deadline>", text)

    def posted(self, function, request):
        body = self.plain(function, request.body.decode("utf-8", "surrogateescape"))
        try:
            document = json.loads(body)
            if isinstance(document, dict):  # frames of the client's own files are its own
                for name in ("trace", "stackTrace", "stack"):
                    if isinstance(document.get(name), list):
                        document[name] = [line for line in document[name] if "/var/task" in line or "    at " not in line]
            body = document
        except ValueError:
            pass
        fields = {name.lower(): value for name, value in request.fields if name.lower() not in self.own}
        fields.pop("lambda-runtime-function-xray-error-cause", None)
        if request.kind == "error":  # the official one for Node.js leaves it out, those for Python and Ruby do not
            fields.pop("lambda-runtime-function-error-type", None)
        return {"kind": request.kind, "body": body, "fields": fields, "trailers": sorted(request.trailers)}

    def answers(self, function, events):
        found = []
        for number, event in enumerate(events):
            request = function.invoke(json.dumps(event), request_id="8476a536-e9f4-11e8-9739-%012d" % number,
                                      trace="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1")
            found.append(self.posted(function, request))
        return found

    def compare(self, cases, ends, official, ours, execution_env, **environment):
        for name, (file, source, events) in cases.items():
            with self.subTest(name):
                theirs = self.start(official("index.handler"), file, source, "index.handler", execution_env, **environment)
                mine = self.start(ours, file, source, "index.handler", execution_env, **environment)
                expected, found = self.answers(theirs, events), self.answers(mine, events)
                for event, one, other in zip(events, expected, found):
                    self.assertEqual(other, one, event)
                if name in ("console", "logging"):
                    function_ends = r"(?s)(raw|warned).*(raw|warned 1)\n"
                    self.assertEqual(*[self.plain(f, f.text(function_ends)) for f in (mine, theirs)])
        for name, (file, source, handler) in ends.items():
            with self.subTest(name):
                both = []
                for argv in (official(handler), ours):
                    function = self.start(argv, file, source, handler, execution_env, **environment)
                    posted = self.posted(function, function.api.answer())
                    both.append((posted, function.wait()))
                self.assertEqual(both[1][0], both[0][0])
                self.assertEqual(both[1][1] != 0, both[0][1] != 0)


class Node(Comparison):
    def test_answers(self):
        if not NODE or VERSION < (20, 0):
            self.skipTest("no node 20 here")
        client = official_clients.node_client()
        flags = ["--no-experimental-require-module"] if (20, 19) <= VERSION < (23,) else []
        self.compare(NODE_CASES, NODE_ENDS, lambda handler: [NODE, *flags, client + "/bin/index.mjs", handler],
                     [NODE, *flags, os.path.join(RUNTIME_DIR, "nodejs", "bootstrap.cjs")], "AWS_Lambda_nodejs%d.x" % VERSION[0])


class RealCode(test_real_code.NodeCode):
    """What nobody here wrote passes the tests that it passes on our client."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = official_clients.node_client()

    def client(self):
        # Lambda's node finds ES modules in NODE_PATH before its client begins.
        hook = "import {register} from 'module'; register('file://%s/nodejs/node_path.cjs', {data: {folders: ['%s']}})" % (
            RUNTIME_DIR, self.modules)
        return ["--import", "data:text/javascript," + hook, self.folder + "/bin/index.mjs", "index.handler"]


class Python(Comparison):
    def test_answers(self):
        folder = official_clients.python_client(PYTHON)
        self.compare(PYTHON_CASES, PYTHON_ENDS, lambda handler: [PYTHON, "-m", "awslambdaric", handler], python_argv(PYTHON),
                     "AWS_Lambda_python3.%d" % sys.version_info[1], PYTHONPATH=folder)


class Ruby(Comparison):
    def test_answers(self):
        if not RUBY:
            self.skipTest("no ruby here")
        folder = official_clients.ruby_client(RUBY)
        self.compare(RUBY_CASES, RUBY_ENDS, lambda handler: [RUBY, "-I" + folder + "/lib", folder + "/bin/aws_lambda_ric", handler],
                     [RUBY, "--disable=gems", os.path.join(RUNTIME_DIR, "ruby", "bootstrap.rb")], "AWS_Lambda_ruby3.2")


if __name__ == "__main__":
    unittest.main()
