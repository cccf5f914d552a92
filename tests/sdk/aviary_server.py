"""A real server for a test: started on a free port with fresh state, ended when the test is over.

Needs the path of the binary in AVIARY_BINARY, and nothing but the standard library, so that the same tests run under
every Python that has boto3.
"""

import base64
import io
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import zipfile
from http.client import HTTPConnection

ACCOUNT = "123456789012"
REGION = "us-east-1"


def binary():
    """The server to test."""
    path = os.environ.get("AVIARY_BINARY")
    if not path:
        raise RuntimeError("AVIARY_BINARY must name the aviary binary to test")
    return path


class Answer:
    """An HTTP answer as it came over the wire: what the SDKs hide."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # keys in lower case
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:500]!r}"


class Server:
    """One `aviary serve` process."""

    def __init__(self, *options, environment=None, data_dir=None):
        self.options = list(options)
        if data_dir:
            self.options += ["--data-dir", data_dir]
        self.environment = environment or {}
        self.process = None
        self.endpoint = ""
        self.log_path = ""

    def start(self, timeout=30):
        """Returns when the server says that it is ready."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AVIARY_", "AWS_"))}
        log = tempfile.NamedTemporaryFile(prefix="aviary-sdk-", suffix=".log", delete=False)
        self.log_path = log.name
        self.process = subprocess.Popen(
            [binary(), "serve", "--port", "0", *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env={**clean, **self.environment})
        log.close()
        deadline = time.monotonic() + timeout
        line = b""
        while b"aviary ready on " not in line or not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise self.failure(f"not ready within {timeout} s")
            piece = os.read(self.process.stdout.fileno(), 4096)
            if not piece:
                self.process.wait()
                raise self.failure(f"ended with {self.process.returncode} before it was ready")
            line += piece
        self.endpoint = line.split(b"aviary ready on ", 1)[1].split()[0].decode()
        return self

    def failure(self, what):
        return RuntimeError(f"aviary {' '.join(self.options)}: {what}\n{self.log()}")

    def log(self):
        try:
            with open(self.log_path, errors="replace") as log:
                return log.read()
        except OSError:
            return ""

    @property
    def port(self):
        return int(self.endpoint.rsplit(":", 1)[1])

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """As `kill -9` does it: no warning."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._forget()

    def stop(self):
        """As a service manager does it. Answers the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise self.failure("did not stop within 20 s of SIGTERM")
        code = self.process.returncode
        self._forget()
        return code

    def _forget(self):
        self.process.stdout.close()
        self.process = None
        if self.log_path and os.path.exists(self.log_path):
            os.unlink(self.log_path)

    def request(self, method, path, body=None, headers=None, connection=None, timeout=60):
        """One HTTP request, unsigned unless `headers` say otherwise. `body` may be bytes, text or a JSON document."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        own = connection is None
        if own:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, {key.lower(): value for key, value in response.getheaders()},
                          response.read())
        finally:
            if own:
                connection.close()

    def get(self, path, **keywords):
        return self.request("GET", path, **keywords)

    def post(self, path, body=None, **keywords):
        return self.request("POST", path, body, **keywords)

    def put(self, path, body=None, **keywords):
        return self.request("PUT", path, body, **keywords)

    def delete(self, path, **keywords):
        return self.request("DELETE", path, **keywords)


def operations_table(service=None):
    """{operation: whether it is there}, as `aviary operations` prints it: of one service, or of all together."""
    done = subprocess.run([binary(), "operations"], capture_output=True, text=True, timeout=20, check=True)
    sections = done.stdout.split("\n### ")
    return parse_operations("\n".join(each for each in sections if service in (None, each.lstrip("# ").split(":")[0])))


def parse_operations(markdown):
    """Rows `| Operation | what is honoured |`; whatever is neither refused nor answered with 501 is there."""
    table = {}
    for line in markdown.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if len(cells) >= 2 and cells[0][:1].isupper() and cells[0].isalnum() and cells[0] != "Operation":
            table[cells[0]] = not cells[1].startswith(("answers 501", "refused: "))
    return table


def quote(segment):
    """One path segment, encoded as the SDKs do."""
    return urllib.parse.quote(segment, safe="-._~")


def scope_header(account=ACCOUNT, region=REGION, service="lambda"):
    """An Authorization header whose credential scope says who calls from where; its signature is not checked."""
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{service}/aws4_request, "
                             f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"}


class ServerCase(unittest.TestCase):
    """Tests that share one server; each begins with no state at all."""

    OPTIONS = ()
    ENVIRONMENT = None
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.OPTIONS, environment=cls.ENVIRONMENT).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        if not self.server.alive():
            log = self.server.log()
            self.__class__.server = Server(*self.OPTIONS, environment=self.ENVIRONMENT).start()
            print(f"the server died in the test before {self.id()}:\n{log[-3000:]}", flush=True)
        answer = self.server.post("/_aviary/reset")
        self.assertLess(answer.status, 300, answer)

    def sandboxed(self):
        """Whether functions run in a sandbox here, by what one of them sees; else they are plain processes."""
        code = ("import os\n\ndef handler(event, context):\n"
                "    return os.environ['LAMBDA_TASK_ROOT'] == '/var/task' and os.listdir('/var/task') == ['where.py']\n")
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            entry = zipfile.ZipInfo("where.py")
            entry.external_attr = 0o644 << 16  # others must be able to read it, as on Lambda
            archive.writestr(entry, code)
        self.server.post("/2015-03-31/functions", {
            "FunctionName": "where", "Role": f"arn:aws:iam::{ACCOUNT}:role/any", "Runtime": "python3.11",
            "Handler": "where.handler", "Timeout": 20,
            "Code": {"ZipFile": base64.b64encode(buffer.getvalue()).decode()}})
        answer = self.server.post("/2015-03-31/functions/where/invocations", {})
        self.server.delete("/2015-03-31/functions/where")
        self.assertIn(answer.body, (b"true", b"false"), answer)
        return answer.json()

    def scratch(self):
        """A folder that goes away with the test."""
        path = tempfile.mkdtemp(prefix="aviary-sdk-")
        self.addCleanup(shutil.rmtree, path, True)
        return path

    def eventually(self, probe, timeout=10, what="it"):
        """Waits until `probe()` answers something true, and answers that."""
        deadline = time.monotonic() + timeout
        while True:
            found = probe()
            if found:
                return found
            if time.monotonic() > deadline:
                self.fail(f"{what} did not happen within {timeout} s")
            time.sleep(0.02)

    def all_back(self):
        """Waits until no environment works on anything: the next invoke finds the one that the last one had. Without
        this it would depend on how soon the runtime asks for its next event."""
        def free():
            rows = self.server.get("/_aviary/environments").json()["environments"]
            return all(row["state"] in ("idle", "frozen", "stopped") for row in rows)
        self.eventually(free, 30, "an idle moment")
