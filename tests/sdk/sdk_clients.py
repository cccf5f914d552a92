"""boto3 clients for a test's server."""

import json
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from aviary_server import ACCOUNT, REGION, ServerCase
from function_code import ECHO, PYTHON, ROLE

# Nothing of the machine's own configuration may reach a test.
for _name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
    os.environ.pop(_name, None)
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def client_for(endpoint, region=REGION, account=ACCOUNT, secret="secret", service="lambda", **config):
    """No retries, so that a test sees each answer, and no validation, so that wrong input reaches the server."""
    settings = {"retries": {"max_attempts": 0}, "parameter_validation": False, "read_timeout": 60,
                "connect_timeout": 10, **config}
    return boto3.client(service, endpoint_url=endpoint, region_name=region, aws_access_key_id=account,
                        aws_secret_access_key=secret, config=Config(**settings))


class LambdaCase(ServerCase):
    """A server, and a client of its Lambda."""

    def setUp(self):
        super().setUp()
        self.client = client_for(self.server.endpoint)

    def create(self, name="order-processor", code=ECHO, client=None, **more):
        """CreateFunction with what does not matter to the test filled in."""
        request = {"FunctionName": name, "Role": ROLE, "Code": {"ZipFile": code}, "Runtime": PYTHON,
                   "Handler": "index.handler", **more}
        return (client or self.client).create_function(
            **{key: value for key, value in request.items() if value is not None})

    def update_code(self, code, name="order-processor", **more):
        return self.client.update_function_code(FunctionName=name, ZipFile=code, **more)

    def publish(self, name="order-processor", **more):
        return self.client.publish_version(FunctionName=name, **more)

    def publish_code(self, code, name="order-processor", **more):
        """New code, published. Answers the version."""
        self.update_code(code, name)
        return self.publish(name, **more)["Version"]

    def invoke(self, name="order-processor", payload=None, **more):
        """A synchronous invoke. Answers (what the function said, the response)."""
        if payload is not None:
            more["Payload"] = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        response = self.client.invoke(FunctionName=name, **more)
        body = response["Payload"].read()
        try:
            return json.loads(body), response
        except ValueError:
            return body, response

    def refused(self, code, status, call, *positional, message=None, **keywords):
        """Asserts that a call is refused, and answers the whole error response."""
        with self.assertRaises(ClientError) as caught:
            call(*positional, **keywords)
        response = caught.exception.response
        self.assertEqual(response["Error"]["Code"], code, response)
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], status, response)
        if message is not None:
            self.assertEqual(response["Error"]["Message"], message)
        return response

    def arn(self, name="order-processor", qualifier=None, region=REGION, account=ACCOUNT):
        arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
        return f"{arn}:{qualifier}" if qualifier else arn

    def status(self, response):
        return response["ResponseMetadata"]["HTTPStatusCode"]

    def plain(self, response):
        return {key: value for key, value in response.items() if key != "ResponseMetadata"}
