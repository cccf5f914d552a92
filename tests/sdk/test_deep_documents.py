"""Documents that nest deeper than anybody writes: refused or taken as no JSON, by whatever way they come; nothing breaks."""

import json
import unittest

from aviary_server import ACCOUNT, REGION
from botocore.exceptions import ClientError
from sdk_clients import LambdaCase, client_for


def deep(levels=100_000):
    return "[" * levels + "]" * levels


class DeepDocuments(LambdaCase):
    def service(self, name):
        return client_for(self.server.endpoint, service=name)

    def tried(self, call, **parameters):
        try:
            call(**parameters)
        except ClientError as refused:
            self.assertLess(refused.response["ResponseMetadata"]["HTTPStatusCode"], 500, refused)
        self.assertEqual(self.server.get("/_aviary/health").status, 200)

    def test_events(self):
        events = self.service("events")
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
        events.create_archive(ArchiveName="kept", EventSourceArn=bus)
        self.tried(events.put_events, Entries=[{"Source": "s", "DetailType": "d", "Detail": '{"a":' + deep() + "}"}])
        self.tried(events.put_permission, Policy='{"Version":"2012-10-17","Statement":' + deep() + "}")
        self.tried(events.put_permission, Action="events:PutEvents", Principal="210987654321", StatementId="s")
        self.tried(events.test_event_pattern, EventPattern='{"a":' + deep(1500) + "}", Event="{}")

    def test_logs(self):
        logs = self.service("logs")
        self.tried(logs.test_transformer, transformerConfig=[{"parseJSON": {}}],
                   logEventMessages=['{"a":' + deep() + "}"])
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")
        self.tried(logs.put_log_events, logGroupName="g", logStreamName="s", logEvents=[
            {"timestamp": 1_700_000_000_000, "message": '{"_aws":{"CloudWatchMetrics":' + deep() + "}}"}])

    def test_policies(self):
        s3, sqs, sns, iam = (self.service(name) for name in ("s3", "sqs", "sns", "iam"))
        s3.create_bucket(Bucket="policies")
        policy = '{"Statement":' + deep() + "}"
        self.tried(s3.put_bucket_policy, Bucket="policies", Policy=policy)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        self.tried(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"Policy": policy})
        topic = sns.create_topic(Name="t")["TopicArn"]
        self.tried(sns.set_topic_attributes, TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
        self.tried(iam.create_role, RoleName="r", AssumeRolePolicyDocument=policy)
        self.tried(self.service("ssm").create_document, Name="document", Content=policy[:60_000])

    def test_templates_and_functions(self):
        cfn = self.service("cloudformation")
        self.tried(cfn.create_stack, StackName="s", TemplateBody='{"Resources":' + deep(20_000) + "}")
        self.tried(cfn.create_stack, StackName="t", StackPolicyBody=deep(8_000),
                   TemplateBody=json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}))
        self.create("deep")
        self.tried(self.client.invoke, FunctionName="deep", Payload=deep(900))


if __name__ == "__main__":
    unittest.main()
