"""One claim: what it must say (FHIR R4 Claim), and what the table keeps of it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final

from handlers.claims.exact import decimal_text
from handlers.claims.failures import InvalidClaim
from handlers.claims.packed import pack

MAX_PACKED_BYTES: Final = 380_000  # an item of the table holds 400 KB (Amazon DynamoDB quotas), names and all
MAX_TEXT_CHARACTERS: Final = 2_000  # of a code or reference in an item; Synthea's have up to 100
STATUSES: Final = frozenset({"active", "cancelled", "draft", "entered-in-error"})
CONTENT_CHARACTERS: Final = 16  # 64 bits

_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}").fullmatch  # the FHIR type id
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
).fullmatch
_MISSING: Final = object()


Attributes = dict[str, dict[str, Any]]
"""An item of the table, in the form that DynamoDB's client takes it."""


def stored(text: bytes, claim: Any, source: str) -> Attributes:
    """The item of a claim, which is given as JSON text and as value, that was read from that source.

    Raises InvalidClaim, naming the first field at fault. Attributes: id, source, content (a hash of the claim), claim
    (all of it, packed), status, type, created, supporting_info (how many entries), and where the claim has them total
    (an exact decimal), currency, patient and provider (references).
    """
    if type(claim) is not dict:
        raise InvalidClaim("", "structure", f"must be an object, found {_type(claim)}")
    get = claim.get
    if get("resourceType") != "Claim":
        raise InvalidClaim("resourceType", "value", 'must be "Claim"')
    own = get("id")
    if type(own) is not str or not _ID(own):
        raise InvalidClaim("id", "value", f"must be 1 to 64 letters, digits, dots or dashes, found {_type(own)}")
    status = get("status")
    if type(status) is not str or status not in STATUSES:
        raise InvalidClaim("status", "code-invalid", f"must be one of {', '.join(sorted(STATUSES))}")
    created = get("created")
    if type(created) is not str or not _DATE_TIME(created):
        raise InvalidClaim("created", "value", "must be a dateTime such as 2019-04-02T09:45:00+00:00")
    packed = pack(text)
    if len(packed) > MAX_PACKED_BYTES:
        raise InvalidClaim("", "too-long", f"{len(packed)} bytes when packed, an item holds {MAX_PACKED_BYTES}")
    item: Attributes = {
        "id": {"S": own},
        "source": {"S": source},
        "content": {"S": sha256(text, usedforsecurity=False).hexdigest()[:CONTENT_CHARACTERS]},
        "claim": {"B": packed},
        "status": {"S": status},
        "type": {"S": _type_code(get("type"))},
        "created": {"S": created},
        "supporting_info": {"N": _entries(get("supportingInfo", _MISSING))},
    }
    if (total := get("total", _MISSING)) is not _MISSING:
        _add_total(item, text, total)
    for name in ("patient", "provider"):
        if (party := get(name, _MISSING)) is not _MISSING:
            _add_reference(item, name, party)
    return item


def claimed_id(value: object) -> str | None:
    """What names an element of the list in a message: its id when it has one that may be an id."""
    own = value.get("id") if isinstance(value, dict) else None
    return own if isinstance(own, str) and _ID(own) else None


def _add_total(item: Attributes, text: bytes, total: Any) -> None:
    if type(total) is not dict:
        raise InvalidClaim("total", "structure", f"must be an object, found {_type(total)}")
    value = total.get("value", _MISSING)
    if type(value) is float or type(value) is int:
        item["total"] = {"N": decimal_text(text, value)}
    elif value is not _MISSING:
        raise InvalidClaim("total.value", "value", f"must be a number, found {_type(value)}")
    currency = total.get("currency", _MISSING)
    if type(currency) is str and 0 < len(currency) <= MAX_TEXT_CHARACTERS:
        item["currency"] = {"S": currency}
    elif currency is not _MISSING:
        raise InvalidClaim("total.currency", "code-invalid", f"must be a code such as USD, found {_type(currency)}")


def _entries(supporting: Any) -> str:
    if supporting is _MISSING:
        return "0"
    if type(supporting) is not list or any(type(entry) is not dict for entry in supporting):
        raise InvalidClaim("supportingInfo", "structure", "must be a list of objects")
    return str(len(supporting))


def _type_code(kind: Any) -> str:
    try:
        code = kind["coding"][0]["code"]
    except (KeyError, IndexError, TypeError):
        code = None
    if type(code) is not str or not 0 < len(code) <= MAX_TEXT_CHARACTERS:
        raise InvalidClaim("type.coding[0].code", "required", "must be a code such as institutional")
    return code


def _add_reference(item: Attributes, name: str, party: Any) -> None:
    if type(party) is not dict:
        raise InvalidClaim(name, "structure", f"must be an object, found {_type(party)}")
    reference = party.get("reference", _MISSING)
    if type(reference) is str and 0 < len(reference) <= MAX_TEXT_CHARACTERS:
        item[name] = {"S": reference}
    elif reference is not _MISSING:
        raise InvalidClaim(f"{name}.reference", "value", f"must be text of 1 to {MAX_TEXT_CHARACTERS} characters")


def _type(value: object) -> str:
    """What JSON calls the type of a value."""
    names = {dict: "an object", list: "a list", str: "other text", bool: "a boolean", type(None): "nothing"}
    return names.get(type(value), "a number")
