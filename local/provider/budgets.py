"""Budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.provider.names import Naming
from local.provider.resource import Existing, Properties, Resource, State, existing, retag, tag_list
from local.provider.shapes import to_aws

if TYPE_CHECKING:
    from local.provider.context import Context

SUBSCRIBERS = {"subscriberEmailAddresses": "EMAIL", "subscriberSnsTopicArns": "SNS"}


class Budget(Resource):
    """A budget. Its id is ``account:name``."""

    type = "aws:budgets/budget:Budget"
    takes = frozenset(
        {
            *("budgetType", "timeUnit", "costFilters", "costTypes", "limitAmount", "limitUnit"),
            *("name", "namePrefix", "notifications"),
        }
    )
    needs = frozenset({"budgetType", "timeUnit"})
    replace_on = frozenset({"name", "namePrefix"})
    naming = Naming(limit=100)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        budgets = ctx.client("budgets")
        budgets.create_budget(
            AccountId=ctx.account,
            Budget=_budget(inputs, budgets),
            NotificationsWithSubscribers=[_notification(given, budgets) for given in inputs.get("notifications") or []],
            ResourceTags=tag_list(inputs["tagsAll"]),
        )
        return f"{ctx.account}:{inputs['name']}"

    def read(self, it: Existing, ctx: Context) -> State | None:
        account, _, name = it.id.partition(":")
        answer = existing(lambda: ctx.client("budgets").describe_budget(AccountId=account, BudgetName=name))
        if answer is None:
            return None
        budget = answer["Budget"]
        limit = budget.get("BudgetLimit", {})
        return {
            **it.inputs,
            "name": name,
            "accountId": account,
            "arn": _arn(account, name),
            "budgetType": budget["BudgetType"],
            "timeUnit": budget["TimeUnit"],
            "limitAmount": limit.get("Amount", ""),
            "limitUnit": limit.get("Unit", ""),
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        account, _, name = it.id.partition(":")
        budgets = ctx.client("budgets")
        budgets.update_budget(AccountId=account, NewBudget=_budget(new, budgets))
        if it.inputs.get("notifications") != new.get("notifications"):
            place = {"AccountId": account, "BudgetName": name}
            for given in it.inputs.get("notifications") or []:
                notification = _notification(given, budgets)["Notification"]
                budgets.delete_notification(**place, Notification=notification)
            for given in new.get("notifications") or []:
                budgets.create_notification(**place, **_notification(given, budgets))
        arn = _arn(account, name)
        retag(
            it.inputs,
            new,
            tag=lambda tags: budgets.tag_resource(ResourceARN=arn, ResourceTags=tag_list(tags)),
            untag=lambda keys: budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        account, _, name = it.id.partition(":")
        ctx.client("budgets").delete_budget(AccountId=account, BudgetName=name)


def _arn(account: str, name: str) -> str:
    return f"arn:aws:budgets::{account}:budget/{name}"


def _budget(inputs: Properties, budgets: Any) -> dict[str, Any]:
    given: State = {
        "budgetName": inputs["name"],
        "budgetType": inputs["budgetType"],
        "timeUnit": inputs["timeUnit"],
    }
    if inputs.get("limitAmount") is not None:
        given["budgetLimit"] = {"amount": str(inputs["limitAmount"]), "unit": inputs.get("limitUnit") or "USD"}
    if inputs.get("costFilters"):
        given["costFilters"] = {entry["name"]: entry["values"] for entry in inputs["costFilters"]}
    if inputs.get("costTypes"):
        given["costTypes"] = inputs["costTypes"]
    converted: dict[str, Any] = to_aws(given, budgets.meta.service_model.shape_for("Budget"), "budget")
    return converted


def _notification(given: Properties, budgets: Any) -> dict[str, Any]:
    what = {name: value for name, value in given.items() if name not in SUBSCRIBERS}
    return {
        "Notification": to_aws(what, budgets.meta.service_model.shape_for("Notification"), "notifications"),
        "Subscribers": [
            {"SubscriptionType": kind, "Address": address}
            for name, kind in SUBSCRIBERS.items()
            for address in given.get(name) or []
        ],
    }
