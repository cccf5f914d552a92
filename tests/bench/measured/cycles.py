"""What a function leaves behind when it is gone. Its logs and metrics stay, as on AWS: what they take is told
apart from what the server itself must not keep."""
import time

from bench import ROLE
from client import Client, zip_of
from processes import children, descriptors, rss


def measure(bench):
    count = bench.options.cycles
    early, late, seconds = cycle(bench, count, "--no-observe")
    bench.table.add("create, cold invoke, delete", f"{1000 * seconds / count:.1f} ms each")
    bench.flat(f"memory after {max(1, count // 5):,} and {count:,} cycles", early[0], late[0])
    bench.table.add("  descriptors", f"{early[1]} and {late[1]}", "the same", late[1] <= early[1])
    bench.table.add("  processes", f"{early[2]} and {late[2]}", "the same", late[2] <= early[2])
    count = max(10, count // 5)
    early, late, _ = cycle(bench, count)
    left = 1024 * (late[0] - early[0]) / (count - max(1, count // 5))
    bench.table.add("  logs and metrics of a function that is gone", f"{left:.1f} KiB")


def cycle(bench, count, *arguments):
    """Memory, descriptors and processes after a fifth of the cycles and after all of them; and seconds."""
    code = zip_of(bench.tools / "bench_echo")
    with bench.server(*arguments) as (pid, port):
        client = Client(port)
        marks = []
        start = time.monotonic()
        for i in range(1, count + 1):
            name = f"cycle-{i}"
            client.call("POST", "/2015-03-31/functions", {
                "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": ROLE,
                "Code": {"ZipFile": code}})
            bench.wait_until_active(client, name)
            client.call("POST", f"/2015-03-31/functions/{name}/invocations", {"i": i})
            client.call("DELETE", f"/2015-03-31/functions/{name}")
            if i in (max(1, count // 5), count):
                time.sleep(0.5)
                marks.append((rss(pid), descriptors(pid), children(pid)))
        return marks[0], marks[-1], time.monotonic() - start
