"""State machines as typed values: each builder gives its ASL, the IAM that it needs and every mistake in it.

Pure Python: plain strings in, plain dictionaries out; nothing here knows of Pulumi or calls AWS.
"""

from asl.batcher import ITEM, ITEM_INDEX, ITEM_SOURCE, ItemBatcher, ItemSelector
from asl.choice import AllOf, AnyOf, Choice, Not, Rule, Test
from asl.flow import Flow, Parallel
from asl.formats import Csv, Json, Jsonl, Parquet
from asl.iam import Condition, PolicyError, Statement, check_policy, policy_document, policy_problems
from asl.machine import DefinitionError, StateMachine, merged_with_input
from asl.maps import DistributedMap, ExecutionType, InlineMap
from asl.readers import (
    AthenaManifest,
    CsvReader,
    InventoryManifest,
    JsonlReader,
    JsonReader,
    ParquetReader,
    Reader,
    S3ObjectList,
)
from asl.retry import ALL_ERRORS, LAMBDA_RETRY, Catcher, Retrier
from asl.states import Fail, Pass, State, Succeed, Wait
from asl.tasks import ActivityTask, EcsRunTask, LambdaInvoke, Pattern, SdkCall, SqsSendMessage, Task
from asl.values import DISCARD, Intrinsic, Jsonata, Path, QueryLanguage
from asl.workers import WorkerService
from asl.writer import ResultWriter

__all__ = [
    "ALL_ERRORS",
    "DISCARD",
    "ITEM",
    "ITEM_INDEX",
    "ITEM_SOURCE",
    "LAMBDA_RETRY",
    "ActivityTask",
    "AllOf",
    "AnyOf",
    "AthenaManifest",
    "Catcher",
    "Choice",
    "Condition",
    "Csv",
    "CsvReader",
    "DefinitionError",
    "DistributedMap",
    "EcsRunTask",
    "ExecutionType",
    "Fail",
    "Flow",
    "InlineMap",
    "Intrinsic",
    "InventoryManifest",
    "ItemBatcher",
    "ItemSelector",
    "Json",
    "JsonReader",
    "Jsonata",
    "Jsonl",
    "JsonlReader",
    "LambdaInvoke",
    "Not",
    "Parallel",
    "Parquet",
    "ParquetReader",
    "Pass",
    "Path",
    "Pattern",
    "PolicyError",
    "QueryLanguage",
    "Reader",
    "ResultWriter",
    "Retrier",
    "Rule",
    "S3ObjectList",
    "SdkCall",
    "SqsSendMessage",
    "State",
    "StateMachine",
    "Statement",
    "Succeed",
    "Task",
    "Test",
    "Wait",
    "WorkerService",
    "check_policy",
    "merged_with_input",
    "policy_document",
    "policy_problems",
]
