"""Where data goes: `s3://bucket/prefix` or `file:///directory`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from datagen.errors import RequestError

TRUTH = "_truth"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A place that holds objects: a prefix of a bucket, or a directory (then `bucket` is empty)."""

    scheme: Literal["s3", "file"]
    bucket: str
    path: str  # no slash at either end for s3, absolute for file

    @classmethod
    def parse(cls, url: str) -> Location:
        """Read a URL; RequestError when it is neither an s3:// nor a file:// address."""
        parts = urlsplit(url)
        if parts.scheme == "s3" and parts.netloc:
            return cls(scheme="s3", bucket=parts.netloc, path=url.split(parts.netloc, 1)[1].strip("/"))
        if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path.startswith("/"):
            return cls(scheme="file", bucket="", path=str(Path(unquote(parts.path)).resolve()))
        raise RequestError(f"cannot write to {url!r}: give s3://bucket/prefix or file:///absolute/directory")

    @property
    def url(self) -> str:
        """The address as text, without a slash at the end."""
        if self.scheme == "file":
            return Path(self.path).as_uri()
        return f"s3://{self.bucket}/{self.path}".rstrip("/")

    def truth(self) -> Location:
        """Where the truth of data at this place lies: beside it, never inside (but for a whole bucket)."""
        parent, _, last = self.path.rpartition("/")
        path = "/".join(filter(None, (parent, TRUTH, last)))
        return Location(
            scheme=self.scheme, bucket=self.bucket, path=f"/{path.lstrip('/')}" if self.scheme == "file" else path
        )
