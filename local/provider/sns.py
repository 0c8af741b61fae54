"""Topics, who may use them, and who is subscribed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.provider.attributes import attributes, changed_attributes, properties
from local.provider.names import Naming
from local.provider.resource import Existing, Properties, Resource, State, document, existing, retag, tag_list

if TYPE_CHECKING:
    from local.provider.context import Context

TOPIC = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "fifoTopic": "FifoTopic",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}
TOPIC_DEFAULTS = {"ContentBasedDeduplication": "false", "SignatureVersion": "1", "TracingConfig": "PassThrough"}
SUBSCRIPTION = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
}
SUBSCRIPTION_DEFAULTS = {
    "FilterPolicy": "{}",
    "FilterPolicyScope": "MessageAttributes",
    "RawMessageDelivery": "false",
}


class Topic(Resource):
    """A topic. Its id is its ARN."""

    type = "aws:sns/topic:Topic"
    takes = frozenset({"name", "namePrefix", *TOPIC})
    replace_on = frozenset({"name", "namePrefix", "fifoTopic"})
    naming = Naming(limit=256)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("sns").create_topic(
            Name=inputs["name"], Attributes=attributes(inputs, TOPIC), Tags=tag_list(inputs["tagsAll"])
        )
        arn: str = answer["TopicArn"]
        return arn

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("sns").get_topic_attributes(TopicArn=it.id))
        if answer is None:
            return None
        found = answer["Attributes"]
        told = properties(it.inputs, found, TOPIC)
        return {**it.inputs, **told, "arn": it.id, "name": it.id.rpartition(":")[2], "owner": found["Owner"]}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        sns = ctx.client("sns")
        for name, value in changed_attributes(it.inputs, new, TOPIC, TOPIC_DEFAULTS).items():
            text = value or (default_policy(it.id) if name == "Policy" else value)
            sns.set_topic_attributes(TopicArn=it.id, AttributeName=name, AttributeValue=text)
        retag(
            it.inputs,
            new,
            tag=lambda tags: sns.tag_resource(ResourceArn=it.id, Tags=tag_list(tags)),
            untag=lambda keys: sns.untag_resource(ResourceArn=it.id, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("sns").delete_topic(TopicArn=it.id)


class TopicPolicy(Resource):
    """The policy of a topic. Its id is the topic's ARN."""

    type = "aws:sns/topicPolicy:TopicPolicy"
    takes = frozenset({"arn", "policy"})
    needs = takes
    replace_on = frozenset({"arn"})

    def create(self, inputs: Properties, ctx: Context) -> str:
        arn: str = inputs["arn"]
        self._put(arn, document(inputs["policy"]), ctx)
        return arn

    def _put(self, arn: str, policy: str, ctx: Context) -> None:
        ctx.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("sns").get_topic_attributes(TopicArn=it.id))
        if answer is None:
            return None
        found = answer["Attributes"]
        return {**it.inputs, "arn": it.id, "policy": found["Policy"], "owner": found["Owner"]}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        self._put(it.id, document(new["policy"]), ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        self._put(it.id, default_policy(it.id), ctx)


class TopicSubscription(Resource):
    """A subscription. Its id is its ARN."""

    type = "aws:sns/topicSubscription:TopicSubscription"
    takes = frozenset({"endpoint", "protocol", "topic", *SUBSCRIPTION})
    needs = frozenset({"endpoint", "protocol", "topic"})
    replace_on = needs

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=attributes(inputs, SUBSCRIPTION),
            ReturnSubscriptionArn=True,
        )
        arn: str = answer["SubscriptionArn"]
        return arn

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("sns").get_subscription_attributes(SubscriptionArn=it.id))
        if answer is None:
            return None
        found = answer["Attributes"]
        return {
            **it.inputs,
            **properties(it.inputs, found, SUBSCRIPTION),
            "arn": it.id,
            "topic": found["TopicArn"],
            "ownerId": found["Owner"],
            "pendingConfirmation": found.get("PendingConfirmation") == "true",
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        for name, value in changed_attributes(it.inputs, new, SUBSCRIPTION, SUBSCRIPTION_DEFAULTS).items():
            ctx.client("sns").set_subscription_attributes(
                SubscriptionArn=it.id, AttributeName=name, AttributeValue=value
            )

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("sns").unsubscribe(SubscriptionArn=it.id)


def default_policy(topic_arn: str) -> str:
    """What a new topic has: its account alone may use it (Amazon SNS API Reference, CreateTopic)."""
    actions = (
        *("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic"),
        *("Subscribe", "ListSubscriptionsByTopic", "Publish"),
    )
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions],
        "Resource": topic_arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic_arn.split(":")[4]}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})
