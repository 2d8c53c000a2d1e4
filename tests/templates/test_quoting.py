"""Go's literals, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.templates.quoting import (
    InvalidLiteral,
    can_be_raw,
    character_code,
    escaped_byte,
    quoted,
    rune,
    unquoted,
)
from imgupdate.templates.values import from_bytes


@given(st.binary().map(from_bytes), st.booleans())
def test_a_quoted_string_reads_back_as_itself(text: str, ascii_only: bool) -> None:
    literal = quoted(text, ascii_only=ascii_only)

    assert unquoted(literal) == text
    assert literal.isascii() or not ascii_only
    assert literal.isprintable()


@given(st.characters(exclude_categories=["Cs"]))
def test_a_quoted_character_reads_back_as_itself(character: str) -> None:
    assert character_code(quoted(character, quote="'")) == ord(character)


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ('a"b', r'"a\"b"'),
        ("a'b", '"a\'b"'),
        ("\a\b\f\n\r\t\v\\", r'"\a\b\f\n\r\t\v\\"'),
        ("\x00\x7f", r'"\x00\x7f"'),
        ("é日", '"é日"'),
        ("\u00ad\u2028", r'"\u00ad\u2028"'),
        ("\U000e0001", r'"\U000e0001"'),
        ("\udcff", r'"\xff"'),
    ],
)
def test_a_string_is_written_as_go_writes_it(text: str, literal: str) -> None:
    assert quoted(text) == literal


@pytest.mark.parametrize(
    "literal",
    [r'"\q"', r'"\x4"', r'"\xg0"', r'"\400"', r'"\18"', r'"\ud800"', r'"\U00110000"', r'"\u12"', r'"\'"', '"\\"'],
)
def test_an_escape_that_go_does_not_know_is_refused(literal: str) -> None:
    with pytest.raises(InvalidLiteral, match="invalid syntax"):
        unquoted(literal)


@pytest.mark.parametrize("literal", ["''", "'''", "'\n'", r"'\"'", r"'\400'"])
def test_a_character_that_is_none_is_refused(literal: str) -> None:
    with pytest.raises(InvalidLiteral):
        character_code(literal)


def test_two_characters_are_no_character() -> None:
    with pytest.raises(InvalidLiteral, match="malformed character constant: 'ab'"):
        character_code("'ab'")


def test_a_byte_that_is_no_text_counts_as_the_replacement_character() -> None:
    assert character_code("'\udcff'") == 0xFFFD
    assert character_code(r"'\xff'") == 0xFF
    assert (escaped_byte("\udcff"), escaped_byte("ÿ")) == (0xFF, None)


def test_a_raw_string_is_as_it_stands_but_for_carriage_returns() -> None:
    assert unquoted("`a\\n\r\nb`") == "a\\n\nb"


@pytest.mark.parametrize(
    ("text", "raw"),
    [("a\tb", True), ("", True), ("é", True), ("a`", False), ("a\n", False), ("\x7f", False), ("\ufeff", False)],
)
def test_a_text_without_control_characters_can_stand_in_backquotes(text: str, raw: bool) -> None:
    assert can_be_raw(text) is raw
    assert can_be_raw(text + "\udcff") is False


@pytest.mark.parametrize(
    ("code", "character"),
    [
        (65, "A"),
        (0, "\0"),
        (0xD7FF, "\ud7ff"),
        (0x10FFFF, "\U0010ffff"),
        (-1, "\ufffd"),
        (0xD800, "\ufffd"),
        (0x110000, "\ufffd"),
    ],
)
def test_a_number_that_is_no_code_point_is_the_replacement_character(code: int, character: str) -> None:
    assert rune(code) == character
