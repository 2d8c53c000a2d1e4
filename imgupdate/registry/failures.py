"""What people read when a registry refuses or fails: cause and remedy, nothing secret, nothing that steers a log."""

from __future__ import annotations

import json
import re
import socket
import ssl
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.transport import NotPublic

LONGEST_DETAIL = 300
_QUERY = re.compile(r"\?[^\s\"'<>)]*")
_USERINFO = re.compile(r"//[^\s/@]*@")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{6,}")


class Unreachable(ScanError):
    """No answer was had: the connection, the name, the proxy or the encryption failed.

    `url` is what was asked for. `encrypted` says that the server does speak TLS, but one side does not trust the other;
    `final` that asking again is no use.
    """

    def __init__(
        self, message: str, *, remedy: str, url: httpx.URL, encrypted: bool = False, final: bool = False
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.url = url
        self.encrypted = encrypted
        self.final = final or encrypted


@dataclass(frozen=True, slots=True)
class RegistryError:
    """One entry of the `errors` that a registry answers with."""

    code: str
    message: str


def clean(text: str, *, secrets: Iterable[str] = (), limit: int = LONGEST_DETAIL) -> str:
    """Words of a registry as one short line, without control characters, credentials and queries of URLs."""
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "***")
    text = _BEARER.sub(r"\1 ***", _USERINFO.sub("//", _QUERY.sub("", text[: 8 * limit])))
    visible = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def parse_errors(body: bytes) -> tuple[RegistryError, ...]:
    """The errors that a body spells out, none where it is something else.

    `{"errors": [{"code", "message"}]}` as OCI says, and what token servers send: `details`, `message` or `error`.
    """
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(parsed, dict):
        return ()
    listed = parsed.get("errors")
    if isinstance(listed, list):
        found = [
            RegistryError(_text(entry.get("code")), _text(entry.get("message")))
            for entry in listed[:10]
            if isinstance(entry, dict)
        ]
        if found:
            return tuple(found)
    for key in ("details", "message", "error_description", "error"):
        if isinstance(parsed.get(key), str):
            return (RegistryError("", parsed[key]),)
    return ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def describe(status: int, body: bytes, *, secrets: Iterable[str] = ()) -> str:
    """`404 NAME_UNKNOWN (repository name not known to registry)`, or the status and its usual words."""
    for error in parse_errors(body):
        code = clean(error.code, limit=60)
        message = clean(error.message, secrets=secrets)
        detail = f" ({message})" if message and message.lower() != code.lower() else ""
        return f"{status} {code}{detail}" if code else f"{status}{detail}"
    phrase = httpx.codes.get_reason_phrase(status)
    return f"{status} {phrase}" if phrase else str(status)


def unreachable(error: httpx.TransportError, url: httpx.URL) -> Unreachable:
    """What a failure of the connection means, and what to do about it."""
    host = url.netloc.decode("ascii", "replace")
    for cause in () if isinstance(error, httpx.ProxyError) else _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"the certificate of {host} is not trusted ({clean(cause.verify_message)})",
                remedy="give the registry's authority as ca.crt in the Secret of certSecretRef, or in SSL_CERT_FILE",
                url=url,
                encrypted=True,
            )
        if isinstance(cause, NotPublic):
            return Unreachable(
                f"the registry sends us to {host}, which is at an address inside a private network",
                remedy="tell the registry's operator; a registry of the internet must not lead into networks of others",
                url=url,
                final=True,
            )
        if isinstance(cause, ssl.SSLError):
            reason = clean((cause.reason or str(cause)).replace("_", " ").lower())
            return Unreachable(
                f"no TLS connection to {host} ({reason})",
                remedy="if the registry speaks plain HTTP, set `spec.insecure`; if it wants a client certificate, "
                "give it in the Secret of certSecretRef",
                url=url,
                encrypted=" alert " in f" {reason} ",
            )
        if isinstance(cause, socket.gaierror):
            return Unreachable(
                f"the name {host} has no address ({clean(cause.strerror or 'name not known')})",
                remedy="check the image's registry for a misspelling, and the network's DNS",
                url=url,
                final=cause.errno == socket.EAI_NONAME,
            )
    return _broken(error, host, url)


def _broken(error: httpx.TransportError, host: str, url: httpx.URL) -> Unreachable:
    if isinstance(error, httpx.ProxyError):
        return Unreachable(
            f"the proxy does not connect to {host} ({clean(str(error))})",
            remedy="check the proxy's address and credentials, or list the host in NO_PROXY",
            url=url,
            final=str(error).startswith("40"),
        )
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(
            f"{host} does not answer in time",
            remedy="check that it is up and that a firewall lets the runner reach it",
            url=url,
        )
    if isinstance(error, httpx.ConnectError):
        reason = next((os.strerror for os in _causes(error) if isinstance(os, OSError) and os.strerror), "")
        return Unreachable(
            f"no connection to {host} ({clean(reason or str(error)).lower()})",
            remedy="check that it is up, and the port in the image's name",
            url=url,
        )
    return Unreachable(
        f"{host} broke off the connection ({clean(str(error)) or type(error).__name__})",
        remedy="try again; if it stays so, tell the registry's operator",
        url=url,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that it came from; httpcore keeps the first one only as an argument.

    Not what was being handled when it came: that may be the failure of an earlier attempt.
    """
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            waiting += [current.__cause__, *current.args]
    yield from seen
