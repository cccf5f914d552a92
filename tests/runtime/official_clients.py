"""AWS's own runtime clients, where this machine can have them.

Node.js: `aws-lambda-ric` from the npm registry. Its own build wants autotools, CMake and a curl of its own; the compiler
and the libcurl that are here do as well, with the headers that the package brings along. It brings aws-lambda-cpp too.
Python and Ruby: what is installed (`awslambdaric`, `aws_lambda_ric`), or the folders that AVIARY_PYTHON_RIC and
AVIARY_RUBY_RIC name; neither is a Debian package.
"""

import glob
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest

NODE_CLIENT = "aws-lambda-ric@3.3.0"
NODE_CLIENT_OF_MANY = "aws-lambda-ric@4.0.2"  # takes several invocations at once
NODE_ADDON_API = "node-addon-api@6.1.0"
_made = {}


def _run(*command, cwd=None):
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd)


def _missing():
    for program in ("npm", "node", "g++"):
        if not shutil.which(program):
            return "no %s here" % program
    return None


def _make():
    """The unpacked npm package, with aws-lambda-cpp compiled; or why not."""
    problem = _missing()
    if problem:
        return None, problem
    curls = sorted(glob.glob("/usr/lib/*/libcurl.so.4") + glob.glob("/usr/lib64/libcurl.so.4"))
    if not curls:
        return None, "no libcurl here"
    root = tempfile.mkdtemp(prefix="aviary-official-", dir="/var/tmp")  # not below /tmp, where a sandbox has its own
    os.chmod(root, 0o755)
    unittest.addModuleCleanup(shutil.rmtree, root, ignore_errors=True)
    unittest.addModuleCleanup(_made.clear)
    packed = _run("npm", "pack", "--silent", "--fetch-retries=1", "--fetch-timeout=20000", NODE_CLIENT, NODE_ADDON_API, cwd=root)
    if packed.returncode != 0:
        return None, "the npm registry cannot be reached: " + packed.stderr[-300:]
    for archive in packed.stdout.split():
        name = "addon" if archive.startswith("node-addon-api") else "node_modules/aws-lambda-ric"
        with tarfile.open(os.path.join(root, archive)) as tar:
            for member in tar.getmembers():
                member.name = os.path.join(name, member.name.partition("/")[2])
                tar.extract(member, root)
    client = os.path.join(root, "node_modules", "aws-lambda-ric")
    deps = os.path.join(client, "deps")
    for archive in glob.glob(deps + "/*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(deps)
    cpp = glob.glob(deps + "/aws-lambda-cpp-*/")[0]
    with open(cpp + "src/version.cpp.in") as template:
        text = template.read()
    for name in ("MAJOR", "MINOR", "PATCH"):
        text = text.replace("@PROJECT_VERSION_%s@" % name, "0")
    with open(cpp + "src/version.cpp", "w") as file:
        file.write(text.replace("@PROJECT_VERSION@", "0.2.8"))
    includes = ["-I" + cpp + "include", "-I" + glob.glob(deps + "/curl-*/include")[0]]
    objects = []
    for source in ("runtime", "logging", "version"):
        objects.append(os.path.join(root, source + ".o"))
        built = _run("g++", "-include", "stdint.h", "-std=c++17", "-O0", "-fPIC", "-c", *includes,
                     cpp + "src/%s.cpp" % source, "-o", objects[-1])
        if built.returncode != 0:
            return None, "aws-lambda-cpp does not compile here: " + built.stderr[-500:]
    return {"root": root, "client": client, "cpp": cpp, "includes": includes, "objects": objects, "curl": curls[0]}, None


def _package():
    if "package" not in _made:
        _made["package"] = _make()
    package, problem = _made["package"]
    if problem:
        raise unittest.SkipTest(problem)
    return package


def cpp_program():
    """The path of a program built with aws-lambda-cpp: the example of its README."""
    package = _package()
    with open(package["cpp"] + "README.md") as readme:
        source = readme.read().split("```cpp\n", 1)[1].split("```", 1)[0]
    # This copy of the library carries a patch that adds a third argument, for X-Ray.
    source = source.replace("/*error_type*/)", '/*error_type*/, "")')
    path = os.path.join(package["root"], "main.cpp")
    with open(path, "w") as file:
        file.write(source)
    program = os.path.join(package["root"], "bootstrap")
    built = _run("g++", "-std=c++17", "-O0", *package["includes"], path, *package["objects"], package["curl"], "-o", program)
    assert built.returncode == 0, built.stderr
    return program


def node_client():
    """The folder of aws-lambda-ric, ready to run."""
    package = _package()
    made = os.path.join(package["client"], "dist", "rapid-client.node")
    if not os.path.exists(made):
        headers = next((path for path in ("/usr/include/node", "/usr/local/include/node") if os.path.exists(path + "/node_api.h")), None)
        if not headers:
            raise unittest.SkipTest("node's headers are not here (libnode-dev)")
        built = _run("g++", "-include", "stdint.h", "-std=c++17", "-O0", "-fPIC", "-shared", "-fexceptions", "-w",
                     "-DNODE_GYP_MODULE_NAME=rapid_client", "-I" + headers, "-I" + package["root"] + "/addon",
                     *package["includes"], package["client"] + "/src/rapid-client.cc", *package["objects"], package["curl"],
                     "-o", made)
        if built.returncode != 0:
            raise unittest.SkipTest("its native part does not compile here: " + built.stderr[-500:])
    return package["client"]


def node_client_of_many():
    """{name: content} of the client that takes several invocations at once, native part and all."""
    package = _package()
    headers = next((path for path in ("/usr/include/node", "/usr/local/include/node") if os.path.exists(path + "/node_api.h")), None)
    if not headers:
        raise unittest.SkipTest("node's headers are not here (libnode-dev)")
    root = os.path.join(package["root"], "many")
    os.makedirs(root, exist_ok=True)
    packed = _run("npm", "pack", "--silent", "--fetch-retries=1", "--fetch-timeout=20000", NODE_CLIENT_OF_MANY, cwd=root)
    if packed.returncode != 0:
        raise unittest.SkipTest("the npm registry cannot be reached: " + packed.stderr[-300:])
    with tarfile.open(os.path.join(root, packed.stdout.split()[0])) as tar:
        tar.extractall(root)
    client = os.path.join(root, "package")
    for name in ("aws-lambda-cpp", "curl"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
        if _run("tar", "xJf", "%s/deps/%s.tar.xz" % (client, name), "-C", os.path.join(root, name)).returncode != 0:
            raise unittest.SkipTest("no xz here")
    cpp = os.path.join(root, "aws-lambda-cpp")
    with open(cpp + "/src/version.cpp.in") as template:
        text = template.read()
    for name in ("VERSION_MAJOR", "VERSION_MINOR", "VERSION_PATCH", "VERSION"):
        text = text.replace("@PROJECT_%s@" % name, "0")
    with open(cpp + "/src/version.cpp", "w") as file:
        file.write(text)
    made = os.path.join(root, "rapid-client.node")
    built = _run("g++", "-include", "stdint.h", "-std=c++17", "-O0", "-fPIC", "-shared", "-fexceptions", "-w",
                 "-DNODE_GYP_MODULE_NAME=rapid_client", "-I" + headers, "-I" + package["root"] + "/addon",
                 "-I" + cpp + "/include", "-I" + root + "/curl/include", client + "/src/native/rapid-client.cc",
                 *(cpp + "/src/%s.cpp" % source for source in ("runtime", "logging", "version")), package["curl"], "-o", made)
    if built.returncode != 0:
        raise unittest.SkipTest("its native part does not compile here: " + built.stderr[-500:])
    files = {}
    for name, path in (("index.mjs", client), ("package.json", client), ("rapid-client.node", root)):
        with open(os.path.join(path, name), "rb") as file:
            files[name] = file.read()
    return files


def _installed(variable, what, *command):
    """The folder that the variable names, else the one that the command prints."""
    folder = os.environ.get(variable)
    if folder:
        return folder
    found = _run(*command)
    if found.returncode != 0:
        raise unittest.SkipTest("%s is not here: install it, or name its folder in %s" % (what, variable))
    return found.stdout.strip()


def python_client(python):
    """The folder that holds the module awslambdaric."""
    return _installed("AVIARY_PYTHON_RIC", "the module awslambdaric", python, "-c",
                      "import awslambdaric, os; print(os.path.dirname(os.path.dirname(awslambdaric.__file__)))")


def ruby_client(ruby):
    """The folder of the gem aws_lambda_ric."""
    return _installed("AVIARY_RUBY_RIC", "the gem aws_lambda_ric", ruby, "-e",
                      "puts Gem::Specification.find_by_name('aws_lambda_ric').full_gem_path")
