"""Whose a host is: this machine's, a private network's, or the internet's."""

from __future__ import annotations

import httpx
import pytest

from imgupdate.registry.addresses import (
    as_address,
    host_of,
    is_loopback,
    is_private_by_name,
    is_public,
    is_web_address,
    split_port,
)


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("168.63.129.16", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:a00:1::", False),
        ("127.1", False),
        ("2130706433", False),
        ("0x7f.1", False),
    ],
)
def test_an_address_is_public_or_not(text: str, public: bool) -> None:
    address = as_address(text)

    assert address is not None
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("host", "loopback", "private"),
    [
        ("localhost", True, True),
        ("LOCALHOST.", True, True),
        ("registry.localhost", True, True),
        ("127.9.9.9", True, True),
        ("[::1]", True, True),
        ("::ffff:127.0.0.1", True, True),
        ("10.0.0.1", False, True),
        ("ghcr.io", False, False),
        ("127.0.0.1.evil.example", False, False),
        ("notlocalhost", False, False),
        ("9.registry.example", False, False),
        ("1.2.3.4.5", False, False),
    ],
)
def test_a_host_is_judged_by_its_name(host: str, loopback: bool, private: bool) -> None:
    assert is_loopback(host) is loopback
    assert is_private_by_name(host) is private


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ghcr.io", ("ghcr.io", "")),
        ("ghcr.io:443", ("ghcr.io", "443")),
        ("[2001:db8::1]:5000", ("2001:db8::1", "5000")),
        ("[2001:db8::1]", ("2001:db8::1", "")),
        ("2001:db8::1", ("2001:db8::1", "")),
    ],
)
def test_a_port_is_told_from_an_address(host: str, expected: tuple[str, str]) -> None:
    assert split_port(host) == expected


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://GHCR.io/x", "ghcr.io"), ("https://[::1]:5000/", "::1"), ("https://xn--a/", "xn--a"), ("/x", "")],
)
def test_the_host_of_a_url_is_what_goes_over_the_wire(url: str, host: str) -> None:
    assert host_of(httpx.URL(url)) == host


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://a.example/x", True),
        ("http://a.example:65535/x", True),
        ("https://a.example:65536/x", False),
        ("https://a b.example/", False),
        ("https://me@a.example/", False),
        ("ftp://a.example/", False),
        ("/x", False),
    ],
)
def test_a_web_address_is_one_that_we_may_be_sent_to(url: str, good: bool) -> None:
    assert is_web_address(httpx.URL(url)) is good
