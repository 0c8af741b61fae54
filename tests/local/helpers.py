"""What several tests of AWS on localhost need."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import botocore.session
from botocore.config import Config

from local import processes
from local.server import PACKAGE_ROOT, Server

if TYPE_CHECKING:
    from local.state import StateDir

STUB = "tests.local.stub_engine"

STARTER = """
import sys, time
from pathlib import Path
from local import server
from local.state import StateDir
state = StateDir(path=Path(sys.argv[1]))
server.start(state=state, port=0, detach=sys.argv[2] == "detach", engine=sys.argv[3])
print("started", flush=True)
time.sleep(60)
"""

BUSY_HANDLER = """
import os, signal, time
def handler(event, context):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(event["pid_file"] + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(event["pid_file"] + ".new", event["pid_file"])
    time.sleep(60)
"""


def client(server: Server, service: str, **options: Any) -> Any:
    """A client of the server's root user that does not retry."""
    return client_with("test", "test", server, service, **options)


@cache
def models() -> botocore.session.Session:
    """What reads the models of services, which takes a second for some, and keeps them."""
    return botocore.session.Session()


def client_with(key: str, secret: str, server: Server, service: str, **options: Any) -> Any:
    """A client with an access key that does not retry."""
    return models().create_client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(**{"retries": {"max_attempts": 0}, "read_timeout": 20, **options}),
    )


def zipped(**files: str) -> bytes:
    """A zip archive of ``name=content`` Python modules."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.py", content)
    return buffer.getvalue()


def make_role(server: Server, service: str, *allowed: tuple[str, str]) -> str:
    """A role that the service may take on, with each (action, resource) allowed; its ARN."""
    iam, name = client(server, "iam"), f"role-{uuid4()}"
    trust = [{"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    if allowed:
        grants = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed]
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy(grants))
    return arn


def policy(statements: list[dict[str, Any]]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def make_function(server: Server, code: str, **settings: Any) -> str:
    """A Python function whose module holds the code and defines ``handler``; its name."""
    name = f"function-{uuid4()}"
    client(server, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="code.handler",
        Code={"ZipFile": zipped(code=code)},
        **{"Role": make_role(server, "lambda"), "Timeout": 10, **settings},
    )
    return name


def start_busy_function(server: Server, folder: Path) -> int:
    """Invoke a function that ignores SIGTERM and runs for a minute; the id of the process that runs it."""
    pid_file = folder / "busy.pid"
    name = make_function(server, BUSY_HANDLER, Timeout=60)
    event = json.dumps({"pid_file": str(pid_file)})
    client(server, "lambda").invoke(FunctionName=name, InvocationType="Event", Payload=event)
    assert processes.wait_until(pid_file.exists, seconds=10), "the function did not start"
    return int(pid_file.read_text())


def is_running(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def starter(state: StateDir, *, detach: bool = False) -> subprocess.Popen[bytes]:
    """Another process that has started the stack's server and sleeps, in a process group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(state.path), "detach" if detach else "attach", STUB],
        cwd=PACKAGE_ROOT,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"started\n"
    return process
