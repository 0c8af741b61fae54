"""The settings of a Map Run: from the definition, with the values of its input."""

from __future__ import annotations

import json
from pathlib import Path

from operate.page.map_settings import map_state, settings, state_input, written_to
from tests.unit.operate.answers import dumped, map_run

HELLO = json.loads((Path(__file__).parents[3] / "definitions" / "hello.json").read_text())
GIVEN = {
    "key": "reviews/reviews.csv",
    "output": "results",
    "max_concurrency": 40,
    "batch_size": 1_000,
    "tolerated_failure_percentage": 2.5,
    "max_items": 0,
}


def found(state, given, **run):
    return {each.name: (each.value, each.origin) for each in settings(state, given, map_run(**run))}


def test_paths_are_filled_in_from_the_input():
    state = HELLO["States"]["Reviews"]
    assert found(state, GIVEN, max_concurrency=40) == {
        "Child type": ("EXPRESS", "definition"),
        "Max concurrency": ("40", "input, $.max_concurrency"),
        "Items per batch": ("1,000", "input, $.batch_size"),
        "Tolerated failures, %": ("2.5", "input, $.tolerated_failure_percentage"),
        "Max items": ("all", "input, $.max_items"),
        "Items from": ("getObject CSV s3://hello-input/reviews/reviews.csv", "definition"),
    }
    assert written_to(state, GIVEN) == ("hello-results", "results")


def test_without_its_input_a_setting_is_its_path():
    state = HELLO["States"]["Reviews"]
    assert found(state, None)["Items per batch"] == ("$.batch_size", "input, $.batch_size")


def test_defaults_are_said_to_be_defaults():
    bare = {"ItemProcessor": {"ProcessorConfig": {"ExecutionType": "STANDARD"}}}
    assert found(bare, {}, max_concurrency=0) == {
        "Child type": ("STANDARD", "definition"),
        "Max concurrency": ("0, which is 10,000", "default"),
        "Items per batch": ("no batching", "default"),
        "Tolerated failures, %": ("0", "default"),
        "Max items": ("all", "default"),
        "Items from": ("the state's input", "definition"),
    }
    assert written_to(bare, {}) is None


def test_a_map_inside_another_state_is_found_by_its_label():
    inner = {"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "States": {}}, "Label": "Deep"}
    assert map_state(HELLO, "Reviews") == ("Reviews", HELLO["States"]["Reviews"])
    branches = {"States": {"Both": {"Branches": [{"States": {"Inline": {"ItemProcessor": {"States": {"M": inner}}}}}]}}}
    assert map_state(branches, "Deep") == ("M", inner)
    assert map_state(branches, "M") is None, "the label counts, not the name"


def test_the_input_is_that_of_the_last_time_the_state_was_entered():
    def entered(name, given):
        return {"type": "MapStateEntered", "stateEnteredEventDetails": {"name": name, "input": dumped(given)}}

    events = (entered("M", {"n": 1}), entered("M", {"n": 2}), entered("Other", {"n": 3}), {"type": "MapRunStarted"})
    assert state_input(events, "M") == {"n": 2}
    assert state_input((), "M") is None
