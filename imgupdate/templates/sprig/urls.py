"""Sprig's `urlParse` and `urlJoin`: Go's `net/url`, to the letter of its errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from string import ascii_letters, digits
from typing import Final, NamedTuple

from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.quoting import quoted
from imgupdate.templates.sprig.declare import NIL_DEREFERENCE, Table, costly
from imgupdate.templates.values import ANY_MAP, STRING, Map, from_bytes, kind, to_bytes

_COST: Final = 16
_ALWAYS: Final = f"{ascii_letters}{digits}-_.~"
_AS_PATH: Final = frozenset(to_bytes(f"{_ALWAYS}$&+,/:;=@"))
_AS_HOST: Final = frozenset(to_bytes(_ALWAYS + "!$&'()*+,;=:[]<>\""))
_AS_USER: Final = frozenset(to_bytes(f"{_ALWAYS}$&+,;="))
_AS_FRAGMENT: Final = frozenset(to_bytes(f"{_ALWAYS}!$&()*+,/:;=?@"))
_ENCODED_TOO: Final = frozenset(b"!$&'()*+,;=:@[]%")
_USER: Final = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_PORT: Final = re.compile(r"(?::[0-9]*)?", re.ASCII)
_ESCAPE: Final = re.compile(rb"%([0-9a-fA-F]{2})")


class BadUrl(Exception):
    """A text is not a URL, in Go's words."""


class User(NamedTuple):
    """Who a URL names before its host."""

    name: str
    password: str | None = None

    def __str__(self) -> str:
        name = escape(self.name, _AS_USER)
        return name if self.password is None else f"{name}:{escape(self.password, _AS_USER)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """A URL taken apart."""

    scheme: str = ""
    opaque: str = ""
    user: User | None = None
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        host, colon, port = self.host.rpartition(":")
        host = host if colon and _PORT.fullmatch(f":{port}") else self.host
        return host[1:-1] if host.startswith("[") and host.endswith("]") else host

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme else ""
        if self.opaque:
            text += self.opaque
        else:
            authority = ""
            if self.scheme or self.host or self.user:
                if self.host or self.path or self.user:
                    authority = "//"
                authority += f"{self.user}@" if self.user else ""
                authority += escape(self.host, _AS_HOST)
            path = "*" if self.path == "*" else escape(self.path, _AS_PATH)
            if path and not path.startswith("/") and self.host:
                authority += "/"
            text += authority
            if not text and ":" in path.partition("/")[0]:
                text += "./"
            text += path
        text += f"?{self.query}" if self.query else ""
        return text + (f"#{escape(self.fragment, _AS_FRAGMENT)}" if self.fragment else "")


def escape(text: str, allowed: frozenset[int]) -> str:
    """The text with every byte that is not allowed as a percent sign and its number."""
    return "".join(chr(byte) if byte in allowed else f"%{byte:02X}" for byte in to_bytes(text))


def unescape(text: str, *, host: bool = False, zone: bool = False) -> str:
    """The text with percent signs resolved; a host may have them only for what is not ASCII."""
    data = to_bytes(text)
    for position in (index for index, byte in enumerate(data) if byte == 0x25):
        found = _ESCAPE.match(data, position)
        whole = from_bytes(data[position : position + 3])
        if found is None:
            raise BadUrl(f"invalid URL escape {quoted(whole)}")
        code = int(found[1], 16)
        in_zone = code != 0x20 and code not in _AS_HOST
        if whole != "%25" and ((host and code < 0x80) or (zone and in_zone)):
            raise BadUrl(f"invalid URL escape {quoted(whole)}")
    if host or zone:
        wrong = next((byte for byte in data if byte < 0x80 and byte not in _AS_HOST and byte != 0x25), None)
        if wrong is not None:
            raise BadUrl(f"invalid character {quoted(chr(wrong))} in host name")
    return from_bytes(_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), data))


def parse(text: str) -> Url:
    """A URL; raises FunctionFailed with Go's error."""
    whole, _, fragment = text.partition("#")
    shown = whole
    try:
        parts = _parse(whole)
        shown = text
        return Url(**{**parts, "fragment": unescape(fragment)})  # type: ignore[arg-type]
    except BadUrl as error:
        raise FunctionFailed(f"parse {quoted(shown)}: {error}") from error


def _parse(text: str) -> dict[str, object]:
    if _CONTROL.search(text):
        raise BadUrl("net/url: invalid control character in URL")
    if text == "*":
        return {"path": "*"}
    if text.startswith(":"):
        raise BadUrl("missing protocol scheme")
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    rest, _, query = (text[found.end() :] if found else text).partition("?")
    parts: dict[str, object] = {"scheme": scheme, "query": query}
    if not rest.startswith("/"):
        if scheme:
            return {**parts, "opaque": rest}
        if ":" in rest.partition("/")[0]:
            raise BadUrl("first path segment in URL cannot contain colon")
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        parts["user"], parts["host"] = _authority(authority)
    return {**parts, "path": unescape(rest)}


def _authority(text: str) -> tuple[User | None, str]:
    named, at, host = text.rpartition("@")
    host = _host(host)
    if not at:
        return None, host
    if not _USER.fullmatch(named):
        raise BadUrl("net/url: invalid userinfo")
    name, colon, password = named.partition(":")
    return User(unescape(name), unescape(password) if colon else None), host


def _host(host: str) -> str:
    bracket = host.rfind("[")
    if bracket > 0:
        raise BadUrl("invalid IP-literal")
    if bracket == 0:
        return _literal(host)
    colon = host.rfind(":")
    if colon >= 0:
        _check_port(host[colon:])
    return unescape(host, host=True)


def _check_port(text: str) -> None:
    if not _PORT.fullmatch(text):
        raise BadUrl(f"invalid port {quoted(text)} after host")


def _literal(host: str) -> str:
    """An address in brackets, with its port."""
    close = host.rfind("]")
    if close < 0:
        raise BadUrl("missing ']' in host")
    _check_port(host[close + 1 :])
    address, percent, zone = host[1:close].partition("%25")
    name = unescape(address, host=True) + (unescape(percent + zone, zone=True) if percent else "")
    if _is_ipv4(name):
        raise BadUrl("invalid IP-literal")
    try:
        IPv6Address(name)
    except AddressValueError as error:
        raise BadUrl(f"invalid host: ParseAddr({quoted(name)}): unable to parse IP") from error
    return f"[{name}]{host[close + 1 :]}"


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _url_parse(budget: Budget, text: str) -> Map:
    budget.spend(_COST * len(text))
    try:
        url = parse(text)
    except FunctionFailed as error:
        raise FunctionFailed(f"unable to parse url: {error}") from error
    return Map(
        entries={
            "scheme": url.scheme,
            "host": url.host,
            "hostname": url.hostname,
            "path": url.path,
            "query": url.query,
            "opaque": url.opaque,
            "fragment": url.fragment,
            "userinfo": str(url.user) if url.user else "",
        }
    )


def _url_join(budget: Budget, parts: Map) -> str:
    names = ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")
    given = {name: _part(parts, name) for name in names}
    budget.spend(_COST * sum(map(len, given.values())))
    named = given.pop("userinfo")
    try:
        user = parse(f"proto://{named}@host").user if named else None
    except FunctionFailed as error:
        raise FunctionFailed(f"unable to parse userinfo in dict: {error}") from error
    return str(Url(user=user, **given))


def _part(parts: Map, name: str) -> str:
    value = parts.entries.get(name, "")
    if isinstance(value, str):
        return value
    if value is None:
        raise FunctionFailed(NIL_DEREFERENCE)
    raise FunctionFailed(f"unable to parse {name} key, must be of type string, but {kind(value)} found")


FUNCTIONS: Final[Table] = (
    costly("urlParse", STRING, call=_url_parse),
    costly("urlJoin", ANY_MAP, call=_url_join),
)
