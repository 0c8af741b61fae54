"""What the reviews are about: items with their attributes and popularity, and the distributions of a review."""

from __future__ import annotations

from datetime import date, timedelta
from enum import IntEnum
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from datagen.permutation import Permutation
from datagen.streams import SLOTS, quarters, slots, spread, words

DATA_SET_ID = 1
STREAMS = 32  # of random bits, for each cycle of 1,292,954 reviews

ORIGINAL_REVIEWS = 1_292_954
ITEMS = 9_560
USERS = 1_157_633
# Reviews by what the item's pictures show (rows) and who wrote them (columns: Female, Male).
MODEL_ATTRS = ("Female", "Female&Male", "Male")
MODEL_ITEMS = (4_090, 2_466, 3_004)
USER_ATTRS = ("Female", "Male", "")
USERS_BY_ATTR = (71_043, 61_350, 1_025_240)
JOINT_REVIEWS = ((34_259, 31_587), (26_478, 24_930), (25_963, 30_907))

RATINGS = ("5.0", "4.0", "3.0", "2.0", "1.0")
RATING_WEIGHTS = (58, 18, 8.5, 5.5, 10)
HIGH_RATINGS = 2  # the first two of RATINGS
SPLIT_WEIGHTS = (80, 10, 10)  # train, validation, test
FIRST_YEAR = 1999
REVIEW_YEARS = (1, 2, 3, 3, 4, 5, 7, 10, 16, 24, 36, 54, 80, 116, 160, 186, 190, 96, 40, 10)  # weights, to 2018
ITEM_YEARS = (1, 2, 3, 4, 5, 7, 9, 14, 22, 33, 48, 70, 100, 130, 150, 130, 80, 20, 5, 1)
POPULARITY_OFFSET = 150  # of the Zipf-Mandelbrot law (rank + 150) ** -1.5
CATEGORIES = (
    "Headphones",
    "Computers & Accessories",
    "Camera & Photo",
    "Portable Audio & Video",
    "Accessories & Supplies",
    "Home Audio",
    "Television & Video",
    "Car Electronics & GPS",
    "Wearable Technology",
    "Security & Surveillance",
)
CATEGORY_WEIGHTS = (24, 17, 13.5, 12, 10.5, 8.5, 6, 4.2, 2.8, 1.5)
BRANDS = ("", "Bose", "Logitech", "Mpow", "TaoTronics", "JBL", "Sennheiser", "Etekcity", "Neewer", "Vtin", "Sony")
BRAND_WEIGHTS = (74, 5, 4.5, 4, 3.5, 2.5, 2, 1.5, 1.2, 1, 0.8)


class Stream(IntEnum):
    """The streams of random bits; some have one for each model_attr or user_attr."""

    CATALOGUE = 0
    MODELS = 1
    POPULARITY = 2
    REVIEW = 3
    ORDER = 4
    USER_IDS = 5
    ITEMS_OF_MODEL = 8
    USERS_OF_ATTR = 12
    REPEATS = 16


class Catalogue:
    """The items of one seed, and the texts that a review looks up by number."""

    def __init__(self, seed: int) -> None:
        def shuffled(stream: Stream) -> NDArray[np.uint32]:
            return Permutation(ITEMS, seed=seed, dataset=DATA_SET_ID, stream=stream).all()

        bits = quarters(words(seed, DATA_SET_ID, Stream.CATALOGUE, 0, ITEMS))
        model = np.repeat(np.arange(len(MODEL_ATTRS)), MODEL_ITEMS)[shuffled(Stream.MODELS)]
        year = slots(ITEM_YEARS)[bits[:, 2]]
        popularity = _reviews_by_rank()[shuffled(Stream.POPULARITY)]
        self.reviews_of_model = [
            np.repeat(items, popularity[items]).astype(np.uint32)
            for items in (np.flatnonzero(model == number) for number in range(len(MODEL_ATTRS)))
        ]
        self._day_of_slot, first_day_of_year, days = _days()
        self._first_slot = np.searchsorted(self._day_of_slot, first_day_of_year).astype(np.uint32)[year]
        self.days = len(days)
        self.item_id = pl.Series([str(item) for item in range(ITEMS)])
        self.rating = pl.Series(RATINGS)
        self.day = pl.Series(days)
        self.rating_day = pl.Series([f"{rating},{day}" for rating in RATINGS for day in days])
        self.model = pl.Series([MODEL_ATTRS[number] for number in model])
        self.category = pl.Series([CATEGORIES[number] for number in slots(CATEGORY_WEIGHTS)[bits[:, 0]]])
        self.brand = pl.Series([BRANDS[number] for number in slots(BRAND_WEIGHTS)[bits[:, 1]]])
        self.year = pl.Series([str(FIRST_YEAR + number) for number in year.tolist()])
        self.item = self.model + "," + self.category + "," + self.brand + "," + self.year
        self.user_attr = pl.Series(USER_ATTRS)
        self.split = pl.Series([str(split) for split in range(len(SPLIT_WEIGHTS))])
        self.user_split = pl.Series([f"{attr},{split}" for attr in USER_ATTRS for split in range(len(SPLIT_WEIGHTS))])

    def days_after_release(self, item: NDArray[np.uint32], bits: NDArray[np.uint16]) -> NDArray[np.uint32]:
        """Days of reviews, counted from 1999-01-01, none before the year of the item."""
        first = self._first_slot[item]
        return self._day_of_slot[first + ((bits * (np.uint32(SLOTS) - first)) >> np.uint32(16))]


def _reviews_by_rank() -> NDArray[np.int64]:
    ranks = np.arange(ITEMS, dtype=np.float64) + POPULARITY_OFFSET
    return spread((1 / (ranks * np.sqrt(ranks))).tolist(), ORIGINAL_REVIEWS)


def _days() -> tuple[NDArray[np.uint32], list[int], list[str]]:
    """The day of each of 65,536 slots, the first day of each year, and all days as text."""
    starts = [date(FIRST_YEAR + year, 1, 1) for year in range(len(REVIEW_YEARS) + 1)]
    days = [(starts[0] + timedelta(number)).isoformat() for number in range((starts[-1] - starts[0]).days)]
    first_days = [(start - starts[0]).days for start in starts]
    day_of_slot = np.concatenate(
        [
            first + np.arange(count) * (end - first) // count
            for count, (first, end) in zip(spread(REVIEW_YEARS, SLOTS), pairwise(first_days), strict=True)
        ]
    )
    return day_of_slot.astype(np.uint32), first_days[:-1], days
