"""HTTP APIs in front of HTTP servers, and the mappings that change what goes there and what comes back."""

import http.server
import json
import threading
import unittest

from function_code import python_zip
from sdk_clients import LambdaCase, client_for
from test_cloudformation import StackCase

ECHO_EVENT = python_zip("""
import json
def handler(event, context):
    return {'statusCode': 500 if event['rawPath'] == '/fail' else 200, 'body': json.dumps(event)}
""")


class Echo(http.server.BaseHTTPRequestHandler):
    """Says what it was asked."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = json.dumps({"method": self.command, "path": self.path, "body": body.decode(),
                           "headers": {name.lower(): value for name, value in self.headers.items()}}).encode()
        self.send_response(404 if self.path.startswith("/missing") else 203)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Powered-By", "python")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *arguments):
        pass


def serve(case):
    """The address of a server that says what it was asked."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    case.addCleanup(server.server_close)
    case.addCleanup(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}"


class HttpProxies(LambdaCase):
    def setUp(self):
        super().setUp()
        self.apis = client_for(self.server.endpoint, service="apigatewayv2")
        self.upstream = serve(self)

    def api_with(self, route, uri, kind="HTTP_PROXY", method="ANY", **more):
        api = self.apis.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
        made = self.apis.create_integration(ApiId=api, IntegrationType=kind, IntegrationUri=uri, IntegrationMethod=method,
                                            **{"PayloadFormatVersion": "1.0", **more})
        self.apis.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{made['IntegrationId']}")
        self.apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True, StageVariables={"color": "blue"})
        return api, made["IntegrationId"]

    def send(self, api, method="GET", path="/", body=None, headers=None):
        host = f"{api}.execute-api.us-east-1.localhost:{self.server.port}"
        return self.server.request(method, path, body, {"Host": host, **(headers or {})})

    def test_a_request_is_passed_on_and_its_answer_back(self):
        api, _ = self.api_with("ANY /items/{proxy+}", self.upstream + "/base/{proxy}?fixed=1")
        answer = self.send(api, "POST", "/items/a/b%20c?x=1&x=2", "hello", {"Content-Type": "text/plain", "X-Mine": "yes"})
        self.assertEqual((answer.status, answer.headers["x-powered-by"]), (203, "python"), answer)
        said = answer.json()
        self.assertEqual((said["method"], said["path"], said["body"]), ("POST", "/base/a/b%20c?fixed=1&x=1&x=2", "hello"))
        self.assertEqual((said["headers"]["x-mine"], said["headers"]["host"]), ("yes", self.upstream[7:]))
        self.assertIn(f"host={api}.execute-api.us-east-1.localhost", said["headers"]["forwarded"])
        self.assertTrue(said["headers"]["x-amzn-trace-id"].startswith("Root=1-"))

    def test_quick_create_passes_the_whole_path(self):
        api = self.apis.create_api(Name="shop", ProtocolType="HTTP", Target=self.upstream + "/base")["ApiId"]
        integration = self.apis.get_integrations(ApiId=api)["Items"][0]
        self.assertEqual((integration["IntegrationType"], integration["IntegrationMethod"], integration["PayloadFormatVersion"]),
                         ("HTTP_PROXY", "ANY", "1.0"))
        self.assertEqual(self.send(api, "PUT", "/pets/6?a=b").json()["path"], "/base/pets/6?a=b")

    def test_a_method_of_its_own_nobody_there_and_stage_variables(self):
        api, _ = self.api_with("POST /x", self.upstream + "/${stageVariables.color}", method="GET")
        self.assertEqual([self.send(api, "POST", "/x").json()[name] for name in ("method", "path")], ["GET", "/blue"])
        nobody, _ = self.api_with("GET /x", "http://127.0.0.1:1/")
        answer = self.send(nobody, path="/x")
        self.assertEqual((answer.status, answer.json()), (503, {"message": "Service Unavailable"}))

    def test_mappings_change_requests_and_answers(self):
        api, integration = self.api_with("ANY /items/{id}", self.upstream + "/a", RequestParameters={
            "append:header.x-id": "$request.path.id", "overwrite:header.x-mine": "${context.stage}-${stageVariables.color}",
            "remove:header.x-gone": "''", "append:querystring.user": "$request.body.user.name",
            "remove:querystring.old": "''", "overwrite:path": "/v/${request.path.id}${request.path}"},
            ResponseParameters={"203": {"remove:header.x-powered-by": "''", "append:header.x-said": "$response.body.method",
                                        "overwrite:statuscode": "202"}})
        answer = self.send(api, "POST", "/items/7?old=1&new=2", json.dumps({"user": {"name": "ann b"}}),
                           {"X-Mine": "no", "X-Gone": "here"})
        said = answer.json()
        self.assertEqual(said["path"], "/v/7/items/7?new=2&user=ann%20b")
        self.assertEqual((said["headers"]["x-id"], said["headers"]["x-mine"], "x-gone" in said["headers"]), ("7", "$default-blue", False))
        self.assertEqual((answer.status, answer.headers.get("x-powered-by"), answer.headers["x-said"]), (202, None, "POST"))
        # What an update says empty goes, the rest stays.
        changed = self.apis.update_integration(ApiId=api, IntegrationId=integration, RequestParameters={"overwrite:path": ""},
                                               ResponseParameters={"203": {}, "404": {"overwrite:statuscode": "200"}})
        self.assertEqual((len(changed["RequestParameters"]), changed["ResponseParameters"]), (5, {"404": {"overwrite:statuscode": "200"}}))
        self.assertEqual(self.send(api, path="/items/7").json()["path"], "/a")

    def test_mappings_in_front_of_a_function(self):
        self.create(code=ECHO_EVENT)
        api, _ = self.api_with("$default", self.arn(), "AWS_PROXY", "POST", PayloadFormatVersion="2.0",
                               RequestParameters={"append:header.x-stage": "$context.stage", "overwrite:querystring.a": "b"},
                               ResponseParameters={"500": {"overwrite:statuscode": "418", "append:header.x-why": "it failed"}})
        event = self.send(api, path="/x?a=1&c=2").json()
        self.assertEqual((event["headers"]["x-stage"], event["queryStringParameters"]), ("$default", {"a": "b", "c": "2"}))
        answer = self.send(api, path="/fail")
        self.assertEqual((answer.status, answer.headers["x-why"]), (418, "it failed"))

    def test_an_integration_waits_no_longer_than_its_time_out(self):
        self.create(code=python_zip("import time\ndef handler(event, context):\n    time.sleep(1)\n    return 'late'\n"))
        api, integration = self.api_with("$default", self.arn(), "AWS_PROXY", "POST", TimeoutInMillis=100)
        answer = self.send(api)
        self.assertEqual((answer.status, answer.json()), (503, {"message": "Service Unavailable"}))
        self.apis.update_integration(ApiId=api, IntegrationId=integration, TimeoutInMillis=30000, PayloadFormatVersion="2.0")
        self.assertEqual(self.send(api).body, b"late")

    def test_refusals(self):
        api = self.apis.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
        wanted = {"ApiId": api, "IntegrationType": "HTTP_PROXY", "IntegrationUri": self.upstream, "IntegrationMethod": "ANY",
                  "PayloadFormatVersion": "1.0"}
        for more in ({"RequestParameters": {"append:header.Authorization": "a"}}, {"RequestParameters": {"append:path": "a"}},
                     {"RequestParameters": {"append:header.a": "$nothing.b"}}, {"PayloadFormatVersion": "2.0"},
                     {"ResponseParameters": {"200": {"overwrite:header.x-amz-a": "b"}}}, {"IntegrationUri": "somewhere"},
                     {"ResponseParameters": {"ok": {"append:header.a": "b"}}}, {"IntegrationMethod": "FETCH"}):
            with self.subTest(more):
                self.refused("BadRequestException", 400, self.apis.create_integration, **{**wanted, **more})
        self.assertEqual(self.apis.get_integrations(ApiId=api)["Items"], [])

    def test_an_openapi_document(self):
        body = {"openapi": "3.0.1", "info": {"title": "imported", "version": "1"}, "paths": {"/pets/{id}": {"get": {
            "x-amazon-apigateway-integration": {
                "type": "http_proxy", "httpMethod": "GET", "uri": self.upstream + "/p/{id}", "payloadFormatVersion": "1.0",
                "requestParameters": {"append:header.x-a": "b"}, "responseParameters": {"203": {"overwrite:statuscode": "201"}}}}}}}
        api = self.apis.import_api(Body=json.dumps(body))["ApiId"]
        self.apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        answer = self.send(api, path="/pets/7")
        self.assertEqual((answer.status, answer.json()["path"], answer.json()["headers"]["x-a"]), (201, "/p/7", "b"))
        body["paths"]["/pets/{id}"]["get"]["x-amazon-apigateway-integration"]["requestParameters"] = {"append:header.via": "b"}
        self.refused("BadRequestException", 400, self.apis.reimport_api, ApiId=api, Body=json.dumps(body))
        self.assertEqual(self.send(api, path="/pets/7").status, 201)


class Stacks(StackCase):
    def test_a_stack_s_proxy_and_its_mappings(self):
        upstream = serve(self)

        def template(header, answers):
            return {"Resources": {
                "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "shop", "ProtocolType": "HTTP"}},
                "Back": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
                    "ApiId": {"Ref": "Api"}, "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY",
                    "IntegrationUri": upstream + "/{proxy}", "PayloadFormatVersion": "1.0",
                    "RequestParameters": {f"append:header.{header}": "$context.routeKey"}, **answers}},
                "All": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {
                    "ApiId": {"Ref": "Api"}, "RouteKey": "ANY /{proxy+}", "Target": {"Fn::Sub": "integrations/${Back}"}}},
                "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {
                    "ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True}}}}

        answers = {"ResponseParameters": {"203": {"ResponseParameters": [{"Destination": "overwrite:statuscode", "Source": "200"}]}}}
        self.create(json.dumps(template("x-one", answers)))
        apis = client_for(self.server.endpoint, service="apigatewayv2")
        api = apis.get_apis()["Items"][0]["ApiId"]
        path = f"/_aws/execute-api/{api}/$default/x"
        answer = self.server.get(path)
        self.assertEqual((answer.status, answer.json()["headers"]["x-one"]), (200, "ANY /{proxy+}"))
        self.cfn.update_stack(StackName="app", TemplateBody=json.dumps(template("x-two", {})))
        self.wait("stack_update_complete")
        answer = self.server.get(path)
        self.assertEqual((answer.status, "x-one" in answer.json()["headers"], "x-two" in answer.json()["headers"]), (203, False, True))


if __name__ == "__main__":
    unittest.main()
