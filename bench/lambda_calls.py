"""Invocations of a Python function that does nothing, and of one that fails, through the local endpoint.

Each is made by 8 callers at once with the engine's own client, as a Map Run makes them; beside it the same on ministack
alone, whose workers the local server replaces.
"""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Final

from bench.engine import peer
from bench.harness import Measurement, median_of, rates, table
from local.environment import ACCESS_KEY, REGION, SECRET_KEY
from local.server import serving
from local.state import StateDir
from local.stepfunctions.integrations.aws import AwsSession, Credentials

CALLERS: Final = 8
CALLS: Final = 800
FAILING_CALLS: Final = 48
TARGET: Final = 300
CODE: Final = {
    "noop": "def handler(event, context):\n    return event\n",
    "fails": "def handler(event, context):\n    raise ValueError('no')\n",
}
LOGS: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],  # without it nothing is written
}
_ROOT: Final = Credentials(access_key=ACCESS_KEY, secret_key=SECRET_KEY, token=None, expires_at=float("inf"))


async def prepare(endpoint: str) -> None:
    """Make the functions, and start a worker of each for every caller."""
    session = AwsSession(endpoint=endpoint, region=REGION, credentials=_ROOT)
    role = {"RoleName": "function", "AssumeRolePolicyDocument": "{}"}
    arn = (await session.client("iam").call("CreateRole", role))["Role"]["Arn"]
    await session.client("iam").call(
        "PutRolePolicy", {"RoleName": "function", "PolicyName": "logs", "PolicyDocument": json.dumps(LOGS)}
    )
    functions = session.client("lambda")
    for name, code in CODE.items():
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("code.py", code)
        function = {
            "FunctionName": name,
            "Runtime": "python3.12",
            "Handler": "code.handler",
            "Role": arn,
            "Timeout": 30,
        }
        await functions.call("CreateFunction", {**function, "Code": {"ZipFile": archive.getvalue()}})
    await session.close()
    for name in CODE:
        await invoke(endpoint, name, CALLERS * 2, CALLERS)


async def invoke(endpoint: str, name: str, calls: int, callers: int) -> float:
    """The seconds that so many calls by so many callers take."""
    session = AwsSession(endpoint=endpoint, region=REGION, credentials=_ROOT)
    functions = session.client("lambda")

    async def caller() -> None:
        for _ in range(calls // callers):
            answer = await functions.call("Invoke", {"FunctionName": name, "Payload": b'{"n": 1}'})
            if ("FunctionError" in answer) != (name == "fails"):
                raise RuntimeError(f"{name} answered {answer['Payload']!r}")

    began = time.monotonic()
    await asyncio.gather(*(caller() for _ in range(callers)))
    seconds = time.monotonic() - began
    await session.close()
    return seconds


def measure(endpoint: str, who: str) -> dict[str, Measurement]:
    """The rates on one endpoint."""
    asyncio.run(prepare(endpoint))
    cases = (("noop", CALLS, CALLERS), ("noop", CALLS // CALLERS, 1), ("fails", FAILING_CALLS, CALLERS))
    return {
        f"{name}, {callers} callers": median_of(
            who,
            calls,
            lambda: asyncio.run(invoke(endpoint, name, calls, callers)),  # noqa: B023 - called at once
        )
        for name, calls, callers in cases
    }


def main() -> None:
    """Measure both, and print the tables."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-lambda-") as folder,
        serving(state=StateDir(path=Path(folder) / "state")) as server,
    ):
        ours = measure(server.endpoint, "local server")
    with peer() as endpoint:
        alone = measure(endpoint, "ministack alone")
    for case, found in ours.items():
        rates(f"Invocations: {case}", "calls", [alone[case], found], baseline=alone[case])
    rate = ours[f"noop, {CALLERS} callers"].rate
    verdict = "met" if rate >= TARGET else "MISSED"
    table("Target", ["", "target", "measured", ""], [["noop", f"{TARGET} calls/s", f"{rate:,.0f} calls/s", verdict]])
