"""The checked tree of a definition: every expression compiled, every field of the right type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from local.stepfunctions.language import QueryLanguage
from local.stepfunctions.scope import Json, Scope

if TYPE_CHECKING:
    from local.stepfunctions.integrations import Integration
    from local.stepfunctions.language.jsonpath import ReferencePath
    from local.stepfunctions.maprun.readers import ReaderSpec

Evaluate: TypeAlias = Callable[[Scope], Json]
Assign: TypeAlias = Callable[[Scope], dict[str, Json]]
Condition: TypeAlias = Callable[[Scope], bool]

ExecutionType: TypeAlias = Literal["STANDARD", "EXPRESS"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A compiled field: how to evaluate it, and what its author wrote (failures quote the text)."""

    evaluate: Evaluate
    text: str
    name: str


class Discard:
    """Marks ``InputPath``/``OutputPath``/``ResultPath`` of null: the value is not used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retrier:
    """One entry of Retry."""

    errors: tuple[str, ...]
    interval_seconds: float = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: float | None = None
    full_jitter: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Catcher:
    """One entry of Catch."""

    errors: tuple[str, ...]
    next: str
    result_path: ReferencePath | type[Discard] | None = None
    output: Evaluate | None = None
    assign: Assign | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What all states have: JSONPath fields in a JSONPath state, Output and Assign in a JSONata one.

    ``input_path``/``output_path`` None means ``$``; ``result_path`` None means ``$``.
    """

    name: str
    language: QueryLanguage
    next: str | None = None
    input_path: Evaluate | type[Discard] | None = None
    output_path: Evaluate | type[Discard] | None = None
    parameters: Evaluate | None = None
    result_selector: Evaluate | None = None
    result_path: ReferencePath | type[Discard] | None = None
    output: Evaluate | None = None
    assign: Assign | None = None
    retriers: tuple[Retrier, ...] = ()
    catchers: tuple[Catcher, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PassState(State):
    """Passes its input on, or a fixed Result."""

    result: Json = None
    has_result: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SucceedState(State):
    """Ends its workflow well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailState(State):
    """Ends its workflow with an error."""

    error: Field | None = None
    cause: Field | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitState(State):
    """Waits for seconds, or until a timestamp; exactly one of the two is given."""

    seconds: Field | None = None
    timestamp: Field | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChoiceRule:
    """A condition with the state that it leads to."""

    condition: Condition
    next: str
    output: Evaluate | None = None
    assign: Assign | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChoiceState(State):
    """Goes on at the first rule that matches, else at the default."""

    rules: tuple[ChoiceRule, ...]
    default: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskState(State):
    """Calls a service, a function or an activity; timeouts in seconds, literal or evaluated."""

    resource: str
    integration: Integration
    timeout: Field | None = None
    heartbeat: Field | None = None
    credentials: Evaluate | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """States with their start: a machine, a branch, an iteration or a child workflow."""

    start_at: str
    states: Mapping[str, State]
    immediate: bool
    """Whether a run ends soon and never waits for anything outside: only Pass, Choice, Succeed and Fail, no cycle."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParallelState(State):
    """Runs branches side by side; the result is the array of their outputs."""

    branches: tuple[Workflow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MapState(State):
    """An inline Map: a workflow for each item within the parent's own execution."""

    processor: Workflow
    items: Field | None = None
    item_selector: Evaluate | None = None
    max_concurrency: Field | None = None
    tolerated_failure_count: Field | None = None
    tolerated_failure_percentage: Field | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """A compiled ItemReader."""

    spec: ReaderSpec
    parameters: Evaluate
    max_items: Field | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Batcher:
    """A compiled ItemBatcher; at least one limit is given."""

    max_items: Field | None = None
    max_bytes: Field | None = None
    batch_input: Evaluate | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """A compiled ResultWriter; ``parameters`` None means that results are not exported to S3."""

    parameters: Evaluate | None = None
    transformation: Literal["NONE", "COMPACT", "FLATTEN"] = "NONE"
    output_type: Literal["JSON", "JSONL"] = "JSON"


@dataclass(frozen=True, kw_only=True, slots=True)
class DistributedMapState(MapState):
    """A distributed Map: each item or batch is a child execution of a Map Run."""

    execution_type: ExecutionType
    pointer: str
    """Where the state stands in the definition: names it when there is no label."""
    processor_definition: str
    """The child workflow as JSON text, without ProcessorConfig (DescribeStateMachineForExecution shows it)."""
    label: str | None = None
    reader: Reader | None = None
    batcher: Batcher | None = None
    writer: Writer | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A whole definition that passed every check."""

    workflow: Workflow
    language: QueryLanguage
    timeout_seconds: int | None = None
    comment: str | None = None
    maps: tuple[DistributedMapState, ...] = ()
