"""Runtime client for Python functions, 3.8 to 3.14.

It fetches one event after the other from the Runtime API, calls the handler and posts what it returned. A cold start
pays for every import, so this module takes only built-in C modules and `os`: the HTTP is written straight to a
socket, JSON goes to the C scanner and encoder of `_json` (the `json` package would load `re`), and everything that
only failures or logging need is in sibling modules, loaded when they happen.

The behaviour is that of AWS's own client for Python, awslambdaric.
"""

import os
import sys
import time

import _json
import _socket

RUNTIME_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TASK_ROOT = os.environ.get("LAMBDA_TASK_ROOT") or "/var/task"

# Of the invocation that runs; the log format asks for them.
request_id = None
tenant_id = None


class Fault(Exception):
    """A failure that the client itself finds, with the error type and the trace that the caller shall see."""

    def __init__(self, error_type, message, trace=None):
        self.error_type = error_type
        self.message = message
        self.trace = trace


# ---------------------------------------------------------------------------------------------------------- JSON


class _Scanning:
    """What the C scanner asks of its decoder: json.JSONDecoder()'s defaults."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = {"-Infinity": float("-inf"), "Infinity": float("inf"), "NaN": float("nan")}.__getitem__
    memo = {}


_scan = _json.make_scanner(_Scanning)


def _refuse(value):
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


# awslambdaric leaves non-ASCII characters as they are from python3.12 on.
if sys.version_info >= (3, 12):
    _quote = _json.encode_basestring
else:
    _quote = _json.encode_basestring_ascii


_SPACE = " \t\n\r"


def parse(text):
    """The event. What the fast way cannot read is left to `json`, for the words of its complaint."""
    if type(text) is not str:
        text = str(text, "utf-8")
    try:
        start = len(text) - len(text.lstrip(_SPACE)) if text[:1] in _SPACE else 0
        value, end = _scan(text, start)
        if end == len(text) or not text[end:].strip(_SPACE):
            return value
    except (StopIteration, ValueError, SystemError):
        pass  # SystemError: the scanner of 3.8 to 3.11, when it wants an exception type of a `json` not loaded
    import json

    return json.loads(text)


_tuple_types = 0
_named_tuples = False


def _has_named_tuples():
    """Whether anyone made a named tuple: it is to become an object, and the C encoder would write an array."""
    global _tuple_types, _named_tuples
    types = tuple.__subclasses__()
    if len(types) != _tuple_types:
        _tuple_types = len(types)
        _named_tuples = any(hasattr(kind, "_asdict") for kind in types)
    return _named_tuples


def render(value):
    """JSON text as awslambdaric's simplejson writes it."""
    kind = type(value)
    if kind is str:
        return _quote(value)
    if value is None:
        return "null"
    if (kind is dict or kind is list) and not _has_named_tuples():
        try:
            return "".join(_json.make_encoder({}, _refuse, _quote, None, ": ", ", ", False, False, True)(value, 0))
        except (TypeError, AttributeError):
            pass  # a Decimal, bytes, a key that is neither: the careful way knows
    from . import marshal

    return marshal.render(value, _quote, _refuse)


# ------------------------------------------------------------------------------------------------------- context


def _fill(instance, values):
    for name in instance.__slots__:
        setattr(instance, name, values.get(name))
    return instance


class _Shown(object):
    __slots__ = ()

    def __repr__(self):
        return "%s([%s])" % (
            type(self).__name__,
            ",".join("%s=%s" % (name, getattr(self, name)) for name in self.__slots__),
        )


class CognitoIdentity(_Shown):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Shown):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(_Shown):
    __slots__ = ("custom", "env", "client")


def _header_json(text, name):
    try:
        return parse(text)
    except Exception as problem:
        raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, problem))


class LambdaContext(object):
    def __init__(self, headers):
        env = os.environ.get
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = None
        text = headers.get("lambda-runtime-client-context")
        if text:
            values = _header_json(text, "Client Context")
            if values is not None:
                self.client_context = context = _fill(ClientContext(), values)
                if context.client is not None:
                    context.client = _fill(Client(), context.client)
        self.identity = identity = CognitoIdentity()
        identity.cognito_identity_id = identity.cognito_identity_pool_id = None
        text = headers.get("lambda-runtime-cognito-identity")
        if text:
            values = _header_json(text, "Cognito Identity")
            if values is not None:
                identity.cognito_identity_id = values.get("cognitoIdentityId")
                identity.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms") or 0)

    def get_remaining_time_in_millis(self):
        remaining = self._epoch_deadline_time_in_ms - int(time.time() * 1000)
        return remaining if remaining > 0 else 0

    def log(self, msg):
        sink.log(str(msg))

    def __repr__(self):
        return (
            "LambdaContext([aws_request_id=%s,log_group_name=%s,log_stream_name=%s,function_name=%s,"
            "memory_limit_in_mb=%s,function_version=%s,invoked_function_arn=%s,client_context=%s,identity=%s,"
            "tenant_id=%s])"
            % (
                self.aws_request_id,
                self.log_group_name,
                self.log_stream_name,
                self.function_name,
                self.memory_limit_in_mb,
                self.function_version,
                self.invoked_function_arn,
                self.client_context,
                self.identity,
                self.tenant_id,
            )
        )


# -------------------------------------------------------------------------------------------------------- output


class Unbuffered(object):
    """A standard stream that never holds text back: what was printed survives a crash or a freeze."""

    def __init__(self, stream):
        self.stream = stream

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, exc_tb):
        pass

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, msg):
        self.stream.write(msg)
        self.stream.flush()

    def writelines(self, msgs):
        self.stream.writelines(msgs)
        self.stream.flush()


class StandardSink:
    """Log records as text on the standard output: where a record's end is, only its line feed tells."""

    def log(self, msg, frame_type=None):
        sys.stdout.write(msg)

    def log_error(self, lines):
        sys.stdout.write("\r".join(lines) + "\n")


sink = StandardSink()

# ------------------------------------------------------------------------------------------------- Runtime API

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

    def response(self, request, content_type, body):
        head = "POST %sinvocation/%s/response" % (_BASE, request)
        rest = "Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (content_type, len(body))
        return head.encode() + self.common + rest.encode(), body


# ------------------------------------------------------------------------------------------------------ handler


def _search_path():
    """sys.path as Lambda has it: the function, its layers, Python's own, the runtime."""
    version = "python%d.%d" % sys.version_info[:2]
    own = [entry for entry in sys.path if entry and entry not in (RUNTIME_DIR, TASK_ROOT)]
    runtime = os.environ.get("LAMBDA_RUNTIME_DIR") or "/var/runtime"
    own = [entry for entry in own if entry != runtime]
    opt = os.environ.get("AVIARY_OPT_DIR") or "/opt"
    path = [TASK_ROOT, opt + "/python/lib/" + version + "/site-packages", opt + "/python"]
    path += own
    path.append(runtime)
    # Started without `site`, so what the host has installed is added here, last: Lambda's runtime brings boto3.
    for folder in (
        sys.prefix + "/lib/" + version + "/site-packages",
        sys.prefix + "/local/lib/" + version + "/dist-packages",
        sys.prefix + "/lib/python3/dist-packages",
    ):
        if folder not in path and os.path.isdir(folder):
            path.append(folder)
    sys.path[:] = path


def _builtins():
    """exit() and quit(), which `site` would have put there."""
    import builtins

    import _sitebuiltins

    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


class _LoggingFinder:
    """Gives the root logger Lambda's handler when, and only if, somebody imports logging."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(_LoggingFinder)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                break
        else:
            return None
        loader = spec.loader
        plain = loader.exec_module

        def exec_module(module):
            plain(module)
            del loader.exec_module
            if hasattr(module, "Formatter"):
                from . import logs

                logs.install(module)

        loader.exec_module = exec_module
        return spec


def find_handler(name):
    module, dot, function = name.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
        )
    if module.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module
        )
    import importlib

    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as problem:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module, problem))
    except SyntaxError as problem:
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '%s': %s" % (module, problem),
            ['  File "%s" Line %s\n    %s' % (problem.filename, problem.lineno, problem.text)],
        )
    try:
        return getattr(loaded, function)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, module))


def _answer(api, handler, headers, body):
    """Runs the handler; the response that is to be posted, or nothing if an error was."""
    global request_id, tenant_id
    request_id = headers.get("lambda-runtime-aws-request-id")
    tenant_id = headers.get("lambda-runtime-aws-tenant-id")
    trace = headers.get("lambda-runtime-trace-id")
    if trace:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    elif "_X_AMZN_TRACE_ID" in os.environ:
        del os.environ["_X_AMZN_TRACE_ID"]
    try:
        context = LambdaContext(headers)
        if headers.get("content-type") == "application/json":
            try:
                event = parse(body)
            except Exception as problem:
                raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % problem)
        else:
            event = body
        response = handler(event, context)
        if isinstance(response, bytes):
            return api.response(request_id, "application/unknown", response)
        try:
            return api.response(request_id, "application/json", render(response).encode("utf-8"))
        except Exception as problem:
            raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % problem)
    except Exception as problem:
        from . import faults

        faults.report_invocation(api, request_id, problem)
        return None


def main():
    global sink
    _search_path()
    _builtins()
    sys.stdout = Unbuffered(sys.stdout)
    sys.stderr = Unbuffered(sys.stderr)
    telemetry = os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
    if telemetry is not None:
        from . import logs

        sink = logs.FramedSink(int(telemetry))
    if "logging" in sys.modules:
        from . import logs

        logs.install(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, _LoggingFinder)
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = find_handler(os.environ.get("_HANDLER") or "")
    except Exception as problem:
        from . import faults

        faults.report_init(api, problem)
        sys.exit(1)
    pending = None
    while True:
        status, headers, body = api.next(pending)
        if status != 200:
            sys.exit("LAMBDA_RUNTIME Failed to get next invocation: HTTP status %d" % status)
        pending = _answer(api, handler, headers, body)
