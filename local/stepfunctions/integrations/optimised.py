"""The integrations that Step Functions has made for a service: JSON where the service wants text, and metadata.

Their results carry ``SdkHttpMetadata`` and ``SdkResponseMetadata``, their times are epoch milliseconds, and their
errors are named as in the first AWS SDK for Java.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.stepfunctions.errors import StatesError
from local.stepfunctions.integrations.aws import AwsClient, AwsError
from local.stepfunctions.integrations.failures import OptimisedNames, optimised_failure
from local.stepfunctions.integrations.sdk import call_parameters, client_of, missing_members
from local.stepfunctions.integrations.services import load_service
from local.stepfunctions.integrations.shapes import (
    epoch_milliseconds,
    from_model,
    text_of,
    unsupported_fields,
)
from local.stepfunctions.integrations.task import Family, Pattern, TaskCall, WithoutJob

if TYPE_CHECKING:
    from local.stepfunctions.scope import Json

# The headers that AWS's own endpoints answer with, as Step Functions spells them.
_HEADER_NAMES = {
    "connection": "connection",
    "content-length": "Content-Length",
    "content-type": "Content-Type",
    "date": "Date",
    "x-amz-crc32": "x-amz-crc32",
    "x-amz-executed-version": "X-Amz-Executed-Version",
    "x-amz-log-result": "X-Amz-Log-Result",
    "x-amzn-remapped-content-length": "x-amzn-Remapped-Content-Length",
    "x-amzn-requestid": "x-amzn-RequestId",
    "x-amzn-trace-id": "X-Amzn-Trace-Id",
}


@dataclass(frozen=True, kw_only=True)
class OptimisedTask(WithoutJob):
    """One operation of a service. ``text_fields`` may be given any JSON: the service gets it as text."""

    service: str
    operation: str
    resource: str
    resource_type: str
    names: OptimisedNames
    text_fields: frozenset[str] = frozenset()
    family: Family = "task"
    pattern: Pattern = "request_response"

    def problems(self, parameters_template: Json) -> list[str]:
        """Literal fields that the operation does not have."""
        shape = load_service(self.service).operation(self.operation).input_shape
        template = parameters_template
        if isinstance(template, dict):
            template = {name: item for name, item in template.items() if name not in self.text_fields}
        return [
            f"The field '{name}' is not supported by Step Functions" for name in unsupported_fields(template, shape)
        ]

    async def run(self, call: TaskCall) -> Json:
        """The operation's answer with its metadata. Raises StatesError with the names of ``names``."""
        client = await client_of(call, self.service)
        parameters = await self.prepared(call, client)
        try:
            answer = await client.call(self.operation, parameters, timeout=call.timeout, validate=False)
        except AwsError as error:
            raise optimised_failure(error, client.service, self.names) from error
        shape = client.service.operation(self.operation).output_shape
        return self.checked({**from_model(answer, shape, epoch_milliseconds), **sdk_metadata(answer)})

    async def prepared(self, call: TaskCall, client: AwsClient) -> dict[str, Any]:
        """What is sent."""
        given = call.parameters
        if isinstance(given, dict):
            given = {
                name: text_of(value) if name in self.text_fields and value is not None else value
                for name, value in given.items()
            }
        return call_parameters(given, client.service.operation(self.operation))

    def checked(self, result: dict[str, Json]) -> Json:
        """The result of an accepted call, or the StatesError that it stands for."""
        return result


class DynamoDbTask(OptimisedTask):
    """DynamoDB judges the parameters before it looks for the table."""

    async def prepared(self, call: TaskCall, client: AwsClient) -> dict[str, Any]:
        found = await super().prepared(call, client)
        missing = missing_members(client.service.operation(self.operation), found)
        if missing:
            raise optimised_failure(_null_members(client, self.operation, missing), client.service, self.names)
        return found


class SqsTask(OptimisedTask):
    """The SDK calls the host of the queue's URL."""

    async def prepared(self, call: TaskCall, client: AwsClient) -> dict[str, Any]:
        found = await super().prepared(call, client)
        host = urlsplit(found.get("QueueUrl", "")).hostname
        if host is not None and host != urlsplit(client.endpoint).hostname:
            try:
                await asyncio.get_running_loop().getaddrinfo(host, None)
            except socket.gaierror as error:
                cause = f"Unable to execute HTTP request: {host}: Name or service not known"
                raise StatesError(f"{self.names.prefix}.SdkClientException", cause) from error
        return found


class EventsTask(OptimisedTask):
    """Every entry names the execution that sent it, and one refused entry fails the task."""

    async def prepared(self, call: TaskCall, client: AwsClient) -> dict[str, Any]:
        if isinstance(call.parameters, dict) and isinstance(call.parameters.get("Entries"), list):
            entries = [_event(entry, call.execution_arn) for entry in call.parameters["Entries"]]
            given = {**call.parameters, "Entries": entries}
            return call_parameters(given, client.service.operation(self.operation))
        return await super().prepared(call, client)

    def problems(self, parameters_template: Json) -> list[str]:
        """As the base, but Detail may be any JSON."""
        if isinstance(parameters_template, dict) and isinstance(parameters_template.get("Entries"), list):
            entries = [
                {name: item for name, item in entry.items() if name != "Detail"}
                for entry in parameters_template["Entries"]
                if isinstance(entry, dict)
            ]
            return super().problems({**parameters_template, "Entries": entries})
        return super().problems(parameters_template)

    def checked(self, result: dict[str, Json]) -> Json:
        if result.get("FailedEntryCount"):
            raise StatesError(f"{self.names.prefix}.FailedEntry", text_of(result))
        return result


def sdk_metadata(answer: Mapping[str, Any]) -> dict[str, Json]:
    """What an optimised result tells about its HTTP response."""
    metadata = answer["ResponseMetadata"]
    received: Mapping[str, str] = {"connection": "keep-alive", **metadata["HTTPHeaders"]}
    headers = {_HEADER_NAMES[name]: value for name, value in received.items() if name in _HEADER_NAMES}
    request_id = headers.get("x-amzn-RequestId") or metadata.get("RequestId", "")
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": metadata["HTTPStatusCode"],
        },
        "SdkResponseMetadata": {"RequestId": request_id},
    }


def _event(entry: Json, execution_arn: str) -> Json:
    if not isinstance(entry, dict):
        return entry
    parts = execution_arn.split(":")
    machine_arn = ":".join([*parts[:5], "stateMachine", parts[6]])
    resources = [*(entry.get("Resources") or []), execution_arn, machine_arn]
    detail = {} if entry.get("Detail") is None else {"Detail": text_of(entry["Detail"])}
    return {**entry, **detail, "Resources": resources}


def _null_members(client: AwsClient, operation: str, missing: list[str]) -> AwsError:
    errors = "error" if len(missing) == 1 else "errors"
    found = [
        f"Value null at '{name[:1].lower()}{name[1:]}' failed to satisfy constraint: Member must not be null"
        for name in missing
    ]
    return AwsError(
        service_id=client.service.service_id,
        operation=operation,
        code="ValidationException",
        message=f"{len(missing)} validation {errors} detected: {'; '.join(found)}",
        status=400,
        body={"ResponseMetadata": {"RequestId": str(uuid.uuid4())}},
    )
