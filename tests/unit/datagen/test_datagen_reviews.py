"""The reviews have the schema, and at full size the counts, of the data that they stand for."""

from datetime import date
from io import BytesIO

import polars as pl
import pytest

from datagen import reviews
from datagen.dataset import Spec

ORIGINAL = 1_292_954
COLUMNS = (
    *("item_id", "user_id", "rating", "timestamp", "model_attr"),
    *("category", "brand", "year", "user_attr", "split"),
)


def csv_bytes(count, *, seed=1):
    spec = Spec(seed=seed, count=count, parameters={})
    starts = range(0, count, reviews.SHARD)
    parts = [reviews.make(spec, first, min(first + reviews.SHARD, count)) for first in starts]
    return b"".join(body.data for part in parts for body in part.bodies)


@pytest.fixture(scope="module")
def full():
    return pl.read_csv(csv_bytes(ORIGINAL), infer_schema_length=0).fill_null("")


def counts(frame, *columns):
    return {tuple(row[:-1]): row[-1] for row in frame.group_by(columns).len().iter_rows()}


def test_a_row_has_the_columns_of_the_original(full):
    assert tuple(full.columns) == COLUMNS
    patterns = {
        "item_id": r"^\d{1,4}$",
        "user_id": r"^\d{1,7}$",
        "rating": r"^[1-5]\.0$",
        "timestamp": r"^(199\d|20[01]\d)-\d\d-\d\d$",
        "model_attr": "^(Female|Female&Male|Male)$",
        "year": r"^(1999|20[01]\d)$",
        "user_attr": "^(Female|Male|)$",
        "split": "^[012]$",
    }
    for column, pattern in patterns.items():
        odd = full.filter(~pl.col(column).str.contains(pattern))
        assert odd.is_empty(), f"{column} holds {odd[column].to_list()[:3]}"


def test_full_size_has_the_original_counts_of_items_and_users(full):
    assert len(full) == ORIGINAL
    assert full["item_id"].n_unique() == 9_560
    assert full["user_id"].n_unique() == 1_157_633
    items = full.unique(["item_id", "model_attr"])
    assert counts(items, "model_attr") == {("Female",): 4_090, ("Female&Male",): 2_466, ("Male",): 3_004}
    users = full.unique(["user_id", "user_attr"])
    assert counts(users, "user_attr") == {("Female",): 71_043, ("Male",): 61_350, ("",): 1_025_240}


def test_full_size_has_the_original_joint_counts_of_attributes(full):
    known = counts(full.filter(pl.col("user_attr") != ""), "model_attr", "user_attr")
    assert known == {
        ("Female", "Female"): 34_259,
        ("Female", "Male"): 31_587,
        ("Female&Male", "Female"): 26_478,
        ("Female&Male", "Male"): 24_930,
        ("Male", "Female"): 25_963,
        ("Male", "Male"): 30_907,
    }


def test_facts_of_an_item_are_the_same_in_all_its_rows(full):
    facts = full.select("item_id", "model_attr", "category", "brand", "year").unique()
    assert len(facts) == 9_560


def test_ratings_follow_the_suggested_shares(full):
    shares = {rating: count / ORIGINAL for (rating,), count in counts(full, "rating").items()}
    # Five standard errors of a share are at most 0.0022 here.
    assert shares == pytest.approx({"5.0": 0.58, "4.0": 0.18, "3.0": 0.085, "2.0": 0.055, "1.0": 0.10}, abs=0.0025)


def test_most_rows_name_no_brand(full):
    assert (full["brand"] == "").mean() == pytest.approx(0.74, abs=0.04)


def test_headphones_lead_and_surveillance_comes_last(full):
    ranked = full["category"].value_counts(sort=True)["category"]
    assert len(ranked) == 10
    assert (ranked[0], ranked[-1]) == ("Headphones", "Security & Surveillance")


def test_reviews_grow_to_a_peak_in_2015_within_1999_to_2018(full):
    years = dict(full.group_by(full["timestamp"].str.head(4).cast(pl.Int64).alias("y")).len().sort("y").iter_rows())
    assert sorted(years) == list(range(1999, 2019))
    assert max(years, key=years.__getitem__) == 2015
    assert all(years[year] < years[year + 1] for year in range(2002, 2015)), "growth without a break to the peak"


def test_no_item_is_reviewed_before_its_year(full):
    early = full.filter(pl.col("timestamp").str.head(4) < pl.col("year"))
    assert early.is_empty()


def test_dates_exist(full):
    days = full["timestamp"].unique().to_list()
    assert [date.fromisoformat(day).isoformat() for day in days] == days


def test_popularity_of_items_has_a_heavy_head_and_a_long_tail(full):
    popularity = full["item_id"].value_counts()["count"]
    assert popularity.mean() == pytest.approx(135, abs=1)
    assert popularity.median() < popularity.mean() / 2
    assert popularity.max() > 20 * popularity.mean()


def test_few_users_write_more_than_one_review(full):
    written = full["user_id"].value_counts()["count"]
    assert written.mean() == pytest.approx(1.12, abs=0.01)
    # If every further review came from another user, the share of 1 would be 0.883.
    assert (written == 1).mean() > 0.89
    assert written.max() > 20


def test_a_smaller_count_is_the_beginning_of_a_larger_one():
    assert csv_bytes(70_000).startswith(csv_bytes(5_000)), "content depends on the index of a record, not on the count"


def test_reviews_beyond_the_original_count_bring_new_users_for_the_same_items():
    spec = Spec(seed=1, count=10 * ORIGINAL, parameters={})
    first = ORIGINAL // reviews.SHARD * reviews.SHARD  # the shard that crosses into the second cycle
    columns = reviews.reviews(spec, first, first + reviews.SHARD)
    crossing = ORIGINAL - first
    assert columns.user[:crossing].max() < 1_157_633 <= columns.user[crossing:].min()
    assert columns.item.max() < 9_560
    assert len(columns.day) == reviews.SHARD


def test_seeds_make_different_reviews():
    assert csv_bytes(100, seed=1) != csv_bytes(100, seed=2)


def test_truth_is_exactly_the_rows_rated_four_or_five():
    spec = Spec(seed=3, count=5_000, parameters={})
    part = reviews.make(spec, 0, 5_000)
    # GIVEN the rows that a plain reader of the text would keep
    lines = part.bodies[0].data.decode().splitlines()
    kept = [line for line in lines[1:] if line.split(",")[2] in {"4.0", "5.0"}]
    # THEN the truth has the same rows, as the same text, in the same order
    truth = part.truth["highly_rated"]
    assert truth.columns == lines[0].split(",")
    assert [",".join(row) for row in truth.iter_rows()] == kept
    assert pl.read_parquet(_parquet(truth)).equals(truth)


def _parquet(frame):
    buffer = BytesIO()
    frame.write_parquet(buffer)
    buffer.seek(0)
    return buffer
