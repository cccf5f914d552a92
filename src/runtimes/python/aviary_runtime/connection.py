"""The Runtime API over a raw socket."""

import sys

import _socket

_AGENT = "aws-lambda-python/%d.%d.%d-aviary" % sys.version_info[:3]
_BASE = "/2018-06-01/runtime/"


class RuntimeApi:
    """One connection to the Runtime API, opened anew when the server has closed it."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.address = (host.strip("[]"), int(port))
        self.family = _socket.AF_INET6 if ":" in host else _socket.AF_INET
        common = " HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n" % (address, _AGENT)
        self.common = common.encode()
        self.next_request = ("GET " + _BASE + "invocation/next" + common + "\r\n").encode()
        self.socket = None
        self.buffered = b""

    def connect(self):
        self.socket = connection = _socket.socket(self.family, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        self.buffered = b""
        connection.connect(self.address)
        connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part)

    def receive(self):
        """The next answer: (status, headers with lower-case names, body)."""
        data = self.buffered
        receive = self.socket.recv
        while True:
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                break
            more = receive(65536)
            if not more:
                raise OSError("the Runtime API closed the connection")
            data += more
        lines = data[:end].decode("utf-8", "surrogateescape").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        status = int(lines[0][9:12])
        start = end + 4
        length = headers.get("content-length")
        if length is not None:
            length = int(length)
            have = len(data) - start
            if have >= length:
                self.buffered = data[start + length :]
                return status, headers, data[start : start + length]
            body = bytearray(length)
            body[:have] = data[start:]
            view = memoryview(body)[have:]
            while view:
                count = self.socket.recv_into(view)
                if not count:
                    raise OSError("the Runtime API closed the connection")
                view = view[count:]
            self.buffered = b""
            return status, headers, bytes(body)
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body, self.buffered = self._chunks(data[start:])
            return status, headers, body
        self.buffered = data[start:]
        return status, headers, b""

    def _chunks(self, data):
        body = b""

        def more(data):
            got = self.socket.recv(65536)
            if not got:
                raise OSError("the Runtime API closed the connection")
            return data + got

        while True:
            while b"\r\n" not in data:
                data = more(data)
            size, _, data = data.partition(b"\r\n")
            size = int(size.partition(b";")[0], 16)
            if size == 0:
                while not (data.startswith(b"\r\n") or b"\r\n\r\n" in data):
                    data = more(data)
                if data.startswith(b"\r\n"):
                    return body, data[2:]
                return body, data.partition(b"\r\n\r\n")[2]
            while len(data) < size + 2:
                data = more(data)
            body += data[:size]
            data = data[size + 2 :]

    def post(self, path, headers, body):
        """One request with its answer awaited; the connection may have died meanwhile."""
        head = b"POST " + (_BASE + path).encode() + self.common
        head += ("%sContent-Length: %d\r\n\r\n" % (headers, len(body))).encode()
        for attempt in (1, 2):
            try:
                if self.socket is None:
                    self.connect()
                self.send(head + body if len(body) < 65536 else head, *(() if len(body) < 65536 else (body,)))
                status, _, _ = self.receive()
                return status
            except OSError:
                # A refused body is not read to its end; then the connection is gone, and so is the case.
                self.close()
                if len(body) >= 65536 or attempt == 2:
                    return 0

    def next(self, pending=None):
        """Posts `pending` (the head and body of a response), if any, and waits for the next event.

        A small response and the request for the next event go out together: the server has them in order, and a
        wake-up of either side is saved. A large one may be refused before it is read, so its answer comes first.
        """
        if pending is not None:
            head, body = pending
            if len(body) < 32768 and self.socket is not None:
                try:
                    self.socket.sendall(head + body + self.next_request)
                    self.receive()
                    return self.receive()
                except OSError:
                    self.close()
            else:
                try:
                    if self.socket is None:
                        self.connect()
                    self.send(head, body)
                    self.receive()
                except OSError:
                    self.close()
        try:
            if self.socket is None:
                self.connect()
            self.socket.sendall(self.next_request)
            return self.receive()
        except OSError:
            self.close()
        self.connect()
        self.socket.sendall(self.next_request)
        return self.receive()

    def restore_next(self):
        """The status, once an invocation has come for a function that starts from a snapshot."""
        request = ("GET %srestore/next" % _BASE).encode() + self.common + b"\r\n"
        for attempt in (1, 2):
            try:
                if self.socket is None:
                    self.connect()
                self.socket.sendall(request)
                return self.receive()[0]
            except OSError:
                self.close()
                if attempt == 2:
                    raise

    def response(self, request, content_type, body):
        head = "POST %sinvocation/%s/response" % (_BASE, request)
        rest = "Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (content_type, len(body))
        return head.encode() + self.common + rest.encode(), body
