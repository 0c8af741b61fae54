"""The project's own program on localhost: all of it is made, a second deploy changes nothing, none of it is
left.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local import server
from local.deploy import deploy, destroy
from local.provider.context import Context
from local.server import PACKAGE_ROOT

if TYPE_CHECKING:
    from local.changes import Step
    from local.state import StateDir

DEPLOY_SECONDS = 20.0  # a bound for a busy machine; alone it takes about two
EVERYTHING = {  # so that optional parts are deployed too
    "monthly_budget_usd": "50",
    "alarm_emails": "someone@example.com",
    "hello_schedule": "rate(1 day)",
    "hello_on_object_created": "true",
}


def left_over(context: Context) -> dict[str, Any]:
    """What the endpoint holds, by service; keys that wait for their deletion do not count."""

    def client(service: str) -> Any:
        return context.client(service)

    keys = [
        key["KeyId"]
        for key in client("kms").list_keys()["Keys"]
        if client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion"
    ]
    found = {
        "buckets": client("s3").list_buckets()["Buckets"],
        "machines": client("stepfunctions").list_state_machines()["stateMachines"],
        "roles": client("iam").list_roles()["Roles"],
        "functions": client("lambda").list_functions()["Functions"],
        "log groups": client("logs").describe_log_groups()["logGroups"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": client("cloudwatch").list_dashboards()["DashboardEntries"],
        "topics": client("sns").list_topics()["Topics"],
        "subscriptions": client("sns").list_subscriptions()["Subscriptions"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "rules": client("events").list_rules()["Rules"],
        "schedules": client("scheduler").list_schedules()["Schedules"],
        "tables": client("dynamodb").list_tables()["TableNames"],
        "budgets": client("budgets").describe_budgets(AccountId=context.account).get("Budgets", []),
        "keys": keys,
    }
    return {kind: members for kind, members in found.items() if members}


def test_the_whole_program_is_deployed_once_and_destroyed_without_a_rest(state: StateDir) -> None:
    with server.serving(state=state) as running:
        context = Context(endpoint=running.endpoint)
        before = left_over(context)
        steps: list[Step] = []

        def bring_up() -> dict[str, Any]:
            steps.clear()
            return deploy(
                stack="local",
                state=state,
                endpoint=running.endpoint,
                config_overrides=EVERYTHING,
                on_resource=steps.append,
                root=PACKAGE_ROOT,
            )

        began = time.monotonic()
        outputs = bring_up()
        assert time.monotonic() - began < DEPLOY_SECONDS
        assert {step.action for step in steps} == {"created"}
        assert len(steps) >= 40
        made = left_over(context)
        assert {"buckets", "machines", "budgets", "schedules", "rules", "subscriptions"} <= made.keys()
        arns = [machine["stateMachineArn"] for machine in made["machines"]]
        assert outputs["hello"]["state_machine_arn"] in arns

        assert bring_up() == outputs
        assert {step.action for step in steps} == {"unchanged"}

        context.client("s3").put_object(Bucket=outputs["hello"]["results_bucket"], Key="results/left", Body=b"x")
        destroy(state=state, endpoint=running.endpoint)
        assert left_over(context) == before, "nothing of the stack is left"
        context.close()
