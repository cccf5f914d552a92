"""The emulator's own interface, and who may not use the server at all."""

import os
import subprocess
import time
import unittest

from aviary_server import Server, ServerCase, binary
from function_code import python_zip
from recorded_requests import F, code, create, function


class Endpoints(ServerCase):
    def test_health(self):
        for path in ("/_aviary/health", "/_localstack/health"):
            answer = self.server.get(path)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.headers["content-type"], "application/json")
            answer.json()
        services = self.server.get("/_localstack/health").json()["services"]
        self.assertIn(services["lambda"], ("running", "available"))

    def test_info(self):
        info = self.server.get("/_aviary/info").json()
        self.assertRegex(info["version"], r"^\d+\.\d+\.\d+")
        self.assertEqual((info["endpoint"], info["account"], info["region"], info["routing"]),
                         (self.server.endpoint, "123456789012", "us-east-1", "random"))
        self.assertIsInstance(info["seed"], int)

    def test_unknown_paths_and_methods(self):
        answer = self.server.get("/_aviary/nothing")
        self.assertEqual(answer.status, 404)
        self.assertIn("/_aviary/health", answer.json()["message"])
        answer = self.server.delete("/_aviary/health")
        self.assertEqual((answer.status, answer.headers["allow"]), (405, "GET"))

    def test_reset_forgets_everything(self):
        self.server.post(F, create(FunctionName="fn", Code=code(python_zip(
            "import time\n\ndef handler(event, context):\n    time.sleep(event)\n    return 1\n"))).body)
        self.assertEqual(self.server.post(function("fn", "/invocations"), "0").json(), 1)
        environments = self.server.get("/_aviary/environments").json()
        processes = [each["pid"] for each in environments["environments"]]
        self.assertTrue(processes, environments)
        started = time.monotonic()
        answer = self.server.post("/_aviary/reset")
        self.assertLess(answer.status, 300)
        self.assertLess(time.monotonic() - started, 2)
        self.assertEqual(self.server.get(F).json()["Functions"], [])
        self.assertEqual(self.server.get("/_aviary/environments").json()["environments"], [])
        for process in processes:
            self.eventually(lambda: not os.path.exists(f"/proc/{process}"), what=f"the end of process {process}")

    def test_environments(self):
        self.assertEqual(self.server.get("/_aviary/environments").json()["environments"], [])
        self.server.post(F, create(FunctionName="fn", Publish=True).body)
        for qualifier in (None, "1", "1"):
            self.server.post(function("fn", "/invocations", qualifier), "{}")
        found = self.server.get("/_aviary/environments").json()["environments"]
        self.assertEqual(sorted((each["function"], each["version"], each["invokes"]) for each in found),
                         [("fn", "$LATEST", 1), ("fn", "1", 2)])
        for each in found:
            self.assertTrue(os.path.exists(f"/proc/{each['pid']}"), each)
            self.assertIn(each["state"].lower(), ("idle", "frozen", "ready"))

    def test_metrics(self):
        self.server.get(F)
        self.server.get(f"{F}/nope")
        answer = self.server.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"), answer.headers)
        samples = {}
        for line in answer.body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                self.assertRegex(name, r'^aviary_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})?$')
                samples[name] = float(value)
        self.assertGreaterEqual(samples["aviary_requests_total"], 2)
        self.assertGreaterEqual(samples["aviary_client_errors_total"], 1)


class Pages(ServerCase):
    """A web page must not be able to drive it."""

    def check(self, status, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        for path in (F, "/_aviary/health", "/_aviary/routes", "/metrics"):
            answer = self.server.get(path, headers=headers)
            self.assertEqual(answer.status, status, (path, headers, answer))
        if status == 403:
            answer = self.server.post("/_aviary/reset", headers=headers)
            self.assertEqual(answer.status, 403, (headers, answer))

    def test_local_names(self):
        port = self.server.port
        for host in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "fn.localhost:80",
                     "lambda.us-east-1.amazonaws.com"):
            self.check(200, Host=host)

    def test_foreign_hosts(self):
        for host in ("evil.example.com", f"evil.example.com:{self.server.port}", "localhost.evil.example.com",
                     "127.0.0.1.evil.example.com"):
            self.check(403, Host=host)

    def test_foreign_origins(self):
        for origin in ("https://evil.example.com", "http://evil.example.com:4566", "http://6.6.6.6", "null"):
            self.check(403, Origin=origin)
        self.check(200, Origin="http://localhost:3000")

    def test_cross_site(self):
        self.check(403, Sec_Fetch_Site="cross-site")
        for site in ("same-origin", "same-site", "none"):
            self.check(200, Sec_Fetch_Site=site)

    def test_refused_requests_leave_no_trace(self):
        answer = self.server.post(F, create(FunctionName="fn").body, headers={"Origin": "https://evil.example.com"})
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.server.get(F).json()["Functions"], [])


class Allowed(Pages):
    OPTIONS = ("--allow-host", "lambda.test", "--allow-origin", "https://console.example.com")

    def test_what_was_allowed(self):
        self.check(200, Host="lambda.test:4566")
        self.check(200, Origin="https://console.example.com", Sec_Fetch_Site="cross-site")

    def test_a_page_that_was_allowed_may_send_and_read(self):
        origin = {"Origin": "https://console.example.com"}
        answer = self.server.request("OPTIONS", "/", headers={
            **origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,x-amz-target"})
        self.assertEqual((answer.status, answer.headers["access-control-allow-origin"],
                          answer.headers["access-control-allow-headers"]),
                         (204, origin["Origin"], "authorization,x-amz-target"))
        for path in (F, "/_aviary/info"):
            answer = self.server.get(path, headers=origin)
            self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (200, origin["Origin"]), path)
        answer = self.server.request("OPTIONS", "/", headers={
            "Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"})
        self.assertEqual((answer.status, "access-control-allow-origin" in answer.headers), (403, False))


class Process(unittest.TestCase):
    def test_listens_on_loopback_only(self):
        server = Server().start()
        self.addCleanup(server.stop)
        listening = []
        for table, loopback in (("/proc/net/tcp", ("0100007F",)), ("/proc/net/tcp6", ("0" * 24 + "01000000",))):
            with open(table) as lines:
                for line in list(lines)[1:]:
                    address, port = line.split()[1].split(":")
                    if int(port, 16) == server.port and line.split()[3] == "0A":
                        listening.append(address)
                        self.assertIn(address, loopback)
        self.assertTrue(listening)

    def test_a_taken_port_is_named(self):
        server = Server().start()
        self.addCleanup(server.stop)
        done = subprocess.run([binary(), "serve", "--port", str(server.port)], capture_output=True, text=True,
                              timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(server.port), done.stderr)
        self.assertNotIn("ready", done.stdout)

    def test_stops_cleanly(self):
        server = Server().start()
        self.addCleanup(server.stop)
        server.post(F, create(FunctionName="fn").body)
        server.post(function("fn", "/invocations"), "{}")
        processes = [each["pid"] for each in server.get("/_aviary/environments").json()["environments"]]
        self.assertTrue(processes)
        self.assertEqual(server.stop(), 0)
        for process in processes:
            self.assertFalse(os.path.exists(f"/proc/{process}"), "a process was left behind")


if __name__ == "__main__":
    unittest.main(verbosity=1)
