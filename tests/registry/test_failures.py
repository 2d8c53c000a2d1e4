"""What people read: clean, without secrets, with a reason and a remedy."""

from __future__ import annotations

import socket
import ssl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.registry.failures import LONGEST_DETAIL, RegistryError, clean, describe, parse_errors, unreachable
from imgupdate.registry.transport import NotPublic

URL = httpx.URL("https://registry.example.com:5000/v2/a/tags/list?n=1&token=hidden")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", "plain words"),
        ("two\r\n::error::lines\x1b[31m", "two ::error::lines [31m"),
        ("bidi\u202eevil\u200b end", "bidi evil end"),
        ("get https://user:pw@x.example/a?X-Amz-Signature=abc now", "get https://x.example/a now"),
        ("sent Authorization: Bearer eyJhbGciOi.x-y_z", "sent Authorization: Bearer ***"),
        ("Basic YWxpY2U6c2VjcmV0", "Basic ***"),
        ("", ""),
    ],
)
def test_words_of_a_registry_are_made_one_harmless_line(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_a_long_text_is_cut() -> None:
    assert clean("x" * 5000) == "x" * (LONGEST_DETAIL - 1) + "…"


def test_secrets_that_a_registry_echoes_are_hidden() -> None:
    assert clean("user alice with hunter22 is unknown", secrets=["hunter22", "al"]) == "user alice with *** is unknown"


@given(st.text(max_size=500))
def test_a_cleaned_text_has_no_control_character_and_one_line(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.isprintable() or cleaned == ""
    assert len(cleaned) <= LONGEST_DETAIL


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"errors":[{"code":"DENIED","message":"no"}]}', (RegistryError("DENIED", "no"),)),
        (b'{"errors":[{"code":"A"},{"code":"B","message":"b"}]}', (RegistryError("A", ""), RegistryError("B", "b"))),
        (b'{"errors":[{"code":null,"message":null}]}', (RegistryError("", ""),)),
        (b'{"details":"incorrect username or password"}', (RegistryError("", "incorrect username or password"),)),
        (b'{"errors":[],"message":"m"}', (RegistryError("", "m"),)),
        (b'{"error":"invalid_grant","error_description":"d"}', (RegistryError("", "d"),)),
        (b'{"errors":["x"]}', ()),
        (b"[]", ()),
        (b"<html>", ()),
        (b"[" * 100_000, ()),
        (b"\xff", ()),
    ],
)
def test_errors_are_read_from_a_body(body: bytes, expected: tuple[RegistryError, ...]) -> None:
    assert parse_errors(body) == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"not known"}]}', "404 NAME_UNKNOWN (not known)"),
        (403, b'{"errors":[{"code":"DENIED","message":"denied"}]}', "403 DENIED"),
        (401, b'{"details":"bad password"}', "401 (bad password)"),
        (502, b"<html>", "502 Bad Gateway"),
        (499, b"", "499"),
    ],
)
def test_a_refusal_is_described(status: int, body: bytes, expected: str) -> None:
    assert describe(status, body) == expected


def caused(error: httpx.TransportError, cause: BaseException) -> httpx.TransportError:
    error.__cause__ = cause
    return error


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_message = "self-signed certificate in certificate chain"
    return error


def ssl_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "the text")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "words", "remedy", "final", "encrypted"),
    [
        pytest.param(
            caused(httpx.ConnectError("x"), certificate_error()),
            "certificate of registry.example.com:5000 is not trusted (self-signed certificate in certificate chain)",
            "ca.crt",
            True,
            True,
            id="an unknown authority",
        ),
        pytest.param(
            caused(httpx.ConnectError("x"), ssl_error("WRONG_VERSION_NUMBER")),
            "no TLS connection to registry.example.com:5000 (wrong version number)",
            "spec.insecure",
            False,
            False,
            id="no TLS there",
        ),
        pytest.param(
            caused(httpx.ReadError("x"), ssl_error("TLSV13_ALERT_CERTIFICATE_REQUIRED")),
            "alert certificate required",
            "client certificate",
            True,
            True,
            id="a client certificate is wanted",
        ),
        pytest.param(
            caused(httpx.ConnectError("x"), socket.gaierror(socket.EAI_NONAME, "Name or service not known")),
            "the name registry.example.com:5000 has no address (Name or service not known)",
            "DNS",
            True,
            False,
            id="no such name",
        ),
        pytest.param(
            caused(httpx.ConnectError("x"), socket.gaierror(socket.EAI_AGAIN, "Temporary failure")),
            "has no address",
            "DNS",
            False,
            False,
            id="name server down",
        ),
        pytest.param(
            caused(httpx.ConnectError("x"), ConnectionRefusedError(111, "Connection refused")),
            "no connection to registry.example.com:5000 (connection refused)",
            "up",
            False,
            False,
            id="nobody listens",
        ),
        pytest.param(httpx.ConnectError("odd"), "(odd)", "up", False, False, id="a failure without a reason"),
        pytest.param(
            httpx.ProxyError("407 Proxy Authentication Required"), "(407 Proxy", "proxy's address", True, False
        ),
        pytest.param(httpx.ProxyError("502 Bad Gateway"), "(502 Bad Gateway)", "NO_PROXY", False, False),
        pytest.param(httpx.ReadTimeout("x"), "does not answer in time", "firewall", False, False),
        pytest.param(NotPublic("x"), "inside a private network", "operator", True, False),
        pytest.param(
            httpx.RemoteProtocolError("peer closed"), "broke off the connection (peer closed)", "again", False, False
        ),
        pytest.param(httpx.ReadError(""), "broke off the connection (ReadError)", "again", False, False),
    ],
)
def test_a_failed_connection_is_explained(
    error: httpx.TransportError, words: str, remedy: str, final: bool, encrypted: bool
) -> None:
    explained = unreachable(error, URL)

    assert words in explained.message
    assert remedy in explained.remedy
    assert (explained.final, explained.encrypted) == (final, encrypted)
    assert "hidden" not in str(explained)
