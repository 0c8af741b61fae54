"""`reviews`: product ratings in the schema and proportions of the MarketBias electronics data, as one CSV object.

The original has 1,292,954 reviews. That many records of any seed have exactly its counts of items, users and
attributes; each further 1,292,954 bring as many users again, of the same kinds, who review the same items.
"""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from datagen.dataset import Body, DataSet, Part, Size, Spec
from datagen.permutation import Permutation
from datagen.reviews_catalogue import (
    DATA_SET_ID,
    HIGH_RATINGS,
    ITEMS,
    JOINT_REVIEWS,
    ORIGINAL_REVIEWS,
    RATING_WEIGHTS,
    SPLIT_WEIGHTS,
    STREAMS,
    USERS,
    USERS_BY_ATTR,
    Catalogue,
    Stream,
)
from datagen.streams import below, halves, quarters, slots, words

KEY = "reviews.csv"
COLUMNS = (
    "item_id",
    "user_id",
    "rating",
    "timestamp",
    "model_attr",
    "category",
    "brand",
    "year",
    "user_attr",
    "split",
)
SHARD = 1 << 16  # reviews; also the block of random bits, so it is part of the content
BYTES_A_REVIEW = 63.6
RATING_OF_BITS = slots(RATING_WEIGHTS)
SPLIT_OF_BITS = slots(SPLIT_WEIGHTS)


class Reviews(NamedTuple):
    """Columns as numbers: indices into the catalogue, the user's id, and days since 1999-01-01."""

    item: NDArray[np.uint32]
    user: NDArray[np.uint32]
    rating: NDArray[np.uint8]
    day: NDArray[np.uint32]
    attr: NDArray[np.uint8]
    split: NDArray[np.uint8]


class Layout:
    """Item, user and kind of user of 1,292,954 slots, one for each review of a cycle in another order."""

    def __init__(self, seed: int, cycle: int) -> None:
        def shuffled(size: int, stream: int) -> NDArray[np.uint32]:
            return Permutation(size, seed=seed, dataset=DATA_SET_ID, stream=stream + STREAMS * cycle).all()

        known = catalogue(seed)
        self.order = Permutation(
            ORIGINAL_REVIEWS, seed=seed, dataset=DATA_SET_ID, stream=Stream.ORDER + STREAMS * cycle
        )
        self.item = np.empty(ORIGINAL_REVIEWS, dtype=np.uint32)
        self.attr = np.empty(ORIGINAL_REVIEWS, dtype=np.uint8)
        self.user = np.empty(ORIGINAL_REVIEWS, dtype=np.uint32)
        start = 0
        for model, joint in enumerate(JOINT_REVIEWS):
            reviews = known.reviews_of_model[model]
            slice_ = slice(start, start + len(reviews))
            self.item[slice_] = reviews[shuffled(len(reviews), Stream.ITEMS_OF_MODEL + model)]
            self.attr[slice_] = np.repeat(np.arange(3), [*joint, len(reviews) - sum(joint)])
            start += len(reviews)
        ids = shuffled(USERS, Stream.USER_IDS) + np.uint32(USERS * cycle)
        first = 0
        for attr, users in enumerate(USERS_BY_ATTR):
            places = np.flatnonzero(self.attr == attr)
            writers = _writers(seed, cycle, attr, users=users, reviews=len(places))
            self.user[places] = ids[first + writers[shuffled(len(places), Stream.USERS_OF_ATTR + attr)]]
            first += users


def _writers(seed: int, cycle: int, attr: int, *, users: int, reviews: int) -> NDArray[np.int64]:
    """Each user once, then the further reviews of those who write more than one: few of them write many."""
    repeats = reviews - users
    bits = halves(words(seed, DATA_SET_ID, Stream.REPEATS + attr + STREAMS * cycle, 0, 2 * repeats))
    busy: int | NDArray[np.int64] = users
    for draw in (bits[:repeats, 0], bits[:repeats, 1], bits[repeats:, 0]):
        busy = below(busy, draw) + 1
    return np.concatenate([np.arange(users), busy - 1])


@lru_cache(maxsize=2)
def catalogue(seed: int) -> Catalogue:
    """The items of a seed."""
    return Catalogue(seed)


@lru_cache(maxsize=2)
def layout(seed: int, cycle: int) -> Layout:
    """The layout of a cycle of a seed."""
    return Layout(seed, cycle)


def reviews(spec: Spec, first: int, last: int) -> Reviews:
    """The reviews [first, last) as numbers.

    `first` must be a multiple of SHARD, and `last - first` at most SHARD.
    """
    placed = []
    for cycle in range(first // ORIGINAL_REVIEWS, (last - 1) // ORIGINAL_REVIEWS + 1):
        plan = layout(spec.seed, cycle)
        start = cycle * ORIGINAL_REVIEWS
        within = np.arange(max(first - start, 0), min(last - start, ORIGINAL_REVIEWS), dtype=np.uint32)
        slot = plan.order(within)
        placed.append((plan.item[slot], plan.user[slot], plan.attr[slot]))
    item, user, attr = (np.concatenate(parts) for parts in zip(*placed, strict=True))
    bits = quarters(words(spec.seed, DATA_SET_ID, Stream.REVIEW, first // SHARD, SHARD)[: last - first])
    rating = RATING_OF_BITS[bits[:, 0]]
    split = SPLIT_OF_BITS[bits[:, 1]]
    day = catalogue(spec.seed).days_after_release(item, bits[:, 2])
    return Reviews(item, user, rating, day, attr, split)


def make(spec: Spec, first: int, last: int) -> Part:
    """Reviews [first, last) as CSV text, and the highly rated of them as truth."""
    columns = reviews(spec, first, last)
    return Part(
        bodies=[Body(KEY, to_csv(spec.seed, columns, header=first == 0), last - first)],
        truth={"highly_rated": highly_rated(spec.seed, columns)},
    )


def to_csv(seed: int, columns: Reviews, *, header: bool) -> bytes:
    """The rows as text; columns that go together come ready joined from the catalogue."""
    item, user, rating, day, attr, split = columns
    known = catalogue(seed)
    joined = pl.DataFrame(
        [
            pl.Series("item", item),
            pl.Series("user", user),
            known.rating_day.gather(rating * np.uint32(known.days) + day).alias("rating_day"),
            known.item.gather(item).alias("facts"),
            known.user_split.gather(attr * np.uint32(len(SPLIT_WEIGHTS)) + split).alias("user_split"),
        ]
    )
    buffer = BytesIO()
    if header:
        buffer.write(f"{','.join(COLUMNS)}\n".encode())
    joined.write_csv(buffer, include_header=False, quote_style="never")
    return buffer.getvalue()


def highly_rated(seed: int, columns: Reviews) -> pl.DataFrame:
    """The rows rated 4.0 or 5.0, every column as the text that the CSV has, in the order of the CSV."""
    high = np.flatnonzero(columns.rating < HIGH_RATINGS)
    item, user, rating, day, attr, split = (column[high] for column in columns)
    known = catalogue(seed)
    return pl.DataFrame(
        {
            "item_id": known.item_id.gather(item),
            "user_id": pl.Series(user).cast(pl.String),
            "rating": known.rating.gather(rating),
            "timestamp": known.day.gather(day),
            "model_attr": known.model.gather(item),
            "category": known.category.gather(item),
            "brand": known.brand.gather(item),
            "year": known.year.gather(item),
            "user_attr": known.user_attr.gather(attr),
            "split": known.split.gather(split),
        }
    )


DATA_SET = DataSet(
    name="reviews",
    title=f"product reviews: {ITEMS:,} items, one CSV object",
    version=1,
    record="reviews",
    counts={"tiny": 5_000, "demo": ORIGINAL_REVIEWS, "full": ORIGINAL_REVIEWS},
    maximum=1_000_000_000,
    parameters=(),
    key_pattern=re.compile(re.escape(KEY)),
    single_object=KEY,
    parallel="threads",
    shard=lambda _: SHARD,
    size=lambda spec: Size(objects=1, rows=spec.count, bytes=int(spec.count * BYTES_A_REVIEW)),
    make=make,
)
