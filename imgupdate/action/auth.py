"""The credentials that are given for registries, and every text that must not be seen in a log."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from imgupdate.documents import nodes
from imgupdate.errors import Error, UsageError, shown

EXAMPLE = "write `ghcr.io: {username: name, password: word}` for each host, or the content of a docker config.json"
_SECRET_EXAMPLE = "write `secret:namespace/name:` and then user:password or a docker config"  # noqa: S105 - no secret
_OF_SECRET = "secret:"  # noqa: S105 - how a key begins
_LABEL = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_SECRET_NAME = re.compile(rf"{_OF_SECRET}((?:{_LABEL}/)?{_LABEL})")
_HOST = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:\[\]/-]{0,254}")
_WHOLE = ("auths", "credHelpers", "credsStore")
_SECRET_KEYS = ("password", "identitytoken", "registrytoken")
_ENTRY_KEYS = ("username", *_SECRET_KEYS, "auth")
_MOST_HOSTS = 200


Plain = dict[str, "Plain"] | list["Plain"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAuth:
    """A docker configuration, what stands in for Secrets by their names, and what of both must be masked.

    Each of `registry_secrets` is JSON: a docker configuration, or one entry as under `auths`.
    """

    config: bytes = field(default=b"", repr=False)
    registry_secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def token_secrets(token: str) -> tuple[str, ...]:
    """A token, and the form in which it is shown to Git over HTTPS."""
    return (token, _basic("x-access-token", token)) if token else ()


def proxy_secrets(url: str) -> tuple[str, ...]:
    """The password in the address of a proxy: as it stands there, as it is meant, and as it is sent."""
    try:
        parts = urlsplit(url)
        written = parts.password or ""
    except ValueError:
        return ()
    username, password = unquote(parts.username or ""), unquote(written)
    return (written, password, _basic(username, password)) if written else ()


def key_secrets(key: str) -> tuple[str, ...]:
    """The lines of a private key that are its own: not those that all keys have."""
    lines = [line.strip() for line in key.splitlines()]
    return tuple(line for line in lines if line and not line.startswith("-----") and ": " not in line)


def read_registry_auth(text: str) -> RegistryAuth:
    """Credentials for registries, as JSON or YAML; no text, no credentials.

    Either a map of host to `{username: …, password: …}`, to another entry as docker's, or to `user:password`; or a
    whole docker configuration. Beside either, a key `secret:namespace/name` (or `secret:name`) has what a Secret of
    that name holds: a docker configuration, or an entry for the registries whose images refer to it. What an error says
    never holds a part of the text but a key.

    Raises:
        UsageError: it is neither.

    """
    if not text.strip():
        return RegistryAuth()
    everything = _root(text)
    if len(everything.entries) > _MOST_HOSTS:
        raise UsageError(f"the input registry-auth names more than {_MOST_HOSTS} hosts", remedy="name fewer")
    of_secrets = [entry for entry in everything.entries if entry.key.startswith(_OF_SECRET)]
    hosts = tuple(entry for entry in everything.entries if not entry.key.startswith(_OF_SECRET))
    auth = _hosts(replace(everything, entries=hosts)) if hosts or not of_secrets else RegistryAuth()
    given = {_secret_name(entry): _secret(entry) for entry in of_secrets}
    secrets = dict.fromkeys([*auth.secrets, *(s for _, masked in given.values() for s in masked)])
    return RegistryAuth(
        config=auth.config,
        registry_secrets={name: json.dumps(content).encode() for name, (content, _) in given.items()},
        secrets=tuple(secrets),
    )


def _hosts(root: nodes.Mapping) -> RegistryAuth:
    """What is given for hosts."""
    if any(root.get(key) is not None for key in _WHOLE):
        return RegistryAuth(config=json.dumps(_plain(root)).encode(), secrets=_all_secrets(root))
    entries = {entry.key: _entry(entry) for entry in root.entries}
    return RegistryAuth(
        config=json.dumps({"auths": entries}).encode(),
        secrets=tuple(dict.fromkeys(secret for entry in entries.values() for secret in _entry_secrets(entry))),
    )


def _secret_name(entry: nodes.Entry) -> str:
    found = _SECRET_NAME.fullmatch(entry.key)
    if found is None:
        raise UsageError(
            f"line {entry.line} of the input registry-auth names no Secret that there can be", remedy=_SECRET_EXAMPLE
        )
    return found[1]


def _secret(entry: nodes.Entry) -> tuple[Plain, tuple[str, ...]]:
    """What stands in for a Secret, and what of it must be masked."""
    value = entry.value
    if isinstance(value, nodes.Scalar) and value.text.lstrip().startswith("{"):
        value = _root(value.text)
    if isinstance(value, nodes.Mapping) and value.get("auths") is not None:
        return _plain(value), _all_secrets(value)
    found = _entry(replace(entry, value=value))
    return {**found}, tuple(_entry_secrets(found))


def _all_secrets(config: nodes.Mapping) -> tuple[str, ...]:
    auths = config.get("auths")
    return tuple(s for e in auths.entries for s in _secrets(e.value)) if isinstance(auths, nodes.Mapping) else ()


def _root(text: str) -> nodes.Mapping:
    try:
        documents = nodes.load(text, "registry-auth")
    except Error as error:
        line = getattr(error, "line", 0)
        where = f", see its line {line}" if line else ""
        raise UsageError(
            f"the input registry-auth is not YAML or JSON{where}",
            remedy=f"{EXAMPLE}; check that the secrets in it are set, and write them in quotes",
        ) from None
    if len(documents) != 1 or not isinstance(root := documents[0].root, nodes.Mapping):
        raise UsageError("the input registry-auth is not a map", remedy=EXAMPLE)
    flaw = next(nodes.flaws(root), None)
    if flaw is not None:
        raise UsageError(
            f"in line {flaw.line} of the input registry-auth a key is there twice or is no text", remedy=EXAMPLE
        )
    return root


def _entry(entry: nodes.Entry) -> dict[str, str]:
    if not _HOST.fullmatch(entry.key):
        raise UsageError(f"line {entry.line} of the input registry-auth does not begin with a host", remedy=EXAMPLE)
    host = shown(entry.key)
    if isinstance(entry.value, nodes.Scalar):
        username, colon, password = entry.value.text.partition(":")
        if not (colon and username and password):
            raise UsageError(
                f"the credentials for {host} in the input registry-auth are empty or incomplete",
                remedy="write user:password, and check that the secret that it comes from is set",
            )
        return {"username": username, "password": password}
    if not isinstance(entry.value, nodes.Mapping):
        raise UsageError(f"the credentials for {host} in the input registry-auth are a list", remedy=EXAMPLE)
    found: dict[str, str] = {}
    for part in entry.value.entries:
        if part.key not in _ENTRY_KEYS or not isinstance(part.value, nodes.Scalar):
            raise UsageError(
                f"the credentials for {host} in the input registry-auth have a key that is not one of "
                f"{', '.join(_ENTRY_KEYS)}",
                remedy=EXAMPLE,
            )
        found[part.key] = "" if part.value.value is None else part.value.text
    if not (found.get("username") and found.get("password")) and not any(
        found.get(key) for key in ("auth", "identitytoken", "registrytoken")
    ):
        raise UsageError(
            f"the credentials for {host} in the input registry-auth lack a username or a password",
            remedy="check that the secrets that they come from are set",
        )
    return found


def _secrets(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Mapping):
        texts = {e.key: e.value.text for e in node.entries if isinstance(e.value, nodes.Scalar)}
        yield from _entry_secrets(texts)


def _entry_secrets(entry: dict[str, str]) -> Iterator[str]:
    """Everything of an entry that opens something, in each form in which it is sent."""
    for key in _SECRET_KEYS:
        if entry.get(key):
            yield entry[key]
    if entry.get("username") and entry.get("password"):
        yield _basic(entry["username"], entry["password"])
    if packed := entry.get("auth"):
        yield packed
        try:
            username, colon, password = _unpacked(packed).partition(":")
        except ValueError:
            return
        if colon and password:
            yield password
            yield _basic(username, password)


def _unpacked(packed: str) -> str:
    """What an `auth` says, in each spelling that is read: broken into lines, unpadded, in the alphabet of URLs."""
    bare = "".join(packed.split()).rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(bare + "=" * (-len(bare) % 4)).decode().rstrip("\0")


def _basic(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode(errors="surrogateescape")).decode("ascii")


def _plain(node: nodes.Node) -> Plain:
    """A node as JSON has it; what is not a text where docker has texts stays what it is, for the reader to judge."""
    if isinstance(node, nodes.Mapping):
        return {entry.key: _plain(entry.value) for entry in node.entries}
    if isinstance(node, nodes.Sequence):
        return [_plain(item) for item in node.items]
    return node.text if isinstance(node.value, int | float) and not isinstance(node.value, bool) else node.value
