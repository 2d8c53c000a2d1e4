"""The login of Google: which credentials are found, what is asked for them, and whom they are shown (spec 7.3, 7.5)."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from imgupdate.config.model import Provider
from imgupdate.errors import ScanError
from imgupdate.images import Tag
from imgupdate.registry import RegistryClient
from imgupdate.registry.clock import SystemClock
from imgupdate.registry.credentials import Credential, CredentialSources
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.gcp import GcpLogin
from imgupdate.registry.credentials.clouds.gcp_tokens import _Request, is_googles
from imgupdate.registry.credentials.clouds.web import CloudWeb
from tests.registry.support import FakeClock, access, repository
from tests.twins.clouds import GITHUB, GITHUB_VARIABLES, METADATA, Detour, GoogleTwin, form_of
from tests.twins.registry import Bearer, Fault, RegistryTwin

HOST = "europe-west1-docker.pkg.dev"
OIDC_URL = f"https://{GITHUB}/abc/idtoken?api-version=2.0&audience=https%3A%2F%2Fiam.googleapis.com%2F{{}}"
STS = "https://sts.googleapis.com/v1/token"
ACCOUNTS = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"


@pytest.fixture
def google() -> Iterator[GoogleTwin]:
    with GoogleTwin() as twin:
        yield twin


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


class Given:
    """A login by some variables, and what it asked."""

    def __init__(self, google: GoogleTwin, **variables: str) -> None:
        self.clock = FakeClock()
        self.detour = Detour(google)
        self.login = GcpLogin(CloudEnvironment.of(variables), self.clock, transport_of=self.detour.transport_of)

    def token(self, host: str = HOST) -> str:
        return self.login.credential(host).password

    def refusal(self, host: str = HOST) -> ScanError:
        with pytest.raises(ScanError) as caught:
            self.login.credential(host)
        return caught.value


def write(path: Path, info: object) -> str:
    path.write_text(json.dumps(info))
    return str(path)


def from_file(google: GoogleTwin, tmp_path: Path, info: object) -> Given:
    return Given(google, GOOGLE_APPLICATION_CREDENTIALS=write(tmp_path / "credentials.json", info))


def service_account(key: str, **more: object) -> dict[str, object]:
    return {
        "type": "service_account",
        "client_email": GoogleTwin.ACCOUNT,
        "private_key": key,
        "private_key_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
        **more,
    }


def external_account(source: Mapping[str, object], **more: object) -> dict[str, object]:
    return {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{GoogleTwin.PROVIDER}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": STS,
        "credential_source": source,
        **more,
    }


def of_auth_action(**more: object) -> dict[str, object]:
    """The file that google-github-actions/auth writes."""
    source = {
        "url": OIDC_URL.format(GoogleTwin.PROVIDER.replace("/", "%2F")),
        "headers": {"Authorization": "Bearer request-token-of-job"},
        "format": {"type": "json", "subject_token_field_name": "value"},
    }
    return external_account(source, **more)


# Which credentials (spec 7.5)


def test_the_user_is_oauth2accesstoken_and_the_password_the_token(google: GoogleTwin) -> None:
    credential = Given(google, GOOGLE_OAUTH_ACCESS_TOKEN="ya29.given").login.credential(HOST)

    assert credential == Credential(
        source="GOOGLE_OAUTH_ACCESS_TOKEN", username="oauth2accesstoken", password="ya29.given"
    )


@pytest.mark.parametrize("variable", ["GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"])
def test_a_token_that_is_given_is_used_without_asking_anybody(google: GoogleTwin, variable: str) -> None:
    given = Given(google, **{variable: "ya29.given", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"})

    assert given.token() == "ya29.given"
    assert google.requests == ()


def test_a_given_token_that_is_none_is_an_error(google: GoogleTwin) -> None:
    error = Given(google, GOOGLE_OAUTH_ACCESS_TOKEN="two words").refusal()

    assert "GOOGLE_OAUTH_ACCESS_TOKEN is not an access token" in error.message


def test_a_service_account_signs_for_a_token(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    given = from_file(google, tmp_path, service_account(key))

    assert given.token() == "ya29.key-1"
    assert given.detour.asked == ["https://oauth2.googleapis.com/token"]
    public = serialization.load_pem_private_key(key.encode(), None).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    signed = jwt.decode(
        form_of(google.requests[0])["assertion"], public, ["RS256"], audience="https://oauth2.googleapis.com/token"
    )
    assert signed["iss"] == GoogleTwin.ACCOUNT
    assert signed["scope"] == "https://www.googleapis.com/auth/cloud-platform"


def test_an_authorized_user_renews_with_a_refresh_token(google: GoogleTwin, tmp_path: Path) -> None:
    info = {
        "type": "authorized_user",
        "client_id": "gcloud",
        "client_secret": "secret-of-gcloud",
        "refresh_token": "refresh-of-person",
        "token": "ya29.stale",
    }

    assert from_file(google, tmp_path, info).token() == "ya29.person-1"


def test_the_file_of_the_auth_action_exchanges_githubs_word(google: GoogleTwin, tmp_path: Path) -> None:
    google.trust_github()
    given = from_file(google, tmp_path, of_auth_action())

    assert given.token() == "ya29.federated-1"
    assert given.detour.asked == [f"https://{GITHUB}/abc/idtoken", STS]


def test_the_file_of_the_auth_action_becomes_the_service_account_that_it_names(
    google: GoogleTwin, tmp_path: Path
) -> None:
    google.trust_github()
    url = f"{ACCOUNTS}{GoogleTwin.ACCOUNT}:generateAccessToken"
    options = {"token_lifetime_seconds": 600}
    info = of_auth_action(service_account_impersonation_url=url, service_account_impersonation=options)

    assert from_file(google, tmp_path, info).token() == "ya29.account-2"
    assert json.loads(google.requests[-1].body)["lifetime"] == "600s"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_subject_token_is_read_from_a_file(google: GoogleTwin, tmp_path: Path, as_json: bool) -> None:
    google.subjects.add("word-of-cluster")
    path = tmp_path / "subject"
    path.write_text(json.dumps({"token": "word-of-cluster"}) if as_json else "word-of-cluster\n")
    form = {"format": {"type": "json", "subject_token_field_name": "token"}} if as_json else {}

    assert from_file(google, tmp_path, external_account({"file": str(path), **form})).token() == "ya29.federated-1"


def test_a_job_without_a_file_gives_githubs_word_to_the_provider_that_is_named(google: GoogleTwin) -> None:
    google.trust_github()
    given = Given(google, **GITHUB_VARIABLES, GOOGLE_WORKLOAD_IDENTITY_PROVIDER=GoogleTwin.PROVIDER)

    assert given.token() == "ya29.federated-1"
    assert google.requests[0].query["audience"] == (f"https://iam.googleapis.com/{GoogleTwin.PROVIDER}",)


def test_a_job_without_a_file_becomes_the_service_account_that_is_named(google: GoogleTwin) -> None:
    google.trust_github()
    given = Given(
        google,
        **GITHUB_VARIABLES,
        GOOGLE_WORKLOAD_IDENTITY_PROVIDER=f"//iam.googleapis.com/{GoogleTwin.PROVIDER}",
        GOOGLE_SERVICE_ACCOUNT=GoogleTwin.ACCOUNT,
    )

    assert given.token() == "ya29.account-2"


def test_what_gcloud_keeps_for_programs_is_found(google: GoogleTwin, tmp_path: Path) -> None:
    info = {
        "type": "authorized_user",
        "client_id": "gcloud",
        "client_secret": "secret-of-gcloud",
        "refresh_token": "refresh-of-person",
    }
    folder = tmp_path / ".config" / "gcloud"
    folder.mkdir(parents=True)
    write(folder / "application_default_credentials.json", info)

    assert Given(google, HOME=str(tmp_path)).token() == "ya29.person-1"
    assert Given(google, HOME="/nowhere", CLOUDSDK_CONFIG=str(folder)).token() == "ya29.person-2"


def test_a_machine_of_google_has_a_token(google: GoogleTwin, tmp_path: Path) -> None:
    google.on_machine = True
    given = Given(google, HOME=str(tmp_path))

    assert given.token() == "ya29.machine-1"
    assert given.detour.asked == [f"http://{METADATA}/computeMetadata/v1/instance/service-accounts/default/token"]


def test_nobody_is_asked_where_there_is_said_to_be_no_machine_of_google(google: GoogleTwin) -> None:
    error = Given(google, NO_GCE_CHECK="true").refusal()

    assert "there are no credentials for Google" in error.message
    assert "id-token: write" in error.remedy
    assert google.requests == ()


def test_the_metadata_of_another_cloud_is_not_taken_for_googles(google: GoogleTwin) -> None:
    google.inject(Fault(status=200, body=b'{"access_token": "x", "expires_in": 60}'))

    assert "there are no credentials for Google" in Given(google).refusal().message


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404, headers={"Metadata-Flavor": "Google"}),
        Fault(status=200, headers={"Metadata-Flavor": "Google"}, body=b"nonsense"),
        Fault(status=200, headers={"Metadata-Flavor": "Google"}, body=b'{"access_token": "a b"}'),
        Fault(hang_up=True, times=9),
    ],
)
def test_a_machine_that_gives_no_token_is_an_error(google: GoogleTwin, fault: Fault) -> None:
    google.inject(fault)

    assert "there are no credentials for Google" in Given(google).refusal().message


def test_the_environment_of_the_process_does_not_matter(
    google: GoogleTwin, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", write(tmp_path / "other.json", {}))
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.of-somebody-else")
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "evil.com")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert from_file(google, tmp_path, service_account(key)).token() == "ya29.key-1"


# One token for all (spec 7.5), held and renewed


def test_one_token_serves_all_registries_of_google(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    given = from_file(google, tmp_path, service_account(key))

    tokens = {given.token(host) for host in (HOST, "gcr.io", "eu.gcr.io", "us-docker.pkg.dev:443", "EU.GCR.IO")}

    assert tokens == {"ya29.key-1"}
    assert len(google.requests) == 1


def test_threads_that_come_at_once_wait_for_one_token(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    google.inject(Fault(delay=0.2))
    given = from_file(google, tmp_path, service_account(key))
    tokens: list[str] = []
    threads = [threading.Thread(target=lambda: tokens.append(given.token())) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tokens == ["ya29.key-1"] * 8
    assert len(google.requests) == 1


def test_a_token_is_renewed_at_half_of_its_life(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    given = from_file(google, tmp_path, service_account(key))
    given.token()

    given.clock.pass_by(1790)
    assert given.token() == "ya29.key-1"
    given.clock.pass_by(20)
    assert given.token() == "ya29.key-2"


def test_a_token_that_cannot_be_renewed_is_used_to_its_end(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    given = from_file(google, tmp_path, service_account(key))
    given.token()
    given.clock.pass_by(1900)
    google.inject(Fault(status=400, body=b'{"error": "invalid_grant"}', times=2))

    assert [given.token(), given.token()] == ["ya29.key-1"] * 2
    given.clock.pass_by(1800)
    assert "invalid_grant" in given.refusal().message


def test_a_refusal_stands_for_a_minute(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    google.inject(Fault(status=400, body=b'{"error": "invalid_grant"}'))
    given = from_file(google, tmp_path, service_account(key))

    assert {given.refusal().message, given.refusal().message} == {given.refusal().message}
    assert len(google.requests) == 1
    given.clock.pass_by(61)
    assert given.token() == "ya29.key-1"


# Whom it is shown (spec 7.3)


@pytest.mark.parametrize("host", ["evil-gcr.io", "gcr.io.evil.com", "registry.example.com", "us-docker.pkg.dev:8443"])
def test_the_token_is_for_no_registry_that_is_not_googles(google: GoogleTwin, host: str) -> None:
    error = Given(google, GOOGLE_OAUTH_ACCESS_TOKEN="ya29.given").refusal(host)

    assert "is not a registry of Google" in error.message


def test_the_token_of_one_cloud_is_not_shown_to_another_that_uses_googles_software(
    google: GoogleTwin, tmp_path: Path
) -> None:
    error = Given(google, GOOGLE_OAUTH_ACCESS_TOKEN="ya29.given").refusal("docker.s3nsregistry.fr")
    assert "are for googleapis.com, which docker.s3nsregistry.fr is no part of" in error.message

    google.subjects.add("word")
    (tmp_path / "subject").write_text("word")
    source = {"file": str(tmp_path / "subject")}
    info = external_account(source, universe_domain="s3nsapis.fr", token_url="https://sts.s3nsapis.fr/v1/token")
    given = from_file(google, tmp_path, info)
    assert "are for s3nsapis.fr" in given.refusal(HOST).message
    assert given.token("docker.s3nsregistry.fr") == "ya29.federated-1"


@pytest.mark.parametrize(
    ("url", "googles"),
    [
        ("https://sts.googleapis.com/v1/token", True),
        ("https://accounts.google.com/o/oauth2/token", True),
        ("http://sts.googleapis.com/v1/token", False),
        ("https://sts.googleapis.com:8443/v1/token", False),
        ("https://sts.googleapis.com.evil.com/v1/token", False),
        ("https://evilgoogleapis.com/v1/token", False),
        ("https://sts.googleapis.com@evil.com/", False),
        ("https://169.254.169.254/", False),
        ("nonsense", False),
        ("https://x:port/", False),
    ],
)
def test_a_server_of_tokens_is_googles_by_its_whole_name(url: str, googles: bool) -> None:
    assert is_googles(url, "googleapis.com") is googles


# Files of unknown origin


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"token_url": "https://sts.evil.com/v1/token"}, "token_url is not Google's"),
        ({"token_url": "http://sts.googleapis.com/v1/token"}, "token_url is not Google's"),
        ({"token_url": "http://127.0.0.1:8080/v1/token"}, "token_url is not Google's"),
        ({"service_account_impersonation_url": "https://evil.com/x:generateAccessToken"}, "impersonation_url is not"),
        ({"universe_domain": "evil.com", "token_url": "https://sts.evil.com/v1/token"}, "universe_domain is not"),
        ({"universe_domain": ["googleapis.com"]}, "universe_domain is not Google's"),
        ({"credential_source": {"executable": {"command": "touch /tmp/x"}}}, "not used here: executable"),
        ({"credential_source": {"environment_id": "aws1"}}, "not used here: environment_id"),
        ({"credential_source": {"certificate": {}}}, "not used here: certificate"),
        ({"credential_source": {}}, "no one source"),
        ({"credential_source": {"file": "/x", "url": "https://x.example.com"}}, "no one source"),
        ({"credential_source": []}, "no one source"),
        ({"credential_source": "x"}, "credential_source is not a mapping"),
        ({"audience": 5}, "audience is not a text"),
        ({"credential_source": {"url": "http://x.example.com/"}}, "x.example.com, which is not https"),
        ({"credential_source": {"url": "https://user@x.example.com/"}}, "which is not a web address"),
        ({"credential_source": {"url": "https://x:port/"}}, "what is not a web address"),
        ({"credential_source": {"file": "/nowhere/at/all"}}, "No such file"),
        ({"credential_source": {"file": "a\0b"}}, "its name is none"),
        ({"workforce_pool_user_project": "1"}, "are malformed"),
        ({"type": "impersonated_service_account"}, "none of the kinds that are known here"),
    ],
)
def test_a_file_that_leads_elsewhere_is_not_followed(
    google: GoogleTwin, tmp_path: Path, change: Mapping[str, object], words: str
) -> None:
    error = from_file(google, tmp_path, {**of_auth_action(), **change}).refusal()

    assert words in error.message
    assert error.remedy
    assert google.requests == ()


@pytest.mark.parametrize("token_uri", ["https://evil.com/token", "http://oauth2.googleapis.com/token", "", 5])
def test_a_key_that_leads_elsewhere_signs_nothing(
    google: GoogleTwin, tmp_path: Path, key: str, token_uri: object
) -> None:
    assert from_file(google, tmp_path, service_account(key, token_uri=token_uri)).refusal().remedy
    assert google.requests == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nonsense", "holds no credentials of Google: it is not JSON"),
        (b"[]", "holds no credentials of Google: it is not a mapping"),
        (b"{}", "none of the kinds"),
        (b'{"type": "service_account", "token_uri": "https://oauth2.googleapis.com/token"}', "malformed"),
        (b'{"type": "authorized_user", "client_id": "x"}', "malformed"),
        (b" " * 70_000, "larger than a file of credentials can be"),
        (b"[" * 60_000, "it is not JSON"),
    ],
)
def test_a_file_that_holds_no_credentials_says_so(
    google: GoogleTwin, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "credentials.json"
    path.write_bytes(content)

    assert words in Given(google, GOOGLE_APPLICATION_CREDENTIALS=str(path)).refusal().message
    assert google.requests == ()


def test_a_key_that_is_none_never_reaches_a_message(google: GoogleTwin, tmp_path: Path) -> None:
    error = from_file(google, tmp_path, service_account("-----BEGIN PRIVATE KEY-----\nsecret-material")).refusal()

    assert "malformed" in error.message
    assert "secret-material" not in str(error)
    assert error.__cause__ is None


@pytest.mark.parametrize("content", ["", "{}", '{"value": 5}', '{"value": "\\ud800"}', "nonsense", "[]"])
def test_a_source_without_a_subject_token_says_so(google: GoogleTwin, tmp_path: Path, content: str) -> None:
    google.inject(Fault(status=200, body=content.encode()))

    assert "holds none" in from_file(google, tmp_path, of_auth_action()).refusal().message
    assert len(google.requests) == 1


def test_a_subject_token_of_a_virtual_machine_of_azure_is_asked_for_at_once(google: GoogleTwin, tmp_path: Path) -> None:
    google.subjects.add("word-of-azure")
    google.inject(Fault(status=200, body=b"word-of-azure"))
    source = {"url": f"http://{METADATA}/metadata/identity/oauth2/token?resource=x", "headers": {"Metadata": "True"}}

    assert from_file(google, tmp_path, external_account(source)).token() == "ya29.federated-1"


# What is said of it


def test_a_job_without_the_permission_is_told_which(google: GoogleTwin, tmp_path: Path) -> None:
    error = Given(google, GOOGLE_WORKLOAD_IDENTITY_PROVIDER=GoogleTwin.PROVIDER).refusal()
    assert "id-token: write" in error.remedy

    google.may_ask = False
    error = Given(google, **GITHUB_VARIABLES, GOOGLE_WORKLOAD_IDENTITY_PROVIDER=GoogleTwin.PROVIDER).refusal()
    assert "403" in error.message
    assert "id-token: write" in error.remedy

    assert "id-token: write" in from_file(google, tmp_path, of_auth_action()).refusal().remedy


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"GOOGLE_WORKLOAD_IDENTITY_PROVIDER": "my-provider"}, "is not the path of a workload identity provider"),
        (
            {"GOOGLE_WORKLOAD_IDENTITY_PROVIDER": GoogleTwin.PROVIDER, "GOOGLE_SERVICE_ACCOUNT": "a/b@evil.com"},
            "is not a service account",
        ),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x:port/"}, "ACTIONS_ID_TOKEN_REQUEST_URL is not a web address"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "http://evil.com"}, "evil.com, which is not https"),
    ],
)
def test_a_variable_that_is_wrong_is_named(google: GoogleTwin, variables: Mapping[str, str], words: str) -> None:
    given = {**GITHUB_VARIABLES, "GOOGLE_WORKLOAD_IDENTITY_PROVIDER": GoogleTwin.PROVIDER, **variables}

    assert words in Given(google, **given).refusal().message
    assert google.requests == ()


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b'{"value": 5}', b'{"value": "a b"}'])
def test_a_statement_of_github_that_cannot_be_read_is_not_passed_on(google: GoogleTwin, body: bytes) -> None:
    google.inject(Fault(status=200, body=body))
    given = Given(google, **GITHUB_VARIABLES, GOOGLE_WORKLOAD_IDENTITY_PROVIDER=GoogleTwin.PROVIDER)

    assert "statement of who this job is cannot be read" in given.refusal().message
    assert len(google.requests) == 1


@pytest.mark.parametrize(
    ("error", "description", "remedy"),
    [
        ("invalid_target", "The target service is invalid", "the workload identity provider's path"),
        ("invalid_grant", "The audience in ID Token does not match", "the audiences that it allows"),
        ("unauthorized_client", "The given credential is rejected by the attribute condition.", "attribute condition"),
        ("invalid_grant", "Invalid JWT Signature.", "no longer takes it"),
        ("invalid_grant", "Account has been disabled", "enable the account"),
        ("other", "", "still valid"),
    ],
)
def test_a_refusal_of_google_says_what_to_do(
    google: GoogleTwin, tmp_path: Path, key: str, error: str, description: str, remedy: str
) -> None:
    google.inject(Fault(status=400, body=json.dumps({"error": error, "error_description": description}).encode()))

    refusal = from_file(google, tmp_path, service_account(key)).refusal()

    assert error in refusal.message
    assert remedy in refusal.remedy


def test_a_service_account_that_may_not_be_become_needs_the_role_workload_identity_user(
    google: GoogleTwin, tmp_path: Path
) -> None:
    google.trust_github()
    url = f"{ACCOUNTS}other@project.iam.gserviceaccount.com:generateAccessToken"

    error = from_file(google, tmp_path, of_auth_action(service_account_impersonation_url=url)).refusal()

    assert "getAccessToken" in error.message
    assert "roles/iam.workloadIdentityUser" in error.remedy


def test_what_was_sent_never_reaches_a_message_or_a_log(
    google: GoogleTwin, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    error = from_file(google, tmp_path, of_auth_action()).refusal()

    assert "does not match" in error.message
    assert google.statement(f"https://iam.googleapis.com/{GoogleTwin.PROVIDER}") not in str(error)
    assert error.__cause__ is None
    assert [record for record in caplog.records if record.name.startswith("google")] == []


def test_a_login_never_shows_its_variables() -> None:
    assert "secret" not in repr(CloudEnvironment.of({"AZURE_CLIENT_SECRET": "secret"}))
    assert "secret" not in repr(Credential(source="x", password="secret"))


def test_an_identity_that_may_not_read_needs_the_role_of_a_reader(google: GoogleTwin) -> None:
    variables = CloudEnvironment.of({"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.given"})
    image, named = repository(f"{HOST}/project/images/app"), replace(access(), provider=Provider.GCP)
    for path in ("/token", "/v2"):
        with RegistryTwin(authentication=Bearer(realm=f"https://{HOST}/token")) as registry:
            registry.fill("project/images/app", ["1.0.0"])
            registry.inject(Fault(status=401), Fault(path=path, status=403, times=9))
            detour = Detour(google, {HOST: registry})
            login = GcpLogin(variables, SystemClock(), transport_of=detour.transport_of)
            sources = CredentialSources(clouds={Provider.GCP: login})
            with (
                RegistryClient(credentials=sources, transport_of=detour.transport_of) as client,
                pytest.raises(ScanError) as caught,
            ):
                client.tags(image, named)
        assert "the role roles/artifactregistry.reader on the repository" in caught.value.remedy


def test_a_library_that_asks_somebody_else_is_not_served(google: GoogleTwin) -> None:
    detour = Detour(google)
    web = CloudWeb(CloudEnvironment(), FakeClock(), cloud="Google", transport_of=detour.transport_of)
    request = _Request(web, "googleapis.com")

    with pytest.raises(ScanError, match="is not Google's"):
        request("https://evil.com/token", "POST", b"assertion=secret")
    assert not request.asked
    assert request("https://oauth2.googleapis.com/other", "POST", "x=y").headers["content-type"] == "application/json"


# Servers that fail


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"[]",
        b"null",
        b"{}",
        b'{"access_token": "a b", "expires_in": 60}',
        b'{"access_token": 5, "expires_in": 60}',
        b'{"access_token": "x", "expires_in": "soon"}',
        b'{"access_token": "x", "expires_in": []}',
        b'{"access_token": "x", "expires_in": 1e300}',
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("kind", ["key", "federation"])
def test_an_answer_without_a_token_is_an_error(
    google: GoogleTwin, tmp_path: Path, key: str, body: bytes, kind: str
) -> None:
    google.trust_github()
    google.inject(Fault(status=200, body=body, path="/token" if kind == "key" else "/v1/token"))
    info = service_account(key) if kind == "key" else of_auth_action()

    assert "Google gives no token" in from_file(google, tmp_path, info).refusal().message


def test_an_answer_that_is_too_large_is_not_read(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    google.inject(Fault(status=200, body=b'{"access_token": "' + b"x" * 100_000 + b'"}'))

    assert "sent more than 64 KiB" in from_file(google, tmp_path, service_account(key)).refusal().message


def test_a_redirect_is_not_followed(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    google.inject(Fault(status=307, headers={"Location": "https://evil.com/"}))
    given = from_file(google, tmp_path, service_account(key))

    assert given.refusal().message
    assert given.detour.asked == ["https://oauth2.googleapis.com/token"]


def test_a_server_that_stumbles_is_asked_again(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    google.inject(Fault(status=503), Fault(hang_up=True))

    assert from_file(google, tmp_path, service_account(key)).token() == "ya29.key-1"


def test_a_server_that_keeps_failing_is_given_up(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    google.inject(Fault(status=503, times=9))
    given = from_file(google, tmp_path, service_account(key))

    error = given.refusal()

    assert error.message == "the login of Google failed: oauth2.googleapis.com answered 503"
    assert "oauth2.googleapis.com can be reached" in error.remedy
    assert len(google.requests) == 3
    assert sum(given.clock.slept) < 30


def test_a_server_that_does_not_finish_is_given_up(google: GoogleTwin, tmp_path: Path, key: str) -> None:
    clock = FakeClock(tick=11.0)
    path = write(tmp_path / "key.json", service_account(key))
    login = GcpLogin(
        CloudEnvironment.of({"GOOGLE_APPLICATION_CREDENTIALS": path}), clock, transport_of=Detour(google).transport_of
    )

    with pytest.raises(ScanError, match=r"oauth2\.googleapis\.com did not finish within 30 s"):
        login.credential(HOST)


# End to end


def test_tags_of_artifact_registry_are_listed_with_the_token(google: GoogleTwin, tmp_path: Path) -> None:
    google.trust_github()
    variables = {**GITHUB_VARIABLES, "GOOGLE_WORKLOAD_IDENTITY_PROVIDER": GoogleTwin.PROVIDER}
    realm = f"https://{HOST}/token"
    authentication = Bearer(username="oauth2accesstoken", password="ya29.federated-1", realm=realm)
    with RegistryTwin(authentication=authentication) as registry:
        registry.fill("project/images/app", ["1.0.0", "1.1.0"])
        detour = Detour(google, {HOST: registry})
        login = GcpLogin(CloudEnvironment.of(variables), SystemClock(), transport_of=detour.transport_of)
        sources = CredentialSources(clouds={Provider.GCP: login}, ambient=CloudEnvironment.of(variables).ambient)
        image = repository(f"{HOST}/project/images/app")
        with RegistryClient(credentials=sources, transport_of=detour.transport_of) as client:
            assert list(client.tags(image, access()).tags) == ["1.0.0", "1.1.0"]
            assert client.digest(image, Tag("1.1.0"), access()) == registry.digest("project/images/app", "1.1.0")

    assert [request.target for request in google.requests] == ["GET /abc/idtoken", "POST /v1/token"]
