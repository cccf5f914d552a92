"""The programs that measure single parts, where Google Benchmark is installed."""
import json
import os
import subprocess


def measure(bench):
    for path in sorted(bench.tools.glob("bench_*")):
        if path.name in ("bench_load", "bench_echo", "bench_ready") or not os.access(path, os.X_OK):
            continue
        if path.is_file():
            out = subprocess.run([path, "--benchmark_format=json"], check=True, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True).stdout
            for row in json.loads(out)["benchmarks"]:
                name = row["name"].split("/iterations")[0]
                goal, met = "", None
                if name.startswith("evaluate_alarms"):
                    goal, met = "1,000 alarms < 10 ms", row["cpu_time"] < 10
                bench.table.add(f"{path.name[6:]}: {name}", f"{row['cpu_time']:,.0f} {row['time_unit']}", goal, met)
                if "MB_per_s" in row:
                    rate = row["MB_per_s"]
                    bench.table.add("  stored text", f"{rate:,.0f} MB/s", ">= 500 MB/s", rate >= 500)
                if "MiB_at_most" in row:
                    most = row["MiB_at_most"]
                    bench.table.add("  memory", f"{most:.0f} MiB", "< 200 MiB", most < 200)
