"""What the resources of a network have in common, and those that carry traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from local.provider.resource import Existing, Properties, Resource, State, existing, only, retag, tag_list

if TYPE_CHECKING:
    from local.provider.context import Context


class Ec2Resource(Resource):
    """A type of EC2 that AWS lists by ids. ``kind`` is its name in ARNs and tags."""

    kind: ClassVar[str]
    listed: ClassVar[tuple[str, str, str]]
    """The operation that lists it, the parameter for ids and the member of the answer."""
    told: ClassVar[dict[str, str]]
    """The member of an answer by property."""
    tagged = True

    def find(self, identity: str, ctx: Context) -> dict[str, Any] | None:
        """What AWS tells of it; None when it is gone."""
        operation, parameter, member = self.listed
        answer = existing(lambda: getattr(ctx.client("ec2"), operation)(**{parameter: [identity]}))
        found: list[dict[str, Any]] = [] if answer is None else answer[member]
        return found[0] if found else None

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = self.find(it.id, ctx)
        if found is None:
            return None
        told = {name: found[member] for name, member in self.told.items() if found.get(member) is not None}
        arn = f"arn:aws:ec2:{ctx.region}:{ctx.account}:{self.kind}/{it.id}"
        return {**it.inputs, **told, "arn": arn, "id": it.id}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        ec2 = ctx.client("ec2")
        retag(
            it.inputs,
            new,
            tag=lambda tags: ec2.create_tags(Resources=[it.id], Tags=tag_list(tags)),
            untag=lambda keys: ec2.delete_tags(Resources=[it.id], Tags=[{"Key": key} for key in keys]),
        )

    def tags(self, inputs: Properties) -> dict[str, Any]:
        """The tags of a request that makes it."""
        tags = tag_list(inputs["tagsAll"])
        return {"TagSpecifications": [{"ResourceType": self.kind, "Tags": tags}]} if tags else {}


class Vpc(Ec2Resource):
    type = "aws:ec2/vpc:Vpc"
    kind = "vpc"
    listed = ("describe_vpcs", "VpcIds", "Vpcs")
    told = {"cidrBlock": "CidrBlock", "ownerId": "OwnerId"}  # noqa: RUF012 - a constant
    takes = frozenset({"cidrBlock", "enableDnsHostnames", "enableDnsSupport"})
    needs = frozenset({"cidrBlock"})
    replace_on = frozenset({"cidrBlock"})

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("ec2").create_vpc(CidrBlock=inputs["cidrBlock"], **self.tags(inputs))
        identity: str = answer["Vpc"]["VpcId"]
        self._name_hosts(identity, inputs, ctx)
        return identity

    def _name_hosts(self, identity: str, inputs: Properties, ctx: Context) -> None:
        defaults = {"enableDnsSupport": True, "enableDnsHostnames": False}
        for name, default in defaults.items():
            value = inputs.get(name, default)
            ctx.client("ec2").modify_vpc_attribute(
                VpcId=identity, **{name[0].upper() + name[1:]: {"Value": default if value is None else value}}
            )

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        self._name_hosts(it.id, new, ctx)
        super().update(it, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ec2").delete_vpc(VpcId=it.id)


class Subnet(Ec2Resource):
    type = "aws:ec2/subnet:Subnet"
    kind = "subnet"
    listed = ("describe_subnets", "SubnetIds", "Subnets")
    told = {"cidrBlock": "CidrBlock", "vpcId": "VpcId", "availabilityZone": "AvailabilityZone"}  # noqa: RUF012
    takes = frozenset({"availabilityZone", "cidrBlock", "mapPublicIpOnLaunch", "vpcId"})
    needs = frozenset({"cidrBlock", "vpcId"})
    replace_on = frozenset({"availabilityZone", "cidrBlock", "vpcId"})

    def create(self, inputs: Properties, ctx: Context) -> str:
        zone = {"AvailabilityZone": inputs["availabilityZone"]} if inputs.get("availabilityZone") else {}
        answer = ctx.client("ec2").create_subnet(
            VpcId=inputs["vpcId"], CidrBlock=inputs["cidrBlock"], **zone, **self.tags(inputs)
        )
        identity: str = answer["Subnet"]["SubnetId"]
        self._address(identity, inputs, ctx)
        return identity

    def _address(self, identity: str, inputs: Properties, ctx: Context) -> None:
        given = bool(inputs.get("mapPublicIpOnLaunch"))
        ctx.client("ec2").modify_subnet_attribute(SubnetId=identity, MapPublicIpOnLaunch={"Value": given})

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        self._address(it.id, new, ctx)
        super().update(it, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ec2").delete_subnet(SubnetId=it.id)


class InternetGateway(Ec2Resource):
    type = "aws:ec2/internetGateway:InternetGateway"
    kind = "internet-gateway"
    listed = ("describe_internet_gateways", "InternetGatewayIds", "InternetGateways")
    told = {}  # noqa: RUF012 - a constant
    takes = frozenset({"vpcId"})
    replace_on = takes

    def create(self, inputs: Properties, ctx: Context) -> str:
        ec2 = ctx.client("ec2")
        identity: str = ec2.create_internet_gateway(**self.tags(inputs))["InternetGateway"]["InternetGatewayId"]
        if inputs.get("vpcId"):
            ec2.attach_internet_gateway(InternetGatewayId=identity, VpcId=inputs["vpcId"])
        return identity

    def delete(self, it: Existing, ctx: Context) -> None:
        ec2 = ctx.client("ec2")
        if it.inputs.get("vpcId") and self.find(it.id, ctx) is not None:
            ec2.detach_internet_gateway(InternetGatewayId=it.id, VpcId=it.inputs["vpcId"])
        ec2.delete_internet_gateway(InternetGatewayId=it.id)


class Eip(Ec2Resource):
    """An address. Its id is that of its allocation."""

    type = "aws:ec2/eip:Eip"
    kind = "elastic-ip"
    listed = ("describe_addresses", "AllocationIds", "Addresses")
    told = {"allocationId": "AllocationId", "publicIp": "PublicIp"}  # noqa: RUF012 - a constant
    takes = frozenset({"domain"})
    replace_on = takes

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("ec2").allocate_address(Domain=inputs.get("domain") or "vpc", **self.tags(inputs))
        identity: str = answer["AllocationId"]
        return identity

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ec2").release_address(AllocationId=it.id)


class NatGateway(Ec2Resource):
    type = "aws:ec2/natGateway:NatGateway"
    kind = "natgateway"
    listed = ("describe_nat_gateways", "NatGatewayIds", "NatGateways")
    told = {"subnetId": "SubnetId", "connectivityType": "ConnectivityType"}  # noqa: RUF012 - a constant
    takes = frozenset({"allocationId", "connectivityType", "subnetId"})
    needs = frozenset({"subnetId"})
    replace_on = takes

    def create(self, inputs: Properties, ctx: Context) -> str:
        members = {"allocationId": "AllocationId", "connectivityType": "ConnectivityType", "subnetId": "SubnetId"}
        given = {members[name]: value for name, value in only(inputs, *members).items()}
        identity: str = ctx.client("ec2").create_nat_gateway(**given, **self.tags(inputs))["NatGateway"]["NatGatewayId"]
        return identity

    def find(self, identity: str, ctx: Context) -> dict[str, Any] | None:
        found = super().find(identity, ctx)
        return None if found is None or found["State"] in ("deleting", "deleted") else found

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ec2").delete_nat_gateway(NatGatewayId=it.id)
