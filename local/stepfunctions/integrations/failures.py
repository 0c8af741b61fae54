"""How Step Functions names the failure of a service's call, and words its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.stepfunctions.integrations.aws import AwsError


def sdk_cause(error: AwsError) -> str:
    """As the AWS SDK for Java 2 words it: ``<message> (Service: S3, Status Code: 404, Request ID: ...)``."""
    if error.status == 0:
        return error.message
    facts = [
        f"Service: {error.service_id}",
        f"Status Code: {error.status}",
        f"Request ID: {error.request_id}",
    ]
    host_id = error.body.get("ResponseMetadata", {}).get("HostId")
    if host_id:
        facts.append(f"Extended Request ID: {host_id}")
    return f"{error.message} ({', '.join(facts)})"
