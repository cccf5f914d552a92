"""Stacks whose resources are made by others: parameters and secrets referred to, functions that make resources, stacks in
stacks; and what a stack costs."""

import json
import os
import re
import time
import unittest
import urllib.error
import urllib.request

from sdk_clients import client_for
from test_cloudformation import StackCase

MAKER = """
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}
  Maker:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: 20
      Code:
        ZipFile: |
          import json
          import cfnresponse
          def handler(event, context):
              print(json.dumps(event))
              wanted = event["ResourceProperties"]
              name = event.get("PhysicalResourceId") or "made-" + wanted["Size"]
              if event["RequestType"] == "Update" and wanted.get("Another"):
                  name = "made-anew-" + wanted["Size"]
              failed = wanted.get("Fail") == event["RequestType"]
              cfnresponse.send(event, context, cfnresponse.FAILED if failed else cfnresponse.SUCCESS,
                               {"Size": wanted["Size"], "Kind": type(wanted["Size"]).__name__}, name,
                               wanted.get("Hidden") == "true", "no room" if failed else None)
"""


class References(StackCase):
    TEMPLATE = """
Parameters:
  Size: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /app/size}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Ref Size
      VisibilityTimeout: '{{resolve:ssm:/app/timeout:1}}'
  Url:
    Type: AWS::SSM::Parameter
    Properties: {Name: /app/url, Type: String, Value: 'user:{{resolve:secretsmanager:db:SecretString:password}}@host', Tags: {a: b}}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{"user": "me"}', GenerateStringKey: password, PasswordLength: 12}
Outputs:
  Secret: {Value: !Ref Secret}
  Type: {Value: !GetAtt Url.Type}
"""

    def setUp(self):
        super().setUp()
        self.ssm = client_for(self.server.endpoint, service="ssm")
        self.secrets = client_for(self.server.endpoint, service="secretsmanager")

    def test_values_are_looked_up_and_never_shown(self):
        for name, value in (("/app/size", "large"), ("/app/timeout", "45"), ("/app/timeout", "60")):
            self.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        self.secrets.create_secret(Name="db", SecretString=json.dumps({"password": "hush-hush"}))
        outputs = self.create(self.TEMPLATE)
        self.assertEqual(outputs["Type"], "String")
        sqs = client_for(self.server.endpoint, service="sqs")
        url = sqs.get_queue_url(QueueName="large")["QueueUrl"]
        self.assertEqual(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"], "45")
        self.assertEqual(self.ssm.get_parameter(Name="/app/url")["Parameter"]["Value"], "user:hush-hush@host")
        value = json.loads(self.secrets.get_secret_value(SecretId=outputs["Secret"])["SecretString"])
        self.assertEqual((value["user"], len(value["password"])), ("me", 12))
        events = self.cfn.describe_stack_events(StackName="app")["StackEvents"]
        self.assertNotIn("hush-hush", json.dumps(events, default=str))
        self.assertEqual(self.stack()["Parameters"][0]["ResolvedValue"], "large")
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual([each["Name"] for each in self.secrets.list_secrets()["SecretList"]], ["db"])
        self.assertEqual(len(self.ssm.describe_parameters()["Parameters"]), 2)

    def test_what_has_the_name_already_stays_whose_it_is(self):
        service = {name: client_for(self.server.endpoint, service=name) for name in ("s3", "sqs", "sns", "events", "cloudwatch")}
        service["s3"].create_bucket(Bucket="mine")
        queue = service["sqs"].create_queue(QueueName="mine")["QueueUrl"]
        service["sns"].create_topic(Name="mine")
        service["events"].put_rule(Name="mine", ScheduleExpression="rate(1 hour)", State="DISABLED")
        alarm = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
                 "ComparisonOperator": "GreaterThanThreshold"}
        service["cloudwatch"].put_metric_alarm(AlarmName="mine", **alarm)
        for kind, properties in (("S3::Bucket", {"BucketName": "mine"}), ("SQS::Queue", {"QueueName": "mine"}),
                                 ("SNS::Topic", {"TopicName": "mine"}), ("CloudWatch::Alarm", {"AlarmName": "mine", **alarm}),
                                 ("Events::Rule", {"Name": "mine", "ScheduleExpression": "rate(1 day)"})):
            self.cfn.create_stack(StackName="bad", OnFailure="DO_NOTHING", TemplateBody=json.dumps({"Resources": {"R": {
                "Type": f"AWS::{kind}", "Properties": properties}}}))
            self.until("CREATE_FAILED", "bad")
            self.assertEqual(self.resources("bad")["R"]["ResourceStatusReason"],
                             f"Resource of type 'AWS::{kind}' with identifier 'mine' already exists.")
            self.cfn.delete_stack(StackName="bad")
            self.wait("stack_delete_complete", "bad")
        service["s3"].head_bucket(Bucket="mine")
        self.assertEqual(service["sqs"].get_queue_url(QueueName="mine")["QueueUrl"], queue)
        self.assertEqual(len(service["sns"].list_topics()["Topics"]), 1)
        self.assertEqual(service["events"].describe_rule(Name="mine")["ScheduleExpression"], "rate(1 hour)")
        self.assertEqual(len(service["cloudwatch"].describe_alarms()["MetricAlarms"]), 1)

    def test_what_is_not_there_fails_the_resource(self):
        for reference, reason in (("{{resolve:ssm:/none}}", "Parameters: [ssm:/none] cannot be found."),
                                  ("{{resolve:secretsmanager:none}}", "Secrets Manager can't find the specified secret."),
                                  ("{{resolve:ssm:}}", "Incorrect format is used in the following SSM reference"),
                                  ("{{resolve:ssm-secure:/x:1}}",
                                   "SSM Secure reference is not supported in: [AWS::SSM::Parameter/Properties/Value]")):
            self.cfn.create_stack(StackName="bad", OnFailure="DO_NOTHING", TemplateBody=json.dumps({"Resources": {"P": {
                "Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": reference}}}}))
            self.until("CREATE_FAILED", "bad")
            self.assertIn(reason, self.resources("bad")["P"]["ResourceStatusReason"])
            self.cfn.delete_stack(StackName="bad")
            self.wait("stack_delete_complete", "bad")
        self.assertIn("Unable to fetch parameters [/app/size] from parameter store",
                      self.refused_cfn("create_stack", StackName="x", TemplateBody=self.TEMPLATE)["Message"])


class CustomResources(StackCase):
    def template(self, **properties):
        lines = "".join(f"      {key}: {value}\n" for key, value in properties.items())
        return ("Resources:\n" + MAKER + "  Thing:\n    Type: Custom::Thing\n    Properties:\n"
                "      ServiceToken: !GetAtt Maker.Arn\n" + lines +
                "Outputs:\n  Id: {Value: !Ref Thing}\n  Size: {Value: !GetAtt Thing.Size}\n  Kind: {Value: !GetAtt Thing.Kind}\n")

    def told(self):
        """The requests that the function got, by their type, name and size."""
        logs = client_for(self.server.endpoint, service="logs")
        name = self.resources()["Maker"]["PhysicalResourceId"]
        rows = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="RequestType")["events"]
        events = [json.loads(row["message"]) for row in rows]
        return [(each["RequestType"], each.get("PhysicalResourceId"), each["ResourceProperties"]["Size"],
                 each.get("OldResourceProperties", {}).get("Size")) for each in events]

    def update(self, template):
        self.cfn.update_stack(StackName="app", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])

    def test_life(self):
        self.assertEqual(self.create(self.template(Size=3)), {"Id": "made-3", "Size": "3", "Kind": "str"})
        self.update(self.template(Size=4))
        self.wait("stack_update_complete")
        self.assertEqual(self.outputs()["Id"], "made-3")
        # Another physical id: the old one is taken away when all is well.
        self.update(self.template(Size=5, Another="true"))
        self.wait("stack_update_complete")
        self.assertEqual(self.outputs()["Id"], "made-anew-5")
        # Fails: back to what was.
        self.update(self.template(Size=6, Another="true", Fail="Update"))
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.outputs()["Size"], "5")
        reasons = [each.get("ResourceStatusReason", "") for each in
                   self.cfn.describe_stack_events(StackName="app")["StackEvents"]]
        self.assertTrue(any("Received response status [FAILED] from custom resource. Message returned: no room" in each
                            for each in reasons), reasons)
        told = self.told()
        self.assertEqual(told[:4], [("Create", None, "3", None), ("Update", "made-3", "4", "3"),
                                    ("Update", "made-3", "5", "4"), ("Delete", "made-3", "4", None)])
        self.assertEqual(told[-1][:3], ("Update", "made-anew-5", "5"))
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")

    def test_a_failed_creation_is_rolled_back(self):
        self.cfn.create_stack(StackName="app", TemplateBody=self.template(Size=1, Fail="Create"), Capabilities=["CAPABILITY_IAM"])
        self.until("ROLLBACK_COMPLETE")
        self.cfn.delete_stack(StackName="app")

    def test_inline_code_of_node(self):
        self.assertEqual(self.create("""
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}}}
  Maker:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs20.x
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          const response = require('cfn-response');
          exports.handler = (event, context) => response.send(event, context, response.SUCCESS, {Word: event.RequestType}, 'it');
  Thing: {Type: AWS::CloudFormation::CustomResource, Properties: {ServiceToken: !GetAtt Maker.Arn}}
Outputs:
  Word: {Value: !GetAtt Thing.Word}
""")["Word"], "Create")

    def test_a_topic_is_told(self):
        sns, sqs = (client_for(self.server.endpoint, service=service) for service in ("sns", "sqs"))
        topic = sns.create_topic(Name="makers")["TopicArn"]
        queue = sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        self.cfn.create_stack(StackName="app", TemplateBody=json.dumps({"Resources": {"Thing": {
            "Type": "Custom::Thing", "Properties": {"ServiceToken": topic}}}}))
        event = json.loads(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"][0]["Body"])
        body = json.dumps({"Status": "SUCCESS", "PhysicalResourceId": "p", **{
            key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}}).encode()
        urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
        self.wait("stack_create_complete")
        with self.assertRaises(urllib.error.HTTPError):  # answered already
            urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))

    def test_a_schedule_of_a_rotation(self):
        outputs = self.create("""
Resources:
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: x}}
  Schedule:
    Type: AWS::SecretsManager::RotationSchedule
    Properties: {SecretId: !Ref Secret, RotationLambdaARN: 'arn:aws:lambda:us-east-1:123456789012:function:none',
                 RotationRules: {AutomaticallyAfterDays: 7}, RotateImmediatelyOnUpdate: false}
Outputs: {Id: {Value: !Ref Schedule}}
""")
        secrets = client_for(self.server.endpoint, service="secretsmanager")
        self.assertTrue(secrets.describe_secret(SecretId=outputs["Id"])["RotationEnabled"])
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual(secrets.list_secrets()["SecretList"], [])


class Signals(StackCase):
    OPTIONS = ("--clock", "manual")
    TEMPLATE = json.dumps({"Resources": {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {"Type": "AWS::CloudFormation::WaitCondition",
                 "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "60", "Count": 1}}},
        "Outputs": {"Data": {"Value": {"Fn::GetAtt": ["Wait", "Data"]}}}})

    def begin(self):
        self.cfn.create_stack(StackName="app", TemplateBody=self.TEMPLATE)
        return self.eventually(lambda: self.resources().get("Handle", {}).get("PhysicalResourceId"))

    def test_a_signal_and_none(self):
        url = self.begin()
        body = json.dumps({"Status": "SUCCESS", "UniqueId": "1", "Data": "done", "Reason": ""}).encode()
        urllib.request.urlopen(urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": ""}))
        self.wait("stack_create_complete")
        self.assertEqual(json.loads(self.outputs()["Data"]), {"1": "done"})
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.begin()
        self.eventually(lambda: "Wait" in self.resources())
        self.server.post("/_aviary/clock/advance", {"by": "61s"})
        self.until("ROLLBACK_COMPLETE")

    def test_a_function_that_never_answers(self):
        super(StackCase, self).create(name="silent")
        self.cfn.create_stack(StackName="app", TemplateBody=json.dumps({"Resources": {"Thing": {
            "Type": "AWS::CloudFormation::CustomResource",
            "Properties": {"ServiceToken": self.arn("silent"), "ServiceTimeout": "30"}}}}))
        # It may have made something: it is told Delete, and does not answer that either.
        def gave_up():
            self.server.post("/_aviary/clock/advance", {"by": "31s"})
            return self.cfn.describe_stacks(StackName="app")["Stacks"][0]["StackStatus"] == "ROLLBACK_FAILED"
        self.eventually(gave_up)
        events = self.cfn.describe_stack_events(StackName="app")["StackEvents"]
        self.assertIn("did not receive a response from your Custom Resource", json.dumps(events, default=str))
        self.assertIn("DELETE_IN_PROGRESS", [each["ResourceStatus"] for each in events if each["LogicalResourceId"] == "Thing"])


class NestedStacks(StackCase):
    def setUp(self):
        super().setUp()
        self.s3 = client_for(self.server.endpoint, service="s3")
        self.s3.create_bucket(Bucket="templates")
        self.child("one")

    def child(self, output, broken=False, extra=None):
        resources = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}, **(extra or {})}
        if broken:
            resources["Broken"] = {"Type": "AWS::None::Such", "DependsOn": "Queue"}
        self.s3.put_object(Bucket="templates", Key="child.json", Body=json.dumps({
            "Parameters": {"Name": {"Type": "String"}}, "Resources": resources,
            "Outputs": {"Word": {"Value": output}, "Url": {"Value": {"Ref": "Queue"}}}}))

    def parent(self, name="q1", **more):
        return json.dumps({"Resources": {
            "Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {
                "TemplateURL": f"{self.server.endpoint}/templates/child.json", "Parameters": {"Name": name}}}, **more},
            "Outputs": {"Word": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Word"]}}}})

    def queues(self):
        sqs = client_for(self.server.endpoint, service="sqs")
        return sorted(url.rsplit("/", 1)[1] for url in sqs.list_queues().get("QueueUrls", []))

    def test_life(self):
        self.assertEqual(self.create(self.parent())["Word"], "one")
        child = self.resources()["Child"]["PhysicalResourceId"]
        row = self.stack(child)
        self.assertEqual((row["ParentId"], row["RootId"]), (self.stack()["StackId"], self.stack()["StackId"]))
        self.assertTrue(row["StackName"].startswith("app-Child-"))
        # The template at the same URL is another.
        self.child("two")
        self.cfn.update_stack(StackName="app", TemplateBody=self.parent())
        self.wait("stack_update_complete")
        self.assertEqual(self.outputs()["Word"], "two")
        # A failure beside it takes it back.
        self.child("three", extra={"More": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "more"}}})
        self.cfn.update_stack(StackName="app", TemplateBody=self.parent(
            Broken={"Type": "AWS::None::Such", "DependsOn": "Child"}))
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual((self.outputs()["Word"], self.queues()), ("two", ["q1"]))
        self.assertEqual(self.outputs(child)["Word"], "two")
        # One within takes all back.
        self.child("four", broken=True)
        self.cfn.update_stack(StackName="app", TemplateBody=self.parent())
        self.until("UPDATE_ROLLBACK_COMPLETE")
        events = json.dumps(self.cfn.describe_stack_events(StackName="app")["StackEvents"], default=str)
        self.assertIn("was not successfully updated", events)
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual(self.queues(), [])
        self.assertEqual(self.stack(child)["StackStatus"], "DELETE_COMPLETE")

    def test_a_broken_child_is_rolled_back_with_its_parent(self):
        self.child("x", broken=True)
        self.cfn.create_stack(StackName="app", TemplateBody=self.parent())
        self.until("ROLLBACK_COMPLETE")
        self.assertEqual(self.queues(), [])
        reasons = [each.get("ResourceStatusReason", "") for each in
                   self.cfn.describe_stack_events(StackName="app")["StackEvents"]]
        self.assertTrue(any(each.startswith("Embedded stack arn:aws:cloudformation:") and "was not successfully created: "
                            "The following resource(s) failed to create: [Broken]" in each for each in reasons), reasons)

    def test_a_template_within_itself_ends(self):
        url = f"{self.server.endpoint}/templates/self.json"
        body = json.dumps({"Resources": {"Again": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}})
        self.s3.put_object(Bucket="templates", Key="self.json", Body=body)
        self.cfn.create_stack(StackName="app", TemplateBody=body)
        self.until("ROLLBACK_COMPLETE")


class Attached(StackCase):
    def test_what_hangs_on_others(self):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
        trust = {"Version": "2012-10-17", "Statement": []}
        profile = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/mine/abcdefghij"
        body = {"Resources": {
            "Signing": {"Type": "AWS::Lambda::CodeSigningConfig", "Properties": {
                "AllowedPublishers": {"SigningProfileVersionArns": [profile]}, "Description": "one"}},
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Consumer": {"Type": "AWS::Kinesis::StreamConsumer", "Properties": {
                "ConsumerName": "reader", "StreamARN": {"Fn::GetAtt": ["Stream", "Arn"]}}},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": trust}},
            "Own": {"Type": "AWS::IAM::RolePolicy", "Properties": {
                "PolicyName": "own", "RoleName": {"Ref": "Role"}, "PolicyDocument": document}},
            "User": {"Type": "AWS::IAM::User", "Properties": {"UserName": "u"}},
            "OfUser": {"Type": "AWS::IAM::UserPolicy", "Properties": {
                "PolicyName": "own", "UserName": {"Ref": "User"}, "PolicyDocument": document}},
            "Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": "User"}}},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}},
            "QueueOwn": {"Type": "AWS::SQS::QueueInlinePolicy", "Properties": {
                "Queue": {"Ref": "Queue"}, "PolicyDocument": document}}},
            "Outputs": {"Consumer": {"Value": {"Fn::GetAtt": ["Consumer", "ConsumerARN"]}}, "Key": {"Value": {"Ref": "Key"}},
                        "Signing": {"Value": {"Ref": "Signing"}}}}
        outputs = self.create(json.dumps(body))
        iam = client_for(self.server.endpoint, service="iam")
        self.assertEqual(iam.list_access_keys(UserName="u")["AccessKeyMetadata"][0]["AccessKeyId"], outputs["Key"])
        self.assertEqual(iam.list_role_policies(RoleName="r")["PolicyNames"], ["own"])
        self.assertIn("/consumer/reader:", outputs["Consumer"])
        sqs = client_for(self.server.endpoint, service="sqs")
        url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
        self.assertIn("Policy", sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"])
        body["Resources"]["Signing"]["Properties"]["Description"] = "two"
        del body["Resources"]["QueueOwn"]
        self.cfn.update_stack(StackName="app", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"])
        self.wait("stack_update_complete")
        signing = self.client.get_code_signing_config(CodeSigningConfigArn=outputs["Signing"])["CodeSigningConfig"]
        self.assertEqual(signing["Description"], "two")
        self.assertNotIn("Attributes", sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]))
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual((iam.list_users()["Users"], self.client.list_code_signing_configs()["CodeSigningConfigs"]), ([], []))

    def test_what_belongs_to_logs(self):
        body = {"Resources": {
            "Saved": {"Type": "AWS::Logs::QueryDefinition", "Properties": {
                "Name": "errors", "QueryString": "filter @message like /ERROR/", "LogGroupNames": ["/aws/lambda/f"]}},
            "Writers": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {
                "PolicyName": "writers", "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": []})}}},
            "Outputs": {"Saved": {"Value": {"Fn::GetAtt": ["Saved", "QueryDefinitionId"]}}}}
        outputs = self.create(json.dumps(body))
        logs = client_for(self.server.endpoint, service="logs")
        body["Resources"]["Saved"]["Properties"]["QueryString"] = "limit 5"
        self.cfn.update_stack(StackName="app", TemplateBody=json.dumps(body))
        self.wait("stack_update_complete")
        saved = logs.describe_query_definitions()["queryDefinitions"]
        self.assertEqual([(each["queryDefinitionId"], each["queryString"]) for each in saved], [(outputs["Saved"], "limit 5")])
        self.assertEqual(logs.describe_resource_policies()["resourcePolicies"][0]["policyName"], "writers")
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual((logs.describe_query_definitions()["queryDefinitions"],
                          logs.describe_resource_policies()["resourcePolicies"]), ([], []))

    def test_what_logs_deliver(self):
        group = {"Fn::Sub": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:app"}
        body = {"Resources": {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "app"}},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}},
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Destination": {"Type": "AWS::Logs::Destination", "Properties": {
                "DestinationName": "d", "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "TargetArn": {"Fn::GetAtt": ["Stream", "Arn"]},
                "DestinationPolicy": json.dumps({"Version": "2012-10-17", "Statement": []})}},
            "Policy": {"Type": "AWS::Logs::AccountPolicy", "Properties": {
                "PolicyName": "all", "PolicyType": "SUBSCRIPTION_FILTER_POLICY", "Scope": "ALL",
                "SelectionCriteria": 'LogGroupName NOT IN ["quiet"]',
                "PolicyDocument": {"Fn::Sub": '{"DestinationArn": "${Destination.Arn}", "FilterPattern": "", "Distribution": "Random"}'}}},
            "Transformer": {"Type": "AWS::Logs::Transformer", "Properties": {
                "LogGroupIdentifier": {"Ref": "Group"}, "TransformerConfig": [
                    {"ParseJSON": {}}, {"AddKeys": {"Entries": [{"Key": "where", "Value": "here"}]}}]}},
            "Detector": {"Type": "AWS::Logs::LogAnomalyDetector", "DependsOn": "Group", "Properties": {
                "LogGroupArnList": [group], "EvaluationFrequency": "ONE_HOUR", "AnomalyVisibilityTime": 30}},
            "Source": {"Type": "AWS::Logs::DeliverySource", "Properties": {
                "Name": "s", "LogType": "ACCESS_LOGS", "ResourceArn": "arn:aws:cloudfront::123456789012:distribution/E1"}},
            "Target": {"Type": "AWS::Logs::DeliveryDestination", "Properties": {
                "Name": "t", "DestinationResourceArn": {"Fn::GetAtt": ["Group", "Arn"]}, "OutputFormat": "json"}},
            "Delivery": {"Type": "AWS::Logs::Delivery", "DependsOn": "Source", "Properties": {
                "DeliverySourceName": "s", "DeliveryDestinationArn": {"Fn::GetAtt": ["Target", "Arn"]}}}},
            "Outputs": {"Delivery": {"Value": {"Ref": "Delivery"}}, "Detector": {"Value": {"Ref": "Detector"}},
                        "Policy": {"Value": {"Ref": "Policy"}}}}
        outputs = self.create(json.dumps(body))
        logs = client_for(self.server.endpoint, service="logs")
        self.assertEqual(outputs["Policy"], "123456789012|SUBSCRIPTION_FILTER_POLICY|all")
        self.assertEqual(logs.get_delivery(id=outputs["Delivery"])["delivery"]["deliveryDestinationType"], "CWL")
        self.assertEqual(logs.get_log_anomaly_detector(anomalyDetectorArn=outputs["Detector"])["anomalyVisibilityTime"], 30)
        self.assertEqual(logs.get_transformer(logGroupIdentifier="app")["transformerConfig"][1]["addKeys"]["entries"][0]["key"], "where")
        body["Resources"]["Transformer"]["Properties"]["TransformerConfig"].pop()
        body["Resources"]["Detector"]["Properties"]["AnomalyVisibilityTime"] = 7
        self.cfn.update_stack(StackName="app", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM"])
        self.wait("stack_update_complete")
        self.assertEqual(len(logs.get_transformer(logGroupIdentifier="app")["transformerConfig"]), 1)
        self.assertEqual(self.outputs()["Detector"], outputs["Detector"])
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual((logs.describe_destinations()["destinations"], logs.describe_deliveries()["deliveries"],
                          logs.list_log_anomaly_detectors()["anomalyDetectors"]), ([], [], []))

    def test_buses_in_two_regions_and_what_signs_in(self):
        other = client_for(self.server.endpoint, region="us-west-2", service="events")
        other.create_event_bus(Name="orders")
        pem = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "localhost.pem"), encoding="ascii").read()
        key, certificate = (re.search(f"-----BEGIN {what}-----.*?-----END {what}-----", pem, re.DOTALL).group() + "\n"
                            for what in ("(?:[A-Z]+ )?PRIVATE KEY", "CERTIFICATE"))
        bus = "arn:aws:events:{}:123456789012:event-bus/orders"
        body = {"Resources": {
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
            "Endpoint": {"Type": "AWS::Events::Endpoint", "DependsOn": "Bus", "Properties": {
                "Name": "global", "ReplicationConfig": {"State": "DISABLED"},
                "EventBuses": [{"EventBusArn": bus.format("us-east-1")}, {"EventBusArn": bus.format("us-west-2")}],
                "RoutingConfig": {"FailoverConfig": {
                    "Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/abc"}, "Secondary": {"Route": "us-west-2"}}}}},
            "Certificate": {"Type": "AWS::IAM::ServerCertificate", "Properties": {
                "ServerCertificateName": "web", "CertificateBody": certificate, "PrivateKey": key}},
            "Device": {"Type": "AWS::IAM::VirtualMFADevice", "Properties": {"VirtualMfaDeviceName": "phone", "Users": []}}},
            "Outputs": {"Id": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointId"]}}, "Device": {"Value": {"Ref": "Device"}},
                        "Certificate": {"Value": {"Fn::GetAtt": ["Certificate", "Arn"]}}}}
        outputs = self.create(json.dumps(body))
        events = client_for(self.server.endpoint, service="events")
        iam = client_for(self.server.endpoint, service="iam")
        self.assertEqual(events.describe_endpoint(Name="global")["EndpointId"], outputs["Id"])
        self.assertEqual(outputs["Certificate"], "arn:aws:iam::123456789012:server-certificate/web")
        self.assertEqual([each["SerialNumber"] for each in iam.list_virtual_mfa_devices()["VirtualMFADevices"]], [outputs["Device"]])
        body["Resources"]["Certificate"]["Properties"]["Tags"] = [{"Key": "a", "Value": "b"}]
        body["Resources"]["Endpoint"]["Properties"]["Description"] = "of two"
        self.cfn.update_stack(StackName="app", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"])
        self.wait("stack_update_complete")
        self.assertEqual(iam.list_server_certificate_tags(ServerCertificateName="web")["Tags"], [{"Key": "a", "Value": "b"}])
        self.assertEqual(events.list_endpoints()["Endpoints"][0]["Description"], "of two")
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual((iam.list_server_certificates()["ServerCertificateMetadataList"], events.list_endpoints()["Endpoints"],
                          iam.list_virtual_mfa_devices()["VirtualMFADevices"]), ([], [], []))

    def test_who_else_says_who_somebody_is(self):
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
        body = {"Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": trust}},
            "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}},
            "Hub": {"Type": "AWS::IAM::OIDCProvider", "Properties": {
                "Url": "https://token.actions.githubusercontent.com", "ClientIdList": ["sts.amazonaws.com"]}},
            "Saml": {"Type": "AWS::IAM::SAMLProvider", "Properties": {
                "Name": "idp", "SamlMetadataDocument": "<EntityDescriptor>" + " " * 1000 + "</EntityDescriptor>"}},
            "Linked": {"Type": "AWS::IAM::ServiceLinkedRole", "Properties": {"AWSServiceName": "ssm.amazonaws.com"}}},
            "Outputs": {"Hub": {"Value": {"Fn::GetAtt": ["Hub", "Arn"]}}, "Saml": {"Value": {"Ref": "Saml"}},
                        "Profile": {"Value": {"Ref": "Profile"}}, "Linked": {"Value": {"Ref": "Linked"}}}}
        outputs = self.create(json.dumps(body))
        iam = client_for(self.server.endpoint, service="iam")
        profile = iam.get_instance_profile(InstanceProfileName=outputs["Profile"])["InstanceProfile"]
        self.assertEqual([each["RoleName"] for each in profile["Roles"]], ["r"])
        self.assertEqual(outputs["Hub"], "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com")
        self.assertEqual(outputs["Linked"], "AWSServiceRoleForAmazonSSM")
        body["Resources"]["Hub"]["Properties"]["ClientIdList"] = ["other"]
        self.cfn.update_stack(StackName="app", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"])
        self.wait("stack_update_complete")
        hub = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=outputs["Hub"])
        self.assertEqual(hub["ClientIDList"], ["other"])
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual((iam.list_instance_profiles()["InstanceProfiles"], iam.list_roles()["Roles"],
                          iam.list_saml_providers()["SAMLProviderList"],
                          iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]), ([], [], [], []))

    def test_what_else_hangs_on_others(self):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        body = {"Resources": {
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "b", "Description": "one"}},
            "Lets": {"Type": "AWS::Events::EventBusPolicy", "Properties": {
                "EventBusName": {"Ref": "Bus"}, "StatementId": "all", "Statement": statement}},
            "LetsOne": {"Type": "AWS::Events::EventBusPolicy", "Properties": {
                "EventBusName": {"Ref": "Bus"}, "StatementId": "one", "Principal": "111122223333", "Action": "events:PutEvents"}},
            "Archive": {"Type": "AWS::Events::Archive", "Properties": {
                "ArchiveName": "a", "SourceArn": {"Fn::GetAtt": ["Bus", "Arn"]}, "EventPattern": {"source": ["shop"]}}},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}},
            "TopicOwn": {"Type": "AWS::SNS::TopicInlinePolicy", "Properties": {
                "TopicArn": {"Ref": "Topic"}, "PolicyDocument": document}},
            "Group": {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "g"}},
            "OfGroup": {"Type": "AWS::IAM::GroupPolicy", "Properties": {
                "GroupName": {"Ref": "Group"}, "PolicyName": "own", "PolicyDocument": document}},
            "User": {"Type": "AWS::IAM::User", "Properties": {"UserName": "u"}},
            "In": {"Type": "AWS::IAM::UserToGroupAddition", "Properties": {
                "GroupName": {"Ref": "Group"}, "Users": [{"Ref": "User"}]}},
            "Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {
                "ManagedPolicyName": "m", "PolicyDocument": document, "Groups": [{"Ref": "Group"}]}},
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "s", "ShardCount": 1, "RetentionPeriodHours": 48}},
            "Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardName": "d", "DashboardBody": "{\"widgets\": []}"}},
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "api", "ProtocolType": "HTTP"}},
            "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {
                "ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True}},
            "Domain": {"Type": "AWS::ApiGatewayV2::DomainName", "Properties": {
                "DomainName": "api.example.com", "DomainNameConfigurations": [{"CertificateArn": "arn:aws:acm:us-east-1:1:certificate/c"}]}},
            "Mapping": {"Type": "AWS::ApiGatewayV2::ApiMapping", "Properties": {
                "DomainName": {"Ref": "Domain"}, "ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}, "ApiMappingKey": "v1"}},
            "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "rest"}},
            "Old": {"Type": "AWS::ApiGateway::DomainName", "Properties": {
                "DomainName": "old.example.com", "CertificateArn": "arn:aws:acm:us-east-1:1:certificate/c"}},
            "Below": {"Type": "AWS::ApiGateway::BasePathMapping", "Properties": {
                "DomainName": {"Ref": "Old"}, "RestApiId": {"Ref": "Rest"}}}},
            "Outputs": {"Zone": {"Value": {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]}},
                        "Edge": {"Value": {"Fn::GetAtt": ["Old", "DistributionDomainName"]}},
                        "Archive": {"Value": {"Fn::GetAtt": ["Archive", "Arn"]}}}}
        outputs = self.create(json.dumps(body))
        events, iam, kinesis, apis, rest = (client_for(self.server.endpoint, service=name)
                                            for name in ("events", "iam", "kinesis", "apigatewayv2", "apigateway"))
        self.assertEqual(outputs["Archive"], events.describe_archive(ArchiveName="a")["ArchiveArn"])
        self.assertTrue(outputs["Zone"] and outputs["Edge"].endswith(".cloudfront.net"), outputs)
        policy = json.loads(events.describe_event_bus(Name="b")["Policy"])
        self.assertEqual(sorted(each["Sid"] for each in policy["Statement"]), ["all", "one"])
        self.assertEqual([each["UserName"] for each in iam.get_group(GroupName="g")["Users"]], ["u"])
        self.assertEqual(iam.list_attached_group_policies(GroupName="g")["AttachedPolicies"][0]["PolicyName"], "m")
        self.assertEqual(kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]["RetentionPeriodHours"], 48)
        self.assertEqual(apis.get_api_mappings(DomainName="api.example.com")["Items"][0]["ApiMappingKey"], "v1")
        self.assertEqual(rest.get_base_path_mappings(domainName="old.example.com")["items"][0]["basePath"], "(none)")
        # All of this is changed in place: names that are given cannot be taken twice.
        given = body["Resources"]
        statement["Effect"] = "Deny"
        given["User"]["Properties"]["Groups"] = [{"Ref": "Group"}]
        del given["In"]
        given["Bus"]["Properties"]["Description"] = "two"
        given["Stream"]["Properties"]["ShardCount"] = 2
        given["Mapping"]["Properties"]["ApiMappingKey"] = "v2"
        self.cfn.update_stack(StackName="app", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"])
        self.wait("stack_update_complete")
        arn = "arn:aws:iam::123456789012:policy/m"
        self.assertEqual([each["VersionId"] for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]], ["v2"])
        self.assertEqual(events.describe_event_bus(Name="b")["Description"], "two")
        self.assertEqual(apis.get_api_mappings(DomainName="api.example.com")["Items"][0]["ApiMappingKey"], "v2")
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual((iam.list_groups()["Groups"], events.list_archives()["Archives"], apis.get_domain_names()["Items"],
                          kinesis.list_streams()["StreamNames"]), ([], [], [], []))


class Bars(StackCase):
    def test_two_hundred_resources(self):
        resources = {f"P{i}": {"Type": "AWS::SSM::Parameter", "Properties": {
            "Type": "String", "Value": {"Fn::Sub": f"${{P{i - 1}}}"[:99] if i % 10 else "x"}}} for i in range(200)}
        body = json.dumps({"Resources": resources})
        began = time.monotonic()
        self.cfn.create_stack(StackName="app", TemplateBody=body)
        while self.stack()["StackStatus"] != "CREATE_COMPLETE":
            time.sleep(0.02)
        took = time.monotonic() - began
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual(client_for(self.server.endpoint, service="ssm").describe_parameters()["Parameters"], [])
        print(f"200 resources: created in {took:.2f} s, all of it in {time.monotonic() - began:.2f} s")
        self.assertLess(took, 2)


if __name__ == "__main__":
    unittest.main()
