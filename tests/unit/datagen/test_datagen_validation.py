"""Validation passes what is right, and names what was changed, lost or added."""

import json
from hashlib import md5

import polars as pl
import pytest

from datagen import GenerateRequest, generate, validate
from datagen.checks.check import share
from datagen.errors import RequestError
from datagen.registry import NAMES

SMALL = {
    "reviews": (70_000, {}),
    "stations": (9, {"years": 1.0}),
    "claims": (30, {"claims": 6.0, "malformed": 0.05}),
    "texts": (200, {"words": 50, "dirty": 0.2, "adversarial": 0.3}),
    "loans": (300, {}),
    "numbers": (2_000, {}),
}


def made(name, tmp_path):
    count, parameters = SMALL[name]
    generate(GenerateRequest(dataset=name, to=(tmp_path / name).as_uri(), count=count, parameters=parameters))
    return tmp_path / name


def failed(folder):
    return {check.name: check.detail for check in validate(folder.as_uri()).checks if not check.ok}


def recorded(folder, key):
    """Bring the record of an object in line with what it holds now, as if it had been generated so."""
    path = folder.parent / "_truth" / folder.name / "objects.parquet"
    data = (folder / key).read_bytes()
    mine = pl.col("key") == key
    pl.read_parquet(path).with_columns(
        pl.when(mine).then(len(data)).otherwise(pl.col("size")).alias("size"),
        pl.when(mine).then(pl.lit(md5(data).hexdigest())).otherwise(pl.col("etag")).alias("etag"),
    ).write_parquet(path)


def change(folder, key, old, new):
    path = folder / key
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_generated_passes(name, tmp_path):
    report = validate(made(name, tmp_path).as_uri())
    assert report.ok, failed(tmp_path / name)
    assert len(report.checks) >= 4


@pytest.mark.parametrize(
    ("name", "count", "parameters"),
    [
        ("stations", 40, {"years": 2.0}),
        ("claims", 120, {}),
        ("loans", 12_000, {"batch": 1_000}),
        ("loans", 12_000, {"batch": 1_000, "preset": "mortgage"}),
    ],
)
def test_large_sets_are_held_against_their_distributions(name, count, parameters, tmp_path):
    to = (tmp_path / name).as_uri()
    generate(GenerateRequest(dataset=name, to=to, count=count, parameters=parameters))
    report = validate(to)
    assert report.ok, [check for check in report.checks if not check.ok]
    assert len(report.checks) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_byte_that_was_changed_is_noticed(name, tmp_path):
    folder = made(name, tmp_path)
    path = max(folder.iterdir(), key=lambda each: each.stat().st_size)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle] = data[middle] ^ 1 if chr(data[middle]).isdigit() else ord("7")
    path.write_bytes(data)
    assert failed(folder)


def test_a_missing_object_is_named(tmp_path):
    folder = made("loans", tmp_path)
    (folder / "data-gen-000007.csv").unlink()
    assert "data-gen-000007.csv is missing" in failed(folder)["objects are listed as written"]


def test_a_foreign_object_is_named(tmp_path):
    folder = made("loans", tmp_path)
    (folder / "notes.txt").write_text("mine")
    assert "notes.txt was not written by datagen" in failed(folder)["objects are listed as written"]


def test_a_shortened_object_is_named(tmp_path):
    folder = made("texts", tmp_path)
    path = next(each for each in folder.iterdir() if each.stat().st_size > 100)
    path.write_bytes(path.read_bytes()[:-1])
    assert path.name in failed(folder)["objects are listed as written"]


def test_an_unfinished_data_set_fails(tmp_path):
    folder = made("numbers", tmp_path)
    state = tmp_path / "_truth/numbers/dataset.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"complete": False}))
    assert "complete" in failed(folder)


def test_a_place_without_a_data_set_is_refused(tmp_path):
    with pytest.raises(RequestError, match="no data set was made at"):
        validate(tmp_path.as_uri())


# What follows changes content and its record alike: only the truth, or the meaning, can tell.


def test_a_payment_that_does_not_fit_is_found(tmp_path):
    folder = made("loans", tmp_path)
    key = "data-gen-000003.csv"
    payment = (folder / key).read_bytes().splitlines()[1].split(b",")[3]
    change(folder, key, payment, b"%.2f" % (float(payment) + 0.02))
    recorded(folder, key)
    assert key in failed(folder)["payment fits amount, rate and term"]
    assert "fields are the truth" in failed(folder)


def test_a_number_that_could_be_a_persons_is_found(tmp_path):
    folder = made("texts", tmp_path)
    path = next(each for each in folder.iterdir() if b" ssn=9" in each.read_bytes())
    change(folder, path.name, b" ssn=9", b" ssn=2")
    recorded(folder, path.name)
    assert set(failed(folder)) == {"no number can be a person's"}, "the last four digits did not change"


def test_another_greatest_precipitation_is_found(tmp_path):
    folder = made("stations", tmp_path)
    path = next(each for each in folder.iterdir() if b",PRCP,1" in each.read_bytes())
    change(folder, path.name, b",PRCP,1", b",PRCP,9991")
    recorded(folder, path.name)
    assert path.name in failed(folder)["greatest precipitation is the truth"]


def test_another_decision_is_found(tmp_path):
    folder = made("claims", tmp_path)
    key = "claims-000002.json"
    change(folder, key, b"4999.99", b"5999.99")
    recorded(folder, key)
    assert key in failed(folder)["decisions are the truth"]


def test_another_rating_is_found(tmp_path):
    folder = made("reviews", tmp_path)
    change(folder, "reviews.csv", b",2.0,", b",4.0,")
    recorded(folder, "reviews.csv")
    assert "highly rated rows are the truth, in order" in failed(folder)


def test_a_number_left_out_is_found(tmp_path):
    folder = made("numbers", tmp_path)
    change(folder, "numbers.csv", b"\n1000\n", b"\n")
    recorded(folder, "numbers.csv")
    assert "line 1001 is" in failed(folder)["numbers from 1 on"]


def test_content_of_another_form_is_reported_and_no_traceback(tmp_path):
    folder = made("stations", tmp_path)
    path = next(each for each in folder.iterdir() if b",PRCP,1" in each.read_bytes())
    change(folder, path.name, b",PRCP,1", b",PRCP,many")
    recorded(folder, path.name)
    assert "ComputeError" in failed(folder)["objects have the form of the data set"]


def test_a_share_is_held_to_five_standard_errors():
    assert share("coins", 5_249, 10_000, 0.5).ok
    assert not share("coins", 5_251, 10_000, 0.5).ok
