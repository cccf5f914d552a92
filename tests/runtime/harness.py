"""A Runtime API to start the runtime clients against, as plain processes, and to read what they send byte for byte.

Only the standard library of Python 3.11. The client's files come from the source tree; AVIARY_RUNTIME_DIR names
another place, such as the folder that a sandbox binds at /var/runtime.
"""

import glob
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNTIME_DIR = os.environ.get("AVIARY_RUNTIME_DIR", os.path.join(SOURCE, "src", "runtimes"))
ARN = "arn:aws:lambda:us-east-1:123456789012:function:fn"
PATIENCE = 20  # seconds until a client that does not answer fails its test
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Request:
    """One request as it came: `head` holds the bytes before the body."""

    def __init__(self, head):
        self.head = head
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, self.version = lines[0].split(" ")
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        self.body = b""
        self.chunks = []  # sizes, when it was chunked
        self.trailers = {}
        self.arrived = time.monotonic()

    def __getitem__(self, name):
        for field, value in self.fields:
            if field.lower() == name.lower():
                return value
        return None

    @property
    def kind(self):
        """response, error or init/error"""
        return "init/error" if self.path.endswith("/init/error") else self.path.rsplit("/", 1)[1]


class Closed(Exception):
    pass


class _Reader:
    def __init__(self, connection):
        self.connection = connection
        self.data = b""

    def more(self):
        got = self.connection.recv(1 << 20)
        if not got:
            raise Closed
        self.data += got

    def until(self, mark):
        while mark not in self.data:
            self.more()
        found, _, self.data = self.data.partition(mark)
        return found

    def exactly(self, count):
        parts, have = [self.data], len(self.data)
        while have < count:
            got = self.connection.recv(1 << 20)
            if not got:
                raise Closed
            parts.append(got)
            have += len(got)
        data = b"".join(parts)
        self.data = data[count:]
        return data[:count]


class RuntimeApi:
    """Serves any number of connections; one client is expected to use one."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.events = queue.Queue()
        self.answers = queue.Queue()
        self.requests = []
        self.connections = 0
        self.refuse = None  # (status, body) for the next response that is posted
        self.chunked = False  # whether events go out in chunks
        self.closing = False
        self.count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        reader = _Reader(connection)
        try:
            while True:
                request = Request(reader.until(b"\r\n\r\n"))
                if request["Transfer-Encoding"] == "chunked":
                    self._chunks(request, reader)
                elif request["Content-Length"]:
                    request.body = reader.exactly(int(request["Content-Length"]))
                self.requests.append(request)
                if request.method == "GET":
                    self._next(connection)
                else:
                    status, body = 202, b'{"status":"OK"}\n'
                    if self.refuse and request.kind == "response":
                        status, body = self.refuse
                        self.refuse = None
                    connection.sendall(
                        b"HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                        % (status, len(body))
                        + body
                    )
                    self.answers.put(request)
        except (Closed, OSError):
            connection.close()

    def _chunks(self, request, reader):
        while True:
            size = int(reader.until(b"\r\n"), 16)
            if size == 0:
                break
            request.chunks.append(size)
            request.body += reader.exactly(size)
            assert reader.exactly(2) == b"\r\n"
        while True:
            line = reader.until(b"\r\n")
            if not line:
                return
            name, _, value = line.decode("latin-1").partition(":")
            request.trailers[name.strip().lower()] = value.strip()

    def _next(self, connection):
        while True:
            try:
                fields, body = self.events.get(timeout=0.2)
                break
            except queue.Empty:
                if self.closing:
                    raise Closed from None
        head = b"HTTP/1.1 200 OK\r\n"
        for name, value in fields:
            head += name.encode() + b": " + value.encode() + b"\r\n"
        if self.chunked:
            middle = len(body) // 2
            payload = b"".join(
                b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:middle], body[middle:]) if part
            )
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + payload + b"0\r\n\r\n")
        else:
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def offer(self, body=b"{}", request_id=None, content_type="application/json", trace=None, fields=(), left=60000):
        """Queues an event; gives its request id."""
        self.count += 1
        request_id = request_id or "8476a536-e9f4-11e8-9739-%012d" % self.count
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + left)),
            ("Lambda-Runtime-Invoked-Function-Arn", ARN),
        ]
        if trace:
            headers.append(("Lambda-Runtime-Trace-Id", trace))
        headers += list(fields)
        headers.append(("Content-Type", content_type))
        self.events.put((headers, body if isinstance(body, bytes) else body.encode()))
        return request_id

    def answer(self):
        return self.answers.get(timeout=PATIENCE)

    def invoke(self, body=b"{}", **options):
        request_id = self.offer(body, **options)
        answer = self.answer()
        assert "/%s/" % request_id in answer.path, answer.path
        return answer

    def close(self):
        self.closing = True
        self.listener.close()


# An environment that is made ahead says it is ready without having run its handler.
AHEAD = {"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"}


class Function:
    """A client process, running the given files as its function."""

    def __init__(self, argv, files, handler, environment=(), extra=None, execution_env=None, waits=False):
        """`waits`: it is started ahead of its function, as the emulator does, and told the rest afterwards."""
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="aviary-runtime-"))
        self.task = os.path.join(self.root, "task")
        os.mkdir(self.task)
        for name, text in files.items():
            path = os.path.join(self.task if not name.startswith("opt/") else self.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
        self.api = RuntimeApi()
        env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "LAMBDA_TASK_ROOT": self.task,
            "LAMBDA_RUNTIME_DIR": RUNTIME_DIR,
            "_HANDLER": handler,
            "AWS_LAMBDA_FUNCTION_NAME": "fn",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/fn",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/12/[$LATEST]0123456789abcdef0123456789abcdef",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": "us-east-1",
        }
        if execution_env:
            env["AWS_EXECUTION_ENV"] = execution_env
        env.update(dict(environment))
        for name in [name for name, value in env.items() if value is None]:
            del env[name]
        self.output = b""
        told = b"".join(part.encode() + b"\0" for part in [self.task, *("%s=%s" % item for item in env.items())])
        if waits:
            early = ("PATH", "LANG", "TZ", "LAMBDA_", "AWS_EXECUTION_ENV", "PYTHON", "NODE_", "RUBY", "GEM_", "LC_")
            env = {name: value for name, value in env.items() if name.startswith(early)}
            env["AVIARY_WAIT"] = "1"
        self.process = subprocess.Popen(
            argv, env=env, cwd="/" if waits else self.task, stdin=subprocess.PIPE if waits else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **(extra or {})
        )
        if waits:
            self.process.stdin.write(told)
            self.process.stdin.close()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            got = os.read(self.process.stdout.fileno(), 65536)
            if not got:
                return
            self.output += got

    def invoke(self, body=b"{}", **options):
        return self.api.invoke(body, **options)

    def wait(self):
        """The exit status, after everything it wrote was read."""
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return status

    def text(self, expected=None):
        """What was written so far; waits until `expected` (a regular expression) is in it."""
        end = time.monotonic() + PATIENCE
        while expected and time.monotonic() < end:
            if re.search(expected, self.output.decode("utf-8", "replace")):
                break
            time.sleep(0.01)
        return self.output.decode("utf-8", "replace")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stdout.close()
        self.api.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def pythons():
    """Every interpreter of a Lambda runtime that this machine has: [(version, path)]."""
    found = {}
    roots = [os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")) + "/versions/*/bin", "/usr/bin", "/usr/local/bin"]
    for root in roots:
        for path in sorted(glob.glob(root + "/python3.[0-9]*")):
            match = re.fullmatch(r"python3\.(\d+)", os.path.basename(path))
            if match and 8 <= int(match[1]) <= 14:
                found.setdefault(os.path.realpath(path), ("3." + match[1], path))
    return sorted(found.values(), key=lambda entry: (int(entry[0][2:]), entry[1]))


def version_of(program, *arguments):
    path = shutil.which(program)
    if path is None:
        return None, None
    out = subprocess.run([path, *arguments], capture_output=True, text=True, check=True).stdout
    return path, tuple(int(part) for part in re.findall(r"\d+", out)[:3])


def python_argv(path):
    return [path, "-S", os.path.join(RUNTIME_DIR, "python", "bootstrap.py")]


if __name__ == "__main__":
    print(pythons(), sys.version)
