"""Queues, and the attributes that are resources of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from local.provider.attributes import as_text, attributes, changed_attributes, properties
from local.provider.names import Naming
from local.provider.resource import Existing, Properties, Resource, State, existing, retag

if TYPE_CHECKING:
    from local.provider.context import Context

FIFO = ".fifo"
QUEUE = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
DEFAULTS = {  # Amazon SQS API Reference, SetQueueAttributes
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class Queue(Resource):
    """A queue. Its id is its URL."""

    type = "aws:sqs/queue:Queue"
    takes = frozenset({"name", "namePrefix", *QUEUE})
    replace_on = frozenset({"name", "namePrefix", "fifoQueue"})
    naming = Naming(limit=80 - len(FIFO))
    tagged = True

    def prepare(self, logical: str, given: Properties, previous: Properties | None, ctx: Context) -> State:
        """A generated name of a FIFO queue ends as SQS demands."""
        inputs = super().prepare(logical, given, previous, ctx)
        if inputs.get("fifoQueue") and "name" not in given and not inputs["name"].endswith(FIFO):
            inputs["name"] += FIFO
        return inputs

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("sqs").create_queue(
            QueueName=inputs["name"], Attributes=attributes(inputs, QUEUE), tags=dict(inputs["tagsAll"])
        )
        url: str = answer["QueueUrl"]
        return url

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = _attributes(it.id, ctx)
        if found is None:
            return None
        return {
            **it.inputs,
            **properties(it.inputs, found, QUEUE),
            "arn": found["QueueArn"],
            "name": it.id.rpartition("/")[2],
            "url": it.id,
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        sqs = ctx.client("sqs")
        if changed := changed_attributes(it.inputs, new, QUEUE, DEFAULTS):
            sqs.set_queue_attributes(QueueUrl=it.id, Attributes=changed)
        retag(
            it.inputs,
            new,
            tag=lambda tags: sqs.tag_queue(QueueUrl=it.id, Tags=tags),
            untag=lambda keys: sqs.untag_queue(QueueUrl=it.id, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("sqs").delete_queue(QueueUrl=it.id)


class QueueAttribute(Resource):
    """One attribute of a queue that is a JSON document. Its id is the queue's URL."""

    document: ClassVar[str]
    attribute: ClassVar[str]

    def create(self, inputs: Properties, ctx: Context) -> str:
        url: str = inputs["queueUrl"]
        self._put(url, as_text(inputs[self.document]), ctx)
        return url

    def _put(self, url: str, value: str, ctx: Context) -> None:
        ctx.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={self.attribute: value})

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = _attributes(it.id, ctx)
        if found is None or not found.get(self.attribute):
            return None
        return {**it.inputs, "queueUrl": it.id, self.document: found[self.attribute]}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        self._put(it.id, as_text(new[self.document]), ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        self._put(it.id, "", ctx)


class QueuePolicy(QueueAttribute):
    type = "aws:sqs/queuePolicy:QueuePolicy"
    takes = frozenset({"queueUrl", "policy"})
    needs = takes
    replace_on = frozenset({"queueUrl"})
    document = "policy"
    attribute = "Policy"


class RedrivePolicy(QueueAttribute):
    type = "aws:sqs/redrivePolicy:RedrivePolicy"
    takes = frozenset({"queueUrl", "redrivePolicy"})
    needs = takes
    replace_on = frozenset({"queueUrl"})
    document = "redrivePolicy"
    attribute = "RedrivePolicy"


class RedriveAllowPolicy(QueueAttribute):
    type = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
    takes = frozenset({"queueUrl", "redriveAllowPolicy"})
    needs = takes
    replace_on = frozenset({"queueUrl"})
    document = "redriveAllowPolicy"
    attribute = "RedriveAllowPolicy"


def _attributes(url: str, ctx: Context) -> dict[str, str] | None:
    answer = existing(lambda: ctx.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))
    return None if answer is None else answer["Attributes"]
