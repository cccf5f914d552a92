"""An environment made, its process crashing, and the next one made; and then the server's own end by kill -9."""
import os
import signal
import time

from bench import ROLE
from client import Client, zip_with
from processes import Traces, descriptors, offspring


class Looks:
    """The most of each that was seen."""

    def __init__(self):
        self.most = {}

    def add(self, counts):
        self.most = {what: max(number, self.most.get(what, 0)) for what, number in counts.items()}


def measure(bench):
    count = bench.options.cycles
    with bench.server("--no-observe") as (pid, port):
        client = Client(port)
        client.call("POST", "/2015-03-31/functions", {
            "FunctionName": "crash", "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": ROLE,
            "Code": {"ZipFile": zip_with("bootstrap", "#!/bin/sh\necho x > /tmp/x\nexit 3\n")}})
        bench.wait_until_active(client, "crash")
        # Some looks each: what is being made for the next environment is there at one, and not at another.
        early, late = Looks(), Looks()
        first, looks, looked, start = max(1, count // 5), 5, 0, time.monotonic()
        for i in range(1, count + 1):
            client.call("PUT", "/2015-03-31/functions/crash/configuration", {"Description": str(i)})
            answer = client.call("POST", "/2015-03-31/functions/crash/invocations", {})
            if answer.get("errorType") != "Runtime.ExitError":
                raise SystemExit(f"no crash: {answer}")
            if first <= i < first + looks or i > count - looks:
                begin = time.monotonic()
                time.sleep(1)
                traces = Traces(pid)
                (late if i > count - looks else early).add({"descriptors": descriptors(pid), **traces.count()})
                looked += time.monotonic() - begin
        took = time.monotonic() - start - looked
        bench.table.add(f"{count:,} cycles of create, crash, create", f"{1000 * took / count:.1f} ms each")
        for what, number in late.most.items():
            # The last one's /tmp, a folder with a file, may be there for the next process, or not any more.
            spare, goal = (2, "the same, give or take an environment") if what == "files" else (0, "the same")
            bench.table.add(f"  {what}", f"{early.most[what]} and {number}", goal, number <= early.most[what] + spare)
        below = offspring(pid)
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 5
        while traces.left(below) and time.monotonic() < end:
            time.sleep(0.05)
        left = traces.left(below)
        bench.table.add("  left of it after kill -9", ", ".join(left) or "nothing", "nothing", not left)
