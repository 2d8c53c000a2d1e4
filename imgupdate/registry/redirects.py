"""Redirects, followed by hand (spec/registry.md 9.1)."""

from __future__ import annotations

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.addresses import host_of, is_private_by_name, is_web_address
from imgupdate.registry.sender import Answer

_STATUSES = frozenset({301, 302, 303, 307, 308})
_REMEDY = "tell the registry's operator"


def next_url(answer: Answer, *, public: bool) -> httpx.URL | None:
    """Where an answer sends us, None where it does not.

    Args:
        answer: The answer of the URL that was asked.
        public: Whether who sends us is on the public internet, from where no way leads into private networks.

    Raises:
        ScanError: the place is no web address, loses encryption, or is inside a private network.

    """
    location = answer.headers.get("location", "")
    if answer.status not in _STATUSES or not location:
        return None
    try:
        url = answer.url.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise ScanError("the registry redirects to what is not a web address", remedy=_REMEDY) from error
    if not is_web_address(url):
        raise ScanError("the registry redirects to what is not a web address", remedy=_REMEDY)
    if answer.url.scheme == "https" and url.scheme != "https":
        raise ScanError(f"the registry redirects from https to plain http on {host_of(url)}", remedy=_REMEDY)
    if public and host_of(url) != host_of(answer.url) and is_private_by_name(host_of(url)):
        raise ScanError(f"the registry redirects into a private network, to {host_of(url)}", remedy=_REMEDY)
    return url.copy_with(fragment=None)


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether two URLs have scheme, host and port in common; a port left out is the scheme's."""
    ports = {"http": 80, "https": 443}
    return (
        one.scheme == other.scheme
        and host_of(one) == host_of(other)
        and (one.port or ports.get(one.scheme)) == (other.port or ports.get(other.scheme))
    )
