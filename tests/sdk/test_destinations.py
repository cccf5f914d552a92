"""Where the results of asynchronous invokes go: every kind of destination, and dead-letter queues."""

import json
import unittest

from aviary_server import ACCOUNT, REGION
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

WORKER = python_zip("""
def handler(event, context):
    if event.get('fail'):
        raise ValueError('as asked')
    return {'n': event['n']}
""")


class Destinations(LambdaCase):
    def setUp(self):
        super().setUp()
        self.sqs, self.sns, self.events, self.s3 = (
            client_for(self.server.endpoint, service=name) for name in ("sqs", "sns", "events", "s3"))
        self.create("worker", WORKER)
        self.inbox = self.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        self.inbox_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox"

    def settle(self, **destinations):
        self.client.put_function_event_invoke_config(
            FunctionName="worker", MaximumRetryAttempts=0,
            DestinationConfig={kind: {"Destination": arn} for kind, arn in destinations.items()})

    def send(self, **event):
        answer = self.client.invoke(FunctionName="worker", InvocationType="Event", Payload=json.dumps(event).encode())
        return answer["ResponseMetadata"]["RequestId"]

    def received(self):
        def probe():
            return self.sqs.receive_message(QueueUrl=self.inbox, WaitTimeSeconds=1, MessageAttributeNames=["All"]).get("Messages")
        [message] = self.eventually(probe, 30, "a message")
        self.sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return message

    def check(self, record, request_id, condition, event):
        """AWS's record of an asynchronous invoke."""
        self.assertEqual(record["version"], "1.0")
        self.assertEqual((record["requestContext"]["requestId"], record["requestContext"]["condition"],
                          record["requestContext"]["approximateInvokeCount"], record["requestContext"]["functionArn"]),
                         (request_id, condition, 1, self.arn("worker", "$LATEST")))
        self.assertEqual(record["requestPayload"], event)
        self.assertEqual(record["responseContext"]["statusCode"], 200)
        if condition == "Success":
            self.assertEqual(record["responsePayload"], {"n": event["n"]})
        else:
            self.assertEqual(record["responseContext"]["functionError"], "Unhandled")
            self.assertEqual(record["responsePayload"]["errorMessage"], "as asked")

    def test_a_queue(self):
        self.settle(OnSuccess=self.inbox_arn, OnFailure=self.inbox_arn)
        request_id = self.send(n=1)
        self.check(json.loads(self.received()["Body"]), request_id, "Success", {"n": 1})
        request_id = self.send(fail=True)
        self.check(json.loads(self.received()["Body"]), request_id, "RetriesExhausted", {"fail": True})

    def test_a_topic(self):
        topic = self.sns.create_topic(Name="t")["TopicArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.inbox_arn)
        self.settle(OnSuccess=topic)
        request_id = self.send(n=2)
        notice = json.loads(self.received()["Body"])
        self.assertEqual(notice["TopicArn"], topic)
        self.check(json.loads(notice["Message"]), request_id, "Success", {"n": 2})

    def test_a_bus(self):
        self.events.put_rule(Name="r", EventPattern=json.dumps({"source": ["lambda"]}))
        self.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": self.inbox_arn}])
        self.settle(OnFailure=f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default")
        request_id = self.send(fail=True)
        event = json.loads(self.received()["Body"])
        self.assertEqual((event["source"], event["detail-type"]),
                         ("lambda", "Lambda Function Invocation Result - Failure"))
        self.assertEqual(event["resources"][-1], self.arn("worker", "$LATEST"))
        self.check(event["detail"], request_id, "RetriesExhausted", {"fail": True})

    def test_a_bucket(self):
        self.s3.create_bucket(Bucket="failures")
        self.settle(OnFailure="arn:aws:s3:::failures")
        request_id = self.send(fail=True)
        [found] = self.eventually(lambda: self.s3.list_objects_v2(Bucket="failures").get("Contents"), 30, "an object")
        self.assertRegex(found["Key"], rf"^aws/lambda/async/worker/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-")
        body = self.s3.get_object(Bucket="failures", Key=found["Key"])["Body"].read()
        self.check(json.loads(body), request_id, "RetriesExhausted", {"fail": True})

    def test_dead_letters(self):
        self.settle()
        self.client.update_function_configuration(FunctionName="worker", DeadLetterConfig={"TargetArn": self.inbox_arn})
        request_id = self.send(fail=True)
        message = self.received()
        self.assertEqual(json.loads(message["Body"]), {"fail": True})
        said = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
        self.assertEqual(said, {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "as asked"})
        topic = self.sns.create_topic(Name="dead")["TopicArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.inbox_arn)
        self.client.update_function_configuration(FunctionName="worker", DeadLetterConfig={"TargetArn": topic})
        request_id = self.send(fail=True)
        notice = json.loads(self.received()["Body"])
        self.assertEqual(json.loads(notice["Message"]), {"fail": True})
        self.assertEqual(notice["MessageAttributes"]["RequestID"]["Value"], request_id)


if __name__ == "__main__":
    unittest.main()
