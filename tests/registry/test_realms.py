"""Which token servers may be asked, and which may see credentials."""

from __future__ import annotations

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.realms import RealmPolicy


def policy(host: str = "registry.example.com", *, plain: bool = False, insecure: bool = False) -> RealmPolicy:
    return RealmPolicy(host=host, endpoint=host, plain=plain, insecure=insecure)


@pytest.mark.parametrize(
    ("host", "realm", "trusted"),
    [
        ("ghcr.io", "https://ghcr.io/token", True),
        ("registry.example.com", "https://REGISTRY.example.com:5001/token", True),
        ("registry.gitlab.com", "https://gitlab.com/jwt/auth", True),
        ("example.com", "https://auth.example.com/token", True),
        ("registry-1.docker.io", "https://auth.docker.io/token", True),
        ("registry.example.com", "https://gitlab.example.com/jwt/auth", False),
        ("registry.example.com", "https://evil.example/token", False),
        ("registry.example.com", "https://com/token", False),
        ("registry.example.com", "https://evilregistry.example.com/token", False),
        ("registry.example.com", "https://registry.example.com.evil.example/token", False),
        ("ghcr.io", "https://auth.docker.io/token", False),
        ("10.0.0.1", "https://0.0.1/token", False),
        ("10.0.0.1", "https://10.0.0.1:5001/token", True),
    ],
)
def test_credentials_go_only_to_whom_they_belong(host: str, realm: str, trusted: bool) -> None:
    assert policy(host).trusts(httpx.URL(realm)) is trusted


def test_a_user_may_allow_a_further_host() -> None:
    realm = httpx.URL("https://gitlab.example.com/jwt/auth")

    assert RealmPolicy(host="a.b", endpoint="a.b", allowed=frozenset({"gitlab.example.com"})).trusts(realm)


def test_the_reason_names_both_hosts() -> None:
    reason = policy().withheld(httpx.URL("https://evil.example/token?x=y"))

    assert "evil.example" in reason
    assert "registry.example.com" in reason
    assert "x=y" not in reason


@pytest.mark.parametrize(
    ("realm", "settings", "public"),
    [
        pytest.param("https://auth.example/token", set(), True, id="https"),
        pytest.param("http://127.0.0.1:5001/token", {"plain"}, False, id="http on this machine"),
        pytest.param("http://registry.example.com/token", {"plain"}, True, id="http where the registry has it"),
        pytest.param("http://auth.example/token", {"insecure"}, True, id="http where the user says so"),
        pytest.param("https://10.0.0.1/token", set(), False, id="a private server for a private registry"),
    ],
)
def test_a_token_server_that_may_be_asked(realm: str, settings: set[str], public: bool) -> None:
    given = policy(plain="plain" in settings, insecure="insecure" in settings)

    given.check(httpx.URL(realm), public=public, encrypted=False)


@pytest.mark.parametrize(
    ("realm", "settings", "public", "words"),
    [
        pytest.param("http://auth.example/token", set(), True, "not https", id="http"),
        pytest.param("http://auth.example/token", {"plain"}, True, "not https", id="http elsewhere"),
        pytest.param("http://registry.example.com/token", set(), True, "not https", id="http on the registry itself"),
        pytest.param("https://169.254.169.254/token", set(), True, "private network", id="the metadata address"),
        pytest.param("https://[::1]/token", set(), True, "private network", id="this machine"),
        pytest.param("https://localhost/token", set(), True, "private network", id="this machine by name"),
        pytest.param("ftp://auth.example/token", set(), True, "not a web address", id="another scheme"),
        pytest.param("https:///token", set(), True, "not a web address", id="no host"),
        pytest.param(
            "https://user:pw@auth.example/", set(), True, "not a web address", id="credentials in the address"
        ),
    ],
)
def test_a_token_server_that_may_not_be_asked(realm: str, settings: set[str], public: bool, words: str) -> None:
    with pytest.raises(ScanError, match=words):
        policy(plain="plain" in settings, insecure="insecure" in settings).check(
            httpx.URL(realm), public=public, encrypted=False
        )


def test_a_registry_that_speaks_tls_does_not_lead_to_a_token_server_without() -> None:
    realm = httpx.URL("http://registry.example.com/token")

    with pytest.raises(ScanError, match="not https"):
        policy(plain=True).check(realm, public=True, encrypted=True)

    policy(insecure=True).check(realm, public=True, encrypted=True)
