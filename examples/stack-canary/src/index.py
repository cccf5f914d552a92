def lambda_handler(event, context):
    return {"processed": event.get("order"), "by": context.function_version}
