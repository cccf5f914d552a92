"""Calls of deployment clients as a proxy between them and a local endpoint has written them down, and how they are made
again: the same requests in the same order, with the names that this server has given in the place of those that the
recording's gave."""

import json
import os
import re
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

from aviary_server import scope_header
from function_code import zipped

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client_calls")
# As a hook of a deployment it says that all is well.
SOURCE = """
import json, os, urllib.request
def handler(event, context):
    if 'LifecycleEventHookExecutionId' in event:
        urllib.request.urlopen(urllib.request.Request(
            os.environ['AWS_ENDPOINT_URL'], json.dumps({
                'deploymentId': event['DeploymentId'], 'status': 'Succeeded',
                'lifecycleEventHookExecutionId': event['LifecycleEventHookExecutionId']}).encode(),
            {'Content-Type': 'application/x-amz-json-1.1',
             'X-Amz-Target': 'CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus'}))
    return 'replayed'
lambda_handler = pre = post = handler
"""


def code_of(number):
    """A package that no other number has."""
    return zipped({name: f"number = {number}\n{SOURCE}" for name in ("app.py", "hook.py", "index.py")})


def calls_of(name):
    with open(os.path.join(FOLDER, name + ".json")) as file:
        return json.load(file)


def names_in(text):
    """{what: name}: what a server has named itself in its answer, under keys that do not depend on the names."""
    found = {}
    if not text.lstrip().startswith("<"):
        return found
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return found
    for element in root.iter():
        element.tag = element.tag.split("}")[-1]
    for tag in ("Id", "StackId", "ChangeSetId"):
        first = root.find(f".//{tag}")
        if first is not None and first.text:
            found[tag] = first.text
    for member in root.iter():
        for key, value in (("LogicalResourceId", "PhysicalResourceId"), ("OutputKey", "OutputValue")):
            name, text = member.findtext(key), member.findtext(value)
            if name and text and not text.startswith("arn:aws:cloudformation"):
                found[f"{key} {name}"] = text
    return found


class Replay:
    """One client's calls against a server."""

    def __init__(self, case, server):
        self.case, self.server, self.played = case, server, 0
        self.names = {}  # the recording's → ours

    def ours(self, text):
        for old in sorted(self.names, key=len, reverse=True):
            text = text.replace(old, self.names[old])
        return text

    def play(self, calls):
        """The next command of the client, with code that has changed."""
        self.played += 1
        for number, call in enumerate(calls):
            answer = self.make(call)
            self.case.assertEqual(answer.status // 100, call["status"] // 100,
                                  f"call {number}: {call['op']} {call.get('params') or call['path']}\n{answer.body[:1500]}")
            theirs, found = call.get("names", {}), names_in(answer.body.decode(errors="replace"))
            for what in theirs:
                if what in found and found[what] != theirs[what]:
                    self.names[theirs[what]] = found[what]
            if call["op"] in ("ExecuteChangeSet", "CreateStack", "UpdateStack", "DeleteStack"):
                self.settle(call["params"].get("StackName", ""))
        return self

    def make(self, call):
        service = "monitoring" if call["svc"] == "cloudwatch" else call["svc"]
        headers = {**call.get("headers", {}), **scope_header(service=service)}
        path, body = self.ours(call["path"]), call.get("body", "")
        if call["svc"] in ("cloudformation", "sts"):
            version = "2010-05-15" if call["svc"] == "cloudformation" else "2011-06-15"
            values = {key: self.ours(value) for key, value in call["params"].items()}
            values = {key: re.sub(r"http://127\.0\.0\.1:\d+", self.server.endpoint, value) for key, value in values.items()}
            body = urllib.parse.urlencode({"Action": call["op"], "Version": version, **values})
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        elif body == "ZIP":
            body = code_of(self.played)
        else:
            body = self.ours(body)
        return self.server.request(call["method"], path, body or None, headers)

    def settle(self, stack):
        """Until what runs has ended; deployments take their time by the clock."""
        def status():
            answer = self.make({"svc": "cloudformation", "op": "DescribeStacks", "method": "POST", "path": "/",
                                "params": {"StackName": stack}})
            if answer.status == 400:
                return "gone"
            return re.search(rb"<StackStatus>(\w+)<", answer.body)[1].decode()
        for _ in range(400):
            found = status()
            if not found.endswith("_IN_PROGRESS"):
                return found
            self.server.post("/_aviary/clock/advance", {"by": "10s"})
            time.sleep(0.02)
        self.case.fail(f"{stack} stays {found}")
