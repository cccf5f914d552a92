"""Every runtime identifier runs on this machine's interpreters; what AWS has retired, when an option allows it."""

import base64
import shutil
import unittest

from function_code import BOOTSTRAP_ECHO, node_zip, python_zip, zipped
from sdk_clients import LambdaCase

PYTHON_ECHO = python_zip("import os\ndef handler(event, context):\n    return os.environ['AWS_EXECUTION_ENV']\n")
NODE_ECHO = node_zip("exports.handler = async () => process.env.AWS_EXECUTION_ENV\n")
RUBY_ECHO = zipped({"index.rb": "def handler(event:, context:)\n  ENV['AWS_EXECUTION_ENV']\nend\n"})


class Runtimes(LambdaCase):
    def says_its_name(self, runtime, code):
        name = runtime.replace(".", "-")
        self.create(name, code, Runtime=runtime, Timeout=20)
        answer, response = self.invoke(name, LogType="Tail")
        log = base64.b64decode(response["LogResult"]).decode()
        self.assertNotIn("FunctionError", response, log)
        self.assertEqual(answer, f"AWS_Lambda_{runtime}", log)
        self.client.delete_function(FunctionName=name)


class Supported(Runtimes):
    OPTIONS = ("--spare-runtimes", "0")

    def test_python(self):
        for minor in range(8, 15):
            self.says_its_name(f"python3.{minor}", PYTHON_ECHO)

    @unittest.skipUnless(shutil.which("node"), "Node.js is not installed")
    def test_nodejs(self):
        for major in (16, 18, 20, 22, 24):
            self.says_its_name(f"nodejs{major}.x", NODE_ECHO)

    @unittest.skipUnless(shutil.which("ruby"), "Ruby is not installed")
    def test_ruby(self):
        for minor in (2, 3, 4):
            self.says_its_name(f"ruby3.{minor}", RUBY_ECHO)

    def test_what_is_retired_is_refused(self):
        for runtime in ("provided", "go1.x", "nodejs14.x"):
            self.refused("InvalidParameterValueException", 400, self.create, Runtime=runtime,
                         message=f"The runtime parameter of {runtime} is no longer supported for creating or updating "
                                 "AWS Lambda functions. We recommend you use a supported runtime while creating or "
                                 "updating functions.")


class Retired(Runtimes):
    OPTIONS = ("--spare-runtimes", "0", "--allow-retired-runtimes")

    def test_they_run(self):
        self.says_its_name("python3.7", PYTHON_ECHO)
        if shutil.which("node"):
            self.says_its_name("nodejs14.x", NODE_ECHO)
        if shutil.which("ruby"):
            self.says_its_name("ruby2.7", RUBY_ECHO)
        self.create("own", BOOTSTRAP_ECHO, Runtime="provided", Handler="x")
        self.assertEqual(self.invoke("own", {"a": 1})[0], {"a": 1})
        self.assertEqual(self.client.get_function_configuration(FunctionName="own")["Runtime"], "provided")

    def test_what_has_no_interpreter_says_so_when_invoked(self):
        self.create("gone", zipped({"main": ("#!/bin/sh\n", 0o755)}), Runtime="go1.x", Handler="main")
        self.refused("InvalidRuntimeException", 502, self.client.invoke, FunctionName="gone",
                     message="No interpreter for go1.x on this machine. go1.x cannot be run; provided.al2023 with a "
                             "bootstrap can")

    def test_what_never_was_is_refused(self):
        self.refused("InvalidParameterValueException", 400, self.create, Runtime="python9.9")


if __name__ == "__main__":
    unittest.main()
