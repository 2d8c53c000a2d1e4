"""All tags of a repository, page by page, whole or not at all (spec/registry.md 3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

from imgupdate.errors import ScanError
from imgupdate.images import is_tag
from imgupdate.registry.described import described_images
from imgupdate.registry.failures import clean, parse_errors
from imgupdate.registry.limits import Limits
from imgupdate.registry.links import next_target
from imgupdate.registry.reading import read
from imgupdate.registry.refusals import refusal
from imgupdate.registry.sender import Answer
from imgupdate.registry.session import Session
from imgupdate.results import ListedImage, Listing

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip"}
_SMALLER_PAGES: dict[int, int | None] = {10_000: 1000, 1000: 100, 100: None}
_SIZE_CODES = frozenset({"UNSUPPORTED", "PAGINATION_NUMBER_INVALID", "TOO_MANY_TAGS_REQUESTED"})
_SIZE_WORDS = "less than or equal to"
_NOT_AN_API = "check that the image name leads to a container registry"
_OPERATOR = "tell the registry's operator; a list of tags that may lack some is not used"


@dataclass(slots=True, kw_only=True)
class _Collected:
    """The tags so far, and what was dropped."""

    tags: dict[str, None] = field(default_factory=dict)
    dropped: int = 0
    size: int = 0
    images: dict[str, ListedImage] = field(default_factory=dict)

    def add(self, entries: Sequence[object]) -> bool:
        """Take a page in; whether it held a tag that is new."""
        before = len(self.tags) + self.dropped
        for entry in entries:
            if isinstance(entry, str) and is_tag(entry):
                self.tags[entry] = None
            else:
                self.dropped += 1
        return len(self.tags) + self.dropped > before


def list_tags(session: Session, limits: Limits) -> Listing:
    """The tags of the session's repository, each once, in the order of the registry.

    What is no tag is dropped, and counted in the warnings.

    Raises:
        ScanError: the registry refuses or fails, its pages lead nowhere, or there are more than we read.

    """
    collected = _Collected()
    answer, entries, size = _first_page(session, limits)
    asked: set[str] = {str(answer.url)}
    stuck = False
    pages = 1
    collected.add(entries)
    while True:
        collected.size += len(answer.body)
        if session.memory.known.describes:
            collected.images.update(described_images(answer.body))
        following, probing = _following(answer, entries, size)
        _check_bounds(collected, pages if following is None else pages + 1, limits)
        if following is None:
            break
        if not probing:
            # A registry that links to the next page is believed that the one without a link is the last.
            size = None
        if str(following) in asked:
            raise ScanError("the registry's next page is one that it sent before", remedy=_OPERATOR)
        asked.add(str(following))
        pages += 1
        answer = session.get(following, limit=limits.page_bytes, headers=_HEADERS)
        if probing and answer.status in (400, 404, 405):
            break
        entries = _entries(session, answer)
        progress = collected.add(entries)
        if probing and not progress:
            break
        if not progress and stuck:
            raise ScanError("the registry's next pages hold no further tags and do not end", remedy=_OPERATOR)
        stuck = not progress
    return Listing(tags=tuple(collected.tags), warnings=_warnings(session, collected), images=collected.images)


def replayed(session: Session, answers: Sequence[Answer], limits: Limits) -> Listing:
    """The tags that these pages hold, all of them there were, as `list_tags` has them; nothing is sent.

    What they say of images besides is left out: a tag may stand for another one now.

    Raises:
        ScanError: a page is none, or there are more than we read.

    """
    collected = _Collected()
    for answer in answers:
        collected.add(_entries(session, answer))
        collected.size += len(answer.body)
    _check_bounds(collected, len(answers), limits)
    return Listing(tags=tuple(collected.tags), warnings=_warnings(session, collected))


def _first_page(session: Session, limits: Limits) -> tuple[Answer, Sequence[object], int | None]:
    """The first page, of a size that the registry takes, and that size; it is remembered for its other images."""
    memory = session.memory
    size = memory.page_size
    while True:
        query = f"?n={size}" if size else ""
        answer = read(session, f"tags/list{query}", limit=limits.page_bytes, headers=_HEADERS)
        if size is None or not _wants_smaller_pages(answer):
            return answer, _entries(session, answer), size
        size = _SMALLER_PAGES.get(size)
        memory.page_size = size


def _wants_smaller_pages(answer: Answer) -> bool:
    if answer.status not in (400, 405, 413):
        return False
    errors = parse_errors(answer.body)
    return any(error.code in _SIZE_CODES or _SIZE_WORDS in error.message for error in errors)


def _following(answer: Answer, entries: Sequence[object], size: int | None) -> tuple[httpx.URL | None, bool]:
    """The URL of the next page, and whether it is only a guess.

    Of a link nothing but the query is used, on the origin and path of this page: that mends proxies' links with a wrong
    scheme, host or prefix, and no link leads elsewhere. Without a link, a full page in order is followed by a look at
    what comes after its last tag, since some proxies leave links out.
    """
    target = next_target(answer.headers.get_list("link"))
    if target is not None:
        return _with_query(answer.url, target.partition("#")[0].partition("?")[2]), False
    if size is None or len(entries) != size or not all(isinstance(entry, str) for entry in entries):
        return None, False
    texts = [str(entry) for entry in entries]
    if texts != sorted(texts):
        return None, False
    return _with_query(answer.url, f"n={size}&last={quote(texts[-1], safe='')}"), True


def _with_query(url: httpx.URL, query: str) -> httpx.URL:
    try:
        return url.copy_with(query=query.encode("ascii") or None)
    except (httpx.InvalidURL, ValueError) as error:
        raise ScanError("the registry's link to the next page is not a URL", remedy=_OPERATOR) from error


def _check_bounds(collected: _Collected, pages: int, limits: Limits) -> None:
    too_much = ""
    if len(collected.tags) + collected.dropped > limits.tags:
        too_much = f"{limits.tags} tags"
    elif pages > limits.pages:
        too_much = f"{limits.pages} pages of tags"
    elif collected.size > limits.listing_bytes:
        too_much = f"{limits.listing_bytes >> 20} MiB of tags"
    if too_much:
        raise ScanError(
            f"the repository has more than {too_much}",
            remedy="delete old tags from it, or publish releases to a repository of their own",
        )


def _entries(session: Session, answer: Answer) -> Sequence[object]:
    """What a page lists; nothing where `tags` is null or missing."""
    if answer.status != 200:
        raise refusal(session, answer)
    host = answer.url.netloc.decode("ascii")
    media_type = clean(answer.headers.get("content-type", "no content type"), limit=60)
    try:
        parsed, _ = json.JSONDecoder().raw_decode(answer.body.decode("utf-8-sig").lstrip())
    except (ValueError, RecursionError) as error:
        raise ScanError(
            f"{host} answered with something other than a list of tags: not JSON, or not all of it ({media_type})",
            remedy=_NOT_AN_API,
        ) from error
    tags = parsed.get("tags") if isinstance(parsed, dict) else parsed
    if not isinstance(parsed, dict) or not isinstance(tags, list | None):
        raise ScanError(f"{host} answered with JSON that is not a list of tags ({media_type})", remedy=_NOT_AN_API)
    return tags or ()


def _warnings(session: Session, collected: _Collected) -> tuple[str, ...]:
    warnings = list(session.visit.warnings)
    withheld = session.door.withholds()
    if withheld:
        warnings.append(withheld)
    if collected.dropped:
        plural = "entry that is not a tag" if collected.dropped == 1 else "entries that are not tags"
        warnings.append(f"the registry lists {collected.dropped} {plural}; left out")
    return tuple(warnings)
