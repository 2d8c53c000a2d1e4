"""`Link` headers, and which of them is the next page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.registry.links import Link, next_target, parse_links


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(['</v2/a/tags/list?last=x&n=2>; rel="next"'], "/v2/a/tags/list?last=x&n=2", id="relative"),
        pytest.param(
            ["<https://a.example/v2/a/tags/list?last=x>; rel=next"], "https://a.example/v2/a/tags/list?last=x"
        ),
        pytest.param(["<?last=x>;REL=NEXT"], "?last=x", id="only a query, and in capitals"),
        pytest.param(['<a>; rel="prev"'], None, id="another relation"),
        pytest.param(['<a>; rel="prev", <b>; rel="next"'], "b", id="the second link"),
        pytest.param(['<a>; rel="prev"', '<b>; rel="next"'], "b", id="the second header"),
        pytest.param(['<a?x=1,2;3>; rel="next"'], "a?x=1,2;3", id="a comma and a semicolon inside the target"),
        pytest.param(['<a>; title="one, two; rel=prev"; rel="next"'], "a", id="a parameter with everything in it"),
        pytest.param(['<a>; rel="last next"'], "a", id="several relations"),
        pytest.param(["<a>; rel=prev; rel=next"], None, id="only the first relation counts"),
        pytest.param(["<a>"], "a", id="the only link, with no relation"),
        pytest.param(["<a>; foo; bar=baz"], "a", id="the only link, with other parameters"),
        pytest.param(["<a>, <b>"], None, id="two links without relations"),
        pytest.param(["a; rel=next"], None, id="no brackets"),
        pytest.param([], None, id="no header"),
        pytest.param(['<a>; rel=""'], None, id="an empty relation"),
    ],
)
def test_the_next_page_is_found(headers: list[str], expected: str | None) -> None:
    assert next_target(headers) == expected


@given(st.text(alphabet='<>;, "=relnxt\\', max_size=200))
def test_any_text_is_read_without_failing(header: str) -> None:
    for link in parse_links([header]):
        assert link.target in header
        assert ">" not in link.target


@st.composite
def written_links(draw: st.DrawFn) -> tuple[str, list[Link]]:
    """A header of several links, and what it says."""
    targets = st.text('abc/?&=%,;:"', min_size=1, max_size=12)
    relations = st.frozensets(st.sampled_from(["next", "prev", "last", "first"]), min_size=1, max_size=3)
    found, texts = [], []
    for _ in range(draw(st.integers(0, 4))):
        target, names = draw(targets), draw(st.none() | relations)
        rel = draw(st.sampled_from(["rel", "REL", "Rel"]))
        before = draw(st.sampled_from(["", '; title="a, b; rel=prev"', "; type=x", ";foo"]))
        words = " ".join(sorted(names)) if names else ""
        relation = f'{before}; {rel}="{words}"' if names else before
        texts.append(f"<{target}>{relation}")
        found.append(Link(target, names))
    return draw(st.sampled_from([", ", ","])).join(texts), found


@given(written_links())
def test_links_are_read_as_they_were_written_however_many_there_are(written: tuple[str, list[Link]]) -> None:
    header, links = written

    assert list(parse_links([header])) == links


@given(st.lists(written_links(), max_size=3))
def test_several_headers_are_read_as_one_list(written: list[tuple[str, list[Link]]]) -> None:
    assert list(parse_links(header for header, _ in written)) == [link for _, links in written for link in links]
