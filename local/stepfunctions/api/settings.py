"""What a state machine is configured with, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from local.stepfunctions.api.errors import ApiError
from local.stepfunctions.engine import Engine
from local.stepfunctions.integrations.aws import AwsError

_NAME: Final = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,80}")
_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_LOG_GROUP: Final = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:(?P<name>[^:]+):\*")


def check_name(name: str) -> None:
    """Refuse a name that AWS refuses."""
    if _NAME.fullmatch(name) is None:
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def check_role(arn: str) -> None:
    """Refuse what is not a role's ARN; whether the role exists shows when a task needs it."""
    if _ROLE.fullmatch(arn) is None:
        raise ApiError("InvalidArn", f"Invalid Role Arn: '{arn}'")


def check_encryption(configuration: Mapping[str, Any] | None) -> None:
    """Refuse a key where AWS owns it, and none where the customer does. Keys are kept as data, not used."""
    if configuration is None:
        return
    named = [name for name in ("kmsKeyId", "kmsDataKeyReusePeriodSeconds") if configuration.get(name) is not None]
    if configuration["type"] == "CUSTOMER_MANAGED_KMS_KEY":
        if "kmsKeyId" not in named:
            raise _encryption("kmsKeyId must be set when type is CUSTOMER_MANAGED_KMS_KEY")
    elif named:
        raise _encryption(f"{' and '.join(named)} must not be set when type is AWS_OWNED_KEY")


def _encryption(why: str) -> ApiError:
    return ApiError("InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {why}")


async def check_logging(engine: Engine, configuration: Mapping[str, Any] | None) -> None:
    """Refuse logging without its one log group.

    Raises:
        ApiError: InvalidLoggingConfiguration.
    """
    if configuration is None:
        return
    destinations = configuration.get("destinations", [])
    if len(destinations) > 1 or (configuration.get("level", "OFF") != "OFF" and not destinations):
        raise _logging("Must specify exactly one Log Destination.")
    for destination in destinations:
        arn = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        match = _LOG_GROUP.fullmatch(arn)
        if match is None:
            raise _logging("Log Destination is not a valid ARN of a log group, which ends in ':*'.")
        if not await _log_group_exists(engine, match["name"]):
            raise _logging("Log Destination not found.")


async def _log_group_exists(engine: Engine, name: str) -> bool:
    try:
        answer = await engine.session.client("logs").call("DescribeLogGroups", {"logGroupNamePrefix": name})
    except AwsError as error:
        raise _logging(error.message) from error
    return any(group["logGroupName"] == name for group in answer.get("logGroups", []))


def _logging(why: str) -> ApiError:
    return ApiError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")
