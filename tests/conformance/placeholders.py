"""What the recordings put in the place of values that differ from run to run.

A *bound* placeholder stands for one value throughout a case; of a numbered family, two numbers never stand for
the same one. A *free* placeholder stands for any value of its form.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "000000000000"
RECORDED_ACCOUNT = "111111111111"
REGION = "us-east-1"

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NAME = r"[A-Za-z0-9_-]+"

FIXED = {"<partition>": "aws", "<region>": REGION}
BOUND = {  # by family: the text without its number
    "<ArnPart_>": NAME,
    "<ExecArnPart_>": NAME,
    "<SyncExecArn_Part1_>": NAME,
    "<SyncExecArn_Part2_>": UUID,
    "<ExpressExecArn_Part1_>": NAME,
    "<ExpressExecArn_Part2_>": UUID,
    "<MapRunArnPart0_>": NAME,
    "<MapRunArnPart1_>": UUID,
    "<execution-name>": NAME,
    "<uuid:>": UUID,
    "<resource:>": NAME,
    "<task_token:>": r"\S{1,2048}",
    "<<task_token>:>": r"\S{1,2048}",
    "<next-token:>": r"\S+",
    "<m-d5-of-message-body:>": r"[0-9a-f]{32}",
    "<sqs_queue_url>": r"https?://\S+",
    "<no_such_sqs_queue_url>": r"https?://\S+",
    "<timestamp>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?",
    "<signing-cert-file:>": r"\S+\.pem",
    "<Etag-file_>": r'"[0-9a-f]{32}"',
    "<test-table>": NAME,
    "<random_arn_part>": NAME,
    "no-such-queue-73e08fde": r"no-such-queue-[0-9a-f]{8}",
    "no-such-queue-fa484d45": r"no-such-queue-[0-9a-f]{8}",
    "someNonexistentBucketName": r"someNonexistentBucketName[0-9a-f]{8}",
    "snf_role_arn": rf"arn:aws:iam::{ACCOUNT}:role/{NAME}",
    "snf_role_arn_t1": rf"arn:aws:iam::{ACCOUNT}:role/{NAME}",
    "snf_role_arn_t2": rf"arn:aws:iam::{ACCOUNT}:role/{NAME}",
    "sfn_role_arn": rf"arn:aws:iam::{ACCOUNT}:role/{NAME}",
    "activity_arn": rf"arn:aws:states:{REGION}:{ACCOUNT}:activity:[A-Za-z0-9._-]+",
    "activity_name": r"[A-Za-z0-9._-]+",
    "sqs_queue_url": r"https?://[^\s\"']+",
    "bucket-name": r"[a-z0-9.-]+",
    "bucket_name": r"[a-z0-9.-]+",
    "sm_nonexistent_arn": rf"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{NAME}",
    "ssm_nonexistent_arn": rf"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{NAME}",
    "invalid_execution_arn": rf"arn:aws:states:{REGION}:{ACCOUNT}:execution:{NAME}:{NAME}",
}
FREE = {
    "<request_id>": r"[A-Za-z0-9-]+",
    "<extended_request_id>": r"[A-Za-z0-9/=+-]+",
    "map_run_arn": rf"arn:aws:states:{REGION}:{ACCOUNT}:mapRun:{NAME}/{NAME}:{UUID}",  # one word for all of a case
    "<invalid_token_>": r"\S+",
    "<content-length>": r"\d+",
    "<signature>": r"\S+",
    "<cert-domain>": r"https?://[^/\s]+",
    "<unsubscribe-url>": r"https?://[^/\s]+/\?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:\S+",
}
WHOLE = {  # only as a whole value
    "generated-uuid": UUID,
    "<task_token>": r"\S{1,2048}",
}
NUMBERS = frozenset({"RandomNumberGenerated"})
MOMENTS = frozenset(
    {"timestamp", "datetime", "date", "date-time", "start-date", "stop-date", "creation-date", "start-time"}
    | {"entered-time", "<date>"}
)

_NUMBER = re.compile(r"\d+(?:idx|_chars|\.txt)?(?=>)")
_BARE = sorted((name for name in BOUND | FREE if not name.startswith("<")), key=len, reverse=True)
_TOKEN = re.compile(r"<<\w+>:\d+>|<[^<>\s]+>|(?<![\w-])(?:" + "|".join(map(re.escape, _BARE)) + r")(?![\w-])")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
_EARLIEST = 1.5e9  # a number taken for a moment is one of this age, in seconds or milliseconds


def family(token: str) -> str:
    """The placeholder without its number: ``<uuid:1>`` is of ``<uuid:>``."""
    return _NUMBER.sub("", token)


def is_moment(value: Any) -> bool:
    """Whether the value tells a moment: a datetime, an ISO 8601 or HTTP date, or an epoch of our years."""
    if isinstance(value, dt.datetime):
        return True
    if isinstance(value, str):
        return bool(_ISO.fullmatch(value)) or _is_epoch(value) or _is_http_date(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and value > _EARLIEST


def _is_epoch(text: str) -> bool:
    return text.isdecimal() and float(text) > _EARLIEST


def _is_http_date(text: str) -> bool:
    return email.utils.parsedate_tz(text) is not None and text.endswith("GMT")


@dataclass
class Bindings:
    """What the bound placeholders of one case stand for so far."""

    values: dict[str, str] = field(default_factory=dict)

    def match(self, expected: str, got: str) -> bool:
        """Whether ``got`` is ``expected`` with each placeholder replaced by its value; binds the new ones."""
        if expected == got:
            return True
        pattern, found = self._pattern(expected.replace(RECORDED_ACCOUNT, ACCOUNT))
        match = re.fullmatch(pattern, got, re.DOTALL)
        if match is None:
            return False
        new = {token: match[group] for token, group in found.items()}
        if not self._distinct(new):
            return False
        self.values.update(new)
        return True

    def _distinct(self, new: dict[str, str]) -> bool:
        """One value has one number in its family."""
        numbered = [(family(token), value) for token, value in (self.values | new).items() if family(token) != token]
        return len(numbered) == len(set(numbered))

    def _pattern(self, expected: str) -> tuple[str, dict[str, str]]:
        """The expected text as a regular expression, and its group of each placeholder not bound yet."""
        if expected in WHOLE:
            return WHOLE[expected], {}
        parts: list[str] = []
        found: dict[str, str] = {}
        end = 0
        for token in _TOKEN.finditer(expected):
            parts += [re.escape(expected[end : token.start()]), self._part(token[0], found)]
            end = token.end()
        parts.append(re.escape(expected[end:]))
        return "".join(parts), found

    def _part(self, token: str, found: dict[str, str]) -> str:
        kind = family(token)
        if token in FIXED:
            return re.escape(FIXED[token])
        if kind in FREE:
            return FREE[kind]
        if kind not in BOUND:
            return re.escape(token)
        if token in self.values:
            return re.escape(self.values[token])
        if token in found:
            return f"(?P={found[token]})"
        found[token] = f"p{len(found)}"
        return f"(?P<{found[token]}>{BOUND[kind]})"
