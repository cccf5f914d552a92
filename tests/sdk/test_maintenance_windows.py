"""Maintenance windows by boto3 and by stacks: what they are, and that functions run when they open."""

import json
import tempfile
import unittest

from aviary_server import Server
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

TELLS = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no")
    print("ran by", event.get("window"))
    return "done"
"""


class WindowCase(LambdaCase):
    OPTIONS = ("--clock", "manual")

    def setUp(self):
        super().setUp()
        self.ssm = client_for(self.server.endpoint, service="ssm")

    def window(self, **more):
        wanted = {"Name": "nightly", "Schedule": "rate(1 day)", "Duration": 3, "Cutoff": 1, "AllowUnassociatedTargets": True}
        return self.ssm.create_maintenance_window(**{**wanted, **more})["WindowId"]

    def task(self, window, **more):
        wanted = {"TaskType": "LAMBDA", "TaskArn": self.arn("tells"), "WindowId": window}
        return self.ssm.register_task_with_maintenance_window(**{**wanted, **more})["WindowTaskId"]

    def advance(self, by):
        self.assertEqual(self.server.post("/_aviary/clock/advance", {"by": by}).status, 200)

    def executions(self, window):
        return self.ssm.describe_maintenance_window_executions(WindowId=window)["WindowExecutions"]


class Windows(WindowCase):
    def test_life(self):
        id = self.window(Description="d", Tags=[{"Key": "a", "Value": "1"}], ClientToken="once")
        self.assertRegex(id, "^mw-[0-9a-f]{17}$")
        self.assertEqual(self.window(ClientToken="once"), id)
        got = self.ssm.get_maintenance_window(WindowId=id)
        self.assertEqual((got["Name"], got["Enabled"], got["Duration"], got["Cutoff"]), ("nightly", True, 3, 1))
        self.assertIn("NextExecutionTime", got)
        self.assertEqual(self.ssm.list_tags_for_resource(ResourceType="MaintenanceWindow", ResourceId=id)["TagList"],
                         [{"Key": "a", "Value": "1"}])
        updated = self.ssm.update_maintenance_window(WindowId=id, Enabled=False, Name="weekly")
        self.assertEqual((updated["Name"], updated["Enabled"], updated["Description"]), ("weekly", False, "d"))
        self.assertNotIn("NextExecutionTime", self.ssm.get_maintenance_window(WindowId=id))
        names = lambda *values: [each["Name"] for each in self.ssm.describe_maintenance_windows(
            Filters=[{"Key": "Name", "Values": list(values)}])["WindowIdentities"]]
        self.assertEqual((names("weekly"), names("nightly")), (["weekly"], []))
        replaced = self.ssm.update_maintenance_window(
            WindowId=id, Replace=True, Name="new", Schedule="cron(0 4 ? * SUN *)", Duration=2, Cutoff=0, AllowUnassociatedTargets=True)
        self.assertEqual((replaced["Enabled"], "Description" in replaced), (True, False))
        rows = self.ssm.describe_maintenance_window_schedule(WindowId=id, MaxResults=3)["ScheduledWindowExecutions"]
        self.assertEqual(len({row["ExecutionTime"] for row in rows}), 3)
        for bad in ({"Schedule": "daily"}, {"Cutoff": 3}, {"ScheduleOffset": 2}):
            self.refused("ValidationException", 400, self.ssm.create_maintenance_window, **{
                "Name": "bad", "Schedule": "rate(1 day)", "Duration": 3, "Cutoff": 1, "AllowUnassociatedTargets": True, **bad})
        self.ssm.delete_maintenance_window(WindowId=id)
        self.refused("DoesNotExistException", 400, self.ssm.get_maintenance_window, WindowId=id)

    def test_targets_and_tasks(self):
        window = self.window()
        targets = [{"Key": "tag:role", "Values": ["web"]}]
        target = self.ssm.register_target_with_maintenance_window(
            WindowId=window, ResourceType="INSTANCE", Targets=targets, Name="web-servers")["WindowTargetId"]
        rows = self.ssm.describe_maintenance_windows_for_target(Targets=targets, ResourceType="INSTANCE")
        self.assertEqual(rows["WindowIdentities"], [{"WindowId": window, "Name": "nightly"}])
        changed = self.ssm.update_maintenance_window_target(WindowId=window, WindowTargetId=target, Description="d")
        self.assertEqual((changed["Name"], changed["Description"]), ("web-servers", "d"))
        by_target = [{"Key": "WindowTargetIds", "Values": [target]}]
        task = self.task(window, TaskType="RUN_COMMAND", TaskArn="AWS-RunShellScript", Targets=by_target, MaxErrors="1",
                         MaxConcurrency="1", TaskInvocationParameters={"RunCommand": {"Parameters": {"commands": ["ls"]}}})
        got = self.ssm.get_maintenance_window_task(WindowId=window, WindowTaskId=task)
        self.assertEqual(got["TaskInvocationParameters"]["RunCommand"]["Parameters"], {"commands": ["ls"]})
        self.assertEqual(self.ssm.update_maintenance_window_task(
            WindowId=window, WindowTaskId=task, Priority=5)["Priority"], 5)
        self.assertEqual(self.ssm.describe_maintenance_window_tasks(WindowId=window)["Tasks"][0]["Type"], "RUN_COMMAND")
        self.refused("TargetInUseException", 400, self.ssm.deregister_target_from_maintenance_window, WindowId=window,
                     WindowTargetId=target, Safe=True)
        for type in ("AUTOMATION", "STEP_FUNCTIONS"):
            self.refused("FeatureNotAvailableException", 400, self.ssm.register_task_with_maintenance_window,
                         WindowId=window, TaskType=type, TaskArn="x")
        # There are no instances: what is for some is done with at once.
        self.advance("25h")
        execution = self.executions(window)[0]
        tasks = self.ssm.describe_maintenance_window_execution_tasks(WindowExecutionId=execution["WindowExecutionId"])
        self.assertEqual([(each["Status"], each["StatusDetails"]) for each in tasks["WindowExecutionTaskIdentities"]],
                         [("SUCCESS", "No invocations to execute.")])
        self.ssm.deregister_task_from_maintenance_window(WindowId=window, WindowTaskId=task)
        self.ssm.deregister_target_from_maintenance_window(WindowId=window, WindowTargetId=target, Safe=True)
        self.assertEqual(self.ssm.describe_maintenance_window_targets(WindowId=window)["Targets"], [])

    def test_a_function_runs_when_the_window_opens(self):
        self.create("tells", code=python_zip(TELLS))
        window = self.window()
        task = self.task(window, TaskInvocationParameters={"Lambda": {"Payload": b'{"window": "{{WINDOW_ID}}"}'}})
        self.task(window, Priority=2, TaskInvocationParameters={"Lambda": {"Payload": b'{"fail": true}'}})
        self.assertEqual(self.executions(window), [])
        self.advance("25h")
        [execution] = self.executions(window)
        self.assertEqual(execution["Status"], "FAILED")
        about = {"WindowExecutionId": execution["WindowExecutionId"]}
        ids = self.ssm.get_maintenance_window_execution(**about)["TaskIds"]
        first = self.ssm.get_maintenance_window_execution_task(TaskId=ids[0], **about)
        self.assertEqual((first["Status"], first["Type"], first["TaskArn"]), ("SUCCESS", "LAMBDA", self.arn("tells")))
        row = self.ssm.describe_maintenance_window_execution_task_invocations(
            TaskId=ids[0], **about)["WindowExecutionTaskInvocationIdentities"][0]
        self.assertEqual(json.loads(row["Parameters"]), {"window": window})
        second = self.ssm.get_maintenance_window_execution_task_invocation(
            TaskId=ids[1], InvocationId=self.ssm.describe_maintenance_window_execution_task_invocations(
                TaskId=ids[1], **about)["WindowExecutionTaskInvocationIdentities"][0]["InvocationId"], **about)
        self.assertEqual((second["Status"], second["StatusDetails"]), ("FAILED", "the function ends with Unhandled"))
        logs = client_for(self.server.endpoint, service="logs")
        lines = logs.filter_log_events(logGroupName="/aws/lambda/tells", filterPattern="ran")["events"]
        self.assertEqual([line["message"].strip() for line in lines], [f"ran by {window}"])
        # What is over is not cancelled any more.
        self.ssm.cancel_maintenance_window_execution(**about)
        self.assertEqual(self.ssm.get_maintenance_window_execution(**about)["Status"], "FAILED")
        self.refused("DoesNotExistException", 400, self.ssm.cancel_maintenance_window_execution,
                     WindowExecutionId="00000000-0000-4000-8000-000000000000")
        self.advance("48h")
        self.assertEqual(len(self.executions(window)), 3)
        self.ssm.update_maintenance_window(WindowId=window, Enabled=False)
        self.advance("48h")
        self.assertEqual(len(self.executions(window)), 3)
        self.refused("FeatureNotAvailableException", 400, self.ssm.update_maintenance_window, WindowId=window,
                     ScheduleTimezone="America/Los_Angeles")
        self.assertEqual(self.ssm.get_maintenance_window_task(WindowId=window, WindowTaskId=task)["TaskType"], "LAMBDA")


class Lasting(unittest.TestCase):
    def test_windows_open_after_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server("--clock", "manual", data_dir=folder).start()
            self.addCleanup(server.stop)
            ssm = client_for(server.endpoint, service="ssm")
            id = ssm.create_maintenance_window(Name="nightly", Schedule="rate(1 day)", Duration=3, Cutoff=1,
                                               AllowUnassociatedTargets=True)["WindowId"]
            server.kill()
            server.start()
            ssm = client_for(server.endpoint, service="ssm")
            self.assertEqual(ssm.get_maintenance_window(WindowId=id)["Name"], "nightly")
            server.post("/_aviary/clock/advance", {"by": "25h"})
            [execution] = ssm.describe_maintenance_window_executions(WindowId=id)["WindowExecutions"]
            self.assertEqual((execution["Status"], execution["StatusDetails"]), ("SUCCESS", "No tasks to execute."))


class Stacks(WindowCase):
    OPTIONS = ()

    def test_a_window_of_a_stack(self):
        self.create("tells", code=python_zip(TELLS))
        cfn = client_for(self.server.endpoint, service="cloudformation")
        resources = {
            "Window": {"Type": "AWS::SSM::MaintenanceWindow", "Properties": {
                "Name": "nightly", "Schedule": "rate(1 day)", "Duration": 3, "Cutoff": 1, "AllowUnassociatedTargets": True}},
            "Target": {"Type": "AWS::SSM::MaintenanceWindowTarget", "Properties": {
                "WindowId": {"Ref": "Window"}, "ResourceType": "INSTANCE", "Targets": [{"Key": "tag:a", "Values": ["b"]}]}},
            "Task": {"Type": "AWS::SSM::MaintenanceWindowTask", "Properties": {
                "WindowId": {"Ref": "Window"}, "TaskType": "LAMBDA", "TaskArn": self.arn("tells"), "Priority": 1,
                "TaskInvocationParameters": {"MaintenanceWindowLambdaParameters": {"Payload": '{"window": "x"}'}}}}}

        def deploy(kind):
            getattr(cfn, kind + "_stack")(StackName="s", TemplateBody=json.dumps({"Resources": resources}))
            cfn.get_waiter(f"stack_{kind}_complete").wait(StackName="s", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
            rows = cfn.list_stack_resources(StackName="s")["StackResourceSummaries"]
            return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in rows}

        made = deploy("create")
        task = self.ssm.get_maintenance_window_task(WindowId=made["Window"], WindowTaskId=made["Task"])
        self.assertEqual(task["TaskInvocationParameters"]["Lambda"]["Payload"], b'{"window": "x"}')
        resources["Window"]["Properties"]["Duration"] = 4
        resources["Target"]["Properties"]["Name"] = "named"
        resources["Task"]["Properties"]["Priority"] = 7
        self.assertEqual(deploy("update"), made)
        self.assertEqual(self.ssm.get_maintenance_window(WindowId=made["Window"])["Duration"], 4)
        self.assertEqual(self.ssm.describe_maintenance_window_targets(WindowId=made["Window"])["Targets"][0]["Name"], "named")
        self.assertEqual(self.ssm.describe_maintenance_window_tasks(WindowId=made["Window"])["Tasks"][0]["Priority"], 7)
        cfn.delete_stack(StackName="s")
        cfn.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
        self.assertEqual(self.ssm.describe_maintenance_windows()["WindowIdentities"], [])


if __name__ == "__main__":
    unittest.main()
