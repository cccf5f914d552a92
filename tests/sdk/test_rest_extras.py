"""REST APIs' client certificates, documentation and VPC links: by calls, by stacks, over a restart, and over TLS."""

import http.server
import json
import os
import ssl
import threading
import unittest

from sdk_clients import client_for
from test_cloudformation import StackCase
from test_durability import Folder
from test_rest_apis import RestCase

IDENTITY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "localhost.pem")
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/0123456789abcdef"
MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


class Asking(http.server.BaseHTTPRequestHandler):
    """Says whose certificate it was shown."""

    def do_GET(self):
        subject = dict(part for parts in self.connection.getpeercert()["subject"] for part in parts)
        body = json.dumps(subject).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Certificates(RestCase):
    OPTIONS = ("--ca-bundle", IDENTITY)

    def serve_for(self, certificate):
        """The address of a server that wants to be shown that certificate."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asking)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(IDENTITY)
        context.load_verify_locations(cadata=certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"https://localhost:{server.server_port}/"

    def test_a_certificate_is_shown_to_the_server_behind_a_stage(self):
        made = self.apis.generate_client_certificate(description="mine", tags={"a": "b"})
        self.assertEqual((made["expirationDate"] - made["createdDate"]).days, 365)
        self.assertTrue(made["pemEncodedCertificate"].startswith("-----BEGIN CERTIFICATE-----"))
        self.assertNotIn("_key", made)
        uri = self.serve_for(made["pemEncodedCertificate"])
        api, _ = self.api_with("x", integration={"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": uri})
        self.assertEqual(self.send(api, path="/prod/x").status, 504)
        patch = [{"op": "replace", "path": "/clientCertificateId", "value": made["clientCertificateId"]}]
        self.apis.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
        answer = self.send(api, path="/prod/x")
        self.assertEqual((answer.status, answer.json()), (200, {"commonName": "ApiGateway"}), answer)
        self.refused("BadRequestException", 400, self.apis.delete_client_certificate,
                     clientCertificateId=made["clientCertificateId"])

    def test_they_are_read_back_changed_and_gone(self):
        one, two = (self.apis.generate_client_certificate()["clientCertificateId"] for _ in range(2))
        self.apis.update_client_certificate(clientCertificateId=one, patchOperations=[
            {"op": "replace", "path": "/description", "value": "first"}])
        self.assertEqual(self.apis.get_client_certificate(clientCertificateId=one)["description"], "first")
        pages = self.apis.get_paginator("get_client_certificates").paginate(PaginationConfig={"PageSize": 1})
        self.assertEqual({each["clientCertificateId"] for page in pages for each in page["items"]}, {one, two})
        arn = f"arn:aws:apigateway:us-east-1::/clientcertificates/{one}"
        self.apis.tag_resource(resourceArn=arn, tags={"a": "b"})
        self.assertEqual(self.apis.get_tags(resourceArn=arn)["tags"], {"a": "b"})
        self.apis.delete_client_certificate(clientCertificateId=one)
        self.refused("NotFoundException", 404, self.apis.get_client_certificate, clientCertificateId=one)
        self.refused("BadRequestException", 400, self.apis.update_client_certificate, clientCertificateId=two,
                     patchOperations=[{"op": "replace", "path": "/pemEncodedCertificate", "value": "x"}])
        api, _ = self.api_with("x", integration=MOCK)
        self.refused("NotFoundException", 404, self.apis.update_stage, restApiId=api, stageName="prod",
                     patchOperations=[{"op": "replace", "path": "/clientCertificateId", "value": one}])


class Documentation(RestCase):
    def test_parts_and_their_versions(self):
        api, _ = self.api_with("x", integration=MOCK)
        part = self.apis.create_documentation_part(restApiId=api, location={"type": "METHOD", "path": "/x", "method": "GET"},
                                                   properties='{"description": "gets x"}')
        self.apis.create_documentation_part(restApiId=api, location={"type": "API"}, properties='{"info": {}}')
        self.refused("ConflictException", 409, self.apis.create_documentation_part, restApiId=api, location={"type": "API"},
                     properties="{}")
        for location, properties in (({"type": "METHOD"}, ""), ({"type": "METHOD"}, "no"), ({"type": "MODEL"}, "{}"),
                                     ({"type": "API", "path": "/x"}, "{}"), ({"type": "RESPONSE", "statusCode": "ok"}, "{}")):
            with self.subTest(location):
                self.refused("BadRequestException", 400, self.apis.create_documentation_part, restApiId=api, location=location,
                             properties=properties)
        where = {"restApiId": api, "documentationPartId": part["id"]}
        changed = self.apis.update_documentation_part(**where, patchOperations=[
            {"op": "replace", "path": "/properties", "value": '{"description": "better"}'}])
        self.assertEqual((changed["properties"], self.apis.get_documentation_part(**where)["location"]["method"]),
                         ('{"description": "better"}', "GET"))
        self.assertEqual(len(self.apis.get_documentation_parts(restApiId=api)["items"]), 2)
        self.assertEqual([each["id"] for each in self.apis.get_documentation_parts(restApiId=api, type="METHOD", path="/x")["items"]],
                         [part["id"]])

        self.apis.create_documentation_version(restApiId=api, documentationVersion="v1", stageName="prod", description="first")
        self.assertEqual(self.apis.get_stage(restApiId=api, stageName="prod")["documentationVersion"], "v1")
        self.apis.update_documentation_version(restApiId=api, documentationVersion="v1", patchOperations=[
            {"op": "replace", "path": "/description", "value": "the first"}])
        self.assertEqual([(each["version"], each["description"]) for each in self.apis.get_documentation_versions(restApiId=api)["items"]],
                         [("v1", "the first")])
        again = {"restApiId": api, "documentationVersion": "v1"}
        self.refused("ConflictException", 409, self.apis.create_documentation_version, **again)
        self.refused("ConflictException", 409, self.apis.delete_documentation_version, **again)
        self.apis.update_stage(restApiId=api, stageName="prod", patchOperations=[{"op": "remove", "path": "/documentationVersion"}])
        self.apis.delete_documentation_version(**again)
        self.apis.delete_documentation_part(**where)
        self.refused("NotFoundException", 404, self.apis.get_documentation_part, **where)
        self.refused("NotFoundException", 404, self.apis.get_documentation_version, **again)


    def test_documents_bring_parts(self):
        def document(*parts):
            return json.dumps({"openapi": "3.0.1", "info": {"title": "a"}, "paths": {},
                               "x-amazon-apigateway-documentation": {"documentationParts": parts}})

        def of_method(**properties):
            return {"location": {"type": "METHOD", "path": "/x", "method": "GET"}, "properties": properties}

        api = self.apis.import_rest_api(body=document(of_method(a="1", b="2")))["id"]

        def properties():
            return [json.loads(each["properties"]) for each in self.apis.get_documentation_parts(restApiId=api)["items"]]

        self.assertEqual(properties(), [{"a": "1", "b": "2"}])
        made = self.apis.import_documentation_parts(restApiId=api, mode="merge", body=document(of_method(b="3", c="4")))
        self.assertEqual((len(made["ids"]), properties()), (1, [{"a": "1", "b": "3", "c": "4"}]))
        self.apis.import_documentation_parts(restApiId=api, mode="overwrite", body=document(of_method(d="5")))
        self.assertEqual(properties(), [{"d": "5"}])
        self.refused("BadRequestException", 400, self.apis.import_documentation_parts, restApiId=api, mode="merge",
                     body=document({"location": {"type": "MODEL"}, "properties": {}}))


class Links(RestCase):
    def test_a_link_is_kept_and_leads_nowhere(self):
        self.refused("BadRequestException", 400, self.apis.create_vpc_link, name="x", targetArns=["arn:x"])
        made = self.apis.create_vpc_link(name="shop", targetArns=[BALANCER], tags={"a": "b"})
        link = made["id"]
        self.assertEqual((made["status"], self.apis.get_vpc_link(vpcLinkId=link)["status"]), ("PENDING", "AVAILABLE"))
        self.apis.update_vpc_link(vpcLinkId=link, patchOperations=[{"op": "replace", "path": "/description", "value": "to the shop"}])
        self.assertEqual([each["description"] for each in self.apis.get_vpc_links()["items"]], ["to the shop"])
        integration = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://shop.internal/", "connectionType": "VPC_LINK"}
        with self.assertRaises(self.apis.exceptions.NotFoundException):
            self.api_with("x", integration={**integration, "connectionId": "nothing"})
        said = {"type": "http_proxy", "httpMethod": "GET", "uri": "http://shop.internal/", "connectionType": "VPC_LINK", "connectionId": "no"}
        self.refused("NotFoundException", 404, self.apis.import_rest_api, body=json.dumps(
            {"openapi": "3.0.1", "info": {"title": "a"}, "paths": {"/x": {"get": {"x-amazon-apigateway-integration": said}}}}))
        api, _ = self.api_with("x", integration={**integration, "connectionId": link})
        answer = self.send(api, path="/prod/x")
        self.assertEqual((answer.status, answer.json()), (504, {"message": "There are no VPCs here for a VPC link to lead into"}))
        self.refused("BadRequestException", 400, self.apis.delete_vpc_link, vpcLinkId=link)
        self.apis.delete_rest_api(restApiId=api)
        self.apis.delete_vpc_link(vpcLinkId=link)
        self.refused("NotFoundException", 404, self.apis.get_vpc_link, vpcLinkId=link)


class Stacks(StackCase):
    def template(self, text, tags):
        return json.dumps({"Resources": {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "shop"}},
            "Get": {"Type": "AWS::ApiGateway::Method", "Properties": {
                "RestApiId": {"Ref": "Api"}, "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "HttpMethod": "GET",
                "AuthorizationType": "NONE", "Integration": {"Type": "MOCK"}}},
            "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": "Get", "Properties": {"RestApiId": {"Ref": "Api"}}},
            "Part": {"Type": "AWS::ApiGateway::DocumentationPart", "Properties": {
                "RestApiId": {"Ref": "Api"}, "Location": {"Type": "API"}, "Properties": json.dumps({"description": text})}},
            "Version": {"Type": "AWS::ApiGateway::DocumentationVersion", "DependsOn": "Part", "Properties": {
                "RestApiId": {"Ref": "Api"}, "DocumentationVersion": "v1", "Description": text}},
            "Certificate": {"Type": "AWS::ApiGateway::ClientCertificate", "Properties": {"Description": text, "Tags": tags}},
            "Link": {"Type": "AWS::ApiGateway::VpcLink", "Properties": {"Name": "l", "Description": text, "TargetArns": [BALANCER], "Tags": tags}},
            "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {
                "RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "prod",
                "ClientCertificateId": {"Ref": "Certificate"}, "DocumentationVersion": {"Ref": "Version"}}}}})

    def test_all_of_them_in_a_stack(self):
        apis = client_for(self.server.endpoint, service="apigateway")
        self.create(self.template("one", [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]))
        api = apis.get_rest_apis()["items"][0]["id"]
        certificate = apis.get_client_certificates()["items"][0]
        stage = apis.get_stage(restApiId=api, stageName="prod")
        self.assertEqual((stage["clientCertificateId"], stage["documentationVersion"]), (certificate["clientCertificateId"], "v1"))
        self.assertEqual((certificate["description"], certificate["tags"]), ("one", {"a": "1", "b": "2"}))
        self.cfn.update_stack(StackName="app", TemplateBody=self.template("two", [{"Key": "a", "Value": "3"}]))
        self.wait("stack_update_complete")
        link, part = apis.get_vpc_links()["items"][0], apis.get_documentation_parts(restApiId=api)["items"][0]
        self.assertEqual((link["description"], link["tags"], json.loads(part["properties"])), ("two", {"a": "3"}, {"description": "two"}))
        self.assertEqual(apis.get_documentation_version(restApiId=api, documentationVersion="v1")["description"], "two")
        after = apis.get_client_certificates()["items"]
        self.assertEqual([(each["clientCertificateId"], each["tags"]) for each in after], [(certificate["clientCertificateId"], {"a": "3"})])
        self.cfn.delete_stack(StackName="app")
        self.wait("stack_delete_complete")
        self.assertEqual((apis.get_rest_apis()["items"], apis.get_client_certificates()["items"], apis.get_vpc_links()["items"]), ([], [], []))


class Lasting(Folder):
    def test_they_last(self):
        server = self.start()
        apis = client_for(server.endpoint, service="apigateway")
        certificate = apis.generate_client_certificate()
        link = apis.create_vpc_link(name="l", targetArns=[BALANCER])["id"]
        api = apis.create_rest_api(name="a")["id"]
        part = apis.create_documentation_part(restApiId=api, location={"type": "API"}, properties="{}")["id"]
        server.kill()
        apis = client_for(self.start().endpoint, service="apigateway")
        kept = apis.get_client_certificate(clientCertificateId=certificate["clientCertificateId"])
        self.assertEqual(kept["pemEncodedCertificate"], certificate["pemEncodedCertificate"])
        self.assertEqual(apis.get_vpc_link(vpcLinkId=link)["name"], "l")
        self.assertEqual(apis.get_documentation_parts(restApiId=api)["items"][0]["id"], part)


if __name__ == "__main__":
    unittest.main()
