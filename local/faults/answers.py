"""Errors as a service words them: in the protocol of the request that they answer."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from botocore.model import StructureShape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.faults.fault import Fault
    from local.faults.requests import Form, Service

SENDER_STATUS, SERVICE_STATUS = 400, 500
FUNCTION_ERROR: Final = "Unhandled"  # Lambda API Reference, "Invoke": X-Amz-Function-Error
UNNAMED_FUNCTION_ERROR: Final = "InjectedError"
UNKNOWN_MESSAGE: Final = "This fault was injected."


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How AWS words an error of which its model does not say it."""

    status: int
    message: str


# Status and message by code. Sources: S3 API Reference, "Error responses"; DynamoDB Developer Guide, "Error handling";
# Lambda API Reference, "Invoke"; "Common errors" of the API references.
WORDINGS: Final[Mapping[str, Wording]] = {
    "SlowDown": Wording(status=503, message="Please reduce your request rate."),
    "InternalError": Wording(status=500, message="We encountered an internal error. Please try again."),
    "ServiceUnavailable": Wording(status=503, message="Service is unable to handle request."),
    "RequestTimeout": Wording(
        status=400,
        message="Your socket connection to the server was not read from or written to within the timeout period.",
    ),
    "AccessDenied": Wording(status=403, message="Access Denied"),
    "AccessDeniedException": Wording(status=400, message="You are not authorized to perform this operation."),
    "ProvisionedThroughputExceededException": Wording(
        status=400,
        message="The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API.",
    ),
    "ThrottlingException": Wording(status=400, message="Rate exceeded"),
    "Throttling": Wording(status=400, message="Rate exceeded"),
    "RequestThrottled": Wording(status=403, message="The request was denied due to request throttling."),
    "TooManyRequestsException": Wording(status=429, message="Rate Exceeded."),
    "ServiceException": Wording(status=500, message="The Lambda service encountered an internal error."),
    "InternalServerError": Wording(status=500, message="The request could not be processed. Try again."),
    "InternalFailure": Wording(status=500, message="The request processing has failed because of an unknown error."),
}


def _failed_entries(given: Mapping[str, Any]) -> dict[str, Any]:
    failure = {"SenderFault": False, "Code": "InternalError", "Message": UNKNOWN_MESSAGE}
    return {"Successful": [], "Failed": [{"Id": entry.get("Id"), **failure} for entry in given.get("Entries", [])]}


# How an answer says that no entry of a batch is done, from the request. Sources: API References of DynamoDB and SQS.
BATCHES: Final[Mapping[tuple[str, str], Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    ("dynamodb", "BatchWriteItem"): lambda given: {"UnprocessedItems": given.get("RequestItems", {})},
    ("dynamodb", "BatchGetItem"): lambda given: {"Responses": {}, "UnprocessedKeys": given.get("RequestItems", {})},
    ("sqs", "SendMessageBatch"): _failed_entries,
    ("sqs", "DeleteMessageBatch"): _failed_entries,
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def status_of(service: Service, code: str) -> int | None:
    """The HTTP status of an error: the model's, else the documented one; None when neither says it."""
    shape = service.model.shape_for_error_code(code)  # type: ignore[arg-type] # the stubs say int
    if shape is not None and "httpStatusCode" in shape.metadata.get("error", {}):
        return int(shape.metadata["error"]["httpStatusCode"])
    if code in WORDINGS:
        return WORDINGS[code].status
    if shape is None:
        return None
    return SERVICE_STATUS if shape.metadata.get("fault") else SENDER_STATUS


def error(service: Service, form: Form, fault: Fault, *, path: str) -> Answer:
    """The fault's error as the service answers a request of this form."""
    code = fault.code or ""
    status = fault.status or status_of(service, code) or SERVICE_STATUS
    message = fault.message if fault.message is not None else _message(code)
    request_id = str(uuid.uuid4())
    if form == "query":
        return _query_error(service, status, code, message, request_id)
    if service.protocol == "rest-xml":
        return _rest_xml_error(service, status, code, message, request_id, path)
    return _json_error(service, form, status, code, message, request_id)


def function_error(fault: Fault) -> Answer:
    """The answer of Invoke when the function raised an exception."""
    request_id = str(uuid.uuid4())
    told = {
        "errorMessage": fault.message if fault.message is not None else UNKNOWN_MESSAGE,
        "errorType": fault.code or UNNAMED_FUNCTION_ERROR,
        "requestId": request_id,
        "stackTrace": [],
    }
    headers = {
        "Content-Type": "application/json",
        "X-Amz-Function-Error": FUNCTION_ERROR,
        "X-Amz-Executed-Version": "$LATEST",
        "x-amzn-RequestId": request_id,
    }
    return Answer(status=200, headers=headers, body=json.dumps(told).encode())


def unprocessed(service: Service, operation: str, given: Mapping[str, Any]) -> Answer:
    """The answer of an operation on a batch that did none of its entries."""
    told = BATCHES[service.name, operation](given)
    content_type = f"application/x-amz-json-{service.model.metadata['jsonVersion']}"
    headers = {"Content-Type": content_type, "x-amzn-RequestId": str(uuid.uuid4())}
    return Answer(status=200, headers=headers, body=json.dumps(told).encode())


def _message(code: str) -> str:
    return WORDINGS[code].message if code in WORDINGS else UNKNOWN_MESSAGE


def _side(status: int) -> tuple[str, str]:
    """Whose fault it is: in XML, and in Lambda's JSON."""
    return ("Sender", "User") if status < SERVICE_STATUS else ("Receiver", "Service")


def _rest_xml_error(service: Service, status: int, code: str, message: str, request_id: str, path: str) -> Answer:
    if service.name != "s3":  # S3 alone has the error for the root element
        return _query_error(service, status, code, message, request_id)
    host_id = base64.b64encode(request_id.encode()).decode()
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"<Resource>{escape(path)}</Resource><RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>"
    )
    headers = {"Content-Type": "application/xml", "x-amz-request-id": request_id, "x-amz-id-2": host_id}
    return Answer(status=status, headers=headers, body=body.encode())


def _query_error(service: Service, status: int, code: str, message: str, request_id: str) -> Answer:
    said = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if service.protocol == "ec2":
        body = f"<Response><Errors><Error>{said}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        namespace = service.model.metadata.get("xmlNamespace", "")
        opening = f'<ErrorResponse xmlns="{namespace}">' if namespace else "<ErrorResponse>"
        body = (
            f"{opening}<Error><Type>{_side(status)[0]}</Type>{said}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return Answer(
        status=status,
        headers={"Content-Type": "text/xml", "x-amzn-RequestId": request_id},
        body=f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode(),
    )


def _json_error(service: Service, form: Form, status: int, code: str, message: str, request_id: str) -> Answer:
    shape = service.model.shape_for_error_code(code)  # type: ignore[arg-type] # the stubs say int
    members = tuple(shape.members) if isinstance(shape, StructureShape) else ()
    said: dict[str, Any] = {next((each for each in members if each.lower() == "message"), "message"): message}
    if form == "rest":
        if "Type" in members:
            said["Type"] = _side(status)[1]
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    else:
        said = {"__type": code, **said}
        headers = {"Content-Type": f"application/x-amz-json-{service.model.metadata.get('jsonVersion', '1.0')}"}
        if "awsQueryCompatible" in service.model.metadata:
            headers["x-amzn-query-error"] = f"{_query_code(shape, code)};{_side(status)[0]}"
    return Answer(status=status, headers={**headers, "x-amzn-RequestId": request_id}, body=json.dumps(said).encode())


def _query_code(shape: Any, code: str) -> str:
    """What the service's older query protocol calls the error."""
    return code if shape is None else str(shape.metadata.get("error", {}).get("code", code))
