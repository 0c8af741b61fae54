"""Data are generated where the use case reads them, and only when they are not there."""

from __future__ import annotations

import os

import pytest

from operate import data
from operate.errors import StackError


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
