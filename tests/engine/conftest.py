"""AWS on localhost for the engine's tests: one ministack for the session, IAM enforced."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from botocore.config import Config
from botocore.session import Session

from local.stepfunctions.integrations.aws import AwsSession, Credentials

START_SECONDS = 60.0
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
ROOT_CREDENTIALS = Credentials(access_key="test", secret_key="test", token=None, expires_at=float("inf"))
REGION = "us-east-1"


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a ministack that dies with the test session."""
    folder = tmp_path_factory.mktemp("ministack")
    port = free_port()
    log = folder / "log"
    environment = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(folder),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=environment,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  one call of prctl, no lock is taken
        )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_ready(url, process, log.read_text)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)


def die_with_parent() -> None:
    """In the child: ask Linux to end it with its parent, however the parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url, process, read_log) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"ministack ended with {process.returncode}: {read_log()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"ministack did not answer at {url} within {START_SECONDS:g} s: {read_log()[-2000:]}")


@pytest.fixture(scope="session")
def boto(endpoint):
    """The SDK's client of any service, as root of the account: ``boto("s3")``."""
    session = Session()
    return lambda service: session.create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=ROOT_CREDENTIALS.access_key,
        aws_secret_access_key=ROOT_CREDENTIALS.secret_key,
        config=Config(retries={"max_attempts": 1}, read_timeout=30),
    )


@pytest.fixture
def with_session(endpoint):
    """Run ``work(session)`` on a fresh event loop, with a session of the engine as root of the account."""

    def run(work):
        async def inside():
            session = AwsSession(endpoint=endpoint, region=REGION, credentials=ROOT_CREDENTIALS)
            try:
                return await work(session)
            finally:
                await session.close()

        return asyncio.run(inside())

    return run
