"""What is known of well-known registries before they are asked (spec/registry.md 2.6 and 3.4).

All of it is a hint: an answer that says otherwise wins. Registries that need more than this have their place here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
HUB_ENDPOINT = "registry-1.docker.io"
HUB_KEY = "index.docker.io"
"""The name of Docker Hub in canonical image names and in credential stores."""

USUAL_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRegistry:
    """A registry's token server (realm and service), page size, and whether one token serves many repositories.

    The page size is None where none is to be asked for. `at_once` is how many requests it likes to have at once, None
    where nothing is known. `basic` says that it takes a user and a password at once, without a token for them;
    `describes` that its lists of tags tell digests and times.
    """

    realm: str = ""
    service: str = ""
    page_size: int | None = USUAL_PAGE_SIZE
    shared_tokens: bool = False
    at_once: int | None = None
    basic: bool = False
    describes: bool = False


_EXACT = {
    HUB_ENDPOINT: KnownRegistry(
        realm="https://auth.docker.io/token",
        service="registry.docker.io",
        page_size=None,
        shared_tokens=True,
        at_once=8,
    ),
    "ghcr.io": KnownRegistry(realm="https://ghcr.io/token", service="ghcr.io", page_size=10_000, shared_tokens=True),
    "quay.io": KnownRegistry(realm="https://quay.io/v2/auth", service="quay.io", page_size=100, shared_tokens=True),
}
_AZURE = re.compile(r"[a-z0-9-]+\.azurecr\.(io|cn|de|us)")
_GOOGLE = re.compile(r"(?:[a-z0-9-]+\.)*gcr\.io|[a-z0-9-]+-docker\.pkg\.dev|docker\.[a-z0-9-]+\.rep\.pkg\.dev")
_AMAZON = re.compile(
    r"[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9][a-z0-9_-]*\."
    r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)
"""The private registries; the public one wants tokens."""


def known_registry(endpoint: str) -> KnownRegistry:
    """What is known of the registry at a host, which may be nothing."""
    if endpoint in _EXACT:
        return _EXACT[endpoint]
    if _AZURE.fullmatch(endpoint):
        return KnownRegistry(realm=f"https://{endpoint}/oauth2/token", service=endpoint)
    if _GOOGLE.fullmatch(endpoint):
        return KnownRegistry(page_size=10_000, basic=True, describes=True)
    if _AMAZON.fullmatch(endpoint):
        return KnownRegistry(basic=True)
    return KnownRegistry()


def endpoint_of(registry: str) -> str:
    """The host that serves a registry's API, in lower case, without the port that https implies."""
    host = registry.lower().removesuffix(":443")
    return HUB_ENDPOINT if host in HUB_NAMES else host


def credential_host(registry: str) -> str:
    """The name under which credentials for a registry are kept; one for all names of Docker Hub."""
    host = registry.lower().removesuffix(":443")
    return HUB_KEY if host in HUB_NAMES else host
