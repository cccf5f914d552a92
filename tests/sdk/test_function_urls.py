"""Function URLs over plain HTTP, and streamed responses with boto3."""

import json
import time
import unittest
from http.client import HTTPConnection

from function_code import NODE, node_zip, python_zip
from sdk_clients import LambdaCase, client_for

MIRROR = python_zip("""
def handler(event, context):
    http = event['requestContext']['http']
    return {'statusCode': 200, 'headers': {'X-Method': http['method'], 'X-Path': event['rawPath']},
            'cookies': ['session=1', 'theme=dark'], 'body': event.get('body') or 'nothing'}
""")

STREAMING = node_zip("""
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.requestContext) {
    stream = awslambda.HttpResponseStream.from(stream, {statusCode: 201, headers: {'X-A': 'b'}, cookies: ['c=d']});
  }
  stream.write('first ');
  await new Promise(done => setTimeout(done, 700));
  stream.write('second');
  if (event.fail) throw new Error('in mid-stream');
  if (event.megabytes) {
    const piece = Buffer.alloc(1 << 20, 120);
    for (let i = 0; i < event.megabytes; i++) {
      if (!stream.write(piece)) await new Promise(more => stream.once('drain', more));
    }
  }
  stream.end();
});
""")


class Urls(LambdaCase):
    def send(self, url, method="GET", path="/", body=None, headers=None):
        """By its Host, whatever resolves it: the connection goes to the server."""
        host = url.split("//")[1].rstrip("/")
        return self.server.request(method, path, body, {"Host": host, **(headers or {})})

    def test_a_url_works_by_host_and_by_path(self):
        self.create(code=MIRROR)
        made = self.client.create_function_url_config(FunctionName="order-processor", AuthType="NONE")
        self.assertEqual(self.status(made), 201)
        url = made["FunctionUrl"]
        self.assertRegex(url, rf"^http://[0-9a-z]{{32}}\.lambda-url\.us-east-1\.localhost:{self.server.port}/$")
        answer = self.send(url, "PUT", "/a/b?c=d", "hello", {"Content-Type": "text/plain"})
        self.assertEqual((answer.status, answer.body), (200, b"hello"), answer)
        self.assertEqual((answer.headers["x-method"], answer.headers["x-path"]), ("PUT", "/a/b"))
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request("GET", f"/_aviary/lambda-url/{url[7:39]}/deep")
        response = connection.getresponse()
        self.assertEqual(response.getheader("X-Path"), "/deep")
        self.assertEqual(response.headers.get_all("Set-Cookie"), ["session=1", "theme=dark"])
        connection.close()
        got = self.client.get_function_url_config(FunctionName="order-processor")
        self.assertEqual((got["FunctionUrl"], got.get("InvokeMode", "BUFFERED")), (url, "BUFFERED"))  # boto3 1.26: no mode
        self.assertEqual(len(self.client.list_function_url_configs(FunctionName="order-processor")["FunctionUrlConfigs"]), 1)
        self.client.delete_function_url_config(FunctionName="order-processor")
        self.assertEqual(self.send(url).status, 403)

    def test_pages_of_others_may_call_as_cors_says(self):
        self.create(code=MIRROR)
        url = self.client.create_function_url_config(
            FunctionName="order-processor", AuthType="NONE",
            Cors={"AllowOrigins": ["https://shop.example"], "AllowMethods": ["*"]})["FunctionUrl"]
        page = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
        preflight = self.send(url, "OPTIONS", headers={**page, "Access-Control-Request-Method": "PUT"})
        self.assertEqual(preflight.headers["access-control-allow-methods"], "PUT", preflight)
        answer = self.send(url, headers=page)
        self.assertEqual(answer.headers["access-control-allow-origin"], "https://shop.example")
        self.assertNotIn("access-control-allow-origin", self.send(url, headers={"Origin": "https://x.example"}).headers)

    def test_a_url_with_iam_wants_a_signature(self):
        self.create(code=MIRROR)
        url = self.client.create_function_url_config(FunctionName="order-processor", AuthType="AWS_IAM")["FunctionUrl"]
        self.assertEqual(self.send(url).status, 403)
        signature = {"Authorization": "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/lambda/aws4_request, "
                                      "SignedHeaders=host, Signature=0"}
        self.assertEqual(self.send(url, headers=signature).status, 200)

    def test_an_exception_is_a_502(self):
        self.create(code=python_zip("def handler(event, context):\n    raise ValueError('no')\n"))
        url = self.client.create_function_url_config(FunctionName="order-processor", AuthType="NONE")["FunctionUrl"]
        answer = self.send(url)
        self.assertEqual((answer.status, answer.body), (502, b"Internal Server Error"))


class Streams(Urls):
    def setUp(self):
        super().setUp()
        if not hasattr(self.client, "invoke_with_response_stream"):
            self.skipTest("this boto3 is from before response streams")

    def stream(self):
        self.create(code=STREAMING, Runtime=NODE, Timeout=60)

    def events(self, payload):
        response = self.client.invoke_with_response_stream(
            FunctionName="order-processor", Payload=json.dumps(payload).encode(), LogType="Tail")
        self.assertEqual(response["ExecutedVersion"], "$LATEST")
        return response["EventStream"]

    def test_pieces_come_while_the_function_writes(self):
        self.stream()
        list(self.events({}))  # warm
        pieces, times = [], []
        complete = None
        for event in self.events({}):
            if "PayloadChunk" in event:
                pieces.append(event["PayloadChunk"]["Payload"])
                times.append(time.monotonic())
            else:
                complete = event["InvokeComplete"]
        self.assertEqual(b"".join(pieces), b"first second")
        self.assertGreater(times[-1] - times[0], 0.3, "the first piece came long before the last")
        self.assertIn("LogResult", complete)
        self.assertNotIn("ErrorCode", complete)

    def test_an_error_in_mid_stream_is_told_at_the_end(self):
        self.stream()
        events = list(self.events({"fail": True}))
        self.assertEqual(b"".join(e["PayloadChunk"]["Payload"] for e in events[:-1]), b"first second")
        self.assertEqual(events[-1]["InvokeComplete"]["ErrorCode"], "Unhandled")
        self.assertIn("in mid-stream", events[-1]["InvokeComplete"]["ErrorDetails"])

    def test_a_buffered_function_is_one_piece(self):
        self.create(code=python_zip("def handler(event, context):\n    return {'n': 1}\n"))
        events = list(self.events({}))
        self.assertEqual(json.loads(events[0]["PayloadChunk"]["Payload"]), {"n": 1})

    def test_much_is_streamed_through_little_memory(self):
        self.stream()
        list(self.events({}))

        process = f"/proc/{self.server.process.pid}"

        def resident(member):
            with open(process + "/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith(member))
        with open(process + "/clear_refs", "w") as file:
            file.write("5")  # the high-water mark begins anew
        before = resident("VmRSS")
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", "/2021-11-15/functions/order-processor/response-streaming-invocations",
                           b'{"megabytes": 199}')
        response, total = connection.getresponse(), 0
        while piece := response.read(1 << 20):
            total += len(piece)
        self.assertGreater(total, 199 << 20)
        self.assertLess(resident("VmHWM") - before, 8 * 1024, "KiB")

    def test_a_streaming_url(self):
        self.stream()
        url = self.client.create_function_url_config(
            FunctionName="order-processor", AuthType="NONE", InvokeMode="RESPONSE_STREAM")["FunctionUrl"]
        self.send(url)
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request("GET", "/", headers={"Host": url[7:].rstrip("/")})
        response = connection.getresponse()
        self.assertEqual((response.status, response.getheader("X-A")), (201, "b"))
        self.assertEqual(response.getheader("Set-Cookie"), "c=d")
        first = response.read1(100)
        self.assertEqual(first, b"first ")
        self.assertEqual(response.read(), b"second")
        connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=1)
