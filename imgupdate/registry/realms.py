"""Whom to trust with a credential: the realm of a challenge is text that a stranger may have written (spec 9.2).

A user and password go to a token server only if its host is the registry's own; is above it in the name system
(`gitlab.com` for `registry.gitlab.com`) or below it, so that who runs the one decides on the other; is the one known
for that registry; or is allowed by the user. No list of public suffixes is at hand to tell `a.example.com` and
`b.example.com` (one owner) from `a.co.uk` and `b.co.uk` (two), so that neighbours need that permission.
"""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.addresses import as_address, host_of, is_loopback, is_private_by_name, is_web_address
from imgupdate.registry.known import known_registry

ALLOW = "if it is the registry's, name that host in the action's `token-servers` (or `--token-server`)"
_REMEDY = "check the image's registry; its operator configures the address of the token server"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealmPolicy:
    """How far to trust the realms of one registry.

    `host` is the registry's host without port; `plain` says that it may be, and `insecure` that anything may be,
    without TLS; `allowed` are further hosts that may see credentials.
    """

    host: str
    endpoint: str
    plain: bool = False
    insecure: bool = False
    allowed: frozenset[str] = frozenset()

    def check(self, realm: httpx.URL, *, public: bool, encrypted: bool) -> None:
        """Whether tokens may be asked for there at all.

        Args:
            realm: The address of the token server.
            public: Whether the registry is on the public internet.
            encrypted: Whether the registry named it over TLS; then it is not left for something less.

        Raises:
            ScanError: the realm is no web address, without TLS, or inside a private network.

        """
        host = host_of(realm)
        ours = host == self.host
        if not is_web_address(realm):
            raise ScanError("the registry names a token server whose address is not a web address", remedy=_REMEDY)
        local = self.plain and not encrypted and (ours or is_loopback(host))
        if realm.scheme == "http" and not (self.insecure or local):
            raise ScanError(f"the registry names the token server {host}, which is not https", remedy=_REMEDY)
        if public and not ours and is_private_by_name(host):
            raise ScanError(
                f"the registry names the token server {host}, which is inside a private network", remedy=_REMEDY
            )

    def trusts(self, realm: httpx.URL) -> bool:
        """Whether a token server may see the registry's credentials."""
        host = host_of(realm)
        if host == self.host or host in self.allowed:
            return True
        known = known_registry(self.endpoint).realm
        if known and host_of(httpx.URL(known)) == host:
            return True
        return _is_below(self.host, host) or _is_below(host, self.host)

    def withheld(self, realm: httpx.URL) -> str:
        """Why a token server does not see them."""
        return (
            f"the credentials were not sent to the token server {host_of(realm)}, "
            f"since it does not belong to {self.host} for certain"
        )


def _is_below(host: str, parent: str) -> bool:
    """Whether a name is below another, which is not a top-level domain."""
    return "." in parent and host.endswith("." + parent) and as_address(host) is None
