"""Durable functions: waits, retries, callbacks, functions that call functions, by a clock that is driven; and a function
written with AWS's own SDK from npm."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from aviary_server import Server, ServerCase, quote
from function_code import NODE, PYTHON, ROLE, python_zip, zipped
from recorded_requests import function

D = "/2025-12-01/durable-executions/"
CALLBACKS = "/2025-12-01/durable-execution-callbacks/"

# Goes through a plan, an operation at a time, as the SDKs do: what is checkpointed already is not done again.
PLANNED = python_zip("""
import json, os, urllib.error, urllib.parse, urllib.request
def handler(event, context):
    operations = event['InitialExecutionState']['Operations']
    known = {one['Id']: one for one in operations}
    plan = json.loads(operations[0]['ExecutionDetails']['InputPayload'])
    token = event['CheckpointToken']
    def checkpoint(*updates):
        nonlocal token
        request = urllib.request.Request(
            os.environ['AWS_ENDPOINT_URL'] + '/2025-12-01/durable-executions/'
            + urllib.parse.quote(event['DurableExecutionArn'], safe='') + '/checkpoint',
            json.dumps({'CheckpointToken': token, 'Updates': updates}).encode(), {'Content-Type': 'application/json'})
        try:
            answer = json.load(urllib.request.urlopen(request))
        except urllib.error.HTTPError as refusal:
            raise RuntimeError(refusal.read().decode())
        token = answer['CheckpointToken']
        for one in answer['NewExecutionState']['Operations']:
            known[one['Id']] = one
    told = []
    for number, one in enumerate(plan):
        if one == 'crash':
            raise RuntimeError('crashed')
        if one == 'fail':
            return {'Status': 'FAILED', 'Error': {'ErrorType': 'Planned', 'ErrorMessage': 'as planned'}}
        name = 'op-%d' % number
        if isinstance(one, list):
            if name not in known:
                checkpoint(*one)
                known[name] = one
            continue
        if name not in known:
            checkpoint({'Id': name, 'Name': 'n%d' % number, 'Action': 'START', **one})
        operation = known[name]
        if operation['Type'] == 'STEP' and operation['Status'] in ('STARTED', 'READY'):
            if operation['Status'] == 'READY':
                checkpoint({'Id': name, 'Type': 'STEP', 'Action': 'START'})
            attempt = operation.get('StepDetails', {}).get('Attempt', 0) + 1
            if attempt < 3:
                checkpoint({'Id': name, 'Type': 'STEP', 'Action': 'RETRY', 'Error': {'ErrorMessage': 'try %d' % attempt},
                            'StepOptions': {'NextAttemptDelaySeconds': 60}})
            else:
                checkpoint({'Id': name, 'Type': 'STEP', 'Action': 'SUCCEED', 'Payload': '"attempt %d"' % attempt})
            operation = known[name]
        if operation['Status'] in ('STARTED', 'PENDING'):
            return {'Status': 'PENDING'}
        told.append(operation['Status'])
    return {'Status': 'SUCCEEDED', 'Result': json.dumps(told)}
""")
WAIT_30_DAYS = {"Type": "WAIT", "WaitOptions": {"WaitSeconds": 30 * 86400}}


class DurableCase(ServerCase):
    OPTIONS = ("--clock", "manual")

    def make(self, name="flow", code=PLANNED, timeout=86400 * 365, runtime=PYTHON, **more):
        answer = self.server.post("/2015-03-31/functions", {
            "FunctionName": name, "Role": ROLE, "Runtime": runtime, "Handler": "index.handler", "Timeout": 60,
            "Publish": True, "Code": {"ZipFile": base64.b64encode(code).decode()},
            **({"DurableConfig": {"ExecutionTimeout": timeout}} if timeout else {}), **more})
        self.assertEqual(answer.status, 201, answer)
        return answer.json()

    def invoke(self, plan, name="flow", qualifier="1", kind="Event", execution=None):
        headers = {"X-Amz-Invocation-Type": kind}
        if execution:
            headers["X-Amz-Durable-Execution-Name"] = execution
        return self.server.post(function(name, "/invocations", qualifier), plan, headers=headers)

    def start(self, plan, **more):
        answer = self.invoke(plan, **more)
        self.assertEqual(answer.status, 202, answer)
        return answer.headers["x-amz-durable-execution-arn"]

    def get(self, arn, part="", **more):
        answer = self.server.get(D + quote(arn) + part, **more)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def events(self, arn):
        return [event["EventType"] for event in self.get(arn, "/history")["Events"]]

    def asleep(self, arn, invocations):
        """So many invocations of the function have ended."""
        self.eventually(lambda: self.events(arn).count("InvocationCompleted") >= invocations, 60, "the function's end")

    def ended(self, arn):
        return self.eventually(lambda: (lambda found: found if found["Status"] != "RUNNING" else None)(self.get(arn)), 60,
                               "the end")

    def advance(self, by):
        answer = self.server.post("/_aviary/clock/advance", {"by": by})
        self.assertEqual(answer.status, 200, answer)

    def callback_of(self, arn):
        started = [event for event in self.get(arn, "/history")["Events"] if event["EventType"] == "CallbackStarted"]
        return CALLBACKS + quote(started[-1]["CallbackStartedDetails"]["CallbackId"])


class Durable(DurableCase):
    def test_a_wait_of_thirty_days_and_a_step_that_succeeds_at_the_third_attempt(self):
        made = self.make()
        self.assertEqual(made["DurableConfig"], {"ExecutionTimeout": 86400 * 365, "RetentionPeriodInDays": 14})
        arn = self.start([WAIT_30_DAYS, {"Type": "STEP"}], execution="january")
        self.assertRegex(arn, r"^arn:aws:lambda:us-east-1:123456789012:function:flow:1/durable-execution/january/[\w-]+$")
        self.asleep(arn, 1)
        self.assertEqual(self.get(arn)["Status"], "RUNNING")
        self.advance("29d")
        self.assertEqual(self.events(arn).count("InvocationCompleted"), 1)
        self.advance("1d")
        self.asleep(arn, 2)
        for attempt in (2, 3):
            self.advance("60s")
            self.asleep(arn, attempt + 1)
        done = self.ended(arn)
        self.assertEqual((done["Status"], done["Result"], done["Version"], done["DurableExecutionName"]),
                         ("SUCCEEDED", '["SUCCEEDED", "SUCCEEDED"]', "1", "january"))
        self.assertEqual(self.events(arn), [
            "ExecutionStarted", "WaitStarted", "InvocationCompleted", "WaitSucceeded", "StepStarted", "StepFailed",
            "InvocationCompleted", "StepStarted", "StepFailed", "InvocationCompleted", "StepStarted", "StepSucceeded",
            "InvocationCompleted", "ExecutionSucceeded"])
        history = self.get(arn, "/history")["Events"]
        self.assertEqual(history[5]["StepFailedDetails"], {
            "Error": {"Payload": {"ErrorMessage": "try 1"}},
            "RetryDetails": {"CurrentAttempt": 1, "NextAttemptDelaySeconds": 60}})
        self.assertEqual([event["EventId"] for event in history], list(range(1, 15)))
        bare = self.get(arn, "/history?IncludeExecutionData=false&ReverseOrder=true&MaxItems=1")
        self.assertEqual(bare["Events"][0]["ExecutionSucceededDetails"], {"Result": {}})
        self.assertEqual(bare["NextMarker"], "1")
        # What is done is kept for as long as the function says.
        self.advance("13d")
        self.get(arn)
        self.advance("2d")
        self.assertEqual(self.server.get(D + quote(arn)).status, 404)

    def test_a_name_starts_one_execution(self):
        self.make()
        arn = self.start([WAIT_30_DAYS], execution="once")
        self.assertEqual(self.start([WAIT_30_DAYS], execution="once"), arn)
        other = self.invoke([], execution="once")
        self.assertEqual((other.status, other.headers["x-amzn-errortype"]), (409, "DurableExecutionAlreadyStartedException"))
        self.assertNotEqual(self.start([WAIT_30_DAYS]), arn)
        listed = self.server.get("/2025-12-01/functions/flow/durable-executions?DurableExecutionName=once").json()
        self.assertEqual([one["DurableExecutionArn"] for one in listed["DurableExecutions"]], [arn])
        page = self.server.get("/2025-12-01/functions/flow/durable-executions?MaxItems=1&Statuses=RUNNING").json()
        self.assertEqual((len(page["DurableExecutions"]), page["NextMarker"]), (1, "1"))

    def test_an_execution_ends_on_the_version_that_it_began_with(self):
        self.make()
        aliases = function("flow", "/aliases")
        self.assertEqual(self.server.post(aliases, {"Name": "live", "FunctionVersion": "1"}).status, 201)
        arn = self.start([WAIT_30_DAYS], qualifier="live")
        self.asleep(arn, 1)
        newer = python_zip("def handler(event, context):\n    return {'Status': 'SUCCEEDED', 'Result': '\"newer\"'}\n")
        answer = self.server.put(function("flow", "/code"), {"ZipFile": base64.b64encode(newer).decode(), "Publish": True})
        self.assertEqual(answer.json()["Version"], "2", answer)
        self.assertEqual(self.server.put(aliases + "/live", {"FunctionVersion": "2"}).status, 200)
        self.advance("31d")
        self.assertEqual(self.ended(arn)["Result"], '["SUCCEEDED"]')
        self.assertEqual(self.ended(self.start([], qualifier="live"))["Result"], '"newer"')

    def test_who_waits_gets_the_result(self):
        self.make(timeout=60)
        answer = self.invoke([], kind="RequestResponse")
        self.assertEqual((answer.status, answer.json()), (200, []), answer)
        self.assertEqual(self.get(answer.headers["x-amz-durable-execution-arn"])["Status"], "SUCCEEDED")
        failed = self.invoke(["fail"], kind="RequestResponse")
        self.assertEqual(failed.headers["x-amz-function-error"], "Unhandled")
        self.assertEqual(failed.json(), {"errorType": "Planned", "errorMessage": "as planned"})

    def test_callbacks(self):
        self.make()
        arn = self.start([{"Type": "CALLBACK", "CallbackOptions": {"TimeoutSeconds": 3600}}])
        self.asleep(arn, 1)
        callback = self.callback_of(arn)
        self.assertEqual(self.server.post(callback + "/succeed", "yes").status, 200)
        self.assertEqual(self.ended(arn)["Result"], '["SUCCEEDED"]')
        again = self.server.post(callback + "/succeed", "yes")
        self.assertEqual((again.status, again.headers["x-amzn-errortype"]), (400, "InvalidParameterValueException"))
        succeeded = [one for one in self.get(arn, "/history")["Events"] if one["EventType"] == "CallbackSucceeded"]
        self.assertEqual(succeeded[0]["CallbackSucceededDetails"], {"Result": {"Payload": "yes"}})

        arn = self.start([{"Type": "CALLBACK"}])
        self.asleep(arn, 1)
        self.assertEqual(self.server.post(self.callback_of(arn) + "/fail", {"ErrorMessage": "no"}).status, 200)
        self.assertEqual(self.ended(arn)["Result"], '["FAILED"]')

        arn = self.start([{"Type": "CALLBACK", "CallbackOptions": {"HeartbeatTimeoutSeconds": 60}}])
        self.asleep(arn, 1)
        callback = self.callback_of(arn)
        for _ in range(3):
            self.advance("50s")
            self.assertEqual(self.server.post(callback + "/heartbeat").status, 200)
        self.advance("61s")
        self.assertEqual(self.ended(arn)["Result"], '["TIMED_OUT"]')
        for late in (self.server.post(callback + "/heartbeat"), self.server.post(callback + "/succeed", "yes"),
                     self.server.post(callback + "/fail", {"ErrorMessage": "no"})):
            self.assertEqual((late.status, late.headers["x-amzn-errortype"]), (400, "CallbackTimeoutException"))
        self.assertEqual(self.server.post(CALLBACKS + "bm9ib2R5/succeed").status, 400)

    def test_a_function_asks_for_its_state(self):
        self.make(timeout=60, code=python_zip("""
import json, os, urllib.parse, urllib.request
def handler(event, context):
    where = os.environ['AWS_ENDPOINT_URL'] + '/2025-12-01/durable-executions/' + urllib.parse.quote(
        event['DurableExecutionArn'], safe='') + '/state?CheckpointToken=' + urllib.parse.quote(event['CheckpointToken'])
    return {'Status': 'SUCCEEDED', 'Result': urllib.request.urlopen(where).read().decode()}
"""))
        answer = self.invoke({"a": 1}, kind="RequestResponse")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual([(one["Type"], one["Status"], json.loads(one["ExecutionDetails"]["InputPayload"]))
                          for one in answer.json()["Operations"]], [("EXECUTION", "STARTED", {"a": 1})])

    def test_functions_that_call_functions(self):
        self.make()
        self.make("adds", python_zip("def handler(event, context):\n    return event['a'] + 1\n"), timeout=None)
        self.make("fails", python_zip("def handler(event, context):\n    raise ValueError('never')\n"), timeout=None)
        call = {"Type": "CHAINED_INVOKE", "Payload": '{"a": 41}'}
        arn = self.start([{**call, "ChainedInvokeOptions": {"FunctionName": "adds"}},
                          {**call, "ChainedInvokeOptions": {"FunctionName": "fails"}},
                          {**call, "ChainedInvokeOptions": {"FunctionName": "nobody"}}])
        self.assertEqual(self.ended(arn)["Result"], '["SUCCEEDED", "FAILED", "FAILED"]')
        told = {event["EventType"]: event for event in self.get(arn, "/history")["Events"] if event.get("Name") != "n2"}
        self.assertEqual(told["ChainedInvokeSucceeded"]["ChainedInvokeSucceededDetails"], {"Result": {"Payload": "42"}})
        error = told["ChainedInvokeFailed"]["ChainedInvokeFailedDetails"]["Error"]["Payload"]
        self.assertEqual((error["ErrorType"], error["ErrorMessage"]), ("ValueError", "never"))

    def test_ends_of_other_kinds(self):
        self.make()
        stopped = self.start([WAIT_30_DAYS])
        self.asleep(stopped, 1)
        self.assertEqual(self.server.post(D + quote(stopped) + "/stop", {"ErrorMessage": "enough"}).status, 200)
        found = self.get(stopped)
        self.assertEqual((found["Status"], found["Error"]), ("STOPPED", {"ErrorMessage": "enough"}))
        self.assertEqual(self.events(stopped)[-1], "ExecutionStopped")

        self.make("brief", timeout=3600)
        late = self.start([WAIT_30_DAYS], name="brief")
        self.asleep(late, 1)
        self.advance("3601s")
        self.assertEqual((self.get(late)["Status"], self.events(late)[-1]), ("TIMED_OUT", "ExecutionTimedOut"))

        crashing = self.start(["crash"])
        for attempt in range(1, 7):
            self.asleep(crashing, attempt)
            self.advance("5s")
        found = self.get(crashing)
        self.assertEqual((found["Status"], found["Error"]["ErrorMessage"]), ("FAILED", "crashed"))

        orphan = self.start([WAIT_30_DAYS])
        self.asleep(orphan, 1)
        self.assertEqual(self.server.delete("/2015-03-31/functions/flow").status, 204)
        self.assertEqual(self.get(orphan)["Status"], "FAILED")

    def test_checkpoints_that_do_not_fit_are_refused_and_change_nothing(self):
        self.make()
        wait = {"Id": "op-0", "Type": "WAIT", "Action": "START", "WaitOptions": {"WaitSeconds": 5}}
        for updates, text in (
                ([wait, wait], "Cannot update the same operation twice in a single request."),
                ([{**wait, "Action": "SUCCEED"}], "Invalid action for the given operation type."),
                ([{**wait, "ParentId": "nobody"}], "Invalid parent operation id."),
                ([{"Id": "op-0", "Type": "WAIT", "Action": "CANCEL"}],
                 "Cannot cancel a WAIT that does not exist or has already completed."),
                ([{"Id": "op-0", "Type": "STEP", "Action": "RETRY"}], "Invalid StepOptions for the given action."),
                ([{"Id": "e", "Type": "EXECUTION", "Action": "SUCCEED"}, wait],
                 "EXECUTION checkpoint must be the last update.")):
            arn = self.start([updates])
            self.asleep(arn, 1)
            last = [one for one in self.get(arn, "/history")["Events"] if one["EventType"] == "InvocationCompleted"][-1]
            self.assertIn(text, last["InvocationCompletedDetails"]["Error"]["Payload"]["ErrorMessage"])
            self.assertEqual(self.events(arn), ["ExecutionStarted", "InvocationCompleted"])
            stale = self.server.post(D + quote(arn) + "/checkpoint", {"CheckpointToken": "c3RhbGU=", "Updates": []})
            self.assertEqual((stale.status, stale.json()["Message" if "Message" in stale.json() else "message"]),
                             (400, "Invalid checkpoint token"))

    def test_refusals(self):
        self.make()
        for qualifier, kind, text in (
                (None, "Event", "You cannot invoke a durable function using an unqualified ARN."),
                ("1", "RequestResponse", "You cannot synchronously invoke a durable function with an executionTimeout "
                                         "greater than 15 minutes.")):
            answer = self.invoke([], qualifier=qualifier, kind=kind)
            self.assertEqual(answer.status, 400)
            self.assertIn(text, answer.body.decode())
        bare = self.server.post("/2015-03-31/functions", {
            "FunctionName": "half", "Role": ROLE, "Runtime": PYTHON, "Handler": "index.handler",
            "Code": {"ZipFile": base64.b64encode(PLANNED).decode()}, "DurableConfig": {"RetentionPeriodInDays": 3}})
        self.assertEqual(bare.status, 400)
        self.assertIn("You cannot create a function with a durable configuration without an executionTimeout",
                      bare.body.decode())
        self.assertEqual(self.server.get(D + quote("arn:aws:lambda:us-east-1:123456789012:function:flow:1/"
                                                   "durable-execution/none/none")).status, 404)


class Lasting(DurableCase):
    """What waits goes on waiting after `kill -9`."""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="aviary-durable-")
        self.addCleanup(shutil.rmtree, folder, True)
        self.server = Server("--clock", "manual", data_dir=folder).start()
        self.addCleanup(lambda: self.server.stop())
        self.folder = folder

    def test_a_restart_in_the_middle(self):
        self.make()
        arn = self.start([WAIT_30_DAYS, {"Type": "CALLBACK"}], execution="long")
        self.asleep(arn, 1)
        before = self.get(arn, "/history")
        self.server.kill()
        self.server = Server("--clock", "manual", data_dir=self.folder).start()
        self.assertEqual(self.get(arn, "/history"), before)
        self.advance("31d")
        self.asleep(arn, 2)
        self.assertEqual(self.start([WAIT_30_DAYS, {"Type": "CALLBACK"}], execution="long"), arn)
        self.assertEqual(self.server.post(self.callback_of(arn) + "/succeed", "x").status, 200)
        self.assertEqual(self.ended(arn)["Status"], "SUCCEEDED")


WORKFLOW = """
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
export const handler = withDurableExecution(async (event, context) => {
  const order = await context.step('reserve', async () => ({ id: event.id, reserved: true }));
  await context.wait('cool-off', { days: 7 });
  const [tax, freight] = await Promise.all([
    context.step('tax', async () => order.id * 2),
    context.runInChildContext('freight', async (child) => child.step('quote', async () => order.id * 3)),
  ]);
  const squares = await context.map('squares', [1, 2, 3], async (child, n) => child.step(async () => n * n));
  const approved = await context.waitForCallback('approval', async () => {}, { timeout: { hours: 1 } });
  return { order, tax, freight, squares: squares.getResults(), approved };
});
"""


class OfficialSdk(DurableCase):
    def test_a_workflow_of_a_week(self):
        node = shutil.which("node")
        if not node or not shutil.which("npm"):
            self.skipTest("no node with npm here")
        folder = tempfile.mkdtemp(prefix="aviary-durable-sdk-")
        self.addCleanup(shutil.rmtree, folder, True)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1",
                               "--fetch-timeout=20000", "--prefix", folder, "@aws/durable-execution-sdk-js@2.4.0"],
                              capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            self.skipTest("the npm registry cannot be reached: " + done.stderr[-300:])
        files = {"index.mjs": WORKFLOW}
        for top, _, names in os.walk(os.path.join(folder, "node_modules")):
            for name in names:
                path = os.path.join(top, name)
                if name.endswith((".js", ".mjs", ".cjs", ".json")) and not os.path.islink(path):
                    with open(path, errors="replace") as file:
                        files[os.path.relpath(path, folder)] = file.read()
        self.make("workflow", zipped(files), runtime=NODE, MemorySize=512)
        arn = self.start({"id": 7}, name="workflow")
        self.asleep(arn, 1)
        self.advance("7d")
        self.eventually(lambda: "CallbackStarted" in self.events(arn), 60, "the callback")
        self.eventually(lambda: self.events(arn)[-1] == "InvocationCompleted", 60, "the suspension")
        self.assertEqual(self.server.post(self.callback_of(arn) + "/succeed", '"yes"').status, 200)
        found = self.ended(arn)
        self.assertEqual(found["Status"], "SUCCEEDED", found)
        self.assertEqual(json.loads(found["Result"]), {
            "order": {"id": 7, "reserved": True}, "tax": 14, "freight": 21, "squares": [1, 4, 9], "approved": '"yes"'})
        self.assertEqual(self.events(arn).count("ExecutionSucceeded"), 1)


if __name__ == "__main__":
    unittest.main()
