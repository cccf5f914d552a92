"""Resource policies, tags and account settings through boto3."""

import json
import unittest

from function_code import ECHO, answering
from sdk_clients import LambdaCase

NAME = "order-processor"


class Policies(LambdaCase):
    def setUp(self):
        super().setUp()
        self.create(Publish=True)
        self.publish_code(answering(2))
        self.client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")

    def add(self, sid="s3", principal="s3.amazonaws.com", **more):
        return self.client.add_permission(FunctionName=NAME, StatementId=sid, Action="lambda:InvokeFunction",
                                          Principal=principal, **more)

    def policy(self, **more):
        return json.loads(self.client.get_policy(FunctionName=NAME, **more)["Policy"])

    def test_a_service(self):
        response = self.add(SourceArn="arn:aws:s3:::bucket", SourceAccount="123456789012")
        self.assertEqual(self.status(response), 201)
        statement = {"Sid": "s3", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
                     "Action": "lambda:InvokeFunction", "Resource": self.arn(),
                     "Condition": {"StringEquals": {"AWS:SourceAccount": "123456789012"},
                                   "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}}}
        self.assertEqual(json.loads(response["Statement"]), statement)
        self.assertEqual(list(json.loads(response["Statement"])),
                         ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"])
        self.assertEqual(self.policy(), {"Version": "2012-10-17", "Id": "default", "Statement": [statement]})

    def test_principals(self):
        for sid, principal, expected in (
                ("account", "111122223333", {"AWS": "arn:aws:iam::111122223333:root"}),
                ("user", "arn:aws:iam::111122223333:user/me", {"AWS": "arn:aws:iam::111122223333:user/me"}),
                ("service", "events.amazonaws.com", {"Service": "events.amazonaws.com"}),
                ("all", "*", "*")):
            statement = json.loads(self.add(sid, principal)["Statement"])
            self.assertEqual(statement["Principal"], expected, sid)
        self.assertEqual([each["Sid"] for each in self.policy()["Statement"]], ["account", "user", "service", "all"])

    def test_each_qualifier_has_its_own(self):
        self.add("whole")
        self.add("alias", Qualifier="prod")
        self.add("version", Qualifier="2")
        for qualifier, sid in ((None, "whole"), ("prod", "alias"), ("2", "version")):
            more = {"Qualifier": qualifier} if qualifier else {}
            statements = self.policy(**more)["Statement"]
            self.assertEqual([(each["Sid"], each["Resource"]) for each in statements],
                             [(sid, self.arn(qualifier=qualifier))])
        self.refused("ResourceNotFoundException", 404, self.client.get_policy, FunctionName=NAME, Qualifier="1")

    def test_remove(self):
        self.add("one")
        self.add("two")
        response = self.client.remove_permission(FunctionName=NAME, StatementId="one")
        self.assertEqual(self.status(response), 204)
        self.assertEqual([each["Sid"] for each in self.policy()["Statement"]], ["two"])
        self.client.remove_permission(FunctionName=NAME, StatementId="two")
        self.refused("ResourceNotFoundException", 404, self.client.get_policy, FunctionName=NAME,
                     message="The resource you requested does not exist.")

    def test_revision_id(self):
        self.add("one")
        revision = self.client.get_policy(FunctionName=NAME)["RevisionId"]
        self.add("two", RevisionId=revision)
        self.assertNotEqual(self.client.get_policy(FunctionName=NAME)["RevisionId"], revision)
        self.refused("PreconditionFailedException", 412, self.add, "three", RevisionId=revision)
        self.refused("PreconditionFailedException", 412, self.client.remove_permission, FunctionName=NAME,
                     StatementId="one", RevisionId=revision)
        fresh = self.client.get_policy(FunctionName=NAME)["RevisionId"]
        self.client.remove_permission(FunctionName=NAME, StatementId="one", RevisionId=fresh)

    def test_gone_with_the_function(self):
        self.add()
        self.client.delete_function(FunctionName=NAME)
        self.create(code=ECHO)
        self.refused("ResourceNotFoundException", 404, self.client.get_policy, FunctionName=NAME)


class Tags(LambdaCase):
    def tags(self):
        return self.client.list_tags(Resource=self.arn())["Tags"]

    def test_lifecycle(self):
        self.create(Tags={"team": "orders"})
        self.assertEqual(self.tags(), {"team": "orders"})
        response = self.client.tag_resource(Resource=self.arn(), Tags={"stage": "prod", "team": "payments"})
        self.assertEqual(self.status(response), 204)
        self.assertEqual(self.tags(), {"team": "payments", "stage": "prod"})
        self.assertEqual(self.client.get_function(FunctionName=NAME)["Tags"], self.tags())
        response = self.client.untag_resource(Resource=self.arn(), TagKeys=["team", "unknown"])
        self.assertEqual(self.status(response), 204)
        self.assertEqual(self.tags(), {"stage": "prod"})
        self.client.untag_resource(Resource=self.arn(), TagKeys=["stage"])
        self.assertEqual(self.tags(), {})
        self.assertNotIn("Tags", self.client.get_function(FunctionName=NAME))

    def test_odd_characters(self):
        tags = {"a b/c:d=e+f-g@h": "ü €", "empty": ""}
        self.create(Tags=tags)
        self.assertEqual(self.tags(), tags)
        self.client.untag_resource(Resource=self.arn(), TagKeys=["a b/c:d=e+f-g@h"])
        self.assertEqual(self.tags(), {"empty": ""})

    def test_fifty_are_fine(self):
        self.create(Tags={f"key{number}": "" for number in range(50)})
        self.client.tag_resource(Resource=self.arn(), Tags={"key0": "again"})
        self.assertEqual(len(self.tags()), 50)
        self.refused("InvalidParameterValueException", 400, self.client.tag_resource, Resource=self.arn(),
                     Tags={"one": "more"}, message="Number of tags exceeds resource tag limit.")
        self.assertEqual(len(self.tags()), 50)

    def test_tags_are_no_revision_and_no_part_of_a_version(self):
        self.create()
        self.publish()
        self.client.tag_resource(Resource=self.arn(), Tags={"a": "b"})
        self.assertEqual(self.publish()["Version"], "1")
        self.assertEqual(self.client.get_function(FunctionName=NAME, Qualifier="1")["Configuration"]["Version"], "1")


class AccountSettings(LambdaCase):
    def settings(self):
        return self.plain(self.client.get_account_settings())

    def test_limits_and_usage(self):
        found = self.settings()
        self.assertEqual(found["AccountUsage"], {"TotalCodeSize": 0, "FunctionCount": 0})
        limits = found["AccountLimit"]
        self.assertEqual(limits["ConcurrentExecutions"], 1000)
        self.assertEqual(limits["UnreservedConcurrentExecutions"], 1000)
        self.assertEqual((limits["CodeSizeUnzipped"], limits["CodeSizeZipped"]), (262144000, 52428800))
        self.create("a")
        self.create("b", code=answering(1), Publish=True)
        usage = self.settings()["AccountUsage"]
        self.assertEqual(usage["FunctionCount"], 2)
        self.assertGreaterEqual(usage["TotalCodeSize"], len(ECHO) + len(answering(1)))


if __name__ == "__main__":
    unittest.main(verbosity=1)
