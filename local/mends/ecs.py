"""ECS whose tasks are processes: ministack keeps the records, `ecs_tasks` and `ecs_services` do what they say."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.mends.ecs_services import Services
    from local.mends.ecs_tasks import Tasks

_running: list[tuple[Tasks, Services]] = []


def apply() -> None:
    """Have ministack hand every task to us, and stop it through us."""
    ecs = importlib.import_module("ministack.services.ecs")
    tasks = importlib.import_module("local.mends.ecs_tasks").Tasks()
    services = importlib.import_module("local.mends.ecs_services").Services(tasks)
    _running[:] = [(tasks, services)]
    reset = ecs.reset

    def _get_docker() -> object:
        return tasks  # with Docker, ministack gives each task to a worker thread, which is ours

    def _run_task_worker(
        task: dict[str, Any], definition: dict[str, Any], overrides: Any, _docker: Any, account: str, region: str
    ) -> None:
        services.run_task(task, definition, overrides, (account, region))

    def _deployment_needs_first_task(*_: Any) -> bool:
        return False  # there is no image whose digest must be known first

    def _reset() -> None:
        tasks.kill_all()
        reset()

    ecs._get_docker = _get_docker  # type: ignore[attr-defined] # noqa: SLF001 - by design
    ecs._run_task_worker = _run_task_worker  # type: ignore[attr-defined] # noqa: SLF001 - by design
    ecs._deployment_needs_first_task = _deployment_needs_first_task  # type: ignore[attr-defined] # noqa: SLF001
    ecs._reconcile_service_tasks = services.reconcile  # type: ignore[attr-defined] # noqa: SLF001 - by design
    ecs._stop_task = services.stop_task  # type: ignore[attr-defined] # noqa: SLF001 - by design
    ecs.reset = _reset  # type: ignore[attr-defined] # by design
    actions = ecs._ACTION_MAP  # noqa: SLF001 - the seam
    actions["StopTask"] = services.stop_task_of_caller
    actions["UpdateService"] = services.update(actions["UpdateService"])


def interrupt(cluster: str, service: str, count: int, notice: float) -> list[str]:
    """Have Spot take back tasks; their ARNs."""
    ((_, services),) = _running
    return services.interrupt(cluster, service, count, notice)


def kill_all() -> None:
    """End every container at once: the server ends."""
    for tasks, _ in _running:
        tasks.kill_all()
