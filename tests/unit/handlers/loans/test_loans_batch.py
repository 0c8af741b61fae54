"""A batch's task on stores in memory: what it writes, again the same, and what fails how."""

from __future__ import annotations

import csv
import io
import json

import pytest
from obstore.store import MemoryStore

from datagen.dataset import Spec
from datagen.loans import make
from handlers.common import objects as common_objects
from handlers.common.failures import InvalidBatch, TransientFailure
from handlers.common.meter import Meter
from handlers.loans import aggregate
from handlers.loans import objects as loans_objects
from handlers.loans.batch import simulate_batch
from handlers.loans.failures import Abandoned, NoResults, SlowDown
from handlers.loans.report import report
from handlers.loans.simulation import simulate
from handlers.loans.tally import Terms, tally, unpack
from handlers.loans.task import task_of
from tests.unit.handlers.loans.portfolios import exposed

COUNT = 120


@pytest.fixture
def stores(monkeypatch):
    """Two buckets in memory, the first with loans."""
    buckets = {"loans": MemoryStore(), "results": MemoryStore()}
    for module in (common_objects, loans_objects):
        monkeypatch.setattr(module, "store", buckets.__getitem__)
    bodies = make(Spec(seed=7, count=COUNT, parameters={"preset": "consumer", "batch": 1}), 0, COUNT).bodies
    for body in bodies:
        buckets["loans"].put(f"data/{body.key}", body.data)
    return buckets


def event(first: int = 0, last: int = COUNT, **more):
    keys = [f"data/data-gen-{n + 1:06d}.csv" for n in range(first, last)]
    shared = {"srcbkt": "loans", "dstbkt": "results", "dstkey": "runs/a", "as_of": "2026-03", "scenarios": 500}
    return {"BatchInput": {**shared, **more}, "Items": [{"Bucket": "loans", "Key": key, "Size": "150"} for key in keys]}


def run(given, check=lambda: None):
    return simulate_batch(given, Meter(), check)


def listed(store) -> dict[str, bytes]:
    return {found["path"]: store.get(found["path"]).bytes().to_bytes() for page in store.list() for found in page}


def test_a_batch_writes_one_result_a_loan_and_what_it_adds_to_the_portfolio(stores):
    answer = run(event())
    assert answer["outcomes"] == {"simulated": COUNT}
    assert (answer["items"], answer["failed"], answer["loans"], answer["objects"]) == (COUNT, [], COUNT, 4)
    written = listed(stores["results"])
    tables = [written[key].decode() for key in sorted(written) if key.startswith("runs/a/loans/")]
    assert [text.count("\r\n") - 1 for text in tables] == [50, 50, 20], "50 rows an object"
    rows = [row for text in tables for row in csv.DictReader(io.StringIO(text))]
    portfolio = exposed(COUNT)
    whole = simulate(portfolio, seed=0, scenarios=500)
    assert [int(row["AccountID"]) for row in rows] == portfolio.account.tolist()
    assert [int(row["Defaults"]) for row in rows] == whole.defaults.tolist()
    assert [round(float(row["DefaultProbability"]) * 10**9) for row in rows] == portfolio.default_parts.tolist()
    assert [round(float(row["Balance"]) * 100) for row in rows] == portfolio.balance.tolist()
    assert (unpack(written[answer["losses"]]).losses == whole.by_segment).all()


def test_a_batch_done_again_overwrites_its_objects_with_the_same(stores):
    run(event())
    before = listed(stores["results"])
    run(event())
    assert listed(stores["results"]) == before


def test_batches_leave_what_adds_up_to_one_process_alone(stores, context):
    for first, last in ((80, 120), (0, 7), (7, 80)):
        run(event(first, last, rows_per_object=10))
    told = aggregate.handler({"dstbkt": "results", "dstkey": "runs/a"}, context)
    made = json.loads(stores["results"].get(told["report"]).bytes().to_bytes())
    whole = simulate(exposed(COUNT), seed=0, scenarios=500)
    alone = report(tally(Terms(seed=0, scenarios=500, as_of="2026-03"), exposed(COUNT), whole))
    assert made == json.loads(json.dumps(alone))
    assert told["batches"] == 3
    assert told["loans"] == COUNT


def test_adding_up_nothing_is_refused(stores, context):
    with pytest.raises(NoResults, match="runs/none"):
        aggregate.handler({"dstbkt": "results", "dstkey": "runs/none"}, context)


def test_a_loan_that_is_gone_or_broken_fails_alone(stores):
    stores["loans"].delete("data/data-gen-000003.csv")
    stores["loans"].put("data/data-gen-000005.csv", b"AccountID\n1\n")
    answer = run(event(0, 10))
    assert answer["outcomes"] == {"simulated": 8}
    assert [(each["key"][-8:], each["error"]) for each in answer["failed"]] == [
        ("0003.csv", "NoSuchKey"),
        ("0005.csv", "NotCsv"),
    ]
    assert answer["loans"] == 8


def test_the_keys_depend_on_the_objects_alone():
    one, again, other = (task_of(given) for given in (event(0, 5), event(0, 5, seed=3), event(1, 6)))
    assert one.losses_key == again.losses_key
    assert one.losses_key != other.losses_key
    assert one.loans_key(2).startswith("runs/a/loans/")


def test_a_task_that_nobody_waits_for_is_not_finished(stores):
    def gone() -> None:
        raise Abandoned("TaskTimedOut")

    with pytest.raises(Abandoned):
        run(event(), gone)
    assert not listed(stores["results"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"srcbkt": ""}, "srcbkt must be a text"),
        ({"dstkey": None}, "dstkey must be a text"),
        ({"as_of": "2026-13"}, "as_of of BatchInput must be a month"),
        ({"scenarios": 0}, "scenarios of BatchInput must be a whole number from 1 to 100000"),
        ({"seed": True}, "seed of BatchInput"),
        ({"rows_per_object": "50"}, "rows_per_object of BatchInput"),
    ],
)
def test_a_wrong_input_is_named(change, told):
    with pytest.raises(InvalidBatch, match=told):
        task_of(event(**change))


@pytest.mark.parametrize("given", [None, {}, {"BatchInput": []}, []])
def test_an_input_without_a_batch_is_named(given):
    with pytest.raises(InvalidBatch, match="BatchInput must be an object"):
        task_of(given)


def test_a_throttle_of_s3_has_a_name_of_its_own_for_the_machine_to_wait_for(services):
    services.fail("data/data-gen-000001.csv", 503, "SlowDown", times=20)
    with pytest.raises(SlowDown, match="data-gen-000001"):
        run({**event(0, 1), "BatchInput": {**event()["BatchInput"], "srcbkt": "stations"}})


def test_a_service_that_fails_while_results_are_written_is_left_to_a_retry(services):
    body = make(Spec(seed=7, count=1, parameters={"preset": "consumer", "batch": 1}), 0, 1).bodies[0]
    services.objects[f"data/{body.key}"] = body.data
    with pytest.raises(TransientFailure, match="501 to PUT s3://results/runs/a/"):
        run(event(0, 1))
