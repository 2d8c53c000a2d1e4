"""Tokens: nothing is lost, and each knows its place; what they are is recorded in `tests/conformance`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.templates.lexer import Token, tokens
from tests.templates.test_template import TEMPLATES, WORDS

PLAIN = st.lists(st.sampled_from([word for word in WORDS.split(" ") if "-" not in word]), max_size=12).map(" ".join)


def kinds(text: str) -> list[Token]:
    return [item.kind for item in tokens(text)]


@given(TEMPLATES)
def test_tokens_stand_where_they_say_and_end_with_the_end_or_an_error(text: str) -> None:
    *items, last = tokens(text)

    assert all(text.startswith(item.text, item.position) for item in items)
    assert [item.line for item in items] == [text.count("\n", 0, item.position) + 1 for item in items]
    assert [item.position for item in items] == sorted(item.position for item in items)
    assert last.kind in {Token.EOF, Token.ERROR}
    assert not {item.kind for item in items} & {Token.EOF, Token.ERROR}


@given(PLAIN)
def test_without_comments_and_trim_markers_the_tokens_are_the_whole_text(text: str) -> None:
    *items, last = tokens(text.replace("/*", ""))
    end = last.position if last.kind is Token.ERROR else None

    assert "".join(item.text for item in items) == text.replace("/*", "")[:end]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", [Token.TEXT]),
        ("a{{- /* c */ -}} b", [Token.TEXT, Token.TEXT]),
        ("{{ .a.b }}", [Token.SPACE, Token.FIELD, Token.FIELD, Token.SPACE]),
        ("{{$x:=.}}", [Token.VARIABLE, Token.DECLARE, Token.KEYWORD]),
        ("{{(1|len)}}", [Token.LEFT_PARENTHESIS, Token.NUMBER, Token.PIPE, Token.IDENTIFIER, Token.RIGHT_PARENTHESIS]),
        ("{{1+2i}}", [Token.COMPLEX]),
        ("{{$,'a'}}", [Token.VARIABLE, Token.CHARACTER, Token.CHARACTER_CONSTANT]),
        ('{{"a"}}', [Token.STRING]),
        ("{{`a`}}", [Token.RAW_STRING]),
        ("{{true=nil}}", [Token.BOOL, Token.ASSIGN, Token.KEYWORD]),
    ],
)
def test_an_action_is_cut_into_its_tokens(text: str, found: list[Token]) -> None:
    inside = [kind for kind in kinds(text) if kind not in {Token.LEFT_DELIMITER, Token.RIGHT_DELIMITER}]

    assert inside == ([*found, Token.EOF] if text != "{{true=nil}}" else [Token.ERROR])


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a", '"a"'), ("twelve letters", '"twelve let"...'), ("{{", "unclosed action"), ("", "EOF"), ("\x1b", r'"\x1b"')],
)
def test_a_token_shows_itself_in_messages(text: str, shown: str) -> None:
    assert str([*tokens(text)[:1], tokens(text)[-1]][-1 if text in {"", "{{"} else 0]) == shown


def test_a_keyword_shows_itself_in_angles() -> None:
    assert str(tokens("{{end}}")[1]) == "<end>"
    assert tokens("{{end}}")[1].is_word("end")
    assert not tokens("{{`end`}}")[1].is_word("`end`")
