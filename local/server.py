"""Start, stop and look at AWS on localhost: one server process per stack, with its engine and function
workers.

A server is *attached* (it ends with the process that started it, however that ends) or *detached* (it stays).
Everything it holds is in its memory: a new server is empty.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from local import processes
from local.engine import engine_url
from local.environment import client_environment, server_environment
from local.failures import AlreadyRunningError, NotRunningError, StartError
from local.ports import HOST, listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from local.state import StateDir

DEFAULT_PORT = 4566
ENGINE_MODULE = "local.stepfunctions"
START_SECONDS = 30.0
STOP_SECONDS = 10.0  # more than the server's own last resort
GROUP_SECONDS = 3.0  # more than the guard's grace
HEALTH_SECONDS = 1.0
LOG_LINES_SHOWN = 15
PACKAGE_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server."""

    endpoint: str
    port: int
    pid: int
    engine_port: int
    engine_pid: int
    started_at: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point an AWS SDK or the AWS CLI to it."""
        return client_environment(self.endpoint)


@dataclass(frozen=True, kw_only=True)
class Status:
    """What is true now: ``stale`` is a server that died without being stopped."""

    condition: Literal["running", "starting", "stale", "stopped"]
    server: Server | None = None
    engine_answers: bool = False


@dataclass(frozen=True, kw_only=True)
class _Child:
    """A server started by this process; an attached one lives as long as ``alive`` is open."""

    process: subprocess.Popen[bytes]
    alive: int | None


_children: dict[int, _Child] = {}


def start(*, state: StateDir, port: int = DEFAULT_PORT, detach: bool = False, engine: str = ENGINE_MODULE) -> Server:
    """Start the stack's server and return when it answers.

    Port 0 takes a free one. Raises AlreadyRunningError, PortInUseError, or StartError with the end of the
    log.
    """
    _collect()
    state.create()
    with contextlib.ExitStack() as handed:  # the child's descriptors: closed here once it has them
        lock = processes.acquire(state.lock)
        if lock is None:
            raise AlreadyRunningError(_already_running(state))
        handed.callback(os.close, lock)
        sock = handed.enter_context(listen(port))
        state.forget_server()
        state.scratch.mkdir(parents=True)
        child = _spawn(state, sock, lock, engine=engine, detach=detach)
    try:
        return _wait_ready(child, state)
    except BaseException:
        _kill(child.process.pid)
        raise


def _spawn(state: StateDir, sock: socket.socket, lock: int, *, engine: str, detach: bool) -> _Child:
    port: int = sock.getsockname()[1]
    descriptors = [sock.fileno(), lock]
    command = [sys.executable, "-m", "local.server_main", "--state", str(state.path), "--engine", engine]
    command += ["--socket-fd", str(sock.fileno()), "--lock-fd", str(lock)]
    watched = keep_alive = None
    if not detach:
        watched, keep_alive = os.pipe()
        descriptors.append(watched)
        command += ["--alive-fd", str(watched)]
    try:
        with state.log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                cwd=PACKAGE_ROOT,
                env=server_environment(os.environ, endpoint=f"http://{HOST}:{port}", port=port, scratch=state.scratch),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=descriptors,
                start_new_session=True,
            )
    finally:
        if watched is not None:
            os.close(watched)
    child = _children[process.pid] = _Child(process=process, alive=keep_alive)
    return child


def _wait_ready(child: _Child, state: StateDir) -> Server:
    ended = child.process.poll
    if not processes.wait_until(lambda: state.server.exists() or ended() is not None, seconds=START_SECONDS):
        raise StartError(_with_log(f"the server was not ready within {START_SECONDS:.0f} s", state))
    server = _read(state)
    if server is None or ended() is not None:
        raise StartError(_with_log(f"the server ended with code {child.process.wait()} while starting", state))
    return server


def stop(state: StateDir) -> bool:
    """End the stack's server, its engine and its function workers, and forget what was in their memory.

    True when one was running. Returns when the last process is gone.
    """
    _collect()
    pid = processes.holder(state.lock)
    if pid is not None:
        if pid == 0:  # started a moment ago
            processes.wait_until(lambda: processes.holder(state.lock) != 0, seconds=START_SECONDS)
            pid = processes.holder(state.lock)
        if pid:
            _end(pid, state)
    state.forget_server()
    return pid is not None


def _end(pid: int, state: StateDir) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    if not processes.wait_until(lambda: processes.holder(state.lock) is None, seconds=STOP_SECONDS):
        os.kill(pid, signal.SIGKILL)
    _kill(pid)


def _collect() -> None:
    """Let go of the servers of this process that ended by themselves."""
    for pid, child in list(_children.items()):
        if child.process.poll() is not None:
            _kill(pid)


def _kill(pid: int) -> None:
    """End the group that the server leads, and return when nobody of it is left."""
    child = _children.pop(pid, None)
    if child is not None and child.alive is not None:
        os.close(child.alive)

    def gone() -> bool:
        return not processes.group_is_alive(pid)

    if not processes.wait_until(gone, seconds=GROUP_SECONDS):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        processes.wait_until(gone, seconds=GROUP_SECONDS)
    if child is not None:
        child.process.wait(GROUP_SECONDS)


def status(state: StateDir) -> Status:
    """What is true of the stack's server now. A process id that another program got meanwhile does not
    mislead it.
    """
    server = _read(state)
    if processes.holder(state.lock) is None:
        return Status(condition="stale" if server else "stopped")
    if server is None:
        return Status(condition="starting")
    return Status(
        condition="running", server=server, engine_answers=_answers(engine_url(server.engine_port) + "health")
    )


def running(state: StateDir) -> Server:
    """The stack's running server. Raises NotRunningError."""
    current = status(state)
    if current.server is None:
        raise NotRunningError("AWS on localhost is not running; start it with `distmap local up`")
    return current.server


@contextlib.contextmanager
def serving(*, state: StateDir, port: int = 0, engine: str = ENGINE_MODULE) -> Iterator[Server]:
    """A server for the length of a block: attached, and stopped at its end."""
    server = start(state=state, port=port, engine=engine)
    try:
        yield server
    finally:
        stop(state)


def _read(state: StateDir) -> Server | None:
    written = state.read(state.server)
    return None if written is None else Server(**written)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=HEALTH_SECONDS) as answer:  # noqa: S310 - http on the loopback
            ok: bool = answer.status == HTTPStatus.OK
            return ok
    except OSError:
        return False


def _already_running(state: StateDir) -> str:
    server = _read(state)
    where = f"at {server.endpoint} (pid {server.pid})" if server else "and still starting"
    return f"AWS on localhost is already running {where}; use it, or stop it with `distmap local down`"


def _with_log(message: str, state: StateDir) -> str:
    lines = state.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "\n".join([f"{message}; the end of {state.log}:", *(f"    {line}" for line in lines)])
