"""SAM templates for comparing transforms: one function in many variations, then whole templates."""

import itertools

BASE = {"Handler": "app.handler", "Runtime": "python3.12", "CodeUri": "s3://b/k.zip"}
QUEUE = {"Type": "AWS::SQS::Queue"}
TOPIC = {"Type": "AWS::SNS::Topic"}
STREAM = {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}
BUCKET = {"Type": "AWS::S3::Bucket"}
HOOK = {"Type": "AWS::Serverless::Function", "Properties": {**BASE, "FunctionName": {"Fn::Sub": "CodeDeployHook_${AWS::StackName}"}}}
ALARM = {"Type": "AWS::CloudWatch::Alarm", "Properties": {
    "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 2, "MetricName": "Errors", "Namespace": "AWS/Lambda",
    "Period": 60, "Statistic": "Sum", "Threshold": 0}}
OTHERS = {"Q": QUEUE, "T": TOPIC, "S": STREAM, "B": BUCKET, "Hook": HOOK, "A": ALARM}

PROPERTIES = {
    "memory": {"MemorySize": 512},
    "timeout": {"Timeout": 30},
    "environment": {"Environment": {"Variables": {"A": "b", "C": {"Ref": "P"}}}},
    "description": {"Description": "größer"},
    "name": {"FunctionName": "named"},
    "tags": {"Tags": {"a": "b", "c": "d"}},
    "tracing": {"Tracing": "Active"},
    "no tracing": {"Tracing": "Disabled"},
    "dlq": {"DeadLetterQueue": {"Type": "SQS", "TargetArn": {"Fn::GetAtt": ["Q", "Arn"]}}},
    "dlq topic": {"DeadLetterQueue": {"Type": "SNS", "TargetArn": {"Ref": "T"}}},
    "vpc": {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
    "layers": {"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]},
    "reserved": {"ReservedConcurrentExecutions": 3},
    "own role": {"Role": "arn:aws:iam::123456789012:role/r"},
    "policies": {"Policies": ["AmazonDynamoDBReadOnlyAccess", {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]},
                              "arn:aws:iam::aws:policy/X", {"Ref": "P"}]},
    "one policy": {"Policies": {"Version": "2012-10-17", "Statement": []}},
    "boundary": {"PermissionsBoundary": "arn:aws:iam::aws:policy/B", "RolePath": "/x/"},
    "trust": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
    "architecture": {"Architectures": ["arm64"]},
    "storage": {"EphemeralStorage": {"Size": 1024}},
    "logging": {"LoggingConfig": {"LogFormat": "JSON"}},
    "loop": {"RecursiveLoop": "Terminate"},
    "inline": {"CodeUri": None, "InlineCode": "def handler(e, c): pass"},
    "code object": {"CodeUri": {"Bucket": "b", "Key": {"Ref": "P"}, "Version": "v"}},
    "code version": {"CodeUri": "s3://b/deep/k.zip?versionId=7"},
    "snap start": {"SnapStart": {"ApplyOn": "PublishedVersions"}},
    "invoke config": {"EventInvokeConfig": {"MaximumRetryAttempts": 1, "DestinationConfig": {
        "OnSuccess": {"Type": "SQS"}, "OnFailure": {"Type": "SNS", "Destination": {"Ref": "T"}}}}},
    "url": {"FunctionUrlConfig": {"AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}}},
    "url iam": {"FunctionUrlConfig": {"AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM"}},
}
ALIASED = {
    "alias": {},
    "alias by parameter": {"AutoPublishAlias": {"Ref": "P"}},
    "alias with signs": {"AutoPublishAlias": "a-b_c"},
    "sha": {"AutoPublishCodeSha256": "0123456789abcdef0123456789abcdef", "Description": "d"},
    "all properties": {"AutoPublishAliasAllProperties": True, "Timeout": 9},
    "version kept or not": {"VersionDeletionPolicy": "Delete", "VersionDescription": "v"},
    "provisioned": {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}},
}
PREFERENCES = {
    "canary": {"Type": "Canary10Percent5Minutes"},
    "linear": {"Type": "Linear10PercentEvery1Minute"},
    "at once": {"Type": "AllAtOnce"},
    "own": {"Type": "MyConfiguration"},
    "disabled": {"Type": "AllAtOnce", "Enabled": False},
    "alarms": {"Type": "Canary10Percent5Minutes", "Alarms": [{"Ref": "A"}]},
    "no alarms": {"Type": "Canary10Percent5Minutes", "Alarms": []},
    "hooks": {"Type": "Canary10Percent5Minutes", "Hooks": {"PreTraffic": {"Ref": "Hook"}, "PostTraffic": {"Ref": "Hook"}}},
    "triggers": {"Type": "AllAtOnce", "TriggerConfigurations": [{"TriggerEvents": ["DeploymentSuccess"], "TriggerName": "n",
                                                                 "TriggerTargetArn": {"Ref": "T"}}]},
    "role": {"Type": "AllAtOnce", "Role": "arn:aws:iam::123456789012:role/cd"},
    "if": {"Type": {"Fn::If": ["C", "Canary10Percent5Minutes", "AllAtOnce"]},
           "Alarms": {"Fn::If": ["C", ["a"], ["b"]]}},
}
EVENTS = {
    "SQS": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Q", "Arn"]}, "BatchSize": 10}},
    "SQS filtered": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Q", "Arn"]}, "Enabled": False,
                                                   "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}},
    "SNS": {"Type": "SNS", "Properties": {"Topic": {"Ref": "T"}}},
    "SNS filtered": {"Type": "SNS", "Properties": {"Topic": {"Ref": "T"}, "FilterPolicy": {"a": ["b"]}}},
    "SNS by queue": {"Type": "SNS", "Properties": {"Topic": {"Ref": "T"}, "SqsSubscription": True}},
    "Schedule": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)", "Input": "{}"}},
    "Schedule off": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)", "Enabled": False, "Name": "n"}},
    "Schedule with a queue": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)", "DeadLetterConfig": {"Type": "SQS"},
                                                                 "RetryPolicy": {"MaximumRetryAttempts": 1}}},
    "EventBridgeRule": {"Type": "EventBridgeRule", "Properties": {"Pattern": {"source": ["a"]}}},
    "CloudWatchEvent": {"Type": "CloudWatchEvent", "Properties": {"Pattern": {"source": ["a"]}, "EventBusName": "x"}},
    "CloudWatchLogs": {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": "/x", "FilterPattern": "ERROR"}},
    "Kinesis": {"Type": "Kinesis", "Properties": {"Stream": {"Fn::GetAtt": ["S", "Arn"]}, "StartingPosition": "LATEST"}},
    "S3": {"Type": "S3", "Properties": {"Bucket": {"Ref": "B"}, "Events": "s3:ObjectCreated:*"}},
    "HttpApi": {"Type": "HttpApi", "Properties": {"Path": "/items/{id}", "Method": "GET"}},
    "HttpApi any": {"Type": "HttpApi", "Properties": {"Path": "/{proxy+}", "Method": "any", "PayloadFormatVersion": "1.0"}},
    "HttpApi catch-all": {"Type": "HttpApi"},
    "HttpApi in time": {"Type": "HttpApi", "Properties": {"Path": "/", "Method": "post", "TimeoutInMillis": 1000}},
}


def template(properties, **more):
    whole = {key: value for key, value in {**BASE, **properties}.items() if value is not None}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31",
            "Parameters": {"P": {"Type": "String", "Default": "live"}},
            "Conditions": {"C": {"Fn::Equals": ["a", "b"]}},
            "Resources": {**OTHERS, "Fn": {"Type": "AWS::Serverless::Function", "Properties": whole}}, **more}


def corpus():
    """[(name, template)]"""
    found = []
    for name, properties in PROPERTIES.items():
        found.append((name, template(properties)))
        found.append((f"{name}, alias", template({**properties, "AutoPublishAlias": "prod"})))
    for name, properties in ALIASED.items():
        found.append((name, template({"AutoPublishAlias": "prod", **properties})))
    for name, preference in PREFERENCES.items():
        found.append((f"preference {name}", template({"AutoPublishAlias": "prod", "DeploymentPreference": preference})))
    for (name, event), alias in itertools.product(EVENTS.items(), (False, True)):
        properties = {"Events": {"E": event}, **({"AutoPublishAlias": "prod"} if alias else {})}
        found.append((f"event {name}{', alias' * alias}", template(properties)))
    globals_ = {"Function": {"Timeout": 7, "Environment": {"Variables": {"G": "1"}}, "Tags": {"g": "h"},
                             "Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:g:1"]}}
    found.append(("globals", template({"Environment": {"Variables": {"A": "b"}}, "AutoPublishAlias": "prod",
                                       "Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]}, Globals=globals_)))
    whole = template({"AutoPublishAlias": "prod", "Layers": [{"Ref": "L"}]}, Outputs={
        "V": {"Value": {"Ref": "Fn.Version"}}, "A": {"Value": {"Fn::Sub": "${Fn.Alias}"}}, "L": {"Value": {"Ref": "L"}}})
    whole["Resources"]["L"] = {"Type": "AWS::Serverless::LayerVersion", "Properties": {
        "ContentUri": "s3://b/l.zip", "CompatibleRuntimes": ["python3.12"]}}
    found.append(("layer", whole))
    conditional = template({"AutoPublishAlias": "prod", "DeploymentPreference": {"Type": "AllAtOnce", "PassthroughCondition": True}})
    conditional["Resources"]["Fn"]["Condition"] = "C"
    found.append(("condition", conditional))
    return found
