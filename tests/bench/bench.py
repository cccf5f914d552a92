"""What every part of the benchmark needs: servers, the load on them, functions, and the table of what was measured."""
import contextlib
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from client import zip_of

ROLE = "arn:aws:iam::123456789012:role/bench"


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, measured, goal="", met=None):
        self.rows.append((what, measured, goal, {True: "yes", False: "NO", None: ""}[met]))
        print(f"  {what}: {measured}" + (f"  (goal {goal})" if goal else ""), file=sys.stderr)

    def print(self):
        head = ("what", "measured", "goal", "met")
        widths = [max(len(row[i]) for row in [head, *self.rows]) for i in range(4)]
        for row in [head, tuple("-" * w for w in widths), *self.rows]:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())

    def missed(self):
        return [what for what, _, _, met in self.rows if met == "NO"]


class Bench:
    """The options, the programs, and what the parts have in common."""

    def __init__(self, options):
        self.options = options
        self.table = Table()
        self.tools = options.build / "tests/bench"
        self.aviary = options.aviary or next(
            (p for p in (options.build / "aviary", options.build / "src/app/aviary") if p.is_file()), None)
        for path in (self.aviary, self.tools / "bench_load", self.tools / "bench_echo", self.tools / "bench_ready"):
            if path is None or not path.is_file():
                raise SystemExit(f"not built: {path or options.build / 'aviary'}; see tests/bench/run --help")

    # Processes

    @contextlib.contextmanager
    def nginx(self):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if not program:
            raise SystemExit("the baseline needs nginx (apt-get install nginx-light)")
        with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            probe.close()
            paths = "".join(f"{kind}_temp_path {folder};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            pathlib.Path(folder, "nginx.conf").write_text(
                f"worker_processes 1; daemon off; pid {folder}/pid; error_log /dev/null;"
                "events { worker_connections 1024; }"
                f"http {{ access_log off; keepalive_requests 1000000000; {paths}"
                f"server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json;"
                """return 200 '{"amount":100}'; } } }""")
            process = subprocess.Popen([program, "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
            try:
                for _ in range(200):
                    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                        break
                    time.sleep(0.01)
                yield port
            finally:
                process.terminate()
                process.wait()

    @contextlib.contextmanager
    def server(self, *arguments):
        process = subprocess.Popen([self.aviary, "serve", "--port", "0", "--log-level", "warn",
                                    *arguments, *self.options.serve], stdout=subprocess.PIPE, text=True)
        try:
            line = process.stdout.readline()
            found = re.search(r"ready on http://[^:]+:(\d+)", line)
            if not found:
                raise SystemExit(f"no ready line but: {line!r}")
            yield process.pid, int(found[1])
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            if process.poll() is None:
                process.kill()
                print("  the server did not end on SIGTERM", file=sys.stderr)
            process.stdout.close()

    def load(self, port, path, *arguments):
        command = [self.tools / "bench_load", "--json", "--clients", str(self.options.clients), *arguments,
                   f"http://127.0.0.1:{port}{path}"]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)

    # Functions

    def wait_until_active(self, client, name):
        for _ in range(500):
            state = client.call("GET", f"/2015-03-31/functions/{name}/configuration")
            if state.get("State") == "Active" and state.get("LastUpdateStatus") == "Successful":
                return
            time.sleep(0.01)
        raise SystemExit(f"{name} did not become active: {state}")

    def create(self, client, name, extra="1"):
        client.call("POST", "/2015-03-31/functions", {
            "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": ROLE,
            "Timeout": 30, "Code": {"ZipFile": zip_of(self.tools / "bench_echo", extra)}})
        self.wait_until_active(client, name)

    def create_split(self, client):
        """Two published versions behind a 90/10 alias."""
        self.create(client, "echo")
        client.call("POST", "/2015-03-31/functions/echo/versions", {})
        client.call("PUT", "/2015-03-31/functions/echo/code",
                    {"ZipFile": zip_of(self.tools / "bench_echo", "2")})
        self.wait_until_active(client, "echo")
        client.call("POST", "/2015-03-31/functions/echo/versions", {})
        client.call("POST", "/2015-03-31/functions/echo/aliases", {
            "Name": "live", "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}})

    INVOKE = "/2015-03-31/functions/echo/invocations?Qualifier=live"

    def invoke_load(self, port, *arguments):
        result = self.load(port, self.INVOKE, "--body", '{"amount":100}', "--tally", "X-Amz-Executed-Version",
                           *arguments)
        if set(result["status"]) != {"200"} or result["failures"]:
            raise SystemExit(f"invokes failed: {result}")
        return result

    def flat(self, what, early, late):
        growth = late - early
        self.table.add(what, f"{early:.1f} and {late:.1f} MiB", "flat: <= 1 MiB or 5% more",
                       growth <= max(1, 0.05 * early))
