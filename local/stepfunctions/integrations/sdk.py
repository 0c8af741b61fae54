"""``aws-sdk:<service>:<action>``: any operation of any service, as its model describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ParamValidationError

from local.stepfunctions.errors import RuntimeFailure, StatesError
from local.stepfunctions.integrations.aws import AwsClient, AwsError
from local.stepfunctions.integrations.failures import sdk_failure
from local.stepfunctions.integrations.services import Service, load_service
from local.stepfunctions.integrations.shapes import (
    from_model,
    iso_time,
    pascal,
    text_of,
    to_model,
    unsupported_fields,
)
from local.stepfunctions.integrations.task import Family, Pattern, TaskCall, WithoutJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel

    from local.stepfunctions.scope import Json


@dataclass(frozen=True, kw_only=True)
class SdkTask(WithoutJob):
    """One operation: PascalCase fields in, PascalCase fields out, times in ISO 8601, bodies as text."""

    service: str
    operation: str
    resource: str
    resource_type: str
    family: Family = "task"
    pattern: Pattern = "request_response"

    def problems(self, parameters_template: Json) -> list[str]:
        """Literal fields that the operation does not have."""
        shape = load_service(self.service).operation(self.operation).input_shape
        found = unsupported_fields(parameters_template, shape)
        return [f"The field '{name}' is not supported by Step Functions" for name in found]

    async def run(self, call: TaskCall) -> Json:
        """The operation's answer. Raises StatesError ``<Service>.<Exception>``."""
        client = await client_of(call, self.service)
        model = client.service.operation(self.operation)
        parameters = call_parameters(call.parameters, model)
        missing = missing_members(model, parameters)
        if missing:
            raise unusable(
                call.parameters, [f"The field '{pascal(name)}' is required but was missing" for name in missing]
            )
        try:
            answer = await client.call(self.operation, parameters, timeout=call.timeout)
        except AwsError as error:
            raise sdk_failure(error, client.service) from error
        except ParamValidationError as error:
            raise unusable(call.parameters, str(error).splitlines()[1:]) from error
        return from_model(answer, model.output_shape, iso_time) if model.output_shape else {}


async def client_of(call: TaskCall, service: str) -> AwsClient:
    """A client for the machine's role; States.Permissions when the role cannot be assumed."""
    try:
        return await call.client(service)
    except AwsError as error:
        raise StatesError("States.Permissions", error.message) from error


def call_parameters(parameters: Json, model: OperationModel) -> dict[str, Any]:
    """The parameters under the model's names; RuntimeFailure when the task cannot be started with them."""
    if not isinstance(parameters, dict):
        raise unusable(parameters, ["The Parameters must be an object"])
    if model.input_shape is None:
        if parameters:
            raise unusable(
                parameters, [f'The field "{name}" is not supported by Step Functions' for name in parameters]
            )
        return {}
    problems: list[str] = []
    found: dict[str, Any] = to_model(parameters, model.input_shape, problems)
    if problems:
        raise unusable(parameters, problems)
    return found


def missing_members(model: OperationModel, parameters: Mapping[str, Any]) -> list[str]:
    """The members that the operation requires and the parameters lack, as the model names them."""
    shape = model.input_shape
    return [] if shape is None else [name for name in shape.required_members if name not in parameters]


def unusable(parameters: Json, problems: list[str]) -> RuntimeFailure:
    """The failure of a task that the parameters do not fit."""
    shown = text_of(parameters) if not isinstance(parameters, str) else f'"{parameters}"'
    return RuntimeFailure(f"The Parameters '{shown}' could not be used to start the Task: [{', '.join(problems)}]")


def find_operation(service: Service, action: str) -> str | None:
    """The operation that a camelCase action names; None if the service has none."""
    name = action[:1].upper() + action[1:]
    if action[:1].islower() and name in service.model.operation_names:
        return name
    return None
