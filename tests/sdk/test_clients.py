"""Deployment clients: the CDK and osls themselves, with the examples, where they are installed or can be; and the calls of the
SAM CLI, and of those two where they are not, made again as they were recorded.

AVIARY_CLIENTS names a folder with `node_modules` that has aws-cdk, aws-cdk-lib, constructs and osls; `no` goes without, and
replays. Without it the folder is ~/.cache/aviary/clients, and npm fills it once."""

import fcntl
import os
import shutil
import subprocess
import unittest

from aviary_server import ACCOUNT, REGION, Server, ServerCase
from client_calls import Replay, calls_of
from sdk_clients import client_for

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples")
PACKAGES = ("aws-cdk@2.1148.1", "aws-cdk-lib@2.250.0", "constructs@^10.5.0", "osls@4.3.1")
PROGRAMS = ("aws-cdk/bin/cdk", "osls/bin/serverless.js", "aws-cdk-lib/index.js", "constructs/package.json")


def find_clients():
    """The folder with the clients; None: they are not to be had here."""
    wanted = os.environ.get("AVIARY_CLIENTS", "")
    if wanted == "no" or not shutil.which("node"):
        return None
    folder = wanted or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "aviary", "clients")
    there = lambda: all(os.path.exists(os.path.join(folder, "node_modules", each)) for each in PROGRAMS)
    if there() or wanted:
        return folder if there() else None
    if not shutil.which("npm"):
        return None
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not there():
                subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1",
                                "--fetch-timeout=20000", "--prefix", folder, *PACKAGES],
                               capture_output=True, timeout=240, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return folder if there() else None


CLIENTS = None


def setUpModule():
    global CLIENTS
    CLIENTS = find_clients()


class ClientCase(unittest.TestCase):
    """A server on a manual clock, and an example in a folder of its own."""

    EXAMPLE = ""

    def setUp(self):
        self.server = Server("--clock", "manual").start()
        self.addCleanup(self.server.stop)
        self.folder = ServerCase.scratch(self)
        os.chmod(self.folder, 0o755)
        if self.EXAMPLE:
            shutil.copytree(os.path.join(EXAMPLES, self.EXAMPLE), self.folder, dirs_exist_ok=True)

    def aws(self, service):
        return client_for(self.server.endpoint, service=service)

    def start(self, program, *words):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AVIARY_", "AWS_"))}
        modules = os.path.join(self.folder, "node_modules")
        if not os.path.exists(modules):
            os.symlink(os.path.join(CLIENTS, "node_modules"), modules)
        return subprocess.Popen(
            ["node", os.path.join(CLIENTS, "node_modules", program), *words], cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**clean, "AWS_ENDPOINT_URL": self.server.endpoint, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "any",
                 "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "HOME": self.folder,
                 "CI": "1", "CDK_DISABLE_CLI_TELEMETRY": "1", "SLS_TELEMETRY_DISABLED": "1", "NO_UPDATE_NOTIFIER": "1"})

    def ended(self, process, code=0):
        said, _ = process.communicate(timeout=180)
        self.assertEqual(process.returncode, code, said)
        return said

    def run_client(self, program, *words):
        return self.ended(self.start(program, *words))


class Cdk(ClientCase):
    EXAMPLE = "cdk-canary"

    def setUp(self):
        super().setUp()
        if not CLIENTS:
            Replay(self, self.server).play(calls_of("cdk_bootstrap")).play(calls_of("cdk_deploy")).play(calls_of("cdk_destroy"))
            self.skipTest("no CDK here: its recorded calls have been made")

    def cdk(self, *words):
        return self.run_client("aws-cdk/bin/cdk", *words)

    def test_the_example(self):
        self.assertIn("bootstrapped", self.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}"))
        self.assertIn("CanaryStack.Alias = arn:aws:lambda:", self.cdk("deploy", "--require-approval", "never"))
        said = lambda: self.aws("lambda").invoke(FunctionName="payment-processor:prod")["Payload"].read()
        self.assertEqual(said(), b'{"version": "1", "fee": 2}')
        code = os.path.join(self.folder, "src", "index.py")
        with open(code) as file:
            text = file.read()
        with open(code, "w") as file:
            file.write(text.replace('"fee": 2', '"fee": 3'))
        self.assertIn("[~] AWS::Lambda::Alias Prod", self.cdk("diff"))
        running = self.start("aws-cdk/bin/cdk", "deploy", "--app", "cdk.out", "--require-approval", "never")
        weights = lambda: self.aws("lambda").get_alias(FunctionName="payment-processor", Name="prod").get("RoutingConfig")
        ServerCase.eventually(self, weights, 60, "the canary")
        self.assertEqual(weights(), {"AdditionalVersionWeights": {"2": 0.1}})
        self.server.post("/_aviary/clock/advance", {"by": "5m"})
        self.assertIn("UPDATE_COMPLETE", self.ended(running))
        self.assertEqual(said(), b'{"version": "2", "fee": 3}')
        self.assertIn("destroyed", self.cdk("destroy", "--app", "cdk.out", "--force"))
        self.assertEqual(self.aws("lambda").list_functions()["Functions"], [])


class Osls(ClientCase):
    EXAMPLE = "osls-service"

    def setUp(self):
        super().setUp()
        if not CLIENTS:
            Replay(self, self.server).play(calls_of("osls_deploy"))
            self.skipTest("no osls here: its recorded calls have been made")

    def osls(self, *words):
        return self.run_client("osls/bin/serverless.js", *words)

    def test_the_example(self):
        self.assertIn("Service deployed to stack greetings-dev", self.osls("deploy"))
        self.assertIn("hello Ann from dev", self.osls("invoke", "-f", "hello", "-d", '{"pathParameters": {"name": "Ann"}}'))
        api = self.aws("apigatewayv2").get_apis()["Items"][0]["ApiId"]
        self.assertEqual(self.server.get(f"/_aws/execute-api/{api}/hello/Bob").body, b"hello Bob from dev")
        self.assertIn("successfully removed", self.osls("remove"))
        self.assertEqual(self.aws("lambda").list_functions()["Functions"], [])
        self.assertEqual(self.aws("s3").list_buckets()["Buckets"], [])


class RecordedSam(ClientCase):
    """The SAM CLI's own calls: `sam deploy --guided`, an update with a canary, `list`, `remote invoke`, `logs`, `delete`."""

    def test_deploy_look_and_delete(self):
        replay = Replay(self, self.server).play(calls_of("sam_deploy_create")).play(calls_of("sam_guided"))
        name = self.aws("cloudformation").describe_stack_resource(
            StackName="gshop", LogicalResourceId="HelloFunction")["StackResourceDetail"]["PhysicalResourceId"]
        alias = lambda: self.aws("lambda").get_alias(FunctionName=name, Name="prod")["FunctionVersion"]
        self.assertEqual(alias(), "1")
        replay.play(calls_of("sam_update"))
        self.assertEqual(alias(), "2")
        self.assertEqual(len(self.aws("codedeploy").list_deployments()["deployments"]), 1)
        for calls in ("sam_nochange", "sam_list_resources", "sam_remote_invoke", "sam_logs", "sam_delete"):
            replay.play(calls_of(calls))

    def test_sync(self):
        Replay(self, self.server).play(calls_of("sam_deploy_create")).play(calls_of("sam_sync")).play(calls_of("sam_sync_code"))


if __name__ == "__main__":
    unittest.main()
