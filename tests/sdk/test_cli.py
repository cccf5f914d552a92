"""Every operation through every AWS CLI that is installed, and the waiters."""

import io
import json
import unittest
import urllib.request
import zipfile

from aviary_server import ServerCase
from aws_cli import for_each
from function_code import PYTHON, ROLE, answering, python_zip

NAME = "order-processor"
ARN = f"arn:aws:lambda:us-east-1:123456789012:function:{NAME}"


class CliCase(ServerCase):
    def create(self, cli, code=None, *more):
        return cli.ok("lambda", "create-function", "--function-name", NAME, "--runtime", PYTHON, "--role", ROLE,
                      "--handler", "index.handler", "--zip-file", cli.write("function.zip", code or answering(1)), *more)

    def refused(self, cli, code, operation, *words):
        """What the CLI prints for an error of the service."""
        ran = cli.run("lambda", *words)
        self.assertNotEqual(ran.code, 0, ran)
        self.assertIn(f"An error occurred ({code}) when calling the {operation} operation: ", ran.err)
        return ran.err


class Operations(CliCase):
    @for_each
    def test_functions(self, cli):
        created = self.create(cli, None, "--tags", "team=orders", "--environment", "Variables={STAGE=test}",
                              "--timeout", "9")
        self.assertEqual((created["FunctionArn"], created["State"], created["Timeout"]), (ARN, "Pending", 9))
        cli.ok("lambda", "wait", "function-active-v2", "--function-name", NAME)
        self.assertEqual(cli.ok("lambda", "get-function-configuration", "--function-name", NAME)["State"], "Active")

        updated = cli.ok("lambda", "update-function-code", "--function-name", NAME, "--zip-file",
                         cli.write("function.zip", answering(2)))
        self.assertEqual(updated["LastUpdateStatus"], "InProgress")
        cli.ok("lambda", "wait", "function-updated-v2", "--function-name", NAME)
        cli.ok("lambda", "update-function-configuration", "--function-name", NAME, "--description", "of the CLI")
        found = cli.ok("lambda", "get-function", "--function-name", NAME)
        self.assertEqual((found["Configuration"]["Description"], found["Tags"]), ("of the CLI", {"team": "orders"}))
        with urllib.request.urlopen(found["Code"]["Location"], timeout=20) as download:
            self.assertEqual(zipfile.ZipFile(io.BytesIO(download.read())).namelist(), ["index.py"])

        dry = cli.ok("lambda", "update-function-code", "--function-name", NAME, "--dry-run", "--zip-file",
                     cli.write("function.zip", answering(3)))
        self.assertNotEqual(dry["CodeSha256"], found["Configuration"]["CodeSha256"])
        listed = cli.ok("lambda", "list-functions", "--max-items", "1")
        self.assertEqual([each["FunctionName"] for each in listed["Functions"]], [NAME])
        settings = cli.ok("lambda", "get-account-settings")
        self.assertEqual(settings["AccountUsage"]["FunctionCount"], 1)
        self.refused(cli, "ResourceConflictException", "CreateFunction", "create-function", "--function-name", NAME,
                     "--runtime", PYTHON, "--role", ROLE, "--handler", "index.handler", "--zip-file",
                     "fileb://function.zip")
        cli.ok("lambda", "delete-function", "--function-name", NAME)
        error = self.refused(cli, "ResourceNotFoundException", "GetFunction", "get-function", "--function-name", NAME)
        self.assertIn(f"Function not found: {ARN}", error)

    @for_each
    def test_versions(self, cli):
        created = self.create(cli)
        cli.ok("lambda", "wait", "function-active-v2", "--function-name", NAME)
        version = cli.ok("lambda", "publish-version", "--function-name", NAME, "--code-sha256", created["CodeSha256"],
                         "--description", "Version 1: Initial release")
        self.assertEqual((version["Version"], version["FunctionArn"], version["Description"]),
                         ("1", f"{ARN}:1", "Version 1: Initial release"))
        cli.ok("lambda", "wait", "published-version-active", "--function-name", NAME, "--qualifier", "1")
        cli.ok("lambda", "update-function-code", "--function-name", NAME, "--publish", "--zip-file",
               cli.write("function.zip", answering(2)))
        listed = cli.ok("lambda", "list-versions-by-function", "--function-name", NAME)
        self.assertEqual([each["Version"] for each in listed["Versions"]], ["$LATEST", "1", "2"])
        self.refused(cli, "InvalidParameterValueException", "PublishVersion", "publish-version", "--function-name",
                     NAME, "--code-sha256", created["CodeSha256"])
        self.refused(cli, "PreconditionFailedException", "PublishVersion", "publish-version", "--function-name", NAME,
                     "--revision-id", "00000000-0000-4000-8000-000000000000")
        cli.ok("lambda", "delete-function", "--function-name", NAME, "--qualifier", "1")
        listed = cli.ok("lambda", "list-versions-by-function", "--function-name", NAME)
        self.assertEqual([each["Version"] for each in listed["Versions"]], ["$LATEST", "2"])

    @for_each
    def test_aliases(self, cli):
        self.create(cli, None, "--publish")
        cli.ok("lambda", "update-function-code", "--function-name", NAME, "--publish", "--zip-file",
               cli.write("function.zip", answering(2)))
        made = cli.ok("lambda", "create-alias", "--function-name", NAME, "--name", "prod", "--function-version", "1",
                      "--routing-config", 'AdditionalVersionWeights={2=0.1}')
        self.assertEqual((made["AliasArn"], made["RoutingConfig"]), (f"{ARN}:prod", {"AdditionalVersionWeights": {"2": 0.1}}))
        got = cli.ok("lambda", "get-alias", "--function-name", NAME, "--name", "prod")
        self.assertEqual(got, made)
        # The same as JSON, as the CLI's manual has it; and an empty map to clear it.
        changed = cli.ok("lambda", "update-alias", "--function-name", NAME, "--name", "prod", "--routing-config",
                         '{"AdditionalVersionWeights": {"2": 0.5}}', "--revision-id", got["RevisionId"])
        self.assertEqual(changed["RoutingConfig"], {"AdditionalVersionWeights": {"2": 0.5}})
        cleared = cli.ok("lambda", "update-alias", "--function-name", NAME, "--name", "prod", "--routing-config",
                         "AdditionalVersionWeights={}")
        self.assertNotIn("RoutingConfig", cleared)
        listed = cli.ok("lambda", "list-aliases", "--function-name", NAME, "--function-version", "1")
        self.assertEqual([each["Name"] for each in listed["Aliases"]], ["prod"])
        self.refused(cli, "ResourceConflictException", "CreateAlias", "create-alias", "--function-name", NAME,
                     "--name", "prod", "--function-version", "1")
        self.refused(cli, "ResourceNotFoundException", "UpdateAlias", "update-alias", "--function-name", NAME,
                     "--name", "nope", "--function-version", "1")
        self.refused(cli, "ResourceConflictException", "DeleteFunction", "delete-function", "--function-name",
                     f"{NAME}:1")
        cli.ok("lambda", "delete-alias", "--function-name", NAME, "--name", "prod")
        self.refused(cli, "ResourceNotFoundException", "GetAlias", "get-alias", "--function-name", NAME, "--name",
                     "prod")

    @for_each
    def test_policies_and_tags(self, cli):
        self.create(cli)
        added = cli.ok("lambda", "add-permission", "--function-name", NAME, "--statement-id", "s3", "--action",
                       "lambda:InvokeFunction", "--principal", "s3.amazonaws.com", "--source-arn", "arn:aws:s3:::b")
        self.assertEqual(json.loads(added["Statement"])["Principal"], {"Service": "s3.amazonaws.com"})
        policy = cli.ok("lambda", "get-policy", "--function-name", NAME)
        self.assertEqual([each["Sid"] for each in json.loads(policy["Policy"])["Statement"]], ["s3"])
        cli.ok("lambda", "remove-permission", "--function-name", NAME, "--statement-id", "s3")
        self.refused(cli, "ResourceNotFoundException", "GetPolicy", "get-policy", "--function-name", NAME)
        cli.ok("lambda", "tag-resource", "--resource", ARN, "--tags", "a=b,c=d")
        cli.ok("lambda", "untag-resource", "--resource", ARN, "--tag-keys", "a")
        self.assertEqual(cli.ok("lambda", "list-tags", "--resource", ARN)["Tags"], {"c": "d"})

    @for_each
    def test_invokes(self, cli):
        self.create(cli, python_zip("def handler(event, context):\n    print('a line')\n    return event\n"))
        said = cli.ok("lambda", "invoke", "--function-name", NAME, "--payload", '{"hello": "cli"}', "--log-type",
                      "Tail", "response.json")
        self.assertEqual((said["StatusCode"], said["ExecutedVersion"]), (200, "$LATEST"))
        self.assertEqual(json.loads(cli.read("response.json")), {"hello": "cli"})
        tail = cli.shell(f"aws lambda invoke --function-name {NAME} --log-type Tail --query LogResult --output text "
                         "response.json | base64 -d")
        self.assertIn("a line\n", tail.out)
        self.assertIn("REPORT RequestId: ", tail.out)
        self.assertEqual(cli.ok("lambda", "invoke", "--function-name", NAME, "--invocation-type", "Event",
                                "response.json"), {"StatusCode": 202})
        self.assertEqual(cli.ok("lambda", "invoke", "--function-name", NAME, "--invocation-type", "DryRun",
                                "response.json"), {"StatusCode": 204})
        cli.write("arguments.json", b"{}")
        cli.ok("lambda", "invoke-async", "--function-name", NAME, "--invoke-args", "arguments.json")
        error = self.refused(cli, "ResourceNotFoundException", "Invoke", "invoke", "--function-name", f"{NAME}:nope",
                             "response.json")
        self.assertIn(f"Function not found: {ARN}:nope", error)


class Waiters(CliCase):
    OPTIONS = ("--activation-delay", "15000")  # longer than two commands take on a busy machine

    @for_each
    def test_they_wait_for_states_that_take_their_time(self, cli):
        created = self.create(cli)
        self.assertEqual(created["State"], "Pending")
        self.refused(cli, "ResourceConflictException", "PublishVersion", "publish-version", "--function-name", NAME)
        cli.ok("lambda", "wait", "function-active-v2", "--function-name", NAME)
        updated = cli.ok("lambda", "update-function-configuration", "--function-name", NAME, "--timeout", "7")
        self.assertEqual(updated["LastUpdateStatus"], "InProgress")
        cli.ok("lambda", "wait", "function-updated-v2", "--function-name", NAME)
        self.assertEqual(cli.ok("lambda", "get-function-configuration", "--function-name", NAME)["LastUpdateStatus"],
                         "Successful")
        published = cli.ok("lambda", "publish-version", "--function-name", NAME)
        cli.ok("lambda", "wait", "published-version-active", "--function-name", NAME, "--qualifier",
               published["Version"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
