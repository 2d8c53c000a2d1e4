"""The plain patterns that `re` takes over from RE2 must be matched alike."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgupdate.errors import InvalidPattern
from imgupdate.patterns import Pattern
from imgupdate.patterns.direct import direct

ALPHABET = "ab1-._ \né"

atoms = st.sampled_from(["a", "b", "1", "-", r"\.", r"\d", "[ab]", "[a-z]", "[0-9.]", "[0-9a-f]", "_", r"\-", " "])
repeats = st.sampled_from(
    ["", "", "", "*", "+", "?", "{0}", "{2}", "{0,}", "{1,}", "{0,1}", "{1,2}", "{00}", "{01,2}", "{0,01}"]
)
items = st.lists(st.tuples(atoms, repeats).map("".join), max_size=3).map("".join)
groups = st.tuples(st.sampled_from(["(", "(?P<n>", "(?<m>"]), items).map(lambda parts: "".join(parts) + ")")
plain_patterns = st.tuples(st.lists(items | groups, max_size=3).map("".join), st.sampled_from(["", "$"])).map(
    lambda parts: "^" + "".join(parts)
)
odd_patterns = st.text("^$()[]{}|*+?.\\ab1-,:P<>nQEd", max_size=8).map("^".__add__)
texts = st.text(ALPHABET, max_size=8)
TEMPLATE = "$0|$1|$2|$3|$4|$n|$m"


def by_re2(pattern: str, text: str) -> str | None:
    """What RE2 itself makes of a pattern: an optional group more keeps it from being a plain one."""
    compiled = Pattern(f"{pattern}()|(?:x{{0}}[^\\s\\S])")
    assert direct(compiled.text) is None
    return compiled.expand(text, TEMPLATE)


@given(plain_patterns | odd_patterns, st.lists(texts, min_size=1, max_size=8))
@example("^a*?", ["aa"])
@example("^[a-z]+[0-9]", ["ab1"])
@example("^a$", ["a\n", "a"])
@example("^a{0}b", ["b"])
@example("^(a?)(a?)", ["a"])
@example("^a{00}", ["b"])
@example("^a{01}$", ["a", "a{01}"])
def test_a_plain_pattern_is_matched_by_re_as_by_re2(pattern: str, samples: list[str]) -> None:
    try:
        compiled = Pattern(pattern)
        plain = direct(pattern)
    except InvalidPattern:
        return
    if plain is None:
        return

    for text in samples:
        filled = by_re2(pattern, text)
        found = plain.match(text)
        assert compiled.search(text) is (found is not None) is (filled is not None)
        if found and filled is not None:
            expected = dict(enumerate(filled.split("|")[:5]))
            assert [found[group] for group in range(plain.groups + 1)] == [
                expected[group] for group in range(plain.groups + 1)
            ]
            assert compiled.expand(text, "$1") == (found[1] if plain.groups else "")
            assert compiled.expand(text, TEMPLATE) == filled


@pytest.mark.parametrize(
    "pattern",
    [
        "^main-[a-f0-9]+-(?P<ts>[0-9]+)",
        r"^(?<v>\d+\.\d+\.\d+)-alpine$",
        "^[a-f0-9]{7,40}$",
        "^v?[0-9]+$",
        "^[b-f]+g?[h-k]*a",
        r"^RELEASE\.(?P<t>[0-9T]+)Z$",
        "^$",
        "^",
    ],
)
def test_the_patterns_of_common_build_tags_are_plain(pattern: str) -> None:
    assert direct(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        "main-[0-9]+",
        "^(.*)-alpine$",
        "^[a-z]+a",
        "^a*[a-f]",
        "^a?a",
        "^a*b?a",
        "^a|b",
        "^(a|b)",
        "^(a)*",
        "^(a+)+",
        "^a+?",
        "^a+b*a*$",
        "^(?i)a",
        "^(?:a)",
        r"^\w+",
        "^[^a]",
        "^é",
        r"^a\$",
        "^a$b",
        "^a{1,2}?",
        "^a{01}",
        "^a{1,02}",
        "^[a-]",
    ],
)
def test_a_pattern_that_leaves_a_choice_or_is_beyond_the_subset_is_left_to_re2(pattern: str) -> None:
    assert direct(pattern) is None


def test_a_plain_pattern_fails_without_trying_again() -> None:
    plain = direct("^[0-9]*[a-z]*-([0-9]*)[a-z]*$")

    assert plain is not None
    assert plain.match("1" * 50_000 + "a" * 50_000 + "-" + "1" * 50_000 + "!") is None
