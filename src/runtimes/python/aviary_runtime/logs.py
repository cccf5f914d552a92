"""Lambda's handler for the root logger, set up when `logging` is first imported."""

import os
import sys
import time

from . import __name__ as package

_state = sys.modules[package]
_JSON = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
_LEVEL_BITS = {10: 8, 20: 12, 30: 16, 40: 20, 50: 24}


def frame_type(level, json):
    """The first word of a record on the telemetry descriptor."""
    return (0xA55A0002 if json else 0xA55A0003) | _LEVEL_BITS.get(level, 0)


class FramedSink:
    """Log records on the descriptor that the platform offers: type, length, microseconds, text; big endian."""

    def __init__(self, descriptor):
        self.file = os.fdopen(descriptor, "wb", 0)

    def log(self, msg, frame_type=None):
        text = msg.encode("utf8")
        head = (frame_type or 0xA55A0003).to_bytes(4, "big") + len(text).to_bytes(4, "big")
        self.file.write(head + (time.time_ns() // 1000).to_bytes(8, "big") + text)

    def log_error(self, lines):
        self.log("\n".join(lines), frame_type(40, _JSON))


_RESERVED = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created "
    "msecs relativeCreated thread threadName processName process taskName aws_request_id tenant_id "
    "_frame_type".split()
)


def _json_formatter(logging):
    import json
    import traceback

    encode = json.JSONEncoder(ensure_ascii=False).encode

    class JsonFormatter(logging.Formatter):
        def formatTime(self, record, datefmt=None):
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            return "%s.%03dZ" % (moment, int(record.created * 1000) % 1000)

        def format(self, record):
            record.levelno = min(50, max(0, record.levelno)) // 10 * 10
            record.levelname = logging.getLevelName(record.levelno)
            record._frame_type = frame_type(record.levelno, True)
            problem = record.exc_info if record.exc_info and record.exc_info[0] else None
            result = {
                "timestamp": self.formatTime(record),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
                "stackTrace": traceback.format_tb(problem[2]) if problem else None,
                "errorType": problem[0].__name__ if problem else None,
                "errorMessage": str(problem[1]) if problem else None,
                "requestId": getattr(record, "aws_request_id", None),
                "location": "%s:%s:%d" % (record.pathname, record.funcName, record.lineno) if problem else None,
                "tenantId": getattr(record, "tenant_id", None),
            }
            for key, value in record.__dict__.items():
                if key not in _RESERVED and key not in result:
                    result[key] = value
            return encode({key: value for key, value in result.items() if value is not None}) + "\n"

    return JsonFormatter()


def install(logging):
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level)
    framed = _JSON or level

    class LambdaLoggerHandler(logging.Handler):
        def __init__(self, log_sink):
            logging.Handler.__init__(self)
            self.log_sink = log_sink

        def emit(self, record):
            text = self.format(record)
            if framed:
                kind = getattr(record, "_frame_type", None) or frame_type(record.levelno // 10 * 10, False)
                self.log_sink.log(text, kind)
            else:
                self.log_sink.log(text)

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = _state.request_id or ""
            record.tenant_id = _state.tenant_id
            return True

    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler(_state.sink)
    if _JSON:
        handler.setFormatter(_json_formatter(logging))
    else:
        handler.setFormatter(
            logging.Formatter(
                "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
                "%Y-%m-%dT%H:%M:%S",
            )
        )
    root = logging.getLogger()
    if level in logging._nameToLevel:
        root.setLevel(level)
    handler.addFilter(LambdaLoggerFilter())
    root.addHandler(handler)
