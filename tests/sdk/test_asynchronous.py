"""Asynchronous invocations: destinations, retries by the clock, configurations with the CLI."""

import json
import unittest

from aws_cli import for_each
from aviary_server import ServerCase
from function_code import PYTHON, ROLE, answering, python_zip
from sdk_clients import LambdaCase, client_for

FAILS_TWICE = python_zip("""
import json
def handler(event, context):
    path = '/tmp/' + context.aws_request_id
    try:
        with open(path) as file:
            seen = int(file.read())
    except FileNotFoundError:
        seen = 0
    with open(path, 'w') as file:
        file.write(str(seen + 1))
    if seen < event.get('failures', 2):
        raise RuntimeError('not yet')
    return {'attempt': seen + 1}
""")
# In its log, not in its memory: a second record may well reach an environment of its own.
KEEPS = python_zip("""
import json
def handler(event, context):
    print('kept ' + json.dumps(event))
""")


class Events(LambdaCase):
    OPTIONS = ("--clock", "manual")

    def setUp(self):
        super().setUp()
        self.create("worker", FAILS_TWICE, Timeout=30)
        self.create("keeper", KEEPS, Timeout=30)

    def kept(self, count):
        """What reached the keeper, as soon as that is so much."""
        logs = client_for(self.server.endpoint, service="logs")

        def probe():
            try:
                lines = logs.filter_log_events(logGroupName="/aws/lambda/keeper", filterPattern="kept")["events"]
            except logs.exceptions.ResourceNotFoundException:
                return None
            seen = [json.loads(line["message"].removeprefix("kept ")) for line in lines]
            return seen if len(seen) >= count else None
        return self.eventually(probe, 60, f"{count} records")

    def pass_time(self, seconds):
        self.eventually(lambda: self.quiet(), 60, "quiet")
        answer = self.server.post("/_aviary/clock/advance", {"by": f"{seconds}s"})
        self.assertEqual(answer.status, 200, answer)

    def quiet(self):
        """No environment works on anything."""
        rows = self.server.get("/_aviary/environments").json()["environments"]
        return all(row["state"] in ("idle", "frozen", "stopped") for row in rows)

    def accept(self, payload):
        response = self.client.invoke(FunctionName="worker", InvocationType="Event", Payload=json.dumps(payload).encode())
        self.assertEqual(self.status(response), 202)

    def test_success_after_two_retries_is_told(self):
        self.client.put_function_event_invoke_config(
            FunctionName="worker", DestinationConfig={"OnSuccess": {"Destination": self.arn("keeper")}})
        self.accept({"n": 1})
        for seconds in (60, 120):
            self.eventually(lambda: self.environment_of("worker"), 60)
            self.pass_time(seconds)
        record = self.kept(1)[0]
        self.assertEqual(record["requestContext"]["condition"], "Success")
        self.assertEqual(record["requestContext"]["approximateInvokeCount"], 3)
        self.assertEqual(record["requestPayload"], {"n": 1})
        self.assertEqual(record["responsePayload"], {"attempt": 3})

    def environment_of(self, name):
        rows = self.server.get("/_aviary/environments").json()["environments"]
        return [row for row in rows if row["function"] == name and row["invokes"] > 0]

    def test_failure_is_told_to_the_destination(self):
        config = self.client.put_function_event_invoke_config(
            FunctionName="worker", MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": self.arn("keeper")}})
        self.assertEqual(config["FunctionArn"], self.arn("worker", "$LATEST"))
        self.accept({"failures": 9})
        record = self.kept(1)[0]
        self.assertEqual(record["requestContext"]["condition"], "RetriesExhausted")
        self.assertEqual(record["responseContext"],
                         {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})
        self.assertEqual(record["responsePayload"]["errorMessage"], "not yet")

    def test_nothing_runs_while_it_is_switched_off(self):
        self.client.put_function_event_invoke_config(
            FunctionName="worker", DestinationConfig={"OnFailure": {"Destination": self.arn("keeper")}})
        self.client.put_function_concurrency(FunctionName="worker", ReservedConcurrentExecutions=0)
        self.accept({})
        context = self.kept(1)[0]["requestContext"]
        self.assertEqual((context["condition"], context["approximateInvokeCount"]), ("ZeroReservedConcurrency", 0))


class Settings(ServerCase):
    """A function's settings through every AWS CLI."""

    @for_each
    def test_settings(self, cli):
        name = "f"
        cli.ok("lambda", "create-function", "--function-name", name, "--runtime", PYTHON, "--role", ROLE,
               "--handler", "index.handler", "--zip-file", cli.write("function.zip", answering(1)), "--publish")
        on = ("--function-name", name)

        def run(operation, *more):
            return cli.ok("lambda", operation, *on, *more)
        # Each of the others is called by test_every_operation.py.
        self.assertEqual(run("put-function-concurrency", "--reserved-concurrent-executions", "5"),
                         {"ReservedConcurrentExecutions": 5})
        self.assertEqual(run("put-function-event-invoke-config", "--maximum-retry-attempts", "1")["MaximumRetryAttempts"], 1)
        self.assertEqual(run("put-provisioned-concurrency-config", "--qualifier", "1", "--provisioned-concurrent-executions",
                             "1")["RequestedProvisionedConcurrentExecutions"], 1)
        self.assertTrue(run("create-function-url-config", "--auth-type", "NONE")["FunctionUrl"])

    def test_code_signing(self):
        publishers = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/abcdefghij"]}
        made = self.server.post("/2020-04-22/code-signing-configs", {
            "AllowedPublishers": publishers, "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}})
        self.assertEqual(made.status, 201, made)
        arn = made.json()["CodeSigningConfig"]["CodeSigningConfigArn"]
        self.assertRegex(arn, r"^arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-[a-z0-9]{17}$")


if __name__ == "__main__":
    unittest.main(verbosity=1)
