"""Numbers are said so that people can compare them."""

from __future__ import annotations

import pytest

from operate import text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.004, "0.00 s"),
        (0.42, "0.42 s"),
        (7.24, "7.2 s"),
        (65, "1 min 05 s"),
        (3_599, "59 min 59 s"),
        (7_380, "2 h 03 min"),
    ],
)
def test_durations(value, said):
    assert text.seconds(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "$0"),
        (0.0000004, "<$0.0001"),
        (0.0001, "$0.0001"),
        (0.03237, "$0.0324"),
        (1.5, "$1.50"),
        (12_345.678, "$12,345.68"),
    ],
)
def test_prices(value, said):
    assert text.usd(value) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 files"), (1, "1 file"), (1_293, "1,293 files")])
def test_counts_agree_with_their_noun(number, said):
    assert text.counted(number, "file") == said


@pytest.mark.parametrize(("value", "said"), [(1_293, "1,293"), (1_293.0, "1,293"), (8.08125, "8.081")])
def test_quantities(value, said):
    assert text.quantity(value) == said
