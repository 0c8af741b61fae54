"""What is told of an object that holds numbers: one message, and one item of the findings table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from handlers.ssn_scan.core import Findings

_LAST_FOUR: Final = re.compile(r"\d{4}")


class InvalidMessage(ValueError):
    """The message is not a finding; its text is not told, since it may hold what must not be told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The finds of one version of an object; ``modified`` in epoch milliseconds."""

    bucket: str
    key: str
    etag: str
    modified: int
    execution: str
    found: Mapping[str, Findings]

    @property
    def count(self) -> int:
        """Finds of all identifiers."""
        return sum(each.count for each in self.found.values())

    def message(self) -> dict[str, Any]:
        """The body of the message; identifiers that were not found are left out."""
        return {
            "bucket": self.bucket,
            "key": self.key,
            "etag": self.etag,
            "modified": self.modified,
            "execution": self.execution,
            "count": self.count,
            "found": {
                name: {"count": each.count, "last_four": each.last_four}
                for name, each in self.found.items()
                if each.count
            },
        }

    def item(self) -> dict[str, Any]:
        """The item of the findings table, in DynamoDB's own form; its key is the object's address."""
        found = {
            name: {
                "M": {
                    "count": {"N": str(each["count"])},
                    "last_four": {"L": [{"S": last} for last in each["last_four"]]},
                }
            }
            for name, each in self.message()["found"].items()
        }
        return {
            "object": {"S": f"s3://{self.bucket}/{self.key}"},
            "etag": {"S": self.etag},
            "modified": {"N": str(self.modified)},
            "execution": {"S": self.execution},
            "count": {"N": str(self.count)},
            "found": {"M": found},
        }


def parse(body: str) -> Finding:
    """The finding that a message tells.

    Raises:
        InvalidMessage: a field is missing or of another kind, or more than last four digits are told.
    """
    try:
        told = json.loads(body)
        found = {
            str(name): Findings(count=_whole(each["count"]), last_four=[_last_four(last) for last in each["last_four"]])
            for name, each in told["found"].items()
        }
        return Finding(
            bucket=_text(told["bucket"]),
            key=_text(told["key"]),
            etag=_text(told["etag"]),
            modified=_whole(told["modified"]),
            execution=_text(told["execution"]),
            found=found,
        )
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, _WrongField) as error:
        raise InvalidMessage(f"the message is not a finding: {type(error).__name__}") from None


class _WrongField(ValueError):
    pass


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _WrongField
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _WrongField
    return value


def _last_four(value: Any) -> str:
    if not isinstance(value, str) or _LAST_FOUR.fullmatch(value) is None:
        raise _WrongField
    return value
