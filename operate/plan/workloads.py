"""The workload of each use case, and of the public workshop that it is compared with.

A further use case is one entry here.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from operate.plan.workload import EXPRESS, STANDARD, Point, Reader, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

STATION_BYTES = 940_000  # mean of the generated files, 26,550 rows; "docs/data/stations.md"

CLAIMS_PER_FILE = 58
CLAIM_FILE_BYTES = 208_000  # mean of the generated files; "docs/data/claims.md"

TEXT_BYTES = 325_000  # mean of the generated objects of 50,000 words; "docs/data/texts.md"


class UnknownWorkloadError(LookupError):
    """A use case that cannot be planned, for nothing is known of its work."""


HELLO = Workload(
    use_case="hello",
    timings="no function; sizes from 20,000 generated reviews",
    reader=Reader.OBJECT,
    item_bytes=185,
    source_bytes=63.6,
    parent_states=2,
    child_states=1,
    definition_bytes=234,
    architecture=None,
    timeout_seconds=math.inf,
    needs_mb=0,
    init_ms=0,
    fixed_ms=0,
    cpu_ms=0,
    threads=1,
    gets=0,
    get_bytes=0,
    writes=0,
    write_units=0,
    parallel=1,
    variation=0,
    writes_results=True,
    result_item_bytes=399,
    result_child_bytes=900,
    log_bytes=0,
)

NOAA = Workload(
    use_case="noaa",
    timings="processor time on 100 station files and of the imports, on a core of an AMD EPYC",
    reader=Reader.LISTING,
    item_bytes=152,
    source_bytes=0,
    parent_states=3,
    child_states=1,
    definition_bytes=653,
    architecture="arm64",
    timeout_seconds=600,
    needs_mb=576,  # 514 MiB at the most, with 100 files of 8 MB
    init_ms=450,
    fixed_ms=1,
    cpu_ms=3.3,
    threads=1,
    gets=1,
    get_bytes=STATION_BYTES,
    writes=1,
    write_units=1,
    parallel=32,
    variation=1.1,
    writes_results=True,
    result_item_bytes=174,
    result_child_bytes=1_100,
    log_bytes=1_200,
)

# What the workshop's function does: csv.DictReader over each whole file, one request after the other. With clients
# that are made anew for each item it would be 62 ms.
NOAA_WORKSHOP = replace(
    NOAA,
    use_case="noaa of the workshop",
    timings="processor time on 100 station files and of boto3's imports, on a core of an AMD EPYC",
    parent_states=1,
    architecture="x86_64",
    init_ms=275,
    fixed_ms=0,
    cpu_ms=42.0,
    parallel=1,
    writes_results=False,
    log_bytes=400,
)

# Both functions of a child as one, since they run one after the other: 3 and 3 requests to the table for 58 claims.
CLAIMS = Workload(
    use_case="claims",
    timings="processor time of both functions on 50 files of 2,608 claims and of the imports, on a core of an AMD EPYC",
    reader=Reader.LISTING,
    item_bytes=152,
    source_bytes=0,
    parent_states=3,
    child_states=2,
    definition_bytes=1_900,
    architecture="arm64",
    timeout_seconds=900,
    needs_mb=512,  # 128 MiB of objects at a time, and the runtime
    init_ms=500,
    fixed_ms=15,
    cpu_ms=12,
    threads=1,
    gets=1,
    get_bytes=CLAIM_FILE_BYTES,
    writes=6,
    write_units=2.03 * CLAIMS_PER_FILE,  # 4 % of the claims are larger than the 1 KB of a unit
    read_units=CLAIMS_PER_FILE,
    parallel=8,
    variation=0.86,
    writes_results=True,
    result_item_bytes=172,
    result_child_bytes=1_000,
    log_bytes=2_400,
)

# Mode objects. In a batch an object takes two thirds of the processor time, and waits beside 31 others.
SSN_SCAN = Workload(
    use_case="ssn_scan",
    timings="processor time on 200 texts one by one and of the imports, on a core of an AMD EPYC; sizes from 500 texts",
    reader=Reader.LISTING,
    item_bytes=330,
    source_bytes=0,
    parent_states=3,
    child_states=3,
    definition_bytes=1_378,
    architecture="arm64",
    timeout_seconds=900,
    needs_mb=512,  # 32 blocks of 8 MiB, each twice, where objects are large
    init_ms=444,
    fixed_ms=0.5,
    cpu_ms=0.95,
    threads=1,
    gets=1,
    get_bytes=TEXT_BYTES,
    writes=0,
    write_units=0,
    parallel=1,
    variation=0.2,
    writes_results=True,
    result_item_bytes=560,
    result_child_bytes=700,
    log_bytes=1_200,
)

WORKLOADS: Mapping[str, Workload] = MappingProxyType({each.use_case: each for each in (HELLO, NOAA, CLAIMS, SSN_SCAN)})

DEFAULTS: Mapping[str, Point] = MappingProxyType(
    {
        "hello": Point(execution_type=EXPRESS, batch_size=1_000, max_concurrency=10_000, memory_mb=0),
        "noaa": Point(execution_type=EXPRESS, batch_size=100, max_concurrency=1_000, memory_mb=768),
        "claims": Point(execution_type=STANDARD, batch_size=50, max_concurrency=500, memory_mb=1_769),
        "ssn_scan": Point(execution_type=EXPRESS, batch_size=1, max_concurrency=1_000, memory_mb=1_024),
    }
)
NOAA_WORKSHOP_POINT = Point(execution_type=STANDARD, batch_size=100, max_concurrency=1_000, memory_mb=2_048)


def workload_of(use_case: str) -> Workload:
    """Return the workload of the use case of that name; UnknownWorkloadError lists those that are known."""
    if use_case not in WORKLOADS:
        raise UnknownWorkloadError(f"{use_case} cannot be priced ahead; there are {', '.join(WORKLOADS)}")
    return WORKLOADS[use_case]


def default_point(use_case: str) -> Point:
    """Return how the use case runs when nothing is set; UnknownWorkloadError as above."""
    workload_of(use_case)
    return DEFAULTS[use_case]
