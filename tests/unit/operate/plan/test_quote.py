"""A quote warns of what would go wrong, names what is much cheaper, and says what its figures hang on."""

from __future__ import annotations

import time
from dataclasses import fields, replace

import orjson
import pytest

from operate.plan import Assumptions, Point, project, workload_of
from operate.plan.advice import MUCH, SLOWER, alternatives
from operate.plan.quote import quote
from operate.plan.sensitivity import sensitivities
from operate.plan.workload import EXPRESS, STANDARD
from operate.plan.workloads import NOAA as MEASURED
from operate.plan.workloads import default_point

BOTH = (STANDARD, EXPRESS)
NOAA = replace(MEASURED, needs_mb=512)
DEFAULT = Point(execution_type=STANDARD, batch_size=100, max_concurrency=1_000, memory_mb=1_769)  # a plan to better
ITEMS = 100_000


def noaa(items: int = ITEMS, workload=NOAA, assumptions: Assumptions | None = None, **given):
    point = replace(DEFAULT, **given)
    return quote(workload, point, items, assumptions or Assumptions(), execution_types=BOTH)


def test_a_sound_plan_has_no_warning() -> None:
    assert noaa().warnings == ()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"workload": replace(NOAA, cpu_ms=3_500), "execution_type": EXPRESS},
            "and EXPRESS executions end after five minutes: take smaller batches or STANDARD children",
        ),
        (
            {"workload": replace(NOAA, cpu_ms=10_000)},
            "and the function ends after 10 min 00 s: take smaller batches",
        ),
        ({"batch_size": 5_000}, "batches hold 1,723 items instead of 5,000: more do not fit the payload of 256 KiB"),
        ({"memory_mb": 256}, "the function needs 512 MB of memory and has 256: give it more"),
        (
            {"batch_size": 10, "max_concurrency": 5_000, "assumptions": Assumptions(account_concurrency=2)},
            "the account runs 2 functions at once and the map may ask for 5,000",
        ),
    ],
)
def test_what_would_go_wrong_is_said(given: dict, says: str) -> None:
    (warning,) = noaa(**given).warnings
    assert says in warning


def test_a_batch_larger_than_all_items_is_no_worry() -> None:
    assert noaa(items=50, batch_size=5_000).warnings == ()


@pytest.mark.parametrize("items", [1_000, ITEMS])
def test_alternatives_are_cheaper_by_much_and_not_much_slower(items: int) -> None:
    now = project(NOAA, DEFAULT, items, Assumptions())
    found = alternatives(NOAA, DEFAULT, items, Assumptions(), execution_types=BOTH)
    assert found, "batches of 100 STANDARD children are not the cheapest way"
    for each in found:
        then = project(NOAA, each.point, items, Assumptions())
        assert (each.usd, each.seconds) == (then.cost.total_usd, then.seconds)
        assert each.usd <= (1 - MUCH) * now.cost.total_usd
        assert each.seconds <= SLOWER * now.seconds
    usd = [each.usd for each in found]
    assert usd == sorted(usd, reverse=True), "the cheapest is last"


def test_fewer_children_than_slots_are_no_way_to_save() -> None:
    whole = [each for each in noaa(items=1_000).alternatives if each.point.batch_size >= 1_000]
    assert whole == [], "one child for all 1,000 stations is cheapest, and takes three times as long"


def test_each_change_is_named_alone_and_then_all_together() -> None:
    changes = [each.change for each in noaa().alternatives]
    assert "EXPRESS children" in changes
    assert "512 MB" in changes
    assert changes[-1].count(", ") == 2, f"{changes[-1]} should be all three"


def test_no_alternative_asks_for_what_the_use_case_does_not_have() -> None:
    found = alternatives(NOAA, DEFAULT, ITEMS, Assumptions(), execution_types=(STANDARD,))
    assert all(each.point.execution_type == STANDARD for each in found)
    hello = alternatives(
        workload_of("hello"), default_point("hello"), 1_292_954, Assumptions(), execution_types=(EXPRESS,)
    )
    assert all("MB" not in each.change for each in hello), "hello has no function"


@pytest.mark.parametrize(("seconds", "advised"), [(100, True), (200, False)])
def test_children_are_advised_to_be_express_only_well_within_five_minutes(seconds: int, advised: bool) -> None:
    # forty states make STANDARD children dear; the time is not the function's, so no memory makes up for it
    slow, waiting = replace(NOAA, child_states=40, variation=0), Assumptions(invoke_ms=seconds * 1_000)
    found = alternatives(slow, DEFAULT, ITEMS, waiting, execution_types=BOTH)
    assert ("EXPRESS children" in [each.change for each in found]) == advised, "half of the five minutes must be left"


def test_what_saves_little_is_not_worth_a_word() -> None:
    point = replace(DEFAULT, memory_mb=1_024)
    found = alternatives(NOAA, point, 1_000, Assumptions(), execution_types=(STANDARD,))
    assert [each.change for each in found] == ["batches of 500"], (
        "512 MB would save 6 % alone, and 7 % on top of larger batches"
    )


def test_the_best_point_has_no_alternative() -> None:
    best = noaa().alternatives[-1].point
    assert alternatives(NOAA, best, ITEMS, Assumptions(), execution_types=BOTH) == ()


def test_sensitivities_are_those_of_a_projection_with_half_and_twice_the_value() -> None:
    found = {each.name: each for each in sensitivities(NOAA, DEFAULT, ITEMS, Assumptions())}
    assert set(found) == {each.name for each in fields(Assumptions)}
    base = project(NOAA, DEFAULT, ITEMS, Assumptions())
    half = project(NOAA, DEFAULT, ITEMS, Assumptions(s3_mb_per_second=37.5))
    assert found["s3_mb_per_second"].seconds[0] == pytest.approx(half.seconds / base.seconds - 1)
    assert found["s3_mb_per_second"].usd[0] == pytest.approx(half.cost.total_usd / base.cost.total_usd - 1)
    assert found["s3_mb_per_second"].noticeable
    assert not found["reader_mb_per_second"].noticeable, "noaa reads no CSV object"
    assert not found["express_dispatch"].noticeable, "its children are STANDARD"


def test_the_strongest_assumption_comes_first() -> None:
    found = sensitivities(NOAA, DEFAULT, ITEMS, Assumptions())
    assert found[0].name == "listed_keys_per_second", "100,000 keys at 5,000 a second are most of the time"


def test_the_json_is_complete_and_plain() -> None:
    found = noaa(assumptions=Assumptions(invoke_ms=0))
    read = orjson.loads(orjson.dumps(found.to_json()))
    assert read["use_case"] == "noaa"
    assert read["items"] == ITEMS
    assert read["cost"]["total_usd"] == pytest.approx(sum(line["usd"] for line in read["cost"]["lines"]))
    assert read["point"] == {
        "execution_type": STANDARD,
        "batch_size": 100,
        "max_concurrency": 1_000,
        "memory_mb": DEFAULT.memory_mb,
    }
    assert read["bottleneck"] == found.projection.bottleneck
    assert read["assumptions"]["invoke_ms"]["overridden"] is True
    assert read["assumptions"]["cpu_speed"]["source"]
    assert [each["memory_mb"] for each in read["memory"]] == sorted(each["memory_mb"] for each in read["memory"])


def test_a_large_plan_is_quoted_in_a_moment() -> None:
    began = time.process_time()
    noaa(items=10_000_000, batch_size=1, execution_type=EXPRESS, max_concurrency=0)
    assert time.process_time() - began < 3.0


def test_a_point_of_one_item_works() -> None:
    point = Point(execution_type=EXPRESS, batch_size=1, max_concurrency=1, memory_mb=512)
    assert quote(NOAA, point, 1, Assumptions(), execution_types=BOTH).projection.children == 1
