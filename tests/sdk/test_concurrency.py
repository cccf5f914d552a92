"""Reserved and provisioned concurrency with real environments."""

import threading
import unittest

from function_code import python_zip
from sdk_clients import LambdaCase

TELLING = python_zip("import os, time\n\ndef handler(event, context):\n    time.sleep(event.get('sleep', 0))\n"
                     "    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n")
BROKEN = python_zip("raise RuntimeError('no')\n")


class Concurrency(LambdaCase):
    def together(self, count, qualifier=None):
        """The answers of so many invokes at once: what the function said, or the reason of its refusal."""
        answers = []

        def one():
            answer = self.server.post(
                "/2015-03-31/functions/order-processor/invocations" + (f"?Qualifier={qualifier}" if qualifier else ""),
                {"sleep": 1.5})
            answers.append(answer.json()["Reason"] if answer.status == 429 else answer.json())
        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(answers)

    def test_reserved_concurrency_bounds_the_function(self):
        self.create(code=TELLING, Timeout=30)
        answer = self.client.put_function_concurrency(FunctionName="order-processor", ReservedConcurrentExecutions=2)
        self.assertEqual(answer["ReservedConcurrentExecutions"], 2)
        self.assertEqual(self.client.get_function(FunctionName="order-processor")["Concurrency"],
                         {"ReservedConcurrentExecutions": 2})
        self.assertEqual(self.together(4), ["ReservedFunctionConcurrentInvocationLimitExceeded"] * 2 + ["on-demand"] * 2)
        self.client.put_function_concurrency(FunctionName="order-processor", ReservedConcurrentExecutions=0)
        self.refused("TooManyRequestsException", 429, self.client.invoke, FunctionName="order-processor",
                     message="Rate Exceeded.")
        self.client.delete_function_concurrency(FunctionName="order-processor")
        self.assertNotIn("ReservedConcurrentExecutions",
                         self.client.get_function_concurrency(FunctionName="order-processor"))
        self.assertEqual(self.invoke(payload={})[0], "on-demand")

    def ready(self, qualifier):
        def probe():
            state = self.client.get_provisioned_concurrency_config(FunctionName="order-processor", Qualifier=qualifier)
            return state if state["Status"] != "IN_PROGRESS" else None
        return self.eventually(probe, 60, "provisioning")

    def test_provisioned_environments_are_warm_and_spill_over(self):
        self.create(code=TELLING, Timeout=30)
        self.publish()
        self.client.create_alias(FunctionName="order-processor", Name="live", FunctionVersion="1")
        put = self.client.put_provisioned_concurrency_config(
            FunctionName="order-processor", Qualifier="live", ProvisionedConcurrentExecutions=2)
        self.assertEqual((put["Status"], self.status(put)), ("IN_PROGRESS", 202))
        state = self.ready("live")
        self.assertEqual((state["Status"], state["AvailableProvisionedConcurrentExecutions"]), ("READY", 2))
        rows = self.server.get("/_aviary/environments").json()["environments"]
        self.assertEqual([(row["version"], row["provisioned"]) for row in rows], [("1", True)] * 2)
        self.assertEqual(self.together(3, "live"), ["on-demand"] + ["provisioned-concurrency"] * 2)
        listed = self.client.list_provisioned_concurrency_configs(FunctionName="order-processor")
        self.assertEqual([each["FunctionArn"] for each in listed["ProvisionedConcurrencyConfigs"]],
                         [self.arn(qualifier="live")])
        self.client.delete_provisioned_concurrency_config(FunctionName="order-processor", Qualifier="live")
        self.eventually(lambda: not any(row["provisioned"] for row in
                                        self.server.get("/_aviary/environments").json()["environments"]))

    def test_a_failing_init_is_told(self):
        self.create(code=BROKEN)
        self.publish()
        self.client.put_provisioned_concurrency_config(
            FunctionName="order-processor", Qualifier="1", ProvisionedConcurrentExecutions=1)
        state = self.ready("1")
        self.assertEqual((state["Status"], state["StatusReason"]), ("FAILED", "FUNCTION_ERROR_INIT_FAILURE"))

    def test_deleting_the_function_ends_its_environments(self):
        self.create(code=TELLING)
        self.publish()
        self.client.put_provisioned_concurrency_config(
            FunctionName="order-processor", Qualifier="1", ProvisionedConcurrentExecutions=1)
        self.ready("1")
        self.client.delete_function(FunctionName="order-processor")
        self.eventually(lambda: not self.server.get("/_aviary/environments").json()["environments"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
