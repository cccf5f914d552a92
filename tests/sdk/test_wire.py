"""The protocol as clients really speak it: unsigned, signed, re-used, chunked, percent-encoded, and wrong."""

import json
import re
import shutil
import socket
import subprocess
import time
import unittest
from http.client import HTTPConnection

from aviary_server import ServerCase, operations_table, scope_header
from botocore.session import get_session
from function_code import ECHO
from recorded_requests import F, code, create, function
from sdk_clients import LambdaCase, client_for


class Plain(ServerCase):
    """Without any signature."""

    def setUp(self):
        super().setUp()
        answer = self.server.post(F, create(FunctionName="fn", Code=code(ECHO)).body)
        self.assertEqual(answer.status, 201, answer)

    def test_headers_of_an_answer(self):
        answer = self.server.get(F)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertRegex(answer.headers["x-amzn-requestid"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertRegex(answer.headers["date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
        self.assertEqual(int(answer.headers["content-length"]), len(answer.body))

    def test_answers_without_a_body(self):
        answer = self.server.delete(function("fn"))
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertNotIn("content-length", answer.headers)

    def test_curl(self):
        curl = shutil.which("curl")
        if not curl:
            self.skipTest("no curl here")
        done = subprocess.run([curl, "-sS", "-d", '{"hello": "curl"}', f"{self.server.endpoint}{F}/fn/invocations"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(json.loads(done.stdout), {"hello": "curl"}, done)
        # A body above 1 MB makes curl ask first: Expect: 100-continue.
        big = json.dumps("x" * 3_000_000)
        done = subprocess.run([curl, "-sS", "--data-binary", "@-", "-H", "Expect: 100-continue",
                               f"{self.server.endpoint}{F}/fn/invocations"],
                              input=big, capture_output=True, text=True, timeout=60)
        self.assertEqual(json.loads(done.stdout), json.loads(big))

    def test_percent_encoding_and_slashes(self):
        for path in (f"{F}/fn", f"{F}/%66%6e", f"{F}/fn/",
                     f"{F}/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Afn",
                     f"{F}/arn:aws:lambda:us-east-1:123456789012:function:fn"):
            self.assertEqual(self.server.get(path).status, 200, path)
        self.assertEqual(self.server.get(f"{F}/").status, 200)

    def test_head_of_unknown_paths(self):
        for method, path in (("GET", "/nowhere"), ("GET", "/2015-03-31/nowhere"), ("PATCH", f"{F}/fn"),
                             ("POST", f"{F}/fn/nowhere"), ("DELETE", F)):
            answer = self.server.request(method, path, headers=scope_header())
            self.assertTrue(400 <= answer.status < 500, (method, path, answer))
            self.assertIn("x-amzn-errortype", answer.headers)

    def test_one_connection_for_many_requests(self):
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        for number in range(50):
            answer = self.server.post(f"{F}/fn/invocations", {"n": number}, connection=connection)
            self.assertEqual(answer.json(), {"n": number})
        connection.close()

    def test_pipelined_requests_are_answered_in_order(self):
        paths = [f"{F}/fn/configuration", F, f"{F}/nope", f"{F}/fn"]
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
            connection.sendall(b"".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths[:-1])
                               + f"GET {paths[-1]} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            received = b""
            while piece := connection.recv(65536):
                received += piece
        statuses = re.findall(rb"HTTP/1\.1 (\d+) ", received)
        self.assertEqual(statuses, [b"200", b"200", b"404", b"200"])

    def test_a_chunked_body(self):
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.request("POST", f"{F}/fn/invocations", body=iter([b'{"a"', b": ", b"1}"]),
                           headers={"Transfer-Encoding": "chunked"}, encode_chunked=True)
        self.assertEqual(json.loads(connection.getresponse().read()), {"a": 1})
        connection.close()

    def test_garbage_is_refused_and_the_server_lives_on(self):
        for garbage in (b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
                        b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                        b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
                try:
                    connection.sendall(garbage)
                    connection.shutdown(socket.SHUT_WR)
                    answer = connection.recv(65536)
                    self.assertTrue(answer == b"" or answer.split()[1].startswith(b"4"), (garbage[:60], answer[:200]))
                except (ConnectionResetError, BrokenPipeError):
                    pass
            self.assertEqual(self.server.get(f"{F}/fn").status, 200)

    def test_a_client_that_goes_away(self):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
                connection.sendall(b"POST " + F.encode() + b"/fn/invocations HTTP/1.1\r\nHost: localhost\r\n"
                                   b"Content-Length: 100\r\n\r\n{")
        self.assertEqual(self.server.post(f"{F}/fn/invocations", {"a": 1}).json(), {"a": 1})


class Scope(ServerCase):
    """Who calls from where is in the credential scope."""

    def test_account_and_region(self):
        for account, region in (("111122223333", "eu-central-1"), ("123456789012", "us-west-2")):
            answer = self.server.post(F, create(FunctionName="fn").body, headers=scope_header(account, region))
            self.assertEqual(answer.json()["FunctionArn"], f"arn:aws:lambda:{region}:{account}:function:fn")
        self.assertEqual(self.server.get(F).json()["Functions"], [])

    def test_a_key_that_is_no_account_number_is_the_default_account(self):
        answer = self.server.post(F, create(FunctionName="fn").body, headers=scope_header("test", "eu-west-1"))
        self.assertEqual(answer.json()["FunctionArn"], "arn:aws:lambda:eu-west-1:123456789012:function:fn")

    def test_unsigned_is_the_default(self):
        answer = self.server.post(F, create(FunctionName="fn").body)
        self.assertEqual(answer.json()["FunctionArn"], "arn:aws:lambda:us-east-1:123456789012:function:fn")

    def test_another_services_scope_is_not_lambda(self):
        answer = self.server.get(F, headers=scope_header(service="qldb"))
        self.assertNotEqual(answer.status, 200, answer)


class OtherDefaults(ServerCase):
    OPTIONS = ("--account", "111122223333")
    ENVIRONMENT = {"AVIARY_REGION": "eu-north-1"}

    def test_options_and_environment(self):
        answer = self.server.post(F, create(FunctionName="fn").body)
        self.assertEqual(answer.json()["FunctionArn"], "arn:aws:lambda:eu-north-1:111122223333:function:fn")


class Signed(LambdaCase):
    """With keys configured, every request's signature is verified."""

    OPTIONS = ("--access-key", "123456789012:right")

    def setUp(self):
        self.client = client_for(self.server.endpoint, secret="right")

    def test_right(self):
        self.create("signed")
        self.assertEqual(self.invoke("signed", payload={"a": "b/c d?ü"})[0], {"a": "b/c d?ü"})
        self.client.tag_resource(Resource=self.arn("signed"), Tags={"a b": "c"})
        self.client.untag_resource(Resource=self.arn("signed"), TagKeys=["a b"])
        self.client.delete_function(FunctionName="signed")

    def test_wrong_secret(self):
        self.refused("InvalidSignatureException", 403, client_for(self.server.endpoint, secret="wrong").list_functions)

    def test_unknown_key(self):
        self.refused("UnrecognizedClientException", 403,
                     client_for(self.server.endpoint, account="999988887777", secret="right").list_functions)

    def test_unsigned(self):
        answer = self.server.get(F)
        self.assertEqual((answer.status, answer.headers["x-amzn-errortype"]), (403, "MissingAuthenticationTokenException"))


class Operations(LambdaCase):
    def test_every_operation_of_the_model_is_there(self):
        """By the table that `aviary operations` prints, which is also the one in the documentation."""
        supported = {name for name, there in operations_table("lambda").items() if there}
        self.assertEqual(set(get_session().get_service_model("lambda").operation_names) - supported, set())


class SlowClients(ServerCase):
    def test_an_idle_connection_does_not_keep_others_waiting(self):
        idle = [socket.create_connection(("127.0.0.1", self.server.port)) for _ in range(100)]
        for connection in idle[::2]:
            connection.sendall(b"GET / HT")
        started = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.server.get("/_aviary/health").status, 200)
        self.assertLess(time.monotonic() - started, 2)
        for connection in idle:
            connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=1)
