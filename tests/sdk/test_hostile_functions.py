"""Functions that mean harm, or are merely broken: the server answers everybody else meanwhile, and nothing is left of
them. No test here depends on how quick the machine is: an attack lasts until its neighbours have been answered."""

import base64
import glob
import json
import os
import threading
import time
import unittest

from aviary_server import Server, ServerCase, scope_header
from function_code import PYTHON, ROLE, python_zip, zipped

NEIGHBOUR = "def handler(event, context):\n    return event\n"
TIMEOUT = 6  # seconds that an attack may take; its neighbours are asked until it has ended


def processes_with(mark):
    """Processes whose environment has the mark: what a function of this test left behind."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if mark.encode() in file.read():
                    found.append(path.split("/")[2])
        except OSError:
            pass
    return found


class HostileFunctions(ServerCase):
    # What an interpreter that waited is told later does not show in /proc, where the marks are looked for.
    OPTIONS = ("--spare-runtimes", "0")

    def create(self, name, source, runtime=PYTHON, **more):
        code = zipped({"bootstrap": (source, 0o755)}) if runtime.startswith("provided") else python_zip(source)
        answer = self.server.post("/2015-03-31/functions", {
            "FunctionName": name, "Role": ROLE, "Runtime": runtime, "Handler": "index.handler", "Timeout": TIMEOUT,
            "Code": {"ZipFile": base64.b64encode(code).decode()},
            "Environment": {"Variables": {"MARK": self.mark}}, **more}, headers=scope_header())
        self.assertEqual(answer.status, 201, answer)

    def invoke(self, name, event=None):
        return self.server.post(f"/2015-03-31/functions/{name}/invocations", event or {}, headers=scope_header(),
                                timeout=120)

    def setUp(self):
        super().setUp()
        if not self.sandboxed():
            self.skipTest("plain processes are not kept apart from others")
        self.mark = f"aviary-hostile-{os.getpid()}-{self._testMethodName}"
        self.create("neighbour", NEIGHBOUR, Timeout=60)
        self.invoke("neighbour")

    def attack(self, source, invocations=1, **more):
        """Invokes the attacker, and its neighbour again and again until the attacker is done. Answers the attacks'."""
        self.create("attacker", source, **more)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.invoke("attacker"))) for _ in range(invocations)]
        for thread in threads:
            thread.start()
        served = 0
        while any(thread.is_alive() for thread in threads) or served < 3:
            answer = self.invoke("neighbour", {"n": served})
            self.assertEqual((answer.status, answer.json()), (200, {"n": served}), answer)
            served += 1
            self.assertLess(served, 200000)
        for thread in threads:
            thread.join()
        self.server_is_fine()
        return answers

    def server_is_fine(self):
        self.assertTrue(self.server.alive())
        self.assertEqual(self.server.get("/_aviary/health").status, 200)

    def gone(self):
        """Nothing of the attacker is left once its function is."""
        self.assertEqual(self.server.delete("/2015-03-31/functions/attacker", headers=scope_header()).status // 100, 2)
        self.assertEqual(self.server.delete("/2015-03-31/functions/neighbour", headers=scope_header()).status // 100, 2)
        end = time.monotonic() + 60
        while processes_with(self.mark) and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(processes_with(self.mark), [])

    def failed(self, answer, error_type=None):
        self.assertEqual((answer.status, answer.headers.get("x-amz-function-error")), (200, "Unhandled"), answer)
        if error_type:
            self.assertEqual(answer.json()["errorType"], error_type, answer)

    def test_fork_bomb(self):
        answer, = self.attack(
            "import os\n\ndef handler(event, context):\n    while True:\n        try:\n            os.fork()\n"
            "        except OSError:\n            pass\n")
        self.failed(answer)
        self.gone()

    def test_memory_bomb(self):
        answer, = self.attack(
            "def handler(event, context):\n    kept = []\n    while True:\n        kept.append(bytearray(1 << 22))\n"
            "        for at in range(0, 1 << 22, 4096):\n            kept[-1][at] = 1\n", MemorySize=128)
        self.failed(answer)
        self.assertIn(answer.json()["errorType"], ("Runtime.OutOfMemory", "Sandbox.Timedout"))
        # and the next invocation works
        self.assertEqual(self.invoke("neighbour").status, 200)
        self.gone()

    def test_file_bomb(self):
        answer, = self.attack(
            "import os\n\ndef handler(event, context):\n    n = 0\n    while True:\n        try:\n"
            "            os.mkdir('/tmp/d%d' % (n % 1000))\n        except OSError:\n            pass\n"
            "        try:\n            open('/tmp/d%d/%d' % (n % 1000, n), 'w').close()\n        except OSError:\n"
            "            pass\n        n += 1\n")
        self.failed(answer)
        self.gone()

    def test_filling_tmp(self):
        """ENOSPC at the function's own size, not the machine's disk."""
        answer, = self.attack(
            "import errno, os\n\ndef handler(event, context):\n    written = 0\n    block = bytes(1 << 20)\n"
            "    with open('/tmp/big', 'wb', 0) as file:\n        try:\n            while written < 700:\n"
            "                file.write(block)\n                written += 1\n        except OSError as problem:\n"
            "            return [written, problem.errno == errno.ENOSPC]\n    return [written, None]\n", Timeout=60)
        self.assertEqual(answer.status, 200)
        if "x-amz-function-error" not in answer.headers:
            written, full = answer.json()
            self.assertTrue(full, answer)
            self.assertLessEqual(written, 512)
        self.gone()

    def test_endless_output(self):
        answer, = self.attack(
            "import sys\n\ndef handler(event, context):\n    while True:\n        sys.stdout.write('x' * 65536)\n")
        self.failed(answer, "Sandbox.Timedout")
        self.gone()

    def test_endless_lines_into_a_wanted_tail(self):
        self.create("talker", "def handler(event, context):\n    while True:\n        print('y' * 100)\n", Timeout=3)
        answer = self.server.post("/2015-03-31/functions/talker/invocations", {},
                                  headers={**scope_header(), "X-Amz-Log-Type": "Tail"}, timeout=120)
        self.failed(answer, "Sandbox.Timedout")
        self.assertLessEqual(len(base64.b64decode(answer.headers["x-amz-log-result"])), 4096)
        self.server_is_fine()

    def test_ignoring_sigterm(self):
        answer, = self.attack(
            "import signal, time\nfor number in range(1, 32):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n"
            "    except (OSError, ValueError):\n        pass\n\ndef handler(event, context):\n    while True:\n"
            "        time.sleep(1)\n", Timeout=2)
        self.failed(answer, "Sandbox.Timedout")
        self.gone()

    def test_a_child_that_holds_the_output_open(self):
        """It ends with the process that was started, however it detached itself."""
        answer, = self.attack(
            "import os, time\n\ndef handler(event, context):\n    if os.fork() == 0:\n        os.setsid()\n"
            "        if os.fork() == 0:\n            time.sleep(600)\n        os._exit(0)\n    os._exit(7)\n")
        self.failed(answer, "Runtime.ExitError")
        self.gone()

    def test_background_processes_after_the_answer(self):
        """They may live on in their environment; they go with it."""
        answer, = self.attack(
            "import subprocess\n\ndef handler(event, context):\n    subprocess.Popen(['sleep', '600'])\n    return 1\n")
        self.assertEqual(answer.json(), 1)
        self.gone()

    def test_flooding_the_runtime_api(self):
        answer, = self.attack(
            "import os, socket\n\ndef handler(event, context):\n"
            "    host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')\n    kept = []\n    while True:\n"
            "        try:\n            one = socket.create_connection((host, int(port)), 1)\n"
            "            one.sendall(b'POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\\r\\nContent-Length: 5\\r\\n\\r\\n')\n"
            "            kept.append(one)\n            if len(kept) > 500:\n                kept.clear()\n"
            "        except OSError:\n            kept.clear()\n")
        self.failed(answer)
        self.gone()

    def test_garbage_to_the_runtime_api(self):
        answer, = self.attack(
            "import os, random, socket\n\ndef handler(event, context):\n"
            "    host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')\n"
            "    for n in range(300):\n        try:\n            one = socket.create_connection((host, int(port)), 1)\n"
            "            one.sendall(random.choice([b'GET ', b'POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\n\\r\\n', b''])\n"
            "                        + os.urandom(random.randrange(2000)))\n            one.close()\n"
            "        except OSError:\n            pass\n    return 'done'\n", Timeout=60)
        self.assertEqual(answer.json(), "done")
        self.gone()

    def test_many_attackers_at_once(self):
        answers = self.attack("import os\n\ndef handler(event, context):\n    while True:\n        os.getpid()\n",
                              invocations=8, Timeout=3)
        for answer in answers:
            self.failed(answer, "Sandbox.Timedout")
        self.gone()

    def test_attacks_on_files_that_are_not_its_own(self):
        self.create("attacker", (
            "import os\n\ndef handler(event, context):\n    done = []\n"
            "    for path in ('/var/task/x', '/var/runtime/x', '/opt/x', '/usr/x', '/etc/passwd', '/proc/sys/kernel/hostname',\n"
            "                 '/proc/sysrq-trigger', '/proc/1/mem', '/dev/sda'):\n        try:\n"
            "            open(path, 'w').write('x')\n            done.append(path)\n        except OSError:\n"
            "            pass\n"
            "    seen = [pid for pid in os.listdir('/proc') if pid.isdigit()]\n"
            "    return {'wrote': done, 'processes': len(seen), 'root': sorted(os.listdir('/'))}\n"))
        found = self.invoke("attacker").json()
        self.assertEqual(found["wrote"], [])
        self.assertLessEqual(found["processes"], 3)
        self.assertLessEqual(set(found["root"]), {
            "bin", "dev", "etc", "lambda-entrypoint.sh", "lib", "lib32", "lib64", "libx32", "opt", "proc", "sbin", "tmp",
            "usr", "var", "root", "home", "nix"})


class Remains(unittest.TestCase):
    def test_nothing_is_left_of_a_killed_server(self):
        """Its functions, spawner and waiting interpreters go with it, and so do its files and mounts."""
        mark = f"aviary-remains-{os.getpid()}"
        server = Server().start()
        code = base64.b64encode(python_zip("import time\n\ndef handler(event, context):\n    time.sleep(event)\n")).decode()
        body = {"FunctionName": "sleeper", "Role": ROLE, "Runtime": PYTHON, "Handler": "index.handler", "Timeout": 100,
                "Code": {"ZipFile": code}, "Environment": {"Variables": {"MARK": mark}}}
        self.assertEqual(server.post("/2015-03-31/functions", body, headers=scope_header()).status, 201)
        path = "/2015-03-31/functions/sleeper/invocations"
        server.post(path, b"0", headers=scope_header())

        def quietly():
            try:
                server.post(path, b"90", headers=scope_header())
            except OSError:
                pass

        threads = [threading.Thread(target=quietly, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            rows = server.get("/_aviary/environments").json()["environments"]
            if sum(row["state"] == "invoking" for row in rows) == 3:
                break
            time.sleep(0.1)
        self.assertEqual(len(rows), 3, rows)
        with open("/proc/mounts") as mounts:
            own = {line.split()[1] for line in mounts}
        children = descendants(server.process.pid)
        self.assertGreaterEqual(len(children), 7, "the spawner, and for each function its first process and its own")
        server.kill()
        end = time.monotonic() + 60
        while (processes_with(mark) or alive(children)) and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(processes_with(mark), [])
        self.assertEqual(alive(children), [])
        with open("/proc/mounts") as mounts:
            self.assertLessEqual({line.split()[1] for line in mounts}, own)
        self.assertEqual([group for group in glob.glob("/sys/fs/cgroup/*/*aviary*/")
                          if any(str(pid) in group for pid in children)], [])


def descendants(pid):
    found, frontier = [], [pid]
    while frontier:
        parent = frontier.pop()
        for path in glob.glob(f"/proc/{parent}/task/*/children"):
            try:
                with open(path) as file:
                    new = [int(child) for child in file.read().split()]
            except OSError:
                continue
            found += new
            frontier += new
    return found


def alive(pids):
    left = []
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] != "Z":
                    left.append(pid)
        except OSError:
            pass
    return left


class Bursts(ServerCase):
    OPTIONS = ("--max-environments", "40")

    def test_five_hundred_cold_invokes_at_once(self):
        """Each is answered: with what the function says, or that there is no room for it now."""
        source = ("#!/bin/bash\napi=${AWS_LAMBDA_RUNTIME_API/:/\\/}\nexec 3<>/dev/tcp/$api\nwhile true; do\n"
                  "  printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3\n"
                  "  length=0\n  while IFS= read -r line <&3; do line=${line%$'\\r'}; [ -z \"$line\" ] && break\n"
                  "    case \"${line,,}\" in content-length:*) length=${line#*: };; lambda-runtime-aws-request-id:*) id=${line#*: };; esac\n"
                  "  done\n  IFS= read -r -N \"$length\" event <&3\n"
                  "  printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %s\\r\\n\\r\\n%s' \"$id\" \"${#event}\" \"$event\" >&3\n"
                  "  while IFS= read -r line <&3; do line=${line%$'\\r'}; [ -z \"$line\" ] && break; case \"${line,,}\" in content-length:*) length=${line#*: };; esac; done\n"
                  "  IFS= read -r -N \"$length\" ignored <&3\ndone\n")
        code = base64.b64encode(zipped({"bootstrap": (source, 0o755)})).decode()
        for number in range(20):
            answer = self.server.post("/2015-03-31/functions", {
                "FunctionName": f"burst-{number}", "Role": ROLE, "Runtime": "provided.al2023", "Handler": "h",
                "Timeout": 60, "Code": {"ZipFile": code}}, headers=scope_header())
            self.assertEqual(answer.status, 201, answer)
        answers = []

        def one(number):
            answers.append(self.server.post(f"/2015-03-31/functions/burst-{number % 20}/invocations", str(number),
                                            headers=scope_header(), timeout=300))

        threads = [threading.Thread(target=one, args=(number,)) for number in range(500)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        self.assertEqual(len(answers), 500)
        for answer in answers:
            if answer.status == 429:
                self.assertEqual(answer.json()["Reason"], "ConcurrentInvocationLimitExceeded", answer)
            else:
                self.assertEqual(answer.status, 200, answer)
        self.assertGreater(sum(answer.status == 200 for answer in answers), 40)
        self.assertEqual(self.server.get("/_aviary/health").status, 200)
        self.assertLessEqual(len(self.server.get("/_aviary/environments").json()["environments"]), 40)


if __name__ == "__main__":
    unittest.main()
