"""With --data-dir, what was acknowledged is there after `kill -9` at any instant, and nothing half-done is seen."""

import base64
import hashlib
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from http.client import HTTPConnection, HTTPException

from aviary_server import ACCOUNT, REGION, Server, binary, quote, scope_header
from function_code import answering, python_zip
from recorded_requests import F, code, create, function

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
ROUNDS = int(os.environ.get("AVIARY_KILL_ROUNDS", "25"))


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aviary-data-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.servers = []
        self.addCleanup(lambda: [server.stop() for server in self.servers])

    def start(self, *options):
        server = Server(*options, data_dir=self.folder).start()
        self.servers.append(server)
        return server

    def ok(self, answer):
        self.assertLess(answer.status, 300, answer)
        return answer.json() if answer.body else None


class Restart(Folder):
    def test_everything_comes_back(self):
        server = self.start()
        self.ok(server.post(F, create(FunctionName="fn", Code=code(answering(1)), Publish=True, Tags={"a": "b"},
                                      Environment={"Variables": {"STAGE": "y"}}, Description="d", Timeout=7).body))
        self.ok(server.put(function("fn", "/code"), {**code(answering(2)), "Publish": True}))
        self.ok(server.put(function("fn", "/code"), {**code(answering(3)), "Publish": True}))
        self.ok(server.delete(function("fn", "", "3")))
        self.ok(server.post(function("fn", "/aliases"), {
            "Name": "prod", "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.25}}}))
        self.ok(server.post(function("fn", "/aliases"), {"Name": "gone", "FunctionVersion": "1"}))
        self.ok(server.delete(function("fn", "/aliases/gone")))
        for qualifier in (None, "prod"):
            self.ok(server.post(function("fn", "/policy", qualifier), {
                "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}))
        self.ok(server.post(F, create(FunctionName="deleted").body))
        self.ok(server.delete(function("deleted")))
        before = self.everything(server)
        server.kill()

        server = self.start()
        self.assertEqual(self.everything(server), before)
        self.assertEqual(self.ok(server.post(function("fn", "/invocations", "1"), "{}")), 1)
        self.assertEqual(self.ok(server.post(function("fn", "/invocations", "2"), "{}")), 2)
        location = self.ok(server.get(function("fn", "", "2")))["Code"]["Location"]
        with urllib.request.urlopen(location, timeout=20) as download:
            self.assertEqual(download.read(), answering(2))
        published = self.ok(server.put(function("fn", "/code"), {**code(answering(4)), "Publish": True}))
        self.assertEqual(published["Version"], "4", "a number must never be used again")

    def everything(self, server):
        found = {}
        for path in (f"{F}?FunctionVersion=ALL", function("fn", "/configuration"), function("fn", "/versions"),
                     function("fn", "/aliases"), function("fn", "/policy"), function("fn", "/policy", "prod"),
                     f"/2017-03-31/tags/{quote(ARN + 'fn')}", "/2016-08-19/account-settings"):
            found[path] = self.ok(server.get(path))
        return found

    def test_an_accepted_event_runs_after_the_restart(self):
        server = self.start("--clock", "manual")
        self.ok(server.post(F, create(FunctionName="fn", Code=code(python_zip(
            "def handler(event, context):\n    raise Exception('once more')\n"))).body))
        self.ok(server.post(function("fn", "/invocations"), "{}", headers={"X-Amz-Invocation-Type": "Event"}))
        server.kill()
        server = self.start("--clock", "manual")
        self.assertEqual(self.ok(server.get("/_aviary/info"))["lambda"]["pending_events"], 1)

    def test_reset_is_kept_as_well(self):
        server = self.start()
        self.ok(server.post(F, create(FunctionName="fn").body))
        self.ok(server.post("/_aviary/reset"))
        server.kill()
        server = self.start()
        self.assertEqual(self.ok(server.get(F))["Functions"], [])

    def test_accounts_and_regions_come_back_apart(self):
        server = self.start()
        scopes = [(account, region) for account in ("111122223333", ACCOUNT) for region in ("eu-west-1", REGION)]
        for number, scope in enumerate(scopes):
            self.ok(server.post(F, create(FunctionName=f"fn-{number}").body, headers=scope_header(*scope)))
        server.kill()
        server = self.start()
        for number, scope in enumerate(scopes):
            found = self.ok(server.get(F, headers=scope_header(*scope)))["Functions"]
            self.assertEqual([each["FunctionName"] for each in found], [f"fn-{number}"])

    def test_without_a_folder_nothing_is_kept(self):
        server = Server().start()
        self.servers.append(server)
        self.ok(server.post(F, create(FunctionName="fn").body))
        server.kill()
        server.start()
        self.assertEqual(self.ok(server.get(F))["Functions"], [])


class Exclusive(Folder):
    def test_a_second_server_on_the_same_folder_is_refused(self):
        server = self.start()
        done = subprocess.run([binary(), "serve", "--port", "0", "--data-dir", self.folder], capture_output=True,
                              text=True, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("aviary ready", done.stdout)
        self.assertIn(self.folder, done.stderr)
        self.ok(server.get(F))
        server.stop()
        self.ok(self.start().get(F))


class Writer(threading.Thread):
    """Publishes versions and moves the alias to each, and remembers what was acknowledged."""

    def __init__(self, server, expected):
        super().__init__(daemon=True)
        self.server = server
        self.expected = expected  # version → CodeSha256, as acknowledged
        self.alias = None         # the version that the last acknowledged move named
        self.asked = None         # the version that a move without an answer named, if any
        self.acknowledged = 0
        self.refused = None

    def run(self):
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        number = len(self.expected)
        try:
            while True:
                number += 1
                content = answering([os.getpid(), number, random.random()])
                answer = self.server.request("PUT", function("fn", "/code"), {**code(content), "Publish": True},
                                             connection=connection)
                if answer.status != 200:
                    self.refused = answer
                    return
                version = answer.json()["Version"]
                self.expected[version] = base64.b64encode(hashlib.sha256(content).digest()).decode()
                self.acknowledged += 1
                self.asked = version
                answer = self.server.request("PUT", function("fn", "/aliases/prod"), {"FunctionVersion": version},
                                             connection=connection)
                if answer.status != 200:
                    self.refused = answer
                    return
                self.alias, self.asked = version, None
                self.acknowledged += 1
        except (OSError, HTTPException):
            pass  # the server was killed
        finally:
            connection.close()


class Kill(Folder):
    def test_kill_at_random_moments(self):
        chance = random.Random(20260101)
        server = self.start()
        self.ok(server.post(F, create(FunctionName="fn", Publish=True).body))
        self.ok(server.post(function("fn", "/aliases"), {"Name": "prod", "FunctionVersion": "1"}))
        first = self.ok(server.get(function("fn", "/configuration", "1")))
        expected, alias = {"1": first["CodeSha256"]}, "1"
        acknowledged = 0
        for _ in range(ROUNDS):
            writer = Writer(server, expected)
            writer.alias = alias
            writer.start()
            time.sleep(chance.uniform(0.0, 0.15))
            server.kill()
            writer.join(20)
            self.assertFalse(writer.is_alive())
            self.assertIsNone(writer.refused)
            acknowledged += writer.acknowledged
            server = self.start()
            alias = self.check(server, expected, writer)
        self.assertGreater(acknowledged, ROUNDS, "the client hardly got to write anything")
        print(f"{ROUNDS} kills, {acknowledged} acknowledged changes, {len(expected)} versions, nothing lost")

    def check(self, server, expected, writer):
        """Answers where the alias points."""
        found, marker = {}, ""
        while True:
            page = self.ok(server.get(function("fn", "/versions") + "?MaxItems=10000" + marker))
            found.update({each["Version"]: each for each in page["Versions"]})
            if "NextMarker" not in page:
                break
            marker = "&Marker=" + quote(page["NextMarker"])
        latest = found.pop("$LATEST")
        for version, digest in expected.items():
            self.assertIn(version, found, "an acknowledged version is lost")
            self.assertEqual(found[version]["CodeSha256"], digest, "an acknowledged version has changed")
        unasked = sorted(set(found) - set(expected), key=int)
        self.assertLessEqual(len(unasked), 1, "only the request without an answer may have been done")
        numbers = sorted(int(version) for version in found)
        self.assertEqual(numbers, list(range(1, numbers[-1] + 1)))
        for version in unasked:  # done whole: its code is there
            expected[version] = found[version]["CodeSha256"]
        newest = str(numbers[-1])
        self.assertEqual(latest["CodeSha256"], found[newest]["CodeSha256"], "publishing is one step")
        location = self.ok(server.get(function("fn", "", newest)))["Code"]["Location"]
        with urllib.request.urlopen(location, timeout=20) as download:
            digest = base64.b64encode(hashlib.sha256(download.read()).digest()).decode()
        self.assertEqual(digest, found[newest]["CodeSha256"])
        alias = self.ok(server.get(function("fn", "/aliases/prod")))["FunctionVersion"]
        self.assertIn(alias, (writer.alias, writer.asked), "an acknowledged move of the alias is lost")
        return alias

    def test_what_runs_comes_back_after_a_kill(self):
        server = self.start()
        self.ok(server.post(F, create(FunctionName="fn", Code=code(answering("same"))).body))
        for _ in range(5):
            self.assertEqual(self.ok(server.post(function("fn", "/invocations"), "{}")), "same")
            processes = [each["pid"] for each in self.ok(server.get("/_aviary/environments"))["environments"]]
            server.kill()
            deadline = time.monotonic() + 10
            while any(os.path.exists(f"/proc/{process}") for process in processes):
                self.assertLess(time.monotonic(), deadline, "a process outlived the server")
                time.sleep(0.05)
            server = self.start()

    def test_the_next_server_clears_away_what_a_killed_one_left(self):
        """Temporary folders, under TMPDIR when there is no --data-dir."""
        alone = 0
        for _ in range(3):
            server = Server(environment={"TMPDIR": self.folder}).start()
            self.servers.append(server)
            self.ok(server.post(F, create(FunctionName="fn", Code=code(answering("x"))).body))
            self.ok(server.post(function("fn", "/invocations"), "{}"))
            alone = alone or len(os.listdir(self.folder))
            server.kill()
        self.assertTrue(os.listdir(self.folder))
        server = Server(environment={"TMPDIR": self.folder}).start()
        self.servers.append(server)
        deadline = time.monotonic() + 10
        while len(os.listdir(self.folder)) > alone:
            self.assertLess(time.monotonic(), deadline, os.listdir(self.folder))
            time.sleep(0.05)
        server.stop()
        self.assertEqual(os.listdir(self.folder), [], "a server that stops leaves nothing")

    def test_a_data_folder_is_never_cleared_away(self):
        """Not even one that looks like a temporary folder, while its server is dead and another one starts."""
        data = os.path.join(self.folder, "aviary-a1B2c3")
        server = Server(data_dir=data, environment={"TMPDIR": self.folder}).start()
        self.servers.append(server)
        self.ok(server.post(F, create(FunctionName="fn").body))
        server.kill()
        other = Server(environment={"TMPDIR": self.folder}).start()
        self.servers.append(other)
        self.ok(other.post("/_aviary/reset"))
        time.sleep(0.5)
        other.stop()
        server = Server(data_dir=data, environment={"TMPDIR": self.folder}).start()
        self.servers.append(server)
        self.assertEqual(len(self.ok(server.get(F))["Functions"]), 1)

    def test_a_torn_temporary_file_does_no_harm(self):
        server = self.start()
        self.ok(server.post(F, create(FunctionName="fn").body))
        server.kill()
        for folder, _, _ in list(os.walk(self.folder)):
            with open(os.path.join(folder, "something.tmp"), "wb") as file:
                file.write(b"half of")
        server = self.start()
        self.assertEqual(len(self.ok(server.get(F))["Functions"]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
