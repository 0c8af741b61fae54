"""SecureQueue: encrypted, TLS only, with a dead-letter queue that only it feeds, and alarms on both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components import Observability
from components.queue import SecureQueue, SecureQueueArgs
from tests.infra.recording import ACCOUNT, REGION, Built, build

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:findings-queue-1a2b3c4"
DEAD_LETTERS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:findings-dead-letters-1a2b3c4"


@pytest.fixture
def args(observability: Observability) -> SecureQueueArgs:
    return SecureQueueArgs(observability=observability, visibility_timeout_seconds=360)


def built(args: SecureQueueArgs) -> Built:
    def program() -> None:
        SecureQueue("findings", args)

    return build(program)


def test_what_cannot_be_handled_goes_to_a_queue_that_only_this_one_feeds(args: SecureQueueArgs):
    queues = built(args)
    assert queues.one(":Queue", "findings-queue").json("redrivePolicy") == {
        "deadLetterTargetArn": DEAD_LETTERS,
        "maxReceiveCount": 5,
    }
    assert queues.one(":RedriveAllowPolicy").json("redriveAllowPolicy") == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [QUEUE],
    }
    assert queues.one(":Queue", "findings-dead-letters").inputs["messageRetentionSeconds"] == 14 * 24 * 3600


def test_both_queues_are_encrypted_and_refuse_plain_http(args: SecureQueueArgs):
    queues = built(args)
    assert [queue.inputs["sqsManagedSseEnabled"] for queue in queues.of_type(":Queue")] == [True, True]
    policies = [policy.json("policy") for policy in queues.of_type(":QueuePolicy")]
    assert {policy["Statement"][0]["Resource"] for policy in policies} == {QUEUE, DEAD_LETTERS}
    for policy in policies:
        (statement,) = policy["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Deny", "sqs:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_key_of_ones_own_replaces_the_managed_one(args: SecureQueueArgs):
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
    for queue in built(replace(args, kms_key_arn=key)).of_type(":Queue"):
        assert queue.inputs["kmsMasterKeyId"] == key
        assert "sqsManagedSseEnabled" not in queue.inputs, "SQS takes one kind of encryption"


def test_alarms_tell_of_dead_letters_and_of_a_consumer_that_is_behind(args: SecureQueueArgs):
    alarms = {alarm.name: alarm.inputs for alarm in built(args).of_type(":MetricAlarm")}
    assert {(name, each["metricName"], each["threshold"]) for name, each in alarms.items()} == {
        ("findings-dead-letters", "ApproximateNumberOfMessagesVisible", 0),
        ("findings-behind", "ApproximateAgeOfOldestMessage", 3600),
    }
    assert alarms["findings-dead-letters"]["dimensions"] == {"QueueName": "findings-dead-letters-1a2b3c4"}
    assert alarms["findings-behind"]["dimensions"] == {"QueueName": "findings-queue-1a2b3c4"}


@pytest.mark.parametrize(
    ("field", "value", "bounds"),
    [
        ("visibility_timeout_seconds", 43_201, "0 to 43,200"),
        ("max_receives", 0, "1 to 1,000"),
        ("retention_seconds", 59, "60 to 1,209,600"),
        ("oldest_seconds", 345_601, "1 to 345,600"),
    ],
)
def test_values_beyond_what_sqs_takes_are_refused(args: SecureQueueArgs, field: str, value: int, bounds: str):
    changed: dict[str, Any] = {field: value}
    with pytest.raises(ValueError, match=f"{field} must be {bounds}"):
        replace(args, **changed)
