"""Pages of a list: sizes and tokens."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from local.stepfunctions.api.errors import ApiError

T = TypeVar("T")

DEFAULT_PAGE = 100
MAX_PAGE = 1000


def page_size(request: dict[str, Any]) -> int:
    """maxResults, where 0 and absent mean 100."""
    return min(request.get("maxResults") or DEFAULT_PAGE, MAX_PAGE)


def encode_token(position: Any) -> str:
    """A position as an opaque token."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode()


def decode_token(request: dict[str, Any]) -> Any:
    """The position that nextToken stands for, or None."""
    token = request.get("nextToken")
    if token is None:
        return None
    try:
        return orjson.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, orjson.JSONDecodeError, ValueError) as error:
        raise ApiError("InvalidToken", f"Invalid Token: '{token}'") from error


def page(rows: Sequence[T], request: dict[str, Any], name: str, show: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    """A page of rows that keep their order between calls; the token is the offset of the next page."""
    start = decode_token(request) or 0
    size = page_size(request)
    answer: dict[str, Any] = {name: [show(row) for row in rows[start : start + size]]}
    if start + size < len(rows):
        answer["nextToken"] = encode_token(start + size)
    return answer
