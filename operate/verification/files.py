"""What every verifier asks of the result files of a Map Run, whatever its children put out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operate import results
from operate.errors import ResultsError
from operate.text import counted
from operate.verification.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from obstore.store import ObjectStore

    from operate.evidence import Evidence
    from operate.execution import MapRun
    from operate.results import Manifest

EXAMPLES = 3
# What reading an entry of another machine, or of no machine at all, may raise.
UNREADABLE = (ResultsError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """What a run left behind: the Map Run, its manifest, and the bucket of its result files."""

    map_run: MapRun
    manifest: Manifest
    store: ObjectStore

    @classmethod
    def of(cls, evidence: Evidence) -> RunFiles:
        """Find those of the only Map Run; ResultsError when it wrote none."""
        manifest = evidence.manifest
        return cls(map_run=evidence.map_run, manifest=manifest, store=evidence.stack.bucket(manifest.bucket))

    def entries(self, status: str) -> Iterator[dict[str, Any]]:
        """Yield the entries of every file of a status, streamed."""
        for file in self.manifest.files[status]:
            for entry in results.entries(self.store, file):
                if status == "SUCCEEDED" and entry["Status"] != status:
                    raise ResultsError(f"a SUCCEEDED file lists {entry['Name']} with status {entry['Status']}")
                yield entry


def unreadable(error: Exception) -> Check:
    """Say that result files are missing, or hold what the machine does not write."""
    reason = str(error) if isinstance(error, ResultsError) else f"an entry is not what the machine writes: {error!r}"
    return Check(name="result files are complete and readable", ok=False, detail=reason)


def manifest_check(files: RunFiles) -> Check:
    """Check that the manifest is of this run and that no file of it goes unlisted."""
    manifest = files.manifest
    listed = {file.key: file.size for file in manifest.all_files()}
    unlisted = results.unlisted_keys(files.store, manifest)
    if manifest.map_run_arn != files.map_run.arn:
        detail = f"the manifest is of {manifest.map_run_arn}, the run is {files.map_run.arn}"
    elif unlisted:
        detail = f"not in the manifest: {', '.join(sorted(unlisted))}"
    else:
        detail = f"{counted(len(listed), 'result file')}, {sum(listed.values()):,} bytes"
    return Check(
        name="manifest and files agree",
        ok=manifest.map_run_arn == files.map_run.arn and not unlisted,
        detail=detail,
    )


def execution_check(map_run: MapRun, *, succeeded: int, failed: int) -> Check:
    """Check that the files list as many children as DescribeMapRun counts."""
    executions = map_run.executions
    agree = executions.succeeded == succeeded and executions.unsuccessful == failed
    told = (
        f"DescribeMapRun {executions.succeeded:,} succeeded, {executions.unsuccessful:,} failed;"
        f" files {succeeded:,} and {failed:,}"
    )
    return Check(
        name="child execution counts agree",
        ok=agree,
        detail=f"{succeeded + failed:,} in DescribeMapRun and files" if agree else told,
    )


def unprocessed_check(map_run: MapRun, *, failed: int, pending: int, errors: Sequence[str]) -> Check:
    """Check that items which no child finished are in the files, where a redrive or a person finds them."""
    items = map_run.items
    return Check(
        name="failed and pending items are in files",
        ok=failed == items.unsuccessful and pending == items.pending,
        detail=f"{failed:,} failed, {pending:,} pending{examples(errors)}",
    )


def failure_of(entry: dict[str, Any]) -> str:
    """Say which child failed and why."""
    return f"{entry['Name']}: {entry['Error']}: {entry.get('Cause', 'no cause')}"


def examples(shown: Sequence[str]) -> str:
    """Show a few, after a comma."""
    return f", e.g. {'; '.join(shown[:EXAMPLES])}" if shown else ""
