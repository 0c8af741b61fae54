"""How Step Functions names the failure of a service's call, and words its cause.

The SDK integrations speak as the AWS SDK for Java 2 does (``S3.NoSuchKeyException``), the optimised ones as its
first version does (``DynamoDB.AmazonDynamoDBException``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.stepfunctions.errors import StatesError

if TYPE_CHECKING:
    from local.stepfunctions.integrations.aws import AwsError
    from local.stepfunctions.integrations.services import Service

# S3's model has it for one recent operation alone; everywhere else it is an S3Exception.
_UNNAMED = frozenset({"AccessDenied"})
# A HEAD request has no body to name its error in.
_HEAD_CODES = {"HeadObject": "NoSuchKey", "HeadBucket": "NoSuchBucket"}


@dataclass(frozen=True, kw_only=True)
class OptimisedNames:
    """What the first Java SDK calls a service: in error names, its base exception, and in causes."""

    prefix: str
    base_exception: str
    service: str


def sdk_cause(error: AwsError) -> str:
    """The SDK's message: ``<message> (Service: S3, Status Code: 404, Request ID: ...)``."""
    if error.status == 0:
        return error.message
    facts = [
        f"Service: {error.service_id}",
        f"Status Code: {error.status}",
        f"Request ID: {error.request_id}",
    ]
    if error.host_id:
        facts.append(f"Extended Request ID: {error.host_id}")
    return f"{error.message or 'null'} ({', '.join(facts)})"


def sdk_failure(error: AwsError, service: Service) -> StatesError:
    """The failure of an ``aws-sdk`` task."""
    exception = _exception(error, service) or f"{service.sdk_name}Exception"
    return StatesError(f"{service.sdk_name}.{exception}", sdk_cause(error))


def optimised_failure(error: AwsError, service: Service, names: OptimisedNames) -> StatesError:
    """The failure of an optimised task."""
    exception = _exception(error, service) or names.base_exception
    if error.status == 0:
        return StatesError(f"{names.prefix}.{exception}", error.message)
    facts = [
        f"Service: {names.service}",
        f"Status Code: {error.status}",
        f"Error Code: {error.code}",
        f"Request ID: {error.request_id}",
        "Proxy: null",
    ]
    return StatesError(f"{names.prefix}.{exception}", f"{error.message} ({'; '.join(facts)})")


def _exception(error: AwsError, service: Service) -> str | None:
    """The Java class of an error that the service's model has."""
    if error.status == 0:
        return error.code
    code = _HEAD_CODES.get(error.operation, error.code) if error.code == "404" else error.code
    if code in _UNNAMED:
        return None
    shape = service.model.shape_for_error_code(code)  # type: ignore[arg-type]  # the stubs say int
    if shape is None:
        return None
    return shape.name.removesuffix("Fault").removesuffix("Exception") + "Exception"
