"""Every operation of Lambda with every answer that its model names: shown by a case, or with a reason why not."""

import functools
import json
import unittest

from aviary_server import Server
from operation_cases import (MODEL, VALUES, big_zip, exceptions, filled, merge_patch, modelled, reasons, request_of, stages,
                             text_of_test)

# What running functions ask for, and invocations, which have a rate of their own: see docs/limits.md.
UNCOUNTED = {"Invoke", "InvokeAsync", "InvokeWithResponseStream", "CheckpointDurableExecution", "GetDurableExecutionState",
             "SendDurableExecutionCallbackFailure", "SendDurableExecutionCallbackHeartbeat",
             "SendDurableExecutionCallbackSuccess"}
THROTTLED = [(name, "TooManyRequestsException") for name in MODEL["operations"] if name not in UNCOUNTED
             and "TooManyRequestsException" in MODEL["operations"][name]["errors"]]


class EveryAnswerIsShown(unittest.TestCase):
    """Needs no server: what the cases are, held against the model."""

    maxDiff = None

    def test_nothing_is_without_a_case_or_a_reason(self):
        shown = {(operation, row[0]) for stage in stages() for operation, cases in stage["operations"].items()
                 for row in cases["answers"]} | set(THROTTLED)
        table, wanted = exceptions(), modelled()
        unknown = {pair for pair in shown - set(wanted) if pair[1] != "ValidationException"}
        self.assertEqual(unknown, set(), "not in the model")
        excused = {pair for pair in wanted if reasons(pair, table["cannot happen"])}
        absent = {"/".join(pair) for pair in set(wanted) - shown - excused}
        self.assertEqual(sorted(absent), sorted(table["not shown yet"]), "these need a case, or have one by now")
        self.assertEqual(sorted("/".join(pair) for pair in excused & shown), [], "a case shows what is said not to happen")
        used = {entry for pair in wanted for entry in reasons(pair, table["cannot happen"])}
        self.assertEqual(set(table["cannot happen"]) - used, set(), "speaks of nothing")

    def test_the_tests_that_are_named_exist_and_speak_of_the_error(self):
        for stage in stages():
            for operation, cases in stage["operations"].items():
                for row in cases["answers"]:
                    if len(row) < 2 or not isinstance(row[1], str):
                        continue
                    with self.subTest(operation=operation, answer=row[0]):
                        text = text_of_test(row[1])
                        self.assertIsNotNone(text, row[1])
                        self.assertIn("" if row[0] == "success" else row[0].removesuffix("Exception"), text)

    def test_refusals_of_the_form_are_shown_where_the_service_finds_nothing_else_invalid(self):
        """Where a bad value is only found by the model's own bounds, the answer is ValidationException, not modelled."""
        formal = {"/".join(pair) for pair in modelled() if pair[1] == "InvalidParameterValueException"
                  and reasons(pair, exceptions()["cannot happen"])}
        shown = {f"{operation}/InvalidParameterValueException" for stage in stages()
                 for operation, cases in stage["operations"].items()
                 if any(row[0] == "ValidationException" for row in cases["answers"])}
        formal -= set(exceptions()["takes anything"])
        self.assertEqual(formal - shown, set())


class Cases(unittest.TestCase):
    maxDiff = None

    def send(self, server, operation, parameters):
        method, path, headers, body = request_of(operation, parameters)
        return server.request(method, path, body, headers=headers)

    def check(self, operation, wanted, answer, status=None):
        facts, shapes = MODEL["operations"][operation], MODEL["shapes"]
        if wanted == "success":
            self.assertEqual(answer.status, status or facts["status"], answer)
            output = shapes[facts["output"]].get("members", {}) if "output" in facts else {}
            in_body = {name for name, member in output.items() if not member.get("location")}
            if in_body and "json" in answer.headers.get("content-type", "") and answer.body and answer.status != 204:
                if not any(member.get("location") == "payload" for member in output.values()):
                    self.assertLessEqual(set(answer.json()), in_body)
            return
        error = shapes.get(wanted, {}).get("error", {"status": 400})
        self.assertEqual((answer.status, answer.headers.get("x-amzn-errortype", "").split(":")[0]),
                         (error["status"], wanted), answer)
        self.assertTrue({"message", "Message"} & set(answer.json()), answer)

    def keep(self, values, answer, wanted={}):
        for name, path in wanted.items():
            if path.startswith("@"):
                values[name] = answer.headers[path[1:]]
                continue
            values[name] = functools.reduce(lambda found, step: found[step], path.split("."), answer.json())

    def test_cases(self):
        for stage in stages():
            server = Server(*stage["options"]).start()
            self.addCleanup(server.stop)
            values = {**VALUES, **({"big zip": big_zip()} if "$big zip" in json.dumps(stage) else {})}
            for queue in stage.get("queues", []):
                made = server.post("/", {"QueueName": queue}, headers={
                    "X-Amz-Target": "AmazonSQS.CreateQueue", "Content-Type": "application/x-amz-json-1.0"})
                self.assertEqual(made.status, 200, made)
            for operation, parameters, *kept in stage["world"]:
                answer = self.send(server, operation, filled(parameters, values))
                self.assertLess(answer.status, 300, (operation, parameters, answer))
                self.keep(values, answer, *kept)
            for operation, cases in stage["operations"].items():
                for number, row in enumerate(cases["answers"]):
                    if len(row) > 1 and isinstance(row[1], str):
                        continue
                    parameters = filled(merge_patch(cases.get("with", {}), row[1] if len(row) > 1 else {}), values)
                    with self.subTest(operation=operation, answer=row[0], number=number):
                        answer = self.send(server, operation, parameters)
                        self.check(operation, row[0], answer, cases.get("status"))
                        self.keep(values, answer, *row[2:])
            server.stop()

    def test_requests_beyond_the_rate(self):
        """Every operation that counts, after the one request that the account has."""
        server = Server("--request-rates", "control-plane=0.001,get-function=0.001,get-policy=0.001").start()
        self.addCleanup(server.stop)
        with_parameters = {}
        for stage in stages():
            for operation, cases in stage["operations"].items():
                with_parameters.setdefault(operation, cases.get("with", {}))
        some = "11111111-1111-4111-8111-111111111111"
        values = {**VALUES, "uuid": some, "execution": f"{VALUES['arn']}function:f:1/durable-execution/e/{some}",
                  "csc": VALUES["arn"] + "code-signing-config:csc-" + "0" * 17}
        for operation in ("GetAccountSettings", "GetFunction", "GetPolicy"):
            self.assertNotEqual(self.send(server, operation, filled(with_parameters[operation], values)).status, 429)
        for operation, wanted in THROTTLED:
            with self.subTest(operation=operation):
                answer = self.send(server, operation, filled(with_parameters[operation], values))
                self.check(operation, wanted, answer)
                self.assertEqual(answer.json()["Reason"], "CallerRateLimitExceeded")


if __name__ == "__main__":
    unittest.main()
