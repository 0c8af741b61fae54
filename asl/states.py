"""States that need no service: Pass, Wait, Succeed and Fail, and what every state has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar

from asl.limits import MAX_NAME_CHARACTERS, MAX_SECONDS
from asl.retry import Catcher, Retrier, error_order_problems
from asl.values import (
    DISCARD,
    Asl,
    Discard,
    IntField,
    Intrinsic,
    Jsonata,
    Path,
    QueryLanguage,
    Template,
    TextField,
    field,
    language_problems,
    range_problems,
    render,
    template_problems,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asl.flow import Flow
    from asl.iam import Statement

JSONPATH_ONLY = ("input_path", "output_path", "result_path", "result_selector", "parameters", "result")
JSONATA_ONLY = ("output",)


@dataclass(frozen=True)
class State(ABC):
    """One state of a flow, known by its name."""

    TYPE: ClassVar[str]
    STANDARD_ONLY: ClassVar[str | None] = None

    name: str
    _: KW_ONLY
    comment: str | None = None
    query_language: QueryLanguage | None = None

    @abstractmethod
    def _body(self, machine: QueryLanguage) -> Asl: ...

    def language(self, machine: QueryLanguage) -> QueryLanguage:
        """The query language of this state in a machine whose own is ``machine``."""
        return machine if self.query_language is None else self.query_language

    def to_asl(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        state: Asl = {"Type": self.TYPE}
        if self.comment is not None:
            state["Comment"] = self.comment
        if self.language(machine) is not machine:
            state["QueryLanguage"] = self.language(machine).value
        return state | self._body(machine)

    def statements(self) -> list[Statement]:
        return [statement for flow in self.flows() for statement in flow.statements()]

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = []
        if not 0 < len(self.name) <= MAX_NAME_CHARACTERS:
            problems.append(f"a state's name has 1 to {MAX_NAME_CHARACTERS} characters, got {len(self.name)}")
        if machine is QueryLanguage.JSONATA and self.language(machine) is QueryLanguage.JSONPATH:
            problems.append("a machine in JSONata has no JSONPath states")
        foreign = JSONPATH_ONLY if self.language(machine) is QueryLanguage.JSONATA else JSONATA_ONLY
        problems += [
            f"{name} does not exist in {self.language(machine)}"
            for name in foreign
            if getattr(self, name, None) is not None
        ]
        return problems + [problem for flow in self.flows() for problem in flow.problems(machine)]

    def standard_only(self) -> str | None:
        """Why this state cannot run in an EXPRESS workflow, or None if it can."""
        return self.STANDARD_ONLY

    def targets(self) -> tuple[str, ...]:
        """The names of the states that may follow."""
        return ()

    def flows(self) -> tuple[Flow, ...]:
        """The flows that this state contains: branches, or the processor of a map."""
        return ()

    def walk(self) -> Iterator[State]:
        """This state and every state inside it."""
        yield self
        for flow in self.flows():
            yield from flow.walk()


@dataclass(frozen=True)
class FlowingState(State):
    """A state that leads to ``next``, else to the state after it; the last one, or one with ``end``, ends."""

    _: KW_ONLY
    next: str | None = None
    end: bool = False
    input_path: Path | None = None
    output_path: Path | None = None
    output: Template | None = None
    assign: Mapping[str, Template] | None = None

    def to_asl(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        state = super().to_asl(machine)
        if self.input_path is not None:
            state["InputPath"] = self.input_path.text
        if self.output_path is not None:
            state["OutputPath"] = self.output_path.text
        if self.output is not None:
            state["Output"] = render(self.output, self.language(machine))
        if self.assign is not None:
            state["Assign"] = render(self.assign, self.language(machine))
        return state | ({"Next": self.next} if self.next is not None else {"End": True})

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        language = self.language(machine)
        problems = super().problems(machine)
        if self.next is not None and self.end:
            problems.append(f"next ({self.next!r}) and end exclude each other")
        problems += template_problems(self.output, language, "output")
        return problems + template_problems(self.assign, language, "assign")

    def targets(self) -> tuple[str, ...]:
        return () if self.next is None else (self.next,)


@dataclass(frozen=True)
class WorkingState(FlowingState):
    """A state that produces a result and may fail: Task, Parallel, Map."""

    _: KW_ONLY
    result_selector: Mapping[str, Template] | None = None
    result_path: Path | Discard | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    def to_asl(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        state = super().to_asl(machine)
        language = self.language(machine)
        if self.result_selector is not None:
            state["ResultSelector"] = render(self.result_selector, language)
        state |= result_path_field(self.result_path)
        if self.retry:
            state["Retry"] = [retrier.to_asl() for retrier in self.retry]
        if self.catch:
            state["Catch"] = [catcher.to_asl(language) for catcher in self.catch]
        return state

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        language = self.language(machine)
        return [
            *super().problems(machine),
            *template_problems(self.result_selector, language, "result_selector"),
            *error_order_problems(self.retry, "retry"),
            *error_order_problems(self.catch, "catch"),
            *(f"retry[{index}]: {text}" for index, one in enumerate(self.retry) for text in one.problems()),
            *(f"catch[{index}]: {text}" for index, one in enumerate(self.catch) for text in one.problems(language)),
        ]

    def targets(self) -> tuple[str, ...]:
        return (*super().targets(), *(catcher.next for catcher in self.catch))


@dataclass(frozen=True)
class Pass(FlowingState):
    """Shapes data: ``parameters`` from the input, or a constant ``result`` (JSONata: ``output``)."""

    TYPE = "Pass"

    _: KW_ONLY
    parameters: Mapping[str, Template] | None = None
    result: Template | None = None
    result_path: Path | Discard | None = None

    def _body(self, machine: QueryLanguage) -> Asl:
        body: Asl = {}
        if self.parameters is not None:
            body["Parameters"] = render(self.parameters, self.language(machine))
        if self.result is not None:
            body["Result"] = self.result
        return body | result_path_field(self.result_path)

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = super().problems(machine)
        if self.parameters is not None and self.result is not None:
            problems.append("parameters and result exclude each other")
        return problems + template_problems(self.parameters, self.language(machine), "parameters")


@dataclass(frozen=True)
class Wait(FlowingState):
    """Waits for ``seconds`` or until the time ``until`` (ISO 8601)."""

    TYPE = "Wait"

    _: KW_ONLY
    seconds: IntField | None = None
    until: TextField | None = None

    def _body(self, _machine: QueryLanguage) -> Asl:
        return field("Seconds", self.seconds) | field("Timestamp", self.until)

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        language = self.language(machine)
        problems = super().problems(machine)
        if (self.seconds is None) == (self.until is None):
            problems.append("a Wait has either seconds or until")
        problems += range_problems(self.seconds, "seconds", 0, MAX_SECONDS, language)
        return problems + language_problems(self.until, language, "until")


@dataclass(frozen=True)
class Succeed(State):
    """Ends the flow with success."""

    TYPE = "Succeed"

    _: KW_ONLY
    output: Template | None = None

    def _body(self, machine: QueryLanguage) -> Asl:
        return {} if self.output is None else {"Output": render(self.output, self.language(machine))}

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        return [*super().problems(machine), *template_problems(self.output, self.language(machine), "output")]


@dataclass(frozen=True)
class Fail(State):
    """Ends the flow with an error, named for those who catch it and explained for those who read it."""

    TYPE = "Fail"

    _: KW_ONLY
    error: str | Path | Intrinsic | Jsonata | None = None
    cause: str | Path | Intrinsic | Jsonata | None = None

    def _body(self, _machine: QueryLanguage) -> Asl:
        return self._field("Error", self.error) | self._field("Cause", self.cause)

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        language = self.language(machine)
        return [
            *super().problems(machine),
            *language_problems(self.error, language, "error"),
            *language_problems(self.cause, language, "cause"),
        ]

    @staticmethod
    def _field(name: str, value: str | Path | Intrinsic | Jsonata | None) -> Asl:
        if isinstance(value, Intrinsic):
            return {f"{name}Path": value.text}
        return field(name, value)


def result_path_field(value: Path | Discard | None) -> Asl:
    """``ResultPath``: a place in the input for the result, or null to throw it away."""
    if value is None:
        return {}
    return {"ResultPath": None if value is DISCARD else value.text}
