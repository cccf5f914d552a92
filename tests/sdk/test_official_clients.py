"""AWS's own clients in real sandboxes: aws-lambda-ric by --runtime-client, and a program built with aws-lambda-cpp.

Skipped where the npm registry, a compiler or libcurl is not to be had; tests/runtime/official_clients.py says how they are
made. What they answer is compared with our own client in tests/runtime/test_official_clients.py.
"""

import base64
import os
import sys
import unittest

from aviary_server import Server
from function_code import ROLE, node_zip, zipped

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "runtime"))
import official_clients  # noqa: E402

NODE = """
exports.handler = async (event, context) => {
  if (event.fails) throw new TypeError('on purpose');
  return { event, function: context.functionName, arn: context.invokedFunctionArn };
};
"""


class OfficialClients(unittest.TestCase):
    maxDiff = None

    def serve(self, *options):
        server = Server(*options).start()
        self.addCleanup(server.stop)
        return server

    @staticmethod
    def create(server, name, runtime, code):
        answer = server.post("/2015-03-31/functions", {
            "FunctionName": name, "Runtime": runtime, "Handler": "index.handler", "Role": ROLE, "Timeout": 10,
            "Code": {"ZipFile": base64.b64encode(code).decode()}})
        assert answer.status == 201, answer

    @staticmethod
    def invoke(server, name, event):
        answer = server.post(f"/2015-03-31/functions/{name}/invocations", event)
        return answer.status, answer.headers.get("x-amz-function-error"), answer.body

    def test_node(self):
        folder = official_clients.node_client()
        answers = []
        for options in ((), ("--runtime-client", f"nodejs={folder}")):
            server = self.serve(*options)
            self.create(server, "real", "nodejs20.x", node_zip(NODE))
            answers.append([self.invoke(server, "real", event) for event in ({"a": "ü"}, {}, [1])])
            status, error, body = self.invoke(server, "real", {"fails": True})
            self.assertEqual((status, error), (200, "Unhandled"), body)
            self.assertIn(b'"errorType":"TypeError","errorMessage":"on purpose"', body)
            log = self.invoke(server, "real", {"last": 1})
            self.assertEqual(log[:2], (200, None))
        self.assertEqual(answers[1], answers[0])

    def test_aws_lambda_cpp(self):
        """The example that its README gives: an answer, or for a longer event an error."""
        with open(official_clients.cpp_program(), "rb") as program:
            code = zipped({"bootstrap": (program.read(), 0o755)})
        server = self.serve()
        self.create(server, "cpp", "provided.al2023", code)
        for _ in range(3):
            self.assertEqual(self.invoke(server, "cpp", {"a": 1}), (200, None, b"json payload here"))
            status, error, body = self.invoke(server, "cpp", {"long": "x" * 50})
            self.assertEqual((status, error), (200, "Unhandled"))
            self.assertEqual(body, b'{"errorMessage":"error message here","errorType":"error type here", "stackTrace":[]}')


if __name__ == "__main__":
    unittest.main()
