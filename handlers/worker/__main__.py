"""Run a worker with the settings in the environment until SIGTERM or SIGINT; it ends with 1 when it cannot work."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import botocore.session
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import ClientError

from handlers.loans.batch import simulate_batch
from handlers.worker.activity import Activity
from handlers.worker.settings import InvalidSettings, Settings, settings_of
from handlers.worker.worker import Worker, refusal

CONNECT_SECONDS = 5
READ_SECONDS = 70  # a poll is answered after 60 at the latest
CALLS_AT_ONCE = 3  # a poll, a heartbeat, a report


def main() -> int:
    """The exit code."""
    logger = Logger(service="worker", level="INFO")
    try:
        settings = settings_of(os.environ)
    except InvalidSettings as error:
        return _cannot_work(logger, str(error))
    logger.append_keys(worker=settings.worker_name)
    os.environ.setdefault("AWS_REGION", settings.region)  # where the functions' S3 client looks for it
    worker = Worker(
        activity=Activity(client(settings), settings), work=simulate_batch, settings=settings, logger=logger
    )
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, lambda *_about: worker.stop())
    try:
        worker.run()
    except ClientError as error:
        return _cannot_work(logger, refusal(error))
    return 0


def _cannot_work(logger: Logger, error: str) -> int:
    logger.error("cannot work", extra={"error": error})
    return 1


def client(settings: Settings) -> Any:
    """Step Functions, with no retries of its own but the worker's."""
    return botocore.session.get_session().create_client(
        "stepfunctions",
        region_name=settings.region,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=CALLS_AT_ONCE,
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
