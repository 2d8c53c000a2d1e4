"""All tags or none: links, sizes, loops, caps, and what is no tag."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import ScanError
from imgupdate.images import is_tag
from imgupdate.registry import Limits
from imgupdate.results import Listing
from tests.registry.support import FakeRegistry, access, errors, one_by_one, repository, tags_page

BASE = "https://registry.example.com/v2/team/app/tags/list"


def listed(*answers: httpx.Response, image: str = "registry.example.com/team/app") -> tuple[Listing, list[str]]:
    """What a client makes of these answers, and the queries that it asked with."""
    registry = FakeRegistry(one_by_one(*answers))
    listing = registry.client().tags(repository(image), access())
    for request in registry.requests:
        assert request.url.host == registry.requests[0].url.host
        assert request.url.path == registry.requests[0].url.path
    return listing, [request.url.query.decode() for request in registry.requests]


class TestLinks:
    @pytest.mark.parametrize(
        "target",
        [
            pytest.param("/v2/team/app/tags/list?last=b&n=2", id="relative"),
            pytest.param("?last=b&n=2", id="only a query"),
            pytest.param("https://[::1/?last=b&n=2#part", id="a host that is none"),
            pytest.param(f"{BASE}?last=b&n=2", id="absolute"),
            pytest.param("https://registry.example.com:443/v2/team/app/tags/list?last=b&n=2", id="the usual port"),
            pytest.param("http://registry.example.com/v2/team/app/tags/list?last=b&n=2", id="another scheme"),
            pytest.param("https://evil.example/v2/team/app/tags/list?last=b&n=2", id="another host"),
            pytest.param("https://169.254.169.254/?last=b&n=2", id="the metadata address"),
            pytest.param("/v2/app/tags/list?last=b&n=2", id="a prefix is missing, as behind Artifactory"),
            pytest.param(
                "/repository/docker/v2/team/app/tags/list?last=b&n=2", id="a prefix too many, as behind Nexus"
            ),
        ],
    )
    def test_only_the_query_of_a_link_is_used(self, target: str) -> None:
        listing, queries = listed(tags_page("a", "b", link=f'<{target}>; rel="next"'), tags_page("c"))

        assert listing == Listing(tags=("a", "b", "c"))
        assert queries == ["n=1000", "last=b&n=2"]

    def test_a_link_to_something_else_is_no_next_page(self) -> None:
        assert listed(tags_page("a", link='<?last=a>; rel="prev"'))[0].tags == ("a",)

    def test_the_last_page_may_be_empty(self) -> None:
        assert listed(tags_page("a", link="<?last=a>; rel=next"), tags_page())[0].tags == ("a",)

    def test_a_page_without_news_may_be_followed_by_one_with_some(self) -> None:
        listing, _ = listed(
            tags_page("a", link="<?p=2>; rel=next"),
            tags_page("a", link="<?p=3>; rel=next"),
            tags_page("b"),
        )

        assert listing.tags == ("a", "b")

    def test_a_link_to_itself_is_an_error(self) -> None:
        with pytest.raises(ScanError, match="one that it sent before") as caught:
            listed(tags_page("a", link=f"<{BASE}?n=1000>; rel=next"))

        assert caught.value.where == "registry.example.com/team/app"

    def test_a_circle_of_links_is_an_error(self) -> None:
        with pytest.raises(ScanError, match="one that it sent before"):
            listed(
                tags_page("a", link="<?p=2>; rel=next"),
                tags_page("b", link="<?p=3>; rel=next"),
                tags_page("c", link="<?p=2>; rel=next"),
            )

    def test_links_that_lead_nowhere_are_an_error(self) -> None:
        numbers = count()

        def handle(_: httpx.Request) -> httpx.Response:
            return tags_page("a", link=f"<?p={next(numbers)}>; rel=next")

        registry = FakeRegistry(handle)
        with pytest.raises(ScanError, match="no further tags and do not end"):
            registry.client().tags(repository(), access())
        assert len(registry.requests) == 3

    def test_a_link_without_a_query_that_brings_nothing_new_is_an_error(self) -> None:
        with pytest.raises(ScanError, match="one that it sent before"):
            listed(
                tags_page("a", link="</v2/team/app/tags/list/page2>; rel=next"),
                tags_page("a", link="</v2/team/app/tags/list/page3>; rel=next"),
            )

    def test_a_link_that_is_no_url_is_an_error(self) -> None:
        with pytest.raises(ScanError, match="not a URL"):
            listed(httpx.Response(200, headers=[(b"Link", "<?last=ä>; rel=next".encode())], json={"tags": ["a"]}))

    def test_a_page_that_fails_fails_the_listing(self) -> None:
        with pytest.raises(ScanError, match="404"):
            listed(tags_page("a", link="<?p=2>; rel=next"), httpx.Response(404))


class TestGuessingThePageAfterAFullOne:
    FULL = tuple(f"{n:04}" for n in range(1000))

    def test_a_full_page_in_order_is_followed_by_a_look_after_its_last_tag(self) -> None:
        listing, queries = listed(tags_page(*self.FULL), tags_page("a", "b"))

        assert listing.tags == (*self.FULL, "a", "b")
        assert queries == ["n=1000", "n=1000&last=0999"]

    @pytest.mark.parametrize("answer", [tags_page(), tags_page(*FULL), errors(404), errors(400), errors(405)])
    def test_nothing_after_it_means_that_it_was_all(self, answer: httpx.Response) -> None:
        assert listed(tags_page(*self.FULL), answer)[0].tags == self.FULL

    def test_a_failure_after_it_is_a_failure(self) -> None:
        with pytest.raises(ScanError, match="403"):
            listed(tags_page(*self.FULL), errors(403))

    @pytest.mark.parametrize(
        "page", [tags_page(*reversed(FULL)), tags_page(*FULL[:-1]), tags_page(*FULL, "x"), tags_page(*FULL[1:], None)]
    )
    def test_a_page_that_is_not_full_or_not_in_order_is_all(self, page: httpx.Response) -> None:
        assert len(listed(page)[1]) == 1

    def test_a_registry_that_sends_all_at_once_is_not_asked_again(self) -> None:
        registry = FakeRegistry(one_by_one(httpx.Response(200, json={"token": "t"}), tags_page(*self.FULL)))

        assert registry.client().tags(repository("nginx"), access()).tags == self.FULL


class TestSizeOfPages:
    @pytest.mark.parametrize(
        ("image", "query"),
        [
            ("registry.example.com/team/app", "n=1000"),
            ("europe-west1-docker.pkg.dev/p/r/app", "n=10000"),
        ],
    )
    def test_a_registry_is_asked_for_what_it_is_known_to_give(self, image: str, query: str) -> None:
        assert listed(tags_page("a"), image=image)[1] == [query]

    @pytest.mark.parametrize(
        "refusal",
        [
            errors(400, "PAGINATION_NUMBER_INVALID"),
            errors(405, "UNSUPPORTED", "Invalid parameter"),
            errors(413, "TOO_MANY_TAGS_REQUESTED"),
            errors(400, "X", "Member must have value less than or equal to 1000"),
        ],
    )
    def test_a_registry_that_wants_smaller_pages_gets_them(self, refusal: httpx.Response) -> None:
        listing, queries = listed(refusal, refusal, tags_page("a"))

        assert listing.tags == ("a",)
        assert queries == ["n=1000", "n=100", ""]

    def test_the_steps_begin_at_what_is_known(self) -> None:
        refusal = errors(405, "UNSUPPORTED")

        assert listed(refusal, refusal, tags_page("a"), image="gcr.io/p/app")[1] == ["n=10000", "n=1000", "n=100"]

    def test_what_a_host_takes_is_remembered(self) -> None:
        registry = FakeRegistry(one_by_one(errors(405, "UNSUPPORTED"), tags_page("a"), tags_page("a")))

        with registry.client() as client:
            client.tags(repository(), access())
            client.tags(repository("registry.example.com/team/other"), access())

        assert [request.url.query for request in registry.requests] == [b"n=1000", b"n=100", b"n=100"]

    @pytest.mark.parametrize("refusal", [errors(400, "NAME_INVALID"), errors(403, "UNSUPPORTED")])
    def test_other_refusals_are_refusals(self, refusal: httpx.Response) -> None:
        with pytest.raises(ScanError):
            listed(refusal)

    def test_a_registry_that_takes_no_size_at_all_fails_with_its_words(self) -> None:
        refusal = errors(405, "UNSUPPORTED", "really not")

        with pytest.raises(ScanError, match="405 UNSUPPORTED"):
            listed(refusal, refusal, refusal)


class TestWhatIsNoTag:
    def test_each_tag_is_listed_once_in_the_order_of_the_registry(self) -> None:
        assert listed(tags_page("b", "a", "b", "c"))[0] == Listing(tags=("b", "a", "c"))

    def test_what_is_no_tag_is_left_out_and_counted(self) -> None:
        page = tags_page("1.0", None, "", 5, "sha256:" + "a" * 64, "-x", "a b", "x\nevil", "v" * 129, ["y"], "v" * 128)

        assert listed(page)[0] == Listing(
            tags=("1.0", "v" * 128), warnings=("the registry lists 9 entries that are not tags; left out",)
        )

    def test_one_that_is_no_tag_is_spoken_of_as_one(self) -> None:
        assert listed(tags_page(None))[0].warnings == ("the registry lists 1 entry that is not a tag; left out",)

    @pytest.mark.parametrize("body", [b'{"name":"x","tags":null}', b'{"name":"x"}', b'{"tags":[]}', b"{}"])
    def test_no_tags_are_no_tags(self, body: bytes) -> None:
        assert listed(httpx.Response(200, content=body))[0] == Listing(tags=())

    @pytest.mark.parametrize("body", [b'\xef\xbb\xbf{"tags":["a"]}', b' {"tags":["a"]} trailing', b'{"tags":["a"]}{}'])
    def test_marks_and_junk_around_the_json_do_not_matter(self, body: bytes) -> None:
        assert listed(httpx.Response(200, content=body))[0].tags == ("a",)

    @given(st.lists(st.one_of(st.text(max_size=5), st.none(), st.integers()), max_size=20))
    def test_whatever_is_listed_only_tags_come_out_and_all_of_them(self, entries: list[str | int | None]) -> None:
        listing, _ = listed(tags_page(*entries))

        assert listing.tags == tuple(dict.fromkeys(e for e in entries if isinstance(e, str) and is_tag(e)))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(httpx.Response(200, html="<h1>Sign in</h1>"), "not JSON, or not all of it (text/html", id="HTML"),
        pytest.param(httpx.Response(200, content=b'{"tags": ["1.0", "1.'), "not all of it", id="truncated JSON"),
        pytest.param(httpx.Response(200, content=b""), "not JSON", id="nothing"),
        pytest.param(httpx.Response(200, content=b"\xff\xfe"), "not JSON", id="not UTF-8"),
        pytest.param(httpx.Response(200, content=b"[" * 100_000), "not JSON", id="too deep"),
        pytest.param(httpx.Response(200, content=b'{"tags":' + b"9" * 5000 + b"}"), "not JSON", id="a huge number"),
        pytest.param(httpx.Response(200, json=["1.0"]), "not a list of tags", id="a bare list"),
        pytest.param(httpx.Response(200, json={"tags": "1.0"}), "not a list of tags", id="tags as a text"),
        pytest.param(httpx.Response(200, json={"tags": {"1.0": {}}}), "not a list of tags", id="tags as a mapping"),
        pytest.param(httpx.Response(204), "gave an answer that a registry does not give: 204", id="no content"),
        pytest.param(httpx.Response(302), "does not give: 302", id="a redirect to nowhere"),
        pytest.param(errors(404, "NAME_UNKNOWN"), "has no such image, or none that may be read", id="not there"),
        pytest.param(errors(401), "refuses access to the image without credentials", id="log in"),
        pytest.param(errors(403, "DENIED"), "refuses access to the image", id="forbidden"),
        pytest.param(errors(418), "does not give: 418", id="a teapot"),
    ],
)
def test_an_answer_that_is_no_page_is_an_error_with_a_remedy(answer: httpx.Response, words: str) -> None:
    registry = FakeRegistry(lambda _: answer)

    with pytest.raises(ScanError) as caught:
        registry.client().tags(repository(), access())

    assert words in caught.value.message
    assert "registry.example.com" in str(caught.value)
    assert caught.value.remedy


class TestCaps:
    @staticmethod
    def endless(make: Callable[[int], list[str]]) -> FakeRegistry:
        numbers = count()

        def handle(_: httpx.Request) -> httpx.Response:
            number = next(numbers)
            return tags_page(*make(number), link=f"<?p={number}>; rel=next")

        return FakeRegistry(handle)

    def test_too_many_tags_are_an_error_and_not_a_part_of_the_list(self) -> None:
        registry = self.endless(lambda page: [f"{page}-{n}" for n in range(1000)])

        with pytest.raises(ScanError, match="more than 200000 tags"):
            registry.client().tags(repository(), access())
        assert len(registry.requests) == 201

    def test_a_million_tags_on_one_page_are_an_error(self) -> None:
        body = json.dumps({"tags": [f"v{n}" for n in range(1_000_000)]}).encode()

        with pytest.raises(ScanError, match="more than 200000 tags"):
            listed(httpx.Response(200, content=body))

    def test_entries_that_are_no_tags_count_as_well(self) -> None:
        registry = self.endless(lambda _: ["-"] * 1000)

        with pytest.raises(ScanError, match="more than 200000 tags"):
            registry.client().tags(repository(), access())

    def test_too_many_pages_are_an_error(self) -> None:
        registry = self.endless(lambda page: [f"v{page}"])

        with pytest.raises(ScanError, match="more than 1000 pages of tags"):
            registry.client().tags(repository(), access())
        assert len(registry.requests) == 1000

    def test_as_many_pages_as_allowed_are_read(self) -> None:
        registry = FakeRegistry(one_by_one(tags_page("a", link="<?p=2>; rel=next"), tags_page("b")))

        assert registry.client(limits=Limits(pages=2)).tags(repository(), access()).tags == ("a", "b")

    def test_too_many_bytes_in_all_are_an_error(self) -> None:
        registry = self.endless(lambda page: [f"{page}-{'x' * 100}"])

        with pytest.raises(ScanError, match="more than 0 MiB of tags"):
            registry.client(limits=Limits(listing_bytes=1000)).tags(repository(), access())

    def test_a_page_that_is_too_large_is_an_error(self) -> None:
        registry = FakeRegistry(one_by_one(tags_page("x" * 128)))

        with pytest.raises(ScanError, match="sent more than"):
            registry.client(limits=Limits(page_bytes=100)).tags(repository(), access())
