"""API Gateway v1: REST APIs in front of functions, versions and aliases."""

import collections
import http.server
import json
import threading
import unittest

from function_code import python_zip
from sdk_clients import LambdaCase, client_for
from test_durability import Folder

ECHO = python_zip("""
import json
def handler(event, context):
    if event.get('type') in ('TOKEN', 'REQUEST'):
        said = event.get('authorizationToken') or event['headers'].get('X-Who')
        if said == 'unauthorized':
            raise Exception('Unauthorized')
        return {'principalId': said, 'context': {'n': 1}, 'policyDocument': {'Version': '2012-10-17', 'Statement': [
            {'Action': 'execute-api:Invoke', 'Effect': 'Allow' if said == 'friend' else 'Deny', 'Resource': event['methodArn']}]}}
    if event.get('raw') or event.get('path') == '/raw':
        return event.get('raw') or json.loads(event['body'])
    if event.get('fail'):
        raise Exception(event['fail'])
    return {'statusCode': 201, 'multiValueHeaders': {'X-Two': ['1', '2']}, 'body': json.dumps(event)}
""")
VERSION = "def handler(event, context):\n    return {'statusCode': 200, 'body': '%s'}\n"


class RestCase(LambdaCase):
    def setUp(self):
        super().setUp()
        self.apis = client_for(self.server.endpoint, service="apigateway")

    def new_api(self, **more):
        """The ids of an API and of its root; older clients do not know rootResourceId."""
        api = self.apis.create_rest_api(name="shop", **more)["id"]
        return api, self.apis.get_resources(restApiId=api)["items"][0]["id"]

    def uri(self, function):
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"

    def api_with(self, *parts, function=None, verb="ANY", integration=None, **method):
        """An API of one method, deployed at `prod`. Answers the ids of the API and the resource."""
        api, resource = self.new_api()
        for part in parts:
            resource = self.apis.create_resource(restApiId=api, parentId=resource, pathPart=part)["id"]
        where = {"restApiId": api, "resourceId": resource, "httpMethod": verb}
        self.apis.put_method(**where, **{"authorizationType": "NONE", **method})
        self.apis.put_integration(**where, **(integration or {
            "type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": self.uri(function)}))
        self.apis.create_deployment(restApiId=api, stageName="prod", variables={"color": "blue"})
        return api, resource

    def send(self, api, method="GET", path="/prod", body=None, headers=None):
        return self.server.request(method, f"/restapis/{api}/prod/_user_request_{path.removeprefix('/prod')}", body, headers or {})


class RestApis(RestCase):
    def test_a_proxy_gets_the_event_of_rest_apis(self):
        self.create(code=ECHO)
        api, resource = self.api_with("items", "{proxy+}", function=self.arn())
        host = f"{api}.execute-api.us-east-1.localhost:{self.server.port}"
        answer = self.server.request("POST", "/prod/items/a/b%20c?x=1&x=2", "hello", {"Host": host})
        self.assertEqual(answer.status, 201, answer)
        event = answer.json()
        self.assertEqual((event["resource"], event["path"], event["httpMethod"], event["body"], event["isBase64Encoded"]),
                         ("/items/{proxy+}", "/items/a/b c", "POST", "hello", False))
        self.assertEqual((event["pathParameters"], event["stageVariables"]), ({"proxy": "a/b c"}, {"color": "blue"}))
        self.assertEqual(event["multiValueQueryStringParameters"], {"x": ["1", "2"]})
        context = event["requestContext"]
        self.assertEqual((context["resourceId"], context["path"], context["stage"], context["apiId"]),
                         (resource, "/prod/items/a/b%20c", "prod", api))
        self.assertNotIn("version", event)
        self.assertIsNone(self.send(api, path="/prod/items/x").json()["body"])
        for path, headers in (("/prod/nothing", {}), ("/prod", {})):
            answer = self.send(api, path=path)
            self.assertEqual((answer.status, answer.json()), (403, {"message": "Missing Authentication Token"}), path)
        answer = self.server.request("GET", "/other/items/x", None, {"Host": host})
        self.assertEqual((answer.status, answer.json()), (403, {"message": "Forbidden"}))
        # A name of one's own, whose own path stays in the event.
        self.apis.create_domain_name(domainName="api.example.com", endpointConfiguration={"types": ["REGIONAL"]},
                                     regionalCertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/c")
        self.apis.create_base_path_mapping(domainName="api.example.com", basePath="shop", restApiId=api, stage="prod")
        event = self.server.request("GET", "/shop/items/x", None, {"Host": "api.example.com"}).json()
        self.assertEqual((event["path"], event["requestContext"]["path"], event["resource"], event["requestContext"]["domainPrefix"]),
                         ("/shop/items/x", "/shop/items/x", "/items/{proxy+}", "api"))

    def test_malformed_answers_are_502_and_failures_too(self):
        self.create(code=ECHO)
        api, _ = self.api_with("raw", function=self.arn(), verb="POST")
        for said, status in (({"statusCode": 202}, 202), ({}, 200), ({"statusCode": 200, "body": {"a": 1}}, 502),
                             ({"statusCode": 200, "other": 1}, 502), ("text", 502), ({"statusCode": "x"}, 502)):
            answer = self.send(api, "POST", "/prod/raw", json.dumps(said))
            self.assertEqual(answer.status, status, said)
            if status == 502:
                self.assertEqual(answer.json(), {"message": "Internal server error"})

    def test_binary_bodies_of_the_types_that_are_binary(self):
        self.create(code=python_zip("""
import base64
def handler(event, context):
    got = base64.b64decode(event['body']) if event['isBase64Encoded'] else event['body'].encode()
    return {'statusCode': 200, 'isBase64Encoded': True, 'headers': {'Content-Type': 'image/png'},
            'body': base64.b64encode(got[::-1]).decode()}
"""))
        api, _ = self.api_with(function=self.arn())
        self.apis.update_rest_api(restApiId=api, patchOperations=[{"op": "add", "path": "/binaryMediaTypes/image~1png"}])
        self.apis.create_deployment(restApiId=api, stageName="prod")
        png = {"Content-Type": "image/png", "Accept": "image/png"}
        self.assertEqual(self.send(api, "POST", body=b"\xff\x00a", headers=png).body, b"a\x00\xff")
        # Whoever accepts none of the types gets the text that the function answered.
        self.assertEqual(self.send(api, "POST", body=b"ab", headers={"Content-Type": "text/plain"}).body, b"YmE=")

    def test_an_alias_draws_by_its_weights(self):
        self.create(code=python_zip(VERSION % "one"))
        one = self.publish()["Version"]
        two = self.publish_code(python_zip(VERSION % "two"))
        self.client.create_alias(FunctionName="order-processor", Name="blue", FunctionVersion=one,
                                 RoutingConfig={"AdditionalVersionWeights": {two: 0.5}})
        api, _ = self.api_with(function=self.arn() + ":${stageVariables.color}")
        seen = collections.Counter(self.send(api).body for _ in range(60))
        self.assertEqual(set(seen), {b"one", b"two"}, seen)

    def test_mapped_functions_and_mocks(self):
        self.create(code=ECHO)
        api, resource = self.api_with("map", verb="POST", integration={
            "type": "AWS", "integrationHttpMethod": "POST", "uri": self.uri(self.arn()),
            "requestTemplates": {"application/json": '#set($b = $input.path("$"))\n{"raw": {"got": "$b.x", "at": "$context.stage"}, '
                                                     '"fail": "$!b.fail"}'}})
        where = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
        for status in ("200", "418"):
            self.apis.put_method_response(**where, statusCode=status, responseParameters={"method.response.header.X-Got": False})
        self.apis.put_integration_response(**where, statusCode="200", responseTemplates={
            "application/json": "<$input.path('$.got')>"}, responseParameters={
                "method.response.header.X-Got": "integration.response.body.at"})
        self.apis.put_integration_response(**where, statusCode="418", selectionPattern=".*teapot.*")
        self.refused("NotFoundException", 404, self.apis.put_integration_response, **where, statusCode="500")
        mock = {"restApiId": api, "resourceId": resource, "httpMethod": "OPTIONS"}
        self.apis.put_method(**mock, authorizationType="NONE")
        self.apis.put_integration(**mock, type="MOCK", requestTemplates={"application/json": '{"statusCode": 204}'})
        self.apis.put_method_response(**mock, statusCode="204", responseParameters={
            "method.response.header.Access-Control-Allow-Origin": True})
        self.apis.put_integration_response(**mock, statusCode="204", responseParameters={
            "method.response.header.Access-Control-Allow-Origin": "'*'"})
        self.apis.create_deployment(restApiId=api, stageName="prod")
        answer = self.send(api, "POST", "/prod/map", '{"x": "y"}')
        self.assertEqual((answer.status, answer.body, answer.headers["x-got"]), (200, b"<y>", "prod"))
        answer = self.send(api, "OPTIONS", "/prod/map")
        self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (204, "*"))

    def test_authorizers_keys_and_validators(self):
        self.create(code=ECHO)
        api, root = self.new_api()
        authorizer = self.apis.create_authorizer(
            restApiId=api, name="who", type="TOKEN", authorizerUri=self.uri(self.arn()),
            identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=60)["id"]
        model = {"type": "object", "required": ["name"]}
        self.apis.create_model(restApiId=api, name="Pet", contentType="application/json", schema=json.dumps(model))
        validator = self.apis.create_request_validator(restApiId=api, validateRequestBody=True,
                                                       validateRequestParameters=True)["id"]
        for verb, more in (("GET", {"authorizationType": "CUSTOM", "authorizerId": authorizer}),
                           ("PUT", {"authorizationType": "NONE", "apiKeyRequired": True}),
                           ("POST", {"authorizationType": "NONE", "requestValidatorId": validator,
                                     "requestModels": {"application/json": "Pet"},
                                     "requestParameters": {"method.request.querystring.q": True}})):
            where = {"restApiId": api, "resourceId": root, "httpMethod": verb}
            self.apis.put_method(**where, **more)
            self.apis.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=self.uri(self.arn()))
        self.apis.create_deployment(restApiId=api, stageName="prod")
        answer = self.send(api, headers={"Authorization": "friend"})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.json()["requestContext"]["authorizer"], {"n": 1, "principalId": "friend"})
        for headers, status, said in (({}, 401, {"message": "Unauthorized"}),
                                      ({"Authorization": "unauthorized"}, 401, {"message": "Unauthorized"}),
                                      ({"Authorization": "foe"}, 403, {
                                          "Message": "User is not authorized to access this resource with an explicit deny"})):
            answer = self.send(api, headers=headers)
            self.assertEqual((answer.status, answer.json()), (status, said))
        self.refused("ConflictException", 409, self.apis.delete_authorizer, restApiId=api, authorizerId=authorizer)

        self.assertEqual(self.send(api, "PUT").status, 403)
        key = self.apis.create_api_key(name="k", enabled=True)
        plan = self.apis.create_usage_plan(name="p", apiStages=[{"apiId": api, "stage": "prod"}])["id"]
        self.assertEqual(self.send(api, "PUT", headers={"x-api-key": key["value"]}).status, 403)
        self.apis.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        self.assertEqual(self.send(api, "PUT", headers={"x-api-key": key["value"]}).status, 201)

        json_type = {"Content-Type": "application/json"}
        for path, body, status, said in (("/prod?q=1", '{"name": 1}', 201, None),
                                         ("/prod", '{"name": 1}', 400, "Missing required request parameters: [q]"),
                                         ("/prod?q=1", "{}", 400, "Invalid request body"),
                                         ("/prod?q=1", "no", 400, "Invalid request body")):
            answer = self.send(api, "POST", path, body, json_type)
            self.assertEqual(answer.status, status, answer)
            if said:
                self.assertEqual(answer.json(), {"message": said})
        self.apis.put_gateway_response(restApiId=api, responseType="DEFAULT_4XX", responseTemplates={
            "application/json": '{"oops": $context.error.messageString}'},
            responseParameters={"gatewayresponse.header.X-Mine": "'yes'"})
        self.apis.create_deployment(restApiId=api, stageName="prod")
        answer = self.send(api)
        self.assertEqual((answer.status, answer.json(), answer.headers["x-mine"]), (401, {"oops": "Unauthorized"}, "yes"))

    def test_openapi_makes_an_api_and_replaces_one(self):
        self.create(code=ECHO)
        integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": self.uri(self.arn())}
        document = {"openapi": "3.0.1", "info": {"title": "imported", "version": "1"}, "paths": {
            "/a/{b}": {"get": {"x-amazon-apigateway-integration": integration}}}}
        api = self.apis.import_rest_api(body=json.dumps(document))["id"]
        self.assertEqual([r["path"] for r in sorted(self.apis.get_resources(restApiId=api)["items"], key=lambda r: r["path"])],
                         ["/", "/a", "/a/{b}"])
        self.apis.create_deployment(restApiId=api, stageName="prod")
        self.assertEqual(self.send(api, path="/prod/a/7").json()["pathParameters"], {"b": "7"})
        document["paths"] = {"/c": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration}}}
        self.apis.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(document))
        self.assertEqual(self.send(api, path="/prod/a/7").status, 201)  # until the next deployment
        self.apis.create_deployment(restApiId=api, stageName="prod")
        self.assertEqual((self.send(api, path="/prod/a/7").status, self.send(api, "PUT", "/prod/c").status), (403, 201))
        for bad in ("{}", "openapi: [", "&a [*a]", "{" * 1000):
            self.refused("BadRequestException", 400, self.apis.import_rest_api, body=bad)
        written = self.apis.import_rest_api(body="swagger: '2.0'\ninfo: {title: written}\npaths: {}\n")
        self.assertEqual(written["name"], "written")
        self.apis.delete_rest_api(restApiId=written["id"])
        self.assertEqual(len(self.apis.get_rest_apis()["items"]), 1)

    def test_patches_pages_refusals_and_deleting(self):
        api, root = self.new_api(binaryMediaTypes=["image/png"])
        changed = self.apis.update_rest_api(restApiId=api, patchOperations=[
            {"op": "replace", "path": "/name", "value": "other"}, {"op": "add", "path": "/binaryMediaTypes/image~1gif"},
            {"op": "remove", "path": "/binaryMediaTypes/image~1png"}])
        self.assertEqual((changed["name"], changed["binaryMediaTypes"]), ("other", ["image/gif"]))
        self.refused("BadRequestException", 400, self.apis.update_rest_api, restApiId=api,
                     patchOperations=[{"op": "replace", "path": "/nothing", "value": "x"}])
        for part in "abc":
            self.apis.create_resource(restApiId=api, parentId=root, pathPart=part)
        pages = self.apis.get_paginator("get_resources").paginate(restApiId=api, PaginationConfig={"PageSize": 2})
        self.assertEqual(sorted(r["path"] for page in pages for r in page["items"]), ["/", "/a", "/b", "/c"])
        for code, status, call in (
                ("ConflictException", 409, lambda: self.apis.create_resource(restApiId=api, parentId=root, pathPart="a")),
                ("BadRequestException", 400, lambda: self.apis.create_resource(restApiId=api, parentId=root, pathPart="a b")),
                ("NotFoundException", 404, lambda: self.apis.get_rest_api(restApiId="none")),
                ("BadRequestException", 400, lambda: self.apis.create_deployment(restApiId=api)),
                ("BadRequestException", 400, lambda: self.apis.put_method(
                    restApiId=api, resourceId=root, httpMethod="FETCH", authorizationType="NONE")),
                ("NotImplemented", 501, lambda: self.apis.get_sdk_types())):
            self.refused(code, status, call)
        self.apis.delete_rest_api(restApiId=api)
        self.assertEqual(self.apis.get_rest_apis()["items"], [])

    def test_servers_time_outs_and_invokes_that_nobody_waits_for(self):
        class Echo(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(203)
                self.send_header("X-Path", self.path)
                self.end_headers()
                self.wfile.write(body + self.headers.get("X-Stage", "-").encode())

            def log_message(self, *arguments):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        api, _ = self.api_with("{proxy+}", integration={
            "type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": f"http://127.0.0.1:{server.server_port}/base/{{proxy}}",
            "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy",
                                  "integration.request.header.X-Stage": "context.stage"}})
        answer = self.send(api, "POST", "/prod/a/b?c=d", "hello ")
        self.assertEqual((answer.status, answer.body, answer.headers["x-path"]), (203, b"hello prod", "/base/a/b?c=d"))
        nobody, _ = self.api_with(integration={"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://127.0.0.1:1/"})
        self.assertEqual(self.send(nobody).status, 504)

        self.create(code=python_zip("import time\ndef handler(event, context):\n    time.sleep(1)\n    return {}\n"))
        slow, _ = self.api_with(integration={"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": self.uri(self.arn()),
                                             "timeoutInMillis": 100})
        answer = self.send(slow)
        self.assertEqual((answer.status, answer.json()), (504, {"message": "Endpoint request timed out"}))
        later, resource = self.api_with(integration={
            "type": "AWS", "integrationHttpMethod": "POST", "uri": self.uri(self.arn()),
            "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}})
        where = {"restApiId": later, "resourceId": resource, "httpMethod": "ANY"}
        self.apis.put_method_response(**where, statusCode="200")
        self.apis.put_integration_response(**where, statusCode="200")
        self.apis.create_deployment(restApiId=later, stageName="prod")
        self.assertEqual(self.send(later).status, 200)

    def test_a_canary_of_a_stage_draws(self):
        def mock(text):
            return {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}, {
                "application/json": text}

        api, resource = self.api_with(integration=mock("")[0])
        where = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY"}
        self.apis.put_method_response(**where, statusCode="200")
        self.apis.put_integration_response(**where, statusCode="200", responseTemplates=mock("$stageVariables.color")[1])
        self.apis.create_deployment(restApiId=api, stageName="prod", variables={"color": "blue"})
        made = self.apis.create_deployment(restApiId=api, stageName="prod", canarySettings={
            "percentTraffic": 50, "stageVariableOverrides": {"color": "green"}})
        self.assertEqual({self.send(api).body for _ in range(40)}, {b"blue", b"green"})
        stage = self.apis.update_stage(restApiId=api, stageName="prod", patchOperations=[
            {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
            {"op": "remove", "path": "/canarySettings"}])
        self.assertEqual((stage["deploymentId"], stage.get("canarySettings")), (made["id"], None))
        self.assertEqual({self.send(api).body for _ in range(10)}, {b"blue"})


class Enforced(RestCase):
    OPTIONS = ("--enforce-permissions",)

    def test_the_function_s_policy_lets_the_api_in(self):
        self.create(code=ECHO)
        api, _ = self.api_with("items", function=self.arn())
        self.assertEqual(self.send(api, path="/prod/items").status, 500)
        self.client.add_permission(FunctionName="order-processor", StatementId="s", Action="lambda:InvokeFunction",
                                   Principal="apigateway.amazonaws.com",
                                   SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api}/*/GET/items")
        self.assertEqual((self.send(api, path="/prod/items").status, self.send(api, "PUT", "/prod/items").status), (201, 500))


class Lasting(Folder):
    def test_apis_keys_and_plans_last(self):
        server = self.start()
        apis = client_for(server.endpoint, service="apigateway")
        api = apis.import_rest_api(body=json.dumps({"openapi": "3.0.1", "info": {"title": "a"}, "paths": {"/x": {"get": {
            "x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'},
                                                "responses": {"default": {"statusCode": 202}}}}}}}))["id"]
        apis.create_deployment(restApiId=api, stageName="prod")
        key = apis.create_api_key(name="k", enabled=True)["id"]
        plan = apis.create_usage_plan(name="p", apiStages=[{"apiId": api, "stage": "prod"}])["id"]
        apis.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
        gone = apis.create_rest_api(name="gone")["id"]
        apis.delete_rest_api(restApiId=gone)
        server.kill()
        server = self.start()
        apis = client_for(server.endpoint, service="apigateway")
        self.assertEqual([each["id"] for each in apis.get_rest_apis()["items"]], [api])
        self.assertEqual(server.get(f"/restapis/{api}/prod/_user_request_/x").status, 202)
        self.assertEqual([each["id"] for each in apis.get_usage_plan_keys(usagePlanId=plan)["items"]], [key])


if __name__ == "__main__":
    unittest.main()
