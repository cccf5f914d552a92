"""Functions that run from a folder as it lies there (`S3Bucket=hot-reload,S3Key=/abs/path`, LocalStack's convention)."""

import os
import shutil
import tempfile
import time
import unittest

from aviary_server import Server
from function_code import NODE, PYTHON, ROLE
from sdk_clients import LambdaCase, client_for

HANDLER = "import os\n\ndef handler(event, context):\n    return [{!r}, os.path.exists('/tmp/seen')]\n"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(os.path.dirname(path), 0o755)
    os.chmod(path, 0o644)


class HotReload(LambdaCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="aviary-hot-")
        cls.addClassCleanup(shutil.rmtree, cls.root, True)
        os.chmod(cls.root, 0o755)
        cls.OPTIONS = ("--hot-reload-root", cls.root)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.root, "fun")
        shutil.rmtree(self.folder, True)
        self.say("one")

    def say(self, text):
        write(os.path.join(self.folder, "index.py"), HANDLER.format(text))

    def code(self, folder=None):
        return {"S3Bucket": "hot-reload", "S3Key": folder or self.folder}

    def make(self, **more):
        request = {"FunctionName": "order-processor", "Role": ROLE, "Code": self.code(), "Runtime": PYTHON,
                   "Handler": "index.handler", "Timeout": 30, **more}
        return self.client.create_function(**request)

    def said(self, name="order-processor"):
        answer, response = self.invoke(name)
        self.assertNotIn("FunctionError", response, answer)
        return answer[0]

    def test_each_change_is_met_by_the_next_invoke(self):
        self.make()
        for text in ("one", "two", "six", "ten"):  # of one length: neither size nor luck tells
            self.say(text)
            self.assertEqual(self.said(), text)

    def test_what_does_not_change_stays_warm(self):
        write(os.path.join(self.folder, "index.py"),
              "count = 0\n\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n")
        time.sleep(0.1)  # a change within a tick of the clock is not trusted
        self.make()
        for count in (1, 2, 3):
            self.assertEqual(self.invoke()[0], count)
            self.all_back()

    def test_new_and_renamed_and_deep_files(self):
        write(os.path.join(self.folder, "index.py"),
              "import deep.down.words\n\ndef handler(event, context):\n    return [deep.down.words.TEXT]\n")
        words = os.path.join(self.folder, "deep", "down", "words.py")
        write(words, "TEXT = 'first'\n")
        self.make()
        self.assertEqual(self.said(), "first")
        write(words + ".new", "TEXT = 'other'\n")
        os.rename(words + ".new", words)
        self.assertEqual(self.said(), "other")
        # As build tools do it: everything gone, everything new.
        shutil.rmtree(self.folder)
        self.say("rebuilt")
        self.assertEqual(self.said(), "rebuilt")

    def test_node_modules_and_source_maps(self):
        write(os.path.join(self.folder, "node_modules", "left-pad", "index.js"), "module.exports = () => 'padded';\n")
        write(os.path.join(self.folder, "index.js"),
              "const pad = require('left-pad');\nexports.handler = async (event) => {\n"
              "  if (event.fail) throw new Error('mapped');\n  return [pad()];\n};\n"
              "//# sourceMappingURL=index.js.map\n")
        # Every line of index.js came from line 40 of orders.ts.
        write(os.path.join(self.folder, "index.js.map"),
              '{"version":3,"sources":["orders.ts"],"names":[],"mappings":"AAuCA;AAAA;AAAA;AAAA;AAAA"}')
        self.make(Runtime=NODE, Environment={"Variables": {"NODE_OPTIONS": "--enable-source-maps"}})
        self.assertEqual(self.said(), "padded")
        write(os.path.join(self.folder, "node_modules", "left-pad", "index.js"), "module.exports = () => 'patched';\n")
        self.assertEqual(self.said(), "patched")
        answer, _ = self.invoke(payload={"fail": True})
        self.assertIn("orders.ts:40", "\n".join(answer["trace"]), answer)

    def test_it_is_read_only(self):
        write(os.path.join(self.folder, "index.py"),
              "def handler(event, context):\n    open('/var/task/mine', 'w')\n")
        self.make()
        if not self.sandboxed():
            self.skipTest("plain processes here")
        answer, response = self.invoke()
        self.assertEqual(response["FunctionError"], "Unhandled")
        self.assertIn(answer["errorType"], ("OSError", "PermissionError"))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "mine")))

    def test_what_get_function_says(self):
        self.make()
        answer = self.client.get_function(FunctionName="order-processor")
        self.assertEqual(answer["Code"], {"RepositoryType": "S3", "Location": f"file://{self.folder}"})
        self.assertEqual(answer["Configuration"]["CodeSize"], 0)
        self.assertEqual(answer["Configuration"]["CodeSha256"], "hot-reloading-hash-not-available")

    def test_a_version_never_changes(self):
        self.make()
        self.assertEqual(self.publish()["Version"], "1")
        self.say("two")
        self.assertEqual(self.said("order-processor:1"), "one")
        self.assertEqual(self.said(), "two")
        self.assertEqual(self.publish()["Version"], "2")
        self.say("three")
        self.assertEqual([self.said(f"order-processor:{number}") for number in "12"], ["one", "two"])

    def test_update_function_code(self):
        self.make()
        other = os.path.join(self.root, "other")
        write(os.path.join(other, "index.py"), HANDLER.format("other"))
        self.client.update_function_code(FunctionName="order-processor", S3Bucket="hot-reload", S3Key=other)
        self.assertEqual(self.said(), "other")
        write(os.path.join(other, "index.py"), HANDLER.format("again"))
        self.assertEqual(self.said(), "again")

    def test_only_below_the_roots(self):
        for folder in ("/etc", "/", os.path.join(self.root, ".."), os.path.join(self.root, "missing"), "fun"):
            response = self.refused("InvalidParameterValueException", 400, self.make, Code=self.code(folder))
            self.assertRegex(response["Error"]["Message"], "--hot-reload-root|absolute path")
        link = os.path.join(self.root, "link")
        os.symlink("/etc", link)
        self.addCleanup(os.unlink, link)
        self.refused("InvalidParameterValueException", 400, self.make, Code=self.code(link))
        self.assertEqual(self.client.list_functions()["Functions"], [])

    def test_a_folder_that_went_away(self):
        self.make()
        self.assertEqual(self.said(), "one")
        shutil.rmtree(self.folder)
        response = self.refused("InvalidParameterValueException", 400, self.client.invoke,
                                FunctionName="order-processor")
        self.assertIn(self.folder, response["Error"]["Message"])
        self.say("back")
        self.assertEqual(self.said(), "back")

    def test_without_the_option(self):
        server = Server().start()
        self.addCleanup(server.stop)
        self.client = client_for(server.endpoint)
        response = self.refused("InvalidParameterValueException", 400, self.make)
        self.assertIn("--hot-reload-root", response["Error"]["Message"])

    def test_after_a_restart(self):
        data = self.scratch()
        server = Server("--hot-reload-root", self.root, data_dir=data).start()
        self.client = client_for(server.endpoint)
        self.make()
        self.assertEqual(self.said(), "one")
        server.stop()
        self.say("two")
        server = Server("--hot-reload-root", self.root, data_dir=data).start()
        self.client = client_for(server.endpoint)
        self.assertEqual(self.said(), "two")
        self.say("three")
        self.assertEqual(self.said(), "three")
        server.stop()
        # Started without the option the function is there, and says why it does not run.
        server = Server(data_dir=data).start()
        self.addCleanup(server.stop)
        self.client = client_for(server.endpoint)
        response = self.refused("InvalidParameterValueException", 400, self.client.invoke,
                                FunctionName="order-processor")
        self.assertIn("--hot-reload-root", response["Error"]["Message"])

    def test_a_root_that_is_not_there(self):
        with self.assertRaisesRegex(RuntimeError, "--hot-reload-root .*: there is no such folder"):
            Server("--hot-reload-root", os.path.join(self.root, "missing")).start()


if __name__ == "__main__":
    unittest.main()
