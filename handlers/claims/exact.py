"""The amount of a claim as its file writes it, digit by digit: a decimal must not pass through a binary float."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from handlers.claims.failures import InvalidClaim

# What an attribute of type N can hold (Amazon DynamoDB, "Data types": 38 digits, 1E-130 to 9.99E+125).
MAX_DIGITS: Final = 38
LEAST_EXPONENT, GREATEST_EXPONENT = -130, 125

_TOTAL: Final = b'"total"'
_TAIL_BYTES: Final = 256  # in which the total stands when it is last; Synthea's takes 100 with its indentation
_BACKSLASH: Final = ord("\\")
# The end of a claim whose last field is its total. Between the braces that close the total and the claim is nothing, so
# the name belongs to the claim itself, and being the last of that name it is the one that counts.
_LAST_TOTAL: Final = re.compile(
    rb'"total"[ \t\n\r]*:[ \t\n\r]*\{[ \t\n\r]*"value"[ \t\n\r]*:[ \t\n\r]*([-+.0-9eE]+)[ \t\n\r]*'
    rb'(?:,[ \t\n\r]*"currency"[ \t\n\r]*:[ \t\n\r]*"[^"\\]*"[ \t\n\r]*)?\}[ \t\n\r]*\}'
)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as its file writes it."""

    text: str


def decimal_text(claim: bytes, value: float) -> str:
    """The text of the claim's ``total.value``, which the parser reads as ``value``, for an attribute of type N.

    Raises InvalidClaim for a number that the table cannot hold.
    """
    text = repr(value) if type(value) is int else _as_written(claim)
    if len(text) <= MAX_DIGITS and "e" not in text and "E" not in text:
        return text
    return _checked(text)


def _as_written(text: bytes) -> str:
    at = text.rfind(_TOTAL, -_TAIL_BYTES)
    found = _LAST_TOTAL.fullmatch(text, at) if at > 0 and text[at - 1] != _BACKSLASH else None
    if found:
        return found[1].decode()
    try:
        claim: dict[str, Any] = json.loads(text, parse_float=_Number, parse_int=_Number)
    except RecursionError as error:
        raise InvalidClaim("", "too-long", "nested so deeply that its total cannot be read") from error
    written: str = claim["total"]["value"].text
    return written


def _checked(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise InvalidClaim("total.value", "value", "the exponent is beyond that of any decimal") from error
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > MAX_DIGITS:
        raise InvalidClaim("total.value", "value", f"{len(digits)} digits, a number of the table has {MAX_DIGITS}")
    exponent = number.adjusted()
    if digits and not LEAST_EXPONENT <= exponent <= GREATEST_EXPONENT:
        range_ = f"{LEAST_EXPONENT} to {GREATEST_EXPONENT}"
        raise InvalidClaim("total.value", "value", f"the exponent {exponent} is outside the table's, {range_}")
    return text
