"""A stack's configuration: the schema in Pulumi.yaml, the stack's own file, and what the command line
overrides.

Pulumi's own rules: a key without a namespace is the project's; every value reaches the program as text.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from local.failures import LocalError
from local.state import PROJECT_FILE

if TYPE_CHECKING:
    from pathlib import Path

# Keys of the AWS provider that mean the same on localhost, or nothing there
PROVIDER_KEYS = frozenset(
    {
        *("aws:region", "aws:defaultTags", "aws:allowedAccountIds", "aws:profile"),
        *("aws:skipCredentialsValidation", "aws:skipMetadataApiCheck", "aws:skipRequestingAccountId"),
    }
)


class ConfigError(LocalError):
    """A key that the project does not know, or a value of the wrong type."""


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """The project's name, and every value of one stack as the text that the program reads."""

    project: str
    values: Mapping[str, str]


def load(root: Path, stack: str, overrides: Mapping[str, str]) -> StackConfig:
    """The configuration of ``stack`` in the project at ``root``. Raises ConfigError with every mistake."""
    project_file = root / PROJECT_FILE
    project = _mapping(project_file)
    name = project["name"]
    schema = {_qualified(key, name): entry for key, entry in (project.get("config") or {}).items()}
    stack_file = root / f"Pulumi.{stack}.yaml"
    if not stack_file.is_file():
        found = sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in root.glob("Pulumi.*.yaml"))
        raise ConfigError(f"there is no stack {stack!r}: {stack_file.name} does not exist (stacks: {', '.join(found)})")
    own = {_qualified(key, name): value for key, value in (_mapping(stack_file).get("config") or {}).items()}
    given = {_qualified(key, name): value for key, value in overrides.items()}
    problems = [
        *_problems(own, schema, stack_file.name, name),
        *_problems(given, schema, "the command line", name),
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    values = {key: _text(entry["default"]) for key, entry in schema.items() if _has_default(entry)}
    values |= {key: _text(entry) for key, entry in schema.items() if not isinstance(entry, Mapping)}
    values |= {key: _text(value) for key, value in {**own, **given}.items()}
    missing = sorted(key for key in schema if key not in values)
    if missing:
        raise ConfigError(f"{stack_file.name}: {missing[0]} is not set and {PROJECT_FILE} gives no default")
    return StackConfig(project=name, values=values)


def _mapping(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{file} must be a mapping, got {type(content).__name__}")
    return content


def _qualified(key: object, project: str) -> str:
    if not isinstance(key, str):
        raise ConfigError(f"the configuration key {key!r} is no text in YAML: quote it")
    return key if ":" in key else f"{project}:{key}"


def _has_default(entry: Any) -> bool:
    return isinstance(entry, Mapping) and "default" in entry


def _problems(values: Mapping[str, Any], schema: Mapping[str, Any], where: str, project: str) -> list[str]:
    problems = []
    for key, value in values.items():
        if isinstance(value, Mapping) and "secure" in value:
            problems.append(f"{where}: {key} is encrypted, which a deploy to localhost cannot read; give it in clear")
        elif key.startswith("aws:"):
            if key not in PROVIDER_KEYS:
                problems.append(f"{where}: there is no key {key} on localhost ({', '.join(sorted(PROVIDER_KEYS))})")
        elif key not in schema:
            known = [name.removeprefix(f"{project}:") for name in schema]
            close = difflib.get_close_matches(key.removeprefix(f"{project}:"), known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            problems.append(f"{where}: there is no key {key}{hint} (the keys are {', '.join(sorted(known))})")
        elif isinstance(schema[key], Mapping) and not _is_a(value, schema[key].get("type", "string")):
            problems.append(f"{where}: {key} must be {_named(schema[key]['type'])}, got {value!r}")
    return problems


def _is_a(value: Any, kind: str) -> bool:
    """Whether the value, or the text of it, is of a schema's type."""
    if kind == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    if kind == "integer":
        return not isinstance(value, bool) and _is_whole(value)
    if kind == "array":
        return isinstance(value, list) or (isinstance(value, str) and _is_json_list(value))
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    if isinstance(value, int):
        return True
    return isinstance(value, str) and value.removeprefix("-").isdecimal()


def _is_json_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


def _named(kind: str) -> str:
    return {"boolean": "true or false", "integer": "a whole number", "array": "a list"}.get(kind, "text")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
