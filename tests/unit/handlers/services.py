"""Stand-ins for S3 and DynamoDB on one port, whose failures a test writes down beforehand."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

MODIFIED = "Mon, 05 Jan 2026 10:00:00 GMT"
MODIFIED_MS = 1_767_607_200_000


class Services:
    """Objects by key, and the failures to answer first: by key for S3, by station for DynamoDB."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.failures: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self.requests: list[str] = []
        self.written: dict[str, Any] = {}
        self.delay = 0.0
        self.reading = self.most_reading = 0
        self.lock = threading.Lock()

    def fail(self, name: str, status: int, code: str, times: int = 1) -> None:
        """Answer the next requests for this key or station with a failure."""
        self.failures[name] += [(status, code)] * times

    def next_failure(self, name: str) -> tuple[int, str] | None:
        with self.lock:
            self.requests.append(name)
            return self.failures[name].pop(0) if self.failures[name] else None


@contextmanager
def serving() -> Iterator[tuple[Services, str]]:
    """The services and their endpoint."""
    services = Services()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            key = unquote(self.path).split("/", 2)[2]
            with services.lock:
                services.reading += 1
                services.most_reading = max(services.most_reading, services.reading)
            time.sleep(services.delay)
            with services.lock:
                services.reading -= 1
            failure = services.next_failure(key)
            if failure is None and key not in services.objects:
                failure = (404, "NoSuchKey")
            if failure is not None:
                status, code = failure
                self.answer(status, f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode())
            else:
                self.answer(200, services.objects[key], {"ETag": '"tag"', "Last-Modified": MODIFIED})

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            station = request["Item"]["station"]["S"]
            failure = services.next_failure(station)
            if failure is not None:
                status, code = failure
                body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "No."}
                self.answer(status, json.dumps(body).encode())
            else:
                services.written[station] = request["Item"]
                self.answer(200, b'{"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 1.0}}')

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield services, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
