"""Deployment packages of Python functions: their handlers with the pinned packages that these need, as one zip.

What is bundled is read from ``requirements.txt``, where uv notes beside each package which others it is there
for; hashes are checked. A bundle is kept in ``.distmap/bundles`` under the hash of all that went into it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# "Lambda quotas", AWS Lambda Developer Guide: deployment package, unzipped, layers included
MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
PYTHON_VERSION = "3.13"
PLATFORM = "aarch64-manylinux_2_28"  # python3.13 runs on Amazon Linux 2023, whose glibc is 2.34
INSTALL_SECONDS = 300
SHOWN_ERROR_CHARACTERS = 2_000
LAYOUT = "1"  # of a bundle: raise it when bundles made before must not be used any more
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can name: the same content gives the same bytes

_BLOCK = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==.*\n(?:    .*\n)*", re.MULTILINE)
_VIA = re.compile(r"^    #(?: via)?(?:\s+(?P<name>[A-Za-z0-9._-]+).*)?$")


class BundleError(Exception):
    """A deployment package that cannot be made or that Lambda would not take; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A zip file ready to be uploaded, and the hash of its inputs that names it."""

    path: Path
    digest: str


@dataclass(frozen=True)
class _Pin:
    lines: tuple[str, ...]
    needed_by: frozenset[str]


def sources(root: Path, packages: Iterable[str]) -> dict[str, Path]:
    """The Python files of some packages below ``root`` by their path from it, as functions import them.

    Packages are dotted; the ``__init__.py`` of each parent is one of the files if there is one.
    """
    files: dict[str, Path] = {}
    for package in packages:
        folder = root.joinpath(*package.split("."))
        found = sorted(folder.rglob("*.py"))
        if not found:
            raise BundleError(f"there is no Python file in {folder}, the code of a function")
        parents = [parent / "__init__.py" for parent in folder.parents if root in parent.parents]
        for path in (*found, *(path for path in parents if path.is_file())):
            files[path.relative_to(root).as_posix()] = path
    return dict(sorted(files.items()))


def pinned(requirements: str, roots: Iterable[str]) -> str:
    """The part of a ``requirements.txt`` of uv that pins ``roots`` and, all the way down, what they need."""
    pins = _pins(requirements)
    wanted = {_normal(root) for root in roots}
    unknown = sorted(wanted - pins.keys())
    if unknown:
        raise BundleError(f"requirements.txt does not pin {', '.join(unknown)}: add it there to bundle it")
    while True:
        more = {name for name, entries in pins.items() if any(pin.needed_by & wanted for pin in entries)} - wanted
        if not more:
            break
        wanted |= more
    return "".join(f"{line}\n" for name in sorted(wanted) for pin in pins[name] for line in pin.lines)


def build(
    *, files: Mapping[str, Path], requirements: str, folder: Path, uv: str, limit: int = MAX_UNZIPPED_BYTES
) -> Bundle:
    """The bundle of ``files`` and of the packages in ``requirements``, made unless it is in ``folder`` already."""
    digest = _digest(files, requirements)
    target = folder / f"{digest}.zip"
    if target.is_file():
        return Bundle(path=target, digest=digest)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{digest}-", dir=folder) as work:
        tree, made = Path(work, "tree"), Path(work, "bundle.zip")
        _install(uv, requirements, tree, Path(work))
        for name, path in files.items():
            copied = tree / name
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)
        contents = _contents(tree)
        _check_size(contents, limit)
        _zip(contents, made)
        made.replace(target)
    return Bundle(path=target, digest=digest)


def _pins(requirements: str) -> dict[str, list[_Pin]]:
    """Each package's entries; it has more than one where markers tell versions apart."""
    pins: dict[str, list[_Pin]] = {}
    for block in _BLOCK.finditer(requirements):
        lines = block[0].splitlines()
        needed_by = {_normal(via["name"]) for line in lines if (via := _VIA.match(line)) and via["name"]}
        pin = _Pin(lines=tuple(line for line in lines if not _VIA.match(line)), needed_by=frozenset(needed_by))
        pins.setdefault(_normal(block["name"]), []).append(pin)
    return pins


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _digest(files: Mapping[str, Path], requirements: str) -> str:
    parts = [LAYOUT, PLATFORM, PYTHON_VERSION, requirements]
    parts += [part for name, path in files.items() for part in (name, path.read_text(encoding="utf-8"))]
    whole = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        whole.update(len(encoded).to_bytes(8, "big") + encoded)
    return whole.hexdigest()[:32]


def _install(uv: str, requirements: str, tree: Path, work: Path) -> None:
    listed = work / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    command = [
        *(uv, "pip", "install", "--quiet", "--target", str(tree), "--requirements", str(listed)),
        *("--python-platform", PLATFORM, "--python-version", PYTHON_VERSION, "--only-binary", ":all:"),
        *("--no-deps", "--require-hashes"),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - the program and every argument are this module's own
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise BundleError(f"{uv} is not there: install this project's requirements, which bring uv") from error
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"installing packages took more than {INSTALL_SECONDS} s: is the index reachable?") from error
    if done.returncode:
        raise BundleError(f"uv could not install the packages:\n{done.stderr.strip()[-SHOWN_ERROR_CHARACTERS:]}")
    tree.mkdir(exist_ok=True)


def _contents(tree: Path) -> dict[str, Path]:
    """What is shipped: not byte code, nor the commands that packages install."""
    return {
        path.relative_to(tree).as_posix(): path
        for path in sorted(tree.rglob("*"))
        if path.is_file() and path.relative_to(tree).parts[0] != "bin" and "__pycache__" not in path.parts
    }


def _check_size(contents: Mapping[str, Path], limit: int) -> None:
    sizes: dict[str, int] = {}
    for name, path in contents.items():
        top = PurePosixPath(name).parts[0]
        sizes[top] = sizes.get(top, 0) + path.stat().st_size
    total = sum(sizes.values())
    if total <= limit:
        return
    largest = sorted(sizes.items(), key=lambda item: item[1], reverse=True)[:3]
    shown = ", ".join(f"{top} {size / 1e6:,.0f} MB" for top, size in largest)
    raise BundleError(
        f"the bundle is {total:,} bytes unzipped, Lambda takes {limit:,}: bundle fewer packages"
        f" (the largest are {shown})"
    )


def _zip(contents: Mapping[str, Path], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in contents.items():
            info = zipfile.ZipInfo(name, ZIP_EPOCH)
            info.external_attr = 0o755 << 16 if path.stat().st_mode & 0o100 else 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
