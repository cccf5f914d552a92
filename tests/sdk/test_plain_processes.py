"""A server that runs functions as plain processes, as one does where the machine refuses namespaces."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock

from aviary_server import Server, binary
from function_code import NODE, PYTHON, ROLE, node_zip, python_zip, zipped
from sdk_clients import LambdaCase, client_for

LOOK = """
import os, tempfile
BORN = os.urandom(4).hex()
def handler(event, context):
    if event.get("die"):
        os._exit(3)
    with open(os.path.join(tempfile.gettempdir(), "seen"), "a") as file:
        file.write("x")
    with open(file.name) as file:
        seen = len(file.read())
    return {"born": BORN, "task": os.environ["LAMBDA_TASK_ROOT"], "cwd": os.getcwd(), "seen": seen,
            "own": sorted(os.listdir(os.environ["LAMBDA_TASK_ROOT"]))}
"""


class PlainProcesses(LambdaCase):
    OPTIONS = ("--isolation", "none")

    def layer(self, name, files):
        return self.client.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(files)})["LayerVersionArn"]

    def test_the_code_is_where_the_variable_says(self):
        self.create(code=python_zip(LOOK))
        first, _ = self.invoke(payload={})
        self.assertNotEqual(first["task"], "/var/task")
        self.assertEqual((first["cwd"], first["own"]), (first["task"], ["index.py"]))
        self.all_back()
        again, _ = self.invoke(payload={})
        self.assertEqual((again["born"], again["seen"]), (first["born"], 2))
        self.all_back()
        answer, _ = self.invoke(payload={"die": True})
        self.assertEqual(answer["errorType"], "Runtime.ExitError")
        after, _ = self.invoke(payload={})
        self.assertNotEqual(after["born"], first["born"])

    def test_time_out(self):
        self.create(code=python_zip("import time\n\ndef handler(event, context):\n    time.sleep(9)\n"), Timeout=1)
        answer, response = self.invoke()
        self.assertEqual((response["FunctionError"], answer["errorType"]), ("Unhandled", "Sandbox.Timedout"))

    def test_layers(self):
        one = self.layer("one", {"python/a.py": "x = 1", "python/b.py": "x = 1", "bin/tool": ("#!/bin/sh\necho one\n", 0o755)})
        two = self.layer("two", {"python/b.py": "x = 2", "bin/tool": ("#!/bin/sh\necho two\n", 0o755)})
        self.create(code=python_zip("import a, b, subprocess\n\ndef handler(event, context):\n"
                                    "    return [a.x, b.x, subprocess.check_output('tool', text=True)]\n"), Layers=[one, two])
        self.assertEqual(self.invoke()[0], [1, 2, "two\n"])

    @unittest.skipUnless(shutil.which("node"), "no node here")
    def test_layers_of_node(self):
        layers = [self.layer(name, {f"nodejs/node_modules/{package}/index.js": f"module.exports = '{name}';"
                                    for package in packages}) for name, packages in (("one", ("a", "b")), ("two", ("b",)))]
        self.create(code=node_zip("exports.handler = async () => [require('a'), require('b')];"), Runtime=NODE, Layers=layers)
        self.assertEqual(self.invoke()[0], ["one", "two"])
        self.create("modules", zipped({"index.mjs": "import a from 'a';\nimport b from 'b';\n"
                                                    "export const handler = async () => [a, b];\n"}), Runtime=NODE, Layers=layers)
        self.assertEqual(self.invoke("modules")[0], ["one", "two"])

    def test_a_bootstrap_of_a_layer(self):
        layer = self.layer("boot", {"bootstrap": ("""#!/bin/sh
while true; do
  id=$(curl -sS -o /dev/null -D - "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" |
       tr -d '\\r' | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //Ip')
  curl -sS -o /dev/null -d '"from a layer"' "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response"
done
""", 0o755)})
        other = self.layer("other", {"note": "nothing to start"})
        self.create(code=zipped({"data": "1"}), Runtime="provided.al2023", Layers=[layer, other])
        self.assertEqual(self.invoke()[0], "from a layer")


class Refused(unittest.TestCase):
    """A machine that refuses namespaces: one of which nobody may make mounts of their own."""

    WRAPPER = """#!/bin/sh
exec unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_mnt_namespaces && exec "$0" "$@"' %s "$@"
"""

    def test_it_is_said_once_and_functions_run(self):
        folder = tempfile.mkdtemp(prefix="aviary-sdk-")
        self.addCleanup(shutil.rmtree, folder, True)
        wrapper = os.path.join(folder, "aviary")
        with open(wrapper, "w") as file:
            file.write(self.WRAPPER % binary())
        os.chmod(wrapper, 0o755)
        if subprocess.run([wrapper, "--version"], capture_output=True, timeout=20).returncode != 0:
            self.skipTest("this machine makes no namespaces of users")
        with unittest.mock.patch.dict(os.environ, AVIARY_BINARY=wrapper):
            doctor = subprocess.run([binary(), "doctor"], capture_output=True, text=True, timeout=60).stdout
            server = Server().start()
        self.addCleanup(server.stop)
        self.assertIn("functions are plain processes", doctor)
        client = client_for(server.endpoint)
        client.create_function(FunctionName="f", Role=ROLE, Runtime=PYTHON, Handler="index.handler",
                               Code={"ZipFile": python_zip(LOOK)})
        for _ in range(2):
            answer = json.loads(client.invoke(FunctionName="f", Payload=b"{}")["Payload"].read())
            self.assertNotEqual(answer["task"], "/var/task", answer)
        said = [line for line in server.log().splitlines() if "plain processes" in line]
        self.assertEqual(len(said), 1, server.log())
        self.assertIn("warn", said[0].lower())


if __name__ == "__main__":
    unittest.main()
