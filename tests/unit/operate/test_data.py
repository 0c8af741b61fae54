"""Data are generated where the use case reads them, and only when they are not there."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from operate import data
from operate.errors import StackError
from usecases.registry import NOAA


@pytest.mark.parametrize(
    ("outputs", "address"),
    [
        ({"data_prefix": "reviews", "data_key": "reviews/reviews.csv"}, "s3://b/reviews"),
        ({"data_prefix": "csv/by_station/"}, "s3://b/csv/by_station"),
        ({"data_key": "reviews/reviews.csv"}, "s3://b/reviews"),
        ({"data_key": "reviews.csv"}, "s3://b"),
    ],
)
def test_the_address_is_the_folder_that_the_use_case_reads(outputs, address):
    assert data.location({"input_bucket": "b", **outputs}) == address


def test_outputs_that_name_no_data_are_refused():
    with pytest.raises(StackError, match="name neither data_key nor data_prefix"):
        data.location({"input_bucket": "b"})


def test_the_environment_of_the_generator_is_put_back(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with data._environment({"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}):
        assert (os.environ["AWS_REGION"], os.environ["AWS_ENDPOINT_URL"]) == ("us-east-1", "http://127.0.0.1:1")
    assert os.environ["AWS_REGION"] == "eu-west-1"
    assert "AWS_ENDPOINT_URL" not in os.environ


class Listing:
    """A stack whose input bucket has these keys."""

    environment: ClassVar[dict[str, str]] = {}

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def outputs_of(self, _: str) -> dict[str, str]:
        return {"input_bucket": "b", "data_prefix": "csv/by_station/", "inventory_prefix": "inventory/"}

    def client(self, _: str) -> Listing:
        return self

    def get_paginator(self, _: str) -> Listing:
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803 - the names are the API's
        assert Bucket == "b"
        found = [{"Key": key} for key in self.keys if key.startswith(Prefix)]
        return [{"Contents": found}] if found else [{}]


def test_an_inventory_is_written_for_each_data_set_and_then_used_again(monkeypatch):
    written: list[Any] = []

    def write(request: Any) -> Any:
        written.append(request)
        return SimpleNamespace(manifest_key="inventory/new/manifest.json")

    monkeypatch.setattr("datagen.inventory.write_inventory", write)
    folder = "inventory/b/count-10-seed-1"
    known: Any = Listing(
        f"{folder}/2026-01-02T00-00Z/manifest.json",
        f"{folder}/2026-01-03T00-00Z/manifest.json",
        f"{folder}/2026-01-04T00-00Z/manifest.checksum",
        f"{folder}/data/a.csv.gz",
    )
    newest = f"{folder}/2026-01-03T00-00Z/manifest.json"
    assert data.inventory(known, NOAA, count=10, seed=1) == newest, "one without its manifest is not complete"
    assert written == []
    assert data.inventory(known, NOAA, count=10, seed=2) == "inventory/new/manifest.json"
    (request,) = written
    assert (request.source, request.to, request.id) == ("s3://b/csv/by_station", "s3://b/inventory", "count-10-seed-2")
