"""The servers by which jobs log in to clouds, each under its own name, on one port of the loopback interface.

A login is given `Detour.transport_of`, so that it asks for the real names and reaches the twin; what a real connection
would need, such as https, is asked of it all the same. The twins check what they are shown, as the real ones do.
"""

from __future__ import annotations

import base64
import json
import ssl
import time
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import httpx

from imgupdate.registry import Limits
from imgupdate.registry.clock import SystemClock
from imgupdate.registry.sender import Network
from imgupdate.registry.transport import Wire
from tests.twins.http import Answer, HttpTwin, RecordedRequest

GITHUB = "pipelines.actions.githubusercontent.com"
GITHUB_VARIABLES = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{GITHUB}/abc/idtoken?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token-of-job",
}
METADATA = "169.254.169.254"


class Detour:
    """The internet, in which every name leads to one twin, or to that of its name in `others`."""

    def __init__(self, twin: HttpTwin, others: Mapping[str, HttpTwin] | None = None) -> None:
        self._twin = twin
        self._others = others or {}
        self.asked: list[str] = []

    def transport_of(self, network: Network, url: httpx.URL, public_only: bool) -> httpx.BaseTransport:
        """The way to the twin for a URL; as `imgupdate.registry.sender.TransportOf`."""
        twin = self._others.get(url.host, self._twin)
        self.asked.append(f"{url.scheme}://{url.host}{url.path}")
        return _ToTwin(twin)


class _ToTwin(httpx.BaseTransport):
    def __init__(self, twin: HttpTwin) -> None:
        self._port = twin.port
        self._clock = SystemClock()
        self._wire = Wire(clock=self._clock, limits=Limits(), tls=None)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        # The bounds are instants of the clock of the code under test, which may not be that of the machine.
        request.extensions = {"timeout": Wire.timeouts(self._clock, self._clock.monotonic() + 20.0)}
        response = self._wire.handle_request(request)
        content = b"".join(response.stream)  # type: ignore[arg-type]
        response.close()
        self._wire.close()
        return httpx.Response(response.status_code, headers=response.headers.raw, stream=httpx.ByteStream(content))


def answer_json(status: int, body: object, **headers: str) -> Answer:
    """An answer in JSON."""
    return Answer(
        status=status, headers={"Content-Type": "application/json", **headers}, body=json.dumps(body).encode()
    )


def form_of(request: RecordedRequest) -> dict[str, str]:
    """The form that a request carries."""
    return dict(parse_qsl(request.body.decode()))


def make_jwt(**claims: object) -> str:
    """A token that says of itself when it ends; nobody checks its signature."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "signature"])


class CloudTwin(HttpTwin):
    """GitHub's statements of who a job is, and the servers of one cloud."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.may_ask = True

    def answer(self, request: RecordedRequest) -> Answer:
        """What the server of the name answers that was asked for."""
        host = request.headers["host"]
        if host != GITHUB:
            return self.cloud(host, request)
        if not self.may_ask or request.headers.get("authorization") != "Bearer request-token-of-job":
            return answer_json(403, {"message": "the job has no permission"})
        assert request.query["api-version"] == ("2.0",)
        return answer_json(200, {"value": self.statement(request.query["audience"][0])})

    @staticmethod
    def statement(audience: str) -> str:
        """GitHub's word for who the job is."""
        return make_jwt(iss="https://token.actions.githubusercontent.com", aud=audience)

    @abstractmethod
    def cloud(self, host: str, request: RecordedRequest) -> Answer:
        """What a server of the cloud answers."""


class GoogleTwin(CloudTwin):
    """Google's STS, IAM credentials, OAuth 2.0 tokens and metadata.

    `life` is how long tokens live; `on_machine` whether there is a metadata server.
    """

    PROVIDER = "projects/123/locations/global/workloadIdentityPools/github/providers/actions"
    ACCOUNT = "reader@project.iam.gserviceaccount.com"

    def __init__(self, *, life: int = 3600, on_machine: bool = False, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.life = life
        self.on_machine = on_machine
        self.issued = 0
        self.subjects: set[str] = set()

    def trust_github(self) -> None:
        """Have the provider take GitHub's word."""
        self.subjects.add(self.statement(f"https://iam.googleapis.com/{self.PROVIDER}"))

    def _token(self, kind: str) -> str:
        self.issued += 1
        return f"ya29.{kind}-{self.issued}"

    def cloud(self, host: str, request: RecordedRequest) -> Answer:
        """What the server of the name answers."""
        match host:
            case "sts.googleapis.com" | "sts.s3nsapis.fr" if request.target == "POST /v1/token":
                return self._sts(form_of(request))
            case "iamcredentials.googleapis.com":
                return self._iam(request)
            case "oauth2.googleapis.com" if request.target == "POST /token":
                return self._oauth(form_of(request))
            case "169.254.169.254" if self.on_machine:
                return self._metadata(request)
        return answer_json(404, {"error": "not_found"})

    def _sts(self, form: Mapping[str, str]) -> Answer:
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
        assert form["requested_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
        if form["audience"] != f"//iam.googleapis.com/{self.PROVIDER}":
            return answer_json(400, {"error": "invalid_target", "error_description": "The target service is invalid."})
        if form["subject_token"] not in self.subjects:
            said = f"The audience in ID Token {form['subject_token']} does not match."
            return answer_json(400, {"error": "invalid_grant", "error_description": said})
        return answer_json(200, {"access_token": self._token("federated"), "expires_in": self.life})

    def _iam(self, request: RecordedRequest) -> Answer:
        if request.path != f"/v1/projects/-/serviceAccounts/{self.ACCOUNT}:generateAccessToken":
            denied = {"error": {"code": 403, "message": "Permission 'iam.serviceAccounts.getAccessToken' denied"}}
            return answer_json(403, denied)
        assert request.headers["authorization"].startswith("Bearer ya29.federated-")
        assert json.loads(request.body)["scope"] == ["https://www.googleapis.com/auth/cloud-platform"]
        ends = datetime.now(UTC) + timedelta(seconds=self.life)
        return answer_json(
            200, {"accessToken": self._token("account"), "expireTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
        )

    def _oauth(self, form: Mapping[str, str]) -> Answer:
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != "refresh-of-person" or form["client_secret"] != "secret-of-gcloud":
                return answer_json(400, {"error": "invalid_grant", "error_description": "Bad Request"})
            return answer_json(200, {"access_token": self._token("person"), "expires_in": self.life})
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        if form["assertion"].count(".") != 2:
            return answer_json(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        return answer_json(200, {"access_token": self._token("key"), "expires_in": self.life})

    def _metadata(self, request: RecordedRequest) -> Answer:
        assert request.headers["metadata-flavor"] == "Google"
        assert request.path == "/computeMetadata/v1/instance/service-accounts/default/token"
        body = {"access_token": self._token("machine"), "expires_in": self.life, "token_type": "Bearer"}
        return answer_json(200, body, **{"Metadata-Flavor": "Google"})


class AzureTwin(CloudTwin):
    """Microsoft Entra, the metadata of virtual machines, and one registry with the tags 1.0.0 and 1.1.0.

    `life` is how long tokens of the registry live; `knows_registries` whether the tenant knows their audience;
    `reader` whether the identity may pull.
    """

    TENANT = "11111111-1111-1111-1111-111111111111"
    CLIENT = "22222222-2222-2222-2222-222222222222"
    SECRET = "secret-of-application"

    def __init__(self, *, life: int = 10_800, on_machine: bool = False) -> None:
        super().__init__()
        self.life = life
        self.on_machine = on_machine
        self.knows_registries = True
        self.reader = True
        self.assertions: set[str] = set()
        self.entra_tokens: set[str] = set()
        self.registry_tokens: set[str] = set()
        self.issued = 0

    def trust_github(self, audience: str = "api://AzureADTokenExchange") -> None:
        """Have the application take GitHub's word."""
        self.assertions.add(self.statement(audience))

    def _entra_token(self) -> str:
        self.issued += 1
        token = f"entra-{self.issued}"
        self.entra_tokens.add(token)
        return token

    def cloud(self, host: str, request: RecordedRequest) -> Answer:
        """What the server of the name answers."""
        if host.startswith("login."):
            return self._entra(host, request)
        if host.rpartition(".")[0].endswith(".azurecr"):
            return self._registry(host, request)
        if host == METADATA and self.on_machine:
            assert request.headers["metadata"] == "true"
            assert request.query["api-version"] == ("2018-02-01",)
            assert request.query["resource"] == ("https://containerregistry.azure.net",)
            ends = str(int(time.time()) + 3600)
            return answer_json(200, {"access_token": self._entra_token(), "expires_on": ends})
        return answer_json(400, {"error": "invalid_request", "error_description": "Identity not found"})

    def _entra(self, host: str, request: RecordedRequest) -> Answer:
        tenant = f"https://{host}/{self.TENANT}"
        if request.target == f"GET /{self.TENANT}/v2.0/.well-known/openid-configuration":
            places = {
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                "issuer": f"{tenant}/v2.0",
            }
            return answer_json(200, places)
        if request.target != f"POST /{self.TENANT}/oauth2/v2.0/token":
            return _refused("invalid_tenant", "AADSTS90002: Tenant not found.")
        return self._judge(form_of(request)) or answer_json(
            200, {"token_type": "Bearer", "expires_in": 3600, "access_token": self._entra_token()}
        )

    def _judge(self, form: Mapping[str, str]) -> Answer | None:
        assert form["grant_type"] == "client_credentials"
        if form["client_id"] != self.CLIENT:
            return _refused("unauthorized_client", "AADSTS700016: Application not found in the directory.")
        if "client_secret" in form and form["client_secret"] != self.SECRET:
            said = (
                f"AADSTS7000215: Invalid client secret {form['client_secret']} provided. Trace ID: 1 Correlation ID: 2"
            )
            return _refused("invalid_client", said)
        if "client_assertion" in form and form["client_assertion"] not in self.assertions and not self._signed(form):
            return _refused("invalid_client", "AADSTS700213: No matching federated identity record found.")
        if "containerregistry" in form["scope"] and not self.knows_registries:
            return _refused("invalid_resource", "AADSTS500011: The resource principal was not found.")
        return None

    @staticmethod
    def _signed(form: Mapping[str, str]) -> bool:
        head = form["client_assertion"].split(".")[0]
        told = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        return bool({"x5t", "x5t#S256"} & set(told)) and "x5c" in told

    def _registry(self, host: str, request: RecordedRequest) -> Answer:
        form = form_of(request) if request.method == "POST" else {}
        if request.target == "POST /oauth2/exchange":
            assert form["grant_type"] == "access_token"
            assert form["service"] == host
            if not self.reader or form["access_token"] not in self.entra_tokens:
                return answer_json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
            now = int(time.time())
            token = make_jwt(iat=now, exp=now + self.life, jti=str(len(self.registry_tokens)))
            self.registry_tokens.add(token)
            return answer_json(200, {"refresh_token": token})
        if request.target == "GET /oauth2/token":
            user, _, password = base64.b64decode(request.headers.get("authorization", "")[6:]).decode().partition(":")
            if user != "00000000-0000-0000-0000-000000000000" or password not in self.registry_tokens:
                return answer_json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
            assert request.query["service"] == (host,)
            return answer_json(200, {"access_token": f"opens {request.query['scope'][0]}".replace(" ", "-")})
        if request.headers.get("authorization") != "Bearer opens-repository:app:pull":
            challenge = f'Bearer realm="https://{host}/oauth2/token",service="{host}",scope="repository:app:pull"'
            return answer_json(401, {"errors": []}, **{"WWW-Authenticate": challenge})
        return answer_json(200, {"name": "app", "tags": ["1.0.0", "1.1.0"]})


def _refused(error: str, description: str) -> Answer:
    return answer_json(400 if error != "invalid_client" else 401, {"error": error, "error_description": description})
