"""The server process: ministack, the bridge and the engine. Started by `local.server`, which hands it open
descriptors.

It runs until SIGTERM or SIGINT, or until the process at the other end of ``--alive-fd`` is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from local import processes
from local.bridge import Bridge
from local.emulator import load
from local.engine import Engine, engine_url
from local.environment import ACCOUNT, REGION
from local.failures import LocalError
from local.fargate.layer import SpotLayer
from local.faults.layer import FaultLayer
from local.mends import alarms, ecs
from local.ports import HOST
from local.state import StateDir

log = logging.getLogger("distmap.server")

DRAIN_SECONDS = 0.5  # for requests in flight when the server is told to stop
LAST_RESORT_SECONDS = 8.0  # a stop takes less; then the process ends whatever it is doing
IDLE_SECONDS = 75.0  # how long an unused connection stays open
UNLIMITED = 10**9


@dataclass(frozen=True, kw_only=True)
class Arguments:
    state: StateDir
    socket: socket.socket
    lock: int
    alive: int | None
    engine: str


def parse(argv: list[str]) -> Arguments:
    parser = argparse.ArgumentParser(prog="python -m local.server_main", description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--socket-fd", type=int, required=True)
    parser.add_argument("--lock-fd", type=int, required=True)
    parser.add_argument("--alive-fd", type=int)
    parser.add_argument("--engine", required=True)
    given = parser.parse_args(argv)
    for descriptor in (given.socket_fd, given.lock_fd, given.alive_fd):
        if descriptor is not None:
            os.set_inheritable(descriptor, False)
    return Arguments(
        state=StateDir(path=given.state),
        socket=socket.socket(fileno=given.socket_fd),
        lock=given.lock_fd,
        alive=given.alive_fd,
        engine=given.engine,
    )


def main(argv: list[str]) -> None:
    """Serve until told to stop."""
    given = parse(argv)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s [%(name)s] %(message)s")
    processes.sign(given.lock)
    processes.start_guard()
    processes.raise_file_limit()
    if given.alive is not None:
        processes.on_end_of(given.alive, stop_soon)
    port = given.socket.getsockname()[1]
    endpoint = f"http://{HOST}:{port}"
    engine = Engine.start(
        module=given.engine, endpoint=endpoint, region=REGION, account=ACCOUNT, data=given.state.engine
    )
    asyncio.run(serve(given, engine, endpoint))


def stop_soon() -> None:
    """Stop as on SIGTERM; when the loop does not get to it in time, end at once."""
    os.kill(os.getpid(), signal.SIGTERM)
    last_resort()


def last_resort() -> None:
    timer = threading.Timer(LAST_RESORT_SECONDS, finish, (1,))
    timer.daemon = True
    timer.start()


def finish(code: int) -> NoReturn:
    """End now, before asyncio waits for its executor's threads: they may sit in a function's call for
    minutes.

    The guard ends that function.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def serve(given: Arguments, engine: Engine, endpoint: str) -> NoReturn:
    """Serve requests until a signal, then end the process: code 0 after an orderly stop, else 1."""
    bridge = Bridge()
    services = load(bridge, service_token=engine.service_token)  # the engine starts meanwhile
    app = SpotLayer(FaultLayer(services), ecs.interrupt)
    looking = asyncio.create_task(alarms.watch())
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    stopping = asyncio.Event()
    code = 0
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        last_resort()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)

    async def until_stopped() -> None:
        nonlocal code
        try:
            engine_port = await asyncio.to_thread(engine.wait_ready)
        except LocalError as error:
            log.error("%s", error)  # noqa: TRY400 - a message for the user, no traceback
            code = 1
            return
        bridge.connect(engine_url(engine_port))
        announce(given, engine, endpoint, engine_port)
        await stopping.wait()

    config = Config()
    config.bind = [f"fd://{given.socket.detach()}"]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = IDLE_SECONDS
    config.keep_alive_max_requests = UNLIMITED
    config.graceful_timeout = DRAIN_SECONDS
    try:
        await hypercorn_serve(app, config, shutdown_trigger=until_stopped)
    except Exception:
        log.exception("the server failed")
        code = 1
    looking.cancel()
    ecs.kill_all()
    await bridge.close()
    engine.stop()
    given.state.server.unlink(missing_ok=True)
    finish(code)


def announce(given: Arguments, engine: Engine, endpoint: str, engine_port: int) -> None:
    """Write server.json: the starter waits for it."""
    given.state.write(
        given.state.server,
        {
            "endpoint": endpoint,
            "port": int(endpoint.rpartition(":")[2]),
            "pid": os.getpid(),
            "engine_port": engine_port,
            "engine_pid": engine.process.pid,
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )


if __name__ == "__main__":
    main(sys.argv[1:])
