"""Every error that was recorded from AWS, provoked here: status, type, body keys and the text to the letter."""

import json
import os
import re
import time
import unittest

from aviary_server import Server, ServerCase
from function_code import ROLE, answering
from recorded_settings import settle_world
from recorded_requests import (ARN, COVERED, F, LAYERS, NOT_HERE, REQUESTS, REQUESTS_DURING_AN_UPDATE, code, create,
                               function, many, permit_layer)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded_errors.json")) as _file:
    RECORDED = json.load(_file)
ROWS = {row["recorded"]: row for row in RECORDED["rows"]}


def make_world(server):
    """What `recorded_requests` expects to be there."""
    def done(answer):
        if answer.status >= 300:
            raise AssertionError(f"the world of this test could not be made: {answer!r}")
        return answer.json() if answer.body else None

    done(server.post(F, create(FunctionName="fn", Code=code(answering(1)), Publish=True).body))
    done(server.put(function("fn", "/code"), {**code(answering(2)), "Publish": True}))
    latest = done(server.put(function("fn", "/code"), code(answering("latest"))))
    for alias in ("custom", "unruled"):
        done(server.post(function("fn", "/aliases"), {"Name": alias, "FunctionVersion": "1"}))
    done(server.post(function("fn", "/policy"), {"StatementId": "s3", "Action": "lambda:InvokeFunction",
                                                 "Principal": "s3.amazonaws.com"}))
    done(server.post(F, {"FunctionName": "img", "Role": ROLE, "PackageType": "Image",
                         "Code": {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/repo:tag"}}))
    done(server.post(F, create(FunctionName="tagged", Tags=many(49)).body))
    for name in ("lay", "lay", "solo", "l1", "l2", "l3", "l4", "l5", "l6"):
        done(server.post(f"{LAYERS}/{name}/versions", {"Content": code(answering(name))}))
    done(server.post(f"{LAYERS}/solo/versions/1/policy", permit_layer("solo", 1).body))
    settle_world(done, server)
    done(server.post(F, create(FunctionName="deleted").body))
    done(server.delete(function("deleted")))
    return latest["CodeSha256"]


def expected_message(row, fill):
    """The recorded text with its placeholders filled in."""
    text = row["message"]
    for name, value in {"fn_arn_prefix": ARN, "layer_arn_prefix": "arn:aws:lambda:us-east-1:123456789012:layer:",
                        **RECORDED["constants"], **fill}.items():
        text = text.replace(f"{{{name}}}", value) if not re.search(r"[<…×]", name) else text.replace(name, value)
    return text


class RecordedErrors(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.latest_sha256 = make_world(cls.server)

    def setUp(self):
        """The world stays: a refused request changes nothing, which is part of what is tested."""

    def test_every_recording_has_a_request_or_a_reason(self):
        covered = {name for name, row in ROWS.items() if row["section"] in COVERED}
        here = set(REQUESTS) | set(REQUESTS_DURING_AN_UPDATE)
        self.assertEqual(covered - here - set(NOT_HERE), set())
        self.assertEqual((here | set(NOT_HERE)) - set(ROWS), set(), "not a recording")
        self.assertEqual(here & set(NOT_HERE), set())

    def test_refused_requests_leave_no_trace(self):
        before = self.state()
        for requests in REQUESTS.values():
            for request in () if callable(requests) else requests:
                self.server.request(request.method, request.path, request.body)
        self.assertEqual(self.state(), before)

    def state(self):
        functions = self.server.get(F).json()["Functions"]
        return functions, [self.server.get(path).body for path in (
            function("fn", "/versions"), function("fn", "/aliases"), function("fn", "/policy"),
            f"/2017-03-31/tags/{ARN}tagged", f"/2017-03-31/tags/{ARN}fn", LAYERS, f"{LAYERS}/lay/versions",
            f"{LAYERS}/solo/versions/1/policy")]

    def check(self, row, request, server=None):
        answer = (server or self.server).request(request.method, request.path, request.body, timeout=120)
        fill = {"<code-sha256:1>": self.latest_sha256, **request.fill}
        with self.subTest(recorded=row["recorded"], request=repr(request)):
            self.assertEqual(answer.status, row["status"], answer)
            self.assertEqual(answer.headers.get("x-amzn-errortype", "").split(":")[0], row["code"], answer)
            self.assertIn("x-amzn-requestid", answer.headers)
            body = answer.json()
            message = body.get("message", body.get("Message"))
            if row["message"] == "(no message)":
                self.assertIsNone(message, body)
                return
            self.assertEqual(message, expected_message(row, fill))
            if row["keys"] is None:  # not modelled: AWS sends no Type, and the recording lost the case of the key
                self.assertEqual({key.lower() for key in body}, {"message"})
            else:
                self.assertEqual(sorted(body), sorted(row["keys"]))
                if "Type" in row["keys"]:
                    self.assertEqual(body["Type"], "User")

    def test_deprecated_runtimes(self):
        recorded = ("test_create_deprecated_function_runtime_with_validation_enabled[python3.7] / deprecation_error")
        for runtime in ("java8", "go1.x", "provided", "ruby2.7", "nodejs14.x", "python3.7", "dotnetcore3.1",
                        "nodejs12.x"):
            row = {**ROWS[recorded], "message": ROWS[recorded]["message"].replace("python3.7", runtime)}
            self.check(row, create(Runtime=runtime))


def _test(name):
    def test(self):
        requests = REQUESTS[name]
        for request in [requests()] if callable(requests) else requests:
            self.check(ROWS[name], request)
    test.__doc__ = name
    return test


for _number, _name in enumerate(sorted(REQUESTS)):
    _label = re.sub(r"\W+", "_", _name.removeprefix("test_"))
    setattr(RecordedErrors, f"test_{_number:03}_{_label}", _test(_name))


class DuringAnUpdate(unittest.TestCase):
    """An update that is still in progress refuses the next one."""

    def test_second_update_is_refused(self):
        self.maxDiff = None
        for name, requests in REQUESTS_DURING_AN_UPDATE.items():
            server = Server("--activation-delay", "60000").start()
            self.addCleanup(server.stop)
            self.assertEqual(server.post(F, create(FunctionName="fn").body).status, 201)
            # Still pending: updates are refused as well, in other words (no recording of those).
            self.assertEqual(server.put(function("fn", "/configuration"), {"Timeout": 5}).status, 409)
            server.stop()

            server = Server("--activation-delay", "1500").start()
            self.addCleanup(server.stop)
            server.post(F, create(FunctionName="fn").body)
            self.wait_until_active(server)
            first = server.put(function("fn", "/configuration"), {"Timeout": 5})
            self.assertEqual((first.status, first.json()["LastUpdateStatus"]), (200, "InProgress"), first)
            for request in requests:
                answer = server.request(request.method, request.path, request.body)
                self.assertEqual(answer.status, ROWS[name]["status"], answer)
                self.assertEqual(answer.json(), {"Type": "User",
                                                 "message": expected_message(ROWS[name], request.fill)})
            self.assertEqual(server.get(function("fn", "/configuration")).json()["Timeout"], 5)
            server.stop()

    def wait_until_active(self, server):
        deadline = time.monotonic() + 20
        while server.get(function("fn", "/configuration")).json()["State"] != "Active":
            self.assertLess(time.monotonic(), deadline, "the function did not become active")
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(verbosity=1)
