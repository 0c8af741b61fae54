"""Buckets, and how one is emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.provider.names import Naming
from local.provider.resource import Existing, Properties, Resource, State, existing, tag_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.provider.context import Context

DELETE_BATCH = 1000  # keys in one DeleteObjects request (Amazon S3 API Reference)
HOSTED_ZONE = "Z3AQBSTGFYJSTF"  # of S3 websites in us-east-1 (AWS General Reference)


class Bucket(Resource):
    type = "aws:s3/bucket:Bucket"
    takes = frozenset({"bucket", "bucketPrefix", "forceDestroy"})
    replace_on = frozenset({"bucket", "bucketPrefix"})
    naming = Naming(limit=63, property="bucket", prefix_property="bucketPrefix", lower=True)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        bucket: str = inputs["bucket"]
        ctx.client("s3").create_bucket(Bucket=bucket)
        if inputs["tagsAll"]:
            self._tag(bucket, inputs, ctx)
        return bucket

    def read(self, it: Existing, ctx: Context) -> State | None:
        s3 = ctx.client("s3")
        if existing(lambda: s3.head_bucket(Bucket=it.id)) is None:
            return None
        tagging = existing(lambda: s3.get_bucket_tagging(Bucket=it.id)) or {"TagSet": []}
        return {
            **it.inputs,
            "bucket": it.id,
            "arn": f"arn:aws:s3:::{it.id}",
            "bucketDomainName": f"{it.id}.s3.amazonaws.com",
            "bucketRegion": ctx.region,
            "bucketRegionalDomainName": f"{it.id}.s3.{ctx.region}.amazonaws.com",
            "hostedZoneId": HOSTED_ZONE,
            "forceDestroy": bool(it.inputs.get("forceDestroy")),
            "tagsAll": {tag["Key"]: tag["Value"] for tag in tagging["TagSet"]},
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        if it.inputs.get("tagsAll") != new["tagsAll"]:
            self._tag(it.id, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        if it.inputs.get("forceDestroy"):
            empty_bucket(ctx.client("s3"), it.id)
        ctx.client("s3").delete_bucket(Bucket=it.id)

    def _tag(self, bucket: str, inputs: Properties, ctx: Context) -> None:
        if inputs["tagsAll"]:
            ctx.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(inputs["tagsAll"])})
        else:
            ctx.client("s3").delete_bucket_tagging(Bucket=bucket)


def empty_bucket(s3: Any, bucket: str) -> int:
    """Delete every version of every object, every delete marker and every unfinished upload; how many there
    were.
    """
    deleted = 0
    for batch in _versions(s3, bucket):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if answer.get("Errors"):
            first = answer["Errors"][0]
            raise RuntimeError(f"{first['Key']} in {bucket} was not deleted: {first['Code']}: {first['Message']}")
        deleted += len(batch)
    for upload in _uploads(s3, bucket):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        deleted += 1
    return deleted


def _versions(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    """Batches of all versions and markers. Each is listed from the start, since the ones before it are
    gone.
    """
    while True:
        page = s3.list_object_versions(Bucket=bucket, MaxKeys=DELETE_BATCH)
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            return
        yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]


def _uploads(s3: Any, bucket: str) -> list[dict[str, Any]]:
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
    return [upload for page in pages for upload in page.get("Uploads", [])]
