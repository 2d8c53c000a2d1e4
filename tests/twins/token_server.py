"""A token server as docker-registry wants one: it signs what it grants, and the registry checks the signature."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from tests.twins.certificates import Authority
from tests.twins.http import Answer, HttpTwin, RecordedRequest

ISSUER = "a token server of a test"
SERVICE = "registry of a test"
NOW = 1_700_000_000
LIFE = 4_000_000_000
"""How long tokens hold, in seconds: longer than the tests will be run."""


class TokenServerTwin(HttpTwin):
    """Gives tokens for pulling to one user, under `/token`; `authority` vouches for its signature."""

    def __init__(self, username: str, password: str) -> None:
        super().__init__()
        self.authority = Authority("the authority of a token server")
        pair = self.authority.server("tokens")
        key = serialization.load_pem_private_key(pair.key, None)
        assert isinstance(key, EllipticCurvePrivateKey)
        self._key = key
        certificate = x509.load_pem_x509_certificate(pair.certificate)
        self._chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]
        self._expected = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    @property
    def realm(self) -> str:
        """Where tokens are to be had."""
        return f"{self.url}/token"

    def token(self, repository: str, actions: Sequence[str]) -> str:
        """A token that opens a repository for some actions."""
        claims = {
            "iss": ISSUER,
            "sub": "",
            "aud": SERVICE,
            "nbf": NOW,
            "iat": NOW,
            "exp": NOW + LIFE,
            "jti": "1",
            "access": [{"type": "repository", "name": repository, "actions": list(actions)}],
        }
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"x5c": self._chain})

    def answer(self, request: RecordedRequest) -> Answer:
        """A token for the scope that is asked for, or none."""
        if request.path != "/token" or request.method != "GET":
            return Answer(status=404)
        if request.headers.get("authorization") != self._expected:
            return Answer(status=401, body=b'{"errors": [{"code": "UNAUTHORIZED", "message": "who are you?"}]}')
        kind, repository, actions = request.query["scope"][0].split(":")
        assert kind == "repository"
        granted = self.token(repository, [action for action in actions.split(",") if action == "pull"])
        body = json.dumps({"token": granted, "expires_in": 300}).encode()
        return Answer(status=200, headers={"Content-Type": "application/json"}, body=body)
