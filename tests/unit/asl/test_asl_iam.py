"""Policies: merged, sorted, and refused when they grant more than a run uses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl import Condition, PolicyError, Statement, check_policy, policy_document, policy_problems
from asl.iam import UNRESTRICTED_ACTIONS

OBJECTS = "arn:aws:s3:::data/in/*"
BUCKET = "arn:aws:s3:::data"
names = st.sampled_from(["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "states:StartExecution"])
resources = st.sampled_from([OBJECTS, BUCKET, "arn:aws:sqs:us-east-1:1:q"])
statements = st.builds(
    lambda actions, resources: Statement(actions=tuple(actions), resources=tuple(resources)),
    st.lists(names, min_size=1, max_size=3),
    st.lists(resources, min_size=1, max_size=2),
)


def granted(document: dict) -> set[tuple[str, str]]:
    """Every pair of action and resource that a policy without conditions allows."""
    return {
        (action, resource)
        for statement in document["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def test_statements_on_the_same_resources_become_one():
    document = policy_document(
        [
            Statement(actions=("s3:PutObject",), resources=(OBJECTS,)),
            Statement(actions=("s3:GetObject", "s3:PutObject"), resources=(OBJECTS,)),
        ]
    )
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": [OBJECTS]},
        ],
    }


def test_statements_under_different_conditions_stay_apart():
    condition = Condition(operator="StringLike", key="s3:prefix", values=("in/*",))
    document = policy_document(
        [
            Statement(actions=("s3:ListBucket",), resources=(BUCKET,), conditions=(condition,)),
            Statement(actions=("s3:GetBucketLocation",), resources=(BUCKET,)),
        ]
    )
    assert document["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": [BUCKET]},
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": [BUCKET],
            "Condition": {"StringLike": {"s3:prefix": ["in/*"]}},
        },
    ]


@given(st.lists(statements, min_size=1, max_size=6))
def test_merging_neither_grants_nor_takes_anything(parts: list[Statement]):
    expected = {(action, resource) for part in parts for action in part.actions for resource in part.resources}
    assert granted(policy_document(parts)) == expected


@given(st.lists(statements, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_statements_does_not_show(parts: list[Statement], random):
    shuffled = parts.copy()
    random.shuffle(shuffled)
    assert policy_document(parts) == policy_document(shuffled)


@pytest.mark.parametrize(
    ("action", "resource", "message"),
    [
        ("s3:*", BUCKET, "action 's3:*' has a wildcard"),
        ("s3:Get*", OBJECTS, "action 's3:Get*' has a wildcard"),
        ("s3:GetObject", "*", "action 's3:GetObject' is granted on every resource"),
        ("s3:GetObject", "arn:aws:s3:::*", "has a wildcard before the resource's name"),
        ("sqs:SendMessage", "arn:aws:sqs:*:1:queue", "has a wildcard before the resource's name"),
        ("sqs:SendMessage", "queue", "has a wildcard before the resource's name"),
    ],
)
def test_a_grant_that_is_too_wide_is_refused(action: str, resource: str, message: str):
    document = policy_document([Statement(actions=(action,), resources=(resource,))])
    with pytest.raises(PolicyError) as raised:
        check_policy(document)
    assert message in str(raised.value)


def test_every_finding_is_named_at_once():
    document = policy_document([Statement(actions=("s3:*", "sqs:*"), resources=("*",))])
    assert len(policy_problems(document)) == 4


def test_actions_without_resources_are_allowed_everywhere_and_say_why():
    for action, reason in UNRESTRICTED_ACTIONS.items():
        assert len(reason) > 20, f"{action} needs a reason"
        document = policy_document([Statement(actions=(action,), resources=("*",))])
        assert check_policy(document) is document


def test_what_is_denied_may_be_as_wide_as_it_likes():
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    assert policy_problems({"Version": "2012-10-17", "Statement": [deny]}) == []


def test_what_is_granted_by_exclusion_is_refused():
    statement = {"Effect": "Allow", "NotAction": ["s3:GetObject"], "Resource": [BUCKET]}
    problems = policy_problems({"Version": "2012-10-17", "Statement": [statement]})
    assert any("NotAction" in problem for problem in problems)


@pytest.mark.parametrize(("actions", "where"), [((), (BUCKET,)), (("s3:GetObject",), ())])
def test_a_statement_about_nothing_is_refused(actions: tuple[str, ...], where: tuple[str, ...]):
    with pytest.raises(ValueError, match="at least one action and one resource"):
        Statement(actions=actions, resources=where)
