"""Lists of tags as the pages that a registry sent, each with its validator: shown again, parsed and bounded again.

What is kept is the answers, so that a file of the cache is believed in nothing that an answer would not be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime

import httpx

from imgupdate.errors import ScanError
from imgupdate.registry.cache.directory import CacheDirectory, Kind
from imgupdate.registry.cache.keys import who_asked
from imgupdate.registry.clock import Clock
from imgupdate.registry.hosts import Hosts
from imgupdate.registry.limits import Limits
from imgupdate.registry.pages import list_tags, replayed
from imgupdate.registry.sender import Answer, Sender
from imgupdate.registry.session import Session, Visit
from imgupdate.results import Listing

_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,256}"')
_HEADER_TEXT = re.compile(r"[\x20-\x7e]{0,4096}")
_LINKS = 10
_SETTLED = 60.0
"""Seconds after a change from which its time tells it from the next one: such times are in whole seconds."""

_EARLY = 1.0
"""Seconds before the end of an interval from which Flux scans again (spec/registry.md 10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page as it was sent for a query. Both validators are empty where none is of use."""

    query: str
    body: str
    links: tuple[str, ...]
    entity_tag: str
    modified: str

    @property
    def conditions(self) -> Mapping[str, str]:
        """The headers that ask for the page only if it changed; an entity tag says it better than a time."""
        if self.entity_tag:
            return {"If-None-Match": self.entity_tag}
        return {"If-Modified-Since": self.modified} if self.modified else {}

    def as_answer(self, url: httpx.URL) -> Answer:
        """The page as if the registry had sent it now from a URL."""
        headers = httpx.Headers([("content-type", "application/json"), *(("link", link) for link in self.links)])
        return Answer(status=200, headers=headers, body=self.body.encode(), url=url)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """All pages of a list, in order, and the seconds since 1970 at which the registry sent them or confirmed them."""

    at: float
    pages: tuple[_Page, ...]


class ConditionalSession(Session):
    """A session that asks for the pages which it knows only if they changed, and writes down what it read."""

    def __init__(self, visit: Visit, hosts: Hosts, sender: Sender) -> None:
        super().__init__(visit, hosts, sender)
        self.known: Mapping[str, _Page] = {}
        self.read: list[_Page] = []

    def get(self, target: str | httpx.URL, *, limit: int, method: str = "GET", headers: Mapping[str, str]) -> Answer:
        """As `Session.get`; a page that did not change is answered with what it was.

        Raises:
            ScanError: as `Session.get`.

        """
        query = target.partition("?")[2] if isinstance(target, str) else target.query.decode("ascii")
        known = self.known.get(query)
        conditions = known.conditions if known else {}
        answer = super().get(target, limit=limit, method=method, headers={**headers, **conditions})
        if answer.status == 304 and known and conditions:
            self.read.append(known)
            return known.as_answer(answer.url)
        if answer.status == 200:
            self.read.append(_page(query, answer))
        return answer


class ListingCache:
    """The lists of tags of former runs.

    Args:
        directory: Where they are.
        clock: Tells how old they are.
        respect_interval: Whether a repository is left in peace until its interval has passed.

    """

    def __init__(self, directory: CacheDirectory, *, clock: Clock, respect_interval: bool) -> None:
        self._directory = directory
        self._clock = clock
        self._respect_interval = respect_interval

    def tags(self, session: ConditionalSession, limits: Limits) -> Listing:
        """The tags of the session's repository, as `list_tags` has them, for as few requests and bytes as may be.

        Raises:
            ScanError: as `list_tags`.

        """
        key = who_asked(session.visit)

        def parse(payload: bytes) -> tuple[_Stored, Listing]:
            stored = _parse(payload)
            url = httpx.URL(f"https://{session.visit.endpoint}")
            try:
                return stored, replayed(session, [page.as_answer(url) for page in stored.pages], limits)
            except ScanError as error:
                raise ValueError("it is no list of tags, or a longer one than is read") from error

        found = self._directory.read(Kind.TAGS, key, parse)
        if found is not None:
            stored, listing = found
            if self._is_recent(stored, session.visit.access.interval):
                return listing
            session.known = {page.query: page for page in stored.pages}
        listing = list_tags(session, limits)
        self._keep(key, session.read)
        return listing

    def _is_recent(self, stored: _Stored, interval: float) -> bool:
        """Whether a list is younger than the interval; one of the future is not, a clock was wrong once."""
        return self._respect_interval and 0 <= self._clock.now() - stored.at < interval - _EARLY

    def _keep(self, key: str, pages: Sequence[_Page]) -> None:
        """Write down what will be of use: without a validator a list is good only until its interval has passed."""
        if self._respect_interval or any(page.conditions for page in pages):
            payload = json.dumps({"at": self._clock.now(), "pages": [asdict(page) for page in pages]}).encode()
            with suppress(ValueError):
                _parse(payload)
                self._directory.write(Kind.TAGS, key, payload)


def _page(query: str, answer: Answer) -> _Page:
    entity_tag = answer.headers.get("etag", "")
    return _Page(
        query=query,
        body=answer.body.decode(errors="replace"),
        links=tuple(answer.headers.get_list("link")),
        entity_tag=entity_tag if _ENTITY_TAG.fullmatch(entity_tag) else "",
        modified=_settled(answer.headers),
    )


def _settled(headers: Mapping[str, str]) -> str:
    """The time of the last change, where a later one would have another time (RFC 9110, 8.8.2.2)."""
    modified = headers.get("last-modified", "")
    try:
        age = parsedate_to_datetime(headers.get("date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError, OverflowError):
        return ""
    return modified if age.total_seconds() >= _SETTLED and _HEADER_TEXT.fullmatch(modified) else ""


def _parse(payload: bytes) -> _Stored:
    """What a file says, as far as it is of the form that we write.

    Raises:
        ValueError: it is of another one.

    """
    document = json.loads(payload)
    at, pages = (document.get("at"), document.get("pages")) if isinstance(document, dict) else (None, None)
    if not isinstance(at, float) or not isinstance(pages, list) or not pages:
        raise ValueError("it is no list of tags")
    return _Stored(at=at, pages=tuple(_parse_page(page) for page in pages))


def _parse_page(page: object) -> _Page:
    fields = page if isinstance(page, dict) else {}
    links = fields.get("links")
    query, body, entity_tag, modified = (
        _text(fields.get(name)) for name in ("query", "body", "entity_tag", "modified")
    )
    if not isinstance(links, list) or len(links) > _LINKS:
        raise ValueError("a page has no list of links")
    if not all(_HEADER_TEXT.fullmatch(_text(text)) for text in (*links, modified)):
        raise ValueError("a page has a header that cannot be sent")
    if entity_tag and not _ENTITY_TAG.fullmatch(entity_tag):
        raise ValueError("a page has an entity tag that is none")
    return _Page(query=query, body=body, links=tuple(links), entity_tag=entity_tag, modified=modified)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a page lacks a text")  # noqa: TRY004 - it is the file that is wrong
    return value
