"""The same commands with the same seed give the same trace.

Two servers, one seed, a clock that is driven: every id, every route, every log stream, every state of an alarm is the same.
What is real differs, and is left out: how long code ran, how much memory it took, and where pages of log events end:
that counts the events of all streams in the order in which they came, and two environments write when they do.
"""

import datetime
import json
import re
import unittest

from aviary_server import Server, ServerCase
from function_code import python_zip
from sdk_clients import client_for

WORKS = python_zip("def handler(event, context):\n    print('order', event)\n    return context.aws_request_id\n")
THROWS = python_zip("def handler(event, context):\n    print('order', event)\n    raise ValueError('a bug')\n")
START = "2031-01-01T00:00:00Z"
TIME = datetime.datetime(2031, 1, 1, tzinfo=datetime.timezone.utc)


class Recorder:
    """Runs commands against one server and writes down what came back."""

    def __init__(self, server):
        self.server = server
        self.trace = []

    def note(self, what, value):
        text = json.dumps(value, default=str, sort_keys=True, indent=1)
        text = text.replace(self.server.endpoint, "ENDPOINT")
        # Real time and real memory.
        text = re.sub(r"((?:Duration|Max Memory Used): )[0-9.]+", r"\1…", text)
        self.trace.append((what, text))

    def call(self, service, operation, **request):
        response = getattr(client_for(self.server.endpoint, service=service), operation)(**request)
        metadata = response["ResponseMetadata"]
        kept = {key: value for key, value in response.items() if key != "ResponseMetadata"}
        if "Payload" in kept:
            kept["Payload"] = kept["Payload"].read().decode()
        for real in ("LogResult", "nextForwardToken", "nextBackwardToken"):
            kept.pop(real, None)
        self.note(f"{service}.{operation}", {**kept, "RequestId": metadata.get("RequestId")})
        return kept

    def advance(self, **by):
        answer = self.server.post("/_aviary/clock/advance", by)
        assert answer.status == 200, answer
        self.note("advance", answer.json())


class SameSeed(ServerCase):
    SERVER = False

    def run_commands(self, seed):
        server = Server("--clock", "manual", "--seed", str(seed)).start()
        try:
            assert server.put("/_aviary/clock", {"now": START}).status == 200
            return self.commands(Recorder(server))
        finally:
            server.stop()

    def commands(self, to):
        role = "arn:aws:iam::123456789012:role/any"
        to.call("lambda", "create_function", FunctionName="orders", Runtime="python3.11", Handler="index.handler", Role=role,
                Code={"ZipFile": WORKS}, Publish=True)
        to.advance(by="1m")
        to.call("lambda", "update_function_code", FunctionName="orders", ZipFile=THROWS)
        to.advance(by="1m")
        to.call("lambda", "publish_version", FunctionName="orders")
        to.call("lambda", "create_alias", FunctionName="orders", Name="prod", FunctionVersion="1",
                RoutingConfig={"AdditionalVersionWeights": {"2": 0.3}})
        queue = to.call("sqs", "create_queue", QueueName="failed")["QueueUrl"]
        arn = to.call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        to.call("lambda", "put_function_event_invoke_config", FunctionName="orders", Qualifier="2",
                DestinationConfig={"OnFailure": {"Destination": arn}})
        dimensions = [{"Name": "FunctionName", "Value": "orders"}, {"Name": "Resource", "Value": "orders:prod"},
                      {"Name": "ExecutedVersion", "Value": "2"}]
        to.call("cloudwatch", "put_metric_alarm", AlarmName="errors", Namespace="AWS/Lambda", MetricName="Errors",
                Dimensions=dimensions, Statistic="Sum", Period=60, EvaluationPeriods=2, Threshold=2,
                ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching")
        for minute in range(3):
            for number in range(15):
                to.call("lambda", "invoke", FunctionName="orders", Qualifier="prod", Payload=str(number))
            to.advance(by="1m")
        to.call("lambda", "invoke", FunctionName="orders", Qualifier="2", InvocationType="Event", Payload=b"{}")
        to.advance(by="10m")
        message = to.call("sqs", "receive_message", QueueUrl=queue, MaxNumberOfMessages=10)["Messages"][0]
        self.assertEqual(json.loads(message["Body"])["requestContext"]["condition"], "RetriesExhausted")
        to.call("sqs", "send_message", QueueUrl=queue, MessageBody="by hand")
        to.call("cloudwatch", "describe_alarms")
        to.call("cloudwatch", "describe_alarm_history", AlarmName="errors")
        for metric in ("Invocations", "Errors", "ConcurrentExecutions", "AsyncEventsReceived", "AsyncEventAge"):
            to.call("cloudwatch", "get_metric_statistics", Namespace="AWS/Lambda", MetricName=metric,
                    Dimensions=dimensions[:1], Period=60, Statistics=["Sum", "Maximum"], StartTime=TIME,
                    EndTime=TIME + datetime.timedelta(hours=1))
        to.call("logs", "describe_log_streams", logGroupName="/aws/lambda/orders")
        for stream in to.call("logs", "describe_log_streams", logGroupName="/aws/lambda/orders")["logStreams"]:
            to.call("logs", "get_log_events", logGroupName="/aws/lambda/orders", logStreamName=stream["logStreamName"],
                    startFromHead=True)
        return to.trace

    def test_it_is_the_same_twice(self):
        first, second = self.run_commands(7), self.run_commands(7)
        self.assertEqual(len(first), len(second))
        for one, two in zip(first, second):
            self.assertEqual(one, two)

    def test_another_seed_is_another_run(self):
        first, second = self.run_commands(7), self.run_commands(8)
        self.assertNotEqual(first, second)
        versions = [[json.loads(text)["ExecutedVersion"] for what, text in trace if what == "lambda.invoke" and "ExecutedVersion" in text]
                    for trace in (first, second)]
        self.assertNotEqual(*versions)


if __name__ == "__main__":
    unittest.main()
