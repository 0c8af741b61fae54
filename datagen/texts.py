"""`texts`: filler text with social security numbers planted in few objects, as `ssn=NNN-NN-NNNN`.

Truth: for each object how many a scanner must find, and their last four digits in order.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from datagen import ssn
from datagen.dataset import Body, DataSet, Parameter, Part, Size, Spec
from datagen.streams import below, due, due_before, halves, quarters, uuids, words
from datagen.text_variants import VARIANTS
from datagen.vocabulary import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA_SET_ID = 4
KEY, WORD, PLANT, NUMBER = range(4)  # streams of random bits
MOST_NUMBERS = 8  # in one object
MAX_OBJECTS = ssn.BLOCK // MOST_NUMBERS
SHARD_WORDS = 2_500_000
PADDED = 16  # bytes: a word has at most 8 letters, a planted number 15 characters
CACHED_WORDS = 4_096  # joined at a time, so that they stay in the cache
BYTES_A_WORD = sum(map(len, WORDS)) / len(WORDS) + 1


class Text(NamedTuple):
    """One object, what a scanner must find in it, and the name of its variant if it has one."""

    key: str
    data: bytes
    last_four: list[str]
    variant: str | None


def text(spec: Spec, number: int) -> Text:
    """The object of that number."""
    draws = words(spec.seed, DATA_SET_ID, KEY, number, 3)
    key = f"{_version_4(uuids(draws[:2])[0])}.txt"
    length = int(spec.parameters["words"])
    if due(number, float(spec.parameters["adversarial"])):
        name, variant = VARIANTS[due_before(number, float(spec.parameters["adversarial"])) % len(VARIANTS)]
        planted = ssn.numbers(spec.seed, DATA_SET_ID, NUMBER, number * MOST_NUMBERS, 2)
        data, found = variant(_filler(spec.seed, number, length, []), planted)
        return Text(key, data, [each[-4:] for each in found], name)
    count = 0
    if due(number, float(spec.parameters["dirty"])):
        count = min(1 + int(draws[2] % np.uint64(MOST_NUMBERS)), length)
    planted = ssn.numbers(spec.seed, DATA_SET_ID, NUMBER, number * MOST_NUMBERS, count)
    return Text(key, _filler(spec.seed, number, length, planted), [each[-4:] for each in planted], None)


def _version_4(uuid: str) -> str:
    return f"{uuid[:14]}4{uuid[15:19]}{'89ab'[int(uuid[19], 16) & 3]}{uuid[20:]}"


class _Vocabulary(NamedTuple):
    """Words, each with a space behind it, padded to 16 bytes; and how many of the bytes count."""

    padded: NDArray[np.complex128]  # a number type of 16 bytes, never computed with
    lengths: NDArray[np.int64]


def _padded(tokens: Sequence[str]) -> _Vocabulary:
    text = b"".join(f"{token} ".encode().ljust(PADDED, b"\0") for token in tokens)
    return _Vocabulary(np.frombuffer(text, np.complex128), np.array([len(token) + 1 for token in tokens]))


@cache
def _words() -> _Vocabulary:
    return _padded(WORDS)


def _filler(seed: int, number: int, length: int, planted: list[str]) -> bytes:
    """Words separated by one space, with the planted numbers at random places in their order."""
    bits = quarters(words(seed, DATA_SET_ID, WORD, number, -(-length // 4))).ravel()[:length]
    choice = (bits.astype(np.uint32) * np.uint32(len(WORDS))) >> np.uint32(16)
    vocabulary = _words()
    if planted:
        choice[_places(seed, number, length, len(planted))] = np.arange(len(WORDS), len(WORDS) + len(planted))
        tokens = _padded([f"ssn={each}" for each in planted])
        vocabulary = _Vocabulary(
            np.concatenate([vocabulary.padded, tokens.padded]), np.concatenate([vocabulary.lengths, tokens.lengths])
        )
    return b"".join(
        _joined(vocabulary, choice[start : start + CACHED_WORDS]) for start in range(0, length, CACHED_WORDS)
    )[:-1]


def _joined(vocabulary: _Vocabulary, choice: NDArray[np.uint32]) -> bytes:
    """The chosen words one after the other: each is stored with its padding, which the next one overwrites."""
    lengths = vocabulary.lengths.take(choice)
    ends = np.cumsum(lengths)
    size = int(ends[-1])
    text = np.empty(size + PADDED, np.uint8)
    np.ndarray(size + 1, np.complex128, text, strides=(1,))[ends - lengths] = vocabulary.padded.take(choice)
    return text[:size].tobytes()


def _places(seed: int, number: int, length: int, count: int) -> NDArray[np.int64]:
    """Different places in ascending order."""
    draws = halves(words(seed, DATA_SET_ID, PLANT, number, 2 * MOST_NUMBERS)).ravel()
    places = list(dict.fromkeys([*below(length, draws).tolist(), *range(count)]))[:count]
    return np.array(sorted(places))


def make(spec: Spec, first: int, last: int) -> Part:
    """The objects [first, last)."""
    made = [text(spec, number) for number in range(first, last)]
    truth = pl.DataFrame(
        [(each.key, len(each.last_four), each.last_four, each.variant) for each in made], schema=TRUTH, orient="row"
    )
    return Part(bodies=[Body(each.key, each.data, 1) for each in made], truth={"texts": truth})


TRUTH: dict[str, pl.DataType | type[pl.DataType]] = {
    "key": pl.String,
    "count": pl.Int64,
    "last_four": pl.List(pl.String),
    "variant": pl.String,
}


def _size(spec: Spec) -> Size:
    made = int(spec.count * int(spec.parameters["words"]) * BYTES_A_WORD)
    return Size(objects=spec.count, rows=spec.count, bytes=made)


DATA_SET = DataSet(
    name="texts",
    title="text objects, few of them with social security numbers that no person can have",
    version=1,
    record="objects",
    counts={"tiny": 20, "demo": 500, "full": 200_000},
    maximum=MAX_OBJECTS,
    parameters=(
        Parameter(name="words", default=50_000, minimum=10, maximum=10_000_000, help="Words in an object."),
        Parameter(name="dirty", default=0.02, minimum=0, maximum=1, help="Share of objects with 1 to 8 numbers."),
        Parameter(
            name="adversarial",
            default=0.0,
            minimum=0,
            maximum=1,
            help="Share of objects that try to mislead a scanner.",
        ),
    ),
    key_pattern=re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.txt"),
    single_object=None,
    parallel="processes",
    shard=lambda spec: max(1, min(1_000, SHARD_WORDS // int(spec.parameters["words"]))),
    size=_size,
    make=make,
)
