"""Read what the page of a run shows: children, failures and result files of each Map Run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from operate import evidence, execution, results
from operate.errors import ResultsError
from operate.page.facts import Child, MapFacts, RunFacts, StoredFile
from operate.page.failures import Tally, failed_items
from operate.page.map_settings import map_state, settings, state_input, written_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from operate.evidence import Evidence
    from operate.execution import MapRun
    from operate.report import Report
    from operate.results import Manifest
    from operate.stacks import Stack

CHILDREN_DESCRIBED = 200  # without result files; DescribeExecution refills at 15 requests a second on AWS
OUTPUT_BYTES_READ = 512 * 1024 * 1024  # of SUCCEEDED result files, in search of items that handlers gave up on


def gather(stack: Stack, report: Report) -> RunFacts:
    """Read what lies behind a report; what cannot be read is said in the notes of its Map Run."""
    found = evidence.gather(stack, report.execution.arn)
    return RunFacts(
        report=report,
        region=stack.region,
        endpoint=stack.endpoint,
        maps=tuple(_map_facts(stack, found, map_run) for map_run in found.map_runs),
    )


def _map_facts(stack: Stack, found: Evidence, map_run: MapRun) -> MapFacts:
    children = tuple(_child(row) for row in execution.children(stack.client("stepfunctions"), map_run.arn))
    named = map_state(found.definition, map_run.label)
    given = state_input(found.events, named[0]) if named else None
    tally, manifest = Tally(), None
    try:
        manifest = _manifest(stack, found, map_run, written_to(named[1], given) if named else None)
        notes = _from_files(stack, manifest, tally) if manifest else _from_descriptions(stack, children, tally)
    except ResultsError as error:
        tally = Tally()  # what was counted before it broke is among the descriptions
        notes = [f"The result files could not be read: {error}.", *_from_descriptions(stack, children, tally)]
    return MapFacts(
        map_run=map_run,
        settings=settings(named[1], given, map_run) if named else (),
        children=children,
        failures=tally.groups(),
        files=_files(manifest) if manifest else (),
        notes=tuple(notes),
    )


def _child(row: Mapping[str, Any]) -> Child:
    return Child(
        arn=row["executionArn"],
        name=row["name"],
        status=row["status"],
        started=row["startDate"],
        stopped=row.get("stopDate"),
        items=row.get("itemCount"),
    )


def _manifest(stack: Stack, found: Evidence, map_run: MapRun, writes_to: tuple[str, str] | None) -> Manifest | None:
    """Return the manifest that the execution's output names, else the one where the ResultWriter puts it.

    A Map Run that failed has its files too, though no output tells where. None when it writes no files or still runs.
    """
    if map_run.arn in found.manifests:
        return found.manifests[map_run.arn]
    if writes_to is None or map_run.stopped is None:
        return None
    bucket, prefix = writes_to
    key = "/".join(filter(None, (prefix.rstrip("/"), map_run.arn.rpartition(":")[2], "manifest.json")))
    return results.read_manifest(stack.bucket(bucket), bucket=bucket, key=key)


def _from_files(stack: Stack, manifest: Manifest, tally: Tally) -> list[str]:
    """Count every failed child of the FAILED files, and the failed items in the outputs of the SUCCEEDED files."""
    store = stack.bucket(manifest.bucket)
    for file in manifest.files["FAILED"]:
        for entry in results.entries(store, file):
            tally.add_child(
                status=entry["Status"],
                error=entry.get("Error"),
                cause=entry.get("Cause"),
                given=entry.get("Input", ""),
                child=entry.get("ExecutionArn", ""),
            )
    read = 0
    for file in manifest.files["SUCCEEDED"]:
        read += file.size
        if read > OUTPUT_BYTES_READ:
            looked_at = f"the first {(read - file.size) / 1e6:,.0f} MB of the SUCCEEDED files"
            return [f"Items that handlers gave up on are counted in {looked_at} only."]
        for entry in results.entries(store, file):
            _add_reported(tally, entry.get("Output", ""), child=entry.get("ExecutionArn", ""))
    return []


def _from_descriptions(stack: Stack, children: Iterable[Child], tally: Tally) -> list[str]:
    """Describe children, the unsuccessful ones first, as many as AWS lets one ask for in a short time."""
    over = [child for child in children if child.stopped is not None]
    over.sort(key=lambda child: child.status == execution.SUCCEEDED)
    sfn = stack.client("stepfunctions")
    for child in over[:CHILDREN_DESCRIBED]:
        answer = sfn.describe_execution(executionArn=child.arn)
        if child.status == execution.SUCCEEDED:
            _add_reported(tally, answer.get("output", ""), child=child.arn)
        else:
            tally.add_child(
                status=child.status,
                error=answer.get("error"),
                cause=answer.get("cause"),
                given=answer.get("input", ""),
                child=child.arn,
            )
    if len(over) <= CHILDREN_DESCRIBED:
        return []
    looked_at = f"{CHILDREN_DESCRIBED} of its {len(over):,} children, the unsuccessful ones first"
    return [f"Without result files to read, failures are those of {looked_at}."]


def _add_reported(tally: Tally, output: str, *, child: str) -> None:
    if '"failed"' in output:
        for failed in failed_items(orjson.loads(output)):
            tally.add_item(failed, child=child)


def _files(manifest: Manifest) -> tuple[StoredFile, ...]:
    listed = [StoredFile(status="manifest", bucket=manifest.bucket, key=manifest.key, size=None)]
    for status, files in manifest.files.items():
        listed += [StoredFile(status=status, bucket=manifest.bucket, key=file.key, size=file.size) for file in files]
    return tuple(listed)
