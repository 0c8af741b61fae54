"""JSONPath text to syntax trees, as Jayway's engine (which AWS runs) reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from local.stepfunctions.language.diagnostics import LanguageError

Root: TypeAlias = Literal["input", "context", "variable"]

NOT_A_PATH: Final = "Value must be a valid JSONPath."
VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FUNCTIONS: Final = frozenset({"length", "size", "min", "max", "avg", "stddev", "sum", "keys", "first", "last", "index"})
WORD_OPERATORS: Final = frozenset({"in", "nin", "contains", "size", "empty", "subsetof", "anyof", "noneof"})
_SYMBOL_OPERATORS: Final = ("===", "!==", "==", "!=", "<=", ">=", "=~", "<", ">")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_INDEX_BODY: Final = re.compile(r"[0-9,:\- ]+")
_REGEX_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE, "u": 0, "d": 0}


@dataclass(frozen=True, slots=True)
class Child:
    """``.name`` or ``['name', 'other']``; several names at the end of a path make one object of them."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``.*`` or ``[*]``."""


@dataclass(frozen=True, slots=True)
class Descend:
    """``..``: the next step is applied to this node and to every node below it."""


@dataclass(frozen=True, slots=True)
class Index:
    """``[0]``, ``[-1]`` or ``[0,2]``."""

    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """``[start:stop]``; Jayway reads a third number and ignores it."""

    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Function:
    """``.length()`` and its like, at the end of a path."""

    name: str
    argument: int | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written in a filter."""

    value: Any


@dataclass(frozen=True, slots=True)
class Pattern:
    """``/regex/flags`` in a filter."""

    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Operand:
    """A path in a filter, from the current item (``@``) or from the document (``$``)."""

    from_document: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Exists:
    operand: Operand


@dataclass(frozen=True, slots=True)
class Not:
    term: Condition


@dataclass(frozen=True, slots=True)
class Both:
    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(condition)]``."""

    condition: Condition


Step: TypeAlias = "Child | Wildcard | Descend | Index | Slice | Function | Filter"
Value: TypeAlias = "Constant | Pattern | Operand"
Condition: TypeAlias = "Comparison | Exists | Not | Both | Either"


@dataclass(frozen=True, slots=True)
class PathSyntax:
    root: Root
    variable: str
    steps: tuple[Step, ...]


def parse_path(text: str) -> PathSyntax:
    """The tree of a whole path; raises LanguageError naming the place that cannot be read."""
    if not text.startswith("$"):
        raise LanguageError(NOT_A_PATH, detail=f"a path begins with '$', got '{text}'")
    root: Root = "input"
    variable = ""
    position = 1
    if text.startswith("$$"):
        root, position = "context", 2
    elif named := VARIABLE_NAME.match(text, 1):
        root, variable, position = "variable", named.group(), named.end()
    reader = _Reader(text, position)
    steps = reader.steps()
    if not reader.at_end():
        raise reader.fault("expected '.' or '['")
    return PathSyntax(root, variable, steps)


class _Reader:
    """A position in a path's text that the methods move on."""

    def __init__(self, text: str, position: int) -> None:
        self._text = text
        self._at = position

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def fault(self, what: str) -> LanguageError:
        return LanguageError(NOT_A_PATH, detail=f"'{self._text}': {what} at position {self._at}")

    def _looking_at(self, token: str) -> bool:
        return self._text.startswith(token, self._at)

    def _skip_blanks(self) -> None:
        while self._looking_at(" "):
            self._at += 1

    def _take(self, token: str) -> bool:
        if self._looking_at(token):
            self._at += len(token)
            return True
        return False

    def _expect(self, token: str) -> None:
        self._skip_blanks()
        if not self._take(token):
            raise self.fault(f"expected '{token}'")

    def steps(self) -> tuple[Step, ...]:
        found: list[Step] = []
        while not self.at_end():
            if found and isinstance(found[-1], Function):
                if self._looking_at(".") or self._looking_at("["):
                    raise self.fault("a function ends a path")
                break
            if self._looking_at("["):
                found.append(self._bracket())
            elif self._take(".."):
                found.append(Descend())
                found.append(self._bracket() if self._looking_at("[") else self._dotted())
            elif self._take("."):
                found.append(self._bracket() if self._looking_at("[") else self._dotted())
            else:
                break
        return tuple(found)

    def _dotted(self) -> Step:
        if self._take("*"):
            return Wildcard()
        start = self._at
        while not self.at_end() and self._text[self._at] not in ".[ ()=!<>&|,]~":
            self._at += 1
        name = self._text[start : self._at]
        if not name:
            raise self.fault("expected a property name")
        return self._call(name) if self._looking_at("(") else Child((name,))

    def _call(self, name: str) -> Function:
        if name not in FUNCTIONS:
            raise self.fault(f"there is no function '{name}'; the functions are {', '.join(sorted(FUNCTIONS))}")
        self._expect("(")
        self._skip_blanks()
        number = _NUMBER.match(self._text, self._at)
        argument = int(number.group()) if number and number.group().lstrip("-").isdigit() else None
        if argument is not None and number is not None:
            self._at = number.end()
        if (argument is None) == (name == "index"):
            raise self.fault(f"function '{name}' takes {'one number' if name == 'index' else 'no argument'}")
        self._expect(")")
        return Function("length" if name == "size" else name, argument)

    def _bracket(self) -> Step:
        self._expect("[")
        self._skip_blanks()
        step: Step
        if self._take("*"):
            step = Wildcard()
        elif self._take("?"):
            self._expect("(")
            step = Filter(self._either())
            self._expect(")")
        elif self._looking_at("'") or self._looking_at('"'):
            step = Child(self._names())
        else:
            step = self._indices()
        self._expect("]")
        return step

    def _names(self) -> tuple[str, ...]:
        names = [self._quoted()]
        self._skip_blanks()
        while self._take(","):
            self._skip_blanks()
            names.append(self._quoted())
            self._skip_blanks()
        return tuple(names)

    def _quoted(self) -> str:
        quote = self._text[self._at : self._at + 1]
        if quote not in {"'", '"'}:
            raise self.fault("expected a quoted name")
        self._at += 1
        taken: list[str] = []
        while not self.at_end():
            char = self._text[self._at]
            self._at += 1
            if char == quote:
                return "".join(taken)
            if char == "\\" and self._text[self._at : self._at + 1] in {quote, "\\"}:
                char = self._text[self._at]
                self._at += 1
            taken.append(char)
        raise self.fault(f"expected a closing {quote}")

    def _indices(self) -> Index | Slice:
        body = _INDEX_BODY.match(self._text, self._at)
        if body is None:
            raise self.fault("expected a number, a quoted name, '*' or '?('")
        self._at = body.end()
        written = body.group().replace(" ", "")
        try:
            if ":" not in written:
                return Index(tuple(int(number) for number in written.split(",")))
            bounds = [int(number) if number else None for number in written.split(":")]
        except ValueError:
            raise self.fault(f"'{written}' is no list of indices and no slice") from None
        if bounds[0] is None and bounds[1] is None:
            raise self.fault("a slice needs a start or an end")
        return Slice(bounds[0], bounds[1])

    def _either(self) -> Condition:
        terms = [self._both()]
        while self._operator_follows("||"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else Either(tuple(terms))

    def _both(self) -> Condition:
        terms = [self._term()]
        while self._operator_follows("&&"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else Both(tuple(terms))

    def _operator_follows(self, operator: str) -> bool:
        self._skip_blanks()
        return self._take(operator)

    def _term(self) -> Condition:
        self._skip_blanks()
        if self._take("!"):
            return Not(self._term())
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        left = self._value()
        operator = self._relation()
        if operator is not None:
            return Comparison(operator, left, self._value())
        if not isinstance(left, Operand):
            raise self.fault("expected a comparison")
        return Exists(left)

    def _relation(self) -> str | None:
        self._skip_blanks()
        for symbol in _SYMBOL_OPERATORS:
            if self._take(symbol):
                return symbol
        word = VARIABLE_NAME.match(self._text, self._at)
        if word is None:
            return None
        if word.group().lower() not in WORD_OPERATORS:
            raise self.fault(f"there is no operator '{word.group()}'")
        self._at = word.end()
        return word.group().lower()

    def _value(self) -> Value:
        self._skip_blanks()
        if self._looking_at("@") or self._looking_at("$"):
            from_document = self._looking_at("$")
            self._at += 1
            return Operand(from_document, self.steps())
        if self._take("/"):
            return self._pattern()
        return self._literal()

    def _literal(self) -> Constant:
        self._skip_blanks()
        if self._looking_at("'") or self._looking_at('"'):
            return Constant(self._quoted())
        if self._take("["):
            return Constant(self._list())
        if number := _NUMBER.match(self._text, self._at):
            self._at = number.end()
            written = number.group()
            return Constant(int(written) if written.lstrip("-").isdigit() else float(written))
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self._take(word):
                return Constant(value)
        raise self.fault("expected a value")

    def _list(self) -> list[Any]:
        items: list[Any] = []
        self._skip_blanks()
        if self._take("]"):
            return items
        items.append(self._literal().value)
        self._skip_blanks()
        while self._take(","):
            items.append(self._literal().value)
            self._skip_blanks()
        self._expect("]")
        return items

    def _pattern(self) -> Pattern:
        start = self._at
        while not self.at_end() and not self._looking_at("/"):
            self._at += 2 if self._looking_at("\\") else 1
        source = self._text[start : self._at]
        self._expect("/")
        flags = 0
        while not self.at_end() and self._text[self._at] in _REGEX_FLAGS:
            flags |= _REGEX_FLAGS[self._text[self._at]]
            self._at += 1
        try:
            return Pattern(re.compile(source.replace("\\/", "/"), flags))
        except re.error as fault:
            raise self.fault(f"the regular expression cannot be compiled ({fault})") from fault
