"""An engine whose AWS is in memory: S3 as a dict, every role allowed unless a test says otherwise."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from botocore.exceptions import ParamValidationError

from local.stepfunctions.arns import Place
from local.stepfunctions.childstore import ChildStore
from local.stepfunctions.engine import Engine
from local.stepfunctions.execution import Execution
from local.stepfunctions.history import render
from local.stepfunctions.integrations.aws import AwsError, Credentials
from local.stepfunctions.integrations.services import load_service
from local.stepfunctions.machines import new_machine
from local.stepfunctions.payload import Payload, dumps

ROLE = "arn:aws:iam::000000000000:role/machine"
PLACE = Place(region="us-east-1", account="000000000000")
WAIT_SECONDS = 20.0


def refused(operation: str, code: str, message: str, status: int) -> AwsError:
    """An S3 error."""
    return AwsError(
        service_id="S3",
        operation=operation,
        code=code,
        message=message,
        status=status,
        body={"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"RequestId": "R1"}},
    )


@dataclass
class Body:
    """The streamed body of an object."""

    content: bytes
    parsed: dict[str, Any]
    piece: int = 7_000

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.content), self.piece):
            yield self.content[start : start + self.piece]

    async def aclose(self) -> None:
        """Nothing to give up."""


@dataclass
class MemoryS3:
    """One account's objects, and what was asked."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    async def call(self, operation: str, parameters: Mapping[str, Any], **_more: Any) -> Any:
        """Answer an operation."""
        self._validate(operation, parameters)
        if operation in self.denied:
            raise refused(operation, "AccessDenied", "Access Denied", 403)
        return getattr(self, f"_{operation}")(**parameters)

    async def stream(self, operation: str, parameters: Mapping[str, Any]) -> Body:
        """Answer GetObject."""
        self._validate(operation, parameters)
        if operation in self.denied:
            raise refused(operation, "AccessDenied", "Access Denied", 403)
        key = (parameters["Bucket"], parameters["Key"])
        if key not in self.objects:
            raise refused(operation, "NoSuchKey", "The specified key does not exist.", 404)
        return Body(self.objects[key], {"ContentLength": len(self.objects[key])})

    def _validate(self, operation: str, parameters: Mapping[str, Any]) -> None:
        self.calls.append(operation)
        for name in ("Bucket", "Key"):
            if not isinstance(parameters.get(name, "" if operation != "GetObject" else None), str):
                raise ParamValidationError(report=f"Invalid type for parameter {name}")

    @property
    def service(self) -> Any:
        """The service's model."""
        return load_service("s3")

    def _GetObject(self, Bucket: str, Key: str, **_more: Any) -> Any:  # noqa: N802, N803
        if (Bucket, Key) not in self.objects:
            raise refused("GetObject", "NoSuchKey", "The specified key does not exist.", 404)
        return {"Body": self.objects[Bucket, Key], "ContentLength": len(self.objects[Bucket, Key])}

    def _PutObject(self, Bucket: str, Key: str, Body: bytes, **_more: Any) -> Any:  # noqa: N802, N803
        self.objects[Bucket, Key] = Body
        return {"ETag": hashlib.md5(Body).hexdigest()}

    def _CreateMultipartUpload(self, Key: str, **_more: Any) -> Any:  # noqa: N802, N803
        upload = f"upload-{len(self.parts)}"
        self.parts[upload] = {}
        return {"UploadId": upload, "Key": Key}

    def _UploadPart(self, UploadId: str, PartNumber: int, Body: bytes, **_more: Any) -> Any:  # noqa: N802, N803
        self.parts[UploadId][PartNumber] = Body
        return {"ETag": hashlib.md5(Body).hexdigest()}

    def _CompleteMultipartUpload(self, Bucket: str, Key: str, UploadId: str, **_more: Any) -> Any:  # noqa: N802, N803
        parts = self.parts.pop(UploadId)
        self.objects[Bucket, Key] = b"".join(parts[number] for number in sorted(parts))
        return {}

    def _AbortMultipartUpload(self, UploadId: str, **_more: Any) -> Any:  # noqa: N802, N803
        self.parts.pop(UploadId)
        return {}

    def json(self, bucket: str, key: str) -> Any:
        """An object's content."""
        return orjson.loads(self.objects[bucket, key])


@dataclass
class MemoryIam:
    """Answers SimulatePrincipalPolicy."""

    allowed: bool = True

    async def call(self, operation: str, _parameters: Mapping[str, Any], **_more: Any) -> Any:
        """The one decision."""
        assert operation == "SimulatePrincipalPolicy"
        return {"EvaluationResults": [{"EvalDecision": "allowed" if self.allowed else "implicitDeny"}]}


@dataclass
class MemorySession:
    """Clients of the services in memory."""

    s3: MemoryS3 = field(default_factory=MemoryS3)
    iam: MemoryIam = field(default_factory=MemoryIam)

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """The client of a service."""
        return {"s3": self.s3, "iam": self.iam}[service]

    async def role_credentials(self, _role_arn: str) -> Credentials:
        """Credentials of any role."""
        return Credentials(access_key="a", secret_key="s", token=None, expires_at=2.0**53)

    async def close(self) -> None:
        """Nothing to close."""


@dataclass
class Ran:
    """An execution that ended, with what it left behind."""

    execution: Execution
    engine: Engine
    s3: MemoryS3

    @property
    def output(self) -> Any:
        """The output's value."""
        assert self.execution.output is not None, (self.execution.error, self.execution.cause)
        return self.execution.output.value

    @property
    def events(self) -> list[dict[str, Any]]:
        """The history as the API shows it."""
        return [render(event) for event in self.execution.history.events]

    @property
    def types(self) -> list[tuple[int, str]]:
        """(previousEventId, type) of each event."""
        return [(event["previousEventId"], event["type"]) for event in self.events]

    @property
    def map_run(self) -> dict[str, Any]:
        """DescribeMapRun of the only Map Run."""
        (arn,) = self.execution.map_runs
        return self.engine.map_runs[arn].record.describe()


Prepare = Callable[[MemorySession], None]
During = Callable[[Engine, Execution], Awaitable[None]]


def run(
    definition: Mapping[str, Any],
    given: Any = None,
    *,
    data_dir: Path,
    prepare: Prepare | None = None,
    during: During | None = None,
    inspect: During | None = None,
) -> Ran:
    """Run a machine to its end; ``during`` acts while it runs, ``inspect`` looks before the engine is closed."""

    async def work() -> Ran:
        session = MemorySession()
        if prepare is not None:
            prepare(session)
        engine = Engine(place=PLACE, session=session, children=ChildStore(data_dir / "children.db"))  # type: ignore[arg-type]  # in memory
        request = {"definition": dumps(definition).decode(), "roleArn": ROLE}
        machine = new_machine(PLACE.state_machine("machine"), "machine", request)
        execution = engine.start(machine, name="run", payload=Payload({} if given is None else given))
        assert execution.task is not None
        if during is not None:
            await during(engine, execution)
        await asyncio.wait_for(asyncio.shield(execution.task), WAIT_SECONDS)
        if inspect is not None:
            await inspect(engine, execution)
        await engine.close()
        return Ran(execution, engine, session.s3)

    return asyncio.run(work())


def machine(**states: Any) -> dict[str, Any]:
    """A definition that begins with the first state."""
    return {"StartAt": next(iter(states)), "States": states}
