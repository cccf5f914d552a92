"""S3 by boto3 old and new and by every CLI: what deployment tools upload, and what a function uses."""

import hashlib
import unittest
import urllib.request
import zlib

from botocore.exceptions import ClientError

from aviary_server import Server
from aws_cli import for_each
from function_code import ECHO, PYTHON, ROLE
from sdk_clients import LambdaCase, client_for

EVERY_BOTO3 = True

PART = 5 * 1024 * 1024


class S3Case(LambdaCase):
    def setUp(self):
        super().setUp()
        self.s3 = client_for(self.server.endpoint, service="s3", s3={"addressing_style": "path"})
        self.s3.create_bucket(Bucket="photos")

    def put(self, key, body=b"hello", **more):
        return self.s3.put_object(Bucket="photos", Key=key, Body=body, **more)

    def get(self, key, **more):
        return self.s3.get_object(Bucket="photos", Key=key, **more)

    def refused_s3(self, operation, **request):
        with self.assertRaises(ClientError) as caught:
            getattr(self.s3, operation)(**request)
        return caught.exception.response["Error"]["Code"]


class Buckets(S3Case):
    def test_life(self):
        self.assertEqual([each["Name"] for each in self.s3.list_buckets()["Buckets"]], ["photos"])
        self.s3.head_bucket(Bucket="photos")
        self.assertIsNone(self.s3.get_bucket_location(Bucket="photos")["LocationConstraint"])
        self.put("a")
        self.assertEqual(self.refused_s3("delete_bucket", Bucket="photos"), "BucketNotEmpty")
        self.s3.delete_object(Bucket="photos", Key="a")
        self.s3.delete_bucket(Bucket="photos")
        self.assertEqual(self.refused_s3("head_bucket", Bucket="photos"), "404")
        self.assertEqual(self.refused_s3("list_objects_v2", Bucket="photos"), "NoSuchBucket")

    def test_names_and_regions(self):
        self.assertEqual(self.refused_s3("create_bucket", Bucket="Not_A_Name"), "InvalidBucketName")
        other = client_for(self.server.endpoint, service="s3", region="eu-west-1")
        other.create_bucket(Bucket="europe", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.assertEqual(other.get_bucket_location(Bucket="europe")["LocationConstraint"], "eu-west-1")
        stranger = client_for(self.server.endpoint, service="s3", account="210987654321")
        with self.assertRaises(ClientError) as caught:
            stranger.create_bucket(Bucket="photos")
        self.assertEqual(caught.exception.response["Error"]["Code"], "BucketAlreadyExists")

    def test_settings(self):
        s3 = self.s3
        s3.put_bucket_tagging(Bucket="photos", Tagging={"TagSet": [{"Key": "team", "Value": "a&b"}]})
        self.assertEqual(s3.get_bucket_tagging(Bucket="photos")["TagSet"], [{"Key": "team", "Value": "a&b"}])
        s3.delete_bucket_tagging(Bucket="photos")
        self.assertEqual(self.refused_s3("get_bucket_tagging", Bucket="photos"), "NoSuchTagSet")
        s3.put_bucket_policy(Bucket="photos", Policy='{"Version":"2012-10-17","Statement":[]}')
        self.assertEqual(s3.get_bucket_policy(Bucket="photos")["Policy"], '{"Version":"2012-10-17","Statement":[]}')
        rules = [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "MaxAgeSeconds": 30}]
        s3.put_bucket_cors(Bucket="photos", CORSConfiguration={"CORSRules": rules})
        self.assertEqual(s3.get_bucket_cors(Bucket="photos")["CORSRules"], rules)
        block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": False}
        s3.put_public_access_block(Bucket="photos", PublicAccessBlockConfiguration=block)
        self.assertEqual(s3.get_public_access_block(Bucket="photos")["PublicAccessBlockConfiguration"], block)
        rule = s3.get_bucket_encryption(Bucket="photos")["ServerSideEncryptionConfiguration"]["Rules"][0]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})


class Objects(S3Case):
    def test_round_trip(self):
        body = bytes(range(256)) * 300
        put = self.put("a/ö +%&<.bin", body, ContentType="image/x", Metadata={"Who": "me"}, CacheControl="no-store",
                       Tagging="a=1&b=2")
        self.assertEqual(put["ETag"], '"%s"' % hashlib.md5(body).hexdigest())
        got = self.get("a/ö +%&<.bin")
        self.assertEqual(got["Body"].read(), body)
        self.assertEqual((got["ContentType"], got["Metadata"], got["CacheControl"], got["ContentLength"], got["TagCount"]),
                         ("image/x", {"who": "me"}, "no-store", len(body), 2))
        head = self.s3.head_object(Bucket="photos", Key="a/ö +%&<.bin")
        self.assertEqual((head["ContentLength"], head["ETag"]), (len(body), put["ETag"]))
        self.assertEqual(self.s3.get_object_tagging(Bucket="photos", Key="a/ö +%&<.bin")["TagSet"],
                         [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.put("empty", b"")
        self.assertEqual(self.get("empty")["Body"].read(), b"")
        self.assertEqual(self.refused_s3("get_object", Bucket="photos", Key="none"), "NoSuchKey")
        self.assertEqual(self.refused_s3("head_object", Bucket="photos", Key="none"), "404")

    def test_ranges(self):
        self.put("a", b"0123456789")
        for asked, wanted, told in (("bytes=2-4", b"234", "bytes 2-4/10"), ("bytes=7-", b"789", "bytes 7-9/10"),
                                    ("bytes=-2", b"89", "bytes 8-9/10"), ("bytes=5-100", b"56789", "bytes 5-9/10")):
            got = self.get("a", Range=asked)
            self.assertEqual((got["Body"].read(), got["ContentRange"]), (wanted, told))
            self.assertEqual(self.status(got), 206)
        self.assertEqual(self.refused_s3("get_object", Bucket="photos", Key="a", Range="bytes=10-"), "InvalidRange")

    def test_conditions(self):
        etag = self.put("a", b"1")["ETag"]
        if "IfNoneMatch" in self.s3.meta.service_model.shape_for("PutObjectRequest").members:  # not in boto3 1.26
            self.assertEqual(self.refused_s3("put_object", Bucket="photos", Key="a", Body=b"2", IfNoneMatch="*"),
                             "PreconditionFailed")
        self.assertEqual(self.refused_s3("get_object", Bucket="photos", Key="a", IfMatch='"other"'), "PreconditionFailed")
        self.assertEqual(self.refused_s3("get_object", Bucket="photos", Key="a", IfNoneMatch=etag), "304")
        self.assertEqual(self.get("a", IfMatch=etag)["Body"].read(), b"1")

    def test_wrong_digests_change_nothing(self):
        self.put("a", b"1")
        self.assertEqual(self.refused_s3("put_object", Bucket="photos", Key="a", Body=b"2",
                                         ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg=="), "BadDigest")
        self.assertEqual(self.refused_s3("put_object", Bucket="photos", Key="a", Body=b"2", ChecksumCRC32="AAAAAA=="),
                         "BadDigest")
        self.assertEqual(self.get("a")["Body"].read(), b"1")

    def test_copy(self):
        self.put("a", b"content", ContentType="text/x", Metadata={"k": "v"})
        self.s3.copy_object(Bucket="photos", Key="b", CopySource={"Bucket": "photos", "Key": "a"})
        self.s3.delete_object(Bucket="photos", Key="a")
        got = self.get("b")
        self.assertEqual((got["Body"].read(), got["ContentType"], got["Metadata"]), (b"content", "text/x", {"k": "v"}))
        self.s3.copy_object(Bucket="photos", Key="b", CopySource="photos/b", MetadataDirective="REPLACE",
                            Metadata={"n": "w"})
        self.assertEqual(self.get("b")["Metadata"], {"n": "w"})
        self.assertEqual(self.refused_s3("copy_object", Bucket="photos", Key="b", CopySource="photos/b"), "InvalidRequest")

    def test_lists(self):
        for key in ("a/1", "a/2", "b", "c/d/3", "ä"):
            self.put(key)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket="photos", PaginationConfig={"PageSize": 2})
        self.assertEqual([each["Key"] for page in pages for each in page["Contents"]], ["a/1", "a/2", "b", "c/d/3", "ä"])
        for operation in ("list_objects", "list_objects_v2"):
            found, prefixes = [], []
            for page in self.s3.get_paginator(operation).paginate(Bucket="photos", Delimiter="/",
                                                                  PaginationConfig={"PageSize": 1}):
                found += [each["Key"] for each in page.get("Contents", [])]
                prefixes += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
            self.assertEqual((found, prefixes), (["b", "ä"], ["a/", "c/"]), operation)
        answer = self.s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "a/1"}, {"Key": "never"}]})
        self.assertEqual([each["Key"] for each in answer["Deleted"]], ["a/1", "never"])
        self.assertEqual(self.s3.list_objects_v2(Bucket="photos", Prefix="a/")["KeyCount"], 1)

    def test_versions(self):
        self.s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
        first = self.put("a", b"1")["VersionId"]
        second = self.put("a", b"2")["VersionId"]
        marker = self.s3.delete_object(Bucket="photos", Key="a")
        self.assertTrue(marker["DeleteMarker"])
        self.assertEqual(self.refused_s3("get_object", Bucket="photos", Key="a"), "NoSuchKey")
        self.assertEqual(self.get("a", VersionId=first)["Body"].read(), b"1")
        listed = self.s3.list_object_versions(Bucket="photos")
        self.assertEqual([each["VersionId"] for each in listed["Versions"]], [second, first])
        self.assertEqual(listed["DeleteMarkers"][0]["IsLatest"], True)
        self.s3.delete_object(Bucket="photos", Key="a", VersionId=marker["VersionId"])
        self.assertEqual(self.get("a")["Body"].read(), b"2")

    def test_presigned(self):
        self.put("a", b"signed")
        url = self.s3.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "a"})
        with urllib.request.urlopen(url, timeout=30) as answer:
            self.assertEqual(answer.read(), b"signed")

    def test_hosts_and_chunks(self):
        """Virtual-host style, unsigned, with a body in S3's own chunks and its checksum behind it."""
        checksum = "%s" % __import__("base64").b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
        body = f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()
        headers = {"Host": "photos.s3.us-east-1.amazonaws.com", "Content-Encoding": "aws-chunked",
                   "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-trailer": "x-amz-checksum-crc32"}
        request = urllib.request.Request(f"{self.server.endpoint}/a/b", data=body, headers=headers, method="PUT")
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.assertEqual(answer.status, 200)
        got = self.get("a/b")
        self.assertEqual(got["Body"].read(), b"hello")
        self.assertNotIn("ContentEncoding", got)

    def test_multipart(self):
        upload = self.s3.create_multipart_upload(Bucket="photos", Key="big")["UploadId"]
        pieces = [b"a" * PART, b"b" * 10]
        parts = []
        for number in (2, 1):
            answer = self.s3.upload_part(Bucket="photos", Key="big", UploadId=upload, PartNumber=number,
                                         Body=pieces[number - 1])
            parts.insert(0, {"PartNumber": number, "ETag": answer["ETag"]})
        self.assertEqual([each["PartNumber"] for each in
                          self.s3.list_parts(Bucket="photos", Key="big", UploadId=upload)["Parts"]], [1, 2])
        self.assertEqual(self.s3.list_multipart_uploads(Bucket="photos")["Uploads"][0]["UploadId"], upload)
        done = self.s3.complete_multipart_upload(Bucket="photos", Key="big", UploadId=upload,
                                                 MultipartUpload={"Parts": parts})
        md5s = b"".join(hashlib.md5(each).digest() for each in pieces)
        self.assertEqual(done["ETag"], '"%s-2"' % hashlib.md5(md5s).hexdigest())
        self.assertEqual(self.get("big")["Body"].read(), b"".join(pieces))
        self.assertEqual(self.get("big", Range=f"bytes={PART - 1}-{PART}")["Body"].read(), b"ab")
        self.assertEqual(self.refused_s3("list_parts", Bucket="photos", Key="big", UploadId=upload), "NoSuchUpload")
        again = self.s3.create_multipart_upload(Bucket="photos", Key="big")["UploadId"]
        self.s3.abort_multipart_upload(Bucket="photos", Key="big", UploadId=again)
        self.assertNotIn("Uploads", self.s3.list_multipart_uploads(Bucket="photos"))


class FunctionCode(S3Case):
    def test_function_from_a_bucket(self):
        self.put("code.zip", ECHO)
        self.client.create_function(FunctionName="f", Role=ROLE, Runtime=PYTHON, Handler="index.handler",
                                    Code={"S3Bucket": "photos", "S3Key": "code.zip"})
        said, _ = self.invoke("f", {"a": 1})
        self.assertEqual(said["a"] if "a" in said else said["event"]["a"], 1)
        self.refused("InvalidParameterValueException", 400, self.client.update_function_code, FunctionName="f",
                     S3Bucket="photos", S3Key="none",
                     message="Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified "
                             "key does not exist.")

    @for_each
    def test_cli(self, cli):
        cli.write("code.zip", ECHO)
        cli.write("big.bin", b"x" * (9 * 1024 * 1024))
        ran = cli.shell("""
            aws s3 mb s3://code
            aws s3 cp code.zip s3://code/v1/code.zip
            aws s3 cp big.bin s3://code/big.bin --quiet
            aws s3 ls s3://code/
            aws s3 cp s3://code/big.bin copy.bin --quiet && cmp big.bin copy.bin
            aws s3 sync s3://code/v1 there --quiet && cmp code.zip there/code.zip
            aws s3 mv s3://code/v1/code.zip s3://code/v2/code.zip --quiet
            aws s3 rm s3://code --recursive --quiet
            aws s3 rb s3://code
        """)
        self.assertEqual(ran.code, 0, ran)
        self.assertIn("PRE v1/", ran.out)


class Durability(unittest.TestCase):
    def test_objects_last(self):
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            server = Server(data_dir=folder).start()
            self.addCleanup(server.stop)
            s3 = client_for(server.endpoint, service="s3", s3={"addressing_style": "path"})
            s3.create_bucket(Bucket="photos")
            s3.put_object(Bucket="photos", Key="a", Body=b"kept", Metadata={"k": "v"})
            s3.copy_object(Bucket="photos", Key="b", CopySource="photos/a")
            s3.put_object(Bucket="photos", Key="a", Body=b"newer")
            server.kill()
            server.start()
            s3 = client_for(server.endpoint, service="s3", s3={"addressing_style": "path"})
            self.assertEqual(s3.get_object(Bucket="photos", Key="a")["Body"].read(), b"newer")
            got = s3.get_object(Bucket="photos", Key="b")
            self.assertEqual((got["Body"].read(), got["Metadata"]), (b"kept", {"k": "v"}))


if __name__ == "__main__":
    unittest.main()
