"""What a file of claims says, found again by Python's own JSON parser and by no code of the handlers.

A file is read whole: a few are in memory at a time, of 270 KB on average.
"""

from __future__ import annotations

import json
import re
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from sys import intern
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import obstore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from obstore.store import ObjectStore

READS = 8  # files asked for ahead
EMPTY, GONE, NO_KEY = "EmptyObject", "NoSuchKey", "UnreadableKey"
NOT_JSON, NOT_A_LIST, TRUNCATED, TOO_LARGE = "NotJson", "NotAList", "Truncated", "ClaimTooLarge"
INVALID = "InvalidClaim"

MAX_ELEMENT_BYTES: Final = 4 << 20
MAX_DIGITS, LEAST_EXPONENT, GREATEST_EXPONENT = 38, -130, 125  # of DynamoDB's numbers
MAX_TEXT_CHARACTERS: Final = 2_000
MAX_PACKED_BYTES: Final = 380_000
STATUSES: Final = frozenset({"active", "cancelled", "draft", "entered-in-error"})

_SPACE = re.compile(r"[ \t\n\r]*")
_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+("|\Z)|[\[{]|([\]}])', re.DOTALL)
_SCALAR = re.compile(r"[^ \t\n\r,\]\[{}\"]+")
_DAY = r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))?)?)?"
_DATE_TIME = re.compile(_DAY, re.ASCII)
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_VALUE_BEGINS = frozenset('{"-0123456789tfn')


class Claim(NamedTuple):
    """What the table is to hold of a claim; ``text`` is the hash of its JSON as the file writes it."""

    text: bytes
    status: str
    type: str
    created: str
    supporting_info: int
    total: Decimal | None
    currency: str | None
    patient: str | None
    provider: str | None


class Fault(NamedTuple):
    """One element that is no claim: its id, or where in the list it stands, and the first field at fault."""

    claim: str | int
    field: str


@dataclass(kw_only=True)
class ClaimFile:
    """The claims of a file up to the place at fault, in order; ``fault`` names what is wrong with the file itself."""

    elements: list[tuple[str, Claim] | Fault] = field(default_factory=list)
    fault: str | None = None


class _InvalidError(Exception):
    """The field of a claim that says what it may not say."""


def read_all(store: ObjectStore, keys: Iterable[tuple[str, int | None]]) -> Iterator[tuple[str, ClaimFile]]:
    """Yield what each file says, in order; the next ones are fetched meanwhile. The size is that of the listing."""
    waiting: deque[tuple[str, Future[bytes | str]]] = deque()
    with ThreadPoolExecutor(READS, thread_name_prefix="claims") as pool:
        for key, size in keys:
            waiting.append((key, pool.submit(_fetch, store, key, size)))
            if len(waiting) == READS:
                yield _parsed(*waiting.popleft())
        while waiting:
            yield _parsed(*waiting.popleft())


def _fetch(store: ObjectStore, key: str, size: int | None) -> bytes | str:
    if key.startswith("/") or key.endswith("/") or "//" in key:  # no client that takes keys for paths can name these
        return EMPTY if size == 0 else NO_KEY
    try:
        return bytes(obstore.get(store, key).bytes())
    except FileNotFoundError:
        return GONE


def _parsed(key: str, fetched: Future[bytes | str]) -> tuple[str, ClaimFile]:
    data = fetched.result()
    return key, ClaimFile(fault=data) if isinstance(data, str) else parse(data)


def parse(data: bytes) -> ClaimFile:
    """Take a file apart: each claim with its exact decimals, each fault by name."""
    found = ClaimFile()
    if not data:
        found.fault = EMPTY
        return found
    # What is no UTF-8 becomes characters that cannot be written as UTF-8 again: their element is at fault.
    text = data.decode("utf-8-sig", "surrogateescape")
    at = _after_space(text, 0)
    if text[at : at + 1] != "[":
        found.fault = NOT_A_LIST if text[at : at + 1] in _VALUE_BEGINS and at < len(text) else NOT_JSON
        return found
    at = _after_space(text, at + 1)
    more = text[at : at + 1] != "]"
    while more:
        try:
            value, end = _DECODER.raw_decode(text, at)
            own = text[at:end].encode()
        except (ValueError, RecursionError):
            found.fault = _fault_at(text, at)
            return found
        if len(own) > MAX_ELEMENT_BYTES and len(data) > 2 * MAX_ELEMENT_BYTES:
            found.fault = TOO_LARGE
            return found
        found.elements.append(_element(own, value, len(found.elements)))
        at = _after_space(text, end)
        if at == len(text):
            found.fault = TRUNCATED
            return found
        if text[at] not in ",]":
            found.fault = NOT_JSON
            return found
        more = text[at] == ","
        at = _after_space(text, at + 1) if more else at
    if _after_space(text, at + 1) != len(text):
        found.fault = NOT_JSON
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _fault_at(text: str, at: int) -> str:
    """Tell an element that the file cuts off from one that is no JSON."""
    if scalar := _SCALAR.match(text, at):
        return TRUNCATED if scalar.end() == len(text) else NOT_JSON
    depth = 0
    for token in _BRACKETS.finditer(text, at):
        depth += -1 if token[2] else token[1] is None
        if token[1] == "":
            break
        if depth <= 0:
            return NOT_JSON
    return TOO_LARGE if len(text) - at > MAX_ELEMENT_BYTES else TRUNCATED


def _element(own: bytes, value: Any, number: int) -> tuple[str, Claim] | Fault:
    try:
        return _claim(own, value)
    except _InvalidError as error:
        named = value.get("id") if isinstance(value, dict) else None
        return Fault(named if isinstance(named, str) and _ID.fullmatch(named) else number, str(error))


def _claim(own: bytes, value: Any) -> tuple[str, Claim]:
    _must(isinstance(value, dict), "")
    _must(value.get("resourceType") == "Claim", "resourceType")
    id_, status, created = value.get("id"), value.get("status"), value.get("created")
    _must(isinstance(id_, str) and _ID.fullmatch(id_), "id")
    _must(isinstance(status, str) and status in STATUSES, "status")
    _must(isinstance(created, str) and _DATE_TIME.fullmatch(created), "created")
    _must(_fits(own), "")
    try:
        code = value["type"]["coding"][0]["code"]
    except (KeyError, IndexError, TypeError):
        code = None
    _must(_is_text(code), "type.coding[0].code")
    supporting = value.get("supportingInfo", [])
    _must(isinstance(supporting, list) and all(isinstance(each, dict) for each in supporting), "supportingInfo")
    total, currency = _total(value)
    patient, provider = (_reference(value, name) for name in ("patient", "provider"))
    text = blake2b(own, digest_size=16).digest()
    claim = Claim(text, intern(status), intern(code), created, len(supporting), total, currency, patient, provider)
    return id_, claim


def _fits(own: bytes) -> bool:
    """Whether the claim fits an item of the table once it is packed."""
    from handlers.claims.packed import pack

    return len(own) <= MAX_PACKED_BYTES or len(pack(own)) <= MAX_PACKED_BYTES


def _total(claim: dict[str, Any]) -> tuple[Decimal | None, str | None]:
    total = claim.get("total", {})
    _must(isinstance(total, dict), "total")
    value, currency = total.get("value"), total.get("currency")
    _must("value" not in total or (isinstance(value, int | Decimal) and not isinstance(value, bool)), "total.value")
    amount = None if value is None else Decimal(value)
    if amount is not None:
        digits = "".join(map(str, amount.as_tuple().digits)).strip("0")
        in_range = LEAST_EXPONENT <= amount.adjusted() <= GREATEST_EXPONENT
        _must(len(digits) <= MAX_DIGITS and (not digits or in_range), "total.value")
    _must("currency" not in total or _is_text(currency), "total.currency")
    return amount, None if currency is None else intern(currency)


def _reference(claim: dict[str, Any], name: str) -> str | None:
    party = claim.get(name, {})
    _must(isinstance(party, dict), name)
    reference = party.get("reference")
    _must("reference" not in party or _is_text(reference), f"{name}.reference")
    return None if reference is None else intern(reference)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARACTERS


def _must(holds: object, where: str) -> None:
    if not holds:
        raise _InvalidError(where)
