"""Versions through boto3: immutable snapshots, numbers that only grow."""

import unittest

from function_code import ECHO, answering, zipped
from sdk_clients import LambdaCase

EVERY_BOTO3 = True

NAME = "order-processor"


class Publish(LambdaCase):
    def test_a_version_is_a_snapshot_of_code_and_configuration(self):
        source = zipped({"index.py": "import os\n\ndef handler(event, context):\n"
                                     "    return [1, os.environ.get('STAGE'), context.function_version]\n"})
        self.create(code=source, Environment={"Variables": {"STAGE": "one"}}, Description="of the function")
        version = self.publish(Description="Version 1: Initial release")
        self.assertEqual(self.status(version), 201)
        self.assertEqual((version["Version"], version["FunctionArn"], version["Description"]),
                         ("1", self.arn(qualifier="1"), "Version 1: Initial release"))
        before = self.plain(self.client.get_function_configuration(FunctionName=NAME, Qualifier="1"))
        self.assertEqual(self.invoke(Qualifier="1")[0], [1, "one", "1"])

        self.update_code(answering(2))
        self.client.update_function_configuration(FunctionName=NAME, Timeout=60, MemorySize=1024,
                                                  Environment={"Variables": {"STAGE": "two"}})
        self.assertEqual(self.plain(self.client.get_function_configuration(FunctionName=NAME, Qualifier="1")), before)
        self.assertEqual(self.invoke(Qualifier="1")[0], [1, "one", "1"])
        self.assertEqual(self.invoke()[0], 2)

    def test_description_is_the_functions_when_none_is_given(self):
        self.create(Description="of the function")
        self.assertEqual(self.publish()["Description"], "of the function")

    def test_nothing_changed_gives_the_same_version(self):
        self.create()
        first = self.publish()
        again = self.publish(Description="another description")
        self.assertEqual((again["Version"], again["RevisionId"], again["Description"]),
                         ("1", first["RevisionId"], first["Description"]))
        self.assertEqual(self.publish_code(answering(2)), "2")
        self.assertEqual(self.publish()["Version"], "2")

    def test_a_configuration_change_alone_gives_a_new_version(self):
        self.create()
        self.publish()
        self.client.update_function_configuration(FunctionName=NAME, Timeout=9)
        self.assertEqual(self.publish()["Version"], "2")
        self.assertEqual(self.client.get_function_configuration(FunctionName=NAME, Qualifier="1")["Timeout"], 3)

    def test_going_back_to_old_code_gives_a_new_version(self):
        self.create(code=answering(1))
        self.assertEqual([self.publish()["Version"], self.publish_code(answering(2)), self.publish_code(answering(1))],
                         ["1", "2", "3"])

    def test_numbers_are_never_used_again(self):
        self.create()
        self.publish()
        self.publish_code(answering(2))
        self.client.delete_function(FunctionName=NAME, Qualifier="2")
        self.assertEqual(self.publish_code(answering(3)), "3")

    def test_code_sha256_guard(self):
        created = self.create()
        self.assertEqual(self.publish(CodeSha256=created["CodeSha256"])["Version"], "1")
        self.update_code(answering(2))
        self.refused("InvalidParameterValueException", 400, self.publish, CodeSha256=created["CodeSha256"])
        self.assertEqual(len(self.client.list_versions_by_function(FunctionName=NAME)["Versions"]), 2)

    def test_revision_id_guard(self):
        self.create()
        stale = self.client.get_function_configuration(FunctionName=NAME)["RevisionId"]
        self.client.update_function_configuration(FunctionName=NAME, Timeout=9)
        self.refused("PreconditionFailedException", 412, self.publish, RevisionId=stale)
        fresh = self.client.get_function_configuration(FunctionName=NAME)["RevisionId"]
        self.assertEqual(self.publish(RevisionId=fresh)["Version"], "1")

    def test_unknown_function(self):
        self.refused("ResourceNotFoundException", 404, self.publish, "nope",
                     message=f"Function not found: {self.arn('nope')}")

    def test_states(self):
        self.create()
        self.publish()
        self.client.get_waiter("published_version_active").wait(FunctionName=NAME, Qualifier="1")
        found = self.client.get_function_configuration(FunctionName=NAME, Qualifier="1")
        self.assertEqual((found["State"], found["LastUpdateStatus"]), ("Active", "Successful"))

    def test_invoked_one_by_one(self):
        self.create(code=answering(1))
        self.publish()
        self.publish_code(answering(2))
        self.update_code(answering("latest"))
        for name, more, said, executed in (
                (NAME, {}, "latest", "$LATEST"), (f"{NAME}:1", {}, 1, "1"), (NAME, {"Qualifier": "2"}, 2, "2"),
                (self.arn(qualifier="1"), {}, 1, "1"), (NAME, {"Qualifier": "$LATEST"}, "latest", "$LATEST")):
            answer, response = self.invoke(name, **more)
            self.assertEqual((answer, response["ExecutedVersion"]), (said, executed))


class ListVersions(LambdaCase):
    def test_paging_in_order(self):
        self.create(code=answering(0))
        for number in range(1, 13):
            self.assertEqual(self.publish_code(answering(number)), str(number))
        wanted = ["$LATEST"] + [str(number) for number in range(1, 13)]
        whole = self.client.list_versions_by_function(FunctionName=NAME)
        self.assertEqual([each["Version"] for each in whole["Versions"]], wanted)
        self.assertNotIn("NextMarker", whole)
        for size in (1, 5, 13):
            pages = list(self.client.get_paginator("list_versions_by_function").paginate(
                FunctionName=NAME, PaginationConfig={"PageSize": size}))
            self.assertEqual([each["Version"] for page in pages for each in page["Versions"]], wanted)
            self.assertTrue(all(len(page["Versions"]) <= size for page in pages))
        self.assertEqual({each["FunctionArn"] for each in whole["Versions"]},
                         {self.arn(qualifier=version) for version in wanted})

    def test_unknown_function(self):
        self.refused("ResourceNotFoundException", 404, self.client.list_versions_by_function, FunctionName="nope",
                     message=f"Function not found: {self.arn('nope')}")


class DeleteVersion(LambdaCase):
    def setUp(self):
        super().setUp()
        self.create(code=answering(1), Publish=True)
        self.publish_code(answering(2))

    def versions(self):
        return [each["Version"] for each in self.client.list_versions_by_function(FunctionName=NAME)["Versions"]]

    def test_one_version(self):
        self.assertEqual(self.status(self.client.delete_function(FunctionName=NAME, Qualifier="1")), 204)
        self.assertEqual(self.versions(), ["$LATEST", "2"])
        self.refused("ResourceNotFoundException", 404, self.invoke, NAME, Qualifier="1",
                     message=f"Function not found: {self.arn(qualifier='1')}")
        self.assertEqual(self.invoke(Qualifier="2")[0], 2)

    def test_by_name_with_the_version_inside(self):
        self.client.delete_function(FunctionName=f"{NAME}:2")
        self.assertEqual(self.versions(), ["$LATEST", "1"])

    def test_one_that_was_never_there_is_fine(self):
        self.assertEqual(self.status(self.client.delete_function(FunctionName=NAME, Qualifier="1221")), 204)

    def test_refused_while_an_alias_names_it(self):
        self.client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
        for version in ("1", "2"):
            self.refused("ResourceConflictException", 409, self.client.delete_function, FunctionName=NAME,
                         Qualifier=version)
        self.client.update_alias(FunctionName=NAME, Name="prod", FunctionVersion="2", RoutingConfig={})
        self.client.delete_function(FunctionName=NAME, Qualifier="1")
        self.assertEqual(self.versions(), ["$LATEST", "2"])

    def test_an_alias_cannot_be_deleted_as_a_version(self):
        self.client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")
        self.refused("InvalidParameterValueException", 400, self.client.delete_function, FunctionName=NAME,
                     Qualifier="prod")


class ManyVersions(LambdaCase):
    def test_a_hundred_versions_of_one_zip(self):
        """Configuration changes make new versions of the same code; each still answers for itself."""
        self.create(code=ECHO)
        for number in range(1, 101):
            self.client.update_function_configuration(FunctionName=NAME, Description=str(number))
            self.assertEqual(self.publish()["Version"], str(number))
        shas = {self.client.get_function_configuration(FunctionName=NAME, Qualifier=str(number))["CodeSha256"]
                for number in (1, 50, 100)}
        self.assertEqual(len(shas), 1)
        answer, response = self.invoke(payload={"hello": 1}, Qualifier="77")
        self.assertEqual((answer, response["ExecutedVersion"]), ({"hello": 1}, "77"))


if __name__ == "__main__":
    unittest.main(verbosity=1)
