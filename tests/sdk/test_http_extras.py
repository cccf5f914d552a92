"""Routing rules and VPC links of API Gateway v2, and what only WebSocket APIs may have: by calls and by stacks."""

import json
import unittest

from sdk_clients import LambdaCase, client_for
from test_cloudformation import StackCase
from test_durability import Folder

NAME = "api.example.com"
CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/any"}
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/0123456789abcdef/0123456789abcdef"


def mock(text):
    return {"x-amazon-apigateway-integration": {
        "type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": f"{text} $context.path"}}}}}


def rest_api(rest, text):
    """A REST API that says `text` and the path, whatever it is asked."""
    paths = {"/": {"get": mock(text)}, "/{proxy+}": {"get": mock(text)}}
    api = rest.import_rest_api(body=json.dumps({"openapi": "3.0.1", "info": {"title": text}, "paths": paths}))["id"]
    rest.create_deployment(restApiId=api, stageName="prod")
    return api


def header(name, glob):
    return {"MatchHeaders": {"AnyOf": [{"Header": name, "ValueGlob": glob}]}}


def base_path(path):
    return {"MatchBasePaths": {"AnyOf": [path]}}


def to(api, **more):
    return [{"InvokeApi": {"ApiId": api, "Stage": "prod", **more}}]


class RoutingRules(LambdaCase):
    def setUp(self):
        super().setUp()
        self.apis = client_for(self.server.endpoint, service="apigatewayv2")
        self.rest = client_for(self.server.endpoint, service="apigateway")

    def name(self, mode):
        self.apis.create_domain_name(DomainName=NAME, DomainNameConfigurations=[CERTIFICATE], RoutingMode=mode)

    def rule(self, priority, conditions, actions):
        return self.apis.create_routing_rule(DomainName=NAME, Priority=priority, Conditions=conditions, Actions=actions)

    def said(self, path="/", **headers):
        answer = self.server.request("GET", path, None, {"Host": NAME, **{k.replace("_", "-"): v for k, v in headers.items()}})
        return answer.body.decode().split()[0] if answer.status == 200 else answer.status

    def test_rules_route_by_priority_headers_and_base_paths(self):
        one, two, three, mapped = (rest_api(self.rest, text) for text in ("one", "two", "three", "mapped"))
        self.name("ROUTING_RULE_ONLY")
        self.assertEqual(self.said(), 403)
        self.rule(50, [header("Accept", "image/webp"), header("Pet", "Dog-*"), base_path("PetStoreShopper")], to(two))
        self.rule(10, [header("Hello", "World")], to(one))
        self.assertEqual([self.said(Hello="World"), self.said(hello="World"), self.said(Hello="world")], ["one", "one", 403])
        both = {"Accept": "image/webp", "Pet": "Dog-Bella"}
        self.assertEqual(self.said("/PetStoreShopper", Hello="World", **both), "one")
        self.assertEqual(self.said("/PetStoreShopper/x", **both), "two")
        self.assertEqual([self.said("/petstoreshopper", **both), self.said("/PetStoreShopper", Pet="Cat", Accept="image/webp")], [403, 403])
        catch_all = self.rule(100, [], to(three))
        self.assertEqual([self.said("/any"), self.said(Hello="World")], ["three", "one"])
        self.apis.create_api_mapping(DomainName=NAME, ApiId=mapped, Stage="prod", ApiMappingKey="orders")
        self.assertEqual(self.said("/orders"), "three")
        self.apis.delete_routing_rule(DomainName=NAME, RoutingRuleId=catch_all["RoutingRuleId"])
        self.assertEqual(self.said("/orders"), 403)
        self.apis.update_domain_name(DomainName=NAME, RoutingMode="ROUTING_RULE_THEN_API_MAPPING")
        self.assertEqual([self.said("/orders"), self.said("/orders", Hello="World")], ["mapped", "one"])
        self.apis.update_domain_name(DomainName=NAME, RoutingMode="API_MAPPING_ONLY")
        self.assertEqual([self.said("/orders", Hello="World"), self.said(Hello="World")], ["mapped", 403])

    def test_a_base_path_is_kept_or_stripped(self):
        api = self.rest.create_rest_api(name="paths")["id"]
        root = self.rest.get_resources(restApiId=api)["items"][0]["id"]
        for part in ("v1", "x"):
            made = self.rest.create_resource(restApiId=api, parentId=root, pathPart=part)
            where = {"restApiId": api, "resourceId": made["id"], "httpMethod": "GET"}
            self.rest.put_method(**where, authorizationType="NONE")
            self.rest.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
            self.rest.put_method_response(**where, statusCode="200")
            self.rest.put_integration_response(**where, statusCode="200", responseTemplates={"application/json": part})
        self.rest.create_deployment(restApiId=api, stageName="prod")
        self.name("ROUTING_RULE_ONLY")
        rule = self.rule(1, [base_path("v1")], to(api, StripBasePath=True))
        self.assertEqual([self.said("/v1/x"), self.said("/v1")], ["x", 403])
        self.apis.put_routing_rule(DomainName=NAME, RoutingRuleId=rule["RoutingRuleId"], Priority=1, Conditions=[base_path("v1")],
                                   Actions=to(api))
        self.assertEqual([self.said("/v1/x"), self.said("/v1")], [403, "v1"])

    def test_rules_are_read_back_and_refused(self):
        api = rest_api(self.rest, "one")
        http = self.apis.create_api(Name="h", ProtocolType="HTTP")["ApiId"]
        self.apis.create_stage(ApiId=http, StageName="prod")
        self.name("ROUTING_RULE_ONLY")
        rules = [self.rule(priority, [header("A", "b")], to(api)) for priority in (30, 10, 20)]
        self.assertEqual(rules[0]["RoutingRuleArn"],
                         f"arn:aws:apigateway:us-east-1:123456789012:/domainnames/{NAME}/routingrules/{rules[0]['RoutingRuleId']}")
        where = {"DomainName": NAME, "RoutingRuleId": rules[0]["RoutingRuleId"]}
        self.assertEqual(self.apis.get_routing_rule(**where)["Conditions"], [header("A", "b")])
        first = self.apis.list_routing_rules(DomainName=NAME, MaxResults=2)
        rest = self.apis.list_routing_rules(DomainName=NAME, NextToken=first["NextToken"])
        self.assertEqual([each["Priority"] for page in (first, rest) for each in page["RoutingRules"]], [10, 20, 30])
        changed = self.apis.put_routing_rule(**where, Priority=5, Conditions=[], Actions=to(api))
        self.assertEqual((changed["Priority"], changed["RoutingRuleArn"]), (5, rules[0]["RoutingRuleArn"]))
        self.refused("ConflictException", 409, self.rule, 10, [], to(api))
        self.refused("NotFoundException", 404, self.apis.get_routing_rule, DomainName=NAME, RoutingRuleId="none")
        for conditions, actions in (([], to(http)), ([], to("none")), ([], to(api, Stage="none")), ([], to(api) * 2), ([{}], to(api)),
                                    ([header("A", "b")] * 3, to(api)), ([base_path("a"), base_path("b")], to(api)),
                                    ([base_path("/a")], to(api)), ([header("Authorization", "b")], to(api)),
                                    ([header("A", "b*c")], to(api)), ([header("A b", "c")], to(api))):
            with self.subTest(conditions=conditions, actions=actions):
                self.refused("BadRequestException", 400, self.rule, 99, conditions, actions)
        self.apis.delete_domain_name(DomainName=NAME)
        self.name("ROUTING_RULE_ONLY")
        self.assertEqual(self.apis.list_routing_rules(DomainName=NAME)["RoutingRules"], [])


class Others(LambdaCase):
    def setUp(self):
        super().setUp()
        self.apis = client_for(self.server.endpoint, service="apigatewayv2")

    def test_a_link_is_kept_and_leads_nowhere(self):
        made = self.apis.create_vpc_link(Name="shop", SubnetIds=["subnet-1"], SecurityGroupIds=["sg-1"], Tags={"a": "b"})
        link = made["VpcLinkId"]
        kept = self.apis.get_vpc_link(VpcLinkId=link)
        self.assertEqual((made["VpcLinkStatus"], kept["VpcLinkStatus"], kept["SubnetIds"]), ("PENDING", "AVAILABLE", ["subnet-1"]))
        self.assertEqual(self.apis.update_vpc_link(VpcLinkId=link, Name="other")["Name"], "other")
        arn = f"arn:aws:apigateway:us-east-1::/vpclinks/{link}"
        self.apis.tag_resource(ResourceArn=arn, Tags={"c": "d"})
        self.assertEqual(self.apis.get_tags(ResourceArn=arn)["Tags"], {"a": "b", "c": "d"})
        api = self.apis.create_api(Name="h", ProtocolType="HTTP")["ApiId"]
        wanted = {"ApiId": api, "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "ConnectionType": "VPC_LINK",
                  "IntegrationUri": LISTENER, "PayloadFormatVersion": "1.0"}
        self.refused("NotFoundException", 404, self.apis.create_integration, **wanted, ConnectionId="none")
        self.refused("BadRequestException", 400, self.apis.create_integration, **wanted)
        said = {"type": "http_proxy", "httpMethod": "ANY", "uri": LISTENER, "connectionType": "VPC_LINK", "connectionId": "none"}
        self.refused("NotFoundException", 404, self.apis.import_api, Body=json.dumps(
            {"openapi": "3.0.1", "info": {"title": "a"}, "paths": {"/x": {"get": {"x-amazon-apigateway-integration": said}}}}))
        integration = self.apis.create_integration(**wanted, ConnectionId=link)["IntegrationId"]
        self.apis.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")
        self.apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        answer = self.server.get(f"/_aws/execute-api/{api}/$default/x")
        self.assertEqual(answer.status, 503)
        self.assertIn("VPC link", answer.json()["message"])
        self.apis.delete_vpc_link(VpcLinkId=link)
        self.assertEqual(self.apis.get_vpc_links()["Items"], [])
        self.refused("NotFoundException", 404, self.apis.get_vpc_link, VpcLinkId=link)

    def test_what_only_websocket_apis_have_is_refused(self):
        api = self.apis.create_api(Name="h", ProtocolType="HTTP", Target="https://example.com")["ApiId"]
        route = self.apis.get_routes(ApiId=api)["Items"][0]["RouteId"]
        integration = self.apis.get_integrations(ApiId=api)["Items"][0]["IntegrationId"]
        for kind, where, wanted in (("model", {}, {"Name": "m", "Schema": "{}"}),
                                    ("route_response", {"RouteId": route}, {"RouteResponseKey": "$default"}),
                                    ("integration_response", {"IntegrationId": integration}, {"IntegrationResponseKey": "/200/"})):
            with self.subTest(kind):
                self.refused("BadRequestException", 400, getattr(self.apis, f"create_{kind}"), ApiId=api, **where, **wanted)
                self.refused("NotFoundException", 404, getattr(self.apis, f"create_{kind}"), ApiId="none", **where, **wanted)
                self.assertEqual(getattr(self.apis, f"get_{kind}s")(ApiId=api, **where)["Items"], [])
                one = {f"{''.join(word.title() for word in kind.split('_'))}Id": "none"}
                for verb in ("get", "update", "delete"):
                    self.refused("NotFoundException", 404, getattr(self.apis, f"{verb}_{kind}"), ApiId=api, **where, **one)
        self.refused("NotFoundException", 404, self.apis.get_model_template, ApiId=api, ModelId="none")


class Stacks(StackCase):
    def template(self, value, priority):
        return json.dumps({"Resources": {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": {
                "openapi": "3.0.1", "info": {"title": "ruled"}, "paths": {"/": {"get": mock("ruled")}}}}},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "prod"}},
            "Name": {"Type": "AWS::ApiGatewayV2::DomainName", "Properties": {
                "DomainName": NAME, "DomainNameConfigurations": [CERTIFICATE], "RoutingMode": "ROUTING_RULE_ONLY"}},
            "Rule": {"Type": "AWS::ApiGatewayV2::RoutingRule", "DependsOn": "Deployment", "Properties": {
                "DomainNameArn": {"Fn::GetAtt": ["Name", "DomainNameArn"]}, "Priority": priority,
                "Conditions": [header("X-Version", value)],
                "Actions": [{"InvokeApi": {"ApiId": {"Ref": "Api"}, "Stage": "prod"}}]}},
            "Link": {"Type": "AWS::ApiGatewayV2::VpcLink", "Properties": {"Name": value, "SubnetIds": ["subnet-1"], "Tags": {"v": value}}}},
            "Outputs": {"Rule": {"Value": {"Ref": "Rule"}}, "Id": {"Value": {"Fn::GetAtt": ["Rule", "RoutingRuleId"]}}}})

    def status(self, version):
        return self.server.request("GET", "/", None, {"Host": NAME, "X-Version": version}).status

    def test_rules_and_links(self):
        apis = client_for(self.server.endpoint, service="apigatewayv2")
        self.create(self.template("one", 1))
        outputs = {each["OutputKey"]: each["OutputValue"] for each in self.stack()["Outputs"]}
        self.assertTrue(outputs["Rule"].endswith("/routingrules/" + outputs["Id"]))
        self.assertEqual([self.status("one"), self.status("two")], [200, 403])
        self.cfn.update_stack(StackName="app", TemplateBody=self.template("two", 7))
        self.wait("stack_update_complete")
        self.assertEqual([self.status("one"), self.status("two")], [403, 200])
        self.assertEqual([each["Priority"] for each in apis.list_routing_rules(DomainName=NAME)["RoutingRules"]], [7])
        self.assertEqual([(each["Name"], each["Tags"]) for each in apis.get_vpc_links()["Items"]], [("two", {"v": "two"})])
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual((apis.get_domain_names()["Items"], apis.get_vpc_links()["Items"]), ([], []))

    def test_what_only_websocket_apis_have_fails_the_stack(self):
        for kind, properties in (("Model", {"Name": "m", "Schema": {"type": "object"}}),
                                 ("RouteResponse", {"RouteId": {"Ref": "Route"}, "RouteResponseKey": "$default"}),
                                 ("IntegrationResponse", {"IntegrationId": {"Ref": "Back"}, "IntegrationResponseKey": "/200/"})):
            name = kind.lower()
            template = {"Resources": {
                "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "h", "ProtocolType": "HTTP"}},
                "Back": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
                    "ApiId": {"Ref": "Api"}, "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY",
                    "IntegrationUri": "https://example.com", "PayloadFormatVersion": "1.0"}},
                "Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"ApiId": {"Ref": "Api"}, "RouteKey": "$default"}},
                "Extra": {"Type": f"AWS::ApiGatewayV2::{kind}", "Properties": {"ApiId": {"Ref": "Api"}, **properties}}}}
            self.cfn.create_stack(StackName=name, TemplateBody=json.dumps(template))
            self.until("ROLLBACK_COMPLETE", name)
            reasons = [each.get("ResourceStatusReason", "") for each in self.cfn.describe_stack_events(StackName=name)["StackEvents"]]
            self.assertTrue(any("not supported on protocolType HTTP" in reason for reason in reasons), reasons)


class Lasting(Folder):
    def test_rules_and_links_last(self):
        server = self.start()
        api = rest_api(client_for(server.endpoint, service="apigateway"), "one")
        apis = client_for(server.endpoint, service="apigatewayv2")
        apis.create_domain_name(DomainName=NAME, DomainNameConfigurations=[CERTIFICATE], RoutingMode="ROUTING_RULE_ONLY")
        apis.create_routing_rule(DomainName=NAME, Priority=1, Conditions=[header("A", "b")], Actions=to(api))
        link = apis.create_vpc_link(Name="l", SubnetIds=["subnet-1"])["VpcLinkId"]
        server.kill()
        server = self.start()
        self.assertEqual(server.request("GET", "/", None, {"Host": NAME, "A": "b"}).status, 200)
        self.assertEqual(client_for(server.endpoint, service="apigatewayv2").get_vpc_link(VpcLinkId=link)["Name"], "l")


if __name__ == "__main__":
    unittest.main()
