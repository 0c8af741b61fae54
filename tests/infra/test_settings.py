"""Settings: the schema of Pulumi.yaml, the values of each stack, and one message for all that is wrong."""

from __future__ import annotations

import pulumi
import pytest

from components import function
from settings import Settings, SettingsError
from tests.infra.recording import STACKS, build, defaults, schema, stack_config
from usecases import parameters
from usecases.registry import USE_CASES


def read(config: dict[str, str], stack: str = "test") -> Settings:
    read: list[Settings] = []
    build(lambda: read.append(Settings.from_config(pulumi.Config())), stack=stack, config=config)
    return read[0]


def problems(**changes: str) -> list[str]:
    """What is wrong with the defaults once these keys are changed, message by message."""
    with pytest.raises(SettingsError) as raised:
        read({**defaults(), **{f"distmap:{key}": value for key, value in changes.items()}})
    return str(raised.value).splitlines()[1:]


def test_every_key_has_a_type_a_default_of_that_type_and_a_description():
    types = {"string": str, "boolean": bool, "integer": int}
    for key, entry in schema().items():
        assert set(entry) == {"type", "default", "description"}, key
        assert type(entry["default"]) is types[entry["type"]], key
        assert entry["description"].endswith("."), key


def test_the_schema_has_the_keys_that_the_program_reads_and_no_other():
    settings = read(defaults())
    assert settings.stack == "test"
    missing = {key: value for key, value in defaults().items() if key != "distmap:owner"}
    with pytest.raises(SettingsError, match=r"owner is missing; Pulumi\.yaml gives its default"):
        read(missing)


def test_every_knob_of_every_use_case_is_a_key():
    for name, use_case in USE_CASES.items():
        for settable in (*use_case.parameters, *use_case.options):
            assert f"{name}_{settable.name}" in schema()


def test_a_stack_that_sets_nothing_keeps_its_data():
    settings = read(defaults())
    assert settings.deletion_protection
    assert not settings.disposable
    assert not settings.log_execution_data


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_has_valid_settings(stack: str):
    settings = read(stack_config(stack), stack)
    assert settings.stack == stack
    assert settings.tags()["stack"] == stack


def test_values_are_typed():
    settings = read(
        {
            **defaults(),
            "distmap:alarm_emails": " a@example.com, b@example.com ,",
            "distmap:expire_results_days": "0",
            "distmap:hello_max_concurrency": "0",
            "distmap:hello_schedule": "rate(1 day)",
        }
    )
    assert settings.alarm_emails == ("a@example.com", "b@example.com")
    assert settings.expire_results_days is None, "0 keeps results for ever"
    assert settings.use_cases["hello"].knobs["max_concurrency"] == 0, "0 is the service's limit"
    assert settings.use_cases["hello"].schedule == "rate(1 day)"
    assert settings.monthly_budget_usd is None


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("disposable", "yes", "- disposable must be true or false, got 'yes'"),
        ("log_level", "DEBUG", "- log_level must be one of ALL, ERROR, FATAL, got 'DEBUG'"),
        ("log_retention_days", "many", "- log_retention_days must be a whole number, got 'many'"),
        ("expire_noncurrent_days", "0", "- expire_noncurrent_days must be 1 or more, got 0"),
        ("expire_results_days", "-1", "- expire_results_days must be 0 or more, got -1"),
        ("alarm_emails", "nobody", "- alarm_emails must be mail addresses separated by commas, got 'nobody'"),
        ("hello_max_concurrency", "-1", "- hello_max_concurrency must be 0 to 10,000, got -1"),
        ("hello_batch_size", "0", "- hello_batch_size must be 1 or more, got 0"),
        (
            "hello_tolerated_failure_percentage",
            "101",
            "- hello_tolerated_failure_percentage must be 0 to 100, got 101",
        ),
        ("noaa_execution_type", "express", "- noaa_execution_type must be STANDARD or EXPRESS, got 'express'"),
        ("noaa_write_results", "no", "- noaa_write_results must be true or false, got 'no'"),
        ("noaa_memory_mb", "64", "- noaa_memory_mb must be 128 to 10,240, got 64"),
        ("hello_schedule", "daily", "- hello_schedule must be rate(...), cron(...) or at(...), got 'daily'"),
        ("hello_batchsize", "5", "- hello_batchsize: there is no such key; did you mean hello_batch_size?"),
        ("disposable", "true", "- disposable and deletion_protection exclude each other: set one of them to false"),
    ],
)
def test_a_wrong_value_gives_one_message_that_says_what_to_do(key: str, value: str, message: str):
    assert problems(**{key: value}) == [message]


def test_options_are_read_by_their_kind():
    noaa = read(defaults()).use_cases["noaa"]
    assert noaa.integer("memory_mb") == 768
    assert noaa.flag("write_results") is True
    with pytest.raises(TypeError, match="write_results is no whole number: True"):
        noaa.integer("write_results")
    with pytest.raises(TypeError, match="memory_mb is neither yes nor no: 768"):
        noaa.flag("memory_mb")


def test_the_memory_that_may_be_configured_is_what_a_function_may_have():
    assert (parameters.MIN_MEMORY_MB, parameters.MAX_MEMORY_MB) == (function.MIN_MEMORY_MB, function.MAX_MEMORY_MB)


def test_a_retention_that_aws_does_not_offer_is_refused():
    (message,) = problems(log_retention_days="8")
    assert message.startswith("- log_retention_days must be one of 1, 3, 5, 7, 14,")


def test_a_key_like_no_other_is_answered_with_all_keys():
    (message,) = problems(zzz="1")
    assert "the keys are alarm_emails, bundle_dependencies, claims_batch_size, claims_currency," in message


def test_everything_that_is_wrong_is_named_at_once():
    found = problems(tracing="on", log_level="x", hello_batch_size="x", unknown="1")
    assert len(found) == 4
