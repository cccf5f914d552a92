"""The requests for recorded errors of what is set beside code and configuration: concurrency, asynchronous invokes,
URLs, code signing. As `recorded_requests`, which names the world that they are sent to; of it, `pc` has provisioned
concurrency (2) on version 1 and the alias `live` there, `pa` has it on its alias `live` of version 1, `pr` reserves 2
and has 2 provisioned on version 1, `off` reserves 0, and `pc` has a URL.
"""

from aviary_server import quote
from recorded_world import ARN, Request, invoke, tag_requests

NONE = "doesnotexist"
CSC = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-00000000000000000"
INVALID_CSC = {"<csc_arn_invalid>": CSC}
LIMITS = {"<min_unreserved_concurrency>": "100"}


def reserve(name, count):
    return Request("PUT", f"/2017-10-31/functions/{quote(name)}/concurrency", {"ReservedConcurrentExecutions": count})


def _provisioned(method, name, qualifier, body=None, **fill):
    return Request(method, f"/2019-09-30/functions/{quote(name)}/provisioned-concurrency?Qualifier={quote(qualifier)}",
                   body, **fill)


def provision(name, qualifier, count=1, **fill):
    return _provisioned("PUT", name, qualifier, {"ProvisionedConcurrentExecutions": count}, **fill)


def provisioned(name, qualifier, **fill):
    return _provisioned("GET", name, qualifier, **fill)


def unprovision(name, qualifier):
    return _provisioned("DELETE", name, qualifier)


def events(method, name, body=None, qualifier=None, rest="", **fill):
    path = f"/2019-09-25/functions/{quote(name)}/event-invoke-config{rest}"
    return Request(method, path if qualifier is None else f"{path}?Qualifier={quote(qualifier)}", body, **fill)


def to(success=None, failure=None):
    config = {}
    if success:
        config["OnSuccess"] = {"Destination": success}
    if failure:
        config["OnFailure"] = {"Destination": failure}
    return {"DestinationConfig": config}


def url(method, name, body=None, qualifier=None, **fill):
    path = f"/2021-10-31/functions/{quote(name)}/url"
    return Request(method, path if qualifier is None else f"{path}?Qualifier={quote(qualifier)}", body, **fill)


def all_url(name, qualifier=None):
    return [url("POST", name, {"AuthType": "NONE"}, qualifier), url("GET", name, None, qualifier),
            url("PUT", name, {"AuthType": "NONE"}, qualifier), url("DELETE", name, None, qualifier)]


def signing(method, rest="", body=None):
    return Request(method, f"/2020-04-22/code-signing-configs/{quote(CSC)}{rest}", body, **INVALID_CSC)


def function_signing(method, name, body=None):
    return Request(method, f"/2020-06-30/functions/{quote(name)}/code-signing-config", body, **INVALID_CSC)


_ONCE = {"MaximumRetryAttempts": 1}
_BAD_ARN = "arn:aws:_-/!lambda:us-east-1:111111111111:function:fn"
_IAM = "arn:aws:iam::123456789012:"
_PC = "test_provisioned_concurrency_exceptions / "
_EV = "test_lambda_eventinvokeconfig_exceptions / "
_URL = "test_url_config_exceptions / "

SETTINGS = {
    # Reserved concurrency.
    "test_function_concurrency_exceptions / put_function_concurrency_with_function_name_doesnotexist":
        [reserve(NONE, 1)],
    "test_function_concurrency_exceptions / put_function_concurrency_with_qualified_arn":
        [reserve(ARN + "fn:$LATEST", 1), reserve("fn:1", 1), reserve("fn:custom", 1)],
    "test_function_concurrency_limits / put_function_concurrency_account_limit_exceeded":
        [Request("PUT", reserve("fn", 901).path, reserve("fn", 901).body, **LIMITS)],
    "test_reserved_provisioned_overlap / reserved_lower_than_provisioned_exc": [reserve("pc", 1)],
    "test_reserved_concurrency / exc_no_cap_requestresponse": [invoke("off")],

    # Provisioned concurrency.
    _PC + "get_provisioned_config_doesnotexist": [provisioned("fn", "1"), provisioned("fn", "custom")],
    _PC + "get_provisioned_functionname_doesnotexist": [provisioned(NONE, "noalias")],
    _PC + "get_provisioned_qualifier_doesnotexist": [provisioned("fn", "noalias")],
    _PC + "get_provisioned_version_doesnotexist": [provisioned("fn", "10")],
    _PC + "get_provisioned_latest": [provisioned("fn", "$LATEST")],
    _PC + "list_provisioned_functionname_doesnotexist":
        [Request("GET", f"/2019-09-30/functions/{NONE}/provisioned-concurrency?List=ALL")],
    _PC + "delete_provisioned_functionname_doesnotexist": [unprovision(NONE, "1")],
    _PC + "delete_provisioned_qualifier_doesnotexist": [unprovision("fn", "noalias")],
    _PC + "delete_provisioned_version_doesnotexist": [unprovision("fn", "10")],
    _PC + "delete_provisioned_latest": [unprovision("fn", "$LATEST")],
    _PC + "put_provisioned_invalid_param_0": [provision("fn", "1", 0)],
    _PC + "put_provisioned_functionname_doesnotexist_alias": [provision(NONE, "noalias")],
    _PC + "put_provisioned_functionname_doesnotexist_version": [provision(NONE, "1")],
    _PC + "put_provisioned_qualifier_doesnotexist": [provision("fn", "doesnotexist")],
    _PC + "put_provisioned_version_doesnotexist": [provision("fn", "10")],
    _PC + "put_provisioned_latest": [provision("fn", "$LATEST")],
    "test_lambda_provisioned_lifecycle / put_provisioned_on_alias_versionconflict": [provision("pc", "live")],
    "test_lambda_provisioned_lifecycle / put_provisioned_on_version_conflict": [provision("pa", "1")],
    "test_lambda_provisioned_lifecycle / get_provisioned_alias_postaliasdelete":
        [provisioned("fn", "was", **{"<alias-name>": "was"})],
    "test_provisioned_concurrency_limits / put_provisioned_concurrency_account_limit_exceeded":
        [provision("fn", "1", 995, **{"<unreserved_concurrency>": "994"})],
    "test_provisioned_concurrency_limits / put_provisioned_concurrency_below_unreserved_min_value":
        [provision("fn", "1", 895, **LIMITS)],
    "test_reserved_provisioned_overlap / reserved_equals_provisioned_increase_provisioned_exc":
        [provision("pr", "1", 3)],

    # Asynchronous invokes.
    "test_ops_on_nonexisting_fn[get_function_event_invoke_config] / not_found_exception":
        [events("GET", "none", fn_arn=ARN + "none")],
    "test_ops_on_nonexisting_version[get_function_event_invoke_config] / version_not_found_exception":
        [events("GET", "fn", None, "1221")],
    _EV + "put_functionname_name_notfound": [events("PUT", NONE, _ONCE), events("PUT", ARN + NONE, _ONCE)],
    _EV + "put_functionname_nootherargs": [events("PUT", "fn", {}), events("PUT", NONE, {})],
    _EV + "put_destination_lambda_doesntexist": [events("PUT", "fn", to(ARN + NONE))],
    _EV + "put_destination_recursive": [events("PUT", "fn", to(ARN + "fn")), events("PUT", "fn", to(None, ARN + "fn"))],
    _EV + "put_destination_invalid_service_arn":
        [events("PUT", "fn", to(_IAM + "function:fn"), iam_arn_prefix=_IAM, **{"<function-name:1>": "fn"})],
    _EV + "put_destination_invalid_arn_pattern":
        [events("PUT", "fn", to(None, _BAD_ARN),
                **{"<function-name:1>": "fn", "<partition>": "aws", "<region>": "us-east-1"})],
    _EV + "put_alias_doesnotexist": [events("PUT", "fn", _ONCE, "nope"), events("PUT", "fn:nope", _ONCE)],
    _EV + "put_alias_shorthand_qualifierconflict": [events("PUT", "fn:custom", _ONCE, "other")],
    _EV + "delete_function_not_found": [events("DELETE", "fn"), events("DELETE", "fn", None, "$LATEST")],
    _EV + "delete_function_doesnotexist": [events("DELETE", NONE), events("GET", NONE)],
    _EV + "get_qualifier_doesnotexist": [events("GET", "fn", None, "doesnotexist")],
    _EV + "get_eventinvokeconfig_doesnotexist": [events("GET", "fn", None, "eventinvokealias")],
    _EV + "list_function_doesnotexist": [events("GET", NONE, None, None, "/list")],
    _EV + "update_eventinvokeconfig_function_doesnotexist": [events("POST", NONE, _ONCE)],
    _EV + "update_eventinvokeconfig_config_doesnotexist_without_qualifier": [events("POST", "fn", _ONCE)],
    _EV + "update_eventinvokeconfig_config_doesnotexist_with_qualifier":
        [events("POST", "fn", _ONCE, "eventinvokealias")],
    "test_lambda_eventinvokeconfig_lifecycle / get_invokeconfig_postpublish": [events("GET", "fn", None, "1")],
    "test_put_function_recursion_config_invalid_value / put_recursion_invalid_value_error":
        [Request("PUT", "/2024-08-31/functions/fn/recursion-config", {"RecursiveLoop": "InvalidValue"})],

    # URLs.
    "test_ops_on_nonexisting_fn[get_function_url_config] / not_found_exception": [url("GET", "none")],
    _URL + "create_function_url_config_name_doesnotexist":
        [url("POST", NONE, {"AuthType": "NONE"}), url("PUT", NONE, {"AuthType": "NONE"})],
    _URL + "get_function_url_config_name_doesnotexist": [url("GET", NONE), url("GET", "fn", None, "nope")],
    _URL + "delete_function_url_config_name_doesnotexist": [url("DELETE", NONE), url("DELETE", "fn", None, "nope")],
    _URL + "update_function_url_config_config_doesnotexist": [url("PUT", "fn", {"AuthType": "NONE"})],
    _URL + "get_function_url_config_config_doesnotexist": [url("GET", "fn")],
    _URL + "create_function_url_config_qualifier_version": all_url("fn", "1"),
    _URL + "create_function_url_config_qualifier_latest": all_url("fn", "$LATEST"),
    _URL + "create_function_url_config_qualifier_alias_doesnotexist": [url("POST", "fn", {"AuthType": "NONE"}, "nope")],
    _URL + "get_function_url_config_qualifier_alias_doesnotmatch_arn": all_url("fn:custom", "other"),
    "test_url_config_lifecycle / failed_duplication": [url("POST", "pc", {"AuthType": "NONE"}, fn_arn=ARN + "pc")],
    "test_url_config_lifecycle / failed_getter": [url("GET", "pa")],
    "test_url_config_list_paging / list_function_notfound": [Request("GET", f"/2021-10-31/functions/{NONE}/urls")],
    "test_lambda_url_invalid_invoke_mode / invoke_function_invalid_invoke_type":
        [url("POST", "fn", {"AuthType": "NONE", "InvokeMode": "UNKNOWN"})],

    # Code signing, capacity providers.
    "test_code_signing_not_found_excs / get_csc_invalid":
        [signing("GET"), signing("DELETE"), signing("PUT", "", {"Description": "x"}), signing("GET", "/functions")],
    "test_code_signing_not_found_excs / put_function_csc_invalid_csc_arn":
        [function_signing("PUT", "fn", {"CodeSigningConfigArn": CSC}),
         function_signing("PUT", NONE, {"CodeSigningConfigArn": CSC})],
    "test_code_signing_not_found_excs / get_function_csc_nonexistingfn":
        [function_signing(method, "csc-test-doesnotexist") for method in ("GET", "DELETE")],
    "test_tag_exceptions[capacity_provider] / not_found_exception_tag":
        tag_requests("arn:aws:lambda:us-east-1:123456789012:capacity-provider:none", "none"),
}

COVERED_SETTINGS = {"Reserved concurrency", "Provisioned concurrency", "Event invoke config", "Function URLs",
                    "Code signing"}


def settle_world(done, server):
    """The functions that these requests are about. `done` checks an answer."""
    from recorded_requests import F, code, create, function
    from function_code import answering
    for name in ("pc", "pa", "pr", "off"):
        done(server.post(F, create(FunctionName=name, Code=code(answering(name)), Publish=True).body))
    done(server.post(function("fn", "/aliases"), {"Name": "eventinvokealias", "FunctionVersion": "1"}))
    for name in ("pc", "pa"):
        done(server.post(function(name, "/aliases"), {"Name": "live", "FunctionVersion": "1"}))
    for request in (reserve("pr", 2), reserve("off", 0), provision("pc", "1", 2), provision("pa", "live", 2),
                    provision("pr", "1", 2), url("POST", "pc", {"AuthType": "NONE"})):
        done(server.request(request.method, request.path, request.body))
