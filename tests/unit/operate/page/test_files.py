"""Where pages may be written, told before any work is done; and writing them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from operate.cli import run_command
from operate.errors import UsageError
from operate.page import run_page
from operate.page.files import checked_page_path
from tests.unit.operate.answers import EXECUTION
from tests.unit.operate.page.runs import children, facts

NO_STACK: Any = SimpleNamespace()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is a directory: give the name of a file in it"),
        ("missing/run.html", "create it with `mkdir -p"),
        ("run.json", "does not end in .html: give run.json.html"),
    ],
)
def test_a_path_that_can_hold_no_page_is_refused_before_the_run_is_read(tmp_path, capsys, name, problem):
    with pytest.raises(UsageError, match=problem):
        checked_page_path(tmp_path / name)
    assert run_command(["report", EXECUTION, "--html", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert problem in said
    assert len(said.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_the_page_and_its_json_are_written_together_in_place_of_older_ones(tmp_path, monkeypatch):
    run = facts(children(3))
    monkeypatch.setattr(run_page, "gather", lambda *_: run)
    page = tmp_path / "run.html"
    page.write_text("older")
    beside = run_page.write(NO_STACK, run.report, page)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.html", "run.json"], "nothing else is left"
    assert page.read_text().startswith("<!doctype html>")
    assert json.loads(beside.read_text())["execution_arn"] == EXECUTION


def test_a_page_that_fails_leaves_the_older_one(tmp_path, monkeypatch):
    run = facts(children(3))
    monkeypatch.setattr(run_page, "gather", lambda *_: run)
    monkeypatch.setattr(run_page, "render", lambda _: 1 / 0)
    page = tmp_path / "run.html"
    page.write_text("older")
    with pytest.raises(ZeroDivisionError):
        run_page.write(NO_STACK, run.report, page)
    assert page.read_text() == "older"
