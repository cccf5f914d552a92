"""Stacks with REST APIs: made of their parts, of a document, and by SAM's events."""

import json
import unittest

from function_code import python_zip
from sdk_clients import client_for
from test_cloudformation import StackCase

FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"Runtime": "python3.11", "Handler": "index.handler", "Role": "arn:aws:iam::123456789012:role/any", "Code": {
        "ZipFile": "import json\ndef handler(event, context):\n    return {'statusCode': 200, 'body': json.dumps(event['resource'])}\n"}}}
URI = {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"}


def of_parts(part, more=None):
    return {"Resources": {
        "Fn": FUNCTION,
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "shop", "BinaryMediaTypes": ["image/png"]}},
        "Item": {"Type": "AWS::ApiGateway::Resource", "Properties": {
            "RestApiId": {"Ref": "Api"}, "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": part}},
        "Get": {"Type": "AWS::ApiGateway::Method", "Properties": {
            "RestApiId": {"Ref": "Api"}, "ResourceId": {"Ref": "Item"}, "HttpMethod": "GET", "AuthorizationType": "NONE",
            "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": URI}}},
        "Options": {"Type": "AWS::ApiGateway::Method", "Properties": {
            "RestApiId": {"Ref": "Api"}, "ResourceId": {"Ref": "Item"}, "HttpMethod": "OPTIONS", "AuthorizationType": "NONE",
            "Integration": {"Type": "MOCK", "RequestTemplates": {"application/json": "{\"statusCode\": 204}"}, "IntegrationResponses": [
                {"StatusCode": "204", "ResponseParameters": {"method.response.header.X": "'y'"}}]},
            "MethodResponses": [{"StatusCode": "204", "ResponseParameters": {"method.response.header.X": True}}]}},
        f"Deployment{part.strip('{}+')}": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": ["Get", "Options"],
                                           "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {
            "RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": f"Deployment{part.strip('{}+')}"}, "StageName": "prod",
            "Variables": {"a": "b"}, "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO"}]}},
        "Pet": {"Type": "AWS::ApiGateway::Model", "Properties": {
            "RestApiId": {"Ref": "Api"}, "ContentType": "application/json", "Schema": {"type": "object"}}},
        "Check": {"Type": "AWS::ApiGateway::RequestValidator", "Properties": {
            "RestApiId": {"Ref": "Api"}, "Name": "v", "ValidateRequestBody": True}},
        "Say": {"Type": "AWS::ApiGateway::GatewayResponse", "Properties": {
            "RestApiId": {"Ref": "Api"}, "ResponseType": "DEFAULT_4XX", "ResponseTemplates": {"application/json": "{}"}}},
        "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True}},
        "Plan": {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {
            "ApiStages": [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}]}},
        "Link": {"Type": "AWS::ApiGateway::UsagePlanKey", "Properties": {
            "KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}}},
        **(more or {})}, "Outputs": {"Api": {"Value": {"Ref": "Api"}}}}


SAM = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.11, Handler: index.handler, AutoPublishAlias: prod}
  Api: {Cors: "'*'"}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://code/%s
      Policies: [{SQSPollerPolicy: {QueueName: !GetAtt Queue.QueueName}}]
      Events:
        Item: {Type: Api, Properties: {Path: '/items/{id}', Method: get}}
        Rest: {Type: HttpApi}
    Connectors:
      ToQueue: {Properties: {Destination: {Id: Queue}, Permissions: [Write]}}
  Queue: {Type: AWS::SQS::Queue}
Outputs:
  Api: {Value: !Ref ServerlessRestApi}
  Http: {Value: !Ref ServerlessHttpApi}
"""


class ApiStacks(StackCase):
    def setUp(self):
        super().setUp()
        self.apis = client_for(self.server.endpoint, service="apigateway")

    def send(self, api, path, method="GET", stage="prod"):
        return self.server.request(method, f"/restapis/{api}/{stage}/_user_request_{path}", None, {})

    def nothing_left(self):
        self.assertEqual(self.apis.get_rest_apis()["items"], [])
        self.assertEqual(self.apis.get_usage_plans()["items"], [])
        self.assertEqual(self.apis.get_api_keys()["items"], [])

    def test_an_api_of_parts(self):
        api = self.create(json.dumps(of_parts("{proxy+}")))["Api"]
        self.assertEqual(self.send(api, "/a/b").json(), "/{proxy+}")
        answer = self.send(api, "/a", "OPTIONS")
        self.assertEqual((answer.status, answer.headers["x"]), (204, "y"))
        stage = self.apis.get_stage(restApiId=api, stageName="prod")
        self.assertEqual((stage["variables"], stage["methodSettings"]["*/*"]["loggingLevel"]), ({"a": "b"}, "INFO"))
        self.cfn.update_stack(StackName="app", TemplateBody=json.dumps(of_parts("{other}")))
        self.wait("stack_update_complete")
        self.assertEqual(self.send(api, "/a").json(), "/{other}")
        self.assertEqual(len(self.apis.get_deployments(restApiId=api)["items"]), 1)
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.nothing_left()

    def test_an_api_of_a_document_in_a_bucket(self):
        s3 = client_for(self.server.endpoint, service="s3", s3={"addressing_style": "path"})
        s3.create_bucket(Bucket="documents")
        s3.put_object(Bucket="documents", Key="api.yaml", Body=b"""
openapi: 3.0.1
info: {title: documented, version: '1'}
paths:
  /x:
    get:
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: '200', responseTemplates: {application/json: '"hello"'}}}
""")
        template = {"Resources": {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"BodyS3Location": {"Bucket": "documents", "Key": "api.yaml"}}},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "prod"}}},
            "Outputs": {"Api": {"Value": {"Ref": "Api"}}}}
        api = self.create(json.dumps(template))["Api"]
        self.assertEqual(self.send(api, "/x").json(), "hello")
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.nothing_left()

    def test_a_stack_that_fails_leaves_nothing(self):
        bad = of_parts("{proxy+}", {"Bad": {"Type": "AWS::ApiGateway::Authorizer", "DependsOn": "Link", "Properties": {
            "RestApiId": {"Ref": "Api"}, "Name": "c", "Type": "COGNITO_USER_POOLS"}}})
        self.cfn.create_stack(StackName="app", TemplateBody=json.dumps(bad))
        self.until("ROLLBACK_COMPLETE")
        reasons = [e.get("ResourceStatusReason", "") for e in self.cfn.describe_stack_events(StackName="app")["StackEvents"]]
        self.assertTrue(any("Aviary does not have Cognito authorizers" in reason for reason in reasons), reasons)
        self.nothing_left()

    def test_sam_events_make_apis(self):
        s3 = client_for(self.server.endpoint, service="s3", s3={"addressing_style": "path"})
        s3.create_bucket(Bucket="code")
        for name in ("one", "two"):
            s3.put_object(Bucket="code", Key=f"{name}.zip", Body=python_zip(
                f"def handler(event, context):\n    return {{'statusCode': 200, 'body': '{name}'}}\n"))
        outputs = self.create(SAM % "one.zip")
        self.assertEqual(self.send(outputs["Api"], "/items/7", stage="Prod").body, b"one")
        self.assertEqual(self.send(outputs["Api"], "/items/7", "OPTIONS", "Prod").headers["access-control-allow-methods"], "GET,OPTIONS")
        self.assertEqual(self.server.get(f"/_aws/execute-api/{outputs['Http']}/x").body, b"one")
        self.cfn.update_stack(StackName="app", TemplateBody=(SAM % "two.zip").replace("/items/", "/things/"),
                              Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        self.wait("stack_update_complete")
        for stage in ("Prod", "Stage"):
            self.assertEqual(self.send(outputs["Api"], "/things/7", stage=stage).body, b"two")
            self.assertEqual(self.send(outputs["Api"], "/items/7", stage=stage).status, 403)
        self.assertEqual(len(self.apis.get_deployments(restApiId=outputs["Api"])["items"]), 1)
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.nothing_left()


if __name__ == "__main__":
    unittest.main()
