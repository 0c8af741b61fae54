"""A process that serves a directory as an S3 bucket, each first byte delayed, and takes writes and messages at once.

``python -m bench.slow_s3 DIRECTORY --delay SECONDS`` prints its endpoint and serves until its standard input ends. It
stands for services a network away, whose own work costs the measured process nothing; it checks no signatures and
keeps neither items nor objects that are put.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

HOST: Final = "127.0.0.1"
BUCKET: Final = "stations"
MODIFIED: Final = "Mon, 05 Jan 2026 10:00:00 GMT"
DYNAMODB: Final = "application/x-amz-json-1.0"


@contextmanager
def serving(directory: Path, *, delay: float) -> Iterator[str]:
    """The endpoint of such a process, which ends with the block."""
    command = [sys.executable, "-m", "bench.slow_s3", str(directory), "--delay", str(delay)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin:
            yield process.stdout.readline().strip()


def application(directory: Path, delay: float) -> web.Application:
    """The two services."""
    bodies = {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()}
    etags = {name: hashlib.md5(body, usedforsecurity=False).hexdigest() for name, body in bodies.items()}

    async def get_object(request: web.Request) -> web.Response:
        await asyncio.sleep(delay)
        name = request.match_info["key"].rpartition("/")[2]
        if name not in bodies:
            return web.Response(status=404, text="<Error><Code>NoSuchKey</Code></Error>")
        headers = {"ETag": f'"{etags[name]}"', "Last-Modified": MODIFIED}
        part, body = request.http_range, bodies[name]
        if part.start is None and part.stop is None:
            return web.Response(body=body, headers=headers, content_type="text/csv")
        start, stop, _ = part.indices(len(body))
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
        return web.Response(status=206, body=body[part], headers=headers, content_type="text/csv")

    async def put_object(request: web.Request) -> web.Response:
        etag = hashlib.md5(await request.read(), usedforsecurity=False).hexdigest()
        await asyncio.sleep(delay)
        return web.Response(headers={"ETag": f'"{etag}"'})

    async def write(request: web.Request) -> web.Response:
        asked = await request.read()
        target = request.headers["X-Amz-Target"]
        if target == "AmazonSQS.SendMessage":
            digest = hashlib.md5(json.loads(asked)["MessageBody"].encode(), usedforsecurity=False).hexdigest()
            answer: dict[str, object] = {"MessageId": digest, "MD5OfMessageBody": digest}
        elif target.endswith(".BatchWriteItem"):
            answer = {"UnprocessedItems": {}}
        else:
            table = json.loads(asked)["TableName"]
            answer = {"ConsumedCapacity": {"TableName": table, "CapacityUnits": 1.0}}
        return web.Response(body=json.dumps(answer), content_type=DYNAMODB)

    made = web.Application(client_max_size=1 << 20)
    made.router.add_get(f"/{BUCKET}/{{key:.+}}", get_object)
    made.router.add_put(f"/{BUCKET}/{{key:.+}}", put_object)
    made.router.add_post("/", write)
    return made


async def serve(directory: Path, delay: float) -> None:
    """Serve until standard input ends."""
    runner = web.AppRunner(application(directory, delay), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    print(f"http://{HOST}:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)  # ends with the process that holds the other end
    await runner.cleanup()


def main() -> None:
    """Read the arguments, and serve."""
    parser = argparse.ArgumentParser(prog="python -m bench.slow_s3", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--delay", type=float, required=True, help="seconds before the first byte of an object")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.directory, arguments.delay))


if __name__ == "__main__":
    main()
