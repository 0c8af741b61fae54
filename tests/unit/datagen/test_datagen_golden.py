"""Every byte of every data set is settled by seed, parameters and record index."""

import math
from hashlib import sha256

import pytest

from datagen.registry import NAMES, dataset
from datagen.request import GenerateRequest, job_for

# SHA-256 over key and content of every object at scale tiny, seed 1. A change here is a change of content:
# raise the version of the data set with it.
GOLDEN = {
    "reviews": "76e8f4f35334f156c429b1c0408e3e16195664f68fa257f73d9bf756c5975004",
    "stations": "8a95508a0208da5146d82818bda4e7e0e80bbdfa6078c3c935d79cfc4f3ce949",
    "claims": "fe6e75199cd1c164bacc002aaffebcb65dbc5650d3f52374d375f20b02ef577a",
    "texts": "34e0d8f893bff74af3daf598ea6a8816bf88a29ab4519bbb54fc8a219f59e1fc",
    "loans": "0eef84ba52306bf2bb2d873fe9f0d0ab6e22f9b60fa0020d2a771903397060d3",
    "numbers": "5ce3b8009464d2d07b11f66cc2705bf1c6897c93df8d7c81bd1ac81312778847",
}


def made(name, *, count=None, seed=1, **parameters):
    """Key and content of the objects, with the pieces of a single object joined."""
    job = job_for(
        GenerateRequest(dataset=name, to="s3://unused", scale="tiny", count=count, seed=seed, parameters=parameters)
    )
    objects: dict[str, bytes] = {}
    for shard in range(job.shards):
        for body in job.dataset.make(job.spec, *job.records(shard)).bodies:
            objects[body.key] = objects.get(body.key, b"") + body.data
    return objects


@pytest.mark.parametrize("name", NAMES)
def test_tiny_has_the_golden_bytes(name):
    digest = sha256()
    for key, data in made(name).items():
        digest.update(f"{key} {len(data)}\n".encode() + data)
    assert digest.hexdigest() == GOLDEN[name], "content changed: raise the version of the data set"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "numbers"])
def test_another_seed_makes_other_data(name):
    first, second = (set(made(name, count=5, seed=seed).values()) for seed in (1, 2))
    first, second = ({data for data in each if len(data) > 100} for each in (first, second))
    assert not first & second


@pytest.mark.parametrize("name", ["stations", "claims", "texts", "loans"])
def test_a_smaller_count_is_the_beginning_of_a_larger_one(name):
    few, many = made(name, count=7), made(name, count=12)
    assert few == {key: many[key] for key in few}
    assert list(few) == list(many)[:7]


@pytest.mark.parametrize("name", NAMES)
def test_records_do_not_depend_on_the_shards_they_are_made_in(name):
    job = job_for(GenerateRequest(dataset=name, to="s3://unused", scale="tiny"))
    whole = job.dataset.make(job.spec, 0, job.spec.count).bodies
    if job.dataset.single_object is not None:
        return  # pieces begin at whole blocks of random bits
    apart = [
        body
        for first in range(0, job.spec.count, 3)
        for body in job.dataset.make(job.spec, first, min(first + 3, job.spec.count)).bodies
    ]
    assert apart == list(whole)


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_those_that_overwrite_may_delete(name):
    pattern = dataset(name).key_pattern
    assert all(pattern.fullmatch(key) for key in made(name))
    assert not pattern.fullmatch("notes.txt")


@pytest.mark.parametrize("name", NAMES)
def test_the_estimate_of_size_is_close(name):
    count = {"stations": 60, "claims": 200}.get(name)
    job = job_for(GenerateRequest(dataset=name, to="s3://unused", scale="tiny", count=count))
    parts = [job.dataset.make(job.spec, *job.records(shard)) for shard in range(job.shards)]
    bodies = [body for part in parts for body in part.bodies]
    estimate = job.size()
    assert estimate.objects == len({body.key for body in bodies})
    close = 0.25 if name == "stations" else 0.1  # lengths of records are log-normal
    assert math.isclose(estimate.bytes, sum(len(body.data) for body in bodies), rel_tol=close)
    assert math.isclose(estimate.rows, sum(body.rows for body in bodies), rel_tol=close)
