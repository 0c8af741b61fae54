"""What botocore's models say about a service: operations, wire format, host and signing name."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel
from botocore.parsers import create_parser
from botocore.regions import EndpointResolver
from botocore.serialize import create_serializer
from botocore.utils import CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.parsers import ResponseParser
    from botocore.validate import ParamValidationDecorator

_JAVA_WORD_BREAKS = (
    (re.compile(r"[^A-Za-z0-9]+"), " "),
    (re.compile(r"([^a-z]{2,})v([0-9]+)"), r"\1 v\2 "),
    (re.compile(r"([^A-Z]{2,})V([0-9]+)"), r"\1 V\2 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])"), " "),
    (re.compile(r"([A-Z]+)([A-Z][a-z])"), r"\1 \2"),
    (re.compile(r"([0-9])([a-zA-Z])"), r"\1 \2"),
)


class UnknownOperationError(ValueError):
    """The service has no such operation."""


class Service:
    """One service of botocore's models, loaded once and shared by every client of the process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model = ServiceModel(_loader().load_service_model(name, "service-2"), name)
        self.service_id = str(self.model.service_id)
        self.sdk_name = java_pascal_case(self.service_id)
        self.signing_name: str = self.model.signing_name
        protocol = self.model.resolved_protocol
        self.serializer: ParamValidationDecorator = create_serializer(protocol)
        self.lenient_serializer = create_serializer(protocol, include_validation=False)
        self.parser: ResponseParser = create_parser(protocol)
        self._operations: dict[str, OperationModel] = {}

    def operation(self, name: str) -> OperationModel:
        """The model of an operation named in PascalCase; UnknownOperationError when the service has none."""
        found = self._operations.get(name)
        if found is None:
            try:
                found = self.model.operation_model(name)
            except OperationNotFoundError as error:
                raise UnknownOperationError(f"{self.service_id} has no operation {name}") from error
            self._operations[name] = found
        return found

    def host(self, region: str) -> tuple[str, str]:
        """The public endpoint of the service in a Region, and the Region that its requests are signed for."""
        found: Mapping[str, Any] | None = _resolver().construct_endpoint(self.model.endpoint_prefix, region)
        if found is None:
            return f"https://{self.model.endpoint_prefix}.{region}.amazonaws.com", region
        scope = found.get("credentialScope", {})
        return f"https://{found['hostname']}", scope.get("region", region)


@functools.cache
def load_service(name: str) -> Service:
    """The service that botocore calls ``name`` (``"s3"``, ``"stepfunctions"``); botocore's error if not."""
    return Service(name)


def find_service(sdk_name: str) -> Service | None:
    """The service that the ARN ``aws-sdk:<sdk_name>:...`` means; None if botocore knows none.

    Step Functions uses the lower-case client names of the AWS SDK for Java: ``sfn``, ``cloudwatchlogs``.
    """
    name = _names_by_sdk_name().get(sdk_name)
    try:
        return None if name is None else load_service(name)
    except UnknownServiceError:
        return None


def java_pascal_case(name: str) -> str:
    """A service id or member name as the AWS SDK for Java spells it: ``DynamoDB`` -> ``DynamoDb``."""
    for pattern, replacement in _JAVA_WORD_BREAKS:
        name = pattern.sub(replacement, name)
    return "".join(word[:1].upper() + word[1:].lower() for word in name.split())


@functools.cache
def _loader() -> Loader:
    return Loader()


@functools.cache
def _resolver() -> EndpointResolver:
    return EndpointResolver(_loader().load_data("endpoints"))


@functools.cache
def _names_by_sdk_name() -> dict[str, str]:
    names = {}
    for name in _loader().list_available_services("service-2"):
        service_id = CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES.get(name, name)
        names[service_id.replace("-", "")] = name
    return names
