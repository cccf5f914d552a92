"""STS and IAM: small, recorded and read back."""

import base64
import hmac
import json
import os
import time
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

    def test_certificates_and_devices(self):
        iam = client_for(self.server.endpoint, service="iam")
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "localhost.pem"), encoding="ascii") as file:
            certificate, _, key = file.read().partition("-----BEGIN PRIVATE KEY-----")
        key = "-----BEGIN PRIVATE KEY-----" + key
        made = iam.upload_server_certificate(ServerCertificateName="web", CertificateBody=certificate, PrivateKey=key)
        self.assertGreater(made["ServerCertificateMetadata"]["Expiration"].year, 2026)
        self.refused("MalformedCertificate", 400, iam.upload_server_certificate, ServerCertificateName="x",
                     CertificateBody="none", PrivateKey=key)
        shown = iam.get_server_certificate(ServerCertificateName="web")["ServerCertificate"]
        self.assertEqual(shown["CertificateBody"].strip(), certificate.strip())
        iam.create_user(UserName="u")
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
        seed = base64.b32decode(device["Base32StringSeed"])

        def code(ahead):
            step = int(time.time()) // 30 + ahead
            digest = hmac.new(seed, step.to_bytes(8, "big"), "sha1").digest()
            at = digest[-1] & 15
            return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 1000000:06}"

        request = {"UserName": "u", "SerialNumber": device["SerialNumber"]}
        self.refused("InvalidAuthenticationCode", 403, iam.enable_mfa_device, **request, AuthenticationCode1=code(0),
                     AuthenticationCode2=code(-1))
        iam.enable_mfa_device(**request, AuthenticationCode1=code(-1), AuthenticationCode2=code(0))
        self.assertEqual([each["SerialNumber"] for each in iam.list_mfa_devices(UserName="u")["MFADevices"]], [device["SerialNumber"]])
        self.refused("DeleteConflict", 409, iam.delete_user, UserName="u")
        iam.deactivate_mfa_device(**request)
        iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
        iam.delete_user(UserName="u")

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
