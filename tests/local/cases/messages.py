"""Topics and queues."""

from __future__ import annotations

import json

from tests.local.cases.ground import Case, attributes, fixed, policy, queue_told, topic_told

CASES = [
    Case(
        type="aws:sns/topic:Topic",
        inputs=fixed(displayName="one"),
        change=fixed(),
        told=topic_told,
        first=["one"],
        second=[""],
    ),
    Case(
        type="aws:sns/topicPolicy:TopicPolicy",
        inputs=lambda ground: {"arn": ground.topic, "policy": policy("sns:Publish", ground.topic, Principal="*")},
        change=lambda ground: {"arn": ground.topic, "policy": policy("sns:Subscribe", ground.topic, Principal="*")},
        told=lambda ground, arn: attributes("sns", "get_topic_attributes", "TopicArn", "Policy")(ground, arn)[0][
            "Statement"
        ][0]["Action"],
        first="sns:Publish",
        second="sns:Subscribe",
    ),
    Case(
        type="aws:sns/topicSubscription:TopicSubscription",
        inputs=lambda ground: {"topic": ground.topic, "protocol": "sqs", "endpoint": ground.queue["arn"]},
        change=lambda ground: {
            "topic": ground.topic,
            "protocol": "sqs",
            "endpoint": ground.queue["arn"],
            "rawMessageDelivery": True,
            "filterPolicy": {"kind": ["a"]},
        },
        told=attributes("sns", "get_subscription_attributes", "SubscriptionArn", "RawMessageDelivery", "FilterPolicy"),
        first=["false", None],
        second=["true", {"kind": ["a"]}],
    ),
    Case(
        type="aws:sqs/queue:Queue",
        inputs=fixed(visibilityTimeoutSeconds=60, receiveWaitTimeSeconds=5),
        change=fixed(visibilityTimeoutSeconds=90),
        told=queue_told,
        first=["60", "5"],
        second=["90", "0"],
    ),
    Case(
        type="aws:sqs/queuePolicy:QueuePolicy",
        inputs=lambda ground: {"queueUrl": ground.queue["url"], "policy": policy("sqs:SendMessage", Principal="*")},
        change=lambda ground: {"queueUrl": ground.queue["url"], "policy": policy("sqs:ReceiveMessage", Principal="*")},
        told=lambda ground, url: attributes("sqs", "get_queue_attributes", "QueueUrl", "Policy")(ground, url)[0][
            "Statement"
        ][0]["Action"],
        first="sqs:SendMessage",
        second="sqs:ReceiveMessage",
    ),
    Case(
        type="aws:sqs/redrivePolicy:RedrivePolicy",
        inputs=lambda ground: {
            "queueUrl": ground.queue["url"],
            "redrivePolicy": {
                "deadLetterTargetArn": ground.make("aws:sqs/queue:Queue", "dead")["arn"],
                "maxReceiveCount": 3,
            },
        },
        change=lambda ground: {
            "queueUrl": ground.queue["url"],
            "redrivePolicy": json.dumps(
                {"deadLetterTargetArn": ground.make("aws:sqs/queue:Queue", "dead")["arn"], "maxReceiveCount": 5}
            ),
        },
        told=lambda ground, url: int(
            attributes("sqs", "get_queue_attributes", "QueueUrl", "RedrivePolicy")(ground, url)[0]["maxReceiveCount"]
        ),
        first=3,
        second=5,
    ),
    Case(
        type="aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
        inputs=lambda ground: {"queueUrl": ground.queue["url"], "redriveAllowPolicy": {"redrivePermission": "denyAll"}},
        change=lambda ground: {
            "queueUrl": ground.queue["url"],
            "redriveAllowPolicy": {"redrivePermission": "allowAll"},
        },
        told=attributes("sqs", "get_queue_attributes", "QueueUrl", "RedriveAllowPolicy"),
        first=[{"redrivePermission": "denyAll"}],
        second=[{"redrivePermission": "allowAll"}],
    ),
]
