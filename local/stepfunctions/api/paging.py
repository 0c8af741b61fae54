"""Pages of a list: sizes and tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import orjson

from local.stepfunctions.api.errors import ApiError

T = TypeVar("T")

DEFAULT_PAGE: Final = 100
MAX_PAGE: Final = 1000
TOKEN_SECONDS: Final = 24 * 3600
"""How long a token is good (API reference, ``nextToken``)."""

_KEY: Final = secrets.token_bytes(32)
_SIGNATURE_BYTES: Final = 16


def page_size(request: dict[str, Any]) -> int:
    """maxResults, where 0 and absent mean 100."""
    return min(request.get("maxResults") or DEFAULT_PAGE, MAX_PAGE)


def encode_token(listing: str, request: dict[str, Any], position: Any) -> str:
    """A position as an opaque token, good for this listing with these arguments alone."""
    content = orjson.dumps([time.time() + TOKEN_SECONDS, position])
    return base64.b64encode(_signature(listing, request, content) + content).decode()


def decode_token(listing: str, request: dict[str, Any]) -> Any:
    """The position that nextToken stands for, or None.

    Raises:
        ApiError: InvalidToken: of another listing or other arguments, older than a day, or none at all.
    """
    token = request.get("nextToken")
    if token is None:
        return None
    try:
        raw = base64.b64decode(token, validate=True)
    except ValueError:
        raise _invalid() from None
    content = raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(raw[:_SIGNATURE_BYTES], _signature(listing, request, content)):
        raise _invalid()
    expires, position = orjson.loads(content)
    if time.time() > expires:
        raise _invalid()
    return position


def _signature(listing: str, request: dict[str, Any], content: bytes) -> bytes:
    arguments = {name: value for name, value in request.items() if name not in ("nextToken", "maxResults")}
    signed = orjson.dumps([listing, arguments], option=orjson.OPT_SORT_KEYS) + content
    return hmac.digest(_KEY, signed, hashlib.sha256)[:_SIGNATURE_BYTES]


def _invalid() -> ApiError:
    return ApiError("InvalidToken", "Invalid Token: 'Invalid token'")


def page(
    rows: Sequence[T],
    request: dict[str, Any],
    name: str,
    show: Callable[[T], dict[str, Any]],
    key: Callable[[T], Any],
) -> dict[str, Any]:
    """A page of rows in ascending order of their keys; the token leads to the rows after the last one shown."""
    after = decode_token(name, request)
    start = 0 if after is None else bisect_right(rows, after, key=key)
    end = start + page_size(request)
    answer: dict[str, Any] = {name: [show(row) for row in rows[start:end]]}
    if end < len(rows):
        answer["nextToken"] = encode_token(name, request, key(rows[end - 1]))
    return answer
