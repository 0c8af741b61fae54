"""What a request asks for: service, operation and input, found from botocore's models of the services."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

from botocore.loaders import Loader
from botocore.model import ServiceModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from botocore.model import OperationModel, StructureShape

Form = Literal["target", "rest", "query"]
"""How a request names its operation: by ``x-amz-target``, by method and path, or by the field ``Action``."""

CREDENTIAL = re.compile(r"Credential=[^/,]*/[^/,]*/[^/,]*/([^/,]*)/")
LABEL = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The head of a request; ``service`` is the name that its signature is made for, empty for an unsigned one."""

    service: str
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> Request:
        """The request of an ASGI scope."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return cls(
            service=_signed_service(headers, query),
            method=scope["method"],
            path=scope["path"],
            query=query,
            headers=headers,
        )


def _signed_service(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> str:
    found = CREDENTIAL.search(headers.get("authorization", ""))
    if found:
        return found[1]
    presigned = query.get("X-Amz-Credential", [""])[0].split("/")
    return presigned[3] if len(presigned) > 3 else ""


@dataclass(frozen=True, kw_only=True)
class _Route:
    """Method, path and all else that tells a REST operation from the others of its service."""

    operation: OperationModel
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str | None]
    headers: frozenset[str]
    weight: tuple[int, int, bool]
    """Literal segments of the path, other conditions, not deprecated: of the routes that fit, the greatest is meant."""

    def fits(self, request: Request) -> re.Match[str] | None:
        """The labels of the path, when the request has all that the operation needs."""
        if request.method != self.method or not self.headers <= request.headers.keys():
            return None
        for name, value in self.query.items():
            if name not in request.query or (value is not None and request.query[name] != [value]):
                return None
        return self.path.fullmatch(request.path)


class Service:
    """The operations of one service, to recognise its requests by."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model = ServiceModel(_loader().load_service_model(name, "service-2"), name)
        self.protocol = self.model.resolved_protocol
        self.is_rest = self.protocol.startswith("rest-")
        self._target: str | None = self.model.metadata.get("targetPrefix")
        self._operations = {each: self.model.operation_model(each) for each in self.model.operation_names}
        routes = [_route(each) for each in self._operations.values()] if self.is_rest else []
        self._routes = sorted(routes, key=lambda route: route.weight, reverse=True)

    def operation(self, name: str) -> OperationModel | None:
        """The operation's model."""
        return self._operations.get(name)

    @property
    def operations(self) -> Iterable[OperationModel]:
        """The models of all operations."""
        return self._operations.values()

    def form(self, request: Request) -> Form:
        """How this request names its operation."""
        if self.is_rest:
            return "rest"
        return "target" if "x-amz-target" in request.headers else "query"

    def recognise(self, request: Request, body: bytes) -> tuple[OperationModel, Mapping[str, Any]] | None:
        """The operation and its input as far as a rule may ask for it; None for none of this service's."""
        form = self.form(request)
        if form == "rest":
            return self._by_route(request)
        if form == "target":
            prefix, _, name = request.headers["x-amz-target"].rpartition(".")
            operation = self._operations.get(name) if prefix == self._target else None
            return None if operation is None else (operation, _json_object(body))
        fields = {**request.query, **parse_qs(body.decode("latin-1"), keep_blank_values=True)}
        operation = self._operations.get(fields.get("Action", [""])[0])
        return None if operation is None else (operation, {name: values[0] for name, values in fields.items()})

    def _by_route(self, request: Request) -> tuple[OperationModel, Mapping[str, Any]] | None:
        for route in self._routes:
            labels = route.fits(request)
            if labels is not None:
                return route.operation, _rest_input(route.operation, request, labels.groupdict())
        return None


@functools.cache
def service(name: str) -> Service:
    """The service that boto3 calls ``name``; botocore's UnknownServiceError if there is none."""
    return Service(name)


def known_services() -> list[str]:
    """The names of all services."""
    names: list[str] = _loader().list_available_services("service-2")
    return names


def matches(pattern: str, value: Any) -> bool:
    """Whether a value of a request's input fits: a map does by one of its keys, a list by one of its elements."""
    if isinstance(value, dict | list):
        return any(matches(pattern, each) for each in value)
    return fnmatchcase(value if isinstance(value, str) else json.dumps(value), pattern)


def rest_members(operation: OperationModel) -> frozenset[str]:
    """Members of a REST operation's input that are in its head: path, query and headers."""
    shape = operation.input_shape
    located = {} if shape is None else shape.members
    return frozenset(name for name, member in located.items() if _location(member) in {"uri", "querystring", "header"})


@functools.cache
def _loader() -> Loader:
    return Loader()


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body) if body else {}
    except ValueError:
        return {}  # the service will say so itself
    return found if isinstance(found, dict) else {}


def _location(member: Any) -> str | None:
    found: str | None = member.serialization.get("location")
    return found


def _route(operation: OperationModel) -> _Route:
    path, _, literal = operation.http["requestUri"].partition("?")
    query: dict[str, str | None] = {}
    for part in filter(None, literal.split("&")):
        name, equals, value = part.partition("=")
        query[name] = value if equals else None
    headers: set[str] = set()
    shape: StructureShape | None = operation.input_shape
    for required in shape.required_members if shape is not None else ():
        member = shape.members[required]  # type: ignore[union-attr] # no shape requires nothing
        match _location(member):
            case "querystring":
                query[member.serialization["name"]] = None
            case "header":
                headers.add(member.serialization["name"].lower())
    segments = [part for part in path.split("/") if part]
    literals = sum(1 for part in segments if not LABEL.fullmatch(part))
    return _Route(
        operation=operation,
        method=operation.http["method"],
        path=re.compile("/" + "/".join(_segment(part) for part in segments) + "/?", re.DOTALL),
        query=query,
        headers=frozenset(headers),
        weight=(literals, len(query) + len(headers), not operation.deprecated),
    )


def _segment(part: str) -> str:
    """A segment of a path as a pattern: labels take one segment, greedy ones (``{Key+}``) all that follow."""
    pattern, last = "", 0
    for label in LABEL.finditer(part):
        pattern += re.escape(part[last : label.start()])
        pattern += f"(?P<{label[1]}>.+)" if label[2] else f"(?P<{label[1]}>[^/]+)"
        last = label.end()
    return pattern + re.escape(part[last:])


def _rest_input(operation: OperationModel, request: Request, labels: Mapping[str, str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    shape = operation.input_shape
    for name, member in ({} if shape is None else shape.members).items():
        wire = member.serialization.get("name", name)
        match _location(member):
            case "uri" if wire in labels:
                found[name] = labels[wire]
            case "querystring" if wire in request.query:
                found[name] = request.query[wire][0]
            case "header" if wire.lower() in request.headers:
                found[name] = request.headers[wire.lower()]
    return found
