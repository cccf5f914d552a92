"""Lambda's own metrics, as real invokes make them: what runs at once, asynchronous events, provisioned concurrency."""

import datetime
import threading
import unittest

from function_code import python_zip
from sdk_clients import LambdaCase, client_for

WAITS = python_zip("import time\n\ndef handler(event, context):\n    time.sleep(event)\n")
THROWS = python_zip("def handler(event, context):\n    raise ValueError('a bug')\n")
NOBODY = "arn:aws:sqs:us-east-1:123456789012:nobody"


class LambdaMetrics(LambdaCase):
    OPTIONS = ("--clock", "manual")

    def setUp(self):
        super().setUp()
        self.watch = client_for(self.server.endpoint, service="cloudwatch")

    def value(self, metric, statistic="Sum", **dimensions):
        """Of the last and the next hour; nothing if there is no data."""
        now = datetime.datetime.fromisoformat(self.server.get("/_aviary/clock").json()["now"].replace("Z", "+00:00"))
        hour = datetime.timedelta(hours=1)
        found = self.watch.get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=metric, Period=7200, Statistics=[statistic], StartTime=now - hour, EndTime=now + hour,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()])["Datapoints"]
        values = [datapoint[statistic] for datapoint in found]
        return (max if statistic == "Maximum" else sum)(values) if values else None

    def advance(self, by):
        answer = self.server.post("/_aviary/clock/advance", {"by": by})
        self.assertEqual(answer.status, 200, answer)

    def at_once(self, *invokes):
        """Runs invokes, each for two seconds, together."""
        failed = []

        def run(name, qualifier):
            try:
                client_for(self.server.endpoint).invoke(FunctionName=name, Payload=b"2", **({"Qualifier": qualifier} if qualifier else {}))
            except Exception as error:  # shown below
                failed.append(error)

        threads = [threading.Thread(target=run, args=invoke) for invoke in invokes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])

    def test_what_runs_at_once(self):
        self.create(code=WAITS, Publish=True)
        self.create("reserved", code=WAITS)
        self.client.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=5)
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1")
        for name, qualifier in (("order-processor", "1"), ("reserved", "")):
            self.invoke(name, payload=0, **({"Qualifier": qualifier} if qualifier else {}))  # a warm one saves time
        self.at_once(("order-processor", "prod"), ("order-processor", "prod"), ("order-processor", "1"), ("reserved", ""))
        self.assertEqual(self.value("ConcurrentExecutions", "Maximum"), 4)
        self.assertEqual(self.value("UnreservedConcurrentExecutions", "Maximum"), 3)
        self.assertEqual(self.value("ConcurrentExecutions", "Maximum", FunctionName="order-processor"), 3)
        self.assertEqual(self.value("ConcurrentExecutions", "Maximum", FunctionName="order-processor",
                                    Resource="order-processor:prod"), 2)
        self.assertEqual(self.value("ConcurrentExecutions", "Maximum", FunctionName="order-processor",
                                    Resource="order-processor:1"), 1)
        self.assertEqual(self.value("ConcurrentExecutions", "Maximum", FunctionName="order-processor",
                                    Resource="order-processor:prod", ExecutedVersion="1"), 2)
        self.assertEqual(self.value("ConcurrentExecutions", "Maximum", FunctionName="reserved"), 1)

    def test_asynchronous_events(self):
        self.create(code=THROWS, DeadLetterConfig={"TargetArn": NOBODY})
        self.client.put_function_event_invoke_config(
            FunctionName="order-processor", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": NOBODY}})
        self.client.invoke(FunctionName="order-processor", InvocationType="Event", Payload=b"{}")
        self.advance("10m")
        function = {"FunctionName": "order-processor"}
        self.assertEqual(self.value("AsyncEventsReceived", **function), 1)
        self.assertEqual(self.value("AsyncEventAge", "SampleCount", **function), 2)
        self.assertGreaterEqual(self.value("AsyncEventAge", "Maximum", **function), 60_000)
        for metric in ("AsyncEventsDropped", "DeadLetterErrors", "DestinationDeliveryFailures"):
            self.assertEqual(self.value(metric, **function), 1, metric)
            self.assertEqual(self.value(metric, Resource="order-processor", **function), 1, metric)
            self.assertEqual(self.value(metric), 1, metric)
        self.assertEqual((self.value("Invocations", **function), self.value("Errors", **function)), (2, 2))

    def test_provisioned_concurrency(self):
        self.create(code=WAITS, Publish=True)
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1")
        self.client.put_provisioned_concurrency_config(FunctionName="order-processor", Qualifier="prod",
                                                       ProvisionedConcurrentExecutions=2)
        self.eventually(lambda: self.client.get_provisioned_concurrency_config(
            FunctionName="order-processor", Qualifier="prod")["Status"] == "READY", timeout=60)
        self.at_once(("order-processor", "prod"))
        resource = {"FunctionName": "order-processor", "Resource": "order-processor:prod"}
        self.assertEqual(self.value("ProvisionedConcurrencyInvocations", **resource), 1)
        self.assertEqual(self.value("ProvisionedConcurrentExecutions", "Maximum", **resource), 1)
        self.assertEqual(self.value("ProvisionedConcurrencyUtilization", "Maximum", **resource), 0.5)
        self.assertIsNone(self.value("ProvisionedConcurrencySpilloverInvocations", **resource))
        self.at_once(*[("order-processor", "prod")] * 3)
        self.assertEqual(self.value("ProvisionedConcurrencyInvocations", ExecutedVersion="1", **resource), 3)
        self.assertEqual(self.value("ProvisionedConcurrencySpilloverInvocations", **resource), 1)
        self.assertEqual(self.value("ProvisionedConcurrencyUtilization", "Maximum", **resource), 1)
        self.assertEqual(self.value("ConcurrentExecutions", "Maximum", **resource), 3)
        self.assertEqual(self.value("UnreservedConcurrentExecutions", "Maximum"), 1)


if __name__ == "__main__":
    unittest.main()
