#!/usr/bin/env python3
"""What a compiler does not see: which folder may include which, calls that only src/host may make, formatting, sizes.

    lint.py layers|calls|sizes|words|format|self

Every check is a function from files (path: text) to complaints, so that `self` can prove that each one bites.
Standard library only. Ends with 0 when clean, 1 with complaints, 77 when it cannot be done here.
"""

import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED_FOLDERS = {".git", "build", "install", "node_modules", "__pycache__", ".cache"}
CODE = (".hpp", ".cpp")

# Which folder may include which; the link graph in src/CMakeLists.txt says the same. `own` is the same service.
LAYERS = {
    "base": [],
    "ports": ["base"],
    "models": ["base"],
    "wire": ["models", "base"],
    "gateway": ["wire", "models", "ports", "base"],
    "service core": ["models", "ports", "base"],
    "service jobs": ["own core", "models", "ports", "base"],
    "service api": ["own core", "own jobs", "gateway", "wire", "models", "ports", "base"],
    "execution": ["lambda core", "wire", "models", "ports", "base"],
    "rehearsal": ["execution", "lambda core", "models", "ports", "base"],
    "http": ["wire", "models", "ports", "base"],
    "runtimes": ["base"],
    "host": ["runtimes", "ports", "base", "spawner"],
    "engine": ["http", "host", "ports", "base"],
    "spawner": [],  # a program of its own, which the host talks to
    "app": None,  # ties everything together
}

# Time, chance, processes, threads: ports, which only src/host (and the program that it starts) implements.
BANNED = [
    (r"system_clock::now|steady_clock::now|high_resolution_clock", "the real clock"),
    (r"random_device|mt19937|\bs?rand\s*\(", "chance that no seed repeats"),
    (r"(?<![\w.])v?fork\s*\(|\bposix_spawn|\bpopen\s*\(|\bstd::system\s*\(", "a process"),
    (r"this_thread::sleep|(?<![\w.:])u?sleep\s*\(|\bnanosleep\s*\(", "a blocking wait"),
    (r"\bstd::(recursive_|shared_|timed_|recursive_timed_|shared_timed_)?mutex\b", "a mutex: one thread owns all state"),
    (r"\basio::detached\b", "a task without an owner"),
    (r"Json::parse\([^;]*,\s*nullptr,\s*false\)", "JSON of others parsed however deep it is: parse_bounded"),
]

# The embedding front runs its emulator on a thread of its own, so a handful of calls are its business.
ALLOWED = {("src/app", "a mutex: one thread owns all state")}


def folder_of(path):
    """('service core', 'lambda') for services/lambda/core/x.hpp, ('wire', None) for wire/x.hpp."""
    parts = path.split("/")
    if parts[0] == "services" and len(parts) > 3:
        return "service " + parts[2], parts[1]
    return parts[0], None


def may_include(path, included):
    layer, service = folder_of(path)
    to_layer, to_service = folder_of(included)
    if layer not in LAYERS:
        return False
    if layer == to_layer and service == to_service:
        return True
    allowed = LAYERS[layer]
    if allowed is None:
        return True
    if to_service is None:
        return to_layer in allowed
    room = to_layer.removeprefix("service ")
    return f"{to_service} {room}" in allowed or (service == to_service and f"own {room}" in allowed)


def without_comments(text):
    """Blanks comments and the insides of string literals, keeping the lines."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found.group()), text, flags=re.S)


def numbered(text):
    return enumerate(text.split("\n"), 1)


def layers(files):
    for path, text in files.items():
        if not (path.startswith("src/") and path.endswith(CODE)):
            continue
        for number, line in numbered(text):
            found = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if not found:
                continue
            included = found.group(1)
            if "/" not in included and f"{os.path.dirname(path)}/{included}" in files:
                continue
            if included.startswith("aviary/"):
                if not path.startswith("src/app/"):
                    yield f"{path}:{number}: only src/app knows the public face ({included})"
            elif not may_include(path.removeprefix("src/"), included):
                yield f"{path}:{number}: may not include {included}"


def calls(files):
    for path, text in files.items():
        if not (path.startswith(("src/", "include/")) and path.endswith(CODE)):
            continue
        for number, line in numbered(text):
            if "boost/beast" in line and not path.startswith("src/http/"):
                yield f"{path}:{number}: Beast is src/http's alone"
        if path.startswith(("src/host/", "src/spawner/")):
            continue
        for number, line in numbered(without_comments(text)):
            for pattern, what in BANNED:
                if re.search(pattern, line) and (os.path.dirname(path), what) not in ALLOWED:
                    yield f"{path}:{number}: {what} ({line.strip()})"


def sizes(files):
    for path, text in files.items():
        lines = text.count("\n")
        # A runtime's client is read at every cold start, and each file more is a look-up more.
        most = 600 if path.startswith("src/runtimes/") and not path.endswith(CODE) else 450
        if path.startswith(("src/", "include/")) and path.endswith((*CODE, ".py", ".js", ".mjs", ".rb")) and lines > most:
            yield f"{path}: {lines} lines; what is its second job?"


def words(files):
    # Written so that this file does not complain about itself.
    machine = re.compile(r"(?<![\w$}.])/(wor[k]|roo[t]|far[m])/|/hom[e]/(?!user\b|me\b|you\b|ubuntu\b)\w+/")
    for path, text in files.items():
        for number, line in numbered(text):
            if machine.search(line):
                yield f"{path}:{number}: a path of one machine ({line.strip()[:100]})"


def formatter():
    """Another version formats otherwise, so only this one judges."""
    for name in ("clang-format-14", "clang-format"):
        tool = shutil.which(name)
        if tool and "version 14." in subprocess.run([tool, "--version"], capture_output=True, text=True).stdout:
            return tool
    return None


def badly_formatted(files):
    chosen = [path for path in files if path.endswith(CODE)]
    done = subprocess.run([formatter(), "--dry-run", "-Werror", *chosen], cwd=ROOT, capture_output=True, text=True)
    for line in done.stderr.split("\n"):
        if "error: code should be clang-formatted" in line:
            yield line.split(": error")[0] + ": not formatted; run clang-format -i"


def tree():
    files = {}
    for folder, inside, names in os.walk(ROOT):
        inside[:] = [name for name in inside if name not in SKIPPED_FOLDERS]
        for name in names:
            if name in SKIPPED_FOLDERS:  # in a linked work tree .git is a file
                continue
            full = os.path.join(folder, name)
            try:
                with open(full, encoding="utf-8") as file:
                    files[os.path.relpath(full, ROOT)] = file.read()
            except (UnicodeDecodeError, FileNotFoundError):
                continue
    return files


def prove():
    """Each check complains about what it is there for, and about nothing else."""
    bad = [
        (layers, "src/wire/x.cpp", '#include "ports/clock.hpp"'),
        (layers, "src/base/x.cpp", '#include "wire/message.hpp"'),
        (layers, "src/services/sqs/core/x.cpp", '#include "services/lambda/core/version.hpp"'),
        (layers, "src/services/lambda/core/x.cpp", '#include "services/lambda/api/service.hpp"'),
        (layers, "src/services/lambda/core/x.cpp", '#include "wire/message.hpp"'),
        (layers, "src/execution/x.cpp", '#include "services/lambda/api/service.hpp"'),
        (layers, "src/host/x.cpp", '#include "aviary/emulator.hpp"'),
        (layers, "src/host/x.cpp", '#include "unqualified.hpp"'),
        (calls, "src/http/x.cpp", "auto t = std::chrono::steady_clock::now();"),
        (calls, "src/app/x.cpp", "std::random_device chance;"),
        (calls, "src/execution/x.cpp", "if (fork() == 0) {}"),
        (calls, "src/execution/x.cpp", "std::this_thread::sleep_for(1s);"),
        (calls, "src/execution/x.cpp", "std::shared_mutex guard;"),
        (calls, "src/execution/x.cpp", "co_spawn(loop, run(), boost::asio::detached);"),
        (calls, "src/wire/x.cpp", "#include <boost/beast/http.hpp>"),
        (calls, "include/aviary/x.hpp", "#include <boost/beast/http.hpp>"),
        (sizes, "src/base/x.cpp", "\n" * 451),
        (words, "docs/x.md", "cd /wor" + "k/main"),
        (words, "src/base/x.cpp", '"/roo' + 't/thing"'),
    ]
    good = [
        (layers, "src/services/lambda/api/x.cpp", '#include "services/lambda/core/version.hpp"'),
        (layers, "src/services/lambda/jobs/x.cpp", '#include "ports/clock.hpp"\n#include <vector>'),
        (layers, "src/execution/x.cpp", '#include "services/lambda/core/function_runner.hpp"'),
        (layers, "src/app/x.cpp", '#include "aviary/emulator.hpp"\n#include "host/sandbox.hpp"'),
        (calls, "src/host/x.cpp", "std::mutex m; fork(); std::chrono::steady_clock::now();"),
        (calls, "src/http/x.cpp", "// never fork() here\nco_await sleep_for(stopwatch, 1s); #include <boost/beast.hpp>"),
        (calls, "src/ports/x.cpp", 'log("std::mutex"); clock.now();'),
        (sizes, "src/base/x.cpp", "\n" * 450),
        (words, "docs/x.md", "cd $HOME/work/main; ls ./root/; https://example.com/root.html"),
    ]
    for check, path, text in bad:
        if not list(check({path: text})):
            yield f"{check.__name__} misses: {path}: {text.strip()[:80]}"
    for check, path, text in good:
        for complaint in check({path: text}):
            yield f"{check.__name__} complains without cause: {complaint}"


def main():
    which = sys.argv[1] if len(sys.argv) == 2 else ""
    checks = {"layers": layers, "calls": calls, "sizes": sizes, "words": words, "format": badly_formatted}
    if which == "self":
        complaints = list(prove())
    elif which in checks:
        if which == "format" and formatter() is None:
            print("skipped: clang-format 14 is not here")
            return 77
        complaints = list(checks[which](tree()))
    else:
        print(__doc__)
        return 2
    for complaint in complaints:
        print(complaint)
    print(f"{which}: {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
