"""How soon the server is there, and what it takes while it does nothing."""
import statistics
import subprocess
import time

from processes import cpu_ticks, rss


def measure(bench):
    command = [bench.tools / "bench_ready", "21", bench.aviary, "serve", "--port", "0", "--log-level", "warn"]
    times = sorted(float(t) / 1000 for t in subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True).stdout.split())
    median = statistics.median(times)
    bench.table.add("ready after exec", f"{median:.1f} ms (best {times[0]:.1f}, worst {times[-1]:.1f})",
                   "<= 10 ms", median <= 10)
    with bench.server() as (pid, _):
        time.sleep(0.5)
        before = cpu_ticks(pid)
        time.sleep(2)
        bench.table.add("idle memory", f"{rss(pid):.1f} MiB", "<= 12 MiB", rss(pid) <= 12)
        bench.table.add("idle processor time", f"{cpu_ticks(pid) - before} ticks in 2 s", "0",
                       cpu_ticks(pid) == before)
