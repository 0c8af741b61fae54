"""Between the values of Pulumi's protocol and plain ones: JSON values, with `Archive` and `Blob` for files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import rpc

from local.provider.archive import Archive, Blob
from local.provider.failures import InvalidPropertyError

if TYPE_CHECKING:
    from pathlib import Path


def decode(properties: Any, root: Path) -> dict[str, Any]:
    """The properties in a protobuf Struct as plain values. Paths of files are relative to ``root``."""
    decoded: dict[str, Any] = plain(rpc.deserialize_properties(properties), root)
    return decoded


def encode(given: Any, properties: Mapping[str, Any]) -> Any:
    """``properties`` as a protobuf Struct, like ``given``; files as they are in ``given``."""
    encoded = type(given)()
    for name, value in properties.items():
        if isinstance(value, Archive | Blob):
            encoded.fields[name].CopyFrom(given.fields[name])
        else:
            encoded.update({name: value})
    return encoded


def plain(value: Any, root: Path) -> Any:
    """A value that was deserialized by Pulumi without its wrappers: whole numbers are integers, files are
    bytes.
    """
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value), root)
    if isinstance(value, Mapping):
        return {key: plain(item, root) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, root) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, pulumi.Archive):
        return archive(value, root)
    if isinstance(value, pulumi.Asset):
        return Blob(asset_content(value, root))
    return value


def archive(value: pulumi.Archive, root: Path) -> Archive:
    """A zip file with what the archive holds. Raises InvalidPropertyError for one that is not on this
    machine.
    """
    if isinstance(value, pulumi.FileArchive):
        return Archive.of_file(root / value.path)
    if not isinstance(value, pulumi.AssetArchive):
        raise InvalidPropertyError(
            f"{type(value).__name__} is not supported on localhost: use a directory or a zip file"
        )
    entries: dict[str, bytes | Path] = {}
    for name, member in value.assets.items():
        if isinstance(member, pulumi.Archive):
            entries |= {f"{name}/{inner}": content for inner, content in archive(member, root).entries().items()}
        else:
            entries[name] = asset_content(member, root)
    return Archive.of_entries(entries)


def asset_content(value: pulumi.Asset, root: Path) -> bytes:
    """The bytes of an asset. Raises InvalidPropertyError for one that is not on this machine."""
    if isinstance(value, pulumi.StringAsset):
        return value.text.encode()
    if isinstance(value, pulumi.FileAsset):
        try:
            return (root / value.path).read_bytes()
        except OSError as error:
            raise InvalidPropertyError(f"file {value.path}: {error.strerror}") from error
    raise InvalidPropertyError(f"{type(value).__name__} is not supported on localhost: use a file or a string")
