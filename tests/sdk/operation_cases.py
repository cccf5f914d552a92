"""Cases of Lambda's operations as data, in tests/protocol/operations: which there are, and the requests that they make.

A file is a server: its options, the world that is made first, and then for each operation the parameters that succeed and
a row for each answer: ["success" or an error, members that differ (null: absent), {name: member of the answer to keep}].
In place of parameters a row may name the test that shows the answer, as "sdk/test_x.py: test_name" or
"unit/folder/x_test.cpp: Suite.Name". Texts that begin with $ are values that the test or an earlier row has given.
"""

import ast
import base64
import fnmatch
import json
import os
import pathlib
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "protocol"))

from merge_patch import merge_patch

from function_code import PYTHON, ROLE, answering, zipped

TESTS = pathlib.Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
FOLDER = TESTS / "protocol" / "operations"
TARGET = "arn:aws:lambda:us-east-1:123456789012:"
VALUES = {"zip": base64.b64encode(answering(1)).decode(), "other zip": base64.b64encode(answering(2)).decode(),
          "no zip": base64.b64encode(b"not a zip").decode(), "role": ROLE, "python": PYTHON, "arn": TARGET}


def big_zip():
    """More than a megabyte, whatever is done to compress it."""
    return base64.b64encode(zipped({"index.py": "x", "data": os.urandom(1100000)})).decode()


def load_model():
    model = json.loads((ROOT / "src/models/data/lambda.json").read_text())
    return merge_patch(model, json.loads((ROOT / "src/models/overlays/lambda.json").read_text()))


MODEL = load_model()


def filled(value, values):
    if isinstance(value, dict):
        return {key: filled(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, values) for each in value]
    if isinstance(value, str) and value.startswith("$") and value[1:].split("+")[0] in values:
        name, _, rest = value[1:].partition("+")
        return values[name] + rest
    return value


def request_of(operation, parameters):
    """Method, path, headers and body, as the model says. What is no parameter of the operation is a mistake of the case."""
    facts = MODEL["operations"][operation]
    members = MODEL["shapes"][facts["input"]].get("members", {}) if "input" in facts else {}
    path, query, headers, body = facts["uri"], list(facts.get("query", [])), {}, {}
    for name, value in parameters.items():
        if name.startswith("@"):  # a header that no SDK sends
            headers[name[1:]] = value
            continue
        member = members[name]
        where, label = member.get("location"), member.get("name", name)
        if where == "uri":
            path = path.replace("{%s}" % label, urllib.parse.quote(str(value), safe="-._~"))
        elif where == "query":
            each = value if isinstance(value, list) else [value]
            query += [f"{label}={urllib.parse.quote(str(one), safe='-._~')}" for one in each]
        elif where == "header":
            headers[label] = value
        elif where == "payload":
            body = value
        else:
            body[label] = value
    if "{" in path:
        raise ValueError(f"{operation}: a parameter is missing for {path}")
    return facts["method"], path + ("?" + "&".join(query) if query else ""), headers, body or None


def stages():
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("server_*.json"))]


def exceptions():
    """What cannot happen here and why, and what no case shows yet."""
    return json.loads((FOLDER / "without_case.json").read_text())


def modelled():
    """Every pair of an operation and an answer that its model names."""
    return [(operation, answer) for operation, facts in MODEL["operations"].items()
            for answer in ["success", *facts["errors"]]]


def reasons(pair, table):
    """The entries of the table that speak of the pair: `Operation/Answer`, with wildcards."""
    return [entry for entry in table if fnmatch.fnmatchcase("/".join(pair), entry)]


def text_of_test(reference):
    """The source of the test that is named, or nothing where there is none."""
    file, _, name = reference.partition(": ")
    path = TESTS / file
    if not path.exists():
        return None
    text = path.read_text()
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return ast.get_source_segment(text, node)
        return None
    _, found, rest = text.partition("(" + name.replace(".", ", ") + ") {")
    return rest.split("\n}\n")[0] if found else None
