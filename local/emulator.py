"""Ministack as this project runs it: Step Functions is the bridge's, and what it does wrong is mended.

Each mend is a module of its own under `local.mends` and is applied from outside, in the server's process
alone.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from local.bridge import MODULE
from local.mends import (
    alarms,
    ecs,
    ecs_arns,
    function_logs,
    function_metrics,
    lambda_functions,
    large_bodies,
    log_pages,
    metric_points,
    partiql_actions,
    read_units,
    s3_checksums,
    s3_digests,
    s3_settings,
    secure_transport,
    service_events,
    states_arns,
    targets,
    task_roles,
)

if TYPE_CHECKING:
    from local.bridge import Bridge


MENDS = (
    alarms,
    ecs,
    ecs_arns,
    function_logs,
    function_metrics,
    lambda_functions,
    large_bodies,
    log_pages,
    metric_points,
    partiql_actions,
    read_units,
    s3_checksums,
    s3_digests,
    s3_settings,
    secure_transport,
    states_arns,
    targets,
    task_roles,
)


def load(bridge: Bridge, *, service_token: str) -> Any:
    """Ministack's ASGI application with ``bridge`` for its Step Functions service.

    Who shows the token is taken for an AWS service.
    The bridge must be there before the application is imported: its services import each other as modules.
    """
    if "ministack.app" in sys.modules:
        raise RuntimeError("ministack.app was imported before its Step Functions service was replaced")
    services = importlib.import_module("ministack.services")
    sys.modules[MODULE] = bridge.as_module()
    services.stepfunctions = sys.modules[MODULE]  # type: ignore[attr-defined] # the attribute an import would set
    app = importlib.import_module("ministack.app").app
    os.environ.pop("LOG_LEVEL", None)  # it is for ministack, which has read it, and not for the functions
    for mend in MENDS:
        mend.apply()
    service_events.apply(service_token)
    bridge.on_refusal = targets.not_started
    return large_bodies.in_slices(app)
