"""Event source mappings on topics of a real Kafka cluster: librdkafka's own, which `kafka_broker` runs in memory.

The event's shape as https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html has it. What the mapping decides is
tested without a broker in tests/unit/lambda/kafka_test.cpp.
"""

import base64
import json
import os
import subprocess
import unittest

from aviary_server import ACCOUNT, REGION
from function_code import python_zip
from test_event_source_mappings import MappingCase

# Sends what it gets on to the queue `results`; a value that says so makes it fail, the first time or always.
CODE = """
import base64, json, urllib.request

failed = []

def handler(event, context):
    values = [base64.b64decode(record.get('value', '')).decode() for records in event['records'].values()
              for record in records]
    said = json.dumps({'version': context.function_version, 'event': event, 'values': values})
    body = json.dumps({'QueueUrl': '%s/%s/results', 'MessageBody': said}).encode()
    urllib.request.urlopen(urllib.request.Request('%s', body, {
        'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage'})).read()
    if 'fail' in values or 'fail once' in values and not failed:
        failed.append(1)
        raise ValueError('asked to')
# %s
"""


class Broker:
    def __init__(self):
        self.process = subprocess.Popen([os.environ["AVIARY_KAFKA_BROKER"]], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.servers = self.process.stdout.readline().strip()

    def order(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def produce(self, *values, topic="orders", **more):
        for value in values:
            if (problem := self.order(topic=topic, value=value, **more)) != 0:
                raise RuntimeError(problem)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@unittest.skipUnless(os.environ.get("AVIARY_KAFKA_BROKER"), "built without Kafka")
class Kafka(MappingCase):
    def setUp(self):
        super().setUp()
        self.broker = Broker()
        self.addCleanup(self.broker.stop)
        self.broker.order(create="orders", partitions=2)
        self.create(code=self.code())

    def code(self, mark=""):
        return python_zip(CODE % (self.server.endpoint, ACCOUNT, self.server.endpoint, mark))

    def map_topic(self, function="order-processor", **more):
        return self.client.create_event_source_mapping(**{
            "FunctionName": function, "Topics": ["orders"], "StartingPosition": "TRIM_HORIZON",
            "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [self.broker.servers]}},
            "SourceAccessConfigurations": [{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}], **more})["UUID"]

    def committed(self, group):
        return self.broker.order(committed=group, topic="orders")

    def until_committed(self, group, offsets):
        self.until(lambda: self.committed(group) == offsets)

    def until_state(self, uuid, state):
        self.until(lambda: self.client.get_event_source_mapping(UUID=uuid)["State"] == state)

    def test_batches_go_through_the_alias_and_offsets_are_committed(self):
        self.publish()
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1")
        self.broker.produce("one", key="k", headers={"trace": "\u00eb"})
        self.broker.produce("two")
        uuid = self.map_topic("order-processor:prod", BatchSize=2)
        [said] = self.said(1)
        self.assertEqual(said["version"], "1")
        event = said["event"]
        times = [record.pop("timestamp") for record in event["records"]["orders-0"]]
        self.assertTrue(all(time > 1_600_000_000_000 for time in times), times)
        self.assertEqual(event, {
            "eventSource": "aws:SelfManagedKafka", "bootstrapServers": self.broker.servers,
            "records": {"orders-0": [
                {"topic": "orders", "partition": 0, "offset": 0, "timestampType": "CREATE_TIME",
                 "key": base64.b64encode(b"k").decode(), "value": base64.b64encode(b"one").decode(),
                 "headers": [{"trace": [-61, -85]}]},
                {"topic": "orders", "partition": 0, "offset": 1, "timestampType": "CREATE_TIME",
                 "value": base64.b64encode(b"two").decode(), "headers": []}]}})
        self.until_committed(uuid, [2, None])
        # The alias moves, and the mapping with it; a mapping that rests takes nothing and loses nothing.
        self.publish_code(self.code("2"))
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="2")
        self.broker.produce("three", partition=1)
        [said] = self.said(1)
        self.assertEqual((said["version"], said["values"]), ("2", ["three"]))
        self.until_committed(uuid, [2, 1])
        self.client.update_event_source_mapping(UUID=uuid, Enabled=False)
        self.until_state(uuid, "Disabled")
        self.broker.produce("four", "five")
        self.client.update_event_source_mapping(UUID=uuid, Enabled=True, BatchSize=1)
        self.assertEqual([each["values"] for each in self.said(2)], [["four"], ["five"]])
        self.until_committed(uuid, [4, 1])
        self.until(lambda: self.mapping_report(uuid)["lag"] == 0)
        self.client.delete_event_source_mapping(UUID=uuid)
        self.until(lambda: not self.client.list_event_source_mappings()["EventSourceMappings"])
        # Who comes after it in a group of its own choice begins where that group was.
        self.broker.produce("six")
        self.map_topic(SelfManagedKafkaEventSourceConfig={"ConsumerGroupId": uuid})
        self.assertEqual([each["values"] for each in self.said(1)], [["six"]])

    def test_failures_are_tried_again_and_given_up_to_a_topic(self):
        self.broker.order(create="failed")
        self.broker.produce("fail once", "after it")
        uuid = self.map_topic(BatchSize=1, MaximumRetryAttempts=1,
                              DestinationConfig={"OnFailure": {"Destination": "kafka://failed"}})
        self.assertEqual([each["values"] for each in self.said(3)], [["fail once"], ["fail once"], ["after it"]])
        self.until_committed(uuid, [2, None])
        self.broker.produce("fail", key="k")
        self.broker.produce("last")
        self.assertEqual([each["values"] for each in self.said(3)], [["fail"], ["fail"], ["last"]])
        [record] = self.broker.order(read="failed")
        self.assertEqual(record["key"], "k")
        told = json.loads(record["value"])
        self.assertEqual(told["requestContext"]["functionArn"],
                         f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:order-processor")
        self.assertEqual((told["requestContext"]["condition"], told["requestContext"]["approximateInvokeCount"]),
                         ("RetryAttemptsExhausted", 2))
        self.assertEqual(told["KafkaBatchInfo"]["recordInfo"]["offset"], "2")
        self.until_committed(uuid, [4, None])

    def test_an_outage_loses_nothing(self):
        uuid = self.map_topic()
        self.broker.produce("before")
        self.assertEqual([each["values"] for each in self.said(1)], [["before"]])
        self.until_committed(uuid, [1, None])
        self.broker.order(down=True)
        self.until(lambda: self.mapping_report(uuid)["last_error"])
        self.broker.order(down=False)
        self.broker.produce("after")
        self.assertEqual([each["values"] for each in self.said(1)], [["after"]])
        self.until_committed(uuid, [2, None])


if __name__ == "__main__":
    unittest.main()
