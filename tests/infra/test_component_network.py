"""Network: private subnets that nobody can enter, with NAT or endpoints for the way out, as the stack says."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import InterfaceEndpoints, NatGateway, Network, NetworkArgs
from components.addresses import divide
from components.network import zone
from tests.infra.recording import REGION, Built, build


def built(args: NetworkArgs) -> Built:
    def program() -> None:
        Network("net", args)

    return build(program)


@given(st.integers(16, 24), st.integers(1, 6))
def test_the_blocks_of_a_network_are_its_own_and_do_not_overlap(prefix: int, zones: int):
    whole = IPv4Network(f"10.64.0.0/{prefix}")
    plan = divide(str(whole), zones)
    blocks = [IPv4Network(text) for text in (*plan.private, *plan.public)]
    assert len(plan.private) == len(plan.public) == zones
    assert all(block.subnet_of(whole) for block in blocks)
    assert sum(block.num_addresses for block in blocks) <= whole.num_addresses
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)
    assert max(block.prefixlen for block in blocks) <= 28, "the smallest subnet of a VPC"


def test_two_zones_of_a_large_network_get_a_quarter_each():
    plan = divide("10.0.0.0/16", 2)
    assert plan.private == ("10.0.0.0/18", "10.0.64.0/18")
    assert plan.public == ("10.0.128.0/18", "10.0.192.0/18")


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.0.0.0/15", "cidr must be /16 to /28, got 10.0.0.0/15"),
        ("10.0.0.0/27", "10.0.0.0/27 is too small .* give /26 or larger"),
        ("10.0.0.1/16", "cidr must be an IPv4 block .* has host bits set"),
        ("network", "cidr must be an IPv4 block such as 10.0.0.0/16, got 'network'"),
        ("8.8.0.0/16", "cidr must lie in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, got 8.8.0.0/16"),
    ],
)
def test_a_block_that_is_no_network_is_refused(cidr: str, message: str):
    with pytest.raises(ValueError, match=message):
        NetworkArgs(cidr=cidr)


@pytest.mark.parametrize("zones", [1, 7])
def test_a_network_has_two_zones_or_more(zones: int):
    with pytest.raises(ValueError, match=f"zones must be 2 to 6, got {zones}"):
        NetworkArgs(zones=zones)


def test_zones_are_taken_in_the_order_of_their_names():
    assert [zone(["c", "a", "b"], at) for at in range(2)] == ["a", "b"], "AWS names no order"
    with pytest.raises(ValueError, match="needs 3 zones, the Region has 2: a, b"):
        zone(["a", "b"], 2)


@pytest.mark.parametrize("egress", [NatGateway(), InterfaceEndpoints()])
def test_nobody_gets_in_and_workers_get_out_by_https_alone(egress: NatGateway | InterfaceEndpoints):
    network = built(NetworkArgs(egress=egress))
    workers = network.one(":SecurityGroup", "net-workers")
    assert not {"ingress", "egress"} & workers.inputs.keys(), "the rules are resources of their own"
    out = network.of_type(":SecurityGroupEgressRule")
    assert {rule.inputs["securityGroupId"] for rule in out} == {"net-workers-1a2b3c4"}
    assert {(rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) for rule in out} == {
        ("tcp", 443, 443)
    }
    into_workers = [
        rule
        for rule in network.of_type(":SecurityGroupIngressRule")
        if rule.inputs["securityGroupId"] == "net-workers-1a2b3c4"
    ]
    assert into_workers == []


def test_private_subnets_lie_in_two_zones_and_give_no_public_address():
    subnets = [one.inputs for one in sorted(built(NetworkArgs()).of_type(":Subnet"), key=lambda one: one.name)]
    private = [one for one in subnets if one["tags"]["Name"].startswith("net-private")]
    assert [one["availabilityZone"] for one in private] == [f"{REGION}a", f"{REGION}b"]
    assert [one["cidrBlock"] for one in private] == ["10.0.0.0/18", "10.0.64.0/18"]
    assert not any(one["mapPublicIpOnLaunch"] for one in subnets)


@pytest.mark.parametrize("egress", [NatGateway(), InterfaceEndpoints()])
def test_s3_and_dynamodb_are_reached_by_free_gateways_from_every_private_subnet(
    egress: NatGateway | InterfaceEndpoints,
):
    network = built(NetworkArgs(egress=egress))
    gateways = [one.inputs for one in network.of_type(":VpcEndpoint") if one.inputs["vpcEndpointType"] == "Gateway"]
    assert {one["serviceName"] for one in gateways} == {f"com.amazonaws.{REGION}.{name}" for name in ("s3", "dynamodb")}
    for gateway in gateways:
        assert gateway["routeTableIds"] == ["net-private-0-routes-1a2b3c4", "net-private-1-routes-1a2b3c4"]


def test_one_nat_gateway_serves_all_zones_or_each_has_its_own():
    one = built(NetworkArgs())
    assert len(one.of_type(":NatGateway")) == len(one.of_type(":Eip")) == 1
    assert nat_of_each(one) == {"net-private-0-out": "net-nat-0-1a2b3c4", "net-private-1-out": "net-nat-0-1a2b3c4"}
    each = built(NetworkArgs(egress=NatGateway(in_each_zone=True)))
    assert nat_of_each(each) == {"net-private-0-out": "net-nat-0-1a2b3c4", "net-private-1-out": "net-nat-1-1a2b3c4"}
    (public,) = [route for route in one.of_type(":Route") if "gatewayId" in route.inputs]
    assert public.inputs["destinationCidrBlock"] == "0.0.0.0/0"
    assert any(urn.endswith("::net-public-0-out") for urn in one.one(":NatGateway").dependencies)


def nat_of_each(network: Built) -> dict[str, str]:
    return {
        route.name: route.inputs["natGatewayId"]
        for route in network.of_type(":Route")
        if "natGatewayId" in route.inputs
    }


def test_with_endpoints_nothing_leads_to_the_internet():
    network = built(NetworkArgs(egress=InterfaceEndpoints(services=("states", "ecr.api"))))
    for ending in (":InternetGateway", ":NatGateway", ":Eip", ":Route"):
        assert network.of_type(ending) == []
    interfaces = [one for one in network.of_type(":VpcEndpoint") if one.inputs["vpcEndpointType"] == "Interface"]
    assert {one.inputs["serviceName"] for one in interfaces} == {
        f"com.amazonaws.{REGION}.states",
        f"com.amazonaws.{REGION}.ecr.api",
    }
    for one in interfaces:
        assert one.inputs["privateDnsEnabled"] is True, "an SDK finds the endpoint under the service's usual name"
        assert one.inputs["subnetIds"] == ["net-private-0-1a2b3c4", "net-private-1-1a2b3c4"]
        assert one.inputs["securityGroupIds"] == ["net-endpoints-1a2b3c4"]
    door = network.one(":SecurityGroupIngressRule").inputs
    assert door["securityGroupId"] == "net-endpoints-1a2b3c4"
    assert door["referencedSecurityGroupId"] == "net-workers-1a2b3c4"
    ways = {
        rule.inputs.get("cidrIpv4") or rule.inputs["prefixListId"]
        for rule in network.of_type(":SecurityGroupEgressRule")
    }
    assert ways == {"10.0.0.0/16", "pl-net-s3", "pl-net-dynamodb"}, "the network itself and the gateways"


@pytest.mark.parametrize(
    ("services", "message"),
    [((), "at least one service"), (("logs", "logs"), "logs is named again"), (("s3",), "s3 has a gateway endpoint")],
)
def test_endpoints_that_cannot_be_are_refused(services: tuple[str, ...], message: str):
    with pytest.raises(ValueError, match=message):
        InterfaceEndpoints(services=services)
