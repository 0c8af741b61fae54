"""The configuration of a stack: defaults, the stack's file, overrides, and every mistake named with its
key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from local.failures import LocalError, NoProjectError
from local.server import PACKAGE_ROOT
from local.stack_config import ConfigError, load
from local.state import StateDir, project_root, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """
name: proj
config:
  size: {type: integer, default: 3}
  "on": {type: boolean, default: true}
  label: {type: string, default: ""}
  list: {type: array, default: [1, 2]}
  fixed: always
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(SCHEMA)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-1\n  proj:size: 5\n")
    return tmp_path


def stack(root: Path, text: str) -> None:
    (root / "Pulumi.dev.yaml").write_text(text)


def test_values_are_defaults_then_the_stacks_then_overrides_all_as_text(root: Path) -> None:
    assert load(root, "dev", {}).values == {
        "proj:size": "5",
        "proj:on": "true",
        "proj:label": "",
        "proj:list": "[1, 2]",
        "proj:fixed": "always",
        "aws:region": "us-east-1",
    }
    overridden = load(root, "dev", {"size": "7", "proj:on": "false"})
    assert overridden.project == "proj"
    assert (overridden.values["proj:size"], overridden.values["proj:on"]) == ("7", "false")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            {"siz": "1"},
            r"the command line: there is no key proj:siz; did you mean size\? \(the keys are fixed, label, ",
        ),
        ({"proj:zzz": "1"}, r"there is no key proj:zzz \(the keys are"),
        ({"other:key": "1"}, r"there is no key other:key"),
        ({"aws:regoin": "1"}, r"there is no key aws:regoin on localhost \(.*aws:region"),
        ({"size": "many"}, r"proj:size must be a whole number, got 'many'"),
        ({"size": "1.5"}, r"proj:size must be a whole number, got '1.5'"),
        ({"on": "yes"}, r"proj:on must be true or false, got 'yes'"),
        ({"list": "1,2"}, r"proj:list must be a list, got '1,2'"),
    ],
)
def test_a_wrong_override_is_named_with_its_key(root: Path, override: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(root, "dev", override)


def test_mistakes_in_the_stacks_file_are_all_named_with_the_file(root: Path) -> None:
    stack(root, "config:\n  proj:size: many\n  proj:on: 1\n  proj:label: {secure: abc}\n  proj:nope: 1\n")
    with pytest.raises(ConfigError) as failure:
        load(root, "dev", {})
    lines = str(failure.value).splitlines()
    assert len(lines) == 4
    assert all(line.startswith("Pulumi.dev.yaml: ") for line in lines)
    assert re.search(r"proj:label is encrypted.*give it in clear", str(failure.value))


def test_a_stack_that_does_not_exist_is_told_with_those_that_do(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"no stack 'prod': Pulumi\.prod\.yaml does not exist \(stacks: dev\)"):
        load(root, "prod", {})


def test_a_key_without_default_must_be_set(root: Path) -> None:
    (root / "Pulumi.yaml").write_text("name: proj\nconfig:\n  need: {type: string}\n")
    stack(root, "config: {}")
    with pytest.raises(ConfigError, match=r"Pulumi\.dev\.yaml: proj:need is not set and Pulumi\.yaml gives no default"):
        load(root, "dev", {})
    assert load(root, "dev", {"need": "x"}).values == {"proj:need": "x"}


@pytest.mark.parametrize(("text", "message"), [("a: [", "is not YAML"), ("- a", "must be a mapping, got list")])
def test_a_file_that_is_not_a_mapping_is_told(root: Path, text: str, message: str) -> None:
    stack(root, text)
    with pytest.raises(ConfigError, match=message):
        load(root, "dev", {})


def test_a_key_that_yaml_takes_for_something_else_is_told(root: Path) -> None:
    stack(root, "config:\n  on: true\n")
    with pytest.raises(ConfigError, match="key True is no text in YAML: quote it"):
        load(root, "dev", {})


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_the_projects_own_stacks_are_sound(name: str) -> None:
    values = load(PACKAGE_ROOT, name, {}).values
    assert all(isinstance(value, str) for value in values.values())


def test_the_project_is_the_nearest_above_or_the_packages_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert project_root(deep) == tmp_path
    monkeypatch.chdir(deep)
    assert StateDir.of("local").path == tmp_path / ".distmap" / "local"
    (tmp_path / "Pulumi.yaml").unlink()
    assert project_root(deep) == PACKAGE_ROOT, "outside of any project it is the one of the program"
    monkeypatch.setattr("local.state.__file__", str(deep / "local" / "state.py"))
    with pytest.raises(NoProjectError, match=r"no Pulumi\.yaml in .*/a/b or above"):
        project_root(deep)


def test_state_is_written_as_a_whole_and_damage_is_told(tmp_path: Path) -> None:
    state = StateDir(path=tmp_path / "s")
    assert state.read(state.outputs) is None
    state.write(state.outputs, {"a": [1, "é"]})
    assert state.read(state.outputs) == {"a": [1, "é"]}
    assert [path.name for path in state.path.iterdir()] == ["outputs.json"], "no scratch file is left"
    state.outputs.write_text('{"a": ')
    with pytest.raises(LocalError, match=r"outputs\.json is damaged .*delete it and deploy again"):
        state.read(state.outputs)
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "gone" / "x", "y")
