"""What Java decides in AWS's answers: the text of numbers, the order of sets, seeded randomness."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any, Final

_INT: Final = 1 << 32
_LONG: Final = 1 << 64
_PLAIN_FROM: Final = 1e-3
_PLAIN_BELOW: Final = 1e7
_SMALLEST_TABLE: Final = 16


def number_text(value: float) -> str:
    """A number as ``String.valueOf`` prints it: ``1``, ``1.5``, but ``1.790204286E9`` from ten million on."""
    if value.__class__ is int:
        return str(value)
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return format(Decimal(repr(value)), "f")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - narrows the type: JSON has no NaN and no infinity
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{len(digits) - 1 + exponent}"


def text(value: Any) -> str:
    """A value as ``toString`` of Java's own collections prints it: ``{a=1, b=[x, null]}``."""
    if value is None or value.__class__ is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if value.__class__ is list:
        return "[" + ", ".join(map(text, value)) + "]"
    if value.__class__ is dict:
        return "{" + ", ".join(f"{key}={text(item)}" for key, item in value.items()) + "}"
    return value if isinstance(value, str) else number_text(value)


def equal(left: Any, right: Any) -> bool:
    """``left.equals(right)``: 1 is not 1.0 and not true."""
    if left.__class__ is not right.__class__:
        return False
    if left.__class__ is list:
        return len(left) == len(right) and all(map(equal, left, right))
    if left.__class__ is dict:
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    return bool(left == right)


def distinct(values: list[Any]) -> list[Any]:
    """The different values in the order of a HashSet to which they were added one by one."""
    size = _SMALLEST_TABLE
    kept: list[tuple[int, Any]] = []
    by_spread: dict[int, list[Any]] = {}
    for value in values:
        spread = _spread(_hash_code(value))
        alike = by_spread.setdefault(spread, [])
        if not any(equal(value, seen) for seen in alike):
            alike.append(value)
            kept.append((spread, value))
            size *= 2 if len(kept) > size * 3 // 4 else 1
    return [value for _, value in sorted(kept, key=lambda entry: entry[0] % size)]


def _spread(code: int) -> int:
    return (code ^ (code >> 16)) % _INT


def _hash_code(value: Any) -> int:
    """``hashCode`` as an unsigned 32-bit number."""
    if value is None:
        return 0
    if value.__class__ is bool:
        return 1231 if value else 1237
    if value.__class__ is int:
        return value % _INT if -(_INT >> 1) <= value < _INT >> 1 else _folded(value % _LONG)
    if value.__class__ is float:
        return _folded(int.from_bytes(struct.pack(">d", value), "big"))
    code = 0
    if value.__class__ is str:
        for (unit,) in struct.iter_unpack(">H", value.encode("utf-16-be", "surrogatepass")):
            code = (31 * code + unit) % _INT
        return code
    if value.__class__ is list:
        code = 1
        for item in value:
            code = (31 * code + _hash_code(item)) % _INT
        return code
    return sum(_hash_code(key) ^ _hash_code(item) for key, item in value.items()) % _INT


def _folded(bits: int) -> int:
    return (bits ^ (bits >> 32)) % _INT


class Random:
    """``java.util.Random`` with a seed."""

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ 0x5DEECE66D) % (1 << 48)

    def _next(self, bits: int) -> int:
        self._state = (self._state * 0x5DEECE66D + 0xB) % (1 << 48)
        return self._state >> (48 - bits)

    def below(self, bound: int) -> int:
        """``nextInt(bound)``."""
        if bound & (bound - 1) == 0:
            return (bound * self._next(31)) >> 31
        while True:
            bits = self._next(31)
            value = bits % bound
            if bits - value + bound - 1 < 1 << 31:
                return value

    def unit(self) -> float:
        """``nextDouble()``."""
        return float((self._next(26) << 27) + self._next(27)) * 2.0**-53
