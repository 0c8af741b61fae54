"""AWS on localhost with the program deployed to it: brought up, shown, taken down."""

from __future__ import annotations

import shlex
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local import server
from operate import stacks, text
from operate.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.deploy import Step
    from local.server import Server, Status
    from local.state import StateDir
    from operate.stacks import Stack
    from operate.watch import Display

WATCH_SECONDS = 1.0


def bring_up(state: StateDir, display: Display, *, port: int, detach: bool) -> Stack:
    """Start the server and deploy; if either fails, nothing is left running."""
    began = time.monotonic()
    running = server.start(state=state, port=port, detach=detach)
    display.step(f"AWS on localhost is up at {running.endpoint} in {text.seconds(time.monotonic() - began)}")
    try:
        _deploy(state, running, display)
        return stacks.local_stack(state)
    except BaseException:
        server.stop(state)
        raise


def take_down(state: StateDir, display: Display) -> bool:
    """Delete what was deployed, newest first, and stop the server; True when one was running.

    The server is stopped even if a resource cannot be deleted, since all that it holds is in its memory.
    """
    from local.deploy import destroy

    condition = server.status(state)
    began = time.monotonic()
    try:
        if condition.condition == "running" and condition.server is not None:
            destroy(state=state, endpoint=condition.server.endpoint, on_resource=_Told(display))
    finally:
        stopped = server.stop(state)
    if stopped:
        display.step(f"torn down in {text.seconds(time.monotonic() - began)}")
    return stopped


@contextmanager
def deployed(state: StateDir, display: Display, *, port: int) -> Iterator[Stack]:
    """A stack for the length of a block; taken down at its end, whatever ends it."""
    stack = bring_up(state, display, port=port, detach=False)
    try:
        yield stack
    finally:
        take_down(state, display)


def wait_until_it_ends(state: StateDir) -> None:
    """Return never: a KeyboardInterrupt ends the wait, and a server that died is a StackError."""
    while True:
        if server.status(state).condition != "running":
            raise StackError(f"the local server has died: see {state.log}, and start it anew with `distmap local up`")
        threading.Event().wait(WATCH_SECONDS)


def exports(running: Server) -> str:
    """Return the lines that point a shell's AWS tools to the server."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in running.environment.items())


def description(state: StateDir, current: Status) -> str:
    """Say what is true of the server, and what is deployed to it."""
    if current.server is None:
        return f"AWS on localhost: {current.condition}"
    found = current.server
    engine = "answers" if current.engine_answers else "does not answer"
    lines = [
        f"AWS on localhost: {current.condition} at {found.endpoint} since {found.started_at}",
        f"server pid {found.pid}, Step Functions engine pid {found.engine_pid} on port {found.engine_port} {engine}",
        f"log {state.log}",
        *(
            f"{name}  {outputs['state_machine_arn']}"
            for name, outputs in (state.read(state.outputs) or {}).items()
            if isinstance(outputs, dict)
        ),
    ]
    return "\n".join(lines)


def _deploy(state: StateDir, running: Server, display: Display) -> None:
    from local.deploy import deploy

    began = time.monotonic()
    told = _Told(display)
    deploy(stack=stacks.LOCAL, state=state, endpoint=running.endpoint, on_resource=told)
    display.step(f"deployed {text.counted(told.resources, 'resource')} in {text.seconds(time.monotonic() - began)}")


class _Told:
    """Shows each resource that was dealt with; may be called from several threads."""

    def __init__(self, display: Display) -> None:
        self.resources = 0
        self._display = display
        self._lock = threading.Lock()

    def __call__(self, step: Step) -> None:
        with self._lock:
            self.resources += 1
            self._display.busy(f"{self.resources:>3} {step.action} {step.type.rpartition(':')[2]} {step.name}")
