"""The machines as they are deployed are the ones in ``tests/definitions``, which the engine's tests run too."""

from __future__ import annotations

import json
import re

import pytest

from tests.infra.recording import ROOT, STACKS, built_stack, schema
from usecases import claims, hello, noaa, ssn_scan
from usecases.registry import CLAIMS, HELLO, NOAA, SSN_SCAN, USE_CASES, UseCase

DEFINITIONS = ROOT / "tests" / "definitions"
BESIDES = {"ssn_scan_object": "ssn-scan-object"}  # further machines of a use case, by golden definition


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


def test_claims_renders_the_whole_machine():
    machine = claims.definition(
        input_bucket_arn="arn:aws:s3:::claims-input",
        results_bucket_arn="arn:aws:s3:::claims-results",
        load_function_arn="arn:aws:lambda:us-east-1:123456789012:function:claims-load",
        rules_function_arn="arn:aws:lambda:us-east-1:123456789012:function:claims-rules",
        knobs=default_knobs(CLAIMS),
    )
    assert json.loads(machine.definition()) == golden("claims")


def test_the_two_maps_of_claims_differ_by_the_kind_of_children_alone():
    states = golden("claims")["States"]
    express = json.dumps(states["ClaimsExpress"], sort_keys=True)
    assert '"ExecutionType": "EXPRESS"' in express
    alike = express.replace("ClaimsExpress", "Claims").replace("EXPRESS", "STANDARD")
    assert alike == json.dumps(states["Claims"], sort_keys=True)


SCAN_TOLD = {
    "object_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:ssn-scan-single",
    "findings_queue_arn": "arn:aws:sqs:us-east-1:123456789012:ssn-scan-findings-queue",
    "findings_queue_url": "https://sqs/ssn-scan-findings-queue",
}


def test_ssn_scan_renders_the_whole_machine():
    machine = ssn_scan.definition(
        input_bucket_arn="arn:aws:s3:::ssn-scan-input",
        results_bucket_arn="arn:aws:s3:::ssn-scan-results",
        batch_function_arn="arn:aws:lambda:us-east-1:123456789012:function:ssn-scan-batch",
        knobs=default_knobs(SSN_SCAN),
        **SCAN_TOLD,
    )
    assert json.loads(machine.definition()) == golden("ssn_scan")


def test_an_object_that_arrives_and_one_that_is_listed_go_through_the_same_states():
    machine = json.loads(ssn_scan.object_definition(**SCAN_TOLD).definition())
    assert machine == golden("ssn_scan_object")
    listed = json.dumps(golden("ssn_scan")["States"]["Objects"]["ItemProcessor"]["States"], sort_keys=True)
    arrived = json.dumps(machine["States"], sort_keys=True)
    # The selector gives a listed object its event, and the execution that its finding is to name.
    assert listed.replace("Listed", "Object").replace('"$.execution"', '"$$.Execution.Id"') == arrived


def test_every_use_case_has_a_golden_definition_and_nothing_else_does():
    assert {path.stem for path in DEFINITIONS.glob("*.json")} == {*USE_CASES, *BESIDES}


@pytest.mark.parametrize("name", USE_CASES)
def test_every_stack_deploys_the_golden_machine(name: str):
    """The same machine but for physical names and the defaults of knobs."""
    expected = golden(name)
    knobs = json.dumps(expected["States"]["Defaults"].pop("Parameters"))
    for stack in STACKS:
        built = built_stack(stack)
        prefix = name.replace("_", "-")
        machine = built.one(":StateMachine", f"{prefix}-machine").json("definition")
        own_knobs = json.dumps(machine["States"]["Defaults"].pop("Parameters"))
        assert own_knobs.count(":") == knobs.count(":"), "the same knobs, whatever their values"
        assert without_names(machine, prefix) == expected, f"{stack} differs from the others by more than values"


@pytest.mark.parametrize("name", BESIDES)
def test_every_stack_deploys_the_further_golden_machines(name: str):
    for stack in STACKS:
        machine = built_stack(stack).one(":StateMachine", f"{BESIDES[name]}-machine").json("definition")
        assert without_names(machine, "ssn-scan") == golden(name)


def without_names(machine: dict, prefix: str) -> dict:
    """The machine with what physical names add left out."""
    text = json.dumps(machine, sort_keys=True)
    text = re.sub(rf"({prefix}-[\w-]+?)-(?:bucket|function)-1a2b3c4", r"\1", text)
    named: dict = json.loads(re.sub(rf"({prefix}-[\w-]+?)-1a2b3c4", r"\1", text))
    return named
