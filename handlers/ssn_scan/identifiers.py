"""What is looked for, as typed patterns, and how each tells a find from what only looks like one.

A pattern begins at its *anchor*, a byte that is rare in text: the search for one byte is many times quicker than any
other. What stands before the anchor is checked afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LAST: Final = 4
"""Digits of a find that may be told."""


@dataclass(frozen=True, kw_only=True)
class Identifier:
    """A kind of number.

    name      what findings call it
    anchored  pattern from the anchor on; it ends with the find's last digit, whatever it looks ahead to
    before    pattern of what ends right at the anchor, look-behind included
    reach     most bytes that ``before`` looks at
    longest   most bytes from the anchor to the end of what ``anchored`` looks at
    valid     whether the digits of a find (``before`` and ``anchored`` without all else) can be such a number
    """

    name: str
    anchored: re.Pattern[bytes]
    before: re.Pattern[bytes]
    reach: int
    longest: int
    valid: Callable[[bytes], bool]


def _any(digits: bytes) -> bool:  # noqa: ARG001 - the signature of Identifier.valid
    return True


def may_be_assigned(digits: bytes) -> bool:
    """Whether nine digits can be a person's SSN.

    Areas 000, 666 and 900 to 999, group 00 and serial 0000 are never assigned, before or after the randomisation of
    2011. Source: Social Security Administration, "Determining Social Security numbers".
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {b"000", b"666"} and area < b"900" and group != b"00" and serial != b"0000"


SSN_TOKEN: Final = Identifier(
    name="ssn",
    anchored=re.compile(rb"=\d{3}-\d\d-\d{4}(?!\d)"),
    before=re.compile(rb"ssn\Z"),
    reach=len(b"ssn"),
    longest=len(b"=900-00-0000") + 1,
    valid=_any,
)
"""``ssn=NNN-NN-NNNN`` in lower case, whatever stands around it; any number, since the marker says what it is."""

SSN_PLAIN: Final = Identifier(
    name="ssn_plain",
    anchored=re.compile(rb"-\d\d-\d{4}(?![\d-])"),
    before=re.compile(rb"(?<![\d-])\d{3}\Z"),
    reach=len(b"x900"),
    longest=len(b"-00-0000") + 1,
    valid=may_be_assigned,
)
"""``NNN-NN-NNNN`` on its own, where the number can be a person's."""

IDENTIFIERS: Final[Mapping[str, Identifier]] = MappingProxyType({each.name: each for each in (SSN_TOKEN, SSN_PLAIN)})


class UnknownIdentifierError(ValueError):
    """A name that no identifier has; the message lists the names."""


def identifiers_named(names: str) -> tuple[Identifier, ...]:
    """The identifiers of a comma-separated list of names, in its order.

    Raises:
        UnknownIdentifierError: for a name that is not known, or none at all.
    """
    wanted = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    unknown = [name for name in wanted if name not in IDENTIFIERS]
    if unknown or not wanted:
        raise UnknownIdentifierError(
            f"unknown identifier {unknown[0] if unknown else names!r}: choose from {', '.join(IDENTIFIERS)}"
        )
    return tuple(IDENTIFIERS[name] for name in wanted)
