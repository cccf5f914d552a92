#!/usr/bin/env python3
"""Queues and mappings, measured beside what else there is: `AVIARY_BINARY=… tests/bench/queues.py`.

* send + receive + delete of one message, by four clients of `bench_load` and by boto3, beside the `moto` server where it
  is installed;
* from SendMessage to the handler's start, of an idle mapping;
* a burst through a mapping with BatchSize 10, beside a plain boto3 loop that invokes the same function directly;
* with `--delivery 100000`: so many messages through a function that fails one time in five, while its environments are
  killed at random, half of them in 1,000 groups of a FIFO queue: none lost, none stuck, all groups in order.
"""

import argparse
import collections
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sdk"))

from aviary_server import ACCOUNT, Server  # noqa: E402
from function_code import PYTHON, ROLE, python_zip  # noqa: E402
from sdk_clients import client_for  # noqa: E402

LOAD = os.environ.get("AVIARY_BENCH_LOAD") or os.path.join(
    os.path.dirname(os.path.abspath(os.environ["AVIARY_BINARY"])), "tests", "bench", "bench_load")
# Says when it began, in seconds of the machine's clock that never goes back.
CODE = python_zip("import time\n\ndef handler(event, context):\n    return time.clock_gettime(time.CLOCK_MONOTONIC)\n")


def rounds(endpoint, count):
    """Messages a second: (by a light client, by boto3)."""
    sqs = client_for(endpoint, service="sqs")
    url = sqs.create_queue(QueueName="bench")["QueueUrl"]
    light = 0
    if os.path.exists(LOAD):
        queue = json.dumps(url)[1:-1]
        steps = [("SendMessage", {"QueueUrl": queue, "MessageBody": "x" * 100}), ("ReceiveMessage", {"QueueUrl": queue}),
                 ("DeleteMessage", {"QueueUrl": queue, "ReceiptHandle": "$ReceiptHandle$"})]
        command = [LOAD, "--json", "--clients", "4", "--warmup", "1", "--seconds", "4",
                   "--header", "Content-Type: application/x-amz-json-1.0", "--header",
                   "Authorization: AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/sqs/aws4_request, "
                   "SignedHeaders=host, Signature=00"]
        for name, body in steps:
            command += ["--step", "AmazonSQS." + name, json.dumps(body)]
        told = json.loads(subprocess.run([*command, endpoint + "/"], check=True, stdout=subprocess.PIPE).stdout)
        if set(told["status"]) != {"200"}:
            raise SystemExit(f"refused: {told}")
        light = told["rate"] / len(steps)
    begin = time.monotonic()
    for number in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return light, count / (time.monotonic() - begin)


def moto(count):
    """The same with moto's server, or nothing."""
    try:
        import moto  # noqa: F401
    except ImportError:
        return None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # It says a line of each request: nobody has to read them.
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                return rounds(f"http://127.0.0.1:{port}", count)
            time.sleep(0.1)
        return None
    finally:
        server.kill()
        server.wait()


def in_queue(sqs, url):
    """The bodies of the messages that come within a while; they are done with."""
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", [])
    if messages:
        sqs.delete_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "ReceiptHandle": each["ReceiptHandle"]} for i, each in enumerate(messages)])
    return [json.loads(each["Body"]) for each in messages]


def function_code(server, text):
    """With `say(what)`, which sends on to the queue `results`."""
    return python_zip("""
import http.client, json, os, random, time

def say(what):
    connection = http.client.HTTPConnection('127.0.0.1', %d)
    connection.request('POST', '/', json.dumps({'QueueUrl': '%s/%s/results', 'MessageBody': json.dumps(what)}), {
        'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage'})
    if connection.getresponse().status != 200:
        raise RuntimeError('not said')

""" % (server.port, server.endpoint, ACCOUNT) + text)


# The clock is the machine's, which never goes back; what begins there ends here.
SAYS_WHEN = """
def handler(event, context):
    began = time.clock_gettime(time.CLOCK_MONOTONIC)
    if event['Records'][0]['body'] == 'when':
        say(began)
"""


def waits_and_burst(server):
    client, sqs = client_for(server.endpoint), client_for(server.endpoint, service="sqs")
    results = sqs.create_queue(QueueName="results")["QueueUrl"]
    client.create_function(FunctionName="bench", Role=ROLE, Runtime=PYTHON, Handler="index.handler",
                           Code={"ZipFile": function_code(server, SAYS_WHEN)})
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    event = json.dumps({"Records": [{"body": "x"}] * 10}).encode()
    client.invoke(FunctionName="bench", Payload=event)["Payload"].read()
    begin = time.monotonic()
    for _ in range(500):
        client.invoke(FunctionName="bench", Payload=event)["Payload"].read()
    direct = 500 / (time.monotonic() - begin)
    uuid = client.create_event_source_mapping(EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders",
                                              FunctionName="bench", BatchSize=10)["UUID"]
    waits = []
    for _ in range(100):
        begin = time.monotonic()
        sqs.send_message(QueueUrl=url, MessageBody="when")
        found = []
        while not found:
            found = in_queue(sqs, results)
        waits.append(1000 * (found[0] - begin))
    median = statistics.median(waits)
    print(f"idle mapping, from SendMessage to the handler's start: {median:.1f} ms (median, goal < 20), "
          f"{sorted(waits)[94]:.1f} ms (95 of 100)")
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    while client.get_event_source_mapping(UUID=uuid)["State"] != "Disabled":
        time.sleep(0.05)

    def seen():
        [mapping] = server.get("/_aviary/mappings").json()["mappings"]
        return mapping["totals"]["records"]
    before, burst = seen(), 10_000
    for first in range(0, burst, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": str(first + i)} for i in range(10)])
    client.update_event_source_mapping(UUID=uuid, Enabled=True)
    begin, idle = time.monotonic(), os_idle()
    while seen() < before + burst and time.monotonic() - begin < 300:
        time.sleep(0.02)
    took = time.monotonic() - begin
    print(f"burst of {burst} messages, BatchSize 10: {burst / took:.0f} messages/s, {burst / 10 / took:.0f} invokes/s, "
          f"{os.cpu_count() - (os_idle() - idle) / took:.2f} of {os.cpu_count()} cores busy")
    print(f"  a boto3 loop that invokes the function directly with 10 records: {10 * direct:.0f} messages/s, "
          f"{direct:.0f} invokes/s")


def os_idle():
    """Seconds that the machine's cores had nothing to do."""
    with open("/proc/stat") as file:
        fields = file.readline().split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")


HOSTILE = """
def handler(event, context):
    fate = random.random()
    if fate < 0.1:
        raise RuntimeError('before its work')
    say([record['body'] for record in event['Records']])
    if fate < 0.2:
        raise RuntimeError('after its work')
"""


def environments(server):
    """The processes of functions that run in a server."""
    parents, names = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                name, rest = file.read().rsplit(")", 1)
        except OSError:
            continue
        parents[int(pid)], names[int(pid)] = int(rest.split()[1]), name.split("(", 1)[1]

    def below(pid):
        while pid > 1 and pid != server.process.pid:
            pid = parents.get(pid, 0)
        return pid == server.process.pid
    return [pid for pid, name in names.items() if name.startswith("python") and below(pid)]


def delivery(count):
    server = Server().start()
    try:
        client, sqs = client_for(server.endpoint), client_for(server.endpoint, service="sqs")
        results = sqs.create_queue(QueueName="results")["QueueUrl"]
        client.create_function(FunctionName="hostile", Role=ROLE, Runtime=PYTHON, Handler="index.handler", Timeout=3,
                               Code={"ZipFile": function_code(server, HOSTILE)})
        urls = {}
        for name in ("orders", "orders.fifo"):
            fifo = {"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId",
                    "DeduplicationScope": "messageGroup"} if name.endswith(".fifo") else {}
            urls[name] = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "3", **fifo})["QueueUrl"]
            client.create_event_source_mapping(EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}",
                                               FunctionName="hostile", BatchSize=10,
                                               ScalingConfig={"MaximumConcurrency": 4})
        groups = 1000
        seen, last, again, out_of_order, kills = set(), collections.Counter(), 0, 0, 0
        begin = killed = time.monotonic()
        sent = 0
        while len(seen) < count and time.monotonic() - begin < 540:
            if sent < count:
                entries = [{"Id": str(i), "MessageBody": str(sent + i)} for i in range(10)]
                if sent % 20:
                    entries = [{**each, "MessageGroupId": str((sent + i) // 20 % groups),
                                "MessageDeduplicationId": each["MessageBody"]} for i, each in enumerate(entries)]
                answer = sqs.send_message_batch(QueueUrl=urls["orders.fifo" if sent % 20 else "orders"], Entries=entries)
                if answer.get("Failed"):
                    raise SystemExit(f"not sent: {answer}")
                sent += 10
            if time.monotonic() - killed > 0.5 and (there := environments(server)):
                os.kill(random.choice(there), signal.SIGKILL)
                kills, killed = kills + 1, time.monotonic()
            if sent < count and sent % 200:
                continue
            for bodies in in_queue(sqs, results):
                for number in map(int, bodies):
                    if number in seen:
                        again += 1
                        continue
                    seen.add(number)
                    if number // 10 % 2:
                        group = number // 20 % groups
                        out_of_order += number < last[group]
                        last[group] = number
        took = time.monotonic() - begin
        time.sleep(7)
        left = {}
        for name, url in urls.items():
            told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            left[name] = int(told["ApproximateNumberOfMessages"]) + int(told["ApproximateNumberOfMessagesNotVisible"])
        totals = [each["totals"] for each in server.get("/_aviary/mappings").json()["mappings"]]
        print(f"{sent} messages sent in {took:.0f} s; {sum(each['batches'] for each in totals)} invokes, "
              f"{sum(each['failed_batches'] for each in totals)} failed, {kills} environments killed; {again} messages came again, "
              f"{sent - len(seen)} lost, {sum(left.values())} stuck, {out_of_order} out of order")
        return len(seen) == sent and not any(left.values()) and not out_of_order
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--delivery", type=int, metavar="MESSAGES", help="only this: so many, a multiple of 20")
    options = parser.parse_args()
    if options.delivery:
        return 0 if delivery(options.delivery) else 1
    server = Server().start()
    try:
        light, mine = rounds(server.endpoint, 500)
        print(f"send + receive + delete: {light:.0f} messages/s by a light client, {mine:.0f} by boto3")
        theirs = moto(100)
        if theirs:
            print(f"  moto's server: {theirs[0]:.0f} and {theirs[1]:.0f}, so {light / max(theirs[0], 1):.1f} (goal 20) and "
                  f"{mine / theirs[1]:.1f} times its rate")
    finally:
        server.stop()
    server = Server().start()
    try:
        waits_and_burst(server)
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
