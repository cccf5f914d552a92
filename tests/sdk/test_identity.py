"""STS and IAM: small, recorded and read back."""

import json
import unittest

from botocore.exceptions import ClientError

from aviary_server import ACCOUNT
from sdk_clients import LambdaCase, client_for

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                                                            "Action": "sts:AssumeRole"}]})


class Identity(LambdaCase):
    def test_sts(self):
        sts = client_for(self.server.endpoint, service="sts")
        self.assertEqual(sts.get_caller_identity()["Account"], ACCOUNT)
        answer = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/deep/deployer", RoleSessionName="me")
        self.assertTrue(answer["Credentials"]["AccessKeyId"].startswith("ASIA"))
        self.assertEqual(answer["AssumedRoleUser"]["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/me")
        self.assertIn("SessionToken", sts.get_session_token()["Credentials"])

    def test_roles(self):
        iam = client_for(self.server.endpoint, service="iam")
        role = iam.create_role(RoleName="r", Path="/p/", AssumeRolePolicyDocument=TRUST,
                               Tags=[{"Key": "a", "Value": "b"}])["Role"]
        self.assertEqual(role["Arn"], f"arn:aws:iam::{ACCOUNT}:role/p/r")
        self.assertEqual(iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"], json.loads(TRUST))
        iam.put_role_policy(RoleName="r", PolicyName="own", PolicyDocument=TRUST)
        self.assertEqual(iam.get_role_policy(RoleName="r", PolicyName="own")["PolicyDocument"], json.loads(TRUST))
        arn = iam.create_policy(PolicyName="shared", PolicyDocument=TRUST)["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="r", PolicyArn=arn)
        iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
        self.assertEqual([each["PolicyName"] for each in iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]],
                         ["shared", "AWSLambdaBasicExecutionRole"])
        self.refused("DeleteConflict", 409, iam.delete_role, RoleName="r")
        self.refused("EntityAlreadyExists", 409, iam.create_role, RoleName="r", AssumeRolePolicyDocument=TRUST)
        self.refused("NoSuchEntity", 404, iam.get_role, RoleName="none",
                     message="The role with name none cannot be found.")
        self.refused("MalformedPolicyDocument", 400, iam.create_role, RoleName="x", AssumeRolePolicyDocument="nonsense")
        for policy in iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]:
            iam.detach_role_policy(RoleName="r", PolicyArn=policy["PolicyArn"])
        iam.delete_role_policy(RoleName="r", PolicyName="own")
        iam.delete_role(RoleName="r")
        self.assertEqual(iam.list_roles()["Roles"], [])

    def test_users(self):
        iam = client_for(self.server.endpoint, service="iam")
        iam.create_user(UserName="u")
        key = iam.create_access_key(UserName="u")["AccessKey"]
        self.assertTrue(key["AccessKeyId"].startswith("AKIA"))
        self.assertEqual(len(iam.list_access_keys(UserName="u")["AccessKeyMetadata"]), 1)
        with self.assertRaises(ClientError):
            iam.delete_user(UserName="u")
        iam.delete_access_key(UserName="u", AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName="u")


if __name__ == "__main__":
    unittest.main()
