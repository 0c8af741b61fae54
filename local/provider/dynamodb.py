"""Tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.provider.failures import InvalidPropertyError
from local.provider.names import Naming
from local.provider.resource import Existing, Properties, Resource, State, existing, retag, tag_list
from local.provider.shapes import from_aws

if TYPE_CHECKING:
    from local.provider.context import Context

INDEX = frozenset(
    {"name", "hashKey", "rangeKey", "projectionType", "nonKeyAttributes", "readCapacity", "writeCapacity"}
)


class Table(Resource):
    """A table. Its id is its name."""

    type = "aws:dynamodb/table:Table"
    takes = frozenset(
        {
            *("attributes", "billingMode", "deletionProtectionEnabled", "globalSecondaryIndexes", "hashKey"),
            *("localSecondaryIndexes", "name", "pointInTimeRecovery", "rangeKey", "readCapacity"),
            *("serverSideEncryption", "streamEnabled", "streamViewType", "tableClass", "ttl", "writeCapacity"),
        }
    )
    needs = frozenset({"attributes", "hashKey"})
    replace_on = frozenset(
        {"name", "hashKey", "rangeKey", "localSecondaryIndexes", "globalSecondaryIndexes", "attributes"}
    )
    naming = Naming(limit=255, prefix_property=None)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        dynamodb = ctx.client("dynamodb")
        name: str = inputs["name"]
        indexes = {
            member: [_index(index, inputs) for index in inputs[key]]
            for key, member in (
                ("globalSecondaryIndexes", "GlobalSecondaryIndexes"),
                ("localSecondaryIndexes", "LocalSecondaryIndexes"),
            )
            if inputs.get(key)
        }
        dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[
                {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
                for attribute in inputs["attributes"]
            ],
            KeySchema=_keys(inputs["hashKey"], inputs.get("rangeKey")),
            BillingMode=_billing(inputs),
            DeletionProtectionEnabled=bool(inputs.get("deletionProtectionEnabled")),
            TableClass=inputs.get("tableClass") or "STANDARD",
            StreamSpecification=_stream(inputs),
            Tags=tag_list(inputs["tagsAll"]),
            **_throughput(inputs, inputs),
            **_encryption(inputs),
            **indexes,
        )
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        self._recovery(name, inputs, ctx)
        if inputs.get("ttl"):
            self._expiry(name, inputs["ttl"], ctx)
        return name

    def _recovery(self, name: str, inputs: Properties, ctx: Context) -> None:
        wanted = bool((inputs.get("pointInTimeRecovery") or {}).get("enabled"))
        ctx.client("dynamodb").update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": wanted}
        )

    def _expiry(self, name: str, ttl: Properties, ctx: Context) -> None:
        specification = {"Enabled": ttl.get("enabled", True), "AttributeName": ttl["attributeName"]}
        ctx.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=specification)

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("dynamodb").describe_table(TableName=it.id))
        if answer is None:
            return None
        table = answer["Table"]
        return {
            **it.inputs,
            "name": it.id,
            "arn": table["TableArn"],
            "streamArn": table.get("LatestStreamArn", ""),
            "streamLabel": table.get("LatestStreamLabel", ""),
            "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "attributes": [
                {"name": found["attributeName"], "type": found["attributeType"]}
                for found in from_aws(table["AttributeDefinitions"])
            ],
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        dynamodb = ctx.client("dynamodb")
        changed = self.difference(it.inputs, new).changed
        settings: dict[str, Any] = {}
        if changed & {"billingMode", "readCapacity", "writeCapacity"}:
            settings |= {"BillingMode": _billing(new), **_throughput(new, new)}
        if "deletionProtectionEnabled" in changed:
            settings["DeletionProtectionEnabled"] = bool(new.get("deletionProtectionEnabled"))
        if changed & {"streamEnabled", "streamViewType"}:
            settings["StreamSpecification"] = _stream(new)
        if "tableClass" in changed:
            settings["TableClass"] = new.get("tableClass") or "STANDARD"
        if "serverSideEncryption" in changed:
            settings |= _encryption(new) or {"SSESpecification": {"Enabled": False}}
        if settings:
            dynamodb.update_table(TableName=it.id, **settings)
        if "pointInTimeRecovery" in changed:
            self._recovery(it.id, new, ctx)
        if "ttl" in changed:
            self._expiry(it.id, new.get("ttl") or {**it.inputs["ttl"], "enabled": False}, ctx)
        arn = f"arn:aws:dynamodb:{ctx.region}:{ctx.account}:table/{it.id}"
        retag(
            it.inputs,
            new,
            tag=lambda tags: dynamodb.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
            untag=lambda keys: dynamodb.untag_resource(ResourceArn=arn, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        dynamodb = ctx.client("dynamodb")
        dynamodb.delete_table(TableName=it.id)
        dynamodb.get_waiter("table_not_exists").wait(TableName=it.id, WaiterConfig={"Delay": 1})


def _billing(inputs: Properties) -> str:
    billing: str = inputs.get("billingMode") or "PROVISIONED"
    return billing


def _keys(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return keys if range_key is None else [*keys, {"AttributeName": range_key, "KeyType": "RANGE"}]


def _throughput(capacity: Properties, table: Properties) -> dict[str, Any]:
    if _billing(table) != "PROVISIONED":
        return {}
    units = {"ReadCapacityUnits": capacity.get("readCapacity"), "WriteCapacityUnits": capacity.get("writeCapacity")}
    if None in units.values():
        raise InvalidPropertyError("a table with billingMode PROVISIONED needs readCapacity and writeCapacity")
    return {"ProvisionedThroughput": units}


def _stream(inputs: Properties) -> dict[str, Any]:
    if not inputs.get("streamEnabled"):
        return {"StreamEnabled": False}
    return {"StreamEnabled": True, "StreamViewType": inputs.get("streamViewType") or "NEW_AND_OLD_IMAGES"}


def _encryption(inputs: Properties) -> dict[str, Any]:
    wanted = inputs.get("serverSideEncryption")
    if not wanted or not wanted.get("enabled"):
        return {}
    key = {"KMSMasterKeyId": wanted["kmsKeyArn"]} if wanted.get("kmsKeyArn") else {}
    return {"SSESpecification": {"Enabled": True, "SSEType": "KMS", **key}}


def _index(index: Properties, table: Properties) -> dict[str, Any]:
    unknown = sorted(index.keys() - INDEX)
    if unknown:
        raise InvalidPropertyError(f"an index has no property {unknown[0]} on localhost")
    others = {"NonKeyAttributes": index["nonKeyAttributes"]} if index.get("nonKeyAttributes") else {}
    is_global = "hashKey" in index
    return {
        "IndexName": index["name"],
        "KeySchema": _keys(index.get("hashKey") or table["hashKey"], index.get("rangeKey")),
        "Projection": {"ProjectionType": index["projectionType"], **others},
        **(_throughput(index, table) if is_global else {}),
    }
