"""The server of a run, seen by its clients."""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local import server
from local.state import StateDir

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = ("iam", "logs", "s3", "sns", "sqs", "stepfunctions")
ROLES = 3  # a state machine's first role, and one for each update that changes it
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CONNECTIONS = 32
READ_SECONDS = 70.0  # GetActivityTask holds its caller for 60 s


@dataclass(frozen=True, kw_only=True)
class World:
    """A running server: its endpoint, a client for each service, and roles that may do all."""

    endpoint: str
    clients: dict[str, Any]
    roles: tuple[str, ...]


@contextlib.contextmanager
def world() -> Iterator[World]:
    """A fresh server for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        state = StateDir(path=Path(folder) / "state")
        with server.serving(state=state) as running:
            clients = {name: _client(name, running.endpoint) for name in SERVICES}
            roles = tuple(_role(clients["iam"], f"conformance-{index}") for index in range(ROLES))
            yield World(endpoint=running.endpoint, clients=clients, roles=roles)


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            max_pool_connections=CONNECTIONS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 1},
            inject_host_prefix=False,  # StartSyncExecution's would name another host
            s3={"addressing_style": "path"},
        ),
    )


def _role(iam: Any, name: str) -> str:
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))
    return str(made["Role"]["Arn"])
