"""What each grant is for, and what shows it: an exercise on localhost, or AWS's own page where localhost cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tests.iam.grants import Grant

# The roles of a use case begin with its name; the others may follow.
USE_CASES: Final[Mapping[str, str]] = {"hello": "hello", "noaa": "noaa", "claims": "claims", "ssn_scan": "ssn-scan"}

_AWS: Final = "https://docs.aws.amazon.com"
_GUIDE: Final = f"{_AWS}/step-functions/latest/dg"
LOGGING: Final = f"{_GUIDE}/cw-logs.html"
TRACING: Final = f"{_GUIDE}/concepts-xray-tracing.html"
FUNCTION_TRACING: Final = f"{_AWS}/lambda/latest/dg/services-xray.html"
MAPS: Final = f"{_GUIDE}/iam-policies-eg-dist-map.html"
RESULTS: Final = f"{_GUIDE}/input-output-resultwriter.html"
QUEUES: Final = f"{_AWS}/lambda/latest/dg/services-sqs-configure.html"
GET_OBJECT: Final = f"{_AWS}/AmazonS3/latest/API/API_GetObject.html"


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a grant is for; ``shown`` names an exercise, else ``page`` and ``reason`` say why none can show it."""

    purpose: str
    shown: str = ""
    page: str = ""
    reason: str = ""


def _by_page(purpose: str, page: str, reason: str) -> Need:
    return Need(purpose=purpose, page=page, reason=reason)


def _shown(purpose: str, exercise: str) -> Need:
    return Need(purpose=purpose, shown=exercise)


_DELIVERY: Final = _by_page(
    "deliver the execution log",
    LOGGING,
    "the local engine makes no log delivery, and asks for leave to only once an hour",
)
_TRACES: Final = _by_page("send traces", TRACING, "the local endpoint keeps no traces")
_FUNCTION_TRACES: Final = _by_page("send traces", FUNCTION_TRACING, "the local endpoint keeps no traces")
_GONE: Final = _by_page(
    "tell an object that is gone from one that is denied", GET_OBJECT, "the local endpoint says NoSuchKey in any case"
)
_CHILDREN: Final = _by_page(
    "follow and stop children", MAPS, "the local engine holds its children itself, without a request"
)
_WRITER: Final = _by_page(
    "complete or drop result files in parts",
    RESULTS,
    "the local engine reads no result file back, and these runs leave none unfinished",
)
_POLL: Final = _by_page("let Lambda poll the queue", QUEUES, "the local endpoint's poller asks no role for leave")

# Role, action, resource as patterns; the first that fits.
NEEDS: Final[tuple[tuple[str, str, str, Need], ...]] = (
    ("*", "logs:*LogDeliver*", "*", _DELIVERY),
    ("*", "logs:*Resource*Polic*", "*", _DELIVERY),
    ("*", "logs:DescribeLogGroups", "*", _DELIVERY),
    *(
        (role, "xray:*", "*", _FUNCTION_TRACES)
        for role in ("noaa-stations", "claims-load", "claims-rules", "ssn-scan-single", "ssn-scan-batch")
    ),
    ("ssn-scan-collect", "xray:*", "*", _FUNCTION_TRACES),
    ("*", "xray:*", "*", _TRACES),
    ("*", "states:DescribeExecution", "execution:*", _CHILDREN),
    ("*", "states:StopExecution", "execution:*", _CHILDREN),
    ("*", "s3:AbortMultipartUpload", "*-results-bucket/[*]", _WRITER),
    ("*", "s3:ListMultipartUploadParts", "*-results-bucket/[*]", _WRITER),
    ("*", "s3:GetObject", "*-results-bucket/[*]", _WRITER),
    ("noaa-stations", "s3:ListBucket", "*", _GONE),
    ("claims-load", "s3:ListBucket", "*", _GONE),
    ("ssn-scan-single", "s3:ListBucket", "*", _GONE),
    ("ssn-scan-batch", "s3:ListBucket", "*", _GONE),
    ("ssn-scan-collect", "sqs:*", "*", _POLL),
    # hello
    ("hello", "s3:GetObject", "hello-input-bucket/*", _shown("read the reviews", "hello: run")),
    ("hello", "s3:PutObject", "*", _shown("write results", "hello: run")),
    ("hello", "states:StartExecution", "*", _shown("start children", "hello: run")),
    ("hello", "states:RedriveExecution", "*", _shown("redrive children", "hello: redrive")),
    # noaa
    ("noaa", "s3:ListBucket", "*", _shown("list the stations", "noaa: listing")),
    ("noaa", "s3:GetObject", "noaa-input-bucket/inventory/*", _shown("read an inventory", "noaa: inventory")),
    ("noaa", "s3:PutObject", "*", _shown("write results", "noaa: listing")),
    ("noaa", "lambda:InvokeFunction", "*", _shown("scan the stations of a batch", "noaa: listing")),
    ("noaa", "states:StartExecution", "*", _shown("start children", "noaa: listing")),
    *(
        ("noaa", "states:RedriveExecution", f"*/{label}:*", _shown("redrive children", f"noaa: redrive {label}"))
        for label in ("Listing", "ListingExpress", "Inventory", "InventoryExpress")
    ),
    ("noaa-stations", "s3:GetObject", "*", _shown("read the stations", "noaa: listing")),
    ("noaa-stations", "dynamodb:PutItem", "*", _shown("write a station's item", "noaa: listing")),
    ("noaa-stations", "logs:*", "*", _shown("log", "noaa: listing")),
    # claims
    ("claims", "s3:ListBucket", "*", _shown("list the files", "claims: load")),
    ("claims", "s3:PutObject", "*", _shown("write results", "claims: load")),
    ("claims", "lambda:InvokeFunction", "function:claims-load-*", _shown("load a batch", "claims: load")),
    ("claims", "lambda:InvokeFunction", "function:claims-rules-*", _shown("decide on a batch", "claims: rules")),
    ("claims", "states:StartExecution", "*", _shown("start children", "claims: load")),
    *(
        ("claims", "states:RedriveExecution", f"*/{label}:*", _shown("redrive children", f"claims: redrive {label}"))
        for label in ("Claims", "ClaimsExpress")
    ),
    ("claims-load", "s3:GetObject", "*", _shown("read the files", "claims: load")),
    ("claims-load", "s3:PutObject", "*", _shown("leave many ids for the next function", "claims: claim check")),
    ("claims-load", "dynamodb:BatchWriteItem", "*", _shown("write the claims", "claims: load")),
    ("claims-load", "logs:*", "*", _shown("log", "claims: load")),
    ("claims-rules", "s3:GetObject", "*", _shown("take many ids", "claims: claim check")),
    ("claims-rules", "dynamodb:BatchGetItem", "*", _shown("read the facts of claims", "claims: rules")),
    ("claims-rules", "dynamodb:PartiQLUpdate", "*", _shown("write decisions", "claims: rules")),
    ("claims-rules", "logs:*", "*", _shown("log", "claims: rules")),
    # ssn_scan
    ("ssn-scan", "s3:ListBucket", "*", _shown("list the objects", "ssn_scan: objects")),
    ("ssn-scan", "s3:PutObject", "*", _shown("write results", "ssn_scan: objects")),
    ("ssn-scan", "lambda:InvokeFunction", "*-single-*", _shown("scan an object", "ssn_scan: objects")),
    ("ssn-scan", "lambda:InvokeFunction", "*-batch-*", _shown("scan a batch", "ssn_scan: batches")),
    ("ssn-scan", "sqs:SendMessage", "*", _shown("tell of a finding", "ssn_scan: objects")),
    ("ssn-scan", "states:StartExecution", "*", _shown("start children", "ssn_scan: objects")),
    *(
        ("ssn-scan", "states:RedriveExecution", f"*/{each}:*", _shown("redrive children", f"ssn_scan: redrive {each}"))
        for each in ("Objects", "Batches")
    ),
    ("ssn-scan-object", "lambda:InvokeFunction", "*", _shown("scan the object that arrived", "ssn_scan: upload")),
    ("ssn-scan-object", "sqs:SendMessage", "*", _shown("tell of a finding", "ssn_scan: upload")),
    ("ssn-scan-object-objects", "*", "*", _shown("start the machine for an object that arrived", "ssn_scan: upload")),
    ("ssn-scan-single", "s3:GetObject", "*/texts/*", _shown("read a listed object", "ssn_scan: objects")),
    ("ssn-scan-single", "s3:GetObject", "*/arrivals/*", _shown("read an object that arrived", "ssn_scan: upload")),
    ("ssn-scan-single", "logs:*", "*", _shown("log", "ssn_scan: objects")),
    ("ssn-scan-batch", "s3:GetObject", "*", _shown("read the objects", "ssn_scan: batches")),
    ("ssn-scan-batch", "sqs:SendMessage", "*", _shown("tell of findings", "ssn_scan: batches")),
    ("ssn-scan-batch", "logs:*", "*", _shown("log", "ssn_scan: batches")),
    ("ssn-scan-collect", "dynamodb:PutItem", "*", _shown("write a finding's item", "ssn_scan: objects")),
    ("ssn-scan-collect", "logs:*", "*", _shown("log", "ssn_scan: objects")),
)


def need_of(grant: Grant) -> Need | None:
    """What a grant is for; None when nobody said."""
    for role, action, resource, need in NEEDS:
        if (
            fnmatchcase(grant.role, role)
            and fnmatchcase(grant.action, action)
            and fnmatchcase(grant.resource, resource)
        ):
            return need
    return None


def use_case_of(role: str) -> str | None:
    """The use case that a role is of; None for those that are not exercised."""
    for use_case, prefix in USE_CASES.items():
        if role == prefix or role.startswith(f"{prefix}-"):
            return use_case
    return None
