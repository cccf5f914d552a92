"""What a function that starts from a snapshot does between its init and its first event."""

import sys

from . import faults

_HOOKS = "snapshot_restore_py"


def _run(hooks):
    for func, args, kwargs in hooks:
        func(*args, **kwargs)


def wait_for_restore(api):
    """Runs the hooks; between them it waits until an invocation comes. As awslambdaric does it, but that a function with
    nothing to do after the restore asks for its event at once: its first invocation then costs one exchange less."""
    # A function that registered hooks has imported the package, be it its own copy.
    hooks = sys.modules.get(_HOOKS)
    if hooks is None:
        return
    try:
        pending = hooks.get_before_snapshot()
        while pending:
            _run([pending.pop()])
        if not hooks.get_after_restore():
            return
        status = api.restore_next()
        if status != 200:
            raise RuntimeError("LAMBDA_RUNTIME Failed to get the restore event: HTTP status %d" % status)
    except BaseException as problem:
        faults.report_snapshot(api, "init/error", "Runtime.BeforeSnapshotError", problem)
        sys.exit(64)
    try:
        _run(hooks.get_after_restore())
    except BaseException as problem:
        faults.report_snapshot(api, "restore/error", "Runtime.AfterRestoreError", problem)
        sys.exit(65)
