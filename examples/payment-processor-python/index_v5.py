"""Version 5 of the payment processor: it works, and it computes discounts the slow way."""

DISCOUNTS = [("SUMMER", 10), ("LOYAL", 5), ("FRIEND", 3)]


def discount_percent(codes):
    total = 0
    for code in codes:
        for name, percent in DISCOUNTS:
            if code == name:
                total += percent
    return total


def lambda_handler(event, context):
    amount = event.get("amount", 100)
    percent = discount_percent(event.get("codes", []))
    return {
        "status": "paid",
        "charged": round(amount * (100 - percent) / 100, 2),
        "handledBy": f"version {context.function_version}",
        "discounts": "looked up one by one",
    }
