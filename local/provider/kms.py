"""Keys and their policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.provider.names import Naming
from local.provider.resource import (
    Existing,
    Properties,
    PutResource,
    Resource,
    State,
    document,
    existing,
    retag,
    tag_list,
)

if TYPE_CHECKING:
    from local.provider.context import Context

POLICY = "default"  # the only name that a key's policy can have
DELETION_DAYS = 30
GONE = ("PendingDeletion", "PendingReplicaDeletion")


class Key(Resource):
    """A symmetric key. Its id is the key's."""

    type = "aws:kms/key:Key"
    takes = frozenset(
        {
            "deletionWindowInDays",
            "description",
            "enableKeyRotation",
            "isEnabled",
            "keyUsage",
            "policy",
            "rotationPeriodInDays",
        }
    )
    replace_on = frozenset({"keyUsage"})
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        policy = {"Policy": document(inputs["policy"])} if inputs.get("policy") is not None else {}
        answer = ctx.client("kms").create_key(
            Description=inputs.get("description") or "",
            KeyUsage=inputs.get("keyUsage") or "ENCRYPT_DECRYPT",
            Tags=tag_list(inputs["tagsAll"], "TagKey", "TagValue"),
            **policy,
        )
        identity: str = answer["KeyMetadata"]["KeyId"]
        if inputs.get("enableKeyRotation"):
            self._rotate(identity, inputs, ctx)
        if inputs.get("isEnabled") is False:
            ctx.client("kms").disable_key(KeyId=identity)
        return identity

    def _rotate(self, identity: str, inputs: Properties, ctx: Context) -> None:
        kms = ctx.client("kms")
        if inputs.get("enableKeyRotation"):
            days = inputs.get("rotationPeriodInDays")
            kms.enable_key_rotation(KeyId=identity, **({"RotationPeriodInDays": days} if days else {}))
        else:
            kms.disable_key_rotation(KeyId=identity)

    def read(self, it: Existing, ctx: Context) -> State | None:
        kms = ctx.client("kms")
        answer = existing(lambda: kms.describe_key(KeyId=it.id))
        if answer is None or answer["KeyMetadata"]["KeyState"] in GONE:
            return None
        key = answer["KeyMetadata"]
        return {
            **it.inputs,
            "arn": key["Arn"],
            "keyId": key["KeyId"],
            "description": key["Description"],
            "isEnabled": key["Enabled"],
            "keyUsage": key["KeyUsage"],
            "policy": kms.get_key_policy(KeyId=it.id, PolicyName=POLICY)["Policy"],
            "enableKeyRotation": kms.get_key_rotation_status(KeyId=it.id)["KeyRotationEnabled"],
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        kms = ctx.client("kms")
        changed = self.difference(it.inputs, new).changed
        if "description" in changed:
            kms.update_key_description(KeyId=it.id, Description=new.get("description") or "")
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            self._rotate(it.id, new, ctx)
        if "isEnabled" in changed:
            (kms.disable_key if new.get("isEnabled") is False else kms.enable_key)(KeyId=it.id)
        if "policy" in changed and new.get("policy") is not None:
            kms.put_key_policy(KeyId=it.id, PolicyName=POLICY, Policy=document(new["policy"]))
        retag(
            it.inputs,
            new,
            tag=lambda tags: kms.tag_resource(KeyId=it.id, Tags=tag_list(tags, "TagKey", "TagValue")),
            untag=lambda keys: kms.untag_resource(KeyId=it.id, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        """Schedule the deletion: KMS deletes no key at once."""
        days = it.inputs.get("deletionWindowInDays") or DELETION_DAYS
        ctx.client("kms").schedule_key_deletion(KeyId=it.id, PendingWindowInDays=days)


class KeyPolicy(PutResource):
    """The policy of a key. Its id is the key's."""

    type = "aws:kms/keyPolicy:KeyPolicy"
    takes = frozenset({"keyId", "policy"})
    needs = takes
    replace_on = frozenset({"keyId"})

    def identity(self, inputs: Properties) -> str:
        identity: str = inputs["keyId"]
        return identity

    def put(self, inputs: Properties, ctx: Context) -> None:
        ctx.client("kms").put_key_policy(KeyId=inputs["keyId"], PolicyName=POLICY, Policy=document(inputs["policy"]))

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("kms").get_key_policy(KeyId=it.id, PolicyName=POLICY))
        return None if answer is None else {**it.inputs, "keyId": it.id, "policy": answer["Policy"]}

    def delete(self, it: Existing, ctx: Context) -> None:
        """Give the key the policy of a new one: it cannot be without any."""
        ctx.client("kms").put_key_policy(KeyId=it.id, PolicyName=POLICY, Policy=default_policy(ctx.account))


class Alias(PutResource):
    """A name for a key. Its id is the name."""

    type = "aws:kms/alias:Alias"
    takes = frozenset({"name", "namePrefix", "targetKeyId"})
    needs = frozenset({"targetKeyId"})
    replace_on = frozenset({"name", "namePrefix"})
    naming = Naming(limit=256)

    def prepare(self, logical: str, given: Properties, previous: Properties | None, ctx: Context) -> State:
        """A generated name begins as KMS demands."""
        return super().prepare(f"alias/{logical}", given, previous, ctx)

    def identity(self, inputs: Properties) -> str:
        name: str = inputs["name"]
        return name

    def put(self, inputs: Properties, ctx: Context) -> None:
        kms = ctx.client("kms")
        change = kms.create_alias if self._find(inputs["name"], ctx) is None else kms.update_alias
        change(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])

    def _find(self, name: str, ctx: Context) -> dict[str, str] | None:
        pages = ctx.client("kms").get_paginator("list_aliases").paginate()
        return next((alias for page in pages for alias in page["Aliases"] if alias["AliasName"] == name), None)

    def read(self, it: Existing, ctx: Context) -> State | None:
        alias = self._find(it.id, ctx)
        if alias is None:
            return None
        key = f"arn:aws:kms:{ctx.region}:{ctx.account}:key/{alias['TargetKeyId']}"
        return {**it.inputs, "name": it.id, "arn": alias["AliasArn"], "targetKeyArn": key}

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("kms").delete_alias(AliasName=it.id)


def default_policy(account: str) -> str:
    """What a new key has: its account may do everything with it (AWS KMS Developer Guide, "Default key
    policy").
    """
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": root,
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})
