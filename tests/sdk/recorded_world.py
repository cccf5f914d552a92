"""What requests for recorded errors are made of."""

from aviary_server import quote

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
LAMBDA_ARN = "arn:aws:lambda:us-east-1:123456789012:"


class Request:
    """`fill` are the values of the message's placeholders."""

    def __init__(self, method, path, body=None, **fill):
        self.method = method
        self.path = path
        self.body = body
        self.fill = {"fn_arn": ARN + "fn", **fill}

    def __repr__(self):
        return f"{self.method} {self.path[:160]}"


def invoke(name):
    return Request("POST", f"/2015-03-31/functions/{quote(name)}/invocations", {})


def tag_requests(arn, name):
    """Tagging, untagging and listing tags of what is not there."""
    path = f"/2017-03-31/tags/{quote(arn)}"
    fill = {"lambda_arn_prefix": LAMBDA_ARN, "<resource-name>": name}
    return [Request("POST", path, {"Tags": {"a": "b"}}, **fill), Request("DELETE", path + "?tagKeys=a", **fill),
            Request("GET", path, **fill)]
