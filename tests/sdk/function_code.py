"""Function code for tests, as zips."""

import io
import json
import zipfile

ROLE = "arn:aws:iam::123456789012:role/lambda-role"
PYTHON = "python3.11"
NODE = "nodejs20.x"


def zipped(files):
    """A zip of {name: content}; the same files give the same bytes. A tuple (content, mode) sets the mode."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            mode = 0o644
            if isinstance(content, tuple):
                content, mode = content
            entry = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def python_zip(source, module="index"):
    return zipped({f"{module}.py": source})


def node_zip(source, module="index"):
    return zipped({f"{module}.js": source})


def answering(value):
    """A Python function that answers `value`, whatever the event."""
    return python_zip(f"VALUE = {json.dumps(value)}\n\ndef handler(event, context):\n    return VALUE\n")


ECHO = python_zip("def handler(event, context):\n    return event\n")

# A program of its own rather than a managed language: quick to start, and it needs no interpreter but the shell.
BOOTSTRAP_ECHO = zipped({"bootstrap": ("""#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/invocation/next")
  id=$(grep -i '^Lambda-Runtime-Aws-Request-Id:' "$headers" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -o /dev/null -X POST --data-binary "$event" "$api/invocation/$id/response"
done
""", 0o755)})
