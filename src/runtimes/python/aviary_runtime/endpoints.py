"""AWS_ENDPOINT_URL for a botocore from before 1.31, which does not read it: Debian 12's, and what packages bring along.

Newer ones do by themselves. Without it a function's calls would leave this machine for AWS.
"""

import functools
import os


def _told(session, service):
    """As newer ones have it: the service's own variable goes before."""
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    if any(name.startswith("AWS_ENDPOINT_URL_") for name in os.environ):
        own = str(session.get_service_model(service).service_id).replace(" ", "_").upper()
        if os.environ.get("AWS_ENDPOINT_URL_" + own):
            return os.environ["AWS_ENDPOINT_URL_" + own]
    return os.environ.get("AWS_ENDPOINT_URL")


def teach(session):
    """`session` is the module botocore.session."""
    import botocore

    if [int(part) for part in botocore.__version__.split(".")[:2]] >= [1, 31]:
        return
    original = session.Session.create_client

    @functools.wraps(original)
    def create_client(self, service_name, *rest, **named):
        if len(rest) < 5 and named.get("endpoint_url") is None:  # the sixth of its parameters
            named["endpoint_url"] = _told(self, service_name)
        return original(self, service_name, *rest, **named)

    session.Session.create_client = create_client
