"""What an innocent function's callers notice of functions that mean harm."""
import statistics
import threading
import time

from bench import ROLE
from client import Client, zip_with

HANDLER = "import os, signal, socket, subprocess, sys, time\n\ndef handler(event, context):\n"
API = "    host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')\n"
# What it does until its time is out: the body of a handler, after HANDLER.
ATTACKS = {
    "a loop": "    while True:\n        pass\n",
    "a fork bomb": "    while True:\n        try:\n            os.fork()\n        except OSError:\n            pass\n",
    "a file bomb": "    n = 0\n    while True:\n        n += 1\n        try:\n"
                   "            open('/tmp/%d' % n, 'w').close()\n        except OSError:\n            pass\n",
    "a memory bomb": "    kept = []\n    while True:\n        kept.append(bytearray(os.urandom(1 << 22)))\n",
    "endless output": "    while True:\n        sys.stdout.write('x' * 65536)\n",
    "endless lines": "    while True:\n        print('y' * 100)\n",
    "calls to the Runtime API": API + (
        "    kept = []\n    while True:\n        try:\n"
        "            one = socket.create_connection((host, int(port)), 1)\n            one.sendall(\n"
        "                b'POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\\r\\nContent-Length: 5\\r\\n\\r\\n')\n"
        "            kept.append(one)\n            if len(kept) > 500:\n                kept.clear()\n"
        "        except OSError:\n            kept.clear()\n"),
    "SIGTERM ignored": "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    while True:\n        time.sleep(1)\n",
    "a full /tmp": "    block = bytes(1 << 20)\n    while True:\n        try:\n"
                   "            with open('/tmp/big', 'wb', 0) as file:\n                while True:\n"
                   "                    file.write(block)\n        except OSError:\n            pass\n",
    "output held open after exit": "    if os.fork() == 0:\n        os.setsid()\n        time.sleep(600)\n    os._exit(7)\n",
}


class Attack:
    """Invocations of the attacker one after the other, for as long as it is entered."""

    def __init__(self, port, timeout):
        self.port, self.timeout, self.over = port, timeout, False

    def run(self):
        client = Client(self.port)
        while not self.over:
            client.call("POST", "/2015-03-31/functions/hostile/invocations", {})

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        time.sleep(0.5)  # it has to have begun

    def __exit__(self, *_):
        self.over = True
        self.thread.join(self.timeout + 30)


def measure(bench):
    seconds, timeout = bench.options.seconds / 2, max(2, round(bench.options.seconds / 2))
    with bench.server() as (_, port):
        client = Client(port)

        def create(name, source, **more):
            client.call("POST", "/2015-03-31/functions", {
                "FunctionName": name, "Runtime": "python3.11", "Handler": "index.handler", "Role": ROLE,
                "Code": {"ZipFile": zip_with("index.py", source)}, **more})
            bench.wait_until_active(client, name)

        def innocent():
            result = bench.load(port, "/2015-03-31/functions/innocent/invocations", "--body", "{}", "--clients", "1",
                                "--seconds", str(seconds))
            if set(result["status"]) != {"200"} or result["failures"]:
                raise SystemExit(f"innocent invokes failed: {result}")
            return result["p50_us"] / 1000, result["p99_us"] / 1000

        create("innocent", "def handler(event, context):\n    return event\n")
        innocent()
        usual = []
        for what, source in ATTACKS.items():
            create("hostile", HANDLER + source, Timeout=timeout)
            usual.append(innocent())
            with Attack(port, timeout):
                near = innocent()
            client.call("DELETE", "/2015-03-31/functions/hostile")
            p50, p99 = (after / before for before, after in zip(usual[-1], near))
            bench.table.add(f"beside {what}: p50, p99", f"{near[0]:.2f}, {near[1]:.2f} ms = {p50:.1f}, {p99:.1f} times", "p99 < 3 ms",
                            near[1] < 3)
    p50, p99 = (statistics.median(one[i] for one in usual) for i in (0, 1))
    bench.table.add("an innocent Python function with nobody beside it: p50, p99", f"{p50:.2f}, {p99:.2f} ms")
