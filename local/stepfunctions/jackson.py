"""What AWS's JSON parser says of a text that is not JSON.

AWS quotes the messages of Jackson, a Java library: ``Unexpected character (''' (code 39)): was expecting ...``.
Source: answers recorded from AWS, and the library's own wording for the faults that are not recorded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_SPACE: Final = " \t\r\n"
_DIGITS: Final = frozenset("0123456789")
_LITERALS: Final = {"t": "true", "f": "false", "n": "null"}
_ESCAPES: Final = frozenset('"\\/bfnrt')
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_WORD: Final = re.compile(r"[^\W\d]\w*|\$[\w$]*")
_VALUES: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_SNIPPET: Final = 500
"""Characters of the text that a location quotes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """The first fault of a text: what it is, and where the parser stood (line and column from 1)."""

    message: str
    line: int
    column: int


@dataclass(slots=True)
class _Open:
    """An object or array that is not closed yet."""

    kind: str
    text: str
    at: int
    filled: bool = False

    @property
    def place(self) -> str:
        """Where it begins."""
        return location(self.text, *_position(self.text, self.at))


class _FaultFound(Exception):
    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


def find_fault(text: str) -> Fault | None:
    """The first fault; None when the text is JSON, or blank."""
    try:
        _Scanner(text).scan()
    except _FaultFound as found:
        line, column = _position(text, found.at)
        return Fault(message=found.message, line=line, column=column)
    return None


def location(text: str, line: int, column: int) -> str:
    """A place as Jackson names it: ``[Source: (String)"{"; line: 1, column: 2]``."""
    left = len(text) - _SNIPPET
    more = f"[truncated {left} chars]" if left > 0 else ""
    return f'[Source: (String)"{text[:_SNIPPET]}"{more}; line: {line}, column: {column}]'


def _position(text: str, at: int) -> tuple[int, int]:
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _shown(character: str) -> str:
    code = ord(character)
    if code < ord(" "):
        return f"(CTRL-CHAR, code {code})"
    return f"'{character}' (code {code} / 0x{code:x})" if code > 255 else f"'{character}' (code {code})"


@dataclass(slots=True)
class _Scanner:
    """Reads one value, without recursion, as far as it is JSON."""

    text: str
    at: int = 0
    open: list[_Open] = field(default_factory=list)

    def scan(self) -> None:
        """Go through the text; raises _FaultFound."""
        self._space()
        if self.at == len(self.text):
            return
        self._value()
        while self.open:
            self._entry(self.open[-1])
        self._space()
        if self.at < len(self.text):
            self._value()
            raise _FaultFound("Unexpected content after the value", self.at)

    def _entry(self, within: _Open) -> None:
        """The next entry of an object or array, or its end."""
        self._space()
        if self.at == len(self.text):
            raise self._end(f": expected close marker for {within.kind} (start marker at {within.place})")
        character = self.text[self.at]
        if character in "]}":
            self._close(within, character)
            return
        if within.filled:
            if character != ",":
                raise self._unexpected(f"was expecting comma to separate {within.kind} entries")
            self.at += 1
            self._space_within(within)
        within.filled = True
        if within.kind == "Object":
            self._name(within)
        self._value()

    def _close(self, within: _Open, character: str) -> None:
        self.at += 1
        expected = "}" if within.kind == "Object" else "]"
        if character != expected:
            where = f"(for {within.kind} starting at {within.place})"
            raise _FaultFound(f"Unexpected close marker '{character}': expected '{expected}' {where}", self.at)
        self.open.pop()

    def _name(self, within: _Open) -> None:
        if self.text[self.at] != '"':
            raise self._unexpected("was expecting double-quote to start field name")
        self._string("name", " in field name")
        self._space_within(within)
        if self.text[self.at] != ":":
            raise self._unexpected("was expecting a colon to separate field name and value")
        self.at += 1
        self._space_within(within)

    def _value(self) -> None:
        character = self.text[self.at]
        if character in "{[":
            kind = "Object" if character == "{" else "Array"
            self.open.append(_Open(kind, self.text, self.at))
            self.at += 1
        elif character == '"':
            self._string("string value", ": was expecting closing quote for a string value")
        elif character == "-" or character in _DIGITS:
            self._number()
        elif character == "}":
            raise self._unexpected("expected a value")
        else:
            self._word(character)

    def _word(self, character: str) -> None:
        match = _WORD.match(self.text, self.at)
        if match is None:
            raise self._unexpected(f"expected a valid value {_VALUES}")
        self.at = match.end()
        if match[0] in ("NaN", "Infinity"):
            advice = "enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"
            raise _FaultFound(f"Non-standard token '{match[0]}': {advice}", self.at)
        if match[0] != _LITERALS.get(character):
            raise _FaultFound(f"Unrecognized token '{match[0]}': was expecting {_VALUES}", self.at)

    def _string(self, what: str, unfinished: str) -> None:
        self.at += 1
        while True:
            character = self._next(unfinished)
            if character == '"':
                return
            if character == "\\":
                self._escape()
            elif character < " ":
                advice = f"has to be escaped using backslash to be included in {what}"
                raise _FaultFound(f"Illegal unquoted character ({_shown(character)}): {advice}", self.at)

    def _escape(self) -> None:
        within = " in character escape sequence"
        character = self._next(within)
        if character == "u":
            for _ in range(4):
                if self._next(within) not in _HEX:
                    self.at -= 1
                    raise self._unexpected("expected a hex-digit for character escape sequence")
        elif character not in _ESCAPES:
            raise _FaultFound(f"Unrecognized character escape {_shown(character)}", self.at)

    def _number(self) -> None:
        if self.text[self.at] == "-":
            self.at += 1
        start = self.at
        self._digits("expected digit (0-9) to follow minus sign, for valid numeric value")
        if self.text[start] == "0" and self.at - start > 1:
            raise _FaultFound("Invalid numeric value: Leading zeroes not allowed", start + 1)
        if self.text[self.at : self.at + 1] == ".":
            self.at += 1
            self._digits("Decimal point not followed by a digit")
        if self.text[self.at : self.at + 1] in ("e", "E"):
            self.at += 1
            if self.text[self.at : self.at + 1] in ("+", "-"):
                self.at += 1
            self._digits("Exponent indicator not followed by a digit")
        rest = self.text[self.at : self.at + 1]
        if rest and not self.open and rest not in _SPACE:
            raise self._unexpected("Expected space separating root-level values")

    def _digits(self, missing: str) -> None:
        start = self.at
        while self.text[self.at : self.at + 1] in _DIGITS:
            self.at += 1
        if self.at == len(self.text) == start:
            raise self._end(" in a Number value")
        if self.at == start:
            shown = _shown(self.text[start])
            raise _FaultFound(f"Unexpected character ({shown}) in numeric value: {missing}", start + 1)

    def _next(self, unfinished: str) -> str:
        if self.at == len(self.text):
            raise self._end(unfinished)
        self.at += 1
        return self.text[self.at - 1]

    def _space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1

    def _space_within(self, within: _Open) -> None:
        self._space()
        if self.at == len(self.text):
            raise self._end(f" within/between {within.kind} entries")

    def _unexpected(self, expected: str) -> _FaultFound:
        character = self.text[self.at]
        return _FaultFound(f"Unexpected character ({_shown(character)}): {expected}", self.at + 1)

    def _end(self, more: str) -> _FaultFound:
        return _FaultFound(f"Unexpected end-of-input{more}", self.at)
