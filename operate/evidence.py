"""All that a run left behind at AWS, read once: what verification and pricing start from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from operate import execution, results
from operate.errors import ResultsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from operate.execution import Execution, MapRun
    from operate.results import Manifest
    from operate.stacks import Stack


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """An execution as it stands now, with its Map Runs, history, definition and manifests."""

    stack: Stack
    execution: Execution
    map_runs: tuple[MapRun, ...]
    events: tuple[Mapping[str, Any], ...]
    definition: Mapping[str, Any]
    logging_level: str
    logs_data: bool
    manifests: Mapping[str, Manifest]  # by Map Run ARN; a Map Run that wrote no files has none
    log_group: str | None = None  # of the state machine, when it has one

    @property
    def map_run(self) -> MapRun:
        """The Map Run of a use case that has one: the last, where a retry or a redrive began it anew."""
        return self.map_runs[-1]

    @property
    def manifest(self) -> Manifest:
        """The manifest of the Map Run; ResultsError when it wrote no files."""
        if self.map_run.arn not in self.manifests:
            raise ResultsError(f"{self.map_run.arn} wrote no result files: its Map state has no ResultWriter")
        return self.manifests[self.map_run.arn]

    @cached_property
    def map_input(self) -> Mapping[str, Any]:
        """The input of the last Map state entered: the execution's input with all defaults filled in."""
        for event in reversed(self.events):
            if event["type"] == "MapStateEntered":
                entered: Mapping[str, Any] = orjson.loads(event["stateEnteredEventDetails"]["input"])
                return entered
        return {}


def gather(stack: Stack, execution_arn: str) -> Evidence:
    """Read what there is of an execution, whatever its status."""
    sfn = stack.client("stepfunctions")
    progress = execution.describe(sfn, execution_arn)
    machine = sfn.describe_state_machine_for_execution(executionArn=execution_arn)
    logging = machine.get("loggingConfiguration", {})
    manifests = {
        written["MapRunArn"]: results.read_manifest(
            stack.bucket(written["ResultWriterDetails"]["Bucket"]),
            bucket=written["ResultWriterDetails"]["Bucket"],
            key=written["ResultWriterDetails"]["Key"],
        )
        for written in _written(progress.execution.output)
    }
    return Evidence(
        stack=stack,
        execution=progress.execution,
        map_runs=progress.map_runs,
        events=tuple(execution.history(sfn, execution_arn)),
        definition=orjson.loads(machine["definition"]),
        logging_level=logging.get("level", "OFF"),
        logs_data=logging.get("includeExecutionData", False),
        manifests=manifests,
        log_group=_log_group(logging),
    )


def _log_group(logging: Mapping[str, Any]) -> str | None:
    for destination in logging.get("destinations", ()):
        arn: str = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
        return arn.partition(":log-group:")[2].removesuffix(":*")
    return None


def _written(output: Any) -> Iterator[dict[str, Any]]:
    """Find what a Map state with a ResultWriter puts out, at any depth of the execution's output."""
    if isinstance(output, dict):
        if "ResultWriterDetails" in output and "MapRunArn" in output:
            yield output
        else:
            for value in output.values():
                yield from _written(value)
    elif isinstance(output, list):
        for value in output:
            yield from _written(value)
