"""Kinesis with both boto3s and every AWS CLI: streams, shards, records, and what is refused.

Texts of errors as AWS words them (recorded by kinesalite and moto's tests against AWS).
"""

import base64
import time
import unittest
import urllib.error
import urllib.request

from aviary_server import ACCOUNT, REGION
from aws_cli import for_each
from sdk_clients import LambdaCase, client_for

EVERY_BOTO3 = True

WHOLE = str(2**128 - 1)


class KinesisCase(LambdaCase):
    def setUp(self):
        super().setUp()
        self.kinesis = client_for(self.server.endpoint, service="kinesis")

    def make(self, name="orders", shards=1):
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)
        self.kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})

    def stream_arn(self, name="orders"):
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"

    def shards(self, name="orders"):
        return self.kinesis.list_shards(StreamName=name)["Shards"]

    def iterator(self, kind="TRIM_HORIZON", shard="shardId-000000000000", **more):
        return self.kinesis.get_shard_iterator(StreamName="orders", ShardId=shard, ShardIteratorType=kind,
                                               **more)["ShardIterator"]


class Streams(KinesisCase):
    def test_life(self):
        self.make(shards=2)
        description = self.kinesis.describe_stream(StreamName="orders")["StreamDescription"]
        self.assertEqual((description["StreamARN"], description["StreamStatus"], description["RetentionPeriodHours"],
                          description["EncryptionType"], description["HasMoreShards"]),
                         (self.stream_arn(), "ACTIVE", 24, "NONE", False))
        self.assertEqual([shard["ShardId"] for shard in description["Shards"]],
                         ["shardId-000000000000", "shardId-000000000001"])
        self.assertEqual(description["Shards"][1]["HashKeyRange"],
                         {"StartingHashKey": str(2**127), "EndingHashKey": WHOLE})
        summary = self.kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
        self.assertEqual((summary["OpenShardCount"], summary["ConsumerCount"]), (2, 0))
        self.assertEqual(self.kinesis.list_streams()["StreamNames"], ["orders"])
        self.kinesis.delete_stream(StreamName="orders")
        self.refused("ResourceNotFoundException", 400, self.kinesis.describe_stream, StreamName="orders",
                     message=f"Stream orders under account {ACCOUNT} not found.")

    def test_records(self):
        self.make()
        first = self.kinesis.put_record(StreamName="orders", Data=b"\x00\xffone", PartitionKey="k")
        self.assertEqual(first["ShardId"], "shardId-000000000000")
        rest = self.kinesis.put_records(StreamName="orders", Records=[
            {"Data": b"two", "PartitionKey": "k"}, {"Data": b"three", "PartitionKey": "\u00fc", "ExplicitHashKey": "5"}])
        self.assertEqual((rest["FailedRecordCount"], len(rest["Records"])), (0, 2))
        got = self.kinesis.get_records(ShardIterator=self.iterator())
        self.assertEqual([(record["Data"], record["PartitionKey"]) for record in got["Records"]],
                         [(b"\x00\xffone", "k"), (b"two", "k"), (b"three", "\u00fc")])
        self.assertEqual(got["Records"][0]["SequenceNumber"], first["SequenceNumber"])
        self.assertLess(abs(got["Records"][0]["ApproximateArrivalTimestamp"].timestamp() - time.time()), 600)
        self.assertEqual(got["MillisBehindLatest"], 0)
        self.kinesis.put_record(StreamName="orders", Data=b"four", PartitionKey="k")
        self.assertEqual([record["Data"] for record in
                          self.kinesis.get_records(ShardIterator=got["NextShardIterator"])["Records"]], [b"four"])
        after = self.iterator("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=rest["Records"][0]["SequenceNumber"])
        self.assertEqual([record["Data"] for record in self.kinesis.get_records(ShardIterator=after)["Records"]],
                         [b"three", b"four"])

    def test_resharding(self):
        self.make()
        self.kinesis.put_record(StreamName="orders", Data=b"old", PartitionKey="k")
        self.kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000",
                                 NewStartingHashKey=str(2**127))
        self.assertEqual([shard.get("ParentShardId") for shard in self.shards()],
                         [None, "shardId-000000000000", "shardId-000000000000"])
        got = self.kinesis.get_records(ShardIterator=self.iterator())
        self.assertNotIn("NextShardIterator", got)
        self.assertEqual(sorted(shard["ShardId"] for shard in got["ChildShards"]),
                         ["shardId-000000000001", "shardId-000000000002"])
        self.kinesis.merge_shards(StreamName="orders", ShardToMerge="shardId-000000000001",
                                  AdjacentShardToMerge="shardId-000000000002")
        scaled = self.kinesis.update_shard_count(StreamName="orders", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
        self.assertEqual((scaled["CurrentShardCount"], scaled["TargetShardCount"]), (1, 2))
        still = [shard for shard in self.shards() if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
        self.assertEqual([shard["HashKeyRange"]["StartingHashKey"] for shard in still], ["0", str(2**127)])
        listed = self.kinesis.list_shards(StreamName="orders", ShardFilter={"Type": "AT_LATEST"})["Shards"]
        self.assertEqual(listed, still)

    def test_settings(self):
        self.make()
        arn = self.stream_arn()
        self.kinesis.increase_stream_retention_period(StreamName="orders", RetentionPeriodHours=48)
        self.kinesis.start_stream_encryption(StreamName="orders", EncryptionType="KMS", KeyId="alias/mine")
        self.kinesis.enable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["IncomingBytes"])
        self.kinesis.add_tags_to_stream(StreamName="orders", Tags={"team": "shop"})
        self.kinesis.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})
        summary = self.kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]
        self.assertEqual((summary["RetentionPeriodHours"], summary["EncryptionType"], summary["KeyId"],
                          summary["EnhancedMonitoring"], summary["StreamModeDetails"]),
                         (48, "KMS", "alias/mine", [{"ShardLevelMetrics": ["IncomingBytes"]}],
                          {"StreamMode": "ON_DEMAND"}))
        self.assertEqual(self.kinesis.list_tags_for_stream(StreamName="orders")["Tags"],
                         [{"Key": "team", "Value": "shop"}])
        self.assertEqual(self.kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="k")["EncryptionType"],
                         "KMS")
        self.refused("ValidationException", 400, self.kinesis.split_shard, StreamName="orders",
                     ShardToSplit="shardId-000000000000", NewStartingHashKey="9", message=(
                         f"Request is invalid. Stream orders under account {ACCOUNT} is in On-Demand mode."))

    def test_consumers(self):
        self.make()
        made = self.kinesis.register_stream_consumer(StreamARN=self.stream_arn(), ConsumerName="audit")["Consumer"]
        self.assertTrue(made["ConsumerARN"].startswith(f"{self.stream_arn()}/consumer/audit:"))
        described = self.kinesis.describe_stream_consumer(ConsumerARN=made["ConsumerARN"])["ConsumerDescription"]
        self.assertEqual((described["ConsumerStatus"], described["StreamARN"]), ("ACTIVE", self.stream_arn()))
        self.assertEqual(len(self.kinesis.list_stream_consumers(StreamARN=self.stream_arn())["Consumers"]), 1)
        self.refused("ResourceInUseException", 400, self.kinesis.register_stream_consumer,
                     StreamARN=self.stream_arn(), ConsumerName="audit")
        self.kinesis.put_record(StreamName="orders", Data=b"one", PartitionKey="k")
        pushed = self.kinesis.subscribe_to_shard(
            ConsumerARN=made["ConsumerARN"], ShardId="shardId-000000000000",
            StartingPosition={"Type": "TRIM_HORIZON"})["EventStream"]
        events = (event["SubscribeToShardEvent"] for event in pushed)
        self.assertEqual([record["Data"] for record in next(events)["Records"]], [b"one"])
        self.kinesis.put_record(StreamName="orders", Data=b"two", PartitionKey="k")
        self.assertEqual([record["Data"] for record in next(events)["Records"]], [b"two"])
        pushed.close()
        self.kinesis.deregister_stream_consumer(StreamARN=self.stream_arn(), ConsumerName="audit")
        self.refused("ResourceNotFoundException", 400, self.kinesis.describe_stream_consumer,
                     StreamARN=self.stream_arn(), ConsumerName="audit")

    def test_refusals(self):
        self.make()
        invalid = "InvalidArgumentException"
        self.refused("ResourceInUseException", 400, self.kinesis.create_stream, StreamName="orders", ShardCount=1,
                     message=f"Stream orders under account {ACCOUNT} already exists.")
        self.refused("ValidationException", 400, self.kinesis.put_record, StreamName="orders", Data=b"x")
        self.refused("ValidationException", 400, self.kinesis.create_stream, StreamName="not a name", ShardCount=1)
        self.refused("ResourceNotFoundException", 400, self.kinesis.put_record, StreamName="none", Data=b"x",
                     PartitionKey="k", message=f"Stream none under account {ACCOUNT} not found.")
        self.refused(invalid, 400, self.kinesis.get_records, ShardIterator="AAAA", message="Invalid ShardIterator.")
        self.refused("ResourceNotFoundException", 400, self.kinesis.get_shard_iterator, StreamName="orders",
                     ShardId="shardId-000000000009", ShardIteratorType="LATEST", message=(
                         f"Shard shardId-000000000009 in stream orders under account {ACCOUNT} does not exist"))
        self.refused(invalid, 400, self.kinesis.get_shard_iterator, StreamName="orders",
                     ShardId="shardId-000000000000", ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber="5",
                     message=(f"StartingSequenceNumber 5 used in GetShardIterator on shard shardId-000000000000 in "
                              f"stream orders under account {ACCOUNT} is invalid because it did not come from this "
                              f"stream."))
        self.refused("ValidationException", 400, self.kinesis.put_record, StreamName="orders",
                     Data=b"x" * (1024 * 1024), PartitionKey="k")

    def test_a_shard_has_limits(self):
        self.make()
        records = [{"Data": b"x", "PartitionKey": "k"}] * 500
        failed = sum(self.kinesis.put_records(StreamName="orders", Records=records)["FailedRecordCount"]
                     for _ in range(8))
        got = 0
        iterator = self.iterator()
        deadline = time.monotonic() + 60
        while got < 4000 - failed:
            self.assertLess(time.monotonic(), deadline)
            try:
                answer = self.kinesis.get_records(ShardIterator=iterator)
            except self.kinesis.exceptions.ProvisionedThroughputExceededException:
                time.sleep(0.3)
                continue
            got, iterator = got + len(answer["Records"]), answer["NextShardIterator"]
        self.assertEqual(got, 4000 - failed)

    @for_each
    def test_command_line(self, cli):
        cli.ok("kinesis", "create-stream", "--stream-name", "orders", "--shard-count", "1")
        cli.ok("kinesis", "wait", "stream-exists", "--stream-name", "orders")
        put = cli.ok("kinesis", "put-record", "--stream-name", "orders", "--partition-key", "k", "--data", "hello")
        self.assertEqual(put["ShardId"], "shardId-000000000000")
        iterator = cli.ok("kinesis", "get-shard-iterator", "--stream-name", "orders", "--shard-id",
                          "shardId-000000000000", "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
        got = cli.ok("kinesis", "get-records", "--shard-iterator", iterator)
        self.assertEqual(base64.b64decode(got["Records"][0]["Data"]), b"hello")
        self.assertEqual(len(cli.ok("kinesis", "list-shards", "--stream-name", "orders")["Shards"]), 1)
        cli.ok("kinesis", "update-shard-count", "--stream-name", "orders", "--target-shard-count", "2",
               "--scaling-type", "UNIFORM_SCALING")
        self.assertEqual(len(cli.ok("kinesis", "list-shards", "--stream-name", "orders")["Shards"]), 3)
        self.assertEqual(cli.ok("kinesis", "list-streams")["StreamNames"], ["orders"])
        cli.ok("kinesis", "delete-stream", "--stream-name", "orders")


def cbor(value):
    """CBOR of what a request has."""
    def head(major, number):
        for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 24:
                return bytes([major << 5 | number])
            if number < 256 ** width:
                return bytes([major << 5 | info]) + number.to_bytes(width, "big")
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(key) + cbor(each) for key, each in value.items())
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    return head(3, len(value.encode())) + value.encode() if isinstance(value, str) else head(0, value)


def from_cbor(body):
    """The value, with tags as pairs."""
    def item(at):
        major, info = body[at] >> 5, body[at] & 31
        at += 1
        if major == 7:
            return {20: False, 21: True, 22: None}[info], at
        width = {24: 1, 25: 2, 26: 4, 27: 8}.get(info, 0)
        number = int.from_bytes(body[at:at + width], "big") if width else info
        at += width
        if major in (2, 3):
            piece = body[at:at + number]
            return (piece if major == 2 else piece.decode()), at + number
        if major == 6:
            tagged, at = item(at)
            return (number, tagged), at
        if major == 4:
            found = []
            for _ in range(number):
                each, at = item(at)
                found.append(each)
            return found, at
        if major == 5:
            pairs = {}
            for _ in range(number):
                key, at = item(at)
                pairs[key], at = item(at)
            return pairs, at
        return (number if major == 0 else -1 - number), at
    return item(0)[0]


class Cbor(KinesisCase):
    """As the Java SDK speaks it: application/x-amz-cbor-1.1, timestamps in milliseconds."""

    def call(self, operation, request):
        asked = urllib.request.Request(self.server.endpoint, cbor(request), {
            "Content-Type": "application/x-amz-cbor-1.1", "X-Amz-Target": f"Kinesis_20131202.{operation}"})
        try:
            answer = urllib.request.urlopen(asked, timeout=30)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            body = answer.read()
            self.assertEqual(answer.headers["Content-Type"], "application/x-amz-cbor-1.1")
            return answer.status, from_cbor(body) if body else None

    def test_records(self):
        self.make()
        before = int(time.time() * 1000) - 1000
        self.assertEqual(self.call("PutRecord", {"StreamName": "orders", "Data": b"\x00\xff", "PartitionKey": "k"})[0],
                         200)
        _, answer = self.call("GetShardIterator", {
            "StreamName": "orders", "ShardId": "shardId-000000000000", "ShardIteratorType": "AT_TIMESTAMP",
            "Timestamp": before})
        _, got = self.call("GetRecords", {"ShardIterator": answer["ShardIterator"]})
        [record] = got["Records"]
        self.assertEqual((record["Data"], record["PartitionKey"]), (b"\x00\xff", "k"))
        tag, arrived = record["ApproximateArrivalTimestamp"]
        self.assertEqual(tag, 1)
        self.assertLess(abs(arrived - before), 600_000)

    def test_errors(self):
        status, answer = self.call("DescribeStream", {"StreamName": "none"})
        self.assertEqual((status, answer["__type"], answer["message"]),
                         (400, "ResourceNotFoundException", f"Stream none under account {ACCOUNT} not found."))


if __name__ == "__main__":
    unittest.main()
