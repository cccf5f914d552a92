"""The Java client against the execution contract, with the JDK that this machine has; and the jar against its sources."""

import hashlib
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
import unittest
import zipfile

from harness import AHEAD, ARN, RUNTIME_DIR, SOURCE, Function

JAVA, JAVAC = shutil.which("java"), shutil.which("javac")
JAR = os.path.join(RUNTIME_DIR, "java", "aviary-runtime.jar")


def builder():
    """script/build-java-client, as a module."""
    path = os.path.join(SOURCE, "script", "build-java-client")
    loader = importlib.machinery.SourceFileLoader("build_java_client", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("build_java_client", loader))
    loader.exec_module(module)
    return module


def javac_version():
    if not JAVAC:
        return 0
    told = subprocess.run([JAVAC, "-version"], capture_output=True, text=True)
    return int(re.search(r"\d+", told.stdout + told.stderr)[0])


class Jar(unittest.TestCase):
    def test_it_was_made_of_these_sources(self):
        with zipfile.ZipFile(JAR) as jar:
            manifest = jar.read("META-INF/MANIFEST.MF").decode()
        self.assertIn(f"Sources-SHA-256: {builder().digest()[:40]}\r\n", manifest,
                      "run script/build-java-client: the sources have changed")

    @unittest.skipUnless(javac_version() == 17, "no javac 17 here, which the jar was built with")
    def test_its_classes_are_what_the_compiler_makes_of_them(self):
        with zipfile.ZipFile(JAR) as jar:
            inside = {name: hashlib.sha256(jar.read(name)).hexdigest() for name in jar.namelist()
                      if name.endswith(".class")}
        made = {name: hashlib.sha256(content).hexdigest() for name, content in builder().classes(JAVAC).items()}
        self.assertEqual(inside, made)


@unittest.skipUnless(JAVA and JAVAC, "no JDK here")
class JavaTest(unittest.TestCase):
    maxDiff = None

    def compiled(self, **sources):
        """{path: bytes} of the classes; packages by their folders."""
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, text in sources.items():
                path = os.path.join(folder, name + ".java")
                with open(path, "w") as file:
                    file.write(textwrap.dedent(text))
                paths.append(path)
            out = os.path.join(folder, "out")
            done = subprocess.run([JAVAC, "-nowarn", "-cp", JAR, "-d", out, *paths], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            files = {}
            for where, _, names in os.walk(out):
                for name in names:
                    with open(os.path.join(where, name), "rb") as file:
                        files[os.path.relpath(os.path.join(where, name), out)] = file.read()
            return files

    def function(self, handler="Fn", files=None, environment=(), **sources):
        everything = {**self.compiled(**sources), **(files or {})}
        argv = [JAVA, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", JAR, "aviary.runtime.Bootstrap"]
        function = Function(argv, everything, handler, environment=environment, execution_env="AWS_Lambda_java17")
        self.addCleanup(function.close)
        return function

    def test_requests_to_the_letter(self):
        function = self.function(Fn="""
            import com.amazonaws.services.lambda.runtime.*;
            public class Fn implements RequestHandler<java.util.Map<String, String>, java.util.Map<String, Object>> {
              public java.util.Map<String, Object> handleRequest(java.util.Map<String, String> in, Context context) {
                return java.util.Map.of("got", in);
              }
            }""")
        answer = function.invoke(b'{"key1":"value1"}', request_id="id-1")
        agent = answer["User-Agent"]
        self.assertRegex(agent, r"^aws-lambda-java/[\d.]+\S*-aviary$")
        self.assertEqual((answer.head + answer.body).decode(), (
            f"POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: {function.api.address}\r\n"
            f"User-Agent: {agent}\r\nContent-Type: application/json\r\nContent-Length: 25"
            '{"got":{"key1":"value1"}}'))
        self.assertEqual(function.invoke(b'{"a":"\\u00fc\xe2\x82\xac"}').body.decode(), '{"got":{"a":"ü€"}}')

    def test_an_environment_made_ahead_is_ready_without_having_run_its_handler(self):
        function = self.function(environment=AHEAD, Fn="""
            import com.amazonaws.services.lambda.runtime.*;
            public class Fn implements RequestHandler<Object, Object> {
              private final java.util.List<String> calls = new java.util.ArrayList<>();
              public Object handleRequest(Object in, Context context) {
                calls.add(context.getAwsRequestId());
                return calls;
              }
            }""")
        self.assertEqual(function.invoke(request_id="first").body, b'["first"]')
        self.assertEqual([one.path.rsplit("/", 1)[1] for one in function.api.requests[:2]], ["next", "response"])

    def test_streams_bytes_both_ways(self):
        function = self.function(Fn="""
            import com.amazonaws.services.lambda.runtime.*;
            import java.io.*;
            public class Fn implements RequestStreamHandler {
              public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException {
                in.transferTo(out);
              }
            }""")
        for body in (b'{ "a" : 1 }', b"[1,2]", b"x" * 300000):
            self.assertEqual(function.invoke(body).body, body)

    def test_beans(self):
        source = """
            import java.util.*;
            public class Fn {
              public static class Item {
                private String name; private int count; private Colour colour; private Double price;
                public String getName() { return name; }
                public void setName(String name) { this.name = name; }
                public int getCount() { return count; }
                public void setCount(int count) { this.count = count; }
                public Colour getColour() { return colour; }
                public void setColour(Colour colour) { this.colour = colour; }
                public Double getPrice() { return price; }
                public void setPrice(Double price) { this.price = price; }
              }
              public enum Colour { RED, BLUE }
              public static class Order {
                private List<Item> Records; private Map<String, Long> totals; private boolean paid; private long[] codes;
                public List<Item> getRecords() { return Records; }
                public void setRecords(List<Item> records) { Records = records; }
                public Map<String, Long> getTotals() { return totals; }
                public void setTotals(Map<String, Long> totals) { this.totals = totals; }
                public boolean isPaid() { return paid; }
                public void setPaid(boolean paid) { this.paid = paid; }
                public long[] getCodes() { return codes; }
                public void setCodes(long[] codes) { this.codes = codes; }
              }
              public Order handle(Order order) {
                order.getRecords().get(0).setCount(order.getRecords().get(0).getCount() + 1);
                order.getTotals().replaceAll((key, value) -> value * 2);
                return order;
              }
              public static int add(List<Integer> numbers) {
                return numbers.stream().mapToInt(Integer::intValue).sum();
              }
              public String greet(String name, com.amazonaws.services.lambda.runtime.Context context) {
                return name + "@" + context.getFunctionName();
              }
              public void nothing(Object event) {}
            }"""
        function = self.function("Fn::handle", Fn=source)
        self.assertEqual(json.loads(function.invoke(
            b'{"Records": [{"name": "tea", "count": 2, "colour": "BLUE", "price": 1.5, "unknown": {}}],'
            b' "totals": {"a": 4000000000}, "paid": true, "codes": [1, 2]}').body), {
            "records": [{"name": "tea", "count": 3, "colour": "BLUE", "price": 1.5}], "totals": {"a": 8000000000},
            "paid": True, "codes": [1, 2]})
        self.assertEqual(self.function("Fn::add", Fn=source).invoke(b"[1, 2, 3]").body, b"6")
        self.assertEqual(self.function("Fn::greet", Fn=source).invoke(b'"you"').body, b'"you@fn"')
        self.assertEqual(self.function("Fn::nothing", Fn=source).invoke(b'{"a":1}').body, b"")
        refused = self.function("Fn::add", Fn=source).invoke(b'{"not": "a list"}')
        self.assertEqual(refused.kind, "error")
        self.assertEqual(json.loads(refused.body)["errorMessage"], "An error occurred during JSON parsing")

    def test_the_context(self):
        function = self.function(Fn="""
            import com.amazonaws.services.lambda.runtime.*;
            import java.util.*;
            public class Fn implements RequestHandler<Object, Map<String, Object>> {
              public Map<String, Object> handleRequest(Object event, Context context) {
                context.getLogger().log("logged");
                Map<String, Object> seen = new LinkedHashMap<>();
                seen.put("id", context.getAwsRequestId());
                seen.put("name", context.getFunctionName() + ":" + context.getFunctionVersion());
                seen.put("arn", context.getInvokedFunctionArn());
                seen.put("memory", context.getMemoryLimitInMB());
                seen.put("left", context.getRemainingTimeInMillis() > 5000);
                seen.put("group", context.getLogGroupName());
                seen.put("identity", context.getIdentity().getIdentityId());
                seen.put("custom", context.getClientContext() == null ? null : context.getClientContext().getCustom());
                seen.put("title", context.getClientContext() == null ? null
                    : context.getClientContext().getClient().getAppTitle());
                seen.put("trace", System.getProperty("com.amazonaws.xray.traceHeader"));
                return seen;
              }
            }""")
        answer = function.invoke(request_id="id-2", trace="Root=1-2-3", fields=(
            ("Lambda-Runtime-Client-Context", '{"custom":{"a":"b"},"client":{"app_title":"T"}}'),
            ("Lambda-Runtime-Cognito-Identity", '{"cognitoIdentityId":"me","cognitoIdentityPoolId":"pool"}')))
        self.assertEqual(json.loads(answer.body), {
            "id": "id-2", "name": "fn:$LATEST", "arn": ARN, "memory": 128, "left": True, "group": "/aws/lambda/fn",
            "identity": "me", "custom": {"a": "b"}, "title": "T", "trace": "Root=1-2-3"})
        self.assertIn("logged\n", function.text("logged"))
        self.assertEqual(json.loads(function.invoke().body)["custom"], None)

    def test_exceptions(self):
        function = self.function("pack.Fn::handle", **{"Fn": """
            package pack;
            public class Fn {
              static class Refused extends RuntimeException {
                Refused(String message, Throwable cause) { super(message, cause); }
              }
              public String handle(String event) {
                throw new Refused("no \\"" + event + "\\"", new IllegalStateException("deeper"));
              }
            }"""})
        answer = function.invoke(b'"x"')
        self.assertEqual((answer.kind, answer["Lambda-Runtime-Function-Error-Type"]), ("error", "pack.Fn$Refused"))
        payload = json.loads(answer.body)
        self.assertEqual(list(payload), ["errorMessage", "errorType", "stackTrace", "cause"])
        self.assertEqual((payload["errorMessage"], payload["errorType"]), ('no "x"', "pack.Fn$Refused"))
        self.assertRegex(payload["stackTrace"][0], r"^pack\.Fn\.handle\(")
        self.assertEqual(len(payload["stackTrace"]), 1, "the frames of the client are nobody's business")
        self.assertEqual(payload["cause"]["errorType"], "java.lang.IllegalStateException")
        self.assertIn("\rCaused by: java.lang.IllegalStateException: deeper", function.text("Caused by"))
        self.assertEqual(function.invoke(b'"again"').kind, "error", "the next event is taken as ever")

    def init_error(self, handler, **sources):
        function = self.function(handler, **sources)
        answer = function.api.answer()
        self.assertEqual(answer.path, "/2018-06-01/runtime/init/error")
        self.assertEqual(function.wait(), 1)
        return json.loads(answer.body)

    def test_failures_of_the_init(self):
        source = """
            public class Fn {
              public Fn() { if (System.getenv("BREAK") == null) throw new IllegalStateException("constructor"); }
              public void handle(String event) {}
              public static class Static {
                static final int VALUE = Integer.parseInt("x");
                public void handle(String event) {}
              }
            }"""
        error = self.init_error("Missing::handle", Fn=source)
        self.assertEqual(error, {"errorMessage": "Class not found: Missing",
                                 "errorType": "java.lang.ClassNotFoundException", "stackTrace": []})
        error = self.init_error("Fn::missing", Fn=source)
        self.assertEqual(error["errorType"], "java.lang.NoSuchMethodException")
        self.assertIn("No public method named missing", error["errorMessage"])
        error = self.init_error("Fn::handle", Fn=source)
        self.assertEqual((error["errorMessage"], error["errorType"]),
                         ("constructor", "java.lang.IllegalStateException"))
        error = self.init_error("Fn$Static::handle", Fn=source)
        self.assertEqual(error["errorType"], "java.lang.NumberFormatException")

    def test_jars_of_the_package_and_of_layers(self):
        library = self.compiled(Greeting='package lib; public class Greeting { public static String TEXT = "jar"; }'
                                .replace("package lib; ", ""))
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder, True)
        jar = os.path.join(folder, "greeting.jar")
        with zipfile.ZipFile(jar, "w") as file:
            for name, content in library.items():
                file.writestr(name, content)
        with open(jar, "rb") as file:
            content = file.read()
        source = """
            public class Fn {
              public String handle(Object event) throws Exception {
                return (String) Class.forName("Greeting", true, Thread.currentThread().getContextClassLoader())
                    .getField("TEXT").get(null);
              }
            }"""
        for place in ("lib/greeting.jar", "greeting.jar"):
            self.assertEqual(self.function("Fn::handle", files={place: content}, Fn=source).invoke().body, b'"jar"')
        os.makedirs(os.path.join(folder, "java", "lib"))
        os.rename(jar, os.path.join(folder, "java", "lib", "greeting.jar"))
        function = self.function("Fn::handle", environment={"AVIARY_OPT_DIR": folder}, Fn=source)
        self.assertEqual(function.invoke().body, b'"jar"')

    def test_numbers_and_odd_values(self):
        function = self.function("Fn::handle", Fn="""
            public class Fn {
              public Object handle(Object event) {
                return event;
              }
            }""")
        for text in ('{"a":[1,2.5,null,true,"\\u00fc\\ud83d\\ude00"]}', "[]", "{}", "0", "-12345678901234", "null",
                     "123456789012345678901234567890", '"\\"\\\\\\n\\u0001"', "1.0E10"):
            self.assertEqual(json.loads(function.invoke(text.encode()).body), json.loads(text))
        for broken in ("{", "[1,]", "nope", '{"a" 1}', '"x', "1 2", "[" * 5000):
            self.assertEqual(function.invoke(broken.encode()).kind, "error", broken[:20])
        self.assertEqual(function.invoke(b"1").body, b"1")


if __name__ == "__main__":
    unittest.main()
