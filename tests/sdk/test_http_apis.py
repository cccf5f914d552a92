"""API Gateway v2: HTTP APIs in front of functions, versions and aliases."""

import collections
import json
import unittest

from function_code import python_zip
from sdk_clients import LambdaCase, client_for

ECHO_EVENT = python_zip("""
import json
def handler(event, context):
    return {'statusCode': 201, 'headers': {'X-Version': context.function_version}, 'cookies': ['a=b'],
            'body': json.dumps(event)}
""")
OLD_ECHO = python_zip("""
import json
def handler(event, context):
    return {'statusCode': 200, 'multiValueHeaders': {'X-Two': ['1', '2']}, 'body': json.dumps(event)}
""")
VERSION = "def handler(event, context):\n    return {'statusCode': 200, 'body': '%s'}\n"


class HttpApis(LambdaCase):
    def setUp(self):
        super().setUp()
        self.apis = client_for(self.server.endpoint, service="apigatewayv2")

    def quick(self, target, **more):
        return self.apis.create_api(Name="shop", ProtocolType="HTTP", Target=target, **more)

    def api_with(self, route, function, payload="2.0", stage="$default", **more):
        """An API of one route. Answers its id."""
        api = self.apis.create_api(Name="shop", ProtocolType="HTTP", **more)["ApiId"]
        integration = self.apis.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function,
                                                   PayloadFormatVersion=payload)["IntegrationId"]
        self.apis.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{integration}")
        self.apis.create_stage(ApiId=api, StageName=stage, AutoDeploy=True, StageVariables={"color": "blue"})
        return api

    def send(self, api, method="GET", path="/", body=None, headers=None):
        host = f"{api}.execute-api.us-east-1.localhost:{self.server.port}"
        return self.server.request(method, path, body, {"Host": host, **(headers or {})})

    def test_quick_create_serves_by_host_and_by_path(self):
        self.create(code=ECHO_EVENT)
        made = self.quick(self.arn())
        self.assertEqual(self.status(made), 201)
        self.assertEqual(made["ApiEndpoint"],
                         f"http://{made['ApiId']}.execute-api.us-east-1.localhost:{self.server.port}")
        answer = self.send(made["ApiId"], "POST", "/a/b?c=d&c=e", "hello", {"Content-Type": "text/plain"})
        self.assertEqual(answer.status, 201, answer)
        event = answer.json()
        self.assertEqual((event["version"], event["routeKey"], event["rawPath"]), ("2.0", "$default", "/a/b"))
        self.assertEqual((event["queryStringParameters"], event["body"]), ({"c": "d,e"}, "hello"))
        self.assertEqual((event["requestContext"]["apiId"], event["requestContext"]["accountId"]),
                         (made["ApiId"], "123456789012"))
        for path in (f"/_aws/execute-api/{made['ApiId']}/$default/x", f"/restapis/{made['ApiId']}/$default/_user_request_/x"):
            self.assertEqual(self.server.get(path).json()["rawPath"], "/x", path)
        self.assertEqual([s["StageName"] for s in self.apis.get_stages(ApiId=made["ApiId"])["Items"]], ["$default"])

    def test_routes_parameters_stages_and_variables(self):
        self.create(code=ECHO_EVENT)
        api = self.api_with("GET /items/{id}", self.arn(), stage="prod")
        event = self.send(api, path="/prod/items/a%20b").json()
        self.assertEqual((event["pathParameters"], event["stageVariables"]), ({"id": "a b"}, {"color": "blue"}))
        self.assertEqual((event["rawPath"], event["requestContext"]["stage"]), ("/prod/items/a b", "prod"))
        for method, path in (("GET", "/items/7"), ("POST", "/prod/items/7"), ("GET", "/prod")):
            answer = self.send(api, method, path)
            self.assertEqual((answer.status, answer.json()), (404, {"message": "Not Found"}), path)
        self.assertEqual(self.send("0123456789").status, 403)

    def test_format_1(self):
        self.create(code=OLD_ECHO)
        api = self.api_with("GET /items/{id}", self.arn(), payload="1.0")
        answer = self.send(api, path="/items/7?a=1&a=2")
        event = answer.json()
        self.assertEqual((event["version"], event["resource"], event["path"]), ("1.0", "/items/{id}", "/items/7"))
        self.assertEqual(event["multiValueQueryStringParameters"], {"a": ["1", "2"]})
        self.assertEqual((event["queryStringParameters"], event["body"]), ({"a": "2"}, None))
        self.assertEqual(event["requestContext"]["resourcePath"], "/items/{id}")

    def test_an_alias_draws_by_its_weights(self):
        self.create(code=python_zip(VERSION % "one"))
        one = self.publish()["Version"]
        two = self.publish_code(python_zip(VERSION % "two"))
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion=one,
                                 RoutingConfig={"AdditionalVersionWeights": {two: 0.5}})
        api = self.quick(self.arn(qualifier="prod"))["ApiId"]
        seen = collections.Counter(self.send(api).body for _ in range(60))
        self.assertEqual(set(seen), {b"one", b"two"}, seen)
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion=two,
                                 RoutingConfig={"AdditionalVersionWeights": {}})
        self.assertEqual({self.send(api).body for _ in range(10)}, {b"two"})

    def test_a_stage_variable_names_the_alias(self):
        self.create(code=python_zip(VERSION % "one"))
        one = self.publish()["Version"]
        self.client.create_alias(FunctionName="order-processor", Name="blue", FunctionVersion=one)
        self.update_code(python_zip(VERSION % "latest"))
        uri = ("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + self.arn()
               + ":${stageVariables.color}/invocations")
        api = self.api_with("ANY /{proxy+}", uri)
        self.assertEqual(self.send(api, path="/x").body, b"one")

    def test_a_deployment_keeps_what_was_there(self):
        self.create(code=ECHO_EVENT)
        api = self.apis.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
        integration = self.apis.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=self.arn(),
                                                   PayloadFormatVersion="2.0")["IntegrationId"]
        route = self.apis.create_route(ApiId=api, RouteKey="GET /a", Target=f"integrations/{integration}")["RouteId"]
        self.apis.create_stage(ApiId=api, StageName="prod")
        self.assertEqual(self.send(api, path="/prod/a").status, 404)
        self.apis.create_deployment(ApiId=api, StageName="prod")
        self.assertEqual(self.send(api, path="/prod/a").status, 201)
        self.apis.update_route(ApiId=api, RouteId=route, RouteKey="GET /b")
        self.assertEqual((self.send(api, path="/prod/a").status, self.send(api, path="/prod/b").status), (201, 404))
        self.refused("ConflictException", 409, self.apis.delete_integration, ApiId=api, IntegrationId=integration)

    def test_cors(self):
        self.create(code=ECHO_EVENT)
        api = self.quick(self.arn(), CorsConfiguration={"AllowOrigins": ["https://shop.example"],
                                                        "AllowMethods": ["GET", "PUT"]})["ApiId"]
        page = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
        preflight = self.send(api, "OPTIONS", headers={**page, "Access-Control-Request-Method": "PUT"})
        self.assertEqual((preflight.status, preflight.headers["access-control-allow-methods"]), (204, "GET,PUT"))
        self.assertEqual(self.send(api, headers=page).headers["access-control-allow-origin"], "https://shop.example")

    def test_failures(self):
        self.create(code=python_zip("def handler(event, context):\n    raise ValueError('no')\n"))
        api = self.quick(self.arn())["ApiId"]
        answer = self.send(api)
        self.assertEqual((answer.status, answer.json()), (500, {"message": "Internal Server Error"}))
        self.client.delete_function(FunctionName="order-processor")
        self.assertEqual(self.send(api).status, 500)

    def authorized(self, code, **more):
        self.create(code=ECHO_EVENT)
        self.create(name="guard", code=python_zip(code))
        api = self.apis.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
        integration = self.apis.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=self.arn(),
                                                   PayloadFormatVersion="2.0")["IntegrationId"]
        uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + self.arn("guard") + "/invocations"
        authorizer = self.apis.create_authorizer(
            ApiId=api, AuthorizerType="REQUEST", AuthorizerUri=uri, Name="guard",
            IdentitySource=["$request.header.Authorization"], **more)["AuthorizerId"]
        self.apis.create_route(ApiId=api, RouteKey="GET /a", Target=f"integrations/{integration}",
                               AuthorizationType="CUSTOM", AuthorizerId=authorizer)
        self.apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        return api

    def test_an_authorizer_with_simple_answers(self):
        api = self.authorized("""
def handler(event, context):
    return {'isAuthorized': event['identitySource'] == ['open'], 'context': {'route': event['routeArn']}}
""", AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True)
        self.assertEqual(self.send(api, path="/a").json(), {"message": "Unauthorized"})
        self.assertEqual(self.send(api, path="/a", headers={"Authorization": "shut"}).status, 403)
        answer = self.send(api, path="/a", headers={"Authorization": "open"})
        self.assertEqual(answer.json()["requestContext"]["authorizer"]["lambda"],
                         {"route": f"arn:aws:execute-api:us-east-1:123456789012:{api}/$default/GET/a"})

    def test_an_authorizer_with_a_policy(self):
        api = self.authorized("""
def handler(event, context):
    effect = 'Allow' if event['authorizationToken'] == 'open' else 'Deny'
    return {'principalId': 'me', 'policyDocument': {'Version': '2012-10-17', 'Statement': [
        {'Action': 'execute-api:Invoke', 'Effect': effect, 'Resource': event['methodArn']}]}}
""", AuthorizerPayloadFormatVersion="1.0")
        self.assertEqual(self.send(api, path="/a", headers={"Authorization": "shut"}).status, 403)
        self.assertEqual(self.send(api, path="/a", headers={"Authorization": "open"}).status, 201)

    def test_an_openapi_document_and_tags(self):
        self.create(code=ECHO_EVENT)
        integration = {"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "uri": self.arn()}
        body = {"openapi": "3.0.1", "info": {"title": "imported", "version": "1"},
                "paths": {"/pets/{id}": {"get": {"x-amazon-apigateway-integration": integration}},
                          "/$default": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration}}}}
        api = self.apis.import_api(Body=json.dumps(body))["ApiId"]
        self.assertEqual({r["RouteKey"] for r in self.apis.get_routes(ApiId=api)["Items"]}, {"GET /pets/{id}", "$default"})
        self.apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        self.assertEqual(self.send(api, path="/pets/7").json()["routeKey"], "GET /pets/{id}")
        arn = f"arn:aws:apigateway:us-east-1::/apis/{api}"
        self.apis.tag_resource(ResourceArn=arn, Tags={"a": "b"})
        self.apis.untag_resource(ResourceArn=arn, TagKeys=["none"])
        self.assertEqual(self.apis.get_tags(ResourceArn=arn)["Tags"], {"a": "b"})

    def test_refusals_change_nothing(self):
        self.refused("NotFoundException", 404, self.apis.get_api, ApiId="nothing")
        api = self.apis.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
        self.refused("BadRequestException", 400, self.apis.create_integration, ApiId=api, IntegrationType="MOCK")
        self.refused("BadRequestException", 400, self.apis.create_route, ApiId=api, RouteKey="FETCH /a")
        self.refused("NotImplemented", 501, self.apis.create_api, Name="chat", ProtocolType="WEBSOCKET",
                     RouteSelectionExpression="$request.body.action")
        self.assertEqual(self.apis.get_integrations(ApiId=api)["Items"], [])
        self.apis.delete_api(ApiId=api)
        self.assertEqual(self.apis.get_apis()["Items"], [])

    def test_a_service_that_is_not_there_is_named(self):
        dynamo = client_for(self.server.endpoint, service="dynamodb")
        with self.assertRaisesRegex(Exception, "no service dynamodb"):
            dynamo.list_tables()

    def test_a_stack_with_an_http_api(self):
        cfn = client_for(self.server.endpoint, service="cloudformation")
        template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Fn": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Runtime": "python3.11", "Handler": "index.handler", "AutoPublishAlias": "prod",
                           "InlineCode": "def handler(event, context):\n    return event['routeKey']\n",
                           "Events": {"Get": {"Type": "HttpApi", "Properties": {"Path": "/items/{id}", "Method": "get"}}}}}},
            "Outputs": {"Api": {"Value": {"Ref": "ServerlessHttpApi"}}}}
        cfn.create_stack(StackName="shop", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        cfn.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        api = cfn.describe_stacks(StackName="shop")["Stacks"][0]["Outputs"][0]["OutputValue"]
        self.assertEqual(self.send(api, path="/items/7").body, b"GET /items/{id}")
        cfn.delete_stack(StackName="shop")
        cfn.get_waiter("stack_delete_complete").wait(StackName="shop", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.assertEqual(self.apis.get_apis()["Items"], [])


if __name__ == "__main__":
    unittest.main()
