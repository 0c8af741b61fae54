"""What a Task state asks of an integration."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from local.stepfunctions.integrations.aws import AwsClient
    from local.stepfunctions.scope import Json

Family: TypeAlias = Literal["task", "lambda_function", "activity"]
Pattern: TypeAlias = Literal["request_response", "sync", "sync:2", "callback"]


@dataclass(frozen=True, kw_only=True)
class TaskCall:
    """One call: the evaluated Parameters or Arguments, and who makes it.

    ``client`` gives a client with the credentials of the state machine's role; it raises AwsError when the role
    cannot be assumed. ``timeout`` is what TimeoutSeconds leaves, None without one.
    """

    parameters: Json
    client: Callable[[str], Awaitable[AwsClient]]
    region: str
    account: str
    execution_arn: str
    timeout: float | None


class Integration(Protocol):
    """A resource that a Task state can name; ``resource`` and ``resource_type`` are those of its events."""

    @property
    def family(self) -> Family:
        """Which events the task leaves."""

    @property
    def resource(self) -> str:
        """The action with its pattern: ``"invoke"``, ``"startExecution.sync:2"``."""

    @property
    def resource_type(self) -> str:
        """The service: ``"lambda"``, ``"aws-sdk:s3"``."""

    @property
    def pattern(self) -> Pattern:
        """What the task waits for."""

    def problems(self, parameters_template: Json) -> list[str]:
        """What is wrong with the literal part of Parameters or Arguments, as AWS says when a machine is created."""

    async def run(self, call: TaskCall) -> Json:
        """The result of the call: the task's own, or what was submitted and is now waited for.

        Raises StatesError with AWS's name and cause.
        """

    async def wait(self, call: TaskCall, submitted: Json) -> Json:
        """With the pattern ``sync`` or ``sync:2``: the finished job that ``run`` submitted. Raises StatesError."""

    async def stop(self, call: TaskCall, submitted: Json) -> None:
        """End the job that ``run`` submitted, since nobody waits for it any more. Raises StatesError."""


class WithoutJob:
    """An integration whose answer is its result."""

    async def wait(self, call: TaskCall, submitted: Json) -> Json:
        """What was submitted."""
        del call
        return submitted

    async def stop(self, call: TaskCall, submitted: Json) -> None:
        """Nothing runs on."""


@dataclass(frozen=True, kw_only=True)
class ActivityTask(WithoutJob):
    """An activity's ARN as the resource: workers do it, and no service is called."""

    resource: str
    resource_type: str = "activity"
    family: Family = "activity"
    pattern: Pattern = "request_response"

    def problems(self, parameters_template: Json) -> list[str]:
        """None: the input may be any JSON."""
        del parameters_template
        return []

    async def run(self, call: TaskCall) -> Json:
        """Not called: the engine hands the input to a worker."""
        raise NotImplementedError(f"the activity {self.resource} is done by its workers, not called")


class UnknownResource(ValueError):
    """A Task's Resource means nothing; the text is AWS's diagnostic."""

    def __init__(self, resource: object) -> None:
        super().__init__(
            f"The resource provided {resource} is not recognized. "
            "The value is not a valid resource ARN, or the resource is not available in this region."
        )
