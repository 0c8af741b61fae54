"""The machines as they are deployed are the ones in ``tests/definitions``, which the engine's tests run too."""

from __future__ import annotations

import json

import pytest

from tests.infra.recording import ROOT, STACKS, built_stack, schema
from usecases import hello
from usecases.registry import HELLO, USE_CASES

DEFINITIONS = ROOT / "tests" / "definitions"


def golden(name: str) -> dict:
    definition: dict = json.loads((DEFINITIONS / f"{name}.json").read_text())
    return definition


def test_hello_renders_the_whole_machine():
    machine = hello.definition(
        input_bucket_arn="arn:aws:s3:::hello-input",
        results_bucket_arn="arn:aws:s3:::hello-results",
        knobs={knob.name: schema()[f"hello_{knob.name}"]["default"] for knob in HELLO.parameters},
    )
    assert json.loads(machine.definition()) == golden("hello")


def test_every_use_case_has_a_golden_definition_and_nothing_else_does():
    assert {path.stem for path in DEFINITIONS.glob("*.json")} == set(USE_CASES)


@pytest.mark.parametrize("name", USE_CASES)
def test_every_stack_deploys_the_golden_machine(name: str):
    """The same machine but for the physical names of buckets and the defaults of knobs."""
    expected = golden(name)
    knobs = json.dumps(expected["States"]["Defaults"].pop("Parameters"))
    for stack in STACKS:
        built = built_stack(stack)
        machine = built.one(":StateMachine", f"{name}-machine").json("definition")
        own_knobs = json.dumps(machine["States"]["Defaults"].pop("Parameters"))
        assert own_knobs.count(":") == knobs.count(":"), "the same knobs, whatever their values"
        text = json.dumps(machine, sort_keys=True)
        for role in ("input", "results"):
            text = text.replace(f"{name}-{role}-bucket-1a2b3c4", f"{name}-{role}")
        assert json.loads(text) == expected, f"{stack} differs from the others by more than values"
