"""Route tables, which subnets use them, and their routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.provider.ec2 import Ec2Resource
from local.provider.resource import Existing, Properties, PutResource, Resource, State, existing

if TYPE_CHECKING:
    from local.provider.context import Context

TARGETS = {"gatewayId": "GatewayId", "natGatewayId": "NatGatewayId"}


class RouteTable(Ec2Resource):
    type = "aws:ec2/routeTable:RouteTable"
    kind = "route-table"
    listed = ("describe_route_tables", "RouteTableIds", "RouteTables")
    told = {"vpcId": "VpcId"}  # noqa: RUF012 - a constant
    takes = frozenset({"vpcId"})
    needs = takes
    replace_on = takes

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("ec2").create_route_table(VpcId=inputs["vpcId"], **self.tags(inputs))
        identity: str = answer["RouteTable"]["RouteTableId"]
        return identity

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ec2").delete_route_table(RouteTableId=it.id)


class RouteTableAssociation(Resource):
    type = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    takes = frozenset({"routeTableId", "subnetId"})
    needs = takes
    replace_on = takes

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("ec2").associate_route_table(
            RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"]
        )
        identity: str = answer["AssociationId"]
        return identity

    def read(self, it: Existing, ctx: Context) -> State | None:
        table = _table(it.inputs["routeTableId"], ctx)
        associations = [] if table is None else table["Associations"]
        found = any(one["RouteTableAssociationId"] == it.id for one in associations)
        return {**it.inputs, "id": it.id} if found else None

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        """Every property replaces it."""

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("ec2").disassociate_route_table(AssociationId=it.id)


class Route(PutResource):
    """A route. Its id is ``table_destination``."""

    type = "aws:ec2/route:Route"
    takes = frozenset({"destinationCidrBlock", "routeTableId", *TARGETS})
    needs = frozenset({"destinationCidrBlock", "routeTableId"})
    replace_on = needs

    def identity(self, inputs: Properties) -> str:
        return f"{inputs['routeTableId']}_{inputs['destinationCidrBlock']}"

    def put(self, inputs: Properties, ctx: Context) -> None:
        ec2 = ctx.client("ec2")
        target = {member: inputs[name] for name, member in TARGETS.items() if inputs.get(name)}
        place = {"RouteTableId": inputs["routeTableId"], "DestinationCidrBlock": inputs["destinationCidrBlock"]}
        known = self._find(inputs["routeTableId"], inputs["destinationCidrBlock"], ctx) is not None
        (ec2.replace_route if known else ec2.create_route)(**place, **target)

    def _find(self, table_id: str, destination: str, ctx: Context) -> dict[str, Any] | None:
        table = _table(table_id, ctx)
        routes = [] if table is None else table["Routes"]
        return next((one for one in routes if one.get("DestinationCidrBlock") == destination), None)

    def read(self, it: Existing, ctx: Context) -> State | None:
        table, _, destination = it.id.partition("_")
        found = self._find(table, destination, ctx)
        if found is None:
            return None
        return {
            **it.inputs,
            "routeTableId": table,
            "destinationCidrBlock": destination,
            "state": found.get("State", ""),
        }

    def delete(self, it: Existing, ctx: Context) -> None:
        table, _, destination = it.id.partition("_")
        ctx.client("ec2").delete_route(RouteTableId=table, DestinationCidrBlock=destination)


def _table(identity: str, ctx: Context) -> dict[str, Any] | None:
    answer = existing(lambda: ctx.client("ec2").describe_route_tables(RouteTableIds=[identity]))
    tables: list[dict[str, Any]] = [] if answer is None else answer["RouteTables"]
    return tables[0] if tables else None
