"""Texts of strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.report.text import clean, clean_line, counted, harmless, shorten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, with spaces and ünïcode 🚀", "plain, with spaces and ünïcode 🚀"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\nb\r\nc", r"a\x0ab\x0d\x0ac"),
        ("a\tb", r"a\x09b"),
        ("\x9b31m", r"\x9b31m"),
        ("gnp\u202etxt", r"gnp\u202etxt"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028separator", r"line\u2028separator"),
        ("\udcff", r"\udcff"),
        ("\U000e0041", r"\U000e0041"),
        ("no\xa0break", r"no\xa0break"),
    ],
)
def test_what_a_terminal_would_act_on_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(alphabet=st.characters(codec=None)))
def test_a_clean_text_is_printable_on_one_line_and_stays_as_it_is_when_cleaned_again(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.isprintable()
    assert len(cleaned.splitlines()) <= 1
    assert clean(cleaned) == cleaned


def test_a_line_of_a_file_keeps_its_tabs() -> None:
    assert clean_line("\ta:\tb\x07") == "\ta:\tb\\x07"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::error::boo", r"\x3a:error::boo"),
        ("  ::add-mask::x", r"  \x3a:add-mask::x"),
        ("\t::add-mask::x", "\t" + r"\x3a:add-mask::x"),
        ("tag ##[error]boo", r"tag #\x23[error]boo"),
        ("###[error] ##[x]", r"##\x23[error] #\x23[x]"),
        ("a::b", "a::b"),
        (":not a command", ":not a command"),
        ("# [x] ##", "# [x] ##"),
    ],
)
def test_no_line_is_a_command_to_the_runner(line: str, shown: str) -> None:
    assert harmless(line) == shown


@given(st.text(alphabet=st.sampled_from(":# [a\t]x")))
def test_whatever_the_line_the_runner_finds_no_command_in_it(line: str) -> None:
    shown = harmless(line)

    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("short", 5, "short"),
        ("main-3f2a9c1-1606234201", 12, "main-3…34201"),
        ("abcdef", 5, "ab…ef"),
        ("abcdef", 3, "a…f"),
    ],
)
def test_a_long_text_loses_its_middle(text: str, limit: int, shown: str) -> None:
    assert shorten(text, limit) == shown
    assert clean(text, limit) == shown
    assert len(shown) <= limit


@pytest.mark.parametrize(
    ("number", "noun", "text"), [(0, "file", "0 files"), (1, "policy", "1 policy"), (2, "policy", "2 policies")]
)
def test_a_noun_agrees_with_its_number(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text
