"""Lookups: functions of the AWS provider that only tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.provider.failures import UnsupportedResourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.provider.context import Context
    from local.provider.resource import Properties, State


def caller_identity(_given: Properties, ctx: Context) -> State:
    answer = ctx.client("sts").get_caller_identity()
    account: str = answer["Account"]
    return {"accountId": account, "arn": answer["Arn"], "id": account, "userId": answer["UserId"]}


def region(given: Properties, ctx: Context) -> State:
    name = given.get("region") or given.get("name") or ctx.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": "US East (N. Virginia)" if name == "us-east-1" else name,
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


def partition(_given: Properties, _ctx: Context) -> State:
    return {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def availability_zones(given: Properties, ctx: Context) -> State:
    filters = [{"Name": one["name"], "Values": one["values"]} for one in given.get("filters") or []]
    zones = ctx.client("ec2").describe_availability_zones(Filters=filters)["AvailabilityZones"]
    wanted = [zone for zone in zones if given.get("state") in (None, zone["State"])]
    return {
        "id": ctx.region,
        "region": ctx.region,
        "names": sorted(zone["ZoneName"] for zone in wanted),
        "zoneIds": [zone["ZoneId"] for zone in sorted(wanted, key=lambda zone: str(zone["ZoneName"]))],
    }


LOOKUPS: Mapping[str, Callable[[Properties, Context], State]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": caller_identity,
    "aws:index/getRegion:getRegion": region,
    "aws:index/getPartition:getPartition": partition,
}


def look_up(token: str, given: Properties, ctx: Context) -> State:
    """The answer of a lookup. Raises UnsupportedResourceError for one that is not in the table."""
    if token not in LOOKUPS:
        raise UnsupportedResourceError(token, LOOKUPS)
    return LOOKUPS[token](given, ctx)
