"""CodeDeploy by boto3 and every CLI: canaries on the real alias, with real functions, alarms and hooks."""

import datetime
import json
import shutil
import tempfile
import time
import unittest

from botocore.exceptions import WaiterError

from aviary_server import ACCOUNT, Server
from aws_cli import for_each
from function_code import answering, python_zip
from sdk_clients import LambdaCase, client_for

ROLE = "arn:aws:iam::123456789012:role/codedeploy"
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
ALL_EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
HEALTHY = python_zip("def handler(event, context):\n    return 5\n")
# A bug that shows in the payloads without a coupon: three of ten.
BUGGY = python_zip("def handler(event, context):\n    return event['coupon']['percent']\n")
FIXED = python_zip("def handler(event, context):\n    return (event.get('coupon') or {}).get('percent', 0)\n")
# A hook as people write them, but for boto3: what it decides is in its environment.
HOOK = python_zip("""
import json, os, urllib.request

def handler(event, context):
    print(json.dumps(event))
    body = {"deploymentId": event["DeploymentId"],
            "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"], "status": os.environ["DECISION"]}
    call = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], json.dumps(body).encode(), {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"})
    urllib.request.urlopen(call).read()
""")
SPEC = """version: 0.0
Resources:
  - {resource}
Hooks: {hooks}
"""


def app_spec(current=5, target=6, hooks=None, standard=True):
    properties = {"Name": "order-processor", "Alias": "prod", "CurrentVersion": str(current),
                  "TargetVersion": str(target)}
    body = {"Type": "AWS::Lambda::Function", "Properties": properties}
    resource = {"order-processor": body} if standard else {"id": "order-processor", **body}
    return SPEC.format(resource=json.dumps(resource), hooks=json.dumps(hooks or []))


class CodeDeployCase(LambdaCase):
    OPTIONS = ("--clock", "manual", "--routing", "exact")

    def setUp(self):
        super().setUp()
        self.connect(self.server)

    def connect(self, server):
        self.server = server
        self.client = client_for(server.endpoint)
        self.deploy = client_for(server.endpoint, service="codedeploy")
        self.watch = client_for(server.endpoint, service="cloudwatch")

    def advance(self, by):
        answer = self.server.post("/_aviary/clock/advance", {"by": by})
        self.assertEqual(answer.status, 200, answer)

    def prepare(self, six=FIXED, alarm=False, **group):
        """Six versions, the alias at 5, an application with a group."""
        self.create(code=HEALTHY, Publish=True)
        for version in range(2, 6):
            self.client.update_function_configuration(FunctionName="order-processor", Description=f"v{version}")
            self.publish()
        self.publish_code(six)
        self.client.create_alias(FunctionName="order-processor", Name="prod", FunctionVersion="5")
        self.deploy.create_application(applicationName="orders", computePlatform="Lambda")
        if alarm:
            # The article's.
            self.watch.put_metric_alarm(
                AlarmName="order-processor-canary-errors", Namespace="AWS/Lambda", MetricName="Errors",
                Dimensions=[{"Name": "FunctionName", "Value": "order-processor"}], Statistic="Sum", Period=60,
                EvaluationPeriods=2, Threshold=5, ComparisonOperator="GreaterThanThreshold")
            group["alarmConfiguration"] = {"enabled": True, "alarms": [{"name": "order-processor-canary-errors"}]}
            group["autoRollbackConfiguration"] = {"enabled": True, "events": ALL_EVENTS}
        self.deploy.create_deployment_group(
            applicationName="orders", deploymentGroupName="prod", serviceRoleArn=ROLE,
            **{"deploymentConfigName": CANARY, **group})

    def start(self, spec=None, **more):
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": spec or app_spec()}}
        return self.deploy.create_deployment(applicationName="orders", deploymentGroupName="prod", revision=revision,
                                             **more)["deploymentId"]

    def info(self, deployment):
        return self.deploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

    def alias(self):
        alias = self.client.get_alias(FunctionName="order-processor", Name="prod")
        return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

    def customers(self, count=300):
        """Orders, three of ten without a coupon, over one connection. How many failed."""
        failed = 0
        for number in range(count):
            # Not in step with the exact router, which gives every tenth invoke to version 6.
            payload = {"coupon": None if (number // 10 * 7 + number) % 10 < 3 else {"percent": 10}}
            response = self.client.invoke(FunctionName="order-processor:prod", Payload=json.dumps(payload))
            failed += "FunctionError" in response
        return failed

    def events(self, deployment):
        target = self.deploy.get_deployment_target(deploymentId=deployment, targetId="order-processor:prod")
        return [(event["lifecycleEventName"], event["status"])
                for event in target["deploymentTarget"]["lambdaTarget"]["lifecycleEvents"]]


class Canary(CodeDeployCase):
    def seconds(self, steps):
        begin = time.monotonic()
        steps()
        return time.monotonic() - begin

    def test_half_an_hour_in_three_seconds(self):
        """Of wall time, from CreateDeployment to the end; beside what plain invokes of the same number take, for
        machines that are busy with something else."""
        for six, alias, minutes in ((BUGGY, "5", 2), (FIXED, "6", 5)):
            self.server.post("/_aviary/reset")
            self.prepare(six, alarm=True)
            self.customers(20)  # a warm start for both
            self.client.invoke(FunctionName="order-processor:6", Payload=b'{"coupon": {"percent": 1}}')
            plain = self.seconds(lambda: self.customers(100 * minutes))

            def canary():
                self.deployment = self.start()
                for _ in range(minutes):
                    self.customers(100 if six is FIXED else 300)
                    self.advance("1m")

            taken = self.seconds(canary)
            self.assertEqual((self.info(self.deployment)["status"], self.alias()),
                             ("Stopped" if six is BUGGY else "Succeeded", (alias, {})))
            self.assertLess(taken, 3 + 6 * plain)

    def test_a_bug_is_rolled_back_by_the_alarm(self):
        self.prepare(BUGGY, alarm=True)
        before = self.client.get_alias(FunctionName="order-processor", Name="prod")["RevisionId"]
        deployment = self.start()
        self.assertEqual(self.alias(), ("5", {"6": 0.1}))
        self.assertNotEqual(self.client.get_alias(FunctionName="order-processor", Name="prod")["RevisionId"], before)
        for _ in range(2):
            self.assertEqual(self.customers(), 9)  # three of ten of the tenth, exactly
            self.advance("1m")
        info = self.info(deployment)
        self.assertEqual(info["status"], "Stopped")
        self.assertEqual(info["errorInformation"], {
            "code": "ALARM_ACTIVE",
            "message": "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, "
                       "and the affected deployments have been stopped. Activated alarms: "
                       "<order-processor-canary-errors>"})
        self.assertEqual(self.alias(), ("5", {}))
        self.assertEqual(self.events(deployment), [("BeforeAllowTraffic", "Succeeded"), ("AllowTraffic", "Failed"),
                                                   ("AfterAllowTraffic", "Skipped")])
        back = self.info(info["rollbackInfo"]["rollbackDeploymentId"])
        self.assertEqual((back["status"], back["creator"]), ("Succeeded", "codeDeployRollback"))
        self.assertEqual(back["rollbackInfo"]["rollbackTriggeringDeploymentId"], deployment)
        self.assertEqual(self.customers(20), 0)
        with self.assertRaises(WaiterError):
            self.deploy.get_waiter("deployment_successful").wait(deploymentId=deployment)

    def test_its_twin_succeeds(self):
        self.prepare(FIXED, alarm=True)
        deployment = self.start()
        for _ in range(5):
            self.assertEqual(self.info(deployment)["status"], "InProgress")
            self.assertEqual(self.alias(), ("5", {"6": 0.1}))
            self.assertEqual(self.customers(40), 0)
            self.advance("1m")
        self.deploy.get_waiter("deployment_successful").wait(deploymentId=deployment)
        self.assertEqual(self.alias(), ("6", {}))
        self.assertEqual({status for _, status in self.events(deployment)}, {"Succeeded"})

    def test_a_linear_deployment_keeps_its_schedule(self):
        self.prepare(deploymentConfigName="CodeDeployDefault.LambdaLinear10PercentEvery2Minutes")
        deployment = self.start()
        for step in range(1, 10):
            self.assertEqual(self.alias(), ("5", {"6": step / 10}))
            self.advance("1m")
            self.assertEqual(self.alias(), ("5", {"6": step / 10}))
            self.advance("1m")
        self.assertEqual((self.alias(), self.info(deployment)["status"]), (("6", {}), "Succeeded"))

    def test_both_forms_of_the_file_and_what_is_refused(self):
        self.prepare(deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce")
        self.assertEqual(self.info(self.start(app_spec(5, 6)))["status"], "Succeeded")
        self.assertEqual(self.info(self.start(app_spec(6, 5, standard=False)))["status"], "Succeeded")
        article = """version: 0.0
Resources:
  - id: order-processor
    Type: AWS::Lambda::Function
    Properties:
      Name: order-processor
      Alias: prod
      CurrentVersion: !Ref OrderProcessorVersion1
      TargetVersion: !Ref OrderProcessorVersion2
"""
        answer = self.refused("InvalidRevisionException", 400, self.start, article)
        self.assertIn("CurrentVersion is !Ref OrderProcessorVersion1", answer["Error"]["Message"])
        self.assertEqual(self.alias(), ("5", {}))
        self.refused("InvalidComputePlatformException", 400, self.deploy.create_application, applicationName="x",
                     computePlatform="ECS")
        text = app_spec().encode()
        answer = self.refused("RevisionDoesNotExistException", 400, self.deploy.create_deployment,
                              applicationName="orders", deploymentGroupName="prod",
                              revision={"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k"}})
        self.assertIn("s3://b/k", answer["Error"]["Message"])
        string = {"revisionType": "String", "string": {"content": text.decode()}}
        deployment = self.deploy.create_deployment(applicationName="orders", deploymentGroupName="prod",
                                                   revision=string)["deploymentId"]
        self.assertEqual(self.info(deployment)["revision"]["revisionType"], "String")

    def test_by_hand_and_by_stop(self):
        self.prepare()
        deployment = self.start()
        self.refused("DeploymentLimitExceededException", 400, self.start, message=(
            f"The Deployment Group 'prod' already has an active Deployment '{deployment}'"))
        stopped = self.deploy.stop_deployment(deploymentId=deployment)
        self.assertEqual(stopped["status"], "Succeeded")
        self.assertEqual((self.info(deployment)["status"], self.alias()), ("Stopped", ("5", {})))
        self.assertEqual(self.info(deployment)["rollbackInfo"], {})
        deployment = self.start()
        self.client.update_alias(FunctionName="order-processor", Name="prod", FunctionVersion="6", RoutingConfig={})
        self.advance("5m")
        info = self.info(deployment)
        self.assertEqual((info["status"], info["errorInformation"]["code"]),
                         ("Failed", "INVALID_LAMBDA_CONFIGURATION"))
        self.assertIn("was changed during the deployment", info["errorInformation"]["message"])
        # The function goes.
        deployment = self.start(app_spec(6, 5))
        self.client.delete_function(FunctionName="order-processor")
        self.advance("5m")
        self.assertEqual(self.info(deployment)["errorInformation"]["code"], "INVALID_LAMBDA_FUNCTION")


class Hooks(CodeDeployCase):
    def hook(self, name, decision):
        self.create(name, HOOK, Environment={"Variables": {"DECISION": decision}})

    def wait(self, deployment, what="wait"):
        answer = (self.server.get if what == "wait" else self.server.post)(
            f"/_aviary/deployments/{deployment}/{what}?timeout=60s", *([] if what == "wait" else [{}]))
        self.assertIn(answer.status, (200, 202), answer)
        return answer.json()

    def test_hooks_really_run_and_decide(self):
        self.prepare()
        self.hook("pre", "Succeeded")
        self.hook("post", "Failed")
        deployment = self.start(app_spec(hooks=[{"BeforeAllowTraffic": "pre"}, {"AfterAllowTraffic": "post"}]),
                                autoRollbackConfiguration={"enabled": True, "events": ALL_EVENTS})
        # The first hook says yes by itself; time is driven to the end.
        report = self.wait(deployment, "finish")
        self.assertEqual((report["status"], report["error"]["code"]), ("Failed", "HOOK_EXECUTION_FAILURE"))
        self.assertEqual(self.events(deployment), [("BeforeAllowTraffic", "Succeeded"), ("AllowTraffic", "Succeeded"),
                                                   ("AfterAllowTraffic", "Failed")])
        self.assertEqual(self.alias(), ("5", {}))
        self.assertEqual(report["rollback"]["deployment"], self.info(deployment)["rollbackInfo"]["rollbackDeploymentId"])

    def test_a_hook_that_does_not_exist_or_does_not_answer(self):
        self.prepare()
        deployment = self.start(app_spec(hooks=[{"BeforeAllowTraffic": "nobody"}]))
        self.assertEqual(self.wait(deployment)["error"]["code"], "HOOK_EXECUTION_FAILURE")
        self.create("silent", answering("nothing"))
        deployment = self.start(app_spec(hooks=[{"BeforeAllowTraffic": "silent"}]))
        self.advance("59m")
        self.assertEqual(self.info(deployment)["status"], "InProgress")
        self.advance("1m")
        self.assertEqual(self.info(deployment)["errorInformation"]["code"], "HOOK_EXECUTION_FAILURE")
        self.assertEqual(self.alias(), ("5", {}))


class Moving(CodeDeployCase):
    def test_wait_step_and_finish(self):
        self.prepare(deploymentConfigName="CodeDeployDefault.LambdaLinear10PercentEvery10Minutes")
        deployment = self.start()
        path = f"/_aviary/deployments/{deployment}"
        self.assertEqual(self.server.get(f"{path}/wait?timeout=10ms").status, 202)
        first = self.server.get(path).json()
        self.assertEqual((first["percent"], first["over"], first["alias_now"]["additional_weight"]), (10, False, 0.1))
        step = self.server.post(f"{path}/step", {})
        self.assertEqual((step.status, step.json()["percent"]), (202, 20))
        self.assertEqual(self.alias(), ("5", {"6": 0.2}))
        finished = self.server.post(f"{path}/finish", {})
        self.assertEqual((finished.status, finished.json()["status"]), (200, "Succeeded"))
        self.assertEqual(self.server.get(f"{path}/wait").status, 200)
        self.assertEqual(self.server.post(f"{path}/step", {}).status, 200)
        taken = (datetime.datetime.fromisoformat(finished.json()["completed"].replace("Z", "+00:00"))
                 - datetime.datetime.fromisoformat(finished.json()["created"].replace("Z", "+00:00")))
        self.assertEqual(taken, datetime.timedelta(minutes=90))
        listed = self.server.get("/_aviary/deployments").json()["deployments"]
        self.assertEqual([each["id"] for each in listed], [deployment])
        self.assertEqual(self.server.get("/_aviary/deployments/d-none/wait").status, 404)
        self.assertEqual(self.server.post(f"{path}/jump", {}).status, 404)
        self.assertEqual(self.server.get(f"{path}/wait?timeout=soon").status, 400)

    @for_each
    def test_by_the_cli(self, cli):
        self.prepare()
        cli.write("revision.json", json.dumps({"revisionType": "AppSpecContent", "appSpecContent": {
            "content": app_spec()}}).encode())
        deployment = cli.ok("deploy", "create-deployment", "--application-name", "orders", "--deployment-group-name",
                            "prod", "--revision", "file://revision.json")["deploymentId"]
        targets = cli.ok("deploy", "list-deployment-targets", "--deployment-id", deployment)["targetIds"]
        self.assertEqual(targets, ["order-processor:prod"])
        self.advance("5m")
        cli.run("deploy", "wait", "deployment-successful", "--deployment-id", deployment)
        waited = cli.run("deploy", "wait", "deployment-successful", "--deployment-id", deployment)
        self.assertEqual(waited.code, 0, waited)
        listed = cli.ok("deploy", "list-deployments", "--application-name", "orders", "--deployment-group-name", "prod",
                        "--include-only-statuses", "Succeeded")["deployments"]
        self.assertEqual(listed, [deployment])
        configs = cli.ok("deploy", "list-deployment-configs")["deploymentConfigsList"]
        self.assertIn(CANARY, configs)


class Triggers(CodeDeployCase):
    def test_a_topic_and_its_queue_hear_of_every_event(self):
        there = self.server.get("/_aviary/health").json()["services"]
        if "sns" not in there or "sqs" not in there:
            self.skipTest("nothing takes in messages yet")
        topics = client_for(self.server.endpoint, service="sns")
        queues = client_for(self.server.endpoint, service="sqs")
        topic = topics.create_topic(Name="deployments")["TopicArn"]
        queue = queues.create_queue(QueueName="deployments")["QueueUrl"]
        topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues.get_queue_attributes(
            QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
        self.prepare(triggerConfigurations=[{"triggerName": "tell", "triggerTargetArn": topic, "triggerEvents": [
            "DeploymentStart", "DeploymentSuccess", "DeploymentFailure", "DeploymentStop", "DeploymentRollback"]}])
        deployment = self.start()
        self.deploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
        back = self.info(deployment)["rollbackInfo"]["rollbackDeploymentId"]
        heard = {}
        for _ in range(20):
            for message in queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10,
                                                  WaitTimeSeconds=0).get("Messages", []):
                body = json.loads(message["Body"])
                heard[body["Subject"]] = json.loads(body["Message"])
                queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            if len(heard) == 5:
                break
        subject = "{}: AWS CodeDeploy {} in us-east-1 to orders"
        self.assertEqual(set(heard), {subject.format(status, which) for status, which in (
            ("CREATED", deployment), ("ABORTED", deployment), ("CREATED", back), ("IN_PROGRESS", back),
            ("SUCCEEDED", back))})
        stopped = heard[subject.format("ABORTED", deployment)]
        self.assertEqual(json.loads(stopped["errorInformation"])["ErrorCode"], "MANUAL_STOP")
        self.assertEqual(json.loads(stopped["rollbackInformation"])["RollbackDeploymentId"], back)
        self.assertEqual((stopped["eventTriggerName"], stopped["accountId"], stopped["deploymentGroupName"]),
                         ("tell", ACCOUNT, "prod"))


    def test_a_function_hears_of_it_too(self):
        topics = client_for(self.server.endpoint, service="sns")
        queues = client_for(self.server.endpoint, service="sqs")
        logs = client_for(self.server.endpoint, service="logs")
        topic = topics.create_topic(Name="deployments")["TopicArn"]
        queue = queues.create_queue(QueueName="deployments")["QueueUrl"]
        self.create("listener", python_zip("def handler(event, context):\n"
                                           "    print('heard', event['Records'][0]['Sns']['Subject'])\n"))
        for protocol, endpoint in (("lambda", self.arn("listener")), ("sqs", queues.get_queue_attributes(
                QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])):
            topics.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
        self.prepare(deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce", triggerConfigurations=[
            {"triggerName": "tell", "triggerTargetArn": topic, "triggerEvents": ["DeploymentSuccess"]}])
        deployment = self.start()
        subject = f"SUCCEEDED: AWS CodeDeploy {deployment} in us-east-1 to orders"
        message = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=0)["Messages"][0]
        self.assertEqual(json.loads(message["Body"])["Subject"], subject)
        said = ""
        for _ in range(100):
            self.advance("1s")  # asynchronous invokes are waited for
            try:
                said = "".join(event["message"] for event in logs.filter_log_events(
                    logGroupName="/aws/lambda/listener", filterPattern="heard")["events"])
            except logs.exceptions.ResourceNotFoundException:
                continue
            if said:
                break
        self.assertEqual(said, f"heard {subject}\n")


class Twice(CodeDeployCase):
    def test_the_same_seed_gives_the_same_trace(self):
        """Ids, decisions and moments of a whole canary, of two servers, byte for byte."""
        self.assertEqual(self.trace("7"), self.trace("7"))
        self.assertNotEqual(self.trace("7"), self.trace("8"))

    def trace(self, seed):
        server = Server("--clock", "manual", "--seed", seed).start()
        self.addCleanup(server.stop)
        self.addCleanup(self.connect, self.server)
        self.connect(server)
        server.request("PUT", "/_aviary/clock", {"now": "2030-01-01T00:00:00Z"})
        lines = []
        self.prepare(BUGGY, alarm=True)
        server.post("/_aviary/faults", {"function": "order-processor:6", "crash": "20%", "after": 5})
        deployment = self.start()
        server.post("/_aviary/traffic", {"function": "order-processor:prod", "rate": 2, "for": "5m",
                                         "payloads": [{"coupon": None}, {"coupon": {"percent": 5}}]})
        for _ in range(5):
            lines.append(json.dumps(server.post("/_aviary/clock/advance", {"by": "1m"}).json()["ran"]))
        for each in (deployment, self.info(deployment)["rollbackInfo"].get("rollbackDeploymentId", "")):
            if each:
                lines.append(json.dumps(server.get(f"/_aviary/deployments/{each}").json()))
        lines.append(json.dumps(server.get("/_aviary/routes?limit=10000").json()))
        lines.append(json.dumps(server.get("/_aviary/faults").json()))
        lines.append(json.dumps(server.get("/_aviary/traffic").json()))
        lines.append(self.client.get_alias(FunctionName="order-processor", Name="prod")["RevisionId"])
        return "\n".join(lines)


class Revisions(CodeDeployCase):
    def test_an_object_in_a_bucket(self):
        if "s3" not in self.server.get("/_aviary/health").json()["services"]:
            self.skipTest("there are no buckets yet")
        buckets = client_for(self.server.endpoint, service="s3", s3={"addressing_style": "path"})
        buckets.create_bucket(Bucket="revisions")
        buckets.put_object(Bucket="revisions", Key="orders/appspec.yaml", Body=app_spec().encode())
        self.prepare(deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce")

        def start(key):
            location = {"bucket": "revisions", "key": key, "bundleType": "YAML"}
            return self.deploy.create_deployment(
                applicationName="orders", deploymentGroupName="prod",
                revision={"revisionType": "S3", "s3Location": location})["deploymentId"]

        self.assertEqual(self.info(start("orders/appspec.yaml"))["status"], "Succeeded")
        self.assertEqual(self.alias(), ("6", {}))
        listed = self.deploy.list_application_revisions(applicationName="orders", s3Bucket="revisions",
                                                        s3KeyPrefix="orders/")["revisions"]
        self.assertEqual([each["s3Location"]["key"] for each in listed], ["orders/appspec.yaml"])
        answer = self.refused("RevisionDoesNotExistException", 400, start, "gone.yaml")
        self.assertIn("s3://revisions/gone.yaml", answer["Error"]["Message"])


class Killed(unittest.TestCase):
    def test_a_server_that_is_killed_in_a_canary_goes_on_with_it(self):
        folder = tempfile.mkdtemp(prefix="aviary-data-")
        self.addCleanup(shutil.rmtree, folder, True)
        case = CodeDeployCase()
        servers = []
        self.addCleanup(lambda: [server.stop() for server in servers])

        def start():
            servers.append(Server("--clock", "manual", data_dir=folder).start())
            CodeDeployCase.connect(case, servers[-1])

        start()
        case.prepare(alarm=True)
        deployment = case.start()
        self.assertEqual(case.alias(), ("5", {"6": 0.1}))
        servers[-1].kill()
        start()
        self.assertEqual((case.info(deployment)["status"], case.alias()), ("InProgress", ("5", {"6": 0.1})))
        case.advance("6m")
        self.assertEqual((case.info(deployment)["status"], case.alias()), ("Succeeded", ("6", {})))
        servers[-1].kill()
        start()
        self.assertEqual(case.info(deployment)["status"], "Succeeded")
        # What is stopped stays rolled back.
        deployment = case.start(app_spec(6, 5))
        case.watch.set_alarm_state(AlarmName="order-processor-canary-errors", StateValue="ALARM", StateReason="test")
        servers[-1].kill()
        start()
        self.assertEqual((case.info(deployment)["errorInformation"]["code"], case.alias()), ("ALARM_ACTIVE", ("6", {})))


if __name__ == "__main__":
    unittest.main()
