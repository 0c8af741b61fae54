"""The stack's configuration as one typed, checked value; nothing else reads ``pulumi.Config``.

The keys, their types, defaults and descriptions are those of Pulumi.yaml. Every mistake is reported at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast, get_args

import pulumi
from pulumi.runtime import config as runtime_config

from components.platform import LogLevel
from components.triggers import is_schedule
from usecases.parameters import ParameterError, Settable, Value
from usecases.registry import USE_CASES, Trigger, UseCase

# PutRetentionPolicy, Amazon CloudWatch Logs API Reference
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class SettingsError(ValueError):
    """The configuration of the stack is wrong; the message lists every mistake with its key."""


@dataclass(frozen=True, kw_only=True)
class UseCaseSettings:
    """What the stack says of one use case: whether it is deployed, its knobs' defaults, its options, its triggers."""

    enabled: bool
    knobs: Mapping[str, Value]
    options: Mapping[str, Value]
    schedule: str | None
    on_object_created: bool

    def integer(self, option: str) -> int:
        """The option of that name, which is a whole number."""
        value = self.options[option]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{option} is no whole number: {value!r}")
        return value

    def text(self, option: str) -> str:
        """The option of that name, which is a word."""
        value = self.options[option]
        if not isinstance(value, str):
            raise TypeError(f"{option} is no word: {value!r}")
        return value

    def flag(self, option: str) -> bool:
        """The option of that name, which is yes or no."""
        value = self.options[option]
        if not isinstance(value, bool):
            raise TypeError(f"{option} is neither yes nor no: {value!r}")
        return value


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The configuration of one stack."""

    project: str
    stack: str
    owner: str
    cost_centre: str
    disposable: bool
    deletion_protection: bool
    point_in_time_recovery: bool
    bundle_dependencies: bool
    expire_results_days: int | None
    expire_noncurrent_days: int
    log_level: LogLevel
    log_execution_data: bool
    log_retention_days: int
    tracing: bool
    request_metrics: bool
    alarm_emails: tuple[str, ...]
    monthly_budget_usd: int | None
    use_cases: Mapping[str, UseCaseSettings]

    @classmethod
    def from_config(cls, config: pulumi.Config) -> Settings:
        """The settings of the running program's stack, or SettingsError with everything that is wrong."""
        project = config.full_key("").removesuffix(":")
        reader = _Reader(config)
        settings = cls(
            project=project,
            stack=pulumi.get_stack(),
            owner=reader.text("owner"),
            cost_centre=reader.text("cost_centre"),
            disposable=reader.boolean("disposable"),
            deletion_protection=reader.boolean("deletion_protection"),
            point_in_time_recovery=reader.boolean("point_in_time_recovery"),
            bundle_dependencies=reader.boolean("bundle_dependencies"),
            expire_results_days=reader.integer("expire_results_days", minimum=0) or None,
            expire_noncurrent_days=reader.integer("expire_noncurrent_days", minimum=1),
            log_level=cast("LogLevel", reader.text("log_level", choices=get_args(LogLevel))),
            log_execution_data=reader.boolean("log_execution_data"),
            log_retention_days=reader.integer("log_retention_days", choices=LOG_RETENTION_DAYS),
            tracing=reader.boolean("tracing"),
            request_metrics=reader.boolean("request_metrics"),
            alarm_emails=reader.addresses("alarm_emails"),
            monthly_budget_usd=reader.integer("monthly_budget_usd", minimum=0) or None,
            use_cases={name: reader.use_case(use_case) for name, use_case in USE_CASES.items()},
        )
        problems = reader.problems + reader.unknown(_given_keys(project))
        if settings.disposable and settings.deletion_protection:
            problems.append("disposable and deletion_protection exclude each other: set one of them to false")
        if problems:
            raise SettingsError(
                f"the configuration of stack {settings.stack!r} is wrong:\n"
                + "\n".join(f"- {problem}" for problem in problems)
            )
        return settings

    def tags(self) -> dict[str, str]:
        """The tags of every resource of the stack."""
        return {
            "project": self.project,
            "stack": self.stack,
            "owner": self.owner,
            "cost-centre": self.cost_centre,
        }


@dataclass
class _Reader:
    """Reads keys one by one and collects what is wrong with them; a wrong key reads as a neutral value."""

    config: pulumi.Config
    problems: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def text(self, key: str, choices: tuple[str, ...] | None = None) -> str:
        value = self._raw(key)
        if choices is not None and value is not None and value not in choices:
            self._wrong(key, f"must be one of {', '.join(choices)}, got {value!r}")
        return value or ""

    def boolean(self, key: str) -> bool:
        value = self._raw(key)
        if value is not None and value not in {"true", "false"}:
            self._wrong(key, f"must be true or false, got {value!r}")
        return value == "true"

    def integer(self, key: str, *, minimum: int | None = None, choices: tuple[int, ...] | None = None) -> int:
        text = self._raw(key)
        if text is None:
            return 0
        try:
            value = int(text)
        except ValueError:
            self._wrong(key, f"must be a whole number, got {text!r}")
            return 0
        if minimum is not None and value < minimum:
            self._wrong(key, f"must be {minimum:,} or more, got {value:,}")
        if choices is not None and value not in choices:
            self._wrong(key, f"must be one of {', '.join(map(str, choices))}, got {value}")
        return value

    def addresses(self, key: str) -> tuple[str, ...]:
        addresses = tuple(part.strip() for part in self.text(key).split(",") if part.strip())
        for address in addresses:
            if address.count("@") != 1 or address.startswith("@") or address.endswith("@"):
                self._wrong(key, f"must be mail addresses separated by commas, got {address!r}")
        return addresses

    def use_case(self, use_case: UseCase) -> UseCaseSettings:
        name, triggers = use_case.name, use_case.triggers
        return UseCaseSettings(
            enabled=self.boolean(f"{name}_enabled"),
            knobs={one.name: self._settable(use_case, one) for one in use_case.parameters},
            options={one.name: self._settable(use_case, one) for one in use_case.options},
            schedule=self._schedule(f"{name}_{Trigger.SCHEDULE}") if Trigger.SCHEDULE in triggers else None,
            on_object_created=(Trigger.OBJECT_CREATED in triggers and self.boolean(f"{name}_{Trigger.OBJECT_CREATED}")),
        )

    def unknown(self, given: Iterable[str]) -> list[str]:
        """A message for each key that the program does not read."""
        return [f"{key}: there is no such key{self._suggestion(key)}" for key in sorted(set(given) - self.known)]

    def _settable(self, use_case: UseCase, settable: Settable) -> Value:
        key = f"{use_case.name}_{settable.name}"
        text = self._raw(key)
        if text is None:
            return 0
        try:
            return settable.default(text)
        except ParameterError as error:
            self._wrong(key, str(error).removeprefix(f"{settable.name} "))
            return 0

    def _schedule(self, key: str) -> str | None:
        expression = self.text(key)
        if expression and not is_schedule(expression):
            self._wrong(key, f"must be rate(...), cron(...) or at(...), got {expression!r}")
        return expression or None

    def _raw(self, key: str) -> str | None:
        self.known.add(key)
        value = self.config.get(key)
        if value is None:
            self._wrong(key, "is missing; Pulumi.yaml gives its default")
        return value

    def _wrong(self, key: str, what: str) -> None:
        self.problems.append(f"{key} {what}")

    def _suggestion(self, key: str) -> str:
        close = difflib.get_close_matches(key, self.known, n=1)
        return f"; did you mean {close[0]}?" if close else f"; the keys are {', '.join(sorted(self.known))}"


def _given_keys(project: str) -> list[str]:
    """The project's keys that the stack sets, which ``pulumi.Config`` itself cannot list."""
    given = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    return [key.removeprefix(f"{project}:") for key in given if key.startswith(f"{project}:")]
