"""An engine whose executions are watched: what it sends to CloudWatch Logs, CloudWatch and EventBridge is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from local.stepfunctions.childstore import ChildStore
from local.stepfunctions.engine import Engine
from local.stepfunctions.execution import Execution
from local.stepfunctions.integrations.aws import AwsError
from local.stepfunctions.machines import new_machine
from local.stepfunctions.observe.observer import Observer
from local.stepfunctions.payload import Payload, dumps
from tests.engine.memory import PLACE, ROLE, WAIT_SECONDS, MemorySession

GROUP = "/aws/vendedlogs/states/tests"
EVERY_EVENT = {"EventPattern": '{"source": ["aws.states"]}', "State": "ENABLED"}


@dataclass
class Outlet:
    """One service: keeps what it is sent, and refuses what it is told to."""

    service: str
    sent: list[tuple[str, dict[str, Any]]]
    refused: set[str]
    rules: list[dict[str, Any]]

    async def call(self, operation: str, parameters: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        if operation in self.refused:
            raise AwsError(
                service_id=self.service, operation=operation, code="Refused", message="no", status=400, body={}
            )
        if operation == "ListRules":
            return {"Rules": self.rules}
        if operation == "ListArchives":
            return {"Archives": []}
        self.sent.append((operation, {**parameters, **({"headers": more["headers"]} if "headers" in more else {})}))
        return {}


@dataclass
class WatchedSession(MemorySession):
    """The services in memory, and those that executions are shown in."""

    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    rules: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str, credentials: Any = None) -> Any:
        if service in ("logs", "cloudwatch", "events"):
            return Outlet(service, self.sent, self.refused, self.rules)
        return super().client(service, credentials)


@dataclass
class Watched:
    """What was seen of executions."""

    execution: Execution
    session: WatchedSession

    def sent(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for name, parameters in self.session.sent if name == operation]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The log entries."""
        return [orjson.loads(event["message"]) for put in self.sent("PutLogEvents") for event in put["logEvents"]]

    @property
    def data(self) -> list[dict[str, Any]]:
        """The metric data."""
        return [datum for put in self.sent("PutMetricData") for datum in put["MetricData"]]

    def total(self, name: str, machine: str = "machine") -> float:
        """How often a metric was counted for a machine."""
        dimensions = [{"Name": "StateMachineArn", "Value": PLACE.state_machine(machine)}]
        found = [datum for datum in self.data if datum["MetricName"] == name and datum["Dimensions"] == dimensions]
        return sum(sum(datum["Counts"]) for datum in found)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The events' details."""
        return [orjson.loads(entry["Detail"]) for put in self.sent("PutEvents") for entry in put["Entries"]]


@pytest.fixture
def watch(tmp_path: Path) -> Callable[..., Watched]:
    """Run a machine to its end, watched, and give up the engine, which sends what still waits."""

    def run(
        definition: Mapping[str, Any],
        given: Any = None,
        *,
        level: str = "OFF",
        include: bool = False,
        kind: str = "STANDARD",
        prepare: Callable[[WatchedSession], None] = lambda _session: None,
        then: Callable[[Engine, Execution], Awaitable[None]] | None = None,
    ) -> Watched:
        async def work() -> Watched:
            session = WatchedSession()
            prepare(session)
            engine = Engine(place=PLACE, session=session, children=ChildStore(tmp_path / "children.db"))  # type: ignore[arg-type]  # in memory
            engine.observer = Observer(session, engine.check_may, "token")  # type: ignore[arg-type]  # in memory
            logging = {
                "level": level,
                "includeExecutionData": include,
                "destinations": [
                    {
                        "cloudWatchLogsLogGroup": {
                            "logGroupArn": f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}:*"
                        }
                    }
                ],
            }
            request = {"definition": dumps(definition).decode(), "roleArn": ROLE, "type": kind}
            machine = new_machine(
                PLACE.state_machine("machine"), "machine", {**request, "loggingConfiguration": logging}
            )
            execution = engine.start(machine, name="run", payload=Payload({} if given is None else given))
            assert execution.task is not None
            await asyncio.wait_for(asyncio.shield(execution.task), WAIT_SECONDS)
            if then is not None:
                await then(engine, execution)
            await engine.close()
            return Watched(execution, session)

        return asyncio.run(work())

    return run
