"""SSM's parameter store and Secrets Manager by boto3 and by the CLI."""

import json
import unittest

from aviary_server import ACCOUNT, REGION
from aws_cli import for_each
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

ROTATOR = """
import json, os, urllib.request

def call(operation, **request):
    scope = "Credential=x/20260101/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"X-Amz-Target": "secretsmanager." + operation, "Content-Type": "application/x-amz-json-1.1",
               "Authorization": "AWS4-HMAC-SHA256 " + scope}
    with urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], json.dumps(request).encode(), headers)) as answer:
        return json.loads(answer.read() or b"{}")

def handler(event, context):
    secret, token = event["SecretId"], event["ClientRequestToken"]
    current = call("GetSecretValue", SecretId=secret)
    if event["Step"] == "createSecret":
        call("PutSecretValue", SecretId=secret, ClientRequestToken=token, VersionStages=["AWSPENDING"],
             SecretString=str(int(current["SecretString"]) + 1))
    if event["Step"] == "finishSecret":
        call("UpdateSecretVersionStage", SecretId=secret, VersionStage="AWSCURRENT",
             RemoveFromVersionId=current["VersionId"], MoveToVersionId=token)
"""


class Parameters(LambdaCase):
    def setUp(self):
        super().setUp()
        self.ssm = client_for(self.server.endpoint, service="ssm")

    def put(self, name, value="v", **more):
        return self.ssm.put_parameter(Name=name, Value=value, **{"Type": "String", **more})

    def value(self, name, **more):
        return self.ssm.get_parameter(Name=name, **more)["Parameter"]["Value"]

    def test_versions_and_selectors(self):
        self.assertEqual(self.put("/app/url", "one")["Version"], 1)
        self.refused("ParameterAlreadyExists", 400, self.put, "/app/url",
                     message="The parameter already exists. To overwrite this value, set the overwrite option in the "
                             "request to true.")
        answer = self.put("/app/url", "two", Overwrite=True)
        self.assertEqual((answer["Version"], answer["Tier"]), (2, "Standard"))
        self.ssm.label_parameter_version(Name="/app/url", ParameterVersion=1, Labels=["old"])
        found = self.ssm.get_parameter(Name="/app/url:old")["Parameter"]
        self.assertEqual((found["Value"], found["Version"], found["Selector"]), ("one", 1, ":old"))
        self.assertEqual(found["ARN"], f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/url")
        self.assertEqual(self.value(found["ARN"] + ":2"), "two")
        self.refused("ParameterVersionNotFound", 400, self.ssm.get_parameter, Name="/app/url:9",
                     message="Systems Manager could not find version 9 of /app/url. Verify the version and try again.")
        self.refused("ParameterNotFound", 400, self.ssm.get_parameter, Name="none")
        self.assertEqual([each["Value"] for each in self.ssm.get_parameter_history(Name="/app/url")["Parameters"]],
                         ["one", "two"])
        many = self.ssm.get_parameters(Names=["/app/url", "none"])
        self.assertEqual((len(many["Parameters"]), many["InvalidParameters"]), (1, ["none"]))
        self.ssm.delete_parameter(Name="/app/url")
        self.refused("ParameterNotFound", 400, self.ssm.delete_parameter, Name="/app/url")

    def test_paths_pages_and_filters(self):
        for name in ("/a/x", "/a/y", "/a/b/z", "/other", "plain"):
            self.put(name)
        pages = self.ssm.get_paginator("get_parameters_by_path").paginate(
            Path="/a", Recursive=True, PaginationConfig={"PageSize": 2})
        self.assertEqual([each["Name"] for page in pages for each in page["Parameters"]], ["/a/b/z", "/a/x", "/a/y"])
        self.assertEqual(len(self.ssm.get_parameters_by_path(Path="/a")["Parameters"]), 2)
        self.ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/other", Tags=[{"Key": "k", "Value": "v"}])
        found = self.ssm.describe_parameters(ParameterFilters=[{"Key": "tag:k", "Values": ["v"]}])["Parameters"]
        self.assertEqual([each["Name"] for each in found], ["/other"])
        self.assertEqual(self.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/other")["TagList"],
                         [{"Key": "k", "Value": "v"}])
        self.refused("InvalidFilterKey", 400, self.ssm.describe_parameters, ParameterFilters=[{"Key": "Label", "Values": ["x"]}])
        self.refused("InvalidNextToken", 400, self.ssm.describe_parameters, NextToken="?")

    def test_secure_strings_and_refusals(self):
        self.put("s", "hidden", Type="SecureString")
        self.assertEqual(self.value("s", WithDecryption=True), "hidden")
        self.assertNotIn("hidden", self.value("s"))
        self.assertEqual(self.ssm.describe_parameters()["Parameters"][0]["KeyId"], "alias/aws/ssm")
        self.refused("ParameterPatternMismatchException", 400, self.put, "p", "x", AllowedPattern=r"\d{1,4}",
                     message=r"Parameter value, cannot be validated against allowedPattern: \d{1,4}")
        self.refused("ValidationException", 400, self.put, "big", "x" * 4097)
        self.refused("ValidationException", 400, self.put, "not/absolute",
                     message="Parameter name must be a fully qualified name.")
        self.refused("ValidationException", 400, self.put, "p", Type="Text")
        self.refused("NotImplemented", 501, self.ssm.send_command, DocumentName="x")
        self.assertEqual(len(self.ssm.describe_parameters()["Parameters"]), 1)


class Secrets(LambdaCase):
    def setUp(self):
        super().setUp()
        self.secrets = client_for(self.server.endpoint, service="secretsmanager")

    def test_versions_and_stages(self):
        made = self.secrets.create_secret(Name="db", SecretString="one", Tags=[{"Key": "k", "Value": "v"}])
        self.assertRegex(made["ARN"], f"^arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-[A-Za-z0-9]{{6}}$")
        self.refused("ResourceExistsException", 400, self.secrets.create_secret, Name="db", SecretString="x",
                     message="The operation failed because the secret db already exists.")
        put = self.secrets.put_secret_value(SecretId="db", SecretString="two")
        self.assertEqual(put["VersionStages"], ["AWSCURRENT"])
        self.assertEqual(self.secrets.get_secret_value(SecretId=made["ARN"])["SecretString"], "two")
        self.assertEqual(self.secrets.get_secret_value(SecretId="db", VersionStage="AWSPREVIOUS")["SecretString"], "one")
        stages = self.secrets.describe_secret(SecretId="db")["VersionIdsToStages"]
        self.assertEqual(stages, {made["VersionId"]: ["AWSPREVIOUS"], put["VersionId"]: ["AWSCURRENT"]})
        self.secrets.update_secret_version_stage(SecretId="db", VersionStage="AWSCURRENT",
                                                 RemoveFromVersionId=put["VersionId"], MoveToVersionId=made["VersionId"])
        self.assertEqual(self.secrets.get_secret_value(SecretId="db")["SecretString"], "one")
        # The token makes it idempotent.
        again = self.secrets.put_secret_value(SecretId="db", SecretString="two", ClientRequestToken=put["VersionId"])
        self.assertEqual(again["VersionId"], put["VersionId"])
        self.refused("ResourceExistsException", 400, self.secrets.put_secret_value, SecretId="db", SecretString="three",
                     ClientRequestToken=put["VersionId"])
        self.refused("ResourceNotFoundException", 400, self.secrets.get_secret_value, SecretId="none",
                     message="Secrets Manager can't find the specified secret.")
        self.assertEqual(self.secrets.update_secret(SecretId="db", SecretBinary=b"\xff\x00")["Name"], "db")
        self.assertEqual(self.secrets.get_secret_value(SecretId="db")["SecretBinary"], b"\xff\x00")
        self.assertEqual(len(self.secrets.list_secret_version_ids(SecretId="db", IncludeDeprecated=True)["Versions"]), 3)
        if not hasattr(self.secrets, "batch_get_secret_value"):
            return  # boto3 is from before it
        batch = self.secrets.batch_get_secret_value(SecretIdList=["db", "none"])
        self.assertEqual((len(batch["SecretValues"]), batch["Errors"][0]["ErrorCode"]), (1, "ResourceNotFoundException"))

    def test_passwords_policies_and_rotation(self):
        password = self.secrets.get_random_password(PasswordLength=20, ExcludePunctuation=True)["RandomPassword"]
        self.assertRegex(password, "^[A-Za-z0-9]{20}$")
        self.secrets.create_secret(Name="s", SecretString="x")
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        self.secrets.put_resource_policy(SecretId="s", ResourcePolicy=policy)
        self.assertEqual(self.secrets.get_resource_policy(SecretId="s")["ResourcePolicy"], policy)
        self.refused("MalformedPolicyDocumentException", 400, self.secrets.put_resource_policy, SecretId="s", ResourcePolicy="x")
        self.refused("InvalidRequestException", 400, self.secrets.rotate_secret, SecretId="s",
                     message="No Lambda rotation function ARN is associated with this secret.")

    @for_each
    def test_cli(self, cli):
        cli.ok("ssm", "put-parameter", "--name", "/p", "--type", "StringList", "--value", "a,b", "--overwrite")
        self.assertEqual(cli.ok("ssm", "get-parameter", "--name", "/p")["Parameter"]["Value"], "a,b")


class OnTheClock(LambdaCase):
    OPTIONS = ("--clock", "manual")

    def test_a_recovery_window_ends(self):
        secrets = client_for(self.server.endpoint, service="secretsmanager")
        secrets.create_secret(Name="s", SecretString="x")
        self.refused("InvalidParameterException", 400, secrets.delete_secret, SecretId="s", RecoveryWindowInDays=3)
        secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)
        self.refused("InvalidRequestException", 400, secrets.get_secret_value, SecretId="s")
        self.refused("InvalidRequestException", 400, secrets.create_secret, Name="s", SecretString="y")
        secrets.restore_secret(SecretId="s")
        self.assertEqual(secrets.get_secret_value(SecretId="s")["SecretString"], "x")
        secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)
        self.assertEqual(secrets.list_secrets()["SecretList"], [])
        self.assertEqual(self.server.post("/_aviary/clock/advance", {"by": "7d"}).status, 200)
        self.refused("ResourceNotFoundException", 400, secrets.describe_secret, SecretId="s")
        secrets.create_secret(Name="s", SecretString="y")

    def test_a_function_rotates_a_secret(self):
        secrets = client_for(self.server.endpoint, service="secretsmanager")
        secrets.create_secret(Name="s", SecretString="0")
        self.create(name="rotator", code=python_zip(ROTATOR), Timeout=20)
        secrets.rotate_secret(SecretId="s", RotationLambdaARN=self.arn("rotator"), RotationRules={"AutomaticallyAfterDays": 30})

        def value():
            return secrets.get_secret_value(SecretId="s")["SecretString"]
        self.eventually(lambda: value() == "1")
        self.eventually(lambda: "LastRotatedDate" in secrets.describe_secret(SecretId="s"))
        self.server.post("/_aviary/clock/advance", {"by": "30d"})
        self.eventually(lambda: value() == "2")
        self.assertEqual(secrets.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"], "1")


if __name__ == "__main__":
    unittest.main()
