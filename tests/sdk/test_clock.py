"""Emulated time, driven over HTTP: what takes minutes there takes none here."""

import time
import unittest

from aviary_server import ServerCase
from function_code import python_zip
from recorded_requests import F, code, create, function


class Manual(ServerCase):
    OPTIONS = ("--clock", "manual", "--activation-delay", "600000")

    def clock(self):
        return self.server.get("/_aviary/clock").json()

    def advance(self, **how):
        answer = self.server.post("/_aviary/clock/advance", how)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def state(self):
        return self.server.get(function("fn", "/configuration")).json()["State"]

    def test_it_stands_still(self):
        before = self.clock()
        self.assertEqual(before["mode"], "manual")
        time.sleep(0.05)
        self.assertEqual(self.clock()["now"], before["now"])

    def test_a_function_becomes_active_when_time_has_come(self):
        started = time.monotonic()
        self.assertEqual(self.server.post(F, create(FunctionName="fn").body).json()["State"], "Pending")
        self.advance(by="9m59s")
        self.assertEqual(self.state(), "Pending")
        self.advance(by="1s")
        self.assertEqual(self.state(), "Active")
        update = self.server.put(function("fn", "/configuration"), {"Timeout": 9})
        self.assertEqual(update.json()["LastUpdateStatus"], "InProgress")
        self.advance(by="1h")
        self.assertEqual(self.server.get(function("fn", "/configuration")).json()["LastUpdateStatus"], "Successful")
        self.assertLess(time.monotonic() - started, 5)

    def test_timestamps_are_of_that_time(self):
        answer = self.server.put("/_aviary/clock", {"now": "2031-02-03T04:05:06Z"})
        self.assertEqual(answer.status, 200, answer)
        created = self.server.post(F, create(FunctionName="fn").body).json()
        self.assertEqual(created["LastModified"], "2031-02-03T04:05:06.000+0000")

    def test_nothing_is_due(self):
        answer = self.server.post("/_aviary/clock/advance", {"to": "next"})
        self.assertEqual(answer.status, 409 if self.clock()["pending"] == 0 else 200, answer)

    def test_mistakes(self):
        for body in ("", "{}", '{"mode": "slow"}', '{"now": "soon"}', '{"mode": "scaled=-1"}', "[1]"):
            self.assertEqual(self.server.put("/_aviary/clock", body).status, 400, body)
        for body in ("", "{}", '{"by": "soon"}', '{"by": 5}', '{"to": "tomorrow"}', '{"by": "1s", "to": "next"}'):
            self.assertEqual(self.server.post("/_aviary/clock/advance", body).status, 400, body)
        self.assertEqual(self.clock()["mode"], "manual")

    def test_time_outs_of_code_are_real(self):
        self.server.post(F, create(FunctionName="fn", Timeout=1, Code=code(python_zip(
            "import time\n\ndef handler(event, context):\n    time.sleep(20)\n"))).body)
        self.advance(by="10m")
        started = time.monotonic()
        answer = self.server.post(function("fn", "/invocations"), {})
        self.assertEqual(answer.json()["errorType"], "Sandbox.Timedout")
        self.assertLess(time.monotonic() - started, 10)


COUNTS_ITS_RUNS = """import json, os, urllib.request

def handler(event, context):
    tags = os.environ['AWS_ENDPOINT_URL'] + '/2017-03-31/tags/' + context.invoked_function_arn.replace(':', '%3A')
    runs = len(json.load(urllib.request.urlopen(tags, timeout=5))['Tags']) + 1
    body = json.dumps({'Tags': {f'run{runs}': context.aws_request_id}}).encode()
    urllib.request.urlopen(urllib.request.Request(tags, body, method='POST'), timeout=5)
    raise Exception('not this time')
"""


class Retries(ServerCase):
    """An asynchronous invoke that fails runs again after one minute, and after two more, and then no more."""

    OPTIONS = ("--clock", "manual")

    def runs(self):
        return self.server.get("/2017-03-31/tags/arn:aws:lambda:us-east-1:123456789012:function:fn").json()["Tags"]

    def waits(self, count):
        """Until the function has run so often, and what comes of it waits for the clock."""
        self.eventually(lambda: len(self.runs()) == count, what=f"run {count}")
        self.eventually(lambda: self.server.get("/_aviary/info").json()["in_flight"] == 0, what="the end of the run")
        time.sleep(0.1)

    def test_three_runs_of_one_request(self):
        self.server.post(F, create(FunctionName="fn", Timeout=20, Code=code(python_zip(COUNTS_ITS_RUNS))).body)
        answer = self.server.post(function("fn", "/invocations"), {}, headers={"X-Amz-Invocation-Type": "Event"})
        self.assertEqual(answer.status, 202, answer)
        self.waits(1)
        for before, after, run in (("59s", "1s", 2), ("1m59s", "1s", 3)):
            self.server.post("/_aviary/clock/advance", {"by": before})
            time.sleep(0.1)
            self.assertEqual(len(self.runs()), run - 1)
            self.server.post("/_aviary/clock/advance", {"by": after})
            self.waits(run)
        self.server.post("/_aviary/clock/advance", {"by": "6h"})
        time.sleep(0.2)
        self.assertEqual(set(self.runs()), {"run1", "run2", "run3"})
        self.assertEqual(set(self.runs().values()), {answer.headers["x-amzn-requestid"]})
        self.assertEqual(self.server.get("/_aviary/info").json()["lambda"]["pending_events"], 0)


class Driven(ServerCase):
    """A drive waits for what it starts, and tells what that was."""

    OPTIONS = ("--clock", "manual")

    def clock_pending(self):
        return self.server.get("/_aviary/clock").json()["pending"]

    def test_retries_run_within_the_drive(self):
        self.server.post(F, create(FunctionName="fn", Timeout=20, Code=code(python_zip(
            "def handler(event, context):\n    raise Exception('never')\n"))).body)
        self.server.post(function("fn", "/invocations"), {}, headers={"X-Amz-Invocation-Type": "Event"})
        def failed_once():
            states = {row["state"] for row in self.server.get("/_aviary/environments").json()["environments"]}
            return self.clock_pending() > 0 and states <= {"idle", "frozen", "stopped"}

        self.eventually(failed_once, timeout=60, what="the first failure")
        answer = self.server.post("/_aviary/clock/advance", {"by": "10m"}, timeout=120).json()
        runs = [row for row in answer["ran"] if row["what"].startswith("invoke of ")]
        self.assertEqual([row["what"] for row in runs], [
            "invoke of arn:aws:lambda:us-east-1:123456789012:function:fn ran version $LATEST and failed"] * 2)
        start = answer["from"]
        self.assertGreater(runs[0]["at"], start)
        self.assertGreater(runs[1]["at"], runs[0]["at"])
        self.assertGreaterEqual(answer["timers"], 2)
        self.assertEqual(self.server.get("/_aviary/info").json()["lambda"]["pending_events"], 0)

    def test_until_knows_what_it_is_asked(self):
        for body, status in (({"until": "alarm nobody is ALARM"}, 404), ({"until": "alarm x is FIRING"}, 400),
                             ({"until": "weather x is GOOD"}, 400), ({"until": "soon"}, 400),
                             ({"until": "alarm x is OK", "within": "soon"}, 400),
                             ({"until": "alarm x is OK", "by": "1m"}, 400)):
            self.assertEqual(self.server.post("/_aviary/clock/advance", body).status, status, body)


class Scaled(ServerCase):
    OPTIONS = ("--clock", "scaled=1000", "--activation-delay", "60000")

    def test_a_minute_in_the_blink_of_an_eye(self):
        started = time.monotonic()
        self.server.post(F, create(FunctionName="fn").body)
        self.eventually(lambda: self.server.get(function("fn", "/configuration")).json()["State"] == "Active",
                        what="the activation")
        self.assertLess(time.monotonic() - started, 5)


if __name__ == "__main__":
    unittest.main(verbosity=1)
