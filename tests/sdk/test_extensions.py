"""Extensions in layers, with real processes: a shell script beside a function, one that reads telemetry, one that
fails; and AWS's own runtime clients in place of the built-in ones."""

import concurrent.futures
import json
import os
import shutil
import socket
import tempfile
import time
import unittest

from aviary_server import Server
from function_code import NODE, node_zip, python_zip, zipped
from sdk_clients import LambdaCase, client_for

# Registers, prints every event's type, ends after SHUTDOWN.
WATCHER = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
id=$(curl -sS -D - -o /tmp/registered -X POST -H "Lambda-Extension-Name: $(basename "$0")" \\
  -d '{"events":["INVOKE","SHUTDOWN"]}' "$api/register" | tr -d '\\r' \\
  | sed -n 's/^Lambda-Extension-Identifier: //Ip')
while true; do
  event=$(curl -sS -H "Lambda-Extension-Identifier: $id" "$api/event/next")
  echo "watcher saw $event"
  echo "$event" >>/tmp/seen
  case "$event" in *SHUTDOWN*) exit 0 ;; esac
done
"""

# Listens, subscribes, and writes each batch to a file.
COLLECTOR = """#!/usr/bin/env python3
import http.client, http.server, json, os, threading

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("/tmp/telemetry", "a") as file:
            for event in batch:
                file.write(json.dumps(event) + "\\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, *anything):
        pass

server = http.server.HTTPServer(("sandbox.localdomain", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def call(method, path, body=None, **headers):
    api.request(method, path, json.dumps(body) if body is not None else None,
                {name.replace("_", "-"): value for name, value in headers.items()})
    answer = api.getresponse()
    return answer, answer.read()

registered, _ = call("POST", "/2020-01-01/extension/register", {"events": ["INVOKE"]},
                     Lambda_Extension_Name="collector")
me = {"Lambda_Extension_Identifier": registered.getheader("Lambda-Extension-Identifier")}
answer, body = call("PUT", "/2022-07-01/telemetry", {
    "schemaVersion": "2022-12-13", "types": ["platform", "function"], "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d" % server.server_port}}, **me)
print("subscription", answer.status, body.decode(), flush=True)
while True:
    call("GET", "/2020-01-01/extension/event/next", **me)
"""

READS = python_zip("""
import time

def handler(event, context):
    print("the function speaks")
    for _ in range(100):
        try:
            text = open(event["file"]).read()
        except FileNotFoundError:
            text = ""
        if event["until"] in text:
            break
        time.sleep(0.02)
    return text
""")


SLEEPS = python_zip("""
import json
import time

def handler(event, context):
    print(event)
    time.sleep(0.6)
    events = [json.loads(line) for line in open("/tmp/telemetry")]
    return [each["record"] for each in events if each["type"] == "function"]
""")


class Extensions(LambdaCase):
    def layer(self, **files):
        return self.client.publish_layer_version(LayerName="extensions", Content={"ZipFile": zipped(
            {f"extensions/{name}": (source, 0o755) for name, source in files.items()})})["LayerVersionArn"]

    def log_text(self, until):
        logs = client_for(self.server.endpoint, service="logs")
        deadline = time.monotonic() + 10
        while True:
            events = logs.filter_log_events(logGroupName="/aws/lambda/order-processor")["events"]
            text = "".join(event["message"] for event in events)
            if until in text or time.monotonic() > deadline:
                return text
            time.sleep(0.05)

    def test_one_beside_a_function(self):
        self.create(code=READS, Layers=[self.layer(watcher=WATCHER)])
        seen, response = self.invoke(payload={"file": "/tmp/seen", "until": "INVOKE"})
        event = json.loads(seen)
        self.assertEqual((event["eventType"], event["requestId"], event["invokedFunctionArn"]),
                         ("INVOKE", response["ResponseMetadata"]["RequestId"], self.arn()))
        self.all_back()
        said, _ = self.invoke(payload={"file": "/tmp/registered", "until": "}"})
        self.assertEqual(json.loads(said), {"functionName": "order-processor", "functionVersion": "$LATEST",
                                            "handler": "index.handler"})
        log = self.log_text("watcher saw")
        self.assertIn("EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]", log)
        # The end of the environment is told to it.
        self.update_code(READS + b"")
        self.client.update_function_configuration(FunctionName="order-processor", Description="changed")
        self.assertIn('"shutdownReason":"spindown"', self.log_text("spindown"))

    def test_telemetry(self):
        self.create(code=READS, Layers=[self.layer(collector=COLLECTOR)])
        self.invoke(payload={"file": "/tmp/telemetry", "until": "the function speaks"})
        self.all_back()
        said, _ = self.invoke(payload={"file": "/tmp/telemetry", "until": "platform.report"})
        events = [json.loads(line) for line in said.splitlines()]
        types = [event["type"] for event in events]
        for wanted in ("platform.initStart", "platform.telemetrySubscription", "platform.initRuntimeDone",
                       "platform.extension", "platform.initReport", "platform.start", "function",
                       "platform.runtimeDone", "platform.report"):
            self.assertIn(wanted, types)
        self.assertIn("the function speaks", [event["record"] for event in events if event["type"] == "function"])

    def test_a_port_of_every_environment(self):
        """Two at once listen on the same port of sandbox.localdomain, and each hears of its own."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        collector = COLLECTOR.replace('"sandbox.localdomain", 0', f'"sandbox.localdomain", {port}')
        self.create(code=SLEEPS, Layers=[self.layer(collector=collector)])
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            said = list(pool.map(lambda word: self.invoke(payload=word)[0], ("one", "two")))
        self.assertEqual([sorted(set(each)) for each in said], [["one"], ["two"]])

    def test_one_that_fails(self):
        self.create(code=READS, Layers=[self.layer(bad="#!/bin/sh\necho not today\nexit 3\n")])
        said, response = self.invoke(payload={"file": "/tmp/x", "until": ""})
        self.assertEqual(response["FunctionError"], "Unhandled")
        self.assertEqual(said["errorType"], "Extension.Crash")
        self.assertTrue(said["errorMessage"].endswith("Error: exit status 3"), said)
        self.assertIn("not today", self.log_text("not today"))

    def test_one_that_is_no_program(self):
        arn = self.client.publish_layer_version(LayerName="plain", Content={
            "ZipFile": zipped({"extensions/text": "only words"})})["LayerVersionArn"]
        self.create(code=READS, Layers=[arn])
        said, _ = self.invoke(payload={})
        self.assertEqual(said["errorType"], "Extension.LaunchError")
        self.assertIn("fork/exec /opt/extensions/text: permission denied", said["errorMessage"])


# In the layout of npm's aws-lambda-ric, to see that it is found, shown and started with the handler.
STAND_IN = {
    "package.json": '{"name": "aws-lambda-ric", "type": "module", "bin": {"aws-lambda-ric": "bin/index.mjs"}}',
    "bin/index.mjs": """
import { run } from '../dist/index.mjs';
await run(process.cwd(), process.argv[2]);
""",
    "dist/index.mjs": """
import other from 'beside';
import { createRequire } from 'module';
export async function run(root, name) {
  const [file, method] = name.split('.');
  const handler = createRequire(import.meta.url)(`${root}/${file}.js`)[method];
  const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;
  for (;;) {
    const event = await fetch(`${api}next`);
    const id = event.headers.get('lambda-runtime-aws-request-id');
    const answer = await handler(await event.json(), { other });
    await fetch(`${api}${id}/response`, { method: 'POST', body: JSON.stringify(answer) });
  }
}
""",
}


class OfficialClient(LambdaCase):
    """With the real one where AVIARY_TEST_NODE_CLIENT names its folder."""

    @classmethod
    def setUpClass(cls):
        cls.real = os.environ.get("AVIARY_TEST_NODE_CLIENT")
        cls.folder = cls.real or cls.stand_in()
        cls.OPTIONS = ("--runtime-client", f"nodejs={cls.folder}")
        super().setUpClass()

    @classmethod
    def stand_in(cls):
        # Not below /tmp, where a sandbox has its own.
        top = tempfile.mkdtemp(prefix="aviary-client-", dir="/var/tmp")
        os.chmod(top, 0o755)
        cls.addClassCleanup(shutil.rmtree, top, True)
        folder = os.path.join(top, "node_modules", "aws-lambda-ric")
        files = {f"aws-lambda-ric/{name}": text for name, text in STAND_IN.items()}
        files["beside/package.json"] = '{"name": "beside", "main": "index.js"}'
        files["beside/index.js"] = "module.exports = 'from beside';\n"
        for name, text in files.items():
            path = os.path.join(top, "node_modules", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        return folder

    def test_it_runs_the_function(self):
        self.create(code=node_zip("exports.handler = async (event, context) => "
                                  "({ event, argv: process.argv.slice(1), other: context.other });\n"),
                    Runtime=NODE)
        said, _ = self.invoke(payload={"a": 1})
        self.assertEqual(said["event"], {"a": 1})
        self.assertEqual(said["argv"], [os.path.join(os.path.realpath(self.folder), "bin/index.mjs"),
                                        "index.handler"])
        if not self.real:
            self.assertEqual(said["other"], "from beside")
        self.assertEqual(self.invoke(payload={"a": 2})[0]["event"], {"a": 2})


class WrongOptions(unittest.TestCase):
    def test_it_is_refused_at_the_start(self):
        for value, why in (("nodejs=/var/nowhere", "there is no such folder"),
                           ("java=/var/tmp", "there are clients for nodejs, python and ruby only"),
                           ("python=/var/tmp", "no module awslambdaric there"), ("nodejs", "RUNTIME=FOLDER")):
            with self.assertRaises(Exception) as caught:
                Server("--runtime-client", value).start()
            self.assertIn(why, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
