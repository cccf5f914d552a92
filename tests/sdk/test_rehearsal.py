"""Failing on purpose: faults, traffic, recordings, shadows and assertions against a real server with real functions."""

import base64
import datetime
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from aviary_server import Server, binary
from function_code import ECHO, answering, python_zip
from sdk_clients import LambdaCase, client_for

DOUBLING = python_zip("def handler(event, context):\n    return {**event, 'twice': 2 * event['n']}\n")
BROKEN = python_zip("def handler(event, context):\n    return {'n': event['n'] + (event['n'] % 3 == 0)}\n")


class RehearsalCase(LambdaCase):
    OPTIONS = ("--clock", "manual", "--routing", "exact", "--seed", "7")

    def setUp(self):
        super().setUp()
        self.connect(self.server)

    def connect(self, server):
        self.server = server
        self.client = client_for(server.endpoint)
        self.watch = client_for(server.endpoint, service="cloudwatch")
        self.logs = client_for(server.endpoint, service="logs")

    def two_versions(self, first=ECHO, second=DOUBLING, alias="1", weight=None):
        """Versions 1 and 2, and the alias prod."""
        self.create(code=first, Publish=True, MemorySize=128, Timeout=3)
        self.assertEqual(self.publish_code(second), "2")
        routing = {"RoutingConfig": {"AdditionalVersionWeights": {"2": weight}}} if weight else {}
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion=alias, **routing)

    def fault(self, **rule):
        answer = self.server.post("/_aviary/faults", {"function": "order-processor", **rule})
        self.assertEqual(answer.status, 201, answer)
        return answer.json()["faults"][0]["id"]

    def struck(self, fault):
        return self.server.get(f"/_aviary/faults/{fault}").json()["struck"]

    def advance(self, by):
        answer = self.server.post("/_aviary/clock/advance", {"by": by})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def pattern(self, name, count):
        """Which of the next invokes fail: `..x.`"""
        return "".join("x" if "FunctionError" in self.invoke(name, {"n": 1})[1] else "." for _ in range(count))

    def metric(self, name, version):
        self.advance("1m")
        now = datetime.datetime.fromisoformat(self.server.get("/_aviary/clock").json()["now"].replace("Z", "+00:00"))
        found = self.watch.get_metric_statistics(
            Namespace="AWS/Lambda", MetricName=name, Period=3600, StartTime=now - datetime.timedelta(days=7), EndTime=now,
            Dimensions=[{"Name": "FunctionName", "Value": "order-processor"},
                        {"Name": "Resource", "Value": f"order-processor:{version}"}],
            Statistics=["Sum", "Maximum"])["Datapoints"]
        return sum(point["Sum"] for point in found), max((point["Maximum"] for point in found), default=None)

    def lines(self):
        group = "/aws/lambda/order-processor"
        return "".join(event["message"] for event in self.logs.filter_log_events(logGroupName=group)["events"])

    def traffic(self, **plan):
        answer = self.server.post("/_aviary/traffic", {"function": "order-processor:prod", **plan})
        self.assertEqual(answer.status, 201, answer)
        return answer.json()["id"]

    def stream(self, traffic):
        return self.server.get(f"/_aviary/traffic/{traffic}").json()


class Faults(RehearsalCase):
    def test_version_2_fails_30_percent_of_the_time_after_its_first_20_invokes(self):
        self.two_versions()
        fault = self.fault(function="order-processor:2", error="30%", after=20)
        first = self.pattern("order-processor:2", 120)
        self.assertEqual(first[:20], "." * 20)
        self.assertTrue(18 <= first.count("x") <= 42, first)
        self.assertEqual(self.pattern("order-processor:1", 30), "." * 30)
        self.assertEqual(self.struck(fault), {"error": first.count("x")})
        # As any error: the metric of that version, its log, its rate for an alarm.
        self.assertEqual(self.metric("Errors", 2)[0], first.count("x"))
        self.assertEqual(self.metric("Errors", 1)[0], 0)
        self.assertEqual(self.lines().count("[ERROR] InjectedFault: This error was injected."), first.count("x"))
        # The same seed fails in the same places, in another server.
        twin = Server(*self.OPTIONS).start()
        self.addCleanup(twin.stop)
        self.addCleanup(self.connect, self.server)
        self.connect(twin)
        self.two_versions()
        self.fault(function="order-processor:2", error="30%", after=20)
        self.assertEqual(self.pattern("order-processor:2", 120), first)

    def test_errors_look_as_the_runtimes_own(self):
        self.two_versions()
        self.fault(error=True, error_type="ValueError", error_message="no coupon", count=1)
        answer, response = self.invoke("order-processor", {"n": 1})
        self.assertEqual((response["FunctionError"], answer["errorType"], answer["errorMessage"]),
                         ("Unhandled", "ValueError", "no coupon"))
        self.assertEqual(list(answer), ["errorMessage", "errorType", "requestId", "stackTrace"])
        self.assertEqual(self.invoke("order-processor", {"n": 1})[0], {"n": 1, "twice": 2})

    def test_what_ends_the_process(self):
        self.two_versions()
        for rule, kind, message in (
                ({"crash": True}, "Runtime.ExitError", r"^RequestId: \S+ Error: Runtime exited with error: exit status 1$"),
                ({"crash": True, "exit_signal": 11}, "Runtime.ExitError", "signal: segmentation fault"),
                ({"out_of_memory": True}, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"),
                ({"timeout": True}, "Sandbox.Timedout", r"Error: Task timed out after 3\.00 seconds$")):
            with self.subTest(rule=rule):
                self.server.request("DELETE", "/_aviary/faults")
                self.fault(count=1, **rule)
                answer, response = self.invoke("order-processor:2", {"n": 1})
                self.assertEqual((response["FunctionError"], answer["errorType"]), ("Unhandled", kind), answer)
                self.assertRegex(answer["errorMessage"], message)
                # The next one meets a new process.
                self.assertEqual(self.invoke("order-processor:2", {"n": 1})[0], {"n": 1, "twice": 2})
        self.assertEqual(self.metric("Errors", 2)[0], 4)
        self.assertIn("Task timed out after 3.00 seconds", self.lines())

    def test_throttling(self):
        self.two_versions()
        self.fault(throttle=True, count=2)
        for _ in range(2):
            answer = self.refused("TooManyRequestsException", 429, self.client.invoke, FunctionName="order-processor:2")
            self.assertIn("Rate Exceeded", answer["Error"]["Message"])
        self.assertEqual(self.invoke("order-processor:2", {"n": 1})[1]["StatusCode"], 200)
        self.assertEqual((self.metric("Throttles", 2)[0], self.metric("Invocations", 2)[0]), (2, 1))

    def test_delays(self):
        self.two_versions()
        fault = self.fault(function="order-processor:2", latency={"between": ["1500ms", "2s"]})
        self.assertEqual(self.invoke("order-processor:2", {"n": 1})[0]["twice"], 2)
        _, longest = self.metric("Duration", 2)
        self.assertTrue(1500 <= longest <= 2900, longest)  # counted on a clock that stands, waited for by nobody
        self.assertEqual(self.struck(fault), {"latency": 1})
        self.server.request("DELETE", "/_aviary/faults")
        # More than the function's time-out is a time-out.
        self.fault(function="order-processor:1", latency="4s")
        self.assertEqual(self.invoke("order-processor:1", {"n": 1})[0]["errorType"], "Sandbox.Timedout")
        self.server.request("DELETE", "/_aviary/faults")
        self.fault(cold_start="2s")
        self.assertEqual(self.publish_code(answering("third")), "3")
        result = self.invoke("order-processor:3", {"n": 1}, LogType="Tail")[1]
        tail = base64.b64decode(result["LogResult"]).decode()
        init = float(tail.split("Init Duration: ")[1].split()[0])
        self.assertGreaterEqual(init, 2000)

    def test_asynchronous_invokes_are_tried_again(self):
        self.two_versions()
        fault = self.fault(function="order-processor:prod", error=True, count=2)
        self.client.invoke(FunctionName="order-processor:prod", InvocationType="Event", Payload=b'{"n": 1}')
        until = time.monotonic() + 60
        # The first attempt has ended before time goes on.
        while ((self.struck(fault) != {"error": 1} or self.server.get("/_aviary/info").json()["in_flight"])
               and time.monotonic() < until):
            time.sleep(0.05)
        self.advance("10m")
        self.assertEqual(self.struck(fault), {"error": 2})
        self.assertEqual((self.metric("Invocations", "prod")[0], self.metric("Errors", "prod")[0]), (3, 2))

    def test_an_alias_a_version_and_their_bounds(self):
        self.two_versions(weight=0.5)
        fault = self.fault(function="order-processor:prod", version="2", error=True)
        self.assertEqual(self.pattern("order-processor:prod", 10).count("x"), 5)
        self.assertEqual(self.pattern("order-processor:2", 3), "...")
        self.server.request("DELETE", f"/_aviary/faults/{fault}")
        self.assertEqual(self.server.get(f"/_aviary/faults/{fault}").status, 404)
        fault = self.fault(**{"error": True, "after": "1m", "for": "2m"})
        state = lambda: self.server.get(f"/_aviary/faults/{fault}").json()["state"]  # noqa: E731
        self.assertEqual((state(), self.pattern("order-processor", 2)), ("waiting", ".."))
        self.advance("1m")
        self.assertEqual((state(), self.pattern("order-processor", 2)), ("active", "xx"))
        self.advance("2m")
        self.assertEqual((state(), self.pattern("order-processor", 2)), ("ended", ".."))

    def test_what_is_no_fault(self):
        self.fault(id="mine", error="10%")
        before = self.server.get("/_aviary/faults").json()
        for body in ("", "{", "[" * 5000, "7", {}, {"function": "f"}, {"function": "f", "error": 2},
                     {"function": "f", "error": "30"}, {"function": "f", "errors": 0.1},
                     {"function": "f", "error": 0.6, "crash": 0.6}, {"function": "f", "latency": "soon"},
                     {"function": "f", "latency": "-1s"}, {"function": "f", "error": 1, "count": 0},
                     {"function": "f", "error": 1, "after": -1}, {"function": "f", "error": 1, "until": "noon"},
                     {"function": "a b", "error": 1}, [{"function": "f", "error": 1}, {"function": "f"}]):
            for method in ("POST", "PUT"):
                answer = self.server.request(method, "/_aviary/faults", body)
                self.assertEqual(answer.status, 400, (body, answer))
                self.assertTrue(answer.json()["message"])
        self.assertEqual(self.server.get("/_aviary/faults").json(), before)
        self.assertEqual(self.server.request("DELETE", "/_aviary/faults/none").status, 404)
        self.assertEqual(self.server.request("PATCH", "/_aviary/faults", {}).status, 405)
        replaced = self.server.request("PUT", "/_aviary/faults", [{"function": "f", "crash": 1}])
        self.assertEqual((replaced.status, len(replaced.json()["faults"])), (200, 1))
        self.assertEqual(len(self.server.get("/_aviary/faults").json()["faults"]), 1)
        self.server.post("/_aviary/reset")
        self.assertEqual(self.server.get("/_aviary/faults").json(), {"faults": []})


class FromAFile(unittest.TestCase):
    FILE = """
# Version 2 fails 30 % of the time after its first 20 invokes.
- {function: "order-processor:2", error: 30%, after: 20}
- function: order-processor:prod
  latency: {p50: 100ms, p99: 2s}
  count: 5
"""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aviary-faults-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def write(self, text, name="faults.yaml"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def faults(self, *options, **more):
        server = Server(*options, **more).start()
        self.addCleanup(server.stop)
        return server, server.get("/_aviary/faults").json()["faults"]

    def test_by_option_environment_and_configuration(self):
        path = self.write(self.FILE)
        config = self.write(f'faults = "{path}"\n', "aviary.toml")
        for server, faults in (self.faults("--faults", path), self.faults(environment={"AVIARY_FAULTS": path}),
                               self.faults("--config", config)):
            self.assertEqual([(fault["function"], fault["state"]) for fault in faults],
                             [("order-processor:2", "waiting"), ("order-processor:prod", "active")])
            self.assertIn("invocations fail on purpose", server.log())

    def test_what_is_no_file(self):
        for text, words in (("- {function: f}\n", "does nothing"), ("- [\n", "no YAML"), ("faults: 3\n", "is a list")):
            path = self.write(text)
            done = subprocess.run([binary(), "serve", "--port", "0", "--faults", path], capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("--faults", done.stderr)
            self.assertIn(words, done.stderr)
        done = subprocess.run([binary(), "serve", "--port", "0", "--faults", "/none"], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, "no such file" in done.stderr), (1, True), done)

    def test_state_lasts(self):
        path, data = self.write(self.FILE), os.path.join(self.folder, "data")
        case = RehearsalCase()
        server = Server("--faults", path, "--clock", "manual", "--seed", "7", data_dir=data).start()
        case.connect(server)
        case.two_versions()
        first = case.pattern("order-processor:2", 30)
        traffic = case.traffic(rate="1/s", count=100, payload={"n": 1})
        case.advance("10s")
        server.kill()
        server = Server("--faults", path, "--clock", "manual", "--seed", "7", data_dir=data).start()
        self.addCleanup(server.stop)
        case.connect(server)
        seen = [fault["seen"] for fault in server.get("/_aviary/faults").json()["faults"]]
        self.assertEqual(seen[0], 30)
        later = case.pattern("order-processor:2", 90)
        # As it would have gone on without the end in between.
        twin = Server("--faults", path, "--clock", "manual", "--seed", "7").start()
        self.addCleanup(twin.stop)
        other = RehearsalCase()
        other.connect(twin)
        other.two_versions()
        self.assertEqual(other.pattern("order-processor:2", 120), first + later)
        case.advance("5m")
        stream = case.stream(traffic)
        self.assertEqual(stream["state"], "ended")
        self.assertEqual(stream["sent"] + stream["left_out"], 100)


class Traffic(RehearsalCase):
    def test_a_rate_of_emulated_time(self):
        self.two_versions(weight=0.1)
        traffic = self.traffic(rate=5, payload={"n": 1}, **{"for": "1m"})
        ran = self.advance("1m")["ran"]
        stream = self.stream(traffic)
        self.assertEqual((stream["state"], stream["answered"], stream["errors"]), ("ended", 300, 0))
        self.assertEqual(stream["versions"], {"1": {"invokes": 270, "errors": 0}, "2": {"invokes": 30, "errors": 0}})
        # Each at its own moment.
        moments = [row["at"] for row in ran if row["what"].startswith("invoke of")]
        self.assertEqual((len(moments), len(set(moments))), (300, 300))
        self.assertEqual(self.metric("Invocations", "prod")[0], 300)

    def test_payloads_in_turn_and_the_end(self):
        self.two_versions(second=BROKEN)
        traffic = self.traffic(rate="60/m", payloads=[{"n": 1}, {}], count=10)
        self.advance("5s")
        self.assertEqual((self.stream(traffic)["answered"], self.stream(traffic)["state"]), (5, "running"))
        stopped = self.server.request("DELETE", f"/_aviary/traffic/{traffic}")
        self.assertEqual((stopped.status, stopped.json()["state"], stopped.json()["sent"]), (200, "stopped", 5))
        self.advance("1m")
        self.assertEqual(self.metric("Invocations", "prod")[0], 5)
        self.assertEqual(self.server.get(f"/_aviary/traffic/{traffic}").status, 404)

    def test_a_recorded_set(self):
        self.two_versions()
        recording = self.server.post("/_aviary/recordings", {"function": "order-processor:1"}).json()["id"]
        for n in range(3):
            self.invoke("order-processor:1", {"n": n})
        traffic = self.traffic(function="order-processor:2", rate=1, recording=recording, count=6)
        self.advance("6s")
        self.assertEqual(self.stream(traffic)["versions"], {"2": {"invokes": 6, "errors": 0}})

    def test_errors_and_what_does_not_exist(self):
        self.two_versions(second=BROKEN)
        traffic = self.traffic(function="order-processor:2", rate=1, payload={}, count=4)
        nobody = self.traffic(function="nobody", rate=1, count=4)
        self.advance("4s")
        self.assertEqual((self.stream(traffic)["answered"], self.stream(traffic)["errors"]), (4, 4))
        self.assertEqual(self.stream(nobody)["refused"], 4)
        self.assertIn("Function not found", self.stream(nobody)["problem"])

    def test_what_is_no_traffic(self):
        for body in ({}, {"function": "f"}, {"function": "f", "rate": 0}, {"function": "f", "rate": "much"},
                     {"function": "f", "rate": 1, "for": "never"}, {"function": "f", "rate": 1, "payloads": []},
                     {"function": "f", "rate": 1, "recording": "none"}, {"function": "f", "rate": 1, "count": 0},
                     {"function": "f", "rate": 1, "payload": 1, "payloads": [1]}, {"function": "f", "rate": 1, "x": 1}):
            self.assertEqual(self.server.post("/_aviary/traffic", body).status, 400, body)
        self.assertEqual(self.server.get("/_aviary/traffic").json(), {"traffic": []})


class Recordings(RehearsalCase):
    def record(self, **more):
        answer = self.server.post("/_aviary/recordings", {"function": "order-processor:1", **more})
        self.assertEqual(answer.status, 201, answer)
        return f"/_aviary/recordings/{answer.json()['id']}"

    def test_recorded_replayed_compared(self):
        self.two_versions(second=BROKEN)
        path = self.record()
        for n in range(1, 10):
            self.invoke("order-processor:prod", {"n": n})
        self.invoke("order-processor:2", {"n": 1})  # another version is not recorded
        stopped = self.server.post(f"{path}/stop", {}).json()
        self.assertEqual((stopped["state"], stopped["kept"]), ("stopped", 9))
        self.invoke("order-processor:prod", {"n": 10})
        entries = self.server.get(path).json()["entries"]
        self.assertEqual([entry["event"] for entry in entries], [{"n": n} for n in range(1, 10)])
        self.assertEqual({entry["version"] for entry in entries}, {"1"})
        report = self.server.post(f"{path}/replay", {"against": "2"}).json()
        self.assertEqual((report["compared"], report["same"], report["different"]), (9, 6, 3))
        self.assertEqual(report["against"], "order-processor:2")
        difference = report["differences"][0]
        self.assertEqual((difference["event"], difference["before"]["payload"], difference["after"]["payload"]),
                         ({"n": 3}, {"n": 3}, {"n": 4}))
        self.assertEqual(difference["changes"], [{"op": "replace", "path": "/n", "value": 4}])
        self.assertGreater(report["duration_ms"]["after"]["p99"], 0)
        ignored = self.server.post(f"{path}/replay", {"against": 2, "ignore": ["/n"]}).json()
        self.assertEqual(ignored["different"], 0)
        self.assertEqual(self.server.request("DELETE", path).status, 200)
        self.assertEqual(self.server.get(path).status, 404)

    def test_bounded(self):
        self.two_versions()
        path = self.record(limit=3)
        for n in range(10):
            self.invoke("order-processor:1", {"n": n})
        kept = self.server.get(path).json()
        self.assertEqual((kept["seen"], [entry["event"]["n"] for entry in kept["entries"]]), (10, [7, 8, 9]))

    def test_what_cannot_be_recorded_or_replayed(self):
        self.two_versions()
        path = self.record(id="mine")
        for body in ({}, {"function": "f", "limit": 0}, {"function": "f", "id": "mine"}, {"function": "f", "x": 1}):
            self.assertEqual(self.server.post("/_aviary/recordings", body).status, 400, body)
        self.assertEqual(self.server.post(f"{path}/replay", {}).status, 400)
        self.assertEqual(self.server.post(f"{path}/rewind", {}).status, 404)
        self.assertEqual(self.server.post("/_aviary/recordings/none/stop", {}).status, 404)
        self.invoke("order-processor:1", {"n": 1})
        report = self.server.post(f"{path}/replay", {"against": "99"}).json()
        self.assertEqual((report["compared"], report["refused"]), (0, 1))


class Shadows(RehearsalCase):
    def shadow(self, **more):
        answer = self.server.post("/_aviary/shadows", {"function": "order-processor:prod", "against": "2", **more})
        self.assertEqual(answer.status, 201, answer)
        return f"/_aviary/shadows/{answer.json()['id']}"

    def report(self, path, compared):
        """Once so many were compared: a shadow runs beside what it follows."""
        until = time.monotonic() + 60
        while True:
            shadow = self.server.get(path).json()
            if shadow["report"]["compared"] >= compared and shadow["running"] == 0 or time.monotonic() > until:
                break
            time.sleep(0.05)
        return shadow["report"]

    def test_it_answers_nobody(self):
        self.two_versions(second=BROKEN)
        path = self.shadow()
        for n in range(1, 7):
            answer, response = self.invoke("order-processor:prod", {"n": n})
            self.assertEqual((answer, response["ExecutedVersion"]), ({"n": n}, "1"))
        report = self.report(path, 6)
        self.assertEqual((report["compared"], report["same"], report["different"]), (6, 4, 2))
        self.assertEqual(self.metric("Invocations", 2)[0], 6)
        last = self.server.request("DELETE", path)
        self.assertEqual(last.json()["report"]["different"], 2)
        self.invoke("order-processor:prod", {"n": 1})
        self.assertEqual(self.metric("Invocations", 2)[0], 6)

    def test_two_that_follow_each_other_do_not_run_for_ever(self):
        self.two_versions()
        there = self.shadow(function="order-processor:1", against="2")
        back = self.shadow(function="order-processor:2", against="1")
        self.invoke("order-processor:1", {"n": 1})
        self.assertEqual(self.report(there, 1)["compared"], 1)
        self.advance("1m")
        self.assertEqual(self.server.get(back).json()["report"]["compared"], 0)
        self.assertEqual(self.metric("Invocations", 1)[0] + self.metric("Invocations", 2)[0], 2)


class Assertions(RehearsalCase):
    def judge(self, *sentences):
        answer = self.server.post("/_aviary/assert", {"assertions": list(sentences)})
        return answer.status, [result.get("found") or result["problem"] for result in answer.json()["results"]]

    def test_what_a_canary_has_shown(self):
        self.two_versions(weight=0.1)
        self.fault(function="order-processor:2", error=True)
        self.traffic(rate=10, payload={"n": 1}, **{"for": "10s"})
        self.advance("10s")
        status, found = self.judge("prod sent between 8 and 12 % to version 2", "no error of version 1",
                                   "error rate of version 2 is exactly 100 %", "at least 10 invokes of version 2")
        self.assertEqual((status, found[0]), (200, "prod sent 10 % (10 of 100 invokes) to version 2."), found)
        status, found = self.judge("no error of version 1", "no error of version 2")
        self.assertEqual((status, found[1]), (409, "In all, version 2 had 10 errors in 10 invokes."))
        # Weights that change do not make what was forgotten.
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="2", RoutingConfig={})
        for _ in range(10):
            self.invoke("order-processor:prod", {"n": 1})
        self.assertEqual(self.judge("prod sent exactly 10 % to version 2", "prod is at version 2")[0], 200)
        self.assertEqual(self.judge("prod sent exactly 10 % to version 2 in the last 5 minutes")[0], 409)

    def test_durations(self):
        self.two_versions()
        self.fault(function="order-processor:1", latency="1s")
        self.fault(function="order-processor:2", latency="1500ms")
        for version in (1, 2):
            for _ in range(5):
                self.invoke(f"order-processor:{version}", {"n": 1})
        self.assertEqual(self.judge("p99 of version 2 within 10 % of version 1")[0], 409)
        self.assertEqual(self.judge("p99 of version 2 at most 90 % above version 1", "median of version 1 at least 1s",
                                    "p99 of order-processor:1 below 3 s")[0], 200)

    def test_by_get_and_what_is_not_understood(self):
        self.two_versions()
        answer = self.server.get("/_aviary/assert?that=prod+is+at+version+1&that=prod%20is%20at%20version%202")
        self.assertEqual((answer.status, answer.json()["passed"]), (409, False))
        self.assertEqual([result["holds"] for result in answer.json()["results"]], [True, False])
        self.assertEqual(self.server.get("/_aviary/assert?that=prod+is+at+version+1").status, 200)
        status, found = self.judge("make me happy", "prod is at version 1")
        self.assertEqual(status, 400)
        self.assertIn("not understood", found[0])
        self.assertEqual(self.judge("deployment d-none succeeded")[0], 400)
        self.assertEqual(self.judge("test is at version 1")[0], 400)
        for body in ({}, {"assertions": "x"}, {"assertions": [1]}, "3", {"assertions": []}):
            self.assertEqual(self.server.post("/_aviary/assert", body).status, 400, body)
        self.assertEqual(self.server.get("/_aviary/assert").status, 400)


if __name__ == "__main__":
    unittest.main()
