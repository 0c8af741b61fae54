"""How well each identifier finds numbers, on texts whose numbers are known: the table of the guide.

``python -m tests.unit.handlers.ssn_scan.accuracy`` prints it. Numbers that nobody has: area 900 and above behind the
marker; on their own the retired ones and others of the retired area 078, group 05.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from datagen import ssn
from datagen.text_variants import VARIANTS
from handlers.ssn_scan.core import scan
from handlers.ssn_scan.identifiers import SSN_PLAIN, SSN_TOKEN, Identifier

TEXTS = 100  # of each kind
FILLER = b"lorem ipsum dolor sit amet " * 40
HEADINGS = ("identifier", "texts", "planted", "found", "missed", "wrong")
WHAT = {
    "at_start": "the first bytes of the object",
    "at_end": "the last bytes",
    "tabs": "between tabs",
    "windows_lines": "between CR LF",
    "punctuation": "before a full stop or a comma",
    "one_line": "two on a line",
    "upper_case": "`SSN=`, `Ssn=`: not the marker",
    "bare": "`ssn=` without a number behind it",
    "wide_neighbours": "beside characters of several bytes",
    "straddling": "across byte 65,536",
    "empty": "no bytes",
    "equals_sign": "before `=`",
}

Planted = tuple[bytes, list[str]]
"""A text, and the last four digits of each number that somebody would call one."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of text for one identifier."""

    identifier: str
    texts: str
    planted: int
    found: int
    wrong: int

    def cells(self) -> tuple[str, ...]:
        """As the table shows them."""
        missed = self.planted - self.found
        return (f"`{self.identifier}`", self.texts, *(f"{n:,}" for n in (self.planted, self.found, missed, self.wrong)))


def token_texts() -> Iterator[tuple[str, Callable[[int], Planted]]]:
    """Kinds of text for the marker: the generator's own, and what the marker is not looked for in."""

    def of(variant: Callable[[bytes, Sequence[str]], tuple[bytes, list[str]]]) -> Callable[[int], Planted]:
        def make(number: int) -> Planted:
            data, found = variant(FILLER, ssn.numbers(1, 4, 9, 2 * number, 2))
            return data, [each[-4:] for each in found]

        return make

    for name, variant in VARIANTS:
        yield WHAT[name], of(variant)
    yield "in UTF-16", lambda number: (f"a ssn=900-21-{1000 + number} b".encode("utf-16"), [f"{1000 + number}"])


def plain_texts() -> Iterator[tuple[str, Callable[[int], Planted]]]:
    """Kinds of text for numbers on their own."""

    def around(before: str, after: str, *, counts: bool = True, form: str = "078-05-{}") -> Callable[[int], Planted]:
        def make(number: int) -> Planted:
            last = f"{1000 + number}"
            text = f"{before}{form.format(last)}{after}"
            return FILLER + text.encode() + FILLER, [last] if counts else []

        return make

    yield "between blanks", around(" ", " ")
    yield "in brackets, quotes, behind a colon", around(' {"id":"', '"} ')
    yield "at the end of a sentence", around(" ", ". ")
    yield "beside letters", around("ü", "x")
    yield "longer digit groups around it", around(" 1", " ", counts=False)
    yield "one part of a longer code", around(" 4-", " ", counts=False)
    yield "telephone numbers", around(" ", " ", counts=False, form="555-123-{}")
    yield "dates and a number", around(" ", " ", counts=False, form="2019-04-02 {}")
    yield "numbers that nobody can have (area 900)", around(" ", " ", counts=False, form="900-05-{}")
    yield "part numbers of the same form", around(" part ", " ", counts=False)
    yield "with blanks for hyphens", around(" ", " ", form="078 05 {}")
    yield "digits alone", around(" ", " ", form="07805{}")


def row(identifier: Identifier, texts: str, make: Callable[[int], Planted]) -> Row:
    """Scan the texts of one kind."""
    planted = found = wrong = 0
    for number in range(TEXTS):
        data, due = make(number)
        told = scan([data], (identifier,)).findings[identifier.name].last_four
        right = (Counter(due) & Counter(told)).total()
        planted, found, wrong = planted + len(due), found + right, wrong + len(told) - right
    return Row(identifier=identifier.name, texts=texts, planted=planted, found=found, wrong=wrong)


def rows() -> list[Row]:
    """All rows, and under each identifier their sum."""
    made = []
    for identifier, kinds in ((SSN_TOKEN, token_texts()), (SSN_PLAIN, plain_texts())):
        own = [row(identifier, texts, make) for texts, make in kinds]
        planted, found, wrong = (sum(getattr(each, name) for each in own) for name in ("planted", "found", "wrong"))
        told = f"**all: recall {found / planted:.1%}, precision {found / (found + wrong):.1%}**"
        made += [*own, Row(identifier=identifier.name, texts=told, planted=planted, found=found, wrong=wrong)]
    return made


def table() -> str:
    """The table of the guide."""
    lines = [HEADINGS, ("---", "---", "---:", "---:", "---:", "---:"), *(each.cells() for each in rows())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(table())
