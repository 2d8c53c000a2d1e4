"""The bounds within which the client deals with a registry (spec/registry.md 3.4, 6 and 9.4)."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds.

    `per_host` is how many requests a host gets at once until it answers 429, after which it gets `per_host_limited`.
    A page of tags, all pages of a listing, a manifest, a token and an error have their own bounds on size.
    """

    attempts: int = 4
    connect_timeout: float = 5.0
    idle_timeout: float = 30.0
    first_delay: float = 0.25
    longest_delay: float = 8.0
    longest_retry_after: float = 60.0
    per_host: int = 32
    per_host_limited: int = 4
    connections: int = 64
    redirects: int = 5
    page_bytes: int = 16 * MEBIBYTE
    listing_bytes: int = 64 * MEBIBYTE
    manifest_bytes: int = 4 * MEBIBYTE
    token_bytes: int = 64 * 1024
    error_bytes: int = 64 * 1024
    pages: int = 1000
    tags: int = 200_000
    scopes_per_token: int = 50
