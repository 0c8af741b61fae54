"""noaa: the highest precipitation of each weather station, found by a function that gets its files in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from asl import (
    AllOf,
    Choice,
    DistributedMap,
    ExecutionType,
    Fail,
    Intrinsic,
    InventoryManifest,
    ItemBatcher,
    LambdaInvoke,
    Pass,
    Path,
    ResultWriter,
    Rule,
    S3ObjectList,
    StateMachine,
    Statement,
    Test,
    merged_with_input,
)
from components import (
    Dashboard,
    DashboardArgs,
    DistributedMapPipeline,
    DistributedMapPipelineArgs,
    ObservedBucket,
    ObservedBucketArgs,
    ObservedTable,
    ObservedTableArgs,
    Schedule,
    ServerlessFunction,
    ServerlessFunctionArgs,
    function_code,
)
from usecases.parts import RETRIES, results_bucket
from usecases.registry import NOAA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asl import Reader
    from components import Platform
    from settings import Settings, UseCaseSettings
    from usecases.parameters import Value

DATA_PREFIX = "csv/by_station/"
INVENTORY_PREFIX = "inventory/"
RESULTS_PREFIX = "results"
TABLE_KEY = "station"

HANDLER = "handlers.noaa.handler.handler"
HANDLERS = ("handlers.common", "handlers.noaa")
PACKAGES = ("aws-lambda-powertools", "botocore", "numpy", "obstore")
TIMEOUT_SECONDS = 600


# Result files may be of any size, the output of a state not: without them a child tells the number alone.
WHOLE_ANSWER = Path("$.Payload")
FAILED_ALONE = {"failed": Intrinsic("States.ArrayLength($.Payload.failed)")}


def definition(
    *,
    input_bucket_arn: str,
    results_bucket_arn: str,
    stations_function_arn: str,
    knobs: Mapping[str, Value],
    write_results: bool,
) -> StateMachine:
    """The machine: input ``{"prefix": ..., "output": results prefix}`` and any knob that is to differ.

    With source ``inventory`` the input names the ``manifest`` of an S3 Inventory of the same bucket.
    """
    readers: dict[str, Reader] = {
        "listing": S3ObjectList(
            bucket_arn=input_bucket_arn, prefix=Path("$.prefix"), within=DATA_PREFIX, max_items=Path("$.max_items")
        ),
        "inventory": InventoryManifest(
            bucket_arn=input_bucket_arn,
            key=Path("$.manifest"),
            within=INVENTORY_PREFIX,
            data_within=INVENTORY_PREFIX,
            max_items=Path("$.max_items"),
        ),
    }

    def stations(source: str, execution_type: ExecutionType) -> DistributedMap:
        name = map_name(source, execution_type)
        return DistributedMap(
            name,
            label=name,
            end=True,
            execution_type=execution_type,
            reader=readers[source],
            batcher=ItemBatcher(
                max_items=Path("$.batch_size"),
                max_bytes=Path("$.batch_bytes"),
                batch_input={
                    "bucket": input_bucket_arn.rpartition(":")[2],
                    "execution": Path("$$.Execution.Id"),
                },
            ),
            states=(
                LambdaInvoke(
                    f"Stations{name}",
                    function_arn=stations_function_arn,
                    payload=Path("$"),
                    retry=RETRIES,
                    result_selector=None if write_results else FAILED_ALONE,
                    output_path=WHOLE_ANSWER if write_results else None,
                ),
            ),
            max_concurrency=Path("$.max_concurrency"),
            tolerated_failure_percentage=Path("$.tolerated_failure_percentage"),
            writer=(
                ResultWriter(bucket_arn=results_bucket_arn, prefix=Path("$.output"), within="")
                if write_results
                else None
            ),
        )

    variants = [(source, execution_type) for source in readers for execution_type in ExecutionType]
    return StateMachine(
        comment="Find the highest precipitation of each weather station",
        states=(
            Pass("Defaults", parameters={"input": merged_with_input(knobs)}, output_path=Path("$.input")),
            Choice(
                "Variant",
                rules=(
                    Rule(
                        when=AllOf(
                            (
                                Test(Path("$.source"), "StringEquals", "inventory"),
                                Test(Path("$.manifest"), "IsPresent", False),
                            )
                        ),
                        next="NoManifest",
                    ),
                    *(
                        Rule(
                            when=AllOf(
                                (
                                    Test(Path("$.source"), "StringEquals", source),
                                    Test(Path("$.execution_type"), "StringEquals", execution_type.value),
                                )
                            ),
                            next=map_name(source, execution_type),
                        )
                        for source, execution_type in variants
                    ),
                ),
                default="UnknownVariant",
            ),
            *(stations(source, execution_type) for source, execution_type in variants),
            Fail(
                "NoManifest",
                error="NoManifest",
                cause="source inventory needs the key of an S3 Inventory's manifest.json in the input's manifest",
            ),
            Fail(
                "UnknownVariant",
                error="UnknownVariant",
                cause="source is listing or inventory, execution_type is STANDARD or EXPRESS",
            ),
        ),
    )


def map_name(source: str, execution_type: ExecutionType) -> str:
    """The name and label of the map for one source and one kind of children."""
    return source.capitalize() + ("" if execution_type is ExecutionType.STANDARD else "Express")


def permissions(*, input_bucket_arn: str, table_arn: str) -> list[Statement]:
    """What the function does: read station files, and write one item a station."""
    return [
        Statement(actions=("s3:GetObject",), resources=(f"{input_bucket_arn}/{DATA_PREFIX}*",)),
        # Who may not list a bucket is told AccessDenied of an object that is gone, not NoSuchKey.
        Statement(actions=("s3:ListBucket",), resources=(input_bucket_arn,)),
        Statement(actions=("dynamodb:PutItem",), resources=(table_arn,)),
    ]


def build(settings: Settings, platform: Platform) -> dict[str, pulumi.Output[str] | str]:
    """Deploys the use case and returns what its users and the ``distmap`` command need to know."""
    own = settings.use_cases[NOAA.name]
    files = ObservedBucket("noaa-input", ObservedBucketArgs(data=platform.data, observability=platform.observability))
    results = results_bucket("noaa-results", settings, platform)
    table = ObservedTable(
        "noaa-stations",
        ObservedTableArgs(
            key=TABLE_KEY, data=platform.data, observability=platform.observability, operations=("PutItem",)
        ),
    )
    function = _function(platform, own, files, table)
    run_input = {"prefix": DATA_PREFIX, "output": RESULTS_PREFIX}
    pipeline = DistributedMapPipeline(
        "noaa",
        DistributedMapPipelineArgs(
            definition=lambda **arns: definition(**arns, knobs=own.knobs, write_results=own.flag("write_results")),
            references={
                "input_bucket_arn": files.arn,
                "results_bucket_arn": results.arn,
                "stations_function_arn": function.arn,
            },
            observability=platform.observability,
            schedule=(
                None
                if own.schedule is None
                # Nobody writes a new inventory's manifest into the input of a schedule.
                else Schedule(expression=own.schedule, input={**run_input, "source": "listing"})
            ),
        ),
    )
    Dashboard(
        "noaa",
        DashboardArgs(
            sections={
                NOAA.title: pipeline.widgets,
                "Function": function.widgets,
                "Table": table.widgets,
                "Input": files.widgets,
                "Results": results.widgets,
            }
        ),
    )
    return {
        "state_machine_arn": pipeline.state_machine_arn,
        "state_machine_name": pipeline.state_machine_name,
        "input_bucket": files.name,
        "data_prefix": DATA_PREFIX,
        "inventory_prefix": INVENTORY_PREFIX,
        "source": str(own.knobs["source"]),
        "results_bucket": results.name,
        "results_prefix": RESULTS_PREFIX,
        "table_name": table.name,
        "function_name": function.name,
        "function_log_group_name": function.log_group_name,
        "log_group_name": pipeline.log_group_name,
    }


def _function(
    platform: Platform, own: UseCaseSettings, files: ObservedBucket, table: ObservedTable
) -> ServerlessFunction:
    return ServerlessFunction(
        "noaa-stations",
        ServerlessFunctionArgs(
            code=function_code("noaa", platform, handlers=HANDLERS, packages=PACKAGES),
            handler=HANDLER,
            description="Finds the highest precipitation in each station file of a batch",
            memory_mb=own.integer("memory_mb"),
            timeout_seconds=TIMEOUT_SECONDS,
            observability=platform.observability,
            permissions=permissions,
            references={"input_bucket_arn": files.arn, "table_arn": table.arn},
            environment={"TABLE_NAME": table.name},
            reserved_concurrency=own.integer("reserved_concurrency") or None,
            counts_failed_items=True,
        ),
    )
