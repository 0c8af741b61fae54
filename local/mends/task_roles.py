"""The roles of ECS tasks: whether ECS may take them on, what they allow, and their credentials for a container.

Ministack hands containers credentials that it does not itself take, and asks no role for leave. Source: Amazon ECS
Developer Guide, "Amazon ECS task IAM role", "Amazon ECS task execution IAM role".
"""

from __future__ import annotations

import hmac
import importlib
import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

SERVICE: Final = "ecs-tasks.amazonaws.com"
VALID_SECONDS: Final = 6 * 3600
"""How long a task's credentials are good."""

PATH: Final = "/v2/credentials/"


def refusal(role_arn: str) -> str | None:
    """Why ECS may not take the role on; None when it may."""
    iam = importlib.import_module("ministack.core.iam_evaluator")
    roles = importlib.import_module("ministack.services.iam")._roles  # noqa: SLF001 - the seam
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    role = roles.get_scoped(account, None, name)
    asks = _context(iam, SERVICE, account, "sts:AssumeRole", role_arn)
    if (
        role is None
        or iam.evaluate_resource_policy(role["AssumeRolePolicyDocument"], asks, service=SERVICE).decision != "Allow"
    ):
        return (
            f"ECS was unable to assume the role '{role_arn}' that was provided for this task. Please verify that the "
            "role being passed has the proper trust relationship and permissions and that your IAM user has "
            "permissions to pass this role."
        )
    return None


def allows(role_arn: str, action: str, resource: str, *, session: str) -> bool:
    """Whether the role's own policies allow the action."""
    iam = importlib.import_module("ministack.core.iam_evaluator")
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    asks = _context(iam, f"arn:aws:sts::{account}:assumed-role/{name}/{session}", account, action, resource)
    policies = iam._gather_role_policies(name, account)  # noqa: SLF001 - the seam
    allowed: bool = iam.evaluate(asks, policies).decision == "Allow"
    return allowed


def _context(iam: Any, principal: str, account: str, action: str, resource: str) -> Any:
    return iam.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        service_context={},
    )


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A container's right to credentials: the role, its session, and what the container must show."""

    role_arn: str
    session: str
    token: str


class TaskCredentials:
    """The endpoint from which containers fetch the credentials of their task's role, again and again."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}

    def grant(self, role_arn: str, session: str, endpoint: str) -> tuple[str, dict[str, str]]:
        """The id of a new grant, and the variables with which an AWS SDK finds the credentials."""
        identity, token = str(uuid4()), secrets.token_urlsafe(32)
        self._grants[identity] = Grant(role_arn=role_arn, session=session, token=token)
        return identity, {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{endpoint}{PATH}{identity}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        }

    def revoke(self, identity: str) -> None:
        """No credentials for this grant any more."""
        self._grants.pop(identity, None)

    def answer(self, identity: str, shown: str) -> dict[str, Any] | None:
        """New credentials of the grant's role; None for who may not have them."""
        grant = self._grants.get(identity)
        if grant is None or not hmac.compare_digest(shown, grant.token):
            return None
        sts = importlib.import_module("ministack.services.sts")
        account, name = grant.role_arn.split(":")[4], grant.role_arn.rpartition("/")[2]
        key, secret = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30)
        token, until = secrets.token_urlsafe(96), time.time() + VALID_SECONDS
        sts.register_session(
            key,
            {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{grant.session}",
                "UserId": f"{name}:{grant.session}",
                "SecretAccessKey": secret,
                "SessionToken": token,
                "Expiration": until,
            },
        )
        return {
            "RoleArn": grant.role_arn,
            "AccessKeyId": key,
            "SecretAccessKey": secret,
            "Token": token,
            "Expiration": datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


credentials: Final = TaskCredentials()


def apply() -> None:
    """Answer for task credentials in place of ministack's metadata service."""
    imds = importlib.import_module("ministack.services.imds")
    original = imds.handle_request

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        if not path.startswith(PATH):
            return await original(method, path, headers, body, query)
        found = credentials.answer(path.removeprefix(PATH), headers.get("authorization", ""))
        status = 200 if found is not None else 401
        told = found or {"code": "AccessDenied", "message": "this container has no credentials"}
        return status, {"Content-Type": "application/json"}, json.dumps(told).encode()

    imds.handle_request = handle_request  # type: ignore[attr-defined] # by design
