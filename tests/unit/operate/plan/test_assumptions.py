"""Assumptions say what they are, and take other values by name."""

from __future__ import annotations

import pytest

from operate.plan import AssumptionError, Assumptions


def test_every_assumption_has_a_unit_and_a_source() -> None:
    described = Assumptions().described()
    assert len(described) >= 10
    for name, each in described.items():
        assert each.unit, name
        assert len(each.source) > 20, f"{name} does not say where it comes from"
        assert not each.overridden


def test_an_override_is_marked_as_one() -> None:
    changed = Assumptions().with_overrides(["s3_first_byte_ms=40", "account_concurrency=5000"])
    assert (changed.s3_first_byte_ms, changed.account_concurrency) == (40, 5_000)
    overridden = [name for name, each in changed.described().items() if each.overridden]
    assert sorted(overridden) == ["account_concurrency", "s3_first_byte_ms"]


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("s3_first_byte_ms", "write assumption=value, got 's3_first_byte_ms'"),
        ("latency=3", "there is no assumption 'latency'; there are vcpu_memory_mb, cpu_speed"),
        ("cpu_speed=fast", "cpu_speed must be a number, got 'fast'"),
        ("cpu_speed=0", "cpu_speed must be more than 0 ratio, got 0"),
        ("standard_dispatch=-1", "standard_dispatch must be more than 0 children/s, got -1"),
        ("invoke_ms=-1", "invoke_ms must be 0 or more ms, got -1"),
        ("invoke_ms=nan", "invoke_ms must be 0 or more ms, got nan"),
        ("lambda_ramp=inf", "lambda_ramp must be more than 0 environments/s, got inf"),
    ],
)
def test_what_cannot_be_assumed_is_refused_with_its_name(assignment: str, says: str) -> None:
    with pytest.raises(AssumptionError) as refused:
        Assumptions().with_overrides([assignment])
    assert says in str(refused.value)


def test_a_delay_may_be_nothing() -> None:
    assert Assumptions().with_overrides(["invoke_ms=0"]).invoke_ms == 0
