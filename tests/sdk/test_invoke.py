"""Invokes of real code through boto3: answers, logs, errors, time-outs, crashes."""

import base64
import json
import threading
import time
import unittest

from function_code import BOOTSTRAP_ECHO, NODE, answering, node_zip, python_zip
from sdk_clients import LambdaCase, client_for

EVERY_BOTO3 = True

NAME = "order-processor"
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Answers(LambdaCase):
    def test_echo(self):
        self.create()
        for payload in ({"a": [1, 2.5, None, True, "ü€😀"]}, [], "text", 0, None, False, {"deep": {"er": {}}}):
            answer, response = self.invoke(payload=json.dumps(payload).encode())
            self.assertEqual(answer, payload)
            self.assertEqual((response["StatusCode"], self.status(response)), (200, 200))
            self.assertEqual(response["ExecutedVersion"], "$LATEST")
            self.assertNotIn("FunctionError", response)
            self.assertNotIn("LogResult", response)

    def test_no_payload_is_an_empty_object(self):
        self.create()
        self.assertEqual(self.invoke()[0], {})

    def test_a_function_that_returns_nothing(self):
        self.create(code=python_zip("def handler(event, context):\n    pass\n"))
        self.assertIsNone(self.invoke()[0])

    def test_node(self):
        self.create(code=node_zip("exports.handler = async (event) => ({got: event, from: process.version});\n"),
                    Runtime=NODE)
        answer, response = self.invoke(payload={"a": 1})
        self.assertEqual(answer["got"], {"a": 1})
        self.assertTrue(answer["from"].startswith("v"), answer)
        self.assertEqual(response["ExecutedVersion"], "$LATEST")

    def test_provided(self):
        self.create(code=BOOTSTRAP_ECHO, Runtime="provided.al2023")
        for payload in ({"a": 1}, [1, 2]):
            self.assertEqual(self.invoke(payload=payload)[0], payload)

    def test_the_context(self):
        self.create(code=python_zip(
            "import os\n\ndef handler(event, context):\n"
            "    return {'name': context.function_name, 'version': context.function_version,\n"
            "            'arn': context.invoked_function_arn, 'memory': int(context.memory_limit_in_mb),\n"
            "            'id': context.aws_request_id, 'left': context.get_remaining_time_in_millis(),\n"
            "            'client': context.client_context.custom if context.client_context else None,\n"
            "            'environment': {name: os.environ.get(name) for name in event}}\n"),
            Publish=True, MemorySize=192, Timeout=20)
        self.client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")
        names = ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_REGION", "LAMBDA_TASK_ROOT",
                 "_HANDLER", "AWS_ENDPOINT_URL", "TZ", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        context = base64.b64encode(json.dumps({"custom": {"who": "me"}}).encode()).decode()
        answer, response = self.invoke(payload=names, Qualifier="prod", ClientContext=context)
        self.assertEqual((answer["name"], answer["version"], answer["memory"]), (NAME, "1", 192))
        self.assertEqual(answer["arn"], self.arn(qualifier="prod"))
        self.assertEqual(answer["id"], response["ResponseMetadata"]["RequestId"])
        self.assertTrue(0 < answer["left"] <= 20000, answer)
        self.assertEqual(answer["client"], {"who": "me"})
        environment = answer["environment"]
        self.assertEqual(environment["AWS_LAMBDA_FUNCTION_VERSION"], "1")
        self.assertEqual((environment["AWS_REGION"], environment["_HANDLER"]), ("us-east-1", "index.handler"))
        self.assertEqual((environment["TZ"], environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]), (":UTC", "192"))
        self.assertTrue(environment["AWS_ENDPOINT_URL"], "code must be able to call home")

    def test_invoked_arn_is_qualified_as_the_caller_did(self):
        self.create(code=python_zip("def handler(event, context):\n    return context.invoked_function_arn\n"),
                    Publish=True)
        self.assertEqual(self.invoke()[0], self.arn())
        self.assertEqual(self.invoke(Qualifier="$LATEST")[0], self.arn(qualifier="$LATEST"))
        self.assertEqual(self.invoke(Qualifier="1")[0], self.arn(qualifier="1"))

    def test_code_calls_home(self):
        """A function lists functions through AWS_ENDPOINT_URL, with nothing but the standard library."""
        self.create(code=python_zip(
            "import json, os, urllib.request\n\ndef handler(event, context):\n"
            "    url = os.environ['AWS_ENDPOINT_URL'] + '/2015-03-31/functions'\n"
            "    found = json.load(urllib.request.urlopen(url, timeout=5))\n"
            "    return [each['FunctionName'] for each in found['Functions']]\n"), Timeout=10)
        self.assertEqual(self.invoke()[0], [NAME])

    def test_environments_are_reused(self):
        self.create(code=python_zip("import uuid\nME = uuid.uuid4().hex\n\ndef handler(event, context):\n"
                                    "    return ME\n"))
        self.assertEqual(len({self.invoke()[0] for _ in range(5)}), 1)

    def test_each_concurrent_invoke_has_its_own(self):
        self.create(code=python_zip("import time, uuid\nME = uuid.uuid4().hex\n\ndef handler(event, context):\n"
                                    "    time.sleep(4)\n    return ME\n"), Timeout=20)
        found = []

        def one():
            client = client_for(self.server.endpoint)
            found.append(json.loads(client.invoke(FunctionName=NAME)["Payload"].read()))

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(found)), 4)

    def test_task_root_is_read_only_and_tmp_is_not(self):
        self.create(code=python_zip(
            "import os\n\ndef handler(event, context):\n"
            "    open('/tmp/x', 'w').write('y')\n"
            "    here = os.environ['LAMBDA_TASK_ROOT']\n"
            "    return [open('/tmp/x').read(), sorted(name for name in os.listdir(here) if name != '__pycache__'),\n"
            "            os.path.realpath(os.getcwd()) == os.path.realpath(here)]\n"))
        self.assertEqual(self.invoke()[0], ["y", ["index.py"], True])

    def test_big_payloads(self):
        self.create(Timeout=30)
        text = "x" * (4 * 1024 * 1024)
        self.assertEqual(self.invoke(payload=text)[0], text)

    def test_a_request_that_is_too_big(self):
        self.create()
        response = self.refused("RequestEntityTooLargeException", 413, self.invoke,
                                payload=b'"' + b"x" * 6291456 + b'"')
        self.assertEqual(response["Error"]["Message"],
                         "Request must be smaller than 6291456 bytes for the InvokeFunction operation")

    def test_a_response_that_is_too_big(self):
        self.create(code=python_zip("def handler(event, context):\n    return 'x' * (7 * 1024 * 1024)\n"), Timeout=30)
        answer, response = self.invoke()
        self.assertEqual(response["FunctionError"], "Unhandled")
        self.assertEqual(answer, {
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
            "errorType": "Function.ResponseSizeTooLarge"})

    def test_payload_that_is_not_json(self):
        self.create()
        for payload in (b"{", b"hello", b'{"a": }', b'{"a": 1} x'):
            response = self.refused("InvalidRequestContentException", 400, self.invoke, payload=payload)
            self.assertTrue(response["Error"]["Message"].startswith(
                "Could not parse request body into json: Could not parse payload into json: "), response)


class InvocationTypes(LambdaCase):
    def setUp(self):
        super().setUp()
        self.create(code=python_zip(
            "import json, os, urllib.request\n\ndef handler(event, context):\n"
            "    if event.get('tell'):\n"
            "        tag = json.dumps({'Tags': {'told': str(event['tell'])}}).encode()\n"
            "        arn = context.invoked_function_arn.split(':')[:7]\n"
            "        url = os.environ['AWS_ENDPOINT_URL'] + '/2017-03-31/tags/' + '%3A'.join(arn)\n"
            "        urllib.request.urlopen(urllib.request.Request(url, tag, method='POST'), timeout=5)\n"
            "    return event\n"), Timeout=10)

    def tags(self):
        return self.client.list_tags(Resource=self.arn())["Tags"]

    def test_event(self):
        response = self.client.invoke(FunctionName=NAME, InvocationType="Event", Payload=b'{"tell": "event"}')
        self.assertEqual((response["StatusCode"], response["Payload"].read()), (202, b""))
        self.assertNotIn("ExecutedVersion", response)
        self.eventually(lambda: self.tags() == {"told": "event"}, what="the asynchronous invoke")

    def test_dry_run(self):
        response = self.client.invoke(FunctionName=NAME, InvocationType="DryRun", Payload=b'{"tell": "dry"}')
        self.assertEqual((response["StatusCode"], response["Payload"].read()), (204, b""))
        self.assertNotIn("ExecutedVersion", response)
        time.sleep(0.3)
        self.assertEqual(self.tags(), {})
        self.refused("ResourceNotFoundException", 404, self.invoke, "nope", InvocationType="DryRun")

    def test_invoke_async(self):
        response = self.client.invoke_async(FunctionName=NAME, InvokeArgs=b'{"tell": "async"}')
        self.assertEqual((response["Status"], self.status(response)), (202, 202))
        self.eventually(lambda: self.tags() == {"told": "async"}, what="the asynchronous invoke")

    def test_event_for_a_function_that_is_not_there(self):
        self.refused("ResourceNotFoundException", 404, self.invoke, "nope", InvocationType="Event")

    def test_unknown_type(self):
        response = self.refused("ValidationException", 400, self.invoke, InvocationType="Sometimes")
        self.assertIn("Value 'Sometimes' at 'invocationType' failed to satisfy constraint", response["Error"]["Message"])

    def test_event_through_an_alias_runs_what_the_alias_names(self):
        self.publish()
        self.client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")
        self.client.invoke(FunctionName=NAME, Qualifier="prod", InvocationType="Event", Payload=b'{"tell": "alias"}')
        self.eventually(lambda: self.tags() == {"told": "alias"}, what="the asynchronous invoke")

    def test_too_big_for_an_event(self):
        self.refused("RequestEntityTooLargeException", 413, self.invoke, InvocationType="Event",
                     payload=b'"' + b"x" * 1048577 + b'"')


class Logs(LambdaCase):
    def tail(self, response):
        return base64.b64decode(response["LogResult"]).decode()

    def test_tail(self):
        self.create(code=python_zip("def handler(event, context):\n    print('hello from the function')\n    return 1\n"),
                    MemorySize=256)
        for cold in (True, False):
            answer, response = self.invoke(LogType="Tail")
            self.assertEqual(answer, 1)
            request_id = response["ResponseMetadata"]["RequestId"]
            log = self.tail(response)
            self.assertRegex(log, rf"^START RequestId: {request_id} Version: \$LATEST\n")
            self.assertIn("hello from the function\n", log)
            self.assertIn(f"END RequestId: {request_id}\n", log)
            report = log.splitlines()[-1]
            wanted = (rf"^REPORT RequestId: {request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
                      rf"Memory Size: 256 MB\tMax Memory Used: \d+ MB\t")
            self.assertRegex(report, wanted + (r"Init Duration: \d+\.\d\d ms\t$" if cold else "$"))

    def test_version_in_the_log(self):
        self.create(Publish=True)
        log = self.tail(self.invoke(LogType="Tail", Qualifier="1")[1])
        self.assertRegex(log, rf"^START RequestId: {UUID} Version: 1\n")

    def test_last_four_kilobytes(self):
        self.create(code=python_zip("def handler(event, context):\n    for i in range(1000):\n"
                                    "        print('line', i)\n    return 1\n"))
        log = self.tail(self.invoke(LogType="Tail")[1])
        self.assertLessEqual(len(log), 4096)
        self.assertIn("line 999\n", log)
        self.assertNotIn("line 1\n", log)
        self.assertIn("REPORT RequestId:", log)

    def test_of_an_error(self):
        self.create(code=python_zip("def handler(event, context):\n    raise ValueError('no such order')\n"))
        log = self.tail(self.invoke(LogType="Tail")[1])
        self.assertIn("[ERROR] ValueError: no such order", log)
        self.assertIn("REPORT RequestId:", log)


class Failures(LambdaCase):
    """A function that fails is a successful invoke: 200, and X-Amz-Function-Error."""

    def fails(self, code, **more):
        self.create(code=code, **more)
        answer, response = self.invoke()
        self.assertEqual((response["StatusCode"], response.get("FunctionError")), (200, "Unhandled"), answer)
        return answer, response["ResponseMetadata"]["RequestId"]

    def works_again(self):
        """After each failure the next invoke works."""
        self.update_code(answering("well"))
        self.client.update_function_configuration(FunctionName=NAME, Timeout=3, Runtime="python3.11",
                                                  Handler="index.handler")
        self.assertEqual(self.invoke()[0], "well")

    def test_python_exception(self):
        answer, request_id = self.fails(python_zip(
            "class OutOfStock(Exception):\n    pass\n\n\ndef handler(event, context):\n"
            "    raise OutOfStock('no more widgets')\n"))
        self.assertEqual((answer["errorMessage"], answer["errorType"], answer["requestId"]),
                         ("no more widgets", "OutOfStock", request_id))
        self.assertEqual(len(answer["stackTrace"]), 1)
        root = "/var/task" if self.sandboxed() else r"/\S+"
        self.assertRegex(answer["stackTrace"][0], rf'File "{root}/index.py", line 6, in handler\n    raise OutOfStock')
        self.assertEqual(list(answer), ["errorMessage", "errorType", "requestId", "stackTrace"])
        self.works_again()

    def test_python_import_error(self):
        answer, _ = self.fails(python_zip("import not_there\n"))
        self.assertEqual(answer, {"errorMessage": "Unable to import module 'index': No module named 'not_there'",
                                  "errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": []})
        self.works_again()

    def test_python_handler_not_found(self):
        answer, _ = self.fails(python_zip("x = 1\n"))
        self.assertEqual((answer["errorType"], answer["errorMessage"]),
                         ("Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"))
        self.works_again()

    def test_python_unserialisable(self):
        answer, _ = self.fails(python_zip("def handler(event, context):\n    return {1, 2}\n"))
        self.assertEqual((answer["errorType"], answer["errorMessage"]), (
            "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"))
        self.works_again()

    def test_node_exception(self):
        answer, _ = self.fails(node_zip("exports.handler = async () => { throw new Error('some_error_msg'); };\n"),
                               Runtime=NODE)
        self.assertEqual((answer["errorType"], answer["errorMessage"]), ("Error", "some_error_msg"))
        self.assertEqual(answer["trace"][0], "Error: some_error_msg")
        self.assertEqual(list(answer), ["errorType", "errorMessage", "trace"])
        self.works_again()

    def test_timeout(self):
        started = time.monotonic()
        answer, request_id = self.fails(python_zip("import time\n\ndef handler(event, context):\n    time.sleep(30)\n"),
                                        Timeout=1)
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(answer, {"errorType": "Sandbox.Timedout",
                                  "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds"})
        self.works_again()

    def test_exit(self):
        for statement, reason in (("sys.exit(0)", "Runtime exited without providing a reason"),
                                  ("os._exit(7)", "Runtime exited with error: exit status 7"),
                                  ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed")):
            with self.subTest(statement=statement):
                self.server.post("/_aviary/reset")
                answer, request_id = self.fails(python_zip(
                    f"import os, sys\n\ndef handler(event, context):\n    {statement}\n"))
                self.assertEqual(answer["errorMessage"], f"RequestId: {request_id} Error: {reason}")
                self.assertEqual(answer["errorType"], "Runtime.ExitError")
                self.works_again()

    def test_no_bootstrap(self):
        answer, request_id = self.fails(python_zip("x = 1\n"), Runtime="provided.al2023")
        self.assertEqual(answer, {
            "errorType": "Runtime.InvalidEntrypoint",
            "errorMessage": f"RequestId: {request_id} Error: Couldn't find valid bootstrap(s): "
                            "[/var/task/bootstrap /opt/bootstrap]"})
        self.works_again()

    def test_globals_survive_an_exception_but_not_a_crash(self):
        self.create(code=python_zip(
            "import os\nCOUNT = 0\n\ndef handler(event, context):\n    global COUNT\n    COUNT += 1\n"
            "    if event == 'raise':\n        raise Exception('x')\n    if event == 'crash':\n        os._exit(1)\n"
            "    return COUNT\n"))
        for event, counted in (("count", 1), ("raise", None), ("count", 3), ("crash", None), ("count", 1)):
            answer = self.invoke(payload=event)[0]
            self.all_back()
            if counted:
                self.assertEqual(answer, counted)

    def test_log_of_a_timeout(self):
        self.create(code=python_zip("import time\n\ndef handler(event, context):\n    time.sleep(30)\n"), Timeout=1)
        log = base64.b64decode(self.invoke(LogType="Tail")[1]["LogResult"]).decode()
        self.assertRegex(log, rf"Z {UUID} Task timed out after 1.00 seconds\n")
        self.assertIn("Status: timeout", log)


class Limits(LambdaCase):
    OPTIONS = ("--concurrency", "2")

    def test_beyond_the_accounts_concurrency(self):
        self.create(code=python_zip("import time\n\ndef handler(event, context):\n    time.sleep(2)\n    return 1\n"),
                    Timeout=20)
        outcomes = []

        def one():
            client = client_for(self.server.endpoint)
            try:
                outcomes.append(json.loads(client.invoke(FunctionName=NAME)["Payload"].read()))
            except Exception as error:
                outcomes.append(error.response)

        threads = [threading.Thread(target=one) for _ in range(4)]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
        for thread in threads:
            thread.join()
        self.assertEqual([each for each in outcomes if each == 1], [1, 1])
        refusals = [each for each in outcomes if each != 1]
        self.assertEqual(len(refusals), 2, outcomes)
        for refusal in refusals:
            self.assertEqual(refusal["Error"]["Code"], "TooManyRequestsException")
            self.assertEqual(refusal["ResponseMetadata"]["HTTPStatusCode"], 429)
            self.assertEqual(refusal["Reason"], "ConcurrentInvocationLimitExceeded")
            self.assertEqual(refusal["Error"]["Message"], "Rate Exceeded.")
        self.assertEqual(self.invoke()[0], 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
