"""The validators, installed into a folder of their own and asked about many definitions at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.stepfunctions.definition.parse import InvalidDefinition, parse_definition

STATELINT: Final = "3.1.0"
ASL_VALIDATOR: Final = "4.0.0"
INSTALL_SECONDS: Final = 300.0
CHECK_SECONDS: Final = 120.0

_STATELINT_PROGRAM: Final = """
import json, sys
from statelint.linter import Linter
json.dump([Linter.validate(json.loads(text)) for text in json.load(sys.stdin)], sys.stdout)
"""
_ASL_VALIDATOR_PROGRAM: Final = """
const validate = require(process.argv[1]);
const found = JSON.parse(require('fs').readFileSync(0, 'utf8')).map((text) =>
  validate(JSON.parse(text)).errors.map((error) => error.Message || JSON.stringify(error)));
process.stdout.write(JSON.stringify(found));
"""


class ValidatorMissingError(Exception):
    """A validator cannot be installed or does not run here."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A definition's JSON text, with where it comes from and the type of its machine."""

    name: str
    text: str
    machine_type: str = "STANDARD"


def ours(definitions: Sequence[Definition]) -> list[list[str]]:
    """What this project's validator says of each."""
    return [_problems(definition) for definition in definitions]


def _problems(definition: Definition) -> list[str]:
    try:
        parse_definition(definition.text, machine_type=definition.machine_type)
    except InvalidDefinition as error:
        return [str(problem) for problem in error.problems]
    return []


def statelint(definitions: Sequence[Definition], folder: Path) -> list[list[str]]:
    """What statelint says of each. Raises ValidatorMissingError."""
    _run([sys.executable, "-m", "venv", str(folder / "venv")], INSTALL_SECONDS)
    python = str(folder / "venv" / "bin" / "python")
    _run([python, "-m", "pip", "install", "--quiet", f"statelint=={STATELINT}"], INSTALL_SECONDS)
    return _ask([python, "-c", _STATELINT_PROGRAM], definitions)


def asl_validator(definitions: Sequence[Definition], folder: Path) -> list[list[str]]:
    """What asl-validator says of each. Raises ValidatorMissingError."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise ValidatorMissingError("asl-validator needs node and npm; install Node.js 18 or newer")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder / "npm")]
    _run([*install, f"asl-validator@{ASL_VALIDATOR}"], INSTALL_SECONDS)
    module = str(folder / "npm" / "node_modules" / "asl-validator")
    return _ask(["node", "-e", _ASL_VALIDATOR_PROGRAM, module], definitions)


def _ask(command: list[str], definitions: Sequence[Definition]) -> list[list[str]]:
    answer = _run(command, CHECK_SECONDS, given=json.dumps([definition.text for definition in definitions]))
    found: list[list[str]] = json.loads(answer)
    return found


def _run(command: list[str], seconds: float, given: str = "") -> str:
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise ValidatorMissingError(f"{command[0]} took more than {seconds:.0f} s") from error
    if done.returncode != 0:
        raise ValidatorMissingError(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout
