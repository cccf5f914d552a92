"""Aliases through boto3, and over plain REST where the SDK has no word for it."""

import unittest

from function_code import answering
from sdk_clients import LambdaCase

EVERY_BOTO3 = True

NAME = "order-processor"


class Aliases(LambdaCase):
    def setUp(self):
        super().setUp()
        self.create(code=answering(1), Publish=True)
        self.publish_code(answering(2))
        self.publish_code(answering(3))

    def make(self, name="prod", version="1", **more):
        return self.client.create_alias(FunctionName=NAME, Name=name, FunctionVersion=version, **more)

    def change(self, name="prod", **more):
        return self.client.update_alias(FunctionName=NAME, Name=name, **more)

    def find(self, name="prod"):
        return self.plain(self.client.get_alias(FunctionName=NAME, Name=name))


class Lifecycle(Aliases):
    def test_create(self):
        response = self.make(Description="Production alias")
        self.assertEqual(self.status(response), 201)
        self.assertEqual(self.plain(response), {
            "AliasArn": self.arn(qualifier="prod"), "Name": "prod", "FunctionVersion": "1",
            "Description": "Production alias", "RevisionId": response["RevisionId"]})
        self.assertEqual(self.find(), self.plain(response))

    def test_defaults(self):
        response = self.make()
        self.assertEqual(response["Description"], "")
        self.assertNotIn("RoutingConfig", response)

    def test_of_latest(self):
        self.make("dev", "$LATEST")
        self.update_code(answering("latest"))
        answer, response = self.invoke(Qualifier="dev")
        self.assertEqual((answer, response["ExecutedVersion"]), ("latest", "$LATEST"))

    def test_update(self):
        first = self.make(Description="one")
        second = self.change(FunctionVersion="2")
        self.assertEqual(self.status(second), 200)
        self.assertEqual((second["FunctionVersion"], second["Description"]), ("2", "one"))
        self.assertNotEqual(first["RevisionId"], second["RevisionId"])
        third = self.change(Description="three")
        self.assertEqual((third["FunctionVersion"], third["Description"]), ("2", "three"))

    def test_update_to_a_version_that_is_not_there(self):
        before = self.make()
        self.refused("ResourceNotFoundException", 404, self.change, FunctionVersion="42",
                     message=f"Function not found: {self.arn(qualifier='42')}")
        self.assertEqual(self.find(), self.plain(before))

    def test_delete(self):
        self.make()
        self.assertEqual(self.status(self.client.delete_alias(FunctionName=NAME, Name="prod")), 204)
        self.refused("ResourceNotFoundException", 404, self.client.get_alias, FunctionName=NAME, Name="prod",
                     message=f"Cannot find alias arn: {self.arn(qualifier='prod')}")
        self.refused("ResourceNotFoundException", 404, self.invoke, NAME, Qualifier="prod",
                     message=f"Function not found: {self.arn(qualifier='prod')}")
        self.assertEqual(self.status(self.client.delete_alias(FunctionName=NAME, Name="prod")), 204)

    def test_names(self):
        for name in ("a", "prod-stable", "Prod_2", "2a", "a" * 128):
            self.make(name)
            self.assertEqual(self.find(name)["Name"], name)
        for name in ("2024", "a b", "a:b", "ä", "$LATEST", "a" * 129):
            response = self.refused("ValidationException", 400, self.make, name)
            self.assertIn("at 'name' failed to satisfy constraint", response["Error"]["Message"])

    def test_invoke_follows(self):
        self.make()
        for name in (f"{NAME}:prod", self.arn(qualifier="prod"), f"123456789012:function:{NAME}:prod"):
            answer, response = self.invoke(name)
            self.assertEqual((answer, response["ExecutedVersion"]), (1, "1"))
        self.change(FunctionVersion="2")
        self.assertEqual(self.invoke(Qualifier="prod")[0], 2)
        self.change(FunctionVersion="1")
        self.assertEqual(self.invoke(Qualifier="prod")[0], 1)

    def test_get_function_through_an_alias(self):
        self.make(version="2")
        found = self.client.get_function(FunctionName=NAME, Qualifier="prod")["Configuration"]
        self.assertEqual((found["Version"], found["FunctionArn"]), ("2", self.arn(qualifier="prod")))


class Listing(Aliases):
    def test_paging_and_filter(self):
        for number in range(12):
            self.make(f"alias-{number:02}", str(number % 2 + 1))
        self.make("split", "3", RoutingConfig={"AdditionalVersionWeights": {"1": 0.25}})
        everything = [f"alias-{number:02}" for number in range(12)] + ["split"]

        def names(**more):
            pages = self.client.get_paginator("list_aliases").paginate(FunctionName=NAME, **more)
            return sorted(each["Name"] for page in pages for each in page["Aliases"])

        self.assertEqual(names(), everything)
        self.assertEqual(names(PaginationConfig={"PageSize": 5}), everything)
        first = self.client.list_aliases(FunctionName=NAME, MaxItems=5)
        self.assertEqual((len(first["Aliases"]), "NextMarker" in first), (5, True))
        self.assertEqual(names(FunctionVersion="2"), [f"alias-{number:02}" for number in range(1, 12, 2)])
        of_one = names(FunctionVersion="1")
        self.assertEqual([name for name in of_one if name != "split"],
                         [f"alias-{number:02}" for number in range(0, 12, 2)])

    def test_unknown_function(self):
        self.refused("ResourceNotFoundException", 404, self.client.list_aliases, FunctionName="nope",
                     message=f"Function not found: {self.arn('nope')}")


class RoutingConfig(Aliases):
    def weights(self, response):
        return response.get("RoutingConfig", {}).get("AdditionalVersionWeights")

    def split(self, weight=0.1, version="2"):
        return {"AdditionalVersionWeights": {version: weight}}

    def test_create_and_read(self):
        made = self.make(RoutingConfig=self.split())
        self.assertEqual(self.weights(made), {"2": 0.1})
        self.assertEqual(self.weights(self.find()), {"2": 0.1})
        self.assertEqual(self.weights(self.client.list_aliases(FunctionName=NAME)["Aliases"][0]), {"2": 0.1})

    def test_every_weight_from_zero_to_one(self):
        self.make()
        for weight in (0.0, 0.001, 0.1, 0.3333333333333333, 0.5, 1.0):
            changed = self.change(RoutingConfig=self.split(weight))
            self.assertEqual(self.weights(changed), {"2": weight})

    def test_an_empty_map_clears_it(self):
        self.make(RoutingConfig=self.split())
        changed = self.change(RoutingConfig={"AdditionalVersionWeights": {}})
        self.assertNotIn("RoutingConfig", changed)
        self.change(RoutingConfig=self.split())
        self.assertNotIn("RoutingConfig", self.change(RoutingConfig={}))

    def test_an_update_of_something_else_leaves_it(self):
        self.make(RoutingConfig=self.split())
        self.assertEqual(self.weights(self.change(Description="new")), {"2": 0.1})

    def test_function_version_alone_sends_all_traffic_there(self):
        """As the article's promote and roll-back commands expect."""
        self.make(RoutingConfig=self.split())
        promoted = self.change(FunctionVersion="2")
        self.assertEqual((promoted["FunctionVersion"], "RoutingConfig" in promoted), ("2", False))
        self.change(FunctionVersion="1", RoutingConfig=self.split(0.5))
        rolled_back = self.change(FunctionVersion="1")
        self.assertEqual((rolled_back["FunctionVersion"], "RoutingConfig" in rolled_back), ("1", False))

    def test_refusals_of_an_update_change_nothing(self):
        self.make(RoutingConfig=self.split())
        before = self.find()
        for code, status, more in (
                ("InvalidParameterValueException", 400, {"RoutingConfig": self.split(0.1, "1")}),
                ("InvalidParameterValueException", 400,
                 {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1, "3": 0.1}}}),
                ("ValidationException", 400, {"RoutingConfig": self.split(1.1)}),
                ("ValidationException", 400, {"RoutingConfig": self.split(-0.1)}),
                ("ValidationException", 400, {"RoutingConfig": self.split(0.1, "$LATEST")}),
                ("ResourceNotFoundException", 404, {"RoutingConfig": self.split(0.1, "42")}),
                ("InvalidParameterValueException", 400,
                 {"FunctionVersion": "$LATEST", "RoutingConfig": self.split()}),
                ("PreconditionFailedException", 412,
                 {"RevisionId": "00000000-0000-4000-8000-000000000000", "Description": "x"})):
            with self.subTest(more=more):
                self.refused(code, status, self.change, **more)
                self.assertEqual(self.find(), before)

    def test_revision_id(self):
        made = self.make()
        changed = self.change(RevisionId=made["RevisionId"], RoutingConfig=self.split())
        self.refused("PreconditionFailedException", 412, self.change, RevisionId=made["RevisionId"],
                     FunctionVersion="2")
        self.change(RevisionId=changed["RevisionId"], FunctionVersion="2")


class ShortForm(Aliases):
    """The article's `{"AdditionalVersionWeight": 0.10, "FunctionVersion": "2"}`, which only plain REST can send."""

    PATH = f"/2015-03-31/functions/{NAME}/aliases"

    def test_update(self):
        self.make()
        for weight in (0.10, 0.50):
            answer = self.server.put(f"{self.PATH}/prod", {
                "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeight": weight, "FunctionVersion": "2"}})
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.json()["RoutingConfig"], {"AdditionalVersionWeights": {"2": weight}})
        self.assertEqual(self.find()["RoutingConfig"], {"AdditionalVersionWeights": {"2": 0.5}})

    def test_create(self):
        answer = self.server.post(self.PATH, {
            "Name": "canary", "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeight": 0.25, "FunctionVersion": "2"}})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.find("canary")["RoutingConfig"], {"AdditionalVersionWeights": {"2": 0.25}})

    def test_the_same_rules_hold(self):
        self.make()
        for config, status in (({"AdditionalVersionWeight": 1.5, "FunctionVersion": "2"}, 400),
                               ({"AdditionalVersionWeight": -0.5, "FunctionVersion": "2"}, 400),
                               ({"AdditionalVersionWeight": 0.5, "FunctionVersion": "1"}, 400),
                               ({"AdditionalVersionWeight": 0.5, "FunctionVersion": "$LATEST"}, 400),
                               ({"AdditionalVersionWeight": 0.5, "FunctionVersion": "42"}, 404)):
            answer = self.server.put(f"{self.PATH}/prod", {"FunctionVersion": "1", "RoutingConfig": config})
            self.assertEqual(answer.status, status, (config, answer))
        self.assertNotIn("RoutingConfig", self.find())


class KeepOmittedRoutingConfig(Aliases):
    OPTIONS = ("--omitted-routing-config", "keep")

    def test_function_version_alone_leaves_the_weights(self):
        self.make(RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})
        moved = self.change(FunctionVersion="3")
        self.assertEqual(moved["FunctionVersion"], "3")
        self.assertEqual(moved["RoutingConfig"], {"AdditionalVersionWeights": {"2": 0.1}})
        self.assertNotIn("RoutingConfig", self.change(RoutingConfig={"AdditionalVersionWeights": {}}))


if __name__ == "__main__":
    unittest.main(verbosity=1)
