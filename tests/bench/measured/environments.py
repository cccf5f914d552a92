"""What idle environments cost the server: made by as many invokes at once, each held for a while."""
import time

from bench import ROLE
from client import Client, zip_of
from processes import cpu_ticks, rss


def measure(bench):
    count = 200

    def invoke_together(port, how_many):
        clients = [Client(port) for _ in range(how_many)]
        for client in clients:
            client.socket.sendall(client.render("POST", "/2015-03-31/functions/held/invocations", {}))
        for client in clients:
            status, _, body = client.read()
            if status != 200:
                raise SystemExit(f"refused with {status}: {body.decode(errors='replace')}")
            client.socket.close()

    with bench.server("--max-environments", str(count + 50)) as (pid, port):
        client = Client(port)
        client.call("POST", "/2015-03-31/functions", {
            "FunctionName": "held", "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": ROLE, "Timeout": 300,
            "Environment": {"Variables": {"HOLD_SECONDS": "20"}}, "Code": {"ZipFile": zip_of(bench.tools / "bench_echo")}})
        bench.wait_until_active(client, "held")
        invoke_together(port, 10)
        time.sleep(1)
        few = rss(pid)
        invoke_together(port, count)
        time.sleep(1)
        made = len(client.call("GET", "/_aviary/environments")["environments"]) - 10
        each = 1024 * (rss(pid) - few) / made
        bench.table.add(f"an idle environment, of {made + 10}", f"{each:.0f} KiB", "<= 30 KiB", each <= 30)
        before = cpu_ticks(pid)
        time.sleep(5)
        bench.table.add("  processor time of all", f"{cpu_ticks(pid) - before} ticks in 5 s", "0", cpu_ticks(pid) == before)
