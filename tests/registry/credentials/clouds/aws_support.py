"""What the tests of AWS's login share."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Callable, Mapping

import httpx

from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.aws import AwsLogin
from imgupdate.registry.sender import Network
from tests.registry.support import NOW, FakeClock
from tests.twins.aws import IDENTITY_HOST, AwsTwin

ACCOUNT = "123456789012"
PRIVATE = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
PUBLIC = "public.ecr.aws"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "a-very-secret-key"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reads-images"

TransportOf = Callable[[Network, httpx.URL, bool], httpx.BaseTransport]


def login(
    variables: Mapping[str, str], clock: FakeClock | None = None, transport_of: TransportOf | None = None
) -> AwsLogin:
    return AwsLogin(CloudEnvironment.of(variables), clock or FakeClock(), transport_of=transport_of)


def job(aws: AwsTwin, variables: Mapping[str, str] | None = None, clock: FakeClock | None = None) -> AwsLogin:
    """The login in a job of GitHub that may take a role with its identity."""
    return login({**aws.job, "AWS_ROLE_ARN": ROLE, **(variables or {})}, clock, everywhere(on_loopback))


def on_loopback(request: httpx.Request) -> httpx.Response:
    """The answer of the server that listens at the port of a URL on this machine, whatever its name."""
    assert request.url.host in ("127.0.0.1", IDENTITY_HOST)
    connection = http.client.HTTPConnection("127.0.0.1", request.url.port, timeout=20)
    try:
        target = request.url.raw_path.decode()
        connection.request(request.method, target, request.read(), dict(request.headers))
        answer = connection.getresponse()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
    finally:
        connection.close()


def everywhere(handler: Callable[[httpx.Request], httpx.Response]) -> TransportOf:
    """Connections on which a function answers for all hosts."""
    return lambda *_: httpx.MockTransport(handler)


def token_answer(password: str = "p", *, public: bool = False) -> httpx.Response:
    entry = {"authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(), "expiresAt": NOW + 43_200}
    return httpx.Response(200, json={"authorizationData": entry if public else [entry]})
