"""Choice: the first rule that holds says which state follows."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, TypeAlias

from asl.states import State
from asl.values import Asl, Jsonata, Path, QueryLanguage, Template, render, template_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

# "Choice state", Amazon States Language specification
_ORDERED = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_COMPARISONS = frozenset(
    [f"{kind}{order}" for kind in ("String", "Numeric", "Timestamp") for order in _ORDERED] + ["BooleanEquals"]
)
_TESTS = frozenset({"IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"})
OPERATORS = _COMPARISONS | _TESTS | {"StringMatches"}


@dataclass(frozen=True)
class Test:
    """One comparison, e.g. ``Test(Path("$.count"), "NumericGreaterThan", 0)``; the value may be a Path."""

    __test__ = False  # pytest would collect a class of this name

    variable: Path
    operator: str
    value: str | float | bool | Path

    def to_asl(self) -> Asl:
        if isinstance(self.value, Path):
            return {"Variable": self.variable.text, f"{self.operator}Path": self.value.text}
        return {"Variable": self.variable.text, self.operator: self.value}

    def problems(self) -> list[str]:
        if self.operator not in OPERATORS:
            return [f"{self.operator!r} is no comparison; there are {', '.join(sorted(OPERATORS))}"]
        if isinstance(self.value, Path) and self.operator not in _COMPARISONS:
            return [f"{self.operator} takes a literal, got the path {self.value.text!r}"]
        if self.operator in _TESTS and not isinstance(self.value, bool):
            return [f"{self.operator} takes True or False, got {self.value!r}"]
        return []


@dataclass(frozen=True)
class AllOf:
    """Holds if every one of ``tests`` does."""

    tests: tuple[Condition, ...]

    def to_asl(self) -> Asl:
        return {"And": [test.to_asl() for test in self.tests]}

    def problems(self) -> list[str]:
        return _combined_problems(self.tests, "AllOf")


@dataclass(frozen=True)
class AnyOf:
    """Holds if at least one of ``tests`` does."""

    tests: tuple[Condition, ...]

    def to_asl(self) -> Asl:
        return {"Or": [test.to_asl() for test in self.tests]}

    def problems(self) -> list[str]:
        return _combined_problems(self.tests, "AnyOf")


@dataclass(frozen=True)
class Not:
    """Holds if ``test`` does not."""

    test: Condition

    def to_asl(self) -> Asl:
        return {"Not": self.test.to_asl()}

    def problems(self) -> list[str]:
        return self.test.problems()


Condition: TypeAlias = Test | AllOf | AnyOf | Not


def _combined_problems(tests: tuple[Condition, ...], name: str) -> list[str]:
    if not tests:
        return [f"{name} needs at least one test"]
    return [problem for test in tests for problem in test.problems()]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """``when`` holds, go on with ``next``; in JSONata ``when`` is an expression."""

    when: Condition | Jsonata
    next: str
    assign: Mapping[str, Template] | None = None

    def to_asl(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> Asl:
        condition = {"Condition": self.when.to_asl()} if isinstance(self.when, Jsonata) else self.when.to_asl()
        assign = {} if self.assign is None else {"Assign": render(self.assign, language)}
        return condition | assign | {"Next": self.next}

    def problems(self, language: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = template_problems(self.assign, language, "assign")
        if isinstance(self.when, Jsonata):
            return problems + template_problems(self.when, language, "when")
        if language is QueryLanguage.JSONATA:
            return [*problems, "when: a JSONata rule takes a Jsonata expression"]
        return problems + self.when.problems()


@dataclass(frozen=True)
class Choice(State):
    """Goes on with the first rule that holds, else with ``default``; with neither the execution fails."""

    TYPE = "Choice"

    _: KW_ONLY
    rules: tuple[Rule, ...]
    default: str | None = None

    def _body(self, machine: QueryLanguage) -> Asl:
        body: Asl = {"Choices": [rule.to_asl(self.language(machine)) for rule in self.rules]}
        return body if self.default is None else body | {"Default": self.default}

    def problems(self, machine: QueryLanguage = QueryLanguage.JSONPATH) -> list[str]:
        problems = super().problems(machine)
        if not self.rules:
            problems.append("a Choice needs at least one rule")
        language = self.language(machine)
        return problems + [
            f"rules[{index}]: {text}" for index, rule in enumerate(self.rules) for text in rule.problems(language)
        ]

    def targets(self) -> tuple[str, ...]:
        default = () if self.default is None else (self.default,)
        return (*(rule.next for rule in self.rules), *default)
