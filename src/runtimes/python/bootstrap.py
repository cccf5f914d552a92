"""Entry of the Python runtime client: `<python> -S /var/runtime/python/bootstrap.py`.

A script is compiled at every start, a module comes from its .pyc: so nothing happens here. With `--compile` it only
leaves those .pyc behind, for whoever unpacked these files and is going to mount them read-only.
"""

import sys

import aviary_runtime

if __name__ == "__main__":
    if sys.argv[1:] == ["--compile"]:
        from aviary_runtime import endpoints, exercise, faults, logs, marshal, snapshots, waiting, workers  # noqa: F401
    else:
        aviary_runtime.main()
