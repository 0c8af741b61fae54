"""What the Pulumi SDK registers each resource with: it makes the resource at once.

Pulumi calls the engine's service of that name over gRPC; here the SDK calls this object in its place.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pulumi.runtime.proto import engine_pb2, resource_pb2

from local.changes import Changes, Wanted
from local.environment import REGION
from local.provider.failures import (
    InvalidPropertyError,
    ProviderError,
    UnsupportedPropertyError,
    UnsupportedResourceError,
)
from local.provider.lookups import look_up
from local.provider.table import RESOURCES
from local.provider.values import decode, encode
from local.record import Entry

if TYPE_CHECKING:
    from pathlib import Path

    from local.provider.context import Context

Outputs: TypeAlias = dict[str, Any]

STACK = "pulumi:pulumi:Stack"
PROVIDER = "pulumi:providers:aws"
PROVIDER_TAKES = frozenset(
    {"region", "defaultTags", "version", "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation"}
)

log = logging.getLogger("distmap.deploy")


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """What the Pulumi SDK calls for each resource. Its methods run in worker threads; their names are
    Pulumi's.
    """

    stack: str
    project: str
    root: Path
    changes: Changes
    outputs: Outputs = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)

    def RegisterResource(  # noqa: N802
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        urn = self._urn(request)
        if request.type == STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if not request.custom:
            self._component(request, urn)
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if request.type.startswith("pulumi:providers:"):
            return self._provider(request, urn)
        return self._resource(request, urn)

    def _component(self, request: resource_pb2.RegisterResourceRequest, urn: str) -> None:
        if request.remote:
            raise self._failure(UnsupportedResourceError(request.type, RESOURCES))
        self.changes.expect(urn, request.name)
        self.changes.record.put(Entry(urn=urn, type=request.type, name=request.name, id=None, parent=request.parent))

    def _provider(
        self, request: resource_pb2.RegisterResourceRequest, urn: str
    ) -> resource_pb2.RegisterResourceResponse:
        """An explicit AWS provider: its default tags count, the rest of it must be what localhost has."""
        if request.type != PROVIDER:
            raise self._failure(UnsupportedResourceError(request.type, [PROVIDER]))
        given = decode(request.object, self.root)
        for name in given:
            if name not in PROVIDER_TAKES:
                raise self._failure(UnsupportedPropertyError(f"{request.name}.{name}", PROVIDER_TAKES))
        if given.get("region", REGION) != REGION:
            raise self._failure(InvalidPropertyError(f"provider {request.name}: localhost has region {REGION} alone"))
        identity = str(uuid.uuid4())
        tags = json.loads(given["defaultTags"]).get("tags", {}) if "defaultTags" in given else {}
        self.contexts[f"{urn}::{identity}"] = self.changes.ctx.with_tags(tags)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=request.object)

    def _resource(
        self, request: resource_pb2.RegisterResourceRequest, urn: str
    ) -> resource_pb2.RegisterResourceResponse:
        try:
            made = self.changes.apply(self._wanted(request, urn), self._context_of(request.provider))
        except ProviderError as error:
            raise self._failure(error) from error
        return resource_pb2.RegisterResourceResponse(urn=urn, id=made.id, object=encode(request.object, made.outputs))

    def _wanted(self, request: resource_pb2.RegisterResourceRequest, urn: str) -> Wanted:
        if request.importId:
            raise UnsupportedPropertyError(f"{request.name}.import", ["protect", "retain_on_delete"])
        nested = [path for path in request.ignoreChanges if not path.isidentifier()]
        if nested:
            raise InvalidPropertyError(f"{request.name}: ignore_changes takes whole properties, got {nested[0]}")
        depended = {urn for found in request.propertyDependencies.values() for urn in found.urns}
        return Wanted(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            inputs=decode(request.object, self.root),
            dependencies=tuple(sorted({*request.dependencies, *depended})),
            ignore_changes=frozenset(request.ignoreChanges),
            protect=request.protect,
            retain=request.retainOnDelete,
            delete_first=request.deleteBeforeReplace,
        )

    def ReadResource(  # noqa: N802
        self, request: resource_pb2.ReadResourceRequest
    ) -> resource_pb2.ReadResourceResponse:
        raise self._failure(ProviderError(f"{request.name}: reading existing resources is not supported on localhost"))

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> Any:  # noqa: N802
        given = decode(request.args, self.root)
        try:
            answer = look_up(request.tok, given, self._context_of(request.provider))
        except ProviderError as error:
            raise self._failure(error) from error
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").update(answer)
        return response

    def RegisterResourceOutputs(  # noqa: N802
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> None:
        outputs = decode(request.outputs, self.root)
        entry = self.changes.record.find(request.urn)
        if entry is not None:
            self.changes.record.put(replace(entry, outputs=outputs))
        elif f"::{STACK}::" in request.urn:
            self.outputs.update(outputs)

    def GetDeploymentInfo(self, _request: object) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """No feature: so secrets and references to resources come as the plain values that are made from
        them.
        """
        return resource_pb2.DeploymentInfo()

    def SignalAndWaitForShutdown(self, _request: object) -> None:  # noqa: N802
        """Nothing here outlives the program."""

    def _failure(self, error: ProviderError) -> ProviderError:
        self.changes.fail(error)
        return error

    def _urn(self, request: resource_pb2.RegisterResourceRequest) -> str:
        type_ = request.type
        if request.parent:
            parent_type = request.parent.split("::")[2]
            type_ = type_ if parent_type == STACK else f"{parent_type}${type_}"
        return f"urn:pulumi:{self.stack}::{self.project}::{type_}::{request.name}"

    def _context_of(self, provider: str) -> Context:
        return self.contexts.get(provider, self.changes.ctx)


class Log:
    """Where the SDK and the program write messages: Pulumi's engine service, as far as it is used."""

    levels = {  # noqa: RUF012 - a constant
        engine_pb2.DEBUG: logging.DEBUG,
        engine_pb2.INFO: logging.INFO,
        engine_pb2.WARNING: logging.WARNING,
        engine_pb2.ERROR: logging.ERROR,
    }

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802
        log.log(self.levels[request.severity], "%s", request.message)
