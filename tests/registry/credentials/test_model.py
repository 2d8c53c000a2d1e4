"""Entries under `auths`, as many tools write them."""

from __future__ import annotations

import base64

import pytest

from imgupdate.registry.credentials.model import Credential, Malformed, read_entry, read_json


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": packed("alice:secret")}, ("alice", "secret")),
        ({"auth": packed("alice:se:cr:et")}, ("alice", "se:cr:et")),
        ({"auth": packed("ab:c").rstrip("=")}, ("ab", "c")),
        ({"auth": packed("ab:c\n?>?").replace("+", "-").replace("/", "_")}, ("ab", "c\n?>?")),
        ({"auth": packed("alice:secret\0")}, ("alice", "secret")),
        ({"auth": f" {packed('alice:secret')}\n"}, ("alice", "secret")),
        ({"username": "alice", "password": "secret"}, ("alice", "secret")),
        ({"username": "alice", "password": "secret", "auth": packed("old:pw")}, ("alice", "secret")),
        ({"username": "alice", "auth": packed("bob:pw")}, ("bob", "pw")),
        ({"username": "alice", "password": "sécret", "email": "x"}, ("alice", "sécret")),
        ({"username": "alice", "auth": ""}, ("alice", "")),
    ],
)
def test_a_user_and_a_password_are_read(entry: dict[str, str], expected: tuple[str, str]) -> None:
    credential = read_entry(entry, "x")

    assert credential is not None
    assert (credential.username, credential.password) == expected


@pytest.mark.parametrize("entry", [{}, {"email": "a@b"}, {"auth": None}])
def test_an_empty_entry_is_no_credential(entry: dict[str, object]) -> None:
    assert read_entry(entry, "x") is None


def test_tokens_are_read() -> None:
    credential = read_entry({"identitytoken": "i", "registrytoken": "r"}, "x")

    assert credential == Credential(source="x", identity_token="i", registry_token="r")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("text", "not a mapping"),
        (None, "not a mapping"),
        ({"auth": 5}, "auth is not a text"),
        ({"password": ["x"]}, "password is not a text"),
        ({"username": "x", "password": "\ud800"}, "password is not a text"),
        ({"identitytoken": "\udfff"}, "identitytoken is not a text"),
        ({"auth": "%%%"}, "not base64"),
        ({"registrytoken": "two\r\nlines"}, "registrytoken is not a token"),
        ({"registrytoken": "é"}, "registrytoken is not a token"),
        ({"auth": base64.b64encode(b"\xff\xfe:x").decode()}, "not base64"),
        ({"auth": packed("no colon")}, "no user and password"),
    ],
)
def test_an_entry_that_is_none_is_told_apart(entry: object, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        read_entry(entry, "x")


@pytest.mark.parametrize(
    ("data", "words"), [(b"{", "not JSON"), (b"[" * 100_000, "not JSON"), (b"[]", "not a mapping")]
)
def test_a_file_that_is_none_is_told_apart(data: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        read_json(data)


def test_a_user_without_a_password_shows_nothing() -> None:
    credential = Credential(source="x", username="alice")

    assert (credential.basic, credential.usable, credential.secrets) == ("", False, ())


def test_a_password_is_encoded_as_utf_8() -> None:
    assert (
        Credential(source="x", username="a", password="é").basic == "Basic " + base64.b64encode("a:é".encode()).decode()
    )


def test_a_credential_does_not_show_in_a_log() -> None:
    credential = Credential(source="x", username="u1", password="p1", identity_token="i1", registry_token="r1")

    assert repr(credential) == "Credential(source='x')"
    assert credential.secrets == ("p1", "i1", "r1", base64.b64encode(b"u1:p1").decode())
