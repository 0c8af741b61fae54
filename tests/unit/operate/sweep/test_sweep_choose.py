"""The choice: the front is what no other beats, and each constraint leads to its own point or says what is short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.sweep.choose import Constraints, front, recommend
from tests.unit.operate.sweep.making import estimate

figures = st.integers(min_value=1, max_value=6).map(float)
estimates = st.lists(
    st.builds(
        lambda seconds, usd, allowed: estimate(seconds, usd, type_="EXPRESS", allowed=allowed),
        figures,
        figures,
        st.booleans(),
    ),
    max_size=12,
)


def beaten(index, among):
    """By the definition: no worse in both, better in one."""
    one = among[index]
    return any(
        other.express.allowed
        and other.aws_seconds <= one.aws_seconds
        and other.aws_usd <= one.aws_usd
        and (other.aws_seconds, other.aws_usd) != (one.aws_seconds, one.aws_usd)
        for other in among
    )


@given(estimates)
def test_the_front_is_what_no_other_beats(among):
    expected = [index for index, one in enumerate(among) if one.express.allowed and not beaten(index, among)]
    assert list(front(among)) == expected


FAST = estimate(10.0, 5.0, batch=1, concurrency=1_000)
MIDDLE = estimate(20.0, 1.0, batch=100, concurrency=200)
SLOW = estimate(90.0, 0.5, batch=500, concurrency=2)
WASTEFUL = estimate(95.0, 6.0, batch=2, concurrency=3)
ALL = (WASTEFUL, FAST, SLOW, MIDDLE)


@pytest.mark.parametrize(
    ("constraints", "chosen"),
    [
        (Constraints(), MIDDLE),
        (Constraints(max_seconds=15), FAST),
        (Constraints(max_seconds=20), MIDDLE),
        (Constraints(max_seconds=1_000), SLOW),
        (Constraints(max_usd=5), FAST),
        (Constraints(max_usd=4.99), MIDDLE),
        (Constraints(max_usd=0.5), SLOW),
        (Constraints(max_seconds=30, max_usd=5), MIDDLE),
        (Constraints(downstream_limit=10), MIDDLE),  # batch 100 of 1,000 items: ten children
        (Constraints(downstream_limit=9), SLOW),
        (Constraints(account_concurrency=2), SLOW),
        (Constraints(account_concurrency=3, max_usd=7, max_seconds=95), SLOW),
    ],
)
def test_each_constraint_leads_to_its_point(constraints, chosen):
    found = recommend(ALL, constraints, noun="object")
    assert found.index is not None
    assert ALL[found.index] is chosen
    assert recommend(ALL[::-1], constraints, noun="object").index == len(ALL) - 1 - found.index, "order does not count"


def test_the_sentence_names_point_seconds_dollars_and_the_next_cheaper():
    found = recommend(ALL, Constraints(max_seconds=30), noun="object")
    assert found.sentence == (
        "batch 100, concurrency 200, STANDARD, 1,769 MB: 20.0 s, $1.00 for 1,000 objects;"
        " the next cheaper ($0.5000) takes 4.5x the time"
    )
    assert found.constraint == "30.0 s at most"


def test_the_cheapest_point_is_compared_with_the_next_faster():
    found = recommend(ALL, Constraints(max_usd=0.9), noun="object")
    assert found.sentence.endswith("; nothing is clearly cheaper, the next faster (20.0 s) costs 2.0x")


def test_a_single_point_has_no_alternative():
    assert recommend([SLOW], Constraints(), noun="object").sentence.endswith("; nothing is clearly faster or cheaper")


@pytest.mark.parametrize(
    ("constraints", "constraint", "said"),
    [
        (Constraints(max_seconds=4), "4.0 s at most", "the fastest takes 10.0 s, 6.0 s more than 4.0 s (batch 1,"),
        (
            Constraints(max_usd=0.2),
            "$0.2000 at most",
            "costs $0.5000, $0.3000 more than $0.2000 (batch 500,",
        ),
        (
            Constraints(max_seconds=15, max_usd=2),
            "$2.00 at most",
            "the cheapest costs $5.00, $3.00 more than $2.00, of the 1 (of 4) points that keep the other limits",
        ),
        (
            Constraints(downstream_limit=1),
            "downstream limit 1",
            "at once are 2 children, downstream limit 1 is exceeded by 1",
        ),
        (
            Constraints(account_concurrency=5, max_seconds=50),
            "50.0 s at most",
            "the fastest takes 1 min 30 s, 40.0 s more than 50.0 s, of the 2 (of 4) points that keep the other limits",
        ),
    ],
)
def test_when_nothing_fits_it_says_which_constraint_fails_and_by_how_much(constraints, constraint, said):
    found = recommend(ALL, constraints, noun="object")
    assert found.index is None
    assert found.constraint == constraint
    assert said in found.sentence


def test_express_children_near_their_limit_are_never_recommended():
    risky = estimate(1.0, 0.1, type_="EXPRESS", longest=280.0, allowed=False)
    assert recommend([risky, MIDDLE], Constraints(), noun="object").index == 1
    assert front([risky, MIDDLE]) == (1,)
    found = recommend([risky], Constraints(), noun="object")
    assert found.index is None
    assert "too near to their limit of 5 min" in found.sentence


def test_standard_children_may_take_as_long_as_they_need():
    long = estimate(1_000.0, 0.1, type_="STANDARD", longest=900.0, allowed=False)
    assert recommend([long], Constraints(), noun="object").index == 0


def test_of_points_that_are_as_good_the_one_with_fewer_children_at_once_is_recommended():
    wide, narrow = (estimate(s, 1.0, batch=1, concurrency=concurrency) for s, concurrency in ((5.0, 0), (5.04, 50)))
    for constraints in (Constraints(), Constraints(max_seconds=9), Constraints(max_usd=9)):
        assert recommend([wide, narrow], constraints, noun="object").index == 1


def test_a_small_difference_is_said_so_that_it_is_seen():
    dear = estimate(19.0, 1.03, batch=1, concurrency=1_000)
    found = recommend([MIDDLE, dear], Constraints(max_usd=1.01), noun="object")
    assert found.sentence.endswith("; nothing is clearly cheaper, the next faster (19.0 s) costs 1.03x")
