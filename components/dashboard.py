"""One dashboard: titled sections of widgets that components offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from components.widgets import Widget, dashboard_body

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """The widgets of each section, by title, in order."""

    sections: Mapping[str, pulumi.Input[list[Widget]]]

    def __post_init__(self) -> None:
        if not self.sections:
            raise ValueError("a dashboard needs at least one section")


class Dashboard(pulumi.ComponentResource):
    """A CloudWatch dashboard named after the project, the stack and itself; AWS gives dashboards no other name."""

    dashboard_name: pulumi.Output[str]

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("distmap:components:Dashboard", name, None, opts)
        titles = list(args.sections)

        def body(widgets: list[Any]) -> dict[str, Any]:
            return dashboard_body(dict(zip(titles, widgets, strict=True)))

        dashboard = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            dashboard_body=pulumi.Output.json_dumps(pulumi.Output.all(*args.sections.values()).apply(body)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.dashboard_name = dashboard.dashboard_name
        self.register_outputs({"dashboard_name": self.dashboard_name})
