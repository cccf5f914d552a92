"""Change sets that import what is there already, unasked: ImportExistingResources."""

import json
import unittest

from sdk_clients import client_for
from test_cloudformation import StackCase

NAMES = {
    "Bucket": ("AWS::S3::Bucket", {"BucketName": "mine"}),
    "Role": ("AWS::IAM::Role", {"RoleName": "mine", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}),
    "Logs": ("AWS::Logs::LogGroup", {"LogGroupName": "mine"}),
    "Value": ("AWS::SSM::Parameter", {"Name": "mine", "Type": "String", "Value": "from the template"}),
    "Stream": ("AWS::Kinesis::Stream", {"Name": "mine", "ShardCount": 1}),
    "Bus": ("AWS::Events::EventBus", {"Name": "mine"}),
    "Images": ("AWS::ECR::Repository", {"RepositoryName": "mine"}),
    "Queue": ("AWS::SQS::Queue", {"QueueName": "new"}),
}


def template(policy="Retain"):
    return json.dumps({
        "Resources": {name: {"Type": kind, "DeletionPolicy": policy, "Properties": properties}
                      for name, (kind, properties) in NAMES.items()},
        "Outputs": {"Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}, "Bus": {"Value": {"Fn::GetAtt": ["Bus", "Arn"]}}}})


class Imports(StackCase):
    def setUp(self):
        super().setUp()
        service = lambda name: client_for(self.server.endpoint, service=name)
        self.ssm, self.s3, self.iam, self.sqs = service("ssm"), service("s3"), service("iam"), service("sqs")
        self.s3.create_bucket(Bucket="mine")
        self.role = self.iam.create_role(RoleName="mine", AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": []}))["Role"]["Arn"]
        service("logs").create_log_group(logGroupName="mine")
        self.ssm.put_parameter(Name="mine", Type="String", Value="mine")
        service("kinesis").create_stream(StreamName="mine", ShardCount=1)
        service("events").create_event_bus(Name="mine")
        service("ecr").create_repository(repositoryName="mine")

    def change_set(self, kind="CREATE", name="app", **more):
        self.cfn.create_change_set(StackName=name, ChangeSetName="c", ChangeSetType=kind, ImportExistingResources=True,
                                   Capabilities=["CAPABILITY_NAMED_IAM"], **more)
        return self.cfn.describe_change_set(StackName=name, ChangeSetName="c")

    def actions(self, described):
        changes = [each["ResourceChange"] for each in described["Changes"]]
        return {each["LogicalResourceId"]: (each["Action"], each.get("PhysicalResourceId")) for each in changes}

    def test_life(self):
        described = self.change_set(TemplateBody=template())
        self.assertEqual((described["Status"], described["ImportExistingResources"]), ("CREATE_COMPLETE", True))
        self.assertEqual(self.actions(described),
                         {name: ("Import", "mine") if name != "Queue" else ("Add", None) for name in NAMES})
        self.cfn.execute_change_set(StackName="app", ChangeSetName="c")
        self.wait("stack_create_complete")
        self.assertEqual(self.outputs()["Role"], self.role)
        self.assertTrue(self.outputs()["Bus"].endswith(":event-bus/mine"))
        self.assertEqual({name: row["ResourceStatus"] for name, row in self.resources().items()},
                         {name: "IMPORT_COMPLETE" if name != "Queue" else "CREATE_COMPLETE" for name in NAMES})
        # What is there is taken as it is.
        self.assertEqual(self.ssm.get_parameter(Name="mine")["Parameter"]["Value"], "mine")
        # A stack's resources are no other's.
        described = self.change_set(name="other", TemplateBody=template())
        self.assertEqual({action for action, _ in self.actions(described).values()}, {"Add"})
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual([each["Name"] for each in self.s3.list_buckets()["Buckets"]], ["mine"])

    def test_a_policy_that_deletes(self):
        described = self.change_set(TemplateBody=template("Delete"))
        self.assertEqual(described["Status"], "FAILED")
        self.assertTrue(described["StatusReason"].startswith(
            "CloudFormation is attempting to import some resources because they already exist in your account. The resources "
            "must have the DeletionPolicy attribute set to 'Retain' or 'RetainExceptOnCreate' in the template for successful "
            "import. The affected resources are "), described["StatusReason"])
        self.assertIn("Role ({RoleName=mine})", described["StatusReason"])

    def test_a_function_by_an_update_that_fails(self):
        self.create(json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}))
        super(StackCase, self).create(name="mine")
        body = {"Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Function": {"Type": "AWS::Lambda::Function", "DeletionPolicy": "RetainExceptOnCreate",
                         "Properties": {"FunctionName": "mine", "Role": self.role, "Runtime": "python3.11",
                                        "Handler": "index.handler", "Code": {"ZipFile": "pass"}}},
            "Broken": {"Type": "AWS::No::Type", "DependsOn": "Function"}}}
        self.change_set("UPDATE", TemplateBody=json.dumps(body))
        self.cfn.execute_change_set(StackName="app", ChangeSetName="c")
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(sorted(self.resources()), ["Queue"])
        self.client.get_function(FunctionName="mine")
        del body["Resources"]["Broken"]
        self.change_set("UPDATE", TemplateBody=json.dumps(body))
        self.cfn.execute_change_set(StackName="app", ChangeSetName="c")
        self.wait("stack_update_complete")
        self.assertEqual(self.resources()["Function"]["ResourceStatus"], "IMPORT_COMPLETE")


if __name__ == "__main__":
    unittest.main()
