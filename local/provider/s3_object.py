"""Objects whose content is part of the program."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from local.provider.archive import Blob
from local.provider.failures import InvalidPropertyError
from local.provider.resource import Existing, Properties, PutResource, State, existing

if TYPE_CHECKING:
    from local.provider.context import Context

SOURCES = ("content", "contentBase64", "source")
HEADERS = {
    "contentType": "ContentType",
    "contentEncoding": "ContentEncoding",
    "contentLanguage": "ContentLanguage",
    "contentDisposition": "ContentDisposition",
    "cacheControl": "CacheControl",
    "storageClass": "StorageClass",
    "metadata": "Metadata",
}


class BucketObjectV2(PutResource):
    type = "aws:s3/bucketObjectv2:BucketObjectv2"
    takes = frozenset({"bucket", "key", "forceDestroy", "sourceHash", *SOURCES, *HEADERS})
    needs = frozenset({"bucket"})
    replace_on = frozenset({"bucket", "key"})
    tagged = True

    def identity(self, inputs: Properties) -> str:
        return f"{inputs['bucket']}/{inputs['key']}"

    def prepare(self, logical: str, given: Properties, previous: Properties | None, ctx: Context) -> State:
        """An object without a key has its logical name for one."""
        return super().prepare(logical, {"key": logical, **given}, previous, ctx)

    def put(self, inputs: Properties, ctx: Context) -> None:
        headers = {member: inputs[name] for name, member in HEADERS.items() if inputs.get(name) is not None}
        ctx.client("s3").put_object(Bucket=inputs["bucket"], Key=inputs["key"], Body=_content(inputs), **headers)
        if inputs["tagsAll"]:
            tags = [{"Key": key, "Value": value} for key, value in inputs["tagsAll"].items()]
            ctx.client("s3").put_object_tagging(Bucket=inputs["bucket"], Key=inputs["key"], Tagging={"TagSet": tags})

    def read(self, it: Existing, ctx: Context) -> State | None:
        bucket, _, key = it.id.partition("/")
        head = existing(lambda: ctx.client("s3").head_object(Bucket=bucket, Key=key))
        if head is None:
            return None
        return {
            **it.inputs,
            "bucket": bucket,
            "key": key,
            "arn": f"arn:aws:s3:::{bucket}/{key}",
            "etag": head["ETag"].strip('"'),
            "contentType": head["ContentType"],
            "versionId": head.get("VersionId", ""),
        }

    def delete(self, it: Existing, ctx: Context) -> None:
        """Delete every version: one that is left behind would keep its bucket from being deleted."""
        s3 = ctx.client("s3")
        bucket, _, key = it.id.partition("/")
        page = s3.list_object_versions(Bucket=bucket, Prefix=key)
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            if item["Key"] == key:
                s3.delete_object(Bucket=bucket, Key=key, VersionId=item["VersionId"])


class BucketObject(BucketObjectV2):
    type = "aws:s3/bucketObject:BucketObject"


def _content(inputs: Properties) -> bytes:
    given = [name for name in SOURCES if inputs.get(name) is not None]
    if len(given) > 1:
        raise InvalidPropertyError(f"an object takes either {given[0]} or {given[1]}, but not both")
    if not given:
        return b""
    value = inputs[given[0]]
    if given == ["contentBase64"]:
        return base64.b64decode(value)
    if isinstance(value, Blob):
        return value.content
    return Path(value).read_bytes() if given == ["source"] else str(value).encode()
