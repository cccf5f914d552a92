"""What templates let others make of them: loops, includes, macros; and what they demand of their parameters."""

import json
import unittest

from sdk_clients import client_for
from test_cloudformation import StackCase

LOOPS = """
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: 'alpha,beta'}
  Policy: {Type: String, Default: Retain}
Mappings:
  Sizes: {alpha: {Seconds: 40}}
Resources:
  'Fn::ForEach::Queues':
    - Name
    - !Ref Names
    - 'Queue${Name}':
        Type: AWS::SQS::Queue
        Properties:
          QueueName: !Sub 'q-${Name}'
          VisibilityTimeout: !FindInMap [Sizes, !Ref Name, Seconds, {DefaultValue: 50}]
  'Fn::ForEach::Both':
    - Kind
    - [a.1, b.2]
    - 'Fn::ForEach::Inner':
        - Word
        - [x, y]
        - 'Value&{Kind}${Word}':
            Type: AWS::SSM::Parameter
            DeletionPolicy: !Ref Policy
            Properties: {Name: '/${Kind}/${Word}', Type: String, Value: !Ref Kind}
  Text:
    Type: AWS::SSM::Parameter
    Properties:
      Name: text
      Type: String
      Value: !ToJsonString {Names: !Ref Names, Count: !Length [!Ref Names, b]}
Conditions:
  'Fn::ForEach::Conditions':
    - Name
    - [alpha, beta]
    - 'Is${Name}': !Equals [!Ref Name, alpha]
Outputs:
  'Fn::ForEach::Outputs':
    - Name
    - !Ref Names
    - 'Arn${Name}':
        Condition: 'Is${Name}'
        Value: !GetAtt ['Queue${Name}', Arn]
"""

MACRO = """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          def handler(event, context):
              answer = {"requestId": event["requestId"], "status": "success", "fragment": event["fragment"]}
              if event["params"].get("Fail"):
                  answer.update(status="failure", errorMessage="no " + event["params"]["Fail"])
              elif "Resources" in event["fragment"]:
                  answer["fragment"]["Resources"]["More"] = {"Type": "AWS::SSM::Parameter", "Properties": {
                      "Name": "more", "Type": "String", "Value": event["transformId"]}}
              else:
                  answer["fragment"]["Value"] = event["params"]["Word"] * int(event["templateParameterValues"]["Times"])
              return answer
  Macro: {Type: AWS::CloudFormation::Macro, Properties: {Name: Repeat, FunctionName: !GetAtt Function.Arn}}
"""

USING = """
Parameters: {Times: {Type: String, Default: '3', AllowedPattern: '[0-9]'}}
Transform: [Repeat]
Resources:
  One:
    Type: AWS::SSM::Parameter
    Properties:
      Name: one
      Type: String
      'Fn::Transform': {Name: Repeat, Parameters: {Word: %s}}
"""


class Transforms(StackCase):
    def setUp(self):
        super().setUp()
        self.ssm = client_for(self.server.endpoint, service="ssm")

    def value(self, name):
        return self.ssm.get_parameter(Name=name)["Parameter"]["Value"]

    def test_loops(self):
        outputs = self.create(LOOPS)
        self.assertEqual(list(outputs), ["Arnalpha"])
        self.assertTrue(outputs["Arnalpha"].endswith(":q-alpha"))
        self.assertEqual(sorted(self.resources()), ["Queuealpha", "Queuebeta", "Text", "Valuea1x", "Valuea1y", "Valueb2x", "Valueb2y"])
        self.assertEqual(self.value("/b.2/y"), "b.2")
        self.assertEqual(json.loads(self.value("text")), {"Names": ["alpha", "beta"], "Count": 2})
        sqs = client_for(self.server.endpoint, service="sqs")
        for name, seconds in (("q-alpha", "40"), ("q-beta", "50")):
            url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            self.assertEqual(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"],
                             {"VisibilityTimeout": seconds})
        processed = self.cfn.get_template(StackName="app", TemplateStage="Processed")["TemplateBody"]
        self.assertIn("Queuebeta", processed["Resources"])
        self.assertEqual(processed["Resources"]["Valuea1x"]["DeletionPolicy"], "Retain")
        self.assertNotIn("Transform", processed)
        self.assertIn("Fn::ForEach::Queues", json.dumps(self.cfn.get_template(StackName="app")["TemplateBody"]))
        # One name less.
        self.cfn.update_stack(StackName="app", UsePreviousTemplate=True, Capabilities=["CAPABILITY_AUTO_EXPAND"],
                              Parameters=[{"ParameterKey": "Names", "ParameterValue": "alpha"}])
        self.wait("stack_update_complete")
        self.assertNotIn("Queuebeta", self.resources())

    def test_loops_that_are_wrong(self):
        def why(collection, key="Q${N}"):
            body = {"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::L": [
                "N", collection, {key: {"Type": "AWS::SQS::Queue"}}]}}
            return self.refused_cfn("create_stack", StackName="x", TemplateBody=json.dumps(body),
                                    Capabilities=["CAPABILITY_AUTO_EXPAND"])["Message"]
        self.assertEqual(why("text"), "Transform AWS::LanguageExtensions failed with: Fn::ForEach::L layout is incorrect")
        self.assertIn("comes twice", why(["a", "b"], "Q"))
        error = self.refused_cfn("create_stack", StackName="x", TemplateBody=LOOPS)
        self.assertEqual((error["Code"], error["Message"]),
                         ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"))

    def test_macros(self):
        self.create(MACRO, "macros")
        self.create(USING % "ab")
        self.assertEqual((self.value("one"), self.value("more")), ("ababab", "123456789012::Repeat"))
        failing = USING % "ab, Fail: luck"
        error = self.refused_cfn("create_stack", StackName="x", TemplateBody=failing, Capabilities=["CAPABILITY_AUTO_EXPAND"])
        self.assertEqual(error["Message"], "Transform 123456789012::Repeat failed with: no luck")
        self.cfn.create_change_set(StackName="x", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=failing)
        described = self.cfn.describe_change_set(StackName="x", ChangeSetName="c")
        self.assertEqual((described["Status"], described["StatusReason"]),
                         ("FAILED", "Transform 123456789012::Repeat failed with: no luck"))
        self.cfn.delete_stack(StackName="macros")
        self.wait("stack_delete_complete", "macros")
        error = self.refused_cfn("create_stack", StackName="y", TemplateBody=USING % "a", Capabilities=["CAPABILITY_AUTO_EXPAND"])
        self.assertEqual(error["Message"], "No transform named Repeat found.")

    def test_includes(self):
        s3 = client_for(self.server.endpoint, service="s3")
        s3.create_bucket(Bucket="parts")
        s3.put_object(Bucket="parts", Key="a/queue.yaml", Body=b"VisibilityTimeout: 77\nQueueName: !Sub 'q-${AWS::Region}'\n")
        s3.put_object(Bucket="parts", Key="outputs.yaml", Body=b"Outputs: {Name: {Value: !GetAtt Queue.QueueName}}\n")
        template = """
Parameters: {Bucket: {Type: String}}
Transform: {Name: AWS::Include, Parameters: {Location: s3://parts/outputs.yaml}}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: 3
      'Fn::Transform': {Name: AWS::Include, Parameters: {Location: !Sub 's3://${Bucket}/a/queue.yaml'}}
"""
        given = [{"ParameterKey": "Bucket", "ParameterValue": "parts"}]
        self.assertEqual(self.create(template, Parameters=given), {"Name": "q-us-east-1"})
        given[0]["ParameterValue"] = "none"
        error = self.refused_cfn("create_stack", StackName="x", TemplateBody=template, Parameters=given,
                                 Capabilities=["CAPABILITY_AUTO_EXPAND"])
        self.assertTrue(error["Message"].startswith("Transform AWS::Include failed with: S3 error: "), error)

    def test_what_never_ends_or_grows_too_large(self):
        s3 = client_for(self.server.endpoint, service="s3")
        s3.create_bucket(Bucket="snippets")
        again = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://snippets/self"}}}
        for depth in (1, 60, 400):
            s3.put_object(Bucket="snippets", Key="self",
                          Body='{"a":' * depth + json.dumps(again) + "}" * depth)
            with self.assertRaises(self.cfn.exceptions.ClientError) as refused:
                self.cfn.create_stack(StackName="x", TemplateBody=json.dumps({"Resources": again}),
                                      Capabilities=["CAPABILITY_AUTO_EXPAND"])
            self.assertIn("Transform AWS::Include failed with", str(refused.exception))
        many = [str(i) for i in range(30)]
        rounds = {"Fn::ForEach::A": ["x", many, {"Fn::ForEach::B": ["y", many, {
            "C${x}q${y}": {"Fn::Or": [{"Fn::Equals": [1, 1]}] * 700}}]}]}
        with self.assertRaises(self.cfn.exceptions.ClientError) as refused:
            self.cfn.create_stack(StackName="x", TemplateBody=json.dumps({
                "Transform": "AWS::LanguageExtensions", "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
                "Conditions": rounds}), Capabilities=["CAPABILITY_AUTO_EXPAND"])
        self.assertIn("larger than a template may be", str(refused.exception))

    def test_rules_and_patterns(self):
        template = """
Parameters:
  Stage: {Type: String}
  Size: {Type: String, Default: small}
  Name: {Type: String, Default: abc, AllowedPattern: '[a-z]+'}
  Names: {Type: CommaDelimitedList, Default: 'a,b', AllowedPattern: '[a-z]+', ConstraintDescription: small letters}
Rules:
  Large:
    RuleCondition: !Equals [!Ref Stage, prod]
    Assertions:
      - {Assert: {'Fn::Contains': [[large, huge], !Ref Size]}, AssertDescription: Production is large}
  Known:
    Assertions: [{Assert: !Not [!Equals [!Ref Stage, none]]}]
Resources:
  Queue: {Type: AWS::SQS::Queue}
"""
        def give(**values):
            return {"StackName": "app", "TemplateBody": template,
                    "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]}
        self.assertIn("Production is large", self.refused_cfn("create_stack", **give(Stage="prod"))["Message"])
        self.assertIn("Rule Known failed", self.refused_cfn("create_stack", **give(Stage="none"))["Message"])
        self.assertEqual(self.refused_cfn("create_stack", **give(Stage="dev", Name="A"))["Message"],
                         "Parameter 'Name' must match pattern [a-z]+")
        self.assertEqual(self.refused_cfn("create_stack", **give(Stage="dev", Names="a,B"))["Message"],
                         "Parameter Names failed to satisfy constraint: small letters")
        self.cfn.create_stack(**give(Stage="prod", Size="huge"))
        self.wait("stack_create_complete")
        self.assertIn("Production is large", self.refused_cfn("update_stack", **give(Stage="prod"))["Message"])

    def test_policies(self):
        def why(**policies):
            body = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", **policies}}}
            return self.refused_cfn("create_stack", StackName="x", TemplateBody=json.dumps(body))["Message"]
        self.assertEqual(why(DeletionPolicy="Snapshot"),
                         "Template error: resource type AWS::SQS::Queue does not support deletion policy Snapshot")
        self.assertEqual(why(UpdateReplacePolicy="RetainExceptOnCreate"),
                         "Template format error: Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource Queue")
        self.assertEqual(why(DeletionPolicy={"Ref": "AWS::Region"}),
                         "Template format error: Every DeletionPolicy member must be a string.")


if __name__ == "__main__":
    unittest.main()
