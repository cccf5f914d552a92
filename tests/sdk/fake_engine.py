"""Docker's Engine API on a unix socket, as much of it as the emulator uses: containers are plain processes."""

import http.server
import json
import os
import re
import signal
import socketserver
import struct
import subprocess
import threading
import urllib.parse


class Container:
    def __init__(self, number, name, request):
        self.id = f"{number:064x}"
        self.name = name
        self.request = request
        self.process = None
        self.output = b""
        self.changed = threading.Condition()
        self.ended = False
        self.paused = False

    def start(self):
        """The message of a refusal, or None."""
        arguments = self.request.get("Entrypoint", []) + self.request.get("Cmd", [])
        try:
            self.process = subprocess.Popen(
                arguments, env=dict(pair.split("=", 1) for pair in self.request["Env"]),
                cwd=self.request.get("WorkingDir") or "/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL)
        except OSError as error:
            return f'exec: "{arguments[0]}": stat {arguments[0]}: {os.strerror(error.errno).lower()}: unknown'
        threading.Thread(target=self.read, daemon=True).start()
        return None

    def read(self):
        while piece := os.read(self.process.stdout.fileno(), 65536):
            with self.changed:
                self.output += piece
                self.changed.notify_all()
        self.process.wait()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def code(self):
        code = self.process.returncode if self.process else 0
        return 128 - code if code is not None and code < 0 else code or 0

    def kill(self, number=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "local"

    def say(self, status, document=None):
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        engine = self.server.engine
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        engine.seen.append((self.command, url.path, body))
        if image := re.fullmatch(r"/images/(.+)/json", url.path):
            known = engine.images.get(urllib.parse.unquote(image.group(1)))
            return self.say(200, {"Id": "sha256:1", "Config": known}) if known is not None else \
                self.say(404, {"message": "No such image"})
        if url.path == "/images/create":
            engine.images[query["fromImage"][0]] = engine.pulls
            return self.say(200, {"status": "Downloaded"})
        if url.path == "/containers/json":
            return self.say(200, [{"Id": one.id, "Labels": one.request["Labels"]} for one in engine.containers.values()])
        if url.path == "/containers/create":
            one = engine.create(query["name"][0], body)
            return self.say(201, {"Id": one.id, "Warnings": []})
        found = re.fullmatch(r"/containers/([^/]+)(/\w+)?", url.path)
        one = engine.containers.get(found.group(1)) if found else None
        if one is None:
            return self.say(404, {"message": "No such container"})
        what = (self.command, found.group(2))
        if what == ("POST", "/start"):
            problem = one.start()
            return self.say(400, {"message": problem}) if problem else self.say(204)
        if what == ("GET", "/json"):
            return self.say(200, {"Id": one.id, "State": {"Pid": one.process.pid if one.process else 0,
                                                          "OOMKilled": False}})
        if what in (("POST", "/pause"), ("POST", "/unpause")):
            if not engine.pauses:
                return self.say(500, {"message": "can not pause containers on rootless containers with cgroup V1"})
            if one.ended or one.paused == (what[1] == "/pause"):
                return self.say(409, {"message": "Container is not running, or so already"})
            one.paused = what[1] == "/pause"
            one.kill(signal.SIGSTOP if one.paused else signal.SIGCONT)
            return self.say(204)
        if what == ("POST", "/kill"):
            if one.paused:  # Podman says so; Docker takes the signal
                return self.say(409, {"message": "can only kill running containers"})
            one.kill(getattr(signal, query.get("signal", ["SIGKILL"])[0]))
            return self.say(204)
        if what == ("POST", "/wait"):
            with one.changed:
                one.changed.wait_for(lambda: one.ended)
            return self.say(200, {"StatusCode": one.code()})
        if what == ("GET", "/logs"):
            return self.logs(one)
        if what == ("DELETE", None) and engine.busy > 0:
            engine.busy -= 1
            return self.say(500, {"message": "container state improper"})
        if what == ("DELETE", None):
            one.kill()
            engine.containers.pop(one.id, None)
            return self.say(204)
        return self.say(404, {"message": f"page not found: {what}"})

    do_GET = do_POST = do_DELETE = handle_any

    def logs(self, one):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 0
        while True:
            with one.changed:
                one.changed.wait_for(lambda: one.ended or len(one.output) > sent)
                piece, ended = one.output[sent:], one.ended
            sent += len(piece)
            if piece:
                frame = struct.pack(">BxxxI", 1, len(piece)) + piece
                self.wfile.write(b"%x\r\n%s\r\n" % (len(frame), frame))
            if ended and sent == len(one.output):
                break
        self.wfile.write(b"0\r\n\r\n")


class Engine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        self.images, self.containers, self.seen, self.pulls, self.count = {}, {}, [], {}, 0
        self.engine = self
        self.pauses = True
        self.busy = 0  # so many removals are refused, as Podman does while it still works on a container
        super().__init__(path, Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        request, _ = super().get_request()
        return request, ("local", 0)

    def handle_error(self, request, client_address):
        pass  # a client that did not wait for its answer

    def create(self, name, request):
        self.count += 1
        one = Container(self.count, name, request)
        self.containers[one.id] = one
        return one

    def close(self):
        self.shutdown()
        self.server_close()
        for one in list(self.containers.values()):
            one.kill()
