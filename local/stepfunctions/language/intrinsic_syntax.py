"""Intrinsic function calls to syntax trees: ``States.Format('{}', States.ArrayLength($.items))``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from local.stepfunctions.language.diagnostics import LanguageError
from local.stepfunctions.language.path_syntax import PathSyntax, parse_path

MAX_NESTING: Final = 10
"""Functions within functions (Developer Guide, "Intrinsic functions": up to 10)."""

NOT_A_CALL: Final = "Value must be a valid JSONPath or a valid intrinsic function call"
_NAME: Final = re.compile(r"States\.[A-Za-z0-9]+")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string: ``raw`` as written, escapes included, since States.Format reads braces in it."""

    raw: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, ``true``, ``false`` or ``null``."""

    value: float | bool | None


@dataclass(frozen=True, slots=True)
class PathArgument:
    text: str
    syntax: PathSyntax


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Argument, ...]


Argument: TypeAlias = "Text | Scalar | PathArgument | Call"


def unescape(raw: str) -> str:
    r"""The value of a quoted string: ``\'``, ``\{``, ``\}`` and ``\\`` stand for the second character."""
    return re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)


def parse_call(text: str) -> Call:
    """The tree of a whole call; raises LanguageError naming the place that cannot be read."""
    reader = _Reader(text)
    call = reader.call(depth=1)
    reader.end()
    return call


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _fault(self, what: str) -> LanguageError:
        return LanguageError(NOT_A_CALL, detail=f"'{self._text}': {what} at position {self._at}")

    def _skip_blanks(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
            self._at += 1

    def _take(self, token: str) -> bool:
        self._skip_blanks()
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def end(self) -> None:
        self._skip_blanks()
        if self._at < len(self._text):
            raise self._fault("expected the end of the call")

    def call(self, *, depth: int) -> Call:
        self._skip_blanks()
        name = _NAME.match(self._text, self._at)
        if name is None:
            raise self._fault("expected 'States.' and a function's name")
        if depth > MAX_NESTING:
            raise self._fault(f"functions are nested more than {MAX_NESTING} deep")
        self._at = name.end()
        if not self._take("("):
            raise self._fault("expected '('")
        arguments: list[Argument] = []
        if not self._take(")"):
            arguments.append(self._argument(depth))
            while self._take(","):
                arguments.append(self._argument(depth))
            if not self._take(")"):
                raise self._fault("expected ',' or ')'")
        return Call(name.group(), tuple(arguments))

    def _argument(self, depth: int) -> Argument:
        if self._take("'"):
            return self._quoted()
        self._skip_blanks()
        if self._text.startswith("States.", self._at):
            return self.call(depth=depth + 1)
        if self._text.startswith("$", self._at):
            return self._path()
        if number := _NUMBER.match(self._text, self._at):
            self._at = number.end()
            written = number.group()
            return Scalar(int(written) if written.lstrip("-").isdigit() else float(written))
        for word, value in _WORDS.items():
            if self._take(word):
                return Scalar(value)
        raise self._fault("expected a quoted string, a number, true, false, null, a path or a function")

    def _quoted(self) -> Text:
        start = self._at
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "'":
                self._at += 1
                return Text(self._text[start : self._at - 1])
            if char == "\\" and self._text[self._at + 1 : self._at + 2] not in ("'", "{", "}", "\\"):
                raise self._fault(r"a backslash escapes only ' { } and itself: write \\ for one")
            self._at += 2 if char == "\\" else 1
        raise self._fault("expected a closing '")

    def _path(self) -> PathArgument:
        start = self._at
        depth = 0
        quote = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in "([":
                depth += 1
            elif char in ")]" and depth > 0:
                depth -= 1
            elif char in ")," and depth == 0:
                break
            self._at += 1
        text = self._text[start : self._at].rstrip()
        return PathArgument(text, parse_path(text))
