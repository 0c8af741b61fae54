"""Who may talk to whom in a network: security groups, their rules, and endpoints of services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from local.provider.ec2 import Ec2Resource
from local.provider.names import Naming
from local.provider.resource import Existing, Properties, State, only

if TYPE_CHECKING:
    from local.provider.context import Context

ALL_OUT = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


class SecurityGroup(Ec2Resource):
    """A security group. As with the real provider it lets nothing out that no rule lets out."""

    type = "aws:ec2/securityGroup:SecurityGroup"
    kind = "security-group"
    listed = ("describe_security_groups", "GroupIds", "SecurityGroups")
    told = {"name": "GroupName", "description": "Description", "vpcId": "VpcId"}  # noqa: RUF012 - a constant
    takes = frozenset({"description", "name", "namePrefix", "vpcId"})
    replace_on = takes
    naming = Naming(limit=255)

    def create(self, inputs: Properties, ctx: Context) -> str:
        ec2 = ctx.client("ec2")
        vpc = {"VpcId": inputs["vpcId"]} if inputs.get("vpcId") else {}
        description = inputs.get("description") or "Managed by Pulumi"
        answer = ec2.create_security_group(
            GroupName=inputs["name"], Description=description, **vpc, **self.tags(inputs)
        )
        identity: str = answer["GroupId"]
        ec2.revoke_security_group_egress(GroupId=identity, IpPermissions=[ALL_OUT])
        return identity

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ec2").delete_security_group(GroupId=it.id)


class SecurityGroupRule(Ec2Resource):
    """One rule, in one direction."""

    kind = "security-group-rule"
    listed = ("describe_security_group_rules", "SecurityGroupRuleIds", "SecurityGroupRules")
    told = {"ipProtocol": "IpProtocol", "fromPort": "FromPort", "toPort": "ToPort"}  # noqa: RUF012 - a constant
    takes = frozenset(
        {
            *("cidrIpv4", "description", "fromPort", "ipProtocol", "prefixListId", "referencedSecurityGroupId"),
            *("securityGroupId", "toPort"),
        }
    )
    needs = frozenset({"ipProtocol", "securityGroupId"})
    replace_on = takes
    direction: ClassVar[str]

    def create(self, inputs: Properties, ctx: Context) -> str:
        authorize = getattr(ctx.client("ec2"), f"authorize_security_group_{self.direction}")
        permission = _permission(inputs)
        answer = authorize(GroupId=inputs["securityGroupId"], IpPermissions=[permission], **self.tags(inputs))
        identity: str = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return identity

    def delete(self, it: Existing, ctx: Context) -> None:
        revoke = getattr(ctx.client("ec2"), f"revoke_security_group_{self.direction}")
        revoke(GroupId=it.inputs["securityGroupId"], SecurityGroupRuleIds=[it.id])


class SecurityGroupIngressRule(SecurityGroupRule):
    type = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    direction = "ingress"


class SecurityGroupEgressRule(SecurityGroupRule):
    type = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    direction = "egress"


def _permission(inputs: Properties) -> dict[str, Any]:
    said = {"Description": inputs["description"]} if inputs.get("description") else {}
    permission: dict[str, Any] = {"IpProtocol": inputs["ipProtocol"]}
    for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")):
        if inputs.get(name) is not None:
            permission[member] = inputs[name]
    if inputs.get("cidrIpv4"):
        permission["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"], **said}]
    if inputs.get("prefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": inputs["prefixListId"], **said}]
    if inputs.get("referencedSecurityGroupId"):
        permission["UserIdGroupPairs"] = [{"GroupId": inputs["referencedSecurityGroupId"], **said}]
    return permission


class VpcEndpoint(Ec2Resource):
    type = "aws:ec2/vpcEndpoint:VpcEndpoint"
    kind = "vpc-endpoint"
    listed = ("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints")
    told = {"serviceName": "ServiceName", "vpcId": "VpcId", "state": "State"}  # noqa: RUF012 - a constant
    takes = frozenset(
        {
            *("privateDnsEnabled", "routeTableIds", "securityGroupIds", "serviceName", "subnetIds", "vpcEndpointType"),
            "vpcId",
        }
    )
    needs = frozenset({"serviceName", "vpcId"})
    replace_on = frozenset({"serviceName", "vpcEndpointType", "vpcId"})

    def create(self, inputs: Properties, ctx: Context) -> str:
        given = only(inputs, *self.takes)
        answer = ctx.client("ec2").create_vpc_endpoint(
            **{name[0].upper() + name[1:]: value for name, value in given.items()}, **self.tags(inputs)
        )
        identity: str = answer["VpcEndpoint"]["VpcEndpointId"]
        return identity

    def read(self, it: Existing, ctx: Context) -> State | None:
        state = super().read(it, ctx)
        if state is None or (it.inputs.get("vpcEndpointType") or "Gateway") != "Gateway":
            return state
        filters = [{"Name": "prefix-list-name", "Values": [it.inputs["serviceName"]]}]
        lists = ctx.client("ec2").describe_prefix_lists(Filters=filters)["PrefixLists"]
        return {**state, "prefixListId": lists[0]["PrefixListId"] if lists else ""}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        changes: dict[str, Any] = {}
        for name, member in (
            ("routeTableIds", "RouteTableIds"),
            ("securityGroupIds", "SecurityGroupIds"),
            ("subnetIds", "SubnetIds"),
        ):
            before, after = set(it.inputs.get(name) or []), set(new.get(name) or [])
            if added := sorted(after - before):
                changes[f"Add{member}"] = added
            if removed := sorted(before - after):
                changes[f"Remove{member}"] = removed
        if new.get("privateDnsEnabled") != it.inputs.get("privateDnsEnabled"):
            changes["PrivateDnsEnabled"] = bool(new.get("privateDnsEnabled"))
        if changes:
            ctx.client("ec2").modify_vpc_endpoint(VpcEndpointId=it.id, **changes)
        super().update(it, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[it.id])
