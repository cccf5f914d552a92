"""order-processor, version 6, as it should have been."""


def lambda_handler(event, context):
    percent = (event.get("coupon") or {}).get("percent", 0)
    return {"order": event["order"], "total": event["amount"] * (100 - percent) / 100, "processor": "v6"}
