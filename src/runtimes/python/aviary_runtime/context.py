"""What a handler is told besides the event."""

import os
import sys
import time

from . import __name__ as package
from .text import parse


class Fault(Exception):
    """A failure that the client itself finds, with the error type and the trace that the caller shall see."""

    def __init__(self, error_type, message, trace=None):
        self.error_type = error_type
        self.message = message
        self.trace = trace


def _fill(instance, values):
    for name in instance.__slots__:
        setattr(instance, name, values.get(name))
    return instance


class _Shown(object):
    __slots__ = ()

    def __repr__(self):
        return "%s([%s])" % (
            type(self).__name__,
            ",".join("%s=%s" % (name, getattr(self, name)) for name in self.__slots__),
        )


class CognitoIdentity(_Shown):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Shown):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(_Shown):
    __slots__ = ("custom", "env", "client")


def _header_json(text, name):
    try:
        return parse(text)
    except Exception as problem:
        raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, problem))


class LambdaContext(object):
    def __init__(self, headers):
        env = os.environ.get
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = None
        text = headers.get("lambda-runtime-client-context")
        if text:
            values = _header_json(text, "Client Context")
            if values is not None:
                self.client_context = context = _fill(ClientContext(), values)
                if context.client is not None:
                    context.client = _fill(Client(), context.client)
        self.identity = identity = CognitoIdentity()
        identity.cognito_identity_id = identity.cognito_identity_pool_id = None
        text = headers.get("lambda-runtime-cognito-identity")
        if text:
            values = _header_json(text, "Cognito Identity")
            if values is not None:
                identity.cognito_identity_id = values.get("cognitoIdentityId")
                identity.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms") or 0)

    def get_remaining_time_in_millis(self):
        remaining = self._epoch_deadline_time_in_ms - int(time.time() * 1000)
        return remaining if remaining > 0 else 0

    def log(self, msg):
        sys.modules[package].sink.log(str(msg))

    def __repr__(self):
        return (
            "LambdaContext([aws_request_id=%s,log_group_name=%s,log_stream_name=%s,function_name=%s,"
            "memory_limit_in_mb=%s,function_version=%s,invoked_function_arn=%s,client_context=%s,identity=%s,"
            "tenant_id=%s])"
            % (
                self.aws_request_id,
                self.log_group_name,
                self.log_stream_name,
                self.function_name,
                self.memory_limit_in_mb,
                self.function_version,
                self.invoked_function_arn,
                self.client_context,
                self.identity,
                self.tenant_id,
            )
        )
