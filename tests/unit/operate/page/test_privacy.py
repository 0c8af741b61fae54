"""What of the data pages may show."""

from __future__ import annotations

import pytest

from operate.page.privacy import EXCERPT_CHARS, excerpt, masked, masked_json


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ssn=123-45-6789", "ssn=***-**-6789"),
        ("123-45-6789,987-65-4321", "***-**-6789,***-**-4321"),
        ("x123-45-6789y", "x***-**-6789y"),
        ("1123-45-6789", "1123-45-6789"),
        ("123-45-67890", "123-45-67890"),
        ("2026-01-02", "2026-01-02"),
    ],
)
def test_numbers_of_the_form_of_an_ssn_keep_their_last_four_digits_only(given, shown):
    assert masked(given) == shown


def test_an_ssn_on_the_edge_of_an_excerpt_is_masked_first():
    given = "x" * (EXCERPT_CHARS - 6) + "123-45-6789 and on"
    assert "123" not in excerpt(given), "cutting first would leave 123-45, which no pattern finds"


def test_an_excerpt_says_how_much_is_left_out():
    assert excerpt("a" * (EXCERPT_CHARS + 1_500)).endswith("… (1,500 more characters)")
    assert excerpt("a" * EXCERPT_CHARS) == "a" * EXCERPT_CHARS


def test_json_is_masked_in_values_and_names_at_any_depth():
    given = {"123-45-6789": [{"a": "123-45-6789"}, ("123-45-6789",)], "n": 1, "none": None}
    assert masked_json(given) == {"***-**-6789": [{"a": "***-**-6789"}, ["***-**-6789"]], "n": 1, "none": None}
