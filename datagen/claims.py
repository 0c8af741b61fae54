"""`claims`: FHIR R4 Claims in the manner of Synthea, one JSON list an object, each of one patient.

Truth: what the rule of the `claims` use case decides for each claim, and which claims are planted edge cases.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from datagen.claim_facts import (
    DATA_SET_ID,
    EDGE_FILES,
    EDGES,
    IDENTITY,
    PARTY,
    VACCINE_CENTS,
    Claim,
    Edge,
    Shape,
    claims_of,
    decision,
)
from datagen.claim_text import ClaimText
from datagen.dataset import Body, DataSet, Parameter, Part, Size, Spec
from datagen.streams import SLOTS, due, quarters, slots, uuids, words

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARD = 32  # objects
BYTES_A_CLAIM = {0: 1_700.0, 4: 3_700.0}
IDS_A_CLAIM = 3  # its own, its encounter's and its prescription's; those that it refers to come on top
MALFORMED_KEPT = 0.6  # of the text of a malformed object

PAYERS = (
    *("Blue Cross Blue Shield", "UnitedHealthcare", "Aetna", "Cigna Health", "Humana", "Anthem"),
    *("Medicare", "Medicaid", "NO_INSURANCE", "Dual Eligible"),
)
PAYER_OF_BITS = slots((15, 12.7, 10, 9, 8, 6, 21.6, 15.2, 1.7, 0.7))
GIVEN = ("Orla", "Jorge", "Mina", "Tobias", "Adela", "Kwame", "Yuki", "Pavel", "Ines", "Rafael", "Sanna", "Imran")
FAMILY = ("Testman", "Mockley", "Samplova", "Dummond", "Fakewell", "Trialski", "Proband", "Exemplar", "Stubbs")
CLINICS = (
    "EXAMPLE CLINIC",
    "SAMPLE BAY COMMUNITY HOSPITAL",
    "MOCK VALLEY MEDICAL CENTER",
    "TEST HILLS FAMILY PRACTICE",
)
FIRST_DAY = date(2009, 1, 1)
DAYS = 5_478  # to the end of 2023


class Party(NamedTuple):
    """Who the claims of a file are of and from."""

    patient: str
    name: str
    clinic: str
    organization: str
    location: str
    payer: str
    first_day: int


class Written(NamedTuple):
    """A claim as text, with what the truth says of it."""

    text: str
    id: str
    claim: Claim


@cache
def _days() -> tuple[str, ...]:
    return tuple((FIRST_DAY + timedelta(number)).isoformat() for number in range(DAYS))


@cache
def _text(indent: int) -> ClaimText:
    return ClaimText(indent)


def _party(seed: int, number: int) -> Party:
    draws = quarters(words(seed, DATA_SET_ID, PARTY, number, 2)).ravel().tolist()
    patient, organization, location = uuids(words(seed, DATA_SET_ID, PARTY, number, 8)[2:])
    given, family = GIVEN[draws[0] % len(GIVEN)], FAMILY[draws[1] % len(FAMILY)]
    return Party(
        patient=patient,
        name=f"{given}{draws[2] % 1_000} {family}{draws[3] % 1_000}",
        clinic=CLINICS[draws[4] % len(CLINICS)],
        organization=organization,
        location=location,
        payer=PAYERS[PAYER_OF_BITS[draws[5]]],
        first_day=draws[6] * (DAYS // 2) // SLOTS,
    )


def written(spec: Spec, number: int) -> Iterator[Written]:
    """The claims of the file of that number, oldest first."""
    claims = claims_of(spec.seed, number, float(spec.parameters["claims"]))
    party = _party(spec.seed, number)
    indent = int(spec.parameters["indent"])
    references = [(claim.supporting or 0) + claim.conditions + len(claim.procedures) for claim in claims]
    ids = uuids(words(spec.seed, DATA_SET_ID, IDENTITY, number, 2 * (sum(references) + IDS_A_CLAIM * len(claims))))
    days, start = _days(), 0
    for index, (claim, count) in enumerate(zip(claims, references, strict=True)):
        day = days[party.first_day + (DAYS - 1 - party.first_day) * index // len(claims)]
        own, encounter, prescription, *referred = ids[start : start + IDS_A_CLAIM + count]
        start += IDS_A_CLAIM + count
        codes = claim.codes
        begin = f"{day}T{7 + codes[0] % 11:02d}:{codes[1] % 45:02d}:00+00:00"
        end = f"{day}T{7 + codes[0] % 11:02d}:{codes[1] % 45 + 15:02d}:00+00:00"
        template = _template(
            indent,
            claim.shape,
            claim.supporting,
            claim.vaccines,
            claim.conditions,
            len(claim.procedures),
            claim.total is not None,
            codes[2] & 7,
            codes[3] & 7,
        )
        text = template % (
            *(own, party.patient, party.name, begin, end, end, party.organization, party.clinic),
            *((prescription,) if claim.shape == Shape.PHARMACY else (party.location, party.clinic)),
            *referred,
            *(party.payer, encounter),
            *[net / 100 for net in claim.procedures],
            *(() if claim.total is None else (claim.total / 100,)),
        )
        yield Written(text, own, claim)


@lru_cache(maxsize=1 << 14)
def _template(
    indent: int,
    shape: int,
    supporting: int | None,
    vaccines: int,
    conditions: int,
    procedures: int,
    valued: bool,
    code: int,
    step: int,
) -> str:
    """A claim of this kind with places for ids, names, times and amounts; codes of its items start at `code`."""
    text = _text(indent)

    def references(name: str, template: str, count: int) -> str:
        return text.array(name, [template % (at, "%s") for at in range(1, count + 1)])

    def code_of(at: int) -> int:
        return (code + at * (step | 1)) & 7

    if shape == Shape.PHARMACY:
        parts, items = [text.pharmacy], [text.drugs[code]]
    else:
        parts, items = [text.institutional], [text.encounters[code]]
    if supporting is not None:
        parts.append(references("supportingInfo", text.supporting, supporting))
    if conditions:
        parts.append(references("diagnosis", text.diagnosis, conditions))
    if procedures:
        parts.append(references("procedure", text.procedure, procedures))
    parts.append(text.insurance)
    for at in range(1, vaccines + 1):
        items.append(text.vaccines[code_of(at)] % (len(items) + 1, at, VACCINE_CENTS / 100))
    for at in range(1, conditions + 1):
        items.append(text.conditions[code_of(at)] % (len(items) + 1, at))
    for at in range(1, procedures + 1):
        items.append(text.procedures[code_of(at)] % (len(items) + 1, at, "%s"))
    parts.append(text.array("item", items))
    parts.append(text.total if valued else text.total_without_value)
    return "".join(parts)


def make(spec: Spec, first: int, last: int) -> Part:
    """The objects of files [first, last)."""
    text = _text(int(spec.parameters["indent"]))
    bodies: list[Body] = []
    truth: list[tuple[object, ...]] = []
    for number in range(first, last):
        key = f"claims-{number + 1:06d}.json"
        claims = list(written(spec, number))
        if EDGES.get(number % EDGE_FILES) is Edge.DUPLICATE:
            original = next(written(spec, number - 1))
            claims[0] = original._replace(claim=original.claim._replace(edge=Edge.DUPLICATE))
        texts = [each.text for each in claims]
        texts[0], texts[-1] = text.start + texts[0], texts[-1] + text.end
        data = text.between.join(texts).encode()
        if due(number, float(spec.parameters["malformed"])):
            bodies.append(Body(key, data[: int(len(data) * MALFORMED_KEPT)], 0))
            continue
        bodies.append(Body(key, data, len(claims)))
        truth += [_known(key, each) for each in claims]
    return Part(bodies=bodies, truth={"claims": pl.DataFrame(truth, schema=TRUTH, orient="row")})


def _known(key: str, each: Written) -> tuple[object, ...]:
    claim = each.claim
    return (
        key,
        each.id,
        claim.total,
        claim.supporting,
        decision(claim.total, claim.supporting),
        None if claim.edge is None else claim.edge.name.lower(),
    )


TRUTH = {
    "key": pl.String,
    "id": pl.String,
    "total_cents": pl.Int64,
    "supporting_info": pl.Int64,
    "decision": pl.String,
    "edge": pl.String,
}


def _size(spec: Spec) -> Size:
    claims = spec.count * float(spec.parameters["claims"])
    return Size(
        objects=spec.count, rows=round(claims), bytes=round(claims * BYTES_A_CLAIM[int(spec.parameters["indent"])])
    )


DATA_SET = DataSet(
    name="claims",
    title="FHIR R4 claims, one JSON list of a patient's claims an object",
    version=1,
    record="objects",
    counts={"tiny": 20, "demo": 200, "full": 1_026},
    maximum=999_999,
    parameters=(
        Parameter(name="claims", default=58.0, minimum=1, maximum=10_000, help="Mean number of claims in an object."),
        Parameter(name="indent", default="4", choices=("0", "4"), help="Spaces of indentation, or 0 for compact JSON."),
        Parameter(
            name="malformed",
            default=0.0,
            minimum=0,
            maximum=1,
            help="Share of objects that end in the middle of a claim.",
        ),
    ),
    key_pattern=re.compile(r"claims-\d{6}\.json"),
    single_object=None,
    parallel="processes",
    shard=lambda _: SHARD,
    size=_size,
    make=make,
)
