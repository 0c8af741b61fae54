"""A rule: which requests fail, how, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final, Literal

Kind = Literal["error", "unprocessed", "function_error", "kill", "delay", "reset", "lost", "cut"]

PATH: Final = "/_distmap/faults"
"""Where the server takes and tells rules."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to requests of a service; the server checks all of it, and the rule begins to count at once.

    service      as boto3 calls it: s3, dynamodb, lambda, sqs, stepfunctions
    operation    one of its operations; None: any
    resource     patterns (``*``, ``?``, ``[...]``) by member of the operation's input: {"TableName": "stations"},
                 {"Bucket": "raw", "Key": "csv/*"}; a map matches by a key, a list by an element
    kind         error: refused, not done. reset: connection closed, not done. lost: done, but the connection is closed
                 without the answer. cut: done, but the connection is closed in the middle of the answer's body.
                 delay: done later. Of operations on batches, unprocessed: answered, with none of the entries done. Of
                 Lambda's Invoke, function_error: the function is not run and has failed; kill: the process that runs
                 it is killed when it has worked for ``delay`` seconds.
    code         the error's code, or a function's error type
    status       of HTTP; None: as the service has it for the code
    message      None: as AWS words it, where that is known
    delay        seconds until it happens

    When, all that is given together, counted over the matching requests: not the first ``after``; then the ``first``
    ones only; of them each ``every``-th; for ``seconds`` from the first one on; with ``probability``, drawn from a
    sequence that ``seed`` determines.
    """

    service: str
    operation: str | None = None
    resource: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = "error"
    code: str | None = None
    status: int | None = None
    message: str | None = None
    delay: float = 0.0
    after: int = 0
    first: int | None = None
    every: int | None = None
    seconds: float | None = None
    probability: float | None = None
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """The object that the server takes: what is not as it is by default."""
        return {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default and not (value == {} and each.default is MISSING)
        }
