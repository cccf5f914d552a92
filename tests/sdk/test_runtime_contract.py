"""The Runtime API as a runtime meets it, over the wire: a custom runtime that does what it is told and reports what it
was answered. Expectations: AWS's runtime interface emulator, handlers and rendering, unless a test says otherwise."""

import base64
import json
import socket
import unittest

from aviary_server import ServerCase, scope_header
from function_code import ROLE, zipped

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TYPE = "Lambda-Runtime-Function-Error-Type"

BOOTSTRAP = r'''#!/usr/bin/python3
import base64, json, os, socket, sys, time

ADDRESS = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime"

class Connection:
    def __init__(self, address=ADDRESS):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.reader = self.socket.makefile("rb")
    def head(self, method, path, headers=()):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: x"] + ["%s: %s" % pair for pair in headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    def answer(self):
        line = self.reader.readline()
        if not line:
            return [0, {}, ""]
        status = int(line.split()[1])
        headers = {}
        while True:
            line = self.reader.readline().strip().decode()
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name] = value.strip()
        length = int(next((v for k, v in headers.items() if k.lower() == "content-length"), 0))
        return [status, headers, self.reader.read(length).decode("utf-8", "replace")]
    def call(self, method, path, headers=(), body=b""):
        self.head(method, path, list(headers) + [("Content-Length", len(body))])
        self.socket.sendall(body)
        return self.answer()

api = Connection()
kept = []

def respond(request, value, headers=()):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return api.call("POST", BASE + "/invocation/%s/response" % request, headers, body)

def chunked(request, parts, headers=(), trailers=()):
    other = Connection()
    other.head("POST", BASE + "/invocation/%s/response" % request,
               [("Transfer-Encoding", "chunked"), ("Lambda-Runtime-Function-Response-Mode", "streaming"), *headers])
    for part in parts:
        other.socket.sendall(b"%x\r\n%s\r\n" % (len(part), part))
    other.socket.sendall(b"0\r\n" + b"".join(("%s: %s\r\n" % pair).encode() for pair in trailers) + b"\r\n")
    return other.answer()

while True:
    status, headers, text = api.call("GET", BASE + "/invocation/next")
    request = headers["Lambda-Runtime-Aws-Request-Id"]
    event = json.loads(text)
    exec(compile(event["do"], "do", "exec"))
'''


class RuntimeContract(ServerCase):
    OPTIONS = ("--spare-runtimes", "0")

    def setUp(self):
        super().setUp()
        self.create("contract")

    def create(self, name, **more):
        body = {"FunctionName": name, "Role": ROLE, "Runtime": "provided.al2023", "Handler": "h", "Timeout": 30,
                "Code": {"ZipFile": base64.b64encode(zipped({"bootstrap": (BOOTSTRAP, 0o755)})).decode()}, **more}
        answer = self.server.post("/2015-03-31/functions", body, headers=scope_header())
        self.assertEqual(answer.status, 201, answer)

    def invoke(self, source, name="contract", event=None, **headers):
        """(what the caller gets, the HTTP answer)"""
        answer = self.server.post(f"/2015-03-31/functions/{name}/invocations", {"do": source, **(event or {})},
                                  headers={**scope_header(), **headers})
        self.assertEqual(answer.status, 200, answer)
        try:
            return answer.json(), answer
        except ValueError:
            return answer.body, answer

    def result(self, source, **more):
        value, answer = self.invoke(source, **more)
        self.assertNotIn("x-amz-function-error", answer.headers, answer)
        return value

    def failure(self, source, **more):
        value, answer = self.invoke(source, **more)
        self.assertEqual(answer.headers.get("x-amz-function-error"), "Unhandled", answer)
        return value

    def works(self):
        self.assertEqual(self.result("respond(request, 'fine')"), "fine")

    # ---------------------------------------------------------------------------------------------------- next

    def test_headers_of_an_event(self):
        context = base64.b64encode(b'{"custom": {"a": 1}}').decode()
        headers = self.result("respond(request, headers)", **{
            "X-Amz-Client-Context": context, "X-Amzn-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"})
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertRegex(headers["Lambda-Runtime-Aws-Request-Id"], "^" + UUID + "$")
        self.assertRegex(headers["Lambda-Runtime-Deadline-Ms"], r"^\d{13}$")
        self.assertEqual(headers["Lambda-Runtime-Invoked-Function-Arn"],
                         "arn:aws:lambda:us-east-1:123456789012:function:contract")
        self.assertEqual(headers["Lambda-Runtime-Client-Context"], '{"custom": {"a": 1}}')
        self.assertTrue(headers["Lambda-Runtime-Trace-Id"].startswith("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"))
        self.assertNotIn("Lambda-Runtime-Cognito-Identity", headers)

    def test_the_event_is_the_callers_bytes(self):
        body = b'{ "do":\t"respond(request, text)" ,\n"x": 1.0e2 }'
        answer = self.server.post("/2015-03-31/functions/contract/invocations", body, headers=scope_header())
        self.assertEqual(answer.json().encode(), body)

    def test_asking_again_while_it_runs_gives_the_same_event(self):
        self.assertTrue(self.result(
            "other = Connection()\n"
            "again = other.call('GET', BASE + '/invocation/next')\n"
            "respond(request, again[1]['Lambda-Runtime-Aws-Request-Id'] == request and again[2] == text)"))

    # ------------------------------------------------------------------------------------------- error answers

    def test_accepted(self):
        self.result("kept.append(respond(request, 1))")
        self.all_back()
        status, headers, body = self.result("respond(request, kept.pop())")
        self.assertEqual((status, body), (202, '{"status":"OK"}\n'))
        self.assertEqual(headers["Content-Type"], "application/json")

    def test_wrong_ids(self):
        seen = self.result(
            "wrong = '8476a536-e9f4-11e8-9739-2dfe598c3fcd'\n"
            "respond(request, [api.call('POST', BASE + '/invocation/%s/%s' % (wrong, what), (), b'{}')\n"
            "                  for what in ('response', 'error')])")
        for status, _, body in seen:
            self.assertEqual(status, 400)
            self.assertEqual(json.loads(body), {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"})

    def test_a_finished_id_is_wrong(self):
        self.result("kept.append(request); respond(request, 1)")
        self.all_back()
        status, _, body = self.result(
            "respond(request, api.call('POST', BASE + '/invocation/%s/response' % kept.pop(), (), b'{}'))")
        self.assertEqual((status, json.loads(body)["errorType"]), (400, "InvalidRequestID"))

    def test_calls_that_the_state_does_not_allow(self):
        self.result(
            "init = api.call('POST', BASE + '/init/error', (), b'{}')\n"
            "respond(request, 1)\n"
            "kept[:] = [init, respond(request, 2), api.call('POST', BASE + '/invocation/%s/error' % request, (), b'{}')]")
        self.all_back()
        for status, _, body in self.result("respond(request, kept)"):
            self.assertEqual(status, 403)
            self.assertEqual(json.loads(body)["errorType"], "InvalidStateTransition")
            self.assertRegex(json.loads(body)["errorMessage"],
                             "^State transition from [A-Za-z]+ to [A-Za-z]+ failed for runtime. Error: ")

    def test_ping_other_paths_and_methods(self):
        seen = self.result(
            "respond(request, [api.call('GET', '/2018-06-01/ping'), api.call('GET', BASE + '/nonsense'),\n"
            "                  api.call('POST', BASE + '/invocation/next'),\n"
            "                  api.call('GET', BASE + '/invocation/%s/response' % request)])")
        self.assertEqual([answer[0] for answer in seen], [200, 404, 405, 405])
        self.assertEqual(seen[0][2], "pong")

    def test_a_response_that_is_too_large(self):
        value = self.failure("mine = id(api)\nkept[:] = [mine, respond(request, b'\"' + b'x' * 6291556 + b'\"')]")
        self.assertEqual(value, {
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "Function.ResponseSizeTooLarge"})
        self.all_back()
        same, (status, _, body) = self.result("respond(request, [kept[0] == id(api), kept[1]])")
        self.assertTrue(same, "the environment lives on")
        self.assertEqual(status, 413)
        self.assertEqual(json.loads(body), {
            "errorMessage": "Exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "RequestEntityTooLarge"})

    def test_the_largest_response(self):
        value, answer = self.invoke("respond(request, b'\"' + b'x' * 6291554 + b'\"')")
        self.assertEqual(len(answer.body), 6291556)

    def test_a_truncated_response(self):
        value = self.failure(
            "other = Connection()\n"
            "other.head('POST', BASE + '/invocation/%s/response' % request, [('Content-Length', 100)])\n"
            "other.socket.sendall(b'{\"short\"')\n"
            "other.socket.shutdown(socket.SHUT_WR)\n"
            "kept[:] = [other.answer()]")
        self.assertEqual(value["errorType"], "Runtime.TruncatedResponse")
        self.all_back()
        status, _, body = self.result("respond(request, kept.pop())")
        self.assertEqual(status, 400)
        self.assertEqual(json.loads(body), {
            "errorMessage": "HTTP request detected as truncated", "errorType": "TruncatedHTTPRequest"})

    def test_an_unknown_response_mode(self):
        value = self.failure(
            "kept[:] = [respond(request, 1, [('Lambda-Runtime-Function-Response-Mode', 'buffered')])]")
        self.assertEqual(value["errorType"], "Runtime.InvalidResponseModeHeader")
        self.all_back()
        status, _, body = self.result("respond(request, kept.pop())")
        self.assertEqual((status, json.loads(body)["errorType"]), (400, "InvalidFunctionResponseMode"))

    # --------------------------------------------------------------------------------------------- what is sent

    def test_expect_100_continue(self):
        """As curl sends bodies over 1 MiB: nothing of the body before the server asks for it."""
        value = self.result(
            "body = json.dumps('y' * 2000000).encode()\n"
            "api.head('POST', BASE + '/invocation/%s/response' % request,\n"
            "         [('Content-Length', len(body)), ('Expect', '100-continue')])\n"
            "line = api.reader.readline()\n"
            "assert line.startswith(b'HTTP/1.1 100'), line\n"
            "api.reader.readline()\n"
            "api.socket.sendall(body)\n"
            "assert api.answer()[0] == 202")
        self.assertEqual(value, "y" * 2000000)

    def test_an_empty_expect_as_the_cpp_runtime_sends_it(self):
        self.assertEqual(self.result("respond(request, 7, [('Expect', '')])"), 7)

    def test_a_streamed_response(self):
        value = self.result(
            "prelude = b'{\"statusCode\":200}' + bytes(8)\n"
            "chunked(request, [prelude, b'hello, ', b'world'],\n"
            "        [('Content-Type', 'application/vnd.awslambda.http-integration-response')])")
        self.assertEqual(value, b'{"statusCode":200}' + bytes(8) + b"hello, world")

    def test_an_error_in_the_trailers(self):
        value = self.failure(
            "error = base64.b64encode(b'{\"errorType\":\"Mine\",\"errorMessage\":\"late\"}').decode()\n"
            "chunked(request, [b'half'], [('Trailer', 'Lambda-Runtime-Function-Error-Type, '\n"
            "                                          'Lambda-Runtime-Function-Error-Body')],\n"
            "        [('Lambda-Runtime-Function-Error-Type', 'Mine'),\n"
            "         ('Lambda-Runtime-Function-Error-Body', error)])")
        self.assertEqual(value, {"errorType": "Mine", "errorMessage": "late"})

    def test_an_error_cause_of_a_mebibyte(self):
        value = self.failure(
            "cause = json.dumps({'exceptions': [{'message': 'z' * (1024 * 1024 - 100)}]})\n"
            "answer = api.call('POST', BASE + '/invocation/%s/error' % request,\n"
            "                  [('Lambda-Runtime-Function-XRay-Error-Cause', cause),\n"
            "                   ('Lambda-Runtime-Function-Error-Type', 'Mine')], b'{\"errorType\":\"Mine\"}')\n"
            "assert answer[0] == 202, answer")
        self.assertEqual(value, {"errorType": "Mine"})
        self.works()

    def test_an_error_with_its_cause_in_the_body(self):
        value = self.failure(
            "api.call('POST', BASE + '/invocation/%s/error' % request,\n"
            "         [('Content-Type', 'application/vnd.aws.lambda.error.cause+json')],\n"
            "         b'{\"errorMessage\":\"m\",\"errorType\":\"T\",\"stackTrace\":[],\"errorCause\":{\"a\":1}}')")
        self.assertEqual(value, {"errorMessage": "m", "errorType": "T", "stackTrace": []})

    def test_a_response_that_is_not_json_is_passed_on(self):
        value, _ = self.invoke("respond(request, b'\\x00\\xff not json', [('Content-Type', 'application/unknown')])")
        self.assertEqual(value, b"\x00\xff not json")

    def test_an_event_of_another_environment_is_not_for_the_taking(self):
        """Whoever knows the address of another function's Runtime API gets nothing from it."""
        address = self.result("respond(request, ADDRESS)")
        self.create("thief")
        seen = self.result(
            "other = Connection(event['victim'])\n"
            "seen = [other.call('GET', BASE + '/invocation/next')]\n"
            "other = Connection(event['victim'])\n"
            "seen.append(other.call('POST', BASE + '/init/error', (), b'{}'))\n"
            "respond(request, seen)", name="thief", event={"victim": address})
        for status, _, body in seen:
            self.assertEqual((status, json.loads(body)["errorType"]), (403, "AccessDenied"))
        self.works()

    # ----------------------------------------------------------------------------------------- the process ends

    def test_ends_of_the_process(self):
        for source, message in {
                "os._exit(0)": "Runtime exited without providing a reason",
                "os._exit(3)": "Runtime exited with error: exit status 3",
                "import signal; os.kill(os.getpid(), 9)": "Runtime exited with error: signal: killed",
                "import signal; os.kill(os.getpid(), 11)": "Runtime exited with error: signal: segmentation fault",
                "os.abort()": "Runtime exited with error: signal: aborted"}.items():
            with self.subTest(source):
                value, answer = self.invoke(source)
                self.assertEqual(answer.headers.get("x-amz-function-error"), "Unhandled")
                self.assertEqual(list(value), ["errorType", "errorMessage"])
                self.assertEqual(value["errorType"], "Runtime.ExitError")
                self.assertRegex(value["errorMessage"], "^RequestId: " + UUID + " Error: " + message + "$")
        self.works()

    def test_tmp_survives_a_crash_and_globals_do_not(self):
        self.result("open('/tmp/kept', 'w').write('yes'); kept.append(1); respond(request, 1)")
        self.all_back()
        self.failure("os._exit(1)")
        self.all_back()
        self.assertEqual(self.result("respond(request, [open('/tmp/kept').read(), kept])"), ["yes", []])

    def test_no_sigterm_without_extensions(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(20)
            self.result("import signal\n"
                        "kept.append(socket.create_connection(('127.0.0.1', event['port'])))\n"
                        "signal.signal(signal.SIGTERM, lambda *_: kept[0].sendall(b'told'))\n"
                        "respond(request, 1)", event={"port": listener.getsockname()[1]})
            line = listener.accept()[0]
        with line:
            line.settimeout(20)
            answer = self.server.delete("/2015-03-31/functions/contract", headers=scope_header())
            self.assertEqual(answer.status // 100, 2, answer)
            try:
                said = line.recv(100)
            except ConnectionResetError:
                said = b""
            self.assertEqual(said, b"", "the end comes untold")


if __name__ == "__main__":
    unittest.main()
