"""Signatures, against botocore's own."""

from __future__ import annotations

import datetime as dt

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.stepfunctions.integrations.signing import Credentials, Signer

segments = st.text(alphabet="ab0-_.~%2F", min_size=1, max_size=6).map(lambda text: text.replace("%", "%25"))
queries = st.lists(st.tuples(st.sampled_from(["a", "b", "list-type", "x-id"]), st.sampled_from(["", "1", "%2F", "z"])))
headers = st.dictionaries(
    st.sampled_from(["content-type", "x-amz-target", "x-amz-meta-a", "range"]),
    st.text(alphabet="ab  /;=", min_size=1, max_size=8).filter(str.strip),
)


def botos(service, token, method, url, given_headers, body, at):
    keys = BotoCredentials("AKID", "secret", token)
    kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    request = AWSRequest(method=method, url=url, headers=given_headers, data=body)
    request.context["client_config"] = Config(s3={"payload_signing_enabled": False})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: at)
        kind(keys, service, "eu-west-1").add_auth(request)
    return request.headers["Authorization"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    service=st.sampled_from(["s3", "lambda"]),
    token=st.sampled_from([None, "token"]),
    path=st.lists(segments.filter(lambda segment: segment not in {".", ".."}), max_size=3),
    query=queries,
    given_headers=headers,
    body=st.binary(max_size=20),
)
def test_requests_are_signed_as_botocore_signs_them(service, token, path, query, given_headers, body):
    url = "http://127.0.0.1:4566/" + "/".join(path)
    if query:
        url += "?" + "&".join(f"{name}={value}" for name, value in query)
    keys = Credentials(access_key="AKID", secret_key="secret", token=token, expires_at=float("inf"))
    signed = Signer(keys, region="eu-west-1", service=service).sign(
        method="POST", url=url, headers=given_headers, body=body
    )
    at = dt.datetime.strptime(signed["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    assert signed["authorization"] == botos(service, token, "POST", url, given_headers, body, at)


def test_the_signing_key_follows_the_day(monkeypatch):
    keys = Credentials(access_key="AKID", secret_key="secret", token=None, expires_at=float("inf"))
    signer = Signer(keys, region="eu-west-1", service="lambda")
    url = "http://127.0.0.1/"
    for day in (1, 2):
        at = dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC)
        monkeypatch.setattr("time.gmtime", at.timetuple)
        signed = signer.sign(method="GET", url=url, headers={}, body=b"")
        assert signed["authorization"] == botos("lambda", None, "GET", url, {}, b"", at)
