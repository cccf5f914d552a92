import os


def hello(event, context):
    name = (event.get("pathParameters") or {}).get("name", "nobody")
    return {"statusCode": 200, "body": f"hello {name} from {os.environ['STAGE']}"}


def counted(event, context):
    print("orders:", len(event.get("Records", [])))
    return {}
