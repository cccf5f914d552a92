"""The Ruby client against the execution contract, with the ruby that this machine has. "RIC" is aws_lambda_ric."""

import json
import os
import tempfile
import textwrap
import unittest

from every_client import EveryClient
from harness import AHEAD, ARN, RUNTIME_DIR, Function, version_of

RUBY, VERSION = version_of("ruby", "-e", "print RUBY_VERSION")
ECHO = "def handler(event:, context:) = event"


@unittest.skipUnless(RUBY and VERSION >= (3, 0), "no ruby 3 here")
class RubyTest(EveryClient, unittest.TestCase):
    AGENT = r"^aws-lambda-ruby/\d+\.\d+\.\d+-\S+$"
    GOT = "def handler(event:, context:)\n  { got: event }\nend"
    ECHO = ECHO
    COUNTER = "$n = 0\ndef handler(event:, context:) = $n += 1"
    REPEATS = "def handler(event:, context:) = 'x' * event"
    maxDiff = None
    options = ["--disable=gems"]
    waits = False

    def function(self, source=None, handler="function.handler", files=(), **options):
        everything = dict(files)
        if source is not None:
            everything["function.rb"] = textwrap.dedent(source)
        options.setdefault("execution_env", "AWS_Lambda_ruby3.2")
        options.setdefault("waits", self.waits)
        argv = [RUBY, *self.options, os.path.join(RUNTIME_DIR, "ruby", "bootstrap.rb")]
        function = Function(argv, everything, handler, **options)
        self.addCleanup(function.close)
        return function

    def error(self, *arguments, **options):
        function = self.function(*arguments, **options)
        answer = function.api.answer()
        self.assertEqual(answer.path, "/2018-06-01/runtime/init/error")
        self.assertEqual(function.wait(), 252)  # RIC: exit(-4)
        payload = json.loads(answer.body)
        self.assertEqual(list(payload), ["errorMessage", "errorType", "stackTrace"])
        return payload, answer, function

    def test_an_environment_made_ahead_is_ready_without_having_run_its_handler(self):
        function = self.function(
            "$calls = []\ndef handler(event:, context:) = $calls.push(context.aws_request_id)", environment=AHEAD)
        self.assertEqual(function.invoke(request_id="first").body, b'["first"]')
        self.assertEqual([one.path.rsplit("/", 1)[1] for one in function.api.requests[:2]], ["next", "response"])
        self.assertEqual(function.api.connections, 1)

    def test_unicode(self):
        body = '{"schlüssel":"ä€😀"}'
        self.assertEqual(self.function(ECHO).invoke(body).body.decode(), body)

    def test_values(self):
        for expression, expected in {
            "nil": b"null", "'a\"b'": b'"a\\"b"', "[1.5, :sym, nil]": b'[1.5,"sym",null]', "{ 'a' => 1 }": b'{"a":1}',
        }.items():
            with self.subTest(expression):
                function = self.function("def handler(event:, context:)\n  %s\nend" % expression)
                self.assertEqual(function.invoke().body, expected)

    def test_io_is_a_response_as_it_is(self):
        # RIC marshall_response
        function = self.function(
            "require 'stringio'\ndef handler(event:, context:) = StringIO.new((0..255).map(&:chr).join.b)"
        )
        answer = function.invoke()
        self.assertEqual(answer["Content-Type"], "application/unknown")
        self.assertEqual(len(answer.body), 256)

    def test_context(self):
        function = self.function(
            """
            def handler(event:, context:)
              { names: [context.function_name, context.function_version, context.memory_limit_in_mb,
                        context.log_group_name, context.invoked_function_arn, context.aws_request_id],
                left: context.get_remaining_time_in_millis, client: context.client_context, identity: context.identity,
                trace: ENV['_X_AMZN_TRACE_ID'] }
            end
            """
        )
        got = json.loads(
            function.invoke(
                trace="Root=1-2-3", request_id="id-1", left=5000,
                fields=[("Lambda-Runtime-Client-Context", '{"custom":{"a":"tïtle"}}'),
                        ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"ci"}')],
            ).body
        )
        self.assertEqual(got["names"], ["fn", "$LATEST", "128", "/aws/lambda/fn", ARN, "id-1"])
        self.assertTrue(3000 < got["left"] <= 5000, got["left"])
        self.assertEqual([got["client"], got["identity"]], [{"custom": {"a": "tïtle"}}, {"cognitoIdentityId": "ci"}])
        self.assertEqual(got["trace"], "Root=1-2-3")

    def test_exception(self):
        function = self.function("def handler(event:, context:)\n  raise 'msg'\nend\n")
        answer = function.invoke(request_id="id-1")
        self.assertEqual(answer.path, "/2018-06-01/runtime/invocation/id-1/error")
        payload = json.loads(answer.body)
        # contract section 8
        self.assertEqual(
            list(payload.items()),
            [
                ("errorMessage", "msg"),
                ("errorType", "Function<RuntimeError>"),
                ("stackTrace", ["%s/function.rb:2:in `handler'" % function.task]),
            ],
        )
        self.assertEqual(answer["Lambda-Runtime-Function-Error-Type"], "Function<UserException>")
        cause = json.loads(answer["Lambda-Runtime-Function-XRay-Error-Cause"])
        self.assertEqual(cause["exceptions"][0]["stack"][0]["line"], 2)
        self.assertTrue(
            function.text("stackTrace").startswith('Error raised from handler method\n{\n  "errorMessage": "msg",\n')
        )
        self.assertEqual(function.invoke().kind, "error")  # the environment lives on

    def test_fatal_errors_end_the_process(self):
        # contract section 6: NoMethodError, NameError and what is no StandardError are posted, then exit(-1)
        for statement, error_type in {
            "nil.nothing": "Function<NoMethodError>",
            "nothing_at_all": "Function<NameError>",
            "exit 3": "Function<SystemExit>",
            "raise NotImplementedError, 'x'": "Function<NotImplementedError>",
        }.items():
            with self.subTest(statement):
                function = self.function("def handler(event:, context:)\n  %s\nend" % statement)
                self.assertEqual(json.loads(function.invoke().body)["errorType"], error_type)
                self.assertEqual(function.wait(), 255)

    def test_unserialisable_response(self):
        function = self.function("def handler(event:, context:) = Float::NAN")
        self.assertEqual(json.loads(function.invoke().body)["errorType"], "Function<JSON::GeneratorError>")
        self.assertEqual(function.invoke().kind, "error")

    def test_init_errors(self):
        for source, handler, error_type, message in (
            ("require 'nothing/of_the_kind'", "function.handler", "Init<LoadError>",
             "cannot load such file -- nothing/of_the_kind"),
            ("raise ArgumentError, 'at init'", "function.handler", "Init<ArgumentError>", "at init"),
            ("", "missing.handler", "Init<LoadError>", "cannot load such file -- missing"),
            ("", "function", "Init<ArgumentError>", 'Invalid handler ["function"], must be of form FILENAME.METHOD or'),
            ("def handler(", "function.handler", "Init<SyntaxError>", ""),
        ):
            with self.subTest(error_type + message):
                payload, answer, _ = self.error(source, handler=handler)
                self.assertEqual(payload["errorType"], error_type)
                self.assertIn(message, payload["errorMessage"])

    def test_init_exit(self):
        function = self.function("exit 4")
        self.assertEqual(function.wait(), 4)
        self.assertEqual(function.api.requests, [])

    def test_missing_method(self):
        function = self.function("x = 1")
        self.assertEqual(json.loads(function.invoke().body)["errorType"], "Function<NoMethodError>")

    def test_handlers_in_classes_and_folders(self):
        files = {"app/deep.rb": "module App\n  class Deep\n    def self.go(event:, context:) = name\n  end\nend"}
        self.assertEqual(self.function(handler="app/deep.App::Deep.go", files=files).invoke().body, b'"App::Deep"')

    def test_output(self):
        function = self.function(
            "require 'logger'\ndef handler(event:, context:)\n  puts 'one'\n  warn 'two'\n"
            "  Logger.new($stdout).info('three')\n  print 'four'\nend"
        )
        function.invoke()
        # contract section 7: the standard formatter
        self.assertRegex(
            function.text("four"), r"^one\ntwo\nI, \[[-0-9T:.]+ #\d+\]  INFO -- : three\nfour$"
        )

    def test_gems_come_when_they_are_asked_for(self):
        gems = tempfile.TemporaryDirectory()
        self.addCleanup(gems.cleanup)
        for name, text in {
            "specifications/greeting-1.2.3.gemspec":
                "Gem::Specification.new { |s| s.name = 'greeting'; s.version = '1.2.3'; s.summary = 's'; "
                "s.authors = ['a']; s.files = ['lib/greeting.rb'] }",
            "gems/greeting-1.2.3/lib/greeting.rb": "module Greeting; TEXT = 'hello'; end",
        }.items():
            path = os.path.join(gems.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        for source in (
            "require 'greeting'\ndef handler(event:, context:) = [Greeting::TEXT, Gem.loaded_specs.keys]",
            "gem 'greeting', '~> 1.2'\nrequire 'greeting'\n"
            "def handler(event:, context:) = [Greeting::TEXT, Gem.loaded_specs.keys]",
            "Gem::Version.new('1')\nrequire 'greeting'\n"
            "def handler(event:, context:) = [Greeting::TEXT, Gem.loaded_specs.keys]",
        ):
            with self.subTest(source):
                function = self.function(source, environment={"GEM_PATH": gems.name})
                greeting, loaded = json.loads(function.invoke().body)
                self.assertEqual(greeting, "hello")
                self.assertIn("greeting", loaded)

    def test_what_functions_use_unasked(self):
        function = self.function(
            "def handler(event:, context:)\n  [{ a: 1 }.to_json, URI('http://x/y').host, Net::HTTP.name, StringIO.name]\nend"
        )
        self.assertEqual(json.loads(function.invoke().body), ['{"a":1}', "x", "Net::HTTP", "StringIO"])

    def test_end_of_the_runtime_api(self):
        function = self.function(ECHO)
        function.invoke()
        function.api.close()
        self.assertNotEqual(function.wait(), 0)


class RubyWithGemsTest(RubyTest):
    """A host may start it with RubyGems as well."""

    options = []


class WaitingRubyTest(RubyTest):
    """Started ahead of its function it is the same client."""

    waits = True


if __name__ == "__main__":
    unittest.main()
