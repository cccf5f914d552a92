"""The runtime clients where a function takes several invocations at once, as on a capacity provider.

Python runs a process for each, Node.js worker threads that take more than one each. Which handlers run together is
seen in files: each leaves one, and goes on when as many are there as the test wants.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import textwrap
import unittest

from harness import RUNTIME_DIR, Function, python_argv, pythons, version_of

NODE, NODE_VERSION = version_of("node", "--version")


class Many(Function):
    """Its processes go together."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, extra={"start_new_session": True}, **options)

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        super().close()


class Clients:
    """What holds for every client; `source` is a handler that waits until `event["together"]` are there."""

    def start(self, source=None, concurrency=3, **environment):
        function = Many(self.argv, {self.file: source or self.source}, "app.handler", environment={
            "AWS_LAMBDA_MAX_CONCURRENCY": str(concurrency),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances",
            "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO", **environment},
            execution_env=self.execution_env)
        self.addCleanup(function.close)
        return function

    def answers(self, function, count):
        """By request id."""
        found = {}
        for _ in range(count):
            answer = function.api.answer()
            found[answer.path.split("/")[4]] = answer
        return found

    def lines(self, function, expected):
        """The records of the log."""
        return [json.loads(line) for line in function.text(expected).splitlines() if line.startswith("{")]

    def test_runs_as_many_as_it_may_together(self):
        function = self.start()
        ids = [function.api.offer(json.dumps({"together": 3, "name": str(i)})) for i in range(3)]
        answers = self.answers(function, 3)
        self.assertEqual(set(answers), set(ids))
        for number, request_id in enumerate(ids):
            self.assertEqual(answers[request_id].kind, "response")
            self.assertEqual(json.loads(answers[request_id].body), {"name": str(number), "id": request_id})
        self.assertIsNone(function.process.poll())

    def test_one_after_the_other_goes_on(self):
        function = self.start(concurrency=2)
        for number in range(20):
            self.assertEqual(json.loads(function.invoke(json.dumps({"name": number})).body)["name"], number)

    def test_an_error_is_its_own_invocations(self):
        function = self.start()
        bad = function.api.offer('{"together": 2, "name": "bad", "fail": true}')
        good = function.api.offer('{"together": 2, "name": "good"}')
        answers = self.answers(function, 2)
        self.assertEqual((answers[good].kind, answers[bad].kind), ("response", "error"))
        self.assertEqual(json.loads(answers[bad].body)["errorMessage"], "no")
        self.assertEqual(function.invoke('{"name": "after"}').kind, "response")

    def test_log_records_name_their_invocation(self):
        function = self.start()
        ids = {function.api.offer(json.dumps({"together": 3, "name": "n%d" % i})): "n%d" % i for i in range(3)}
        self.answers(function, 3)
        records = self.lines(function, "(?s)(before n\\d.*){3}(after n\\d.*){3}\n")
        said = {(record["requestId"], record["message"]) for record in records if "requestId" in record}
        for request_id, name in ids.items():
            self.assertIn((request_id, "before " + name), said)
            self.assertIn((request_id, "after " + name), said)

    def test_a_failed_init_is_reported(self):
        function = self.start(source="this is no program")
        self.assertEqual(function.api.answer().kind, "init/error")


class Python(Clients, unittest.TestCase):
    file = "app.py"
    source = textwrap.dedent("""\
        import logging, os, time

        def handler(event, context):
            logging.getLogger().info("before " + str(event["name"]))
            open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], "there-" + str(event["name"])), "w").close()
            while len([f for f in os.listdir(os.environ["LAMBDA_TASK_ROOT"]) if f.startswith("there-")]) < event.get("together", 0):
                time.sleep(0.01)
            if event.get("fail"):
                raise ValueError("no")
            if event.get("die"):
                os._exit(3)
            logging.getLogger().info("after " + str(event["name"]))
            return {"name": event["name"], "id": context.aws_request_id} | ({"pid": os.getpid()} if event.get("pid") else {})
        """)

    def setUp(self):
        version, path = pythons()[-1]
        self.argv = python_argv(path)
        self.execution_env = "AWS_Lambda_python" + version

    def test_each_runs_in_a_process_of_its_own(self):
        function = self.start()
        for i in range(3):
            function.api.offer(json.dumps({"together": 3, "name": i, "pid": True}))
        pids = {json.loads(answer.body)["pid"] for answer in self.answers(function, 3).values()}
        self.assertEqual(len(pids), 3)
        self.assertNotIn(function.process.pid, pids)

    def test_the_others_go_on_when_one_ends(self):
        function = self.start(concurrency=2)
        function.api.offer('{"name": "a", "die": true}')
        for number in range(5):
            self.assertEqual(json.loads(function.invoke(json.dumps({"name": number})).body)["name"], number)
        function.api.offer('{"name": "b", "die": true}')
        self.assertEqual(function.wait(), 0, "the first process ends with the last of the others")


@unittest.skipUnless(NODE, "no node on this machine")
class NodeJs(Clients, unittest.TestCase):
    file = "app.js"
    execution_env = "AWS_Lambda_nodejs24.x"
    source = textwrap.dedent("""\
        const fs = require('fs');
        const { threadId } = require('worker_threads');
        const folder = process.env.LAMBDA_TASK_ROOT;
        const there = () => fs.readdirSync(folder).filter((name) => name.startsWith('there-')).length;
        exports.handler = async (event, context) => {
          console.log('before ' + event.name);
          fs.writeFileSync(folder + '/there-' + event.name, '');
          while (there() < (event.together || 0)) await new Promise((done) => setTimeout(done, 10));
          if (event.fail) throw new Error('no');
          if (event.die) setTimeout(() => { throw new Error('late'); });
          if (event.die) await new Promise(() => {});
          console.log('after ' + event.name);
          return { name: event.name, id: context.awsRequestId, ...(event.thread && { thread: threadId }) };
        };
        """)

    def setUp(self):
        self.argv = [NODE, "--expose-gc", "--max-old-space-size=200",
                     os.path.join(RUNTIME_DIR, "nodejs", "bootstrap.cjs")]

    def test_one_thread_takes_several(self):
        function = self.start(AWS_LAMBDA_NODEJS_WORKER_COUNT="1")
        for i in range(3):
            function.api.offer(json.dumps({"together": 3, "name": i, "thread": True}))
        threads = {json.loads(answer.body)["thread"] for answer in self.answers(function, 3).values()}
        self.assertEqual(len(threads), 1)
        self.assertNotIn(0, threads)

    def test_there_are_no_more_threads_than_invocations(self):
        function = self.start(concurrency=2, AWS_LAMBDA_NODEJS_WORKER_COUNT="8")
        function.invoke('{"name": "a"}')
        self.assertLessEqual(len({request for request in function.api.requests if request.method == "GET"}), 4)

    def test_handlers_with_callbacks(self):
        self.execution_env = "AWS_Lambda_nodejs22.x"
        function = self.start(source=textwrap.dedent("""\
            exports.handler = (event, context, callback) => {
              setTimeout(() => (event.fail ? callback(new Error('no')) : callback(null, event.name)), event.wait);
            };
            """), AWS_LAMBDA_NODEJS_WORKER_COUNT="1")
        slow = function.api.offer('{"name": "slow", "wait": 300}')
        quick = function.api.offer('{"name": "quick", "wait": 1}')
        bad = function.api.offer('{"fail": true, "wait": 1}')
        answers = self.answers(function, 3)
        self.assertEqual(list(answers)[-1], slow, "the quick ones did not wait for it")
        self.assertEqual([answers[request].body for request in (slow, quick)], [b'"slow"', b'"quick"'])
        self.assertEqual(json.loads(answers[bad].body)["errorMessage"], "no")

    def test_what_nobody_caught_fails_what_runs_in_its_thread(self):
        function = self.start(AWS_LAMBDA_NODEJS_WORKER_COUNT="1")
        function.api.offer('{"name": "a", "die": true}')
        answer = function.api.answer()
        self.assertEqual((answer.kind, json.loads(answer.body)["errorMessage"]), ("error", "late"))
        self.assertEqual(function.wait(), 0, "it was the only one")

    def test_streamed_responses(self):
        function = self.start(source=textwrap.dedent("""\
            exports.handler = awslambda.streamifyResponse(async (event, stream) => {
              stream.write(event.name);
              await new Promise((done) => setTimeout(done, event.wait));
              stream.end('!');
            });
            """), AWS_LAMBDA_NODEJS_WORKER_COUNT="1")
        slow = function.api.offer('{"name": "slow", "wait": 300}')
        quick = function.api.offer('{"name": "quick", "wait": 1}')
        answers = self.answers(function, 2)
        self.assertEqual(list(answers), [quick, slow])
        self.assertEqual([answers[request].body for request in (slow, quick)], [b"slow!", b"quick!"])


JAVA = shutil.which("java") and shutil.which("javac")


@unittest.skipUnless(JAVA, "no JDK here")
class Java(unittest.TestCase):
    def test_a_thread_for_each(self):
        jar = os.path.join(RUNTIME_DIR, "java", "aviary-runtime.jar")
        source = textwrap.dedent("""\
            import com.amazonaws.services.lambda.runtime.Context;
            import java.util.*;
            import java.util.concurrent.*;

            public class Fn {
              static final CyclicBarrier ALL = new CyclicBarrier(3);

              public Map<String, String> handle(Map<String, String> event, Context context) throws Exception {
                if (event.containsKey("fail")) throw new IllegalStateException("no");
                ALL.await(20, TimeUnit.SECONDS);
                return Map.of("name", event.get("name"), "id", context.getAwsRequestId());
              }
            }
            """)
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "Fn.java"), "w") as file:
                file.write(source)
            subprocess.run(["javac", "-cp", jar, "-d", folder, file.name], check=True)
            with open(os.path.join(folder, "Fn.class"), "rb") as made:
                code = made.read()
        function = Many(["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", jar, "aviary.runtime.Bootstrap"],
                        {"Fn.class": code}, "Fn::handle", execution_env="AWS_Lambda_java21", environment={
                            "AWS_LAMBDA_MAX_CONCURRENCY": "3",
                            "AWS_LAMBDA_INITIALIZATION_TYPE": "lambda-managed-instances"})
        self.addCleanup(function.close)
        for _ in range(2):
            ids = {function.api.offer('{"name": "%d"}' % i): str(i) for i in range(3)}
            for _ in range(3):
                said = json.loads(function.api.answer().body)
                self.assertEqual(ids.pop(said["id"]), said["name"])
        self.assertEqual(function.invoke('{"fail": "yes"}').kind, "error")
        self.assertIsNone(function.process.poll())


if __name__ == "__main__":
    unittest.main()
