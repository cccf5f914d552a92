"""CloudWatch Logs as a function's author meets it: what functions write, by version; `aws logs tail`; filters that feed
functions and metrics.
"""

import datetime
import gzip
import json
import subprocess
import time
import unittest

from botocore.exceptions import ClientError

from aviary_server import Server
from aws_cli import for_each
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

SAYS = python_zip("def handler(event, context):\n    print(event['say'])\n    return event['say']\n")
FORWARDS = python_zip("""
import base64, gzip, json

def handler(event, context):
    said = json.loads(gzip.decompress(base64.b64decode(event['awslogs']['data'])))
    print('heard', json.dumps(said))
""")

class LogsCase(LambdaCase):
    def setUp(self):
        super().setUp()
        self.logs = client_for(self.server.endpoint, service="logs")

    def say(self, text, **more):
        return self.invoke(payload={"say": text}, **more)

    def messages(self, group="/aws/lambda/order-processor", **more):
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more)
        return [event["message"] for page in pages for event in page["events"]]


class Functions(LogsCase):
    def test_versions_write_streams_of_their_own(self):
        self.create(code=SAYS)
        for version in ("1", "2"):
            self.update_code(python_zip(f"def handler(event, context):\n    print('version', {version})\n"))
            self.assertEqual(self.publish()["Version"], version)
            self.invoke(Qualifier=version)
        streams = self.logs.describe_log_streams(logGroupName="/aws/lambda/order-processor")["logStreams"]
        today = self.server.get("/_aviary/clock").json()["now"][:10].replace("-", "/")
        self.assertEqual(len(streams), 2)
        for version, stream in zip(("1", "2"), streams):
            self.assertRegex(stream["logStreamName"], rf"^{today}/\[{version}\][0-9a-f]{{32}}$")
            events = self.logs.get_log_events(logGroupName="/aws/lambda/order-processor", startFromHead=True,
                                              logStreamName=stream["logStreamName"])["events"]
            said = [event["message"] for event in events]
            self.assertRegex(said[0], r"^INIT_START Runtime Version: .*\n$")
            self.assertRegex(said[1], rf"^START RequestId: [0-9a-f-]{{36}} Version: {version}\n$")
            self.assertEqual(said[2], f"version {version}\n")
            self.assertRegex(said[3], r"^END RequestId: [0-9a-f-]{36}\n$")
            self.assertRegex(said[4], r"^REPORT RequestId: [0-9a-f-]{36}\tDuration: .*\n$")

    def test_the_group_is_there_with_the_first_line_and_comes_back(self):
        self.create(code=SAYS)
        self.assertEqual(self.logs.describe_log_groups()["logGroups"], [])
        self.say("one")
        self.assertEqual([group["logGroupName"] for group in self.logs.describe_log_groups()["logGroups"]],
                         ["/aws/lambda/order-processor"])
        self.logs.delete_log_group(logGroupName="/aws/lambda/order-processor")
        self.say("two")
        self.assertIn("two\n", self.messages())
        self.assertNotIn("one\n", self.messages())

    def test_a_group_of_its_choice(self):
        if "LoggingConfig" not in self.client.meta.service_model.shape_for("CreateFunctionRequest").members:
            self.skipTest("this boto3 is from before logging configurations")
        self.create(code=SAYS, LoggingConfig={"LogGroup": "/shop/all", "LogFormat": "Text"})
        self.say("hello")
        self.assertIn("hello\n", self.messages("/shop/all"))
        stream = self.logs.describe_log_streams(logGroupName="/shop/all")["logStreams"][0]["logStreamName"]
        self.assertRegex(stream, r"^\d{4}/\d\d/\d\d/order-processor\[\$LATEST\][0-9a-f]{32}$")

    def test_reset_forgets(self):
        self.create(code=SAYS)
        self.say("hello")
        self.assertEqual(self.server.post("/_aviary/reset").status, 200)
        self.assertEqual(self.logs.describe_log_groups()["logGroups"], [])


class Filters(LogsCase):
    def test_a_subscription_feeds_a_function(self):
        self.create(code=SAYS)
        self.create("listener", code=FORWARDS)
        self.logs.create_log_group(logGroupName="/aws/lambda/order-processor")
        self.logs.put_subscription_filter(logGroupName="/aws/lambda/order-processor", filterName="all",
                                          filterPattern="order", destinationArn=self.arn("listener"))
        self.say("order 1")
        self.say("something else")

        def heard():
            try:
                said = self.messages("/aws/lambda/listener", filterPattern="heard")
            except self.logs.exceptions.ResourceNotFoundException:
                return None
            return [json.loads(line.split(" ", 1)[1]) for line in said]

        events = self.eventually(heard, timeout=60, what="an event")
        self.assertEqual(len(events), 1)
        self.assertEqual(events[0]["messageType"], "DATA_MESSAGE")
        self.assertEqual(events[0]["owner"], "123456789012")
        self.assertEqual(events[0]["logGroup"], "/aws/lambda/order-processor")
        self.assertEqual(events[0]["subscriptionFilters"], ["all"])
        self.assertEqual([event["message"] for event in events[0]["logEvents"]], ["order 1\n"])

    def test_a_subscription_needs_its_function(self):
        self.logs.create_log_group(logGroupName="g")
        response = self.refused(
            "InvalidParameterException", 400, self.logs.put_subscription_filter, logGroupName="g", filterName="f",
            filterPattern="", destinationArn=self.arn("nobody"))
        self.assertTrue(response["Error"]["Message"].startswith("Could not execute the lambda function."), response)

    def statistics(self, namespace, name, **more):
        now = datetime.datetime.now(datetime.timezone.utc)
        answer = client_for(self.server.endpoint, service="cloudwatch").get_metric_statistics(
            Namespace=namespace, MetricName=name, Period=3600, StartTime=now - datetime.timedelta(hours=1),
            EndTime=now + datetime.timedelta(hours=1), Statistics=["Sum", "SampleCount"], **more)["Datapoints"]
        return [(point["SampleCount"], point["Sum"], point["Unit"]) for point in answer]

    def test_a_metric_filter_feeds_a_metric(self):
        self.create(code=SAYS)
        self.logs.create_log_group(logGroupName="/aws/lambda/order-processor")
        self.logs.put_metric_filter(
            logGroupName="/aws/lambda/order-processor", filterName="slow", filterPattern="{ $.latency > 100 }",
            metricTransformations=[{"metricName": "Slow", "metricNamespace": "Shop", "metricValue": "$.latency"}])
        for latency in (50, 150, 250):
            self.say(json.dumps({"latency": latency}))
        self.assertEqual(self.statistics("Shop", "Slow"), [(2, 400, "None")])

    def test_embedded_metrics(self):
        self.create(code=SAYS)
        self.say(json.dumps({
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [
                {"Namespace": "Shop", "Dimensions": [["Path"]], "Metrics": [{"Name": "Time", "Unit": "Milliseconds"}]}]},
            "Path": "/cart", "Time": [10, 30]}))
        self.assertEqual(self.statistics("Shop", "Time", Dimensions=[{"Name": "Path", "Value": "/cart"}]),
                         [(2, 40, "Milliseconds")])


class Destinations(LogsCase):
    """What stands between groups and streams: destinations, policies of an account, transformers."""

    def setUp(self):
        super().setUp()
        self.kinesis = client_for(self.server.endpoint, service="kinesis")
        self.kinesis.create_stream(StreamName="lines", ShardCount=1)
        self.kinesis.get_waiter("stream_exists").wait(StreamName="lines", WaiterConfig={"Delay": 1})
        self.role = "arn:aws:iam::123456789012:role/r"
        stream = self.kinesis.describe_stream_summary(StreamName="lines")["StreamDescriptionSummary"]["StreamARN"]
        self.destination = self.logs.put_destination(destinationName="d", targetArn=stream, roleArn=self.role)["destination"]["arn"]
        for group in ("app", "quiet"):
            self.logs.create_log_group(logGroupName=group)
            self.logs.create_log_stream(logGroupName=group, logStreamName="one")

    def write(self, group, *messages):
        now = int(time.time() * 1000)
        self.logs.put_log_events(logGroupName=group, logStreamName="one",
                                 logEvents=[{"timestamp": now + i, "message": each} for i, each in enumerate(messages)])

    def sent(self, count):
        """What came out of the stream, unpacked."""
        shard = self.kinesis.list_shards(StreamName="lines")["Shards"][0]["ShardId"]

        def records():
            iterator = self.kinesis.get_shard_iterator(StreamName="lines", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
            found = self.kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
            return found if len(found) >= count else None

        return [json.loads(gzip.decompress(each["Data"])) for each in self.eventually(records, what="records")]

    def test_a_filter_reaches_the_stream_behind_a_destination(self):
        self.logs.put_subscription_filter(logGroupName="app", filterName="f", filterPattern="ERROR", destinationArn=self.destination)
        self.write("app", "an ERROR", "all well")
        sent = self.sent(1)
        self.assertEqual([(each["logGroup"], each["subscriptionFilters"], [line["message"] for line in each["logEvents"]])
                          for each in sent], [("app", ["f"], ["an ERROR"])])
        self.assertNotIn("policyLevel", sent[0])

    def test_a_policy_subscribes_an_account(self):
        document = {"DestinationArn": self.destination, "FilterPattern": "", "Distribution": "Random"}
        self.logs.put_account_policy(policyName="all", policyType="SUBSCRIPTION_FILTER_POLICY", scope="ALL",
                                     policyDocument=json.dumps(document), selectionCriteria='LogGroupName NOT IN ["quiet"]')
        self.write("quiet", "not this")
        self.write("app", "this")
        sent = self.sent(1)
        self.assertEqual([(each["logGroup"], each["policyLevel"]) for each in sent], [("app", "ACCOUNT_LEVEL_POLICY")])
        policies = self.logs.describe_account_policies(policyType="SUBSCRIPTION_FILTER_POLICY")["accountPolicies"]
        self.assertEqual([each["policyName"] for each in policies], ["all"])
        self.refused("NotImplemented", 501, self.logs.put_account_policy, policyName="p", policyType="DATA_PROTECTION_POLICY",
                     policyDocument="{}")

    def test_a_transformer_makes_what_filters_look_at(self):
        self.logs.put_transformer(logGroupIdentifier="app", transformerConfig=[
            {"parseKeyValue": {"fieldDelimiter": " "}},
            {"typeConverter": {"entries": [{"key": "took", "type": "integer"}]}},
            {"copyValue": {"entries": [{"source": "@logGroupName", "target": "group"}]}}])
        self.logs.put_subscription_filter(logGroupName="app", filterName="f", filterPattern="{ $.took > 10 }",
                                          destinationArn=self.destination, applyOnTransformedLogs=True)
        self.write("app", "took=25 user=ana", "took=5 user=bo")
        lines = [json.loads(line["message"]) for each in self.sent(1) for line in each["logEvents"]]
        self.assertEqual(lines, [{"took": 25, "user": "ana", "group": "app"}])
        self.assertEqual(self.messages("app"), ["took=25 user=ana", "took=5 user=bo"])

    def test_deliveries_and_detectors_are_recorded(self):
        self.logs.put_delivery_source(name="s", resourceArn="arn:aws:cloudfront::123456789012:distribution/E1", logType="ACCESS_LOGS")
        target = self.logs.put_delivery_destination(
            name="t", deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:s3:::logs"})["deliveryDestination"]
        made = self.logs.create_delivery(deliverySourceName="s", deliveryDestinationArn=target["arn"], tags={"a": "b"})["delivery"]
        self.assertEqual(self.logs.get_delivery(id=made["id"])["delivery"], made)
        self.assertEqual(self.logs.list_tags_for_resource(resourceArn=made["arn"])["tags"], {"a": "b"})
        self.refused("ConflictException", 400, self.logs.delete_delivery_source, name="s")
        group = "arn:aws:logs:us-east-1:123456789012:log-group:app"
        arn = self.logs.create_log_anomaly_detector(logGroupArnList=[group], detectorName="n")["anomalyDetectorArn"]
        self.assertEqual(self.logs.get_log_anomaly_detector(anomalyDetectorArn=arn)["anomalyDetectorStatus"], "INITIALIZING")


class Tail(LogsCase):
    """`aws logs tail` is of version 2 of the CLI."""

    @for_each
    def test_tail(self, cli):
        if cli.version.startswith("aws-cli/1."):
            return
        self.create(code=SAYS)
        self.say("hello")
        ran = cli.run("logs", "tail", "/aws/lambda/order-processor", "--format", "short")
        self.assertEqual(ran.code, 0, ran)
        lines = [line.split(" ", 1)[1].strip() for line in ran.out.splitlines() if " " in line]
        self.assertIn("hello", lines)

    @for_each
    def test_tail_follows(self, cli):
        if cli.version.startswith("aws-cli/1."):
            return
        self.create(code=SAYS)
        self.say("one")
        tail = subprocess.Popen([*cli.prefix, "logs", "tail", "/aws/lambda/order-processor", "--follow"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={
                                    **cli.environment, "PYTHONUNBUFFERED": "1"}, cwd=cli.folder)
        try:
            self.until(tail, "one")
            self.say("two")
            self.until(tail, "two")
        finally:
            tail.kill()
            tail.communicate()

    def until(self, process, word):
        read = []
        for line in process.stdout:
            read.append(line)
            if line.rstrip().endswith(" " + word):
                return
        self.fail(f"the end, before {word!r}: {''.join(read)}")


class Sam(LogsCase):
    """What `sam logs` asks for: pages of FilterLogEvents with the parameters that it sends, each from where the last ended."""

    def fetch(self, start, **more):
        found = []
        request = {"logGroupName": "/aws/lambda/order-processor", "interleaved": True, "startTime": start, **more}
        while True:
            page = self.logs.filter_log_events(**request)
            found += page["events"]
            if "nextToken" not in page:
                return found
            request["nextToken"] = page["nextToken"]

    def test_fetch_and_tail(self):
        with self.assertRaises(ClientError) as caught:
            self.fetch(0)
        self.assertEqual(caught.exception.response["Error"]["Code"], "ResourceNotFoundException")
        self.create(code=SAYS)
        self.say("one")
        self.say("two")
        self.eventually(lambda: len(self.messages(filterPattern="REPORT")) == 2)
        seen = self.fetch(0)
        self.assertEqual([event["message"] for event in seen if event["message"] in ("one\n", "two\n")], ["one\n", "two\n"])
        self.assertEqual([event["message"] for event in self.fetch(0, filterPattern="two")], ["two\n"])
        last = max(event["timestamp"] for event in seen) + 1
        self.assertEqual(self.fetch(last), [])
        time.sleep(0.01)
        self.say("three")
        self.eventually(lambda: len(self.messages(filterPattern="REPORT")) == 3)
        self.assertIn("three\n", [event["message"] for event in self.fetch(last)])


class Insights(LogsCase):
    def query(self, text):
        now = int(time.time())
        started = self.logs.start_query(logGroupName="/aws/lambda/order-processor", startTime=now - 3600,
                                        endTime=now + 3600, queryString=text)
        answer = self.eventually(lambda: self.ended(started["queryId"]), timeout=60, what="the query")
        self.assertEqual(answer["status"], "Complete")
        return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]

    def ended(self, query):
        answer = self.logs.get_query_results(queryId=query)
        return answer if answer["status"] != "Running" else None

    def test_a_report_of_a_function(self):
        self.create(code=SAYS)
        for latency in (50, 150, 250):
            self.say(json.dumps({"latency": latency, "path": "/cart"}))
        self.assertEqual(self.query("filter ispresent(latency) | stats count(*) as n, max(latency) as slowest by path"),
                         [{"path": "/cart", "n": "3", "slowest": "250"}])
        reports = self.query('filter @type = "REPORT" | fields @requestId, @duration, @maxMemoryUsed | sort @timestamp')
        self.assertEqual(len(reports), 3)
        for report in reports:
            self.assertRegex(report["@requestId"], r"^[0-9a-f-]{36}$")
            self.assertGreater(float(report["@duration"]), 0)

    def test_what_is_no_query(self):
        self.logs.create_log_group(logGroupName="/aws/lambda/order-processor")
        self.refused("MalformedQueryException", 400, self.query, "fieldss @message",
                     message="unexpected symbol found fieldss at line 1 and position 0")


class LiveTail(LogsCase):
    def test_lines_as_they_come(self):
        # boto3 would put "stream-" before the host, which only AWS's own names survive.
        logs = client_for(self.server.endpoint, service="logs", inject_host_prefix=False)
        if "StartLiveTail" not in logs.meta.service_model.operation_names:
            self.skipTest("this boto3 is older than live tail")
        self.create(code=SAYS)
        self.say("before")
        arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/order-processor"
        stream = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="order")["responseStream"]
        self.addCleanup(stream.close)
        events = iter(stream)
        self.assertEqual(next(events)["sessionStart"]["logGroupIdentifiers"], [arn])
        self.say("order 1")
        self.say("nothing")
        found = []
        for _ in range(30):
            found += next(events)["sessionUpdate"]["sessionResults"]
            if found:
                break
        self.assertEqual([event["message"] for event in found], ["order 1\n"])
        self.assertEqual(found[0]["logGroupIdentifier"], "123456789012:/aws/lambda/order-processor")


class Durability(LogsCase):
    def test_groups_and_their_settings_last(self):
        folder = self.scratch()
        server = Server(data_dir=folder).start()
        logs = client_for(server.endpoint, service="logs")
        logs.create_log_group(logGroupName="kept", tags={"team": "shop"})
        logs.put_retention_policy(logGroupName="kept", retentionInDays=7)
        logs.put_metric_filter(logGroupName="kept", filterName="all", filterPattern="", metricTransformations=[
            {"metricName": "Lines", "metricNamespace": "Shop", "metricValue": "1"}])
        server.kill()
        server.start()
        self.addCleanup(server.stop)
        logs = client_for(server.endpoint, service="logs")
        group = logs.describe_log_groups()["logGroups"][0]
        self.assertEqual((group["logGroupName"], group["retentionInDays"], group["metricFilterCount"]), ("kept", 7, 1))
        self.assertEqual(logs.list_tags_log_group(logGroupName="kept")["tags"], {"team": "shop"})

    def test_events_outlive_a_kill(self):
        server = Server(data_dir=self.scratch()).start()
        self.addCleanup(lambda: server.alive() and server.stop())
        logs = client_for(server.endpoint, service="logs")
        logs.create_log_group(logGroupName="kept")
        logs.create_log_stream(logGroupName="kept", logStreamName="by-hand")
        said = []
        for round_number in range(3):
            for number in range(20):
                said.append(f"{round_number}.{number}")
                logs.put_log_events(logGroupName="kept", logStreamName="by-hand", logEvents=[
                    {"timestamp": int(time.time() * 1000), "message": said[-1]}])
            server.kill()  # right after the last answer
            server.start()
            logs = client_for(server.endpoint, service="logs")
            events = logs.get_log_events(logGroupName="kept", logStreamName="by-hand", startFromHead=True)["events"]
            self.assertEqual([event["message"] for event in events], said)

    def test_what_functions_said_outlives_a_restart(self):
        server = Server(data_dir=self.scratch()).start()
        self.addCleanup(lambda: server.alive() and server.stop())
        functions = client_for(server.endpoint)
        functions.create_function(FunctionName="talker", Runtime="python3.11", Handler="index.handler", Publish=True,
                                  Role="arn:aws:iam::123456789012:role/any",
                                  Code={"ZipFile": python_zip("def handler(event, context):\n    print('order', event)\n")})
        functions.get_waiter("function_active_v2").wait(FunctionName="talker", WaiterConfig={"Delay": 1})

        def lines():
            logs = client_for(server.endpoint, service="logs")
            return [(event["logStreamName"], event["message"]) for event in logs.filter_log_events(
                logGroupName="/aws/lambda/talker")["events"]]

        functions.invoke(FunctionName="talker", Qualifier="1", Payload=b"1")
        said = self.eventually(lambda: len(lines()) >= 5 and lines())
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(lines(), said)
        client_for(server.endpoint).invoke(FunctionName="talker", Qualifier="1", Payload=b"2")
        said = self.eventually(lambda: len(lines()) >= 10 and lines())
        time.sleep(3)  # it is written a second later
        server.kill()
        server.start()
        self.assertEqual(lines(), said)


if __name__ == "__main__":
    unittest.main()
