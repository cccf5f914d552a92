"""What a function that starts from a snapshot does between its init and its first event."""

import sys

from . import faults

_HOOKS = "snapshot_restore_py"


def _run(hooks):
    for func, args, kwargs in hooks:
        func(*args, **kwargs)


def wait_for_restore(api):
    """Runs the hooks; between them it waits until an invocation comes. As awslambdaric does it."""
    # A function that registered hooks has imported the package, be it its own copy.
    hooks = sys.modules.get(_HOOKS)
    try:
        if hooks is not None:
            pending = hooks.get_before_snapshot()
            while pending:
                _run([pending.pop()])
        status = api.restore_next()
        if status != 200:
            raise RuntimeError("LAMBDA_RUNTIME Failed to get the restore event: HTTP status %d" % status)
    except BaseException as problem:
        faults.report_snapshot(api, "init/error", "Runtime.BeforeSnapshotError", problem)
        sys.exit(64)
    try:
        if hooks is not None:
            _run(hooks.get_after_restore())
    except BaseException as problem:
        faults.report_snapshot(api, "restore/error", "Runtime.AfterRestoreError", problem)
        sys.exit(65)
