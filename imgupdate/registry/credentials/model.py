"""A credential, and how the entries of docker's and Kubernetes' files spell one (spec/registry.md 7)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

_HEADER_TEXT = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A user and password, an identity token (to be exchanged) or a registry token (to be sent as it is).

    `source` is what messages call it; the rest never appears in one.
    """

    source: str
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of `Authorization` for this user; empty unless there are both a user and a password."""
        if not (self.username and self.password):
            return ""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")

    @property
    def usable(self) -> bool:
        """Whether there is anything to show to a registry."""
        return bool(self.basic or self.identity_token or self.registry_token)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in a message."""
        encoded = self.basic.removeprefix("Basic ")
        return tuple(s for s in (self.password, self.identity_token, self.registry_token, encoded) if s)


class Malformed(Exception):
    """A file of credentials, or an entry of it, is not of the form that it should have."""


def is_text(value: object) -> TypeGuard[str]:
    r"""Whether a value of JSON is a text that can be sent: JSON can spell halves of a character (`\ud800`)."""
    return isinstance(value, str) and value.encode(errors="replace").decode() == value


def read_entry(entry: object, source: str) -> Credential | None:
    """The credential of one entry under `auths`; None where the entry is empty.

    `auth` is base64 of user and password, padded or not, and gives way to `username` and `password`.

    Raises:
        Malformed: the entry is not a mapping of texts, or its `auth` does not decode.

    """
    if not isinstance(entry, Mapping):
        raise Malformed("it is not a mapping")

    def text(key: str) -> str:
        value = entry.get(key) or ""
        if not is_text(value):
            raise Malformed(f"its {key} is not a text")
        return value

    username, password = text("username"), text("password")
    if not (username and password) and (packed := text("auth")):
        username, password = _unpack(packed)
    if not _HEADER_TEXT.fullmatch(text("registrytoken")):
        raise Malformed("its registrytoken is not a token")
    credential = Credential(
        source=source,
        username=username,
        password=password,
        identity_token=text("identitytoken"),
        registry_token=text("registrytoken"),
    )
    return credential if credential.username or credential.usable else None


def _unpack(packed: str) -> tuple[str, str]:
    bare = "".join(packed.split()).rstrip("=")
    alphabet = bare.replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(alphabet + "=" * (-len(alphabet) % 4), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise Malformed("its auth is not base64") from error
    username, colon, password = text.partition(":")
    if not colon:
        raise Malformed("its auth holds no user and password")
    return username, password.rstrip("\0")


def read_json(data: bytes) -> dict[str, object]:
    """The mapping that a configuration file holds.

    Raises:
        Malformed: it is not JSON, or not a mapping.

    """
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed("it is not JSON") from error
    if not isinstance(parsed, dict):
        raise Malformed("it is not a mapping")
    return parsed
