"""Reading S3 objects, many at once, within an amount of memory."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Condition
from typing import TYPE_CHECKING, Any, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from handlers.common.event import environment
from handlers.common.failures import (
    AccessDenied,
    EmptyObject,
    NoSuchBucket,
    NoSuchKey,
    ObjectArchived,
    ObjectTooLarge,
    RequestRefused,
    TransientFailure,
    UnreadableKey,
)
from handlers.common.once import once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handlers.common.event import Item
    from handlers.common.meter import Meter

MEMORY_BYTES: Final = 64 * 1024**2  # of object bodies at a time
CLIENT: Final[dict[str, Any]] = {
    "connect_timeout": timedelta(seconds=3),
    "timeout": timedelta(seconds=30),  # of one attempt, its body included
    "pool_idle_timeout": timedelta(seconds=10),  # S3 closes what a frozen function has kept open for longer
}
RETRIES: Final[dict[str, Any]] = {  # of 5xx, 429, timeouts and lost connections
    "max_retries": 6,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=10), "base": 2},
}
_STATUS: Final = re.compile(r"status code: (\d{3})")
_CODE: Final = re.compile(r"<Code>(\w+(?:\.\w+)?)</Code>")
_NEVER_READ: Final = re.compile(r"^/|//|/$")  # S3Store would ask for the key without these slashes
REFUSED, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 400, 401, 403, 404
WAITED_FOR: Final = (408, 429)
FAILED: Final = 500
CAUSE_CHARACTERS: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """What an object held when it was read; ``modified`` in milliseconds since 1970, which S3 tells to the second."""

    data: bytes
    etag: str
    modified: int


class Budget:
    """An amount of which threads take parts; who finds too little left waits."""

    def __init__(self, amount: int) -> None:
        self.amount = amount
        self._left = amount
        self._changed = Condition()

    @contextmanager
    def taken(self, part: int) -> Iterator[None]:
        """Take a part, no greater than the amount, until the end of the block."""
        with self._changed:
            self._changed.wait_for(lambda: self._left >= part)
            self._left -= part
        try:
            yield
        finally:
            with self._changed:
                self._left += part
                self._changed.notify_all()


MEMORY: Final = Budget(MEMORY_BYTES)


def marks_a_folder(item: Item) -> bool:
    """Whether the item is an empty object that cannot be asked for. Raises UnreadableKey for one that is not empty."""
    if not _NEVER_READ.search(item.key):
        return False
    if item.size == 0:
        return True
    raise UnreadableKey("the S3 client cannot ask for a key that has an empty part between slashes")


@contextmanager
def read(item: Item, meter: Meter) -> Iterator[Object]:
    """The object, whose size counts against the memory for all bodies until the end of the block.

    Raises an ItemFailure, a BatchFailure or, once the client has given up, TransientFailure.
    """
    if marks_a_folder(item):
        raise EmptyObject("the object has no bytes: it marks a folder")
    meter.add("s3_gets")
    with explained(item):
        answer = obstore.get(store(item.bucket), item.key)
    about = answer.meta
    if about["size"] > MEMORY.amount:
        raise ObjectTooLarge(f"the object has {about['size']:,} bytes, at most {MEMORY.amount:,} are read")
    with MEMORY.taken(about["size"]):
        with explained(item):
            data = answer.bytes().to_bytes()
        meter.add("s3_bytes", len(data))
        modified = int(about["last_modified"].timestamp() * 1000)
        yield Object(data=data, etag=about["e_tag"].strip('"'), modified=modified)


@once
def store(bucket: str) -> Any:
    """A store whose connections the next batches of this process use too."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    local = {"endpoint": endpoint} if endpoint else {}
    client = {**CLIENT, "allow_http": bool(endpoint and endpoint.startswith("http:"))}
    return S3Store(bucket, region=environment("AWS_REGION"), client_options=client, retry_config=RETRIES, **local)


@contextmanager
def explained(item: Item, request: str = "GET") -> Iterator[None]:
    """Failures of the S3 client in the block, which GETs or PUTs the item, are raised by what follows from them."""
    try:
        yield
    except ValueError as error:
        raise UnreadableKey(str(error)[:CAUSE_CHARACTERS]) from error
    except (BaseError, FileNotFoundError) as error:
        status = NOT_FOUND if isinstance(error, FileNotFoundError) else FAILED
        raise _failure(str(error), item, request, status) from error


def _failure(said: str, item: Item, request: str, unless_said: int) -> Exception:
    status = int(found[1]) if (found := _STATUS.search(said)) else unless_said
    code = found[1] if (found := _CODE.search(said)) else ""
    told = f"S3 answered {status} {code} to {request} s3://{item.bucket}/{item.key}".replace("  ", " ")
    if code == "NoSuchBucket":
        return NoSuchBucket(told)
    if status == NOT_FOUND:
        return NoSuchKey(f"{told}: it was deleted after it was listed, or never there")
    if code == "InvalidObjectState":
        return ObjectArchived(f"{told}: restore it from its storage class first")
    if status in {UNAUTHORIZED, FORBIDDEN}:
        return AccessDenied(f"{told}: the role needs s3:{request.capitalize()}Object on it")
    if REFUSED <= status < FAILED and status not in WAITED_FOR:
        return RequestRefused(told)
    first = said.partition("\n")[0]
    return TransientFailure(told if _STATUS.search(said) else first[:CAUSE_CHARACTERS])
