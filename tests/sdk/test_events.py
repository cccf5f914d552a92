"""EventBridge by boto3 old and new, and by every CLI: rules, schedules, what reaches which target."""

import http.server
import json
import threading
import unittest

from botocore.exceptions import ClientError

from aviary_server import ACCOUNT, REGION, ServerCase
from aws_cli import for_each
from sdk_clients import client_for

EVERY_BOTO3 = True


class EventsCase(ServerCase):
    OPTIONS = ("--clock", "manual")

    def setUp(self):
        super().setUp()
        self.events = client_for(self.server.endpoint, service="events")
        self.sqs = client_for(self.server.endpoint, service="sqs")
        self.inbox = self.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        self.inbox_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox"

    def advance(self, by):
        self.assertEqual(self.server.post("/_aviary/clock/advance", {"by": by}).status, 200)

    def rule(self, name="r", target=None, **more):
        arn = self.events.put_rule(Name=name, **more)["RuleArn"]
        answer = self.events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": self.inbox_arn, **(target or {})}],
                                         **{key: value for key, value in more.items() if key == "EventBusName"})
        self.assertEqual(answer["FailedEntryCount"], 0, answer)
        return arn

    def put(self, source="shop", detail_type="order", detail=None, **more):
        return self.events.put_events(Entries=[{"Source": source, "DetailType": detail_type,
                                                "Detail": json.dumps(detail or {}), **more}])

    def received(self):
        messages = self.sqs.receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    def events_refuses(self, operation, **request):
        with self.assertRaises(ClientError) as caught:
            getattr(self.events, operation)(**request)
        error = caught.exception.response["Error"]
        return error["Code"], error["Message"]


class Rules(EventsCase):
    def test_life(self):
        arn = self.rule(EventPattern='{"source":["shop"]}', Description="d", Tags=[{"Key": "a", "Value": "b"}])
        self.assertEqual(arn, f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r")
        rule = self.events.describe_rule(Name="r")
        self.assertEqual((rule["Arn"], rule["State"], rule["EventBusName"], rule["EventPattern"]),
                         (arn, "ENABLED", "default", '{"source":["shop"]}'))
        self.assertEqual([each["Name"] for each in self.events.list_rules(NamePrefix="r")["Rules"]], ["r"])
        self.assertEqual(self.events.list_targets_by_rule(Rule="r")["Targets"], [{"Id": "1", "Arn": self.inbox_arn}])
        self.assertEqual(self.events.list_rule_names_by_target(TargetArn=self.inbox_arn)["RuleNames"], ["r"])
        self.assertEqual(self.events.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "a", "Value": "b"}])
        self.assertEqual(self.events_refuses("delete_rule", Name="r"),
                         ("ValidationException", "Rule can't be deleted since it has targets."))
        self.events.remove_targets(Rule="r", Ids=["1"])
        self.events.delete_rule(Name="r")
        self.events.delete_rule(Name="r")
        self.assertEqual(self.events_refuses("describe_rule", Name="r")[0], "ResourceNotFoundException")

    def test_refusals(self):
        self.assertEqual(self.events_refuses("put_rule", Name="r"), (
            "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."))
        self.assertEqual(self.events_refuses("put_rule", Name="r", ScheduleExpression="rate(5 minute)"), (
            "ValidationException", "Parameter ScheduleExpression is not valid."))
        self.assertEqual(self.events_refuses("put_rule", Name="r", EventPattern='{"source":"x"}')[0],
                         "InvalidEventPatternException")
        self.assertEqual(self.events_refuses("put_rule", Name="r", EventBusName="none", EventPattern='{"a":["b"]}'), (
            "ResourceNotFoundException", "Event bus none does not exist."))
        answer = self.events.put_events(Entries=[
            {"Source": "s", "DetailType": "t", "Detail": "no"}, {"Source": "s", "DetailType": "t", "Detail": "{}"},
            {"Source": "aws.s3", "DetailType": "t", "Detail": "{}"}, {"DetailType": "t", "Detail": "{}"}])
        self.assertEqual([each.get("ErrorCode") for each in answer["Entries"]],
                         ["MalformedDetail", None, "NotAuthorizedForSourceException", "InvalidArgument"])
        self.assertEqual(answer["FailedEntryCount"], 3)

    def test_pattern(self):
        event = {"id": "1", "account": ACCOUNT, "source": "shop", "time": "2024-01-15T10:30:00Z", "region": REGION,
                 "resources": [], "detail-type": "order", "detail": {"price": 20}}
        for pattern, wanted in (({"detail": {"price": [{"numeric": [">", 10]}]}}, True), ({"source": ["other"]}, False)):
            self.assertIs(self.events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))["Result"],
                          wanted)


class Delivery(EventsCase):
    def test_the_envelope(self):
        self.rule(EventPattern='{"detail":{"state":["paid"]}}')
        sent = self.put(detail={"state": "paid"}, Resources=["x"])["Entries"][0]["EventId"]
        self.put(detail={"state": "open"})
        [event] = self.received()
        self.assertEqual({key: event[key] for key in event if key != "time"}, {
            "version": "0", "id": sent, "detail-type": "order", "source": "shop", "account": ACCOUNT, "region": REGION,
            "resources": ["x"], "detail": {"state": "paid"}})

    def test_inputs(self):
        self.rule(EventPattern='{"source":["shop"]}', target={"InputTransformer": {
            "InputPathsMap": {"who": "$.detail.who", "n": "$.detail.list[1]"},
            "InputTemplate": '{"text": "hello <who>", "raw": <who>, "n": <n>, "rule": "<aws.events.rule-name>"}'}})
        self.put(detail={"who": "Ann", "list": [1, {"a": 2}]})
        self.assertEqual(self.received(), [{"text": "hello Ann", "raw": "Ann", "n": {"a": 2}, "rule": "r"}])

    def test_disabled_rules_and_buses(self):
        self.events.create_event_bus(Name="own")
        self.rule(EventPattern='{"source":["shop"]}', EventBusName="own")
        self.put()
        self.assertEqual(self.received(), [])
        self.put(EventBusName="own")
        self.assertEqual(len(self.received()), 1)
        self.events.disable_rule(Name="r", EventBusName="own")
        self.put(EventBusName="own")
        self.assertEqual(self.received(), [])
        self.assertEqual([bus["Name"] for bus in self.events.list_event_buses()["EventBuses"]], ["default", "own"])

    def test_dead_letters(self):
        self.rule(EventPattern='{"source":["shop"]}', target={
            "Arn": self.inbox_arn + "-gone", "DeadLetterConfig": {"Arn": self.inbox_arn}})
        self.put()
        [message] = self.sqs.receive_message(QueueUrl=self.inbox, MessageAttributeNames=["All"])["Messages"]
        self.assertEqual(message["MessageAttributes"]["TARGET_ARN"]["StringValue"], self.inbox_arn + "-gone")

    def test_schedules(self):
        arn = self.rule(ScheduleExpression="rate(5 minutes)")
        self.advance("299s")
        self.assertEqual(self.received(), [])
        self.advance("1s")
        [event] = self.received()
        self.assertEqual((event["source"], event["detail-type"], event["resources"], event["detail"]),
                         ("aws.events", "Scheduled Event", [arn], {}))
        self.advance("10m")
        self.assertEqual(len(self.received()), 2)
        self.events.disable_rule(Name="r")
        self.advance("10m")
        self.assertEqual(self.received(), [])


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.arrived.set()

    def log_message(self, *_):
        pass


class ApiDestinations(EventsCase):
    def setUp(self):
        super().setUp()
        self.endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        self.endpoint.came, self.endpoint.arrived = [], threading.Event()
        thread = threading.Thread(target=self.endpoint.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.endpoint.server_close)
        self.addCleanup(self.endpoint.shutdown)

    def test_a_stack_sends_events_to_a_server(self):
        cfn = client_for(self.server.endpoint, service="cloudformation")
        body = {"Resources": {
            "Connection": {"Type": "AWS::Events::Connection", "Properties": {
                "AuthorizationType": "API_KEY",
                "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "s3cret"}}}},
            "Orders": {"Type": "AWS::Events::ApiDestination", "Properties": {
                "ConnectionArn": {"Fn::GetAtt": ["Connection", "Arn"]}, "HttpMethod": "PUT",
                "InvocationEndpoint": f"http://127.0.0.1:{self.endpoint.server_address[1]}/orders/*"}},
            "Rule": {"Type": "AWS::Events::Rule", "Properties": {
                "EventPattern": {"source": ["shop"]},
                "Targets": [{"Id": "1", "Arn": {"Fn::GetAtt": ["Orders", "Arn"]}, "InputPath": "$.detail",
                             "RoleArn": "arn:aws:iam::123456789012:role/r",
                             "HttpParameters": {"PathParameterValues": ["7"]}}]}}}}
        cfn.create_stack(StackName="calls", TemplateBody=json.dumps(body))
        cfn.get_waiter("stack_create_complete").wait(StackName="calls", WaiterConfig={"Delay": 0.1})
        self.put(detail={"n": 1})
        self.assertTrue(self.endpoint.arrived.wait(timeout=60))
        path, headers, sent = self.endpoint.came[0]
        self.assertEqual((path, headers["x-api-key"], sent), ("/orders/7", "s3cret", {"n": 1}))
        self.assertEqual(self.events.list_api_destinations()["ApiDestinations"][0]["ApiDestinationState"], "ACTIVE")
        cfn.delete_stack(StackName="calls")
        cfn.get_waiter("stack_delete_complete").wait(StackName="calls", WaiterConfig={"Delay": 0.1})
        self.assertEqual((self.events.list_connections()["Connections"],
                          self.events.list_api_destinations()["ApiDestinations"]), ([], []))


class GlobalEndpoints(EventsCase):
    def test_events_go_to_the_first_bus(self):
        arns = []
        for region in (REGION, "us-west-2"):
            events = client_for(self.server.endpoint, region=region, service="events")
            arns.append(events.create_event_bus(Name="orders")["EventBusArn"])
        routing = {"FailoverConfig": {"Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/abc"},
                                      "Secondary": {"Route": "us-west-2"}}}
        wanted = {"Name": "global", "RoutingConfig": routing, "ReplicationConfig": {"State": "DISABLED"},
                  "EventBuses": [{"EventBusArn": arn} for arn in arns]}
        self.assertEqual(self.events.create_endpoint(**wanted)["State"], "CREATING")
        self.assertEqual(self.events_refuses("create_endpoint", **wanted)[0], "ResourceAlreadyExistsException")
        shown = self.events.describe_endpoint(Name="global")
        self.assertEqual((shown["State"], shown["EventBuses"]), ("ACTIVE", wanted["EventBuses"]))
        self.rule(EventBusName="orders", EventPattern='{"source":["shop"]}')
        # Without boto3: it signs such a request with keys of two regions at once, which needs more than Python.
        body = {"EndpointId": shown["EndpointId"], "Entries": [
            {"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": "orders"}]}
        answer = self.server.post("/", body, headers={
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSEvents.PutEvents"}).json()
        self.assertEqual(answer["FailedEntryCount"], 0, answer)
        self.assertEqual([each["id"] for each in self.received()], [answer["Entries"][0]["EventId"]])
        self.events.delete_endpoint(Name="global")
        self.assertEqual(self.events.list_endpoints()["Endpoints"], [])


class Cli(EventsCase):
    @for_each
    def test_walk(self, cli):
        cli.ok("events", "put-rule", "--name", "r", "--event-pattern", '{"source":["shop"]}')
        cli.ok("events", "put-targets", "--rule", "r", "--targets", f"Id=1,Arn={self.inbox_arn}")
        answer = cli.ok("events", "put-events", "--entries",
                        '[{"Source":"shop","DetailType":"t","Detail":"{}"}]')
        self.assertEqual(answer["FailedEntryCount"], 0)
        self.assertEqual(len(self.received()), 1)
        self.assertEqual(len(cli.ok("events", "list-rules")["Rules"]), 1)


if __name__ == "__main__":
    unittest.main()
