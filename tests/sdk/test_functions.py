"""Functions through boto3: create, read, update, list, delete."""

import base64
import hashlib
import io
import json
import re
import unittest
import urllib.request
import zipfile

from function_code import ECHO, NODE, PYTHON, ROLE, answering, zipped
from sdk_clients import LambdaCase, client_for

EVERY_BOTO3 = True

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$")


class Create(LambdaCase):
    def test_defaults(self):
        """What the answer holds when only what is required was given (recorded: test_function_lifecycle)."""
        response = self.create()
        self.assertEqual(self.status(response), 201)
        plain = self.plain(response)
        self.assertRegex(plain.pop("RevisionId"), UUID)
        self.assertRegex(plain.pop("LastModified"), TIME)
        known = self.client.meta.service_model.shape_for("FunctionConfiguration").members  # an old boto3 drops the rest
        if "RuntimeVersionConfig" in known:
            self.assertRegex(plain.pop("RuntimeVersionConfig")["RuntimeVersionArn"],
                             r"^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$")
        expected = {
            "FunctionName": "order-processor", "FunctionArn": self.arn(), "Runtime": PYTHON, "Role": ROLE,
            "Handler": "index.handler", "CodeSize": len(ECHO),
            "CodeSha256": base64.b64encode(hashlib.sha256(ECHO).digest()).decode(),
            "Description": "", "Timeout": 3, "MemorySize": 128, "Version": "$LATEST",
            "TracingConfig": {"Mode": "PassThrough"}, "State": "Pending",
            "StateReason": "The function is being created.", "StateReasonCode": "Creating", "PackageType": "Zip",
            "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/order-processor"}}
        self.assertEqual(plain, {name: value for name, value in expected.items() if name in known})

    def test_everything_given_comes_back(self):
        given = {
            "Description": "Processes orders", "Timeout": 30, "MemorySize": 512,
            "Environment": {"Variables": {"STAGE": "test", "EMPTY": ""}}, "Architectures": ["arm64"],
            "EphemeralStorage": {"Size": 1024}, "TracingConfig": {"Mode": "Active"},
            "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN",
                              "LogGroup": "/orders"},
            "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
            "KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-4111-8111-111111111111",
        }
        if "LoggingConfig" not in self.client.meta.service_model.operation_model(
                "CreateFunction").input_shape.members:
            del given["LoggingConfig"]  # this boto3 is from before it
        self.create(Tags={"team": "orders"}, **given)
        self.client.get_waiter("function_active_v2").wait(FunctionName="order-processor")
        answer = self.client.get_function(FunctionName="order-processor")
        configuration = answer["Configuration"]
        for name, value in given.items():
            self.assertEqual(configuration[name], value, name)
        self.assertEqual(answer["Tags"], {"team": "orders"})

    def test_publish_at_once(self):
        response = self.create(Publish=True)
        # The ARN is not qualified here, unlike in the answer of an update that publishes (recorded by LocalStack's
        # test_version_on_create).
        self.assertEqual((response["Version"], response["FunctionArn"]), ("1", self.arn()))
        versions = self.client.list_versions_by_function(FunctionName="order-processor")["Versions"]
        self.assertEqual([each["Version"] for each in versions], ["$LATEST", "1"])

    def test_twice(self):
        self.create()
        self.refused("ResourceConflictException", 409, self.create, message="Function already exist: order-processor")

    def test_by_partial_and_whole_arn(self):
        for name in ("123456789012:function:a", self.arn("b")):
            self.create(name)
        names = [each["FunctionName"] for each in self.client.list_functions()["Functions"]]
        self.assertEqual(sorted(names), ["a", "b"])

    def test_image(self):
        uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/orders:1"
        created = self.client.create_function(FunctionName="image", Role=ROLE, PackageType="Image",
                                              Code={"ImageUri": uri})
        self.assertEqual(created["PackageType"], "Image")
        self.assertNotIn("Runtime", created)
        self.assertNotIn("Handler", created)
        code = self.client.get_function(FunctionName="image")["Code"]
        self.assertEqual((code["RepositoryType"], code["ImageUri"]), ("ECR", uri))
        changed = self.client.update_function_code(FunctionName="image", ImageUri=uri[:-1] + "2")
        self.assertEqual(self.status(changed), 200)
        self.assertEqual(self.client.get_function(FunctionName="image")["Code"]["ImageUri"], uri[:-1] + "2")

    def test_missing_members_are_named_all_at_once(self):
        response = self.refused("ValidationException", 400, self.client.create_function, FunctionName="x")
        message = response["Error"]["Message"]
        self.assertIn("2 validation errors detected: ", message)
        for member in ("role", "code"):
            self.assertIn(f"Value null at '{member}' failed to satisfy constraint: Member must not be null", message)

    def test_many_violations_at_once(self):
        response = self.refused("ValidationException", 400, self.create, Timeout=0, MemorySize=1, Role="r1",
                                TracingConfig={"Mode": "Sometimes"})
        message = response["Error"]["Message"]
        self.assertTrue(message.startswith("4 validation errors detected: "), message)
        for member in ("timeout", "memorySize", "role", "tracingConfig.mode"):
            self.assertIn(f"at '{member}' failed", message)

    def test_wrong_json_types(self):
        for body in ('{"FunctionName": 1}', '{"FunctionName": "x", "Timeout": "soon"}', "[]", '"x"', "{", "\xff"):
            answer = self.server.post("/2015-03-31/functions", body.encode("latin-1"))
            self.assertEqual(answer.status, 400, (body, answer))
            self.assertIn("x-amzn-errortype", answer.headers)


class Read(LambdaCase):
    def test_get_function(self):
        self.create()
        self.client.get_waiter("function_active_v2").wait(FunctionName="order-processor")
        answer = self.client.get_function(FunctionName="order-processor")
        self.assertEqual(self.status(answer), 200)
        configuration = answer["Configuration"]
        self.assertEqual((configuration["State"], configuration["LastUpdateStatus"]), ("Active", "Successful"))
        for absent in ("StateReason", "StateReasonCode", "Layers", "Environment", "VpcConfig"):
            self.assertNotIn(absent, configuration)
        self.assertNotIn("Tags", answer)
        self.assertEqual(answer["Code"]["RepositoryType"], "S3")
        self.assertEqual(configuration, self.plain(self.client.get_function_configuration(
            FunctionName="order-processor")))

    def test_the_code_location_downloads_the_same_zip(self):
        source = zipped({"index.py": "def handler(event, context):\n    return 1\n", "data/a b.txt": "x" * 5000})
        self.create(code=source, Publish=True)
        for qualifier in (None, "$LATEST", "1"):
            more = {"Qualifier": qualifier} if qualifier else {}
            code = self.client.get_function(FunctionName="order-processor", **more)["Code"]
            self.assertTrue(code["Location"].startswith(self.server.endpoint), code)
            with urllib.request.urlopen(code["Location"], timeout=20) as download:
                content = download.read()
            self.assertEqual(hashlib.sha256(content).digest(), hashlib.sha256(source).digest())
            self.assertEqual(zipfile.ZipFile(io.BytesIO(content)).read("data/a b.txt"), b"x" * 5000)

    def test_unknown(self):
        self.refused("ResourceNotFoundException", 404, self.client.get_function, FunctionName="nope",
                     message=f"Function not found: {self.arn('nope')}")


class UpdateCode(LambdaCase):
    def test_new_code(self):
        created = self.create()
        updated = self.update_code(answering(2))
        self.assertEqual(updated["LastUpdateStatus"], "InProgress")
        self.assertEqual(updated["LastUpdateStatusReason"], "The function is being created.")
        self.assertEqual(updated["LastUpdateStatusReasonCode"], "Creating")
        self.assertNotEqual(updated["RevisionId"], created["RevisionId"])
        self.assertNotEqual(updated["CodeSha256"], created["CodeSha256"])
        self.assertEqual(updated["CodeSize"], len(answering(2)))
        self.client.get_waiter("function_updated_v2").wait(FunctionName="order-processor")
        self.assertEqual(self.invoke()[0], 2)

    def test_dry_run_changes_nothing(self):
        self.create()
        before = self.plain(self.client.get_function_configuration(FunctionName="order-processor"))
        dry = self.update_code(answering(2), DryRun=True)
        self.assertEqual(dry["CodeSha256"], base64.b64encode(hashlib.sha256(answering(2)).digest()).decode())
        self.assertEqual(self.plain(self.client.get_function_configuration(FunctionName="order-processor")), before)
        self.refused("InvalidParameterValueException", 400, self.update_code, b"not a zip", DryRun=True)

    def test_publish(self):
        self.create()
        updated = self.update_code(answering(2), Publish=True)
        self.assertEqual((updated["Version"], updated["FunctionArn"]), ("1", self.arn(qualifier="1")))
        self.assertEqual(self.invoke(Qualifier="1")[0], 2)

    def test_architectures(self):
        self.create()
        self.assertEqual(self.update_code(ECHO, Architectures=["arm64"])["Architectures"], ["arm64"])
        configuration = self.client.get_function_configuration(FunctionName="order-processor")
        self.assertEqual(configuration["Architectures"], ["arm64"])

    def test_revision_id(self):
        self.create()
        revision = self.client.get_function_configuration(FunctionName="order-processor")["RevisionId"]
        changed = self.update_code(answering(2), RevisionId=revision)
        self.assertNotEqual(changed["RevisionId"], revision)
        self.refused("PreconditionFailedException", 412, self.update_code, answering(3), RevisionId=revision)
        self.assertEqual(self.invoke()[0], 2)

    def test_unknown_function(self):
        self.refused("ResourceNotFoundException", 404, self.update_code, ECHO, "nope",
                     message=f"Function not found: {self.arn('nope')}")

    def test_what_runs_finishes_on_the_old_code(self):
        self.create(code=answering(1))
        self.assertEqual(self.invoke()[0], 1)
        self.update_code(answering(2))
        for _ in range(3):
            self.assertEqual(self.invoke()[0], 2)


class UpdateConfiguration(LambdaCase):
    def test_members_change_and_the_others_stay(self):
        self.create(Description="first", Environment={"Variables": {"STAGE": "1"}})
        updated = self.client.update_function_configuration(FunctionName="order-processor", Timeout=9)
        self.assertEqual((updated["Timeout"], updated["Description"]), (9, "first"))
        self.assertEqual(updated["Environment"], {"Variables": {"STAGE": "1"}})
        self.assertEqual(updated["LastUpdateStatus"], "InProgress")
        updated = self.client.update_function_configuration(
            FunctionName="order-processor", Description="", Environment={"Variables": {}})
        self.assertEqual((updated["Timeout"], updated["Description"]), (9, ""))
        self.assertNotIn("STAGE", updated.get("Environment", {}).get("Variables", {}))

    def test_every_update_gives_a_new_revision(self):
        revisions = {self.create()["RevisionId"]}
        for timeout in (4, 5, 5):
            revisions.add(self.client.update_function_configuration(
                FunctionName="order-processor", Timeout=timeout)["RevisionId"])
        self.assertEqual(len(revisions), 4)

    def test_the_code_sees_it(self):
        source = zipped({"index.py": "import os\n\ndef handler(event, context):\n    return [os.environ.get('STAGE'), "
                                     "context.memory_limit_in_mb]\n"})
        self.create(code=source, Environment={"Variables": {"STAGE": "one"}})
        self.assertEqual(self.invoke()[0][0], "one")
        self.client.update_function_configuration(FunctionName="order-processor", MemorySize=256,
                                                  Environment={"Variables": {"STAGE": "two"}})
        said = self.invoke()[0]
        self.assertEqual((said[0], int(said[1])), ("two", 256))

    def test_handler_and_runtime(self):
        self.create(code=zipped({"index.py": "def handler(e, c):\n    return 'python'\n",
                                 "index.js": "exports.handler = async () => 'node';\n"}))
        self.assertEqual(self.invoke()[0], "python")
        self.client.update_function_configuration(FunctionName="order-processor", Runtime=NODE)
        self.assertEqual(self.invoke()[0], "node")

    def test_reserved_environment_variables(self):
        response = self.refused("InvalidParameterValueException", 400, self.create,
                                Environment={"Variables": {"AWS_REGION": "x", "OK": "y"}})
        self.assertIn("reserved keys that are currently not supported for modification", response["Error"]["Message"])
        self.assertIn("AWS_REGION", response["Error"]["Message"])


class Listing(LambdaCase):
    def test_paging(self):
        names = [f"function-{number:03}" for number in range(55)]
        for name in names:
            self.create(name)
        first = self.client.list_functions()
        self.assertEqual(len(first["Functions"]), 50)
        self.assertIn("NextMarker", first)
        rest = self.client.list_functions(Marker=first["NextMarker"])
        self.assertNotIn("NextMarker", rest)
        self.assertEqual(sorted(each["FunctionName"] for each in first["Functions"] + rest["Functions"]), names)
        for size in (1, 7, 50):
            pages = list(self.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": size}))
            self.assertTrue(all(len(page["Functions"]) <= size for page in pages))
            found = [each["FunctionName"] for page in pages for each in page["Functions"]]
            self.assertEqual(sorted(found), names)

    def test_all_versions(self):
        for name in ("a", "b"):
            self.create(name, Publish=True)
            self.update_code(answering(2), name, Publish=True)
        found = self.client.list_functions(FunctionVersion="ALL")["Functions"]
        self.assertEqual(sorted((each["FunctionName"], each["Version"]) for each in found),
                         [("a", "$LATEST"), ("a", "1"), ("a", "2"), ("b", "$LATEST"), ("b", "1"), ("b", "2")])
        self.assertTrue(all("$LATEST" == each["Version"] for each in self.client.list_functions()["Functions"]))
        pages = self.client.get_paginator("list_functions").paginate(
            FunctionVersion="ALL", PaginationConfig={"PageSize": 2})
        self.assertEqual(sum(len(page["Functions"]) for page in pages), 6)

    def test_what_a_listing_leaves_out(self):
        """A listing has configurations, without what only a single read tells (State, LastUpdateStatus)."""
        self.create()
        found = self.client.list_functions()["Functions"][0]
        self.assertEqual(found["FunctionArn"], self.arn())
        self.assertEqual(found["CodeSize"], len(ECHO))

    def test_nothing(self):
        self.assertEqual(self.client.list_functions()["Functions"], [])

    def test_wrong_marker_and_size(self):
        self.create()
        for size in (0, 10001):
            response = self.refused("ValidationException", 400, self.client.list_functions, MaxItems=size)
            self.assertIn("at 'maxItems' failed to satisfy constraint", response["Error"]["Message"])


class Delete(LambdaCase):
    def test_whole_function(self):
        self.create(Publish=True, Tags={"a": "b"})
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1")
        response = self.client.delete_function(FunctionName="order-processor")
        self.assertEqual(self.status(response), 204)
        self.refused("ResourceNotFoundException", 404, self.client.get_function, FunctionName="order-processor")
        self.assertEqual(self.client.list_functions(FunctionVersion="ALL")["Functions"], [])
        self.refused("ResourceNotFoundException", 404, self.client.delete_function, FunctionName="order-processor")

    def test_a_new_function_of_the_same_name_begins_anew(self):
        self.create(code=answering(1), Publish=True)
        self.assertEqual(self.invoke()[0], 1)
        self.client.delete_function(FunctionName="order-processor")
        self.create(code=answering(2))
        self.assertEqual(self.invoke()[0], 2)
        self.assertNotIn("Tags", self.client.get_function(FunctionName="order-processor"))
        self.assertEqual(self.client.list_aliases(FunctionName="order-processor")["Aliases"], [])

    def test_latest_alone_cannot_go(self):
        self.create()
        self.refused("InvalidParameterValueException", 400, self.client.delete_function,
                     FunctionName="order-processor", Qualifier="$LATEST",
                     message="$LATEST version cannot be deleted without deleting the function.")


class AccountsAndRegions(LambdaCase):
    def test_state_is_apart(self):
        clients = {(account, region): client_for(self.server.endpoint, region, account)
                   for account in ("123456789012", "999988887777") for region in ("us-east-1", "eu-west-1")}
        for number, ((account, region), client) in enumerate(clients.items()):
            self.create("same-name", answering(number), client=client)
            self.create(f"only-{number}", client=client)
            found = client.get_function_configuration(FunctionName="same-name")
            self.assertEqual(found["FunctionArn"], self.arn("same-name", region=region, account=account))
        for number, client in enumerate(clients.values()):
            self.assertEqual(sorted(each["FunctionName"] for each in client.list_functions()["Functions"]),
                             [f"only-{number}", "same-name"])
            self.assertEqual(self.invoke_with(client), number)

    def invoke_with(self, client):
        return json.loads(client.invoke(FunctionName="same-name")["Payload"].read())

    def test_other_access_keys_mean_the_default_account(self):
        client = client_for(self.server.endpoint, account="AKIAIOSFODNN7EXAMPLE")
        self.create("mine", client=client)
        self.assertEqual(self.client.get_function_configuration(FunctionName="mine")["FunctionArn"], self.arn("mine"))


class Slow(LambdaCase):
    """With --activation-delay, states last."""

    OPTIONS = ("--activation-delay", "700")

    def test_pending_then_active_and_in_progress_then_successful(self):
        created = self.create(code=answering(1))
        self.assertEqual(created["State"], "Pending")
        self.assertNotIn("LastUpdateStatus", created)
        found = self.client.get_function_configuration(FunctionName="order-processor")
        self.assertEqual(found["State"], "Pending")
        self.refused("ResourceConflictException", 409, self.publish)
        self.client.get_waiter("function_active_v2").wait(
            FunctionName="order-processor", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        active = self.client.get_function_configuration(FunctionName="order-processor")
        self.assertEqual((active["State"], active["LastUpdateStatus"]), ("Active", "Successful"))

        updated = self.update_code(answering(2))
        self.assertEqual((updated["State"], updated["LastUpdateStatus"]), ("Active", "InProgress"))
        self.client.get_waiter("function_updated_v2").wait(
            FunctionName="order-processor", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        done = self.client.get_function_configuration(FunctionName="order-processor")
        self.assertEqual(done["LastUpdateStatus"], "Successful")
        self.assertNotEqual(done["RevisionId"], updated["RevisionId"], "the change to Successful is a revision too")
        self.assertEqual(self.invoke()[0], 2)


if __name__ == "__main__":
    unittest.main(verbosity=1)
