"""The function of the map: each station's highest precipitation into the table, whatever came first."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Final

from handlers.common import table
from handlers.common.edge import batch_handler
from handlers.common.event import environment
from handlers.common.objects import read
from handlers.noaa.core import highest_precipitation

if TYPE_CHECKING:
    from handlers.common.event import Item
    from handlers.common.meter import Meter

WRITTEN, UNCHANGED, NO_PRECIPITATION = "written", "unchanged", "no_precipitation"

# Of two versions that S3 dates to the same second, the one read last stays.
UNLESS_NEWER: Final = (
    "attribute_not_exists(station) OR modified < :modified OR (modified = :modified AND etag <> :etag)"
)

# A file takes several times its size while it is computed on; more of them than cores gain no time.
COMPUTING: Final = BoundedSemaphore(os.cpu_count() or 1)


def process(item: Item, meter: Meter) -> str:
    """Write the station's item unless the table holds the result of this version of the object or a newer one."""
    record = table_item(item, meter)
    values = {":modified": record["modified"], ":etag": record["etag"]}
    name = environment("TABLE_NAME")
    if not table.put(name, record, meter, ConditionExpression=UNLESS_NEWER, ExpressionAttributeValues=values):
        return UNCHANGED
    return WRITTEN if "PRCP" in record else NO_PRECIPITATION


def table_item(item: Item, meter: Meter) -> dict[str, Any]:
    """The station's item in DynamoDB's form; amounts that do not exist have no attribute."""
    station = PurePosixPath(item.key).stem
    with read(item, meter) as found, COMPUTING:
        precipitation = highest_precipitation(found.data, station)
    numbers = {
        "PRCP": precipitation.highest,
        "flagged_PRCP": precipitation.flagged,
        "observations": precipitation.observations,
        "modified": found.modified,
    }
    texts = {"station": station, "date": precipitation.date, "source": item.key, "etag": found.etag}
    return {name: {"S": value} for name, value in texts.items() if value is not None} | {
        name: {"N": str(value)} for name, value in numbers.items() if value is not None
    }


handler = batch_handler("noaa", process)
