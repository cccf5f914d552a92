"""Rollback triggers: alarms that take a stack's operation back.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html
"""

import json
import unittest

from botocore.exceptions import ClientError
from sdk_clients import LambdaCase, client_for


def template(value):
    return json.dumps({"Resources": {
        "Value": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "value", "Type": "String", "Value": value}}}})


class RollbackTriggers(LambdaCase):
    OPTIONS = ("--clock", "manual")

    def setUp(self):
        super().setUp()
        self.cfn = client_for(self.server.endpoint, service="cloudformation")
        self.ssm = client_for(self.server.endpoint, service="ssm")
        self.watch = client_for(self.server.endpoint, service="cloudwatch")
        self.watch.put_metric_alarm(AlarmName="health", Namespace="app", MetricName="Errors", Statistic="Sum", Period=60,
                                    EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
                                    TreatMissingData="ignore")
        self.alarm = self.watch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]

    def triggers(self, minutes, arn=None, kind="AWS::CloudWatch::Alarm"):
        return {"RollbackTriggers": [{"Arn": arn or self.alarm, "Type": kind}], "MonitoringTimeInMinutes": minutes}

    def stack(self):
        return self.cfn.describe_stacks(StackName="app")["Stacks"][0]

    def until(self, wanted):
        self.eventually(lambda: self.stack()["StackStatus"] == wanted, 15, wanted)

    def advance(self, by):
        self.assertEqual(self.server.post("/_aviary/clock/advance", {"by": by}).status, 200)

    def alarms(self, state="ALARM"):
        self.watch.set_alarm_state(AlarmName="health", StateValue=state, StateReason="says the test")

    def value(self):
        return self.ssm.get_parameter(Name="value")["Parameter"]["Value"]

    def deployed(self, **more):
        self.cfn.create_stack(StackName="app", TemplateBody=template("one"), **more)
        self.eventually(lambda: self.value() == "one", 15, "the parameter")

    def test_an_update_goes_back_while_it_is_monitored(self):
        self.cfn.create_stack(StackName="app", TemplateBody=template("one"))
        self.until("CREATE_COMPLETE")
        self.cfn.update_stack(StackName="app", TemplateBody=template("two"), RollbackConfiguration=self.triggers(10))
        self.eventually(lambda: self.value() == "two", 15, "the new value")
        self.advance("9m")
        self.assertEqual(self.stack()["StackStatus"], "UPDATE_IN_PROGRESS")
        self.alarms()
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.value(), "one")
        reasons = [event.get("ResourceStatusReason", "") for event in
                   self.cfn.describe_stack_events(StackName="app")["StackEvents"]
                   if event["ResourceStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS"]
        self.assertIn(self.alarm, reasons[0])

    def test_the_time_passes_and_the_triggers_stay_for_the_next_update(self):
        self.deployed(RollbackConfiguration=self.triggers(10))
        self.assertEqual(self.stack()["StackStatus"], "CREATE_IN_PROGRESS")
        self.advance("10m")
        self.until("CREATE_COMPLETE")
        self.assertEqual(self.stack()["RollbackConfiguration"], self.triggers(10))
        self.alarms()
        self.assertEqual(self.stack()["StackStatus"], "CREATE_COMPLETE")
        self.alarms("OK")
        self.cfn.update_stack(StackName="app", TemplateBody=template("two"))
        self.eventually(lambda: self.value() == "two", 15, "the new value")
        self.alarms()
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.value(), "one")
        self.alarms("OK")
        self.cfn.update_stack(StackName="app", TemplateBody=template("three"),
                              RollbackConfiguration={"RollbackTriggers": [], "MonitoringTimeInMinutes": 0})
        self.until("UPDATE_COMPLETE")
        self.assertEqual(self.value(), "three")

    def test_a_creation_goes_back(self):
        self.deployed(RollbackConfiguration=self.triggers(5))
        self.alarms()
        self.until("ROLLBACK_COMPLETE")
        with self.assertRaises(ClientError):
            self.value()

    def test_an_alarm_that_is_not_there_fails_the_operation(self):
        missing = self.alarm.replace("health", "nobody")
        self.cfn.create_stack(StackName="app", TemplateBody=template("one"),
                              RollbackConfiguration=self.triggers(0, missing))
        self.until("ROLLBACK_COMPLETE")
        events = self.cfn.describe_stack_events(StackName="app")["StackEvents"]
        self.assertTrue(any(missing in event.get("ResourceStatusReason", "") for event in events), events)

    def test_the_time_alone_is_for_who_cancels(self):
        self.cfn.create_stack(StackName="app", TemplateBody=template("one"))
        self.until("CREATE_COMPLETE")
        self.cfn.update_stack(StackName="app", TemplateBody=template("two"),
                              RollbackConfiguration={"MonitoringTimeInMinutes": 30})
        self.eventually(lambda: self.value() == "two", 15, "the new value")
        self.cfn.cancel_update_stack(StackName="app")
        self.until("UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.value(), "one")

    def test_other_triggers_and_types_are_refused(self):
        for more in ({"RollbackConfiguration": self.triggers(0, kind="AWS::Lambda::Function")},
                     {"RollbackConfiguration": self.triggers(0, arn="health")},
                     {"RollbackConfiguration": {"MonitoringTimeInMinutes": 181}},
                     {"ResourceTypes": ["AWS::Lambda::*"]}):
            with self.subTest(more=more), self.assertRaises(ClientError) as refused:
                self.cfn.create_stack(StackName="app", TemplateBody=template("one"), **more)
            self.assertEqual(refused.exception.response["Error"]["Code"], "ValidationError")
        self.cfn.create_stack(StackName="app", TemplateBody=template("one"), ResourceTypes=["AWS::SSM::*"])
        self.until("CREATE_COMPLETE")


if __name__ == "__main__":
    unittest.main()
