"""A directory as destination."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from datagen.errors import DestinationError, ForbiddenError, OutOfSpaceError
from datagen.sinks.base import READ_BYTES, Listed, Stored

if TYPE_CHECKING:
    from datagen.dataset import Body

PARTIAL = ".datagen-partial"  # a file that is still being written


class FileSink:
    """Objects as files below a directory: written beside their place, then renamed into it."""

    def __init__(self, root: str) -> None:
        self.url = Path(root).as_uri()
        self._root = root
        self._made: set[str] = set()

    def put(self, key: str, data: bytes) -> Stored:
        """Write one file."""
        return self.put_stream(key, (data,))

    def put_all(self, bodies: Sequence[Body]) -> list[Stored]:
        """Write files one after the other: the file system gains nothing from threads."""
        return [self.put_stream(body.key, (body.data,)) for body in bodies]

    def put_stream(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Write one file from pieces; its ETag is the MD5 of its content, as for a plain put to S3."""
        path = f"{self._root}/{key}"
        partial = f"{path}{PARTIAL}"
        digest = hashlib.md5(usedforsecurity=False)
        size = 0
        with _explained(path):
            self._make_directory(path)
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            try:
                try:
                    for chunk in chunks:
                        digest.update(chunk)
                        size += len(chunk)
                        _write(descriptor, chunk)
                finally:
                    os.close(descriptor)
                os.replace(partial, path)  # noqa: PTH105 - a Path object per file costs more than the write
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise
        return Stored(key, size, digest.hexdigest())

    def get(self, key: str) -> bytes:
        """Read one file whole."""
        path = Path(self._root, key)
        with _explained(str(path)):
            return path.read_bytes()

    def stream(self, key: str) -> Iterator[bytes]:
        """Read one file in pieces."""
        path = Path(self._root, key)
        with _explained(str(path)), path.open("rb") as file:
            while piece := file.read(READ_BYTES):
                yield piece

    def list(self, prefix: str = "") -> Iterator[Listed]:
        """The files below `prefix`; what an interrupted run left half-written is not among them."""
        base = Path(self._root, prefix)
        with _explained(str(base)):
            for folder, _, names in os.walk(base):
                for name in names:
                    if not name.endswith(PARTIAL):
                        path = Path(folder, name)
                        facts = path.stat()
                        key = path.relative_to(self._root).as_posix()
                        yield Listed(key, facts.st_size, None, facts.st_mtime_ns // 1_000_000)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove files, and the directories below the sink's own that this leaves empty."""
        folders: set[Path] = set()
        for key in keys:
            path = Path(self._root, key)
            with _explained(str(path)):
                path.unlink(missing_ok=True)
            folders.update(Path(key).parents)
        for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True)[:-1]:
            whole = Path(self._root, folder)
            if whole.is_dir() and not any(whole.iterdir()):
                whole.rmdir()
        self._made.clear()

    def _make_directory(self, path: str) -> None:
        directory = path.rpartition("/")[0]
        if directory not in self._made:
            Path(directory).mkdir(parents=True, exist_ok=True)
            self._made.add(directory)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise OutOfSpaceError(
                f"no space left for {path}: free some or choose another place, then run again with --resume"
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise ForbiddenError(f"no permission for {path}: {error.strerror}") from error
        raise DestinationError(f"cannot use {path}: {error.strerror}") from error
