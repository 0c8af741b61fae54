"""The shape of the project: what may import what, how long a module may be, and that each one says what it is."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 450

PACKAGES = ("asl", "components", "datagen", "handlers", "local", "operate", "usecases")

# What each package may import of the project, by the longest name that fits.
ALLOWED: dict[str, set[str]] = {
    "__main__": {"components", "settings", "usecases"},
    "settings": {"components", "usecases.registry", "usecases.parameters"},
    "usecases": {"asl", "components", "settings", "usecases"},
    "usecases.registry": {"usecases.parameters"},
    "usecases.parameters": set(),
    "components": {"asl", "components"},
    "asl": {"asl"},
    "datagen": {"datagen"},
    "handlers": {"handlers"},
    "local": {"local"},
    "operate": {"datagen", "local", "operate", "usecases.registry", "usecases.parameters"},
    # What the table keeps of a claim can be read by its own dictionary only.
    "operate.verification.claim_table": {"handlers.claims.packed", "operate"},
    "operate.verification.claim_files": {"handlers.claims.packed"},
}

# The only places outside the Pulumi program that may know of Pulumi.
PULUMI_ALLOWED = ("__main__", "settings", "usecases", "components", "local.provider", "local.deploy")
WITHOUT_PULUMI = (
    *("asl", "datagen", "handlers", "local", "operate", "operate.cli"),
    *("usecases.registry", "usecases.parameters"),
)


def modules() -> list[tuple[str, Path]]:
    """Every module of the project by its dotted name."""
    files = [ROOT / "__main__.py", ROOT / "settings.py"]
    files += [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [(".".join(path.relative_to(ROOT).with_suffix("").parts), path) for path in files]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> set[str]:
    """The absolute names that a module imports, those for type checking and inside functions included."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide what is imported"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def fits(name: str, prefixes: set[str] | tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def rule(module: str) -> set[str]:
    return ALLOWED[max((name for name in ALLOWED if fits(module, (name,))), key=len)]


def test_imports_point_down_only():
    upward = []
    for module, path in modules():
        own = {name for name in imports(path) if fits(name, (*PACKAGES, "settings", "__main__"))}
        wrong = sorted(name for name in own if not fits(name, rule(module)))
        upward += [f"{module} imports {name}: it may import {sorted(rule(module))} only" for name in wrong]
    assert not upward


def test_only_the_program_and_the_deploy_know_of_pulumi():
    knowing = {
        module
        for module, path in modules()
        if (not fits(module, PULUMI_ALLOWED) or module in WITHOUT_PULUMI)
        and any(fits(name, ("pulumi", "pulumi_aws")) for name in imports(path))
    }
    assert knowing == set()


def importable() -> list[str]:
    """The names of WITHOUT_PULUMI that exist."""
    return [name for name in WITHOUT_PULUMI if list(ROOT.glob(f"{name.replace('.', '/')}*"))]


@pytest.mark.parametrize("name", importable())
def test_importing_it_does_not_pull_in_pulumi(name: str):
    program = f"import {name}, sys; sys.exit(any(m.partition('.')[0].startswith('pulumi') for m in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr or f"import {name} imports pulumi"


def test_every_module_is_short_and_says_what_it_is():
    long = {module for module, path in modules() if len(path.read_text().splitlines()) > MAX_LINES}
    assert long == set(), "split them by concept"
    unsaid = {module for module, path in modules() if not ast.get_docstring(parsed(path))}
    assert unsaid == set(), "a docstring says what a module is"


def test_the_program_stays_short():
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 80
