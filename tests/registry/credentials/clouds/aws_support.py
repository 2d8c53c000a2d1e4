"""What the tests of AWS's login share."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

import httpx

from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.aws import AwsLogin
from imgupdate.registry.sender import Network
from tests.registry.support import NOW, FakeClock

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


def everywhere(handler: Callable[[httpx.Request], httpx.Response]) -> TransportOf:
    """Connections on which a function answers for all hosts."""
    return lambda *_: httpx.MockTransport(handler)


def token_answer(password: str = "p", *, public: bool = False) -> httpx.Response:
    entry = {"authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(), "expiresAt": NOW + 43_200}
    return httpx.Response(200, json={"authorizationData": entry if public else [entry]})
