"""Kills a process group once the process at the other end of standard input is gone, however it went.

Run as a script of its own, in a session of its own: ``python -I -S guard.py PGID < pipe``. Function workers
are children of the server that do not watch it; this process does, so that none outlives a server that was
killed. Only the standard library's light modules are imported: it starts in milliseconds and stays small.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 1.0  # between the polite signal and the final one
POLL_SECONDS = 0.02


def main(group: int) -> None:
    """Wait for the end of standard input, then end every process of ``group``."""
    for quiet in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(quiet, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    deadline = time.monotonic() + GRACE_SECONDS
    try:
        os.killpg(group, signal.SIGTERM)
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(POLL_SECONDS)
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nobody is left


if __name__ == "__main__":
    main(int(sys.argv[1]))
