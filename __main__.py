"""The Pulumi program: settings, what all use cases share, then each use case that the stack enables."""

from __future__ import annotations

from importlib import import_module

import pulumi

from components import Alerts, AlertsArgs, DataCare, Observability, Platform, tag_everything
from settings import Settings
from usecases.registry import USE_CASES


def main() -> None:
    """Declare every resource of the stack and export one output per use case."""
    settings = Settings.from_config(pulumi.Config())
    tag_everything(settings.tags())
    alerts = Alerts(
        "alerts",
        AlertsArgs(
            stack=settings.stack,
            emails=settings.alarm_emails,
            monthly_budget_usd=settings.monthly_budget_usd,
        ),
    )
    platform = Platform(
        stack=settings.stack,
        data=DataCare(
            disposable=settings.disposable,
            deletion_protection=settings.deletion_protection,
            expire_noncurrent_days=settings.expire_noncurrent_days,
            point_in_time_recovery=settings.point_in_time_recovery,
        ),
        observability=Observability(
            alarm_topic_arn=alerts.topic_arn,
            log_level=settings.log_level,
            log_execution_data=settings.log_execution_data,
            log_retention_days=settings.log_retention_days,
            tracing=settings.tracing,
            request_metrics=settings.request_metrics,
        ),
        bundle_dependencies=settings.bundle_dependencies,
    )
    pulumi.export("alerts_topic_arn", alerts.topic_arn)
    for name, use_case in USE_CASES.items():
        if settings.use_cases[name].enabled:
            pulumi.export(name, import_module(use_case.module).build(settings, platform))


main()
