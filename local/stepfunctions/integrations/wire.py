"""From an operation and its parameters to an HTTP request, and from an HTTP response to parsed data."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from botocore.awsrequest import prepare_request_dict
from botocore.config import Config
from botocore.httpchecksum import apply_request_checksum, resolve_request_checksum_algorithm

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from local.stepfunctions.integrations.services import Service

_CHECKSUMS = Config(request_checksum_calculation="when_required")
_S3_COPIES = frozenset({"CopyObject", "UploadPartCopy"})


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """A request before it is signed; header names are in lower case."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def encode(
    service: Service,
    operation: OperationModel,
    parameters: Mapping[str, Any],
    *,
    endpoint: str,
    host_prefix: bool,
    validate: bool,
) -> HttpRequest:
    """The request of an operation; with ``validate``, ParamValidationError when it does not fit the model.

    ``host_prefix``: put the operation's prefix (``sync-``) before the host; not done for a given endpoint.
    """
    parameters = _completed(service, operation, parameters)
    serializer = service.serializer if validate else service.lenient_serializer
    request = serializer.serialize_to_request(parameters, operation)
    if not host_prefix:
        request.pop("host_prefix", None)
    prepare_request_dict(request, endpoint_url=endpoint)
    body = request["body"]
    if isinstance(body, Mapping):
        request["body"] = body = urlencode(body, doseq=True).encode()
    elif hasattr(body, "read"):
        request["body"] = body = body.read()
    if operation.http_checksum_required or operation.http_checksum:
        _add_checksum(request, operation, parameters)
    return HttpRequest(
        method=request["method"],
        url=request["url"],
        headers={name.lower(): str(value) for name, value in request["headers"].items()},
        body=bytes(body),
    )


def decode(
    service: Service, operation: OperationModel, *, status: int, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, Any]]:
    """The status that the response means, and its data with ``ResponseMetadata`` (an error under ``Error``).

    S3 can report the failure of a copy or of a completed upload inside a 200: that counts as a 500.
    """
    if status == 200 and service.name == "s3" and not operation.has_streaming_output and _is_error_text(body):
        status = 500
    # botocore would decode a streamed body as text: it is put in afterwards.
    streamed = operation.has_streaming_output and status < 300
    shape = operation.output_shape
    parsed: dict[str, Any] = service.parser.parse(
        {
            "headers": headers,
            "status_code": status,
            "body": "" if streamed else body,
            "context": {"operation_name": operation.name},
        },
        shape,  # type: ignore[arg-type]  # the stubs forbid the None of operations without output
    )
    if streamed and shape is not None:
        parsed[shape.serialization["payload"]] = body
    if operation.name == "GetBucketLocation" and status == 200:
        parsed["LocationConstraint"] = ET.fromstring(body).text  # noqa: S314  the endpoint is trusted
    return status, parsed


def _completed(service: Service, operation: OperationModel, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    missing = [name for name in operation.idempotent_members if name not in parameters]
    if missing:
        parameters = {**parameters, **{name: str(uuid.uuid4()) for name in missing}}
    if service.name == "s3" and operation.name in _S3_COPIES and isinstance(parameters.get("CopySource"), str):
        source, separator, version = parameters["CopySource"].partition("?versionId=")
        parameters = {**parameters, "CopySource": quote(source, safe="/-_.~") + separator + version}
    return parameters


def _add_checksum(request: dict[str, Any], operation: OperationModel, parameters: Mapping[str, Any]) -> None:
    # The scheme decides in botocore between a header and a trailer; a header works over both.
    context = {"client_config": _CHECKSUMS}
    scratch = {**request, "url": "http:", "context": context}
    resolve_request_checksum_algorithm(scratch, operation, parameters)
    apply_request_checksum(scratch)


def _is_error_text(body: bytes) -> bool:
    start = body[:200].lstrip()
    if start.startswith(b"<?xml"):
        start = start.partition(b"?>")[2].lstrip()
    return start.startswith(b"<Error")
