"""How Jayway's filters compare values of JSON: the types decide before the values do."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from local.stepfunctions.language import java

UNDEFINED: Final[Any] = object()
"""What a path that finds nothing gives inside a filter; equal to nothing, not even to itself."""


def is_number(value: Any) -> bool:
    return value.__class__ is int or value.__class__ is float


def number_text(value: float) -> str:
    """A number as a filter compares it with a string: Java prints it, BigDecimal reads and prints that."""
    return str(Decimal(java.number_text(value)))


def equal(left: Any, right: Any) -> bool:
    """``left == right``: a number equals a string that spells it, a string only the same spelling."""
    kind = left.__class__
    other = right.__class__
    if kind is str:
        return bool(left == right) if other is str else is_number(right) and left == number_text(right)
    if kind is int or kind is float:
        if other is str:
            return _spells(right, left)
        return is_number(right) and left == right
    if left is UNDEFINED or right is UNDEFINED:
        return False
    return kind is other and _same(left, right)


def _same(left: Any, right: Any) -> bool:
    """Whether two containers, booleans or nulls hold the same, telling true from 1 as JSON does."""
    if left.__class__ is not right.__class__:
        return is_number(left) and is_number(right) and left == right
    if left.__class__ is list:
        return len(left) == len(right) and all(map(_same, left, right))
    if left.__class__ is dict:
        return left.keys() == right.keys() and all(_same(value, right[key]) for key, value in left.items())
    return bool(left == right)


def _spells(text: str, number: float) -> bool:
    try:
        return Decimal(text) == Decimal(repr(number))
    except InvalidOperation:
        return False


def strictly_equal(left: Any, right: Any) -> bool:
    """``left === right``: of the same kind and equal."""
    same_kind = left.__class__ is right.__class__ or (is_number(left) and is_number(right))
    return same_kind and equal(left, right)


def less(left: Any, right: Any) -> bool:
    """``left < right``: two numbers or two strings; anything else is false."""
    if left.__class__ is str:
        return right.__class__ is str and bool(left < right)
    return is_number(left) and is_number(right) and bool(left < right)


def less_or_equal(left: Any, right: Any) -> bool:
    """``left <= right``: two numbers or two strings; anything else is false."""
    if left.__class__ is str:
        return right.__class__ is str and bool(left <= right)
    return is_number(left) and is_number(right) and bool(left <= right)


def matches(left: Any, right: Any) -> bool:
    """``left =~ right``: the pattern on one side matches the whole text of the other."""
    pattern, value = (right, left) if isinstance(right, re.Pattern) else (left, right)
    if not isinstance(pattern, re.Pattern) or isinstance(value, re.Pattern):
        return False
    if value.__class__ is list:
        return any(pattern.fullmatch(_text(item)) is not None for item in value)
    return pattern.fullmatch(_text(value)) is not None


def _text(value: Any) -> str:
    if value.__class__ is str:
        return str(value)
    if value.__class__ is bool:
        return "true" if value else "false"
    return number_text(value) if is_number(value) else ""


def member(left: Any, right: Any) -> bool:
    """``left in right``."""
    return right.__class__ is list and any(equal(left, item) for item in right)


def not_member(left: Any, right: Any) -> bool:
    """``left nin right``."""
    return not member(left, right)


def contains(left: Any, right: Any) -> bool:
    """``left contains right``: a part of a string, or an element of a list."""
    if left.__class__ is str:
        return right.__class__ is str and right in left
    return left.__class__ is list and any(equal(item, right) for item in left)


def has_size(left: Any, right: Any) -> bool:
    """``left size right``: of a string, a list or an object."""
    return left.__class__ in {str, list, dict} and is_number(right) and len(left) == int(right)


def is_empty(left: Any, right: Any) -> bool:
    """``left empty right``: whether a string, list or object is empty, compared with a boolean."""
    return left.__class__ in {str, list, dict} and (not left) is right


def subset_of(left: Any, right: Any) -> bool:
    """``left subsetof right``."""
    return left.__class__ is list and right.__class__ is list and all(member(item, right) for item in left)


def any_of(left: Any, right: Any) -> bool:
    """``left anyof right``: the two lists share an element."""
    return left.__class__ is list and right.__class__ is list and any(member(item, right) for item in left)


def none_of(left: Any, right: Any) -> bool:
    """``left noneof right``: the two lists share no element."""
    return left.__class__ is list and right.__class__ is list and not any(member(item, right) for item in left)
