"""From what a run used to what it costs: uses go in, priced lines come out.

Every function that measures a service returns ``Use`` objects, so a further service is one more function and
one more row in the price table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operate.cost.prices import US_EAST_1, compute, data, operations
from operate.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from operate.cost.prices import PriceTable

EXPRESS_STEP_MS = 100  # EXPRESS durations are billed in steps of 100 ms
EXPRESS_CHUNK_MB = 64  # and their memory in chunks of 64 MB
EXPRESS_BASE_MB = 50  # an execution takes 50 MB before its definition and payloads
MB_PER_GB = 1024
BYTES_PER_MB = 1024 * 1024
BYTES_PER_GB = 1024 * 1024 * 1024
MS_PER_SECOND = 1_000
MAX_PAYLOAD_BYTES = 262_144  # Step Functions payload quota
WRITER_PART_BYTES = 8 * 1024 * 1024  # part size assumed of the result writer; AWS states none


@dataclass(frozen=True, kw_only=True)
class Use:
    """``quantity`` units of the price ``price``, and what was counted to get there."""

    price: str
    quantity: float
    basis: str


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One billed thing: ``quantity`` of ``unit`` makes ``usd``."""

    name: str
    quantity: float
    unit: str
    usd: float
    basis: str


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The lines of a run, priced by one Region's table."""

    region: str
    as_of: str
    lines: tuple[CostLine, ...]

    @property
    def total_usd(self) -> float:
        """The sum of all lines in US dollars."""
        return math.fsum(line.usd for line in self.lines)


def price(uses: Iterable[Use], table: PriceTable = US_EAST_1) -> Cost:
    """Price each use by itself (tiers start anew for each line); an unknown price name is a KeyError."""
    lines = []
    for use in uses:
        listed = table.prices[use.price]
        lines.append(
            CostLine(
                name=listed.label,
                quantity=use.quantity,
                unit=listed.unit,
                usd=listed.usd(use.quantity),
                basis=use.basis,
            )
        )
    return Cost(region=table.region, as_of=table.as_of, lines=tuple(lines))


def parent_states(entered: int) -> list[Use]:
    """A STANDARD execution: one transition for each state that it entered, retries included.

    usd = entered x $0.000025
    """
    return [Use(price=compute.TRANSITION, quantity=entered, basis="states the parent entered")]


def standard_children(*, children: int, states: int) -> list[Use]:
    """STANDARD children that each enter ``states`` states; starting one is a transition of its own.

    usd = children x (1 + states) x $0.000025
    """
    return [
        Use(price=compute.TRANSITION, quantity=children, basis="child executions started"),
        Use(price=compute.TRANSITION, quantity=children * states, basis="states the children entered"),
    ]


def express_children(*, children: int, billed_ms: int, memory_mb: int) -> list[Use]:
    """EXPRESS children whose rounded durations add up to ``billed_ms``, each in ``memory_mb`` of memory.

    usd = children x ($0.000025 + $0.000001) + GB-seconds x $0.0000166667 (first tier),
    GB-seconds = billed_ms / 1000 x memory_mb / 1024
    """
    gb_seconds = billed_ms / MS_PER_SECOND * memory_mb / MB_PER_GB
    return [
        Use(price=compute.TRANSITION, quantity=children, basis="child executions started"),
        Use(price=compute.EXPRESS_REQUEST, quantity=children, basis="child executions"),
        Use(
            price=compute.EXPRESS_DURATION,
            quantity=gb_seconds,
            basis=f"{billed_ms / MS_PER_SECOND:,.1f} s in {EXPRESS_STEP_MS} ms steps at {memory_mb} MB",
        ),
    ]


def express_billed_ms(duration_ms: float) -> int:
    """Round one EXPRESS duration up to the step that AWS bills: at least one step."""
    return max(1, math.ceil(duration_ms / EXPRESS_STEP_MS)) * EXPRESS_STEP_MS


def express_memory_mb(*, definition_bytes: int, payload_bytes: int, steps: int) -> int:
    """Billed memory of an EXPRESS execution whose ``steps`` branches hold ``payload_bytes`` each.

    mb = 50 MB + definition + steps x payload, rounded up to the next 64 MB
    """
    used = EXPRESS_BASE_MB + (definition_bytes + steps * payload_bytes) / BYTES_PER_MB
    return math.ceil(used / EXPRESS_CHUNK_MB) * EXPRESS_CHUNK_MB


def object_reader(*, objects: int) -> list[Use]:
    """A reader that fetches whole objects: one GET each."""
    return [Use(price=data.S3_READ, quantity=objects, basis="objects the reader fetched")]


def listing(*, pages: int) -> list[Use]:
    """A reader that lists a bucket: one LIST request for each page of keys."""
    return [Use(price=data.S3_WRITE, quantity=pages, basis="pages of keys the reader listed")]


def result_writer(*, file_bytes: Iterable[int]) -> list[Use]:
    """The result files of a Map Run: a probe and a manifest, and for each file a multipart upload.

    requests = 2 + files x (create + complete) + parts; storage = bytes kept for one month
    """
    sizes = tuple(file_bytes)
    parts = sum(max(1, math.ceil(size / WRITER_PART_BYTES)) for size in sizes)
    return [
        Use(
            price=data.S3_WRITE,
            quantity=2 + 2 * len(sizes) + parts,
            basis=f"manifest twice, {counted(len(sizes), 'file')} in {counted(parts, 'part')}",
        ),
        Use(
            price=data.S3_STORAGE,
            quantity=sum(sizes) / BYTES_PER_GB,
            basis="results kept for a month",
        ),
    ]


def inventory(*, objects: int) -> list[Use]:
    """An S3 Inventory report that lists ``objects``.

    usd = objects x $0.0025 / 1,000,000
    """
    return [Use(price=data.S3_INVENTORY, quantity=objects, basis="objects in one inventory report")]


def s3_gets(*, requests: int, basis: str = "objects the children fetched") -> list[Use]:
    """GET, HEAD and other reading requests to S3.

    usd = requests x $0.0000004
    """
    return [Use(price=data.S3_READ, quantity=requests, basis=basis)]


def s3_puts(*, requests: int, basis: str = "objects the children wrote") -> list[Use]:
    """PUT, POST, COPY and LIST requests to S3; each part of a multipart upload is one.

    usd = requests x $0.000005
    """
    return [Use(price=data.S3_WRITE, quantity=requests, basis=basis)]


def lambda_compute(*, requests: int, gb_seconds: float, architecture: str) -> list[Use]:
    """Invocations of a function, and the memory that it held for its billed time, initialisation included.

    usd = requests x $0.0000002 + GB-seconds x $0.0000133334 (arm64) or $0.0000166667 (x86_64), first tiers;
    GB-seconds = billed milliseconds / 1000 x memory in MB / 1024
    """
    return [
        Use(price=compute.LAMBDA_REQUEST, quantity=requests, basis="invocations"),
        Use(
            price=compute.LAMBDA_DURATION[architecture],
            quantity=gb_seconds,
            basis="billed time x memory, cold starts included",
        ),
    ]


def lambda_gb_seconds(*, billed_ms: float, memory_mb: int) -> float:
    """The GB-seconds of ``billed_ms`` milliseconds in ``memory_mb`` of memory."""
    return billed_ms / MS_PER_SECOND * memory_mb / MB_PER_GB


def fargate(*, vcpu_seconds: float, gb_seconds: float, spot: bool, architecture: str) -> list[Use]:
    """Fargate tasks, from the pull of the image to their end.

    usd = vCPU-seconds x price + GB-seconds x price; an hour of arm64 is $0.03238 a vCPU and $0.00356 a GB
    """
    kind = architecture, spot
    return [
        Use(price=compute.FARGATE_VCPU[kind], quantity=vcpu_seconds, basis="vCPU x time of the tasks"),
        Use(price=compute.FARGATE_MEMORY[kind], quantity=gb_seconds, basis="memory x time of the tasks"),
    ]


def dynamodb_writes(*, units: float) -> list[Use]:
    """On-demand writes: a unit for each KB of an item, begun ones included; a refused conditional write counts too.

    usd = units x $0.000000625
    """
    return [Use(price=data.DYNAMODB_WRITE, quantity=units, basis="write units of the children")]


def dynamodb_reads(*, units: float) -> list[Use]:
    """On-demand reads: a unit for each 4 KB of an item, half of it for an eventually consistent read.

    usd = units x $0.000000125
    """
    return [Use(price=data.DYNAMODB_READ, quantity=units, basis="read units of the children")]


def sqs_requests(*, requests: int, basis: str = "requests of the children") -> list[Use]:
    """Requests to standard queues: up to ten messages and 64 KiB are one.

    usd = requests x $0.0000004
    """
    return [Use(price=data.SQS_REQUEST, quantity=requests, basis=basis)]


def logs(*, ingested_bytes: float, basis: str = "events sent to CloudWatch Logs") -> list[Use]:
    """Log events of machines and functions, each with 26 bytes that CloudWatch adds.

    usd = bytes / 2^30 x $0.50
    """
    return [Use(price=operations.LOG_INGESTION, quantity=ingested_bytes / BYTES_PER_GB, basis=basis)]
