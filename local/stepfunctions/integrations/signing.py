"""AWS Signature Version 4, with the day's signing key kept."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
_EMPTY_DIGEST = sha256(b"").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Keys of a principal; ``expires_at`` is in epoch seconds (infinity for keys that last)."""

    access_key: str
    secret_key: str
    token: str | None
    expires_at: float


class Signer:
    """Signs the requests of one service, Region and principal."""

    def __init__(self, credentials: Credentials, *, region: str, service: str) -> None:
        self._credentials = credentials
        self._region = region
        self._service = service
        self._is_s3 = service == "s3"
        self._day = ""
        self._key = b""

    def sign(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        unsigned_payload: bool = False,
    ) -> dict[str, str]:
        """The given headers (names in lower case) with date, token and authorization added.

        S3 bodies are never hashed: that would cost a second of processor time for half a gigabyte.
        """
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        parts = urlsplit(url)
        signed = dict(headers)
        signed["host"] = parts.netloc
        signed["x-amz-date"] = now
        if self._credentials.token is not None:
            signed["x-amz-security-token"] = self._credentials.token
        if self._is_s3 or unsigned_payload:
            digest = UNSIGNED_PAYLOAD
            signed["x-amz-content-sha256"] = digest
        else:
            digest = sha256(body).hexdigest() if body else _EMPTY_DIGEST
        names = sorted(signed)
        listed = ";".join(names)
        path = parts.path or "/"
        canonical = "\n".join(
            [
                method,
                path if self._is_s3 else quote(path, safe="/~"),
                "&".join(sorted(_with_equals(pair) for pair in parts.query.split("&"))) if parts.query else "",
                *[f"{name}:{' '.join(signed[name].split())}" for name in names],
                "",
                listed,
                digest,
            ]
        )
        scope = f"{now[:8]}/{self._region}/{self._service}/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._signing_key(now[:8]), to_sign.encode(), "sha256").hex()
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._credentials.access_key}/{scope}, "
            f"SignedHeaders={listed}, Signature={signature}"
        )
        return signed

    def _signing_key(self, day: str) -> bytes:
        if day != self._day:
            key = f"AWS4{self._credentials.secret_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day, self._key = day, key
        return self._key


def _with_equals(pair: str) -> str:
    return pair if "=" in pair else f"{pair}="
