"""A server that answers as a test wants, and functions and roles on the local AWS."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
import zipfile
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from local.stepfunctions.errors import StatesError
from local.stepfunctions.integrations import TaskCall, resolve
from local.stepfunctions.integrations.aws import AwsSession, Credentials

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:machine:run"


@asynccontextmanager
async def answering(handler):
    """A session of the engine whose endpoint is ``handler``."""
    application = web.Application(client_max_size=64 << 20)
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    credentials = Credentials(access_key="AK", secret_key="SK", token="T", expires_at=float("inf"))
    session = AwsSession(endpoint=f"http://{host}:{port}", region="us-east-1", credentials=credentials)
    try:
        yield session
    finally:
        await session.close()
        await runner.cleanup()


@pytest.fixture
def against():
    """``against(handler, work)``: what ``await work(session)`` gives, with ``handler`` as the whole of AWS."""

    def run(handler, work):
        async def inside():
            async with answering(handler) as session:
                return await work(session)

        return asyncio.run(inside())

    return run


def task_call(parameters, client):
    """A call of a task by one execution."""
    return TaskCall(
        parameters=parameters,
        client=client,
        region="us-east-1",
        account="000000000000",
        execution_arn=EXECUTION,
        timeout=None,
    )


@pytest.fixture
def execution_arn():
    return EXECUTION


@pytest.fixture
def run_task(with_session):
    """``run_task(resource, parameters, role)``: the task's result; as root of the account without a role."""

    def run(resource, parameters, role=None):
        async def work(session):
            async def client(service):
                return session.client(service, None if role is None else await session.role_credentials(role))

            return await resolve(resource).run(task_call(parameters, client))

        return with_session(work)

    return run


@pytest.fixture
def run_against(against):
    """``run_against(handler, resource, parameters)``: the task's result with ``handler`` as the whole of AWS."""

    def run(handler, resource, parameters):
        async def work(session):
            async def client(service):
                return session.client(service)

            return await resolve(resource).run(task_call(parameters, client))

        return against(handler, work)

    return run


@pytest.fixture
def failure_of(run_task):
    """The name and cause of a task that must fail."""

    def run(resource, parameters, role=None):
        with pytest.raises(StatesError) as failure:
            run_task(resource, parameters, role)
        return failure.value.name, failure.value.cause

    return run


@pytest.fixture(scope="session")
def make_role(boto):
    """``make_role(principal, statements)``: the ARN of a new role that the service may assume."""

    def make(principal="states.amazonaws.com", statements=()):
        iam = boto("iam")
        name = f"role-{uuid.uuid4()}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}],
        }
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=policy)
        return arn

    return make


@pytest.fixture(scope="session")
def function(boto, make_role):
    """The name of a Lambda function that gives its event back, or fails when that has ``raise``."""
    source = (
        "def handler(event, context):\n"
        "    if isinstance(event, dict) and event.get('raise'):\n"
        "        raise ValueError(event['raise'])\n"
        "    return event\n"
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", source)
    name = f"echo-{uuid.uuid4()}"
    boto("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=make_role("lambda.amazonaws.com"),
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
        Publish=True,
    )
    return name
