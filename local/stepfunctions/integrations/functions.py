"""Lambda functions: the optimised ``lambda:invoke``, and a function's own ARN as the resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from local.stepfunctions.errors import StatesError
from local.stepfunctions.integrations.aws import AwsClient, AwsError
from local.stepfunctions.integrations.failures import OptimisedNames, optimised_failure
from local.stepfunctions.integrations.optimised import sdk_metadata
from local.stepfunctions.integrations.sdk import call_parameters, client_of, unusable
from local.stepfunctions.integrations.services import load_service
from local.stepfunctions.integrations.shapes import unsupported_fields
from local.stepfunctions.integrations.task import Family, Pattern, TaskCall, WithoutJob
from local.stepfunctions.payload import dumps

if TYPE_CHECKING:
    from local.stepfunctions.scope import Json

MAX_FUNCTION_SECONDS = 900  # Lambda's longest timeout
ANSWER_MARGIN_SECONDS = 30.0

_NAMES = OptimisedNames(prefix="Lambda", base_exception="AWSLambdaException", service="AWSLambda")
_FUNCTION_ARN = re.compile(r"(arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]+)(?::([a-zA-Z0-9$_-]+))?")


@dataclass(frozen=True, kw_only=True)
class InvokeTask(WithoutJob):
    """``lambda:invoke``: the whole response, its Payload parsed; a function's error fails the task."""

    resource: str = "invoke"
    resource_type: str = "lambda"
    family: Family = "task"
    pattern: Pattern = "request_response"

    def problems(self, parameters_template: Json) -> list[str]:
        """A missing function, and literal fields that Invoke does not have."""
        if not isinstance(parameters_template, dict):
            return []
        shape = load_service("lambda").operation("Invoke").input_shape
        fields = {name: item for name, item in parameters_template.items() if name != "Payload"}
        found = [f"The field '{name}' is not supported by Step Functions" for name in unsupported_fields(fields, shape)]
        if "FunctionName" not in fields and "FunctionName.$" not in fields:
            found.append("The field 'FunctionName' is required but was missing")
        return found

    async def run(self, call: TaskCall) -> Json:
        """``{ExecutedVersion, Payload, SdkHttpMetadata, SdkResponseMetadata, StatusCode}``.

        Raises StatesError: the function's own error type, or ``Lambda.<X>Exception``.
        """
        given = call.parameters
        if isinstance(given, dict) and given.get("FunctionName") is None:
            raise unusable(given, ["The field 'FunctionName' is required but was missing"])
        client = await client_of(call, "lambda")
        if isinstance(given, dict) and "Payload" in given:
            given = {**given, "Payload": dumps(given["Payload"]).decode()}
        parameters = call_parameters(given, client.service.operation("Invoke"))
        answer = await _invoke(client, parameters, call.timeout)
        payload = answer["Payload"]
        result = {"ExecutedVersion": answer.get("ExecutedVersion"), "LogResult": answer.get("LogResult")}
        return {
            **{name: value for name, value in result.items() if value is not None},
            "Payload": _json(payload) if payload else {},
            **sdk_metadata(answer),
            "StatusCode": answer["StatusCode"],
        }


@dataclass(frozen=True, kw_only=True)
class FunctionTask(WithoutJob):
    """A function's ARN as the resource: the whole input is the payload, the payload the whole result."""

    resource: str
    qualifier: str | None
    resource_type: str = "lambda"
    family: Family = "lambda_function"
    pattern: Pattern = "request_response"

    def problems(self, parameters_template: Json) -> list[str]:
        """None: the payload may be any JSON."""
        del parameters_template
        return []

    async def run(self, call: TaskCall) -> Json:
        """The function's answer. Raises StatesError as InvokeTask does."""
        client = await client_of(call, "lambda")
        parameters = {"FunctionName": self.resource, "Payload": dumps(call.parameters)}
        if self.qualifier is not None:
            parameters["Qualifier"] = self.qualifier
        return _json((await _invoke(client, parameters, call.timeout))["Payload"])


def find_function(arn: str) -> FunctionTask | None:
    """The task that a function's ARN means; None if the text is none."""
    match = _FUNCTION_ARN.fullmatch(arn)
    return None if match is None else FunctionTask(resource=match[1], qualifier=match[2])


async def _invoke(client: AwsClient, parameters: Mapping[str, Any], limit: float | None) -> dict[str, Any]:
    longest = MAX_FUNCTION_SECONDS + ANSWER_MARGIN_SECONDS
    try:
        answer = await client.call(
            "Invoke", parameters, timeout=longest if limit is None else min(limit, longest), validate=False
        )
    except AwsError as error:
        raise optimised_failure(error, client.service, _NAMES) from error
    if answer.get("FunctionError"):
        raise _function_failure(answer["Payload"])
    return answer


def _function_failure(payload: bytes) -> StatesError:
    text = payload.decode(errors="replace")
    try:
        error = orjson.loads(payload)
    except orjson.JSONDecodeError:
        error = None
    if isinstance(error, dict) and error.get("errorType"):
        return StatesError(str(error["errorType"]), text)
    unknown = "The cause could not be determined because Lambda did not return an error type."
    return StatesError("Lambda.Unknown", f"{unknown} Returned payload: {text}")


def _json(payload: bytes) -> Json:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        text = payload.decode(errors="replace")
        raise StatesError("Lambda.Unknown", f"The function's answer is not JSON: {text}") from error
