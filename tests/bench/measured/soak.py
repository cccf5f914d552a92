"""Memory once the log, which keeps the newest 64 MiB, is full: from then on nothing may grow."""
from client import Client
from processes import descriptors, rss


def measure(bench):
    count = bench.options.invokes
    with bench.server() as (pid, port):
        bench.create_split(Client(port))
        fill = max(400_000, count // 10)
        bench.invoke_load(port, "--count", str(fill))
        early, open_early = rss(pid), descriptors(pid)
        bench.invoke_load(port, "--count", str(count))
        late, open_late = rss(pid), descriptors(pid)
        bench.flat(f"memory after {fill:,} and {count + fill:,} invokes", early, late)
        # An environment more is no leak; one descriptor in a thousand invokes would be.
        bench.table.add("  descriptors", f"{open_early} and {open_late}", "the same, give or take an environment",
                       open_late <= open_early + bench.options.clients)
