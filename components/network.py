"""A network for workers: private subnets over several zones, a way to AWS's services, and no way in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import pulumi
import pulumi_aws as aws

from components.addresses import AddressPlan, divide
from components.widgets import arn_region

HTTPS = 443
ANYWHERE = "0.0.0.0/0"
GATEWAY_SERVICES = ("s3", "dynamodb")  # what gateway endpoints exist for; they cost nothing
# What a Fargate worker of an activity calls besides: its image, its log, Step Functions and its credentials.
WORKER_SERVICES = ("ecr.api", "ecr.dkr", "logs", "states", "sts")
MIN_ZONES, MAX_ZONES = 2, 6


@dataclass(frozen=True, kw_only=True)
class NatGateway:
    """The internet is reached through NAT: one gateway for all zones, or one in each (a zone may then fail)."""

    in_each_zone: bool = False


@dataclass(frozen=True, kw_only=True)
class InterfaceEndpoints:
    """Nothing but these services of AWS is reached, each through an endpoint in every zone."""

    services: tuple[str, ...] = WORKER_SERVICES

    def __post_init__(self) -> None:
        if not self.services:
            raise ValueError("interface endpoints need at least one service, such as states")
        if repeated := {service for service in self.services if self.services.count(service) > 1}:
            raise ValueError(f"an endpoint is named once, {', '.join(sorted(repeated))} is named again")
        if free := set(self.services) & set(GATEWAY_SERVICES):
            raise ValueError(f"{', '.join(sorted(free))} has a gateway endpoint already, which costs nothing")


Egress: TypeAlias = NatGateway | InterfaceEndpoints


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """``cidr`` holds a private and a public subnet for each of the Region's first ``zones`` zones."""

    cidr: str = "10.0.0.0/16"
    zones: int = 2
    egress: Egress = field(default_factory=NatGateway)

    def __post_init__(self) -> None:
        if not MIN_ZONES <= self.zones <= MAX_ZONES:
            raise ValueError(f"zones must be {MIN_ZONES} to {MAX_ZONES}, got {self.zones}")
        divide(self.cidr, self.zones)


class Network(pulumi.ComponentResource):
    """A VPC whose private subnets nobody can enter; S3 and DynamoDB are reached without NAT.

    ``security_group_id`` is the workers': it lets HTTPS out and nothing in.
    """

    vpc_id: pulumi.Output[str]
    private_subnet_ids: pulumi.Output[list[str]]
    security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("distmap:components:Network", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        found = aws.get_availability_zones_output(
            state="available",
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],  # no Local Zones
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        zones = [found.names.apply(lambda names, at=at: zone(names, at)) for at in range(args.zones)]
        plan = divide(args.cidr, args.zones)
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,  # the private names of interface endpoints need it
            tags={"Name": name},
            opts=self._child,
        )
        subnets = [self._subnet(f"private-{at}", vpc, block, zones[at]) for at, block in enumerate(plan.private)]
        tables = [self._table(f"private-{at}", vpc, subnet) for at, subnet in enumerate(subnets)]
        gateways = self._gateway_endpoints(vpc, tables)
        workers = aws.ec2.SecurityGroup(
            f"{name}-workers",
            vpc_id=vpc.id,
            description="Workers: HTTPS out, nothing in",
            tags={"Name": f"{name}-workers"},
            opts=self._child,
        )
        if isinstance(args.egress, NatGateway):
            routes = self._nat(args.egress, vpc, plan, zones, tables)
            self._let_out("https", workers, cidr_ipv4=ANYWHERE)
        else:
            routes = self._interface_endpoints(args.egress, vpc, subnets, workers)
            self._let_out("https", workers, cidr_ipv4=args.cidr)
            for service, gateway in gateways.items():
                self._let_out(service, workers, prefix_list_id=gateway.prefix_list_id)
        self.vpc_id = vpc.id
        # Who uses the subnets finds the way out of them open.
        self.private_subnet_ids = pulumi.Output.all(
            ids=[subnet.id for subnet in subnets], ready=[route.urn for route in (*routes, *gateways.values())]
        ).apply(lambda known: list(known["ids"]))
        self.security_group_id = workers.id
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "private_subnet_ids": self.private_subnet_ids,
                "security_group_id": self.security_group_id,
            }
        )

    def _subnet(self, role: str, vpc: aws.ec2.Vpc, block: str, zone_name: pulumi.Output[str]) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            f"{self._name}-{role}",
            vpc_id=vpc.id,
            cidr_block=block,
            availability_zone=zone_name,
            map_public_ip_on_launch=False,
            tags={"Name": f"{self._name}-{role}"},
            opts=self._child,
        )

    def _table(self, role: str, vpc: aws.ec2.Vpc, subnet: aws.ec2.Subnet) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            f"{self._name}-{role}-routes",
            vpc_id=vpc.id,
            tags={"Name": f"{self._name}-{role}"},
            opts=self._child,
        )
        aws.ec2.RouteTableAssociation(
            f"{self._name}-{role}-uses", subnet_id=subnet.id, route_table_id=table.id, opts=self._child
        )
        return table

    def _gateway_endpoints(self, vpc: aws.ec2.Vpc, tables: list[aws.ec2.RouteTable]) -> dict[str, aws.ec2.VpcEndpoint]:
        return {
            service: aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=vpc.id,
                service_name=vpc.arn.apply(lambda arn, service=service: f"com.amazonaws.{arn_region(arn)}.{service}"),
                vpc_endpoint_type="Gateway",
                route_table_ids=[table.id for table in tables],
                tags={"Name": f"{self._name}-{service}"},
                opts=self._child,
            )
            for service in GATEWAY_SERVICES
        }

    def _nat(
        self,
        egress: NatGateway,
        vpc: aws.ec2.Vpc,
        plan: AddressPlan,
        zones: list[pulumi.Output[str]],
        tables: list[aws.ec2.RouteTable],
    ) -> list[aws.ec2.Route]:
        """The routes of the private subnets to NAT gateways in public ones."""
        internet = aws.ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=vpc.id, tags={"Name": self._name}, opts=self._child
        )
        count = len(zones) if egress.in_each_zone else 1
        gateways = []
        for at in range(count):
            role = f"public-{at}"
            subnet = self._subnet(role, vpc, plan.public[at], zones[at])
            public = aws.ec2.Route(
                f"{self._name}-{role}-out",
                route_table_id=self._table(role, vpc, subnet).id,
                destination_cidr_block=ANYWHERE,
                gateway_id=internet.id,
                opts=self._child,
            )
            after_internet = pulumi.ResourceOptions(parent=self, depends_on=[internet])
            address = aws.ec2.Eip(
                f"{self._name}-nat-{at}-address", domain="vpc", tags={"Name": self._name}, opts=after_internet
            )
            gateways.append(
                aws.ec2.NatGateway(
                    f"{self._name}-nat-{at}",
                    allocation_id=address.allocation_id,
                    subnet_id=subnet.id,
                    tags={"Name": f"{self._name}-{at}"},
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[public]),
                )
            )
        return [
            aws.ec2.Route(
                f"{self._name}-private-{at}-out",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateways[at % count].id,
                opts=self._child,
            )
            for at, table in enumerate(tables)
        ]

    def _interface_endpoints(
        self,
        egress: InterfaceEndpoints,
        vpc: aws.ec2.Vpc,
        subnets: list[aws.ec2.Subnet],
        workers: aws.ec2.SecurityGroup,
    ) -> list[aws.ec2.VpcEndpoint]:
        group = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints",
            vpc_id=vpc.id,
            description="Endpoints: HTTPS from the workers, nothing out",
            tags={"Name": f"{self._name}-endpoints"},
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-endpoints-from-workers",
            security_group_id=group.id,
            referenced_security_group_id=workers.id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            description="HTTPS from the workers",
            opts=self._child,
        )
        return [
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service.replace('.', '-')}",
                vpc_id=vpc.id,
                service_name=vpc.arn.apply(lambda arn, service=service: f"com.amazonaws.{arn_region(arn)}.{service}"),
                vpc_endpoint_type="Interface",
                subnet_ids=[subnet.id for subnet in subnets],
                security_group_ids=[group.id],
                private_dns_enabled=True,
                tags={"Name": f"{self._name}-{service}"},
                opts=self._child,
            )
            for service in egress.services
        ]

    def _let_out(
        self,
        role: str,
        workers: aws.ec2.SecurityGroup,
        *,
        cidr_ipv4: str | None = None,
        prefix_list_id: pulumi.Input[str] | None = None,
    ) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-workers-to-{role}",
            security_group_id=workers.id,
            cidr_ipv4=cidr_ipv4,
            prefix_list_id=prefix_list_id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            description="HTTPS out",
            opts=self._child,
        )


def zone(names: list[str], at: int) -> str:
    """The zone at this place in the order of names; ValueError when the Region has fewer."""
    if at >= len(names):
        raise ValueError(f"the network needs {at + 1} zones, the Region has {len(names)}: {', '.join(names)}")
    return sorted(names)[at]
