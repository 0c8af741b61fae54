"""Networks: what carries traffic, and what lets it through."""

from __future__ import annotations

from typing import Any

from tests.local.cases.ground import Case, Ground, fixed

SERVICE = "com.amazonaws.us-east-1.s3"


def listed(call: str, parameter: str, member: str, *names: str) -> Any:
    """Asks EC2 for a resource by its id: the named members, and the value of its tag ``use``."""

    def ask(ground: Ground, identity: str) -> Any:
        found = getattr(ground.client("ec2"), call)(**{parameter: [identity]})[member][0]
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags") or []}
        return [*(found.get(name) for name in names), tags.get("use")]

    return ask


def vpc(ground: Ground, identity: str) -> Any:
    ec2 = ground.client("ec2")
    hostnames = ec2.describe_vpc_attribute(VpcId=identity, Attribute="enableDnsHostnames")
    return hostnames["EnableDnsHostnames"]["Value"], ec2.describe_vpcs(VpcIds=[identity])["Vpcs"][0]["CidrBlock"]


def gateway_vpc(ground: Ground, identity: str) -> Any:
    found = ground.client("ec2").describe_internet_gateways(InternetGatewayIds=[identity])["InternetGateways"][0]
    return [one["VpcId"] for one in found["Attachments"]] == [ground.vpc]


def association(ground: Ground, identity: str) -> Any:
    table = ground.client("ec2").describe_route_tables(RouteTableIds=[ground.route_table])["RouteTables"][0]
    return [
        one["SubnetId"] == ground.subnet for one in table["Associations"] if one["RouteTableAssociationId"] == identity
    ]


def route(ground: Ground, identity: str) -> Any:
    table, _, destination = identity.partition("_")
    routes = ground.client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    found = next(one for one in routes if one.get("DestinationCidrBlock") == destination)
    return "internet" if found.get("GatewayId") == ground.internet else "nat"


def nat(ground: Ground) -> str:
    address = ground.make("aws:ec2/eip:Eip", "ground-address")["allocationId"]
    inputs = {"allocationId": address, "subnetId": ground.subnet}
    return str(ground.make("aws:ec2/natGateway:NatGateway", "ground-nat", **inputs)["id"])


def rules(ground: Ground, identity: str) -> Any:
    """Protocol, port and direction of a rule."""
    found = ground.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[identity])["SecurityGroupRules"]
    return [(one["IpProtocol"], one["FromPort"], one["ToPort"], one["IsEgress"]) for one in found]


def rule(ground: Ground, **more: Any) -> dict[str, Any]:
    return {"securityGroupId": ground.security_group, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, **more}


def endpoint_tables(ground: Ground, identity: str) -> Any:
    found = ground.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[identity])["VpcEndpoints"][0]
    return found["ServiceName"], len(found["RouteTableIds"])


CASES = [
    Case(
        type="aws:ec2/vpc:Vpc",
        inputs=fixed(cidrBlock="10.8.0.0/16", enableDnsHostnames=True),
        change=fixed(cidrBlock="10.8.0.0/16"),
        told=vpc,
        first=(True, "10.8.0.0/16"),
        second=(False, "10.8.0.0/16"),
    ),
    Case(
        type="aws:ec2/subnet:Subnet",
        inputs=lambda ground: {"vpcId": ground.vpc, "cidrBlock": "10.9.2.0/24", "availabilityZone": "us-east-1b"},
        change=lambda ground: {
            "vpcId": ground.vpc,
            "cidrBlock": "10.9.2.0/24",
            "availabilityZone": "us-east-1b",
            "mapPublicIpOnLaunch": True,
        },
        told=listed("describe_subnets", "SubnetIds", "Subnets", "CidrBlock", "AvailabilityZone", "MapPublicIpOnLaunch"),
        first=["10.9.2.0/24", "us-east-1b", False, None],
        second=["10.9.2.0/24", "us-east-1b", True, None],
    ),
    Case(
        type="aws:ec2/internetGateway:InternetGateway",
        inputs=lambda ground: {"vpcId": ground.vpc},
        change=None,
        told=gateway_vpc,
        first=True,
    ),
    Case(
        type="aws:ec2/eip:Eip",
        inputs=fixed(domain="vpc", tags={"use": "one"}),
        change=fixed(domain="vpc", tags={"use": "two"}),
        told=listed("describe_addresses", "AllocationIds", "Addresses", "Domain"),
        first=["vpc", "one"],
        second=["vpc", "two"],
    ),
    Case(
        type="aws:ec2/natGateway:NatGateway",
        inputs=lambda ground: {
            "allocationId": ground.make("aws:ec2/eip:Eip", "nat-address")["allocationId"],
            "subnetId": ground.subnet,
        },
        change=None,
        told=listed("describe_nat_gateways", "NatGatewayIds", "NatGateways", "State"),
        first=["available", None],
    ),
    Case(
        type="aws:ec2/routeTable:RouteTable",
        inputs=lambda ground: {"vpcId": ground.vpc, "tags": {"use": "one"}},
        change=lambda ground: {"vpcId": ground.vpc, "tags": {"use": "two"}},
        told=listed("describe_route_tables", "RouteTableIds", "RouteTables"),
        first=["one"],
        second=["two"],
    ),
    Case(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        inputs=lambda ground: {"routeTableId": ground.route_table, "subnetId": ground.subnet},
        change=None,
        told=association,
        first=[True],
    ),
    Case(
        type="aws:ec2/route:Route",
        inputs=lambda ground: {
            "routeTableId": ground.route_table,
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": ground.internet,
        },
        change=lambda ground: {
            "routeTableId": ground.route_table,
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": nat(ground),
        },
        told=route,
        first="internet",
        second="nat",
    ),
    Case(
        type="aws:ec2/securityGroup:SecurityGroup",
        inputs=lambda ground: {"vpcId": ground.vpc, "description": "Nothing in, nothing out", "tags": {"use": "one"}},
        change=lambda ground: {"vpcId": ground.vpc, "description": "Nothing in, nothing out", "tags": {"use": "two"}},
        told=listed(
            *("describe_security_groups", "GroupIds", "SecurityGroups"),
            *("Description", "IpPermissions", "IpPermissionsEgress"),
        ),
        first=["Nothing in, nothing out", [], [], "one"],
        second=["Nothing in, nothing out", [], [], "two"],
    ),
    Case(
        type="aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        inputs=lambda ground: rule(ground, cidrIpv4="0.0.0.0/0", description="HTTPS out"),
        change=None,
        told=rules,
        first=[("tcp", 443, 443, True)],
    ),
    Case(
        type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        inputs=lambda ground: rule(ground, referencedSecurityGroupId=ground.security_group),
        change=None,
        told=rules,
        first=[("tcp", 443, 443, False)],
    ),
    Case(
        type="aws:ec2/vpcEndpoint:VpcEndpoint",
        inputs=lambda ground: {"vpcId": ground.vpc, "serviceName": SERVICE, "vpcEndpointType": "Gateway"},
        change=lambda ground: {
            "vpcId": ground.vpc,
            "serviceName": SERVICE,
            "vpcEndpointType": "Gateway",
            "routeTableIds": [ground.route_table],
        },
        told=endpoint_tables,
        first=(SERVICE, 0),
        second=(SERVICE, 1),
    ),
]
