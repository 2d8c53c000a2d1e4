"""Pull secrets match images as they do in a cluster (spec/registry.md 7.2)."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.kubernetes import PullSecret
from tests.registry.support import entry


def secret(auths: object) -> PullSecret:
    return PullSecret(json.dumps({"auths": auths}).encode(), "Secret a/b")


def matches(key: str, image: str) -> bool:
    host, _, path = image.partition("/")
    return secret({key: entry()}).find(host, path) is not None


@pytest.mark.parametrize(
    ("key", "image", "expected"),
    [
        ("https://index.docker.io/v1/", "index.docker.io/library/nginx", True),
        ("https://index.docker.io/v1", "index.docker.io/library/nginx", True),
        ("index.docker.io", "index.docker.io/library/nginx", True),
        ("docker.io", "index.docker.io/library/nginx", False),
        ("registry.io", "registry.io/a", True),
        ("http://registry.io/v2/", "registry.io/a", True),
        ("registry.io/v1/team", "registry.io/team/a", True),
        ("*.registry.io", "a.registry.io/x", True),
        ("*.registry.io", "a.b.registry.io/x", False),
        ("*.registry.io", "registry.io/x", False),
        ("*.*.registry.io", "a.b.registry.io/x", True),
        ("pre*.registry.io", "prefix.registry.io/x", True),
        ("p*f*x.registry.io", "prefix.registry.io/x", True),
        ("p*f*x.registry.io", "prefixes.registry.io/x", False),
        ("pre*.registry.io", "pr.registry.io/x", False),
        ("*fix.registry.io", "prefix.registry.io/x", True),
        ("ab*ba.registry.io", "aba.registry.io/x", False),
        ("a*b*c.registry.io", "abbc.registry.io/x", True),
        ("a*bb*c.registry.io", "abcbc.registry.io/x", False),
        ("a**c.registry.io", "ac.registry.io/x", True),
        ("*.registry.io", "evil.com.registry.io/x", False),
        ("*", "registry.io/x", False),
        ("*:5000", "localhost:5000/x", True),
        ("[a-c].registry.io", "b.registry.io/x", False),
        ("registry.io:5000", "registry.io:5000/x", True),
        ("registry.io:5000", "registry.io/x", False),
        ("registry.io", "registry.io:5000/x", False),
        ("*.registry.io:5000", "a.registry.io:5000/x", True),
        ("registry.io/par", "registry.io/partial", True),
        ("registry.io/other", "registry.io/org", False),
        ("registryxio", "registry.io/x", False),
        ("registry.io.evil.example", "registry.io/x", False),
    ],
)
def test_a_key_matches_label_by_label_and_by_the_start_of_the_path(key: str, image: str, expected: bool) -> None:
    assert matches(key, image) is expected


def test_a_pattern_of_many_stars_is_decided_at_once() -> None:
    begun = time.monotonic()

    assert not matches("*a" * 500 + "b.registry.io", "a" * 2000 + ".registry.io/x")
    assert time.monotonic() - begun < 1


@given(pattern=st.text("ab*", max_size=12), label=st.text("ab", max_size=12))
def test_a_star_stands_for_any_part_of_a_label(pattern: str, label: str) -> None:
    expected = re.fullmatch(pattern.replace("*", ".*"), label) is not None

    assert matches(f"{pattern}.io", f"{label}.io/x") is expected


def test_longer_keys_come_first() -> None:
    found = secret({"registry.io": entry("a"), "registry.io/team": entry("b"), "registry.io/team/app": entry("c")})

    users = [c.username for path in ("x", "team/x", "team/app") if (c := found.find("registry.io", path))]

    assert users == ["a", "b", "c"]


def test_the_older_type_of_secret_is_a_bare_mapping() -> None:
    found = PullSecret(json.dumps({"registry.io": {"username": "u", "password": "p", "email": "e"}}).encode(), "s")

    credential = found.find("registry.io", "x")

    assert credential is not None
    assert (credential.username, credential.source) == ("u", "s")


def test_a_broken_entry_is_passed_over_with_a_warning() -> None:
    found = secret({"registry.io": {"auth": "%%%"}, "other.io": entry(), "empty.io": {}})

    assert found.find("registry.io", "x") is None
    assert found.find("empty.io", "x") is None
    assert found.find("other.io", "x") is not None
    assert found.warnings == ["Secret a/b: the entry 'registry.io' is passed over: its auth is not base64"]


@pytest.mark.parametrize("data", [b"", b"not json", b"[]"])
def test_a_secret_that_is_none_is_an_error_that_names_it(data: bytes) -> None:
    with pytest.raises(ScanError, match="Secret a/b holds no docker configuration"):
        PullSecret(data, "Secret a/b")


def test_a_secret_without_entries_matches_nothing() -> None:
    assert secret([]).find("registry.io", "x") is None
