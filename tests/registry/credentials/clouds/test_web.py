"""How logins reach the clouds' servers: over TLS that is trusted, by the proxies of their environment (spec 8, 9)."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.clock import SystemClock
from imgupdate.registry.credentials.clouds import CloudEnvironment
from imgupdate.registry.credentials.clouds.gcp import GcpLogin
from imgupdate.registry.credentials.clouds.web import CloudWeb
from tests.twins.certificates import Authority
from tests.twins.clouds import GoogleTwin
from tests.twins.proxy import ProxyTwin

SERVER = "oauth2.googleapis.com"


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def google(authority: Authority, tmp_path: Path) -> Iterator[GoogleTwin]:
    """Google's server of tokens with a certificate for its name."""
    pair = authority.server(SERVER)
    path = tmp_path / "server.pem"
    path.write_bytes(pair.key + pair.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with GoogleTwin(tls=context) as twin:
        yield twin


def login(tmp_path: Path, **variables: str) -> GcpLogin:
    info = {
        "type": "authorized_user",
        "client_id": "gcloud",
        "client_secret": "secret-of-gcloud",
        "refresh_token": "refresh-of-person",
    }
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(info))
    environment = CloudEnvironment.of({"GOOGLE_APPLICATION_CREDENTIALS": str(path), **variables})
    return GcpLogin(environment, SystemClock())


def test_a_login_goes_through_the_proxy_and_trusts_the_authority_of_its_environment(
    google: GoogleTwin, authority: Authority, tmp_path: Path
) -> None:
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority.pem)
    with ProxyTwin(anywhere=google.host) as proxy:
        given = login(tmp_path, HTTPS_PROXY=proxy.url, SSL_CERT_FILE=str(trusted))

        assert given.credential("gcr.io").password == "ya29.person-1"
    assert proxy.used == [f"CONNECT {SERVER}:443"]


def test_nothing_is_sent_to_a_server_that_is_not_trusted(google: GoogleTwin, tmp_path: Path) -> None:
    with ProxyTwin(anywhere=google.host) as proxy, pytest.raises(ScanError) as caught:
        login(tmp_path, HTTPS_PROXY=proxy.url).credential("gcr.io")

    assert f"the login of Google failed: the certificate of {SERVER} is not trusted" in caught.value.message
    assert google.requests == ()


def test_a_machine_is_asked_without_a_proxy() -> None:
    with ProxyTwin() as proxy, GoogleTwin(on_machine=True) as google:
        environment = CloudEnvironment.of({"HTTP_PROXY": proxy.url, "ALL_PROXY": proxy.url})
        answer = CloudWeb(environment, SystemClock(), cloud="Google").ask_machine(f"{google.url}/x", headers={})

    assert answer.status == 404
    assert proxy.used == []


@pytest.mark.parametrize(
    "url", ["http://sts.googleapis.com/", "ftp://x.example.com/", "https:///x", "https://u@x.org/"]
)
def test_what_is_not_a_web_address_over_tls_is_not_asked(url: str) -> None:
    with pytest.raises(ScanError, match="the login of Google is led to"):
        CloudWeb(CloudEnvironment(), SystemClock(), cloud="Google").ask("GET", url)
