"""Reading the fields of a JSON object: each with its type, each mistake collected, none left unread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from local.stepfunctions.definition.nodes import Assign, Condition, Discard, Evaluate, Field
from local.stepfunctions.language import (
    LanguageError,
    QueryLanguage,
    compile_assign,
    compile_intrinsic,
    compile_path,
    compile_reference_path,
    compile_rule,
    compile_template,
)
from local.stepfunctions.language.jsonpath import ReferencePath
from local.stepfunctions.scope import Json, Scope

T = TypeVar("T")

Severity = Literal["ERROR", "WARNING"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A mistake in a definition: AWS's code, its message and the JSON pointer of the place."""

    code: str
    message: str
    pointer: str
    severity: Severity = "ERROR"

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.pointer or '/'}"


_TYPE_NAMES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    dict: "object",
    list: "array",
}


class Fields:
    """A JSON object whose fields are taken one by one; ``done`` reports those that nobody took."""

    def __init__(self, value: Mapping[str, Any], pointer: str, problems: list[Problem], within: str = "") -> None:
        self._value = value
        self.pointer = pointer
        self.within = within
        """What stands before a field's name where a failure names it: ``Choices[0]/``."""
        self.problems = problems
        self._taken: set[str] = set()

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
                self.problem(f"These fields are required: [{field}]")
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
            self.problem(f"Value is not valid. Acceptable values are {list(allowed)}", field)
            return None
        return value

    def integer(self, field: str, minimum: int, maximum: int, *, required: bool = False) -> int | None:
        """The field if it is a whole number within the limits."""
        value = self.take(field, int, required=required)
        if value is not None and not minimum <= value <= maximum:
            limit = f"greater than or equal to {minimum}" if value < minimum else f"less than or equal to {maximum}"
            self.problem(f"Value is not valid. It must be {limit}", field)
            return None
        return value

    def number(self, field: str, minimum: float, maximum: float) -> float | None:
        """The field if it is a number within the limits."""
        value = self.raw(field)
        if value is None and field not in self._value:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problem("Expected value of type [NUMBER]", field)
            return None
        if not minimum <= value <= maximum:
            limit = f"greater than or equal to {minimum:g}" if value < minimum else f"less than or equal to {maximum:g}"
            self.problem(f"Value is not valid. It must be {limit}", field)
            return None
        return value

    def child(self, field: str, *, required: bool = False) -> Fields | None:
        """The field as an object of its own."""
        value = self.take(field, dict, required=required)
        return None if value is None else Fields(value, self.at(field), self.problems, f"{self.within}{field}/")

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
                found.append(Fields(entry, f"{self.at(field)}[{index}]", self.problems, within))
            else:
                self.problem("Expected value of type [OBJECT]", f"{field}[{index}]")
        return found

    def exclusive(self, *fields: str) -> None:
        """Record a mistake when more than one of the fields is given."""
        given = [field for field in fields if field in self._value]
        if len(given) > 1:
            self.problem(f"You cannot specify both {' and '.join(repr(name) for name in given)}; use one of them")

    def done(self) -> None:
        """Record every field that nobody took: an unknown field is refused, never ignored."""
        for field in self._value:
            if field not in self._taken:
                self.problem(f"Field '{field}' is not supported", field)

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
            self.problem("The value of a dynamic field must be a JSONata expression between {% and %}", field)
            return None
        name = self.within + field
        evaluate = self._compiled(field, lambda: compile_template(value, language=language, field=name, catching=False))
        return None if evaluate is None else Field(evaluate=evaluate, text=value[2:-2].strip(), name=name)


def literal(value: Json, name: str) -> Field:
    """A field with a fixed value."""

    def evaluate(_scope: Scope) -> Json:
        return value

    return Field(evaluate=evaluate, text=str(value), name=name)
