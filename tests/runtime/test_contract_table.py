"""Every test that contract.md names is there."""

import glob
import os
import re
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class ContractTable(unittest.TestCase):
    def test_names(self):
        with open(os.path.join(TESTS, "contract.md")) as file:
            rows = [line for line in file if line.startswith("|")]
        named = [name for row in rows for name in re.findall(r"`([^`]+)`", row.rstrip(" |\n").rpartition("|")[2])]
        self.assertGreater(len(named), 90)
        units = set()
        for path in glob.glob(TESTS + "/unit/*/*.cpp"):
            with open(path) as file:
                units.update("%s.%s" % pair for pair in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)", file.read(), re.M))
        for name in named:
            path, _, test = name.partition(":")
            if not test:
                self.assertIn(name, units)
                continue
            with open(os.path.join(TESTS, path + ".py")) as file:
                self.assertRegex(file.read(), r"def %s\(" % test, name)


if __name__ == "__main__":
    unittest.main()
