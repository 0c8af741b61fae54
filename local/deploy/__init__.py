"""Deploy the Pulumi program to the local endpoint without the Pulumi CLI, and tear it down again.

The program runs in this process, in a thread and a context of its own, against a resource monitor that
makes each resource as it is registered. Nothing of it stays in Pulumi's settings, so that one process can
deploy many times.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.changes import Changes, Step, delete_entries, refuse_protected
from local.deploy import program
from local.deploy.monitor import Monitor, Outputs
from local.deploy.program import DeployError, ProgramError
from local.environment import REGION
from local.failures import LocalError
from local.provider.context import Context
from local.record import Record
from local.stack_config import StackConfig, load
from local.state import StateDir, project_root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["DeployError", "Outputs", "ProgramError", "Step", "deploy", "destroy"]


def deploy(
    *,
    stack: str,
    state: StateDir,
    endpoint: str,
    config_overrides: Mapping[str, str] | None = None,
    on_resource: Callable[[Step], None] = lambda _step: None,
    root: Path | None = None,
) -> Outputs:
    """Bring the endpoint to what the program of the project at ``root`` asks for; the stack's outputs.

    Every resource is recorded as it is made. Raises ConfigError before anything is done, ProgramError when
    the program fails, and DeployError when a resource does; the next deploy goes on from there.
    """
    root = root or project_root()
    config = load(root, stack, config_overrides or {})
    context = _context(endpoint, config)
    try:
        changes = Changes(record=Record(state), ctx=context, on_step=on_resource)
        monitor = Monitor(stack=stack, project=config.project, root=root, changes=changes)
        program.run(monitor, config)
        if not changes.failures:
            changes.finish()
        if changes.failures:
            raise DeployError("\n".join(dict.fromkeys(map(str, changes.failures)))) from changes.failures[0]
    finally:
        context.close()
    state.write(state.outputs, monitor.outputs)
    return monitor.outputs


def destroy(*, state: StateDir, endpoint: str, on_resource: Callable[[Step], None] = lambda _step: None) -> None:
    """Delete everything that was deployed, the last made first; one that is gone already is fine.

    Goes on past what cannot be deleted and then raises DeployError with all of it. Protected resources are
    refused first.
    """
    record = Record(state)
    entries = record.entries()
    refuse_protected(entries, "deleted")
    if entries:
        context = _reached(Context(endpoint=endpoint))
        try:
            failures = delete_entries(entries, record, context, on_resource)
        finally:
            context.close()
        if failures:
            raise DeployError("\n".join(map(str, failures))) from failures[0]
    state.resources.unlink(missing_ok=True)
    state.outputs.unlink(missing_ok=True)


def _context(endpoint: str, config: StackConfig) -> Context:
    region = config.values.get("aws:region", REGION)
    if region != REGION:
        raise LocalError(f"aws:region is {region}, but localhost has {REGION} alone; set it in Pulumi.local.yaml")
    default_tags = json.loads(config.values.get("aws:defaultTags", "{}")).get("tags", {})
    return _reached(Context(endpoint=endpoint, default_tags=default_tags))


def _reached(context: Context) -> Context:
    try:
        context.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        context.close()
        raise LocalError(f"no AWS answers at {context.endpoint} ({error}); start it with `distmap local up`") from error
    return context
