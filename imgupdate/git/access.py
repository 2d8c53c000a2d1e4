"""How a Git server is reached, as values: credentials, certificates, proxies, bounds."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from imgupdate.config.model import ClientTLS, Proxy
from imgupdate.errors import ConfigurationError, PublishError, shown

TOKEN_USER = "x-access-token"  # noqa: S105 - the user that GitHub wants beside a token
_LONGEST_URL = 2048

# user@host:path, where the path does not begin like a URL's or after a transport's name.
_SCP = re.compile(
    r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9._-]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):(?!//|:).+"
)
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshIdentity:
    """A private key in a format that OpenSSH reads, and the host keys to trust: no others are."""

    key: bytes = field(repr=False)
    known_hosts: bytes
    passphrase: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitCredentials:
    """Who we are to a Git server; nobody, where all is empty. A bearer token goes before user and password."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)
    ssh: SshIdentity | None = None
    tls: ClientTLS | None = None

    @classmethod
    def of_token(cls, token: str) -> Self:
        """What GitHub takes for an access token over HTTPS."""
        return cls(username=TOKEN_USER, password=token)

    @classmethod
    def of_secret(cls, data: Mapping[str, bytes]) -> Self:
        """What the Secret of a GitRepository says (spec/flux.md 6.7).

        Raises:
            ConfigurationError: a key without the other that it needs, a value that is no text, or nothing of use.

        """
        ssh = None
        if "identity" in data:
            if not data.get("known_hosts"):
                remedy = "add the host's line, as ssh-keyscan prints it"
                raise ConfigurationError("the Secret has an `identity` and no `known_hosts`", remedy=remedy)
            ssh = SshIdentity(
                key=data["identity"], known_hosts=data["known_hosts"], passphrase=data.get("password", b"")
            )
        ca = data.get("ca.crt") or data.get("caFile") or b""
        certificate, key = data.get("tls.crt", b""), data.get("tls.key", b"")
        if bool(certificate) != bool(key):
            raise ConfigurationError("the Secret has one of `tls.crt` and `tls.key`", remedy="add the other")
        username, password = _text(data, "username"), _text(data, "password") if ssh is None else ""
        found = cls(
            username=username,
            password=password,
            bearer_token=_text(data, "bearerToken"),
            ssh=ssh,
            tls=ClientTLS(ca=ca, certificate=certificate, key=key) if ca or certificate else None,
        )
        if not (ssh or found.tls or found.authorization):
            remedy = "write `username` and `password`, `bearerToken`, or `identity` and `known_hosts`"
            raise ConfigurationError("the Secret holds no credentials that we know for Git", remedy=remedy)
        return found

    @property
    def authorization(self) -> str:
        """The value of the HTTP header, empty for none."""
        if self.bearer_token:
            return f"Bearer {self.bearer_token}"
        if self.username or self.password:
            return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return ""

    @property
    def secrets(self) -> Iterator[str]:
        """Every spelling of what must not be shown."""
        yield from (self.password, quote(self.password, safe=""), self.bearer_token)
        yield self.authorization.partition(" ")[2]
        if self.ssh is not None:
            yield self.ssh.passphrase.decode(errors="replace").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The way to a Git server, and its bounds.

    `timeout` is in seconds and holds for each question, fetch and push by itself. `proxy` takes the place of `proxies`,
    which are the values of `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`. `ca_file` names the authorities to
    trust in place of the system's. `allow_http` and `allow_local` admit addresses that are otherwise refused: those in
    plain text, and directories of this machine.
    """

    timeout: float = 60.0
    proxy: Proxy | None = None
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    allow_http: bool = False
    allow_local: bool = False

    @property
    def secrets(self) -> Iterator[str]:
        """Every spelling of what must not be shown."""
        if self.proxy is not None:
            yield from (self.proxy.password, quote(self.proxy.password, safe=""))
        for address in self.proxies.values():
            password = address.rpartition("@")[0].partition("://")[2].partition(":")[2]
            yield from (password, unquote(password))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a repository is. `url` holds no credentials; `origin` is its scheme, host and port, for HTTP only."""

    url: str
    scheme: str
    origin: str = ""


def read_address(url: str, credentials: GitCredentials, connection: Connection) -> tuple[Address, GitCredentials]:
    """The parts of an address, and the credentials: those within it count where there are no others.

    Raises:
        PublishError: it is not one that we go to, or a token is none.

    """
    if not credentials.authorization.isprintable():
        raise PublishError("the token holds a control character", remedy="see what the Secret or the input holds")
    text = url.strip()
    if not text.isprintable() or " " in text or len(text) > _LONGEST_URL:
        raise _refused(text, "write it without blanks")
    if "://" not in text:
        if text.startswith("/") and connection.allow_local:
            return Address(url=text, scheme="file"), credentials
        if _SCP.fullmatch(text):
            return Address(url=text, scheme="ssh"), credentials
        raise _refused(text, "write https://, ssh:// or user@host:path")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _refused("", "correct host and port") from error
    if parts.scheme == "file" and connection.allow_local:
        return Address(url=text, scheme="file"), credentials
    admitted = ("https", "ssh", "http") if connection.allow_http else ("https", "ssh")
    if parts.scheme not in admitted or not _HOST.fullmatch(host) or parts.query or parts.fragment:
        raise _refused(parts.scheme + "://" + host, f"write one of {', '.join(admitted)}")
    where = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    if parts.scheme == "ssh":
        user = unquote(parts.username or "git")
        if not _USER.fullmatch(user):
            raise _refused("ssh://" + host, "write a plain user name")
        return Address(url=urlunsplit(("ssh", f"{user}@{where}", parts.path, "", "")), scheme="ssh"), credentials
    if not credentials.authorization and (parts.username or parts.password):
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        credentials = replace(credentials, username=user, password=password)
    origin = f"{parts.scheme}://{where}/"
    return Address(url=origin + parts.path.lstrip("/"), scheme=parts.scheme, origin=origin), credentials


def _refused(text: str, remedy: str) -> PublishError:
    about = f": {shown(text)}" if text and "@" not in text else ""
    return PublishError(f"the address of the Git repository is not one that we go to{about}", remedy=remedy)


def _text(data: Mapping[str, bytes], key: str) -> str:
    try:
        text = data.get(key, b"").decode().strip("\r\n")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"`{key}` of the Secret is not a text", remedy="write it in UTF-8") from error
    if any(character in text for character in "\r\n\0"):
        raise ConfigurationError(f"`{key}` of the Secret holds a line break", remedy="write it on one line")
    return text
