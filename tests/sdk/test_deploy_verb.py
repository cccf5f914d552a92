"""`aviary deploy` and `aviary serve --template`: the developer's own folder, without any client."""

import os
import signal
import subprocess
import time
import unittest

from aviary_server import binary
from sdk_clients import LambdaCase, client_for

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting: {Type: String, Default: hello}
Resources:
  Greeter:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: greeter
      Runtime: python3.11
      Handler: index.handler
      CodeUri: src/
      Environment: {Variables: {GREETING: !Ref Greeting}}
Outputs:
  Name: {Value: !Ref Greeter}
"""


class DeployCase(LambdaCase):
    def setUp(self):
        super().setUp()
        self.folder = self.scratch()
        os.chmod(self.folder, 0o755)
        self.write("template.yaml", TEMPLATE)
        self.code("one")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def code(self, word):
        self.write("src/index.py", f"import os\ndef handler(event, context):\n    return os.environ['GREETING'] + ' {word}'\n")

    def command(self, *words):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AVIARY_", "AWS_"))}
        return {"args": [binary(), *words], "cwd": self.folder, "text": True,
                "env": {**clean, "AWS_ENDPOINT_URL": self.server.endpoint}}

    def deploy(self, *words, code=0):
        done = subprocess.run(capture_output=True, timeout=120, **self.command("deploy", *words))
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def said(self):
        return self.invoke("greeter")[0]


class Deploy(DeployCase):
    def test_life(self):
        shown = self.deploy("--stack-name", "app")
        self.assertIn("app: create\n", shown)
        self.assertRegex(shown, r"CREATE_COMPLETE +AWS::Lambda::Function +Greeter\n")
        self.assertIn("Name = greeter\n", shown)
        self.assertEqual(self.said(), "hello one")
        self.assertIn("app: nothing has changed\n", self.deploy("--stack-name", "app"))
        self.code("two")
        self.assertIn("app: update\n", self.deploy("template.yaml", "--stack-name", "app", "--parameter", "Greeting=hi"))
        self.assertEqual(self.said(), "hi two")
        # What is not said again stays.
        self.code("three")
        self.deploy("--stack-name", "app")
        self.assertEqual(self.said(), "hi three")

    def test_what_a_template_may_name(self):
        self.write("lib/python/shared.py", "word = 'from the layer'\n")
        self.write("one.py", "import shared\ndef handler(event, context):\n    return shared.word\n")
        self.write("child.yaml", "Resources:\n  Topic: {Type: 'AWS::SNS::Topic'}\nOutputs:\n  T: {Value: !Ref Topic}\n")
        self.write("template.yaml", """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}}}
  Layer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: lib}}
  Function:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: greeter, Runtime: python3.11, Handler: one.handler, Code: one.py, Role: !GetAtt Role.Arn, Layers: [!Ref Layer]}
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}
Outputs:
  Topic: {Value: !GetAtt Child.Outputs.T}
""")
        self.assertIn("Topic = arn:aws:sns:", self.deploy())
        self.assertEqual(self.said(), "from the layer")

    def test_what_goes_wrong(self):
        self.assertIn("missing.yaml cannot be read", self.deploy("missing.yaml", code=2))
        self.assertIn("--parameter is NAME=value, not 'x'", self.deploy("--parameter", "x", code=2))
        self.assertIn("Parameters: [Other] do not exist in the template", self.deploy("--parameter", "Other=x", code=2))
        self.write("template.yaml", TEMPLATE.replace("src/", "nowhere/"))
        self.assertIn("nowhere", self.deploy(code=2))
        self.write("template.yaml", "Resources: [")
        self.assertIn("YAML not well-formed", self.deploy(code=2))
        self.write("template.yaml", TEMPLATE + "  B: {Value: !GetAtt Greeter.Nothing}\n")
        self.assertIn("ends in ROLLBACK_COMPLETE", self.deploy("--stack-name", "app", code=1))
        # A stack that never came to be is not in the way.
        self.write("template.yaml", TEMPLATE)
        self.assertIn("app: create\n", self.deploy("--stack-name", "app"))
        done = subprocess.run(capture_output=True, timeout=60, **self.command("deploy", "--endpoint", "http://127.0.0.1:1"))
        self.assertEqual(done.returncode, 2)

    def test_build(self):
        # Tools of the test's own: what they do is not the point, but that they are asked, and where.
        self.write("bin/npm", "#!/bin/sh\nmkdir -p node_modules/dep && echo \"exports.word='npm'\" > node_modules/dep/index.js\n")
        self.write("bin/python3", "#!/bin/sh\nfor to; do :; done\necho \"word = 'pip'\" > \"$to/dep.py\"\n")
        for tool in ("npm", "python3"):
            os.chmod(os.path.join(self.folder, "bin", tool), 0o755)
        self.write("src/requirements.txt", "dep\n")
        self.write("src/package.json", "{}\n")
        self.write("src/index.py", "import os, dep\ndef handler(event, context):\n    return [dep.word, os.listdir('node_modules')]\n")
        command = self.command("deploy", "--build")
        command["env"]["PATH"] = os.path.join(self.folder, "bin") + ":" + os.environ["PATH"]
        done = subprocess.run(capture_output=True, timeout=60, **command)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.said(), ["pip", ["dep"]])
        self.assertEqual(sorted(os.listdir(os.path.join(self.folder, "src"))), ["index.py", "package.json", "requirements.txt"])

    def test_watch(self):
        running = subprocess.Popen(stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   **self.command("deploy", "--stack-name", "app", "--watch"))
        try:
            self.eventually(lambda: self.listed() and self.said() == "hello one")
            time.sleep(0.2)
            # A change is there in less than a second. The quickest of three: others use the machine, too.
            took = []
            for text in ("two", "three", "four"):
                self.code(text)
                began = time.monotonic()
                self.eventually(lambda: self.said() == f"hello {text}")
                took.append(time.monotonic() - began)
                time.sleep(0.2)
            self.assertLess(min(took), 1, took)
            self.write("template.yaml", TEMPLATE.replace("Default: hello", "Default: hi").replace(
                "Variables: {", "Variables: {MORE: x, "))
            self.eventually(lambda: "MORE" in self.client.get_function_configuration(
                FunctionName="greeter")["Environment"]["Variables"])
            # A mistake ends nothing.
            self.write("template.yaml", "Resources: [")
            time.sleep(0.5)
            self.write("template.yaml", TEMPLATE)
            self.eventually(lambda: "MORE" not in self.client.get_function_configuration(
                FunctionName="greeter")["Environment"]["Variables"])
        finally:
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=20)

    def listed(self):
        return self.client.list_functions()["Functions"]


class ServeTemplate(DeployCase):
    def serve(self, *words):
        return subprocess.Popen(stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                **self.command("serve", "--port", "0", "--template", "template.yaml", *words))

    def test_starts_with_the_stack(self):
        running = self.serve("--watch", "--stack-name", "app", "--parameter", "Greeting=hey")
        try:
            for line in running.stdout:
                if line.startswith("aviary ready on "):
                    break
            client = client_for(line.split()[3])
            self.assertEqual(client.invoke(FunctionName="greeter")["Payload"].read(), b'"hey one"')
            self.code("two")
            self.eventually(lambda: client.invoke(FunctionName="greeter")["Payload"].read() == b'"hey two"')
        finally:
            running.terminate()
            running.communicate(timeout=20)
        self.assertEqual(running.returncode, 0)

    def test_a_stack_that_fails_is_no_start(self):
        self.write("template.yaml", TEMPLATE + "  B: {Value: !GetAtt Greeter.Nothing}\n")
        running = self.serve()
        shown = running.communicate(timeout=60)[0]
        self.assertEqual(running.returncode, 1, shown)
        self.assertNotIn("aviary ready on", shown)

    def test_what_goes_with_a_template_only(self):
        done = subprocess.run(capture_output=True, timeout=60, **self.command("serve", "--watch"))
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
