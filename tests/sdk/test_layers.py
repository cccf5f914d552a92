"""Layers: publish, list, read, delete, permissions, and real functions that find them in /opt."""

import base64
import hashlib
import json
import shutil
import tempfile
import unittest
import urllib.request

from aviary_server import Server
from aws_cli import for_each
from function_code import NODE, PYTHON, ROLE, answering, node_zip, python_zip, zipped
from sdk_clients import LambdaCase, client_for

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

    @unittest.skipUnless(shutil.which("ruby"), "no ruby here")
    def test_ruby(self):
        """`ruby/lib`, and gems."""
        arn = self.publish_layer("ruby", zipped({
            "ruby/lib/greeting.rb": "GREETING = 'hello from a layer'\n",
            "ruby/gems/3.2.0/gems/words-1.0/lib/words.rb": "WORDS = 'and from a gem'\n",
            "ruby/gems/3.2.0/specifications/words-1.0.gemspec":
                "Gem::Specification.new { |s| s.name, s.version, s.summary, s.authors = 'words', '1.0', 'w', ['w'] }\n",
        }))["LayerVersionArn"]
        self.create(code=zipped({"index.rb": "require 'greeting'\nrequire 'words'\n"
                                             "def handler(event:, context:) = [GREETING, WORDS]\n"}),
                    Runtime="ruby3.2", Layers=[arn], Timeout=20)
        self.assertEqual(self.invoke()[0], ["hello from a layer", "and from a gem"])

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


class LayerCase(LambdaCase):
    def layer(self, name, files):
        """Publishes a version. Answers its ARN."""
        return self.client.publish_layer_version(
            LayerName=name, Content={"ZipFile": zipped(files)})["LayerVersionArn"]

    def said(self, name="order-processor", **more):
        said, response = self.invoke(name, {}, **more)
        self.assertNotIn("FunctionError", response, said)
        return said


class Limits(LayerCase):
    def test_lists_that_were_not_given(self):
        """Recorded: test_layer_s3_content, test_layer_exceptions."""
        package = {"ZipFile": zipped({"a": "b"})}
        neither = self.client.publish_layer_version(LayerName="l", Content=package)
        self.assertNotIn("CompatibleRuntimes", neither)
        self.assertNotIn("CompatibleArchitectures", neither)
        empty = self.client.publish_layer_version(LayerName="l", Content=package, CompatibleRuntimes=[],
                                                  CompatibleArchitectures=[])
        self.assertEqual((empty["CompatibleRuntimes"], empty["CompatibleArchitectures"]), ([], []))

    def test_an_archive_that_climbs_out_is_refused(self):
        self.refused("InvalidParameterValueException", 400, self.client.publish_layer_version, LayerName="bad",
                     Content={"ZipFile": zipped({"../../evil": "x"})},
                     message="Could not unzip uploaded file. Please check your file, then try to upload again.")
        self.assertEqual(self.client.list_layers()["Layers"], [])

    def test_all_together_have_250_megabytes(self):
        half = {"zeros": b"\0" * 131072000}
        layers = [self.layer(name, half) for name in ("one", "two")]
        self.refused("InvalidParameterValueException", 400, self.create, Layers=layers,
                     message="Unzipped size must be smaller than 262144000 bytes")
        self.create(Layers=layers[:1])

    def test_other_accounts_need_a_permission(self):
        arn = self.layer("shared", {"python/shared.py": "NAME = 'theirs'\n"})
        importing = python_zip("import shared\n\ndef handler(event, context):\n    return shared.NAME\n")
        other = client_for(self.server.endpoint, account="111122223333")
        text = ("User: arn:aws:iam::111122223333:root is not authorized to perform: lambda:GetLayerVersion on "
                f"resource: {arn} because no resource-based policy allows the lambda:GetLayerVersion action")

        def create_theirs():
            return self.create(code=importing, client=other, Layers=[arn])

        self.refused("AccessDeniedException", 403, create_theirs, message=text)
        self.refused("AccessDeniedException", 403, other.get_layer_version_by_arn, Arn=arn, message=text)
        granted = self.client.add_layer_version_permission(
            LayerName="shared", VersionNumber=1, StatementId="them", Action="lambda:GetLayerVersion",
            Principal="111122223333")
        self.assertEqual(json.loads(granted["Statement"])["Principal"], {"AWS": "arn:aws:iam::111122223333:root"})
        create_theirs()
        self.assertEqual(json.loads(other.invoke(FunctionName="order-processor")["Payload"].read()), "theirs")
        self.client.remove_layer_version_permission(LayerName="shared", VersionNumber=1, StatementId="them",
                                                    RevisionId=granted["RevisionId"])
        self.refused("AccessDeniedException", 403, other.update_function_configuration,
                     FunctionName="order-processor", Layers=[arn], message=text)

    @for_each
    def test_cli(self, cli):
        package = cli.write("layer.zip", zipped({"python/shared.py": "NAME = 'by the CLI'\n"}))
        arn = cli.ok("lambda", "publish-layer-version", "--layer-name", "shared", "--zip-file", package,
                     "--compatible-runtimes", "python3.11", "python3.12")["LayerVersionArn"]
        self.assertEqual(arn, LAYER + "shared:1")
        self.assertEqual(cli.ok("lambda", "get-layer-version-by-arn", "--arn", arn)["Version"], 1)
        handler = cli.write("function.zip", python_zip(
            "import shared\n\ndef handler(event, context):\n    return shared.NAME\n"))
        cli.ok("lambda", "create-function", "--function-name", "fn", "--runtime", "python3.11", "--role", ROLE,
               "--handler", "index.handler", "--zip-file", handler, "--layers", arn)
        cli.ok("lambda", "invoke", "--function-name", "fn", "out.json")
        self.assertEqual(json.loads(cli.read("out.json")), "by the CLI")
        cli.ok("lambda", "add-layer-version-permission", "--layer-name", "shared", "--version-number", "1",
               "--statement-id", "all", "--action", "lambda:GetLayerVersion", "--principal", "*")
        policy = cli.ok("lambda", "get-layer-version-policy", "--layer-name", "shared", "--version-number", "1")
        self.assertEqual(json.loads(policy["Policy"])["Statement"][0]["Principal"], "*")
        cli.ok("lambda", "remove-layer-version-permission", "--layer-name", "shared", "--version-number", "1",
               "--statement-id", "all")
        self.assertEqual([each["LayerName"] for each in cli.ok("lambda", "list-layers")["Layers"]], ["shared"])
        cli.ok("lambda", "delete-layer-version", "--layer-name", "shared", "--version-number", "1")
        self.assertEqual(cli.ok("lambda", "list-layer-versions", "--layer-name", "shared")["LayerVersions"], [])


class Opt(LayerCase):
    """What a function sees in /opt."""

    def setUp(self):
        super().setUp()
        if not self.sandboxed():
            self.skipTest("no sandbox here: functions are plain processes")

    def test_all_of_them_merged(self):
        one = self.layer("one", {"python/one.py": "NAME = 'one'\n", "python/both.py": "NAME = 'first'\n",
                                 "settings.json": "{}"})
        two = self.layer("two", {"python/lib/python3.11/site-packages/two.py": "NAME = 'two'\n",
                                 "python/both.py": "NAME = 'second'\n", "only_two/a.txt": "a"})
        self.create(Layers=[one, two], code=python_zip(
            "import os\nimport one, two, both\n\n"
            "def handler(event, context):\n"
            "    try:\n"
            "        open('/opt/new', 'w')\n"
            "        writable = True\n"
            "    except OSError:\n"
            "        writable = False\n"
            "    return [one.NAME, two.NAME, both.NAME, both.__file__, sorted(os.listdir('/opt')), writable]\n"))
        self.assertEqual(self.said(), ["one", "two", "second", "/opt/python/both.py",
                                       ["only_two", "python", "settings.json"], False])

    def test_five(self):
        layers = [self.layer(f"l{number}", {f"python/m{number}.py": f"N = {number}\n", "which": str(number)})
                  for number in range(5)]
        self.create(Layers=layers, code=python_zip(
            "import m0, m1, m2, m3, m4\n\ndef handler(event, context):\n"
            "    return [m.N for m in (m0, m1, m2, m3, m4)] + [open('/opt/which').read()]\n"))
        self.assertEqual(self.said(), [0, 1, 2, 3, 4, "4"])

    def test_the_same_package_twice(self):
        """Two layers with the same bytes are one package in the store; the last one still wins."""
        same = {"python/both.py": "NAME = 'same'\n"}
        layers = [self.layer("a", same), self.layer("b", {"python/both.py": "NAME = 'other'\n"}),
                  self.layer("c", same)]
        reader = python_zip("import both\n\ndef handler(event, context):\n    return both.NAME\n")
        self.create(Layers=layers, code=reader)
        self.assertEqual(self.said(), "same")
        self.create("twice", Layers=[layers[0], layers[2]], code=reader)
        self.assertEqual(self.said("twice"), "same")

    def test_the_functions_own_code_wins(self):
        self.create(Layers=[self.layer("layer", {"python/both.py": "NAME = 'layer'\n"})], code=zipped({
            "index.py": "import both\n\ndef handler(event, context):\n    return both.NAME\n",
            "both.py": "NAME = 'function'\n"}))
        self.assertEqual(self.said(), "function")

    def test_es_modules(self):
        layer = self.layer("layer", {
            "nodejs/node_modules/shared/index.js": "exports.name = 'CommonJS';\n",
            "nodejs/node_modules/modern/package.json":
                '{"name": "modern", "type": "module", "exports": "./index.js"}',
            "nodejs/node_modules/modern/index.js": "export const name = 'an ES module';\n"})
        self.create(Layers=[layer], Runtime=NODE, code=zipped({
            "index.mjs": "import { name } from 'modern';\nimport shared from 'shared';\n"
                         "export const handler = async () => [name, shared.name];\n"}))
        self.assertEqual(self.said(), ["an ES module", "CommonJS"])

    def test_programs_and_bootstrap(self):
        tools = self.layer("tools", {"bin/greet": ("#!/bin/sh\necho hello from $0\n", 0o755)})
        self.create(Layers=[tools], code=python_zip(
            "import subprocess\n\ndef handler(event, context):\n"
            "    return subprocess.run(['greet'], capture_output=True, text=True).stdout.strip()\n"))
        self.assertEqual(self.said(), "hello from /opt/bin/greet")
        runtime = self.layer("runtime", {"bootstrap": ("""#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  headers=$(mktemp)
  curl -sS -D "$headers" -o /dev/null "$api/invocation/next"
  id=$(grep -i '^Lambda-Runtime-Aws-Request-Id:' "$headers" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -o /dev/null -X POST --data-binary @"$LAMBDA_TASK_ROOT/answer.json" "$api/invocation/$id/response"
done
""", 0o755)})
        self.create("custom", Layers=[runtime], Runtime="provided.al2023", Handler="any",
                    code=zipped({"answer.json": '"by the bootstrap of a layer"'}))
        self.assertEqual(self.said("custom"), "by the bootstrap of a layer")

    def test_an_alias_splits_configurations(self):
        """One code, two configurations; deleting the layers changes neither."""
        reader = python_zip("import json\n\ndef handler(event, context):\n"
                            "    with open('/opt/config.json') as file:\n        return json.load(file)\n")
        self.create(code=reader, Layers=[self.layer("config", {"config.json": '"old"'})], Publish=True)
        self.client.update_function_configuration(FunctionName="order-processor",
                                                  Layers=[self.layer("config", {"config.json": '"new"'})])
        self.assertEqual(self.publish()["Version"], "2", "the layers are part of a version")
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
        for number in (1, 2):
            self.client.delete_layer_version(LayerName="config", VersionNumber=number)
        for _ in range(20):
            said, response = self.invoke("order-processor:prod")
            self.assertEqual(said, {"1": "old", "2": "new"}[response["ExecutedVersion"]])


class Restart(unittest.TestCase):
    def test_a_deleted_layer_stays_with_the_version_that_uses_it(self):
        folder = tempfile.mkdtemp(prefix="aviary-data-")
        self.addCleanup(shutil.rmtree, folder, True)
        server = Server(data_dir=folder).start()
        self.addCleanup(server.stop)
        client = client_for(server.endpoint)
        arn = client.publish_layer_version(LayerName="config", Content={
            "ZipFile": zipped({"python/config.py": "NAME = 'kept'\n"})})["LayerVersionArn"]
        client.publish_layer_version(LayerName="config", Content={"ZipFile": zipped({"python/config.py": "2"})})
        client.create_function(
            FunctionName="fn", Role=ROLE, Runtime=PYTHON, Handler="index.handler", Publish=True, Layers=[arn],
            Code={"ZipFile": python_zip("import config\n\ndef handler(event, context):\n    return config.NAME\n")})
        client.delete_layer_version(LayerName="config", VersionNumber=1)
        client.update_function_configuration(FunctionName="fn", Layers=[])
        for _ in range(2):
            server.kill()
            client = client_for(server.start().endpoint)
            listed = client.list_layer_versions(LayerName="config")["LayerVersions"]
            self.assertEqual([each["Version"] for each in listed], [2])
            response = client.invoke(FunctionName="fn", Qualifier="1")
            said = response["Payload"].read()
            self.assertNotIn("FunctionError", response, said)
            self.assertEqual(json.loads(said), "kept")
        published = client.publish_layer_version(LayerName="config", Content={"ZipFile": zipped({"a": "3"})})
        self.assertEqual(published["Version"], 3)


if __name__ == "__main__":
    unittest.main(verbosity=1)
