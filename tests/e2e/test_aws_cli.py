"""The AWS CLI, unmodified, against the local endpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from local.server import Server

pytestmark = pytest.mark.e2e


def aws_cli(aws: Server, home: Path, *arguments: str) -> Any:
    """The JSON answer of a command, or its text when it gives none."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **aws.environment}
    command = [sys.executable, "-m", "awscli", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stdout


def test_buckets_objects_and_state_machines_by_the_aws_cli(aws: Server, tmp_path: Path) -> None:
    assert aws_cli(aws, tmp_path, "sts", "get-caller-identity")["Account"] == "000000000000"
    source = tmp_path / "data.csv"
    source.write_bytes(b"a,b\n" + b"1,2\n" * 3_000_000)  # over the size from which the CLI uploads in parts
    aws_cli(aws, tmp_path, "s3", "mb", "s3://by-the-cli")
    aws_cli(aws, tmp_path, "s3", "cp", "--no-progress", str(source), "s3://by-the-cli/in/data.csv")
    assert "12000004 data.csv" in aws_cli(aws, tmp_path, "s3", "ls", "s3://by-the-cli/in/")
    aws_cli(aws, tmp_path, "s3", "cp", "--no-progress", "s3://by-the-cli/in/data.csv", str(tmp_path / "back.csv"))
    assert (tmp_path / "back.csv").read_bytes() == source.read_bytes()
    aws_cli(aws, tmp_path, "s3", "rb", "--force", "s3://by-the-cli")
    assert aws_cli(aws, tmp_path, "stepfunctions", "list-state-machines")["stateMachines"] == []
