"""Code that nobody here wrote: middy, Powertools for TypeScript, the X-Ray SDK, pino, and the frameworks that serve HTTP from a
function (serverless-express and serverless-http with Express, Fastify, Hono, lambda-api) from the npm registry; boto3, requests
PyYAML, the X-Ray SDK for Python and the AWS SDK for Ruby as the distribution packages them.

What npm brings is installed once, below ~/.cache/aviary, where the functions find it as they would find a layer. Skipped is
what is not here or cannot be reached. Each runs on a client that was started for it and on one that waited;
test_official_clients.py runs the same on AWS's own.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import textwrap
import unittest

from harness import RUNTIME_DIR, Function, python_argv, version_of

NODE, VERSION = version_of("node", "--version")
PACKAGES = ["@middy/core", "@middy/http-json-body-parser", "@middy/http-error-handler", "@middy/http-header-normalizer",
            "@aws-lambda-powertools/logger", "@aws-lambda-powertools/metrics", "@aws-lambda-powertools/tracer",
            "@aws-lambda-powertools/batch", "@aws-lambda-powertools/event-handler", "@codegenie/serverless-express", "express",
            "serverless-http", "fastify@4", "@fastify/aws-lambda@4", "hono", "lambda-api", "aws-xray-sdk-core", "pino", "pino-lambda"]

API_EVENT = {
    "resource": "/{proxy+}", "path": "/hello/world", "httpMethod": "POST",
    "headers": {"Content-Type": "application/json", "Host": "example.com", "X-Forwarded-Proto": "https"},
    "multiValueHeaders": {"Content-Type": ["application/json"], "Host": ["example.com"]},
    "queryStringParameters": {"who": "me"}, "multiValueQueryStringParameters": {"who": ["me"]},
    "pathParameters": {"proxy": "hello/world"}, "stageVariables": None, "isBase64Encoded": False,
    "body": '{"a":1}', "requestContext": {
        "accountId": "123456789012", "apiId": "abc", "stage": "prod", "httpMethod": "POST", "path": "/prod/hello/world",
        "resourcePath": "/{proxy+}", "requestId": "r", "identity": {"sourceIp": "127.0.0.1"}},
}


HTTP_API_EVENT = {
    "version": "2.0", "routeKey": "$default", "rawPath": "/v2", "rawQueryString": "a=1&b=2",
    "headers": {"host": "example.com", "accept": "*/*"}, "queryStringParameters": {"a": "1", "b": "2"}, "isBase64Encoded": False,
    "requestContext": {
        "accountId": "123456789012", "apiId": "abc", "domainName": "example.com", "requestId": "r", "stage": "$default",
        "http": {"method": "GET", "path": "/v2", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"}},
}


def install():
    """The folder with the packages; npm fills it once."""
    if not NODE or VERSION < (20, 0) or not shutil.which("npm"):
        raise unittest.SkipTest("no node 20 with npm here")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "aviary", "real-code")
    os.makedirs(folder, exist_ok=True)
    there = os.path.join(folder, "packages.txt")
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(there):
            with open(there) as file:
                if file.read().split() == PACKAGES:
                    return folder
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=20000",
             "--prefix", folder, *PACKAGES], capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise unittest.SkipTest("the npm registry cannot be reached: " + done.stderr[-300:])
        with open(there, "w") as file:
            file.write("\n".join(PACKAGES))
    return folder


class NodeCode(unittest.TestCase):
    maxDiff = None
    waits = False

    @classmethod
    def setUpClass(cls):
        cls.modules = os.path.join(install(), "node_modules")

    def client(self):
        return [os.path.join(RUNTIME_DIR, "nodejs", "bootstrap.cjs")]

    def function(self, file, source, **environment):
        flags = ["--no-experimental-require-module"] if (20, 19) <= VERSION < (23,) else []
        function = Function([NODE, *flags, *self.client()], {file: source}, "index.handler", waits=self.waits,
                            execution_env="AWS_Lambda_nodejs20.x", environment={"NODE_PATH": self.modules, **environment})
        self.addCleanup(function.close)
        return function

    def result(self, function, event, **options):
        answer = function.invoke(json.dumps(event), **options)
        self.assertEqual(answer.kind, "response", (answer.body, function.text()))
        return json.loads(answer.body)

    def test_middy(self):
        function = self.function("index.mjs", """
            import middy from '@middy/core';
            import jsonBodyParser from '@middy/http-json-body-parser';
            import normalizer from '@middy/http-header-normalizer';
            import errorHandler from '@middy/http-error-handler';
            export const handler = middy()
              .use(normalizer()).use(jsonBodyParser()).use(errorHandler({ logger: false }))
              .handler(async (event, context) => {
                if (event.body.a === 2) { const e = new Error('teapot'); e.statusCode = 418; e.expose = true; throw e; }
                return { statusCode: 200, body: JSON.stringify([event.body, context.functionName]) };
              });
        """)
        self.assertEqual(self.result(function, API_EVENT), {"statusCode": 200, "body": '[{"a":1},"fn"]'})
        self.assertEqual(self.result(function, {**API_EVENT, "body": '{"a":2}'})["statusCode"], 418)
        self.assertIn(self.result(function, {**API_EVENT, "body": "{"})["statusCode"], (415, 422))

    def test_powertools(self):
        function = self.function("index.js", """
            const { Logger } = require('@aws-lambda-powertools/logger');
            const { Metrics, MetricUnit } = require('@aws-lambda-powertools/metrics');
            const { Tracer } = require('@aws-lambda-powertools/tracer');
            const logger = new Logger({ serviceName: 'orders' });
            const metrics = new Metrics({ namespace: 'shop', serviceName: 'orders' });
            const tracer = new Tracer({ serviceName: 'orders', enabled: false });
            exports.handler = async (event, context) => {
              logger.addContext(context);
              logger.info('taken', { order: event.order });
              metrics.addMetric('taken', MetricUnit.Count, 1);
              metrics.publishStoredMetrics();
              tracer.putAnnotation('a', 'b');
              return { order: event.order };
            };
        """)
        self.assertEqual(self.result(function, {"order": 7}), {"order": 7})
        self.assertEqual(self.result(function, {"order": 8}), {"order": 8})
        text = function.text(r'(?s)"order":8.*"_aws".*\n')
        lines = [json.loads(line) for line in re.split(r"[\r\n]+", text) if line.startswith("{")]
        logs = [line for line in lines if line.get("message") == "taken"]
        self.assertEqual([line["order"] for line in logs], [7, 8], text)
        self.assertEqual([line["cold_start"] for line in logs], [True, False])
        self.assertEqual({line["function_name"] for line in logs}, {"fn"})
        self.assertEqual(len({line["function_request_id"] for line in logs}), 2)
        metrics = [line for line in lines if "_aws" in line]
        self.assertEqual([line["taken"] for line in metrics], [1, 1])
        self.assertEqual(metrics[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"], "shop")

    def test_serverless_express(self):
        function = self.function("index.js", """
            const serverlessExpress = require('@codegenie/serverless-express');
            const express = require('express');
            const app = express();
            app.use(express.json());
            app.post('/hello/:name', (request, response) => {
              response.set('X-Mine', 'yes').status(201).json({ name: request.params.name, who: request.query.who, body: request.body });
            });
            app.use((request, response) => response.status(404).send('nothing here'));
            exports.handler = serverlessExpress({ app });
        """)
        answer = self.result(function, API_EVENT)
        self.assertEqual(answer["statusCode"], 201, answer)
        self.assertEqual(json.loads(answer["body"]), {"name": "world", "who": "me", "body": {"a": 1}})
        headers = {**(answer.get("headers") or {}), **(answer.get("multiValueHeaders") or {})}
        self.assertIn("x-mine", headers)
        other = self.result(function, {**API_EVENT, "path": "/other", "pathParameters": {"proxy": "other"}})
        self.assertEqual((other["statusCode"], other["body"]), (404, "nothing here"))

    def test_serverless_express_as_an_es_module(self):
        function = self.function("index.mjs", """
            import serverlessExpress from '@codegenie/serverless-express';
            import express from 'express';
            const app = express();
            app.get('/v2', (request, response) => response.json(request.query));
            export const handler = serverlessExpress({ app });
        """)
        self.answers_its_query(function)

    def answers_its_query(self, function):
        answer = self.result(function, HTTP_API_EVENT)
        self.assertEqual((answer["statusCode"], json.loads(answer["body"])), (200, {"a": "1", "b": "2"}), answer)

    def test_serverless_http(self):
        self.answers_its_query(self.function("index.js", """
            const serverless = require('serverless-http');
            const app = require('express')();
            app.get('/v2', (request, response) => response.json(request.query));
            module.exports.handler = serverless(app);
        """))

    def test_fastify(self):
        self.answers_its_query(self.function("index.js", """
            const app = require('fastify')();
            app.get('/v2', async (request) => request.query);
            exports.handler = require('@fastify/aws-lambda')(app);
        """))

    def test_lambda_api(self):
        self.answers_its_query(self.function("index.js", """
            const api = require('lambda-api')();
            api.get('/v2', async (request) => request.query);
            exports.handler = async (event, context) => api.run(event, context);
        """))

    def test_hono(self):
        self.answers_its_query(self.function("index.mjs", """
            import { Hono } from 'hono';
            import { handle } from 'hono/aws-lambda';
            const app = new Hono();
            app.get('/v2', (c) => c.json(c.req.query()));
            export const handler = handle(app);
        """))

    def test_hono_streams(self):
        function = self.function("index.mjs", """
            import { Hono } from 'hono';
            import { streamHandle } from 'hono/aws-lambda';
            import { streamText } from 'hono/streaming';
            const app = new Hono();
            app.get('/v2', (c) => streamText(c, async (stream) => {
              for (const word of ['one', 'two', 'three']) await stream.writeln(word);
            }));
            export const handler = streamHandle(app);
        """)
        answer = function.invoke(json.dumps(HTTP_API_EVENT))
        self.assertEqual(answer["Lambda-Runtime-Function-Response-Mode"], "streaming")
        self.assertEqual(answer["Content-Type"], "application/vnd.awslambda.http-integration-response")
        prelude, text = answer.body.split(b"\0" * 8)
        self.assertEqual(json.loads(prelude)["statusCode"], 200)
        self.assertEqual(text, b"one\ntwo\nthree\n")

    def test_powertools_event_handler(self):
        function = self.function("index.mjs", """
            import { Router, NotFoundError } from '@aws-lambda-powertools/event-handler/http';
            const app = new Router();
            app.get('/v2', async ({ req }) => Object.fromEntries(new URL(req.url).searchParams));
            app.get('/missing', async () => { throw new NotFoundError('no such order'); });
            export const handler = async (event, context) => app.resolve(event, context);
        """)
        self.answers_its_query(function)
        context = {**HTTP_API_EVENT["requestContext"], "http": {**HTTP_API_EVENT["requestContext"]["http"], "path": "/missing"}}
        answer = self.result(function, {**HTTP_API_EVENT, "rawPath": "/missing", "requestContext": context})
        self.assertEqual((answer["statusCode"], json.loads(answer["body"])["message"]), (404, "no such order"))

    def test_powertools_batch(self):
        function = self.function("index.js", """
            const { BatchProcessor, EventType, processPartialResponse } = require('@aws-lambda-powertools/batch');
            const processor = new BatchProcessor(EventType.SQS);
            const take = async (record) => { if (record.body === 'bad') throw new Error('not this one'); };
            exports.handler = async (event, context) => processPartialResponse(event, take, processor, { context });
        """)
        records = lambda *bodies: {"Records": [
            {"messageId": "m%d" % n, "receiptHandle": "r", "body": body, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
             "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:q", "attributes": {}, "messageAttributes": {}, "md5OfBody": ""}
            for n, body in enumerate(bodies)]}
        self.assertEqual(self.result(function, records("a", "bad", "b")), {"batchItemFailures": [{"itemIdentifier": "m1"}]})
        self.assertEqual(self.result(function, records("a")), {"batchItemFailures": []})
        answer = function.invoke(json.dumps(records("bad")))
        self.assertEqual((answer.kind, json.loads(answer.body)["errorType"]), ("error", "FullBatchFailureError"))

    def test_xray_sdk(self):
        """It makes a segment of each invocation's trace header."""
        function = self.function("index.js", """
            const xray = require('aws-xray-sdk-core');
            exports.handler = async () => xray.captureAsyncFunc('work', async (part) => {
              const found = [part.segment.trace_id, part.segment.id, part.name];
              part.close();
              return found;
            });
        """, AWS_XRAY_CONTEXT_MISSING="LOG_ERROR", AWS_XRAY_DAEMON_ADDRESS="127.0.0.1:2000")
        for number in (1, 2):
            root, parent = "1-5bef4de7-ad49b0e87f6ef6c87fc2e70%d" % number, "9a9197af755a641%d" % number
            found = self.result(function, {}, trace="Root=%s;Parent=%s;Sampled=1" % (root, parent))
            self.assertEqual(found, [root, parent, "work"], function.text())

    def test_pino(self):
        function = self.function("index.js", """
            const { lambdaRequestTracker, pinoLambdaDestination } = require('pino-lambda');
            const logger = require('pino')({}, pinoLambdaDestination());
            const track = lambdaRequestTracker();
            exports.handler = async (event, context) => { track(event, context); logger.info({ order: event.order }, 'taken'); };
        """)
        self.result(function, {"order": 7}, request_id="id-7")
        self.result(function, {"order": 8}, request_id="id-8")
        text = function.text(r'"order":8.*\n')
        lines = [json.loads(line[line.index("{"):]) for line in text.splitlines() if '"taken"' in line]
        self.assertEqual([(line["order"], line["awsRequestId"]) for line in lines], [(7, "id-7"), (8, "id-8")], text)


class NodeCodeOnAWaitingClient(NodeCode):
    waits = True


PYTHON = "/usr/bin/python3"


def has_packages(names):
    return os.path.exists(PYTHON) and subprocess.run([PYTHON, "-c", "import " + names], capture_output=True).returncode == 0


@unittest.skipUnless(has_packages("boto3, requests, yaml"), "the distribution's boto3, requests and PyYAML are not here")
class PythonCode(unittest.TestCase):
    maxDiff = None
    waits = False

    def function(self, source, **environment):
        function = Function(python_argv(PYTHON), {"index.py": textwrap.dedent(source)}, "index.handler", waits=self.waits,
                            execution_env="AWS_Lambda_python3.11", environment=environment)
        self.addCleanup(function.close)
        return function

    def test_boto3(self):
        """A presigned URL needs botocore's models, credentials from the environment, signing and the clock."""
        function = self.function("""
            import boto3
            client = boto3.client("s3")

            def handler(event, context):
                return client.generate_presigned_url("get_object", Params={"Bucket": event["bucket"], "Key": "k"})
            """, AWS_ACCESS_KEY_ID="123456789012", AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION="us-east-1")
        answer = function.invoke('{"bucket": "mine"}')
        self.assertEqual(answer.kind, "response", answer.body)
        self.assertRegex(json.loads(answer.body), r"^https://mine\.s3\.amazonaws\.com/k\?AWSAccessKeyId=123456789012&Signature=")

    def test_boto3_calls_the_emulator(self):
        """Also one that is older than AWS_ENDPOINT_URL, as Debian 12's is; whom the code itself names is not changed."""
        function = self.function("""
            import boto3, os

            def handler(event, context):
                os.environ.update(event)
                return [boto3.client("sqs").meta.endpoint_url, boto3.resource("s3").meta.client.meta.endpoint_url,
                        boto3.client("sqs", endpoint_url="http://own").meta.endpoint_url]
            """, AWS_ENDPOINT_URL="http://here:4566", AWS_DEFAULT_REGION="us-east-1")
        for event, expected in (
            ({}, ["http://here:4566", "http://here:4566", "http://own"]),
            ({"AWS_ENDPOINT_URL_S3": "http://buckets"}, ["http://here:4566", "http://buckets", "http://own"]),
        ):
            answer = function.invoke(json.dumps(event))
            self.assertEqual(answer.kind, "response", answer.body)
            self.assertEqual(json.loads(answer.body), expected)

    def test_requests_and_yaml(self):
        function = self.function("""
            import logging, os, requests, yaml
            logging.getLogger().setLevel(logging.INFO)

            def handler(event, context):
                session = requests.Session()
                prepared = session.prepare_request(requests.Request("POST", "http://example.com/a", json=event, params={"q": 1}))
                logging.getLogger("requests").info("prepared %s", prepared.url)
                return {"url": prepared.url, "body": prepared.body.decode(), "yaml": yaml.safe_load("a: [1, {b: 2020-01-01}]")["a"][0]}
            """)
        answer = function.invoke('{"x": 1}')
        self.assertEqual(json.loads(answer.body), {"url": "http://example.com/a?q=1", "body": '{"x": 1}', "yaml": 1})
        self.assertRegex(function.text("prepared"), r"\[INFO\]\t\S+Z\t\S+\tprepared http://example.com/a\?q=1\n")


    @unittest.skipUnless(has_packages("aws_xray_sdk.core"), "the distribution's X-Ray SDK is not here")
    def test_xray_sdk(self):
        function = self.function("""
            from aws_xray_sdk.core import xray_recorder

            def handler(event, context):
                part = xray_recorder.begin_subsegment("work")
                xray_recorder.end_subsegment()
                return [part.trace_id, part.parent_id, part.name, part.in_progress]
            """, AWS_XRAY_CONTEXT_MISSING="LOG_ERROR", AWS_XRAY_DAEMON_ADDRESS="127.0.0.1:2000")
        for number in (1, 2):
            root, parent = "1-5bef4de7-ad49b0e87f6ef6c87fc2e70%d" % number, "9a9197af755a641%d" % number
            answer = function.invoke(trace="Root=%s;Parent=%s;Sampled=1" % (root, parent))
            self.assertEqual(answer.kind, "response", answer.body)
            self.assertEqual(json.loads(answer.body), [root, parent, "work", False])


class PythonCodeOnAWaitingClient(PythonCode):
    waits = True


RUBY, RUBY_VERSION = version_of("ruby", "-e", "print RUBY_VERSION")


def has_aws_for_ruby():
    return bool(RUBY) and subprocess.run([RUBY, "-e", "require 'aws-sdk-s3'"], capture_output=True).returncode == 0


@unittest.skipUnless(has_aws_for_ruby(), "the distribution's aws-sdk-s3 for ruby is not here")
class RubyCode(unittest.TestCase):
    maxDiff = None
    waits = False

    def test_aws_sdk(self):
        function = Function([RUBY, "--disable=gems", os.path.join(RUNTIME_DIR, "ruby", "bootstrap.rb")], {"index.rb": textwrap.dedent("""
            require 'aws-sdk-s3'
            SIGNER = Aws::S3::Presigner.new(client: Aws::S3::Client.new)

            def handler(event:, context:)
              SIGNER.presigned_url(:get_object, bucket: event['bucket'], key: context.function_name)
            end
            """)}, "index.handler", waits=self.waits, execution_env="AWS_Lambda_ruby3.2", environment={
                "AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"})
        self.addCleanup(function.close)
        answer = function.invoke('{"bucket": "mine"}')
        self.assertEqual(answer.kind, "response", answer.body)
        self.assertRegex(json.loads(answer.body), r"^https://mine\.s3\S*\.amazonaws\.com/fn\?X-Amz-Algorithm=AWS4-HMAC-SHA256&")


class RubyCodeOnAWaitingClient(RubyCode):
    waits = True


if __name__ == "__main__":
    unittest.main()
