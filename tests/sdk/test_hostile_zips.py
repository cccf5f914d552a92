"""Zips that want to do harm, uploaded through the API: refused, and nothing of them reaches the disk."""

import io
import os
import stat
import struct
import time
import unittest
import zipfile

from aviary_server import ServerCase
from function_code import python_zip, zipped
from recorded_requests import F, code, create, function

COULD_NOT = "Could not unzip uploaded file. Please check your file, then try to upload again."
TOO_LARGE = "Unzipped size must be smaller than 262144000 bytes"
GOOD = "def handler(event, context):\n    return 'fine'\n"


def entry(name, content=b"", mode=0o100644, more=()):
    """A zip with one odd entry beside good code."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for each_name, each_content, each_mode in [("index.py", GOOD, 0o100644), (name, content, mode), *more]:
            info = zipfile.ZipInfo(each_name, (2024, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = each_mode << 16
            archive.writestr(info, each_content)
    return buffer.getvalue()


class Hostile(ServerCase):
    def refused(self, content, message=COULD_NOT):
        answer = self.server.post(F, create(FunctionName="hostile", Code=code(content)).body)
        self.assertEqual(answer.status, 400, answer)
        self.assertEqual(answer.headers["x-amzn-errortype"], "InvalidParameterValueException")
        self.assertEqual(answer.json()["message"], message)
        self.assertEqual(self.server.get(function("hostile")).status, 404)

    def fine(self, content, expected="fine"):
        answer = self.server.post(F, create(FunctionName="hostile", Code=code(content)).body)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.server.post(function("hostile", "/invocations"), "{}").json(), expected)
        self.server.delete(function("hostile"))

    def test_paths_that_escape(self):
        mark = f"aviary-escaped-{os.getpid()}"
        for name in (f"../{mark}", f"../../../../../../tmp/{mark}", f"/tmp/{mark}", f"a/../../{mark}", f"a/b/../../../{mark}"):
            with self.subTest(name=name):
                self.refused(entry(name, b"x"))
        self.assertFalse(os.path.exists(f"/tmp/{mark}"))

    def test_links_outside(self):
        for target in (b"/etc/passwd", b"../../../../etc/passwd", b"/", b".."):
            with self.subTest(target=target):
                self.refused(entry("link", target, stat.S_IFLNK | 0o777))
        self.refused(entry("folder", b"/tmp", stat.S_IFLNK | 0o777, [("folder/x", b"y", 0o100644)]))

    def test_links_inside_are_fine(self):
        self.fine(entry("link.py", b"index.py", stat.S_IFLNK | 0o777))

    def test_devices_and_pipes(self):
        for kind in (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK):
            with self.subTest(kind=oct(kind)):
                self.refused(entry("odd", b"", kind | 0o666))
        # Info-ZIP marks what it read from a pipe as a FIFO: such an entry is an ordinary file.
        looks = zipped({"index.py": "import os, stat\n\ndef handler(event, context):\n"
                                    "    return stat.S_ISREG(os.lstat('odd').st_mode)\n"})
        buffer = io.BytesIO(looks)
        with zipfile.ZipFile(buffer, "a") as archive:
            info = zipfile.ZipInfo("odd", (2024, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, (stat.S_IFIFO | 0o666) << 16
            archive.writestr(info, b"x")
        self.fine(buffer.getvalue(), True)

    def test_setuid_is_not_kept(self):
        self.fine(zipped({"index.py": "import os\n\ndef handler(event, context):\n"
                                      "    return oct(os.stat('tool').st_mode & 0o7000)\n",
                          "tool": (b"#!/bin/sh\n", 0o6755)}), "0o0")

    def test_bombs(self):
        """Refused early: nobody waits for ten gigabytes of zeros."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(30):
                archive.writestr(f"zeros-{number}", bytes(10_000_000))
        started = time.monotonic()
        self.refused(buffer.getvalue(), TOO_LARGE)
        self.assertLess(time.monotonic() - started, 10)

    def test_a_bomb_that_lies_about_its_size(self):
        content = bytearray(zipped({"index.py": GOOD, "zeros": bytes(300_000_000)}))
        # Both headers of the entry now claim 1,000 bytes.
        for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            at = content.find(signature)
            while at >= 0:
                if struct.unpack_from("<I", content, at + offset)[0] == 300_000_000:
                    struct.pack_into("<I", content, at + offset, 1000)
                at = content.find(signature, at + 4)
        answer = self.server.post(F, create(FunctionName="hostile", Code=code(bytes(content))).body)
        self.assertEqual(answer.status, 400, answer)

    def test_just_at_the_limit(self):
        size = 262144000 - len(GOOD)
        self.refused(zipped({"index.py": GOOD, "zeros": bytes(size + 1)}), TOO_LARGE)

    def test_broken_zips(self):
        good = python_zip(GOOD)
        flipped = bytearray(good)
        flipped[len(good) // 3] ^= 0xFF
        for content in (b"", b"PK", b"PK\x05\x06" + b"\0" * 17, good[:-10], good[:len(good) // 2], b"\x1f\x8b" + b"x" * 50):
            with self.subTest(content=content[:20]):
                answer = self.server.post(F, create(FunctionName="hostile", Code=code(content)).body)
                self.assertEqual(answer.status, 400, answer)
        self.assertIn(self.server.post(F, create(FunctionName="flipped", Code=code(bytes(flipped))).body).status,
                      (201, 400))

    def test_an_update_with_a_bad_zip_changes_nothing(self):
        self.assertEqual(self.server.post(F, create(FunctionName="fn", Code=code(python_zip(GOOD))).body).status, 201)
        before = self.server.get(function("fn", "/configuration")).json()
        answer = self.server.put(function("fn", "/code"), code(entry("../x", b"x")))
        self.assertEqual(answer.status, 400, answer)
        self.assertEqual(self.server.get(function("fn", "/configuration")).json(), before)
        self.assertEqual(self.server.post(function("fn", "/invocations"), "{}").json(), "fine")

    def test_odd_but_honest(self):
        self.fine(entry("a/very/deep/" + "folder/" * 40 + "file", b"x"))
        self.fine(entry("name with spaces ü.txt", b"x"))
        self.fine(entry("empty-folder/", b"", 0o040755))
        self.fine(b"#!/bin/sh\necho a self-extracting prefix\n" + python_zip(GOOD))

    def test_many_small_files(self):
        self.fine(zipped({"index.py": GOOD, **{f"f/{number}": b"" for number in range(20000)}}))

    def test_one_function_cannot_read_anothers_code(self):
        secret = zipped({"index.py": GOOD, "secret.txt": b"the other function's secret"})
        self.assertEqual(self.server.post(F, create(FunctionName="victim", Code=code(secret)).body).status, 201)
        self.server.post(function("victim", "/invocations"), "{}")
        if not self.sandboxed():
            self.skipTest("no namespaces on this machine: plain processes see the same files")
        thief = python_zip(
            "import os\n\ndef handler(event, context):\n    found = []\n    for top in ('/var', '/tmp', '/opt', '/home', '/root', '/proc/1/root'):\n"
            "        for folder, _, files in os.walk(top):\n            found += [f for f in files if f == 'secret.txt']\n"
            "    return found\n")
        self.assertEqual(self.server.post(F, create(FunctionName="thief", Timeout=20, Code=code(thief)).body).status, 201)
        self.assertEqual(self.server.post(function("thief", "/invocations"), "{}").json(), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
