"""Event source mappings on sources that are elsewhere: tables of a `moto` server, streams and queues of another Aviary."""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

from aviary_server import ACCOUNT, REGION, Server
from function_code import PYTHON, ROLE, python_zip
from sdk_clients import client_for

CODE = """
import json, urllib.request

def handler(event, context):
    body = json.dumps({'QueueUrl': '%s/%s/results', 'MessageBody': json.dumps(event)}).encode()
    urllib.request.urlopen(urllib.request.Request('%s', body, {
        'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage'})).read()
"""


def moto_python():
    """An interpreter that has moto's server; none: None."""
    for python in dict.fromkeys((sys.executable, shutil.which("python3"), "/usr/bin/python3")):
        if python and subprocess.run([python, "-c", "import moto.server, flask"], capture_output=True).returncode == 0:
            return python
    return None


class OutsideCase(unittest.TestCase):
    def function(self, server):
        """A function that says what it gets, and how to hear it."""
        client = client_for(server.endpoint)
        self.sqs = client_for(server.endpoint, service="sqs")
        self.results = self.sqs.create_queue(QueueName="results")["QueueUrl"]
        client.create_function(FunctionName="f", Role=ROLE, Runtime=PYTHON, Handler="index.handler",
                               Code={"ZipFile": python_zip(CODE % (server.endpoint, ACCOUNT, server.endpoint))})
        return client

    def records(self, count):
        found, deadline = [], time.monotonic() + 120
        while len(found) < count:
            self.assertLess(time.monotonic(), deadline, found)
            for message in self.sqs.receive_message(QueueUrl=self.results, WaitTimeSeconds=5).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.results, ReceiptHandle=message["ReceiptHandle"])
                found += json.loads(message["Body"])["Records"]
        return found


@unittest.skipUnless(moto_python(), "moto's server is not installed")
class Moto(OutsideCase):
    def setUp(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        moto = subprocess.Popen([moto_python(), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env={**os.environ, "MOTO_ACCOUNT_ID": ACCOUNT})
        self.addCleanup(moto.wait)
        self.addCleanup(moto.kill)
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(self.url + "/moto-api/", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.2)
        self.server = Server(*(option for service in ("dynamodb", "kinesis", "sqs")
                               for option in ("--endpoint", f"{service}={self.url}"))).start()
        self.addCleanup(self.server.stop)

    def test_changes_of_a_table_run_a_function(self):
        client = self.function(self.server)
        tables = client_for(self.url, service="dynamodb")
        table = tables.create_table(
            TableName="orders", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]
        arn = table["LatestStreamArn"]
        mapping = client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f",
                                                     StartingPosition="TRIM_HORIZON")
        self.assertEqual((mapping["BatchSize"], mapping["StartingPosition"]), (100, "TRIM_HORIZON"))
        tables.put_item(TableName="orders", Item={"id": {"S": "1"}, "total": {"N": "5"}, "raw": {"B": b"\x00\xff"}})
        tables.put_item(TableName="orders", Item={"id": {"S": "1"}, "total": {"N": "6"}, "raw": {"B": b"\x00\xff"}})
        tables.delete_item(TableName="orders", Key={"id": {"S": "1"}})
        records = self.records(3)
        self.assertEqual([record["eventName"] for record in records], ["INSERT", "MODIFY", "REMOVE"])
        first = records[0]
        self.assertEqual((first["eventSource"], first["eventSourceARN"], first["awsRegion"]),
                         ("aws:dynamodb", arn, REGION))
        self.assertEqual(first["dynamodb"]["Keys"], {"id": {"S": "1"}})
        self.assertEqual(first["dynamodb"]["NewImage"]["total"], {"N": "5"})
        self.assertEqual(records[1]["dynamodb"]["OldImage"]["total"], {"N": "5"})
        self.assertEqual(first["dynamodb"]["StreamViewType"], "NEW_AND_OLD_IMAGES")
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
        self.assertEqual(numbers, sorted(numbers))

    def test_its_queues_and_streams_run_a_function(self):
        client = self.function(self.server)
        sqs, kinesis = client_for(self.url, service="sqs"), client_for(self.url, service="kinesis")
        queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
        kinesis.create_stream(StreamName="clicks", ShardCount=1)
        kinesis.put_record(StreamName="clicks", Data=b"one", PartitionKey="k")
        queue_arn, stream_arn = (f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}" for service, name in (
            ("sqs", "orders"), ("kinesis", "stream/clicks")))
        client.create_event_source_mapping(EventSourceArn=queue_arn, FunctionName="f")
        client.create_event_source_mapping(EventSourceArn=stream_arn, FunctionName="f",
                                           StartingPosition="TRIM_HORIZON")
        sqs.send_message(QueueUrl=queue, MessageBody="two")
        records = {record["eventSourceARN"]: record for record in self.records(2)}
        self.assertEqual(records[queue_arn]["body"], "two")
        self.assertEqual(base64.b64decode(records[stream_arn]["kinesis"]["data"]), b"one")

    def test_refusals(self):
        client = self.function(self.server)
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/none/stream/2025-02-22T03:03:25.490"
        with self.assertRaises(client.exceptions.InvalidParameterValueException) as caught:
            client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", StartingPosition="LATEST")
        self.assertIn("none", caught.exception.response["Error"]["Message"])
        with self.assertRaises(client.exceptions.InvalidParameterValueException) as caught:
            client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", StartingPosition="AT_TIMESTAMP",
                                               StartingPositionTimestamp=0)
        self.assertEqual(caught.exception.response["Error"]["Message"],
                         f"Unsupported starting position for arn type: {arn}")


class AnotherKinesis(OutsideCase):
    def test_its_streams_run_functions_here(self):
        # It verifies signatures, so ours is one.
        there = Server("--access-key", "AKIDEXAMPLE:wJalrXUtnFEMI").start()
        self.addCleanup(there.stop)
        here = Server("--endpoint", f"kinesis={there.endpoint}", environment={
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}).start()
        self.addCleanup(here.stop)
        kinesis = client_for(there.endpoint, account="AKIDEXAMPLE", secret="wJalrXUtnFEMI", service="kinesis")
        kinesis.create_stream(StreamName="clicks", ShardCount=2)
        client = self.function(here)
        arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
        client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", StartingPosition="TRIM_HORIZON")
        for number in range(4):
            kinesis.put_record(StreamName="clicks", Data=b"%d" % number, PartitionKey=f"key {number}")
        records = self.records(4)
        self.assertEqual(sorted(base64.b64decode(record["kinesis"]["data"]) for record in records),
                         [b"0", b"1", b"2", b"3"])
        self.assertEqual({record["eventSourceARN"] for record in records}, {arn})


class AnotherSqs(OutsideCase):
    def test_its_queues_run_functions_here(self):
        there = Server().start()
        self.addCleanup(there.stop)
        here = Server("--endpoint", f"sqs={there.endpoint}").start()
        self.addCleanup(here.stop)
        sqs = client_for(there.endpoint, service="sqs")
        orders = sqs.create_queue(QueueName="orders")["QueueUrl"]
        client = self.function(here)
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
        with self.assertRaises(client.exceptions.InvalidParameterValueException):
            client.create_event_source_mapping(EventSourceArn=arn + "-none", FunctionName="f")
        client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
        sent = sqs.send_message(QueueUrl=orders, MessageBody="one", MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "new"}})
        [record] = self.records(1)
        self.assertEqual((record["messageId"], record["body"], record["eventSource"], record["eventSourceARN"],
                          record["awsRegion"], record["md5OfBody"]),
                         (sent["MessageId"], "one", "aws:sqs", arn, REGION, sent["MD5OfMessageBody"]))
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "1")
        self.assertEqual(record["messageAttributes"], {"kind": {
            "stringValue": "new", "stringListValues": [], "binaryListValues": [], "dataType": "String"}})
        deadline = time.monotonic() + 60
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        while True:  # until it is deleted there
            left = sqs.get_queue_attributes(QueueUrl=orders, AttributeNames=counts)["Attributes"]
            if set(left.values()) == {"0"}:
                break
            self.assertLess(time.monotonic(), deadline, left)
            time.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
