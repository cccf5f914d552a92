#!/usr/bin/env python3
"""What `cmake --install` and `cpack` give: one binary that needs nothing but libc, and that runs from where it was put.

    test_install.py BUILD_FOLDER
"""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
# Of the C library; everything else has to be inside.
ALLOWED = re.compile(r"(linux-vdso|libc|libm|libpthread|libdl|librt|libresolv|ld-linux[-a-z0-9_]*)\.so")
# A sanitizer brings its own.
SANITIZED = re.compile(r"lib(asan|ubsan|tsan)\.so")


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Installed(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="aviary-install-")
        self.addCleanup(shutil.rmtree, self.folder)

    def check_tree(self, prefix):
        binary = os.path.join(prefix, "bin/aviary")
        needed = [line.split()[0] for line in run("ldd", binary).splitlines() if line.strip()]
        foreign = [os.path.basename(name) for name in needed if not ALLOWED.match(os.path.basename(name))]
        if any(map(SANITIZED.match, foreign)):
            self.skipTest("built with a sanitizer")
        self.assertEqual(foreign, [])
        self.assertRegex(run(binary, "--version"), r"^aviary \d+\.\d+\.\d+\n$")
        for name in ("LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "docs/getting-started.md"):
            self.assertTrue(os.path.isfile(os.path.join(prefix, "share/doc/aviary", name)), name)
        self.check_server(binary)

    def check_server(self, binary):
        """Starts in an empty folder with an empty environment, says it is ready, and ends when told to."""
        server = subprocess.Popen([binary, "serve", "--port", "0"], cwd=self.folder, env={"TMPDIR": self.folder},
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            self.assertRegex(server.stdout.readline(), r"^aviary ready on http://127\.0\.0\.1:\d+$")
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(timeout=20), 0)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()

    def test_install(self):
        prefix = os.path.join(self.folder, "prefix")
        run("cmake", "--install", BUILD, "--prefix", prefix, "--strip")
        self.check_tree(prefix)
        with open(os.path.join(prefix, "lib/systemd/system/aviary.service"), encoding="utf-8") as unit:
            self.assertIn(f"ExecStart={prefix}/bin/aviary serve", unit.read())

    def test_debian_package(self):
        if not shutil.which("dpkg-shlibdeps"):
            self.skipTest("dpkg-dev is not installed")
        run("cpack", "-G", "DEB", "-B", self.folder, cwd=BUILD)
        packages = glob.glob(os.path.join(self.folder, "aviary_*.deb"))
        self.assertEqual(len(packages), 1)
        depends = run("dpkg-deb", "-f", packages[0], "Depends").strip()
        self.assertRegex(depends, r"^libc6 \(>= [\d.]+\)$", "a library that should be inside is not")
        root = os.path.join(self.folder, "root")
        run("dpkg-deb", "-x", packages[0], root)
        self.check_tree(os.path.join(root, "usr"))
        with open(os.path.join(root, "usr/lib/systemd/system/aviary.service"), encoding="utf-8") as unit:
            self.assertIn("ExecStart=/usr/bin/aviary serve", unit.read())


if __name__ == "__main__":
    unittest.main()
