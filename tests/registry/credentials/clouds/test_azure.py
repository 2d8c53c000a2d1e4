"""The login of Azure: whose token is had, where it is exchanged, and whom it is shown (spec 7.3, 7.6)."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from azure.core.rest import HttpRequest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from imgupdate.config.model import Provider
from imgupdate.errors import ScanError
from imgupdate.registry import RegistryClient
from imgupdate.registry.clock import SystemClock
from imgupdate.registry.credentials import Credential, CredentialSources
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.azure import AzureLogin
from imgupdate.registry.credentials.clouds.azure_cli import cli_token
from imgupdate.registry.credentials.clouds.azure_tokens import EntraTransport, _causes
from imgupdate.registry.credentials.clouds.web import CloudWeb
from tests.registry.support import FakeClock, access, repository
from tests.twins.clouds import GITHUB, GITHUB_VARIABLES, METADATA, AzureTwin, Detour, form_of, make_jwt
from tests.twins.registry import Fault

HOST = "team.azurecr.io"
ENTRA = f"https://login.microsoftonline.com/{AzureTwin.TENANT}"
TOKEN = f"{ENTRA}/oauth2/v2.0/token"
EXCHANGE = f"https://{HOST}/oauth2/exchange"
APPLICATION = {"AZURE_TENANT_ID": AzureTwin.TENANT, "AZURE_CLIENT_ID": AzureTwin.CLIENT}
SECRET = {**APPLICATION, "AZURE_CLIENT_SECRET": AzureTwin.SECRET}
JOB = {**APPLICATION, **GITHUB_VARIABLES}


@pytest.fixture
def azure() -> Iterator[AzureTwin]:
    with AzureTwin() as twin:
        yield twin


@pytest.fixture(scope="module")
def certificate() -> bytes:
    """A certificate and its key in one file of PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an application")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)


class Given:
    """A login by some variables, and what it asked."""

    def __init__(self, azure: AzureTwin, variables: Mapping[str, str]) -> None:
        self.clock = FakeClock()
        self.detour = Detour(azure)
        self.login = AzureLogin(CloudEnvironment.of(variables), self.clock, transport_of=self.detour.transport_of)

    def token(self, host: str = HOST) -> str:
        return self.login.credential(host).password

    def refusal(self, host: str = HOST) -> ScanError:
        with pytest.raises(ScanError) as caught:
            self.login.credential(host)
        return caught.value


def asked_of_entra(azure: AzureTwin) -> list[dict[str, str]]:
    """The forms of the requests for tokens."""
    return [form_of(request) for request in azure.requests if request.path.endswith("/oauth2/v2.0/token")]


# Whose token (spec 7.6.1)


def test_githubs_word_is_the_assertion_of_the_application(azure: AzureTwin) -> None:
    azure.trust_github()
    given = Given(azure, JOB)

    assert given.token() in azure.registry_tokens
    assert given.detour.asked == [f"https://{GITHUB}/abc/idtoken", TOKEN, EXCHANGE]
    assert azure.requests[0].query["audience"] == ("api://AzureADTokenExchange",)


def test_an_application_shows_its_secret(azure: AzureTwin) -> None:
    given = Given(azure, {**SECRET, **GITHUB_VARIABLES})

    assert given.token() in azure.registry_tokens
    assert given.detour.asked == [f"{ENTRA}/v2.0/.well-known/openid-configuration", TOKEN, EXCHANGE]
    assert [form["client_secret"] for form in asked_of_entra(azure)] == [AzureTwin.SECRET]


def test_an_application_shows_its_certificate(azure: AzureTwin, tmp_path: Path, certificate: bytes) -> None:
    path = tmp_path / "application.pem"
    path.write_bytes(certificate)
    more = {"AZURE_CLIENT_CERTIFICATE_PATH": str(path), "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "true"}

    assert Given(azure, {**APPLICATION, **more}).token() in azure.registry_tokens
    assert [form["client_assertion"].count(".") for form in asked_of_entra(azure)] == [2]


def test_a_workload_shows_the_token_of_its_file(azure: AzureTwin, tmp_path: Path) -> None:
    azure.assertions.add("word-of-cluster")
    path = tmp_path / "token"
    path.write_text("word-of-cluster\n")

    assert Given(azure, {**JOB, "AZURE_FEDERATED_TOKEN_FILE": str(path)}).token() in azure.registry_tokens
    assert [form["client_assertion"] for form in asked_of_entra(azure)] == ["word-of-cluster"]


def test_a_machine_of_azure_has_an_identity(azure: AzureTwin) -> None:
    azure.on_machine = True
    given = Given(azure, {})

    assert given.token() in azure.registry_tokens
    assert given.detour.asked == [f"http://{METADATA}/metadata/identity/oauth2/token", EXCHANGE]


def test_a_client_id_chooses_among_the_identities_of_a_machine(azure: AzureTwin) -> None:
    azure.on_machine = True

    Given(azure, {"AZURE_CLIENT_ID": AzureTwin.CLIENT}).token()

    assert azure.requests[0].query["client_id"] == (AzureTwin.CLIENT,)


def test_a_service_that_names_its_endpoint_is_asked_for_the_identity(azure: AzureTwin) -> None:
    azure.entra_tokens.add("entra-of-service")
    azure.inject(Fault(status=200, body=b'{"access_token": "entra-of-service", "expires_on": "1800003600"}'))
    variables = {"IDENTITY_ENDPOINT": "http://127.0.0.1:41234/msi/token", "IDENTITY_HEADER": "header-of-service"}
    given = Given(azure, variables)

    assert given.token() in azure.registry_tokens
    assert given.detour.asked[0] == "http://127.0.0.1/msi/token"
    assert azure.requests[0].headers["x-identity-header"] == "header-of-service"
    assert azure.requests[0].query["api-version"] == ("2019-08-01",)


def write_az(folder: Path, output: str, *, status: int = 0, body: str = "") -> dict[str, str]:
    """The program `az`, and the variables that ask for it. It writes down its arguments and variables."""
    (folder / "output").write_text(output)
    program = folder / "az"
    program.write_text(
        f'#!/bin/sh\necho "$@" > "{folder}/arguments"\n/usr/bin/env > "{folder}/variables"\n{body}\n'
        f'read -r line < "{folder}/output"\nprintf "%s" "$line"\nexit {status}\n'
    )
    program.chmod(0o700)
    return {"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential", "PATH": str(folder), "HOME": "/home/me"}


@pytest.mark.parametrize("ends", [2_000_000_000, "soon", None, -1])
def test_azures_command_line_is_used_where_it_is_asked_for(azure: AzureTwin, tmp_path: Path, ends: object) -> None:
    azure.entra_tokens.add("entra-of-az")
    variables = write_az(tmp_path, json.dumps({"accessToken": "entra-of-az", "expires_on": ends}) + "\n")
    given = Given(azure, {**SECRET, **variables, "AWS_SECRET_ACCESS_KEY": "secret-of-another"})

    assert given.token() in azure.registry_tokens
    assert given.detour.asked == [EXCHANGE]
    assert (tmp_path / "arguments").read_text() == (
        "account get-access-token --output json --resource https://containerregistry.azure.net "
        f"--tenant={AzureTwin.TENANT}\n"
    )
    passed_on = (tmp_path / "variables").read_text()
    assert "HOME=/home/me" in passed_on
    assert "secret-of" not in passed_on


def test_azures_command_line_is_not_used_unasked(azure: AzureTwin, tmp_path: Path) -> None:
    variables = write_az(tmp_path, "{}\n")
    del variables["AZURE_TOKEN_CREDENTIALS"]

    assert "no managed identity of this machine" in Given(azure, variables).refusal().message
    assert not (tmp_path / "arguments").exists()


@pytest.mark.parametrize(
    ("output", "status", "words"),
    [
        ("", 1, "it ended with exit status 1"),
        ("nonsense", 0, "it printed something else"),
        ("[]", 0, "it printed something else"),
        ('{"accessToken": "a b"}', 0, "it printed something else"),
        ("x" * 100_000, 0, "it printed too much"),
    ],
)
def test_a_command_line_that_gives_no_token_is_an_error(
    azure: AzureTwin, tmp_path: Path, output: str, status: int, words: str
) -> None:
    error = Given(azure, write_az(tmp_path, output + "\n", status=status)).refusal()

    assert error.message == f"az gives no token: {words}"
    assert "az login" in error.remedy


def test_a_command_line_that_is_not_there_is_an_error(azure: AzureTwin, tmp_path: Path) -> None:
    error = Given(azure, {"AZURE_TOKEN_CREDENTIALS": "azureclicredential", "PATH": str(tmp_path)}).refusal()

    assert "the program az, which is not on the PATH" in error.message


def test_a_command_line_that_does_not_finish_is_ended(tmp_path: Path) -> None:
    environment = CloudEnvironment.of(write_az(tmp_path, "{}", body="/bin/sleep 60"))

    with pytest.raises(ScanError, match=r"did not finish within 0\.2 s"):
        cli_token(environment, "https://containerregistry.azure.net", seconds=0.2)


@pytest.mark.parametrize("variables", [JOB, SECRET], ids=["assertion", "secret"])
def test_the_environment_of_the_process_does_not_matter(
    azure: AzureTwin, monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]
) -> None:
    azure.trust_github()
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://login.evil.com")
    monkeypatch.setenv("AZURE_CLIENT_ID", "somebody-else")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    given = Given(azure, variables)

    assert given.token() in azure.registry_tokens
    assert given.detour.asked[-2:] == [TOKEN, EXCHANGE]


def test_the_token_is_for_registries_and_for_nothing_else(azure: AzureTwin) -> None:
    Given(azure, SECRET).token()

    assert [form["scope"] for form in asked_of_entra(azure)] == ["https://containerregistry.azure.net/.default"]


def test_a_tenant_that_does_not_know_registries_gives_a_token_for_management(azure: AzureTwin) -> None:
    azure.knows_registries = False

    assert Given(azure, SECRET).token() in azure.registry_tokens
    assert asked_of_entra(azure)[-1]["scope"] == "https://management.azure.com/.default"


@pytest.mark.parametrize(
    ("host", "authority", "audience"),
    [
        ("team.azurecr.io", "login.microsoftonline.com", "api://AzureADTokenExchange"),
        ("team.azurecr.cn", "login.chinacloudapi.cn", "api://AzureADTokenExchangeChina"),
        ("team.azurecr.us", "login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"),
        ("team.azurecr.de", "login.microsoftonline.de", "api://AzureADTokenExchange"),
    ],
)
def test_a_registry_of_a_sovereign_cloud_is_logged_into_by_that_cloud(
    azure: AzureTwin, host: str, authority: str, audience: str
) -> None:
    azure.trust_github(audience)
    given = Given(azure, JOB)

    assert given.token(host) in azure.registry_tokens
    assert given.detour.asked == [
        f"https://{GITHUB}/abc/idtoken",
        f"https://{authority}/{AzureTwin.TENANT}/oauth2/v2.0/token",
        f"https://{host}/oauth2/exchange",
    ]


@pytest.mark.parametrize("written", ["https://login.example.org", "https://login.example.org/", "login.example.org"])
def test_the_authority_that_is_named_is_asked(azure: AzureTwin, written: str) -> None:
    azure.trust_github()
    given = Given(azure, {**JOB, "AZURE_AUTHORITY_HOST": written})

    given.token()

    assert given.detour.asked[1] == f"https://login.example.org/{AzureTwin.TENANT}/oauth2/v2.0/token"


# The exchange (spec 7.6.2, 7.6.3)


def test_the_exchange_sends_service_tenant_and_token(azure: AzureTwin) -> None:
    Given(azure, SECRET).token()

    assert dict(parse_qsl(azure.requests[-1].body.decode())) == {
        "grant_type": "access_token",
        "service": HOST,
        "tenant": AzureTwin.TENANT,
        "access_token": "entra-1",
    }


def test_the_user_is_the_nil_uuid_and_the_password_the_registrys_token(azure: AzureTwin) -> None:
    credential = Given(azure, SECRET).login.credential(HOST)

    assert credential == Credential(
        source="AZURE_CLIENT_SECRET",
        username="00000000-0000-0000-0000-000000000000",
        password=next(iter(azure.registry_tokens)),
    )


def test_the_exchange_is_done_once_for_each_registry_with_one_token_of_entra(azure: AzureTwin) -> None:
    azure.trust_github()
    given = Given(azure, JOB)

    tokens = {given.token(host) for host in (HOST, "TEAM.azurecr.io:443", "other.azurecr.io", HOST)}

    assert len(tokens) == 2
    assert given.detour.asked == [
        f"https://{GITHUB}/abc/idtoken",
        TOKEN,
        EXCHANGE,
        "https://other.azurecr.io/oauth2/exchange",
    ]


def test_threads_that_come_at_once_wait_for_one_exchange(azure: AzureTwin) -> None:
    azure.trust_github()
    azure.inject(Fault(delay=0.2))
    given = Given(azure, JOB)
    tokens: set[str] = set()
    threads = [threading.Thread(target=lambda: tokens.add(given.token())) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(tokens) == 1
    assert len(azure.requests) == 3


def test_a_registrys_token_is_renewed_at_half_of_its_life(azure: AzureTwin) -> None:
    given = Given(azure, SECRET)
    first = given.token()

    given.clock.pass_by(5300)
    assert given.token() == first
    given.clock.pass_by(200)
    assert given.token() != first
    assert [form["access_token"] for form in map(form_of, azure.requests) if "service" in form] == [
        "entra-1",
        "entra-2",
    ]


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b",
        "a.!.c",
        "a.bm9uc2Vuc2U.c",
        make_jwt(exp="soon"),
        make_jwt(exp=1),
        "a.W10.c",
        make_jwt(exp=1e999),
    ],
)
def test_a_registrys_token_that_does_not_say_when_it_ends_is_used_for_minutes(azure: AzureTwin, token: str) -> None:
    azure.trust_github()
    azure.inject(Fault(path="/oauth2/exchange", status=200, body=json.dumps({"refresh_token": token}).encode()))
    given = Given(azure, JOB)

    assert given.token() == token
    given.clock.pass_by(140)
    assert given.token() == token


@pytest.mark.parametrize(
    "body", [b"nonsense", b"[]", b"{}", b'{"refresh_token": 5}', b'{"refresh_token": "a b"}', b"[" * 50_000]
)
def test_an_exchange_without_a_token_is_an_error(azure: AzureTwin, body: bytes) -> None:
    azure.inject(Fault(path="/oauth2/exchange", status=200, body=body))

    assert f"{HOST} gives no token for AZURE_CLIENT_SECRET" in Given(azure, SECRET).refusal().message


def test_an_identity_that_may_not_pull_needs_the_role_acrpull(azure: AzureTwin) -> None:
    azure.reader = False

    error = Given(azure, SECRET).refusal()

    assert error.message == (
        f"{HOST} gives no token for AZURE_CLIENT_SECRET: it answered 401 UNAUTHORIZED (authentication required)"
    )
    assert "AcrPull" in error.remedy
    assert "AZURE_TENANT_ID" in error.remedy


@pytest.mark.parametrize(("status", "remedy"), [(403, "firewall"), (404, "check the image's registry")])
def test_a_registry_that_refuses_the_exchange_otherwise_says_what_to_do(
    azure: AzureTwin, status: int, remedy: str
) -> None:
    azure.inject(Fault(path="/oauth2/exchange", status=status))

    assert remedy in Given(azure, SECRET).refusal().remedy


# Whom it is shown (spec 7.3)


@pytest.mark.parametrize("host", ["team.azurecr.io.evil.com", "evilazurecr.io", "azurecr.io", "team.azurecr.io:8443"])
def test_the_token_is_for_no_registry_that_is_not_azures(azure: AzureTwin, host: str) -> None:
    assert "is not a registry of Azure" in Given(azure, SECRET).refusal(host).message
    assert azure.requests == ()


@pytest.mark.parametrize(
    "authority",
    [
        "http://login.example.org",
        "https://user@login.example.org",
        "https://x:port",
        "https://x.org/path",
        "https://x/?a",
    ],
)
def test_an_authority_that_is_no_server_is_not_asked(azure: AzureTwin, authority: str) -> None:
    error = Given(azure, {**SECRET, "AZURE_AUTHORITY_HOST": authority}).refusal()

    assert "AZURE_AUTHORITY_HOST is not the https address of a server" in error.message
    assert azure.requests == ()


def test_the_credentials_of_one_of_azures_clouds_are_not_shown_to_another(azure: AzureTwin) -> None:
    given = Given(azure, {**SECRET, "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com"})

    assert "is of another of Azure's clouds than the registry" in given.refusal("team.azurecr.cn").message
    assert azure.requests == ()
    assert given.token() in azure.registry_tokens


def test_an_answer_of_entra_that_leads_elsewhere_is_not_followed(azure: AzureTwin) -> None:
    places = {
        "token_endpoint": "https://evil.com/token",
        "authorization_endpoint": f"{ENTRA}/authorize",
        "issuer": f"{ENTRA}/v2.0",
    }
    azure.inject(Fault(path="openid-configuration", status=200, body=json.dumps(places).encode()))
    given = Given(azure, SECRET)

    assert "leads to another host than its own" in given.refusal().message
    assert given.detour.asked == [f"{ENTRA}/v2.0/.well-known/openid-configuration"]


# What is said of it


def test_a_job_without_the_permission_is_told_which(azure: AzureTwin) -> None:
    error = Given(azure, APPLICATION).refusal()
    assert "there are no credentials for Azure" in error.message
    assert error.remedy.count("id-token: write") == 1

    azure.may_ask = False
    error = Given(azure, JOB).refusal()
    assert "403" in error.message
    assert "id-token: write" in error.remedy


def test_nobody_is_told_how_to_be_somebody(azure: AzureTwin) -> None:
    error = Given(azure, {}).refusal()

    assert "no managed identity of this machine (its service answered 400 (Identity not found))" in error.message
    assert "AZURE_CLIENT_ID and AZURE_TENANT_ID" in error.remedy


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b"{}", b'{"access_token": "a b"}'])
def test_a_machine_that_gives_no_token_is_an_error(azure: AzureTwin, body: bytes) -> None:
    azure.inject(Fault(status=200, body=body))

    assert "no managed identity of this machine (its service" in Given(azure, {}).refusal().message


@pytest.mark.parametrize("ends", ["", "soon", "9" * 30])
def test_a_token_of_a_machine_may_leave_out_when_it_ends(azure: AzureTwin, ends: str) -> None:
    azure.entra_tokens.add("entra-of-machine")
    azure.inject(Fault(status=200, body=json.dumps({"access_token": "entra-of-machine", "expires_on": ends}).encode()))

    assert Given(azure, {}).token() in azure.registry_tokens


@pytest.mark.parametrize(
    ("variables", "code", "remedy"),
    [
        (JOB, "AADSTS700213", "federated credential"),
        ({**SECRET, "AZURE_CLIENT_ID": "33333333-3333-3333-3333-333333333333"}, "AADSTS700016", "AZURE_CLIENT_ID"),
        ({**SECRET, "AZURE_CLIENT_SECRET": "the-id-of-it"}, "AADSTS7000215", "the secret's value, not its ID"),
        ({**JOB, "AZURE_TENANT_ID": "other.example.org"}, "AADSTS90002", "AZURE_TENANT_ID"),
    ],
)
def test_a_refusal_of_entra_says_what_to_do(
    azure: AzureTwin, variables: Mapping[str, str], code: str, remedy: str
) -> None:
    error = Given(azure, variables).refusal()

    assert code in error.message
    assert remedy in error.remedy
    assert f"application {variables['AZURE_CLIENT_ID']}" in error.message


@pytest.mark.parametrize("name", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"])
@pytest.mark.parametrize("value", ["a/b", "..", "a b", "a.", "\N{FULLWIDTH DIGIT ONE}"])
def test_an_identifier_that_is_none_is_malformed(azure: AzureTwin, name: str, value: str) -> None:
    error = Given(azure, {**JOB, name: value}).refusal()

    assert error.message == f"{name} is malformed"
    assert azure.requests == ()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nsecret-material"])
def test_a_certificate_that_is_none_is_malformed(azure: AzureTwin, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "application.pem"
    path.write_bytes(content)
    more = {"AZURE_CLIENT_CERTIFICATE_PATH": str(path), "AZURE_CLIENT_CERTIFICATE_PASSWORD": "password-of-file"}

    error = Given(azure, {**APPLICATION, **more}).refusal()

    assert "the credentials of AZURE_CLIENT_CERTIFICATE_PATH" in error.message
    assert "malformed" in error.message
    assert "secret-material" not in str(error)
    assert azure.requests == ()


@pytest.mark.parametrize("variable", ["AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"])
def test_a_file_that_cannot_be_read_is_named(azure: AzureTwin, variable: str) -> None:
    error = Given(azure, {**APPLICATION, variable: "/nowhere/at/all"}).refusal()

    assert error.message == "/nowhere/at/all cannot be read: No such file or directory"
    assert error.remedy == f"correct {variable}, or leave it out"


@pytest.mark.parametrize("content", [b"", b"two words", b"x" * 70_000])
def test_a_file_without_a_token_is_not_sent(azure: AzureTwin, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)

    assert str(path) in Given(azure, {**APPLICATION, "AZURE_FEDERATED_TOKEN_FILE": str(path)}).refusal().message
    assert azure.requests == ()


def test_what_was_sent_never_reaches_a_message_or_a_log(azure: AzureTwin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    error = Given(azure, {**SECRET, "AZURE_CLIENT_SECRET": "secret-of-somebody"}).refusal()

    assert "Invalid client secret ***" in error.message
    assert "Trace ID" not in error.message
    assert "secret-of-somebody" not in str(error)
    assert error.__cause__ is None
    assert [record for record in caplog.records if record.name.startswith(("azure", "msal"))] == []


def test_a_chain_of_causes_is_followed_so_far_only() -> None:
    error = ValueError("circular")
    error.__cause__ = error

    assert len(list(_causes(error))) == 20


def test_a_library_that_asks_somebody_else_is_not_served(azure: AzureTwin) -> None:
    detour = Detour(azure)
    web = CloudWeb(CloudEnvironment(), FakeClock(), cloud="Azure", transport_of=detour.transport_of)
    transport = EntraTransport(web, "https://login.example.org")

    with transport:
        transport.open()
        for url in ("https://evil.com/", "http://login.example.org/", "https://login.example.org:8443/"):
            with pytest.raises(ScanError, match="another host than its own"):
                transport.send(HttpRequest("POST", url, content=b"client_secret=x"))
        assert not transport.asked
        answer = transport.send(HttpRequest("GET", "https://login.example.org/unknown"))

    assert (answer.status_code, answer.content_type) == (400, "application/json")
    assert json.loads(answer.body())["error"] == "invalid_tenant"
    assert detour.asked == ["https://login.example.org/unknown"]


# Servers that fail


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"[]",
        b"null",
        b"{}",
        b'{"access_token": "x", "token_type": "Bearer"}',
        b'{"access_token": "x y", "expires_in": 60, "token_type": "Bearer"}',
        b'{"access_token": 5, "expires_in": 60, "token_type": "Bearer"}',
        b'{"access_token": "x", "expires_in": "soon", "token_type": "Bearer"}',
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("variables", [JOB, SECRET], ids=["assertion", "secret"])
def test_an_answer_of_entra_without_a_token_is_an_error(
    azure: AzureTwin, variables: Mapping[str, str], body: bytes
) -> None:
    azure.inject(Fault(path="/oauth2/v2.0/token", status=200, body=body, headers={"Content-Type": "application/json"}))

    assert "Microsoft Entra gives no token" in Given(azure, variables).refusal().message


@pytest.mark.parametrize("variables", [JOB, SECRET], ids=["assertion", "secret"])
def test_a_server_that_keeps_failing_is_given_up(azure: AzureTwin, variables: Mapping[str, str]) -> None:
    azure.inject(Fault(path="/oauth2/v2.0/token", status=503, times=9))
    given = Given(azure, variables)

    error = given.refusal()

    assert error.message == "the login of Azure failed: login.microsoftonline.com answered 503"
    assert len(asked_of_entra(azure)) == 3
    assert sum(given.clock.slept) < 30


def test_a_server_that_stumbles_is_asked_again(azure: AzureTwin) -> None:
    azure.inject(Fault(path="/oauth2/v2.0/token", status=503), Fault(path="/oauth2/exchange", hang_up=True))

    assert Given(azure, SECRET).token() in azure.registry_tokens


def test_a_redirect_is_not_followed(azure: AzureTwin) -> None:
    azure.inject(Fault(path="/oauth2/exchange", status=307, headers={"Location": "https://evil.com/"}))
    given = Given(azure, SECRET)

    assert "it answered 307" in given.refusal().message
    assert given.detour.asked[-1] == EXCHANGE


# End to end


def test_tags_of_acr_are_listed_with_the_registrys_token(azure: AzureTwin) -> None:
    azure.trust_github()
    detour = Detour(azure)
    environment = CloudEnvironment.of(JOB)
    login = AzureLogin(environment, SystemClock(), transport_of=detour.transport_of)
    sources = CredentialSources(clouds={Provider.AZURE: login}, ambient=environment.ambient)

    with RegistryClient(credentials=sources, transport_of=detour.transport_of) as client:
        assert list(client.tags(repository(f"{HOST}/app"), access()).tags) == ["1.0.0", "1.1.0"]

    assert detour.asked == [
        f"https://{GITHUB}/abc/idtoken",
        TOKEN,
        EXCHANGE,
        f"https://{HOST}/oauth2/token",
        f"https://{HOST}/v2/app/tags/list",
    ]
