"""Lists of tags between runs: what is asked again, what is not, and what of the cache is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.cache import CacheDirectory
from imgupdate.registry.cache.directory import Kind
from imgupdate.registry.limits import Limits
from imgupdate.results import Listing
from tests.registry.support import (
    NOW,
    FakeClock,
    FakeRegistry,
    Handler,
    access,
    bearer,
    entry,
    errors,
    one_by_one,
    repository,
    tags_page,
    token,
    unauthorized,
)

UNCHANGED = httpx.Response(304)
NEVER = FakeRegistry(lambda _: errors(500))


class Runs:
    """Runs one after the other with one cache; each finds the registry as it says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.notices: list[str] = []
        self.registry = NEVER

    def run(
        self,
        *answers: httpx.Response | Handler,
        respect: bool = False,
        interval: float = 0.0,
        limits: Limits | None = None,
        **given: Any,
    ) -> Listing:
        handler = answers[0] if answers and callable(answers[0]) else one_by_one(*answers)  # type: ignore[arg-type]
        self.registry = FakeRegistry(handler)
        cache = CacheDirectory(self.folder, clock=self.clock)
        with self.registry.client(clock=self.clock, limits=limits) as client:
            client.remember(cache, respect_interval=respect)
            try:
                return client.tags(repository(), replace(access(**given), interval=interval))
            finally:
                self.notices = [message for message, _ in cache.notices.all]

    @property
    def asked(self) -> list[str]:
        return [request.url.query.decode() for request in self.registry.requests]

    @property
    def conditions(self) -> list[str]:
        headers = ("if-none-match", "if-modified-since")
        return [
            ", ".join(f"{name}: {request.headers[name]}" for name in headers if name in request.headers)
            for request in self.registry.requests
        ]

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())

    def rewrite(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change what the file says and write it as we would, checksum and all."""
        (path,) = self.files
        key = path.name.removeprefix("tags-")
        cache = CacheDirectory(self.folder, clock=self.clock)
        document = cache.read(Kind.TAGS, key, json.loads)
        assert document is not None
        changed = change(document)
        cache.write(Kind.TAGS, key, json.dumps(document if changed is None else changed).encode())
        cache.close()


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "cache")


def test_a_list_that_did_not_change_is_not_sent_again(runs: Runs) -> None:
    first = runs.run(tags_page("1.0", "1.1", ETag='"a"'))
    again = runs.run(UNCHANGED)

    assert again == first == Listing(tags=("1.0", "1.1"))
    assert (runs.asked, runs.conditions) == (["n=1000"], ['if-none-match: "a"'])
    assert runs.notices == []


def test_a_list_that_changed_is_what_the_registry_says_now_and_the_next_run_knows_that(runs: Runs) -> None:
    runs.run(tags_page("1.0", ETag='"a"'))

    assert runs.run(tags_page("2.0", ETag='W/"b"')).tags == ("2.0",)
    assert runs.run(UNCHANGED).tags == ("2.0",)
    assert runs.conditions == ['if-none-match: W/"b"']


def test_an_entity_tag_goes_before_a_time(runs: Runs) -> None:
    old = {"Last-Modified": formatdate(NOW - 3600, usegmt=True), "Date": formatdate(NOW, usegmt=True)}
    runs.run(tags_page("1.0", ETag='"a"', **old))
    runs.run(UNCHANGED)

    assert runs.conditions == ['if-none-match: "a"']


def test_a_time_serves_where_there_is_no_entity_tag(runs: Runs) -> None:
    modified = formatdate(NOW - 60, usegmt=True)
    runs.run(tags_page("1.0", **{"Last-Modified": modified, "Date": formatdate(NOW, usegmt=True)}))

    assert runs.run(UNCHANGED).tags == ("1.0",)
    assert runs.conditions == [f"if-modified-since: {modified}"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Last-Modified": formatdate(NOW - 59, usegmt=True), "Date": formatdate(NOW, usegmt=True)},
        {"Last-Modified": formatdate(NOW - 3600, usegmt=True)},
        {"Last-Modified": "yesterday", "Date": formatdate(NOW, usegmt=True)},
        {"Last-Modified": "Fri, 15 Jan 2027 07:00:00", "Date": formatdate(NOW, usegmt=True)},
        {"ETag": "unquoted"},
        {"ETag": '"with space "'},
        {"ETag": f'"{"a" * 257}"'},
    ],
    ids=["none", "just changed", "no date", "no time", "no zone", "no quotes", "a space", "too long"],
)
def test_without_a_validator_that_tells_lists_apart_nothing_is_kept(runs: Runs, headers: dict[str, str]) -> None:
    runs.run(tags_page("1.0", **headers))
    assert runs.files == []

    assert runs.run(tags_page("1.1", **headers)).tags == ("1.1",)
    assert runs.conditions == [""]


def test_each_page_has_its_own_validator(runs: Runs) -> None:
    def link(last: str) -> str:
        return f'</v2/team/app/tags/list?n=1000&last={last}>; rel="next"'

    runs.run(tags_page("1", link=link("1"), ETag='"a"'), tags_page("2", link=link("2")), tags_page("3", ETag='"c"'))

    again = runs.run(UNCHANGED, tags_page("2", "2.1", link=link("2")), UNCHANGED)

    assert again.tags == ("1", "2", "2.1", "3")
    assert runs.asked == ["n=1000", "n=1000&last=1", "n=1000&last=2"]
    assert runs.conditions == ['if-none-match: "a"', "", 'if-none-match: "c"']


def test_the_page_size_that_a_registry_takes_is_part_of_the_question(runs: Runs) -> None:
    too_large = errors(400, "PAGINATION_NUMBER_INVALID")
    runs.run(too_large, tags_page("1.0", ETag='"a"'))

    assert runs.run(too_large, UNCHANGED).tags == ("1.0",)
    assert runs.asked == ["n=1000", "n=100"]
    assert runs.conditions == ["", 'if-none-match: "a"']


def test_a_login_on_the_way_changes_nothing(runs: Runs) -> None:
    runs.run(unauthorized(bearer()), token(), tags_page("1.0", ETag='"a"'))

    assert runs.run(unauthorized(bearer()), token(), UNCHANGED).tags == ("1.0",)
    assert runs.conditions == ['if-none-match: "a"', "", 'if-none-match: "a"']


def test_a_registry_that_says_unchanged_unasked_is_not_believed(runs: Runs) -> None:
    with pytest.raises(ScanError, match="304"):
        runs.run(UNCHANGED)

    assert runs.files == []


def test_what_failed_is_not_kept(runs: Runs) -> None:
    runs.run(tags_page("1.0", ETag='"a"'))
    (path,) = runs.files
    before = path.read_bytes()

    with pytest.raises(ScanError):
        runs.run(httpx.Response(200, headers={"ETag": '"b"'}, content=b"<html>"))

    assert path.read_bytes() == before


def test_no_token_and_no_password_is_kept(runs: Runs) -> None:
    login = {"registry.example.com": entry("alice", "secret-of-alice")}
    runs.run(unauthorized(bearer()), token("the-token"), tags_page("1.0", ETag='"a"'), auths=login)

    assert len(runs.files) == 1
    for path in runs.files:
        content = path.name.encode() + path.read_bytes()
        assert [
            secret for secret in (b"secret-of-alice", b"the-token", entry()["auth"].encode()) if secret in content
        ] == []


@pytest.mark.parametrize(
    "other",
    [
        {"auths": {"registry.example.com": entry("bob")}},
        {"auths": {"registry.example.com": entry("alice")}, "source": "Secret default/other"},
        {},
        {"insecure": True},
    ],
    ids=["another user", "another Secret", "nobody", "insecure"],
)
def test_what_one_was_told_another_is_not(runs: Runs, other: dict[str, Any]) -> None:
    login = {"registry.example.com": entry("alice")}
    runs.run(tags_page("1.0", ETag='"a"'), auths=login, respect=True, interval=600)

    assert runs.run(tags_page("1.1"), respect=True, interval=600, **other).tags == ("1.1",)
    assert runs.conditions == [""]


# --- intervals ---


def test_an_image_whose_interval_has_not_passed_is_not_asked_for(runs: Runs) -> None:
    first = runs.run(tags_page("1.0", "not a tag"), respect=True, interval=300)
    runs.clock.pass_by(298)

    assert runs.run(respect=True, interval=300) == first
    assert first.warnings == ("the registry lists 1 entry that is not a tag; left out",)
    assert runs.asked == []


def test_less_than_a_second_before_the_end_of_the_interval_it_is_asked_as_flux_does(runs: Runs) -> None:
    runs.run(tags_page("1.0"), respect=True, interval=300)
    runs.clock.pass_by(299)

    assert runs.run(tags_page("1.1"), respect=True, interval=300).tags == ("1.1",)


def test_the_interval_counts_from_the_last_time_that_the_registry_confirmed_the_list(runs: Runs) -> None:
    runs.run(tags_page("1.0", ETag='"a"'), respect=True, interval=300)
    runs.clock.pass_by(400)
    runs.run(UNCHANGED, respect=True, interval=300)
    runs.clock.pass_by(200)

    assert runs.run(respect=True, interval=300).tags == ("1.0",)
    assert runs.asked == []


@pytest.mark.parametrize(
    ("respect", "interval"), [(False, 300.0), (True, 0.0), (True, 60.0)], ids=["not respected", "none", "another one"]
)
def test_otherwise_it_is_asked(runs: Runs, respect: bool, interval: float) -> None:
    runs.run(tags_page("1.0", ETag='"a"'), respect=True, interval=300)
    runs.clock.pass_by(100)

    assert runs.run(UNCHANGED, respect=respect, interval=interval).tags == ("1.0",)
    assert runs.conditions == ['if-none-match: "a"']


def test_all_pages_are_shown_again_though_the_page_size_is_another_one(runs: Runs) -> None:
    pages = [tags_page("1", link='<?n=100&last=1>; rel="next"'), tags_page("2")]
    runs.run(errors(400, "PAGINATION_NUMBER_INVALID"), *pages, respect=True, interval=300)

    assert runs.run(respect=True, interval=300).tags == ("1", "2")


def test_a_list_of_the_future_is_asked_for(runs: Runs) -> None:
    runs.run(tags_page("1.0"), respect=True, interval=300)
    runs.rewrite(lambda document: document.update(at=NOW + 1000))

    assert runs.run(tags_page("1.1"), respect=True, interval=300).tags == ("1.1",)


# --- files of others ---


@pytest.mark.parametrize("at", [float("nan"), float("inf"), -float("inf")])
def test_a_time_that_is_none_is_no_time_of_ours(runs: Runs, at: float) -> None:
    runs.run(tags_page("1.0"), respect=True, interval=300)
    runs.rewrite(lambda document: document.update(at=at))

    assert runs.run(tags_page("1.1"), respect=True, interval=300).tags == ("1.1",)


def page(**fields: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["pages"][0].update(fields)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: [],
        lambda _: {},
        lambda document: document.update(at=10**400),
        lambda document: document.update(at="now"),
        lambda document: document.update(pages=[]),
        lambda document: document.update(pages={}),
        lambda document: document.update(pages=["1.0"]),
        page(body=None),
        page(body="<html>"),
        page(body="[]"),
        page(body='{"tags": 1}'),
        page(body='{"tags": ["\ud800"]}'),
        page(body="[" * 100_000),
        page(query=1),
        page(links="none"),
        page(links=["<?n=1>"] * 11),
        page(links=["<?n=1>\r\nX: y"]),
        page(links=[1]),
        page(entity_tag='"a"\r\nAuthorization: x'),
        page(entity_tag='"ü"'),
        page(modified="x\r\ny"),
        page(modified=None),
    ],
)
def test_a_file_of_another_form_is_left_aside_with_a_notice(
    runs: Runs, change: Callable[[dict[str, Any]], object]
) -> None:
    runs.run(tags_page("1.0", ETag='"a"'), respect=True, interval=300)
    runs.rewrite(change)

    assert runs.run(tags_page("1.1", ETag='"a"'), respect=True, interval=300).tags == ("1.1",)
    assert runs.conditions == [""]
    assert runs.notices == [
        f"the file {runs.files[0].name} of the cache is not what it should be, and is left aside",
    ]
    assert runs.run(respect=True, interval=300).tags == ("1.1",)


def test_what_the_cache_holds_is_cleaned_like_an_answer(runs: Runs) -> None:
    runs.run(tags_page("1.0", ETag='"a"'))
    hostile = {"tags": ["1.0", "::error::x\n", "a b", None, "sha256:0", "x" * 129, "\u001b[31m"]}
    runs.rewrite(page(body=json.dumps(hostile)))

    listing = runs.run(UNCHANGED)

    assert listing.tags == ("1.0",)
    assert listing.warnings == ("the registry lists 6 entries that are not tags; left out",)


def test_a_list_in_the_cache_is_bounded_like_an_answer(runs: Runs) -> None:
    runs.run(tags_page("1.0", "1.1", "1.2", ETag='"a"'), respect=True, interval=300)

    assert runs.run(tags_page("2.0"), respect=True, interval=300, limits=Limits(tags=2)).tags == ("2.0",)
    assert len(runs.notices) == 1


def test_links_of_the_cache_lead_nowhere_else(runs: Runs) -> None:
    runs.run(tags_page("1.0", link='</v2/team/app/tags/list?n=1000&last=1.0>; rel="next"', ETag='"a"'), tags_page("2"))
    runs.rewrite(page(links=['<https://evil.example.com/v2/x/tags/list?n=1000&last=evil>; rel="next"']))

    assert runs.run(UNCHANGED, tags_page("3")).tags == ("1.0", "3")
    assert [str(request.url) for request in runs.registry.requests][1] == (
        "https://registry.example.com/v2/team/app/tags/list?n=1000&last=evil"
    )


def test_answers_that_could_not_be_read_back_are_not_written(runs: Runs) -> None:
    links = [("Link", f'<?n=1&last={number}>; rel="prev"') for number in range(11)]
    body = {"tags": ["1.0"]}
    runs.run(httpx.Response(200, headers=[*links, ("ETag", '"a"')], json=body))

    assert runs.files == []
