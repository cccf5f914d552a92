"""Event source mappings on queues: their operations, what functions get, and what becomes of what fails.

Texts of errors as recorded from AWS by LocalStack's tests of event source mappings.
"""

import json
import time
import unittest

from aviary_server import ACCOUNT, REGION
from aws_cli import for_each
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

EVERY_BOTO3 = True

# Sends what it gets on to the queue `results`, with its version; a body that says so makes it fail.
CODE = """
import json, time, urllib.request

def handler(event, context):
    bodies = [record['body'] for record in event['Records']]
    said = json.dumps({'version': context.function_version, 'event': event, 'bodies': bodies})
    body = json.dumps({'QueueUrl': '%s/%s/results', 'MessageBody': said}).encode()
    urllib.request.urlopen(urllib.request.Request('%s', body, {
        'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage'})).read()
    if 'slow' in bodies:
        time.sleep(1)
    if 'fail' in bodies:
        raise ValueError('asked to')
    return {'batchItemFailures': [{'itemIdentifier': record['messageId']} for record in event['Records']
                                  if record['body'] == 'item fails']}
# %s
"""


class MappingCase(LambdaCase):
    def setUp(self):
        super().setUp()
        self.sqs = client_for(self.server.endpoint, service="sqs")
        self.results = self.sqs.create_queue(QueueName="results")["QueueUrl"]
        self.orders = self.sqs.create_queue(QueueName="orders")["QueueUrl"]

    def code(self, mark=""):
        return python_zip(CODE % (self.server.endpoint, ACCOUNT, self.server.endpoint, mark))

    def queue_arn(self, name="orders"):
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def map(self, function="order-processor", **more):
        return self.client.create_event_source_mapping(
            **{"EventSourceArn": self.queue_arn(), "FunctionName": function, **more})

    def send(self, *bodies, queue=None):
        for body in bodies:
            self.sqs.send_message(QueueUrl=queue or self.orders, MessageBody=body)

    def said(self, count, more=False):
        """What the function was given, `count` invokes of it, or also more."""
        found, deadline = [], time.monotonic() + 120
        while len(found) < count and time.monotonic() < deadline:
            for message in self.sqs.receive_message(QueueUrl=self.results, WaitTimeSeconds=5,
                                                    MaxNumberOfMessages=10).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.results, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        self.assertTrue(len(found) == count or (more and len(found) > count), found)
        return found

    def mapping_report(self, uuid):
        [row] = [row for row in self.server.get("/_aviary/mappings").json()["mappings"] if row["uuid"] == uuid]
        return row

    def until(self, condition):
        deadline = time.monotonic() + 120
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def left(self, url=None):
        attributes = self.sqs.get_queue_attributes(QueueUrl=url or self.orders, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])


class Operations(MappingCase):
    def test_life(self):
        self.create(code=self.code())
        made = self.map(Enabled=False)
        uuid = made["UUID"]
        self.assertEqual((self.status(made), made["State"], made["BatchSize"], made["MaximumBatchingWindowInSeconds"]),
                         (202, "Creating", 10, 0))
        self.assertEqual((made["FunctionArn"], made["EventSourceArn"], made["StateTransitionReason"]),
                         (self.arn(), self.queue_arn(), "USER_INITIATED"))
        self.assertEqual(self.client.get_event_source_mapping(UUID=uuid)["State"], "Disabled")
        known = self.client.meta.service_model.operation_model("UpdateEventSourceMapping").input_shape.members
        scaling = {"ScalingConfig": {"MaximumConcurrency": 2}} if "ScalingConfig" in known else {}  # not in old SDKs
        changed = self.client.update_event_source_mapping(
            UUID=uuid, BatchSize=5, **scaling, FunctionResponseTypes=["ReportBatchItemFailures"],
            FilterCriteria={"Filters": [{"Pattern": '{"body":{"a":[1]}}'}]})
        self.assertEqual((self.status(changed), changed["State"], changed["BatchSize"]), (202, "Updating", 5))
        self.assertEqual(changed.get("ScalingConfig", {}), scaling.get("ScalingConfig", {}))
        self.assertEqual(changed["FilterCriteria"], {"Filters": [{"Pattern": '{"body":{"a":[1]}}'}]})
        self.assertEqual(self.client.update_event_source_mapping(UUID=uuid, Enabled=True)["State"], "Enabling")
        self.assertEqual(self.client.get_event_source_mapping(UUID=uuid)["State"], "Enabled")
        for request in ({}, {"FunctionName": "order-processor"}, {"EventSourceArn": self.queue_arn()}):
            self.assertEqual([each["UUID"] for each in self.client.list_event_source_mappings(**request)["EventSourceMappings"]],
                             [uuid])
        self.assertEqual(self.client.list_event_source_mappings(EventSourceArn=self.queue_arn("other"))["EventSourceMappings"], [])
        self.assertEqual(self.client.delete_event_source_mapping(UUID=uuid)["State"], "Deleting")
        self.refused("ResourceNotFoundException", 404, self.client.get_event_source_mapping, UUID=uuid,
                     message="The resource you requested does not exist.")

    def test_pages(self):
        self.create(code=self.code())
        for number in range(3):
            self.sqs.create_queue(QueueName=f"q{number}")
            self.map(EventSourceArn=self.queue_arn(f"q{number}"), Enabled=False)
        pages = list(self.client.get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["EventSourceMappings"]) for page in pages], [2, 1])

    def test_refusals(self):
        self.create(code=self.code())
        invalid = "InvalidParameterValueException"
        for request, message in [
                ({"EventSourceArn": None}, "Unrecognized event source."),
                ({"FunctionName": "nobody", "EventSourceArn": self.queue_arn("none")}, "Function does not exist"),
                ({"FunctionName": "nobody", "DestinationConfig": {"OnSuccess": {"Destination": self.queue_arn()}}},
                 "Unsupported DestinationConfig parameter for given event source mapping type."),
                ({"BatchSize": 11},
                 "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"),
                ({"EventSourceArn": self.queue_arn("none")},
                 "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                 "SQS Error Message: The specified queue does not exist."),
                ({"FilterCriteria": {"Filters": [{"Pattern": "simple string"}]}}, "Invalid filter pattern definition.")]:
            request = {"EventSourceArn": self.queue_arn(), "FunctionName": "order-processor", **request}
            self.refused(invalid, 400, self.client.create_event_source_mapping, message=message,
                         **{key: value for key, value in request.items() if value is not None})
        uuid = self.map(Enabled=False)["UUID"]
        self.refused("ResourceConflictException", 409, self.map, message=(
            f'An event source mapping with SQS arn (" {self.queue_arn()} ") and function (" order-processor ") already '
            f"exists. Please update or delete the existing mapping with UUID {uuid}"))
        self.client.update_function_configuration(FunctionName="order-processor", Timeout=31)
        self.sqs.create_queue(QueueName="other")
        self.refused(invalid, 400, self.map, EventSourceArn=self.queue_arn("other"), message=(
            "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"))
        self.assertEqual(len(self.client.list_event_source_mappings()["EventSourceMappings"]), 1)

    def test_tags(self):
        self.create(code=self.code())
        uuid = self.map(Enabled=False)["UUID"]
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}"
        self.client.tag_resource(Resource=arn, Tags={"team": "shop"})
        self.assertEqual(self.client.list_tags(Resource=arn)["Tags"], {"team": "shop"})
        self.client.untag_resource(Resource=arn, TagKeys=["team"])
        self.assertEqual(self.client.list_tags(Resource=arn)["Tags"], {})


class Delivery(MappingCase):
    def setUp(self):
        super().setUp()
        self.create(code=self.code(), Timeout=20)

    def test_the_event(self):
        uuid = self.map()["UUID"]
        sent = self.sqs.send_message(QueueUrl=self.orders, MessageBody="hello", MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "x"}, "raw": {"DataType": "Binary", "BinaryValue": b"\xff"}})
        [record] = self.said(1)[0]["event"]["Records"]
        self.assertEqual((record["messageId"], record["body"], record["eventSource"], record["eventSourceARN"],
                          record["awsRegion"], record["md5OfBody"]),
                         (sent["MessageId"], "hello", "aws:sqs", self.queue_arn(), REGION, sent["MD5OfMessageBody"]))
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "1")
        self.assertEqual(record["messageAttributes"], {
            "kind": {"stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "raw": {"binaryValue": "/w==", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"}})
        self.until(lambda: self.left() == (0, 0))
        report = self.mapping_report(uuid)
        self.assertEqual((report["lag"], report["totals"]["records"], report["last_batch"]["result"]), (0, 1, "OK"))

    def test_batches(self):
        self.send(*map(str, range(25)))
        self.map()
        batches = [each["bodies"] for each in self.said(3)]
        self.assertEqual(sorted(len(batch) for batch in batches), [5, 10, 10])
        self.assertEqual(sorted((body for batch in batches for body in batch), key=int), [str(n) for n in range(25)])

    def test_a_window_gathers(self):
        self.map(BatchSize=20, MaximumBatchingWindowInSeconds=300)
        self.send(*map(str, range(20)))
        self.assertEqual(len(self.said(1)[0]["bodies"]), 20)

    def test_filters(self):
        uuid = self.map(FilterCriteria={"Filters": [{"Pattern": json.dumps({"body": {"price": [{"numeric": [">", 10]}]}})}]}
                        )["UUID"]
        self.send('{"price": 5}', "no JSON", '{"price": 20}')
        self.assertEqual(self.said(1)[0]["bodies"], ['{"price": 20}'])
        self.until(lambda: self.left() == (0, 0))
        self.assertEqual(self.mapping_report(uuid)["totals"]["filtered"], 2)

    def test_failures_come_again_and_then_to_the_dead_letters(self):
        dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        self.client.update_function_configuration(FunctionName="order-processor", Timeout=1)
        url = self.sqs.create_queue(QueueName="short", Attributes={"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(
            {"deadLetterTargetArn": self.queue_arn("dead"), "maxReceiveCount": 2})})["QueueUrl"]
        uuid = self.map(EventSourceArn=self.queue_arn("short"), BatchSize=1)["UUID"]
        self.send("fail", queue=url)
        counts = [each["event"]["Records"][0]["attributes"]["ApproximateReceiveCount"] for each in self.said(2)]
        self.assertEqual(counts, ["1", "2"])
        [message] = self.sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=20)["Messages"]
        self.assertEqual(message["Body"], "fail")
        report = self.mapping_report(uuid)
        self.assertEqual(report["totals"]["failed_batches"], 2)
        self.assertIn("asked to", report["last_error"])

    def test_only_the_items_that_failed_come_again(self):
        self.client.update_function_configuration(FunctionName="order-processor", Timeout=1)
        url = self.sqs.create_queue(QueueName="short", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
        self.send("fine", "item fails", queue=url)
        uuid = self.map(EventSourceArn=self.queue_arn("short"), FunctionResponseTypes=["ReportBatchItemFailures"])["UUID"]
        first, second = self.said(2)
        self.client.delete_event_source_mapping(UUID=uuid)
        self.assertEqual((sorted(first["bodies"]), second["bodies"]), (["fine", "item fails"], ["item fails"]))

    def test_fifo_in_order(self):
        url = self.sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        for number in range(20):
            self.sqs.send_message(QueueUrl=url, MessageBody=str(number), MessageGroupId=str(number % 2),
                                  MessageDeduplicationId=str(number))
        self.map(EventSourceArn=self.queue_arn("orders.fifo"), BatchSize=3)
        seen = {"0": [], "1": []}
        while sum(map(len, seen.values())) < 20:
            for each in self.said(1, more=True):
                for record in each["event"]["Records"]:
                    seen[record["attributes"]["MessageGroupId"]].append(int(record["body"]))
        self.assertEqual(seen, {"0": list(range(0, 20, 2)), "1": list(range(1, 20, 2))})

    def test_a_mapping_that_changes_lets_its_batch_end(self):
        uuid = self.map(BatchSize=1)["UUID"]
        self.send("slow")
        self.said(1)  # and it sleeps now
        self.client.update_event_source_mapping(UUID=uuid, BatchSize=10)
        self.send("next")
        self.assertEqual([each["bodies"] for each in self.said(1)], [["next"]])
        self.until(lambda: self.left() == (0, 0))
        self.send("slow")
        self.said(1)
        self.client.delete_event_source_mapping(UUID=uuid)
        self.until(lambda: self.left() == (0, 0))
        self.assertEqual(self.sqs.receive_message(QueueUrl=self.results).get("Messages", []), [])

    def test_what_is_deleted_under_a_mapping(self):
        self.client.update_function_configuration(FunctionName="order-processor", Timeout=3)
        self.sqs.set_queue_attributes(QueueUrl=self.orders, Attributes={"VisibilityTimeout": "3"})
        uuid = self.map()["UUID"]
        self.send("one")
        self.said(1)
        self.client.delete_function(FunctionName="order-processor")
        self.send("two")
        self.until(lambda: "not found" in (self.mapping_report(uuid)["last_error"] or ""))
        self.create(code=self.code("2"))
        self.assertEqual([each["bodies"] for each in self.said(1)], [["two"]])
        self.until(lambda: self.left() == (0, 0))
        self.sqs.delete_queue(QueueUrl=self.orders)
        self.until(lambda: "Queue not found" in (self.mapping_report(uuid)["last_error"] or ""))
        self.assertEqual(self.client.get_event_source_mapping(UUID=uuid)["State"], "Enabled")
        self.client.delete_event_source_mapping(UUID=uuid)

    def test_pause_and_resume(self):
        uuid = self.map()["UUID"]
        self.client.update_event_source_mapping(UUID=uuid, Enabled=False)
        self.send("later")
        self.assertEqual(self.client.get_event_source_mapping(UUID=uuid)["State"], "Disabled")
        self.assertEqual(self.left(), (1, 0))
        self.client.update_event_source_mapping(UUID=uuid, Enabled=True)
        [record] = self.said(1)[0]["event"]["Records"]
        self.assertEqual(record["attributes"]["ApproximateReceiveCount"], "1")


class Aliases(MappingCase):
    def setUp(self):
        super().setUp()
        self.create(code=self.code("one"), Timeout=20, Publish=True)
        self.publish_code(self.code("two"))
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1")

    def test_an_alias_is_followed(self):
        made = self.map("order-processor:prod")
        self.assertEqual(made["FunctionArn"], self.arn(qualifier="prod"))
        self.send("a")
        self.assertEqual(self.said(1)[0]["version"], "1")
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="2")
        self.send("b")
        self.assertEqual(self.said(1)[0]["version"], "2")
        self.assertEqual(self.client.list_event_source_mappings(FunctionName="order-processor:prod")["EventSourceMappings"][0]
                         ["UUID"], made["UUID"])

    def test_weights_are_ignored(self):
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {"2": 0.9}})
        self.map("order-processor:prod", BatchSize=1)
        self.send(*map(str, range(10)))
        self.assertEqual({each["version"] for each in self.said(10)}, {"1"})

    @for_each
    def test_the_article(self, cli):
        """`create-event-source-mapping` as the article has it, and its second mapping for a canary."""
        ran = cli.shell("""
aws lambda create-event-source-mapping \\
  --event-source-arn arn:aws:sqs:us-east-1:123456789012:orders \\
  --function-name order-processor:prod \\
  --batch-size 10
""")
        self.assertEqual(ran.code, 0, ran)
        self.assertEqual(ran.json()["FunctionArn"], self.arn(qualifier="prod"))
        cli.ok("lambda", "create-alias", "--function-name", "order-processor", "--name", "canary", "--function-version", "2")
        cli.ok("lambda", "create-event-source-mapping", "--event-source-arn", self.queue_arn(), "--function-name",
               "order-processor:canary", "--batch-size", "1")
        versions = set()
        for round_ in range(100):
            self.send(str(round_))
            versions.add(self.said(1)[0]["version"])
            if versions == {"1", "2"}:
                break
        self.assertEqual(versions, {"1", "2"})


class Weighted(Aliases):
    OPTIONS = ("--mapping-routing", "weighted", "--routing", "exact")

    def test_weights_are_ignored(self):
        """With this option they are not."""
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
        self.map("order-processor:prod", BatchSize=1)
        self.send(*map(str, range(10)))
        self.assertEqual(sorted(each["version"] for each in self.said(10)), ["1"] * 5 + ["2"] * 5)

    test_the_article = test_an_alias_is_followed = None


if __name__ == "__main__":
    unittest.main()
