"""Files that a program hands to a resource: code archives and object contents, as plain bytes with a hash."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local.provider.failures import InvalidPropertyError

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can name: the same content gives the same bytes
EXECUTABLE = 0o755
READABLE = 0o644
NOT_SHIPPED = frozenset({"__pycache__", ".DS_Store"})


@dataclass(frozen=True)
class Blob:
    """One file's content."""

    content: bytes

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def record(self) -> dict[str, str]:
        """What stays of it in a recorded state: enough to see that it changed."""
        return {"sha256": self.sha256}


@dataclass(frozen=True)
class Archive:
    """A zip file."""

    content: bytes

    @classmethod
    def of_file(cls, path: Path) -> Archive:
        """A ready zip file, or a directory to be zipped. Raises InvalidPropertyError for anything else."""
        if path.is_dir():
            return cls.of_entries(_directory_entries(path))
        if not path.is_file():
            raise InvalidPropertyError(f"archive {path} does not exist")
        content = path.read_bytes()
        if not zipfile.is_zipfile(io.BytesIO(content)):
            raise InvalidPropertyError(f"archive {path} is no zip file; only zip files and directories are supported")
        return cls(content)

    @classmethod
    def of_entries(cls, entries: Mapping[str, bytes | Path]) -> Archive:
        """The same bytes for the same names and contents, whenever and wherever it is made."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(entries):
                source = entries[name]
                content = source.read_bytes() if isinstance(source, Path) else source
                executable = isinstance(source, Path) and source.stat().st_mode & 0o100
                info = zipfile.ZipInfo(name, ZIP_EPOCH)
                info.external_attr = (EXECUTABLE if executable else READABLE) << 16
                archive.writestr(info, content, zipfile.ZIP_DEFLATED)
        return cls(buffer.getvalue())

    def entries(self) -> dict[str, bytes]:
        """Name and content of each file."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def record(self) -> dict[str, str]:
        """What stays of it in a recorded state: enough to see that it changed."""
        return {"sha256": self.sha256}


def _directory_entries(directory: Path) -> dict[str, bytes | Path]:
    return {
        path.relative_to(directory).as_posix(): path
        for path in directory.rglob("*")
        if path.is_file() and not NOT_SHIPPED & set(path.parts)
    }


def recorded(value: Any) -> Any:
    """A property value with files replaced by what is recorded of them: JSON, and comparable with a record."""
    if isinstance(value, Archive | Blob):
        return value.record()
    if isinstance(value, Mapping):
        return {key: recorded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [recorded(item) for item in value]
    return value


def files(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that are files: a record has but their hashes."""
    return {name: value for name, value in properties.items() if isinstance(value, Archive | Blob)}
