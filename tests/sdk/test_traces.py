"""Traces of functions with active tracing, and where they are sent."""

import base64
import http.server
import json
import re
import threading
import unittest

from function_code import python_zip
from sdk_clients import LambdaCase

TELLING = python_zip("import os\n\ndef handler(event, context):\n    if event.get('fail'):\n"
                     "        raise ValueError('no luck')\n    return os.environ.get('_X_AMZN_TRACE_ID')\n")
ROOT = "1-67891233-abcdef012345678912345678"


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Traces(LambdaCase):
    def setUp(self):
        super().setUp()
        self.create(code=TELLING, TracingConfig={"Mode": "Active"})
        self.invoke(payload={})

    def ask(self, header, body=None, **headers):
        return self.server.post("/2015-03-31/functions/order-processor/invocations", body or {},
                                headers={"X-Amzn-Trace-Id": header, **headers})

    def traces(self, query=""):
        return self.server.get("/_aviary/traces" + query).json()["traces"]

    def test_a_trace_that_the_caller_began(self):
        answer = self.ask(f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1", **{"X-Amz-Log-Type": "Tail"})
        seen = re.fullmatch(rf"Root={ROOT};Parent=([0-9a-f]{{16}});Sampled=1;Lineage=.*", answer.json())
        self.assertTrue(seen, answer.json())
        log = base64.b64decode(answer.headers["x-amz-log-result"]).decode()
        self.assertIn(f"\t\nXRAY TraceId: {ROOT}\tSegmentId: {seen[1]}\tSampled: true\t\n", log)
        (trace,) = self.traces(f"?trace={ROOT}")
        service, function = (segment["Document"] for segment in trace["Segments"])
        self.assertEqual((service["origin"], service["parent_id"]), ("AWS::Lambda", "53995c3f42cd8ad8"))
        self.assertEqual((function["origin"], function["parent_id"], function["id"]),
                         ("AWS::Lambda::Function", service["id"], seen[1]))
        self.assertEqual([part["name"] for part in function["subsegments"]], ["Invocation", "Overhead"])
        self.ask(f"Root={ROOT};Sampled=1", {"fail": True})
        latest = self.traces("?function=order-processor")[0]["Segments"][1]["Document"]
        self.assertEqual((latest["error"], latest["cause"]["exceptions"][0]["message"]), (True, "no luck"))
        self.assertEqual(self.ask("Root=1-2-3;Sampled=0").json()[:20], "Root=1-2-3;Sampled=0")
        self.assertEqual(self.server.get("/_aviary/traces?limit=x").status, 400)

    def test_the_first_of_a_second_is_sampled(self):
        document = self.traces()[-1]["Segments"][1]["Document"]
        self.assertEqual(document["subsegments"][0]["name"], "Initialization")


class Export(LambdaCase):
    """The collector is there for as long as the class is."""

    @classmethod
    def setUpClass(cls):
        cls.collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        cls.collector.received = []
        cls.thread = threading.Thread(target=cls.collector.serve_forever)
        cls.thread.start()
        cls.OPTIONS = ("--otlp", f"http://127.0.0.1:{cls.collector.server_address[1]}", "--trace-sampling", "all")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.end_collector()

    @classmethod
    def end_collector(cls):
        if cls.thread:
            cls.collector.shutdown()
            cls.collector.server_close()
            cls.thread.join()
            cls.thread = None

    def test_a_collector_gets_the_spans_and_is_not_missed(self):
        self.create(code=TELLING, TracingConfig={"Mode": "Active"})
        for _ in range(3):
            self.invoke(payload={})

        def report():
            return self.server.get("/_aviary/traces").json()["export"]
        self.eventually(lambda: report()["sent"] == 3, 20, "the export")
        spans = [span for _, _, body in self.collector.received for resource in body["resourceSpans"]
                 for span in resource["scopeSpans"][0]["spans"]]
        self.assertEqual({(path, kind) for path, kind, _ in self.collector.received},
                         {("/v1/traces", "application/json")})
        self.assertEqual(len([span for span in spans if span["name"] == "Invocation"]), 3)
        self.assertTrue(all(re.fullmatch("[0-9a-f]{32}", span["traceId"]) for span in spans))
        self.end_collector()
        self.assertTrue(self.invoke(payload={})[0].startswith("Root="))
        self.eventually(lambda: report()["dropped"] == 1, 20, "the loss")


if __name__ == "__main__":
    unittest.main()
