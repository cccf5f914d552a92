"""Python and Node.js against as many bare loops of the same interpreter and a plain HTTP server."""
import shutil
import statistics
import subprocess

from bench import ROLE
from client import Client, zip_with


# What a runtime does, with its own HTTP client: get an event, decode it, encode and post the answer.
PYTHON_LOOP = """
import http.client, json, sys, time
server = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
end, count = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    server.request("GET", "/next")
    event = json.loads(server.getresponse().read())
    server.request("POST", "/response", json.dumps(event))
    server.getresponse().read()
    count += 1
print(count)
"""
NODE_LOOP = """
const http = require('http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const call = (method, path, body) => new Promise((resolve, reject) => {
  const request = http.request({ port: process.argv[1], method, path, agent }, (response) => {
    let text = '';
    response.on('data', (piece) => { text += piece; });
    response.on('end', () => resolve(text));
  });
  request.on('error', reject);
  request.end(body);
});
(async () => {
  const end = Date.now() + 1000 * process.argv[2];
  let count = 0;
  for (; Date.now() < end; ++count) await call('POST', '/response', JSON.stringify(JSON.parse(await call('GET', '/next'))));
  console.log(count);
  process.exit();
})();
"""


def measure(bench):
    seconds, rounds = str(bench.options.seconds / 4), 3
    cases = [("python", "python3.11", "index.py", "def handler(event, context):\n    return event\n", [shutil.which("python3"), "-c", PYTHON_LOOP])]
    if shutil.which("node"):
        cases.append(("node", "nodejs20.x", "index.js", "exports.handler = async (event) => event;", ["node", "-e", NODE_LOOP]))
    with bench.nginx() as nginx_port, bench.server() as (_, port):
        client = Client(port)
        for name, runtime, file, source, loop in cases:
            client.call("POST", "/2015-03-31/functions", {
                "FunctionName": name, "Runtime": runtime, "Handler": "index.handler", "Role": ROLE, "Timeout": 30,
                "Code": {"ZipFile": zip_with(file, source)}})
            bench.wait_until_active(client, name)
            path = f"/2015-03-31/functions/{name}/invocations"

            def bare():
                loops = [subprocess.Popen([*loop, str(nginx_port), seconds], stdout=subprocess.PIPE, text=True)
                         for _ in range(bench.options.clients)]
                return sum(int(one.communicate()[0]) for one in loops) / float(seconds)

            def warm(*arguments):
                return bench.load(port, path, "--body", '{"amount":100}', "--seconds", seconds, *arguments)

            if name == "python":
                warm("--clients", "1")
                p50 = statistics.median(warm("--clients", "1")["p50_us"] for _ in range(rounds)) / 1000
                bench.table.add("one client, one Python function, p50", f"{p50:.2f} ms", "< 0.5 ms", p50 < 0.5)
            warm()
            pairs = [(bare(), warm()["rate"]) for _ in range(rounds)]
            ratio = statistics.median(rate / plain for plain, rate in pairs)
            rate = statistics.median(rate for _, rate in pairs)
            bench.table.add(f"warm {name} invokes, {bench.options.clients} clients",
                           f"{rate:,.0f}/s = {ratio:.2f} of bare loops", ">= 0.5", ratio >= 0.5)
