"""What the caller, X-Ray and the log are told when something failed."""

import os
import sys
import time
import traceback

from . import RUNTIME_DIR, Fault
from . import __name__ as package
from .text import render

# Loaded with the first failure. The messages and their order are awslambdaric's.
_WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes, "
    "runtime updates can be triggered by a function change, or can be applied automatically. To determine if the "
    "runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with "
    "a change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the "
    "previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html"
)
_MAX_CAUSE = 1024 * 1024


def _frames(problem):
    """The trace without the frames of this client at its top."""
    frames = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(problem.__traceback__)]
    for index, frame in enumerate(frames):
        if not frame[0].startswith(RUNTIME_DIR):
            return frames[index:]
    return frames


def _payload(message, error_type, trace, request):
    payload = {"errorMessage": message or "", "errorType": error_type or "", "requestId": request or ""}
    execution = os.environ.get("AWS_EXECUTION_ENV", "")
    if execution == "AWS_Lambda_python3.8":
        del payload["requestId"]  # that runtime's client was older
    payload["stackTrace"] = trace or []
    return payload


def _cause(error_type, message, frames):
    return {
        "working_directory": os.getcwd(),
        "exceptions": [
            {
                "message": message,
                "type": error_type,
                "stack": [{"label": name, "path": path, "line": line} for path, line, name, _ in frames],
            }
        ],
        "paths": sorted({path for path, _, _, _ in frames}),
    }


def _describe(problem, request):
    """(payload, X-Ray cause)"""
    if isinstance(problem, Fault):
        payload = _payload(problem.message, problem.error_type, problem.trace, request)
        return payload, _cause("LambdaValidationError", problem.message, [])
    frames = _frames(problem)
    name = type(problem).__name__
    payload = _payload(str(problem), name, traceback.format_list(frames), request)
    return payload, _cause(name, str(problem), frames)


def _log(payload):
    sink = sys.modules[package].sink
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        record = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "log_level": "ERROR"}
        record.update(payload)
        sink.log_error([render(record)])
        return
    line = "[ERROR]"
    if payload["errorType"]:
        line += " " + payload["errorType"]
    if payload["errorMessage"]:
        line += (": " if payload["errorType"] else " ") + payload["errorMessage"]
    lines = [line, "Traceback (most recent call last):"]
    for element in payload["stackTrace"]:
        if element == "":
            lines.append("")
        for text in element.splitlines():
            bare = text.lstrip(" ")
            lines.append("\u00a0" * (len(text) - len(bare)) + bare)
    sink.log_error(lines)


def _ascii(text):
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def report_invocation(api, request, problem):
    payload, cause = _describe(problem, request)
    _log(payload)
    import json

    headers = "Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: %s\r\n" % _ascii(
        payload["errorType"]
    )
    cause = json.dumps(cause)
    if len(cause) < _MAX_CAUSE:
        headers += "Lambda-Runtime-Function-XRay-Error-Cause: %s\r\n" % cause
    api.post("invocation/%s/error" % request, headers, _encode(payload))


def report_init(api, problem):
    payload, _ = _describe(problem, None)
    import logging

    logging.warning(_WARNING)
    _log(payload)
    headers = "Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: %s\r\n" % _ascii(
        payload["errorType"]
    )
    api.post("init/error", headers, _encode(payload))


def report_snapshot(api, path, error_type, problem):
    """A hook failed: before the snapshot, or after it was restored."""
    payload, _ = _describe(problem, None)
    _log(payload)
    headers = "Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: %s\r\n" % error_type
    api.post(path, headers, _encode(payload))


def _encode(payload):
    # Undecodable bytes of file names and arguments come as lone surrogates, which UTF-8 has no form for.
    return render(payload).encode("utf-8", "backslashreplace")
