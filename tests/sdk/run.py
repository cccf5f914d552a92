#!/usr/bin/env python3
"""Runs one test file: `run.py test_x.py [unittest arguments]`.

A file about a service whose boto3 has changed its protocol over the years, or how it reads answers, says so with a line
`EVERY_BOTO3 = True`: it runs under every Python here that has a boto3 of another version (the distribution's, and
whatever comes first on the path). The others run once, under the newest; with AVIARY_EVERY_BOTO3=1 under every one too.
"""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def boto3_version(python):
    try:
        done = subprocess.run([python, "-c", "import boto3; print(boto3.__version__)"], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def pythons():
    found = {}
    for python in ("/usr/bin/python3", shutil.which("python3"), sys.executable):
        version = boto3_version(python) if python else None
        if version:
            found.setdefault(version, python)
    return [(python, version) for version, python in found.items()]


def main():
    file = os.path.join(HERE, os.path.basename(sys.argv[1]))
    with open(file) as source:
        text = source.read()
    uses_boto3 = re.search(r"^(from|import) (sdk_clients|boto3|botocore)", text, re.M)
    under_every = os.environ.get("AVIARY_EVERY_BOTO3") or re.search(r"^EVERY_BOTO3 = True", text, re.M)
    available = pythons()
    if uses_boto3 and not available:
        sys.exit("no Python here has boto3: apt install python3-boto3")
    newest = sorted(available, key=lambda each: [int(part) for part in re.findall(r"\d+", each[1])])[-1:]
    chosen = (available if under_every else newest) if uses_boto3 else [(sys.executable, "not needed")]
    failed = 0
    for python, version in chosen:
        print(f"== {os.path.basename(file)} under {python}, boto3 {version}", flush=True)
        failed |= subprocess.run([python, "-W", "ignore::ResourceWarning", file, *sys.argv[2:]], cwd=HERE).returncode
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
