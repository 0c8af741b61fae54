"""The objects under a prefix, page by page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from botocore.exceptions import ParamValidationError

from local.stepfunctions.integrations.aws import AwsClient, AwsError
from local.stepfunctions.maprun.readers.objects import unreadable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from local.stepfunctions.scope import Json

_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


async def list_objects(s3: AwsClient, parameters: Mapping[str, Any]) -> AsyncGenerator[list[Json], None]:
    """One list of ``{"Etag", "Key", "LastModified", "Size", "StorageClass"}`` a page of ListObjectsV2.

    ``LastModified`` is in epoch seconds; ``MaxKeys`` is the size of a page, no limit.
    Raises ItemReaderFailed.
    """
    # Keys may hold characters that XML cannot.
    page: dict[str, Any] = {**parameters, "EncodingType": "url"}
    while True:
        try:
            response = await s3.stream("ListObjectsV2", page)
            body = b"".join([piece async for piece in response])
        except (AwsError, ParamValidationError) as error:
            raise unreadable(error) from error
        # Parsed here: through the model it takes a multiple of the time.
        root = ET.fromstring(body)  # noqa: S314  the endpoint is trusted
        namespace = _NAMESPACE if root.tag.startswith(_NAMESPACE) else ""
        yield [_item(entry, namespace) for entry in root.iter(f"{namespace}Contents")]
        token = root.findtext(f"{namespace}NextContinuationToken")
        if root.findtext(f"{namespace}IsTruncated") != "true" or not token:
            return
        page["ContinuationToken"] = token


def _item(entry: ET.Element, namespace: str) -> Json:
    start = len(namespace)
    found = {child.tag[start:]: child.text or "" for child in entry}
    return {
        "Etag": found.get("ETag", ""),
        "Key": unquote_plus(found["Key"]),
        "LastModified": datetime.fromisoformat(found["LastModified"]).timestamp(),
        "Size": int(found["Size"]),
        "StorageClass": found.get("StorageClass") or "STANDARD",
    }
