"""An asynchronous client for any AWS service: botocore's models, aiohttp's transport.

Requests are serialised, validated and parsed by botocore; nothing here blocks the event loop but the loading
of a service's model when it is first used.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from aiohttp.payload import Payload
from botocore.parsers import ResponseParserError
from yarl import URL

from local.stepfunctions.integrations.services import Service, load_service
from local.stepfunctions.integrations.signing import Credentials, Signer
from local.stepfunctions.integrations.wire import HttpRequest, decode, encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Mapping

    from aiohttp.abc import AbstractStreamWriter
    from botocore.model import OperationModel

__all__ = ["AwsClient", "AwsError", "AwsSession", "Credentials", "StreamedResponse"]

MAX_ATTEMPTS = 3  # the AWS SDKs' "standard" retry mode
MAX_BACKOFF_SECONDS = 20.0  # the same
CONNECT_TIMEOUT_SECONDS = 5.0
DEFAULT_TIMEOUT_SECONDS = 70.0  # over the 60 s that the longest poll (GetActivityTask) may take
STREAM_IDLE_TIMEOUT_SECONDS = 60.0
MAX_CONNECTIONS = 4096
READ_BUFFER_BYTES = 1 << 20
SEND_PIECE_BYTES = 256 << 10
MAX_FAULT_CHARACTERS = 500
RENEW_BEFORE_EXPIRY_SECONDS = 300.0
ROLE_SESSION_NAME = "StepFunctions"

T = TypeVar("T")

_RETRIED_STATUSES = frozenset({500, 502, 503, 504})
_RETRIED_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


class AwsError(Exception):
    """A call that a service refused (``status`` is HTTP's), or that did not reach it (``status`` 0).

    ``body`` is the parsed error with ``Error`` and ``ResponseMetadata``; it is empty for a transport fault,
    whose ``code`` is ``SdkClientException``.
    """

    def __init__(
        self,
        *,
        service_id: str,
        operation: str,
        code: str,
        message: str,
        status: int,
        body: Mapping[str, Any],
    ) -> None:
        super().__init__(f"{service_id} {operation}: {code}: {message}")
        self.service_id = service_id
        self.operation = operation
        self.code = code
        self.message = message
        self.status = status
        self.body = body

    @property
    def request_id(self) -> str:
        """The service's id of the refused request; empty if it gave none."""
        return self._metadata("RequestId", "x-amzn-requestid", "x-amz-request-id")

    @property
    def host_id(self) -> str:
        """The second id that S3 gives a request; empty for other services."""
        return self._metadata("HostId", "x-amz-id-2") if self.service_id == "S3" else ""

    def _metadata(self, name: str, *headers: str) -> str:
        metadata = self.body.get("ResponseMetadata", {})
        received = metadata.get("HTTPHeaders", {})
        found = [metadata.get(name), *(received.get(header) for header in headers)]
        return next((str(value) for value in found if value), "")

    @property
    def is_transient(self) -> bool:
        """Whether the SDKs would try the call again."""
        return self.status == 0 or self.status in _RETRIED_STATUSES or self.code in _RETRIED_CODES


@dataclass(kw_only=True, slots=True)
class StreamedResponse:
    """The head of a response, and its body still to be read: iterate it once or ``aclose`` it."""

    parsed: dict[str, Any]
    _service_id: str
    _operation: str
    _response: aiohttp.ClientResponse

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._response.content.iter_any():
                yield piece
        except (aiohttp.ClientError, OSError) as error:
            raise _unreached(self._service_id, self._operation, error) from error
        finally:
            self._response.close()

    async def aclose(self) -> None:
        """Give the connection up; what was not read is dropped."""
        self._response.close()


class AwsSession:
    """The engine's connections and credentials; one for the process, closed at its end.

    ``endpoint`` None means each service's public endpoint in ``region``.
    """

    def __init__(self, *, endpoint: str | None, region: str, credentials: Credentials) -> None:
        self.endpoint = endpoint
        self.region = region
        self._credentials = credentials
        self._http: aiohttp.ClientSession | None = None
        self._clients: dict[tuple[str, Credentials], AwsClient] = {}
        self._roles: dict[str, Credentials] = {}
        self._role_locks: dict[str, asyncio.Lock] = {}

    async def close(self) -> None:
        """Close every connection; the session cannot be used afterwards."""
        if self._http is not None:
            await self._http.close()

    def client(self, service: str, credentials: Credentials | None = None) -> AwsClient:
        """The client of a service (``"s3"``) for a principal; the engine's own when none is given."""
        credentials = credentials or self._credentials
        found = self._clients.get((service, credentials))
        if found is None:
            now = time.time()
            self._clients = {key: client for key, client in self._clients.items() if key[1].expires_at > now}
            found = AwsClient(session=self, service=load_service(service), credentials=credentials)
            self._clients[service, credentials] = found
        return found

    async def role_credentials(self, role_arn: str) -> Credentials:
        """Credentials of a role, renewed before they expire; AwsError when it may not be assumed."""
        known = self._roles.get(role_arn)
        if known is None or _is_due(known):
            async with self._role_locks.setdefault(role_arn, asyncio.Lock()):
                known = self._roles.get(role_arn)
                if known is None or _is_due(known):
                    self._roles[role_arn] = known = await self._assume(role_arn)
        return known

    async def _assume(self, role_arn: str) -> Credentials:
        answer = await self.client("sts").call(
            "AssumeRole", {"RoleArn": role_arn, "RoleSessionName": ROLE_SESSION_NAME}
        )
        given = answer["Credentials"]
        return Credentials(
            access_key=given["AccessKeyId"],
            secret_key=given["SecretAccessKey"],
            token=given["SessionToken"],
            expires_at=given["Expiration"].timestamp(),
        )

    async def send(
        self, request: HttpRequest, headers: Mapping[str, str], *, idle_timeout: float | None
    ) -> aiohttp.ClientResponse:
        """One attempt; the response's body is still to be read."""
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept", "Content-Type"),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=READ_BUFFER_BYTES,
            )
        return await self._http.request(
            request.method,
            URL(request.url, encoded=True),
            headers=headers,
            data=_Body(request.body) if request.body else None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS, sock_read=idle_timeout),
        )


class AwsClient:
    """The operations of one service, for one principal."""

    def __init__(self, *, session: AwsSession, service: Service, credentials: Credentials) -> None:
        self._session = session
        self.service = service
        if session.endpoint is None:
            self.endpoint, signing_region = service.host(session.region)
        else:
            self.endpoint, signing_region = session.endpoint, session.region
        self._signer = Signer(credentials, region=signing_region, service=service.signing_name)

    async def call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109  the fault must say how long was waited
        validate: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The parsed answer of an operation (``"PutObject"``), with ``ResponseMetadata``; bodies are bytes.

        Faults of the transport and throttling are tried again. ``timeout`` bounds the whole call in seconds.
        Raises AwsError, and botocore's ParamValidationError for parameters that the model refuses;
        without ``validate`` it is left to the service to refuse them. ``headers`` are sent on top of the operation's.
        """
        attempts = self._attempts(operation, parameters, stream=False, validate=validate, headers=headers)
        _, parsed = await self._within(timeout, attempts, operation)
        return parsed

    async def stream(self, operation: str, parameters: Mapping[str, Any]) -> StreamedResponse:
        """The head of a response whose body is read piece by piece (``"GetObject"`` of any size)."""
        response, parsed = await self._within(
            None, self._attempts(operation, parameters, stream=True, validate=True), operation
        )
        return StreamedResponse(
            parsed=parsed, _service_id=self.service.service_id, _operation=operation, _response=response
        )

    async def _within(self, limit: float | None, work: Coroutine[Any, Any, T], operation: str) -> T:
        limit = DEFAULT_TIMEOUT_SECONDS if limit is None else limit
        try:
            async with asyncio.timeout(limit):
                return await work
        except TimeoutError as error:
            raise _unreached(self.service.service_id, operation, f"no answer within {limit:g} seconds") from error

    async def _attempts(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        stream: bool,
        validate: bool,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[aiohttp.ClientResponse, dict[str, Any]]:
        model = self.service.operation(operation)
        request = encode(
            self.service,
            model,
            parameters,
            endpoint=self.endpoint,
            host_prefix=self._session.endpoint is None,
            validate=validate,
        )
        request.headers.update(headers or {})
        attempt = 1
        while True:
            try:
                return await self._attempt(model, request, stream=stream)
            except AwsError as error:
                if attempt == MAX_ATTEMPTS or not error.is_transient:
                    raise
            # Jitter spreads retries; it is no secret.
            await asyncio.sleep(min(random.random() * 2 ** (attempt - 1), MAX_BACKOFF_SECONDS))  # noqa: S311
            attempt += 1

    async def _attempt(
        self, model: OperationModel, request: HttpRequest, *, stream: bool
    ) -> tuple[aiohttp.ClientResponse, dict[str, Any]]:
        headers = request.headers
        if model.auth_type != "none":
            headers = self._signer.sign(
                method=request.method,
                url=request.url,
                headers=headers,
                body=request.body,
                unsigned_payload=model.auth_type == "v4-unsigned-body",
            )
        try:
            response = await self._session.send(
                request, headers, idle_timeout=STREAM_IDLE_TIMEOUT_SECONDS if stream else None
            )
            if stream and response.status < 300:
                body = b""
            else:
                async with response:
                    body = await response.read()
            status, parsed = decode(self.service, model, status=response.status, headers=response.headers, body=body)
        except (aiohttp.ClientError, OSError, ResponseParserError) as error:
            fault = (str(error) or type(error).__name__)[:MAX_FAULT_CHARACTERS]
            raise _unreached(self.service.service_id, model.name, fault) from error
        if status >= 300:
            refusal = parsed.get("Error", {})
            raise AwsError(
                service_id=self.service.service_id,
                operation=model.name,
                code=str(refusal.get("QueryErrorCode") or refusal.get("Code") or status),
                message=str(refusal.get("Message") or ""),
                status=status,
                body=parsed,
            )
        return response, parsed


class _Body(Payload):
    """A request body that is sent in pieces, so that a large one neither copies nor blocks."""

    _value: bytes

    def __init__(self, value: bytes) -> None:
        super().__init__(value, content_type="application/octet-stream")
        self._size = len(value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        if len(self._value) <= SEND_PIECE_BYTES:
            await writer.write(self._value)
            return
        view = memoryview(self._value)
        for start in range(0, len(view), SEND_PIECE_BYTES):
            await writer.write(view[start : start + SEND_PIECE_BYTES])

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:  # noqa: ARG002  the base's
        """The length is that of the value: it was signed."""
        await self.write(writer)


def _unreached(service_id: str, operation: str, fault: object) -> AwsError:
    return AwsError(
        service_id=service_id,
        operation=operation,
        code="SdkClientException",
        message=f"Unable to execute HTTP request: {fault}",
        status=0,
        body={},
    )


def _is_due(credentials: Credentials) -> bool:
    return credentials.expires_at - time.time() < RENEW_BEFORE_EXPIRY_SECONDS
