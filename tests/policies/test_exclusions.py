"""The exclusion list and the order in which policies see tags (spec/flux.md 4.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import InvalidPattern
from imgupdate.patterns import Pattern
from imgupdate.policies import DEFAULT_EXCLUSION, compile_exclusions, stored_order


@pytest.mark.parametrize(
    ("patterns", "tags", "kept"),
    [
        (["[abc]"], ["a", "b", "c", "d"], ["d"]),
        (["[a]", "[d]"], ["a", "b", "c", "d"], ["c", "b"]),
        (["aaa|ccc"], ["aaa", "bbb", "ccc", "ddd"], ["ddd", "bbb"]),
        (
            [r"^.*\-alpha$", r"^.*\.sig$"],
            ["0.1.0", "0.2.0", "0.2.-alpha", "0.3.0", "0.4.0", "0.4.0.sig"],
            ["0.4.0", "0.3.0", "0.2.0", "0.1.0"],
        ),
        (["1.0.2"], ["11.0.2", "1.0.2-a", "1.0.1"], ["1.0.1"]),
        ([], ["1", "1.sig", "1.sig.1", ".sig", "sig"], ["sig", "1.sig.1", "1"]),
        (["x"], ["1.sig"], ["1.sig"]),
        (["^$"], ["", "a"], ["a"]),
    ],
)
def test_a_tag_is_dropped_if_any_pattern_matches_anywhere(
    patterns: list[str], tags: list[str], kept: list[str]
) -> None:
    exclusions = compile_exclusions(patterns)

    assert stored_order(tags, exclusions) == kept
    assert sorted((tag for tag in tags if not exclusions.excludes(tag)), reverse=True) == kept


def test_tags_are_stored_once_each_in_descending_order_of_bytes() -> None:
    tags = ["-62", "-88", "73", "72", "15", "16", "15", "29", "-33", "-91", "100", "101"]

    stored = stored_order(tags, compile_exclusions([]))

    assert stored == ["73", "72", "29", "16", "15", "101", "100", "-91", "-88", "-62", "-33"]


@given(st.lists(st.text(max_size=6), max_size=10))
def test_the_order_is_that_of_utf8_bytes_whatever_the_order_of_the_listing(tags: list[str]) -> None:
    keep_all = compile_exclusions([r"[^\s\S]"])

    stored = stored_order(tags, keep_all)

    assert stored == stored_order(reversed(tags), keep_all)
    assert stored == sorted(set(tags), key=lambda tag: tag.encode(), reverse=True)


@given(st.text("a.sig\n", max_size=8) | st.text(max_size=4).map(lambda text: text + ".sig"))
def test_the_default_exclusion_is_the_pattern_that_it_stands_for(tag: str) -> None:
    default = compile_exclusions([])

    assert default.patterns == (DEFAULT_EXCLUSION,)
    assert default.excludes(tag) is Pattern(DEFAULT_EXCLUSION).search(tag)


def test_one_bad_pattern_fails_the_list() -> None:
    with pytest.raises(InvalidPattern, match=r"'\(\?!v\)' is not valid"):
        compile_exclusions(["a", "(?!v)"])


def test_exclusions_written_alike_are_equal() -> None:
    assert compile_exclusions(["a"]) == compile_exclusions(["a"])
    assert compile_exclusions([]) == compile_exclusions([DEFAULT_EXCLUSION])
    assert compile_exclusions(["a"]) != compile_exclusions(["b"])
