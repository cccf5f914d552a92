"""Functions of container images: image folders on disk in our own sandbox, and an engine's containers."""

import base64
import json
import os
import shutil
import signal
import tempfile
import time
import unittest

from aviary_server import Server
from fake_engine import Engine
from function_code import ROLE, zipped
from image_layouts import Layout, layer, program
from sdk_clients import LambdaCase, client_for

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]


def base():
    return layer({"runtime": (program(), 0o755)}, folders=["app", "srv"])


def image_function(client, uri, name="order-processor", **more):
    return client.create_function(FunctionName=name, Role=ROLE, PackageType="Image", Code={"ImageUri": uri}, Timeout=20,
                                  Architectures=[ARCHITECTURE], **more)


class ImageFolders(LambdaCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="aviary-images-")
        cls.addClassCleanup(shutil.rmtree, cls.root, True)
        os.chmod(cls.root, 0o755)
        cls.OPTIONS = ("--image-root", cls.root, "--engine", "none")
        cls.layout = Layout(os.path.join(cls.root, "app"))
        cls.digests = {
            tag: cls.layout.image(tag, [base(), layer({"app/version": tag})], Entrypoint=["/runtime"],
                                  Cmd=["app.handler"], WorkingDir="/srv", Env=["OF_IMAGE=yes", "PATH=/", "OF_FUNCTION=no"])
            for tag in ("one", "two")}
        super().setUpClass()

    def make(self, tag="one", **more):
        return image_function(self.client, self.layout.uri(tag), **more)

    def said(self, name="order-processor", **more):
        answer, response = self.invoke(name, payload={}, **more)
        self.assertNotIn("FunctionError", response, answer)
        return answer

    def test_runs_as_the_image_says(self):
        created = self.make(Environment={"Variables": {"OF_FUNCTION": "yes"}})
        self.assertEqual((created["CodeSha256"], created["CodeSize"]), (self.digests["one"], 0))
        code = self.client.get_function(FunctionName="order-processor")["Code"]
        self.assertEqual(code, {"RepositoryType": "ECR", "ImageUri": self.layout.uri("one"),
                                "ResolvedImageUri": f"oci:{self.layout.folder}@sha256:{self.digests['one']}"})
        answer, response = self.invoke(payload={"n": 1}, LogType="Tail")
        self.assertEqual(
            {**answer, "uid": 0},
            {"version": "one", "folder": "/srv", "first": "/runtime", "last": "app.handler", "handler": "app.handler",
             "of_image": "yes", "of_function": "yes", "path": "/", "number": "$LATEST", "uid": 0, "root": 30, "tmp": 0,
             "null": 0, "usr": -1, "hosts": 0, "self": 0, "count": 1})
        self.assertEqual(answer["uid"], 993)
        log = base64.b64decode(response["LogResult"]).decode()
        self.assertIn('event {"n": 1}\n', log)
        self.assertNotIn("INIT_START", log)
        self.assertEqual(self.said()["count"], 2)

    def test_image_config_takes_the_place_of_the_images_own(self):
        self.make(ImageConfig={"EntryPoint": ["runtime", "-x"], "Command": ["other.handler"], "WorkingDirectory": "/app"})
        said = self.said()
        self.assertEqual((said["first"], said["last"], said["handler"], said["folder"]),
                         ("//runtime", "other.handler", "other.handler", "/app"))
        self.client.update_function_configuration(FunctionName="order-processor", ImageConfig={"WorkingDirectory": "/not"})
        answer, response = self.invoke(payload={})
        self.assertEqual(answer["errorType"], "Runtime.InvalidWorkingDir")
        self.assertIn("chdir /not: no such file or directory", answer["errorMessage"])
        self.client.update_function_configuration(FunctionName="order-processor", ImageConfig={"EntryPoint": ["/nothing"]})
        answer, response = self.invoke(payload={})
        self.assertEqual(answer["errorType"], "Runtime.InvalidEntrypoint")
        self.assertIn("fork/exec /nothing: no such file or directory", answer["errorMessage"])

    def test_versions_stay_what_they_were(self):
        digest = self.layout.image("moving", [base(), layer({"app/version": "old"})], Entrypoint=["/runtime"])
        self.make("moving")
        self.assertEqual(self.publish()["Version"], "1")
        self.client.create_alias(FunctionName="order-processor", Name="live", FunctionVersion="1")
        # The tag moves; the function does not, until it is told to.
        self.layout.image("moving", [base(), layer({"app/version": "new"})], Entrypoint=["/runtime"])
        self.assertEqual(self.publish()["Version"], "1", "nothing has changed")
        self.assertEqual(self.said()["version"], "old")
        changed = self.client.update_function_code(FunctionName="order-processor", ImageUri=self.layout.uri("moving"),
                                                   Publish=True)
        self.assertEqual(changed["Version"], "2")
        self.assertNotEqual(changed["CodeSha256"], digest)
        self.assertEqual(self.said()["version"], "new")
        self.assertEqual(self.said("order-processor:live")["version"], "old")
        self.client.update_alias(FunctionName="order-processor", Name="live", FunctionVersion="2")
        self.assertEqual((self.said("order-processor:live")["version"], self.said("order-processor:live")["number"]),
                         ("new", "2"))
        self.client.delete_function(FunctionName="order-processor")

    def test_refusals(self):
        refused = lambda uri, text: self.assertEqual(
            self.refused("InvalidParameterValueException", 400, image_function, self.client, uri)["Error"]["Message"]
            [:len(text)], text)
        for uri in (self.layout.uri("none"), "oci:/etc:one", f"oci:{self.root}/nothing", "oci:nothing"):
            refused(uri, f"Source image {uri} does not exist. Provide a valid source image.")
        broken = Layout(os.path.join(self.root, "broken"))
        broken.image("digest", [layer({"a": "1"})])
        broken.image("tar", [b"no layer at all, but some text that is long enough to be looked at"])
        blob = broken.blob(layer({"a": "1"}), "layer.v1.tar+gzip")
        broken.write("blobs/sha256/" + blob["digest"][7:], b"x" * blob["size"])
        for tag in ("digest", "tar"):
            refused(broken.uri(tag), f"Source image {broken.uri(tag)} is not valid. Provide a valid source image.")
        self.assertEqual(self.client.list_functions()["Functions"], [], "a refused request leaves no trace")
        other_uri = "oci:" + self.layout.folder
        refused(other_uri, f"Source image {other_uri} does not exist. Provide a valid source image.")  # several
        other = "arm64" if ARCHITECTURE == "x86_64" else "x86_64"
        self.assertIn("is not supported.", self.refused(
            "InvalidParameterValueException", 400, self.client.create_function, FunctionName="f", Role=ROLE,
            PackageType="Image", Code={"ImageUri": self.layout.uri("one")}, Architectures=[other])["Error"]["Message"])
        self.make()
        uri = self.layout.uri("none")
        self.refused("InvalidParameterValueException", 400, self.client.update_function_code,
                     FunctionName="order-processor", ImageUri=uri)
        for more in ({"Runtime": "python3.12"}, {"Handler": "x.y"}):
            self.refused("InvalidParameterValueException", 400, self.client.update_function_configuration,
                         FunctionName="order-processor", **more)
        self.assertEqual(self.said()["version"], "one", "a refused update changes nothing")

    def test_without_an_engine(self):
        image_function(self.client, "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1")
        message = self.refused("InvalidRuntimeException", 502, self.invoke)["Error"]["Message"]
        self.assertIn("There is no container engine here to run the image 123456789012.dkr.ecr", message)
        self.assertIn("oci:/path:tag", message)

    def test_time_out_and_exit(self):
        self.make()
        self.client.update_function_configuration(FunctionName="order-processor", Timeout=1)
        answer, response = self.invoke(payload="sleep")
        self.assertIn("Task timed out after 1.00 seconds", answer["errorMessage"])
        answer, response = self.invoke(payload="exit")
        self.assertIn("Runtime exited with error: exit status 7", answer["errorMessage"])
        self.assertEqual(self.said()["count"], 1)


class Restart(unittest.TestCase):
    def test_images_outlive_server_and_layout(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            layout = Layout(os.path.join(folder, "app"))
            layout.image("one", [base(), layer({"app/version": "one"})], Entrypoint=["/runtime"])
            options = ("--image-root", folder, "--engine", "none")
            data = os.path.join(folder, "data")
            server = Server(*options, data_dir=data).start()
            self.addCleanup(server.stop)
            client = client_for(server.endpoint)
            image_function(client, layout.uri("one"), Publish=True)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            shutil.rmtree(layout.folder)
            again = Server(*options, data_dir=data).start()
            self.addCleanup(again.stop)
            client = client_for(again.endpoint)
            answer = client.invoke(FunctionName="order-processor:1", Payload=b"{}")["Payload"].read()
            self.assertIn(b'"version":"one"', answer)
            self.assertTrue(os.listdir(os.path.join(data, "images", "blobs")))
            client.delete_function(FunctionName="order-processor")
            until = time.monotonic() + 10
            while os.listdir(os.path.join(data, "images", "blobs")) and time.monotonic() < until:
                time.sleep(0.05)
            self.assertEqual(os.listdir(os.path.join(data, "images", "blobs")), [])


class Engines(unittest.TestCase):
    """Against an engine of the test's own, whose containers are plain processes."""

    IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aviary-engine-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        os.chmod(self.folder, 0o755)
        self.program = os.path.join(self.folder, "runtime")
        with open(self.program, "wb") as file:
            file.write(program())
        os.chmod(self.program, 0o755)
        self.socket = os.path.join(self.folder, "engine.sock")
        self.engine = Engine(self.socket)
        self.addCleanup(self.engine.close)
        self.engine.images[self.IMAGE] = {"Entrypoint": [self.program], "Cmd": ["app.handler"]}

    def serve(self, *options):
        server = Server("--engine", self.socket, *options).start()
        self.addCleanup(server.stop)
        return server, client_for(server.endpoint)

    def invoke(self, client, payload=b"{}", **more):
        response = client.invoke(FunctionName="order-processor", Payload=payload, **more)
        return json.loads(response["Payload"].read()), response

    def until_empty(self):
        until = time.monotonic() + 10
        while self.engine.containers and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual(self.engine.containers, {})

    def test_lifecycle(self):
        server, client = self.serve()
        image_function(client, self.IMAGE, Environment={"Variables": {"OF_FUNCTION": "yes"}}, MemorySize=256,
                       ImageConfig={"Command": ["other.handler"], "WorkingDirectory": self.folder})
        said, _ = self.invoke(client)
        self.assertEqual((said["last"], said["handler"], said["of_function"], said["folder"], said["count"]),
                         ("other.handler", "other.handler", "yes", self.folder, 1))
        self.assertEqual(self.invoke(client)[0]["count"], 2, "one container, warm")
        request = next(body for method, path, body in self.engine.seen if path == "/containers/create")
        self.assertEqual((request["Image"], request["Entrypoint"], request["Cmd"], request["WorkingDir"]),
                         (self.IMAGE, [self.program], ["other.handler"], self.folder))
        host = request["HostConfig"]
        self.assertEqual((host["Memory"], host["NetworkMode"], host["ReadonlyRootfs"], host["CapDrop"]),
                         (256 << 20, "host", True, ["ALL"]))
        events = client_for(server.endpoint, service="logs")
        until = time.monotonic() + 10
        messages = []
        while not any("event {}" in text for text in messages) and time.monotonic() < until:
            messages = [e["message"] for e in events.filter_log_events(logGroupName="/aws/lambda/order-processor")["events"]]
        self.assertTrue(any("event {}" in text for text in messages), messages)
        answer, _ = self.invoke(client, b'"exit"')
        self.assertIn("exit status 7", answer["errorMessage"])
        client.update_function_configuration(FunctionName="order-processor", Timeout=1)
        answer, _ = self.invoke(client, b'"sleep"')
        self.assertIn("Task timed out after 1.00 seconds", answer["errorMessage"])
        self.assertEqual(self.invoke(client)[0]["count"], 1)
        self.engine.seen.clear()
        for order in ("pause", "unpause", "pause"):
            if order == "unpause":
                self.assertEqual(self.invoke(client)[0]["count"], 2, "goes on where it was")
            self.until_seen(order)
        self.engine.busy = 2
        client.delete_function(FunctionName="order-processor")
        self.until_empty()

    def until_seen(self, order):
        until = time.monotonic() + 10
        while not any(path.endswith("/" + order) for _, path, _ in self.engine.seen) and time.monotonic() < until:
            time.sleep(0.02)
        self.assertTrue(any(path.endswith("/" + order) for _, path, _ in self.engine.seen), order)
        self.engine.seen.clear()

    def test_what_an_engine_does_not_pause_runs_on(self):
        self.engine.pauses = False
        _, client = self.serve()
        image_function(client, self.IMAGE)
        self.assertEqual(self.invoke(client)[0]["count"], 1)
        self.until_seen("pause")
        self.assertEqual(self.invoke(client)[0]["count"], 2)

    def test_stop_removes_containers_and_so_does_the_next_start(self):
        server, client = self.serve()
        image_function(client, self.IMAGE)
        self.invoke(client)
        self.assertEqual(len(self.engine.containers), 1)
        server.stop()
        self.assertEqual(self.engine.containers, {})
        server, client = self.serve()
        image_function(client, self.IMAGE)
        self.invoke(client)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        self.assertEqual(len(self.engine.containers), 1)
        self.engine.create("another's", {"Labels": {"aviary.server": "another-machine/1/1"}, "Env": []})
        self.serve()
        until = time.monotonic() + 10
        while len(self.engine.containers) > 1 and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual([one.name for one in self.engine.containers.values()], ["another's"])
        self.engine.containers.clear()

    def test_refusals(self):
        server, client = self.serve()
        image_function(client, "nobody/has:it")
        with self.assertRaisesRegex(client.exceptions.InvalidRuntimeException, "docker pull nobody/has:it"):
            self.invoke(client)
        client.delete_function(FunctionName="order-processor")
        image_function(client, self.IMAGE, ImageConfig={"EntryPoint": ["/nothing"]})
        self.assertIn("fork/exec /nothing: no such file or directory", self.invoke(client)[0]["errorMessage"])
        self.engine.close()
        client.delete_function(FunctionName="order-processor")
        image_function(client, self.IMAGE)
        with self.assertRaisesRegex(client.exceptions.InvalidRuntimeException, "does not answer"):
            self.invoke(client)

    def test_pull_and_packages(self):
        self.engine.pulls = {"Entrypoint": [self.program]}
        server, client = self.serve("--engine-pull", "--engine-runtime", "python3.12", "--engine-runtime",
                                    "provided.al2023=mine:1")
        client.create_function(FunctionName="order-processor", Role=ROLE, Runtime="python3.12", Handler="index.handler",
                               Code={"ZipFile": zipped({"index.py": "x"})}, Architectures=[ARCHITECTURE])
        said, _ = self.invoke(client)
        self.assertEqual((said["last"], said["handler"]), ("index.handler", "index.handler"))
        request = next(body for method, path, body in self.engine.seen if path == "/containers/create")
        self.assertEqual(request["Image"], "public.ecr.aws/lambda/python:3.12")
        mount = request["HostConfig"]["Mounts"][0]
        self.assertEqual((mount["Target"], mount["ReadOnly"]), ("/var/task", True))
        self.assertTrue(os.path.exists(os.path.join(mount["Source"], "index.py")))
        self.assertNotIn("PATH", [pair.split("=")[0] for pair in request["Env"]], "the image's own")
        self.assertEqual(len(request["HostConfig"]["Mounts"]), 1)
        layers = [client.publish_layer_version(LayerName=name, Content={"ZipFile": zipped(
            {"both.txt": name, name + ".txt": name})})["LayerVersionArn"] for name in ("one", "two")]
        client.update_function_configuration(FunctionName="order-processor", Layers=layers)
        self.engine.seen.clear()
        self.invoke(client)
        request = next(body for method, path, body in self.engine.seen if path == "/containers/create")
        opt = next(mount["Source"] for mount in request["HostConfig"]["Mounts"] if mount["Target"] == "/opt")
        self.assertEqual(sorted(os.listdir(opt)), ["both.txt", "one.txt", "two.txt"])
        with open(os.path.join(opt, "both.txt")) as file:
            self.assertEqual(file.read(), "two")
        client.delete_function(FunctionName="order-processor")
        self.until_empty()
        until = time.monotonic() + 10
        while os.path.exists(opt) and time.monotonic() < until:
            time.sleep(0.02)
        self.assertFalse(os.path.exists(opt))


if __name__ == "__main__":
    unittest.main()
