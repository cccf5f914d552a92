"""The commands of an article on blue/green and canary deployments with Lambda, in their order and as they stand there:
an order processor whose `prod` is promoted and rolled back, then the payment processor's story with real code."""

import json
import os
import unittest
from collections import Counter
from http.client import HTTPConnection

from aviary_server import ServerCase
from aws_cli import for_each
from function_code import NODE, PYTHON, ROLE, answering

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")


class Article(ServerCase):
    OPTIONS = ("--routing", "exact")

    def shell(self, cli, script):
        ran = cli.shell(script)
        self.assertEqual(ran.code, 0, (cli.version, ran))
        return ran.json() if ran.out.strip().startswith("{") else ran.out

    def create(self, cli, name, code, runtime=PYTHON, handler="index.handler"):
        cli.ok("lambda", "create-function", "--function-name", name, "--runtime", runtime, "--role", ROLE,
               "--handler", handler, "--zip-file", cli.write("first.zip", code))

    def split(self, name, count=100):
        """How often each version answered, by X-Amz-Executed-Version, and one answer of each."""
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        counts, answers = Counter(), {}
        for _ in range(count):
            answer = self.server.post(f"/2015-03-31/functions/{name}/invocations",
                                      {"amount": 200, "codes": ["SUMMER", "LOYAL"]}, connection=connection)
            self.assertEqual(answer.status, 200, answer)
            version = answer.headers["x-amz-executed-version"]
            counts[version] += 1
            answers.setdefault(version, answer.json())
        connection.close()
        return dict(counts), answers


class OrderProcessor(Article):
    @for_each
    def test_versions_and_aliases(self, cli):
        self.create(cli, "order-processor", answering("first"))
        published = self.shell(cli, """
aws lambda publish-version \\
  --function-name order-processor \\
  --description "Version 1: Initial release"
""")
        self.assertEqual((published["FunctionName"], published["FunctionArn"], published["Version"],
                          published["Description"]),
                         ("order-processor", "arn:aws:lambda:us-east-1:123456789012:function:order-processor:1", "1",
                          "Version 1: Initial release"))
        cli.ok("lambda", "update-function-code", "--function-name", "order-processor", "--publish", "--zip-file",
               cli.write("second.zip", answering("second")))
        cli.ok("lambda", "update-function-code", "--function-name", "order-processor", "--zip-file",
               cli.write("third.zip", answering("development")))

        for name, executed, said in (("order-processor", "$LATEST", "development"), ("order-processor:1", "1", "first"),
                                     ("order-processor:2", "2", "second")):
            invoked = self.shell(cli, f"""
aws lambda invoke \\
  --function-name {name} \\
  response.json
""")
            self.assertEqual((invoked["StatusCode"], invoked["ExecutedVersion"]), (200, executed))
            self.assertEqual(json.loads(cli.read("response.json")), said)

        created = self.shell(cli, """
aws lambda create-alias \\
  --function-name order-processor \\
  --name prod \\
  --function-version 1 \\
  --description "Production alias"
""")
        self.assertEqual(created["AliasArn"], "arn:aws:lambda:us-east-1:123456789012:function:order-processor:prod")
        invoked = self.shell(cli, """
aws lambda invoke \\
  --function-name order-processor:prod \\
  response.json
""")
        self.assertEqual(invoked["ExecutedVersion"], "1")

        promoted = self.shell(cli, """
aws lambda update-alias \\
  --function-name order-processor \\
  --name prod \\
  --function-version 2
""")
        self.assertEqual((promoted["FunctionVersion"], "RoutingConfig" in promoted), ("2", False))
        self.assertEqual(self.split("order-processor:prod", 10)[0], {"2": 10})

    @for_each
    def test_traffic_shifting(self, cli):
        self.create(cli, "order-processor", answering("first"))
        cli.ok("lambda", "publish-version", "--function-name", "order-processor")
        cli.ok("lambda", "update-function-code", "--function-name", "order-processor", "--publish", "--zip-file",
               cli.write("second.zip", answering("second")))
        cli.ok("lambda", "create-alias", "--function-name", "order-processor", "--name", "prod",
               "--function-version", "1")

        # As the article has it. The CLI refuses it by itself, before anything is sent: its model has no such members.
        for weight in ("0.10", "0.50"):
            refused = cli.shell(f"""
aws lambda update-alias \\
  --function-name order-processor \\
  --name prod \\
  --routing-config AdditionalVersionWeight={weight},FunctionVersion=2 \\
  --function-version 1
""")
            self.assertNotEqual(refused.code, 0)
            self.assertIn('Unknown parameter in RoutingConfig: "AdditionalVersionWeight", must be one of: '
                          "AdditionalVersionWeights", refused.err)

        for weight, split in (("0.10", {"1": 90, "2": 10}), ("0.50", {"1": 50, "2": 50})):
            # What the CLI sends for the same thing …
            shifted = self.shell(cli, f"""
aws lambda update-alias \\
  --function-name order-processor \\
  --name prod \\
  --routing-config AdditionalVersionWeights={{"2"={weight}}} \\
  --function-version 1
""")
            self.assertEqual(shifted["RoutingConfig"], {"AdditionalVersionWeights": {"2": float(weight)}})
            self.assertEqual(self.split("order-processor:prod")[0], split)
            # … and the article's own words, over plain REST.
            answer = self.server.put("/2015-03-31/functions/order-processor/aliases/prod", {
                "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeight": float(weight),
                                                          "FunctionVersion": "2"}})
            self.assertEqual((answer.status, answer.json()["RoutingConfig"]),
                             (200, {"AdditionalVersionWeights": {"2": float(weight)}}))
            self.assertEqual(self.split("order-processor:prod")[0], split)

        for version in ("2", "1"):
            moved = self.shell(cli, f"""
aws lambda update-alias \\
  --function-name order-processor \\
  --name prod \\
  --function-version {version}
""")
            self.assertNotIn("RoutingConfig", moved)
            self.assertEqual(self.split("order-processor:prod", 20)[0], {version: 20})

    @for_each
    def test_an_alias_of_its_own_for_the_canary(self, cli):
        self.create(cli, "order-processor", answering("first"))
        cli.ok("lambda", "publish-version", "--function-name", "order-processor")
        cli.ok("lambda", "update-function-code", "--function-name", "order-processor", "--publish", "--zip-file",
               cli.write("second.zip", answering("second")))
        self.shell(cli, """
# Current production alias
aws lambda create-alias \\
  --function-name order-processor \\
  --name prod \\
  --function-version 1 > /dev/null

# Canary testing alias (same event source configuration, pointing to new version)
aws lambda create-alias \\
  --function-name order-processor \\
  --name canary \\
  --function-version 2 > /dev/null
""")
        self.assertEqual(self.split("order-processor:prod", 10)[0], {"1": 10})
        self.assertEqual(self.split("order-processor:canary", 10)[0], {"2": 10})


class PaymentProcessor(Article):
    """"Bringing It All Together", by hand: version 5 in production, version 6 optimized."""

    def story(self, cli, runtime, suffix, handler, folder):
        def source(version):
            with open(os.path.join(EXAMPLES, folder, f"index_v{version}.{suffix}"), "rb") as file:
                return file.read()

        cli.write(f"index.{suffix}", source(5))
        self.shell(cli, f"zip -q function.zip index.{suffix}")
        self.create(cli, "payment-processor", cli.read("function.zip"), runtime, handler)
        for number in range(1, 6):  # four old versions, and the one in production
            path = "/2015-03-31/functions/payment-processor"
            self.server.put(f"{path}/configuration", {"Description": f"Release {number}", "Timeout": 10})
            self.assertEqual(self.server.post(f"{path}/versions", {}).json()["Version"], str(number))
        cli.ok("lambda", "create-alias", "--function-name", "payment-processor", "--name", "prod",
               "--function-version", "5")
        counts, answers = self.split("payment-processor:prod", 20)
        self.assertEqual(counts, {"5": 20})
        self.assertEqual(answers["5"], {"status": "paid", "charged": 170, "handledBy": "version 5",
                                        "discounts": "looked up one by one"})

        cli.write(f"index.{suffix}", source(6))
        self.shell(cli, f"""
# Update function code
zip -q function.zip index.{suffix}
aws lambda update-function-code \\
  --function-name payment-processor \\
  --zip-file fileb://function.zip
""")
        published = self.shell(cli, """
aws lambda publish-version \\
  --function-name payment-processor \\
  --description "Optimized discount calculation"
""")
        self.assertEqual((published["Version"], published["Description"]), ("6", "Optimized discount calculation"))
        self.assertEqual(self.split("payment-processor:prod", 20)[0], {"5": 20}, "publishing moves no traffic")

        for weight, split in (("0.10", {"5": 90, "6": 10}), ("0.50", {"5": 50, "6": 50})):
            self.shell(cli, f"""
aws lambda update-alias \\
  --function-name payment-processor \\
  --name prod \\
  --routing-config AdditionalVersionWeights={{"6"={weight}}} \\
  --function-version 5
""")
            counts, answers = self.split("payment-processor:prod")
            self.assertEqual(counts, split)
            for version, discounts in (("5", "looked up one by one"), ("6", "optimized")):
                self.assertEqual(answers[version], {"status": "paid", "charged": 170, "discounts": discounts,
                                                    "handledBy": f"version {version}"})

        for version in ("6", "5"):
            self.shell(cli, f"""
aws lambda update-alias \\
  --function-name payment-processor \\
  --name prod \\
  --function-version {version}
""")
            self.assertEqual(self.split("payment-processor:prod", 50)[0], {version: 50})

    @for_each
    def test_python(self, cli):
        self.story(cli, PYTHON, "py", "index.lambda_handler", "payment-processor-python")

    @for_each
    def test_node(self, cli):
        self.story(cli, NODE, "js", "index.handler", "payment-processor-node")


if __name__ == "__main__":
    unittest.main(verbosity=1)
