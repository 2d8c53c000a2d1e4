"""Go's regular expressions and templates (spec/flux.md 3.1 and 3.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import InvalidPattern
from imgupdate.patterns import Pattern
from imgupdate.patterns.pattern import LONGEST_PATTERN


# spec/flux.md 3.1, each with a text that it matches and one that it does not.
@pytest.mark.parametrize(
    ("pattern", "matches", "misses"),
    [
        (r"(?P<n>1)", "x1", "x"),
        (r"(?<n>1)", "x1", "x"),
        (r"(?i)abc", "xABC", "ab"),
        (r"(?s)a.b", "a\nb", "ab"),
        (r"a.b", "axb", "a\nb"),
        (r"(?m)^b$", "a\nb", "ab"),
        (r"^a$", "a", "a\n"),
        (r"(?U)^a+$", "aaa", "b"),
        (r"^\d$", "1", "\u0661"),
        (r"^\w$", "a", "é"),
        (r"^\s$", " ", "\u00a0"),
        (r"\bb\b", "a b", "ab"),
        (r"[[:alpha:]]", "a", "1"),
        (r"^\pL$", "é", "1"),
        (r"\Aa\z", "a", "a\n"),
        (r"\Qa.b\E", "a.b", "axb"),
        (r"^a{2,3}$", "aa", "a"),
        (r"^a{1000}$", "a" * 1000, "a" * 999),
        (r"^\x{62}$", "b", "a"),
        (r"^a+?$", "aa", "b"),
        (r"^a{,3}$", "a{,3}", "aaa"),
        (r"(?P<a>1)|(?P<a>2)", "2", "3"),
        (r"[.](?P<x>[(])", ".(", "("),
        (r"^$", "", "a"),
        (r"^.$", "\U0001f600", "ab"),
    ],
)
def test_a_pattern_of_go_matches_anywhere_unless_anchored(pattern: str, matches: str, misses: str) -> None:
    compiled = Pattern.compile(pattern)

    assert compiled.search(matches)
    assert not compiled.search(misses)


def test_the_empty_pattern_matches_everything() -> None:
    assert Pattern("").search("")
    assert Pattern("").search("a\nb")


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?!v)",
        "(?<=a)",
        "(?<!a)",
        r"(a)\1",
        "a++",
        "(?>a)",
        "(?x)a",
        "(?#a)",
        r"\Z",
        r"\h",
        r"\K",
        r"\u0041",
        "(?P<n>a)(?P=n)",
        "a{1001}",
        "*",
        "(",
        "[a",
        "x{2}{3}",
        r"\C",
        r"[a](\C)",
        "(?P<é>a)",
        "(?<é>a)",
        "(?P<>a)",
        "a**",
        r"((\pL{1000}){1000})",
    ],
)
def test_a_pattern_that_go_does_not_take_is_an_error_in_one_printable_line(
    pattern: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidPattern) as caught:
        Pattern(pattern)

    assert "is not valid" in caught.value.message
    assert "RE2's syntax" in caught.value.remedy
    assert str(caught.value).isprintable()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("pattern", [r"\\C", r"\Q\C\E", r"[\\C]", r"\QC", r"a\Q\C"])
def test_a_backslash_that_is_itself_escaped_does_not_make_a_single_byte(pattern: str) -> None:
    assert Pattern(pattern).search(r"a\C")


def test_a_pattern_has_a_longest_length() -> None:
    assert Pattern("a" * LONGEST_PATTERN).search("a" * LONGEST_PATTERN)
    with pytest.raises(InvalidPattern, match="longer than 4096 characters"):
        Pattern("a" * (LONGEST_PATTERN + 1))


def test_a_pattern_that_makes_backtracking_engines_hang_is_matched_in_linear_time() -> None:
    assert not Pattern("^(a|a|aa|b?)*(c|d)$").search("a" * 20_000)


# spec/flux.md 3.2
@pytest.mark.parametrize(
    ("pattern", "template", "text", "key"),
    [
        ("^main-[a-f0-9]+-(?P<ts>[0-9]+)", "$ts", "main-abc123-42-x", "42"),
        ("^main-[a-f0-9]+-(?P<ts>[0-9]+)", "${ts}", "main-abc123-42-x", "42"),
        (r"ver(\d+)", "$1", "xver12y", "12"),
        (r"ver(\d+)", "$1x", "xver12y", ""),
        (r"ver(\d+)", "${1}x", "xver12y", "12x"),
        (r"ver(\d+)", "$1_2", "xver12y", ""),
        (r"ver(\d+)", "$0", "xver12y", "ver12"),
        (r"ver(\d+)", "$2", "xver12y", ""),
        (r"ver(\d+)", "$01", "xver12y", ""),
        (r"ver(\d+)", "$é1", "xver12y", ""),
        (r"ver(\d+)", "$100000000", "xver12y", ""),
        (r"ver(\d+)", "$11", "ver5", ""),
        (r"ver(\d+)", "$$1", "xver12y", "$1"),
        (r"ver(\d+)", "$", "xver12y", "$"),
        (r"ver(\d+)", "a$", "xver12y", "a$"),
        (r"ver(\d+)", "${1", "xver12y", "${1"),
        (r"ver(\d+)", "$-1", "xver12y", "$-1"),
        (r"ver(\d+)", "${}", "xver12y", "${}"),
        (r"ver(\d+)", "${ 1}", "xver12y", "${ 1}"),
        (r"ver(\d+)", "$1-$1", "ver5", "5-5"),
        (r"ver(\d+)", "$1 $1", "ver5", "5 5"),
        (r"ver(\d+)", "${1}${1}", "ver5", "55"),
        (r"ver(\d+)", r"\1", "ver5", r"\1"),
        (r"ver(?P<n>\d+)(?P<m>b)?", "[$n|$m]", "ver12", "[12|]"),
        ("(?P<a>1)|(?P<a2>2)", "$a", "2", ""),
        (r"v(\d)(\d)", "$2$1", "v12", "21"),
        ("(a*)(b*)", "$1.$2", "xaab", "."),
        ("v", "lit", "v12", "lit"),
        (r"(?i)VER(\d+)", "$1", "ver12", "12"),
        # Of several groups of one name, the first that took part.
        ("(?P<a>1)|(?P<a>2)", "$a", "2", "2"),
        ("(?P<a>1)?(?<a>2)(?P<a>3)", "$a", "23", "2"),
        # What looks like a group and is none does not count.
        (r"\(\Q(\E[(](?:x)(?P<n>y)", "$1$n", "(((xy", "yy"),
        (r"[^]()](?P<n>y)", "$1", "xy", "y"),
        (r"[[:^alpha:](](?P<n>y)", "$n", "(y", "y"),
        # A name may be digits, but a number comes first.
        ("(?P<1>a)(b)", "$1", "ab", "a"),
        ("(?P<2>a)(b)", "$2", "ab", "b"),
        ("(?P<01>a)(b)", "$01", "ab", "a"),
        ("(?P<1234567890>a)", "$1234567890", "a", "a"),
        # Letters and decimal digits of any script make a name, other numerals do not.
        ("(a)", "${1}²", "a", "a²"),
        ("(a)", "$1²", "a", "a²"),
        ("(a)", "$1\u0661", "a", ""),
        ("(é)(.*)", "$2-$1", "xé\U0001f600", "\U0001f600-é"),
        ("(.*)", "", "a", ""),
    ],
)
def test_a_template_is_filled_as_go_fills_it(pattern: str, template: str, text: str, key: str) -> None:
    assert Pattern(pattern).expand(text, template) == key


def test_a_text_that_does_not_match_fills_no_template() -> None:
    assert Pattern("^v").expand("1", "lit") is None
    assert Pattern("^v([0-9])").expand("1", "$1") is None
    assert Pattern("(x)|(y)").expand("1", "$1") is None


def test_an_expander_serves_many_texts() -> None:
    expand = Pattern("^v([0-9]+)(-.*)?").expander("$1")

    assert [expand(text) for text in ("v1", "x", "v22-é", "")] == ["1", None, "22", None]


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_can_be_searched_and_taken_out_whole(text: str) -> None:
    assert Pattern("").search(text)
    assert Pattern("^a").search(text) is text.startswith("a")
    if text.isprintable():
        assert Pattern("^(.*)$").expand(text, "$1") == text


@pytest.mark.parametrize(
    ("pattern", "data", "start", "spans"),
    [
        ("a(b)?", b"xaab", 0, [(1, 2), (-1, -1)]),
        ("a(b)?", b"xaab", 2, [(2, 4), (3, 4)]),
        ("^a", b"aa", 1, None),
        (r"\bx", b"ax x", 1, [(3, 4)]),
        ("(?m)^b", b"a\nb", 1, [(2, 3)]),
        ("$", b"ab", 2, [(2, 2)]),
        ("é", "aéb".encode(), 0, [(1, 3)]),
        ("z", b"ab", 0, None),
    ],
)
def test_the_first_match_behind_a_place_is_found_with_its_groups(
    pattern: str, data: bytes, start: int, spans: list[tuple[int, int]] | None
) -> None:
    found = Pattern(pattern).find(data, start)

    assert (None if found is None else [tuple(span) for span in found]) == spans


def test_patterns_are_equal_by_their_text() -> None:
    assert Pattern("a") == Pattern("a")
    assert Pattern("a") != Pattern("b")
    assert Pattern("a") != "a"
    assert {Pattern("a"), Pattern("a")} == {Pattern("a")}
    assert repr(Pattern("a")) == "Pattern('a')"
