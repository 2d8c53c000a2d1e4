"""What is kept of registries between runs: lists of tags, and contents by their digest. Never a token.

directory   files in one folder: whole, bounded, checked      listings   lists of tags, with validators and their age
keys        who asked for what, as the name of a file         contents   manifests and configurations by digest
"""

from __future__ import annotations

from imgupdate.registry.cache.contents import ContentCache
from imgupdate.registry.cache.directory import CacheDirectory, CacheLimits, Notices
from imgupdate.registry.cache.keys import who_asked
from imgupdate.registry.cache.listings import ConditionalSession, ListingCache

__all__ = [
    "CacheDirectory",
    "CacheLimits",
    "ConditionalSession",
    "ContentCache",
    "ListingCache",
    "Notices",
    "who_asked",
]
