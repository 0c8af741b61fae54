"""Where the validators differ, as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.lint import reasons
from tests.lint.reasons import Reason
from tests.lint.validators import ASL_VALIDATOR, STATELINT, Definition

_NAMES_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What one validator said of each definition, beside ours."""

    validator: str
    messages: list[list[str]]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A reason for which a validator is of another mind than ours, with the definitions that it concerns."""

    validator: str
    refuses: bool
    reason: str
    names: tuple[str, ...]


def differences(definitions: Sequence[Definition], ours: Sequence[list[str]], verdicts: Verdicts) -> list[Difference]:
    """By reason, the most frequent first."""
    found: dict[tuple[bool, str], set[str]] = defaultdict(set)
    for definition, mine, theirs in zip(definitions, ours, verdicts.messages, strict=True):
        if bool(mine) == bool(theirs):
            continue
        rules = verdicts.reasons if theirs else reasons.OURS
        for message in theirs or mine:
            found[bool(theirs), reasons.why(message, rules)].add(definition.name)
    listed = [
        Difference(validator=verdicts.validator, refuses=refuses, reason=reason, names=tuple(sorted(names)))
        for (refuses, reason), names in found.items()
    ]
    return sorted(listed, key=lambda difference: (-len(difference.names), difference.reason))


def unexplained(found: Sequence[Difference]) -> list[Difference]:
    """Those that no rule explains."""
    return [difference for difference in found if difference.reason == reasons.UNEXPLAINED]


def markdown(
    definitions: Sequence[Definition], ours: Sequence[list[str]], verdicts: Sequence[Verdicts], command: str
) -> str:
    """The whole page."""
    return "\n".join(_lines(definitions, ours, verdicts, command)) + "\n"


def _lines(
    definitions: Sequence[Definition], ours: Sequence[list[str]], verdicts: Sequence[Verdicts], command: str
) -> Iterator[str]:
    yield "# Other validators beside ours"
    yield ""
    yield f"`{command}` asks statelint {STATELINT} and asl-validator {ASL_VALIDATOR} about the same definitions as our"
    yield "own validator: those that the use cases render, and those of recorded cases when a folder of them is given."
    yield "It installs both into a temporary folder (asl-validator needs node and npm), writes this page, and ends with"
    yield "code 1 when a difference has no reason yet. Both check a schema and some rules; ours is measured by what AWS"
    yield "answers to `CreateStateMachine`, which the [conformance](conformance.md) cases compare in full."
    yield ""
    refused = sum(map(bool, ours))
    yield f"{len(definitions)} definitions; ours accepts {len(definitions) - refused} and refuses {refused}."
    yield ""
    yield "| validator | accepts | refuses | as ours | refuses what ours accepts | accepts what ours refuses |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for verdict in verdicts:
        pairs = [(bool(mine), bool(theirs)) for mine, theirs in zip(ours, verdict.messages, strict=True)]
        theirs_refused = sum(theirs for _mine, theirs in pairs)
        cells = [
            len(pairs) - theirs_refused,
            theirs_refused,
            sum(mine == theirs for mine, theirs in pairs),
            pairs.count((False, True)),
            pairs.count((True, False)),
        ]
        yield f"| {verdict.validator} | " + " | ".join(map(str, cells)) + " |"
    for verdict in verdicts:
        yield ""
        yield f"## {verdict.validator}"
        yield ""
        yield "| it | definitions | why ours differs | for example |"
        yield "| --- | --- | --- | --- |"
        for found in differences(definitions, ours, verdict):
            names = ", ".join(f"`{name}`" for name in found.names[:_NAMES_SHOWN])
            yield f"| {'refuses' if found.refuses else 'accepts'} | {len(found.names)} | {found.reason} | {names} |"
