"""Functions that AWS has published and that run in many an account: those behind the CDK's custom resources, as aws-cdk-lib
brings them, unchanged, with the services that they call. Skipped where the CDK is not to be had; see test_clients.py.

Those for Node.js run from the folder where npm has put them, whose node_modules have AWS's SDK, as Lambda's runtime has it."""

import io
import json
import os
import shutil
import unittest
import zipfile

from function_code import NODE, PYTHON, ROLE, answering, python_zip, zipped
from sdk_clients import LambdaCase, client_for
from test_clients import find_clients

HANDLERS = "node_modules/aws-cdk-lib/custom-resource-handlers/dist"
# The distribution's CLI is older than AWS_ENDPOINT_URL; this is what newer ones do by themselves.
CLI = '#!/bin/sh\nexec /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n'


class PublishedFunctions(LambdaCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = find_clients()
        if cls.folder is None:
            raise unittest.SkipTest("aws-cdk-lib is not here and cannot be fetched")
        if not os.path.exists(os.path.join(cls.folder, "node_modules/@aws-sdk/client-s3")):
            raise unittest.SkipTest("AWS's SDK for JavaScript is not beside it")
        cls.OPTIONS = ("--hot-reload-root", cls.folder)
        super().setUpClass()

    def node(self, path, handler="handler"):
        return self.client.create_function(
            FunctionName="published", Role=ROLE, Runtime=NODE, Handler=f"{HANDLERS}/{path}/index.{handler}", Timeout=60,
            MemorySize=512, Code={"S3Bucket": "hot-reload", "S3Key": self.folder})["FunctionArn"]

    def python(self, path):
        with open(os.path.join(self.folder, HANDLERS, path, "index.py")) as file:
            code = python_zip(file.read())
        layer = self.client.publish_layer_version(LayerName="tools", Content={"ZipFile": zipped({
            "awscli/aws": (CLI, 0o755)})})["LayerVersionArn"]
        return self.create("published", code, Runtime=PYTHON, Timeout=60, MemorySize=512, Layers=[layer])["FunctionArn"]

    def done(self, payload):
        answer, response = self.invoke("published", payload, LogType="Tail")
        self.assertNotIn("FunctionError", response, answer)
        return answer

    def service(self, name):
        return client_for(self.server.endpoint, service=name)

    def test_a_filter_of_mail(self):
        self.node("aws-ses/drop-spam-handler")

        def mail(verdict):
            good = {"status": "PASS"}
            return {"Records": [{"ses": {"receipt": {
                "spfVerdict": good, "dkimVerdict": good, "spamVerdict": {"status": verdict}, "virusVerdict": good}}}]}
        self.assertEqual(self.done(mail("FAIL")), {"disposition": "STOP_RULE_SET"})
        self.assertIsNone(self.done(mail("PASS")))

    def test_an_expression(self):
        self.node("aws-stepfunctions-tasks/eval-nodejs-handler")
        self.assertEqual(self.done({"expression": "$a + $b", "expressionAttributeValues": {"$a": 40, "$b": 2}}), 42)
        answer, response = self.invoke("published", {"expression": "(", "expressionAttributeValues": {}})
        self.assertEqual((response["FunctionError"], answer["errorType"]), ("Unhandled", "SyntaxError"))

    def test_a_bucket_is_emptied(self):
        s3 = self.service("s3")
        for bucket in ("doomed", "kept"):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            for key in ("a", "b", "a"):
                s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
            s3.delete_object(Bucket=bucket, Key="b")
        s3.put_bucket_tagging(Bucket="doomed", Tagging={"TagSet": [{"Key": "aws-cdk:auto-delete-objects", "Value": "true"}]})
        s3.put_bucket_tagging(Bucket="kept", Tagging={"TagSet": [{"Key": "other", "Value": "true"}]})
        s3.put_bucket_policy(Bucket="doomed", Policy='{"Version": "2012-10-17", "Statement": []}')
        token = self.node("aws-s3/auto-delete-objects-handler")
        for bucket in ("doomed", "kept", "absent"):
            self.stack("Custom::S3AutoDeleteObjects", ServiceToken=token, BucketName=bucket)()
        left = s3.list_object_versions(Bucket="doomed")
        self.assertEqual([left.get("Versions", []), left.get("DeleteMarkers", [])], [[], []])
        self.assertIn("s3:PutObject", s3.get_bucket_policy(Bucket="doomed")["Policy"])
        self.assertEqual(len(s3.list_object_versions(Bucket="kept")["Versions"]), 3)

    def test_logs_are_kept_for_a_week(self):
        token = self.node("aws-logs/log-retention-handler")
        delete = self.stack("Custom::LogRetention", ServiceToken=token, LogGroupName="/aws/lambda/other", RetentionInDays="7",
                            RemovalPolicy="destroy")
        logs = self.service("logs")
        groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/other")["logGroups"]
        self.assertEqual([group["retentionInDays"] for group in groups], [7])
        delete()
        self.assertEqual(logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/other")["logGroups"], [])

    def test_a_registry_is_looked_through(self):
        tags = [{"Key": "aws-cdk:auto-delete-images", "Value": "true"}]
        self.service("ecr").create_repository(repositoryName="team/app", tags=tags)
        self.node("aws-ecr/auto-delete-images-handler", "autoDeleteHandler")
        self.assertIsNone(self.done({"RequestType": "Delete", "ResourceProperties": {"RepositoryName": "team/app"}}))
        answer, response = self.invoke("published", {"RequestType": "Delete", "ResourceProperties": {"RepositoryName": "no"}})
        self.assertEqual((response["FunctionError"], answer["errorType"]), ("Unhandled", "RepositoryNotFoundException"), answer)

    def test_a_parameter_is_read(self):
        self.service("ssm").put_parameter(Name="/edge/arn", Value="arn:of:an:edge", Type="String")
        self.node("aws-cloudfront/edge-function")
        event = {"RequestType": "Create", "ResourceProperties": {"Region": "us-east-1", "ParameterName": "/edge/arn"}}
        self.assertEqual(self.done(event), {"Data": {"FunctionArn": "arn:of:an:edge"}})

    def test_a_function_triggers_others(self):
        self.node("triggers/lambda")
        good = self.create("good", answering({"said": "yes"}))["FunctionArn"]
        bad = self.create("bad", python_zip("def handler(event, context):\n    raise ValueError('on purpose')\n"))["FunctionArn"]

        def event(arn):
            return {"RequestType": "Create", "ResourceProperties": {
                "HandlerArn": arn, "InvocationType": "RequestResponse", "Timeout": "20000"}}
        self.done(event(good))
        answer, response = self.invoke("published", event(bad))
        self.assertEqual((response["FunctionError"], answer["errorMessage"]), ("Unhandled", "on purpose"), answer)

    def stack(self, resource_type, **properties):
        """The custom resource of a stack; gone with `delete`."""
        cloud = self.service("cloudformation")
        template = {"Resources": {"Own": {"Type": resource_type, "Properties": properties}}}
        cloud.create_stack(StackName="published", TemplateBody=json.dumps(template))
        self.settled(cloud, "CREATE_COMPLETE")

        def delete():
            cloud.delete_stack(StackName="published")
            self.eventually(lambda: not [row for row in cloud.list_stacks()["StackSummaries"]
                                         if row["StackStatus"] != "DELETE_COMPLETE"], 30, "the stack's end")
        return delete

    def settled(self, cloud, wanted):
        def status():
            found = cloud.describe_stacks(StackName="published")["Stacks"][0]
            return found if not found["StackStatus"].endswith("_IN_PROGRESS") else None
        found = self.eventually(status, 60, "the stack")
        log = self.service("logs").filter_log_events(logGroupName="/aws/lambda/published")["events"]
        self.assertEqual(found["StackStatus"], wanted, [found, *(row["message"] for row in log)])

    def test_notifications_of_a_bucket(self):
        token = self.python("aws-s3/notifications-resource-handler")
        s3 = self.service("s3")
        s3.create_bucket(Bucket="source")
        target = self.create("told", answering(1))["FunctionArn"]
        delete = self.stack("Custom::S3BucketNotifications", ServiceToken=token, BucketName="source", Managed="true",
                            SkipDestinationValidation="true", NotificationConfiguration={"LambdaFunctionConfigurations": [
                                {"Events": ["s3:ObjectCreated:*"], "LambdaFunctionArn": target}]})
        rows = s3.get_bucket_notification_configuration(Bucket="source")["LambdaFunctionConfigurations"]
        self.assertEqual([(row["LambdaFunctionArn"], row["Events"]) for row in rows], [(target, ["s3:ObjectCreated:*"])])
        delete()
        self.assertNotIn("LambdaFunctionConfigurations", s3.get_bucket_notification_configuration(Bucket="source"))

    @unittest.skipUnless(shutil.which("aws", path="/usr/bin"), "no AWS CLI that a function would see")
    def test_a_bucket_is_filled(self):
        token = self.python("aws-s3-deployment/bucket-deployment-handler")
        s3 = self.service("s3")
        for bucket in ("assets", "site"):
            s3.create_bucket(Bucket=bucket)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.html", "<h1>$title</h1>")
            archive.writestr("css/site.css", "h1 {}")
        s3.put_object(Bucket="assets", Key="site.zip", Body=packed.getvalue())
        s3.put_object(Bucket="site", Key="old.html", Body=b"old")
        delete = self.stack("Custom::CDKBucketDeployment", ServiceToken=token, SourceBucketNames=["assets"],
                            SourceObjectKeys=["site.zip"], SourceMarkers=[{"$title": "Hello"}], DestinationBucketName="site",
                            Prune="true", RetainOnDelete="false")
        found = {row["Key"]: s3.get_object(Bucket="site", Key=row["Key"])["Body"].read()
                 for row in s3.list_objects_v2(Bucket="site")["Contents"]}
        self.assertEqual(found, {"index.html": b"<h1>Hello</h1>", "css/site.css": b"h1 {}"})
        delete()
        self.assertEqual(s3.list_objects_v2(Bucket="site")["KeyCount"], 0)


if __name__ == "__main__":
    unittest.main()
