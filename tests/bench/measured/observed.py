"""What logs and metrics cost the invoke path: two servers in turn, one of which keeps neither."""
import contextlib
import statistics
import tempfile

from client import Client


def measure(bench):
    seconds = str(bench.options.seconds / 6)
    for what, keeps in (("", ()), (", with a data folder", ("--data-dir",))):
        with contextlib.ExitStack() as stack:
            ports = []
            for switch in ((), ("--no-observe",)):
                folder = [stack.enter_context(tempfile.TemporaryDirectory())] if keeps else []
                _, port = stack.enter_context(bench.server(*switch, *keeps, *folder))
                bench.create_split(Client(port))
                bench.invoke_load(port, "--seconds", "1")
                ports.append(port)
            ratios = []
            for turn in range(24):
                order = (0, 1) if turn % 2 == 0 else (1, 0)
                rates = {which: bench.invoke_load(ports[which], "--seconds", seconds)["rate"] for which in order}
                ratios.append(rates[0] / rates[1])
        cost = 1 - statistics.median(ratios)
        spread = f"{1 - max(ratios):+.1%} to {1 - min(ratios):+.1%}"
        bench.table.add(f"what logs and metrics cost warm invokes{what}", f"{cost:.1%} of the rate ({spread})",
                       "<= 5 %", cost <= 0.05)
