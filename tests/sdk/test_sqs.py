"""SQS by the clients that people use: boto3 old (query) and new (JSON), and every CLI.

Texts of errors as recorded from AWS by LocalStack's tests (tests/aws/services/sqs/test_sqs.snapshot.json).
"""

import hashlib
import json
import threading
import unittest

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from aviary_server import ACCOUNT, REGION, Server, ServerCase
from aws_cli import for_each
from sdk_clients import client_for

EVERY_BOTO3 = True

MOVES = hasattr(boto3.client("sqs", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"),
                "start_message_move_task")


class SqsCase(ServerCase):
    OPTIONS = ("--clock", "manual")

    def setUp(self):
        super().setUp()
        self.sqs = client_for(self.server.endpoint, service="sqs")

    def advance(self, seconds):
        answer = self.server.post("/_aviary/clock/advance", {"by": f"{seconds}s"})
        self.assertEqual(answer.status, 200, answer)

    def queue(self, name="orders", **attributes):
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def arn(self, name):
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def receive(self, url, **more):
        return self.sqs.receive_message(QueueUrl=url, **{"MaxNumberOfMessages": 10, **more}).get("Messages", [])

    def bodies(self, url, **more):
        return [message["Body"] for message in self.receive(url, **more)]

    def attributes(self, url):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})

    def refused(self, operation, **request):
        with self.assertRaises(ClientError) as caught:
            getattr(self.sqs, operation)(**request)
        error = caught.exception.response["Error"]
        return error["Code"], error["Message"]


class Queues(SqsCase):
    def test_life(self):
        url = self.queue(VisibilityTimeout="20")
        self.assertEqual(url, f"{self.server.endpoint}/{ACCOUNT}/orders")
        self.assertEqual(self.queue(VisibilityTimeout="20"), url)
        self.assertEqual(self.refused("create_queue", QueueName="orders", Attributes={"VisibilityTimeout": "21"}), (
            "QueueAlreadyExists",
            "A queue already exists with the same name and a different value for attribute VisibilityTimeout"))
        self.assertEqual(self.sqs.get_queue_url(QueueName="orders")["QueueUrl"], url)
        attributes = self.attributes(url)
        for name, value in {"QueueArn": self.arn("orders"), "VisibilityTimeout": "20", "MaximumMessageSize": "1048576",
                            "MessageRetentionPeriod": "345600", "DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0",
                            "SqsManagedSseEnabled": "true", "ApproximateNumberOfMessages": "0"}.items():
            self.assertEqual(attributes[name], value)
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "9"})
        self.assertEqual(self.attributes(url)["DelaySeconds"], "9")
        self.sqs.delete_queue(QueueUrl=url)
        self.assertEqual(self.refused("get_queue_url", QueueName="orders"), (
            "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."))
        self.assertEqual(self.refused("create_queue", QueueName="orders")[0], "AWS.SimpleQueueService.QueueDeletedRecently")
        self.advance(60)
        self.queue()

    def test_list(self):
        urls = [self.queue(f"q{number}") for number in range(5)]
        self.queue("other")
        self.assertEqual(self.sqs.list_queues(QueueNamePrefix="q")["QueueUrls"], urls)
        pages = list(self.sqs.get_paginator("list_queues").paginate(QueueNamePrefix="q", PaginationConfig={"PageSize": 2}))
        self.assertEqual([len(page["QueueUrls"]) for page in pages], [2, 2, 1])
        self.assertNotIn("QueueUrls", self.sqs.list_queues(QueueNamePrefix="nothing"))

    def test_refusals(self):
        url = self.queue()
        self.assertEqual(self.refused("create_queue", QueueName="a b"), (
            "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"))
        self.assertEqual(self.refused("create_queue", QueueName="x", Attributes={"Foo": "1"}),
                         ("InvalidAttributeName", "Unknown Attribute Foo."))
        self.assertEqual(self.refused("create_queue", QueueName="x.fifo", Attributes={
            "FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId"}),
            ("InvalidAttributeValue", "Invalid value for the parameter FifoThroughputLimit."))
        self.assertEqual(self.refused("create_queue", QueueName="x", Attributes={"DelaySeconds": "901"}),
                         ("InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."))
        policy = json.dumps({"deadLetterTargetArn": "dummy", "maxReceiveCount": 42})
        self.assertEqual(self.refused("set_queue_attributes", QueueUrl=url, Attributes={"RedrivePolicy": policy}), (
            "InvalidParameterValue",
            f"Value {policy} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn."))
        self.assertEqual(self.refused("receive_message", QueueUrl=url, MaxNumberOfMessages=11), (
            "InvalidParameterValue",
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."))
        self.assertEqual(self.refused("send_message", QueueUrl=url, MessageBody=""), (
            "MissingParameter", "The request must contain the parameter MessageBody."))
        self.assertEqual(self.refused("send_message", QueueUrl=url, MessageBody="a\x01")[0], "InvalidMessageContents")
        self.assertEqual(self.refused("send_message", QueueUrl=url, MessageBody="x" * 1048577), (
            "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."))
        self.assertEqual(self.refused("delete_message", QueueUrl=url, ReceiptHandle="nonsense"), (
            "ReceiptHandleIsInvalid", 'The input receipt handle "nonsense" is not a valid receipt handle.'))
        self.assertEqual(self.refused("send_message", QueueUrl=url + "x", MessageBody="x")[0],
                         "AWS.SimpleQueueService.NonExistentQueue")
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessages"], "0")

    def test_tags_and_permissions(self):
        url = self.sqs.create_queue(QueueName="orders", tags={"team": "shop"})["QueueUrl"]
        self.sqs.tag_queue(QueueUrl=url, Tags={"stage": "prod"})
        self.sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
        self.assertEqual(self.sqs.list_queue_tags(QueueUrl=url)["Tags"], {"stage": "prod"})
        self.sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=["111111111111"], Actions=["SendMessage"])
        statement = json.loads(self.attributes(url)["Policy"])["Statement"][0]
        self.assertEqual((statement["Principal"], statement["Action"]),
                         ({"AWS": "arn:aws:iam::111111111111:root"}, "SQS:SendMessage"))
        self.assertEqual(self.refused("add_permission", QueueUrl=url, Label="share", AWSAccountIds=["1"], Actions=["*"])[1],
                         "Value share for parameter Label is invalid. Reason: Already exists.")
        for action, reason in (("CreateQueue", "Only the queue owner is allowed to invoke this action."),
                               ("SendMessageBatch", "Please refer to the appropriate WSDL for a list of valid actions.")):
            self.assertEqual(self.refused("add_permission", QueueUrl=url, Label="l", AWSAccountIds=["1"], Actions=[action])[1],
                             f"Value SQS:{action} for parameter ActionName is invalid. Reason: {reason}")
        self.sqs.remove_permission(QueueUrl=url, Label="share")
        self.assertNotIn("Policy", self.attributes(url))


class Messages(SqsCase):
    def test_attributes_and_digests(self):
        url = self.queue()
        sent = self.sqs.send_message(QueueUrl=url, MessageBody="hällo", MessageAttributes={
            "Kind": {"DataType": "String", "StringValue": "order"},
            "Price": {"DataType": "Number.eur", "StringValue": "1.5"},
            "Raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}})
        self.assertEqual(sent["MD5OfMessageBody"], hashlib.md5("hällo".encode()).hexdigest())
        [message] = self.receive(url, AttributeNames=["All"], MessageAttributeNames=["All"])  # boto3 checks both digests
        self.assertEqual(message["MessageId"], sent["MessageId"])
        self.assertEqual(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
        self.assertEqual(message["MessageAttributes"]["Raw"]["BinaryValue"], b"\x00\xff")
        self.assertEqual(message["Attributes"]["ApproximateReceiveCount"], "1")
        self.assertEqual(message["Attributes"]["SenderId"], ACCOUNT)
        self.advance(30)
        [message] = self.receive(url, AttributeNames=["ApproximateReceiveCount"], MessageAttributeNames=["Pri.*"])
        self.assertEqual(message["Attributes"], {"ApproximateReceiveCount": "2"})
        self.assertEqual(list(message["MessageAttributes"]), ["Price"])

    def test_recorded_digest(self):
        url = self.queue()
        sent = self.sqs.send_message(QueueUrl=url, MessageBody="msg", MessageAttributes={
            name: {"DataType": "String", "StringValue": value}
            for name, value in {"Help.Me": "Me", "Hello": "There", "General": "Kenobi"}.items()})
        self.assertEqual(sent["MD5OfMessageAttributes"], "4c360f3fdafd970e05fae2f149d997f5")
        [message] = self.receive(url, MessageAttributeNames=["Hel.*"])
        self.assertEqual(message["MD5OfMessageAttributes"], "83fee93c1bcd8b9a5a923ffacdc636c7")

    def test_visibility(self):
        url = self.queue()
        self.sqs.send_message(QueueUrl=url, MessageBody="1")
        [message] = self.receive(url)
        self.assertEqual(self.bodies(url), [])
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessagesNotVisible"], "1")
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=100)
        self.advance(99)
        self.assertEqual(self.bodies(url), [])
        self.advance(1)
        [again] = self.receive(url)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])  # an older handle: taken, for nothing
        self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=0)
        [again] = self.receive(url)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
        self.advance(1000)
        self.assertEqual(self.bodies(url), [])

    def test_delay_retention_purge(self):
        url = self.queue(DelaySeconds="5", MessageRetentionPeriod="60")
        self.sqs.send_message(QueueUrl=url, MessageBody="queue's")
        self.sqs.send_message(QueueUrl=url, MessageBody="own", DelaySeconds=0)
        self.assertEqual(self.attributes(url)["ApproximateNumberOfMessagesDelayed"], "1")
        self.assertEqual(self.bodies(url, VisibilityTimeout=0), ["own"])
        self.advance(5)
        self.assertEqual(sorted(self.bodies(url, VisibilityTimeout=0)), ["own", "queue's"])
        self.advance(55)
        self.assertEqual(self.bodies(url), [])
        self.sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=0)
        self.sqs.purge_queue(QueueUrl=url)
        self.assertEqual(self.bodies(url), [])
        self.assertEqual(self.refused("purge_queue", QueueUrl=url), (
            "AWS.SimpleQueueService.PurgeQueueInProgress",
            "Only one PurgeQueue operation on orders is allowed every 60 seconds."))

    def test_batches(self):
        url = self.queue()
        entries = [{"Id": str(number), "MessageBody": f"m{number}"} for number in range(10)]
        entries[3]["MessageBody"] = "\x02"
        answer = self.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        self.assertEqual(len(answer["Successful"]), 9)
        self.assertEqual([(each["Id"], each["Code"], each["SenderFault"]) for each in answer["Failed"]],
                         [("3", "InvalidMessageContents", True)])
        messages = self.receive(url)
        self.assertEqual([message["Body"] for message in messages], [f"m{n}" for n in range(10) if n != 3])
        answer = self.sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
            {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
            for n, message in enumerate(messages)])
        self.assertEqual(len(answer["Successful"]), 9)
        answer = self.sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages[:5])] +
            [{"Id": "bad", "ReceiptHandle": "x"}])
        self.assertEqual((len(answer["Successful"]), answer["Failed"][0]["Code"]), (5, "ReceiptHandleIsInvalid"))
        self.assertEqual(len(self.bodies(url)), 4)
        self.assertEqual(self.refused("send_message_batch", QueueUrl=url, Entries=entries * 2), (
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 20."))
        self.assertEqual(self.refused("delete_message_batch", QueueUrl=url, Entries=[{"Id": "a:b", "ReceiptHandle": "x"}])[0],
                         "AWS.SimpleQueueService.InvalidBatchEntryId")
        self.assertEqual(self.refused("send_message_batch", QueueUrl=url, Entries=[entries[0], entries[0]])[0],
                         "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")

    def test_dead_letters(self):
        dead = self.queue("dead")
        url = self.queue(VisibilityTimeout="1", RedrivePolicy=json.dumps(
            {"deadLetterTargetArn": self.arn("dead"), "maxReceiveCount": 2}))
        self.assertEqual(self.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])
        self.sqs.send_message(QueueUrl=url, MessageBody="poison")
        for _ in range(2):
            self.assertEqual(self.bodies(url), ["poison"])
            self.advance(1)
        self.assertEqual(self.bodies(url), [])
        [message] = self.receive(dead, AttributeNames=["All"], VisibilityTimeout=0)
        self.assertEqual(message["Attributes"]["DeadLetterQueueSourceArn"], self.arn("orders"))
        if not MOVES:
            return
        task = self.sqs.start_message_move_task(SourceArn=self.arn("dead"))["TaskHandle"]
        self.assertTrue(task)
        self.advance(1)
        [result] = self.sqs.list_message_move_tasks(SourceArn=self.arn("dead"))["Results"]
        self.assertEqual((result["Status"], result["ApproximateNumberOfMessagesMoved"],
                          result["ApproximateNumberOfMessagesToMove"]), ("COMPLETED", 1, 1))
        self.assertEqual(self.bodies(url), ["poison"])
        self.assertEqual(self.refused("start_message_move_task", SourceArn=self.arn("orders"))[1],
                         "Source queue must be configured as a Dead Letter Queue.")

    @unittest.skipUnless(MOVES, "a boto3 that knows message move tasks")
    def test_move_tasks_are_paced_and_cancelled(self):
        dead, other = self.queue("dead"), self.queue("other")
        self.queue(RedrivePolicy=json.dumps({"deadLetterTargetArn": self.arn("dead"), "maxReceiveCount": 2}))
        for number in range(5):
            self.sqs.send_message(QueueUrl=dead, MessageBody=str(number))
        task = self.sqs.start_message_move_task(SourceArn=self.arn("dead"), DestinationArn=self.arn("other"),
                                                MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
        self.assertEqual(self.refused("start_message_move_task", SourceArn=self.arn("dead"))[1],
                         "There is already a task running. Only one active task is allowed for a source queue arn at a "
                         "given time.")
        self.advance(2)
        self.assertEqual(self.sqs.cancel_message_move_task(TaskHandle=task)["ApproximateNumberOfMessagesMoved"], 2)
        self.advance(10)
        self.assertEqual(self.bodies(other), ["0", "1"])
        self.assertEqual(self.sqs.list_message_move_tasks(SourceArn=self.arn("dead"))["Results"][0]["Status"], "CANCELLED")
        self.assertEqual(self.refused("cancel_message_move_task", TaskHandle="x")[1],
                         "Value for parameter TaskHandle is invalid.")


class Fifo(SqsCase):
    def fifo(self, **attributes):
        return self.queue("orders.fifo", FifoQueue="true", **attributes)

    def send(self, url, body, group="a", **more):
        return self.sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more)

    def test_groups_in_order(self):
        url = self.fifo(ContentBasedDeduplication="true")
        numbers = [self.send(url, f"{group}{n}", group)["SequenceNumber"] for n in range(3) for group in "ab"]
        self.assertEqual(numbers, sorted(numbers))
        first = self.receive(url, MaxNumberOfMessages=2)
        self.assertEqual([message["Body"] for message in first], ["a0", "a1"])  # of one group as many as can be
        self.assertEqual(self.bodies(url), ["b0", "b1", "b2"])  # the rest of a waits for the first two
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])
        self.assertEqual(self.bodies(url), [])
        self.advance(30)
        self.assertEqual(self.bodies(url), ["b0", "b1", "b2", "a1", "a2"])
        self.assertEqual(self.refused("delete_message", QueueUrl=url, ReceiptHandle=first[1]["ReceiptHandle"])[1],
                         f"Value {first[1]['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: The receipt "
                         "handle has expired.")

    def test_deduplication(self):
        url = self.fifo()
        self.assertEqual(self.refused("send_message", QueueUrl=url, MessageBody="x", MessageGroupId="a"), (
            "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"))
        self.assertEqual(self.refused("send_message", QueueUrl=url, MessageBody="x")[1],
                         "The request must contain the parameter MessageGroupId.")
        self.assertEqual(self.refused("send_message", QueueUrl=url, MessageBody="x", MessageGroupId="a", DelaySeconds=2)[1],
                         "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not "
                         "valid for this queue type.")
        one = self.send(url, "1", MessageDeduplicationId="same")
        two = self.send(url, "2", "b", MessageDeduplicationId="same")
        self.assertEqual((one["MessageId"], one["SequenceNumber"]), (two["MessageId"], two["SequenceNumber"]))
        [message] = self.receive(url)
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        self.send(url, "3", MessageDeduplicationId="same")
        self.assertEqual(self.bodies(url), [])
        self.advance(300)
        self.send(url, "4", MessageDeduplicationId="same")
        self.assertEqual(self.bodies(url), ["4"])

    def test_deduplication_of_a_group(self):
        url = self.fifo(DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
        for group in "aab":
            self.send(url, group, group, MessageDeduplicationId="same")
        self.assertEqual(self.bodies(url), ["a", "b"])

    def test_repeated_attempt(self):
        url = self.fifo(ContentBasedDeduplication="true")
        self.send(url, "1")
        one = self.receive(url, ReceiveRequestAttemptId="try")
        two = self.receive(url, ReceiveRequestAttemptId="try")
        self.assertEqual([m["ReceiptHandle"] for m in one], [m["ReceiptHandle"] for m in two])
        self.assertEqual(self.bodies(url), [])

    def test_dead_letters_keep_their_group(self):
        self.queue("dead.fifo", FifoQueue="true")
        url = self.fifo(ContentBasedDeduplication="true", VisibilityTimeout="1", RedrivePolicy=json.dumps(
            {"deadLetterTargetArn": self.arn("dead.fifo"), "maxReceiveCount": "1"}))
        self.send(url, "1")
        self.send(url, "2")
        self.assertEqual(self.bodies(url, MaxNumberOfMessages=1), ["1"])
        self.advance(1)
        self.assertEqual(self.bodies(url), ["2"])
        [dead] = self.receive(self.sqs.get_queue_url(QueueName="dead.fifo")["QueueUrl"], AttributeNames=["All"])
        self.assertEqual((dead["Body"], dead["Attributes"]["MessageGroupId"]), ("1", "a"))


class LongPolls(SqsCase):
    OPTIONS = ()

    def test_a_message_ends_the_wait(self):
        url = self.queue(ReceiveMessageWaitTimeSeconds="20")
        found = []
        waiter = threading.Thread(target=lambda: found.extend(self.bodies(url)))
        waiter.start()
        client_for(self.server.endpoint, service="sqs").send_message(QueueUrl=url, MessageBody="here")
        waiter.join(60)
        self.assertEqual(found, ["here"])

    def test_stopping_ends_the_wait(self):
        url = self.queue()

        def wait():
            try:
                self.receive(url, WaitTimeSeconds=20)
            except BotoCoreError:
                pass  # the server was gone before the request came

        waiter = threading.Thread(target=wait)
        waiter.start()
        self.assertEqual(self.server.stop(), 0)
        waiter.join(60)
        self.assertFalse(waiter.is_alive())


class Wire(SqsCase):
    def test_both_protocols_at_once(self):
        """What the query protocol sends, the JSON protocol receives; old codes beside new names."""
        url = self.queue()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.server.request("POST", "/", b"Action=SendMessage&Version=2012-11-05&MessageBody=hello%20there&QueueUrl="
                                     + url.replace(":", "%3A").replace("/", "%2F").encode(), headers=form)
        self.assertEqual(answer.status, 200, answer)
        self.assertIn(b"<MD5OfMessageBody>161bc25962da8fed6d2f59922fb642aa</MD5OfMessageBody>", answer.body)
        answer = self.server.request("POST", "/", json.dumps({"QueueUrl": url}).encode(), headers={
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ReceiveMessage"})
        self.assertEqual(answer.json()["Messages"][0]["Body"], "hello there")
        answer = self.server.request("POST", "/", json.dumps({"QueueUrl": url + "x"}).encode(), headers={
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ReceiveMessage"})
        self.assertEqual(answer.headers["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender")
        self.assertTrue(answer.json()["__type"].endswith("QueueDoesNotExist"), answer)

    def test_a_queues_url_is_an_address(self):
        """As the samples of SQS's reference have it: no QueueUrl, and a single attribute without a number."""
        url = self.queue()
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        path = f"/{ACCOUNT}/orders"
        answer = self.server.request("POST", path + "/", b"Action=SetQueueAttributes&Attribute.Name=VisibilityTimeout"
                                     b"&Attribute.Value=35", headers=form)
        self.assertEqual((answer.status, self.attributes(url)["VisibilityTimeout"]), (200, "35"), answer)
        self.assertEqual(self.server.request("POST", path, b"Action=SendMessage&MessageBody=hello", headers=form).status, 200)
        answer = self.server.get(path + "?Action=ReceiveMessage&Version=2012-11-05")
        self.assertIn(b"<Body>hello</Body>", answer.body)
        answer = self.server.request("POST", "/", b"Action=SendMessage&MessageBody=hello", headers=form)
        self.assertIn(b"<Message>The request must contain the parameter QueueUrl.</Message>", answer.body)


class Cli(SqsCase):
    OPTIONS = ()

    @for_each
    def test_walk(self, cli):
        url = cli.ok("sqs", "create-queue", "--queue-name", "orders")["QueueUrl"]
        dead = cli.ok("sqs", "create-queue", "--queue-name", "dead", "--tags", "team=shop")["QueueUrl"]
        cli.ok("sqs", "set-queue-attributes", "--queue-url", url, "--attributes",
               json.dumps({"RedrivePolicy": json.dumps({"deadLetterTargetArn": self.arn("dead"), "maxReceiveCount": "3"})}))
        self.assertEqual(cli.ok("sqs", "list-dead-letter-source-queues", "--queue-url", dead)["queueUrls"], [url])
        self.assertEqual(cli.ok("sqs", "get-queue-url", "--queue-name", "orders")["QueueUrl"], url)
        self.assertEqual(cli.ok("sqs", "list-queues")["QueueUrls"], [dead, url])
        sent = cli.ok("sqs", "send-message", "--queue-url", url, "--message-body", "hello", "--message-attributes",
                      '{"a":{"DataType":"String","StringValue":"b"}}')
        [message] = cli.ok("sqs", "receive-message", "--queue-url", url, "--attribute-names", "All",
                           "--message-attribute-names", "All")["Messages"]
        self.assertEqual((message["MessageId"], message["Body"]), (sent["MessageId"], "hello"))
        handle = message["ReceiptHandle"]
        cli.ok("sqs", "change-message-visibility", "--queue-url", url, "--receipt-handle", handle, "--visibility-timeout", "60")
        cli.ok("sqs", "change-message-visibility-batch", "--queue-url", url, "--entries",
               json.dumps([{"Id": "1", "ReceiptHandle": handle, "VisibilityTimeout": 0}]))
        cli.ok("sqs", "delete-message", "--queue-url", url, "--receipt-handle", handle)
        cli.ok("sqs", "send-message-batch", "--queue-url", url, "--entries", '[{"Id":"1","MessageBody":"x"}]')
        cli.ok("sqs", "delete-message-batch", "--queue-url", url, "--entries",
               json.dumps([{"Id": "1", "ReceiptHandle": handle}]))
        cli.ok("sqs", "add-permission", "--queue-url", url, "--label", "l", "--aws-account-ids", "111111111111",
               "--actions", "SendMessage")
        cli.ok("sqs", "remove-permission", "--queue-url", url, "--label", "l")
        cli.ok("sqs", "tag-queue", "--queue-url", url, "--tags", "k=v")
        cli.ok("sqs", "untag-queue", "--queue-url", url, "--tag-keys", "k")
        self.assertEqual(cli.ok("sqs", "list-queue-tags", "--queue-url", dead)["Tags"], {"team": "shop"})
        self.assertEqual(cli.ok("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn"),
                         {"Attributes": {"QueueArn": self.arn("orders")}})
        cli.ok("sqs", "purge-queue", "--queue-url", url)
        if cli.run("sqs", "start-message-move-task", "help").code == 0:
            cli.ok("sqs", "send-message", "--queue-url", dead, "--message-body", "again")
            cli.ok("sqs", "start-message-move-task", "--source-arn", self.arn("dead"), "--destination-arn", self.arn("orders"))
            cli.ok("sqs", "list-message-move-tasks", "--source-arn", self.arn("dead"))
            self.assertIn("TaskHandle", cli.run("sqs", "cancel-message-move-task", "--task-handle", "x").err)
        cli.ok("sqs", "delete-queue", "--queue-url", url)


class Durable(unittest.TestCase):
    def test_everything_is_there_after_a_kill(self):
        import shutil
        import tempfile
        folder = tempfile.mkdtemp(prefix="aviary-sqs-")
        self.addCleanup(shutil.rmtree, folder, True)
        server = Server("--clock", "manual", data_dir=folder).start()
        self.addCleanup(lambda: server.stop())
        sqs = client_for(server.endpoint, service="sqs")
        url = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"}, tags={"a": "b"})["QueueUrl"]
        for n in range(3):
            sqs.send_message(QueueUrl=url, MessageBody=str(n), MessageGroupId="g", MessageDeduplicationId=str(n),
                             MessageAttributes={"raw": {"DataType": "Binary", "BinaryValue": b"\xfe"}})
        first = sqs.receive_message(QueueUrl=url)["Messages"][0]
        server.kill()
        server.start()
        sqs = client_for(server.endpoint, service="sqs")
        url = sqs.get_queue_url(QueueName="orders.fifo")["QueueUrl"]
        self.assertEqual(sqs.list_queue_tags(QueueUrl=url)["Tags"], {"a": "b"})
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url))  # the first is in flight still
        sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
        sqs.send_message(QueueUrl=url, MessageBody="1", MessageGroupId="g", MessageDeduplicationId="1")  # a duplicate still
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
        self.assertEqual([message["Body"] for message in messages], ["1", "2"])
        self.assertEqual(messages[0]["MessageAttributes"]["raw"]["BinaryValue"], b"\xfe")


if __name__ == "__main__":
    unittest.main()
