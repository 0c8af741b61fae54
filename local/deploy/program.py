"""Run the Pulumi program in this process, apart from everything else in it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import runpy
import sys
import threading
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi.runtime import set_all_config
from pulumi.runtime.settings import Settings, configure
from pulumi.runtime.stack import run_in_stack

from local.deploy.monitor import Log, Monitor
from local.failures import LocalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.changes import Changes
    from local.stack_config import StackConfig

PROGRAM = "__main__.py"
PARALLEL = 16  # resources made at a time
LONGEST_SECONDS = 600.0
END_SECONDS = 60.0  # for resources in progress when the user interrupts

log = logging.getLogger("distmap.deploy")


class DeployError(LocalError):
    """A resource could not be made, or the program failed; what was made is recorded."""


class ProgramError(LocalError):
    """The program itself failed; its exception is the cause."""


def run(monitor: Monitor, config: StackConfig) -> None:
    """Run the program until all that it registers is made. Raises ProgramError when it fails, DeployError
    when it hangs.

    What fails in a resource is among the failures of the monitor's changes.
    """
    _run_apart(lambda: _run_program(monitor, config), monitor.changes)


def _run_apart(work: Callable[[], None], changes: Changes) -> None:
    """Do ``work`` in a thread: it has no event loop and no Pulumi settings of the caller's. An interrupt
    waits for the resources in progress, so that they are recorded.
    """
    caught: list[Exception] = []
    ended = threading.Event()

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised again by the caller below
            caught.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, name="deploy", daemon=True).start()
    try:
        ended.wait()  # not join: an interrupt makes Python 3.11 take a joined thread for ended
    except BaseException:
        changes.stop()
        ended.wait(END_SECONDS)
        raise
    if caught and not changes.failures:
        raise caught[0]


def _run_program(monitor: Monitor, config: StackConfig) -> None:
    """Run the program until all that it registered is made. Raises ProgramError or DeployError."""
    failed: list[BaseException] = []

    def program() -> None:
        try:
            with _importable(monitor.root), warnings.catch_warnings():
                # the AWS SDK's modules warn of their own deprecated classes when they are imported
                warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"pulumi_aws\b")
                runpy.run_path(str(monitor.root / PROGRAM), run_name="__main__")
        except BaseException as error:
            failed.append(error)
            monitor.changes.stop()
            raise

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(PARALLEL))
        loop.set_exception_handler(lambda _loop, context: log.debug("%s", context["message"]))
        configure(
            Settings(
                project=config.project,
                stack=monitor.stack,
                monitor=monitor,
                engine=Log(),
                dry_run=False,
                organization="organization",
                root_directory=str(monitor.root),
            )
        )
        set_all_config(dict(config.values))
        async with asyncio.timeout(LONGEST_SECONDS):
            await run_in_stack(program)

    try:
        with _uncollected():
            asyncio.run(run())
    except TimeoutError as error:
        busy = ", ".join(sorted(monitor.changes.in_progress)) or "the program waits for a value that never comes"
        raise DeployError(f"the deploy was not finished within {LONGEST_SECONDS:.0f} s: {busy}") from error
    except BaseException as error:  # noqa: BLE001 - SystemExit too: the program may call sys.exit
        cause = failed[0] if failed else error
        raise ProgramError(_told(cause, monitor.root)) from cause


def _told(error: BaseException, root: Path) -> str:
    """The failure of the program in one message: with its place when it is Python's own and so says little."""
    if type(error).__module__ != "builtins" and str(error):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(root) and ".venv" not in frame.filename]
    place = f" ({Path(own[-1].filename).relative_to(root)}:{own[-1].lineno})" if own else ""
    return f"{PROGRAM} failed: {type(error).__name__}: {error}{place}"


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: it would take a quarter of a deploy, looking at the SDK's million lasting
    objects.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def _importable(root: Path) -> Iterator[None]:
    """The modules beside the program can be imported by it."""
    if str(root) in sys.path:
        yield
        return
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
