"""The SAM transform makes of a template what aws-sam-translator makes of it."""

import copy
import json
import os
import re
import unittest

from sam_corpus import corpus
from sam_corpus_apis import api_corpus
from sdk_clients import LambdaCase, client_for

try:
    from samtranslator.translator.transform import transform
except ImportError:
    transform = None

# Digits of a REST API's deployment: the translator's come of how Python 2 wrote a dictionary. What matters is kept: another
# document, another deployment.
DIGITS = re.compile(r"(Deployment)[0-9a-f]{10}\b|(deployment id: )[0-9a-f]{40}")


def without_digits(document):
    return json.loads(DIGITS.sub(lambda match: match[1] or match[2], json.dumps(document)))


class ManagedPolicies:
    def load(self):
        return {"AmazonDynamoDBReadOnlyAccess": "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"}


@unittest.skipIf(transform is None, "aws-sam-translator is not installed")
class Transform(LambdaCase):
    maxDiff = None

    def ours(self, name, template):
        cfn = client_for(self.server.endpoint, service="cloudformation")
        made = cfn.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType="CREATE",
                                     TemplateBody=json.dumps(template),
                                     Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"])
        try:
            described = cfn.describe_change_set(ChangeSetName=made["Id"])
            if described["Status"] == "FAILED":
                return described["StatusReason"]
            body = cfn.get_template(StackName="s", ChangeSetName="c", TemplateStage="Processed")["TemplateBody"]
            return json.loads(body) if isinstance(body, str) else json.loads(json.dumps(body))
        finally:
            cfn.delete_change_set(ChangeSetName=made["Id"])

    def test_corpus(self):
        os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
        cases = corpus() + api_corpus()
        self.assertGreaterEqual(len(cases), 200)
        for name, template in cases:
            with self.subTest(name):
                theirs = without_digits(transform(copy.deepcopy(template), {}, ManagedPolicies()))
                ours = self.ours(name, template)
                self.assertIsInstance(ours, dict, ours)
                ours = without_digits(ours)
                self.assertEqual(sorted(ours["Resources"]), sorted(theirs["Resources"]))
                for logical_id, resource in theirs["Resources"].items():
                    self.assertEqual(ours["Resources"][logical_id], resource, logical_id)
                self.assertEqual(ours.get("Outputs"), theirs.get("Outputs"))
                self.assertEqual(ours.get("Conditions"), theirs.get("Conditions"))


if __name__ == "__main__":
    unittest.main()
