"""Every AWS CLI of this machine, against a test's server."""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from functools import lru_cache

from aviary_server import ACCOUNT, REGION


# Runs a list of commands, answers a list of [exit code, output, errors].
MANY = """
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver
answers, driver = [], create_clidriver()
for words in json.load(sys.stdin):
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding='utf-8') for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(words)
        except SystemExit as end:
            code = end.code
    out.flush(), err.flush()
    answers.append([code] + [each.buffer.getvalue().decode() for each in (out, err)])
print(json.dumps(answers))
"""


def _interpreter(path):
    """What runs the script at `path`, or the script that a shim of pyenv stands for; None if it is no script."""
    def named(path):
        with open(path, "rb") as file:
            first = file.readline(200).decode(errors="replace").strip()
        return first.removeprefix("#!").split()[0] if first.startswith("#!") and "python" in first else None

    if named(path) is None and "pyenv" in path and shutil.which("pyenv"):
        found = subprocess.run(["pyenv", "which", "aws"], capture_output=True, text=True)
        path = found.stdout.strip() or path
    return named(path)


def _version(path):
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    text = (done.stdout + done.stderr).strip()
    return text.split()[0] if done.returncode == 0 and text.startswith("aws-cli/") else None


@lru_cache(maxsize=None)
def installed():
    """[(path, version)], one for each version there is: the distribution's and whatever comes first on the path."""
    candidates = [shutil.which("aws"), "/usr/bin/aws", "/usr/local/bin/aws"]
    found = {}
    for path in candidates:
        version = _version(path) if path and os.path.exists(path) else None
        if version:
            found.setdefault(version, path)
    if not found:
        raise RuntimeError("there is no AWS CLI: apt install awscli")
    return [(path, version) for version, path in found.items()]


class Ran:
    def __init__(self, command, done):
        self.command = command
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out) if self.out.strip() else None

    def __repr__(self):
        return f"{self.command} -> {self.code}\n{self.out}{self.err}"


class Cli:
    """One AWS CLI with settings of its own: a folder to work in, credentials, the server's endpoint."""

    def __init__(self, path, version, endpoint, folder=None):
        self.path = path
        self.version = version
        self.folder = folder or tempfile.mkdtemp(prefix="aviary-cli-")
        config = os.path.join(self.folder, ".aws-config")
        with open(config, "w") as file:
            # Version 2 of the CLI otherwise wants payloads in base64; version 1 does not know the setting.
            file.write("[default]\ncli_binary_format = raw-in-base64-out\noutput = json\n")
        keep = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        self.environment = {
            **keep, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint, "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true", "LC_ALL": "C.UTF-8"}
        # Debian 12's CLI is from before AWS_ENDPOINT_URL.
        self.prefix = [path, "--endpoint-url", endpoint]

    def run(self, *words, timeout=120):
        """`aws words…`, as they are."""
        done = subprocess.run([*self.prefix, *words], capture_output=True, text=True, cwd=self.folder,
                              env=self.environment, timeout=timeout, stdin=subprocess.DEVNULL)
        return Ran(" ".join(words), done)

    def ok(self, *words, **keywords):
        """Runs what must succeed. Answers its JSON."""
        ran = self.run(*words, **keywords)
        if ran.code != 0:
            raise AssertionError(f"{self.version}: aws {ran!r}")
        return ran.json()

    def shell(self, script, timeout=120):
        """A piece of shell that says `aws …` as in a manual."""
        function = f'aws() {{ command "{self.path}" --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }}\nset -e\n'
        done = subprocess.run(["bash", "-c", function + script], capture_output=True, text=True, cwd=self.folder,
                              env=self.environment, timeout=timeout, stdin=subprocess.DEVNULL)
        return Ran(script, done)

    def many(self, *commands, timeout=120):
        """One command after the other, each a text of words, in one process of the CLI's own interpreter: what takes it long
        is its start. None for those that this CLI does not know yet."""
        interpreter = _interpreter(self.path)
        if interpreter is None:
            return [None if "Invalid choice" in ran.err else ran for ran in (self.run(*shlex.split(each)) for each in commands)]
        done = subprocess.run([interpreter, "-c", MANY], capture_output=True, text=True, cwd=self.folder,
                              env=self.environment, timeout=timeout, input=json.dumps(
                                  [["--endpoint-url", self.environment["AWS_ENDPOINT_URL"], *shlex.split(each)]
                                   for each in commands]))
        if done.returncode != 0:
            raise AssertionError(f"{self.version}: {done.stderr}")
        answers = []
        for command, (code, out, err) in zip(commands, json.loads(done.stdout)):
            unknown = code != 0 and "Invalid choice" in err
            answers.append(None if unknown else Ran(command, subprocess.CompletedProcess(command, code, out, err)))
        return answers

    def write(self, name, content):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)
        return f"fileb://{name}"

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def for_each(test):
    """A test that runs once with every CLI there is, from fresh state each time: `def test(self, cli)`."""

    def run(self):
        for path, version in installed():
            with self.subTest(cli=version):
                self.setUp()
                cli = Cli(path, version, self.server.endpoint)
                try:
                    test(self, cli)
                finally:
                    cli.close()

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run
