"""What the simulation says of each loan, as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from handlers.loans.loan import HUNDREDTHS
from handlers.loans.portfolio import PARTS, SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handlers.loans.portfolio import Exposures
    from handlers.loans.simulation import Losses

COLUMNS: Final = (
    *("AccountID", "Term", "Income", "Balance", "LossGivenDefault", "DefaultProbability"),
    *("Defaults", "Scenarios", "SimulatedProbability", "Source"),
)


def files(exposures: Exposures, losses: Losses, sources: Sequence[str], *, rows: int) -> Iterator[bytes]:
    """The results in the loans' order, so many to a file; ``sources`` are the keys of the objects they came from."""
    scenarios = losses.by_segment.shape[1]
    columns = (exposures.account, exposures.segment, exposures.balance, exposures.loss, exposures.default_parts)
    every = list(zip(*(column.tolist() for column in (*columns, losses.defaults)), sources, strict=True))
    for start in range(0, len(every), rows):
        written = io.StringIO(newline="")
        writer = csv.writer(written)
        writer.writerow(COLUMNS)
        for account, segment, balance, loss, parts, defaults, source in every[start : start + rows]:
            probability = f"{parts // PARTS}.{parts % PARTS:09d}"
            simulated = f"{defaults / scenarios:.6f}"
            amounts = (_dollars(balance), _dollars(loss))
            writer.writerow(
                [account, *SEGMENTS[segment], *amounts, probability, defaults, scenarios, simulated, source]
            )
        yield written.getvalue().encode()


def _dollars(cents: int) -> str:
    return f"{cents // HUNDREDTHS}.{cents % HUNDREDTHS:02d}"
