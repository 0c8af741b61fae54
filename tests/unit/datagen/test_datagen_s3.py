"""How uploads behave towards an S3 that is busy, broken or closed."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from datagen.dataset import Body
from datagen.errors import BucketMissingError, DestinationError, ForbiddenError
from datagen.sinks.s3 import UPLOADS, S3Sink


def error(code, message="told so"):
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


class Stub:
    """Answers each PUT with the next of `script`, then with 200; keeps what was stored."""

    def __init__(self):
        self.script = []
        self.stored = {}
        self.puts = 0
        self.at_once = self.most_at_once = 0
        self.gate = None
        self.lock = threading.Lock()

    def answer(self, key, data):
        with self.lock:
            self.puts += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            status, body = self.script.pop(0) if self.script else (200, b"")
        if self.gate is not None:
            self.gate.wait(2)
        with self.lock:
            self.at_once -= 1
            if status == 200:
                self.stored[key] = data
        return status, body


@pytest.fixture
def stub(monkeypatch):
    found = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self):
            data = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = found.answer(self.path, data)
            self.send_response(status)
            self.send_header("ETag", '"0123"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_upload_backs_off_when_told_to_slow_down(stub):
    stub.script = [(503, error("SlowDown"))] * 3
    stored = S3Sink("bucket", "prefix").put("key", b"data")
    assert stub.puts == 4
    assert stub.stored == {"/bucket/prefix/key": b"data"}
    assert stored == ("key", 4, "0123"), "the ETag is given without its quotes"


def test_uploads_run_side_by_side_and_answer_in_order(stub):
    stub.gate = threading.Event()
    sink = S3Sink("bucket", "")
    bodies = [Body(f"k{number:03d}", b"x" * number, 1) for number in range(3 * UPLOADS)]
    threading.Timer(0.5, stub.gate.set).start()
    stored = sink.put_all(bodies)
    assert 1 < stub.most_at_once <= UPLOADS
    assert [(each.key, each.size) for each in stored] == [(body.key, len(body.data)) for body in bodies]


def test_after_a_failure_uploads_that_had_not_begun_are_left_out(stub):
    stub.script = [(403, error("AccessDenied"))] * 1_000
    with pytest.raises(ForbiddenError):
        S3Sink("bucket", "").put_all([Body(str(number), b"", 1) for number in range(500)])
    time.sleep(0.5)
    assert stub.puts < 5 * UPLOADS, "those under way end, the others never begin"


@pytest.mark.parametrize(
    ("status", "code", "kind", "message"),
    [
        (404, "NoSuchBucket", BucketMissingError, "there is no bucket 'bucket' at http://127"),
        (403, "AccessDenied", ForbiddenError, "AccessDenied at s3://bucket/prefix/key: told so"),
        (403, "InvalidAccessKeyId", ForbiddenError, "InvalidAccessKeyId at s3://bucket/prefix/key"),
        (400, "EntityTooLarge", DestinationError, "S3 failed at s3://bucket/prefix/key: EntityTooLarge told so"),
    ],
)
def test_refusals_are_told_in_the_words_of_s3(stub, status, code, kind, message):
    stub.script = [(status, error(code))] * 100
    with pytest.raises(kind) as raised:
        S3Sink("bucket", "prefix").put("key", b"data")
    assert message in str(raised.value)
    assert type(raised.value) is kind
    assert "\n" not in str(raised.value)
