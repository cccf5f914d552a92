"""An environment made, its process crashing, and the next one made; and then the server's own end by kill -9."""
import os
import signal
import time

from bench import ROLE
from client import Client, zip_with
from processes import Traces, descriptors, offspring


def measure(bench):
    count = bench.options.cycles
    with bench.server("--no-observe") as (pid, port):
        client = Client(port)
        client.call("POST", "/2015-03-31/functions", {
            "FunctionName": "crash", "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": ROLE,
            "Code": {"ZipFile": zip_with("bootstrap", "#!/bin/sh\necho x > /tmp/x\nexit 3\n")}})
        bench.wait_until_active(client, "crash")
        marks, start = [], time.monotonic()
        for i in range(1, count + 1):
            client.call("PUT", "/2015-03-31/functions/crash/configuration", {"Description": str(i)})
            answer = client.call("POST", "/2015-03-31/functions/crash/invocations", {})
            if answer.get("errorType") != "Runtime.ExitError":
                raise SystemExit(f"no crash: {answer}")
            if i in (max(1, count // 5), count):
                time.sleep(1)
                traces = Traces(pid)
                marks.append({"descriptors": descriptors(pid), **traces.count()})
        bench.table.add(f"{count:,} cycles of create, crash, create", f"{1000 * (time.monotonic() - start) / count:.1f} ms each")
        early, late = marks[0], marks[-1]
        for what, number in late.items():
            bench.table.add(f"  {what}", f"{early[what]} and {number}", "the same", number <= early[what])
        below = offspring(pid)
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 5
        while traces.left(below) and time.monotonic() < end:
            time.sleep(0.05)
        left = traces.left(below)
        bench.table.add("  left of it after kill -9", ", ".join(left) or "nothing", "nothing", not left)
