"""`distmap cost`: what it prints, and what it refuses in one line."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import yaml

from operate import cli
from operate.plan.workloads import WORKLOADS, default_point
from usecases.registry import USE_CASES

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No project and no stack: a price needs neither."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")


def printed(capsys: pytest.CaptureFixture[str], command: str) -> str:
    assert cli.run_command(command.split()) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_a_price_is_printed_with_time_bottleneck_lines_and_assumptions(capsys) -> None:
    out = printed(capsys, "cost noaa --items 500000 --batch 500 --type EXPRESS --memory 1024 --concurrency 200")
    assert "noaa on 500,000 items: EXPRESS children of 500, concurrency 200, 1,024 MB" in out
    assert "1,000 children of" in out
    assert "bottleneck: " in out
    for line in ("Step Functions EXPRESS duration", "Lambda arm64 duration", "DynamoDB on-demand writes", "total"):
        assert line in out
    assert "Memory of the function" in out
    assert "s3_mb_per_second" in out
    assert all(len(line) <= 120 for line in out.splitlines())


def test_without_options_the_full_scale_and_the_defaults_are_priced(capsys) -> None:
    read = orjson.loads(printed(capsys, "cost hello --json"))
    assert read["items"] == 1_292_954
    assert read["children"] == 1_293
    assert read["memory"] == [], "hello has no function"


def test_an_inventory_is_another_reader(capsys) -> None:
    read = orjson.loads(printed(capsys, "cost noaa --source inventory --json"))
    assert read["reader"] == "inventory"
    assert "S3 Inventory" in [line["name"] for line in read["cost"]["lines"]]


@pytest.mark.parametrize("option", ["--assume", "--set"])
def test_an_assumption_can_be_another(capsys, option: str) -> None:
    read = orjson.loads(printed(capsys, f"cost noaa --json {option} cold_start_ms=9000"))
    assert read["assumptions"]["cold_start_ms"]["value"] == 9_000
    assert read["seconds"] > orjson.loads(printed(capsys, "cost noaa --json"))["seconds"] + 8


def test_an_overridden_assumption_is_shown_even_when_it_changes_nothing(capsys) -> None:
    assert "reader_mb_per_second" in printed(capsys, "cost noaa --assume reader_mb_per_second=1")


def test_a_measured_curve_takes_the_place_of_the_model(capsys) -> None:
    read = orjson.loads(printed(capsys, "cost noaa --json --curve 512=8200,1024=4100"))
    assert [(each["memory_mb"], each["milliseconds"]) for each in read["memory"]] == [(512, 8_200), (1_024, 4_100)]


def test_a_warning_is_printed_before_the_price(capsys) -> None:
    out = printed(capsys, "cost noaa --items 100000 --batch 5000")
    assert out.index("! batches hold 1,723 items") < out.index("Cost on AWS")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("nope", "unknown use case 'nope': choose one of"),
        ("noaa --items 0", "--items must be 1 or more, got 0"),
        ("noaa --items many", "Invalid value for '--items'"),
        ("noaa --batch 0", "batch_size must be 1 or more, got 0"),
        ("noaa --batch x", "batch_size must be a whole number, got 'x'"),
        ("noaa --concurrency 20000", "max_concurrency must be 0 to 10,000, got 20,000"),
        ("noaa --type FAST", "execution_type must be STANDARD or EXPRESS, got 'FAST'"),
        ("noaa --memory 64", "memory_mb must be 128 to 10,240, got 64"),
        ("noaa --source queue", "source must be listing or inventory, got 'queue'"),
        ("hello --type STANDARD", "hello has no parameter 'execution_type'"),
        ("hello --memory 512", "hello has no function whose memory could be set"),
        ("hello --curve 512=1", "hello has no function whose memory could be tuned"),
        ("noaa --curve 512", "--curve takes MB=milliseconds"),
        ("noaa --assume latency=1", "there is no assumption 'latency'; there are vcpu_memory_mb"),
        ("noaa --assume cpu_speed=0", "cpu_speed must be more than 0 ratio, got 0"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(capsys, options: str, says: str) -> None:
    assert cli.run_command(["cost", *options.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_defaults_are_those_of_the_stack(name: str) -> None:
    config = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    point, use_case = default_point(name), USE_CASES[name]
    for knob in ("batch_size", "max_concurrency", "execution_type", "memory_mb"):
        configured = config.get(f"{name}_{knob}")
        if configured is not None:
            assert getattr(point, knob) == configured["default"], f"{name}_{knob} of Pulumi.yaml"
    knobs = {parameter.name for parameter in use_case.parameters}
    assert "max_concurrency" in knobs
    assert "batch_size" in knobs or point.batch_size == 1, "a batch that nobody can set is one item"
