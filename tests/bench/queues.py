#!/usr/bin/env python3
"""Queues and mappings, measured beside what else there is: `AVIARY_BINARY=… tests/bench/queues.py`.

* send + receive + delete of one message, over one connection, beside the `moto` server where it is installed;
* from SendMessage to the handler's start, of an idle mapping;
* a burst through a mapping with BatchSize 10, beside a plain loop that invokes the same function directly.
"""

import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sdk"))

from aviary_server import ACCOUNT, Server  # noqa: E402
from function_code import PYTHON, ROLE, python_zip  # noqa: E402
from sdk_clients import client_for  # noqa: E402

CODE = python_zip("import time\n\ndef handler(event, context):\n    return time.time()\n")


def rounds(endpoint, count):
    sqs = client_for(endpoint, service="sqs")
    url = sqs.create_queue(QueueName="bench")["QueueUrl"]
    begin = time.monotonic()
    for number in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return count / (time.monotonic() - begin)


def moto(count):
    """The same with moto's server, or nothing."""
    try:
        import moto  # noqa: F401
    except ImportError:
        return None
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in server.stdout:
            if "Running on http://" in line:
                return rounds(line.split("Running on ", 1)[1].split()[0], count)
        return None
    finally:
        server.terminate()
        server.wait()


def totals(server):
    [mapping] = server.get("/_aviary/mappings").json()["mappings"]
    return mapping["totals"]["records"]


def main():
    server = Server().start()
    try:
        print(f"send + receive + delete: {(mine := rounds(server.endpoint, 500)):.0f} messages/s")
        theirs = moto(100)
        if theirs:
            print(f"  beside moto's server: {theirs:.0f} messages/s, so {mine / theirs:.1f} times its rate")
        client = client_for(server.endpoint)
        sqs = client_for(server.endpoint, service="sqs")
        client.create_function(FunctionName="bench", Role=ROLE, Runtime=PYTHON, Handler="index.handler",
                               Code={"ZipFile": CODE})
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        begin = time.monotonic()
        for _ in range(200):
            client.invoke(FunctionName="bench", Payload=b"{}")["Payload"].read()
        direct = 200 / (time.monotonic() - begin)
        client.create_event_source_mapping(EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders", FunctionName="bench",
                                           BatchSize=10)
        waits = []
        for number in range(100):
            begin = time.monotonic()
            sqs.send_message(QueueUrl=url, MessageBody="x")
            while totals(server) <= number:
                pass
            waits.append(time.monotonic() - begin)
        print(f"idle mapping, from before SendMessage to after the handler: {1000 * statistics.median(waits):.1f} ms (median)")
        [mapping] = client.list_event_source_mappings()["EventSourceMappings"]
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        burst = 10_000
        for first in range(0, burst, 10):
            sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": str(first + i)} for i in range(10)])
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        begin = time.monotonic()
        while totals(server) < burst and time.monotonic() - begin < 600:
            time.sleep(0.05)
        took = time.monotonic() - begin
        print(f"burst of {burst} messages, BatchSize 10: {burst / took:.0f} messages/s, {burst / 10 / took:.0f} invokes/s")
        print(f"  a loop that invokes the function directly reaches {direct:.0f} invokes/s")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
