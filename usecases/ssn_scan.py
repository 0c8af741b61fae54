"""ssn_scan: objects that hold social security numbers, told to a queue with the last four digits only.

Three ways lead there: each object as it arrives, each object of a listing as if it had just arrived, and batches.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pulumi

from asl import (
    DISCARD,
    Catcher,
    Choice,
    DistributedMap,
    ExecutionType,
    Fail,
    ItemBatcher,
    ItemSelector,
    LambdaInvoke,
    Pass,
    Path,
    ResultWriter,
    Rule,
    S3ObjectList,
    SqsSendMessage,
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
    ObjectCreated,
    ObservedBucket,
    ObservedBucketArgs,
    ObservedTable,
    ObservedTableArgs,
    Schedule,
    SecureQueue,
    SecureQueueArgs,
    ServerlessFunction,
    ServerlessFunctionArgs,
    consume,
    consumer_statements,
    function_code,
    visibility_seconds,
)
from usecases.parts import RETRIES, TRANSIENT_RETRY, results_bucket
from usecases.registry import SSN_SCAN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asl import State
    from components import Platform, StoredCode
    from settings import Settings, UseCaseSettings
    from usecases.parameters import Value

DATA_PREFIX = "texts/"
ARRIVALS_PREFIX = "arrivals/"
RESULTS_PREFIX = "results"
TABLE_KEY = "object"

HANDLERS = ("handlers.common", "handlers.ssn_scan")
PACKAGES = ("aws-lambda-powertools", "boto3", "obstore")
SCAN_SECONDS = 900
COLLECT_SECONDS = 60
COLLECT_MB = 256
COLLECTED_AT_ONCE = 2  # the least that Lambda takes: findings are few
MESSAGES_A_BATCH = 10
BATCHING_SECONDS = 1

# A send that failed may have arrived: the consumer knows a finding that it has.
SEND_RETRY = replace(TRANSIENT_RETRY, errors=("States.TaskFailed",))


def scan_states(
    of: str, *, execution: Path, object_function_arn: str, findings_queue_arn: str, findings_queue_url: str
) -> tuple[State, ...]:
    """Scan the one object that an S3 event names, and send what was found; ``of`` makes the states' names unique."""
    return (
        LambdaInvoke(
            f"Scan{of}",
            function_arn=object_function_arn,
            payload={
                "bucket": Path("$.detail.bucket.name"),
                "key": Path("$.detail.object.key"),
                "execution": execution,
            },
            result_selector={"count": Path("$.Payload.count"), "message": Path("$.Payload.message")},
            retry=RETRIES,
            # Deleted before its turn: there is nothing left to be found.
            catch=(Catcher(errors=("NoSuchKey",), next=f"Gone{of}"),),
        ),
        Choice(
            f"Holds{of}",
            rules=(Rule(when=Test(Path("$.count"), "NumericGreaterThan", 0), next=f"Tell{of}"),),
            default=f"Clean{of}",
        ),
        SqsSendMessage(
            f"Tell{of}",
            queue_arn=findings_queue_arn,
            queue_url=findings_queue_url,
            body=Path("$.message"),
            retry=(SEND_RETRY,),
            result_path=DISCARD,
            end=True,
        ),
        Pass(f"Clean{of}", end=True),
        Pass(f"Gone{of}", end=True),
    )


def object_definition(**arns: str) -> StateMachine:
    """The machine for one object: its input is the S3 event itself."""
    return StateMachine(
        comment="Scan one object for social security numbers",
        states=scan_states("Object", execution=Path("$$.Execution.Id"), **arns),
    )


def definition(
    *,
    input_bucket_arn: str,
    results_bucket_arn: str,
    object_function_arn: str,
    batch_function_arn: str,
    findings_queue_arn: str,
    findings_queue_url: str,
    knobs: Mapping[str, Value],
) -> StateMachine:
    """The machine over a listing: input ``{"prefix": ..., "output": results prefix}`` and any knob that is to differ.

    With mode ``objects`` each object is a child of its own, with ``batches`` the function gets many at a time.
    """
    bucket = input_bucket_arn.rpartition(":")[2]
    reader = S3ObjectList(
        bucket_arn=input_bucket_arn, prefix=Path("$.prefix"), within=DATA_PREFIX, max_items=Path("$.max_items")
    )
    writer = ResultWriter(bucket_arn=results_bucket_arn, prefix=Path("$.output"), within="")
    key = Path("$$.Map.Item.Value.Key")
    objects = DistributedMap(
        "Objects",
        label="Objects",
        end=True,
        execution_type=ExecutionType.EXPRESS,
        reader=reader,
        item_selector=ItemSelector(
            fields={
                "detail": {"bucket": {"name": bucket}, "object": {"key": key}},
                "execution": Path("$$.Execution.Id"),
            }
        ),
        states=scan_states(
            "Listed",
            execution=Path("$.execution"),
            object_function_arn=object_function_arn,
            findings_queue_arn=findings_queue_arn,
            findings_queue_url=findings_queue_url,
        ),
        max_concurrency=Path("$.max_concurrency"),
        tolerated_failure_percentage=Path("$.tolerated_failure_percentage"),
        writer=writer,
    )
    batches = DistributedMap(
        "Batches",
        label="Batches",
        end=True,
        execution_type=ExecutionType.STANDARD,
        reader=reader,
        item_selector=ItemSelector(fields={"Key": key, "Size": Path("$$.Map.Item.Value.Size")}),
        batcher=ItemBatcher(
            max_bytes=Path("$.batch_bytes"),
            batch_input={"bucket": bucket, "execution": Path("$$.Execution.Id")},
        ),
        states=(
            LambdaInvoke(
                "ScanBatch",
                function_arn=batch_function_arn,
                payload=Path("$"),
                retry=RETRIES,
                output_path=Path("$.Payload"),
            ),
        ),
        max_concurrency=Path("$.max_concurrency"),
        tolerated_failure_percentage=Path("$.tolerated_failure_percentage"),
        writer=writer,
    )
    return StateMachine(
        comment="Scan the objects under a prefix for social security numbers",
        states=(
            Pass("Defaults", parameters={"input": merged_with_input(knobs)}, output_path=Path("$.input")),
            Choice(
                "Mode",
                rules=tuple(
                    Rule(when=Test(Path("$.mode"), "StringEquals", mode), next=each.name)
                    for mode, each in (("objects", objects), ("batches", batches))
                ),
                default="UnknownMode",
            ),
            objects,
            batches,
            Fail("UnknownMode", error="UnknownMode", cause="mode is objects or batches"),
        ),
    )


def scan_permissions(*, input_bucket_arn: str) -> list[Statement]:
    """What the function for one object does: read it."""
    return [
        Statement(
            actions=("s3:GetObject",),
            resources=(f"{input_bucket_arn}/{DATA_PREFIX}*", f"{input_bucket_arn}/{ARRIVALS_PREFIX}*"),
        ),
        # Who may not list a bucket is told AccessDenied of an object that is gone, not NoSuchKey.
        Statement(actions=("s3:ListBucket",), resources=(input_bucket_arn,)),
    ]


def batch_permissions(*, input_bucket_arn: str, findings_queue_arn: str) -> list[Statement]:
    """What the function for batches does: read objects under the listed prefix, and tell what it found."""
    return [
        Statement(actions=("s3:GetObject",), resources=(f"{input_bucket_arn}/{DATA_PREFIX}*",)),
        Statement(actions=("s3:ListBucket",), resources=(input_bucket_arn,)),
        Statement(actions=("sqs:SendMessage",), resources=(findings_queue_arn,)),
    ]


def collect_permissions(*, findings_queue_arn: str, table_arn: str) -> list[Statement]:
    """What the consumer does: take messages, and write an item an object."""
    return [
        *consumer_statements(findings_queue_arn),
        Statement(actions=("dynamodb:PutItem",), resources=(table_arn,)),
    ]


def build(settings: Settings, platform: Platform) -> dict[str, pulumi.Output[str] | str]:
    """Deploys the use case and returns what its users and the ``distmap`` command need to know."""
    own = settings.use_cases[SSN_SCAN.name]
    texts = ObservedBucket(
        "ssn-scan-input",
        ObservedBucketArgs(data=platform.data, observability=platform.observability, events=own.on_object_created),
    )
    results = results_bucket("ssn-scan-results", settings, platform)
    findings = ObservedTable(
        "ssn-scan-findings",
        ObservedTableArgs(
            key=TABLE_KEY, data=platform.data, observability=platform.observability, operations=("PutItem",)
        ),
    )
    queue = SecureQueue(
        "ssn-scan-findings",
        SecureQueueArgs(
            observability=platform.observability, visibility_timeout_seconds=visibility_seconds(COLLECT_SECONDS)
        ),
    )
    code = function_code("ssn-scan", platform, handlers=HANDLERS, packages=PACKAGES)
    single, batch, collect = _functions(platform, own, code, texts, queue, findings)
    consume(
        "ssn-scan-collect",
        queue,
        collect,
        batch_size=MESSAGES_A_BATCH,
        batching_seconds=BATCHING_SECONDS,
        max_concurrency=COLLECTED_AT_ONCE,
    )
    told = {
        "object_function_arn": single.arn,
        "findings_queue_arn": queue.arn,
        "findings_queue_url": queue.url,
    }
    run_input = {"prefix": DATA_PREFIX, "output": RESULTS_PREFIX}
    pipeline = DistributedMapPipeline(
        "ssn-scan",
        DistributedMapPipelineArgs(
            definition=lambda **arns: definition(**arns, knobs=own.knobs),
            references={
                "input_bucket_arn": texts.arn,
                "results_bucket_arn": results.arn,
                "batch_function_arn": batch.arn,
                **told,
            },
            observability=platform.observability,
            schedule=None if own.schedule is None else Schedule(expression=own.schedule, input=run_input),
        ),
    )
    arrivals = DistributedMapPipeline(
        "ssn-scan-object",
        DistributedMapPipelineArgs(
            definition=object_definition,
            references=told,
            observability=platform.observability,
            on_object_created=(
                ObjectCreated(bucket=texts.name, prefix=ARRIVALS_PREFIX, suffix="", input=None)
                if own.on_object_created
                else None
            ),
        ),
    )
    Dashboard(
        "ssn-scan",
        DashboardArgs(
            sections={
                SSN_SCAN.title: pipeline.widgets,
                "Objects as they arrive": arrivals.widgets,
                "Function for one object": single.widgets,
                "Function for batches": batch.widgets,
                "Findings": queue.widgets,
                "Consumer": collect.widgets,
                "Table": findings.widgets,
                "Input": texts.widgets,
                "Results": results.widgets,
            }
        ),
    )
    return {
        "state_machine_arn": pipeline.state_machine_arn,
        "state_machine_name": pipeline.state_machine_name,
        "object_state_machine_arn": arrivals.state_machine_arn,
        "object_function_name": single.name,
        "input_bucket": texts.name,
        "data_prefix": DATA_PREFIX,
        "arrivals_prefix": ARRIVALS_PREFIX,
        "arrivals_watched": "true" if own.on_object_created else "false",
        "results_bucket": results.name,
        "results_prefix": RESULTS_PREFIX,
        "queue_url": queue.url,
        "dead_letter_url": queue.dead_letter_url,
        "table_name": findings.name,
        "function_name": batch.name,
        "function_log_group_name": batch.log_group_name,
        "log_group_name": pipeline.log_group_name,
    }


def _functions(
    platform: Platform,
    own: UseCaseSettings,
    code: pulumi.Archive | StoredCode,
    texts: ObservedBucket,
    queue: SecureQueue,
    findings: ObservedTable,
) -> tuple[ServerlessFunction, ServerlessFunction, ServerlessFunction]:
    """The functions for one object, for batches and for messages."""
    identifiers = own.text("identifiers")
    single = ServerlessFunction(
        "ssn-scan-single",
        ServerlessFunctionArgs(
            code=code,
            handler="handlers.ssn_scan.single.handler",
            description="Scans one object for social security numbers",
            memory_mb=own.integer("memory_mb"),
            timeout_seconds=SCAN_SECONDS,
            observability=platform.observability,
            permissions=scan_permissions,
            references={"input_bucket_arn": texts.arn},
            environment={"IDENTIFIERS": identifiers},
        ),
    )
    batch = ServerlessFunction(
        "ssn-scan-batch",
        ServerlessFunctionArgs(
            code=code,
            handler="handlers.ssn_scan.batches.handler",
            description="Scans the objects of a batch for social security numbers",
            memory_mb=own.integer("memory_mb"),
            timeout_seconds=SCAN_SECONDS,
            observability=platform.observability,
            permissions=batch_permissions,
            references={"input_bucket_arn": texts.arn, "findings_queue_arn": queue.arn},
            environment={"IDENTIFIERS": identifiers, "QUEUE_URL": queue.url},
            counts_failed_items=True,
        ),
    )
    collect = ServerlessFunction(
        "ssn-scan-collect",
        ServerlessFunctionArgs(
            code=code,
            handler="handlers.ssn_scan.collect.handler",
            description="Turns messages about findings into items of a table",
            memory_mb=COLLECT_MB,
            timeout_seconds=COLLECT_SECONDS,
            observability=platform.observability,
            permissions=collect_permissions,
            references={"findings_queue_arn": queue.arn, "table_arn": findings.arn},
            environment={"TABLE_NAME": findings.name},
        ),
    )
    return single, batch, collect
