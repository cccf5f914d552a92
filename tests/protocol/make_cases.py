#!/usr/bin/env python3
"""Makes tests/protocol/cases/<service>_<protocol>_{requests,responses,errors}.json, with botocore as the oracle.

    tests/protocol/make_cases.py SERVICE path/to/protocol_encode

For every protocol that the service speaks and the code and botocore's model here do too: of old protocols, which
today's models do not have any more, run it under a Python whose botocore is old (Debian's 1.29 speaks query to SQS).

A development tool; its results are checked in, so that the test needs neither Python nor botocore.

* Requests: for every operation, parameters that satisfy the model (with its overlay) are serialised by botocore. The case
  is the HTTP message and the document that has to come out of it.
* Responses: for every operation, a document is encoded by our own encoder (`protocol_encode`, a small program of this
  build) and parsed by botocore, which must give the document back. Only then does the encoded message become a case.

* Errors: every error of the model, encoded by us and read by botocore.

Each operation comes twice: with required members only, and with all.
"""
import base64
import datetime
import json
import pathlib
import random
import re
import subprocess
import sys

try:
    import re._parser as sre_parse
except ImportError:
    import sre_parse

import botocore.awsrequest
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize

from merge_patch import merge_patch

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLAIN = "abcXYZ019"
UNICODE = {"L": "a-z\u00e4", "M": "", "Z": " ", "S": "+", "N": "0-9", "P": "."}
# What has to survive escaping in JSON, in a path and in a query.
ODD = PLAIN + " /:%+&=?#\"\\'\t\n{}[]<>é€😀"


def from_pattern(tokens, rng):
    """A text that a parsed regular expression accepts, looking around set aside."""
    out = ""
    for op, value in tokens:
        name = str(op)
        if name == "LITERAL":
            out += chr(value)
        elif name == "NOT_LITERAL":
            out += rng.choice([c for c in PLAIN if ord(c) != value])
        elif name == "ANY":
            out += rng.choice(PLAIN)
        elif name == "IN":
            out += rng.choice(in_class(value))
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, inner = value
            out += "".join(from_pattern(inner, rng) for _ in range(rng.randint(low, min(int(high), low + 6))))
        elif name == "SUBPATTERN":
            out += from_pattern(value[3], rng)
        elif name == "BRANCH":
            out += from_pattern(rng.choice(value[1]), rng)
        elif name not in ("AT", "ASSERT", "ASSERT_NOT"):
            raise ValueError(name)
    return out


def in_class(items):
    chars = set()
    negate = False
    for op, value in items:
        name = str(op)
        if name == "NEGATE":
            negate = True
        elif name == "LITERAL":
            chars.add(chr(value))
        elif name == "RANGE":
            chars.update(chr(c) for c in range(value[0], value[1] + 1))
        elif name == "CATEGORY":
            kind = str(value)
            chars.update({"CATEGORY_DIGIT": "0123456789", "CATEGORY_SPACE": " \t\n",
                          "CATEGORY_NOT_SPACE": PLAIN, "CATEGORY_WORD": PLAIN + "_"}[kind])
    if negate:
        return [c for c in PLAIN + ".-_" if c not in chars]
    return sorted(chars)


class Documents:
    def __init__(self, model, rng, moments, protocol):
        self.shapes, self.rng, self.moments = model["shapes"], rng, moments
        self.says_empty = protocol != "query"  # a form has no structures without members

    def text(self, facts, plain):
        low, high = int(facts.get("min", 0)), int(facts.get("max", 10**9))
        if "enum" in facts:
            return self.rng.choice(facts["enum"])
        if "pattern" in facts:
            # Python has no classes of Unicode: some of what is in each.
            pattern = re.sub(r"\\p\{(\w)\}", lambda found: UNICODE[found[1]], facts["pattern"])
            tokens = sre_parse.parse(pattern)
            for _ in range(20000):
                text = from_pattern(tokens, self.rng)
                while text and low > len(text) and re.fullmatch(pattern, text + text[-1:]):
                    text += text[-1:]
                if low <= len(text) <= high and re.fullmatch(pattern, text) and (text or not plain):
                    return text
            raise ValueError("no text for " + pattern)
        size = self.rng.randint(max(low, 1), max(low, min(high, max(low, 1) + 12)))
        return "".join(self.rng.choice(PLAIN if plain else ODD) for _ in range(size))

    def value(self, name, everything, location=None, depth=0):
        facts = self.shapes[name]
        kind = facts["type"]
        plain = location in ("header", "status-code")
        if kind == "structure":
            inside = self.structure(name, everything, depth + 1)
            return inside if inside or self.says_empty else self.structure(name, True)
        if kind == "list":
            size = max(int(facts.get("min", 1)), 1)
            size = min(int(facts.get("max", size + 1)), size + 1) if everything else size
            element = dict(facts) if "enum" in facts else None
            return [self.rng.choice(element["enum"]) if element else self.value(facts["element"], everything, location, depth + 1)
                    for _ in range(size)]
        if kind == "map":
            return {self.value(facts["key"], everything, location, depth + 1):
                    self.value(facts["element"], everything, location, depth + 1)
                    for _ in range(max(int(facts.get("min", 1)), 1))}
        if kind == "string":
            return self.text(facts, plain)
        if kind == "blob":
            return "".join(self.rng.choice(PLAIN) for _ in range(self.rng.randint(1, 9)))
        if kind == "boolean":
            return self.rng.random() < 0.5
        if kind in ("integer", "long"):
            low = int(facts.get("min", -5))
            return self.rng.randint(low, int(facts.get("max", max(low, 0) + 1000)))
        if kind in ("float", "double"):
            low = facts.get("min", 0.0)
            return round(self.rng.uniform(low, facts.get("max", low + 100.0)), 3)
        if kind == "timestamp":
            return self.rng.choice(self.moments)
        raise ValueError(kind)

    def structure(self, name, everything, depth=0):
        document = {}
        for member, facts in self.shapes[name].get("members", {}).items():
            if not facts.get("required") and (not everything or depth > 4):
                continue
            document[member] = self.value(facts["shape"], everything, facts.get("location"), depth)
        return document


def convert(shape, value, blob, timestamp):
    """A document of ours as parameters of botocore's, or back."""
    if shape.type_name == "structure":
        return {k: convert(shape.members[k], v, blob, timestamp) for k, v in value.items()}
    if shape.type_name == "list":
        return [convert(shape.member, v, blob, timestamp) for v in value]
    if shape.type_name == "map":
        return {k: convert(shape.value, v, blob, timestamp) for k, v in value.items()}
    if shape.type_name == "blob":
        return blob(value)
    return timestamp(value) if shape.type_name == "timestamp" else value


def prune(shape, document):
    """Members that only our overlay knows are not botocore's to send."""
    if shape.type_name == "structure":
        return {k: prune(shape.members[k], v) for k, v in document.items() if k in shape.members}
    if shape.type_name == "list":
        return [prune(shape.member, v) for v in document]
    if shape.type_name == "map":
        return {k: prune(shape.value, v) for k, v in document.items()}
    return document


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def split_payload(service, operation, side, document):
    """The payload member's bytes are beside the document, as `Decoded` and `Reply` have them."""
    name = operation.get(side)
    members = service["shapes"][name].get("members", {}) if name else {}
    for member, facts in members.items():
        if facts.get("location") == "payload" and service["shapes"][facts["shape"]]["type"] in ("blob", "string"):
            rest = dict(document)
            return rest, rest.pop(member, "")
    return document, ""


def requests(service, botocore_model, protocol, rng):
    documents, cases = Documents(service, rng, [1700000000], protocol), []  # botocore sends whole seconds
    serializer = AwsCbor(botocore_model) if protocol == "aws-cbor" else botocore.serialize.create_serializer(
        protocol, include_validation=False)
    for name, operation in known(service, botocore_model):
        model = botocore_model.operation_model(name)
        for everything in (False, True):
            document = documents.structure(operation["input"], everything) if "input" in operation else {}
            document = prune(model.input_shape, document) if model.input_shape else {}
            parameters = convert(model.input_shape, document, str.encode, utc) if model.input_shape else {}
            message = serializer.serialize_to_request(parameters, model)
            botocore.awsrequest.prepare_request_dict(message, "http://127.0.0.1:4566")
            body = message["body"] or b""
            if isinstance(body, dict):  # a form: the HTTP library of botocore does this last step
                body = botocore.awsrequest.AWSRequest(method="POST", url="http://h/", data=body).prepare().body
            body = body.encode() if isinstance(body, str) else bytes(body)
            document, payload = split_payload(service, operation, "input", document)
            for member, shape in (model.input_shape.members if model.input_shape else {}).items():
                if model.input_shape.serialization.get("payload") == member and shape.type_name == "structure":
                    document.setdefault(member, {})  # what botocore sends for one that is absent
            case = {"operation": name, "method": message["method"],
                    "target": message["url"].removeprefix("http://127.0.0.1:4566"),
                    "headers": {k: v for k, v in sorted(message["headers"].items()) if v is not None},
                    "document": document}
            case.update(body_of(body, protocol))
            if payload:
                case["payload"] = payload
            cases.append(case)
    return cases


def carried_by_xml(value):
    """XML has no control characters, not even escaped."""
    if isinstance(value, dict):
        return {carried_by_xml(k): carried_by_xml(v) for k, v in value.items()}
    if isinstance(value, list):
        return [carried_by_xml(v) for v in value]
    return re.sub("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]", "-", value) if isinstance(value, str) else value


def body_of(body, protocol):
    if protocol.endswith("cbor"):
        return {"body64": base64.b64encode(body).decode()}
    return {"body": body.decode()}


def responses(service, botocore_model, protocol, rng, encode):
    documents, cases, wanted = Documents(service, rng, [1700000000, 1700000000.25], protocol), [], []
    parser = parser_of(protocol)
    for name, operation in known(service, botocore_model):
        model = botocore_model.operation_model(name)
        if model.has_event_stream_output:
            continue
        for everything in (False, True):
            document = documents.structure(operation["output"], everything) if "output" in operation else {}
            document = prune(model.output_shape, document) if model.output_shape else {}
            for member, shape in (model.output_shape.members if model.output_shape else {}).items():
                if shape.serialization.get("location") == "statusCode":
                    document[member] = operation.get("status", 200)
            if protocol == "query":
                document = carried_by_xml(document)
            wanted.append(document)
            rest, payload = split_payload(service, operation, "output", document)
            cases.append({"operation": name, "document": rest, "payload": payload})
    encoded = encode(cases)
    for case, message, document in zip(cases, encoded, wanted, strict=True):
        body = base64.b64decode(message.pop("body64"))
        model = botocore_model.operation_model(case["operation"])
        headers = botocore.awsrequest.HeadersDict(message["headers"])
        parsed = parser.parse({"headers": headers, "status_code": message["status"], "body":
                               BodyStream(body) if model.has_streaming_output else body},
                              model.output_shape)
        request_id = parsed.pop("ResponseMetadata").get("RequestId")
        if protocol == "query" and request_id != "id-of-the-request":
            sys.exit(f"{case['operation']}: the request's id is {request_id} in {body}")
        def read(value):
            return (value if isinstance(value, bytes) else value.read()).decode()
        if model.output_shape:
            parsed = convert(model.output_shape, parsed, read, lambda at: at.timestamp())
        for member, shape in (model.output_shape.members if model.output_shape else {}).items():
            if shape.type_name == "blob" and parsed.get(member) == "":
                del parsed[member]  # a stream is always there, if only to be empty
        if parsed != document:
            sys.exit(f"{case['operation']}: botocore reads\n{parsed}\nwhere we meant\n{document}\nand sent\n{body}")
        case.update(message)
        case.update(body_of(body, protocol))
        if not case["payload"]:
            del case["payload"]
    return cases


def errors(service, botocore_model, protocol, encode):
    parser, cases = parser_of(protocol), []
    names = sorted(name for name, facts in service["shapes"].items() if "error" in facts)
    cases = [{"error": name, "message": f"{name}: <why> & \"what\""} for name in names]
    model = botocore_model.operation_model(botocore_model.operation_names[0])
    for case, message in zip(cases, encode(cases), strict=True):
        facts = service["shapes"][case["error"]]["error"]
        body = base64.b64decode(message["body64"])
        headers = botocore.awsrequest.HeadersDict(message["headers"])
        said = parser.parse({"headers": headers, "status_code": message["status"], "body": body}, model.output_shape)
        code = said["Error"]["Code"]
        wanted = {facts.get("query-code", case["error"]), facts.get("code", case["error"]), case["error"]}
        if code not in wanted or said["Error"]["Message"] != case["message"]:
            sys.exit(f"{case['error']}: botocore reads\n{said['Error']}\nin\n{body}")
        case["status"] = message["status"]
        for key, header in (("type", "x-amzn-ErrorType"), ("query-error", "x-amzn-query-error")):
            if headers.get(header):
                case[key] = headers[header]
        case.update(body_of(body, protocol))
    return cases


def known(service, botocore_model):
    return [(name, facts) for name, facts in service["operations"].items() if name in botocore_model.operation_names]


class AwsCbor:
    """What the Java SDK speaks to Kinesis: aws-json 1.1 with CBOR, and milliseconds in timestamps."""

    def __init__(self, model):
        class Milliseconds(botocore.serialize.RpcV2CBORSerializer):
            def _convert_timestamp_to_str(self, value, timestamp_format=None):
                return round(value.timestamp() * 1000)
        self.inner, self.prefix = Milliseconds(), model.metadata["targetPrefix"]

    def serialize_to_request(self, parameters, model):
        message = self.inner.serialize_to_request(parameters, model)
        message.update(url_path="/", headers={"Content-Type": "application/x-amz-cbor-1.1",
                                              "X-Amz-Target": f"{self.prefix}.{model.name}"})
        message["body"] = message["body"] or b"\xbf\xff"
        return message


def parser_of(protocol):
    if protocol != "aws-cbor":
        return botocore.parsers.create_parser(protocol)
    return botocore.parsers.RpcV2CBORParser(timestamp_parser=lambda value: utc(value / 1000))


class BodyStream:
    def __init__(self, body):
        self.body = body

    def read(self):
        return self.body


def write(path, cases):
    rows = ",\n".join(json.dumps(case, ensure_ascii=False, sort_keys=True) for case in cases)
    path.write_text(f"[\n{rows}\n]\n")
    print(path, len(cases), "cases")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    name = sys.argv[1]
    service = json.loads((ROOT / f"src/models/data/{name}.json").read_text())
    overlay = ROOT / f"src/models/overlays/{name}.json"
    if overlay.exists():
        service = merge_patch(service, json.loads(overlay.read_text()))
    raw = botocore.loaders.Loader().load_service_model(name, "service-2")
    for operation, facts in raw["operations"].items():
        if "output" in facts:  # as models whose first protocol is query have it
            facts["output"]["resultWrapper"] = operation + "Result"
    out = ROOT / "tests/protocol/cases"
    there = raw["metadata"].get("protocols", [raw["metadata"]["protocol"]])
    for spoken in service["protocols"] + (["aws-cbor"] if name == "kinesis" else []):
        protocol = {"rest-json": "rest-json", "aws-json-1.0": "json", "aws-json-1.1": "json", "query": "query",
                    "rpc-v2-cbor": "smithy-rpc-v2-cbor", "aws-cbor": "aws-cbor"}[spoken]
        if protocol not in there and spoken != "aws-cbor":
            continue
        raw["metadata"]["protocol"] = protocol

        def encode(cases):
            job = json.dumps({"service": service["id"], "protocol": spoken, "cases": cases})
            return json.loads(subprocess.run([sys.argv[2]], input=job, stdout=subprocess.PIPE, check=True,
                                             text=True).stdout)
        botocore_model = botocore.model.ServiceModel(raw, name)
        write(out / f"{name}_{spoken}_requests.json", requests(service, botocore_model, protocol, random.Random(1)))
        write(out / f"{name}_{spoken}_responses.json",
              responses(service, botocore_model, protocol, random.Random(2), encode))
        write(out / f"{name}_{spoken}_errors.json", errors(service, botocore_model, protocol, encode))
