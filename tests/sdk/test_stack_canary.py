"""A guide's SAM template as it stands, deployed twice: a canary that completes, and one that is stopped."""

import json
import os
import time
import unittest

from function_code import python_zip
from sdk_clients import LambdaCase, client_for

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "stack-canary", "template.yaml")
GOOD = "def lambda_handler(event, context):\n    return {text!r}\n"
BAD = "def lambda_handler(event, context):\n    raise ValueError('a bug')\n"


class StackCanary(LambdaCase):
    OPTIONS = ("--clock", "manual", "--routing", "exact")

    def setUp(self):
        super().setUp()
        self.cfn = client_for(self.server.endpoint, service="cloudformation")
        self.s3 = client_for(self.server.endpoint, service="s3", s3={"addressing_style": "path"})
        self.deploy = client_for(self.server.endpoint, service="codedeploy")
        self.s3.create_bucket(Bucket="artefacts")
        with open(EXAMPLE, encoding="utf-8") as file:
            self.template = file.read()

    def advance(self, seconds):
        self.assertEqual(self.server.post("/_aviary/clock/advance", {"by": f"{seconds}s"}).status, 200)

    def until(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(json.dumps(self.cfn.describe_stack_events(StackName="orders")["StackEvents"], default=str)[:3000])

    def status(self, *wanted):
        found = self.cfn.describe_stacks(StackName="orders")["Stacks"][0]["StackStatus"]
        return found if found in wanted else None

    def change(self, kind, code, key):
        self.s3.put_object(Bucket="artefacts", Key=key, Body=python_zip(code))
        made = self.cfn.create_change_set(
            StackName="orders", ChangeSetName=f"set-{key}", ChangeSetType=kind,
            TemplateBody=self.template.replace("CodeUri: src/", f"CodeUri: s3://artefacts/{key}"),
            Capabilities=["CAPABILITY_IAM"])
        self.assertEqual(self.cfn.describe_change_set(ChangeSetName=made["Id"])["Status"], "CREATE_COMPLETE")
        self.cfn.execute_change_set(ChangeSetName=made["Id"])

    def alias(self):
        return self.client.get_alias(FunctionName="order-processor", Name="prod")

    def test_canary_completes(self):
        self.change("CREATE", GOOD.format(text="one"), "one")
        self.until(lambda: self.status("CREATE_COMPLETE"))
        began = time.monotonic()
        self.change("UPDATE", GOOD.format(text="two"), "two")
        self.until(lambda: self.alias().get("RoutingConfig", {}).get("AdditionalVersionWeights") == {"2": 0.1})
        self.assertEqual(self.status("UPDATE_IN_PROGRESS"), "UPDATE_IN_PROGRESS")
        self.advance(300)
        self.until(lambda: self.status("UPDATE_COMPLETE"))
        took = time.monotonic() - began
        print(f"from CREATE_CHANGE_SET to UPDATE_COMPLETE: {took:.2f} s")
        self.assertLess(took, 3)
        self.assertEqual(self.alias()["FunctionVersion"], "2")
        deployment = self.deploy.list_deployments()["deployments"][0]
        info = self.deploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        self.assertEqual((info["status"], info["deploymentConfigName"]),
                         ("Succeeded", "CodeDeployDefault.LambdaCanary10Percent5Minutes"))

    def test_failing_canary_rolls_the_stack_back(self):
        self.change("CREATE", GOOD.format(text="one"), "one")
        self.until(lambda: self.status("CREATE_COMPLETE"))
        self.change("UPDATE", BAD, "bad")
        self.until(lambda: self.alias().get("RoutingConfig", {}).get("AdditionalVersionWeights") == {"2": 0.1})
        # A tenth fails: more than five a minute, for two minutes.
        for _ in range(2):
            for _ in range(70):
                self.server.post("/2015-03-31/functions/order-processor:prod/invocations", {})
            self.advance(60)
        self.until(lambda: self.status("UPDATE_ROLLBACK_COMPLETE"))
        info = self.deploy.get_deployment(deploymentId=self.deployment())["deploymentInfo"]
        self.assertEqual((info["status"], info["errorInformation"]["code"]), ("Stopped", "ALARM_ACTIVE"))
        alias = self.alias()
        self.assertEqual((alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})),
                         ("1", {}))

    def deployment(self):
        """The one that CloudFormation began; the other one undoes it."""
        for each in self.deploy.list_deployments()["deployments"]:
            if self.deploy.get_deployment(deploymentId=each)["deploymentInfo"]["creator"] != "codeDeployRollback":
                return each


if __name__ == "__main__":
    unittest.main()
