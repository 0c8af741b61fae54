"""Where a stack's AWS is and what was deployed to it: endpoint, Region, credentials, outputs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from operate.errors import StackError, UsageError, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from obstore.store import ObjectStore

    from local.state import StateDir

LOCAL = "local"
PULUMI_SECONDS = 60.0  # reading the outputs of a stack from its backend
# Session variables (config name, environment variable, default, conversion): AWS on localhost has nothing to do with
# the profiles of the person who uses it.
NO_PROFILE = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
CONNECT_SECONDS, READ_SECONDS = 10, 60


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A deployed stack.

    ``endpoint`` None is AWS itself, with the credentials of the usual chain. ``environment`` are the
    variables that point an AWS SDK to the stack.
    """

    name: str
    region: str
    endpoint: str | None
    environment: Mapping[str, str]
    outputs: Mapping[str, Any]
    _clients: dict[str, Any] = field(init=False, default_factory=dict, repr=False, compare=False)

    @property
    def is_local(self) -> bool:
        """Whether this is AWS on localhost."""
        return self.endpoint is not None

    def client(self, service: str) -> Any:
        """Return the botocore client of a service, made once."""
        if service not in self._clients:
            self._clients[service] = self._session().create_client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                config=_client_config(local=self.is_local),
            )
        return self._clients[service]

    def bucket(self, name: str) -> ObjectStore:
        """Return an object store for bulk reads of a bucket."""
        from obstore.auth.boto3 import Boto3CredentialProvider
        from obstore.store import S3Store

        options: dict[str, Any] = {
            "region": self.region,
            "credential_provider": Boto3CredentialProvider(self._session()),
        }
        if self.endpoint is not None:
            options |= {"endpoint": self.endpoint, "client_options": {"allow_http": True}}
        return S3Store(name, **options)

    def outputs_of(self, use_case: str) -> Mapping[str, str]:
        """Return the outputs of a use case; StackError when the stack was deployed without it."""
        outputs: Mapping[str, str] | None = self.outputs.get(use_case)
        if outputs is None:
            raise StackError(
                f"{use_case} is not deployed in stack {self.name}:"
                f" enable it in Pulumi.{self.name}.yaml and deploy again"
            )
        return outputs

    def _session(self) -> Any:
        from botocore.session import Session

        if not self.is_local:
            return Session()
        session = Session(session_vars=NO_PROFILE)
        session.set_credentials(self.environment["AWS_ACCESS_KEY_ID"], self.environment["AWS_SECRET_ACCESS_KEY"])
        return session


def load(name: str) -> Stack:
    """Find a stack that is up; StackError says what is missing and how to mend it."""
    from local.state import StateDir

    return local_stack(StateDir.of(LOCAL)) if name == LOCAL else pulumi_stack(name)


def local_stack(state: StateDir) -> Stack:
    """Return the stack of a running local server."""
    from local import server

    running = server.running(state)
    outputs = state.read(state.outputs)
    if outputs is None:
        raise StackError("nothing is deployed to AWS on localhost: run `distmap local down`, then `distmap local up`")
    environment = running.environment
    return Stack(
        name=LOCAL,
        region=environment["AWS_REGION"],
        endpoint=running.endpoint,
        environment=environment,
        outputs=outputs,
    )


def pulumi_stack(name: str) -> Stack:
    """Read a stack's outputs through the Pulumi CLI; its Region is that of the ARNs in them."""
    from local.state import project_root

    if endpoint := os.environ.get("AWS_ENDPOINT_URL"):
        raise StackError(
            f"AWS_ENDPOINT_URL is {endpoint}, so stack {name} on AWS cannot be reached:"
            " run `unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY`, or use --stack local"
        )
    cli = shutil.which("pulumi")
    if cli is None:
        raise StackError(
            f"stack {name} is read with the Pulumi CLI, which is not on the PATH:"
            " install it from https://www.pulumi.com/docs/install/, or use --stack local"
        )
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and a stack name, no shell
            [cli, "stack", "output", "--json", "--stack", name],
            cwd=project_root(),
            capture_output=True,
            text=True,
            timeout=PULUMI_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(
            f"`pulumi stack output --stack {name}` gave no answer in {PULUMI_SECONDS:g} s: check `pulumi login`"
        ) from error
    if done.returncode != 0:
        raise StackError(f"`pulumi stack output --stack {name}` failed: {one_line(done.stderr)}")
    outputs = json.loads(done.stdout)
    region = _region(name, outputs)
    return Stack(name=name, region=region, endpoint=None, environment={"AWS_REGION": region}, outputs=outputs)


def _region(name: str, outputs: Mapping[str, Any]) -> str:
    for output in outputs.values():
        if isinstance(output, dict) and "state_machine_arn" in output:
            return region_of(output["state_machine_arn"])
    raise StackError(f"stack {name} has no use case deployed: enable one in Pulumi.{name}.yaml and run `pulumi up`")


def region_of(arn: str) -> str:
    """Return the Region in ``arn:partition:service:REGION:account:...``; UsageError for no such ARN."""
    parts = arn.split(":")
    if len(parts) < 6 or parts[0] != "arn" or not parts[3]:
        raise UsageError(
            f"{arn!r} is not an ARN with a Region: give arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME"
        )
    return parts[3]


def _client_config(*, local: bool) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "max_attempts": 5},
        s3={"addressing_style": "path" if local else "auto"},
    )
