"""What Aviary sends to other servers over TLS: topics' messages, alarms' hooks, questions to queues elsewhere."""

import http.server
import json
import os
import queue
import ssl
import threading
import time
import unittest
import urllib.parse

from aviary_server import ACCOUNT, REGION, Server
from function_code import PYTHON, ROLE, python_zip
from sdk_clients import client_for

# A certificate of localhost that vouches for itself, with its key; nothing but this test believes in it.
IDENTITY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "localhost.pem")


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.put(({name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Https(unittest.TestCase):
    def setUp(self):
        self.endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(IDENTITY)
        # Each connection's handshake is its own thread's matter: one that is refused ends nobody else's.
        self.endpoint.socket = context.wrap_socket(self.endpoint.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint.handle_error = lambda *_: None
        self.endpoint.came = queue.Queue()
        thread = threading.Thread(target=self.endpoint.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.endpoint.server_close)
        self.addCleanup(self.endpoint.shutdown)
        self.url = f"https://localhost:{self.endpoint.server_address[1]}/hook"

    def server(self, *options):
        server = Server(*options).start()
        self.addCleanup(server.stop)
        return server

    def test_what_is_sent(self):
        elsewhere = self.url.replace("/hook", "/")
        server = self.server("--ca-bundle", IDENTITY, "--endpoint", f"sqs={elsewhere}")
        sns = client_for(server.endpoint, service="sns")
        topic = sns.create_topic(Name="orders")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=self.url)
        headers, body = self.endpoint.came.get(timeout=30)
        self.assertEqual(headers["x-amz-sns-message-type"], "SubscriptionConfirmation")
        self.assertEqual(headers["host"], urllib.parse.urlsplit(self.url).netloc)
        server.get("/?" + urllib.parse.urlsplit(body["SubscribeURL"]).query)
        sns.publish(TopicArn=topic, Message="hello")
        self.assertEqual(self.endpoint.came.get(timeout=30)[1]["Message"], "hello")

        cloudwatch = client_for(server.endpoint, service="cloudwatch")
        cloudwatch.put_metric_alarm(AlarmName="a", MetricName="m", Namespace="n", Statistic="Sum", Period=60,
                                    EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
                                    AlarmActions=[self.url])
        cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
        self.assertEqual(self.endpoint.came.get(timeout=30)[1]["AlarmName"], "a")

        functions = client_for(server.endpoint)
        functions.create_function(FunctionName="f", Role=ROLE, Runtime=PYTHON, Handler="index.handler",
                                  Code={"ZipFile": python_zip("def handler(event, context): pass")})
        functions.create_event_source_mapping(FunctionName="f", EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")
        self.assertTrue(self.endpoint.came.get(timeout=30)[0]["x-amz-target"].startswith("AmazonSQS."))

    def test_who_is_not_trusted(self):
        server = self.server()
        sns = client_for(server.endpoint, service="sns")
        topic = sns.create_topic(Name="orders")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=self.url)
        cloudwatch = client_for(server.endpoint, service="cloudwatch")
        cloudwatch.put_metric_alarm(AlarmName="a", MetricName="m", Namespace="n", Statistic="Sum", Period=60,
                                    EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
                                    AlarmActions=[self.url])
        cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
        deadline = time.monotonic() + 30
        said = ""
        while "not trusted" not in said:
            self.assertLess(time.monotonic(), deadline, said + server.log())
            said = json.dumps(cloudwatch.describe_alarm_history(AlarmName="a")["AlarmHistoryItems"], default=str)
            time.sleep(0.1)
        self.assertIn("the certificate of localhost is not trusted", said)
        self.assertTrue(self.endpoint.came.empty())

    def test_a_bundle_that_is_not_there(self):
        with self.assertRaisesRegex(RuntimeError, "--ca-bundle /nowhere.pem: there is no such file"):
            Server("--ca-bundle", "/nowhere.pem").start()


if __name__ == "__main__":
    unittest.main()
