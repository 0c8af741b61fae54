"""How many messages queues hold and how old the oldest is, as SQS tells CloudWatch; ministack tells nothing.

Of a queue that never had a message there is nothing to tell, and once it has had one, its zeros are told too. What
comes and goes is not counted. Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
"""

from __future__ import annotations

import importlib
import time
from typing import Any, Final

NAMESPACE: Final = "AWS/SQS"
BY_ATTRIBUTE: Final = {
    "ApproximateNumberOfMessages": "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}
AGE: Final = "ApproximateAgeOfOldestMessage"


def tell(told: set[str]) -> None:
    """Record the metrics of each queue that has had messages; ``told`` keeps the names of those from call to call."""
    sqs = importlib.import_module("ministack.services.sqs")
    cloudwatch = importlib.import_module("ministack.services.cloudwatch")
    for queue in tuple(sqs._queues._data.values()):  # noqa: SLF001 - the seam
        name = queue["attributes"]["QueueArn"].rpartition(":")[2]
        with sqs._queues_lock:  # noqa: SLF001 - the seam
            sqs._refresh_counts(queue)  # noqa: SLF001 - the seam
            attributes: dict[str, Any] = dict(queue["attributes"])
            oldest = min((message["sent_at"] for message in queue["messages"]), default=None)
        if oldest is not None:
            told.add(name)
        if name not in told:
            continue
        dimensions = {"QueueName": name}
        for attribute, metric in BY_ATTRIBUTE.items():
            cloudwatch.record_metric(NAMESPACE, metric, float(attributes[attribute]), "Count", dimensions)
        age = 0.0 if oldest is None else time.time() - oldest
        cloudwatch.record_metric(NAMESPACE, AGE, float(int(age)), "Seconds", dimensions)
