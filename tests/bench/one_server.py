"""One `aviary serve` and one connection to it, for measuring what single requests take."""
import base64
import http.client
import io
import json
import subprocess
import tempfile
import zipfile

F = "/2015-03-31/functions"


class Server:
    def __init__(self, binary, options=()):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([binary, "serve", "--port", "0", *options], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.log)
        line = b""
        while b"aviary ready on " not in line:
            line = self.process.stdout.readline()
            if not line:
                self.log.seek(0)
                raise SystemExit("the server did not start: " + self.log.read().decode())
        self.connection = http.client.HTTPConnection("127.0.0.1", int(line.split()[-1].rsplit(b":", 1)[1]))

    def ask(self, method, path, body=b""):
        """The response, to be read. An error ends the program: a benchmark of errors is none."""
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.connection.request(method, path, body)
        response = self.connection.getresponse()
        if response.status >= 300 or response.getheader("X-Amz-Function-Error"):
            raise SystemExit(f"{method} {path}: {response.status} {response.read().decode(errors='replace')}")
        return response

    def call(self, method, path, body=b""):
        answer = self.ask(method, path, body).read()
        return json.loads(answer) if answer else None

    def create(self, name, runtime, file, content, **more):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            entry = zipfile.ZipInfo(file)
            entry.external_attr = 0o100755 << 16
            made.writestr(entry, content)
        self.call("POST", F, {"FunctionName": name, "Runtime": runtime, "Role": "arn:aws:iam::123456789012:role/bench",
                              "Handler": "index.handler", "Timeout": 60,
                              "Code": {"ZipFile": base64.b64encode(archive.getvalue()).decode()}, **more})

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
