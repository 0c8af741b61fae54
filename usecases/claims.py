"""claims: every claim of many files into a table, and a decision by rule beside each, one function a step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi

from asl import (
    Choice,
    DistributedMap,
    ExecutionType,
    Fail,
    ItemBatcher,
    Jsonata,
    LambdaInvoke,
    Pass,
    Path,
    QueryLanguage,
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
from usecases.registry import CLAIMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components import Platform, StoredCode
    from settings import Settings, UseCaseSettings
    from usecases.parameters import Value

DATA_PREFIX = "claims/"
RESULTS_PREFIX = "results"
WORK_PREFIX = "work/"
WORK_DAYS = 14  # "Redriving Map Runs": what a child left for its next state may be asked for so long
TABLE_KEY = "id"

HANDLERS = ("handlers.common", "handlers.claims")
PACKAGES = ("aws-lambda-powertools", "botocore", "obstore", "orjson", "zstandard")
LOAD_SECONDS, RULES_SECONDS = 900, 300


# The ids go to the next state alone: what a child puts out tells of files and claims without naming each.
LOADED = Jsonata(
    "($answer := $states.result.Payload;"
    ' {"items": $answer.items, "outcomes": $answer.outcomes, "claims": $answer.claims,'
    ' "duplicates": $answer.duplicates, "failed": $answer.failed, "failed_at": $answer.failed_at})'
)
TO_DECIDE = Jsonata(
    '{"BatchInput": $states.input.BatchInput, "body": $states.result.Payload.body,'
    ' "body_at": $states.result.Payload.body_at}'
)
SUMMARY = {"load": Jsonata("$load"), "rules": Jsonata("$states.result.Payload")}


def definition(
    *,
    input_bucket_arn: str,
    results_bucket_arn: str,
    load_function_arn: str,
    rules_function_arn: str,
    knobs: Mapping[str, Value],
) -> StateMachine:
    """The machine: input ``{"prefix": ..., "output": results prefix}`` and any knob that is to differ."""
    maps = {
        kind: _claims(kind, input_bucket_arn, results_bucket_arn, load_function_arn, rules_function_arn)
        for kind in ExecutionType
    }
    return StateMachine(
        comment="Load claims into a table and decide on each",
        states=(
            Pass("Defaults", parameters={"input": merged_with_input(knobs)}, output_path=Path("$.input")),
            Choice(
                "Kind",
                rules=tuple(
                    Rule(when=Test(Path("$.execution_type"), "StringEquals", kind.value), next=each.name)
                    for kind, each in maps.items()
                ),
                default="UnknownKind",
            ),
            *maps.values(),
            Fail("UnknownKind", error="UnknownKind", cause="execution_type is STANDARD or EXPRESS"),
        ),
    )


def _claims(
    kind: ExecutionType, input_bucket_arn: str, results_bucket_arn: str, load_function_arn: str, rules_function_arn: str
) -> DistributedMap:
    """The map with children of that kind."""
    name = "Claims" if kind is ExecutionType.STANDARD else "ClaimsExpress"
    return DistributedMap(
        name,
        label=name,
        end=True,
        execution_type=kind,
        reader=S3ObjectList(
            bucket_arn=input_bucket_arn, prefix=Path("$.prefix"), within=DATA_PREFIX, max_items=Path("$.max_items")
        ),
        batcher=ItemBatcher(
            max_items=Path("$.batch_size"),
            batch_input={"bucket": input_bucket_arn.rpartition(":")[2], "execution": Path("$$.Execution.Id")},
        ),
        states=(
            LambdaInvoke(
                f"Load{name}",
                query_language=QueryLanguage.JSONATA,
                function_arn=load_function_arn,
                payload=Jsonata("$states.input"),
                retry=RETRIES,
                assign={"load": LOADED},
                output=TO_DECIDE,
            ),
            LambdaInvoke(
                f"Rules{name}",
                query_language=QueryLanguage.JSONATA,
                function_arn=rules_function_arn,
                payload=Jsonata("$states.input"),
                retry=RETRIES,
                output=SUMMARY,
            ),
        ),
        max_concurrency=Path("$.max_concurrency"),
        tolerated_failure_percentage=Path("$.tolerated_failure_percentage"),
        writer=ResultWriter(bucket_arn=results_bucket_arn, prefix=Path("$.output"), within=""),
    )


def load_permissions(*, input_bucket_arn: str, results_bucket_arn: str, table_arn: str) -> list[Statement]:
    """What the function that loads does: read files, write items, and leave many ids for the next function."""
    return [
        Statement(actions=("s3:GetObject",), resources=(f"{input_bucket_arn}/{DATA_PREFIX}*",)),
        # Who may not list a bucket is told AccessDenied of an object that is gone, not NoSuchKey.
        Statement(actions=("s3:ListBucket",), resources=(input_bucket_arn,)),
        Statement(actions=("dynamodb:BatchWriteItem",), resources=(table_arn,)),
        Statement(actions=("s3:PutObject",), resources=(f"{results_bucket_arn}/{WORK_PREFIX}*",)),
    ]


def rules_permissions(*, results_bucket_arn: str, table_arn: str) -> list[Statement]:
    """What the function that decides does: take the ids, read the claims' facts, and write decisions beside them."""
    return [
        Statement(actions=("s3:GetObject",), resources=(f"{results_bucket_arn}/{WORK_PREFIX}*",)),
        Statement(actions=("dynamodb:BatchGetItem", "dynamodb:PartiQLUpdate"), resources=(table_arn,)),
    ]


def rules_of(own: UseCaseSettings) -> str:
    """The configuration of the rules in JSON, as the function takes it."""
    return json.dumps(
        {
            "version": own.text("rules_version"),
            "limit": own.integer("limit"),
            "currency": own.text("currency"),
            "evidence": own.integer("evidence"),
            "evidence_words": own.text("evidence_words"),
        }
    )


def build(settings: Settings, platform: Platform) -> dict[str, pulumi.Output[str] | str]:
    """Deploys the use case and returns what its users and the ``distmap`` command need to know."""
    own = settings.use_cases[CLAIMS.name]
    files = ObservedBucket("claims-input", ObservedBucketArgs(data=platform.data, observability=platform.observability))
    results = results_bucket("claims-results", settings, platform, expire_days={WORK_PREFIX: WORK_DAYS})
    table = ObservedTable(
        "claims-claims",
        ObservedTableArgs(
            key=TABLE_KEY,
            data=platform.data,
            observability=platform.observability,
            operations=("BatchWriteItem", "BatchGetItem", "BatchExecuteStatement"),
        ),
    )
    code = function_code("claims", platform, handlers=HANDLERS, packages=PACKAGES)
    load = _load(platform, own, code, files, results, table)
    rules = _rules(platform, own, code, results, table)
    pipeline = DistributedMapPipeline(
        "claims",
        DistributedMapPipelineArgs(
            definition=lambda **arns: definition(**arns, knobs=own.knobs),
            references={
                "input_bucket_arn": files.arn,
                "results_bucket_arn": results.arn,
                "load_function_arn": load.arn,
                "rules_function_arn": rules.arn,
            },
            observability=platform.observability,
            schedule=(
                None
                if own.schedule is None
                else Schedule(expression=own.schedule, input={"prefix": DATA_PREFIX, "output": RESULTS_PREFIX})
            ),
        ),
    )
    Dashboard(
        "claims",
        DashboardArgs(
            sections={
                CLAIMS.title: pipeline.widgets,
                "Function that loads": load.widgets,
                "Function that decides": rules.widgets,
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
        "results_bucket": results.name,
        "results_prefix": RESULTS_PREFIX,
        "work_prefix": WORK_PREFIX,
        "table_name": table.name,
        "rules": rules_of(own),
        "function_name": load.name,
        "function_log_group_name": load.log_group_name,
        "rules_function_name": rules.name,
        "rules_function_log_group_name": rules.log_group_name,
        "log_group_name": pipeline.log_group_name,
    }


def _load(
    platform: Platform,
    own: UseCaseSettings,
    code: pulumi.Archive | StoredCode,
    files: ObservedBucket,
    results: ObservedBucket,
    table: ObservedTable,
) -> ServerlessFunction:
    return ServerlessFunction(
        "claims-load",
        ServerlessFunctionArgs(
            code=code,
            handler="handlers.claims.load.handler",
            description="Loads the claims of a batch of files into the table",
            memory_mb=own.integer("memory_mb"),
            timeout_seconds=LOAD_SECONDS,
            observability=platform.observability,
            permissions=load_permissions,
            references={"input_bucket_arn": files.arn, "results_bucket_arn": results.arn, "table_arn": table.arn},
            environment={"TABLE_NAME": table.name, "WORK_BUCKET": results.name, "WORK_PREFIX": WORK_PREFIX},
            counts_failed_items=True,
            counts_failed_parts=("failed_claims",),
        ),
    )


def _rules(
    platform: Platform,
    own: UseCaseSettings,
    code: pulumi.Archive | StoredCode,
    results: ObservedBucket,
    table: ObservedTable,
) -> ServerlessFunction:
    return ServerlessFunction(
        "claims-rules",
        ServerlessFunctionArgs(
            code=code,
            handler="handlers.claims.rules.handler",
            description="Decides by rule on the claims that were loaded",
            memory_mb=own.integer("memory_mb"),
            timeout_seconds=RULES_SECONDS,
            observability=platform.observability,
            permissions=rules_permissions,
            references={"results_bucket_arn": results.arn, "table_arn": table.arn},
            environment={"TABLE_NAME": table.name, "RULES": rules_of(own)},
            counts_failed_items=True,
        ),
    )
