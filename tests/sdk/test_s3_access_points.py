"""Access points: buckets by another name, by boto3 as it sends them and by the CLI."""

import json
import socket
import tempfile
import unittest
import urllib.request
from unittest import mock

import boto3
from botocore.config import Config

from aviary_server import ACCOUNT, REGION, Server
from sdk_clients import LambdaCase, client_for

BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
NOTHING = {key: False for key in BLOCK}


def resolve(host, *more, real=socket.getaddrinfo, **named):
    """What resolvers of today's systems do: every name under localhost is this machine."""
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return real(host, *more, **named)


def statement(effect, action, resource, principal="*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource}]})


class AccessPointCase(LambdaCase):
    def setUp(self):
        super().setUp()
        patched = mock.patch("socket.getaddrinfo", resolve)
        patched.start()
        self.addCleanup(patched.stop)
        self.endpoint = self.server.endpoint.replace("127.0.0.1", "localhost")
        self.s3 = client_for(self.endpoint, service="s3", s3={"addressing_style": "path"})
        self.control = client_for(self.endpoint, service="s3control")
        self.s3.create_bucket(Bucket="photos")

    def point(self, name="readers", **more):
        return self.control.create_access_point(AccountId=ACCOUNT, Name=name, Bucket="photos", **more)


class AccessPoints(AccessPointCase):
    def test_life(self):
        made = self.point(Tags=[{"Key": "team", "Value": "a"}])
        arn = f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/readers"
        self.assertEqual(made["AccessPointArn"], arn)
        self.assertRegex(made["Alias"], "^readers-[0-9a-z]{34}-s3alias$")
        got = self.control.get_access_point(AccountId=ACCOUNT, Name="readers")
        self.assertEqual((got["Bucket"], got["NetworkOrigin"], got["Alias"], got["BucketAccountId"]),
                         ("photos", "Internet", made["Alias"], ACCOUNT))
        self.assertEqual(got["PublicAccessBlockConfiguration"], BLOCK)
        self.assertEqual(got["Endpoints"]["ipv4"], f"s3-accesspoint.{REGION}.amazonaws.com")
        self.point("writers", VpcConfiguration={"VpcId": "vpc-1"}, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
        other = self.control.get_access_point(AccountId=ACCOUNT, Name="writers")
        self.assertEqual((other["NetworkOrigin"], other["VpcConfiguration"]), ("VPC", {"VpcId": "vpc-1"}))
        self.assertEqual(other["PublicAccessBlockConfiguration"], {**NOTHING, "BlockPublicAcls": True})
        page = self.control.list_access_points(AccountId=ACCOUNT, Bucket="photos", MaxResults=1)
        self.assertEqual([each["Name"] for each in page["AccessPointList"]], ["readers"])
        rest = self.control.list_access_points(AccountId=ACCOUNT, NextToken=page["NextToken"])
        self.assertEqual([each["Name"] for each in rest["AccessPointList"]], ["writers"])
        tags = lambda: self.control.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=arn)["Tags"]
        self.control.tag_resource(AccountId=ACCOUNT, ResourceArn=arn, Tags=[{"Key": "cost", "Value": "1"}])
        self.assertEqual(tags(), [{"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "a"}])
        self.control.untag_resource(AccountId=ACCOUNT, ResourceArn=arn, TagKeys=["team"])
        self.assertEqual(tags(), [{"Key": "cost", "Value": "1"}])
        self.refused("BucketHasAccessPointsAttached", 400, self.s3.delete_bucket, Bucket="photos")
        for name in ("readers", "writers"):
            self.control.delete_access_point(AccountId=ACCOUNT, Name=name)
        gone = self.refused("NoSuchAccessPoint", 404, self.control.get_access_point, AccountId=ACCOUNT, Name="readers",
                            message="The specified accesspoint does not exist")
        self.assertEqual(gone["Error"]["AccessPointName"], "readers")
        self.s3.delete_bucket(Bucket="photos")

    def test_what_is_refused(self):
        self.point()
        self.refused("AccessPointAlreadyOwnedByYou", 409, self.point)
        self.refused("InvalidAccessPoint", 400, self.point, "Not_A_Name")
        self.refused("InvalidRequest", 400, self.control.create_access_point, AccountId=ACCOUNT, Name="abc", Bucket="gone")
        self.refused("InvalidRequest", 400, self.control.list_access_points, AccountId=ACCOUNT, Bucket="gone")
        self.refused("AccessDenied", 403, self.control.get_access_point, AccountId="210987654321", Name="readers")
        everybody = statement("Allow", "s3:GetObject", "*")
        self.refused("AccessDenied", 403, self.control.put_access_point_policy, AccountId=ACCOUNT, Name="readers",
                     Policy=everybody)
        self.refused("MalformedPolicy", 400, self.control.put_access_point_policy, AccountId=ACCOUNT, Name="readers",
                     Policy="no")
        self.refused("NoSuchAccessPointPolicy", 404, self.control.get_access_point_policy, AccountId=ACCOUNT, Name="readers")

    def test_policies(self):
        self.point("open", PublicAccessBlockConfiguration=NOTHING)
        about = {"AccountId": ACCOUNT, "Name": "open"}
        everybody = statement("Allow", "s3:GetObject", "*")
        self.control.put_access_point_policy(Policy=everybody, **about)
        self.assertEqual(self.control.get_access_point_policy(**about)["Policy"], everybody)
        self.assertTrue(self.control.get_access_point_policy_status(**about)["PolicyStatus"]["IsPublic"])
        narrowed = json.loads(everybody)
        narrowed["Statement"][0]["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
        self.control.put_access_point_policy(Policy=json.dumps(narrowed), **about)
        self.assertFalse(self.control.get_access_point_policy_status(**about)["PolicyStatus"]["IsPublic"])
        self.control.delete_access_point_policy(**about)
        self.refused("NoSuchAccessPointPolicy", 404, self.control.get_access_point_policy_status, **about)
        # The account's block holds for all of its access points and buckets.
        self.refused("NoSuchPublicAccessBlockConfiguration", 404, self.control.get_public_access_block, AccountId=ACCOUNT)
        self.control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=BLOCK)
        self.assertEqual(
            self.control.get_public_access_block(AccountId=ACCOUNT)["PublicAccessBlockConfiguration"], BLOCK)
        self.refused("AccessDenied", 403, self.control.put_access_point_policy, Policy=everybody, **about)
        bucket = statement("Allow", "s3:GetObject", "arn:aws:s3:::photos/*")
        self.refused("AccessDenied", 403, self.s3.put_bucket_policy, Bucket="photos", Policy=bucket)
        self.control.delete_public_access_block(AccountId=ACCOUNT)
        self.s3.put_bucket_policy(Bucket="photos", Policy=bucket)

    def test_objects_by_arn_and_by_alias(self):
        made = self.point()
        for name in (made["AccessPointArn"], made["Alias"]):
            with self.subTest(name=name):
                self.s3.put_object(Bucket=name, Key="a/b", Body=b"hello")
                self.assertEqual(self.s3.get_object(Bucket=name, Key="a/b")["Body"].read(), b"hello")
                self.assertEqual(self.s3.get_object(Bucket="photos", Key="a/b")["Body"].read(), b"hello")
                self.s3.head_bucket(Bucket=name)
                self.assertEqual([each["Key"] for each in self.s3.list_objects_v2(Bucket=name)["Contents"]], ["a/b"])
                upload = self.s3.create_multipart_upload(Bucket=name, Key="p")["UploadId"]
                part = self.s3.upload_part(Bucket=name, Key="p", UploadId=upload, PartNumber=1, Body=b"part")
                self.s3.complete_multipart_upload(Bucket=name, Key="p", UploadId=upload, MultipartUpload={
                    "Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
                self.s3.copy_object(Bucket=name, Key="copy", CopySource={"Bucket": name, "Key": "p"})
                self.assertEqual(self.s3.get_object(Bucket="photos", Key="copy")["Body"].read(), b"part")
                url = self.s3.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a/b"})
                with urllib.request.urlopen(url) as answer:
                    self.assertEqual(answer.read(), b"hello")
                self.s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "copy"}, {"Key": "p"}, {"Key": "a/b"}]})
                self.assertNotIn("Contents", self.s3.list_objects_v2(Bucket="photos"))
        self.refused("MethodNotAllowed", 405, self.s3.put_bucket_versioning, Bucket=made["Alias"],
                     VersioningConfiguration={"Status": "Enabled"})

    def test_an_arn_in_the_path(self):
        arn = self.point()["AccessPointArn"]
        self.s3.put_object(Bucket="photos", Key="k", Body=b"x")
        with urllib.request.urlopen(f"{self.server.endpoint}/{arn.replace(':', '%3A').replace('/', '%2F')}/k") as answer:
            self.assertEqual(answer.read(), b"x")


class Lasting(unittest.TestCase):
    def test_access_points_last(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(data_dir=folder).start()
            self.addCleanup(server.stop)
            client_for(server.endpoint, service="s3", s3={"addressing_style": "path"}).create_bucket(Bucket="photos")
            with mock.patch("socket.getaddrinfo", resolve):
                alias = client_for(server.endpoint.replace("127.0.0.1", "localhost"), service="s3control") \
                    .create_access_point(AccountId=ACCOUNT, Name="readers", Bucket="photos")["Alias"]
            server.kill()
            server.start()
            s3 = client_for(server.endpoint, service="s3", s3={"addressing_style": "path"})
            s3.put_object(Bucket=alias, Key="k", Body=b"x")
            self.assertEqual(s3.get_object(Bucket="photos", Key="k")["Body"].read(), b"x")


class Enforced(AccessPointCase):
    OPTIONS = ("--enforce-iam",)

    def test_both_have_to_let_in(self):
        iam = client_for(self.server.endpoint, service="iam")
        iam.create_user(UserName="alice")
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        alice = boto3.client("s3", endpoint_url=self.endpoint, region_name=REGION, config=Config(retries={"max_attempts": 0}),
                             aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        arn = self.point()["AccessPointArn"]
        self.s3.put_object(Bucket="photos", Key="k", Body=b"x")
        get = lambda: alice.get_object(Bucket=arn, Key="k")["Body"].read()
        self.refused("AccessDenied", 403, get)
        who = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"}
        self.control.put_access_point_policy(AccountId=ACCOUNT, Name="readers",
                                             Policy=statement("Allow", "s3:GetObject", f"{arn}/object/*", who))
        self.assertEqual(get(), b"x")
        self.refused("AccessDenied", 403, alice.get_object, Bucket="photos", Key="k")
        self.s3.put_bucket_policy(Bucket="photos", Policy=statement("Deny", "s3:GetObject", "arn:aws:s3:::photos/*", who))
        self.refused("AccessDenied", 403, get)
        # Nor by a point whose name looks like the beginning of an object's place.
        other = self.control.create_access_point(AccountId=ACCOUNT, Name="object-readers", Bucket="photos")["AccessPointArn"]
        self.control.put_access_point_policy(AccountId=ACCOUNT, Name="object-readers",
                                             Policy=statement("Allow", "s3:GetObject", f"{other}/object/*", who))
        self.refused("AccessDenied", 403, alice.get_object, Bucket=other, Key="k")
        self.s3.delete_bucket_policy(Bucket="photos")
        self.assertEqual(alice.get_object(Bucket=other, Key="k")["Body"].read(), b"x")
        self.control.delete_access_point_policy(AccountId=ACCOUNT, Name="readers")
        self.refused("AccessDenied", 403, get)
        iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/object/*"}]}))
        self.assertEqual(get(), b"x")


class Stacks(AccessPointCase):
    def test_an_access_point_of_a_stack(self):
        cloudformation = client_for(self.server.endpoint, service="cloudformation")
        template = {"Resources": {
            "Point": {"Type": "AWS::S3::AccessPoint", "Properties": {
                "Bucket": "photos", "Policy": json.loads(statement("Allow", "s3:GetObject", "*", {"AWS": ACCOUNT}))}}},
            "Outputs": {name: {"Value": {"Fn::GetAtt": ["Point", name]}} for name in ("Alias", "Arn", "NetworkOrigin")}}
        cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
        cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
        outputs = {each["OutputKey"]: each["OutputValue"]
                   for each in cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]}
        self.assertEqual(outputs["NetworkOrigin"], "Internet")
        self.s3.put_object(Bucket=outputs["Alias"], Key="k", Body=b"x")
        self.s3.delete_object(Bucket=outputs["Arn"], Key="k")
        name = outputs["Arn"].split("/")[1]
        self.assertIn("Allow", self.control.get_access_point_policy(AccountId=ACCOUNT, Name=name)["Policy"])
        del template["Resources"]["Point"]["Properties"]["Policy"]
        cloudformation.update_stack(StackName="s", TemplateBody=json.dumps(template))
        cloudformation.get_waiter("stack_update_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
        self.refused("NoSuchAccessPointPolicy", 404, self.control.get_access_point_policy, AccountId=ACCOUNT, Name=name)
        cloudformation.delete_stack(StackName="s")
        cloudformation.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
        self.assertEqual(self.control.list_access_points(AccountId=ACCOUNT)["AccessPointList"], [])


if __name__ == "__main__":
    unittest.main()
