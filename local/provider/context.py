"""Where resources are made: the endpoint, its account, and the clients that reach it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config

from local.environment import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTIONS = 32


@dataclass(frozen=True, kw_only=True)
class Context:
    """One account and Region on one endpoint. Clients are made on first use and shared between threads."""

    endpoint: str
    region: str = REGION
    account: str = ACCOUNT
    default_tags: Mapping[str, str] = field(default_factory=dict)
    _session: botocore.session.Session = field(default_factory=botocore.session.Session, repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def client(self, service: str) -> Any:
        """The botocore client of a service, as the root user of the local account."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoint,
                    aws_access_key_id=ACCESS_KEY,
                    aws_secret_access_key=SECRET_KEY,
                    config=Config(
                        max_pool_connections=CONNECTIONS,
                        retries={"max_attempts": 2, "mode": "standard"},
                        request_checksum_calculation="when_required",
                    ),
                )
            return self._clients[service]

    def with_tags(self, default_tags: Mapping[str, str]) -> Context:
        """The same place, with tags that every resource made there bears; the clients are shared."""
        return Context(
            endpoint=self.endpoint,
            region=self.region,
            account=self.account,
            default_tags=default_tags,
            _session=self._session,
            _clients=self._clients,
            _lock=self._lock,
        )

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()
