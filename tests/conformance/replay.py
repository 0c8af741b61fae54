"""Replays the calls of one case, each when an answer needs it."""

from __future__ import annotations

import base64
import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.cases import Call, Case
    from tests.conformance.world import World

T = TypeVar("T")

STATES = "stepfunctions"
CASE_SECONDS = 60.0  # for all waits of a case; the longest recorded one takes 10 s
MESSAGE_SECONDS = 15.0
FIRST_POLL, LAST_POLL = 0.02, 0.25
CLEAN_UP = "Delete"
FROM_TOPIC = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}
TASK_ANSWERS = ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat")


class ReplayError(Exception):
    """A case could not be replayed: the server did something that leaves no answer to compare."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a call gave: the response without its HTTP metadata, or the error."""

    response: dict[str, Any]
    error: Exception | None = None

    @property
    def value(self) -> dict[str, Any]:
        """The response of a call that must succeed. Raises ReplayError."""
        if self.error is not None:
            raise ReplayError(f"a call that the case builds on failed: {self.error}") from self.error
        return self.response


class Replay:
    """The state of one case: which of its calls are made, and what they gave, by operation."""

    def __init__(self, case: Case, world: World) -> None:
        self.case = case
        self.world = world
        self.outcomes: dict[str, list[Outcome]] = defaultdict(list)
        self.messages: list[dict[str, Any]] = []
        self._ahead = list(case.calls)
        self._claimed: dict[str, int] = defaultdict(int)
        self._queue: str | None = None
        self._topic: str | None = None
        self._roles = iter(world.roles[1:])
        self._end = time.monotonic() + CASE_SECONDS

    def claim(self, operation: str) -> Outcome:
        """The outcome of the next call of the operation that no answer has taken; makes calls up to it."""
        index = self._claimed[operation]
        self._claimed[operation] += 1
        while len(self.outcomes[operation]) <= index:
            if not self._ahead:
                raise ReplayError(f"an answer needs call {index + 1} of {operation}, and the case has no such call")
            self._make(self._ahead.pop(0))
        return self.outcomes[operation][index]

    def make_calls(self) -> None:
        """Make the calls that are left, but those that clean up."""
        while self._ahead and not self._ahead[0].operation.startswith(CLEAN_UP):
            self._make(self._ahead.pop(0))

    def clean_up(self) -> None:
        """Make the calls that are left."""
        while self._ahead:
            self._make(self._ahead.pop(0))

    def ask(self, operation: str, service: str = STATES, **parameters: Any) -> Outcome:
        """Make a call that the case itself does not list."""
        return _perform(self.world.clients[service], xform_name(operation), parameters)

    def read(self, operation: str, service: str = STATES, **parameters: Any) -> dict[str, Any]:
        """The response of such a call. Raises ReplayError when it fails."""
        return self.ask(operation, service, **parameters).value

    def machine(self) -> str:
        """The ARN of the last state machine."""
        while not self.outcomes["CreateStateMachine"] and self._ahead:
            self._make(self._ahead.pop(0))
        return str(self.outcomes["CreateStateMachine"][-1].value["stateMachineArn"])

    def execution(self, index: int = -1) -> str:
        """The ARN of the case's execution by the order of their start. Raises ReplayError with the first failure."""
        started = self.outcomes["StartExecution"][index]
        if started.error is not None:
            failed = (outcome for outcomes in self.outcomes.values() for outcome in outcomes if outcome.error)
            return str(next(failed).value)
        return str(started.response["executionArn"])

    def ended(self, arn: str) -> dict[str, Any]:
        """The description of an execution that has ended. Raises ReplayError when the case's time is over."""

        def described() -> dict[str, Any] | None:
            answer = self.read("DescribeExecution", executionArn=arn)
            return None if answer["status"] in {"RUNNING", "PENDING_REDRIVE"} else answer

        return self.until(described, f"{arn} to end")

    def until(self, attempt: Callable[[], T | None], what: str, seconds: float = CASE_SECONDS) -> T:
        """What ``attempt`` gives, once it gives something, within the case's time. Raises ReplayError."""
        end = min(self._end, time.monotonic() + seconds)
        pause = FIRST_POLL
        while True:
            result = attempt()
            if result is not None:
                return result
            if time.monotonic() > end:
                raise ReplayError(f"waited in vain for {what}")
            time.sleep(pause)
            pause = min(pause * 1.5, LAST_POLL)

    def _make(self, call: Call) -> None:
        parameters = self._substituted(call)
        self._prepare(call, parameters)
        outcome = _perform(self.world.clients[call.service], xform_name(call.operation), parameters)
        self.outcomes[call.operation].append(outcome)
        if call.operation == "CreateQueue":
            self._queue = outcome.value["QueueUrl"]
            self._subscribe()
        if call.operation == "CreateTopic":
            self._topic = outcome.value["TopicArn"]

    def _substituted(self, call: Call) -> dict[str, Any]:
        """The call's parameters with this run's endpoint, role, bodies, and the ARNs that carry a run's ids."""
        role = self.world.roles[0]
        if call.operation == "UpdateStateMachine":
            role = next(self._roles, role)
        text = json.dumps(call.parameters)
        text = text.replace("${ROLE_ARN}", role).replace("${ENDPOINT}", self.world.endpoint)
        parameters: dict[str, Any] = json.loads(text)
        if "Body" in parameters:
            parameters["Body"] = _body(parameters["Body"])
        if "executionArn" in parameters:
            parameters["executionArn"] = self.execution()
        if "mapRunArn" in parameters:
            parameters["mapRunArn"] = self.outcomes["ListMapRuns"][-1].value["mapRuns"][0]["mapRunArn"]
        if call.operation in TASK_ANSWERS:
            parameters["taskToken"] = self._task_token()
        if "mapRunArn" in parameters or call.operation == "ListMapRuns":
            self.ended(self.execution())
        return parameters

    def _prepare(self, call: Call, parameters: dict[str, Any]) -> None:
        """What the recording's own test did before such a call, and does not list."""
        for destination in parameters.get("loggingConfiguration", {}).get("destinations", []):
            self.read("CreateLogGroup", "logs", logGroupName=log_group(destination))
        if call.operation == "DescribeStateMachineForExecution":
            self.ended(self.execution())

    def _subscribe(self) -> None:
        """A case with a topic and a queue reads the topic's messages from the queue."""
        if self._topic is None:
            return
        arn = self._topic.replace(":sns:", ":sqs:").rpartition(":")[0] + ":" + str(self._queue).rpartition("/")[2]
        policy = {"Version": "2012-10-17", "Statement": [FROM_TOPIC]}
        self.read("SetQueueAttributes", "sqs", QueueUrl=self._queue, Attributes={"Policy": json.dumps(policy)})
        self.read("Subscribe", "sns", TopicArn=self._topic, Protocol="sqs", Endpoint=arn)

    def _task_token(self) -> str:
        """The token in the next message of the case's queue, which an execution sent there."""

        def received() -> str | None:
            answer = self.read("ReceiveMessage", "sqs", QueueUrl=self._queue, MaxNumberOfMessages=1)
            for message in answer.get("Messages", []):
                body = json.loads(message["Body"])
                self.messages.append(body)
                inner = json.loads(body["Message"]) if body.get("Type") == "Notification" else body
                return str(inner["TaskToken"])
            return None

        self.execution()
        return self.until(received, "a message with a task token", MESSAGE_SECONDS)


def log_group(destination: dict[str, Any]) -> str:
    """The name of a logging destination's group."""
    arn: str = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
    return arn.split(":log-group:")[1].removesuffix(":*")


def _perform(client: Any, method: str, parameters: dict[str, Any]) -> Outcome:
    try:
        response = getattr(client, method)(**parameters)
    except ClientError as error:
        return Outcome(response=_without_metadata(dict(error.response)), error=error)
    except BotoCoreError as error:
        return Outcome(response={}, error=error)
    return Outcome(response=_without_metadata(response))


def _without_metadata(response: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in response.items() if key != "ResponseMetadata"}


def _body(body: str | dict[str, str]) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return base64.b64decode(body["b64"]) if "b64" in body else body["utf8"].encode()
