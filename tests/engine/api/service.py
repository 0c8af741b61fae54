"""The API as a client sees it: requests and answers as JSON, an engine in memory behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from local.stepfunctions.api.dispatch import answer
from local.stepfunctions.childstore import ChildStore
from local.stepfunctions.engine import Engine
from local.stepfunctions.integrations.aws import Credentials
from tests.engine.memory import PLACE, ROLE, MemorySession, machine

PASS: Mapping[str, Any] = machine(P={"Type": "Pass", "End": True})
WORK = PLACE.activity("work")
ASKS: Mapping[str, Any] = machine(A={"Type": "Task", "Resource": WORK, "Next": "B"}, B={"Type": "Pass", "End": True})
"""Runs until a worker answers."""
SETTLE_SECONDS = 10.0


@dataclass
class MemoryLogs:
    """The names of the log groups that exist."""

    groups: list[str] = field(default_factory=list)

    async def call(self, operation: str, parameters: Mapping[str, Any], **_more: Any) -> Any:
        """Answer DescribeLogGroups."""
        assert operation == "DescribeLogGroups"
        prefix = parameters["logGroupNamePrefix"]
        return {"logGroups": [{"logGroupName": name} for name in self.groups if name.startswith(prefix)]}


@dataclass
class Session(MemorySession):
    """The services in memory, with log groups."""

    logs: MemoryLogs = field(default_factory=MemoryLogs)

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """The client of a service."""
        return self.logs if service == "logs" else super().client(service, credentials)


class Refused(Exception):
    """An error of the service: its name and its message."""

    def __init__(self, status: int, name: str, message: str, reason: str | None) -> None:
        super().__init__(name, message)
        self.status, self.name, self.message, self.reason = status, name, message, reason


class Service:
    """One engine; executions go on while a request is answered, or while one settles."""

    def __init__(self, data_dir: Path) -> None:
        self._runner = asyncio.Runner()
        self.session = Session()
        self.engine = self._runner.run(self._open(data_dir))

    async def _open(self, data_dir: Path) -> Engine:
        return Engine(place=PLACE, session=self.session, children=ChildStore(data_dir / "children.db"))  # type: ignore[arg-type]  # in memory

    def close(self) -> None:
        """Stop the engine and its event loop."""
        self._runner.run(self.engine.close())
        self._runner.close()

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """The answer of an operation.

        Raises:
            Refused: when it is none.
        """
        body = orjson.dumps(request)
        status, text = self._runner.run(answer(self.engine, f"AWSStepFunctions.{operation}", body))
        shown: dict[str, Any] = orjson.loads(text)
        if status == 200:
            return shown
        raise Refused(status, shown["__type"], shown["message"], shown.get("reason"))

    def refusal(self, operation: str, **request: Any) -> tuple[str, str]:
        """The name and message of the error that an operation must answer with."""
        try:
            shown = self.call(operation, **request)
        except Refused as error:
            return error.name, error.message
        raise AssertionError(f"{operation} was answered with {shown}")

    def create(self, name: str = "m", definition: Mapping[str, Any] = PASS, **more: Any) -> str:
        """Create a state machine; its ARN."""
        text = orjson.dumps(definition).decode()
        created = self.call("CreateStateMachine", name=name, definition=text, roleArn=ROLE, **more)
        return str(created["stateMachineArn"])

    def create_asking(self, name: str = "m", **more: Any) -> str:
        """Create a state machine that waits for a worker; its ARN."""
        self.call("CreateActivity", name="work")
        return self.create(name, ASKS, **more)

    def start(self, machine_arn: str, **more: Any) -> str:
        """Start an execution; its ARN."""
        return str(self.call("StartExecution", stateMachineArn=machine_arn, **more)["executionArn"])

    def settle(self, execution_arn: str) -> dict[str, Any]:
        """DescribeExecution once it has ended."""

        async def wait() -> None:
            task = self.engine.executions[execution_arn].task
            assert task is not None
            await asyncio.wait_for(asyncio.shield(task), SETTLE_SECONDS)

        self._runner.run(wait())
        return self.call("DescribeExecution", executionArn=execution_arn)

    def take_task(self) -> str:
        """The token of the next task of the activity."""
        return str(self.call("GetActivityTask", activityArn=WORK)["taskToken"])

    def finish(self, token: str) -> None:
        """Answer a task, and let what waits for it go on."""
        self.call("SendTaskSuccess", taskToken=token, output="{}")
        self._runner.run(asyncio.sleep(0.01))

    def all_pages(self, operation: str, rows: str, size: int, **request: Any) -> list[list[dict[str, Any]]]:
        """Every page of a listing."""
        pages: list[list[dict[str, Any]]] = []
        more: dict[str, Any] = {}
        while True:
            shown = self.call(operation, maxResults=size, **request, **more)
            pages.append(shown[rows])
            if "nextToken" not in shown:
                return pages
            more = {"nextToken": shown["nextToken"]}
