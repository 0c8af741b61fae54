"""Changed definitions and inputs never crash or hang the engine: they are refused, or the execution ends."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from local.stepfunctions.definition.parse import InvalidDefinition, parse_definition
from local.stepfunctions.integrations.aws import AwsError
from tests.engine.memory import MemorySession, Ran, run
from tests.engine.seeds import CSV, INPUT, seeds

SECONDS = 10.0
"""Far more than any example takes: what is not over by then hangs."""

STOP_AFTER = 0.25
"""An execution that waits by then (a changed Wait or Retry may) is stopped."""

SEEDS = seeds()
ENDED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


def _nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


names = st.sampled_from(sorted({key for seed in SEEDS for key in orjson.dumps(seed).decode().split('"')[1::2]}))
"""Texts and fields of the definitions, to be put where they do not belong."""

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63), 1e308, -1e-308, 0.1, 10**15]),
    st.sampled_from(
        ["", "$", "$$", "$.", "$..*", "$[", "$[*]", "$[?(@.a>", "$[-1:]", "$.a[?(@.b=~/(a+)+$/)]", "$states"]
    ),
    st.sampled_from(
        ["{%", "{% %}", "{% $ %}", "{% [1..1000000] %}", "{% $x() %}", "{% ($f:=function(){$f()};$f()) %}"]
    ),
    st.sampled_from(
        ["States.Format('{}')", "States.ArrayRange(0,1,0)", "States.Nothing(", "States.UUID()", "States.ALL"]
    ),
    st.sampled_from(
        [
            "{% $pad('', 9999999999) %}",
            '{% "\\ud800" %}',
            "{% 1/0 %}",
            "{% $parseInteger %}",
            "{% $match('a'",
            "\u2028\U0001f600",
        ]
    ),
    st.text(max_size=8),
    names,
    st.builds(_nested, st.sampled_from([10, 200, 300, 900])),
    st.just([]),
    st.just({}),
    st.dictionaries(names, st.integers() | names, max_size=3),
    st.lists(names, max_size=3),
)

change = st.tuples(
    st.sampled_from(["put", "drop", "rename", "copy"]), st.integers(0, 2**16), st.integers(0, 2**16), odd
)
changes = st.lists(change, min_size=1, max_size=3)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | names,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document, from the outside in."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        container = waiting.pop(0)
        for key in list(container) if isinstance(container, dict) else range(len(container)):
            found.append((container, key))
            if isinstance(container[key], dict | list):
                waiting.append(container[key])
    return found


def changed(document: dict[str, Any], steps: list[tuple[str, int, int, Any]]) -> dict[str, Any]:
    """A copy with each step done at some place."""
    document = copy.deepcopy(document)
    for kind, at, other, value in steps:
        found = places(document)
        if not found:
            break
        container, key = found[at % len(found)]
        source, source_key = found[other % len(found)]
        if kind == "put":
            container[key] = value
        elif kind == "copy":
            container[key] = copy.deepcopy(source[source_key])
        elif kind == "drop":
            del container[key]
        elif isinstance(container, dict) and isinstance(value, str):
            container[value] = container.pop(key)
    return document


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what hangs, also what never gives way to the event loop."""

    def stop(_number: int, _frame: Any) -> None:
        raise AssertionError(f"it was not over within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Refusing:
    """A service that refuses every call."""

    async def call(self, operation: str, _parameters: Any, **_more: Any) -> Any:
        raise AwsError(service_id="Any", operation=operation, code="Refused", message="no", status=400, body={})


def ran(definition: dict[str, Any], value: Any) -> Ran | None:
    """The execution, which has ended; None when the definition is refused."""

    def prepare(session: MemorySession) -> None:
        session.s3.objects["in", "rows.csv"] = CSV
        known = session.client
        session.client = lambda service, credentials=None: (  # type: ignore[method-assign]  # others refuse
            known(service) if service in {"s3", "iam"} else Refusing()
        )

    async def during(_engine: Any, execution: Any) -> None:
        done, _running = await asyncio.wait([execution.task], timeout=STOP_AFTER)
        if not done:
            execution.stop(None, None)

    with within(SECONDS), tempfile.TemporaryDirectory() as folder:
        try:
            return run(definition, value, data_dir=Path(folder), prepare=prepare, during=during)
        except InvalidDefinition:
            return None


def check(definition: dict[str, Any], value: Any) -> None:
    found = ran(definition, value)
    if found is None:
        return
    execution = found.execution
    assert execution.status in ENDED
    assert "The engine failed" not in (execution.cause or ""), execution.cause
    orjson.dumps(found.events)
    orjson.dumps(execution.describe())


quick = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.aws("documented")
@pytest.mark.parametrize("definition", SEEDS[:2], ids=["paths", "expressions"])
def test_the_seeds_themselves_succeed(definition: dict[str, Any]) -> None:
    found = ran(definition, INPUT)
    assert found is not None
    assert found.execution.status == "SUCCEEDED", found.execution.cause


def without_field(definition: dict[str, Any], state: str, field: str) -> dict[str, Any]:
    state_fields = {name: value for name, value in definition["States"][state].items() if name != field}
    return {**definition, "States": {**definition["States"], state: state_fields}}


def with_field(definition: dict[str, Any], state: str, **fields: Any) -> dict[str, Any]:
    return {**definition, "States": {**definition["States"], state: {**definition["States"][state], **fields}}}


PATHS, EXPRESSIONS = SEEDS[:2]
_WRITER = PATHS["States"]["Wide"]["ResultWriter"]


@pytest.mark.parametrize(
    "definition",
    [
        without_field(PATHS, "Wide", "Type"),
        with_field(PATHS, "Pause", Type={"a": 1}),
        with_field(PATHS, "Wide", Label={"a": 1}, ToleratedFailurePercentage=float("1e308")),
        {**PATHS, "States": {**PATHS["States"], "\u2028": {"Type": "Succeed"}}},
        {**PATHS, "StartAt": None},
        {**PATHS, "States": []},
    ],
    ids=range(6),
)
def test_broken_states_are_refused(definition: dict[str, Any]) -> None:
    assert ran(definition, INPUT) is None


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        (with_field(PATHS, "Wide", ResultWriter={**_WRITER, "Parameters": None}), INPUT),
        (PATHS, {**INPUT, "zero": None}),
        (PATHS, {key: value for key, value in INPUT.items() if key != "zero"}),
        (PATHS, {**INPUT, "key": {"Bucket": 1}}),
        (PATHS, {**INPUT, "a": _nested(900)}),
        (EXPRESSIONS, {**INPUT, "rows": [{"n": 1, "name": _nested(300)}]}),
        (EXPRESSIONS, {**INPUT, "key": _nested(300)}),
        (with_field(EXPRESSIONS, "Make", Output='{% "\\ud800" %}'), INPUT),
    ],
    ids=range(8),
)
def test_data_that_does_not_fit_fails_the_execution(definition: dict[str, Any], value: Any) -> None:
    check(definition, value)


@quick
@given(st.sampled_from(SEEDS), changes)
def test_a_changed_definition_is_refused_or_its_execution_ends(seed: dict[str, Any], steps: Any) -> None:
    check(changed(seed, steps), INPUT)


@quick
@given(st.sampled_from(SEEDS[:2]), changes)
def test_an_execution_ends_whatever_its_input(seed: dict[str, Any], steps: Any) -> None:
    check(seed, changed(INPUT, steps))


@quick
@given(st.text() | st.binary() | json_values.map(orjson.dumps))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"StartAt":"A","States":' + b'{"A":' * 900 + b"1" + b"}" * 901)
@example('{"StartAt": "\\ud800"}')
@example(b"\xff\xfe")
@example(b"1" * 10_000)
def test_any_text_is_parsed_or_refused(text: str | bytes) -> None:
    with within(SECONDS), contextlib.suppress(InvalidDefinition):
        parse_definition(text)
