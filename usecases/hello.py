"""hello: the highly rated reviews of a CSV object, found by a distributed map without any compute service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from asl import (
    CsvReader,
    DistributedMap,
    ExecutionType,
    ItemBatcher,
    Pass,
    Path,
    ResultWriter,
    StateMachine,
    merged_with_input,
)
from components import (
    Dashboard,
    DashboardArgs,
    DistributedMapPipeline,
    DistributedMapPipelineArgs,
    ObjectCreated,
    ObservedBucket,
    ObservedBucketArgs,
    Schedule,
)
from usecases.parts import results_bucket
from usecases.registry import HELLO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components import Platform
    from settings import Settings
    from usecases.parameters import Value

DATA_PREFIX = "reviews"
DATA_KEY = f"{DATA_PREFIX}/reviews.csv"
RESULTS_PREFIX = "results"


def definition(*, input_bucket_arn: str, results_bucket_arn: str, knobs: Mapping[str, Value]) -> StateMachine:
    """The machine: input ``{"key": CSV object, "output": results prefix}`` and any knob that is to differ."""
    keep_highly_rated = Pass(
        "KeepHighlyRated",
        parameters={"highrated": Path("$.Items[?(@.rating == '4.0' || @.rating == '5.0')]")},
    )
    return StateMachine(
        comment="Keep the reviews rated 4 or 5 stars",
        states=(
            Pass("Defaults", parameters={"input": merged_with_input(knobs)}, output_path=Path("$.input")),
            DistributedMap(
                "Reviews",
                label="Reviews",
                execution_type=ExecutionType.EXPRESS,
                reader=CsvReader(
                    bucket_arn=input_bucket_arn,
                    key=Path("$.key"),
                    within="",
                    max_items=Path("$.max_items"),
                ),
                batcher=ItemBatcher(max_items=Path("$.batch_size")),
                states=(keep_highly_rated,),
                max_concurrency=Path("$.max_concurrency"),
                tolerated_failure_percentage=Path("$.tolerated_failure_percentage"),
                writer=ResultWriter(bucket_arn=results_bucket_arn, prefix=Path("$.output"), within=""),
            ),
        ),
    )


def build(settings: Settings, platform: Platform) -> dict[str, pulumi.Output[str] | str]:
    """Deploys the use case and returns what its users and the ``distmap`` command need to know."""
    own = settings.use_cases[HELLO.name]
    reviews = ObservedBucket(
        "hello-input",
        ObservedBucketArgs(data=platform.data, observability=platform.observability, events=own.on_object_created),
    )
    results = results_bucket("hello-results", settings, platform)
    run_input = {"output": RESULTS_PREFIX}
    pipeline = DistributedMapPipeline(
        "hello",
        DistributedMapPipelineArgs(
            definition=lambda **arns: definition(**arns, knobs=own.knobs),
            references={"input_bucket_arn": reviews.arn, "results_bucket_arn": results.arn},
            observability=platform.observability,
            schedule=(
                None
                if own.schedule is None
                else Schedule(expression=own.schedule, input={"key": DATA_KEY, **run_input})
            ),
            on_object_created=(
                ObjectCreated(bucket=reviews.name, prefix=f"{DATA_PREFIX}/", suffix=".csv", input=run_input)
                if own.on_object_created
                else None
            ),
        ),
    )
    Dashboard(
        "hello",
        DashboardArgs(
            sections={
                HELLO.title: pipeline.widgets,
                "Input": reviews.widgets,
                "Results": results.widgets,
            }
        ),
    )
    return {
        "state_machine_arn": pipeline.state_machine_arn,
        "state_machine_name": pipeline.state_machine_name,
        "input_bucket": reviews.name,
        "data_prefix": DATA_PREFIX,
        "data_key": DATA_KEY,
        "results_bucket": results.name,
        "results_prefix": RESULTS_PREFIX,
        "log_group_name": pipeline.log_group_name,
    }
