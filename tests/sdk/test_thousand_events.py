"""A thousand asynchronous events into a function that fails twice and then succeeds, by the manual clock; the same with
the server killed in between."""

import base64
import collections
import socketserver
import threading
import unittest
from http.client import HTTPConnection

from aviary_server import Server, ServerCase
from function_code import PYTHON, ROLE, python_zip
from recorded_requests import F, function

EVENTS = 1000

# Says which event it has, and is told whether to fail: what it knew itself would end with its environment.
ASKS = """
import socket
judge = socket.create_connection(('127.0.0.1', %d)).makefile('rw')

def handler(event, context):
    judge.write(context.aws_request_id + chr(10))
    judge.flush()
    if judge.readline() != 'succeed' + chr(10):
        raise RuntimeError('not yet')
"""


class Judge(socketserver.ThreadingTCPServer):
    """Counts the attempts of each event, and lets the third succeed."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Talk)
        self.attempts = collections.Counter()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Talk(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                attempts = self.server.attempts
                attempts[line] += 1
                self.wfile.write(b"succeed\n" if attempts[line] > 2 else b"fail\n")

    def done(self, attempts):
        return sum(1 for count in self.attempts.values() if count >= attempts)


class ThousandEvents(ServerCase):
    OPTIONS = ("--clock", "manual", "--max-environments", "2")

    def setUp(self):
        self.judge = Judge()
        self.addCleanup(self.judge.server_close)
        self.addCleanup(self.judge.shutdown)

    def send(self, server):
        code = base64.b64encode(python_zip(ASKS % self.judge.server_address[1])).decode()
        made = server.post(F, {"FunctionName": "worker", "Role": ROLE, "Runtime": PYTHON, "Handler": "index.handler",
                               "Timeout": 30, "Code": {"ZipFile": code}})
        self.assertEqual(made.status, 201, made)
        connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
        self.addCleanup(connection.close)
        for _ in range(EVENTS):
            connection.request("POST", function("worker", "/invocations"), b"{}", {"X-Amz-Invocation-Type": "Event"})
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 202)

    def waiting(self, server):
        return server.get("/_aviary/info").json()["lambda"]["pending_events"]

    def quiet(self, server):
        self.eventually(lambda: server.get("/_aviary/info").json()["in_flight"] == 0, 60, "the end of all attempts")

    def attempted(self, server, times):
        self.eventually(lambda: self.judge.done(times) == EVENTS, 60, f"attempt {times} of every event")
        self.quiet(server)

    def advance(self, server, by):
        self.assertEqual(server.post("/_aviary/clock/advance", {"by": by}).status, 200)

    def test_all_succeed_at_the_third_attempt(self):
        self.send(self.server)
        for times, pause in ((1, "61s"), (2, "121s")):
            self.attempted(self.server, times)
            self.assertEqual(self.waiting(self.server), EVENTS)
            self.advance(self.server, pause)
        self.attempted(self.server, 3)
        self.eventually(lambda: self.waiting(self.server) == 0, 30, "the end of every event")
        self.assertEqual(set(self.judge.attempts.values()), {3})

    def test_the_same_with_the_server_killed_in_between(self):
        folder = self.scratch()
        server = Server(*self.OPTIONS, data_dir=folder).start()
        self.addCleanup(lambda: server.stop())
        self.send(server)
        self.eventually(lambda: self.judge.done(1) > EVENTS // 2, 60, "the first attempt of many")
        server.kill()
        server = Server(*self.OPTIONS, data_dir=folder).start()
        for _ in range(6):  # an attempt that the kill cut off is made again, so that some are ahead of others
            self.quiet(server)
            if self.waiting(server) == 0:
                break
            self.advance(server, "121s")
        self.assertEqual(self.waiting(server), 0)
        self.assertEqual(self.judge.done(3), EVENTS, "each has come to its success")
        self.assertEqual(len(self.judge.attempts), EVENTS)


if __name__ == "__main__":
    unittest.main()
