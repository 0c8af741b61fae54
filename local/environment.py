"""What the server's processes and its clients find in their environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACCOUNT = "000000000000"
REGION = "us-east-1"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - the known root key of a server that only this machine reaches
TOKEN_VARIABLE = "DISTMAP_SERVICE_TOKEN"  # noqa: S105 - a name
SERVICE_HEADER = "x-distmap-service"
"""Where the engine finds, and the server gets back, the token that lets it alone speak for AWS's own services."""

# What the server and the functions that it runs may see of the caller's environment: on AWS a function sees
# none of it.
INHERITED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "TZ",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
)
INHERITED_PREFIXES = ("LC_", "PYTHONHASHSEED", "PYTHONWARNINGS")


def client_environment(endpoint: str) -> dict[str, str]:
    """The variables that point an AWS SDK or the AWS CLI to the local endpoint as its root user."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def server_environment(caller: Mapping[str, str], *, endpoint: str, port: int, scratch: Path) -> dict[str, str]:
    """The whole environment of the server process, and so of the engine and of every function worker."""
    kept = {k: v for k, v in caller.items() if k in INHERITED or k.startswith(INHERITED_PREFIXES)}
    return {
        **kept,
        **client_environment(endpoint),
        "AUTH": "true",  # check signatures and IAM policies
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{scratch}/no-docker.sock",
        "LAMBDA_EXECUTOR": "local",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "S3_DATA_DIR": str(scratch / "s3"),
        "STATE_DIR": str(scratch / "state"),
        "TMPDIR": str(scratch),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
