"""Every operation of Lambda that this boto3 knows, called end to end; one that is left out is named. What each is for is
told by the tests of its topic."""

import io
import json
import os
import unittest
import zipfile

from aviary_server import ACCOUNT, REGION
from function_code import ROLE, answering, python_zip
from sdk_clients import LambdaCase, client_for

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "models", "data", "lambda.json")

# Gives its checkpoint token away, in a tag, and waits until there is another tag: the test is its SDK.
DURABLE = python_zip("""
import json, os, time, urllib.request
def handler(event, context):
    url = (os.environ['AWS_ENDPOINT_URL'] + '/2017-03-31/tags/'
           + context.invoked_function_arn.rsplit(':', 1)[0].replace(':', '%3A'))
    body = json.dumps({'Tags': {'token': event['CheckpointToken']}}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, method='POST'), timeout=5)
    for _ in range(500):
        if 'done' in json.load(urllib.request.urlopen(url, timeout=5))['Tags']:
            break
        time.sleep(0.02)
    return {'Status': 'PENDING'}
""")


class EveryOperation(LambdaCase):
    def setUp(self):
        super().setUp()
        self.called = set()
        self.client.meta.events.register(
            "after-call.lambda", lambda model, http_response, **_: http_response.status_code < 300 and
            self.called.add(model.name))

    def knows(self, *operations):
        return set(operations) <= set(self.client.meta.service_model.operation_names)

    def test_all_of_them(self):
        self.functions()
        self.layers()
        self.settings()
        self.mappings()
        self.signing()
        self.managed_instances()
        self.durable_executions()
        self.ends()
        with open(MODEL) as file:
            every = set(json.load(file)["operations"])
        known = set(self.client.meta.service_model.operation_names) & every
        self.assertEqual(known - self.called, set(), "not called, or refused")

    def functions(self):
        call = self.client
        self.create("f", answering(1), Publish=True)
        self.update_code(answering(2), "f")
        call.update_function_configuration(FunctionName="f", Timeout=10)
        self.assertEqual(self.publish("f")["Version"], "2")
        self.assertEqual(len(call.list_functions()["Functions"]), 1)
        self.assertEqual(call.get_function(FunctionName="f")["Configuration"]["FunctionName"], "f")
        self.assertEqual(call.get_function_configuration(FunctionName="f")["Timeout"], 10)
        self.assertEqual(len(call.list_versions_by_function(FunctionName="f")["Versions"]), 3)
        call.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
        call.update_alias(FunctionName="f", Name="live", FunctionVersion="2")
        self.assertEqual(call.get_alias(FunctionName="f", Name="live")["FunctionVersion"], "2")
        self.assertEqual(len(call.list_aliases(FunctionName="f")["Aliases"]), 1)
        self.assertEqual(self.invoke("f", Qualifier="live")[0], 2)
        call.invoke_async(FunctionName="f", InvokeArgs=b"{}")
        if self.knows("InvokeWithResponseStream"):
            stream = call.invoke_with_response_stream(FunctionName="f")["EventStream"]
            self.assertEqual(b"".join(event["PayloadChunk"]["Payload"] for event in stream if "PayloadChunk" in event), b"2")
        call.tag_resource(Resource=self.arn("f"), Tags={"team": "orders"})
        self.assertEqual(call.list_tags(Resource=self.arn("f"))["Tags"], {"team": "orders"})
        call.untag_resource(Resource=self.arn("f"), TagKeys=["team"])
        call.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
        self.assertIn("s3.amazonaws.com", call.get_policy(FunctionName="f")["Policy"])
        call.remove_permission(FunctionName="f", StatementId="s")
        self.assertEqual(call.get_account_settings()["AccountUsage"]["FunctionCount"], 1)

    def layers(self):
        call = self.client
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("text", "words")
        arn = call.publish_layer_version(LayerName="l", Content={"ZipFile": archive.getvalue()})["LayerVersionArn"]
        self.assertEqual(len(call.list_layers()["Layers"]), 1)
        self.assertEqual(len(call.list_layer_versions(LayerName="l")["LayerVersions"]), 1)
        self.assertEqual(call.get_layer_version(LayerName="l", VersionNumber=1)["LayerVersionArn"], arn)
        self.assertEqual(call.get_layer_version_by_arn(Arn=arn)["Version"], 1)
        call.add_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s", Principal="*",
                                          Action="lambda:GetLayerVersion")
        self.assertIn("GetLayerVersion", call.get_layer_version_policy(LayerName="l", VersionNumber=1)["Policy"])
        call.remove_layer_version_permission(LayerName="l", VersionNumber=1, StatementId="s")
        call.delete_layer_version(LayerName="l", VersionNumber=1)

    def settings(self):
        call = self.client
        call.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=5)
        self.assertEqual(call.get_function_concurrency(FunctionName="f")["ReservedConcurrentExecutions"], 5)
        call.delete_function_concurrency(FunctionName="f")
        call.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
        call.update_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=90)
        self.assertEqual(call.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"], 1)
        self.assertEqual(len(call.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]), 1)
        call.delete_function_event_invoke_config(FunctionName="f")
        call.put_provisioned_concurrency_config(FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=1)
        call.get_provisioned_concurrency_config(FunctionName="f", Qualifier="1")
        listed = call.list_provisioned_concurrency_configs(FunctionName="f")["ProvisionedConcurrencyConfigs"]
        self.assertEqual([one["FunctionArn"] for one in listed], [self.arn("f", "1")])
        call.delete_provisioned_concurrency_config(FunctionName="f", Qualifier="1")
        call.create_function_url_config(FunctionName="f", AuthType="NONE")
        call.update_function_url_config(FunctionName="f", AuthType="AWS_IAM")
        self.assertEqual(call.get_function_url_config(FunctionName="f")["AuthType"], "AWS_IAM")
        self.assertEqual(len(call.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]), 1)
        call.delete_function_url_config(FunctionName="f")
        if self.knows("PutRuntimeManagementConfig"):
            call.put_runtime_management_config(FunctionName="f", UpdateRuntimeOn="FunctionUpdate")
            self.assertEqual(call.get_runtime_management_config(FunctionName="f")["UpdateRuntimeOn"], "FunctionUpdate")
        if self.knows("PutFunctionRecursionConfig"):
            call.put_function_recursion_config(FunctionName="f", RecursiveLoop="Allow")
            self.assertEqual(call.get_function_recursion_config(FunctionName="f")["RecursiveLoop"], "Allow")

    def mappings(self):
        call = self.client
        client_for(self.server.endpoint, service="sqs").create_queue(QueueName="q")
        uuid = call.create_event_source_mapping(FunctionName="f", Enabled=False,
                                                EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")["UUID"]
        call.update_event_source_mapping(UUID=uuid, BatchSize=3)
        self.assertEqual(call.get_event_source_mapping(UUID=uuid)["BatchSize"], 3)
        self.assertEqual(len(call.list_event_source_mappings()["EventSourceMappings"]), 1)
        call.delete_event_source_mapping(UUID=uuid)

    def signing(self):
        call = self.client
        publishers = {"SigningProfileVersionArns": [
            f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/abcdefghij"]}
        arn = call.create_code_signing_config(AllowedPublishers=publishers)["CodeSigningConfig"]["CodeSigningConfigArn"]
        call.update_code_signing_config(CodeSigningConfigArn=arn, Description="ours")
        self.assertEqual(call.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]["Description"], "ours")
        self.assertEqual(len(call.list_code_signing_configs()["CodeSigningConfigs"]), 1)
        call.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=arn)
        self.assertEqual(call.get_function_code_signing_config(FunctionName="f")["CodeSigningConfigArn"], arn)
        self.assertEqual(call.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"],
                         [self.arn("f")])
        call.delete_function_code_signing_config(FunctionName="f")
        call.delete_code_signing_config(CodeSigningConfigArn=arn)

    def managed_instances(self):
        if not self.knows("CreateCapacityProvider", "PutFunctionScalingConfig"):
            return
        call = self.client
        arn = call.create_capacity_provider(
            CapacityProviderName="c", VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
            PermissionsConfig={"CapacityProviderOperatorRoleArn": ROLE})["CapacityProvider"]["CapacityProviderArn"]
        scaling = {"MaxVCpuCount": 20, "ScalingMode": "Auto"}
        call.update_capacity_provider(CapacityProviderName="c", CapacityProviderScalingConfig=scaling)
        found = call.get_capacity_provider(CapacityProviderName="c")["CapacityProvider"]
        self.assertEqual((found["State"], found["CapacityProviderScalingConfig"]), ("Active", scaling))
        self.assertEqual(len(call.list_capacity_providers()["CapacityProviders"]), 1)
        self.create("managed", answering(3), Publish=True, CapacityProviderConfig={
            "LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": arn}}, MemorySize=2048)
        listed = call.list_function_versions_by_capacity_provider(CapacityProviderName="c")["FunctionVersions"]
        self.assertIn(self.arn("managed", "1"), [one["FunctionArn"] for one in listed])
        limits = {"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 3}
        call.put_function_scaling_config(FunctionName="managed", Qualifier="1", FunctionScalingConfig=limits)
        self.assertEqual(call.get_function_scaling_config(FunctionName="managed", Qualifier="1")
                         ["RequestedFunctionScalingConfig"], limits)
        call.delete_function(FunctionName="managed")
        call.delete_capacity_provider(CapacityProviderName="c")

    def durable_executions(self):
        if not self.knows("CheckpointDurableExecution", "GetDurableExecution"):
            return
        call = self.client
        self.create("durable", DURABLE, Publish=True, Timeout=60, DurableConfig={"ExecutionTimeout": 86400})
        arn = call.invoke(FunctionName="durable", Qualifier="1", InvocationType="Event",
                          DurableExecutionName="one")["DurableExecutionArn"]
        token = self.eventually(lambda: call.list_tags(Resource=self.arn("durable"))["Tags"].get("token"), 30, "the token")
        state = call.get_durable_execution_state(DurableExecutionArn=arn, CheckpointToken=token)
        self.assertEqual([one["Type"] for one in state["Operations"]], ["EXECUTION"])
        call.checkpoint_durable_execution(DurableExecutionArn=arn, CheckpointToken=token, Updates=[
            {"Id": name, "Type": "CALLBACK", "Action": "START"} for name in ("good", "bad")])
        events = call.get_durable_execution_history(DurableExecutionArn=arn)["Events"]
        good, bad = (one["CallbackStartedDetails"]["CallbackId"] for one in events if one["EventType"] == "CallbackStarted")
        call.send_durable_execution_callback_heartbeat(CallbackId=good)
        call.send_durable_execution_callback_success(CallbackId=good, Result=b"yes")
        call.send_durable_execution_callback_failure(CallbackId=bad, Error={"ErrorMessage": "no"})
        self.assertEqual(call.get_durable_execution(DurableExecutionArn=arn)["Status"], "RUNNING")
        listed = call.list_durable_executions_by_function(FunctionName="durable")["DurableExecutions"]
        self.assertEqual([one["DurableExecutionName"] for one in listed], ["one"])
        call.stop_durable_execution(DurableExecutionArn=arn)
        self.assertEqual(call.get_durable_execution(DurableExecutionArn=arn)["Status"], "STOPPED")
        call.tag_resource(Resource=self.arn("durable"), Tags={"done": "yes"})

    def ends(self):
        self.client.delete_alias(FunctionName="f", Name="live")
        self.client.delete_function(FunctionName="f")


if __name__ == "__main__":
    unittest.main()
