"""Alerts, dashboards and tags: who is told, what is shown, and whose a resource is."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from components import Alerts, AlertsArgs, Dashboard, DashboardArgs, tag_everything
from components.widgets import Metrics, dashboard_body, errors_widget
from tests.infra.recording import ACCOUNT, REGION, Built, build

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts-topic-1a2b3c4"


def alerts(*, emails: tuple[str, ...] = (), monthly_budget_usd: int | None = None) -> Built:
    def program() -> None:
        Alerts("alerts", AlertsArgs(stack="dev", emails=emails, monthly_budget_usd=monthly_budget_usd))

    return build(program)


def test_messages_are_encrypted_with_a_key_that_the_publishers_may_use():
    built = alerts()
    assert built.one(":Topic").inputs["kmsMasterKeyId"] == "alerts-key-1a2b3c4"
    assert built.one(":Key").inputs["enableKeyRotation"] is True
    account, publishers = built.one(":KeyPolicy").json("policy")["Statement"]
    assert account["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "else nobody could change the key again"
    assert publishers["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}
    assert publishers["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert publishers["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_only_alarms_and_budgets_of_the_account_may_publish():
    publish, refuse = alerts().one(":TopicPolicy").json("policy")["Statement"]
    assert publish["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}
    assert publish["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert publish["Resource"] == TOPIC
    assert refuse["Effect"] == "Deny"
    assert refuse["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_each_address_is_subscribed():
    subscriptions = alerts(emails=("a@example.com", "b@example.com")).of_type(":TopicSubscription")
    assert [(one.inputs["protocol"], one.inputs["endpoint"]) for one in subscriptions] == [
        ("email", "a@example.com"),
        ("email", "b@example.com"),
    ]


def test_a_budget_watches_the_stack_and_tells_the_topic():
    budget = alerts(monthly_budget_usd=50).one(":Budget")
    assert budget.inputs["limitAmount"] == "50"
    assert budget.inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:stack$dev"]}]
    assert [one["threshold"] for one in budget.inputs["notifications"]] == [80, 100]
    assert all(one["subscriberSnsTopicArns"] == [TOPIC] for one in budget.inputs["notifications"])
    assert any(urn.endswith("::alerts-policy") for urn in budget.dependencies), "Budgets tries the topic at once"


def test_without_a_budget_there_is_none():
    assert alerts().of_type(":Budget") == []
    with pytest.raises(ValueError, match="monthly_budget_usd must be 1 or more, got 0"):
        AlertsArgs(stack="dev", monthly_budget_usd=0)


GRAPH = Metrics(
    title="Executions",
    namespace="AWS/States",
    names=("ExecutionsStarted", "ExecutionsFailed"),
    dimensions={"StateMachineArn": "arn"},
).widget("eu-west-1")


def test_a_graph_names_its_metrics_as_cloudwatch_does():
    assert GRAPH["properties"]["region"] == "eu-west-1"
    assert GRAPH["properties"]["metrics"] == [
        ["AWS/States", "ExecutionsStarted", "StateMachineArn", "arn", {"stat": "Sum", "label": "ExecutionsStarted"}],
        ["AWS/States", "ExecutionsFailed", "StateMachineArn", "arn", {"stat": "Sum", "label": "ExecutionsFailed"}],
    ]


def test_widgets_fill_rows_of_three_under_their_headings():
    body = dashboard_body({"One": [GRAPH] * 4, "Empty": [], "Two": [errors_widget("/logs", "eu-west-1")]})
    places = [(widget["type"], widget["x"], widget["y"]) for widget in body["widgets"]]
    assert places == [
        ("text", 0, 0),
        ("metric", 0, 1),
        ("metric", 8, 1),
        ("metric", 16, 1),
        ("metric", 0, 7),
        ("text", 0, 13),
        ("log", 0, 14),
    ], "a section without widgets is left out"


def test_a_dashboard_is_named_after_its_stack():
    def program() -> None:
        Dashboard("hello", DashboardArgs(sections={"One": pulumi.Output.from_input([GRAPH])}))

    dashboard = build(program, stack="prod").one(":Dashboard", "hello-dashboard")
    assert dashboard.inputs["dashboardName"] == "distmap-prod-hello"
    assert dashboard.json("dashboardBody") == dashboard_body({"One": [GRAPH]})


def test_a_dashboard_without_sections_is_refused():
    with pytest.raises(ValueError, match="at least one section"):
        DashboardArgs(sections={})


def test_the_stacks_tags_win_over_a_resources_own():
    def program() -> None:
        tag_everything({"owner": "us"})
        aws.sqs.Queue("mine", tags={"owner": "me", "use": "test"})
        aws.sqs.Queue("plain")
        aws.iam.RolePolicy("policy", role="role", policy="{}")

    built = build(program)
    assert built.one(":Queue", "mine").inputs["tags"] == {"owner": "us", "use": "test"}
    assert built.one(":Queue", "plain").inputs["tags"] == {"owner": "us"}
    assert "tags" not in built.one(":RolePolicy").inputs
