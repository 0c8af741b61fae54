"""Services of ECS that keep as many tasks running as they should, on the capacity that they should.

A task that ends is replaced, more slowly each time it ends soon; the first tasks run on the base of the capacity
strategy, the others by its weights; Spot may take its tasks back. Source: Amazon ECS Developer Guide, "Service
throttle logic", "Amazon ECS clusters for Fargate", "Fargate Spot termination notices".
"""

from __future__ import annotations

import importlib
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from local.fargate.layer import BadInterruptionError
from local.mends.ecs_tasks import Tasks

FIRST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 60.0
LIVES_SECONDS: Final = 30.0
"""A task that has run for so long was well when it started."""

INVENTED: Final = "has begun draining connections on 1 tasks"
"""What ministack tells of each change of a service."""

SPOT: Final = "FARGATE_SPOT"
LIVE: Final = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING")


@dataclass
class Throttle:
    """How often a service's tasks have ended soon in a row, and until when it starts no other."""

    failures: int = 0
    until: float = 0.0

    def fail(self, lived: float) -> float:
        """Seconds to wait for the replacement of a task that lived for so long."""
        self.failures = 1 if lived >= LIVES_SECONDS else self.failures + 1
        if self.failures == 1:
            return 0.0
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(self.failures - 2, 16))
        self.until = time.monotonic() + wait
        return wait


def provider(strategy: list[dict[str, Any]], placed: dict[str, int]) -> str:
    """Where the next task of a service runs, with so many ``placed`` by now on each provider."""
    for item in strategy:
        if placed.get(item["capacityProvider"], 0) < item.get("base", 0):
            return str(item["capacityProvider"])
    bases = {item["capacityProvider"]: item.get("base", 0) for item in strategy}
    weighted = [item for item in strategy if item.get("weight", 0) > 0] or strategy

    def load(item: dict[str, Any]) -> float:
        name = item["capacityProvider"]
        above = placed.get(name, 0) - bases[name]
        return float((above + 1) / (item.get("weight", 0) or 1))

    return str(min(weighted, key=load)["capacityProvider"])


class Services:
    """The service scheduler's part that ministack lacks."""

    def __init__(self, tasks: Tasks) -> None:
        self._ecs = importlib.import_module("ministack.services.ecs")
        self._scope = importlib.import_module("ministack.core.responses").request_scope
        self._tasks = tasks
        self._throttles: dict[str, Throttle] = {}
        self._placing = threading.Lock()
        self._reconcile = self._ecs._reconcile_service_tasks  # noqa: SLF001 - the seam
        self._record_failure = self._ecs._record_service_task_failure  # noqa: SLF001 - the seam

    def run_task(
        self, task: dict[str, Any], definition: dict[str, Any], overrides: list[dict[str, Any]], where: tuple[str, str]
    ) -> None:
        """A task's whole life, in a thread of its own."""
        key = self._key(task)
        began = time.monotonic()

        def started() -> None:
            if key:  # a new deployment may be complete with this task
                self._ecs._schedule_service_deployment_completion(  # noqa: SLF001 - the seam
                    key.partition("/")[0], key, *where, healthy_task=task
                )

        with self._scope(*where):
            self._place(task, key)
            if self._tasks.run(task, definition, overrides, where, started) and key:
                self._replace(task, key, time.monotonic() - began)

    def _place(self, task: dict[str, Any], key: str | None) -> None:
        service = self._ecs._services.get(key or "")  # noqa: SLF001 - the seam
        strategy = (service or {}).get("capacityProviderStrategy")
        if not strategy:
            return
        with self._placing:
            placed: dict[str, int] = {}
            for other in list(self._ecs._tasks.values()):  # noqa: SLF001 - the seam
                same = other["group"] == task["group"] and other["clusterArn"] == task["clusterArn"]
                if same and other.get("_placed") and other["lastStatus"] in LIVE:
                    name = other["capacityProviderName"]
                    placed[name] = placed.get(name, 0) + 1
            task["capacityProviderName"], task["_placed"] = provider(strategy, placed), True

    def _replace(self, task: dict[str, Any], key: str, lived: float) -> None:
        service = self._ecs._services.get(key)  # noqa: SLF001 - the seam
        if service is None:
            return
        throttle = self._throttles.setdefault(key, Throttle())
        wait = throttle.fail(lived)
        codes = [str(one["exitCode"]) for one in task["containers"] if one.get("exitCode") is not None]
        why = task["stoppedReason"] + (f" with exit code {', '.join(codes)}" if codes else "")
        name, task_id = service["serviceName"], task["taskArn"].rpartition("/")[2]
        self._tell(service, f"(service {name}) (task {task_id}) stopped: {why}")
        if wait:
            self._tell(service, f"(service {name}) is unable to consistently start tasks successfully: {why}")
        self._record_failure(task)
        if wait:
            time.sleep(wait)
            self.reconcile(key.partition("/")[0], key)

    def _tell(self, service: dict[str, Any], message: str) -> None:
        event = {"id": self._ecs.new_uuid(), "createdAt": self._ecs._iso(), "message": message}  # noqa: SLF001
        service["events"].insert(0, event)
        del service["events"][100:]  # "DescribeServices": the 100 latest

    def reconcile(self, cluster: str, key: str) -> None:
        """Start and stop tasks as the service needs, unless its tasks fail too fast."""
        throttle = self._throttles.get(key)
        if throttle is None or time.monotonic() >= throttle.until:
            self._reconcile(cluster, key)

    def stop_task(self, data: dict[str, Any]) -> Any:
        """What ministack does when its scheduler lets go of a task."""
        task = self._find(data)
        deployment = (task or {}).get("_deployment_id")
        reason = f"Scaling activity initiated by (deployment {deployment})" if deployment else data.get("reason", "")
        return self._stop({**data, "reason": reason}, "ServiceSchedulerInitiated")

    def stop_task_of_caller(self, data: dict[str, Any]) -> Any:
        """The StopTask action: a service starts another task in its place."""
        answer = self._stop({"reason": "Task stopped by user", **data}, "UserInitiated")
        task = self._find(data)
        key = None if task is None else self._key(task)
        if key:
            self.reconcile(key.partition("/")[0], key)
        return answer

    def _find(self, data: dict[str, Any]) -> dict[str, Any] | None:
        cluster = self._ecs._resolve_cluster_name(data.get("cluster", "default"))  # noqa: SLF001 - the seam
        found: dict[str, Any] | None = self._ecs._resolve_task(data.get("task", ""), cluster)  # noqa: SLF001
        return found

    def _stop(self, data: dict[str, Any], code: str) -> Any:
        task = self._find(data)
        if task is None:
            return self._ecs.error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
        self._tasks.stop(task, data.get("reason", ""), code)
        return self._ecs.json_response({"task": self._ecs._sanitize(task)})  # noqa: SLF001 - the seam

    def update(self, original: Any) -> Any:
        """The UpdateService action: a changed service forgets its failures, and no event is told that was none."""

        def _update_service(data: dict[str, Any]) -> Any:
            cluster = self._ecs._resolve_cluster_name(data.get("cluster", "default"))  # noqa: SLF001 - the seam
            key = f"{cluster}/{str(data.get('service', '')).rpartition('/')[2]}"
            self._throttles.pop(key, None)
            answer = original(data)
            service = self._ecs._services.get(key)  # noqa: SLF001 - the seam
            if service is None:
                return answer
            service["events"] = [event for event in service["events"] if INVENTED not in event["message"]]
            return self._ecs.json_response({"service": self._ecs._sanitize(service)})  # noqa: SLF001 - the seam

        return _update_service

    def interrupt(self, cluster: str, service: str, count: int, notice: float) -> list[str]:
        """Take back the capacity of the oldest tasks on Spot; their ARNs. Raises BadInterruptionError."""
        for (account, region, key), _service in self._ecs._services.all_items():  # noqa: SLF001 - the seam
            if key == f"{cluster}/{service}":
                with self._scope(account, region):
                    return self._interrupt(key, count, notice)
        raise BadInterruptionError(f"there is no service {service} in a cluster {cluster}")

    def _interrupt(self, key: str, count: int, notice: float) -> list[str]:
        on_spot = [
            task
            for task in list(self._ecs._tasks.values())  # noqa: SLF001 - the seam
            if self._key(task) == key and task["lastStatus"] == "RUNNING" and task["capacityProviderName"] == SPOT
        ]
        if len(on_spot) < count:
            raise BadInterruptionError(f"{len(on_spot)} tasks of the service run on {SPOT}, not {count}")
        chosen = sorted(on_spot, key=lambda task: str(task["startedAt"]))[:count]
        for task in chosen:
            self._tasks.stop(task, "Your Spot Task was interrupted.", "SpotInterruption", within=notice)
        self.reconcile(key.partition("/")[0], key)
        return [task["taskArn"] for task in chosen]

    def _key(self, task: dict[str, Any]) -> str | None:
        """``cluster/service`` of a service's task."""
        kind, _, name = task.get("group", "").partition(":")
        cluster = self._ecs._cluster_name_from_arn(task["clusterArn"])  # noqa: SLF001 - the seam
        return f"{cluster}/{name}" if kind == "service" and name else None
