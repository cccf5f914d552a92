"""Functions on a capacity provider: environments that take several invokes side by side."""

import base64
import concurrent.futures
import json
import os
import sys
import time
import unittest

from aviary_server import ACCOUNT, REGION
from function_code import NODE, ROLE, node_zip, python_zip, zipped
from sdk_clients import LambdaCase, client_for

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "runtime"))
import official_clients  # noqa: E402

PROVIDER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:c"

# Waits until `together` invokes are in its /tmp, which is one environment's.
PYTHON_CODE = python_zip("""\
import logging, os, time

def handler(event, context):
    if "variable" in event:
        return os.environ.get(event["variable"])
    logging.getLogger().warning("hello from " + event["name"])
    if event.get("sleep"):
        time.sleep(event["sleep"])
    open("/tmp/there-" + event["name"], "w").close()
    while len([f for f in os.listdir("/tmp") if f.startswith("there-")]) < event.get("together", 0):
        time.sleep(0.01)
    if event.get("fail"):
        raise ValueError("no")
    return {"pid": os.getpid(), "name": event["name"]}
""")

NODE_SOURCE = """\
const fs = require('fs');
exports.handler = async (event) => {
  if (event.variable) return process.env[event.variable];
  console.warn('hello from ' + event.name);
  fs.writeFileSync('/tmp/there-' + event.name, '');
  while (fs.readdirSync('/tmp').filter((name) => name.startsWith('there-')).length < (event.together || 0)) {
    await new Promise((done) => setTimeout(done, 10));
  }
  if (event.fail) throw new Error('no');
  return { name: event.name };
};
"""
NODE_CODE = node_zip(NODE_SOURCE)

STREAMING_CODE = node_zip("""\
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write(event.name);
  await new Promise((done) => setTimeout(done, event.wait));
  stream.end('!');
});
""")

# Three loops of one program.
SHELL_CODE = zipped({"bootstrap": ("""#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
serve() {
  while true; do
    headers=$(mktemp)
    event=$(curl -sS -D "$headers" "$api/next")
    id=$(grep -i '^Lambda-Runtime-Aws-Request-Id:' "$headers" | tr -d '[:space:]' | cut -d: -f2)
    case $event in *sleep*) sleep 4 ;; esac
    touch "/tmp/there-$id"
    case $event in
      *together*) while [ "$(ls /tmp | grep -c there-)" -lt 3 ]; do sleep 0.05; done ;;
    esac
    curl -sS -o "/tmp/answer-$id" -w '%{http_code} ' -X POST --data-binary "$event" "$api/$id/response"
    cat "/tmp/answer-$id"
  done
}
for i in 1 2 3; do serve & done
wait
""", 0o755)})


class ManagedInstances(LambdaCase):
    def setUp(self):
        super().setUp()
        if "CapacityProviderConfig" not in self.client.meta.service_model.shape_for("CreateFunctionRequest").members:
            self.skipTest("a boto3 that does not know capacity providers")
        self.client.create_capacity_provider(
            CapacityProviderName="c", VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
            PermissionsConfig={"CapacityProviderOperatorRoleArn": ROLE})

    def published(self, code, concurrency=3, **more):
        managed = {"CapacityProviderArn": PROVIDER}
        if concurrency:
            managed["PerExecutionEnvironmentMaxConcurrency"] = concurrency
        self.create(code=code, MemorySize=2048, Publish=True, **{"Timeout": 20, **more}, CapacityProviderConfig={
            "LambdaManagedInstancesCapacityProviderConfig": managed})

    def together(self, payloads, **more):
        """Invokes at once; what each said, and its response."""
        with concurrent.futures.ThreadPoolExecutor(len(payloads)) as pool:
            return list(pool.map(lambda payload: self.invoke(payload=payload, Qualifier="1", **more), payloads))

    def environments(self):
        return self.server.get("/_aviary/environments").json()["environments"]

    def runs_side_by_side(self, **more):
        self.published(**more)
        answers = self.together([{"name": f"n{i}", "together": 3} for i in range(3)], LogType="Tail")
        self.assertEqual([said["name"] for said, _ in answers], ["n0", "n1", "n2"])
        rows = self.environments()
        self.assertEqual([(row["version"], row["initialization"], row["invokes"]) for row in rows],
                         [("1", "lambda-managed-instances", 3)])
        for said, response in answers:
            log = base64.b64decode(response["LogResult"]).decode()
            self.assertIn("hello from " + said["name"], log)
            self.assertEqual(log.count("hello from"), 1, "the others' lines are theirs")
            self.assertIn("platform.report", log)
        self.assertEqual(self.invoke(payload={"variable": "AWS_LAMBDA_MAX_CONCURRENCY"}, Qualifier="1")[0], "3")
        self.assertEqual(self.invoke(payload={"variable": "AWS_LAMBDA_INITIALIZATION_TYPE"}, Qualifier="1")[0],
                         "lambda-managed-instances")
        (bad, failed), (good, _) = self.together([{"name": "bad", "fail": True}, {"name": "good"}])
        self.assertEqual((failed["FunctionError"], bad["errorMessage"], good["name"]), ("Unhandled", "no", "good"))
        return answers

    def test_python_in_processes(self):
        answers = self.runs_side_by_side(code=PYTHON_CODE)
        self.assertEqual(len({said["pid"] for said, _ in answers}), 3)

    def test_nodejs_in_threads(self):
        self.runs_side_by_side(code=NODE_CODE, Runtime=NODE)

    def test_streamed_responses(self):
        self.published(STREAMING_CODE, Runtime=NODE, Timeout=2)

        def stream(payload):
            events = self.client.invoke_with_response_stream(
                FunctionName="order-processor", Qualifier="1", Payload=json.dumps(payload).encode())["EventStream"]
            chunks, last = [], None
            for event in events:
                if "PayloadChunk" in event:
                    chunks.append((time.monotonic(), event["PayloadChunk"]["Payload"]))
                else:
                    last = event["InvokeComplete"]
            return chunks, last
        stream({"name": "first", "wait": 0})
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            slow, quick, never = pool.map(stream, [{"name": "slow", "wait": 1000}, {"name": "quick", "wait": 10},
                                                   {"name": "never", "wait": 60000}])
        self.assertEqual(b"".join(chunk for _, chunk in slow[0]), b"slow!")
        self.assertEqual(b"".join(chunk for _, chunk in quick[0]), b"quick!")
        self.assertGreater(slow[0][-1][0] - slow[0][0][0], 0.5, "the first piece came at once")
        self.assertNotIn("ErrorCode", quick[1])
        self.assertEqual(b"".join(chunk for _, chunk in never[0]), b"never")
        self.assertIn("Task timed out after 2.00 seconds", never[1]["ErrorDetails"])
        self.assertEqual(len(self.environments()), 1)
        self.assertEqual(b"".join(chunk for _, chunk in stream({"name": "last", "wait": 1})[0]), b"last!")

    def test_awss_own_client_of_nodejs(self):
        client = official_clients.node_client_of_many()
        start = "#!/bin/sh\nexec node /var/task/client/index.mjs index.handler\n"
        code = zipped({"index.js": NODE_SOURCE, "bootstrap": (start, 0o755),
                       **{"client/" + name: content for name, content in client.items()}})
        self.runs_side_by_side(code=code, Runtime="provided.al2023", Environment={
            "Variables": {"AWS_LAMBDA_NODEJS_WORKER_COUNT": "2"}})

    def test_a_bootstrap_of_its_own(self):
        self.published(SHELL_CODE, Runtime="provided.al2023", Timeout=2)
        self.assertEqual([said for said, _ in self.together([{"together": i} for i in range(3)])],
                         [{"together": i} for i in range(3)])
        self.assertEqual(len(self.environments()), 1)
        began = time.monotonic()
        (slow, response), (quick, _) = self.together([{"sleep": 1}, {"name": "quick"}])
        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual((response["FunctionError"], slow["errorType"]), ("Unhandled", "Sandbox.Timedout"))
        self.assertEqual(quick, {"name": "quick"})
        self.assertEqual(len(self.environments()), 1, "it goes on")

        # What comes too late is told so.
        logs = self.eventually(lambda: [event["message"] for event in self.log_events()
                                        if "InvokeTimeout" in event["message"]], 15, "the late response")
        self.assertIn('410 {"errorMessage":"Invoke timeout","errorType":"InvokeTimeout"}', logs[0])
        rows = self.environments()
        self.assertEqual([row["version"] for row in rows], ["1"])
        self.assertEqual(len(self.together([{"together": 1}] * 3)), 3)

    def log_events(self):
        logs = client_for(self.server.endpoint, service="logs")
        return logs.filter_log_events(logGroupName="/aws/lambda/order-processor")["events"]

    def test_a_time_out_ends_one_invoke(self):
        self.published(PYTHON_CODE, Timeout=2)
        self.invoke(payload={"name": "first"}, Qualifier="1")
        pid = self.environments()[0]["pid"]
        (slow, response), (quick, _) = self.together([{"name": "slow", "sleep": 5}, {"name": "quick"}])
        self.assertEqual((response["FunctionError"], slow["errorType"]), ("Unhandled", "Sandbox.Timedout"))
        self.assertEqual(quick["name"], "quick")
        self.assertEqual([row["pid"] for row in self.environments()], [pid])

    def test_functions_log_in_json(self):
        self.published(PYTHON_CODE)
        self.assertEqual(self.client.get_function_configuration(FunctionName="order-processor")["LoggingConfig"],
                         {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
                          "LogGroup": "/aws/lambda/order-processor"})
        self.invoke(payload={"name": "a"}, Qualifier="1")
        records = [json.loads(event["message"]) for event in self.log_events()]
        hello = [record for record in records if record.get("message") == "hello from a"]
        start = [record["record"] for record in records if record.get("type") == "platform.start"]
        self.assertEqual(hello[0]["requestId"], start[0]["requestId"])
        began = [record["record"] for record in records if record.get("type") == "platform.initStart"]
        self.assertEqual(began[0]["initializationType"], "lambda-managed-instances")
        with self.assertRaises(self.client.exceptions.InvalidParameterValueException):
            self.client.update_function_configuration(FunctionName="order-processor",
                                                      LoggingConfig={"LogFormat": "Text"})

    def test_how_many_environments_there_are(self):
        self.published(PYTHON_CODE, concurrency=1)

        def scale(least, most):
            return self.client.put_function_scaling_config(
                FunctionName="order-processor", Qualifier="1",
                FunctionScalingConfig={"MinExecutionEnvironments": least, "MaxExecutionEnvironments": most})["FunctionState"]

        self.assertEqual(scale(2, 2), "Active")
        self.eventually(lambda: [row["state"] for row in self.environments()] == ["idle", "idle"], 20, "both")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            busy = list(pool.map(lambda i: self.invoke(payload={"name": f"b{i}", "together": 1, "sleep": 1},
                                                       Qualifier="1"), range(2)))
        self.assertEqual([said["name"] for said, _ in busy], ["b0", "b1"])
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            calls = [pool.submit(self.invoke, payload={"name": f"c{i}", "sleep": 1}, Qualifier="1") for i in range(3)]
            refused = [call.exception() for call in calls if call.exception()]
        self.assertEqual([problem.response["Error"]["Code"] for problem in refused], ["TooManyRequestsException"])

        self.assertEqual(scale(0, 0), "Deactivating")
        state = self.client.get_function_configuration(FunctionName="order-processor", Qualifier="1")["State"]
        self.assertEqual(state, "Deactivated")
        self.eventually(lambda: self.environments() == [], 10, "their end")
        with self.assertRaises(self.client.exceptions.ResourceConflictException):
            self.invoke(payload={"name": "d"}, Qualifier="1")
        with self.assertRaises(self.client.exceptions.InvalidParameterValueException):
            scale(0, 2)
        self.assertEqual(scale(1, 2), "Active")
        self.assertEqual(self.invoke(payload={"name": "e"}, Qualifier="1")[0]["name"], "e")

    def test_what_does_not_go_together(self):
        self.published(PYTHON_CODE)
        with self.assertRaises(self.client.exceptions.InvalidParameterValueException):
            self.client.put_provisioned_concurrency_config(FunctionName="order-processor", Qualifier="1",
                                                           ProvisionedConcurrentExecutions=1)
        with self.assertRaises(self.client.exceptions.InvalidParameterValueException):
            self.client.update_function_configuration(FunctionName="order-processor", Runtime="python3.12",
                                                      SnapStart={"ApplyOn": "PublishedVersions"})

    def test_the_usual_concurrency_is_the_runtimes(self):
        self.published(PYTHON_CODE, concurrency=None)
        self.assertEqual(self.invoke(payload={"variable": "AWS_LAMBDA_MAX_CONCURRENCY"}, Qualifier="1")[0], "16")


if __name__ == "__main__":
    unittest.main()
