"""Whether publishing, updating aliases and resolving take longer with many versions."""
import statistics
import time

from client import Client
from processes import rss


def measure(bench):
    count = bench.options.versions
    with bench.server() as (pid, port):
        client = Client(port)
        render = Client.render
        made = {"few": 0, "many": 0}

        def change(name):
            made[name] += 1
            return render("PUT", f"/2015-03-31/functions/{name}/configuration", {"Description": str(made[name])})

        def publish(name):
            return render("POST", f"/2015-03-31/functions/{name}/versions", {})

        def fill(name, until):
            while made[name] < until:
                batch = []
                for _ in range(min(50, until - made[name])):
                    batch += [change(name), publish(name)]
                client.send_all(batch)

        def measure(names, rounds):
            """Median microseconds of each operation on each function, in turn, so that whatever else the machine
            does meets all; every round adds a version."""
            times = {name: {"publish": [], "update alias": [], "resolve": []} for name in names}
            for turn in range(rounds):
                for name in names if turn % 2 else reversed(names):
                    base = f"/2015-03-31/functions/{name}"
                    client.send_all([change(name)])
                    steps = {
                        "publish": publish(name),
                        "update alias": render("PUT", f"{base}/aliases/live", {
                            "FunctionVersion": str(made[name]),
                            "RoutingConfig": {"AdditionalVersionWeights": {str(made[name] - 1): 0.1}}}),
                        "resolve": render("GET", f"{base}/configuration?Qualifier=live"),
                    }
                    for step, request in steps.items():
                        start = time.perf_counter()
                        client.send_all([request])
                        times[name][step].append(time.perf_counter() - start)
            return [{step: statistics.median(values) * 1e6 for step, values in times[name].items()}
                    for name in names]

        for name in made:
            bench.create(client, name)
            fill(name, 10)
            client.call("POST", f"/2015-03-31/functions/{name}/aliases", {"Name": "live", "FunctionVersion": "1"})
        few_memory = rss(pid)
        start = time.monotonic()
        fill("many", count)
        filling = time.monotonic() - start
        many_memory = rss(pid)
        few, many = measure(["few", "many"], 300)
        for step in few:
            ratio = many[step] / few[step]
            bench.table.add(f"{step} from 10 and from {count:,} versions on",
                           f"{few[step]:.0f} and {many[step]:.0f} us = {ratio:.2f}", "flat: <= 1.3", ratio <= 1.3)
        bench.table.add("  memory a version", f"{1024 * (many_memory - few_memory) / (count - 10):.2f} KiB")
        bench.table.add("  published in a row", f"{(count - 10) / filling:,.0f}/s")
