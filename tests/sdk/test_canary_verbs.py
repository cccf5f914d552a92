"""`aviary assert`, `aviary canary` and `aviary prune` against a running server."""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml

from aviary_server import binary
from function_code import answering
from test_rehearsal import RehearsalCase
from sdk_clients import client_for

ERRORS = "canary-errors"


class VerbCase(RehearsalCase):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="aviary-verbs-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.deploy = client_for(self.server.endpoint, service="codedeploy")

    def environment(self):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AVIARY_", "AWS_"))}
        return {**clean, "AWS_ENDPOINT_URL": self.server.endpoint}

    def run_verb(self, *words, code=0, stdin=""):
        done = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=120, cwd=self.folder,
                              env=self.environment(), input=stdin)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout if code < 2 else done.stderr

    def six(self):
        """Versions 1 to 6, prod at 5, the article's alarm."""
        self.create(code=answering(1), Publish=True)
        for version in range(2, 7):
            self.assertEqual(self.publish_code(answering(version)), str(version))
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="5")
        self.watch.put_metric_alarm(
            AlarmName=ERRORS, Namespace="AWS/Lambda", MetricName="Errors",
            Dimensions=[{"Name": "FunctionName", "Value": "order-processor"}], Statistic="Sum", Period=60,
            EvaluationPeriods=2, Threshold=5, ComparisonOperator="GreaterThanThreshold")

    def start(self, *more):
        out = self.run_verb("canary", "start", "order-processor:prod", "--to", "6", *more)
        return re.search(r"d-[A-Z0-9]{9}", out).group()

    def alias(self):
        alias = self.client.get_alias(FunctionName="order-processor", Name="prod")
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})


class Canary(VerbCase):
    def test_a_canary_that_fails_is_rolled_back(self):
        self.six()
        self.fault(function="order-processor:6", error="30%")
        deployment = self.start("--config", "Canary10Percent5Minutes", "--alarm", ERRORS)
        self.assertEqual(self.alias(), ("5", {"6": 0.1}))
        self.traffic(rate=10, payload={"n": 1}, **{"for": "10m"})
        self.advance("1m")
        table = self.run_verb("canary", "watch", "order-processor:prod", "--once")
        self.assertIn(f"order-processor:prod  {deployment}  CodeDeployDefault.LambdaCanary10Percent5Minutes  InProgress",
                      table)
        self.assertRegex(table, r"\n5 +90 % +540 +0 +[\d.]+ ms +[\d.]+ ms\n")
        self.assertRegex(table, r"\n6 +10 % +60 +\d+ \([\d.]+ %\) +[\d.]+ ms +[\d.]+ ms\n")
        self.assertIn("next step in 4m\n", table)
        self.advance("3m")
        table = self.run_verb("canary", "watch", deployment, "--once", code=1)
        self.assertIn("Stopped (ALARM_ACTIVE)", table)
        self.assertIn(f"alarm {ERRORS}: ", table)
        self.assertRegex(table, r"rolled back by d-[A-Z0-9]{9}\n")
        self.assertEqual(self.alias(), ("5", {}))
        # And CI sees it so.
        self.run_verb("assert", f"deployment {deployment} rolled back within 2 minutes of the alarm",
                      "prod sent between 8 and 12 % to version 6", "no error of version 5", "prod is at version 5")
        self.run_verb("assert", f"deployment {deployment} succeeded", code=1)

    def test_a_canary_that_succeeds_watched_line_by_line(self):
        self.six()
        self.start()
        watching = subprocess.Popen(
            [binary(), "canary", "watch", "order-processor:prod", "--interval", "0.05"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=self.environment())
        self.addCleanup(watching.stdout.close)
        self.addCleanup(watching.kill)
        self.assertIn("next step in 5m", watching.stdout.readline())
        self.traffic(rate=1, payload={"n": 1}, count=60)
        self.advance("1m")
        self.advance("4m")
        rest, _ = watching.communicate(timeout=60)
        self.assertEqual(watching.returncode, 0, rest)
        last = rest.splitlines()[-1]
        self.assertIn("Succeeded; version 5: 0 %, 54 invokes, 0 errors", last)
        self.assertIn("version 6: 100 %, 6 invokes", last)
        self.assertNotIn("\x1b", rest)
        self.assertEqual(self.alias(), ("6", {}))

    def test_watched_in_a_terminal(self):
        self.six()
        self.start()
        parent, child = pty.openpty()
        self.addCleanup(os.close, parent)
        watching = subprocess.Popen([binary(), "canary", "watch", "order-processor:prod", "--interval", "0.05"],
                                    stdin=child, stdout=child, stderr=child, env=self.environment())
        self.addCleanup(watching.kill)
        os.close(child)
        shown = b""

        def read_until(wanted):
            nonlocal shown
            until = time.monotonic() + 60
            while wanted not in shown and time.monotonic() < until:
                if not select.select([parent], [], [], 1)[0]:
                    continue
                try:
                    shown += os.read(parent, 4096)
                except OSError:
                    break
            self.assertIn(wanted, shown)

        read_until(b"\x1b[5A\x1b[J")  # the table is drawn anew over itself
        self.assertIn(b"VERSION", shown)
        self.advance("5m")
        read_until(b"Succeeded")
        self.assertEqual(watching.wait(60), 0)

    def test_promoted_and_rolled_back_by_hand(self):
        self.six()
        first = self.start("--config", "Linear10PercentEvery10Minutes")
        out = self.run_verb("canary", "promote", "order-processor:prod")
        self.assertIn("Succeeded", out)
        self.assertEqual(self.alias(), ("6", {}))
        self.assertEqual(self.deploy.get_deployment(deploymentId=first)["deploymentInfo"]["status"], "Stopped")
        self.run_verb("canary", "rollback", "order-processor:prod")
        self.assertEqual(self.alias(), ("5", {}))
        self.assertIn("nothing to take back", self.run_verb("canary", "rollback", "order-processor:prod", code=2))
        second = self.start()
        self.run_verb("canary", "rollback", second)
        self.assertEqual(self.alias(), ("5", {}))
        info = self.deploy.get_deployment(deploymentId=second)["deploymentInfo"]
        self.assertEqual((info["status"], "rollbackDeploymentId" in info["rollbackInfo"]), ("Stopped", True))

    def test_weights_that_were_set_by_hand(self):
        self.six()
        for verb, version in (("rollback", "5"), ("promote", "6")):
            self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="5",
                                     RoutingConfig={"AdditionalVersionWeights": {"6": 0.2}})
            self.assertIn("20 %", self.run_verb("canary", "watch", "order-processor:prod", "--once"))
            self.assertIn("sends 20 % to version 6 already", self.run_verb(
                "canary", "start", "order-processor:prod", "--to", "4", code=2))
            self.run_verb("canary", verb, "order-processor:prod")
            self.assertEqual(self.alias(), (version, {}))
        self.assertIn("Nothing is on its way", self.run_verb("canary", "promote", "order-processor:prod", code=2))

    def test_mistakes(self):
        self.six()
        for words, message in (
                (("start", "order-processor:prod", "--to", "9"), "has no version 9"),
                (("start", "order-processor:prod", "--to", "5"), "is at version 5 already"),
                (("start", "order-processor:prod", "--to", "$LATEST"), "published version"),
                (("start", "order-processor:test", "--to", "6"), "There is no alias order-processor:test"),
                (("start", "order-processor", "--to", "6"), "is no alias"),
                (("start", "order-processor:5", "--to", "6"), "is no alias"),
                (("start", "order-processor:prod", "--to", "6", "--config", "Canary50"), "no deployment configuration"),
                (("start", "order-processor:prod", "--to", "6", "--alarm", "none"), "There is no alarm none"),
                (("watch", "d-123456789"), "There is no deployment"),
                (("promote", "order-processor:prod"), "Nothing is on its way"),
                (("rollback", "nobody:prod"), "There is no alias"),
                (("start", "order-processor:prod"), "--to is required"),
                (("dance",), ""), ((), "")):
            self.assertIn(message, self.run_verb("canary", *words, code=2), words)
        # Nothing of it left a trace.
        self.assertEqual(self.deploy.list_applications()["applications"], [])
        self.start()
        self.assertIn("already: promote it or roll it back", self.run_verb(
            "canary", "start", "order-processor:prod", "--to", "4", code=2))
        self.assertIn("no answer from", self.run_verb("canary", "promote", "a:b", "--endpoint", "http://127.0.0.1:1",
                                                      code=2))
        self.assertIn("no server's address", self.run_verb("canary", "promote", "a:b", "--endpoint", "ftp://x", code=2))

    def test_hooks(self):
        self.six()
        out = self.run_verb("canary", "start", "order-processor:prod", "--to", "6", "--before-hook", "nobody")
        deployment = re.search(r"d-[A-Z0-9]{9}", out).group()
        ended = self.server.get(f"/_aviary/deployments/{deployment}/wait?timeout=30s").json()
        self.assertEqual(ended["error"]["code"], "HOOK_EXECUTION_FAILURE")


class Assert(VerbCase):
    def test_reports(self):
        self.six()
        out = self.run_verb("assert", "prod is at version 5", "--junit", "report.xml")
        self.assertIn("ok     prod is at version 5", out)
        out = self.run_verb("assert", "--file", "-", "--junit", "report.xml", code=1, stdin=(
            "# What shall be\nprod is at version 5\n\n  prod is at version 6  \n"))
        self.assertIn("FAILS  prod is at version 6\n       prod is at version 5.", out)
        suites = xml.parse(os.path.join(self.folder, "report.xml")).getroot()
        self.assertEqual((suites.tag, suites.get("tests"), suites.get("failures"), suites.get("errors")),
                         ("testsuites", "2", "1", "0"))
        cases = suites.findall("testsuite/testcase")
        self.assertEqual([case.get("name") for case in cases], ["prod is at version 5", "prod is at version 6"])
        self.assertEqual(cases[1].find("failure").get("message"), "prod is at version 5.")
        with open(os.path.join(self.folder, "rehearsal.txt"), "w") as file:
            file.write("be <good> & \"true\"\n")
        self.run_verb("assert", "--file", "rehearsal.txt", "--junit", "report.xml", code=2)
        suites = xml.parse(os.path.join(self.folder, "report.xml")).getroot()
        self.assertEqual((suites.get("errors"), suites.find("testsuite/testcase").get("name")),
                         ("1", 'be <good> & "true"'))

    def test_mistakes(self):
        self.assertIn("What is understood", self.run_verb("assert", code=2))
        self.assertIn("cannot be read", self.run_verb("assert", "--file", "none", code=2))
        self.assertIn("no answer from", self.run_verb("assert", "x", "--endpoint", "http://127.0.0.1:1", code=2))
        self.six()
        self.assertIn("cannot be written", self.run_verb("assert", "prod is at version 5", "--junit", "/none/x", code=2))


class Prune(VerbCase):
    def versions(self):
        return [version["Version"] for version in
                self.client.list_versions_by_function(FunctionName="order-processor")["Versions"]][1:]

    def test_the_newest_stay_and_what_is_named(self):
        self.six()
        self.client.create_alias(FunctionName="order-processor", Name="old", FunctionVersion="2")
        dry = self.run_verb("prune", "order-processor", "--keep", "1", "--dry-run")
        self.assertEqual(self.versions(), ["1", "2", "3", "4", "5", "6"])
        self.assertIn("would delete order-processor:1\nwould delete order-processor:3\nwould delete order-processor:4\n",
                      dry)
        self.assertIn("kept order-processor:2 (alias old)\n", dry)
        self.assertIn("3 versions would go\n", dry)
        out = self.run_verb("prune", "order-processor", "--keep", "1")
        self.assertIn("deleted order-processor:4\n", out)
        self.assertEqual(self.versions(), ["2", "5", "6"])
        self.assertIn("0 versions deleted", self.run_verb("prune", "order-processor", "--keep", "1"))

    def test_what_a_deployment_and_weights_name_stays(self):
        self.six()
        deployment = self.start()
        self.client.create_alias(FunctionName="order-processor", Name="split", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
        out = self.run_verb("prune", "--all", "--keep", "0")
        self.assertEqual(self.versions(), ["1", "2", "5", "6"])
        self.assertIn("kept order-processor:2 (alias split)", out)
        # Its alias names both as well; once it does not, the deployment still does.
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1", RoutingConfig={})
        self.assertIn(f"kept order-processor:6 (deployment {deployment})",
                      self.run_verb("prune", "order-processor", "--keep", "0"))
        self.assertEqual(self.versions(), ["1", "2", "5", "6"])

    def test_by_age(self):
        self.six()
        self.advance("720h")
        self.assertEqual(self.publish_code(answering(7)), "7")
        self.run_verb("prune", "order-processor", "--days", "10")
        self.assertEqual(self.versions(), ["5", "7"])
        self.advance("720h")
        self.run_verb("prune", "order-processor", "--days", "10", "--keep", "1")
        self.assertEqual(self.versions(), ["5", "7"])

    def test_mistakes(self):
        self.six()
        for words in ((), ("order-processor",), ("--keep", "1"), ("order-processor", "--all", "--keep", "1"),
                      ("nobody", "--keep", "1"), ("order-processor", "--keep", "-1"), ("order-processor", "--keep", "x")):
            self.run_verb("prune", *words, code=2)
        for body in ({}, {"keep": -1}, {"keep": "1"}, {"function": "order-processor"}, {"keep": 1, "x": 1}, "7"):
            self.assertEqual(self.server.post("/_aviary/prune", body).status, 400, body)
        self.assertEqual(len(self.versions()), 6)


if __name__ == "__main__":
    unittest.main()
