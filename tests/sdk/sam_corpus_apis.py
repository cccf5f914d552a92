"""SAM templates with APIs, policy templates and connectors, for comparing transforms."""

FUNCTION = {"Handler": "app.handler", "Runtime": "python3.12", "CodeUri": "s3://b/k.zip"}
ARN = {"Fn::GetAtt": ["Fn", "Arn"]}
MINE = {"RestApiId": {"Ref": "Api"}}
MINE_HTTP = {"ApiId": {"Ref": "Http"}}
PET = {"Models": {"Pet": {"type": "object"}}}
LAMBDA = {"FunctionArn": ARN}
REQUEST = {"FunctionArn": ARN, "FunctionPayloadType": "REQUEST",
           "Identity": {"Headers": ["X-A"], "QueryStrings": ["q"], "ReauthorizeEvery": 30}}
FORMAT_2 = {"AuthorizerPayloadFormatVersion": "2.0", "EnableSimpleResponses": True, "FunctionArn": ARN,
            "EnableFunctionDefaultPermissions": True, "Identity": {"Headers": ["X-A"], "QueryStrings": ["q"], "ReauthorizeEvery": 30}}


def api(path, method, **more):
    return {"Type": "Api", "Properties": {"Path": path, "Method": method, **more}}


def http(path, method, **more):
    return {"Type": "HttpApi", "Properties": {"Path": path, "Method": method, **more}}


def template(events=None, rest=None, http_api=None, globals_=None, function=None, outputs=None):
    resources = {"Fn": {"Type": "AWS::Serverless::Function",
                        "Properties": {**FUNCTION, **(function or {}), **({"Events": events} if events else {})}}}
    if rest is not None:
        resources["Api"] = {"Type": "AWS::Serverless::Api", "Properties": rest}
    if http_api is not None:
        resources["Http"] = {"Type": "AWS::Serverless::HttpApi", "Properties": http_api}
    made = {"Transform": "AWS::Serverless-2016-10-31", "Parameters": {"P": {"Type": "String", "Default": "live"}},
            "Resources": resources}
    if globals_:
        made["Globals"] = globals_
    if outputs:
        made["Outputs"] = outputs
    return made


def rest_templates():
    yield "Api implicit", template({"A": api("/items/{id}", "get"), "B": api("/", "ANY")})
    yield "Api implicit, alias", template({"A": api("/x/", "POST")}, function={"AutoPublishAlias": "live"},
                                          outputs={"S": {"Value": {"Ref": "ServerlessRestApi.Stage"}}})
    yield "Api explicit", template({"A": api("/x", "get", **MINE)}, {"StageName": "prod"})
    yield "Api with stage of a reference", template({"A": api("/x", "get", **MINE)}, {"StageName": {"Ref": "AWS::Region"}})
    yield "Api with signs in the stage", template({"A": api("/x", "get", **MINE)}, {"StageName": "a-b"})
    yield "Api without events", template(None, {"StageName": "prod"})
    yield "Api many properties", template({"A": api("/x", "get", **MINE)}, {
        "StageName": "v1", "Name": "n", "Description": "d", "Tags": {"a": "b"}, "Variables": {"v": "1"}, "TracingEnabled": True,
        "MethodSettings": [{"LoggingLevel": "INFO", "ResourcePath": "/*", "HttpMethod": "*"}], "EndpointConfiguration": "REGIONAL",
        "BinaryMediaTypes": ["image~1png"], "MinimumCompressionSize": 5, "CacheClusterEnabled": False,
        "AccessLogSetting": {"Format": "f"}, "FailOnWarnings": True, "DisableExecuteApiEndpoint": True,
        "ApiKeySourceType": "HEADER", **PET})
    yield "Api private", template({"A": api("/x", "get", **MINE)}, {
        "StageName": "prod", "EndpointConfiguration": {"Type": "PRIVATE", "VPCEndpointIds": ["vpce-1"]}})
    yield "Api gateway responses", template({"A": api("/x", "get", **MINE)}, {"StageName": "prod", "GatewayResponses": {
        "UNAUTHORIZED": {"StatusCode": 401, "ResponseParameters": {"Headers": {"X": "'y'"}, "Paths": {"p": "'q'"}},
                         "ResponseTemplates": {"application/json": "{}"}}, "DEFAULT_5XX": {}}})
    yield "Api body", template(None, {"StageName": "prod", "DefinitionBody": {
        "swagger": "2.0", "paths": {"/x": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}})
    yield "Api body with cors", template({"A": api("/x", "get", **MINE)}, {"StageName": "prod", "Cors": "'*'", "DefinitionBody": {
        "swagger": "2.0", "paths": {"/x": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}})
    yield "Api uri", template(None, {"StageName": "prod", "DefinitionUri": "s3://b/k.yaml?versionId=7"})
    yield "Api uri object", template(None, {"StageName": "prod", "DefinitionUri": {"Bucket": "b", "Key": {"Ref": "P"}}})
    for name, cors in (("text", "'https://a'"), ("reference", {"Ref": "P"}),
                       ("all", {"AllowMethods": "'GET'", "AllowHeaders": "'X'", "AllowOrigin": "'https://a'", "MaxAge": "'600'",
                                "AllowCredentials": True})):
        yield f"Api cors {name}", template({"A": api("/x", "get", **MINE), "B": api("/x", "put", **MINE)},
                                           {"StageName": "prod", "Cors": cors})
        yield f"Api 3 cors {name}", template({"A": api("/x", "get", **MINE)}, {
            "StageName": "prod", "Cors": cors, "OpenApiVersion": "3.0.1"})
    for name, auth in (
            ("token", {"DefaultAuthorizer": "Mine", "Authorizers": {"Mine": LAMBDA}}),
            ("request", {"DefaultAuthorizer": "Mine", "Authorizers": {"Mine": REQUEST}}),
            ("header", {"Authorizers": {"Mine": {**LAMBDA, "Identity": {"Header": "X-T", "ValidationExpression": "a.*",
                                                                        "ReauthorizeEvery": 7}, "FunctionInvokeRole": "arn:r"}}}),
            ("without permission", {"Authorizers": {"Mine": {**LAMBDA, "DisableFunctionDefaultPermissions": True}}}),
            ("cognito", {"DefaultAuthorizer": "Mine", "Authorizers": {"Mine": {"UserPoolArn": "arn:p", "AuthorizationScopes": ["s"]}}}),
            ("iam", {"DefaultAuthorizer": "AWS_IAM"}),
            ("iam by role", {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "arn:r"}),
            ("iam by nobody", {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": None}),
            ("key", {"ApiKeyRequired": True}),
            ("both", {"ApiKeyRequired": True, "DefaultAuthorizer": "Mine", "Authorizers": {"Mine": LAMBDA},
                      "AddApiKeyRequiredToCorsPreflight": False, "AddDefaultAuthorizerToCorsPreflight": False}),
            ("plan", {"ApiKeyRequired": True, "UsagePlan": {"CreateUsagePlan": "PER_API", "Description": "d",
                                                            "Quota": {"Limit": 5, "Period": "DAY"}}}),
            ("shared plan", {"UsagePlan": {"CreateUsagePlan": "SHARED", "UsagePlanName": "n"}})):
        yield f"Api auth {name}", template({"A": api("/x", "get", **MINE)}, {"StageName": "prod", "Auth": auth})
        yield f"Api 3 auth {name}", template({"A": api("/x", "any", **MINE)}, {
            "StageName": "prod", "Auth": auth, "Cors": "'*'", "OpenApiVersion": "3.0.1", **PET})
    mine = {"StageName": "prod", "Auth": {"DefaultAuthorizer": "Mine", "ApiKeyRequired": True, "Authorizers": {
        "Mine": LAMBDA, "Other": REQUEST}}}
    for name, auth in (("NONE", {"Authorizer": "NONE"}), ("other", {"Authorizer": "Other"}), ("iam", {"Authorizer": "AWS_IAM"}),
                       ("no key", {"ApiKeyRequired": False}), ("key", {"ApiKeyRequired": True}),
                       ("iam by role", {"Authorizer": "AWS_IAM", "InvokeRole": "arn:r"})):
        yield f"Api event auth {name}", template({"A": api("/x", "get", Auth=auth, **MINE)}, mine)
    yield "Api event with a key only", template({"A": api("/x", "get", Auth={"ApiKeyRequired": True})})
    for version in (None, "3.0.1"):
        more = {"OpenApiVersion": version} if version else {}
        yield f"Api parameters {version}", template({"A": api("/x/{p}", "GET", TimeoutInMillis=500, RequestParameters=[
            "method.request.header.A", {"method.request.querystring.q": {"Required": True, "Caching": True}},
            "method.request.path.p"], **MINE)}, {"StageName": "prod", **more})
        for name, model in (("body", {"ValidateBody": True}), ("both", {"ValidateBody": True, "ValidateParameters": True}),
                            ("parameters", {"ValidateParameters": True}), ("none", {"ValidateBody": False}), ("plain", {})):
            yield f"Api model {name} {version}", template({"A": api("/m", "post", RequestModel={
                "Model": "Pet", "Required": True, **model}, **MINE)}, {"StageName": "prod", **PET, **more})
    yield "Api globals", template({"A": api("/x", "any")}, globals_={"Api": {
        "Cors": "'*'", "Name": "g", "TracingEnabled": True, "EndpointConfiguration": {"Type": "REGIONAL"},
        "Auth": {"DefaultAuthorizer": "AWS_IAM", "AddDefaultAuthorizerToCorsPreflight": False}}})


def http_templates():
    yield "HttpApi explicit", template({"A": http("/x", "get", **MINE_HTTP)}, http_api={})
    yield "HttpApi many properties", template({"A": http("/x/{id}", "get", RouteSettings={"ThrottlingRateLimit": 3}, **MINE_HTTP)}, http_api={
        "StageName": "prod", "Tags": {"a": "b"}, "StageVariables": {"v": "1"}, "DefaultRouteSettings": {"ThrottlingBurstLimit": 5},
        "Description": "d", "Name": "n", "FailOnWarnings": True, "AccessLogSettings": {"Format": "f"},
        "DisableExecuteApiEndpoint": True,
        "CorsConfiguration": {"AllowOrigins": ["*"], "AllowMethods": ["GET"], "MaxAge": 5, "AllowCredentials": False}})
    yield "HttpApi cors", template({"A": http("/x", "get", **MINE_HTTP)}, http_api={"CorsConfiguration": True, "StageName": "a-b"})
    yield "HttpApi default", template({"A": http("/x", "get", **MINE_HTTP), "B": {"Type": "HttpApi", "Properties": {**MINE_HTTP}}},
                                      http_api={})
    yield "HttpApi body", template(None, http_api={"DefinitionBody": {"openapi": "3.0.1", "paths": {}}, "DisableExecuteApiEndpoint": True})
    auth = {"Auth": {"DefaultAuthorizer": "Mine", "Authorizers": {"Mine": FORMAT_2, "Other": {
        "AuthorizerPayloadFormatVersion": "1.0", "FunctionArn": ARN}}}}
    yield "HttpApi default authorizer", template({"A": http("/x", "get", **MINE_HTTP)}, http_api=auth)
    for name in ("NONE", "Other"):
        yield f"HttpApi authorizer {name}", template({"A": http("/x", "get", Auth={"Authorizer": name}, **MINE_HTTP)}, http_api=auth)
    yield "HttpApi jwt", template({"A": http("/x", "get", Auth={"AuthorizationScopes": ["s"]}, **MINE_HTTP)}, http_api={"Auth": {
        "DefaultAuthorizer": "J", "Authorizers": {"J": {"JwtConfiguration": {"issuer": "https://i", "audience": ["a"]},
                                                        "IdentitySource": "$request.header.Authorization"}}}})
    yield "HttpApi globals", template({"A": http("/x", "any", RouteSettings={"ThrottlingRateLimit": 3})}, globals_={"HttpApi": {
        "CorsConfiguration": True, "Tags": {"a": "b"}, "Auth": {"Authorizers": {"Old": {
            "AuthorizerPayloadFormatVersion": "1.0", "FunctionArn": ARN}}}}})


CERTIFICATE = {"DomainName": "api.example.com", "CertificateArn": "arn:aws:acm:us-east-1:1:certificate/c"}


def domain_templates():
    zone = {"HostedZoneId": "Z1", "IpV6": True, "EvaluateTargetHealth": False, "SetIdentifier": "s", "Region": "us-east-1"}
    trust = {"MutualTlsAuthentication": {"TruststoreUri": "s3://b/t.pem", "TruststoreVersion": "1"},
             "OwnershipVerificationCertificateArn": "arn:own", "SecurityPolicy": "TLS_1_2"}
    rest = {"plain": {}, "paths": {"BasePath": ["one", "/two-2/"]}, "raw paths": {"BasePath": "a-b", "NormalizeBasePath": False},
            "edge": {"EndpointConfiguration": "EDGE", "Route53": {"HostedZoneName": "example.com."}}, "records": {"Route53": zone},
            "records apart": {"Route53": {**zone, "SeparateRecordSetGroup": True}}, "trust": trust, "address": {"IpAddressType": "dualstack"}}
    for name, more in rest.items():
        yield f"Api domain, {name}", template({"A": api("/x", "get", **MINE)}, {"StageName": "prod", "Domain": {**CERTIFICATE, **more}})
    http_apis = {"plain": {}, "paths": {"BasePath": ["one", "/two-2/x/"]}, "records": {"Route53": zone}, "trust": trust}
    for name, more in http_apis.items():
        yield f"HttpApi domain, {name}", template({"A": http("/x", "get", **MINE_HTTP)}, http_api={"Domain": {**CERTIFICATE, **more}})
    both = template({"A": api("/x", "get", **MINE), "B": http("/x", "get", **MINE_HTTP)},
                    {"StageName": "prod", "Domain": {**CERTIFICATE, "Route53": zone}},
                    {"Domain": {**CERTIFICATE, "DomainName": {"Ref": "P"}, "Route53": zone}})
    yield "domains of one zone", both
    yield "Api domain of globals", template({"A": api("/x", "get")}, globals_={"Api": {"Domain": CERTIFICATE}})


POLICIES = {
    "SQSPollerPolicy": {"QueueName": {"Fn::Sub": "${P}-q"}}, "DynamoDBCrudPolicy": {"TableName": {"Ref": "P"}},
    "S3ReadPolicy": {"BucketName": "b"}, "LambdaInvokePolicy": {"FunctionName": "f"}, "AMIDescribePolicy": {},
    "StepFunctionsExecutionPolicy": {"StateMachineName": "s"}, "SSMParameterReadPolicy": {"ParameterName": "a/b"},
    "KinesisStreamReadPolicy": {"StreamName": "s"}, "SNSPublishMessagePolicy": {"TopicName": "t"},
    "AWSSecretsManagerGetSecretValuePolicy": {"SecretArn": "arn:s"}, "EventBridgePutEventsPolicy": {"EventBusName": "default"}}


def policy_templates():
    for name, values in POLICIES.items():
        yield f"policy {name}", template(function={"Policies": {name: values}})
    yield "policies mixed", template(function={"Policies": [{"SQSSendMessagePolicy": {"QueueName": "q"}},
                                                            {"Statement": []}, "arn:aws:iam::aws:policy/X"]})


FUNCTION_2 = {"Type": "AWS::Serverless::Function", "Properties": FUNCTION}
ENDS = {"Q": {"Type": "AWS::SQS::Queue"}, "T": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "AWS::S3::Bucket"}, "Fn2": FUNCTION_2,
        "R": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": [
            {"Id": "t", "Arn": {"Fn::GetAtt": ["Q", "Arn"]}}]}},
        "M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": {"Ref": "Fn"}, "EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]}}},
        "H": {"Type": "AWS::Serverless::HttpApi", "Properties": {}}}


def connected(connectors, embedded=None):
    made = template({"A": http("/x", "get", ApiId={"Ref": "H"})})
    made["Resources"].update(ENDS)
    for name, properties in connectors.items():
        made["Resources"][name] = {"Type": "AWS::Serverless::Connector", "Properties": properties}
    if embedded:
        made["Resources"]["Fn"]["Connectors"] = embedded
    return made


def connector_templates():
    ends = (("Fn", "Q", "Write"), ("Fn", "Q", "Read"), ("Fn", "T", "Write"), ("Fn", "B", "Read"), ("Fn", "Fn2", "Write"),
            ("R", "Fn", "Write"), ("R", "Q", "Write"), ("R", "T", "Write"), ("T", "Fn", "Write"), ("T", "Q", "Write"),
            ("B", "Fn", "Write"), ("H", "Fn", "Write"))
    for source, destination, permission in ends:
        yield f"connector {source} {destination} {permission}", connected({"C": {
            "Source": {"Id": source}, "Destination": {"Id": destination}, "Permissions": [permission]}})
    yield "connector of a mapping", connected({"C": {
        "Source": {"Id": "Q"}, "Destination": {"Id": "Fn"}, "Permissions": ["Read", "Write"]}})
    yield "connector to many", connected({"C": {
        "Source": {"Id": "Fn"}, "Destination": [{"Id": "Q"}, {"Id": "T"}], "Permissions": ["Write"]}})
    yield "connector by properties", connected({"C": {
        "Source": {"Type": "AWS::Lambda::Function", "RoleName": "r"}, "Permissions": ["Read", "Write"],
        "Destination": {"Type": "AWS::S3::Bucket", "Arn": "arn:aws:s3:::b"}}})
    yield "connectors of a function", connected({}, {"ToQueue": {"Properties": {"Destination": {"Id": "Q"}, "Permissions": ["Write"]}}})


def under_conditions(events, **apis):
    """Functions One under A, Two under B and Ever without a condition, each with the events that are given for it."""
    made = template(None, **apis)
    resources = made["Resources"]
    resources.pop("Fn")
    made["Conditions"] = {name: {"Fn::Equals": [{"Ref": "P"}, name]} for name in "ABCDEFGHIJKL"}
    for name, (condition, own) in events.items():
        resources[name] = {"Type": "AWS::Serverless::Function", "Properties": {**FUNCTION, "Events": own}}
        if condition:
            resources[name]["Condition"] = condition
    return made


def conditional_templates():
    for kind, make, mine, given in (("Api", api, MINE, {"rest": {"StageName": "prod", "Cors": "'*'", "Auth": {
            "Authorizers": {"Au": {"FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:a"}}, "DefaultAuthorizer": "Au"}}}),
                                    ("HttpApi", http, MINE_HTTP, {"http_api": {}})):
        yield f"{kind} of one function under a condition", under_conditions({"One": ("A", {"E": make("/x", "get")})})
        yield f"{kind} of a function with a condition beside one without", under_conditions(
            {"One": ("A", {"E": make("/x/{id}", "get"), "F": make("/y", "post")}), "Ever": (None, {"E": make("/x/{id}", "post")})})
        yield f"{kind} of two conditions", under_conditions(
            {"One": ("A", {"E": make("/x/{id}", "get"), "F": make("/y", "any")}), "Two": ("B", {"E": make("/x/{id}", "post")})})
        yield f"{kind} of twelve conditions", under_conditions(
            {f"F{name}": (name, {"E": make(f"/{name}", "get")}) for name in "ABCDEFGHIJKL"})
        yield f"{kind} explicit, under a condition", under_conditions(
            {"One": ("A", {"E": make("/x", "get", **mine)}), "Two": ("B", {"E": make("/x", "put", **mine)})}, **given)
    yield "HttpApi settings of a route under a condition", under_conditions(
        {"One": ("A", {"E": http("/x", "get", RouteSettings={"ThrottlingRateLimit": 3}, TimeoutInMillis=900)})})
    yield "HttpApi default under a condition", under_conditions({"One": ("A", {"E": {"Type": "HttpApi"}})})
    body = {"openapi": "3.0.1", "paths": {"/x/{id}": {"get": {
        "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
        "x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "http://a"}}, "put": {}}}}
    yield "HttpApi body with the event's own integration", template(
        {"A": http("/x/{id}", "get", TimeoutInMillis=700, PayloadFormatVersion="1.0", **MINE_HTTP)}, http_api={"DefinitionBody": body})
    yield "HttpApi body without the event's path", template(
        {"A": http("/y/{id}", "post", **MINE_HTTP), "B": http("/x/{id}", "put", **MINE_HTTP)}, http_api={"DefinitionBody": body})
    yield "HttpApi body under a condition", under_conditions(
        {"One": ("A", {"E": http("/y", "get", **MINE_HTTP)})}, http_api={"DefinitionBody": body})


def schedule_templates():
    every = {"ScheduleExpression": "rate(5 minutes)"}
    for name, properties in (
            ("", every),
            ("of many properties", {**every, "State": "DISABLED", "Description": "d", "GroupName": "g", "KmsKeyArn": "k",
                                    "Name": "n", "StartDate": "2026-01-01T00:00:00Z", "EndDate": "2027-01-01T00:00:00Z",
                                    "ScheduleExpressionTimezone": "Europe/Zurich", "Input": "{}", "PermissionsBoundary": "p",
                                    "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
                                    "RetryPolicy": {"MaximumRetryAttempts": 3}}),
            ("with a role and no name", {**every, "RoleArn": "arn:aws:iam::123456789012:role/r", "OmitName": True}),
            ("with a queue", {**every, "DeadLetterConfig": {"Type": "SQS"}}),
            ("with a named queue", {**every, "DeadLetterConfig": {"Type": "SQS", "QueueLogicalId": "Mine"}}),
            ("with a queue of one's own", {**every, "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q"}})):
        yield f"ScheduleV2 {name}".strip(), template({"S": {"Type": "ScheduleV2", "Properties": properties}})
    yield "ScheduleV2, alias", template({"S": {"Type": "ScheduleV2", "Properties": every}}, function={"AutoPublishAlias": "live"})
    yield "ScheduleV2 under a condition", under_conditions({"One": ("A", {"S": {"Type": "ScheduleV2", "Properties": every}})})


def api_corpus():
    """[(name, template)]"""
    return [*rest_templates(), *http_templates(), *domain_templates(), *conditional_templates(), *schedule_templates(), *policy_templates(),
            *connector_templates()]
