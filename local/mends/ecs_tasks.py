"""Tasks of ECS that really run: their containers are processes on localhost, and what is told of them is true.

Without Docker ministack marks a task RUNNING and runs nothing; with Docker it says STOPPED before a container has
ended. Here a task is RUNNING when its containers are, STOPPING from the signal on, and STOPPED with their exit codes.
Source: Amazon ECS Developer Guide, "Amazon ECS task lifecycle", "Amazon ECS stopped tasks error messages".
"""

from __future__ import annotations

import importlib
import os
import queue
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local.fargate import launch
from local.fargate.process import Container
from local.mends import container_logs, task_roles
from local.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

EXITED: Final = "EssentialContainerExited"
NOT_STARTED: Final = "TaskFailedToStart"
KEPT_TASKS: Final = 1_000
"""Records of ended tasks, the latest; AWS keeps them for an hour."""


@dataclass
class Running:
    """The containers of a task, by their place in its definition, and what is to be undone at its end."""

    definitions: list[dict[str, Any]]
    directory: Path
    containers: dict[int, Container] = field(default_factory=dict)
    ended: queue.Queue[tuple[int, int]] = field(default_factory=queue.Queue)
    grants: list[str] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    stop_within: float | None = None
    """Seconds that the containers have, once the task is to stop, where not their definition says it."""


class Tasks:
    """The running tasks of the server."""

    def __init__(self) -> None:
        self._ecs = importlib.import_module("ministack.services.ecs")
        self._metadata = importlib.import_module("ministack.services.ecs_metadata")
        self._scope = importlib.import_module("ministack.core.responses").request_scope
        self._running: dict[str, Running] = {}
        self._lock = threading.Lock()

    def run(
        self,
        task: dict[str, Any],
        definition: dict[str, Any],
        overrides: list[dict[str, Any]],
        where: tuple[str, str],
        started: Callable[[], None],
    ) -> bool:
        """Run a task to its end; ``started`` is called when it is RUNNING, ``where`` is its account and Region.

        Returns whether it failed: it did not start, or ended without being told to.
        """
        arn = task["taskArn"]
        running = Running(
            definitions=definition["containerDefinitions"],
            directory=Path(tempfile.mkdtemp(prefix="task-")),
        )
        with self._lock:
            self._running[arn] = running
        try:
            if self._ecs._mark_task_pending(arn, task) and self._ecs._mark_task_activating(arn, task):  # noqa: SLF001
                self._start(task, definition, overrides, running, where)
                self._begin(task, running, started)
                self._watch(task, running)
        except launch.CannotStartError as error:
            self.stop(task, str(error), NOT_STARTED)
            self._watch(task, running)
        finally:
            with self._lock:
                del self._running[arn]
            for grant in running.grants:
                task_roles.credentials.revoke(grant)
            for token in running.metadata:
                self._metadata.unregister_token(token)
            shutil.rmtree(running.directory, ignore_errors=True)
            self._finish(task)
        return task["stopCode"] in (EXITED, NOT_STARTED)

    def _start(
        self,
        task: dict[str, Any],
        definition: dict[str, Any],
        overrides: list[dict[str, Any]],
        running: Running,
        where: tuple[str, str],
    ) -> None:
        for role in (definition.get("executionRoleArn"), definition.get("taskRoleArn")):
            reason = task_roles.refusal(role) if role else None
            if reason is not None:
                raise launch.CannotStartError(reason)
        endpoint = f"http://{HOST}:{os.environ['GATEWAY_PORT']}"
        task_id = task["taskArn"].rpartition("/")[2]
        for at, one in enumerate(running.definitions):
            override = next((given for given in overrides if given.get("name") == one["name"]), {})
            directory = running.directory / one["name"]
            directory.mkdir()
            given = {"AWS_REGION": where[1], "AWS_DEFAULT_REGION": where[1], "AWS_ENDPOINT_URL": endpoint}
            metadata: dict[str, str] = {}
            running.metadata.append(
                self._ecs._register_metadata(  # noqa: SLF001 - the seam
                    task["taskArn"], task["clusterArn"], definition, one, task.get("launchType"), metadata, True, None
                )
            )
            given["ECS_CONTAINER_METADATA_URI_V4"] = metadata["ECS_CONTAINER_METADATA_URI_V4"]
            if definition.get("taskRoleArn"):
                grant, variables = task_roles.credentials.grant(definition["taskRoleArn"], task_id, endpoint)
                running.grants.append(grant)
                token = directory / ".credentials-token"  # SDKs that read the token from a file alone find it there
                token.write_text(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
                token.chmod(0o600)
                given |= variables | {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
            said = container_logs.sink(
                one,
                task_id=task_id,
                execution_role=definition.get("executionRoleArn") or "",
                scope=lambda: self._scope(*where),
            )
            try:
                running.containers[at] = Container(
                    launch.command(one, override),
                    environment=launch.environment(one, override, given, directory),
                    directory=directory,
                    said=said,
                    ended=lambda code, at=at: running.ended.put((at, code)),  # type: ignore[misc] # its own number
                )
            except OSError as error:
                raise launch.CannotStartError(f"CannotStartContainerError: {error}") from error

    def _begin(self, task: dict[str, Any], running: Running, started: Callable[[], None]) -> None:
        """RUNNING, unless it was told to stop meanwhile."""
        for container in task["containers"]:
            container["lastStatus"] = "RUNNING"
            container["runtimeId"] = task["taskArn"].rpartition("/")[2]
        if self._ecs._mark_task_running(task["taskArn"], task):  # noqa: SLF001 - the seam
            started()
        else:
            self._stop_containers(running)

    def _watch(self, task: dict[str, Any], running: Running) -> None:
        """Wait until every container has ended; the end of an essential one is the end of all."""
        left = set(running.containers)
        while left:
            at, code = running.ended.get()
            left.discard(at)
            told = task["containers"][at]
            told["lastStatus"], told["exitCode"] = "STOPPED", code
            if running.definitions[at].get("essential", True):
                self.stop(task, "Essential container in task exited", EXITED)
        self.stop(task, "All containers in task exited", EXITED)

    def stop(self, task: dict[str, Any], reason: str, code: str, *, within: float | None = None) -> None:
        """Tell the task's containers to stop, unless that was done before; ``within`` is instead of their own time."""
        ecs, arn = self._ecs, task["taskArn"]
        with ecs.resource_lock("ecs-task", arn):
            if task["desiredStatus"] == "STOPPED":
                return
            ecs._bump_task_version(task)  # noqa: SLF001 - the seam
            task["desiredStatus"], task["stoppingAt"] = "STOPPED", ecs._iso()  # noqa: SLF001 - the seam
            task["stoppedReason"], task["stopCode"] = reason, code
            task["lastStatus"] = "STOPPING"
        self._metadata.set_task_status(arn, known_status="STOPPING", desired_status="STOPPED")
        self._count(task)
        with self._lock:
            running = self._running.get(arn)
        if running is not None:
            running.stop_within = within
            self._stop_containers(running)

    def _stop_containers(self, running: Running) -> None:
        for at, container in list(running.containers.items()):
            within = running.stop_within
            container.stop(launch.stop_seconds(running.definitions[at]) if within is None else within)

    def _finish(self, task: dict[str, Any]) -> None:
        ecs, arn = self._ecs, task["taskArn"]
        with ecs.resource_lock("ecs-task", arn):
            now = ecs._iso()  # noqa: SLF001 - the seam
            for status in ("DEPROVISIONING", "STOPPED"):
                ecs._bump_task_version(task)  # noqa: SLF001 - the seam
                task["lastStatus"] = status
            task["executionStoppedAt"] = task["stoppedAt"] = now
            for container in task["containers"]:
                container["lastStatus"] = "STOPPED"
        self._count(task)
        self._forget()

    def _forget(self) -> None:
        """Let go of the records of tasks that ended long ago."""
        tasks = self._ecs._tasks  # noqa: SLF001 - the seam
        ended = [arn for arn, task in list(tasks.items()) if task["lastStatus"] == "STOPPED"]
        for arn in ended[:-KEPT_TASKS]:
            tasks.pop(arn, None)

    def _count(self, task: dict[str, Any]) -> None:
        """Have the cluster and the service count their tasks again."""
        name = self._ecs._cluster_name_from_arn(task["clusterArn"])  # noqa: SLF001 - the seam
        self._ecs._recount_cluster(name)  # noqa: SLF001 - the seam
        self._ecs._refresh_service_state(name, task.get("group", ""))  # noqa: SLF001 - the seam

    def kill_all(self) -> None:
        """End every container at once."""
        with self._lock:
            running = list(self._running.values())
        for one in running:
            for container in list(one.containers.values()):
                container.kill()
