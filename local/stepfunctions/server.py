"""The engine as a process: HTTP on 127.0.0.1, ready when its file says so, gone when its parent is."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from local.stepfunctions.api.dispatch import answer
from local.stepfunctions.arns import Place
from local.stepfunctions.engine import Engine
from local.stepfunctions.integrations.aws import AwsSession, Credentials

_log = logging.getLogger(__name__)

_MAX_REQUEST_BYTES = 2 * 1024**2
_PARENT_CHECK_SECONDS = 1.0
_NEVER = 2.0**53


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerArgs:
    """How to serve: ``port`` 0 picks a free one; ``endpoint`` None means AWS itself.

    ``service_token`` is what the endpoint gave this engine, to be believed what only AWS's own services may say.
    """

    port: int
    endpoint: str | None
    place: Place
    data_dir: Path
    ready_file: Path | None
    service_token: str | None


def engine_credentials() -> Credentials:
    """The engine's own credentials, from the standard environment variables."""
    return Credentials(
        access_key=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        secret_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        token=os.environ.get("AWS_SESSION_TOKEN"),
        expires_at=_NEVER,
    )


def application(engine: Engine) -> web.Application:
    """The HTTP application of an engine."""

    async def api(request: web.Request) -> web.Response:
        target = request.headers.get("X-Amz-Target", "")
        status, body = await answer(engine, target, await request.read())
        return web.Response(status=status, body=body, headers={"Content-Type": "application/x-amz-json-1.0"})

    async def health(_request: web.Request) -> web.Response:
        running = sum(execution.status == "RUNNING" for execution in engine.executions.values())
        return web.json_response({"status": "ok", "running": running})

    app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
    app.router.add_post("/", api)
    app.router.add_get("/health", health)
    return app


async def serve(args: ServerArgs) -> None:
    """Serve until SIGTERM, SIGINT or the parent's end; executions that run are stopped."""
    session = AwsSession(endpoint=args.endpoint, region=args.place.region, credentials=engine_credentials())
    engine = Engine.open(place=args.place, session=session, data_dir=args.data_dir, service_token=args.service_token)
    runner = web.AppRunner(application(engine), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", args.port)
        await site.start()
        port = runner.addresses[0][1]
        _log.info("the engine serves on 127.0.0.1:%d", port)
        if args.ready_file is not None:
            _write_ready(args.ready_file, port)
        await _until_stopped()
    finally:
        await engine.close()
        await runner.cleanup()


def _write_ready(path: Path, port: int) -> None:
    waiting = path.with_suffix(".tmp")
    waiting.write_text(json.dumps({"port": port, "pid": os.getpid()}))
    waiting.replace(path)


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    parent = os.getppid()
    while not stopped.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), _PARENT_CHECK_SECONDS)
