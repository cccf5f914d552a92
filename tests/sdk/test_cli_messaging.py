"""Every operation of topics, streams and buses through every AWS CLI, once right; some of them wrong."""

import re
import json
import unittest

from aviary_server import ACCOUNT, REGION, ServerCase, operations_table
from aws_cli import for_each

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/shop"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/paid"
ARCHIVE = f"arn:aws:events:{REGION}:{ACCOUNT}:archive/kept"
EVERYWHERE = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/everywhere"
EVERYWHERE_ELSE = f"arn:aws:events:us-west-2:{ACCOUNT}:event-bus/everywhere"
ROUTING = json.dumps({"FailoverConfig": {"Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/1"},
                                         "Secondary": {"Route": "us-west-2"}}})
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox"


def camel(command):
    return "".join(word.capitalize() for word in command.split("-"))


class Walk(ServerCase):
    def walk(self, cli, service, text, elsewhere=()):
        """Runs the commands, a line each; answers what they said by command. None of the service is left out."""
        commands = [" ".join(line.split()) for line in text.strip().splitlines()]
        answers = cli.many(*[f"{service} {command}" for command in commands])
        said = {}
        for command, ran in zip(commands, answers):
            if ran is None:
                continue
            self.assertEqual(ran.code, 0, (cli.version, ran))
            said[command.split()[0]] = ran.json() if ran.out.strip() else None
        there = {name for name, yes in operations_table(service).items() if yes}
        self.assertEqual(there - {camel(command.split()[0]) for command in commands} - set(elsewhere), set())
        return said

    def refused(self, cli, command, code, message):
        [ran] = cli.many(command)
        self.assertNotEqual(ran.code, 0, ran)
        self.assertIn(f"An error occurred ({code}) when calling the ", ran.err)
        self.assertIn(message, ran.err)

    @for_each
    def test_sns(self, cli):
        said = self.walk(cli, "sns", f"""
            create-topic --name news --tags Key=team,Value=shop
            set-topic-attributes --topic-arn {TOPIC} --attribute-name DisplayName --attribute-value News
            get-topic-attributes --topic-arn {TOPIC}
            add-permission --topic-arn {TOPIC} --label l --aws-account-id 111111111111 --action-name Publish
            remove-permission --topic-arn {TOPIC} --label l
            tag-resource --resource-arn {TOPIC} --tags Key=x,Value=y
            untag-resource --resource-arn {TOPIC} --tag-keys x
            list-tags-for-resource --resource-arn {TOPIC}
            subscribe --topic-arn {TOPIC} --protocol sqs --notification-endpoint {QUEUE} --attributes RawMessageDelivery=true
            publish-batch --topic-arn {TOPIC} --publish-batch-request-entries Id=1,Message=one Id=2,Message=two
            list-subscriptions-by-topic --topic-arn {TOPIC}
            """, elsewhere=("ConfirmSubscription", "DeleteTopic", "GetSubscriptionAttributes", "ListSubscriptions", "ListTopics",
                            "Publish", "SetSubscriptionAttributes", "Unsubscribe"))  # in test_sns
        self.assertEqual(said["get-topic-attributes"]["Attributes"]["DisplayName"], "News")
        self.assertEqual(said["list-tags-for-resource"]["Tags"], [{"Key": "team", "Value": "shop"}])
        self.assertEqual([each["Id"] for each in said["publish-batch"]["Successful"]], ["1", "2"])
        self.assertEqual(said["list-subscriptions-by-topic"]["Subscriptions"][0]["Endpoint"], QUEUE)
        self.refused(cli, f"sns confirm-subscription --topic-arn {TOPIC} --token {'a' * 64}", "InvalidParameter",
                     "Invalid parameter: Token")
        # What a CLI checks by itself comes from others all the same.
        answer = self.server.request("POST", "/", b"Action=Publish&Version=2010-03-31&TopicArn=" + TOPIC.encode(), headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((answer.status, re.findall("<(?:Code|Message)>([^<]*)<", answer.body.decode())), (
            400, ["ValidationError", "1 validation error detected: Value null at 'message' failed to satisfy constraint: "
                                     "Member must not be null"]))

    @for_each
    def test_kinesis(self, cli):
        half = 2 ** 126
        said = self.walk(cli, "kinesis", f"""
            create-stream --stream-name clicks --shard-count 2
            describe-stream --stream-name clicks
            describe-stream-summary --stream-name clicks
            describe-limits
            list-streams
            list-shards --stream-name clicks
            add-tags-to-stream --stream-name clicks --tags team=shop,x=y
            remove-tags-from-stream --stream-name clicks --tag-keys x
            list-tags-for-stream --stream-name clicks
            tag-resource --resource-arn {STREAM} --tags new=1
            untag-resource --resource-arn {STREAM} --tag-keys new
            list-tags-for-resource --resource-arn {STREAM}
            increase-stream-retention-period --stream-name clicks --retention-period-hours 48
            decrease-stream-retention-period --stream-name clicks --retention-period-hours 24
            enable-enhanced-monitoring --stream-name clicks --shard-level-metrics IncomingBytes OutgoingBytes
            disable-enhanced-monitoring --stream-name clicks --shard-level-metrics OutgoingBytes
            start-stream-encryption --stream-name clicks --encryption-type KMS --key-id alias/aws/kinesis
            stop-stream-encryption --stream-name clicks --encryption-type KMS --key-id alias/aws/kinesis
            register-stream-consumer --stream-arn {STREAM} --consumer-name counter
            describe-stream-consumer --stream-arn {STREAM} --consumer-name counter
            list-stream-consumers --stream-arn {STREAM}
            deregister-stream-consumer --stream-arn {STREAM} --consumer-name counter
            put-resource-policy --resource-arn {STREAM} --policy '{{"Version":"2012-10-17","Statement":[]}}'
            get-resource-policy --resource-arn {STREAM}
            delete-resource-policy --resource-arn {STREAM}
            put-record --stream-name clicks --partition-key a --data aGVsbG8=
            put-records --stream-name clicks --records Data=b25l,PartitionKey=a Data=dHdv,PartitionKey=b
            get-shard-iterator --stream-name clicks --shard-id shardId-000000000000 --shard-iterator-type LATEST
            split-shard --stream-name clicks --shard-to-split shardId-000000000000 --new-starting-hash-key {half}
            merge-shards --stream-name clicks --shard-to-merge shardId-000000000002 --adjacent-shard-to-merge shardId-000000000003
            update-shard-count --stream-name clicks --target-shard-count 4 --scaling-type UNIFORM_SCALING
            update-max-record-size --stream-arn {STREAM} --max-record-size-in-ki-b 2048
            update-stream-mode --stream-arn {STREAM} --stream-mode-details StreamMode=ON_DEMAND
            update-stream-warm-throughput --stream-arn {STREAM} --warm-throughput-mi-bps 4
            delete-stream --stream-name clicks
            """, elsewhere=("GetRecords", "SubscribeToShard"))  # in test_kinesis; the CLI has no command for the second
        self.assertEqual(said["list-tags-for-stream"]["Tags"], [{"Key": "team", "Value": "shop"}])
        self.assertEqual(said["enable-enhanced-monitoring"]["DesiredShardLevelMetrics"], ["IncomingBytes", "OutgoingBytes"])
        self.assertEqual(said["disable-enhanced-monitoring"]["DesiredShardLevelMetrics"], ["IncomingBytes"])
        self.assertEqual(said["describe-limits"]["OpenShardCount"], 2)
        self.assertEqual(said["put-records"]["FailedRecordCount"], 0)
        self.refused(cli, "kinesis describe-stream --stream-name clicks", "ResourceNotFoundException",
                     f"Stream clicks under account {ACCOUNT} not found.")

    @for_each
    def test_events(self, cli):
        event = ('{"id":"1","account":"1","source":"shop","time":"2024-01-01T00:00:00Z","region":"r","resources":[],'
                 '"detail-type":"order","detail":{"state":"paid"}}')
        said = self.walk(cli, "events", f"""
            create-event-bus --name shop --tags Key=team,Value=shop
            update-event-bus --name shop --description orders
            describe-event-bus --name shop
            list-event-buses
            put-permission --event-bus-name shop --action events:PutEvents --principal 111111111111 --statement-id other
            remove-permission --event-bus-name shop --statement-id other
            put-rule --name paid --event-pattern '{{"detail":{{"state":["paid"]}}}}'
            describe-rule --name paid
            disable-rule --name paid
            enable-rule --name paid
            list-rules --name-prefix pa
            put-targets --rule paid --targets Id=queue,Arn={QUEUE}
            list-targets-by-rule --rule paid
            list-rule-names-by-target --target-arn {QUEUE}
            tag-resource --resource-arn {RULE} --tags Key=a,Value=b
            list-tags-for-resource --resource-arn {RULE}
            untag-resource --resource-arn {RULE} --tag-keys a
            test-event-pattern --event-pattern '{{"detail":{{"state":["paid"]}}}}' --event '{event}'
            put-events --entries '[{{"Source":"shop","DetailType":"order","Detail":"{{}}"}}]'
            create-archive --archive-name kept --event-source-arn {BUS} --retention-days 7
            describe-archive --archive-name kept
            update-archive --archive-name kept --description orders
            list-archives --name-prefix ke
            start-replay --replay-name again --event-source-arn {ARCHIVE} --event-start-time 2024-01-01 --event-end-time 2024-01-02 --destination Arn={BUS}
            describe-replay --replay-name again
            list-replays
            delete-archive --archive-name kept
            remove-targets --rule paid --ids queue
            delete-rule --name paid
            delete-event-bus --name shop
            create-connection --name shop --authorization-type API_KEY --auth-parameters 'ApiKeyAuthParameters={{ApiKeyName=k,ApiKeyValue=v}}'
            update-connection --name shop --description orders
            describe-connection --name shop
            list-connections --name-prefix sh
            list-api-destinations
            deauthorize-connection --name shop
            delete-connection --name shop
            create-event-bus --name everywhere --region {REGION}
            create-event-bus --name everywhere --region us-west-2
            create-endpoint --name global --routing-config '{ROUTING}' --event-buses EventBusArn={EVERYWHERE} EventBusArn={EVERYWHERE_ELSE} --replication-config State=DISABLED --region {REGION}
            describe-endpoint --name global --region {REGION}
            update-endpoint --name global --description orders --region {REGION}
            list-endpoints --name-prefix gl --region {REGION}
            delete-endpoint --name global --region {REGION}
            delete-event-bus --name everywhere --region {REGION}
            delete-event-bus --name everywhere --region us-west-2
            """, elsewhere=("CancelReplay",  # what is over cannot be cancelled
                            "CreateApiDestination", "UpdateApiDestination", "DescribeApiDestination", "DeleteApiDestination"))
        self.assertEqual(said["describe-connection"]["AuthParameters"], {"ApiKeyAuthParameters": {"ApiKeyName": "k"}})
        connection = cli.ok("events", "create-connection", "--name", "shop", "--authorization-type", "BASIC", "--auth-parameters",
                            "BasicAuthParameters={Username=u,Password=p}")["ConnectionArn"]
        # The CLI of version 1 takes a parameter that is a URL for the place of its value.
        destination = json.dumps({"Name": "orders", "HttpMethod": "POST", "ConnectionArn": connection,
                                  "InvocationEndpoint": "https://example.com/orders"})
        for ran in cli.many(f"events create-api-destination --cli-input-json '{destination}'",
                            "events update-api-destination --name orders --invocation-rate-limit-per-second 5",
                            "events describe-api-destination --name orders", "events delete-api-destination --name orders"):
            self.assertEqual(ran.code, 0, ran)
        self.assertEqual(said["describe-rule"]["State"], "ENABLED")
        self.assertEqual(said["list-rule-names-by-target"]["RuleNames"], ["paid"])
        self.assertEqual(said["list-tags-for-resource"]["Tags"], [{"Key": "a", "Value": "b"}])
        self.assertEqual(said["test-event-pattern"]["Result"], True)
        self.assertEqual((said["put-events"]["FailedEntryCount"], said["remove-targets"]["FailedEntryCount"]), (0, 0))
        self.refused(cli, "events describe-event-bus --name shop", "ResourceNotFoundException",
                     "Event bus shop does not exist.")


if __name__ == "__main__":
    unittest.main(verbosity=1)
