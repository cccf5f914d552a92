"""Names, partial ARNs and ARNs, with the qualifier inside or beside: what is accepted, what is refused, in AWS's words.

The matrix is that of LocalStack's `test_function_name_and_qualifier_validation`, which was recorded from AWS.
"""

import re
import unittest

from aviary_server import ServerCase, scope_header
from function_code import answering
from recorded_requests import F, code, create, function
from test_recorded_errors import RECORDED

PREFIX = "arn:aws:lambda:us-east-1:123456789012:function:"
CREATE_PATTERN = RECORDED["constants"]["RX1"]
OTHER_PATTERN = RECORDED["constants"]["RX2"]
QUALIFIER_PATTERN = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
MISMATCH = "The derived qualifier from the function name does not match the specified qualifier."


def must_match(name, pattern):
    return (f"Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {pattern}")


def too_long(value, member, limit):
    return (f"Value '{value}' at '{member}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limit}")


class Matrix(ServerCase):
    """No function of these tests exists."""

    def ask(self, operation, name, qualifier):
        if operation == "create":
            whole = name if qualifier is None else f"{name}:{qualifier}"
            return self.server.post(F, create(FunctionName=whole).body)
        if operation == "get":
            return self.server.get(function(name, "", qualifier))
        if operation == "delete":
            return self.server.delete(function(name, "", qualifier))
        return self.server.post(function(name, "/invocations", qualifier), {})

    def violations(self, operation, name, qualifier, expected):
        """A ValidationException with exactly these violations, in whichever order."""
        answer = self.ask(operation, name, qualifier)
        with self.subTest(operation=operation, name=name[:80], qualifier=qualifier):
            self.assertEqual(answer.status, 400, answer)
            self.assertEqual(answer.headers["x-amzn-errortype"], "ValidationException")
            message = answer.json()["message"]
            head = re.match(r"(\d+) validation errors? detected: ", message)
            self.assertIsNotNone(head, message)
            self.assertEqual(int(head[1]), len(expected), message)
            self.assertIn("errors" if len(expected) > 1 else "error ", head[0])
            self.assertEqual(sorted(re.split(r"; (?=Value )", message[head.end():])), sorted(expected))

    def refused(self, operation, name, qualifier, status, code_, message):
        answer = self.ask(operation, name, qualifier)
        with self.subTest(operation=operation, name=name[:80], qualifier=qualifier):
            self.assertEqual((answer.status, answer.headers.get("x-amzn-errortype")), (status, code_), answer)
            body = answer.json()
            self.assertEqual(body.get("message", body.get("Message")), message)

    def everywhere_a_bad_name(self, name, qualifier=None, created=None):
        whole = created or (name if qualifier is None else f"{name}:{qualifier}")
        self.violations("create", name, qualifier, [must_match(whole, CREATE_PATTERN)])
        for operation in ("get", "delete", "invoke"):
            self.violations(operation, name, qualifier, [must_match(name, OTHER_PATTERN)])

    def test_bad_characters(self):
        self.everywhere_a_bad_name("my-function!")
        self.everywhere_a_bad_name("*")

    def test_bad_qualifier(self):
        self.violations("create", "my-function", "invalid!", [must_match("my-function:invalid!", CREATE_PATTERN)])
        for operation in ("get", "delete", "invoke"):
            self.violations(operation, "my-function", "invalid!", [
                "Value 'invalid!' at 'qualifier' failed to satisfy constraint: "
                f"Member must satisfy regular expression pattern: {QUALIFIER_PATTERN}"])

    def test_long_qualifier(self):
        qualifier = "a" * 129
        self.violations("create", "my-function", qualifier, [too_long(f"my-function:{qualifier}", "functionName", 140)])
        for operation in ("get", "delete", "invoke"):
            self.violations(operation, "my-function", qualifier, [too_long(qualifier, "qualifier", 128)])

    def test_things_that_are_not_function_arns(self):
        for name in ("invalid-account:function:my-function",
                     "arn:aws:lambda:invalid-region:123456789012:function:my-function",
                     "arn:aws:ec2:us-east-1:123456789012:instance:i-1234567890abcdef0",
                     PREFIX + "my-function:1:2",
                     "function:my-function:$LATEST:extra",
                     "arn:aws:lambda::123456789012:function:my-function",
                     "arn:aws:lambda:us-east-1::function:my-function",
                     PREFIX + "my-function:$LATES"):
            self.everywhere_a_bad_name(name)

    def test_long_name(self):
        name = "a" * 65
        self.refused("create", name, None, 400, "InvalidParameterValueException",
                     "1 validation error detected: " + too_long(name, "functionName", 64))
        for operation, suffix in (("get", ""), ("delete", ""), ("invoke", ":$LATEST")):
            self.refused(operation, name, None, 404, "ResourceNotFoundException",
                         f"Function not found: {PREFIX}{name}{suffix}")

    def test_long_name_in_a_bad_arn(self):
        name = "arn:aws:lambda:invalid-region:123456789012:function:my-function" + "a" * 170
        self.violations("create", name, None,
                        [too_long(name, "functionName", 140), must_match(name, CREATE_PATTERN)])
        for operation in ("get", "delete", "invoke"):
            self.violations(operation, name, None, [must_match(name, OTHER_PATTERN)])

    def test_long_name_in_a_bad_arn_with_a_long_qualifier(self):
        name = "arn:aws:lambda:invalid-region:123456789012:function:my-function" + "a" * 170
        qualifier = "a" * 129
        whole = f"{name}:{qualifier}"
        self.violations("create", name, qualifier,
                        [too_long(whole, "functionName", 140), must_match(whole, CREATE_PATTERN)])
        for operation in ("get", "delete", "invoke"):
            self.violations(operation, name, qualifier,
                            [too_long(qualifier, "qualifier", 128), must_match(name, OTHER_PATTERN)])

    def test_arn_that_ends_in_function(self):
        name = "arn:aws:lambda:us-east-1:123456789012:function"
        for operation, suffix in (("get", ""), ("delete", ""), ("invoke", ":$LATEST")):
            self.refused(operation, name, None, 404, "ResourceNotFoundException",
                         f"Function not found: {PREFIX}function{suffix}")
        created = self.ask("create", name, None)
        self.assertEqual((created.status, created.json()["FunctionName"]), (201, "function"), created)

    def test_qualifier_inside_and_another_beside(self):
        name = PREFIX + "my-function:$LATEST"
        self.violations("create", name, "1", [must_match(name + ":1", CREATE_PATTERN)])
        for operation in ("get", "delete", "invoke"):
            self.refused(operation, name, "1", 400, "InvalidParameterValueException", MISMATCH)

    def test_latest_in_lower_case(self):
        name = PREFIX + "my-function"
        self.violations("create", name, "$latest", [must_match(name + ":$latest", CREATE_PATTERN)])
        for operation, suffix in (("get", ":$latest"), ("delete", ""), ("invoke", ":$latest")):
            self.refused(operation, name, "$latest", 404, "ResourceNotFoundException",
                         f"Function not found: {name}{suffix}")


class Accepted(ServerCase):
    """The same function under all its names."""

    NAMES = ("fn", "function:fn", "123456789012:fn", "123456789012:function:fn", "us-east-1:123456789012:function:fn",
             PREFIX + "fn")

    def setUp(self):
        super().setUp()
        answer = self.server.post(F, create(FunctionName="fn", Code=code(answering(1)), Publish=True).body)
        self.assertEqual(answer.status, 201, answer)
        self.server.put(function("fn", "/code"), code(answering(2)))
        self.server.post(function("fn", "/aliases"), {"Name": "prod", "FunctionVersion": "1"})

    def test_every_form_of_a_name(self):
        for name in self.NAMES:
            answer = self.server.get(function(name, "/configuration"))
            self.assertEqual(answer.status, 200, (name, answer))
            self.assertEqual(answer.json()["FunctionArn"], PREFIX + "fn")

    def test_qualifier_inside_or_beside_or_both(self):
        for name in self.NAMES:
            for qualifier, version in (("1", "1"), ("prod", "1"), ("$LATEST", "$LATEST")):
                for inside, beside in ((f"{name}:{qualifier}", None), (name, qualifier),
                                       (f"{name}:{qualifier}", qualifier)):
                    answer = self.server.get(function(inside, "/configuration", beside))
                    self.assertEqual(answer.status, 200, (inside, beside, answer))
                    self.assertEqual(answer.json()["Version"], version)
                    self.assertEqual(answer.json()["FunctionArn"], f"{PREFIX}fn:{qualifier}")

    def test_operations_take_every_form(self):
        for name in self.NAMES:
            self.assertEqual(self.server.get(function(name, "/aliases/prod")).status, 200, name)
            self.assertEqual(self.server.get(function(name, "/versions")).status, 200, name)
            self.assertEqual(self.server.put(function(name, "/configuration"), {"Timeout": 4}).status, 200, name)
            self.assertEqual(self.server.post(function(name, "/versions"), {}).status, 201, name)

    def test_an_arn_of_another_account_is_not_this_accounts_function(self):
        answer = self.server.get(function("arn:aws:lambda:us-east-1:999988887777:function:fn"))
        self.assertIn(answer.status, (403, 404), answer)
        other = self.server.get(function("fn"), headers=scope_header("999988887777"))
        self.assertEqual(other.status, 404, other)


if __name__ == "__main__":
    unittest.main(verbosity=1)
