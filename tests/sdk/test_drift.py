"""Drift: what is really there is compared with what the template says."""

import json
import unittest

from function_code import PYTHON, ROLE
from sdk_clients import LambdaCase, client_for

TEMPLATE = {"Resources": {
    "Function": {"Type": "AWS::Lambda::Function", "Properties": {
        "FunctionName": "drifter", "Runtime": PYTHON, "Handler": "index.handler", "Role": ROLE, "Timeout": "7",
        "Environment": {"Variables": {"COLOR": "blue"}}, "Code": {"ZipFile": "def handler(e, c):\n    return 1\n"}}},
    "Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Function"}}},
    "Alias": {"Type": "AWS::Lambda::Alias", "Properties": {
        "FunctionName": {"Ref": "Function"}, "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]}, "Name": "prod"}},
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 40}},
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "shown"}},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]}},
    "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}},
    "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
        "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": "5", "MetricName": "Errors",
        "Namespace": "AWS/Lambda", "Period": 60, "Statistic": "Sum", "Dimensions": [{"Name": "FunctionName", "Value": "drifter"}]}},
    "Application": {"Type": "AWS::CodeDeploy::Application", "Properties": {"ComputePlatform": "Lambda"}}}}


class Drift(LambdaCase):
    def setUp(self):
        super().setUp()
        self.cfn = client_for(self.server.endpoint, service="cloudformation")
        self.cfn.create_stack(StackName="app", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"],
                              Tags=[{"Key": "team", "Value": "birds"}])
        self.eventually(lambda: self.stack()["StackStatus"] == "CREATE_COMPLETE")

    def stack(self):
        return self.cfn.describe_stacks(StackName="app")["Stacks"][0]

    def physical(self, name):
        return self.cfn.describe_stack_resource(StackName="app", LogicalResourceId=name)["StackResourceDetail"]["PhysicalResourceId"]

    def detect(self):
        detection = self.cfn.detect_stack_drift(StackName="app")["StackDriftDetectionId"]
        status = self.cfn.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        self.assertEqual(status["DetectionStatus"], "DETECTION_COMPLETE")
        rows = self.cfn.describe_stack_resource_drifts(StackName="app")["StackResourceDrifts"]
        return status, {row["LogicalResourceId"]: row for row in rows}

    def test_what_differs(self):
        self.assertEqual(self.stack()["DriftInformation"], {"StackDriftStatus": "NOT_CHECKED"})
        status, rows = self.detect()
        self.assertEqual((status["StackDriftStatus"], status["DriftedStackResourceCount"]), ("IN_SYNC", 0), rows)
        self.assertEqual({row["StackResourceDriftStatus"] for row in rows.values()}, {"IN_SYNC"})
        self.assertEqual(set(rows), set(TEMPLATE["Resources"]) - {"Application"})
        self.assertEqual(self.stack()["DriftInformation"]["StackDriftStatus"], "IN_SYNC")

        self.client.update_function_configuration(FunctionName="drifter", Timeout=9, Environment={"Variables": {"SIZE": "5"}})
        self.client.update_alias(FunctionName="drifter", Name="prod", FunctionVersion="$LATEST")
        sqs = client_for(self.server.endpoint, service="sqs")
        sqs.set_queue_attributes(QueueUrl=self.physical("Queue"), Attributes={"VisibilityTimeout": "41"})
        client_for(self.server.endpoint, service="sns").delete_topic(TopicArn=self.physical("Topic"))
        client_for(self.server.endpoint, service="ssm").delete_parameter(Name=self.physical("Parameter"))
        client_for(self.server.endpoint, service="cloudwatch").delete_alarms(AlarmNames=[self.physical("Alarm")])
        client_for(self.server.endpoint, service="iam").detach_role_policy(
            RoleName=self.physical("Role"), PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
        status, rows = self.detect()
        self.assertEqual((status["StackDriftStatus"], status["DriftedStackResourceCount"]), ("DRIFTED", 7))
        self.assertEqual({name: row["StackResourceDriftStatus"] for name, row in rows.items()}, {
            "Function": "MODIFIED", "Alias": "MODIFIED", "Queue": "MODIFIED", "Role": "MODIFIED", "Version": "IN_SYNC",
            "Topic": "DELETED", "Parameter": "DELETED", "Alarm": "DELETED"})
        self.assertEqual([(each["PropertyPath"], each["DifferenceType"], each["ExpectedValue"], each["ActualValue"])
                          for each in rows["Function"]["PropertyDifferences"]],
                         [("/Environment/Variables/COLOR", "REMOVE", "blue", "null"),
                          ("/Environment/Variables/SIZE", "ADD", "null", "5"), ("/Timeout", "NOT_EQUAL", "7", "9")])
        self.assertEqual(json.loads(rows["Function"]["ActualProperties"])["Timeout"], 9)
        deleted = self.cfn.describe_stack_resource_drifts(
            StackName="app", StackResourceDriftStatusFilters=["DELETED"])["StackResourceDrifts"]
        self.assertEqual([row["LogicalResourceId"] for row in deleted], ["Alarm", "Parameter", "Topic"])
        shown = {row["LogicalResourceId"]: row["DriftInformation"]["StackResourceDriftStatus"]
                 for row in self.cfn.list_stack_resources(StackName="app")["StackResourceSummaries"]}
        self.assertEqual((shown["Function"], shown["Application"]), ("MODIFIED", "NOT_CHECKED"))

        self.client.update_alias(FunctionName="drifter", Name="prod", FunctionVersion="1")
        row = self.cfn.detect_stack_resource_drift(StackName="app", LogicalResourceId="Alias")["StackResourceDrift"]
        self.assertEqual(row["StackResourceDriftStatus"], "IN_SYNC")

    def test_other_types(self):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
        more = {
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "l", "RetentionInDays": 7}},
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "s", "ShardCount": 1, "RetentionPeriodHours": 48}},
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {
                "BucketName": "drifting", "VersioningConfiguration": {"Status": "Enabled"}}},
            "Rule": {"Type": "AWS::Events::Rule", "Properties": {
                "Name": "r", "State": "ENABLED", "EventPattern": {"source": ["a"]}, "Description": "mine"}},
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "b", "Description": "mine"}},
            "User": {"Type": "AWS::IAM::User", "Properties": {"UserName": "u", "Path": "/p/", "ManagedPolicyArns": [{"Ref": "Policy"}]}},
            "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"ManagedPolicyName": "m", "PolicyDocument": document}},
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {
                "Name": "x", "Description": "mine", "SecretString": "never compared"}},
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
                "FunctionName": "drifter", "EventSourceArn": {"Fn::GetAtt": ["Stream", "Arn"]}, "BatchSize": 5,
                "StartingPosition": "LATEST", "Enabled": "false"}},
            "Url": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": "drifter", "AuthType": "NONE"}},
            "Both": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmName": "c", "AlarmRule": "FALSE"}}}
        self.cfn.create_stack(StackName="more", TemplateBody=json.dumps({"Resources": more}),
                              Capabilities=["CAPABILITY_NAMED_IAM"])
        self.eventually(lambda: self.cfn.describe_stacks(StackName="more")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")

        def states():
            self.cfn.detect_stack_drift(StackName="more")
            rows = self.cfn.describe_stack_resource_drifts(StackName="more")["StackResourceDrifts"]
            return {row["LogicalResourceId"]: (row["StackResourceDriftStatus"], [
                each["PropertyPath"] for each in row.get("PropertyDifferences", [])]) for row in rows}
        self.assertEqual(states(), {name: ("IN_SYNC", []) for name in more})

        service = lambda name: client_for(self.server.endpoint, service=name)
        service("logs").put_retention_policy(logGroupName="l", retentionInDays=14)
        service("kinesis").increase_stream_retention_period(StreamName="s", RetentionPeriodHours=72)
        service("s3").put_bucket_versioning(Bucket="drifting", VersioningConfiguration={"Status": "Suspended"})
        service("events").put_rule(Name="r", State="DISABLED", EventPattern='{"source": ["b"]}', Description="mine")
        service("events").delete_event_bus(Name="b")
        iam = service("iam")
        policy = "arn:aws:iam::123456789012:policy/m"
        iam.detach_user_policy(UserName="u", PolicyArn=policy)
        document["Statement"][0]["Effect"] = "Deny"
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=json.dumps(document), SetAsDefault=True)
        service("secretsmanager").delete_secret(SecretId="x")
        mapping = self.client.list_event_source_mappings(FunctionName="drifter")["EventSourceMappings"][0]["UUID"]
        self.client.update_event_source_mapping(UUID=mapping, BatchSize=6)
        self.client.update_function_url_config(FunctionName="drifter", AuthType="AWS_IAM")
        service("cloudwatch").put_composite_alarm(AlarmName="c", AlarmRule="TRUE")
        self.assertEqual(states(), {
            "Logs": ("MODIFIED", ["/RetentionInDays"]), "Stream": ("MODIFIED", ["/RetentionPeriodHours"]),
            "Bucket": ("MODIFIED", ["/VersioningConfiguration/Status"]),
            "Rule": ("MODIFIED", ["/EventPattern/source/0", "/State"]), "Bus": ("DELETED", []),
            "User": ("MODIFIED", ["/ManagedPolicyArns/0"]), "Policy": ("MODIFIED", ["/PolicyDocument/Statement/0/Effect"]),
            "Secret": ("DELETED", []), "Mapping": ("MODIFIED", ["/BatchSize"]), "Url": ("MODIFIED", ["/AuthType"]),
            "Both": ("MODIFIED", ["/AlarmRule"])})

    def test_what_is_refused(self):
        for operation, request in (("detect_stack_drift", {"StackName": "none"}),
                                   ("detect_stack_drift", {"StackName": "app", "LogicalResourceIds": ["No"]}),
                                   ("detect_stack_resource_drift", {"StackName": "app", "LogicalResourceId": "No"}),
                                   ("detect_stack_resource_drift", {"StackName": "app", "LogicalResourceId": "Application"}),
                                   ("describe_stack_drift_detection_status", {"StackDriftDetectionId": "1"})):
            self.refused("ValidationError", 400, getattr(self.cfn, operation), **request)
        self.assertEqual(self.stack()["DriftInformation"], {"StackDriftStatus": "NOT_CHECKED"})


if __name__ == "__main__":
    unittest.main()
