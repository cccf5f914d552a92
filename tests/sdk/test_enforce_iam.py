"""Policies that decide, with --enforce-iam: users, groups, roles, functions, and what resources say."""

import json
import unittest

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from aviary_server import ACCOUNT, REGION
from function_code import PYTHON, ROLE, python_zip
from sdk_clients import LambdaCase, client_for

SIGNING = '''
import datetime, hashlib, hmac, json, os, urllib.error, urllib.request

def call(service, method, path, body=b""):
    """As an SDK does it, with the environment's credentials."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{os.environ['AWS_REGION']}/{service}/aws4_request"
    digest = hashlib.sha256(body).hexdigest()
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    headers = {"host": endpoint.split("//")[1], "x-amz-content-sha256": digest, "x-amz-date": now,
               "x-amz-security-token": os.environ["AWS_SESSION_TOKEN"]}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\\n" for name in sorted(headers))
    canonical = f"{method}\\n{path}\\n\\n{lines}\\n{names}\\n{digest}"
    text = f"AWS4-HMAC-SHA256\\n{now}\\n{scope}\\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
                                f"SignedHeaders={names}, Signature={signature}")
    request = urllib.request.Request(endpoint + path, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

def handler(event, context):
    return call("s3", "PUT", event["path"], b"done")
'''


def policy(effect, action, resource, **more):
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]})


def trust(principal):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


class EnforcedPolicies(LambdaCase):
    OPTIONS = ("--enforce-iam",)

    def setUp(self):
        super().setUp()
        self.iam = self.root("iam")

    def root(self, service):
        return client_for(self.server.endpoint, service=service, account="test", secret="test")

    def acting(self, service, key):
        """A client with credentials as IAM or STS gave them."""
        return boto3.client(service, endpoint_url=self.server.endpoint, region_name=REGION,
                            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
                            aws_session_token=key.get("SessionToken"), config=Config(retries={"max_attempts": 0}))

    def user(self, name="alice"):
        self.iam.create_user(UserName=name)
        return self.iam.create_access_key(UserName=name)["AccessKey"]

    def refusal(self, action, resource, reason, who=f"arn:aws:iam::{ACCOUNT}:user/alice"):
        return f"User: {who} is not authorized to perform: {action} on resource: {resource} {reason}"

    def test_who_is_who(self):
        key = self.user()
        self.assertEqual(self.acting("sts", key).get_caller_identity()["Arn"], f"arn:aws:iam::{ACCOUNT}:user/alice")
        self.assertEqual(self.root("sts").get_caller_identity()["Arn"], f"arn:aws:iam::{ACCOUNT}:root")
        self.refused("InvalidSignatureException", 403,
                     self.acting("lambda", {**key, "SecretAccessKey": "guessed"}).list_functions)
        nobody = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x"}
        self.refused("UnrecognizedClientException", 403, self.acting("lambda", nobody).list_functions)
        self.refused("InvalidClientTokenId", 403, self.acting("iam", nobody).list_users)
        self.refused("InvalidAccessKeyId", 403, self.acting("s3", nobody).list_buckets)
        self.assertEqual(self.server.get("/2015-03-31/functions").status, 403)
        session = self.acting("sts", key).get_session_token()["Credentials"]
        self.assertEqual(self.acting("sts", session).get_caller_identity()["Arn"], f"arn:aws:iam::{ACCOUNT}:user/alice")
        self.refused("InvalidClientTokenId", 403,
                     self.acting("sts", {**session, "SessionToken": "other"}).get_caller_identity)
        self.assertNotIn("_Secret", self.iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0])
        self.iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
        self.refused("InvalidClientTokenId", 403, self.acting("sts", key).get_caller_identity)

    def test_a_user(self):
        key = self.user()
        functions = self.acting("lambda", key)
        none = "because no identity-based policy allows the {} action"
        self.refused("AccessDeniedException", 403, functions.list_functions, message=self.refusal(
            "lambda:ListFunctions", "*", none.format("lambda:ListFunctions")))
        self.create("f")
        self.create("g")
        self.iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=policy(
            "Allow", ["lambda:Get*", "lambda:CreateFunction"], [self.arn("f"), self.arn("h")]))
        self.assertEqual(functions.get_function(FunctionName="f")["Configuration"]["FunctionName"], "f")
        self.refused("AccessDeniedException", 403, functions.get_function, FunctionName="g", message=self.refusal(
            "lambda:GetFunction", self.arn("g"), none.format("lambda:GetFunction")))
        self.refused("AccessDeniedException", 403, self.create, "h", client=functions, message=self.refusal(
            "iam:PassRole", ROLE, none.format("iam:PassRole")))
        # The function's own policy lets her in as well.
        self.client.add_permission(FunctionName="g", StatementId="s", Action="lambda:GetFunction",
                                   Principal=f"arn:aws:iam::{ACCOUNT}:user/alice")
        functions.get_function(FunctionName="g")

    def test_groups_boundaries_and_denies(self):
        key = self.user()
        url = self.root("sqs").create_queue(QueueName="q")["QueueUrl"]
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
        sqs = self.acting("sqs", key)
        self.refused("AccessDenied", 403, sqs.send_message, QueueUrl=url, MessageBody="m", message=self.refusal(
            "sqs:sendmessage", queue, "because no identity-based policy allows the sqs:sendmessage action"))
        self.iam.create_group(GroupName="senders")
        self.iam.put_group_policy(GroupName="senders", PolicyName="own", PolicyDocument=policy("Allow", "sqs:*", queue))
        self.iam.add_user_to_group(GroupName="senders", UserName="alice")
        sqs.send_message(QueueUrl=url, MessageBody="m")
        arn = self.iam.create_policy(PolicyName="no", PolicyDocument=policy("Deny", "sqs:Send*", "*"))["Policy"]["Arn"]
        self.iam.attach_user_policy(UserName="alice", PolicyArn=arn)
        self.refused("AccessDenied", 403, sqs.send_message, QueueUrl=url, MessageBody="m", message=self.refusal(
            "sqs:sendmessage", queue, "with an explicit deny in an identity-based policy"))
        self.assertIn("Messages", sqs.receive_message(QueueUrl=url))
        rows = self.iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:user/alice", ResourceArns=[queue],
            ActionNames=["sqs:SendMessage", "sqs:ReceiveMessage", "s3:GetObject"])["EvaluationResults"]
        self.assertEqual([row["EvalDecision"] for row in rows], ["explicitDeny", "allowed", "implicitDeny"])
        boundary = self.iam.create_policy(PolicyName="b", PolicyDocument=policy("Allow", "s3:*", "*"))["Policy"]["Arn"]
        self.iam.create_user(UserName="bob", PermissionsBoundary=boundary)
        self.iam.add_user_to_group(GroupName="senders", UserName="bob")
        bob = self.acting("sqs", self.iam.create_access_key(UserName="bob")["AccessKey"])
        self.refused("AccessDenied", 403, bob.send_message, QueueUrl=url, MessageBody="m", message=self.refusal(
            "sqs:sendmessage", queue, "because no permissions boundary allows the sqs:sendmessage action",
            who=f"arn:aws:iam::{ACCOUNT}:user/bob"))

    def test_buckets_topics_and_secrets(self):
        key = self.user()
        alice = f"arn:aws:iam::{ACCOUNT}:user/alice"
        self.root("s3").create_bucket(Bucket="files")
        s3 = self.acting("s3", key)
        self.refused("AccessDenied", 403, s3.put_object, Bucket="files", Key="k", Body=b"x", message=self.refusal(
            "s3:PutObject", '"arn:aws:s3:::files/k"', "because no identity-based policy allows the s3:PutObject action"))
        self.root("s3").put_bucket_policy(Bucket="files", Policy=policy(
            "Allow", ["s3:PutObject", "s3:GetObject"], "arn:aws:s3:::files/*", Principal={"AWS": alice}))
        s3.put_object(Bucket="files", Key="k", Body=b"x")
        self.assertEqual(s3.get_object(Bucket="files", Key="k")["Body"].read(), b"x")
        self.refused("AccessDenied", 403, s3.list_objects_v2, Bucket="files")
        self.assertEqual(self.server.get("/files/k").status, 403)  # a stranger
        topic = self.root("sns").create_topic(Name="t")["TopicArn"]
        self.refused("AuthorizationError", 403, self.acting("sns", key).publish, TopicArn=topic, Message="m",
                     message=self.refusal("SNS:Publish", topic,
                                          "because no identity-based policy allows the SNS:Publish action"))
        secret = self.root("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
        self.iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=policy(
            "Allow", "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s-??????"))
        secrets = self.acting("secretsmanager", key)
        self.assertEqual(secrets.get_secret_value(SecretId="s")["ARN"], secret)
        self.refused("AccessDeniedException", 403, secrets.delete_secret, SecretId="s")

    def test_assumed_roles(self):
        key = self.user()
        role = f"arn:aws:iam::{ACCOUNT}:role/deep/deployer"
        sts = self.acting("sts", key)
        self.iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=policy("Allow", "sts:*", "*"))
        self.iam.create_role(RoleName="deployer", Path="/deep/",
                             AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
        self.refused("AccessDenied", 403, sts.assume_role, RoleArn=role, RoleSessionName="me", message=self.refusal(
            "sts:AssumeRole", role, "because no role trust policy allows the sts:AssumeRole action"))
        self.iam.update_assume_role_policy(RoleName="deployer", PolicyDocument=trust({"AWS": ACCOUNT}))
        self.iam.put_role_policy(RoleName="deployer", PolicyName="own", PolicyDocument=policy("Allow", "lambda:*", "*"))
        session = sts.assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
        self.acting("lambda", session).list_functions()
        self.assertEqual(self.acting("sts", session).get_caller_identity()["Arn"],
                         f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/me")
        narrow = sts.assume_role(RoleArn=role, RoleSessionName="me",
                                 Policy=policy("Allow", "lambda:GetFunction", "*"))["Credentials"]
        self.refused("AccessDeniedException", 403, self.acting("lambda", narrow).list_functions, message=self.refusal(
            "lambda:ListFunctions", "*", "because no session policy allows the lambda:ListFunctions action",
            who=f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/me"))

    def test_a_functions_role(self):
        self.root("s3").create_bucket(Bucket="results")
        self.iam.create_role(RoleName="lambda-role", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
        self.iam.attach_role_policy(RoleName="lambda-role",
                                    PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
        self.create("writer", python_zip(SIGNING))
        (status, body), _ = self.invoke("writer", {"path": "/results/k"})
        self.assertEqual(status, 403, body)
        self.assertIn("<Code>AccessDenied</Code>", body)
        self.assertIn(f"User: arn:aws:sts::{ACCOUNT}:assumed-role/lambda-role/writer is not authorized to perform: "
                      "s3:PutObject", body)
        self.iam.put_role_policy(RoleName="lambda-role", PolicyName="own",
                                 PolicyDocument=policy("Allow", "s3:PutObject", "arn:aws:s3:::results/*"))
        (status, body), _ = self.invoke("writer", {"path": "/results/k"})
        self.assertEqual(status, 200, body)
        self.assertEqual(self.root("s3").get_object(Bucket="results", Key="k")["Body"].read(), b"done")

    def test_a_template_that_forgets_a_permission(self):
        for bucket in ("results", "others"):
            self.root("s3").create_bucket(Bucket=bucket)
        stacks = self.root("cloudformation")
        stacks.create_stack(StackName="s", Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"], TemplateBody=json.dumps({
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"Writer": {"Type": "AWS::Serverless::Function", "Properties": {
                "FunctionName": "writer", "Handler": "index.handler", "Runtime": PYTHON, "InlineCode": SIGNING,
                "Policies": [{"S3WritePolicy": {"BucketName": "results"}}]}}}}))
        self.eventually(lambda: stacks.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE",
                        what="the stack")
        (status, body), _ = self.invoke("writer", {"path": "/results/k"})
        self.assertEqual(status, 200, body)
        (status, body), _ = self.invoke("writer", {"path": "/others/k"})
        self.assertEqual(status, 403, body)

    def signed(self, key, service, host, path):
        """What a GET answers that a user signed."""
        request = AWSRequest("GET", f"http://{host}{path}", headers={"Host": host})
        SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), service, REGION).add_auth(request)
        return self.server.get(path, headers=dict(request.headers.items())).status

    def test_urls_and_apis(self):
        key = self.user()
        self.create("f")
        url = self.client.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")["FunctionUrl"]
        host = url.split("//")[1].strip("/")
        api = self.root("apigatewayv2").create_api(Name="a", ProtocolType="HTTP", RouteKey="GET /x", Target=self.arn("f"))
        route = self.root("apigatewayv2").get_routes(ApiId=api["ApiId"])["Items"][0]["RouteId"]
        self.root("apigatewayv2").update_route(ApiId=api["ApiId"], RouteId=route, AuthorizationType="AWS_IAM")
        door = api["ApiEndpoint"].split("//")[1]
        self.assertEqual(self.server.get("/", headers={"Host": host}).status, 403)
        self.assertEqual(self.signed(key, "lambda", host, "/"), 403)
        self.assertEqual(self.signed(key, "execute-api", door, "/x"), 403)
        self.iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=policy(
            "Allow", ["lambda:InvokeFunctionUrl", "execute-api:Invoke"],
            [self.arn("f"), f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api['ApiId']}/*/GET/x"]))
        self.assertEqual(self.signed(key, "lambda", host, "/"), 200)
        self.assertEqual(self.signed(key, "execute-api", door, "/x"), 200)
        self.assertEqual(self.signed({**key, "SecretAccessKey": "guessed"}, "lambda", host, "/"), 403)


class NamedRoots(LambdaCase):
    """Root credentials that are named are the only ones."""

    OPTIONS = ("--enforce-iam", "--access-key", "root:secret")

    def setUp(self):
        super().setUp()
        self.client = client_for(self.server.endpoint, account="root")

    def test_only_the_named_one(self):
        self.assertEqual(self.client.list_functions()["Functions"], [])
        for account, secret, code in (("root", "guessed", "InvalidSignatureException"),
                                      ("test", "test", "UnrecognizedClientException")):
            other = client_for(self.server.endpoint, account=account, secret=secret)
            self.refused(code, 403, other.list_functions)


if __name__ == "__main__":
    unittest.main()
