"""Roles and the policies on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.provider.names import Naming
from local.provider.resource import (
    Existing,
    Properties,
    PutResource,
    Resource,
    State,
    document,
    existing,
    only,
    retag,
    tag_list,
)
from local.provider.shapes import from_aws

if TYPE_CHECKING:
    from local.provider.context import Context


class Role(Resource):
    type = "aws:iam/role:Role"
    takes = frozenset(
        {
            *("assumeRolePolicy", "description", "forceDetachPolicies", "managedPolicyArns", "maxSessionDuration"),
            *("name", "namePrefix", "path", "permissionsBoundary"),
        }
    )
    needs = frozenset({"assumeRolePolicy"})
    replace_on = frozenset({"name", "namePrefix", "path"})
    naming = Naming(limit=64)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        iam = ctx.client("iam")
        members = {"description": "Description", "maxSessionDuration": "MaxSessionDuration", "path": "Path"}
        members["permissionsBoundary"] = "PermissionsBoundary"
        name: str = inputs["name"]
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=document(inputs["assumeRolePolicy"]),
            Tags=tag_list(inputs["tagsAll"]),
            **{member: inputs[key] for key, member in members.items() if inputs.get(key) is not None},
        )
        for arn in inputs.get("managedPolicyArns") or []:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        return name

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("iam").get_role(RoleName=it.id))
        if answer is None:
            return None
        role = answer["Role"]
        return {
            **it.inputs,
            "name": it.id,
            "arn": role["Arn"],
            "path": role["Path"],
            "uniqueId": role["RoleId"],
            "createDate": role["CreateDate"].isoformat(),
            "description": role.get("Description", ""),
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            "tagsAll": from_aws(role.get("Tags") or []) or {},
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        iam = ctx.client("iam")
        iam.update_assume_role_policy(RoleName=it.id, PolicyDocument=document(new["assumeRolePolicy"]))
        iam.update_role(RoleName=it.id, MaxSessionDuration=new.get("maxSessionDuration") or 3600)
        iam.update_role_description(RoleName=it.id, Description=new.get("description") or "")
        if new.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=it.id, PermissionsBoundary=new["permissionsBoundary"])
        elif it.inputs.get("permissionsBoundary"):
            iam.delete_role_permissions_boundary(RoleName=it.id)
        before, after = set(it.inputs.get("managedPolicyArns") or []), set(new.get("managedPolicyArns") or [])
        for arn in before - after:
            iam.detach_role_policy(RoleName=it.id, PolicyArn=arn)
        for arn in after - before:
            iam.attach_role_policy(RoleName=it.id, PolicyArn=arn)
        retag(
            it.inputs,
            new,
            tag=lambda tags: iam.tag_role(RoleName=it.id, Tags=tag_list(tags)),
            untag=lambda keys: iam.untag_role(RoleName=it.id, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        iam = ctx.client("iam")
        for policy in iam.list_attached_role_policies(RoleName=it.id)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=it.id, PolicyArn=policy["PolicyArn"])
        for name in iam.list_role_policies(RoleName=it.id)["PolicyNames"]:
            iam.delete_role_policy(RoleName=it.id, PolicyName=name)
        iam.delete_role(RoleName=it.id)


class RolePolicy(PutResource):
    """An inline policy. Its id is ``role:name``."""

    type = "aws:iam/rolePolicy:RolePolicy"
    takes = frozenset({"role", "policy", "name", "namePrefix"})
    needs = frozenset({"role", "policy"})
    replace_on = frozenset({"role", "name", "namePrefix"})
    naming = Naming(limit=128)

    def identity(self, inputs: Properties) -> str:
        return f"{inputs['role']}:{inputs['name']}"

    def put(self, inputs: Properties, ctx: Context) -> None:
        ctx.client("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=document(inputs["policy"])
        )

    def read(self, it: Existing, ctx: Context) -> State | None:
        role, _, name = it.id.partition(":")
        answer = existing(lambda: ctx.client("iam").get_role_policy(RoleName=role, PolicyName=name))
        if answer is None:
            return None
        return {**it.inputs, "role": role, "name": name, "policy": json.dumps(answer["PolicyDocument"])}

    def delete(self, it: Existing, ctx: Context) -> None:
        role, _, name = it.id.partition(":")
        ctx.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


class RolePolicyAttachment(Resource):
    """A managed policy on a role. Its id is ``role/policy ARN``."""

    type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    takes = frozenset({"role", "policyArn"})
    needs = takes
    replace_on = takes

    def create(self, inputs: Properties, ctx: Context) -> str:
        ctx.client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    def read(self, it: Existing, ctx: Context) -> State | None:
        role, _, arn = it.id.partition("/")
        answer = existing(lambda: ctx.client("iam").list_attached_role_policies(RoleName=role))
        attached = [] if answer is None else [policy["PolicyArn"] for policy in answer["AttachedPolicies"]]
        return {**it.inputs, "role": role, "policyArn": arn} if arn in attached else None

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        """Every property replaces it."""

    def delete(self, it: Existing, ctx: Context) -> None:
        role, _, arn = it.id.partition("/")
        ctx.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


class Policy(Resource):
    """A managed policy of the account. Its id is its ARN."""

    type = "aws:iam/policy:Policy"
    takes = frozenset({"policy", "description", "name", "namePrefix", "path"})
    needs = frozenset({"policy"})
    replace_on = frozenset({"name", "namePrefix", "path", "description", "policy"})
    naming = Naming(limit=128)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer: Any = ctx.client("iam").create_policy(
            PolicyName=inputs["name"],
            PolicyDocument=document(inputs["policy"]),
            Path=inputs.get("path") or "/",
            Description=inputs.get("description") or "",
            Tags=tag_list(inputs["tagsAll"]),
        )
        arn: str = answer["Policy"]["Arn"]
        return arn

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("iam").get_policy(PolicyArn=it.id))
        if answer is None:
            return None
        policy = answer["Policy"]
        return {
            **it.inputs,
            **only(from_aws(policy), "arn", "path", "policyId", "attachmentCount"),
            "name": policy["PolicyName"],
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        iam = ctx.client("iam")
        retag(
            it.inputs,
            new,
            tag=lambda tags: iam.tag_policy(PolicyArn=it.id, Tags=tag_list(tags)),
            untag=lambda keys: iam.untag_policy(PolicyArn=it.id, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("iam").delete_policy(PolicyArn=it.id)
