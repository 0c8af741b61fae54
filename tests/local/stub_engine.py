"""A stand-in for the Step Functions engine: it keeps its contract with the server and echoes what it is sent.

    python -m tests.local.stub_engine --port 0 --endpoint URL ... --ready-file FILE

A start of the machine named ``refuse`` is refused. Each StartExecution is kept and returned by the action
``Kept``. State machines can be created, listed (one a page) and deleted; GetActivityTask waits a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
from pathlib import Path

from aiohttp import web

from local.state import write_atomically


def application() -> web.Application:
    kept: list[object] = []
    machines: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        action = request.headers["X-Amz-Target"].rpartition(".")[2]
        body = await request.read()
        if action == "Kept":
            return web.json_response(kept)
        data = json.loads(body)
        if action == "CreateStateMachine":
            machines.append(data["name"])
        if action == "DeleteStateMachine":
            machines.remove(data["stateMachineArn"])
        if action == "ListStateMachines":
            at = int(data.get("nextToken", 0))
            more = {"nextToken": str(at + 1)} if at + 1 < len(machines) else {}
            page = [{"stateMachineArn": name} for name in machines[at : at + 1]]
            return web.json_response({"stateMachines": page, **more})
        if action == "ListActivities":
            return web.json_response({"activities": []})
        if action == "StartExecution":
            kept.append(data)
            if data["stateMachineArn"].endswith("refuse"):
                error = {"__type": "StateMachineDoesNotExist", "message": "State Machine Does Not Exist"}
                return web.json_response(error, status=400)
        if action == "GetActivityTask":
            await asyncio.sleep(1)
        return web.Response(
            body=json.dumps({"action": action, "data": data, "target": request.headers["X-Amz-Target"]}),
            headers={"Content-Type": "application/x-amz-json-1.0", "x-engine": "stub"},
        )

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application(client_max_size=2**30)
    app.router.add_post("/", handle)
    app.router.add_get("/health", health)
    return app


async def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("--port", "--endpoint", "--region", "--account", "--data-dir", "--ready-file"):
        parser.add_argument(option, required=True)
    given = parser.parse_args()
    runner = web.AppRunner(application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", int(given.port))
    await site.start()
    port = runner.addresses[0][1]
    write_atomically(Path(given.ready_file), json.dumps({"port": port, "pid": os.getpid()}))
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
