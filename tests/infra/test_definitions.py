"""The machines as they are deployed are the ones in ``tests/definitions``, which the engine's tests run too."""

from __future__ import annotations

import json
import re

import pytest

from tests.infra.recording import ROOT, STACKS, built_stack, schema
from usecases import hello, noaa
from usecases.registry import HELLO, NOAA, USE_CASES, UseCase

DEFINITIONS = ROOT / "tests" / "definitions"


def golden(name: str) -> dict:
    definition: dict = json.loads((DEFINITIONS / f"{name}.json").read_text())
    return definition


def default_knobs(use_case: UseCase) -> dict:
    return {knob.name: schema()[f"{use_case.name}_{knob.name}"]["default"] for knob in use_case.parameters}


def test_hello_renders_the_whole_machine():
    machine = hello.definition(
        input_bucket_arn="arn:aws:s3:::hello-input",
        results_bucket_arn="arn:aws:s3:::hello-results",
        knobs=default_knobs(HELLO),
    )
    assert json.loads(machine.definition()) == golden("hello")


def noaa_machine(*, write_results: bool) -> dict:
    machine = noaa.definition(
        input_bucket_arn="arn:aws:s3:::noaa-input",
        results_bucket_arn="arn:aws:s3:::noaa-results",
        stations_function_arn="arn:aws:lambda:us-east-1:123456789012:function:noaa-stations",
        knobs=default_knobs(NOAA),
        write_results=write_results,
    )
    rendered: dict = json.loads(machine.definition())
    return rendered


def test_noaa_renders_the_whole_machine():
    assert noaa_machine(write_results=True) == golden("noaa")


def test_without_result_files_a_child_tells_how_many_failed_and_nothing_more():
    expected = golden("noaa")
    for name in ("Listing", "ListingExpress", "Inventory", "InventoryExpress"):
        del expected["States"][name]["ResultWriter"]
        task = expected["States"][name]["ItemProcessor"]["States"][f"Stations{name}"]
        del task["OutputPath"]
        task["ResultSelector"] = {"failed.$": "States.ArrayLength($.Payload.failed)"}
    assert noaa_machine(write_results=False) == expected


def test_the_four_maps_of_noaa_differ_by_reader_and_kind_of_children_alone():
    states = golden("noaa")["States"]
    maps = {name: state for name, state in states.items() if state["Type"] == "Map"}
    assert {
        name: (
            state["ItemReader"]["Resource"].rpartition(":")[2],
            state["ItemProcessor"]["ProcessorConfig"]["ExecutionType"],
        )
        for name, state in maps.items()
    } == {
        "Listing": ("listObjectsV2", "STANDARD"),
        "ListingExpress": ("listObjectsV2", "EXPRESS"),
        "Inventory": ("getObject", "STANDARD"),
        "InventoryExpress": ("getObject", "EXPRESS"),
    }
    alike = set()
    for name, state in maps.items():
        assert state["Label"] == name
        text = json.dumps({key: value for key, value in state.items() if key != "ItemReader"}, sort_keys=True)
        alike.add(text.replace(name, "Map").replace("EXPRESS", "STANDARD"))
    assert len(alike) == 1


def test_every_use_case_has_a_golden_definition_and_nothing_else_does():
    assert {path.stem for path in DEFINITIONS.glob("*.json")} == set(USE_CASES)


@pytest.mark.parametrize("name", USE_CASES)
def test_every_stack_deploys_the_golden_machine(name: str):
    """The same machine but for physical names and the defaults of knobs."""
    expected = golden(name)
    knobs = json.dumps(expected["States"]["Defaults"].pop("Parameters"))
    for stack in STACKS:
        built = built_stack(stack)
        machine = built.one(":StateMachine", f"{name}-machine").json("definition")
        own_knobs = json.dumps(machine["States"]["Defaults"].pop("Parameters"))
        assert own_knobs.count(":") == knobs.count(":"), "the same knobs, whatever their values"
        text = json.dumps(machine, sort_keys=True)
        text = re.sub(rf"({name}-\w+)-(?:bucket|function)-1a2b3c4", r"\1", text)
        assert json.loads(text) == expected, f"{stack} differs from the others by more than values"
