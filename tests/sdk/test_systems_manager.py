"""Systems Manager beside its parameters: documents, patch baselines, associations, syncs, policies, by boto3 and stacks."""

import json
import tempfile
import unittest

from aviary_server import ACCOUNT, REGION, Server
from aws_cli import for_each
from sdk_clients import LambdaCase, client_for

COMMAND = {"schemaVersion": "2.2", "description": "Says hello", "parameters": {
    "name": {"type": "String", "description": "who", "default": "world"},
    "words": {"type": "StringList", "default": ["a", "b"]}},
    "mainSteps": [{"action": "aws:runShellScript", "name": "hello", "inputs": {"runCommand": ["echo {{ name }}"]}}]}
AUTOMATION = """
schemaVersion: '0.3'
parameters:
  Function: {type: String}
mainSteps:
  - name: first
    action: aws:invokeLambdaFunction
    inputs: {FunctionName: "{{ Function }}", Payload: "{{ global:DATE }}"}
    nextStep: second
  - name: second
    action: aws:sleep
    inputs: {Duration: "{{ first.StatusCode }}"}
"""


class SystemsCase(LambdaCase):
    def setUp(self):
        super().setUp()
        self.ssm = client_for(self.server.endpoint, service="ssm")

    def document(self, name="hello", content=COMMAND, client=None, **more):
        content = content if isinstance(content, str) else json.dumps(content)
        return (client or self.ssm).create_document(Name=name, Content=content, **more)["DocumentDescription"]


class Documents(SystemsCase):
    def test_life(self):
        made = self.document(DocumentType="Command", Tags=[{"Key": "team", "Value": "a"}])
        self.assertEqual((made["Status"], made["DocumentVersion"], made["Owner"], made["SchemaVersion"]),
                         ("Creating", "1", ACCOUNT, "2.2"))
        got = self.ssm.describe_document(Name="hello")["Document"]
        self.assertEqual((got["Status"], got["PlatformTypes"], got["Description"]),
                         ("Active", ["Linux", "MacOS"], "Says hello"))
        self.assertEqual(got["Parameters"], [
            {"Name": "name", "Type": "String", "Description": "who", "DefaultValue": "world"},
            {"Name": "words", "Type": "StringList", "DefaultValue": '["a","b"]'}])
        second = json.dumps({**COMMAND, "description": "Says more"})
        updated = self.ssm.update_document(Name="hello", Content=second, DocumentVersion="$LATEST", VersionName="two")
        self.assertEqual(updated["DocumentDescription"]["DocumentVersion"], "2")
        self.assertEqual(self.ssm.get_document(Name="hello")["DocumentVersion"], "1")
        self.assertEqual(self.ssm.get_document(Name="hello", VersionName="two")["Content"], second)
        self.refused("DuplicateDocumentContent", 400, self.ssm.update_document, Name="hello", Content=second)
        default = self.ssm.update_document_default_version(Name="hello", DocumentVersion="2")["Description"]
        self.assertEqual(default, {"Name": "hello", "DefaultVersion": "2", "DefaultVersionName": "two"})
        versions = self.ssm.list_document_versions(Name="hello")["DocumentVersions"]
        self.assertEqual([(each["DocumentVersion"], each["IsDefaultVersion"]) for each in versions],
                         [("2", True), ("1", False)])
        self.refused("InvalidDocumentOperation", 400, self.ssm.delete_document, Name="hello", DocumentVersion="2")
        self.ssm.delete_document(Name="hello", DocumentVersion="1")
        self.refused("InvalidDocumentVersion", 400, self.ssm.get_document, Name="hello", DocumentVersion="1")
        self.ssm.add_tags_to_resource(ResourceType="Document", ResourceId="hello", Tags=[{"Key": "cost", "Value": "1"}])
        self.ssm.remove_tags_from_resource(ResourceType="Document", ResourceId="hello", TagKeys=["team"])
        self.assertEqual(self.ssm.list_tags_for_resource(ResourceType="Document", ResourceId="hello")["TagList"],
                         [{"Key": "cost", "Value": "1"}])
        self.ssm.delete_document(Name="hello")
        self.refused("InvalidDocument", 400, self.ssm.describe_document, Name="hello",
                     message="The specified document does not exist.")

    def test_content_is_checked(self):
        def refused(content, **more):
            content = content if isinstance(content, str) else json.dumps(content)
            return self.refused("InvalidDocumentContent", 400, self.ssm.create_document, Name="bad", Content=content,
                                **more)["Error"]["Message"]

        self.assertEqual(refused('{\n  "schemaVersion": }'), "JSON not well-formed. at Line: 2, Column: 20")
        self.assertIn("YAML not well-formed", refused("a: [", DocumentFormat="YAML"))
        self.assertEqual(refused({**COMMAND, "schemaVersion": "3.0"}), "Document schema version is invalid. Value: 3.0")
        self.assertEqual(refused(AUTOMATION.replace("{{ Function }}", "{{ Other }}"), DocumentFormat="YAML",
                                 DocumentType="Automation"), 'Parameter "Other" is not declared.')
        self.assertIn("mainSteps", refused({"schemaVersion": "2.2"}))
        self.assertIn("sessionType", refused({"schemaVersion": "1.0"}, DocumentType="Session"))
        self.assertIn("which is not there", refused(AUTOMATION.replace("nextStep: second", "nextStep: third"),
                                                    DocumentFormat="YAML", DocumentType="Automation"))
        self.refused("MaxDocumentSizeExceeded", 400, self.ssm.create_document, Name="bad", Content=" " * 70000)
        self.refused("ValidationException", 400, self.ssm.create_document, Name="AWS-own", Content=json.dumps(COMMAND))

    def test_formats_and_lists(self):
        self.document("run", AUTOMATION, DocumentFormat="YAML", DocumentType="Automation")
        self.document("hello", Tags=[{"Key": "team", "Value": "a"}])
        as_json = self.ssm.get_document(Name="run", DocumentFormat="JSON")
        self.assertEqual(json.loads(as_json["Content"])["mainSteps"][0]["name"], "first")
        self.assertIn("schemaVersion", self.ssm.get_document(Name="hello", DocumentFormat="YAML")["Content"])
        names = lambda **more: [each["Name"] for each in self.ssm.list_documents(**more)["DocumentIdentifiers"]]
        self.assertEqual(names(), ["hello", "run"])
        self.assertEqual(names(Filters=[{"Key": "DocumentType", "Values": ["Automation"]}]), ["run"])
        self.assertEqual(names(Filters=[{"Key": "tag:team", "Values": ["a"]}]), ["hello"])
        self.assertEqual(names(DocumentFilterList=[{"key": "Owner", "value": "Amazon"}]), [])
        page = self.ssm.list_documents(MaxResults=1)
        self.assertEqual(names(NextToken=page["NextToken"]), ["run"])
        self.refused("InvalidNextToken", 400, self.ssm.list_documents, NextToken="eA==")

    def test_sharing(self):
        self.document()
        other = client_for(self.server.endpoint, service="ssm", account="210987654321")
        arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/hello"
        self.refused("InvalidDocument", 400, other.get_document, Name=arn)
        share = lambda **more: self.ssm.modify_document_permission(Name="hello", PermissionType="Share", **more)
        share(AccountIdsToAdd=["210987654321"])
        self.assertEqual(other.get_document(Name=arn)["DocumentVersion"], "1")
        shown = self.ssm.describe_document_permission(Name="hello", PermissionType="Share")
        self.assertEqual(shown["AccountIds"], ["210987654321"])
        self.assertEqual(shown["AccountSharingInfoList"],
                         [{"AccountId": "210987654321", "SharedDocumentVersion": "$DEFAULT"}])
        self.refused("InvalidDocumentOperation", 400, self.ssm.delete_document, Name="hello")
        share(AccountIdsToRemove=["210987654321"])
        self.refused("InvalidDocument", 400, other.get_document, Name=arn)


class PatchBaselines(SystemsCase):
    def test_life(self):
        rules = {"PatchRules": [{"PatchFilterGroup": {"PatchFilters": [{"Key": "PRODUCT", "Values": ["*"]}]},
                                 "ApproveAfterDays": 7}]}
        id = self.ssm.create_patch_baseline(Name="own", OperatingSystem="AMAZON_LINUX_2", ApprovalRules=rules)["BaselineId"]
        self.assertRegex(id, "^pb-[0-9a-f]{17}$")
        got = self.ssm.get_patch_baseline(BaselineId=id)
        self.assertEqual((got["Name"], got["RejectedPatchesAction"], got["PatchGroups"]), ("own", "ALLOW_AS_DEPENDENCY", []))
        self.assertEqual(got["ApprovalRules"]["PatchRules"][0]["ComplianceLevel"], "UNSPECIFIED")
        self.refused("ValidationException", 400, self.ssm.create_patch_baseline, Name="bad", ApprovalRules={
            "PatchRules": [{"PatchFilterGroup": {"PatchFilters": []}}]})
        self.ssm.register_patch_baseline_for_patch_group(BaselineId=id, PatchGroup="web")
        self.refused("AlreadyExistsException", 400, self.ssm.register_patch_baseline_for_patch_group, BaselineId=id,
                     PatchGroup="web")
        of_group = self.ssm.get_patch_baseline_for_patch_group(PatchGroup="web", OperatingSystem="AMAZON_LINUX_2")
        self.assertEqual(of_group["BaselineId"], id)
        self.assertEqual(self.ssm.describe_patch_groups()["Mappings"][0]["PatchGroup"], "web")
        self.refused("ResourceInUseException", 400, self.ssm.delete_patch_baseline, BaselineId=id)
        self.ssm.deregister_patch_baseline_for_patch_group(BaselineId=id, PatchGroup="web")
        self.refused("DoesNotExistException", 400, self.ssm.get_default_patch_baseline)
        self.ssm.register_default_patch_baseline(BaselineId=id)
        default = self.ssm.get_default_patch_baseline(OperatingSystem="AMAZON_LINUX_2")
        self.assertEqual(default["BaselineId"], id)
        other = self.ssm.create_patch_baseline(Name="other", Description="x")["BaselineId"]
        updated = self.ssm.update_patch_baseline(BaselineId=other, Name="renamed", ApprovedPatches=["KB1"], Replace=True)
        self.assertEqual((updated["Name"], updated["ApprovedPatches"], "Description" in updated), ("renamed", ["KB1"], False))
        rows = self.ssm.describe_patch_baselines(Filters=[{"Key": "NAME_PREFIX", "Values": ["o"]}])["BaselineIdentities"]
        self.assertEqual([(each["BaselineName"], each["DefaultBaseline"]) for each in rows], [("own", True)])
        self.ssm.delete_patch_baseline(BaselineId=other)
        self.refused("DoesNotExistException", 400, self.ssm.get_patch_baseline, BaselineId=other)


class Associations(SystemsCase):
    def test_life(self):
        self.document()
        self.refused("InvalidDocument", 400, self.ssm.create_association, Name="gone", Targets=[])
        targets = [{"Key": "tag:role", "Values": ["web"]}]
        self.refused("InvalidSchedule", 400, self.ssm.create_association, Name="hello", Targets=targets,
                     ScheduleExpression="daily")
        made = self.ssm.create_association(Name="hello", Targets=targets, AssociationName="greet",
                                           ScheduleExpression="rate(1 day)")["AssociationDescription"]
        self.assertEqual((made["AssociationVersion"], made["Overview"]["Status"]), ("1", "Pending"))
        id = made["AssociationId"]
        updated = self.ssm.update_association(AssociationId=id, AssociationName="greet",
                                              Parameters={"name": ["me"]})["AssociationDescription"]
        self.assertEqual((updated["AssociationVersion"], updated["Name"], "ScheduleExpression" in updated),
                         ("2", "hello", False))
        first = self.ssm.describe_association(AssociationId=id, AssociationVersion="1")["AssociationDescription"]
        self.assertEqual(first["ScheduleExpression"], "rate(1 day)")
        self.assertEqual([each["AssociationVersion"] for each in
                          self.ssm.list_association_versions(AssociationId=id)["AssociationVersions"]], ["2", "1"])
        self.ssm.create_association(Name="AWS-RunPatchBaseline", Targets=targets)
        rows = self.ssm.list_associations(AssociationFilterList=[{"key": "AssociationName", "value": "greet"}])
        self.assertEqual([each["AssociationId"] for each in rows["Associations"]], [id])
        self.assertEqual(self.ssm.describe_association_executions(AssociationId=id)["AssociationExecutions"], [])
        batch = self.ssm.create_association_batch(Entries=[{"Name": "hello", "InstanceId": "i-0123456789abcdef0"},
                                                           {"Name": "gone", "InstanceId": "i-0123456789abcdef0"}])
        self.assertEqual([each["InstanceId"] for each in batch["Successful"]], ["i-0123456789abcdef0"])
        self.assertEqual([(each["Entry"]["Name"], each["Fault"]) for each in batch["Failed"]], [("gone", "Client")])
        by_instance = {"Name": "hello", "InstanceId": "i-0123456789abcdef0"}
        self.refused("AssociationAlreadyExists", 400, self.ssm.create_association, **by_instance)
        self.ssm.add_tags_to_resource(ResourceType="Association", ResourceId=id, Tags=[{"Key": "a", "Value": "1"}])
        self.assertEqual(self.ssm.list_tags_for_resource(ResourceType="Association", ResourceId=id)["TagList"],
                         [{"Key": "a", "Value": "1"}])
        self.ssm.delete_association(**by_instance)
        self.ssm.delete_association(AssociationId=id)
        self.refused("AssociationDoesNotExist", 400, self.ssm.describe_association, AssociationId=id)


class SyncsAndPolicies(SystemsCase):
    def test_syncs(self):
        destination = {"BucketName": "inventory", "SyncFormat": "JsonSerDe", "Region": REGION}
        self.ssm.create_resource_data_sync(SyncName="all", S3Destination=destination)
        self.refused("ResourceDataSyncAlreadyExistsException", 400, self.ssm.create_resource_data_sync, SyncName="all",
                     S3Destination=destination)
        self.refused("ResourceDataSyncInvalidConfigurationException", 400, self.ssm.create_resource_data_sync, SyncName="x")
        row = self.ssm.list_resource_data_sync()["ResourceDataSyncItems"][0]
        self.assertEqual((row["SyncName"], row["SyncType"], row["S3Destination"]), ("all", "SyncToDestination", destination))
        self.ssm.delete_resource_data_sync(SyncName="all")
        self.refused("ResourceDataSyncNotFoundException", 400, self.ssm.delete_resource_data_sync, SyncName="all")
        source = {"SourceType": "SingleAccountMultiRegions", "SourceRegions": [REGION]}
        self.ssm.create_resource_data_sync(SyncName="regions", SyncType="SyncFromSource", SyncSource=source)
        more = {**source, "SourceRegions": [REGION, "eu-west-1"]}
        self.ssm.update_resource_data_sync(SyncName="regions", SyncType="SyncFromSource", SyncSource=more)
        row = self.ssm.list_resource_data_sync(SyncType="SyncFromSource")["ResourceDataSyncItems"][0]
        self.assertEqual(row["SyncSource"]["SourceRegions"], [REGION, "eu-west-1"])

    def test_a_shared_parameter(self):
        self.ssm.put_parameter(Name="/shared", Type="String", Value="one", Tier="Advanced")
        self.ssm.put_parameter(Name="/own", Type="String", Value="one")
        arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shared"
        other = client_for(self.server.endpoint, service="ssm", account="210987654321")
        self.refused("ParameterNotFound", 400, other.get_parameter, Name=arn)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Resource": arn,
             "Action": ["ssm:GetParameter", "ssm:GetParameters"]}]})
        made = self.ssm.put_resource_policy(ResourceArn=arn, Policy=policy)
        self.assertEqual(other.get_parameter(Name=arn)["Parameter"]["Value"], "one")
        self.assertEqual(other.get_parameters(Names=[arn])["Parameters"][0]["ARN"], arn)
        self.refused("ParameterNotFound", 400, other.get_parameter_history, Name=arn)
        stranger = client_for(self.server.endpoint, service="ssm", account="310987654321")
        self.refused("ParameterNotFound", 400, stranger.get_parameter, Name=arn)
        self.assertEqual(self.ssm.get_resource_policies(ResourceArn=arn)["Policies"][0]["Policy"], policy)
        known = {"ResourceArn": arn, "PolicyId": made["PolicyId"]}
        self.refused("ResourcePolicyConflictException", 400, self.ssm.put_resource_policy, Policy=policy, PolicyHash="x", **known)
        self.refused("ResourcePolicyInvalidParameterException", 400, self.ssm.put_resource_policy, Policy=policy,
                     ResourceArn=arn.replace("shared", "own"))
        self.refused("MalformedResourcePolicyDocumentException", 400, self.ssm.put_resource_policy, ResourceArn=arn, Policy="x")
        self.refused("MalformedResourcePolicyDocumentException", 400, self.ssm.put_resource_policy, ResourceArn=arn,
                     Policy='{"Statement": ["x"]}')
        self.ssm.delete_resource_policy(PolicyHash=made["PolicyHash"], **known)
        self.refused("ParameterNotFound", 400, other.get_parameter, Name=arn)


class Stacks(SystemsCase):
    def setUp(self):
        super().setUp()
        self.cfn = client_for(self.server.endpoint, service="cloudformation")

    def deploy(self, resources, kind="create"):
        template = json.dumps({"Resources": resources})
        getattr(self.cfn, kind + "_stack")(StackName="s", TemplateBody=template)
        self.cfn.get_waiter(f"stack_{kind}_complete").wait(StackName="s", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        rows = self.cfn.list_stack_resources(StackName="s")["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in rows}

    def test_what_stacks_make(self):
        self.ssm.put_parameter(Name="/shared", Type="String", Value="one", Tier="Advanced")
        arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shared"
        resources = {
            "Document": {"Type": "AWS::SSM::Document", "Properties": {
                "Content": COMMAND, "DocumentType": "Command", "UpdateMethod": "NewVersion"}},
            "Baseline": {"Type": "AWS::SSM::PatchBaseline", "Properties": {
                "Name": "own", "OperatingSystem": "UBUNTU", "PatchGroups": ["web"], "Tags": [{"Key": "a", "Value": "1"}]}},
            "Association": {"Type": "AWS::SSM::Association", "Properties": {
                "Name": {"Ref": "Document"}, "Targets": [{"Key": "tag:role", "Values": ["web"]}]}},
            "Sync": {"Type": "AWS::SSM::ResourceDataSync", "Properties": {
                "SyncName": "sync", "S3Destination": {"BucketName": "b", "BucketRegion": REGION, "SyncFormat": "JsonSerDe"}}},
            "Policy": {"Type": "AWS::SSM::ResourcePolicy", "Properties": {"ResourceArn": arn, "Policy": {
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "210987654321"},
                                                        "Action": "ssm:GetParameter", "Resource": arn}]}}}}
        made = self.deploy(resources)
        self.assertEqual(self.ssm.get_patch_baseline(BaselineId=made["Baseline"])["PatchGroups"], ["web"])
        name = made["Document"]
        self.assertEqual(self.ssm.describe_association(AssociationId=made["Association"])["AssociationDescription"]["Name"], name)
        self.assertEqual(self.ssm.list_resource_data_sync()["ResourceDataSyncItems"][0]["S3Destination"]["Region"], REGION)
        self.assertEqual(len(self.ssm.get_resource_policies(ResourceArn=arn)["Policies"]), 1)
        resources["Document"]["Properties"]["Content"] = {**COMMAND, "description": "more"}
        resources["Baseline"]["Properties"].update(PatchGroups=["db"], Tags=[])
        resources["Association"]["Properties"]["ScheduleExpression"] = "rate(1 day)"
        resources["Policy"]["Properties"]["Policy"]["Statement"][0]["Action"] = "ssm:GetParameters"
        self.assertEqual(self.deploy(resources, "update"), made)
        self.assertEqual(self.ssm.describe_document(Name=name)["Document"]["DefaultVersion"], "2")
        self.assertEqual(self.ssm.get_patch_baseline(BaselineId=made["Baseline"])["PatchGroups"], ["db"])
        # Without NewVersion a document that says something else is another one.
        resources["Document"]["Properties"].update(UpdateMethod="Replace", Content=COMMAND)
        self.assertNotEqual(self.deploy(resources, "update")["Document"], name)
        self.refused("InvalidDocument", 400, self.ssm.describe_document, Name=name)
        self.cfn.delete_stack(StackName="s")
        self.cfn.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
        self.assertEqual(self.ssm.list_documents()["DocumentIdentifiers"], [])
        self.assertEqual(self.ssm.describe_patch_baselines()["BaselineIdentities"], [])
        self.assertEqual(self.ssm.list_associations()["Associations"], [])


class ByCli(SystemsCase):
    @for_each
    def test_cli(self, cli):
        cli.ok("ssm", "create-document", "--name", "hello", "--document-type", "Automation", "--document-format", "YAML",
               "--content", AUTOMATION)
        self.assertEqual(cli.ok("ssm", "get-document", "--name", "hello")["Content"], AUTOMATION)
        cli.ok("ssm", "delete-document", "--name", "hello")
        made = cli.ok("ssm", "create-patch-baseline", "--name", "own", "--operating-system", "UBUNTU")
        self.assertEqual(cli.ok("ssm", "get-patch-baseline", "--baseline-id", made["BaselineId"])["OperatingSystem"], "UBUNTU")


class Enforced(SystemsCase):
    OPTIONS = ("--enforce-iam",)

    def test_sharing_across_accounts(self):
        self.ssm.put_parameter(Name="/shared", Type="String", Value="one", Tier="Advanced")
        arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shared"
        iam = client_for(self.server.endpoint, service="iam", account="210987654321")
        iam.create_user(UserName="bob")
        key = iam.create_access_key(UserName="bob")["AccessKey"]
        iam.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": arn}]}))
        bob = client_for(self.server.endpoint, service="ssm", account=key["AccessKeyId"], secret=key["SecretAccessKey"])
        self.refused("AccessDeniedException", 403, bob.get_parameter, Name=arn)
        self.ssm.put_resource_policy(ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "ssm:GetParameter", "Resource": arn}]}))
        self.assertEqual(bob.get_parameter(Name=arn)["Parameter"]["Value"], "one")
        self.refused("AccessDeniedException", 403, bob.get_parameters, Names=[arn])


class Lasting(unittest.TestCase):
    def test_what_was_made_lasts(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(data_dir=folder).start()
            self.addCleanup(server.stop)
            ssm = client_for(server.endpoint, service="ssm")
            ssm.create_document(Name="hello", Content=json.dumps(COMMAND))
            id = ssm.create_patch_baseline(Name="own")["BaselineId"]
            server.kill()
            server.start()
            ssm = client_for(server.endpoint, service="ssm")
            self.assertEqual(json.loads(ssm.get_document(Name="hello")["Content"]), COMMAND)
            self.assertEqual(ssm.get_patch_baseline(BaselineId=id)["Name"], "own")


if __name__ == "__main__":
    unittest.main()
