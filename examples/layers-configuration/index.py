"""One handler; what it does is written in a layer."""

import json

with open("/opt/config/payments.json") as file:
    CONFIG = json.load(file)


def lambda_handler(event, context):
    return {
        "version": context.function_version,
        "configuration": CONFIG["name"],
        "approved": event["amount"] <= CONFIG["limit"],
    }
