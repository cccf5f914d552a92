"""Runtime client for Python functions, 3.8 to 3.14.

It fetches one event after the other from the Runtime API, calls the handler and posts what it returned. A cold start
pays for every import, so what it needs for that takes only built-in C modules and `os`: HTTP is written straight to a
socket (`connection`), JSON goes to the C scanner and encoder (`text`), and everything that only failures or logging
need is in sibling modules, loaded when they happen. Started ahead of its function it waits (`waiting`) until it knows
what it is to run.

The behaviour is that of AWS's own client for Python, awslambdaric.
"""

import os
import sys

from .connection import RuntimeApi
from .context import Fault, LambdaContext
from .text import parse, render

RUNTIME_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TASK_ROOT = os.environ.get("LAMBDA_TASK_ROOT") or "/var/task"

# Of the invocation that runs; the log format asks for them.
request_id = None
tenant_id = None


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

# ------------------------------------------------------------------------------------------------------ handler


def _search_path():
    """sys.path as Lambda has it: the function, its layers, Python's own, the runtime."""
    version = "python%d.%d" % sys.version_info[:2]
    own = [entry for entry in sys.path if entry and entry not in (RUNTIME_DIR, TASK_ROOT)]
    runtime = os.environ.get("LAMBDA_RUNTIME_DIR") or "/var/runtime"
    own = [entry for entry in own if entry != runtime]
    layers = (os.environ.get("AVIARY_OPT_DIR") or "/opt").split(":")
    path = [TASK_ROOT]
    for folder in ("/python/lib/" + version + "/site-packages", "/python"):
        path += [layer + folder for layer in layers]
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
    sys.meta_path.append(_SnapshotHooks)


class _SnapshotHooks:
    """Finds `snapshot_restore_py`, as Lambda's runtime brings it, and nothing else of what lies beside the client."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "snapshot_restore_py":
            return None
        from importlib.util import spec_from_file_location

        return spec_from_file_location(name, RUNTIME_DIR + "/snapshot_restore_py/__init__.py")


def _builtins():
    """exit() and quit(), which `site` would have put there."""
    import builtins

    import _sitebuiltins

    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


class _Upon:
    """Acts on a module when, and only if, somebody imports it."""

    def __init__(self, name, act):
        self.name, self.act = name, act

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
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
            self.act(module)

        loader.exec_module = exec_module
        return spec


def _on_logging(module):
    """Gives the root logger Lambda's handler."""
    if hasattr(module, "Formatter"):
        from . import logs

        logs.install(module)


def _on_botocore(module):
    from . import endpoints

    endpoints.teach(module)


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
    global sink, request_id, tenant_id
    if os.environ.get("AVIARY_WAIT"):
        from . import waiting

        waiting.wait()
    concurrency = os.environ.get("AWS_LAMBDA_MAX_CONCURRENCY")
    if concurrency:
        from . import workers

        workers.spread(int(concurrency))
    _search_path()
    _builtins()
    sys.stdout = Unbuffered(sys.stdout)
    sys.stderr = Unbuffered(sys.stderr)
    telemetry = os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
    if telemetry is not None:
        from . import logs

        sink = logs.FramedSink(int(telemetry))
    if "logging" in sys.modules:
        _on_logging(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, _Upon("logging", _on_logging))
    if "AWS_ENDPOINT_URL" in os.environ:
        sys.meta_path.insert(0, _Upon("botocore.session", _on_botocore))
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = find_handler(os.environ.get("_HANDLER") or "")
    except Exception as problem:
        from . import faults

        faults.report_init(api, problem)
        sys.exit(1)
    initialization = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    if initialization != "on-demand":
        from . import exercise

        exercise.invoke_nothing(api, _answer)
        request_id = tenant_id = None
    if initialization == "snap-start":
        from . import snapshots

        snapshots.wait_for_restore(api)
    pending = None
    while True:
        status, headers, body = api.next(pending)
        if status != 200:
            sys.exit("LAMBDA_RUNTIME Failed to get next invocation: HTTP status %d" % status)
        pending = _answer(api, handler, headers, body)
