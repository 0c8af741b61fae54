"""Checks of `numbers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from datagen.checks.check import Check
from datagen.dataset import Spec

HEADER = b"number\n"


class _Checks:
    """The numbers must be those from 1 on, one a line."""

    def judge(
        self,
        spec: Spec,
        pieces: Iterator[bytes],
        truth: Mapping[str, pl.DataFrame],  # noqa: ARG002 - the numbers are their own truth
    ) -> list[Check]:
        """The findings on the object."""
        header, seen, wrong = b"", 0, ""
        for number, piece in enumerate(pieces):
            if number == 0:
                header = piece[: len(HEADER)]
            for line in piece.removeprefix(HEADER if number == 0 else b"").splitlines():
                seen += 1
                if line != str(seen).encode() and not wrong:
                    wrong = f", line {seen + 1} is {line[:20]!r}"
        return [
            Check(name="header", ok=header == HEADER, detail=header.decode(errors="replace").strip()),
            Check(
                name="numbers from 1 on",
                ok=seen == spec.count and not wrong,
                detail=f"{seen:,}, expected {spec.count:,}{wrong}",
            ),
        ]


CHECKS = _Checks()
