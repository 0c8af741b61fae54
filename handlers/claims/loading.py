"""The claims of one batch of files: which are new, which were met before, which are at fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NotRequired, TypedDict

from handlers.claims.claim import claimed_id, stored
from handlers.claims.elements import elements
from handlers.claims.failures import InvalidClaim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from handlers.claims.claim import Attributes

LOADED: Final = "loaded"
LOADED_IN_PART: Final = "loaded_in_part"


class FailedEntry(TypedDict):
    """A file or, with ``claim``, one claim that failed: its id, or where in the file's list it stands."""

    key: str
    error: str
    cause: str
    claim: NotRequired[str | int]
    field: NotRequired[str]


class Loading:
    """Takes files one after the other, and passes each claim on once.

    A claim with the id and content of one before is a duplicate and is counted; one with the id but other content is at
    fault, since only one of both can be kept.
    """

    def __init__(self, put: Callable[[Attributes], None]) -> None:
        self._put = put
        self._content: dict[str, str] = {}
        self._key: dict[str, str] = {}
        self.failed: list[FailedEntry] = []
        self.duplicates = 0

    @property
    def ids(self) -> list[str]:
        """The ids of all claims that were passed on, in their order."""
        return list(self._content)

    def file(self, key: str, blocks: Iterable[bytes]) -> str:
        """Take the claims of a file; the answer says whether all of them.

        Raises NotClaims or EmptyObject, after the claims before the place at fault.
        """
        failed = len(self.failed)
        for number, (text, value) in enumerate(elements(blocks)):
            try:
                self._claim(stored(text, value, key), key)
            except InvalidClaim as failure:
                self.failed.append(
                    FailedEntry(
                        key=key,
                        claim=claimed_id(value) or number,
                        field=failure.field,
                        error=type(failure).__name__,
                        cause=str(failure),
                    )
                )
        return LOADED if len(self.failed) == failed else LOADED_IN_PART

    def _claim(self, item: Attributes, key: str) -> None:
        own, content = item["id"]["S"], item["content"]["S"]
        before = self._content.get(own)
        if before is None:
            self._content[own] = content
            self._key[own] = key
            self._put(item)
        elif before == content:
            self.duplicates += 1
        else:
            raise InvalidClaim("id", "duplicate", f"{self._key[own]!r} has other content under the same id")
