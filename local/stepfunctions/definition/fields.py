"""Reading the fields of a JSON object: each with its type, each mistake collected, none left unread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from local.stepfunctions.definition.nodes import Assign, Condition, Discard, Evaluate, Field
from local.stepfunctions.definition.problem import Problem
from local.stepfunctions.language import (
    LanguageError,
    QueryLanguage,
    compile_assign,
    compile_intrinsic,
    compile_path,
    compile_reference_path,
    compile_rule,
    compile_template,
    java,
)
from local.stepfunctions.language.jsonpath import ReferencePath
from local.stepfunctions.scope import Json, Scope

T = TypeVar("T")
N = TypeVar("N", int, float)

_TYPE_NAMES: Final[Mapping[type, str]] = {
    str: "STRING",
    bool: "BOOLEAN",
    int: "NUMBER",
    dict: "OBJECT",
    list: "ARRAY",
}
_NUMBER_FIELDS: Final = (
    "TimeoutSeconds", "HeartbeatSeconds", "Seconds", "Timestamp", "MaxConcurrency", "ToleratedFailureCount",
    "ToleratedFailurePercentage", "MaxItems", "MaxItemsPerBatch", "MaxInputBytesPerBatch",
)  # fmt: skip
_ONLY_IN: Final[Mapping[str, QueryLanguage]] = {
    **dict.fromkeys(("InputPath", "OutputPath", "ResultPath", "ResultSelector", "Parameters", "Result"), "JSONPath"),
    **dict.fromkeys(("ItemsPath", "ErrorPath", "CausePath", *(f"{name}Path" for name in _NUMBER_FIELDS)), "JSONPath"),
    **dict.fromkeys(("Arguments", "Output", "Items"), "JSONata"),
}
"""Fields that exist in one query language alone."""


class Fields:
    """A JSON object whose fields are taken one by one; ``done`` reports those that nobody took."""

    def __init__(self, value: Mapping[str, Any], pointer: str, problems: list[Problem], within: str = "") -> None:
        self._value = value
        self.pointer = pointer
        self.within = within
        """What stands before a field's name where a failure names it: ``Choices[0]/``."""
        self.problems = problems
        self.language: QueryLanguage | None = None
        """The query language of the state that the object belongs to."""
        self._taken: set[str] = set()
        self._missing: list[str] = []

    def problem(self, message: str, field: str = "", code: str = "SCHEMA_VALIDATION_FAILED") -> None:
        """Record a mistake at this object or at one of its fields."""
        self.problems.append(Problem(code=code, message=message, pointer=self.at(field)))

    def at(self, field: str) -> str:
        """The JSON pointer of a field."""
        return f"{self.pointer}/{field}" if field else self.pointer

    def __contains__(self, field: str) -> bool:
        return field in self._value

    def names(self) -> list[str]:
        """The names of all fields."""
        return list(self._value)

    def raw(self, field: str) -> Any:
        """The field as it stands, or None; it counts as taken."""
        self._taken.add(field)
        return self._value.get(field)

    def take(self, field: str, kind: type[T], *, required: bool = False) -> T | None:
        """The field if it is of the given type; a mistake is recorded and None returned otherwise."""
        self._taken.add(field)
        if field not in self._value:
            if required:
                self._missing.append(field)
            return None
        value = self._value[field]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.problem(f"Expected value of type [{_TYPE_NAMES[kind]}]", field)
            return None
        return value

    def one_of(self, field: str, allowed: tuple[str, ...], *, required: bool = False) -> str | None:
        """The field if it is one of the allowed words."""
        value = self.take(field, str, required=required)
        if value is not None and value not in allowed:
            self.problem(f"Value should be one of the following: [{', '.join(allowed)}]", field)
            return None
        return value

    def integer(self, field: str, minimum: int, maximum: int, *, required: bool = False) -> int | None:
        """The field if it is a whole number within the limits."""
        value = self.take(field, int, required=required)
        return None if value is None else self._within(value, field, minimum, maximum)

    def number(self, field: str, minimum: float, maximum: float) -> float | None:
        """The field if it is a number within the limits."""
        value = self.raw(field)
        if value is None and field not in self._value:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problem("Expected value of type [NUMBER]", field)
            return None
        return self._within(value, field, float(minimum), float(maximum))

    def _within(self, value: N, field: str, minimum: float, maximum: float) -> N | None:
        if value < minimum:
            self.problem(f"Minimum value is {minimum}", field)
        elif value > maximum:
            self.problem(f"Maximum value is {maximum}", field)
        else:
            return value
        return None

    def child(self, field: str, *, required: bool = False) -> Fields | None:
        """The field as an object of its own."""
        value = self.take(field, dict, required=required)
        return None if value is None else self._inner(value, field, f"{self.within}{field}/")

    def _inner(self, value: Mapping[str, Any], field: str, within: str) -> Fields:
        inner = Fields(value, self.at(field), self.problems, within)
        inner.language = self.language
        return inner

    def state(self, name: str) -> Fields | None:
        """The field as a state: failures name its own fields without what the state stands in."""
        found = self.child(name)
        if found is not None:
            found.within = ""
        return found

    def children(self, field: str, *, required: bool = False) -> list[Fields]:
        """The field as a list of objects."""
        value = self.take(field, list, required=required)
        found: list[Fields] = []
        for index, entry in enumerate(value or []):
            if isinstance(entry, dict):
                within = f"{self.within}{field}[{index}]/"
                found.append(self._inner(entry, f"{field}[{index}]", within))
            else:
                self.problem("Expected value of type [OBJECT]", f"{field}[{index}]")
        return found

    def exclusive(self, *fields: str) -> None:
        """Record a mistake when more than one of the fields is given."""
        if sum(field in self._value for field in fields) > 1:
            self.problem(f"There should only be one of the following fields: {_listed(fields)}")

    def lacks(self, *fields: str) -> None:
        """Record that none of the fields is given, where one must be."""
        self.problem(f"This object should have only one of the following fields: {_listed(fields)}")

    def report_missing(self) -> None:
        """Record what is required and not there."""
        if self._missing:
            self.problem(f"These fields are required: {_listed(self._missing)}")

    def done(self) -> None:
        """Record what is missing, and every field that nobody took: an unknown field is refused, never ignored."""
        self.report_missing()
        for field in self._value:
            if field not in self._taken:
                self.refuse(field)

    def refuse(self, field: str) -> None:
        """Record a field that must not stand here."""
        only = _ONLY_IN.get(field)
        if self.language is None or only is None or only == self.language:
            self.problem(f"Field '{field}' is not supported")
        else:
            self.problem(
                f"The QueryLanguage is set to '{self.language}', but field '{field}' is only supported "
                f"for the '{only}' QueryLanguage"
            )

    # --- expressions -----------------------------------------------------------------------------

    def _compiled(self, field: str, compile_it: Callable[[], T]) -> T | None:
        try:
            return compile_it()
        except LanguageError as error:
            self.problems.append(
                Problem(code=error.code, message=error.message, pointer=self.at(field) + error.pointer)
            )
            return None

    def template(self, field: str, language: QueryLanguage, *, catching: bool = False) -> Evaluate | None:
        """The field as a payload template; ``catching`` where ``$states.errorOutput`` may stand."""
        if field not in self._value:
            return None
        value = self.raw(field)
        name = self.within + field
        return self._compiled(field, lambda: compile_template(value, language=language, field=name, catching=catching))

    def assign(self, language: QueryLanguage, *, catching: bool = False) -> Assign | None:
        """The Assign block."""
        value = self.take("Assign", dict)
        if value is None:
            return None
        name = f"{self.within}Assign"
        return self._compiled("Assign", lambda: compile_assign(value, language=language, field=name, catching=catching))

    def rule(self, language: QueryLanguage, value: Mapping[str, Any]) -> Condition | None:
        """A choice rule."""
        name = f"{self.within}Condition"
        return self._compiled("", lambda: compile_rule(value, language=language, field=name))

    def path(self, field: str) -> Evaluate | type[Discard] | None:
        """An InputPath or OutputPath: None when absent or ``$``, Discard when null."""
        if field not in self._value:
            return None
        value = self.raw(field)
        if value is None:
            return Discard
        if not isinstance(value, str):
            self.problem("Expected value of type [STRING]", field)
            return None
        return None if value == "$" else self._compiled(field, lambda: compile_path(value))

    def result_path(self) -> ReferencePath | type[Discard] | None:
        """The ResultPath: None when absent or ``$``, Discard when null."""
        if "ResultPath" not in self._value:
            return None
        value = self.raw("ResultPath")
        if value is None:
            return Discard
        if not isinstance(value, str):
            self.problem("Expected value of type [STRING]", "ResultPath")
            return None
        return None if value == "$" else self._compiled("ResultPath", lambda: compile_reference_path(value))

    def path_field(self, field: str) -> Field | None:
        """A ``...Path`` field: a path or an intrinsic function that is evaluated when the state runs."""
        text = self.take(field, str)
        if text is None:
            return None
        compile_it = compile_intrinsic if text.startswith("States.") else compile_path
        evaluate = self._compiled(field, lambda: compile_it(text))
        return None if evaluate is None else Field(evaluate=evaluate, text=text, name=field)

    def expression(self, field: str, language: QueryLanguage) -> Field | None:
        """A field that may hold ``{% ... %}`` in JSONata; None (and nothing taken) when it holds a literal."""
        value = self._value.get(field)
        if language != "JSONata" or not isinstance(value, str):
            return None
        self._taken.add(field)
        if not (value.startswith("{%") and value.endswith("%}")):
            self.problem("JSONata string must start with {% and end with %}", field)
            return None
        name = self.within + field
        evaluate = self._compiled(field, lambda: compile_template(value, language=language, field=name, catching=False))
        return None if evaluate is None else Field(evaluate=evaluate, text=value[2:-2].strip(), name=name)


def _listed(fields: Sequence[str]) -> str:
    return f"[{', '.join(java.distinct(list(fields)))}]"


def literal(value: Json, name: str) -> Field:
    """A field with a fixed value."""

    def evaluate(_scope: Scope) -> Json:
        return value

    return Field(evaluate=evaluate, text=str(value), name=name)
