"""Event source mappings on streams of Kinesis: their operations, what functions get, and what becomes of what fails.

Shapes of events and of failure records as the Lambda developer guide shows them; texts of errors and defaults as
recorded from AWS by LocalStack's tests of event source mappings.
"""

import base64
import datetime
import json
import shutil
import tempfile
import unittest

from aviary_server import ACCOUNT, REGION, Server
from function_code import PYTHON, ROLE, python_zip
from sdk_clients import client_for
from test_event_source_mappings import MappingCase

# Sends what it gets on to the queue `results`; data that says so makes it fail, wholly or from that item on.
CODE = """
import base64, json, urllib.request

def handler(event, context):
    data = [base64.b64decode(record['kinesis']['data']).decode() for record in event['Records']]
    said = json.dumps({'version': context.function_version, 'event': event, 'data': data})
    body = json.dumps({'QueueUrl': '%s/%s/results', 'MessageBody': said}).encode()
    urllib.request.urlopen(urllib.request.Request('%s', body, {
        'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage'})).read()
    if 'fail' in data:
        raise ValueError('asked to')
    failed = [record for record, each in zip(event['Records'], data) if each == 'item fails']
    answer = {'batchItemFailures': [{'itemIdentifier': record['kinesis']['sequenceNumber']} for record in failed[:1]]}
    if 'window' in event:
        answer['state'] = {'seen': event['state'].get('seen', 0) + len(data)}
    return answer
# %s
"""


class StreamCase(MappingCase):
    def setUp(self):
        super().setUp()
        self.kinesis = client_for(self.server.endpoint, service="kinesis")
        self.kinesis.create_stream(StreamName="clicks", ShardCount=1)

    def code(self, mark=""):
        return python_zip(CODE % (self.server.endpoint, ACCOUNT, self.server.endpoint, mark))

    def stream_arn(self, name="clicks"):
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"

    def map_stream(self, **more):
        return self.map(**{"EventSourceArn": self.stream_arn(), "StartingPosition": "TRIM_HORIZON", **more})

    def put(self, *data, key="k"):
        return [self.kinesis.put_record(StreamName="clicks", Data=each.encode(), PartitionKey=key) for each in data]

    def put_together(self, *data, key="k"):
        return self.kinesis.put_records(StreamName="clicks", Records=[
            {"Data": each.encode(), "PartitionKey": key} for each in data])["Records"]

    def queue(self, name):
        self.sqs.create_queue(QueueName=name)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def message(self, name):
        """The body of the next message of a queue."""
        url = self.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = []
        self.until(lambda: found or found.extend(
            self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", [])))
        return json.loads(found[0]["Body"])


class StreamOperations(StreamCase):
    def test_life(self):
        self.create(code=self.code())
        made = self.map_stream(Enabled=False)
        self.assertEqual(
            {key: made[key] for key in (
                "State", "BatchSize", "MaximumBatchingWindowInSeconds", "StartingPosition", "ParallelizationFactor",
                "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
                "TumblingWindowInSeconds", "FunctionResponseTypes", "LastProcessingResult", "StateTransitionReason",
                "DestinationConfig")},
            {"State": "Creating", "BatchSize": 100, "MaximumBatchingWindowInSeconds": 0,
             "StartingPosition": "TRIM_HORIZON", "ParallelizationFactor": 1, "BisectBatchOnFunctionError": False,
             "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1, "TumblingWindowInSeconds": 0,
             "FunctionResponseTypes": [], "LastProcessingResult": "No records processed",
             "StateTransitionReason": "User action", "DestinationConfig": {"OnFailure": {}}})
        failed = self.queue("failed")
        changed = self.client.update_event_source_mapping(
            UUID=made["UUID"], BatchSize=7, ParallelizationFactor=2, BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=3, MaximumRecordAgeInSeconds=120,
            DestinationConfig={"OnFailure": {"Destination": failed}})
        self.assertEqual((changed["BatchSize"], changed["ParallelizationFactor"], changed["BisectBatchOnFunctionError"],
                          changed["MaximumRetryAttempts"], changed["MaximumRecordAgeInSeconds"],
                          changed["DestinationConfig"]),
                         (7, 2, True, 3, 120, {"OnFailure": {"Destination": failed}}))
        self.client.delete_event_source_mapping(UUID=made["UUID"])

    def test_refusals(self):
        self.create(code=self.code())
        consumer = self.kinesis.register_stream_consumer(StreamARN=self.stream_arn(),
                                                         ConsumerName="c")["Consumer"]["ConsumerARN"]
        invalid = "InvalidParameterValueException"
        for request, message in [
                ({"StartingPosition": None}, "1 validation error detected: Value null at 'startingPosition' failed to "
                                             "satisfy constraint: Member must not be null."),
                ({"EventSourceArn": self.stream_arn("none")}, f"Stream not found: {self.stream_arn('none')}"),
                ({"EventSourceArn": consumer + "9"}, f"Stream not found: {consumer}9"),
                ({"FunctionName": "nobody"}, "Function does not exist"),
                ({"Topics": ["topic"]}, "Unsupported Topics parameter for given event source mapping type.")]:
            request = {"EventSourceArn": self.stream_arn(), "FunctionName": "order-processor",
                       "StartingPosition": "LATEST", **request}
            self.refused(invalid, 400, self.client.create_event_source_mapping, message=message,
                         **{key: value for key, value in request.items() if value is not None})
        uuid = self.map_stream(Enabled=False)["UUID"]
        self.refused("ResourceConflictException", 409, self.map_stream, message=(
            f'The event source arn (" {self.stream_arn()} ") and function (" order-processor ") provided mapping already '
            f"exists. Please update or delete the existing mapping with UUID {uuid}"))


class StreamDelivery(StreamCase):
    def test_the_event(self):
        self.create(code=self.code())
        uuid = self.map_stream()["UUID"]
        [put] = self.put("hello", key="visitor")
        [said] = self.said(1)
        [record] = said["event"]["Records"]
        arrived = record["kinesis"].pop("approximateArrivalTimestamp")
        self.assertLess(abs(arrived - datetime.datetime.now().timestamp()), 600)
        self.assertEqual(record, {
            "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "visitor",
                        "sequenceNumber": put["SequenceNumber"], "data": base64.b64encode(b"hello").decode()},
            "eventSource": "aws:kinesis", "eventVersion": "1.0",
            "eventID": f"shardId-000000000000:{put['SequenceNumber']}", "eventName": "aws:kinesis:record",
            "invokeIdentityArn": ROLE, "awsRegion": REGION, "eventSourceARN": self.stream_arn()})
        self.until(lambda: self.mapping_report(uuid)["lag"] == 0)
        report = self.mapping_report(uuid)
        self.assertEqual((report["totals"]["records"], report["last_batch"]["result"], report["iterator_age_ms"]),
                         (1, "OK", 0))
        self.assertEqual(self.client.get_event_source_mapping(UUID=uuid)["LastProcessingResult"], "OK")

    def test_starting_positions(self):
        self.create(code=self.code())
        self.put("before")
        self.map_stream(StartingPosition="LATEST")
        self.put("after")
        self.assertEqual(self.said(1)[0]["data"], ["after"])
        self.create("all", code=self.code())
        self.map_stream(function="all")
        seen = []
        while len(seen) < 2:
            seen += self.said(1)[0]["data"]
        self.assertEqual(seen, ["before", "after"])
        self.create("late", code=self.code())
        self.map_stream(function="late", StartingPosition="AT_TIMESTAMP",
                        StartingPositionTimestamp=datetime.datetime.now() + datetime.timedelta(seconds=-3600))
        seen = []
        while len(seen) < 2:
            seen += self.said(1)[0]["data"]
        self.assertEqual(seen, ["before", "after"])

    def test_batches_and_filters(self):
        self.create(code=self.code())
        self.put_together(*[json.dumps({"n": n}) for n in range(6)])
        self.map_stream(BatchSize=2, FilterCriteria={"Filters": [
            {"Pattern": json.dumps({"data": {"n": [{"numeric": [">", 1]}]}})}]})
        self.assertEqual([[json.loads(each)["n"] for each in said["data"]] for said in self.said(2)], [[2, 3], [4, 5]])

    def test_what_fails_is_split_and_given_up(self):
        self.create(code=self.code())
        failed = self.queue("failed")
        puts = self.put_together("a", "b", "fail", "d")
        uuid = self.map_stream(BisectBatchOnFunctionError=True, MaximumRetryAttempts=0,
                               DestinationConfig={"OnFailure": {"Destination": failed}})["UUID"]
        record = self.message("failed")
        info = record["KinesisBatchInfo"]
        self.assertEqual((record["requestContext"]["condition"], record["version"], info["shardId"], info["batchSize"],
                          info["startSequenceNumber"], info["endSequenceNumber"], info["streamArn"]),
                         ("RetryAttemptsExhausted", "1.0", "shardId-000000000000", 1, puts[2]["SequenceNumber"],
                          puts[2]["SequenceNumber"], self.stream_arn()))
        self.assertEqual(record["responseContext"], {"statusCode": 200, "executedVersion": "$LATEST",
                                                     "functionError": "Unhandled"})
        self.assertEqual(record["requestContext"]["functionArn"], self.arn())
        self.until(lambda: self.mapping_report(uuid)["lag"] == 0)
        done = [said["data"] for said in self.said(5)]
        self.assertEqual(done, [["a", "b", "fail", "d"], ["a", "b"], ["fail", "d"], ["fail"], ["d"]])
        self.assertEqual(self.mapping_report(uuid)["totals"]["discarded"], 1)

    def test_a_bucket_gets_the_records_that_were_given_up(self):
        self.create(code=self.code())
        s3 = client_for(self.server.endpoint, service="s3", s3={"addressing_style": "path"})
        s3.create_bucket(Bucket="failed")
        self.put("fail")
        uuid = self.map_stream(MaximumRetryAttempts=0,
                               DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::failed"}})["UUID"]
        self.until(lambda: s3.list_objects_v2(Bucket="failed").get("KeyCount"))
        [key] = [each["Key"] for each in s3.list_objects_v2(Bucket="failed")["Contents"]]
        self.assertRegex(key, rf"^aws/lambda/{uuid}/shardId-000000000000/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT")
        whole = json.loads(s3.get_object(Bucket="failed", Key=key)["Body"].read())
        [record] = json.loads(whole["payload"])["Records"]
        self.assertEqual(base64.b64decode(record["kinesis"]["data"]), b"fail")

    def test_a_topic_hears_of_what_was_given_up(self):
        self.create(code=self.code())
        sns = client_for(self.server.endpoint, service="sns")
        topic = sns.create_topic(Name="failed")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.queue("heard"),
                      Attributes={"RawMessageDelivery": "true"})
        [put] = self.put_together("fail")
        self.map_stream(MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": topic}})
        record = self.message("heard")
        self.assertEqual((record["requestContext"]["condition"], record["KinesisBatchInfo"]["startSequenceNumber"]),
                         ("RetryAttemptsExhausted", put["SequenceNumber"]))
        self.assertNotIn("payload", record)

    def test_items_that_fail_come_again(self):
        self.create(code=self.code())
        self.put_together("a", "item fails", "c")
        self.map_stream(FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1)
        self.assertEqual([said["data"] for said in self.said(3)],
                         [["a", "item fails", "c"], ["item fails", "c"], ["item fails", "c"]])

    def test_shards_are_followed(self):
        self.create(code=self.code())
        uuid = self.map_stream()["UUID"]
        self.put("one")
        self.kinesis.update_shard_count(StreamName="clicks", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
        self.put("two")
        self.assertEqual([said["data"] for said in self.said(2)], [["one"], ["two"]])
        self.until(lambda: self.mapping_report(uuid)["shards"]["shardId-000000000000"]["done"])

    def test_a_stream_goes_and_comes_again(self):
        self.create(code=self.code())
        uuid = self.map_stream()["UUID"]
        self.put("before")
        self.said(1)
        self.kinesis.delete_stream(StreamName="clicks")
        self.until(lambda: self.client.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] ==
                   "PROBLEM: Stream not found")
        self.kinesis.create_stream(StreamName="clicks", ShardCount=1)
        self.put("after")
        self.assertEqual([each["data"] for each in self.said(1)], [["after"]])

    def test_pauses_and_goes_on(self):
        self.create(code=self.code())
        uuid = self.map_stream()["UUID"]
        self.put("one")
        self.assertEqual(self.said(1)[0]["data"], ["one"])
        self.until(lambda: self.mapping_report(uuid)["lag"] == 0)
        self.client.update_event_source_mapping(UUID=uuid, Enabled=False)
        self.put("two")
        self.client.update_event_source_mapping(UUID=uuid, Enabled=True)
        self.assertEqual(self.said(1)[0]["data"], ["two"])

    def test_an_alias_is_followed(self):
        self.create(code=self.code(), Publish=True)
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1")
        self.map_stream(function="order-processor:prod")
        self.put("one")
        self.assertEqual(self.said(1)[0]["version"], "1")
        version = self.publish_code(self.code("changed"))
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion=version)
        self.put("two")
        self.assertEqual(self.said(1)[0]["version"], "2")


class Windows(StreamCase):
    OPTIONS = ("--clock", "manual")

    def advance(self, by):
        self.server.post("/_aviary/clock/advance", {"by": by})

    def test_state_is_carried_until_the_window_ends(self):
        self.create(code=self.code())
        self.put("a")
        self.map_stream(TumblingWindowInSeconds=60)
        [first] = self.said(1)
        self.assertEqual((first["event"]["state"], first["event"]["isFinalInvokeForWindow"]), ({}, False))
        self.put("b")
        [second] = self.said(1)
        self.assertEqual(second["event"]["state"], {"seen": 1})
        self.assertEqual(second["event"]["shardId"], "shardId-000000000000")
        self.advance("2m")
        [final] = self.said(1)
        self.assertEqual((final["data"], final["event"]["state"], final["event"]["isFinalInvokeForWindow"],
                          final["event"]["isWindowTerminatedEarly"], final["event"]["window"]),
                         ([], {"seen": 2}, True, False, first["event"]["window"]))
        self.put("c")
        self.assertEqual(self.said(1)[0]["event"]["state"], {})

    def test_old_records_are_given_up(self):
        self.create(code=self.code())
        self.put("old")
        self.advance("2m")
        self.put("young")
        failed = self.queue("failed")
        self.map_stream(MaximumRecordAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": failed}})
        self.assertEqual(self.said(1)[0]["data"], ["young"])
        self.assertEqual(self.message("failed")["requestContext"]["condition"], "RecordAgeExceeded")


class Restart(unittest.TestCase):
    def test_goes_on_where_it_was(self):
        folder = tempfile.mkdtemp(prefix="aviary-data-")
        self.addCleanup(shutil.rmtree, folder, True)
        seen = []
        for turn in range(2):
            server = Server(data_dir=folder).start()
            self.addCleanup(server.stop)
            client, kinesis = (client_for(server.endpoint, service=name) for name in ("lambda", "kinesis"))
            if turn == 0:
                client.create_function(FunctionName="f", Role=ROLE, Runtime=PYTHON, Handler="index.handler",
                                       Code={"ZipFile": python_zip("def handler(event, context): return 1")})
                kinesis.create_stream(StreamName="s", ShardCount=1)
                client.create_event_source_mapping(
                    EventSourceArn=f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", FunctionName="f",
                    StartingPosition="TRIM_HORIZON")
            kinesis.put_record(StreamName="s", Data=b"x", PartitionKey="k")
            deadline = datetime.datetime.now() + datetime.timedelta(seconds=60)
            while True:
                [row] = server.get("/_aviary/mappings").json()["mappings"]
                if row["lag"] == 0 and row["totals"]["records"] > 0:
                    break
                self.assertLess(datetime.datetime.now(), deadline)
            seen.append(row["totals"]["records"])
            server.stop()
        self.assertEqual(seen, [1, 1])  # nothing comes again


if __name__ == "__main__":
    unittest.main()
