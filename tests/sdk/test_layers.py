"""Layers through boto3: publish, list, read, delete, permissions, and functions that use them."""

import base64
import hashlib
import json
import unittest
import urllib.request

from function_code import NODE, PYTHON, answering, node_zip, python_zip, zipped
from sdk_clients import LambdaCase

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:"
GREETING = zipped({"python/greeting.py": "WORD = 'hello from a layer'\n", "data.txt": "first"})
USES_IT = python_zip("import greeting\n\ndef handler(event, context):\n"
                     "    return [greeting.WORD, open('/opt/data.txt').read()]\n")


class Layers(LambdaCase):
    def publish_layer(self, name="greeting", content=GREETING, **more):
        return self.client.publish_layer_version(LayerName=name, Content={"ZipFile": content}, **more)

    def test_publish(self):
        layer = self.publish_layer(Description="Greets", CompatibleRuntimes=[PYTHON], LicenseInfo="MIT")
        self.assertEqual(self.status(layer), 201)
        self.assertEqual((layer["LayerArn"], layer["LayerVersionArn"], layer["Version"], layer["Description"]),
                         (LAYER + "greeting", LAYER + "greeting:1", 1, "Greets"))
        self.assertEqual((layer["CompatibleRuntimes"], layer["LicenseInfo"]), ([PYTHON], "MIT"))
        content = layer["Content"]
        self.assertEqual((content["CodeSize"], content["CodeSha256"]),
                         (len(GREETING), base64.b64encode(hashlib.sha256(GREETING).digest()).decode()))
        with urllib.request.urlopen(content["Location"], timeout=20) as download:
            self.assertEqual(download.read(), GREETING)
        self.assertEqual(self.publish_layer()["Version"], 2, "the same content is a new version all the same")

    def test_read_and_list(self):
        for number in range(3):
            self.publish_layer(content=zipped({"n": str(number)}), CompatibleRuntimes=[PYTHON if number < 2 else NODE])
        self.publish_layer("other")
        found = self.client.get_layer_version(LayerName="greeting", VersionNumber=2)
        self.assertEqual(found["LayerVersionArn"], LAYER + "greeting:2")
        by_arn = self.client.get_layer_version_by_arn(Arn=LAYER + "greeting:2")
        self.assertEqual(by_arn["Content"]["CodeSha256"], found["Content"]["CodeSha256"])
        versions = self.client.list_layer_versions(LayerName="greeting")["LayerVersions"]
        self.assertEqual([each["Version"] for each in versions], [3, 2, 1])
        pages = self.client.get_paginator("list_layer_versions").paginate(
            LayerName="greeting", PaginationConfig={"PageSize": 2})
        self.assertEqual([each["Version"] for page in pages for each in page["LayerVersions"]], [3, 2, 1])
        self.assertEqual([each["Version"] for each in self.client.list_layer_versions(
            LayerName="greeting", CompatibleRuntime=PYTHON)["LayerVersions"]], [2, 1])
        layers = {each["LayerName"]: each["LatestMatchingVersion"]["Version"]
                  for each in self.client.list_layers()["Layers"]}
        self.assertEqual(layers, {"greeting": 3, "other": 1})
        self.assertEqual(self.client.list_layer_versions(LayerName="unknown")["LayerVersions"], [])

    def test_delete(self):
        self.publish_layer()
        for _ in range(2):
            self.assertEqual(self.status(self.client.delete_layer_version(LayerName="greeting", VersionNumber=1)), 204)
        self.refused("ResourceNotFoundException", 404, self.client.get_layer_version, LayerName="greeting",
                     VersionNumber=1)
        self.assertEqual(self.publish_layer()["Version"], 2, "a number is never used again")

    def test_a_function_uses_it(self):
        arn = self.publish_layer()["LayerVersionArn"]
        created = self.create(code=USES_IT, Layers=[arn])
        self.assertEqual([each["Arn"] for each in created["Layers"]], [arn])
        self.assertEqual(self.invoke()[0], ["hello from a layer", "first"])

    def test_later_layers_win(self):
        first = self.publish_layer()["LayerVersionArn"]
        second = self.publish_layer("second", zipped({"data.txt": "second"}))["LayerVersionArn"]
        self.create(code=USES_IT, Layers=[first, second])
        self.assertEqual(self.invoke()[0], ["hello from a layer", "second"])
        self.client.update_function_configuration(FunctionName="order-processor", Layers=[second, first])
        self.assertEqual(self.invoke()[0], ["hello from a layer", "first"])

    def test_node(self):
        arn = self.publish_layer("node", zipped({
            "nodejs/node_modules/greeting/index.js": "module.exports = 'hello from a layer';\n"}))["LayerVersionArn"]
        self.create(code=node_zip("const word = require('greeting');\nexports.handler = async () => word;\n"),
                    Runtime=NODE, Layers=[arn])
        self.assertEqual(self.invoke()[0], "hello from a layer")

    def test_a_version_keeps_its_layer(self):
        """Also when the layer is deleted."""
        arn = self.publish_layer()["LayerVersionArn"]
        self.create(code=USES_IT, Layers=[arn], Publish=True)
        self.client.update_function_configuration(FunctionName="order-processor", Layers=[])
        self.client.delete_layer_version(LayerName="greeting", VersionNumber=1)
        self.assertEqual(self.invoke(Qualifier="1")[0][0], "hello from a layer")
        self.update_code(answering("without"))
        self.assertEqual(self.invoke()[0], "without")
        self.assertEqual(self.invoke(Qualifier="1")[0][0], "hello from a layer")

    def test_permissions(self):
        self.publish_layer()
        where = {"LayerName": "greeting", "VersionNumber": 1}
        added = self.client.add_layer_version_permission(
            StatementId="all", Action="lambda:GetLayerVersion", Principal="*", **where)
        self.assertEqual(self.status(added), 201)
        policy = json.loads(self.client.get_layer_version_policy(**where)["Policy"])
        self.assertEqual([(each["Sid"], each["Principal"], each["Resource"]) for each in policy["Statement"]],
                         [("all", "*", LAYER + "greeting:1")])
        removed = self.client.remove_layer_version_permission(StatementId="all", **where)
        self.assertEqual(self.status(removed), 204)
        self.refused("ResourceNotFoundException", 404, self.client.get_layer_version_policy, **where)


if __name__ == "__main__":
    unittest.main(verbosity=1)
