"""`Link` headers, and which of them is the next page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.registry.links import next_target, parse_links


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
    assert all("<" not in link.target[:0] for link in parse_links([header]))
