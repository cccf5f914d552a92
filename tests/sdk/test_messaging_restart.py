"""Topics, rules and mappings are all there, and at work again, after `kill -9`."""

import json
import shutil
import tempfile
import time
import unittest

from aviary_server import ACCOUNT, REGION, Server
from function_code import ECHO, PYTHON, ROLE
from sdk_clients import client_for

QUEUES = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"


class AfterAKill(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp(prefix="aviary-messaging-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.server = Server("--clock", "manual", data_dir=folder).start()
        self.addCleanup(lambda: self.server.stop())
        self.connect()

    def connect(self):
        self.sqs, self.sns, self.events, self.functions = (
            client_for(self.server.endpoint, service=service) for service in ("sqs", "sns", "events", "lambda"))

    def make(self):
        for name in ("inbox", "orders"):
            self.sqs.create_queue(QueueName=name)
        self.topic = self.sns.create_topic(Name="news", Attributes={"DisplayName": "News"},
                                           Tags=[{"Key": "team", "Value": "shop"}])["TopicArn"]
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=QUEUES + "inbox",
                           Attributes={"FilterPolicy": '{"kind": ["good"]}', "RawMessageDelivery": "true"})
        self.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint="a@example.com")
        self.events.create_event_bus(Name="shop")
        self.events.put_rule(Name="paid", EventPattern='{"source": ["shop"]}', EventBusName="shop")
        self.events.put_targets(Rule="paid", EventBusName="shop", Targets=[
            {"Id": "1", "Arn": QUEUES + "inbox", "Input": '"paid"'}])
        self.events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
        self.events.put_targets(Rule="hourly", Targets=[{"Id": "1", "Arn": QUEUES + "inbox", "Input": '"hourly"'}])
        self.functions.create_function(FunctionName="fn", Role=ROLE, Code={"ZipFile": ECHO}, Runtime=PYTHON,
                                       Handler="index.handler", Publish=True)
        self.functions.create_alias(FunctionName="fn", Name="prod", FunctionVersion="1")
        self.mapping = self.functions.create_event_source_mapping(
            EventSourceArn=QUEUES + "orders", FunctionName="fn:prod", BatchSize=7,
            FilterCriteria={"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]},
            FunctionResponseTypes=["ReportBatchItemFailures"])["UUID"]

    def everything(self):
        found = [self.sns.get_topic_attributes(TopicArn=self.topic)["Attributes"],
                 self.sns.list_tags_for_resource(ResourceArn=self.topic)["Tags"],
                 self.sns.list_subscriptions()["Subscriptions"], self.events.list_event_buses()["EventBuses"]]
        for bus, rule in (("shop", "paid"), ("default", "hourly")):
            found += [self.events.list_rules(EventBusName=bus)["Rules"],
                      self.events.list_targets_by_rule(Rule=rule, EventBusName=bus)["Targets"]]
        mapping = self.functions.get_event_source_mapping(UUID=self.mapping)
        return [*found, {key: value for key, value in mapping.items() if key != "ResponseMetadata"}]

    def test_everything_works_again(self):
        self.make()
        before = self.everything()
        self.server.kill()
        self.server.start()
        self.connect()
        self.assertEqual(self.everything(), before)
        for kind in ("bad", "good"):
            self.sns.publish(TopicArn=self.topic, Message=kind, MessageAttributes={
                "kind": {"DataType": "String", "StringValue": kind}})
        self.events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": "shop"}])
        self.assertEqual(self.server.post("/_aviary/clock/advance", {"by": "61m"}).status, 200)
        inbox = self.sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
        messages = self.sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual([message["Body"] for message in messages], ["good", '"paid"', '"hourly"'])

        orders = self.sqs.get_queue_url(QueueName="orders")["QueueUrl"]
        for body in ({"a": 2}, {"a": 1}):
            self.sqs.send_message(QueueUrl=orders, MessageBody=json.dumps(body))
        deadline, row = time.monotonic() + 60, {"totals": {"records": 0}}
        while row["totals"]["records"] + row["totals"].get("filtered", 0) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
            [row] = self.server.get("/_aviary/mappings").json()["mappings"]
        self.assertEqual((row["totals"]["records"], row["totals"]["filtered"], row["last_batch"]["version"]), (1, 1, "1"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
