"""The command loads, chooses, reports, and says with its exit code whether enough cases passed."""

from __future__ import annotations

import json

import pytest

from tests.conformance import __main__ as command
from tests.conformance.cases import load
from tests.conformance.compare import Difference
from tests.conformance.run import Result


def record(identity, group="maps"):
    return {"id": f"{group}/{identity}", "group": group, "recorded": "17-03-2024, 11:09:25", "calls": [], "answers": {}}


@pytest.fixture
def folder(tmp_path):
    cases = [record("passes[1]"), record("passes[2]"), record("passes[3]"), record("fails"), record("passes", "api")]
    (tmp_path / "maps.json").write_text(json.dumps(cases[:4]))
    (tmp_path / "api.json").write_text(json.dumps(cases[4:]))
    return tmp_path


@pytest.fixture(autouse=True)
def verdicts(monkeypatch):
    """Judges by the case's name, in place of a server."""

    def judged(cases):
        return [
            Result(
                case=case,
                verdict="failed" if "fails" in case.id else "passed",
                differences=(Difference(path="$.events[1].id", expected=2, got=3),) if "fails" in case.id else (),
                reason=None,
                seconds=0.1,
            )
            for case in cases
        ]

    monkeypatch.setattr(command, "run", judged)


def test_recorded_days_sort(folder):
    assert {case.recorded for case in load(folder)} == {"2024-03-17"}


def test_exit_code_is_0_when_the_share_is_reached(folder):
    assert command.main([str(folder), "--at-least", "0.8"]) == 0


def test_exit_code_is_1_when_the_share_is_missed(folder):
    assert command.main([str(folder), "--at-least", "0.81"]) == 1


def test_by_default_97_percent_must_pass(folder):
    assert command.main([str(folder)]) == 1
    assert command.main([str(folder), "--case", "passes"]) == 0


def test_cases_are_chosen_by_group_and_part_of_their_id(folder, capsys):
    command.main([str(folder), "--group", "maps", "--case", "passes", "--json", str(folder / "out")])
    shown = json.loads((folder / "out").read_text())
    assert [case["id"] for case in shown["cases"]] == ["maps/passes[1]", "maps/passes[2]", "maps/passes[3]"]


def test_differences_are_shown_when_asked_for(folder, capsys):
    command.main([str(folder)])
    assert "$.events[1].id" not in capsys.readouterr().out
    command.main([str(folder), "--verbose"])
    assert "$.events[1].id" in capsys.readouterr().out


def test_a_folder_without_cases_is_told(tmp_path, capsys):
    assert command.main([str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_a_choice_of_nothing_is_told(folder, capsys):
    assert command.main([str(folder), "--group", "none"]) == 2
    assert "api, maps" in capsys.readouterr().err
