"""Versions that start from an environment that was initialised ahead."""

import base64
import unittest

from function_code import python_zip
from sdk_clients import LambdaCase

HOOKS = python_zip("""\
import os
import time
from snapshot_restore_py import register_after_restore, register_before_snapshot

time.sleep(1)
done = ["init"]

@register_before_snapshot
def first():
    done.append("before 1")

register_before_snapshot(lambda text: done.append(text), "before 2")

@register_after_restore
def restored():
    done.append("after")
    if os.environ.get("BREAK"):
        raise RuntimeError("no connection")

def handler(event, context):
    return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], done, context.log_group_name]
""")


class SnapStart(LambdaCase):
    def published(self, code=HOOKS, **more):
        self.create(code=code, Runtime="python3.12", SnapStart={"ApplyOn": "PublishedVersions"}, **more)
        self.client.get_waiter("function_active_v2").wait(FunctionName="order-processor")
        version = self.publish()
        self.assertEqual((version["State"], version["SnapStart"]["OptimizationStatus"]), ("Pending", "Off"))

        def settled():
            state = self.client.get_function_configuration(FunctionName="order-processor", Qualifier="1")
            return state if state["State"] != "Pending" else None
        return version, self.eventually(settled, 30, "the snapshot")

    def test_the_first_invoke_finds_an_initialised_environment(self):
        _, state = self.published()
        self.assertEqual((state["State"], state["SnapStart"]["OptimizationStatus"]), ("Active", "On"))
        rows = self.server.get("/_aviary/environments").json()["environments"]
        self.assertEqual([(row["version"], row["initialization"], row["invokes"]) for row in rows],
                         [("1", "snap-start", 0)])
        said, response = self.invoke(Qualifier="1", LogType="Tail")
        self.assertEqual(said, ["snap-start", ["init", "before 2", "before 1", "after"], None])
        log = base64.b64decode(response["LogResult"]).decode()
        self.assertIn("\tRestore Duration: ", log)
        self.assertIn("\tBilled Restore Duration: ", log)
        self.assertNotIn("Init Duration", log)
        self.eventually(lambda: len(self.server.get("/_aviary/environments").json()["environments"]) == 2, 30,
                        "the next one")
        self.assertEqual(self.invoke()[0][0], "on-demand", "$LATEST has no snapshot")

    def test_what_fails(self):
        _, state = self.published(code=python_zip("import nothing_of_that_name\n"))
        self.assertEqual((state["State"], state["StateReasonCode"]), ("Failed", "FunctionError.RuntimeInitError"))
        self.refused("ResourceConflictException", 409, self.client.invoke, FunctionName="order-processor",
                     Qualifier="1")
        self.client.delete_function(FunctionName="order-processor")
        _, state = self.published(Environment={"Variables": {"BREAK": "yes"}})
        self.assertEqual(state["State"], "Active")
        self.refused("SnapStartException", 400, self.client.invoke, FunctionName="order-processor", Qualifier="1")
        streamed = self.server.post("/2021-11-15/functions/order-processor/response-streaming-invocations?Qualifier=1", {})
        self.assertEqual((streamed.status, streamed.headers["x-amzn-errortype"]), (400, "SnapStartException"), streamed)


if __name__ == "__main__":
    unittest.main()
