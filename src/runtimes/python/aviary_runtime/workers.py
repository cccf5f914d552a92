"""Where a function takes several invocations at once: a process for each, as AWS's own client has it.

Every process initialises the function for itself and takes one event after the other; nothing is shared but /tmp.
"""

import os


def spread(count):
    """Returns in `count` new processes. The one that called it waits for them, and ends with the last."""
    for _ in range(count):
        if os.fork() == 0:
            return
    while True:
        try:
            os.wait()
        except ChildProcessError:
            os._exit(0)
