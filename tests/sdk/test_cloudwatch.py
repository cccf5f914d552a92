"""CloudWatch by the clients that people use: boto3 old (query) and new (cbor or JSON), and every CLI.

The canary's alarm at the end is the article's: more than 5 errors in 60 s over 2 periods, of the version that the alias
gives a part of its traffic to.
"""

import datetime
import http.server
import json
import threading
import unittest

from botocore.exceptions import ClientError

from aviary_server import Server
from aws_cli import for_each
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

EVERY_BOTO3 = True

UTC = datetime.timezone.utc
THROWS = python_zip("def handler(event, context):\n    raise ValueError('a bug')\n")

class CloudWatchCase(LambdaCase):
    OPTIONS = ("--clock", "manual", "--routing", "exact")

    def setUp(self):
        super().setUp()
        self.watch = client_for(self.server.endpoint, service="cloudwatch")
        # From a whole minute on, so that tests can name the moments.
        minute = self.now().replace(second=0, microsecond=0) + datetime.timedelta(minutes=1)
        answer = self.server.put("/_aviary/clock", {"now": minute.strftime("%Y-%m-%dT%H:%M:%SZ")})
        self.assertEqual(answer.status, 200, answer)

    def now(self):
        text = self.server.get("/_aviary/clock").json()["now"]
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))

    def advance(self, seconds):
        answer = self.server.post("/_aviary/clock/advance", {"by": f"{seconds}s"})
        self.assertEqual(answer.status, 200, answer)

    def put(self, value, name="Errors", **more):
        self.watch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": name, "Value": value, **more}])

    def alarm(self, **change):
        settings = {"AlarmName": "errors", "Namespace": "Shop", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
                    "EvaluationPeriods": 2, "DatapointsToAlarm": 2, "Threshold": 5,
                    "ComparisonOperator": "GreaterThanThreshold", **change}
        self.watch.put_metric_alarm(**{key: value for key, value in settings.items() if value is not None})

    def state(self, name="errors"):
        return self.watch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]

    def refused(self, operation, **request):
        with self.assertRaises(ClientError) as caught:
            getattr(self.watch, operation)(**request)
        return caught.exception.response["Error"]

class Metrics(CloudWatchCase):
    def test_statistics(self):
        self.watch.put_metric_data(Namespace="Shop", MetricData=[
            {"MetricName": "Latency", "Values": [1.0, 10.0], "Counts": [2.0, 4.0], "Unit": "Milliseconds",
             "Dimensions": [{"Name": "Path", "Value": "/"}]}])
        answer = self.watch.get_metric_statistics(
            Namespace="Shop", MetricName="Latency", Dimensions=[{"Name": "Path", "Value": "/"}], Period=60,
            StartTime=self.now() - datetime.timedelta(minutes=5), EndTime=self.now() + datetime.timedelta(minutes=1),
            Statistics=["Sum", "SampleCount", "Average", "Minimum", "Maximum"])
        self.assertEqual(answer["Label"], "Latency")
        self.assertEqual(answer["Datapoints"], [
            {"Timestamp": self.now(), "Sum": 42.0, "SampleCount": 6.0, "Average": 7.0, "Minimum": 1.0, "Maximum": 10.0,
             "Unit": "Milliseconds"}])

    def test_percentiles(self):
        for value in range(1, 101):
            self.put(value, "Latency")
        datapoint = self.watch.get_metric_statistics(
            Namespace="Shop", MetricName="Latency", Period=60, ExtendedStatistics=["p90", "p99.9", "tm90"],
            StartTime=self.now(), EndTime=self.now() + datetime.timedelta(minutes=1))["Datapoints"][0]
        for name, wanted in (("p90", 90), ("p99.9", 100), ("tm90", 45.5)):
            self.assertAlmostEqual(datapoint["ExtendedStatistics"][name], wanted, delta=wanted / 100)

    def test_math_and_pages(self):
        start = self.now()
        for value in (1, 2, 3):
            self.put(value)
            self.put(10, "Requests")
            self.advance(60)
        stat = lambda name: {"Metric": {"Namespace": "Shop", "MetricName": name}, "Period": 60, "Stat": "Sum"}
        queries = [{"Id": "e", "MetricStat": stat("Errors"), "ReturnData": False},
                   {"Id": "n", "MetricStat": stat("Requests")},
                   {"Id": "rate", "Expression": "100 * e / n", "Label": "error rate"}]
        answer = self.watch.get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=self.now())
        rate = {each["Id"]: each for each in answer["MetricDataResults"]}["rate"]
        self.assertEqual((rate["Label"], rate["Values"], rate["StatusCode"]), ("error rate", [30.0, 20.0, 10.0], "Complete"))
        self.assertEqual(rate["Timestamps"][-1], start)
        pages = self.watch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=self.now(), ScanBy="TimestampAscending",
            PaginationConfig={"PageSize": 2})
        values = {}
        for page in pages:
            for result in page["MetricDataResults"]:
                values.setdefault(result["Id"], []).extend(result["Values"])
        self.assertEqual(values, {"n": [10.0] * 3, "rate": [10.0, 20.0, 30.0]})

    def test_list(self):
        for path in ("/", "/cart"):
            self.put(1, Dimensions=[{"Name": "Path", "Value": path}])
        found = list(self.watch.get_paginator("list_metrics").paginate(Namespace="Shop").search("Metrics"))
        self.assertEqual([metric["Dimensions"][0]["Value"] for metric in found], ["/", "/cart"])
        found = self.watch.list_metrics(Dimensions=[{"Name": "Path", "Value": "/cart"}])["Metrics"]
        self.assertEqual(found, [{"Namespace": "Shop", "MetricName": "Errors",
                                  "Dimensions": [{"Name": "Path", "Value": "/cart"}]}])

    def test_refusals(self):
        error = self.refused("put_metric_data", Namespace="Shop", MetricData=[
            {"MetricName": "m", "Value": 1, "Values": [1.0]}])
        self.assertEqual((error["Code"], error["Message"]), (
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have "
            "specified both."))
        now = self.now()
        error = self.refused("get_metric_statistics", Namespace="Shop", MetricName="m", Period=60, Statistics=["Sum"],
                             StartTime=now - datetime.timedelta(days=2), EndTime=now)
        self.assertEqual(error["Code"], "InvalidParameterCombination")
        self.assertIn("You have requested up to 2880 datapoints, which exceeds the limit of 1440.", error["Message"])
        self.assertEqual(self.refused("set_alarm_state", AlarmName="nobody", StateValue="OK", StateReason="x")["Code"],
                         "ResourceNotFound")

    def test_dashboards(self):
        body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "hello"}}]})
        self.assertEqual(self.watch.put_dashboard(DashboardName="shop", DashboardBody=body)["DashboardValidationMessages"], [])
        self.assertEqual(self.watch.get_dashboard(DashboardName="shop")["DashboardBody"], body)
        self.assertEqual([each["DashboardName"] for each in self.watch.list_dashboards()["DashboardEntries"]], ["shop"])
        self.watch.delete_dashboards(DashboardNames=["shop"])
        self.assertIn(self.refused("get_dashboard", DashboardName="shop")["Code"],
                      ("ResourceNotFound", "DashboardNotFoundError"))

class Alarms(CloudWatchCase):
    def test_life(self):
        self.alarm(AlarmDescription="too many errors", TreatMissingData="notBreaching",
                   Tags=[{"Key": "team", "Value": "shop"}])
        alarm = self.watch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]
        self.assertEqual((alarm["StateValue"], alarm["StateReason"]),
                         ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"))
        self.assertEqual((alarm["Dimensions"], alarm["OKActions"], alarm["ActionsEnabled"]), ([], [], True))
        self.assertEqual(alarm["AlarmConfigurationUpdatedTimestamp"], self.now())
        tags = self.watch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        self.assertEqual(tags, [{"Key": "team", "Value": "shop"}])
        start = self.now()
        self.put(6)
        self.advance(60)
        self.assertEqual(self.state(), "OK")
        self.put(7)
        self.advance(60)
        alarm = self.watch.describe_alarms(StateValue="ALARM")["MetricAlarms"][0]
        moment = lambda minutes: (start + datetime.timedelta(minutes=minutes)).strftime("%d/%m/%y %H:%M:%S")
        self.assertEqual(alarm["StateReason"],
                         f"Threshold Crossed: 2 out of the last 2 datapoints [7.0 ({moment(1)}), 6.0 ({moment(0)})] were "
                         "greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).")
        data = json.loads(alarm["StateReasonData"])
        self.assertEqual((data["recentDatapoints"], data["threshold"]), ([6.0, 7.0], 5.0))
        self.advance(60 * 4)
        self.assertEqual(self.state(), "OK")
        history = self.watch.describe_alarm_history(AlarmName="errors", ScanBy="TimestampAscending")["AlarmHistoryItems"]
        self.assertEqual([item["HistorySummary"] for item in history],
                         ['Alarm "errors" created', "Alarm updated from INSUFFICIENT_DATA to OK",
                          "Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK"])
        self.watch.delete_alarms(AlarmNames=["errors"])
        self.assertEqual(self.watch.describe_alarms()["MetricAlarms"], [])

    def test_composite(self):
        self.alarm()
        self.alarm(AlarmName="latency", MetricName="Latency")
        self.watch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("errors") AND NOT OK("latency")')
        self.watch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="by hand")
        both = self.watch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
        self.assertEqual(both["StateValue"], "ALARM")
        self.assertIn(":alarm:errors transitioned to ALARM at ", both["StateReason"])
        self.assertEqual(self.refused("put_composite_alarm", AlarmName="x", AlarmRule="ALARM(gone)")["Message"],
                         "Could not save the composite alarm as alarms [gone] in the alarm rule do not exist")

    def test_waiter(self):
        self.alarm()
        self.watch.get_waiter("alarm_exists").wait(AlarmNames=["errors"], WaiterConfig={"Delay": 1, "MaxAttempts": 1})

    def test_pages(self):
        for number in range(12):
            self.alarm(AlarmName=f"alarm-{number:02}")
        pages = self.watch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 5})
        self.assertEqual([alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]],
                         [f"alarm-{number:02}" for number in range(12)])

    def test_state_survives_a_restart(self):
        folder = self.scratch()

        server = Server("--clock", "manual", data_dir=folder).start()
        try:
            self.watch = client_for(server.endpoint, service="cloudwatch")
            self.alarm()
            self.watch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="by hand")
            before = self.watch.describe_alarms()["MetricAlarms"]
            server.kill()
            server.start()
            self.watch = client_for(server.endpoint, service="cloudwatch")
            self.assertEqual(self.watch.describe_alarms()["MetricAlarms"], before)
            self.assertEqual(len(self.watch.describe_alarm_history(AlarmName="errors")["AlarmHistoryItems"]), 2)
        finally:
            server.stop()

class Durability(CloudWatchCase):
    def test_metric_data_survives_a_restart(self):
        folder = self.scratch()
        server = Server("--clock", "manual", data_dir=folder).start()
        server.put("/_aviary/clock", {"now": "2031-01-01T00:00:00Z"})

        def sums():
            answer = client_for(server.endpoint, service="cloudwatch").get_metric_statistics(
                Namespace="Shop", MetricName="Errors", Period=60, Statistics=["Sum"],
                StartTime=datetime.datetime(2030, 12, 31, 23, tzinfo=UTC), EndTime=datetime.datetime(2031, 1, 1, 1, tzinfo=UTC))
            return sorted(point["Sum"] for point in answer["Datapoints"])

        def put(value):
            client_for(server.endpoint, service="cloudwatch").put_metric_data(
                Namespace="Shop", MetricData=[{"MetricName": "Errors", "Value": value}])

        put(1)
        server.post("/_aviary/clock/advance", {"by": "1m"})
        put(2)
        self.assertEqual(server.stop(), 0)
        server.start()
        server.put("/_aviary/clock", {"now": "2031-01-01T00:10:00Z"})
        self.addCleanup(lambda: server.alive() and server.stop())
        self.assertEqual(sums(), [1.0, 2.0])


class Pictures(CloudWatchCase):
    def test_a_widget_as_a_picture(self):
        self.put(5)
        widget = {"metrics": [["Shop", "Errors"]], "width": 300, "height": 200}
        picture = self.watch.get_metric_widget_image(MetricWidget=json.dumps(widget))["MetricWidgetImage"]
        self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual((int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")), (300, 200))


class Actions(CloudWatchCase):
    """What alarms do when they change."""

    def until(self, condition, status=200, **more):
        answer = self.server.post("/_aviary/clock/advance", {"until": condition, **more}, timeout=120)
        self.assertEqual(answer.status, status, answer)
        return answer.json()

    def actions(self, name="errors"):
        history = self.watch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
        return [row["HistorySummary"] for row in history]

    def test_a_function_is_told(self):
        self.create("responder", python_zip("import json\n\ndef handler(event, context):\n    print(json.dumps(event))\n"))
        self.alarm(EvaluationPeriods=1, DatapointsToAlarm=1, AlarmActions=[self.arn("responder")])
        self.put(9)
        ran = self.until("alarm errors is ALARM")["ran"]
        self.assertEqual([row["what"] for row in ran], [
            "alarm errors: INSUFFICIENT_DATA -> ALARM",
            f"invoke of {self.arn('responder')} ran version $LATEST and succeeded"])
        logs = client_for(self.server.endpoint, service="logs")
        lines = [event["message"] for event in logs.filter_log_events(logGroupName="/aws/lambda/responder",
                                                                      filterPattern="alarmData")["events"]]
        event = json.loads(lines[0])
        self.assertEqual(event["source"], "aws.cloudwatch")
        self.assertEqual(event["alarmData"]["alarmName"], "errors")
        self.assertEqual(event["alarmData"]["state"]["value"], "ALARM")
        self.assertEqual(self.actions(), [f"Successfully executed action {self.arn('responder')}"])

    def test_a_hook_is_told(self):
        heard = []

        class Hook(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                heard.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *words):
                pass

        hook = http.server.HTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=hook.serve_forever, daemon=True).start()
        self.addCleanup(hook.server_close)
        self.addCleanup(hook.shutdown)
        url = f"http://127.0.0.1:{hook.server_port}/alarm?of=shop"
        self.alarm(EvaluationPeriods=1, DatapointsToAlarm=1, AlarmActions=[url])
        self.put(9)
        self.until("alarm errors is ALARM")
        self.assertEqual([(path, body["AlarmName"], body["NewStateValue"]) for path, body in heard],
                         [("/alarm?of=shop", "errors", "ALARM")])
        self.assertEqual(self.actions(), [f"Successfully executed action {url}"])

    def test_nobody_there_is_said(self):
        self.alarm(EvaluationPeriods=1, DatapointsToAlarm=1, AlarmActions=[self.arn("nobody"), "http://127.0.0.1:1/"])
        self.put(9)
        self.until("alarm errors is ALARM")
        self.assertEqual(len(self.actions()), 2)
        for summary in self.actions():
            self.assertTrue(summary.startswith("Failed to execute action"), summary)

    def test_until_does_not_wait_for_ever(self):
        self.alarm(TreatMissingData="notBreaching")
        before = self.now()
        answer = self.until("alarm errors is ALARM", status=409, within="1h")
        self.assertEqual(answer["message"], "Not within that time: it is OK.")
        self.assertEqual(self.now(), before + datetime.timedelta(hours=1))
        self.assertEqual(self.until("alarm errors is OK")["timers"], 0)


class Canary(CloudWatchCase):
    """Errors of one version of a weighted alias, as the article's alarm watches them."""

    DIMENSIONS = [{"Name": "FunctionName", "Value": "order-processor"},
                  {"Name": "Resource", "Value": "order-processor:prod"},
                  {"Name": "ExecutedVersion", "Value": "2"}]

    def deploy(self):
        self.create(Publish=True)
        self.publish_code(THROWS)
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})

    def traffic(self, invokes=60):
        for number in range(invokes):
            self.invoke(Qualifier="prod", payload=number)

    def test_goes_into_alarm_and_back(self):
        self.deploy()
        self.alarm(Namespace="AWS/Lambda", Dimensions=self.DIMENSIONS, TreatMissingData="notBreaching")
        start = self.now()
        self.traffic(10)
        self.advance(60)
        self.assertEqual(self.state(), "OK")
        for minute in range(2):
            self.traffic()  # one in ten meets version 2: six errors
            self.advance(59)
            self.assertEqual(self.state(), "OK", f"minute {minute}")
            self.advance(1)
        self.assertEqual(self.state(), "ALARM")
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {}})
        self.traffic(10)
        # Nothing invokes version 2 any more: its breaching minutes count until they are out of sight.
        states = []
        for _ in range(4):
            self.advance(60)
            states.append(self.state())
        self.assertEqual(states, ["ALARM", "ALARM", "OK", "OK"])
        errors = {}
        for version in ("1", "2"):
            dimensions = [*self.DIMENSIONS[:2], {"Name": "ExecutedVersion", "Value": version}]
            for metric in ("Invocations", "Errors"):
                datapoints = self.watch.get_metric_statistics(
                    Namespace="AWS/Lambda", MetricName=metric, Dimensions=dimensions, Period=3600, Statistics=["Sum"],
                    StartTime=start, EndTime=start + datetime.timedelta(hours=1))["Datapoints"]
                errors[metric, version] = sum(datapoint["Sum"] for datapoint in datapoints)
        self.assertEqual(errors, {("Invocations", "1"): 127, ("Errors", "1"): 0, ("Invocations", "2"): 13, ("Errors", "2"): 13})

    @for_each
    def test_by_the_cli(self, cli):
        self.deploy()
        dimensions = [f"Name={each['Name']},Value={each['Value']}" for each in self.DIMENSIONS]
        cli.ok("cloudwatch", "put-metric-alarm", "--alarm-name", "canary-errors", "--namespace", "AWS/Lambda",
               "--metric-name", "Errors", "--statistic", "Sum", "--period", "60", "--evaluation-periods", "2",
               "--threshold", "5", "--comparison-operator", "GreaterThanThreshold", "--dimensions", *dimensions,
               "--treat-missing-data", "notBreaching",
               "--alarm-actions", "arn:aws:sns:us-east-1:123456789012:pager")
        start = self.now()
        for _ in range(2):
            self.traffic()
            self.advance(60)
        alarm = cli.ok("cloudwatch", "describe-alarms", "--alarm-names", "canary-errors")["MetricAlarms"][0]
        self.assertEqual((alarm["StateValue"], alarm["Threshold"]), ("ALARM", 5.0))
        self.assertIn("were greater than the threshold (5.0)", alarm["StateReason"])
        until = (start + datetime.timedelta(minutes=2)).isoformat()
        statistics = cli.ok("cloudwatch", "get-metric-statistics", "--namespace", "AWS/Lambda", "--metric-name", "Errors",
                            "--dimensions", *dimensions, "--start-time", start.isoformat(), "--end-time", until,
                            "--period", "60", "--statistics", "Sum", "SampleCount")
        self.assertEqual([datapoint["Sum"] for datapoint in statistics["Datapoints"]], [6.0, 6.0])
        queries = [{"Id": "errors", "ReturnData": True, "MetricStat": {
            "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": self.DIMENSIONS},
            "Period": 60, "Stat": "Sum"}}, {"Id": "twice", "Expression": "errors * 2"}]
        data = cli.ok("cloudwatch", "get-metric-data", "--metric-data-queries", json.dumps(queries),
                      "--start-time", start.isoformat(), "--end-time", until)
        self.assertEqual([result["Values"] for result in data["MetricDataResults"]], [[6.0, 6.0], [12.0, 12.0]])
        listed = cli.ok("cloudwatch", "list-metrics", "--namespace", "AWS/Lambda", "--metric-name", "Errors",
                        "--dimensions", "Name=ExecutedVersion,Value=2")
        self.assertEqual(len(listed["Metrics"]), 1)
        history = cli.ok("cloudwatch", "describe-alarm-history", "--alarm-name", "canary-errors",
                         "--history-item-type", "StateUpdate")
        self.assertIn("to ALARM", history["AlarmHistoryItems"][0]["HistorySummary"])
        # Taken back: the breaching minutes count until they are out of sight.
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {}})
        states = []
        for _ in range(4):
            self.advance(60)
            states.append(cli.ok("cloudwatch", "describe-alarms", "--alarm-names", "canary-errors")["MetricAlarms"][0]["StateValue"])
        self.assertEqual(states, ["ALARM", "ALARM", "OK", "OK"])
        cli.ok("cloudwatch", "put-metric-data", "--namespace", "Shop", "--metric-name", "Orders", "--value", "3",
               "--dimensions", "Path=/cart", "--unit", "Count")
        cli.ok("cloudwatch", "delete-alarms", "--alarm-names", "canary-errors")
        self.assertEqual(cli.ok("cloudwatch", "describe-alarms")["MetricAlarms"], [])

if __name__ == "__main__":
    unittest.main()
