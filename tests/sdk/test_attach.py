"""`/_aviary/attach/FUNCTION`: invokes go to a process that a developer started."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from aviary_server import binary
from function_code import NODE, answering
from sdk_clients import LambdaCase


class Runtime:
    """A runtime of the test's own, on one connection: what stands still at a breakpoint."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=60)

    def call(self, method, path, body=None):
        self.connection.request(method, "/2018-06-01/runtime" + path, body=body)
        response = self.connection.getresponse()
        return response, response.read()

    def next(self):
        response, body = self.call("GET", "/invocation/next")
        return response.getheader("Lambda-Runtime-Aws-Request-Id"), response, body

    def respond(self, request_id, body):
        return self.call("POST", f"/invocation/{request_id}/response", body)[0].status

    def close(self):
        self.connection.close()


class Attach(LambdaCase):
    def setUp(self):
        super().setUp()
        self.create(code=answering("from the environment"), Timeout=1, Environment={"Variables": {"STAGE": "a b"}})

    def attach(self, name="order-processor"):
        answer = self.server.get(f"/_aviary/attach/{name}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def runtime(self):
        runtime = Runtime(self.attach()["runtime_api"])
        self.addCleanup(runtime.close)
        return runtime

    def in_background(self, function):
        results = []
        thread = threading.Thread(target=lambda: results.append(function()))
        thread.start()
        self.addCleanup(thread.join)
        return thread, results

    def until(self, attached):
        self.eventually(lambda: self.attach()["attached"] is attached, what=f"attached {attached}")

    def test_what_is_handed_out(self):
        answer = self.attach()
        self.assertEqual((answer["function"], answer["attached"]), ("order-processor", False))
        self.assertEqual(self.attach()["runtime_api"], answer["runtime_api"])
        environment = answer["environment"]
        self.assertEqual(environment["AWS_LAMBDA_RUNTIME_API"], answer["runtime_api"])
        self.assertEqual(environment["_HANDLER"], "index.handler")
        self.assertEqual(environment["STAGE"], "a b")
        self.assertEqual(environment["AWS_ENDPOINT_URL"], self.server.endpoint)
        self.assertNotIn("PATH", environment)
        self.assertNotIn("LAMBDA_TASK_ROOT", environment)
        lines = self.server.get("/_aviary/attach/order-processor?format=env").body.decode().splitlines()
        self.assertIn('STAGE="a b"', lines)
        self.assertIn("_HANDLER=index.handler", lines)

    def test_refusals(self):
        self.assertEqual(self.server.get("/_aviary/attach/nobody").status, 404)
        self.assertEqual(self.server.delete("/_aviary/attach/nobody").status, 404)
        self.assertEqual(self.server.get("/_aviary/attach/order-processor?format=xml").status, 400)
        self.assertEqual(self.server.put("/_aviary/attach/order-processor").status, 405)

    def test_invokes_go_there_without_time_out_and_come_back(self):
        self.assertEqual(self.invoke()[0], "from the environment")
        runtime = self.runtime()
        waiting, event = self.in_background(runtime.next)
        self.until(True)
        invoking, answers = self.in_background(lambda: self.invoke(payload={"n": 1}))
        waiting.join()
        request_id, response, body = event[0]
        self.assertEqual(json.loads(body), {"n": 1})
        self.assertGreater(int(response.getheader("Lambda-Runtime-Deadline-Ms")), (time.time() + 3600) * 1000)
        rows = self.server.get("/_aviary/environments").json()["environments"]
        self.assertIn((True, "invoking"), [(row["attached"], row["state"]) for row in rows])
        time.sleep(2)  # the function's time-out is one second
        self.assertTrue(invoking.is_alive())
        self.assertEqual(runtime.respond(request_id, b'"from the debugger"'), 202)
        invoking.join()
        self.assertEqual(answers[0][0], "from the debugger")
        runtime.close()
        self.until(False)
        self.assertEqual(self.invoke()[0], "from the environment")

    def test_a_process_that_stopped_waiting_gets_nothing(self):
        runtime = self.runtime()
        runtime.connection.request("GET", "/2018-06-01/runtime/invocation/next")
        self.until(True)
        runtime.close()
        self.assertEqual(self.invoke()[0], "from the environment")

    def test_one_that_dies_in_the_middle(self):
        runtime = self.runtime()
        waiting, _ = self.in_background(runtime.next)
        self.until(True)
        invoking, answers = self.in_background(self.invoke)
        waiting.join()
        runtime.close()
        invoking.join()
        self.assertEqual(answers[0][0]["errorType"], "Runtime.ExitError")
        self.assertEqual(self.invoke()[0], "from the environment")

    def test_delete(self):
        address = self.attach()["runtime_api"]
        runtime = self.runtime()
        waiting, events = self.in_background(lambda: runtime.call("GET", "/invocation/next")[0].status)
        self.until(True)
        self.assertEqual(self.server.delete("/_aviary/attach/order-processor").json()["detached"], True)
        waiting.join()
        self.assertEqual(events, [500])
        self.assertEqual(self.invoke()[0], "from the environment")
        with self.assertRaises(OSError):
            Runtime(address).next()
        self.assertEqual(self.server.delete("/_aviary/attach/order-processor").json()["detached"], False)

    def test_a_reset_ends_it(self):
        address = self.attach()["runtime_api"]
        self.server.post("/_aviary/reset")
        with self.assertRaises(OSError):
            Runtime(address).next()


class Clients(LambdaCase):
    """The clients that `aviary clients` writes, as a debugger starts them."""

    def play(self, command, folder, handler, runtime):
        self.create(code=answering("from the environment"), Handler=handler, Runtime=runtime)
        attached = self.server.get("/_aviary/attach/order-processor").json()
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   env={"PATH": os.environ["PATH"], **attached["environment"],
                                        "LAMBDA_TASK_ROOT": folder})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.eventually(lambda: self.server.get("/_aviary/attach/order-processor").json()["attached"],
                        timeout=30, what="attaching")
        answer, response = self.invoke(payload={"n": 1})
        self.assertNotIn("FunctionError", response, answer)
        return answer

    def folder(self):
        folder = tempfile.mkdtemp(prefix="aviary-attach-")
        self.addCleanup(shutil.rmtree, folder, True)
        subprocess.run([binary(), "clients", os.path.join(folder, ".aviary")], check=True, timeout=30)
        return folder

    def write(self, folder, name, text):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)

    def test_python(self):
        folder = self.folder()
        self.write(folder, "app.py", "def handler(event, context):\n    return ['local', event, context.function_name]\n")
        command = [sys.executable, os.path.join(folder, ".aviary/python/bootstrap.py")]
        self.assertEqual(self.play(command, folder, "app.handler", "python3.11"),
                         ["local", {"n": 1}, "order-processor"])

    def test_node(self):
        if not shutil.which("node"):
            self.skipTest("no node here")
        folder = self.folder()
        self.write(folder, "app.js", "exports.handler = async (event) => ['local', event];\n")
        command = ["node", "--inspect=127.0.0.1:0", os.path.join(folder, ".aviary/nodejs/bootstrap.cjs")]
        self.assertEqual(self.play(command, folder, "app.handler", NODE), ["local", {"n": 1}])

    def test_debugpy(self):
        try:
            import debugpy  # noqa: F401
        except ImportError:
            self.skipTest("no debugpy here")
        folder = self.folder()
        self.write(folder, "app.py", "def handler(event, context):\n    return ['debugged', event]\n")
        command = [sys.executable, "-m", "debugpy", "--listen", "127.0.0.1:0",
                   os.path.join(folder, ".aviary/python/bootstrap.py")]
        self.assertEqual(self.play(command, folder, "app.handler", "python3.11"), ["debugged", {"n": 1}])


if __name__ == "__main__":
    unittest.main()
