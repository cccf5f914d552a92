"""Rollbacks that are asked for: of stacks that were left as they failed, and of those whose own way back failed."""

import json
import re
import unittest
import urllib.parse

from aviary_server import scope_header
from sdk_clients import LambdaCase, client_for

BROKEN = {"Type": "AWS::No::Type", "DependsOn": ["Value", "Queue"]}


def template(value="one", seconds=30, **more):
    return json.dumps({"Resources": {
        "Value": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "value", "Type": "String", "Value": value}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q", "VisibilityTimeout": seconds}}, **more}})


class Rollbacks(LambdaCase):
    def setUp(self):
        super().setUp()
        self.cfn = client_for(self.server.endpoint, service="cloudformation")
        self.ssm = client_for(self.server.endpoint, service="ssm")
        self.sqs = client_for(self.server.endpoint, service="sqs")

    def until(self, wanted):
        def reached():
            status = self.cfn.describe_stacks(StackName=self.stack_id)["Stacks"][0]["StackStatus"]
            self.assertTrue(status == wanted or status.endswith("_IN_PROGRESS"), status)
            return status == wanted
        self.eventually(reached, 30, wanted)

    def create(self, body, wanted="CREATE_COMPLETE", **more):
        self.stack_id = self.cfn.create_stack(StackName="app", TemplateBody=body, **more)["StackId"]
        self.until(wanted)

    def fail_an_update(self):
        self.create(template())
        self.cfn.update_stack(StackName="app", TemplateBody=template("two", 31, Broken=BROKEN), DisableRollback=True)
        self.until("UPDATE_FAILED")
        self.assertEqual(self.value(), "two")

    def value(self):
        return self.ssm.get_parameter(Name="value")["Parameter"]["Value"]

    def test_of_a_creation(self):
        self.create(template(Broken=BROKEN), "CREATE_FAILED", OnFailure="DO_NOTHING")
        self.assertEqual(self.value(), "one")
        self.cfn.rollback_stack(StackName="app")
        self.until("ROLLBACK_COMPLETE")
        self.assertEqual(self.ssm.describe_parameters()["Parameters"], [])
        error = self.refused("ValidationError", 400, self.cfn.rollback_stack, StackName="app")["Error"]["Message"]
        self.assertIn("is in ROLLBACK_COMPLETE state and can not be rolled back.", error)

    def test_of_an_update(self):
        self.fail_an_update()
        self.cfn.rollback_stack(StackName="app")
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.value(), "one")
        names = [row["LogicalResourceId"] for row in self.cfn.list_stack_resources(StackName="app")["StackResourceSummaries"]]
        self.assertEqual(names, ["Queue", "Value"])
        url = self.sqs.get_queue_url(QueueName="q")["QueueUrl"]
        self.assertEqual(self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"],
                         {"VisibilityTimeout": "30"})

    def test_that_goes_on_without_what_cannot_be_undone(self):
        self.fail_an_update()
        self.sqs.delete_queue(QueueUrl=self.sqs.get_queue_url(QueueName="q")["QueueUrl"])
        self.cfn.rollback_stack(StackName="app")
        self.until("UPDATE_ROLLBACK_FAILED")
        self.refused("ValidationError", 400, self.cfn.continue_update_rollback, StackName="app", ResourcesToSkip=["None"])
        self.cfn.continue_update_rollback(StackName="app", ResourcesToSkip=["Queue"])
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.value(), "one")
        self.refused("ValidationError", 400, self.cfn.continue_update_rollback, StackName="app")

    def test_what_could_not_be_taken_back_is_tried_again(self):
        sns = client_for(self.server.endpoint, service="sns")

        def body(display, **more):
            return json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {
                "TopicName": "news", "DisplayName": display}}, **more}})
        self.create(body("a"))
        topic = sns.list_topics()["Topics"][0]["TopicArn"]
        waits = {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
                 "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": "Topic",
                          "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "300"}}}
        self.cfn.update_stack(StackName="app", TemplateBody=body("b", **waits))
        self.eventually(lambda: sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "b", 10, "b")
        sns.delete_topic(TopicArn=topic)
        self.cfn.cancel_update_stack(StackName="app")
        self.until("UPDATE_ROLLBACK_FAILED")
        self.cfn.continue_update_rollback(StackName="app")
        self.until("UPDATE_ROLLBACK_FAILED")
        sns.create_topic(Name="news")
        self.cfn.continue_update_rollback(StackName="app")
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"], "a")

    def test_what_a_change_set_wants_when_it_fails(self):
        # Plain HTTP: an older boto3 does not know the member.
        def call(operation, **values):
            body = urllib.parse.urlencode({"Action": operation, "Version": "2010-05-15", **values})
            answer = self.server.post("/", body, headers={
                "Content-Type": "application/x-www-form-urlencoded", **scope_header(service="cloudformation")})
            self.assertEqual(answer.status, 200, answer)
            return answer.body.decode()
        made = call("CreateChangeSet", StackName="app", ChangeSetName="c", ChangeSetType="CREATE", OnStackFailure="DELETE",
                    TemplateBody=template(Broken=BROKEN))
        self.stack_id = re.search("<StackId>(.*?)<", made)[1]
        self.assertIn("<OnStackFailure>DELETE<", call("DescribeChangeSet", StackName="app", ChangeSetName="c"))
        call("ExecuteChangeSet", StackName="app", ChangeSetName="c")
        self.until("DELETE_COMPLETE")
        self.assertEqual(self.ssm.describe_parameters()["Parameters"], [])


    def test_topics_are_told(self):
        sns = client_for(self.server.endpoint, service="sns")
        topic = sns.create_topic(Name="news")["TopicArn"]
        url = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:heard",
                      Attributes={"RawMessageDelivery": "true"})
        self.create(template(), NotificationARNs=[topic])
        events = self.cfn.describe_stack_events(StackName="app")["StackEvents"]
        heard = []

        def all_heard():
            for message in self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                heard.append(message["Body"])
            return len(heard) == len(events)
        self.eventually(all_heard)
        for event in events:
            self.assertTrue(any(f"EventId='{event['EventId']}'" in each for each in heard), event)


class UnknownTypes(LambdaCase):
    OPTIONS = ("--record-unknown-types",)

    def test_are_recorded(self):
        cfn = client_for(self.server.endpoint, service="cloudformation")
        cfn.create_stack(StackName="app", TemplateBody=template(Broken={**BROKEN, "Properties": {"A": 1}}, Outputs={
            "Type": "AWS::SSM::Parameter", "Properties": {"Name": "name", "Type": "String", "Value": {"Ref": "Broken"}}}))
        self.eventually(lambda: cfn.describe_stacks(StackName="app")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
        row = cfn.describe_stack_resource(StackName="app", LogicalResourceId="Broken")["StackResourceDetail"]
        self.assertEqual((row["ResourceStatus"], row["ResourceStatusReason"]), (
            "CREATE_COMPLETE", "Warning: recorded only. Aviary does not have resources of type AWS::No::Type yet."))
        ssm = client_for(self.server.endpoint, service="ssm")
        self.assertEqual(ssm.get_parameter(Name="name")["Parameter"]["Value"], row["PhysicalResourceId"])
        cfn.delete_stack(StackName="app")
        self.eventually(lambda: cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"])


if __name__ == "__main__":
    unittest.main()
