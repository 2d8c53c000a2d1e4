"""What imgupdate calls of AWS, and GitHub's identities, on the loopback interface.

ECR private and public (`GetAuthorizationToken`), STS (`AssumeRole`, `AssumeRoleWithWebIdentity`), IAM Identity Center's
portal, the metadata of instances and of containers, and the address at which a runner asks for a job's identity.
Forms of answers: the service descriptions that botocore carries; the metadata services' and GitHub's documentation.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from tests.twins.http import Answer, HttpTwin, RecordedRequest

TARGETS = {
    "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken": "ecr",
    "SpencerFrontendService.GetAuthorizationToken": "ecr-public",
}
IDENTITY_HOST = "identity.example.com"
IDENTITY_PATH = "/identity"
CONTAINER_PATH = "/container-credentials"
_ROLE = "runner-role"
_KEYS = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


class AwsTwin(HttpTwin):
    """One server for all of these services.

    `passwords` numbers the tokens of ECR that were given; `life` is theirs in seconds, counted from `now`. `denials`
    maps an operation to the code and message with which it is refused. `metadata` has the machine be an instance.
    """

    def __init__(
        self,
        *,
        life: float = 43_200.0,
        now: Callable[[], float] = lambda: datetime.now(UTC).timestamp(),
        metadata: bool = False,
        identity: str = "an-identity-of-the-job",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls=tls)
        self.life = life
        self.now = now
        self.metadata = metadata
        self.identity = identity
        self.passwords: list[str] = []
        self.denials: dict[str, tuple[str, str]] = {}

    @property
    def variables(self) -> dict[str, str]:
        """What leads to this server, and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url,
        }

    @property
    def job(self) -> dict[str, str]:
        """The same for a job of GitHub that may ask who it is. The name of that server stands for this one."""
        return {
            **self.variables,
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{IDENTITY_HOST}:{self.port}{IDENTITY_PATH}?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "token-of-the-runner",
        }

    @property
    def operations(self) -> list[str]:
        """What was asked for, by name."""
        return [operation_of(request) for request in self.requests]

    def signed_with(self, operation: str) -> list[tuple[str, str, str]]:
        """Access key, region and service in the signature of each request for an operation."""
        headers = [r.headers.get("authorization", "") for r in self.requests if operation_of(r) == operation]
        return [(match[1], match[2], match[3]) for header in headers if (match := _KEYS.search(header))]

    def form_of(self, operation: str) -> Mapping[str, str]:
        """The parameters of the first request for an operation of STS."""
        request = next(request for request in self.requests if operation_of(request) == operation)
        return {key: values[0] for key, values in parse_qs(request.body.decode()).items()}

    def answer(self, request: RecordedRequest) -> Answer:
        """The right answer to a request."""
        operation = operation_of(request)
        if operation in self.denials:
            return _refusal(request, *self.denials[operation])
        if operation == "GetAuthorizationToken":
            return self._registry_token(TARGETS[request.headers["x-amz-target"]])
        if operation in ("AssumeRole", "AssumeRoleWithWebIdentity"):
            return _assumed(operation)
        if operation == "identity":
            known = request.headers.get("authorization") == "Bearer token-of-the-runner"
            return _json({"value": self.identity}) if known else Answer(status=401)
        if operation in ("container", "sso"):
            return _json(_keys("ASIACONTAINER") if operation == "container" else {"roleCredentials": _portal_keys()})
        return self._instance_metadata(request) if self.metadata else Answer(status=404)

    def _registry_token(self, service: str) -> Answer:
        self.passwords.append(f"password-{len(self.passwords) + 1}-of-{service}")
        token = base64.b64encode(f"AWS:{self.passwords[-1]}".encode()).decode()
        entry = {"authorizationToken": token, "expiresAt": self.now() + self.life}
        return _json({"authorizationData": entry if service == "ecr-public" else [entry]})

    def _instance_metadata(self, request: RecordedRequest) -> Answer:
        root = "/latest/meta-data/iam/security-credentials/"
        answers: dict[tuple[str, str], Answer] = {
            ("PUT", "/latest/api/token"): Answer(status=200, body=b"session-of-metadata"),
            ("GET", root): Answer(status=200, body=_ROLE.encode()),
            ("GET", root + _ROLE): _json(_keys("ASIAINSTANCE")),
        }
        return answers.get((request.method, request.path), Answer(status=404))


def operation_of(request: RecordedRequest) -> str:
    """The name of what a request asks for; its method and path where it has none."""
    target = request.headers.get("x-amz-target", "")
    if target:
        return target.partition(".")[2]
    if request.method == "POST":
        return parse_qs(request.body.decode()).get("Action", [""])[0]
    named = {IDENTITY_PATH: "identity", CONTAINER_PATH: "container", "/federation/credentials": "sso"}
    return named.get(request.path, request.target)


def _expiration() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def _keys(access_key: str) -> dict[str, str]:
    return {
        "AccessKeyId": access_key,
        "SecretAccessKey": f"secret-of-{access_key}",
        "Token": f"session-of-{access_key}",
        "Expiration": _expiration().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _portal_keys() -> dict[str, object]:
    return {
        "accessKeyId": "ASIAPORTAL",
        "secretAccessKey": "secret-of-ASIAPORTAL",
        "sessionToken": "session-of-ASIAPORTAL",
        "expiration": int(_expiration().timestamp() * 1000),
    }


def _assumed(operation: str) -> Answer:
    keys = _keys("ASIAWEB" if operation.endswith("WebIdentity") else "ASIAROLE")
    keys["SessionToken"] = keys.pop("Token")
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in keys.items())
    body = (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>'
        f"<Credentials>{fields}</Credentials></{operation}Result></{operation}Response>"
    )
    return Answer(status=200, headers={"Content-Type": "text/xml"}, body=body.encode())


def _refusal(request: RecordedRequest, code: str, message: str) -> Answer:
    if "x-amz-target" in request.headers:
        return _json({"__type": code, "message": message}, status=400)
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
    return Answer(status=400, headers={"Content-Type": "text/xml"}, body=body.encode())


def _json(content: object, status: int = 200) -> Answer:
    return Answer(status=status, headers={"Content-Type": "application/json"}, body=json.dumps(content).encode())
