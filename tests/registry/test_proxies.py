"""Which proxy a URL goes through."""

from __future__ import annotations

import importlib.util

import httpx
import pytest

from imgupdate.config.model import Proxy
from imgupdate.errors import ConfigurationError
from imgupdate.registry.proxies import EnvironmentProxies, Route, make_route, route_of

PROXY = "http://proxy.example:3128"


def route(url: str, excluded: str = "") -> Route | None:
    return EnvironmentProxies(http=PROXY, https=PROXY, excluded=excluded).route(httpx.URL(url))


@pytest.mark.parametrize(
    ("excluded", "url", "direct"),
    [
        ("", "https://ghcr.io/v2/", False),
        ("*", "https://ghcr.io/v2/", True),
        ("ghcr.io", "https://ghcr.io/v2/", True),
        ("GHCR.io", "https://ghcr.io/v2/", True),
        ("example.com", "https://registry.example.com/v2/", True),
        ("example.com", "https://notexample.com/v2/", False),
        (".example.com", "https://registry.example.com/v2/", True),
        (".example.com", "https://example.com/v2/", False),
        ("*.example.com", "https://a.b.example.com/v2/", True),
        (" a.example , b.example ", "https://b.example/v2/", True),
        ("b.example:5000", "https://b.example:5000/v2/", True),
        ("b.example:5000", "https://b.example/v2/", False),
        ("b.example:443", "https://b.example/v2/", True),
        ("10.0.0.0/8", "https://10.20.30.40:5000/v2/", True),
        ("10.0.0.0/8", "https://11.20.30.40:5000/v2/", False),
        ("10.0.0.1/8", "http://10.20.30.40/v2/", True),
        ("fd00::/8", "https://[fd00::1]:5000/v2/", True),
        ("10.0.0.0/8", "https://ten.example/v2/", False),
        ("10.1.2.3", "https://10.1.2.3/v2/", True),
        ("10.1.2.3", "https://10.1.2.30/v2/", False),
        ("10.0.0.0/99", "https://10.1.2.3/v2/", False),
        ("", "http://localhost:5000/v2/", True),
        ("", "http://127.0.0.1:5000/v2/", True),
    ],
)
def test_no_proxy_takes_hosts_out(excluded: str, url: str, direct: bool) -> None:
    assert (route(url, excluded) is None) is direct


def test_each_scheme_has_its_proxy() -> None:
    proxies = EnvironmentProxies.of({"HTTP_PROXY": "http://one:1", "https_proxy": "two:2", "HTTPS_PROXY": "three:3"})

    assert proxies.route(httpx.URL("http://a.example/")) == Route("http://one:1/")
    assert proxies.route(httpx.URL("https://a.example/")) == Route("http://two:2/")


def test_all_proxy_stands_in_for_both() -> None:
    proxies = EnvironmentProxies.of({"ALL_PROXY": "http://all:1", "no_proxy": "x.example"})

    assert proxies == EnvironmentProxies(http="http://all:1", https="http://all:1", excluded="x.example")


def test_an_empty_environment_names_no_proxy() -> None:
    assert EnvironmentProxies.of({}).route(httpx.URL("https://ghcr.io/")) is None


def test_credentials_in_the_address_are_taken_out_of_it() -> None:
    assert make_route("http://me:p%40ss@proxy.example:3128", where="x") == Route(
        "http://proxy.example:3128/", "me", "p@ss"
    )
    assert "p@ss" not in repr(make_route("http://me:p%40ss@proxy.example:3128", where="x"))


def test_a_proxy_of_the_repository_brings_its_own_credentials() -> None:
    proxy = Proxy(address="http://other:old@proxy.example:3128", username="me", password="word")

    assert route_of(proxy) == Route("http://proxy.example:3128/", "me", "word")
    assert route_of(Proxy(address=PROXY)) == Route(PROXY + "/")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ftp://proxy.example", "scheme"),
        ("http://", "no host"),
        ("http://a b.example", "not a URL"),
        ("http://[::1", "not a URL"),
        ("http://proxy.example:99999999", "not a URL"),
        ("http://proxy.example/" + "x" * 2048, "too long"),
    ],
)
def test_an_address_that_is_none_is_a_configuration_error(address: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        make_route(address, where="HTTPS_PROXY")

    assert caught.value.where == "HTTPS_PROXY"
    assert "http://host:port" in caught.value.remedy


def test_a_socks_proxy_needs_its_package() -> None:
    """Whether it is installed here or not, the answer is a route or an instruction."""
    if importlib.util.find_spec("socksio") is None:
        with pytest.raises(ConfigurationError, match="SOCKS") as caught:
            make_route("socks5://proxy.example:1080", where="the proxy Secret")
        assert "imgupdate[socks]" in caught.value.remedy
    else:
        assert make_route("socks5://proxy.example:1080", where="x").url.startswith("socks5://")
