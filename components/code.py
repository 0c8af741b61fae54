"""The code of a function as it is shipped: its handlers alone, or bundled with the packages that they need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws
import uv

from components.bucket import ObservedBucket, ObservedBucketArgs
from components.bundle import build, pinned, sources
from components.platform import DataCare, Platform

PROJECT = Path(__file__).parents[1]
BUNDLES = PROJECT / ".distmap" / "bundles"
# A bundle is made again from its sources at any time, whatever the stack says of data.
REPLACEABLE = DataCare(
    disposable=True, deletion_protection=False, expire_noncurrent_days=1, point_in_time_recovery=False
)


@dataclass(frozen=True, kw_only=True)
class StoredCode:
    """A deployment package in S3, where Lambda takes more than the 50 MB of an upload."""

    bucket: pulumi.Output[str]
    key: pulumi.Output[str]


def function_code(
    name: str, platform: Platform, *, handlers: tuple[str, ...], packages: tuple[str, ...]
) -> pulumi.Archive | StoredCode:
    """The code for a function of the stack: the Python packages ``handlers`` of this project.

    If the stack bundles, what ``packages`` pins is added, and all of it lies in a bucket ``<name>-code``.
    """
    files = sources(PROJECT, handlers)
    if not platform.bundle_dependencies:
        return pulumi.AssetArchive({path: pulumi.FileAsset(str(file)) for path, file in files.items()})
    requirements = pinned((PROJECT / "requirements.txt").read_text(encoding="utf-8"), packages)
    bundle = build(files=files, requirements=requirements, folder=BUNDLES, uv=uv.find_uv_bin())
    store = ObservedBucket(f"{name}-code", ObservedBucketArgs(data=REPLACEABLE, observability=platform.observability))
    stored = aws.s3.BucketObjectv2(
        f"{name}-code-bundle",
        bucket=store.name,
        key=f"{bundle.digest}.zip",  # a new key for new code: that is how Lambda learns of it
        source=pulumi.FileAsset(str(bundle.path)),
        opts=pulumi.ResourceOptions(parent=store),
    )
    return StoredCode(bucket=stored.bucket, key=stored.key)
