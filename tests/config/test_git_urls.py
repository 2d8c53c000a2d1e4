"""Spellings of one repository's address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.config.git_urls import same_repository

SAME = [
    "https://github.com/org/fleet",
    "https://github.com/org/fleet.git",
    "https://github.com/org/fleet/",
    "https://github.com/org/fleet.git/",
    "https://github.com:443/org/fleet",
    "https://www.github.com/org/fleet",
    "https://GitHub.com/Org/Fleet.git",
    "https://user@github.com/org/fleet",
    "https://user:token@github.com/org/fleet.git",
    "https://x-access-token:a%40b@github.com/org/fleet",
    "https://github.com//org//fleet",
    "https://github.com/org/%66leet",
    " https://github.com/org/fleet\n",
    "http://github.com/org/fleet",
    "http://github.com:80/org/fleet",
    "ssh://git@github.com/org/fleet",
    "ssh://git@github.com:22/org/fleet.git",
    "ssh://github.com/org/fleet",
    "ssh://git@ssh.github.com:443/org/fleet.git",
    "ssh://org-1234@github.com/org/fleet",
    "git+ssh://git@github.com/org/fleet",
    "git@github.com:org/fleet",
    "git@github.com:org/fleet.git",
    "git@github.com:/org/fleet.git",
    "github.com:org/fleet",
    "org-1234@github.com:org/fleet.git",
    "git://github.com/org/fleet.git",
    "git://github.com:9418/org/fleet.git",
]


@pytest.mark.parametrize("url", SAME)
def test_all_spellings_of_a_repository_are_one(url: str) -> None:
    for other in SAME:
        assert same_repository(url, other)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://ghe.corp.example/org/fleet", "git@ghe.corp.example:org/fleet.git"),
        ("https://ghe.corp.example:8443/org/fleet", "ssh://git@ghe.corp.example:122/org/fleet"),
        ("https://ghe.corp.example:8443/org/fleet", "https://ghe.corp.example:8443/Org/Fleet.git"),
        ("https://org.ghe.com/org/fleet", "git@org.ghe.com:org/fleet.git"),
        ("https://[2001:db8::1]/org/fleet", "git@[2001:DB8::1]:org/fleet"),
        ("https://gitlab.example/group/sub/fleet", "git@gitlab.example:group/sub/fleet.git"),
        ("ssh://git@altssh.gitlab.com:443/org/fleet", "https://gitlab.com/org/fleet"),
        ("file:///srv/git/fleet.git", "/srv/git/fleet"),
    ],
)
def test_enterprise_and_other_hosts_have_many_spellings_too(first: str, second: str) -> None:
    assert same_repository(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://github.com/org/fleet", "https://github.com/org/other"),
        ("https://github.com/org/fleet", "https://github.com/other/fleet"),
        ("https://github.com/org/fleet", "https://ghe.corp.example/org/fleet"),
        ("https://github.com/org/fleet", "https://github.com/org/fleet/tree/main"),
        ("https://github.com/org/fleet", "https://github.com.evil.example/org/fleet"),
        ("https://github.com/org/fleet", "https://github.com@evil.example/org/fleet"),
        ("https://ghe.corp.example:8443/org/fleet", "https://ghe.corp.example:9443/org/fleet"),
        ("https://ghe.corp.example:8443/org/fleet", "https://ghe.corp.example/org/fleet"),
        ("ssh://git@ghe.corp.example:122/org/fleet", "ssh://git@ghe.corp.example/org/fleet"),
        ("/srv/git/fleet", "https://github.com/srv/git/fleet"),
        ("/srv/git/fleet", "/srv/git/other"),
    ],
)
def test_other_repositories_are_not_taken_for_this_one(first: str, second: str) -> None:
    assert not same_repository(first, second)
    assert not same_repository(second, first)


@pytest.mark.parametrize(
    "text", ["", "fleet", "../fleet", "https://", "https://github.com", "https://[::1/x", "a b", "x:"]
)
def test_what_is_no_address_is_no_repository_not_even_itself(text: str) -> None:
    assert not same_repository(text, text)


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_comparison_is_total_and_symmetric(first: str, second: str) -> None:
    assert same_repository(first, second) is same_repository(second, first)
