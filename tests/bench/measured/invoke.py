"""Warm invokes through an alias with two versions; rounds of baseline and subject in turn, so that whatever else the
machine does meets both."""
import statistics

from client import Client


def measure(bench):
    rounds = []
    seconds = str(bench.options.seconds / 4)
    with bench.nginx() as nginx_port, bench.server() as (_, port):
        bench.create_split(Client(port))
        bench.load(nginx_port, "/", "--seconds", "0.5")
        bench.invoke_load(port, "--seconds", "1")
        for _ in range(4):
            rounds.append((bench.load(nginx_port, "/", "--seconds", seconds),
                           bench.load(port, "/_aviary/health", "--seconds", seconds),
                           bench.invoke_load(port, "--seconds", seconds)))
    baseline = statistics.median(one["rate"] for one, _, _ in rounds)
    plain = statistics.median(two["rate"] / one["rate"] for one, two, _ in rounds)
    ratio = statistics.median(three["rate"] / one["rate"] for one, _, three in rounds)
    invokes = [three for _, _, three in rounds]
    rate = statistics.median(each["rate"] for each in invokes)
    p50, p99 = (statistics.median(each[key] for each in invokes) / 1000 for key in ("p50_us", "p99_us"))
    answers = sum(each["answers"] for each in invokes)
    share = sum(each["values"].get("2", 0) for each in invokes) / answers
    # Five standard deviations: a false alarm once in two million runs.
    bound = 5 * (0.09 / answers) ** 0.5
    bench.table.add("nginx, one worker, static answer", f"{baseline:,.0f} requests/s")
    bench.table.add("one exchange (/_aviary/health)", f"{plain:.2f} of nginx")
    bench.table.add(f"warm invokes through a 90/10 alias, {bench.options.clients} clients",
                   f"{rate:,.0f}/s = {ratio:.3f} of nginx", ">= 0.12", ratio >= 0.12)
    bench.table.add("  p50, p99", f"{p50:.2f} ms, {p99:.2f} ms", "p99 < 3 ms", p99 < 3)
    bench.table.add("  share of the 10% version", f"{share:.4f}", f"0.1 +- {bound:.4f}", abs(share - 0.1) <= bound)
