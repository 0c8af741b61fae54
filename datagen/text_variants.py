"""Texts that mislead a careless scanner. Each takes filler text and two numbers, and says what must be found.

A find is `ssn=` in lower case with a number right behind it; its last four digits are reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

BLOCK_BYTES = 65_536  # a read size that tokens may straddle

Variant = Callable[[bytes, Sequence[str]], tuple[bytes, list[str]]]


def _around(text: bytes, *inserted: str) -> bytes:
    """The text with each token between spaces, spread evenly."""
    pieces = []
    step = len(text) // (len(inserted) + 1)
    start = 0
    for number, token in enumerate(inserted, 1):
        end = text.find(b" ", number * step)
        end = len(text) if end < 0 else end
        pieces += [text[start:end], token.encode()]
        start = min(end + 1, len(text))
    return b" ".join([*pieces, text[start:]]).strip(b" ")


def at_start(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """The first bytes of the object are a token."""
    return f"ssn={numbers[0]} ".encode() + text, [numbers[0]]


def at_end(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """The last bytes of the object are a token."""
    return text + f" ssn={numbers[0]}".encode(), [numbers[0]]


def tabs(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """Words are separated by tabs."""
    return _around(text, *_tokens(numbers)).replace(b" ", b"\t"), list(numbers)


def windows_lines(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """Words are separated by CR LF."""
    return _around(text, *_tokens(numbers)).replace(b" ", b"\r\n"), list(numbers)


def punctuation(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """A full stop and a comma follow the numbers directly."""
    return _around(text, f"ssn={numbers[0]}.", f"ssn={numbers[1]},"), list(numbers)


def one_line(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """Two tokens share a line among other lines."""
    return _around(text, f"\nssn={numbers[0]} ssn={numbers[1]}\n"), list(numbers)


def upper_case(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """Upper case is no token."""
    return _around(text, f"SSN={numbers[0]}", f"Ssn={numbers[1]}"), []


def bare(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """The marker without a number is no token, even when a number follows after a space."""
    return _around(text, "ssn=", f"ssn= {numbers[0]}"), []


def wide_neighbours(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """Characters of several bytes stand right before and after the tokens."""
    return _around(text, f"naïve ssn={numbers[0]} übrig", f"日本語 ssn={numbers[1]} 🙂"), list(numbers)


def straddling(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """A token lies across byte 65,536, in the middle of its number."""
    lead = BLOCK_BYTES - len("ssn=900-") - 1
    filled = text
    while len(filled) < lead:
        filled += b" " + text
    return filled[:lead] + f" ssn={numbers[0]} ".encode() + filled[lead:], [numbers[0]]


def empty(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:  # noqa: ARG001 - all variants are called alike
    """An object of no bytes."""
    return b"", []


def equals_sign(text: bytes, numbers: Sequence[str]) -> tuple[bytes, list[str]]:
    """The number is followed by another equals sign."""
    return _around(text, f"ssn={numbers[0]}=x", f"ssn={numbers[1]}="), list(numbers)


def _tokens(numbers: Sequence[str]) -> list[str]:
    return [f"ssn={number}" for number in numbers]


VARIANTS: tuple[tuple[str, Variant], ...] = tuple(
    (variant.__name__, variant)
    for variant in (
        *(at_start, at_end, tabs, windows_lines, punctuation, one_line),
        *(upper_case, bare, wide_neighbours, straddling, empty, equals_sign),
    )
)
