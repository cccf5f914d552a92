"""A client that is light enough to measure with, and the code that functions are made of."""
import base64
import http.client
import io
import json
import socket
import zipfile


class Client:
    """One keep-alive connection, with pipelining: filling in 100,000 versions should not measure Python."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb", 1 << 16)

    @staticmethod
    def render(method, path, body=None, headers=()):
        payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(payload)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + payload

    def read(self):
        status = int(self.reader.readline().split()[1])
        headers = http.client.parse_headers(self.reader)
        body = self.reader.read(int(headers.get("Content-Length") or 0))
        return status, headers, body

    def send_all(self, requests):
        """Answers to requests sent at once. Refusals end the run: a benchmark of errors is none."""
        self.socket.sendall(b"".join(requests))
        answers = [self.read() for _ in requests]
        for status, _, body in answers:
            if status >= 300:
                raise SystemExit(f"refused with {status}: {body.decode(errors='replace')}")
        return answers

    def call(self, method, path, body=None, headers=()):
        _, _, answer = self.send_all([self.render(method, path, body, headers)])[0]
        return json.loads(answer) if answer else None


def zip_with(name, content, extra=""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content)
        archive.writestr("version.txt", extra)
    return base64.b64encode(buffer.getvalue()).decode()


def zip_of(bootstrap, extra=""):
    return zip_with("bootstrap", bootstrap.read_bytes(), extra)
