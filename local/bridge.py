"""What ministack takes for its Step Functions service: every request goes on to the engine, untouched both
ways.

Ministack has checked the caller's signature and policies before the request gets here. EventBridge rules,
Scheduler schedules and Pipes call two functions of the module directly; here those send the engine a
StartExecution of their own.
"""

from __future__ import annotations

import asyncio
import json
import logging
import types
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp

from local import activity_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("distmap.bridge")

MODULE = "ministack.services.stepfunctions"
LONGEST_ANSWER_SECONDS = 330  # StartSyncExecution runs up to 5 minutes, GetActivityTask polls 65 s
CONNECT_SECONDS = 2
START_SECONDS = 30
NOT_FORWARDED = frozenset({"host", "connection", "content-length", "transfer-encoding", "expect", "accept-encoding"})
NOT_RETURNED = frozenset({"connection", "content-length", "transfer-encoding", "date", "server"})

Response = tuple[int, dict[str, str], bytes]


class Bridge:
    """Requests to the engine over one pool of connections, from the server's loop and from its worker
    threads.
    """

    def __init__(self) -> None:
        self._url: str | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._starts: set[asyncio.Task[None]] = set()
        self.on_refusal: Callable[[], None] = _ignore
        """Called, where the start was asked for, when the engine refuses one."""

    def connect(self, url: str) -> None:
        """Send requests to ``url`` from now on. Called on the server's loop."""
        self._url = url
        self._loop = asyncio.get_running_loop()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=LONGEST_ANSWER_SECONDS, sock_connect=CONNECT_SECONDS),
            auto_decompress=False,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def handle_request(
        self,
        _method: str,
        _path: str,
        headers: Mapping[str, str],
        body: bytes,
        _query: Mapping[str, list[str]],
    ) -> Response:
        """The engine's answer to one request; 503 with the reason when there is no answer."""
        answer = await self._post({k: v for k, v in headers.items() if k not in NOT_FORWARDED}, body)
        if headers.get("x-amz-target", "").endswith(f".{activity_tokens.ACTION}") and answer[0] == HTTPStatus.OK:
            activity_tokens.tokens.note(body, answer[2])
        return answer

    async def _post(self, headers: Mapping[str, str], body: bytes) -> Response:
        if self._session is None or self._url is None:
            return unavailable("the Step Functions engine is still starting; try again in a second")
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                kept = {k: v for k, v in answer.headers.items() if k.lower() not in NOT_RETURNED}
                return answer.status, kept, await answer.read()
        except aiohttp.ClientError as error:
            return unavailable(
                f"the Step Functions engine does not answer ({error}); see server.log, then run "
                "`distmap local down` and `distmap local up`"
            )
        except TimeoutError:
            return unavailable(f"the Step Functions engine gave no answer within {LONGEST_ANSWER_SECONDS} s")

    async def _call(self, action: str, data: Mapping[str, Any]) -> Response:
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"AWSStepFunctions.{action}"}
        return await self._post(headers, json.dumps(data).encode())

    def call(self, action: str, data: Mapping[str, Any]) -> Response:
        """One action from a worker thread, in at most START_SECONDS."""
        if self._loop is None:
            return unavailable("the Step Functions engine is still starting; try again in a second")
        return asyncio.run_coroutine_threadsafe(self._call(action, data), self._loop).result(START_SECONDS)

    def start_execution(self, data: Mapping[str, Any]) -> Response:
        """StartExecution for a service of ministack.

        From a worker thread this is the engine's answer. EventBridge also calls on the server's own loop,
        which must go on serving since the engine may call back: there the start is sent at once. A refusal
        is told here, as EventBridge and Scheduler do not look at the answer.
        """
        if _on(self._loop):
            task = asyncio.ensure_future(self._start_soon(data))
            self._starts.add(task)
            task.add_done_callback(self._starts.discard)
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, b"{}"
        answer = self.call("StartExecution", data)
        self._tell_refusal(data, answer)
        return answer

    async def _start_soon(self, data: Mapping[str, Any]) -> None:
        self._tell_refusal(data, await self._call("StartExecution", data))

    def _tell_refusal(self, data: Mapping[str, Any], answer: Response) -> None:
        status, _, body = answer
        if status != 200:
            log.warning("%s was not started: %s", data.get("stateMachineArn"), body.decode(errors="replace"))
            self.on_refusal()

    def reset(self) -> None:
        """Delete every state machine and activity, as a reset of ministack wipes its own services."""
        for listing, members, arn, delete in (
            ("ListStateMachines", "stateMachines", "stateMachineArn", "DeleteStateMachine"),
            ("ListActivities", "activities", "activityArn", "DeleteActivity"),
        ):
            while page := self._answer(listing, {})[members]:
                for member in page:
                    if member.get("type") == "STANDARD":
                        self._stop_executions(member[arn])
                    self._answer(delete, {arn: member[arn]})

    def _stop_executions(self, machine: str) -> None:
        """A state machine is there as long as its executions run."""
        running = {"stateMachineArn": machine, "statusFilter": "RUNNING"}
        while page := self._answer("ListExecutions", running)["executions"]:
            for execution in page:
                self._answer("StopExecution", {"executionArn": execution["executionArn"]})

    def _answer(self, action: str, data: Mapping[str, Any]) -> dict[str, Any]:
        status, _, body = self.call(action, data)
        if status != 200:
            raise RuntimeError(f"{action}: {body.decode(errors='replace')}")
        answer: dict[str, Any] = json.loads(body)
        return answer

    def as_module(self) -> types.ModuleType:
        """This bridge in the shape of ministack's own service module."""
        module = types.ModuleType(MODULE, __doc__)
        members: dict[str, Callable[..., Any]] = {
            "handle_request": self.handle_request,
            "_start_execution": self.start_execution,
            "_resolve_state_machine_arn": _resolve_state_machine_arn,
            "reset": self.reset,
            "get_state": _get_state,
            "load_persisted_state": _load_persisted_state,
        }
        vars(module).update(members)
        return module


def unavailable(message: str) -> Response:
    body = json.dumps({"__type": "ServiceUnavailable", "message": message}).encode()
    return 503, {"Content-Type": "application/x-amz-json-1.0"}, body


def _ignore() -> None:
    """Nobody wants to know of refusals."""


def _on(loop: asyncio.AbstractEventLoop | None) -> bool:
    try:
        return loop is not None and asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _resolve_state_machine_arn(arn: str) -> str:
    """EventBridge asks whether the target exists before it starts one: the engine knows, and answers at the
    start.
    """
    return arn


def _get_state() -> None:
    """Nothing of Step Functions is in ministack's process, so ministack has nothing to save."""


def _load_persisted_state(_data: object) -> None:
    """See `_get_state`."""
