"""SNS by boto3 old and new, and by every CLI: topics, subscriptions, what arrives where."""

import http.server
import json
import threading
import unittest
import urllib.parse

from botocore.exceptions import ClientError

from aviary_server import ACCOUNT, REGION
from aws_cli import for_each
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

EVERY_BOTO3 = True


class SnsCase(LambdaCase):
    OPTIONS = ("--clock", "manual")

    def setUp(self):
        super().setUp()
        self.sns = client_for(self.server.endpoint, service="sns")
        self.sqs = client_for(self.server.endpoint, service="sqs")

    def advance(self, seconds):
        self.assertEqual(self.server.post("/_aviary/clock/advance", {"by": f"{seconds}s"}).status, 200)

    def topic(self, name="orders", **attributes):
        return self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]

    def queue_arn(self, name):
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def subscribed_queue(self, topic, name="inbox", **attributes):
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url = self.sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.queue_arn(name), Attributes=attributes)
        return url

    def received(self, url):
        return self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"],
                                        MessageAttributeNames=["All"]).get("Messages", [])

    def sns_refuses(self, operation, **request):
        with self.assertRaises(ClientError) as caught:
            getattr(self.sns, operation)(**request)
        error = caught.exception.response["Error"]
        return error["Code"], error["Message"]


class Topics(SnsCase):
    def test_life(self):
        arn = self.topic(DisplayName="Orders")
        self.assertEqual(arn, f"arn:aws:sns:{REGION}:{ACCOUNT}:orders")
        self.assertEqual(self.topic(DisplayName="Orders"), arn)
        self.assertEqual(self.sns_refuses("create_topic", Name="orders", Attributes={"DisplayName": "Other"}), (
            "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes"))
        self.sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="New")
        attributes = self.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        self.assertEqual((attributes["DisplayName"], attributes["Owner"], attributes["SubscriptionsConfirmed"]),
                         ("New", ACCOUNT, "0"))
        self.sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "shop"}, {"Key": "x", "Value": "y"}])
        self.sns.untag_resource(ResourceArn=arn, TagKeys=["x"])
        self.assertEqual(self.sns.list_tags_for_resource(ResourceArn=arn)["Tags"], [{"Key": "team", "Value": "shop"}])
        self.sns.add_permission(TopicArn=arn, Label="l", AWSAccountId=["111111111111"], ActionName=["Publish"])
        self.assertIn("111111111111", self.sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
        self.sns.remove_permission(TopicArn=arn, Label="l")
        self.assertEqual([each["TopicArn"] for each in self.sns.list_topics()["Topics"]], [arn])
        self.sns.delete_topic(TopicArn=arn)
        self.sns.delete_topic(TopicArn=arn)
        self.assertEqual(self.sns_refuses("publish", TopicArn=arn, Message="x"), ("NotFound", "Topic does not exist"))

    def test_refusals(self):
        arn = self.topic()
        for operation, request, message in [
                ("create_topic", {"Name": "a b"}, "Invalid parameter: Topic Name"),
                ("publish", {"TopicArn": "orders", "Message": "x"},
                 "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"),
                ("publish", {"TopicArn": arn, "Message": ""}, "Invalid parameter: Empty message"),
                ("publish", {"TopicArn": arn, "Message": "{}", "MessageStructure": "json"},
                 "Invalid parameter: Message Structure - No default entry in JSON message body"),
                ("subscribe", {"TopicArn": arn, "Protocol": "ftp", "Endpoint": "x"},
                 "Invalid parameter: Amazon SNS does not support this protocol string: ftp"),
                ("subscribe", {"TopicArn": arn, "Protocol": "sqs", "Endpoint": "x"}, "Invalid parameter: SQS endpoint ARN"),
                ("subscribe", {"TopicArn": arn, "Protocol": "sqs", "Endpoint": self.queue_arn("q"),
                               "Attributes": {"FilterPolicy": "nonsense"}},
                 "Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON.")]:
            self.assertEqual(self.sns_refuses(operation, **request), ("InvalidParameter", message))
        self.assertEqual(self.sns.list_subscriptions()["Subscriptions"], [])
        self.assertEqual(self.sns_refuses("get_subscription_attributes", SubscriptionArn=arn + ":x")[0], "NotFound")


class Delivery(SnsCase):
    def test_envelope_and_raw(self):
        topic = self.topic()
        plain = self.subscribed_queue(topic)
        raw = self.subscribed_queue(topic, "raw", RawMessageDelivery="true")
        sent = self.sns.publish(TopicArn=topic, Message="hello", Subject="greeting", MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "a"}, "raw": {"DataType": "Binary", "BinaryValue": b"\xff"}})
        [message] = self.received(plain)
        envelope = json.loads(message["Body"])
        self.assertEqual(list(envelope)[:5], ["Type", "MessageId", "TopicArn", "Subject", "Message"])
        self.assertEqual((envelope["Type"], envelope["MessageId"], envelope["Message"], envelope["TopicArn"]),
                         ("Notification", sent["MessageId"], "hello", topic))
        self.assertEqual(envelope["MessageAttributes"], {"kind": {"Type": "String", "Value": "a"},
                                                         "raw": {"Type": "Binary", "Value": "/w=="}})
        [message] = self.received(raw)
        self.assertEqual((message["Body"], message["MessageAttributes"]["raw"]["BinaryValue"]), ("hello", b"\xff"))

    def test_structure(self):
        topic = self.topic()
        url = self.subscribed_queue(topic, RawMessageDelivery="true")
        self.sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "d", "sqs": "for queues"}))
        self.assertEqual(self.received(url)[0]["Body"], "for queues")

    def test_filters(self):
        topic = self.topic()
        by_attribute = self.subscribed_queue(topic, "attributes", RawMessageDelivery="true", FilterPolicy=json.dumps(
            {"price": [{"numeric": [">", 10]}], "tags": ["new"]}))
        by_body = self.subscribed_queue(topic, "body", RawMessageDelivery="true", FilterPolicyScope="MessageBody",
                                        FilterPolicy=json.dumps({"order": {"state": [{"prefix": "pa"}]}}))
        for price, tags, state in ((5, ["new"], "paid"), (20, ["old", "new"], "open"), (20, ["old"], "parked")):
            self.sns.publish(TopicArn=topic, Message=json.dumps({"order": {"state": state}}), MessageAttributes={
                "price": {"DataType": "Number", "StringValue": str(price)},
                "tags": {"DataType": "String.Array", "StringValue": json.dumps(tags)}})
        self.sns.publish(TopicArn=topic, Message="no JSON")
        states = lambda url: [json.loads(message["Body"])["order"]["state"] for message in self.received(url)]
        self.assertEqual(states(by_attribute), ["open"])
        self.assertEqual(states(by_body), ["paid", "parked"])

    def test_batch(self):
        topic = self.topic()
        url = self.subscribed_queue(topic, RawMessageDelivery="true")
        answer = self.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
            {"Id": "1", "Message": "one"}, {"Id": "2", "Message": "two", "Subject": "x" * 101}, {"Id": "3", "Message": "three"}])
        self.assertEqual([each["Id"] for each in answer["Successful"]], ["1", "3"])
        self.assertEqual([(each["Id"], each["Code"]) for each in answer["Failed"]], [("2", "InvalidParameter")])
        self.assertEqual([message["Body"] for message in self.received(url)], ["one", "three"])
        self.assertEqual(self.sns_refuses("publish_batch", TopicArn=topic, PublishBatchRequestEntries=[
            {"Id": "1", "Message": "x"}, {"Id": "1", "Message": "y"}])[0], "BatchEntryIdsNotDistinct")

    def test_fifo(self):
        topic = self.topic("orders.fifo", FifoTopic="true", ContentBasedDeduplication="true")
        url = self.subscribed_queue(topic, "inbox.fifo", RawMessageDelivery="true")
        for body in ("1", "2", "1"):
            self.assertIn("SequenceNumber", self.sns.publish(TopicArn=topic, Message=body, MessageGroupId="g"))
        messages = self.received(url)
        self.assertEqual([message["Body"] for message in messages], ["1", "2"])
        self.assertEqual(messages[0]["Attributes"]["MessageGroupId"], "g")
        self.assertEqual(self.sns_refuses("publish", TopicArn=topic, Message="x")[1],
                         "Invalid parameter: The MessageGroupId parameter is required for FIFO topics")

    def test_function(self):
        topic = self.topic()
        results = self.sqs.create_queue(QueueName="results")["QueueUrl"]
        self.create(code=python_zip(
            "import json, os, urllib.request, urllib.parse\n"
            "def handler(event, context):\n"
            f"    body = json.dumps({{'QueueUrl': {results!r}, 'MessageBody': json.dumps(event)}}).encode()\n"
            f"    urllib.request.urlopen(urllib.request.Request({self.server.endpoint!r}, body, {{\n"
            "        'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage'})).read()\n"),
            Timeout=60)
        arn = self.sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=self.arn())["SubscriptionArn"]
        self.sns.publish(TopicArn=topic, Message="hello")
        for _ in range(600):
            messages = self.received(results)
            if messages:
                break
            threading.Event().wait(0.1)
        [record] = json.loads(messages[0]["Body"])["Records"]
        self.assertEqual((record["EventSource"], record["EventSubscriptionArn"], record["Sns"]["Message"],
                          record["Sns"]["Subject"]), ("aws:sns", arn, "hello", None))

    def test_dead_letters(self):
        topic = self.topic()
        dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.queue_arn("gone"), Attributes={
            "RawMessageDelivery": "true", "RedrivePolicy": json.dumps({"deadLetterTargetArn": self.queue_arn("dead")})})
        self.sns.publish(TopicArn=topic, Message="lost?")
        self.assertEqual([message["Body"] for message in self.received(dead)], ["lost?"])


class Endpoint(http.server.BaseHTTPRequestHandler):
    """An HTTP endpoint of the test's own: keeps what comes, answers what it is told to."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), json.loads(body)))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.arrived.release()

    def log_message(self, *_):
        pass


class Http(SnsCase):
    def setUp(self):
        super().setUp()
        self.endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        self.endpoint.came, self.endpoint.answers, self.endpoint.arrived = [], [], threading.Semaphore(0)
        thread = threading.Thread(target=self.endpoint.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.endpoint.server_close)
        self.addCleanup(self.endpoint.shutdown)
        self.url = f"http://127.0.0.1:{self.endpoint.server_address[1]}/hook"

    def came(self):
        self.assertTrue(self.endpoint.arrived.acquire(timeout=60))
        return self.endpoint.came[-1]

    def test_confirmation_and_retries(self):
        topic = self.topic()
        answer = self.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=self.url)
        self.assertEqual(answer["SubscriptionArn"], "pending confirmation")
        self.sns.publish(TopicArn=topic, Message="too early")
        headers, body = self.came()
        self.assertEqual((headers["x-amz-sns-message-type"], body["Type"]), ("SubscriptionConfirmation",) * 2)
        [listed] = self.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.assertEqual(listed["SubscriptionArn"], "PendingConfirmation")
        # As an endpoint does it: by following the URL.
        confirmed = self.server.get("/?" + urllib.parse.urlsplit(body["SubscribeURL"]).query)
        self.assertEqual(confirmed.status, 200, confirmed)
        [listed] = self.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.assertTrue(listed["SubscriptionArn"].startswith(topic + ":"))
        self.endpoint.answers = [503]
        self.sns.publish(TopicArn=topic, Message="hello")
        self.assertEqual(self.came()[1]["Message"], "hello")
        for _ in range(600):  # until the refusal is known, and the next attempt waits for its moment
            self.advance(20)
            if self.endpoint.arrived.acquire(timeout=0.1):
                break
        headers, body = self.endpoint.came[-1]
        self.assertEqual((headers["x-amz-sns-message-type"], body["Message"]), ("Notification", "hello"))
        self.assertEqual(len(self.endpoint.came), 3)
        unsubscribed = self.server.get("/?" + urllib.parse.urlsplit(body["UnsubscribeURL"]).query)
        self.assertEqual(unsubscribed.status, 200, unsubscribed)
        self.assertEqual(self.sns.list_subscriptions()["Subscriptions"], [])


class Cli(SnsCase):
    @for_each
    def test_walk(self, cli):
        topic = cli.ok("sns", "create-topic", "--name", "orders")["TopicArn"]
        url = cli.ok("sqs", "create-queue", "--queue-name", "inbox")["QueueUrl"]
        arn = cli.ok("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint",
                     self.queue_arn("inbox"))["SubscriptionArn"]
        cli.ok("sns", "set-subscription-attributes", "--subscription-arn", arn, "--attribute-name", "RawMessageDelivery",
               "--attribute-value", "true")
        attributes = cli.ok("sns", "get-subscription-attributes", "--subscription-arn", arn)["Attributes"]
        self.assertEqual((attributes["RawMessageDelivery"], attributes["PendingConfirmation"]), ("true", "false"))
        cli.ok("sns", "publish", "--topic-arn", topic, "--message", "hello")
        self.assertEqual(cli.ok("sqs", "receive-message", "--queue-url", url)["Messages"][0]["Body"], "hello")
        self.assertEqual(len(cli.ok("sns", "list-topics")["Topics"]), 1)
        self.assertEqual(len(cli.ok("sns", "list-subscriptions")["Subscriptions"]), 1)
        cli.ok("sns", "unsubscribe", "--subscription-arn", arn)
        cli.ok("sns", "delete-topic", "--topic-arn", topic)


if __name__ == "__main__":
    unittest.main()
