"""`docs/iam.md` and what the program grants: the same grants, each with what it is for."""

from __future__ import annotations

import pytest

from tests.iam.declared import declared
from tests.iam.exercises import EXERCISES
from tests.iam.grants import Grant, lessened, plain
from tests.iam.needs import NEEDS, need_of
from tests.iam.page import PAGE, markdown

GRANT = Grant(role="load", action="s3:GetObject", resource="raw/a/*", condition="")


def test_the_page_is_of_what_the_program_grants():
    assert PAGE.read_text("utf-8") == markdown(declared()), "run python -m tests.iam --write"


def test_each_grant_is_shown_by_an_exercise_or_has_a_reason_and_a_page():
    for grant in declared():
        need = need_of(grant)
        assert need is not None, f"tests/iam/needs.py does not say what {grant} is for"
        assert need.shown in EXERCISES or (need.page.startswith("https://docs.aws.amazon.com/") and need.reason), grant


def test_no_need_is_of_a_grant_that_is_gone():
    used = {id(need_of(grant)) for grant in declared()}
    stale = [(role, action, resource) for role, action, resource, need in NEEDS if id(need) not in used]
    assert not stale


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:s3:::claims-input-bucket-1a2b3c4/claims/*", "claims-input-bucket/claims/*"),
        (
            "arn:aws:states:eu-west-1:123456789012:execution:hello-machine-0123abc/Map:*",
            "execution:hello-machine/Map:*",
        ),
        ("arn:aws:logs:us-east-1:1:log-group:/aws/lambda/load-0123456789abcdef0123456789:*", "log-group:load-logs:*"),
    ],
)
def test_names_lose_what_makes_them_unique(arn, name):
    assert plain(arn) == name


def test_one_grant_is_taken_away_and_no_other():
    both = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::raw/a/*", "b"]}
    other = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["c"]}
    assert lessened({"Statement": [both, other]}, GRANT) == [
        {**both, "Action": ["s3:PutObject"]},
        {**both, "Action": ["s3:GetObject"], "Resource": ["b"]},
        other,
    ]
    assert lessened({"Statement": [{**other, "Resource": "arn:aws:s3:::raw/a/*"}]}, GRANT) == []
