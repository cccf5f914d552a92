"""`script/demo` plays the canary story: each command, its answer, and which version answered how often."""

import os
import re
import subprocess
import unittest

from aviary_server import ServerCase, scope_header

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Demo(ServerCase):
    OPTIONS = ("--routing", "exact")

    def test_the_story(self):
        done = subprocess.run([os.path.join(ROOT, "script/demo"), "--endpoint", self.server.endpoint, "--invokes", "20"],
                              capture_output=True, text=True, timeout=120, env={**os.environ, "NO_COLOR": "1"})
        self.assertEqual(done.returncode, 0, done)
        tables = re.findall(r"^  version .*\n((?: +\d+ .*\n)+)", done.stdout, re.MULTILINE)
        counts = [{row.split()[0]: int(row.split()[1]) for row in table.splitlines()} for table in tables]
        self.assertEqual(counts, [{"5": 20}, {"5": 18, "6": 2}, {"5": 10, "6": 10}, {"6": 20}, {"5": 20}], done.stdout)
        commands = re.findall(r"^\$ (?:aws lambda )?(\S+)", done.stdout, re.MULTILINE)
        for command in ("update-function-code", "publish-version", "update-alias"):
            self.assertIn(command, commands)
        self.assertEqual(commands.count("update-alias"), 4, commands)
        # In an account of its own, and gone.
        for account in ("555555555555", "123456789012"):
            functions = self.server.get("/2015-03-31/functions", headers=scope_header(account)).json()["Functions"]
            self.assertEqual(functions, [], account)


if __name__ == "__main__":
    unittest.main(verbosity=1)
