"""Answers that Step Functions can carry: what makes one too large is kept in S3, and the answer says where."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import obstore
import orjson
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError

from handlers.common.event import Item
from handlers.common.failures import AccessDenied, InvalidBatch, NoSuchBucket, TransientFailure
from handlers.common.limits import MAX_ANSWER_BYTES
from handlers.common.objects import store
from handlers.common.streams import open_stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.common.meter import Meter

MAX_IDS_BYTES: Final = 200_000  # of ids in an answer, which shares the 262,144 bytes of a state's output
FAILED_IN_ANSWER: Final = 100  # entries that stay in the answer when all of them are too many


def checked_in(answer: dict[str, Any], *, bucket: str, prefix: str, execution: str) -> dict[str, Any]:
    """The answer itself, or one whose ``body`` is in S3: ``body_at`` tells bucket and key.

    When the failures are too many as well, the first stay, and ``failed_at`` tells where all are. The key depends on
    the content, so that a retry writes the same object.
    """
    if len(orjson.dumps(answer["body"])) <= MAX_IDS_BYTES and len(orjson.dumps(answer)) <= MAX_ANSWER_BYTES:
        return answer
    kept = orjson.dumps({"body": answer["body"], "failed": answer["failed"]})
    name = execution.rpartition(":")[2]
    key = f"{prefix.strip('/')}/{name}/{hashlib.sha256(kept).hexdigest()[:32]}.json"
    at = {"bucket": bucket, "key": key}
    _put(bucket, key, kept)
    made = {name: value for name, value in answer.items() if name != "body"} | {"body_at": at}
    if len(orjson.dumps(made)) > MAX_ANSWER_BYTES:
        made |= {"failed": answer["failed"][:FAILED_IN_ANSWER], "failed_at": at}
    return made


def ids_of(event: Mapping[str, Any], meter: Meter) -> list[str]:
    """The ids that an answer carries, or that it left in S3. Raises InvalidBatch."""
    ids = event.get("body")
    at = event.get("body_at")
    if ids is None and isinstance(at, dict) and isinstance(at.get("bucket"), str) and isinstance(at.get("key"), str):
        item = Item(bucket=at["bucket"], key=at["key"], size=None)
        ids = orjson.loads(b"".join(open_stream(item, meter).blocks))["body"]
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise InvalidBatch("the event must have body, a list of ids, or body_at, which tells bucket and key of one")
    return ids


def _put(bucket: str, key: str, data: bytes) -> None:
    where = f"s3://{bucket}/{key}"
    try:
        obstore.put(store(bucket), key, data, use_multipart=False)
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise AccessDenied(f"S3 refuses to write {where}: the function's role needs s3:PutObject on it") from error
    except (NotFoundError, FileNotFoundError) as error:
        raise NoSuchBucket(f"S3 has no bucket to write {where} to") from error
    except BaseError as error:
        raise TransientFailure(f"S3 did not take {where}") from error
