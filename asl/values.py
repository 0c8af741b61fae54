"""Values of a definition that are found at run time, and how each query language writes them.

    Path("$.key")               JSONPath: a place in the input, the context ($$.) or a variable ($name)
    Intrinsic("States.UUID()")  JSONPath: an intrinsic function
    Jsonata("$states.input.n")  JSONata: an expression, written here without its {% %}

A *template* is plain JSON data in which any value may be one of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, TypeAlias

Asl: TypeAlias = dict[str, Any]
Template: TypeAlias = Any


class QueryLanguage(StrEnum):
    """The language in which a state reads and shapes data."""

    JSONPATH = "JSONPath"
    JSONATA = "JSONata"


@dataclass(frozen=True)
class Path:
    """A JSONPath into the state's input, the context object or a variable."""

    text: str

    def __post_init__(self) -> None:
        if not self.text.startswith("$"):
            raise ValueError(f"a path starts with '$', got {self.text!r}")


@dataclass(frozen=True)
class Intrinsic:
    """A call of an intrinsic function, e.g. ``States.JsonMerge($.a, $.b, false)``."""

    text: str

    def __post_init__(self) -> None:
        if not (self.text.startswith("States.") and self.text.endswith(")")):
            raise ValueError(f"an intrinsic is written States.Name(...), got {self.text!r}")


@dataclass(frozen=True)
class Jsonata:
    """A JSONata expression, without the ``{% %}`` around it."""

    text: str

    def __post_init__(self) -> None:
        if not self.text or self.text.startswith("{%"):
            raise ValueError(f"write the expression without {{% %}} around it, got {self.text!r}")

    def to_asl(self) -> str:
        return f"{{% {self.text} %}}"


class Discard(Enum):
    """The marker of ``ResultPath: null``: the state's result is thrown away and its input is its output."""

    RESULT = "discard"


DISCARD = Discard.RESULT

Dynamic: TypeAlias = Path | Jsonata
IntField: TypeAlias = int | Path | Jsonata
NumberField: TypeAlias = float | Path | Jsonata
TextField: TypeAlias = str | Path | Jsonata


def render(template: Template, language: QueryLanguage) -> Any:
    """``template`` as ASL: ``"name.$": "$.path"`` in JSONPath, ``"name": "{% ... %}"`` in JSONata."""
    if isinstance(template, Jsonata):
        return template.to_asl()
    if isinstance(template, Mapping):
        rendered: Asl = {}
        for key, value in template.items():
            if isinstance(value, Path | Intrinsic):
                rendered[f"{key}.$"] = value.text
            else:
                rendered[key] = render(value, language)
        return rendered
    if isinstance(template, Sequence) and not isinstance(template, str):
        return [render(value, language) for value in template]
    return template


def template_problems(template: Template, language: QueryLanguage, where: str) -> list[str]:
    """Every value of ``template`` that ``language`` cannot write."""
    if isinstance(template, Path | Intrinsic | Jsonata):
        return language_problems(template, language, where)
    if isinstance(template, Mapping):
        problems = []
        for key, value in template.items():
            if key.endswith(".$"):
                problems.append(f"{where}.{key}: give a Path or an Intrinsic; the '.$' is added when it is written")
            problems += template_problems(value, language, f"{where}.{key}")
        return problems
    if isinstance(template, Sequence) and not isinstance(template, str):
        problems = []
        for index, value in enumerate(template):
            if isinstance(value, Path | Intrinsic):
                problems.append(f"{where}[{index}]: JSONPath has no references inside an array; use States.Array")
            else:
                problems += template_problems(value, language, f"{where}[{index}]")
        return problems
    return []


def language_problems(value: object, language: QueryLanguage, where: str) -> list[str]:
    """One message if ``value`` belongs to the other query language."""
    if isinstance(value, Path | Intrinsic) and language is QueryLanguage.JSONATA:
        return [f"{where}: {value.text!r} is JSONPath, but the state's query language is JSONata"]
    if isinstance(value, Jsonata) and language is QueryLanguage.JSONPATH:
        return [f"{where}: {value.text!r} is JSONata, but the state's query language is JSONPath"]
    return []


def field(name: str, value: float | str | Path | Jsonata | None) -> Asl:
    """One ASL field: ``name`` for a literal or an expression, ``namePath`` for a path, nothing for None."""
    if value is None:
        return {}
    if isinstance(value, Path):
        return {f"{name}Path": value.text}
    if isinstance(value, Jsonata):
        return {name: value.to_asl()}
    return {name: value}


def range_problems(
    value: object, name: str, minimum: float, maximum: float | None, language: QueryLanguage
) -> list[str]:
    """What is wrong with a numeric field: its language, or a literal outside ``minimum..maximum``."""
    if isinstance(value, Path | Jsonata):
        return language_problems(value, language, name)
    if value is None:
        return []
    if not isinstance(value, int | float) or isinstance(value, bool):
        return [f"{name} must be a number, a Path or a Jsonata expression, got {value!r}"]
    if value < minimum or (maximum is not None and value > maximum):
        allowed = f"{minimum:,} or more" if maximum is None else f"{minimum:,} to {maximum:,}"
        return [f"{name} must be {allowed}, got {value:,}"]
    return []


def parameters_key(language: QueryLanguage) -> str:
    """The name of the field that shapes what a resource is given: Parameters or Arguments."""
    return "Arguments" if language is QueryLanguage.JSONATA else "Parameters"
