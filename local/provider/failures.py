"""What can go wrong with a resource.

LocalError
└── ProviderError                    a resource cannot be made, changed, looked at or deleted
    ├── UnsupportedResourceError     its type is not in the table
    ├── UnsupportedPropertyError     a property of it is not one that the local endpoint has
    └── InvalidPropertyError         a property has a value that AWS would refuse
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from local.failures import LocalError

if TYPE_CHECKING:
    from collections.abc import Iterable


class ProviderError(LocalError):
    """A resource could not be made, changed, looked at or deleted."""


class UnsupportedResourceError(ProviderError):
    """The type of a resource, or a lookup, is not in the table."""

    def __init__(self, token: str, known: Iterable[str], name: str | None = None) -> None:
        what = token if name is None else f"{name} ({token})"
        super().__init__(f"{what} is not supported on localhost{suggestion(token, known)}")
        self.token = token


class UnsupportedPropertyError(ProviderError):
    """A property that would change nothing on localhost, so that it is refused."""

    def __init__(self, path: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(
            f"property {path} is not supported on localhost{suggestion(path.rpartition('.')[2], names)} "
            f"(supported: {', '.join(names)})"
        )
        self.path = path


class InvalidPropertyError(ProviderError):
    """A value that AWS would refuse."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """``; did you mean ...?`` when a known word is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""
