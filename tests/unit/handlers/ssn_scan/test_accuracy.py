"""The guide says how well identifiers find numbers, as it is measured."""

from __future__ import annotations

from pathlib import Path

from tests.unit.handlers.ssn_scan.accuracy import rows, table

GUIDE = Path(__file__).parents[4] / "docs" / "use-cases" / "ssn_scan.md"


def test_the_guide_holds_the_table_as_it_is_measured() -> None:
    assert table() in GUIDE.read_text(), "print it with `python -m tests.unit.handlers.ssn_scan.accuracy`"


def test_the_marker_is_never_wrong_and_missed_in_utf_16_alone() -> None:
    token = [row for row in rows() if row.identifier == "ssn" and not row.texts.startswith("**")]
    assert not any(row.wrong for row in token)
    assert [row.texts for row in token if row.found < row.planted] == ["in UTF-16"]


def test_a_number_on_its_own_is_wrong_where_only_its_meaning_tells() -> None:
    plain = [row for row in rows() if row.identifier == "ssn_plain" and not row.texts.startswith("**")]
    assert [row.texts for row in plain if row.wrong] == ["part numbers of the same form"]
    assert [row.texts for row in plain if row.found < row.planted] == ["with blanks for hyphens", "digits alone"]
