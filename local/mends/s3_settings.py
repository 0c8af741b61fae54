"""Bucket settings that ministack does not know: metrics and inventory configurations are kept.

Ministack takes a request for a setting that it does not know for a request on the bucket itself: deleting a
metrics configuration would delete the bucket. So any other unknown setting is refused as not implemented.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

Response: TypeAlias = "tuple[int, dict[str, str], bytes]"
Handler: TypeAlias = Callable[..., Awaitable[Response]]
Query: TypeAlias = Mapping[str, list[str]]

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
LISTINGS = {  # setting: the element that holds all of a bucket's (Amazon S3 API Reference, ListBucket...Configurations)
    "metrics": "ListMetricsConfigurationsResult",
    "inventory": "ListInventoryConfigurationsResult",
}
# Settings that ministack itself handles for PUT or DELETE of a bucket, in its `_dispatch`.
KNOWN = frozenset(
    {
        *("policy", "notification", "tagging", "versioning", "encryption", "lifecycle", "cors", "acl", "website"),
        *("logging", "accelerate", "requestPayment", "object-lock", "replication"),
        *("ownershipControls", "publicAccessBlock"),
    }
)


class BucketSettings:
    """Metrics and inventory configurations as the XML that was put, by bucket, setting and id."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._kept: dict[str, dict[tuple[str, str], bytes]] = {}

    async def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Query, *rest: Any, **more: Any
    ) -> Response:
        """Ministack's S3 handler, with the settings of `LISTINGS` added."""
        bucket, _, key = path.strip("/").partition("/")
        if not bucket or key:
            return await self._handler(method, path, headers, body, query, *rest, **more)
        setting = next((name for name in LISTINGS if name in query), None)
        if setting is not None:
            exists, _, _ = await self._handler("HEAD", path, headers, b"", {}, *rest, **more)
            if exists != 200:
                return error(404, "NoSuchBucket", "The specified bucket does not exist.")
            return self._answer(method, bucket, setting, body, query)
        if method in {"PUT", "DELETE"}:
            unknown = [name for name, values in query.items() if values == [""] and name not in KNOWN]
            if unknown:
                return error(501, "NotImplemented", f"S3 on localhost does not implement bucket setting {unknown[0]!r}")
        answer = await self._handler(method, path, headers, body, query, *rest, **more)
        if method == "DELETE" and not query.keys() & KNOWN and answer[0] < 300:
            self._kept.pop(bucket, None)
        return answer

    def _answer(self, method: str, bucket: str, setting: str, body: bytes, query: Query) -> Response:
        kept = self._kept.setdefault(bucket, {})
        identity = (setting, query.get("id", [""])[0])
        if method == "PUT":
            kept[identity] = body
            return 200, {}, b""
        if method == "GET" and "id" not in query:
            members = b"".join(kept[found] for found in sorted(kept) if found[0] == setting)
            return xml(200, LISTINGS[setting], members + b"<IsTruncated>false</IsTruncated>")
        if identity not in kept:
            return error(404, "NoSuchConfiguration", "The specified configuration does not exist.")
        if method == "DELETE":
            del kept[identity]
            return 204, {}, b""
        return 200, {"Content-Type": "application/xml"}, kept[identity]


def xml(status: int, element: str, content: bytes) -> Response:
    name = element.encode()
    body = b'<%b xmlns="%b">%b</%b>' % (name, NAMESPACE.encode(), content, name)
    return status, {"Content-Type": "application/xml"}, body


def error(status: int, code: str, message: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return status, {"Content-Type": "application/xml"}, body.encode()


def apply() -> None:
    """Put the settings in front of ministack's S3 handler."""
    s3 = importlib.import_module("ministack.services.s3")
    s3.handle_request = BucketSettings(s3.handle_request).handle_request  # type: ignore[attr-defined] # by design
