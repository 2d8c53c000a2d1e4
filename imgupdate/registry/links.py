"""`Link` headers as RFC 8288 has them (spec/registry.md 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_HEADER = 16_384

_TARGET = re.compile(r"[\s,]*<([^>]*)>")
_PARAMETER = re.compile(r'\s*;\s*([^\s=;,"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?')
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Link:
    """A target, and its relations in lower case; None where the link has none at all."""

    target: str
    relations: frozenset[str] | None


def parse_links(headers: Iterable[str]) -> tuple[Link, ...]:
    """The links of all `Link` headers, in order; what cannot be read ends its header."""
    return tuple(link for header in headers for link in _parse(header[:LONGEST_HEADER]))


def next_target(headers: Iterable[str]) -> str | None:
    """The target of the next page: the first with the relation `next`, or the only link if it has no relation."""
    links = parse_links(headers)
    for link in links:
        if link.relations is not None and "next" in link.relations:
            return link.target
    if len(links) == 1 and links[0].relations is None:
        return links[0].target
    return None


def _parse(header: str) -> Iterator[Link]:
    position = 0
    while target := _TARGET.match(header, position):
        position = target.end()
        relations: frozenset[str] | None = None
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            if parameter[1].lower() == "rel" and relations is None:
                quoted, plain = parameter[2], parameter[3]
                value = _ESCAPE.sub(r"\1", quoted) if quoted is not None else plain or ""
                relations = frozenset(value.lower().split())
        yield Link(target[1].strip(), relations)
