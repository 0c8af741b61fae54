"""What claims say: kinds, prices and numbers of items as measured on 5,583 claims of a published Synthea export."""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datagen.distributions import quantiles
from datagen.streams import SLOTS, quarters, slots, words

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA_SET_ID = 3
FILE, CLAIM, IDENTITY, PARTY = range(4)  # streams of random bits

LIMIT_CENTS = 500_000  # a claim below it is approved as it is
ENCOUNTER_CENTS, CHEAP_ENCOUNTER_CENTS = 12_500, 7_500
MEDICATION_CENTS, VACCINE_CENTS, STANDARD_PROCEDURE_CENTS = 25_500, 14_052, 51_665
LEAST_NET_CENTS = 100
WORDS_A_CLAIM = 5
MANY_ITEMS, PROCEDURES_OF_MANY = 9, 3  # beside the encounter; the others are conditions, which cost nothing
EVENNESS = 64  # added to a random byte when a sum is divided


class Shape(IntEnum):
    """Kinds of claim; all but VARIED have a fixed price."""

    PHARMACY = 0
    ENCOUNTER = 1
    CHEAP_ENCOUNTER = 2
    DIAGNOSIS = 3
    VACCINE = 4
    TWO_VACCINES = 5
    STANDARD_PROCEDURE = 6
    VARIED = 7


# Vaccines, conditions, procedures and the price of the encounter or medication.
FIXED: dict[int, tuple[int, int, tuple[int, ...], int]] = {
    Shape.PHARMACY: (0, 0, (), MEDICATION_CENTS),
    Shape.ENCOUNTER: (0, 0, (), ENCOUNTER_CENTS),
    Shape.CHEAP_ENCOUNTER: (0, 0, (), CHEAP_ENCOUNTER_CENTS),
    Shape.DIAGNOSIS: (0, 1, (), ENCOUNTER_CENTS),
    Shape.VACCINE: (1, 0, (), ENCOUNTER_CENTS),
    Shape.TWO_VACCINES: (2, 0, (), ENCOUNTER_CENTS),
    Shape.STANDARD_PROCEDURE: (0, 0, (STANDARD_PROCEDURE_CENTS,), ENCOUNTER_CENTS),
}
SHAPES = slots((19.5, 16.5, 1.4, 12.2, 8.6, 1.9, 1.9, 38.0))
# Of VARIED claims: number of items, total in cents, and what is among the items.
ITEMS = np.repeat(
    np.array([2, 3, 4, 5, 6, 7, 8, 10, 22, 23]),
    np.bincount(slots((10.7, 15.9, 5.5, 2.6, 1.0, 0.6, 0.4, 0.2, 0.5, 0.5))),
)
TOTAL_QUANTILES = (
    (0, 30_000),
    (0.342, 192_200),
    (0.429, LIMIT_CENTS),
    (0.737, 1_438_100),
    (0.868, 1_801_200),
    (0.974, 4_503_100),
    (0.9974, 7_361_000),
    (1, 11_000_000),
)
SUPPORTED_BELOW_LIMIT = 0.93  # of those with three items or more: two leave no room for a vaccine
SUPPORTED_ABOVE_LIMIT = 0.12
VACCINES = np.repeat(np.array([1, 2, 3, 4]), np.bincount(slots((50, 28, 15, 7))))
MORE_SUPPORT = slots((60, 30, 10))  # further supporting information that is no vaccine
DIAGNOSED = 0.15
STANDARD_PRICED = 0.35

CLAIM_QUANTILES = ((0, 2), (0.05, 9), (0.25, 17), (0.5, 25), (0.75, 44), (0.95, 99), (0.99, 139), (1, 250))
LEAST_CLAIMS = 2


class Edge(IntEnum):
    """What is planted as the first claim of a file, by the file's number modulo EDGE_FILES."""

    AT_LIMIT = 0
    BELOW_LIMIT = 1
    EMPTY_SUPPORTING_INFO = 2
    NO_VALUE = 3
    DUPLICATE = 6  # of the first claim of the file before


EDGE_FILES = 20
EDGES = {edge.value: edge for edge in Edge}
EDGE_CENTS = {
    Edge.AT_LIMIT: LIMIT_CENTS,
    Edge.BELOW_LIMIT: LIMIT_CENTS - 1,
    Edge.EMPTY_SUPPORTING_INFO: 777_777,
    Edge.NO_VALUE: LIMIT_CENTS,
}


class Claim(NamedTuple):
    """What a claim says, in cents. `supporting` is None when the field is absent, 0 when it is an empty list."""

    shape: int
    vaccines: int
    conditions: int
    procedures: tuple[int, ...]
    total: int | None
    supporting: int | None
    edge: Edge | None
    codes: Sequence[int]  # random bytes, one an item


def decision(total: int | None, supporting: int | None) -> str:
    """Approved below 5,000 dollars or with supporting information, of which an empty list has none."""
    return "Approved" if (total is not None and total < LIMIT_CENTS) or supporting else "Rejected"


@cache
def _totals() -> NDArray[np.int64]:
    return quantiles(TOTAL_QUANTILES, logarithmic=True)


@cache
def _claims_of_a_file() -> NDArray[np.int64]:
    return quantiles(CLAIM_QUANTILES)


def claims_of(seed: int, number: int, mean_claims: float) -> list[Claim]:
    """The claims of the file of that number."""
    per_file = _claims_of_a_file()
    bits = int(quarters(words(seed, DATA_SET_ID, FILE, number, 1))[0, 0])
    count = max(LEAST_CLAIMS, round(int(per_file[bits]) * mean_claims * SLOTS / int(per_file.sum())))
    draws = words(seed, DATA_SET_ID, CLAIM, number, count * WORDS_A_CLAIM).reshape(count, WORDS_A_CLAIM)
    chances = quarters(draws[:, :2].ravel()).reshape(count, 8)
    octets = draws[:, 2:].astype("<u8").view(np.uint8)
    shapes = SHAPES[chances[:, 0]].tolist()
    made = [
        _varied(total, items, vaccines, chance, octet) if shape == Shape.VARIED else _fixed(shape, octet)
        for shape, total, items, vaccines, chance, octet in zip(
            shapes,
            _totals()[chances[:, 1]].tolist(),
            ITEMS[chances[:, 2]].tolist(),
            VACCINES[chances[:, 3]].tolist(),
            chances[:, 4:].tolist(),
            octets.tolist(),
            strict=True,
        )
    ]
    edge = EDGES.get(number % EDGE_FILES)
    if edge is not None and edge is not Edge.DUPLICATE:
        made[0] = _planted(edge, made[0].codes)
    return made


def _fixed(shape: int, octets: list[int]) -> Claim:
    vaccines, conditions, procedures, base = FIXED[shape]
    return Claim(
        shape,
        vaccines,
        conditions,
        procedures,
        base + vaccines * VACCINE_CENTS + sum(procedures),
        vaccines or None,
        None,
        octets,
    )


def _varied(total: int, items: int, vaccines: int, chances: list[int], octets: list[int]) -> Claim:
    room = items - 1
    likely = SUPPORTED_BELOW_LIMIT if total < LIMIT_CENTS else SUPPORTED_ABOVE_LIMIT
    if room < 2 or chances[0] >= likely * SLOTS:
        vaccines = 0
    vaccines = min(vaccines, room - 1)
    while vaccines > 1 and total - ENCOUNTER_CENTS - vaccines * VACCINE_CENTS < LEAST_NET_CENTS * room:
        vaccines -= 1
    if room >= MANY_ITEMS:
        conditions = room - vaccines - PROCEDURES_OF_MANY
    else:
        conditions = int(room - vaccines > 1 and chances[1] < DIAGNOSED * SLOTS)
    nets = _split(
        total - ENCOUNTER_CENTS - vaccines * VACCINE_CENTS,
        octets[: room - vaccines - conditions],
        standard=chances[2] < STANDARD_PRICED * SLOTS,
    )
    more = MORE_SUPPORT[chances[3]] if vaccines else 0
    return Claim(
        Shape.VARIED,
        vaccines,
        conditions,
        nets,
        ENCOUNTER_CENTS + vaccines * VACCINE_CENTS + sum(nets),
        vaccines + int(more) or None,
        None,
        octets,
    )


def _split(cents: int, weights: Sequence[int], *, standard: bool) -> tuple[int, ...]:
    """Divide a sum among procedures, unevenly; one of several may have the standard price."""
    if len(weights) == 1:
        return (cents,)
    if standard and cents > 2 * STANDARD_PROCEDURE_CENTS:
        return (STANDARD_PROCEDURE_CENTS, *_split(cents - STANDARD_PROCEDURE_CENTS, weights[1:], standard=False))
    spare = cents - LEAST_NET_CENTS * len(weights)
    whole = sum(weights) + EVENNESS * len(weights)
    nets = [LEAST_NET_CENTS + spare * (weight + EVENNESS) // whole for weight in weights]
    nets[0] += cents - sum(nets)
    return tuple(nets)


def _planted(edge: Edge, codes: Sequence[int]) -> Claim:
    cents = EDGE_CENTS[edge]
    return Claim(
        shape=Shape.VARIED,
        vaccines=0,
        conditions=0,
        procedures=(cents - ENCOUNTER_CENTS,),
        total=None if edge is Edge.NO_VALUE else cents,
        supporting=0 if edge is Edge.EMPTY_SUPPORTING_INFO else None,
        edge=edge,
        codes=codes,
    )
