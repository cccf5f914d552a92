"""What logs and metrics cost the invoke path: two servers in turn, one of which keeps neither."""
import contextlib
import statistics
import tempfile

from client import Client

PAIRS = 12
SERVERS = 3
# Log memory is full by then: until it is, its pages are new, which they are only once.
FILL = 200_000


def ratios_of(bench, seconds, keeps):
    """One pair of servers. Where their memory and their threads have come to lie stays with them for life, and is worth
    some percent: so it takes several pairs."""
    with contextlib.ExitStack() as stack:
        ports = []
        for switch in ((), ("--no-observe",)):
            folder = [stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp"))] if keeps else []
            _, port = stack.enter_context(bench.server(*switch, *keeps, *folder))
            bench.create_split(Client(port))
            bench.invoke_load(port, "--count", str(FILL))
            ports.append(port)
        for turn in range(PAIRS):
            order = (0, 1) if turn % 2 == 0 else (1, 0)
            rates = {which: bench.invoke_load(ports[which], "--seconds", seconds)["rate"] for which in order}
            yield rates[0] / rates[1]


def measure(bench):
    seconds = str(bench.options.seconds / 12)
    for what, keeps in (("", ()), (", with a data folder", ("--data-dir",))):
        ratios = sorted(ratio for _ in range(SERVERS) for ratio in ratios_of(bench, seconds, keeps))
        cost = 1 - statistics.median(ratios)
        half = f"half of {len(ratios)} pairs {1 - ratios[-len(ratios) // 4]:+.1%} to {1 - ratios[len(ratios) // 4]:+.1%}"
        bench.table.add(f"what logs and metrics cost warm invokes{what}", f"{cost:.1%} of the rate ({half})",
                       "<= 5 %", cost <= 0.05)
