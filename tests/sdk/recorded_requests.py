"""The request that provokes each recorded error, by the name of its recording.

They are sent to a world in which the function `fn` has versions 1 and 2, the aliases `custom` (version 1) and
`unruled`, and a policy with the statement `s3`; `img` is a function of an image; `tagged` has 49 tags. The layer `lay`
has versions 1 and 2, `solo` has version 1 with the statement `s1` in its policy, `l1` to `l6` have one version each.
"""

import base64
import os

from aviary_server import quote
from function_code import PYTHON, ROLE, answering, zipped
from recorded_settings import COVERED_SETTINGS, SETTINGS
from recorded_world import ARN, LAMBDA_ARN, Request

F = "/2015-03-31/functions"
LAYERS = "/2018-10-31/layers"
LAY = LAMBDA_ARN + "layer:lay"
STALE = "00000000-0000-4000-8000-000000000000"


def function(name, rest="", qualifier=None):
    path = f"{F}/{quote(name)}{rest}"
    return path if qualifier is None else f"{path}?Qualifier={quote(qualifier)}"


def code(content):
    return {"ZipFile": base64.b64encode(content).decode()}


def create(**members):
    body = {"FunctionName": "new", "Role": ROLE, "Runtime": PYTHON, "Handler": "index.handler",
            "Code": code(answering(1)), **members}
    name = body["FunctionName"]
    return Request("POST", F, body, fn_arn=name if name.startswith("arn:") else ARN + name)


def configure(**members):
    return Request("PUT", function("fn", "/configuration"), members)


def update_code(name="fn", **members):
    return Request("PUT", function(name, "/code"), members)


def alias(name="new", version="1", weights=None, fn="fn", **members):
    body = {"Name": name, "FunctionVersion": version, **members}
    if weights is not None:
        body["RoutingConfig"] = {"AdditionalVersionWeights": weights}
    return Request("POST", function(fn, "/aliases"), body)


def permit(fn="fn", qualifier=None, **members):
    body = {"StatementId": "s9", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", **members}
    return Request("POST", function(fn, "/policy", qualifier), body)


def forbid(sid="s3", fn="fn", qualifier=None):
    return Request("DELETE", function(fn, f"/policy/{sid}", qualifier))


def policy(fn="fn", qualifier=None):
    return Request("GET", function(fn, "/policy", qualifier))


def tag(arn, tags):
    return Request("POST", f"/2017-03-31/tags/{quote(arn)}", {"Tags": tags})


def untag(arn, query="?tagKeys=a"):
    return Request("DELETE", f"/2017-03-31/tags/{quote(arn)}{query}")


def tags(arn):
    return Request("GET", f"/2017-03-31/tags/{quote(arn)}")


def on_function(name, qualifier=None, **fill):
    """The operations that only name a function."""
    return [Request(method, function(name, rest, qualifier), **fill)
            for method, rest in (("GET", ""), ("GET", "/configuration"))]


def layer(method, name, version, rest="", body=None):
    return Request(method, f"{LAYERS}/{name}/versions/{version}{rest}", body, layer_arn=LAMBDA_ARN + "layer:solo")


def layer_by_arn(arn):
    return Request("GET", f"{LAYERS}?find=LayerVersion&Arn={quote(arn)}", layer_arn=arn)


def publish_layer(runtimes, architectures, name="lay"):
    return Request("POST", f"{LAYERS}/{name}/versions", {
        "Content": code(answering(1)), "CompatibleRuntimes": runtimes, "CompatibleArchitectures": architectures})


def permit_layer(name, version, query="", **members):
    body = {"StatementId": "s1", "Action": "lambda:GetLayerVersion", "Principal": "*", **members}
    return layer("POST", name, version, f"/policy{query}", body)


def with_layers(*arns):
    """To create a function with these layers, and to give them to one that is there."""
    fill = {"layer_arn": LAY, "<region>": "us-east-1"}
    return [Request("POST", F, create(Layers=list(arns)).body, **fill),
            Request("PUT", function("fn", "/configuration"), {"Layers": list(arns)}, **fill)]


def many(count, first=0):
    return {f"key{number}": "value" for number in range(first, first + count)}


def _oversized_zip():
    """Just over what may be uploaded, and just under what a request may be."""
    return create(Code=code(os.urandom(52428801)))


def _oversized_request():
    return create(Code={"ZipFile": "A" * 70167212})


def _oversized_unzipped():
    return create(Code=code(zipped({"index.py": b"\0" * (262144000 + 1)})))


MISSING = {"fn_arn": ARN + "none"}
ELSEWHERE = "arn:aws:lambda:eu-west-1:123456789012:function:fn"
REGIONS = {"<wrong-region>": "eu-west-1", "<region>": "us-east-1"}
MAPPING = "11111111-1111-4111-8111-111111111111"

# Name of the recording → requests, or a function that makes one (when it is big).
REQUESTS = {
    # Function name, ARN, qualifier.
    "test_ops_on_nonexisting_fn[get_function] / not_found_exception":
        [*on_function("none", **MISSING), Request("DELETE", function("none"), **MISSING)],
    "test_ops_on_nonexisting_version[get_function] / version_not_found_exception": on_function("fn", "1221"),
    "test_ops_with_arn_qualifier_mismatch[get_function] / match_exception":
        [*on_function("some-function:$LATEST", "$LATEST"), *on_function(ARN + "some-function:$LATEST", "$LATEST")],
    "test_ops_with_arn_qualifier_mismatch[get_function] / not_match_exception":
        [*on_function("some-function:$LATEST", "1"), *on_function(ARN + "some-function:1", "2"),
         Request("DELETE", function("some-function:1", "", "2")),
         Request("POST", function("some-function:1", "/invocations", "2"), {}),
         permit("some-function:1", "2")],
    "test_ops_with_arn_qualifier_mismatch[delete_function] / match_exception":
        [Request("DELETE", function("fn", "", "$LATEST")), Request("DELETE", function("fn:$LATEST")),
         Request("DELETE", function("fn:$LATEST", "", "$LATEST"))],
    "test_delete_on_nonexisting_version / delete_function_response_non_existent_with_qualifier":
        [Request("DELETE", function("none", "", "1221"), **MISSING)],
    "test_get_function_wrong_region[get_function] / wrong_region_exception":
        [*on_function(ELSEWHERE, **REGIONS), Request("DELETE", function(ELSEWHERE), **REGIONS),
         Request("POST", function(ELSEWHERE, "/invocations"), {}, **REGIONS)],
    "test_alias_lifecycle / get_function_alias_notfound_exc": on_function("fn", "aliasdoesnotexist"),
    "test_function_arns / function_arn_other_region_exc":
        [Request("POST", F, {**create().body, "FunctionName": "arn:aws:lambda:ap-southeast-1:123456789012:function:x"},
                 **REGIONS)],
    "test_function_arns / function_arn_other_account_exc":
        [create(FunctionName="arn:aws:lambda:us-east-1:999988887777:function:x")],
    "test_function_arns / invalid_function_name_exc": [create(FunctionName="invalid:function:name")],
    "test_function_arns / long_function_name_exc":
        [Request("POST", F, create(FunctionName="a" * 65).body, **{"<a×65>": "a" * 65})],
    "test_function_arns / long_function_arn_exc": [create(FunctionName=ARN + "a" * 141)],
    "test_invalid_invoke / invoke_function_name_pattern_exc":
        [Request("POST", function("arn:aws:lambda:us-east-1:123400000000@function:myfn", "/invocations"), {},
                 **{"<partition>": "aws", "<region>": "us-east-1"})],

    # CreateFunction, UpdateFunctionConfiguration, UpdateFunctionCode.
    "test_create_lambda_exceptions / invalid_role_arn_exc": [create(Role="r1")],
    "test_update_lambda_exceptions / invalid_role_arn_exc": [configure(Role="r1")],
    "test_create_lambda_exceptions / invalid_runtime_exc": [create(Runtime="non-existent-runtime")],
    "test_update_lambda_exceptions / invalid_runtime_exc": [configure(Runtime="non-existent-runtime")],
    "test_create_lambda_exceptions / uppercase_runtime_exc": [create(Runtime="PYTHON3.9")],
    "test_create_lambda_exceptions / multiple_architectures": [create(Architectures=["x86_64", "arm64"])],
    "test_create_lambda_exceptions / uppercase_architecture": [create(Architectures=["X86_64"])],
    "test_create_lambda_exceptions / invalid_zip_exc": [create(Code=code(b"this is not a zip file, just a string"))],
    "test_create_deprecated_function_runtime_with_validation_enabled[python3.7] / deprecation_error":
        [create(Runtime="python3.7")],
    "test_snapstart_exceptions / create_function_invalid_snapstart_apply":
        [create(SnapStart={"ApplyOn": "invalidOption"})],
    "test_large_environment_variables_fails / failed_create_fn_result":
        [Request("POST", F, create(Environment={"Variables": {"LARGE_VAR": "x" * 4096}}).body,
                 **{"x…": "x" * 4096})],
    "test_oversized_request_create_lambda / invalid_param_exc": _oversized_request,
    "test_oversized_zipped_create_lambda / invalid_param_exc": _oversized_zip,
    "test_oversized_unzipped_lambda / invalid_param_exc": _oversized_unzipped,
    "test_lambda_code_location_s3_errors / create-error-wrong-bucket":
        [create(Code={"S3Bucket": "some-random-non-existent-bucket", "S3Key": "code.zip"}),
         update_code(S3Bucket="some-random-non-existent-bucket", S3Key="code.zip")],
    "test_tag_limits / create_function_invalid_tags": [create(Tags=many(51))],
    "test_invalid_vpc_config_subnet / create-response-invalid-format-subnet-id":
        [Request("POST", F, create(VpcConfig={"SubnetIds": ["bad-format-subnet"], "SecurityGroupIds": []}).body,
                 **{"<subnet_id_2>": "bad-format-subnet"})],
    "test_invalid_vpc_config_security_group / create-response-invalid-format-security-group":
        [Request("POST", F, create(VpcConfig={"SubnetIds": [], "SecurityGroupIds": ["bad-format-sg"]}).body,
                 **{"<security_group_id_2>": "bad-format-sg"})],
    "test_function_revisions_basic / update_function_revision_exception":
        [update_code(RevisionId=STALE, **code(answering(2)))],
    "test_function_revisions_basic / update_function_configuration_revision_exception":
        [configure(RevisionId=STALE, Timeout=7)],
    "test_lambda_image_crud / image-to-zipfile-error": [update_code("img", **code(answering(1)))],
    "test_lambda_zip_file_to_image / zipfile-to-image-error":
        [update_code(ImageUri="123456789012.dkr.ecr.us-east-1.amazonaws.com/repo:tag")],
    "test_function_lifecycle / delete_postdelete": [Request("DELETE", function("deleted"), fn_arn=ARN + "deleted")],
    "test_list_functions / list_functions_invalid_functionversion":
        [Request("GET", f"{F}?FunctionVersion=invalid")],

    # Layers.
    "test_layer_exceptions / get_layer_version_exc_layer_doesnotexist": [layer("GET", "doesnotexist", 1)],
    "test_layer_exceptions / get_layer_version_exc_layer_version_doesnotexist_2": [layer("GET", "lay", 9)],
    "test_layer_exceptions / get_layer_version_exc_layer_version_doesnotexist_zero":
        [layer("GET", "lay", 0), layer("DELETE", "lay", 0)],
    "test_layer_exceptions / get_layer_version_by_arn_exc_invalidarn": [layer_by_arn(LAY)],
    "test_layer_exceptions / get_layer_version_by_arn_exc_nonexistentversion": [layer_by_arn(LAY + ":9")],
    "test_layer_exceptions / list_layers_exc_compatibleruntime_invalid":
        [Request("GET", f"{LAYERS}?CompatibleRuntime=runtimedoesnotexist")],
    "test_layer_exceptions / list_layers_exc_compatiblearchitecture_invalid":
        [Request("GET", f"{LAYERS}?CompatibleArchitecture=archdoesnotexist")],
    "test_layer_exceptions / publish_layer_version_exc_invalid_runtime_arch":
        [publish_layer(["invalidruntime"], ["invalidarch"])],
    "test_layer_exceptions / publish_layer_version_exc_partially_invalid_values":
        [publish_layer(["invalidruntime", "invalidruntime2", "nodejs20.x"], ["invalidarch", "x86_64"])],
    "test_layer_function_exceptions / two_layer_versions_single_function_exc": with_layers(LAY + ":1", LAY + ":2"),
    "test_layer_function_exceptions / two_identical_layer_versions_single_function_exc":
        with_layers(LAY + ":1", LAY + ":1"),
    "test_layer_function_exceptions / add_nonexistent_layer_exc": with_layers(LAMBDA_ARN + "layer:doesnotexist:1"),
    "test_layer_function_exceptions / add_nonexistent_layer_version_exc": with_layers(LAY + ":9"),
    "test_layer_function_exceptions / add_layer_arn_without_version_exc": with_layers(LAY)[1:],
    "test_layer_function_exceptions / create_function_with_layer_in_different_region":
        with_layers("arn:aws:lambda:eu-west-1:123456789012:layer:lay:1")[:1],
    "test_layer_function_quota_exception / create_function_with_six_layers":
        with_layers(*(f"{LAMBDA_ARN}layer:l{number}:1" for number in range(1, 7)))[:1],
    "test_layer_policy_exceptions / layer_permission_nopolicy_get": [layer("GET", "lay", 1, "/policy")],
    "test_layer_policy_exceptions / layer_permission_action_invalid": [permit_layer("lay", 1, Action="*")],
    "test_layer_policy_exceptions / layer_permission_duplicate_statement": [permit_layer("solo", 1, StatementId="s1")],
    "test_layer_policy_exceptions / layer_permission_wrong_revision":
        [permit_layer("solo", 1, f"?RevisionId={STALE}", StatementId="s2")],
    "test_layer_policy_exceptions / layer_permission_wrong_revision_remove":
        [layer("DELETE", "solo", 1, f"/policy/s1?RevisionId={STALE}")],
    "test_layer_policy_exceptions / layer_permission_layername_doesnotexist_add":
        [permit_layer("solo-doesnotexist", 1), layer("GET", "solo-doesnotexist", 1, "/policy"),
         layer("DELETE", "solo-doesnotexist", 1, "/policy/s1")],
    "test_layer_policy_exceptions / layer_permission_layerversion_doesnotexist_add":
        [permit_layer("solo", 2), layer("GET", "solo", 2, "/policy"), layer("DELETE", "solo", 2, "/policy/s1")],
    "test_layer_policy_exceptions / layer_permission_statementid_doesnotexist_remove":
        [layer("DELETE", "solo", 1, "/policy/doesnotexist")],

    # Versions.
    "test_publish_with_wrong_sha256 / publish_wrong_sha256_exc":
        [Request("POST", function("fn", "/versions"), {"CodeSha256": "somenonexistentsha256"})],
    "test_function_revisions_version_and_alias / publish_version_revision_exception":
        [Request("POST", function("fn", "/versions"), {"RevisionId": STALE})],

    # Aliases.
    "test_alias_naming / create_alias_number_exception": [alias("2024")],
    "test_notfound_and_invalid_routingconfigs / routing_config_exc_toomany": [alias(weights={"1": 0.5, "2": 0.5})],
    "test_notfound_and_invalid_routingconfigs / routing_config_exc_toohigh": [alias(weights={"2": 2})],
    "test_notfound_and_invalid_routingconfigs / routing_config_exc_subzero": [alias(weights={"2": -1})],
    "test_notfound_and_invalid_routingconfigs / routing_config_exc_sameversion": [alias(weights={"1": 0.5})],
    "test_notfound_and_invalid_routingconfigs / target_version_doesnotexist": [alias(version="10", weights={"2": 0.5}),
                                                                                 alias(version="10")],
    "test_notfound_and_invalid_routingconfigs / routing_config_exc_version_doesnotexist": [alias(weights={"10": 0.5})],
    "test_notfound_and_invalid_routingconfigs / target_version_exc_version_latest":
        [alias(version="$LATEST", weights={"1": 0.5})],
    "test_notfound_and_invalid_routingconfigs / routing_config_exc_version_latest": [alias(weights={"$LATEST": 0.5})],
    "test_notfound_and_invalid_routingconfigs / routing_config_exc_fn_doesnotexist":
        [alias(fn="fn-unknown", weights={"2": 0.5})],
    "test_notfound_and_invalid_routingconfigs / routing_config_exc_already_exist": [alias("custom")],
    "test_notfound_and_invalid_routingconfigs / alias_does_not_exist_esc":
        [Request("GET", function("fn", "/aliases/non-existent"))],
    "test_non_existent_alias_update / update_alias_response":
        [Request("PUT", function("fn", "/aliases/non-existent"), {"Description": "x"})],
    "test_function_revisions_version_and_alias / update_alias_revision_exception":
        [Request("PUT", function("fn", "/aliases/custom"), {"RevisionId": STALE, "Description": "x"})],
    "test_lambda_alias_moving / invocation_exc_not_existent":
        [Request("POST", function("fn", "/invocations", "non-existent-alias"), {}),
         Request("POST", function("fn:non-existent-alias", "/invocations"), {})],

    # Invoke.
    "test_invoke_exceptions / invoke_function_doesnotexist":
        [Request("POST", function("doesnotexist", "/invocations"), {})],
    r"test_lambda_invoke_payload_encoding_error[body-n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt] / "
    r"invoke_function_invalid_payload_body":
        [Request("POST", function("fn", "/invocations"), b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt")],
    r"test_lambda_invoke_payload_encoding_error[message-\x99\xeb,j\x07\xa1zYh] / "
    r"invoke_function_invalid_payload_message":
        [Request("POST", function("fn", "/invocations"), b"\x99\xeb,j\x07\xa1zYh")],

    # Permissions.
    "test_permission_exceptions / add_permission_invalid_statement_id": [permit(StatementId="example.com")],
    "test_permission_exceptions / add_permission_fn_qualifier_mismatch": [permit("fn:alias-not-42", "42")],
    "test_permission_exceptions / add_permission_fn_qualifier_latest":
        [permit("fn:$LATEST"), permit("fn", "$LATEST"), permit("fn:$LATEST", "$LATEST")],
    "test_permission_exceptions / add_permission_principal_invalid": [permit(Principal="invalid.nonaws.com"),
                                                                      permit(Principal="foobar")],
    "test_permission_exceptions / add_permission_fn_doesnotexist": [permit("doesnotexist")],
    "test_permission_exceptions / add_permission_fn_alias_doesnotexist": [permit("fn:alias-doesnotexist")],
    "test_permission_exceptions / add_permission_fn_version_doesnotexist": [permit("fn:42"), permit("fn", "42")],
    "test_permission_exceptions / add_permission_fn_qualifier_invalid":
        [permit("fn", "invalid-qualifier-with-?-char")],
    "test_permission_exceptions / add_permission_fn_qualifier_valid_doesnotexist":
        [permit("fn", "valid-with-$-but-doesnotexist")],
    "test_permission_exceptions / add_permission_conflicting_statement_id": [permit(StatementId="s3")],
    "test_function_revisions_permissions / add_permission_revision_exception": [permit(RevisionId=STALE)],
    "test_lambda_permission_fn_versioning / add_permission_alias_revision_exception":
        [permit("fn", "custom", RevisionId=STALE)],
    "test_permission_exceptions / remove_permission_policy_doesnotexist": [forbid(fn="img")],
    "test_permission_exceptions / remove_permission_fn_doesnotexist": [forbid(fn="doesnotexist")],
    "test_permission_exceptions / remove_permission_fn_alias_doesnotexist": [forbid(qualifier="alias-doesnotexist")],
    "test_remove_multi_permissions / remove_permission_exception_nonexisting_sid": [forbid("non-existent")],
    "test_permission_exceptions / get_policy_fn_doesnotexist": [policy("doesnotexist")],
    "test_permission_exceptions / get_policy_fn_version_doesnotexist": [policy("fn", "42"), policy("fn:42")],
    "test_lambda_permission_fn_versioning / get_policy_after_publishing_new_version": [policy("fn", "1")],
    "test_remove_multi_permissions / get_policy_exception_removed_all": [policy("img")],

    # Tags.
    "test_tag_exceptions / tag_lambda_invalidarn":
        [Request("POST", f"/2017-03-31/tags/{quote('arn:aws:something')}", {"Tags": {"a": "b"}},
                 **{"<partition>": "aws"})],
    "test_tag_exceptions / tag_lambda_doesnotexist": [tag(ARN + "doesnotexist", {"a": "b"})],
    "test_tag_exceptions / tag_lambda_qualifier_doesnotexist":
        [tag(ARN + "fn:alias", {"a": "b"}), tag(ARN + "fn:custom", {"a": "b"}), tag(ARN + "fn:1", {"a": "b"})],
    "test_tag_versions / tag_resource_latest_exception": [tag(ARN + "fn:$LATEST", {"a": "b"})],
    "test_tag_exceptions / untag_empty_keys": [untag(ARN + "fn", "")],
    "test_tag_exceptions / tag_empty_tags": [tag(ARN + "fn", {})],
    "test_tag_limits / tag_lambda_too_many_tags": [tag(ARN + "fn", many(51))],
    "test_tag_limits / tag_lambda_too_many_tags_additional": [tag(ARN + "tagged", many(2, 100))],
    "test_tag_nonexisting_resource / not_found_exception_tag":
        [Request(each.method, each.path, each.body, **MISSING)
         for each in (tag(ARN + "none", {"a": "b"}), untag(ARN + "none"), tags(ARN + "none"))],
    "test_tag_lifecycle / list_tags_postdelete":
        [Request("GET", tags(ARN + "deleted").path, fn_arn=ARN + "deleted")],
    "test_tag_exceptions[event_source_mapping] / aliased_arn_exception":
        [Request("POST", f"/2017-03-31/tags/{quote(LAMBDA_ARN + 'event-source-mapping:' + MAPPING + ':alias')}",
                 {"Tags": {"a": "b"}}, lambda_arn_prefix=LAMBDA_ARN, **{"<resource-name>": MAPPING})],
}

REQUESTS.update(SETTINGS)

# These need an update that is still in progress, and so a server on which updates take their time.
REQUESTS_DURING_AN_UPDATE = {
    "test_lambda_concurrent_code_updates / update-during-in-progress-update-exc": [update_code(**code(answering(3)))],
    "test_lambda_concurrent_config_updates / update-during-in-progress-update-exc": [configure(Timeout=9)],
}

# Why no request is here for a recording of a section that is otherwise covered.
NOT_HERE = {
    "test_lambda_code_location_s3_errors / create-error-wrong-key": "a bucket that exists",
    "test_invalid_vpc_config_subnet / create-response-non-existent-subnet-id": "EC2, which is not emulated",
    "test_invalid_vpc_config_security_group / create-response-non-existent-security-group":
        "EC2, which is not emulated",
    "test_tag_exceptions[event_source_mapping] / not_found_exception_tag": "event source mappings",
}

# Sections of which every recording must have a request, or a reason.
COVERED = {
    "Function name / ARN / qualifier resolution", "CreateFunction / UpdateFunctionConfiguration / UpdateFunctionCode",
    "Versions", "Aliases and routing config", "Invoke", "Permissions (resource policy)", "Tags", "Layers"} | COVERED_SETTINGS
