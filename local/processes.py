"""Process life: who holds a lock, who dies with whom, who is left."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

GUARD_SCRIPT = Path(__file__).with_name("guard.py")
POLL_SECONDS = 0.02


def acquire(path: Path, *, seconds: float = 0.5) -> int | None:
    """An open descriptor that holds the lock on ``path``; None while another process holds it.

    The lock belongs to the open file: a child that inherits the descriptor holds it too, and it ends with
    the last holder, also by SIGKILL. So a held lock proves a living process, which a process id in a file
    does not.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                return None
            time.sleep(POLL_SECONDS)  # a look by `holder` lasts microseconds
        else:
            return descriptor


def sign(descriptor: int) -> None:
    """Write this process's id into the lock file that it holds."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def holder(path: Path) -> int | None:
    """The id of the process that holds the lock, 0 when it has not signed yet, None when it is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.pread(descriptor, 32, 0) or b"0")
    else:
        return None
    finally:
        os.close(descriptor)


_guards: list[subprocess.Popen[bytes]] = []  # a guard waits for the end of its standard input, so it is held here


def start_guard() -> None:
    """Start a process that ends this process's group once this process is gone, however it went."""
    _guards.append(
        subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-I", "-S", str(GUARD_SCRIPT), str(os.getpgrp())],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
    )


def on_end_of(descriptor: int, act: Callable[[], None]) -> None:
    """Call ``act`` in a thread when the other end of the pipe is closed, which death does too."""

    def wait() -> None:
        while os.read(descriptor, 4096):
            pass
        act()

    threading.Thread(target=wait, name="liveness", daemon=True).start()


def raise_file_limit() -> None:
    """Open as many files as the system lets this process: each connection of a wide map run is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def group_is_alive(group: int) -> bool:
    """Whether a process of the group still runs. A dead one that its parent has not collected does not
    count.
    """
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if sys.platform != "linux":
        return True
    return any(_group_of_running(entry) == group for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _group_of_running(entry: Path) -> int | None:
    try:
        # "pid (name) state ppid pgrp ...": the name may hold spaces and brackets
        state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return None
    return None if state in "ZX" else int(group)


def wait_until(reached: Callable[[], bool], *, seconds: float) -> bool:
    """Poll until ``reached`` is true; False when it was not within the time."""
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
