"""Options by command line, environment and file, and in that order of precedence; verbs; mistakes."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from aviary_server import Server, binary


def run(*words, environment=None):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("AVIARY_")}
    return subprocess.run([binary(), *words], capture_output=True, text=True, timeout=30,
                          env={**clean, **(environment or {})})


class Options(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aviary-options-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def info(self, *options, environment=None):
        server = Server(*options, environment=environment).start()
        self.addCleanup(server.stop)
        return server.get("/_aviary/info").json()

    def write(self, text):
        path = os.path.join(self.folder, "aviary.toml")
        with open(path, "w") as file:
            file.write(text)
        return path

    VALUES = {"account": "111122223333", "region": "eu-north-1", "seed": "77", "routing": "exact",
              "omitted-routing-config": "keep", "clock": "scaled=60"}

    def check(self, info):
        for name, value in self.VALUES.items():
            self.assertEqual(str(info[name.replace("-", "_")]), value, name)

    def test_by_command_line(self):
        self.check(self.info(*[f"--{name}={value}" for name, value in self.VALUES.items()]))

    def test_by_environment(self):
        self.check(self.info(environment={f"AVIARY_{name.upper().replace('-', '_')}": value
                                          for name, value in self.VALUES.items()}))

    def test_by_file(self):
        path = self.write("".join(f'{name} = "{value}"\n' for name, value in self.VALUES.items()))
        self.check(self.info("--config", path))
        self.check(self.info(environment={"AVIARY_CONFIG": path}))

    def test_precedence(self):
        path = self.write('region = "eu-west-1"\naccount = "111111111111"\nrouting = "exact"\n')
        info = self.info("--config", path, "--region", "eu-west-3",
                         environment={"AVIARY_REGION": "eu-west-2", "AVIARY_ACCOUNT": "222222222222"})
        self.assertEqual((info["region"], info["account"], info["routing"]), ("eu-west-3", "222222222222", "exact"))

    def test_every_option_has_its_variable_and_its_line(self):
        """Those that the help names, at their defaults. What is no option is refused, so this says that each is one."""
        options = re.findall(r"^ +(--[a-z-]+)\b(.*)", run("--help").stdout, re.MULTILINE)
        named = {}
        for name, rest in options:
            variable = "AVIARY_" + name[2:].upper().replace("-", "_")
            if name not in ("--version", "--help"):
                self.assertIn(f"Env:{variable}", rest, name)
            default = re.search(r"=(\S+) \(Env", rest)
            if default and name != "--port":
                named[name[2:]] = default[1]
        self.assertGreater(len(named), 20, options)
        path = self.write("port = 0\n" + "".join(f'{name} = "{value}"\n' for name, value in named.items()))
        self.assertEqual(self.info("--config", path)["clock"], "real")

    def test_each_run_has_a_seed_of_its_own(self):
        self.assertNotEqual(self.info()["seed"], self.info()["seed"])

    def test_lists(self):
        server = Server("--allow-host", "a.test,b.test", "--allow-host", "c.test").start()
        self.addCleanup(server.stop)
        for host, status in (("a.test", 200), ("b.test", 200), ("c.test:80", 200), ("d.test", 403)):
            self.assertEqual(server.get("/_aviary/health", headers={"Host": host}).status, status, host)

    def test_without_a_verb_it_serves(self):
        process = subprocess.Popen([binary(), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True)
        try:
            line = process.stdout.readline()
            self.assertRegex(line, r"^aviary ready on http://127\.0\.0\.1:\d+\n$")
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)
            process.stdout.close()


class CommandLine(unittest.TestCase):
    def test_version(self):
        done = run("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^aviary \d+\.\d+\.\d+")

    def test_help(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("--port", "AVIARY_DATA_DIR", "doctor"):
            self.assertIn(word, done.stdout)

    def test_mistakes(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml", delete=False) as file:
            file.write("prot = 4567\n")
        misspelt = file.name
        self.addCleanup(os.unlink, misspelt)
        for words, mentioned in ((["--nonsense"], "--nonsense"), (["--port", "many"], "--port"),
                                 (["--port", "70000"], "--port"), (["--routing", "often"], "routing"),
                                 (["--routing", "sticky"], "routing"), (["--account", "12"], "account"),
                                 (["--clock", "scaled=0"], "clock"), (["--omitted-routing-config", "maybe"], "omitted"),
                                 (["--concurrency", "0"], "concurrency"), (["--seed=-1"], "seed"),
                                 (["--idle-timeout=-5"], "idle-timeout"), (["--region", "X Y"], "region"),
                                 (["frobnicate"], "frobnicate"),
                                 (["--config", "/nowhere/aviary.toml"], "/nowhere/aviary.toml"),
                                 (["--config", misspelt], "prot")):
            done = run("serve", *words) if words[0].startswith("--") else run(*words)
            self.assertEqual(done.returncode, 2, (words, done))
            self.assertIn(mentioned, done.stderr + done.stdout)
            self.assertNotIn("ready", done.stdout)

    def test_a_word_that_is_no_verb_is_told_the_verbs(self):
        self.assertIn("serve, doctor, operations, invoke, clients, assert, canary, deploy, prune", run("frobnicate").stderr)
        self.assertIn("start, watch, promote, rollback", run("canary", "begin").stderr)
        self.assertNotIn("prune", run("--nonsense").stderr)

    def test_mistakes_in_the_environment(self):
        self.assertEqual(run("serve", environment={"AVIARY_PORT": "many"}).returncode, 2)

    def test_operations(self):
        done = run("operations")
        self.assertEqual(done.returncode, 0)
        self.assertIn("| `CreateFunction` | zip, bucket or image;", done.stdout)
        self.assertIn("| `TestInvokeMethod` | answers 501 |", done.stdout)

    def test_a_command_whose_reader_is_gone_ends_quietly(self):
        reading, writing = os.pipe()
        os.close(reading)
        command = subprocess.Popen([binary(), "operations"], stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
        self.assertEqual(command.stderr.read(), b"")
        command.stderr.close()
        self.assertEqual(command.wait(20), -signal.SIGPIPE)

    def test_doctor(self):
        done = run("doctor")
        self.assertIn(done.returncode, (0, 1))
        told = set(re.findall(r"^  (?:ok|~~|--)  (\S+)", done.stdout, re.M))
        # Those that CreateFunction takes, but for .NET, which has no client.
        wanted = {*(f"python3.{minor}" for minor in range(8, 15)), *(f"nodejs{major}.x" for major in (16, 18, 20, 22, 24)),
                  "ruby3.2", "ruby3.3", "ruby3.4", "java8.al2", "java11", "java17", "java21", "java25", "provided.al2",
                  "provided.al2023"}
        self.assertEqual(wanted - told, set(), done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=1)
