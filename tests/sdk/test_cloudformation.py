"""CloudFormation by boto3 and by every CLI: stacks, change sets, rollbacks, and the SAM transform."""

import json
import time
import unittest

from botocore.exceptions import ClientError, WaiterError

from aws_cli import for_each
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

EVERY_BOTO3 = True

BASIC = """
Parameters:
  Color: {Type: String, Default: blue, AllowedValues: [blue, green]}
Conditions:
  IsGreen: !Equals [!Ref Color, green]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Timeout: '5'
      Environment: {Variables: {COLOR: !Ref Color}}
      Code:
        ZipFile: |
          import os
          def handler(event, context):
              return os.environ["COLOR"]
  Extra:
    Type: AWS::S3::Bucket
    Condition: IsGreen
Outputs:
  Name: {Value: !Ref Function, Export: {Name: !Sub '${AWS::StackName}-name'}}
  Arn: {Value: !GetAtt Function.Arn}
"""


class StackCase(LambdaCase):
    def setUp(self):
        super().setUp()
        self.cfn = client_for(self.server.endpoint, service="cloudformation")

    def stack(self, name="app"):
        return self.cfn.describe_stacks(StackName=name)["Stacks"][0]

    def wait(self, kind, name="app"):
        self.cfn.get_waiter(kind).wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})

    def until(self, status, name="app"):
        for _ in range(600):
            if self.stack(name)["StackStatus"] == status:
                return
            time.sleep(0.1)
        self.fail(f"{self.stack(name)['StackStatus']} instead of {status}")

    def create(self, template=BASIC, name="app", **more):
        self.cfn.create_stack(StackName=name, TemplateBody=template,
                              Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"], **more)
        self.wait("stack_create_complete", name)
        return self.outputs(name)

    def outputs(self, name="app"):
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack(name).get("Outputs", [])}

    def refused_cfn(self, operation, **request):
        with self.assertRaises(ClientError) as caught:
            getattr(self.cfn, operation)(**request)
        return caught.exception.response["Error"]

    def color(self, name):
        return self.client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]["COLOR"]

    def resources(self, name="app"):
        rows = self.cfn.list_stack_resources(StackName=name)["StackResourceSummaries"]
        return {row["LogicalResourceId"]: row for row in rows}


class Stacks(StackCase):
    def test_life(self):
        outputs = self.create()
        self.assertEqual(self.color(outputs["Name"]), "blue")
        self.assertEqual(self.cfn.list_exports()["Exports"][0]["Name"], "app-name")
        self.assertEqual(sorted(self.resources()), ["Function", "Role"])
        events = self.cfn.describe_stack_events(StackName="app")["StackEvents"]
        self.assertEqual((events[0]["ResourceStatus"], events[0]["LogicalResourceId"]), ("CREATE_COMPLETE", "app"))
        self.assertEqual(len({each["EventId"] for each in events}), len(events))

        self.cfn.update_stack(StackName="app", UsePreviousTemplate=True, Capabilities=["CAPABILITY_IAM"],
                              Parameters=[{"ParameterKey": "Color", "ParameterValue": "green"}])
        self.wait("stack_update_complete")
        self.assertEqual(self.color(outputs["Name"]), "green")
        self.assertIn("Extra", self.resources())
        error = self.refused_cfn("update_stack", StackName="app", UsePreviousTemplate=True, Capabilities=["CAPABILITY_IAM"],
                                 Parameters=[{"ParameterKey": "Color", "UsePreviousValue": True}])
        self.assertEqual((error["Code"], error["Message"]), ("ValidationError", "No updates are to be performed."))

        stack_id = self.stack()["StackId"]
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete", stack_id)
        self.assertEqual(self.stack(stack_id)["StackStatus"], "DELETE_COMPLETE")
        self.assertEqual(self.refused_cfn("describe_stacks", StackName="app")["Message"],
                         "Stack with id app does not exist")
        self.assertEqual(self.client.list_functions()["Functions"], [])

    def test_rollback_of_creation(self):
        template = BASIC.replace("Handler: index.handler", "Handler: index.handler\n      Layers: ['nonsense']")
        self.cfn.create_stack(StackName="app", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
        with self.assertRaises(WaiterError):
            self.wait("stack_create_complete")
        self.until("ROLLBACK_COMPLETE")
        stack = self.stack()
        self.assertEqual(stack["StackStatus"], "ROLLBACK_COMPLETE")
        failed = [each for each in self.cfn.describe_stack_events(StackName="app")["StackEvents"]
                  if each["ResourceStatus"] == "CREATE_FAILED"]
        self.assertEqual([each["LogicalResourceId"] for each in failed], ["Function"])
        self.assertEqual(client_for(self.server.endpoint, service="iam").list_roles()["Roles"], [])

    def test_rollback_of_update(self):
        outputs = self.create()
        template = BASIC.replace("Timeout: '5'", "Timeout: '6'").replace("AWS::S3::Bucket", "AWS::No::Type").replace(
            "Condition: IsGreen", "DependsOn: Function")
        self.cfn.update_stack(StackName="app", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
        with self.assertRaises(WaiterError):
            self.wait("stack_update_complete")
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.client.get_function_configuration(FunctionName=outputs["Name"])["Timeout"], 5)

    def test_refused_templates(self):
        cases = [
            ("Resources: {}", "Template format error: At least one Resources member must be defined."),
            ("{", "Template format error: JSON not well-formed."),
            ("a: &x [1]\nb: *x", "Template format error: YAML aliases are not allowed in CloudFormation templates"),
            ("Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !Ref B}}}",
             "Template format error: Unresolved resource dependencies [B] in the Resources block of the template"),
            ("Resources: {A: {Type: T, DependsOn: B}, B: {Type: T, DependsOn: A}}",
             "Circular dependency between resources: [A, B]"),
            ("Resources: {A: {Type: T}}\nFoo: 1", "Invalid template property or properties [Foo]"),
        ]
        for template, message in cases:
            error = self.refused_cfn("create_stack", StackName="app", TemplateBody=template)
            self.assertEqual((error["Code"], error["Message"]), ("ValidationError", message), template)
        error = self.refused_cfn("create_stack", StackName="app", TemplateBody=BASIC)
        self.assertEqual((error["Code"], error["Message"]),
                         ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"))
        self.assertEqual(self.cfn.list_stacks()["StackSummaries"], [])

    def test_large_templates(self):
        """500 nested functions, and 200 resources."""
        value = '"x"'
        for _ in range(30):
            value = '{"Fn::Join": ["", [%s]]}' % value
        resources = {f"G{number}": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
                     for number in range(200)}
        self.create(json.dumps({"Resources": resources, "Outputs": {"V": {"Value": "VALUE"}}}).replace('"VALUE"', value))
        self.assertEqual(self.outputs(), {"V": "x"})
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual(client_for(self.server.endpoint, service="iam").list_roles()["Roles"], [])


class ChangeSets(StackCase):
    def test_life(self):
        request = {"StackName": "app", "TemplateBody": BASIC, "Capabilities": ["CAPABILITY_IAM"]}
        made = self.cfn.create_change_set(ChangeSetName="first", ChangeSetType="CREATE", **request)
        self.assertEqual(self.stack()["StackStatus"], "REVIEW_IN_PROGRESS")
        self.assertGreaterEqual(len(self.cfn.describe_stack_events(StackName=made["StackId"])["StackEvents"]), 1)
        described = self.cfn.describe_change_set(ChangeSetName=made["Id"])
        self.assertEqual({(each["ResourceChange"]["Action"], each["ResourceChange"]["LogicalResourceId"])
                          for each in described["Changes"]}, {("Add", "Function"), ("Add", "Role")})
        self.cfn.execute_change_set(ChangeSetName=made["Id"])
        self.wait("stack_create_complete")

        self.cfn.create_change_set(ChangeSetName="same", **request)
        described = self.cfn.describe_change_set(ChangeSetName="same", StackName="app")
        self.assertEqual(described["Status"], "FAILED")
        self.assertIn("The submitted information didn't contain changes.", described["StatusReason"])
        self.cfn.delete_change_set(ChangeSetName="same", StackName="app")
        self.assertEqual(self.refused_cfn("describe_change_set", ChangeSetName="same", StackName="app")["Code"],
                         "ChangeSetNotFound")

        self.cfn.create_change_set(ChangeSetName="green", **request,
                                   Parameters=[{"ParameterKey": "Color", "ParameterValue": "green"}])
        changes = self.cfn.describe_change_set(ChangeSetName="green", StackName="app")["Changes"]
        self.assertEqual({(each["ResourceChange"]["Action"], each["ResourceChange"]["LogicalResourceId"],
                           each["ResourceChange"].get("Replacement")) for each in changes},
                         {("Add", "Extra", None), ("Modify", "Function", "False")})

    @for_each
    def test_cli(self, cli):
        cli.write("src.yaml", BASIC.encode())
        ran = cli.shell("""
            aws cloudformation validate-template --template-body file://src.yaml
            aws cloudformation deploy --stack-name app --template-file src.yaml --capabilities CAPABILITY_IAM
            aws cloudformation deploy --stack-name app --template-file src.yaml --capabilities CAPABILITY_IAM \\
              --no-fail-on-empty-changeset
            aws cloudformation delete-stack --stack-name app
            aws cloudformation wait stack-delete-complete --stack-name app
        """, timeout=300)
        self.assertEqual(ran.code, 0, ran)
        self.assertIn("No changes to deploy", ran.out + getattr(ran, "err", ""))


SAM = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.11, Timeout: 9}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      CodeUri: s3://code/%s
      AutoPublishAlias: prod
      Environment: {Variables: {ENVIRONMENT: production}}
Outputs:
  Alias: {Value: !Ref Hello.Alias}
"""


class Serverless(StackCase):
    def upload(self, key, text):
        s3 = client_for(self.server.endpoint, service="s3", s3={"addressing_style": "path"})
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key=key, Body=python_zip(f"def handler(event, context):\n    return {text!r}\n"))

    def test_alias_follows_the_code(self):
        self.upload("one.zip", "one")
        outputs = self.create(SAM % "one.zip")
        self.assertEqual(self.client.get_alias(FunctionName=outputs["Alias"].split(":")[6], Name="prod")["FunctionVersion"], "1")
        self.upload("two.zip", "two")
        self.cfn.update_stack(StackName="app", TemplateBody=SAM % "two.zip",
                              Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        self.wait("stack_update_complete")
        name = outputs["Alias"].split(":")[6]
        self.assertEqual(self.client.get_alias(FunctionName=name, Name="prod")["FunctionVersion"], "2")
        # The old version is kept: its policy says so.
        versions = self.client.list_versions_by_function(FunctionName=name)["Versions"]
        self.assertEqual([each["Version"] for each in versions], ["$LATEST", "1", "2"])

    def test_refused(self):
        template = (SAM % "one.zip").replace("AutoPublishAlias: prod", "DeploymentPreference: {Type: AllAtOnce}").replace(
            "Hello.Alias", "Hello")
        made = self.cfn.create_change_set(StackName="app", ChangeSetName="x", ChangeSetType="CREATE", TemplateBody=template,
                                          Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        described = self.cfn.describe_change_set(ChangeSetName=made["Id"])
        self.assertEqual(described["Status"], "FAILED")
        self.assertEqual(
            described["StatusReason"],
            "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of "
            "errors found: 1. Resource with id [Hello] is invalid. 'DeploymentPreference' requires AutoPublishAlias property to "
            "be specified.")


if __name__ == "__main__":
    unittest.main()
