"""Which activity a task token is of: requests that report on a task name its token alone, policies the activity."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Final

ACTION: Final = "GetActivityTask"
REPORTS: Final = frozenset({"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"})
KEPT: Final = 100_000
"""More than workers can hold at once ("Quotas related to activities": 1,000 poll each activity)."""


class ActivityTokens:
    """The tokens that workers were given, the latest ones."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._activities: OrderedDict[str, str] = OrderedDict()

    def note(self, request: bytes, answer: bytes) -> None:
        """Take note of an answered GetActivityTask."""
        token = json.loads(answer or b"{}").get("taskToken")
        if token:
            self._activities[token] = json.loads(request)["activityArn"]
            if len(self._activities) > self._kept:
                self._activities.popitem(last=False)

    def activity_of(self, token: str) -> str | None:
        """The ARN of the activity whose task the token is of; None for a token of something else."""
        return self._activities.get(token)


tokens: Final = ActivityTokens()
