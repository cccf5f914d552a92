"""Large objects go to disk and come from it, never through memory whole."""

import base64
import hashlib
import os
import socket
import tempfile
import time
import unittest
import zlib
from http.client import HTTPConnection

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from aviary_server import Server, ServerCase
from sdk_clients import client_for

MIB = 1024 * 1024
SIZE = 300 * MIB
# A block of every kind of byte; each place it is put at differs by its first bytes.
BLOCK = bytes(range(256)) * (MIB // 256)


def block(number):
    return number.to_bytes(8, "big") + BLOCK[8:]


def blocks(first, count):
    return (block(number) for number in range(first, first + count))


def count_files(below):
    return sum(len(names) for folder, _, names in os.walk(below) if f"{folder}/".find("/objects/") >= 0)


def until(done):
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.02)


class Streaming(ServerCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="aviary-test-", dir="/var/tmp")
        cls.ENVIRONMENT = {"TMPDIR": cls.folder.name}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        left = os.listdir(cls.folder.name)
        cls.folder.cleanup()
        assert left == [], left

    def setUp(self):
        super().setUp()
        self.s3 = client_for(self.server.endpoint, service="s3", s3={"addressing_style": "path"})
        self.s3.create_bucket(Bucket="big")

    def url(self, operation, **request):
        made = self.s3.generate_presigned_url(operation, Params={"Bucket": "big", **request})
        return made[len(self.server.endpoint):]

    def send(self, path, pieces, size, headers=None, method="PUT"):
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request(method, path, body=pieces, headers={"Content-Length": str(size), **(headers or {})})
        return connection.getresponse()

    def memory(self, member):
        """In MiB: VmRSS is what the server has, VmHWM the most that it had."""
        with open(f"/proc/{self.server.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(member)) / 1024

    def until_files(self, count):
        """Without a data folder, too, objects lie on disk: in a temporary one."""
        until(lambda: count_files(self.folder.name) == count)

    def keys(self):
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket="big").get("Contents", [])]

    def test_memory_stays_as_it_is(self):
        self.send(self.url("put_object", Key="warm"), blocks(0, 1), MIB).read()
        with open(f"/proc/{self.server.process.pid}/clear_refs", "w") as file:
            file.write("5")  # the high-water mark begins anew
        before = self.memory("VmRSS")
        digest = hashlib.md5()

        def counted():
            for piece in blocks(0, SIZE // MIB):
                digest.update(piece)
                yield piece

        answer = self.send(self.url("put_object", Key="large"), counted(), SIZE)
        self.assertEqual((answer.status, answer.read()), (200, b""))
        self.assertEqual(answer.getheader("ETag"), f'"{digest.hexdigest()}"')
        got = self.send(self.url("get_object", Key="large"), None, 0, method="GET")
        self.assertEqual((got.status, got.getheader("Content-Length")), (200, str(SIZE)))
        buffer = bytearray(MIB)
        for number in range(SIZE // MIB):
            view = memoryview(buffer)
            while view:
                count = got.readinto(view)
                self.assertTrue(count, f"cut off in block {number}")
                view = view[count:]
            self.assertEqual(buffer[:8], number.to_bytes(8, "big"))
            self.assertTrue(buffer.endswith(BLOCK[8:]))
        self.assertEqual(got.read(), b"")
        # Pieces of it, across blocks and at the end.
        for first, last in ((0, 9), (5 * MIB - 3, 5 * MIB + 7), (SIZE - 2, SIZE - 1), (MIB, 3 * MIB - 1)):
            part = self.s3.get_object(Bucket="big", Key="large", Range=f"bytes={first}-{last}")["Body"].read()
            whole = b"".join(blocks(first // MIB, last // MIB - first // MIB + 1))
            self.assertEqual(part, whole[first % MIB:][:last - first + 1])
        # A copy of it by parts.
        upload = self.s3.create_multipart_upload(Bucket="big", Key="copy")["UploadId"]
        parts = []
        for number, (first, last) in enumerate(((0, 60 * MIB - 1), (200 * MIB, 200 * MIB + 4)), 1):
            copied = self.s3.upload_part_copy(Bucket="big", Key="copy", UploadId=upload, PartNumber=number,
                                              CopySource="big/large", CopySourceRange=f"bytes={first}-{last}")
            parts.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
        self.s3.complete_multipart_upload(Bucket="big", Key="copy", UploadId=upload, MultipartUpload={"Parts": parts})
        self.assertEqual(self.s3.get_object(Bucket="big", Key="copy", Range="bytes=-13")["Body"].read(),
                         block(59)[-8:] + block(200)[:5])
        self.assertLess(self.memory("VmHWM") - before, 8)

    def test_what_breaks_off_or_is_wrong_leaves_nothing(self):
        path = self.url("put_object", Key="half")
        with socket.create_connection(("127.0.0.1", self.server.port)) as peer:
            peer.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {8 * MIB}\r\n\r\n".encode() + block(0))
            self.until_files(1)
        self.until_files(0)
        upload = self.s3.create_multipart_upload(Bucket="big", Key="parts")["UploadId"]
        self.s3.upload_part(Bucket="big", Key="parts", UploadId=upload, PartNumber=1, Body=block(0))
        self.until_files(1)
        self.s3.abort_multipart_upload(Bucket="big", Key="parts", UploadId=upload)
        self.until_files(0)
        for headers, code in (({"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, b"BadDigest"),
                              ({"x-amz-checksum-crc32": "AAAAAA=="}, b"BadDigest"),
                              ({"x-amz-decoded-content-length": "5"}, b"IncompleteBody")):
            answer = self.send("/big/wrong", blocks(0, 2), 2 * MIB, headers)
            self.assertEqual(answer.status, 400)
            self.assertIn(code, answer.read())
        self.assertEqual(self.keys(), [])
        self.until_files(0)
        # Within what one request may have.
        answer = self.send("/big/huge", None, 5 * 1024 * MIB + 1)
        self.assertEqual(answer.status, 400)
        self.assertIn(b"EntityTooLarge", answer.read())

    def test_chunks_with_a_checksum_behind_them(self):
        crc = 0

        def chunked():
            nonlocal crc
            for piece in blocks(0, 3):
                crc = zlib.crc32(piece, crc)
                yield b"%x;chunk-signature=%s\r\n" % (MIB, b"0" * 64) + piece + b"\r\n"
            yield b"0\r\nx-amz-checksum-crc32:" + base64.b64encode(crc.to_bytes(4, "big")) + b"\r\n\r\n"

        size = 3 * (6 + 1 + 16 + 64 + 2 + MIB + 2) + 3 + 21 + 8 + 4
        headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked",
                   "x-amz-trailer": "x-amz-checksum-crc32", "x-amz-decoded-content-length": str(3 * MIB)}
        answer = self.send("/big/chunked", chunked(), size, headers)
        self.assertEqual((answer.status, answer.read()), (200, b""))
        self.assertEqual(answer.getheader("x-amz-checksum-crc32"), base64.b64encode(crc.to_bytes(4, "big")).decode())
        self.assertEqual(self.s3.get_object(Bucket="big", Key="chunked")["Body"].read(), b"".join(blocks(0, 3)))

    def test_a_refusal_comes_before_the_body(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as peer:
            head = f"PUT /none/k HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {64 * MIB}\r\nExpect: 100-continue\r\n\r\n"
            peer.sendall(head.encode())
            answer = b""
            while piece := peer.recv(65536):
                answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 404"), answer)
        self.assertIn(b"NoSuchBucket", answer)
        # boto3 asks so, too; and the connection that it has goes on.
        with self.assertRaises(self.s3.exceptions.NoSuchBucket):
            self.s3.put_object(Bucket="none", Key="k", Body=block(0) * 2)
        self.s3.put_object(Bucket="big", Key="k", Body=block(0) * 2)
        self.assertEqual(self.s3.head_object(Bucket="big", Key="k")["ContentLength"], 2 * MIB)


class Killed(unittest.TestCase):
    def test_what_was_on_its_way_is_swept(self):
        with tempfile.TemporaryDirectory() as folder:
            objects = os.path.join(folder, "objects")
            server = Server(data_dir=folder).start()
            self.addCleanup(server.stop)
            s3 = client_for(server.endpoint, service="s3", s3={"addressing_style": "path"})
            s3.create_bucket(Bucket="big")
            s3.put_object(Bucket="big", Key="k", Body=block(0) * 2)
            with socket.create_connection(("127.0.0.1", server.port)) as peer:
                peer.sendall(f"PUT /big/h HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {8 * MIB}\r\n\r\n".encode() +
                             block(0))
                until(lambda: count_files(objects) == 2)
                server.kill()
            server.start()
            until(lambda: count_files(objects) == 1)
            s3 = client_for(server.endpoint, service="s3", s3={"addressing_style": "path"})
            self.assertEqual(s3.get_object(Bucket="big", Key="k")["Body"].read(), block(0) * 2)
            self.assertEqual([each["Key"] for each in s3.list_objects_v2(Bucket="big")["Contents"]], ["k"])


class Signed(unittest.TestCase):
    def setUp(self):
        self.server = Server("--access-key", "AKIDEXAMPLE:secret").start()
        self.addCleanup(self.server.stop)
        self.s3 = client_for(self.server.endpoint, account="AKIDEXAMPLE", service="s3",
                             signature_version="s3v4", s3={"addressing_style": "path"})
        self.s3.create_bucket(Bucket="big")

    def send(self, url, body, headers=None):
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("PUT", url, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def signed(self, key, body):
        request = AWSRequest("PUT", f"{self.server.endpoint}/big/{key}", data=body)
        S3SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "s3", "us-east-1").add_auth(request)
        self.assertEqual(request.headers["X-Amz-Content-SHA256"], hashlib.sha256(body).hexdigest())
        return dict(request.headers.items())

    def test_payloads_are_verified(self):
        self.s3.put_object(Bucket="big", Key="k", Body=block(0) * 2)  # as boto3 signs it
        for size in (100, 2 * MIB):
            body = (block(0) * 2)[:size]
            self.assertEqual(self.send("/big/k", body, self.signed("k", body))[0], 200)
            status, answer = self.send("/big/k", body[:-1] + b"!", self.signed("k", body))
            self.assertEqual(status, 400)
            self.assertIn(b"XAmzContentSHA256Mismatch", answer)
            self.assertEqual(self.s3.get_object(Bucket="big", Key="k")["Body"].read(), body)
        # A presigned URL says nothing of the body; a wrong signature needs none.
        url = self.s3.generate_presigned_url("put_object", Params={"Bucket": "big", "Key": "p"})
        path = url[len(self.server.endpoint):]
        self.assertEqual(self.send(path, block(2))[0], 200)
        self.assertEqual(self.send(path.replace("/p?", "/q?"), block(2))[0], 403)


if __name__ == "__main__":
    unittest.main()
