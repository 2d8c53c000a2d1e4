"""Texts of strangers in GitHub's Markdown, looked at as a parser sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.report.markdown import code, fenced, fold, in_html, link, plain, prose, row, short_digest, table_head
from imgupdate.report.text import clean, clean_line
from tests.rendering import Element, rendered, tree
from tests.report.harmless import harm

NASTY = st.text(
    st.one_of(
        st.sampled_from(list("`|<>@#&\\*_~[]()!:'\"-+.=/ \t\n\r\x00\x1b\u202e\u200b")),
        st.characters(),
    ),
    max_size=40,
)
PHRASES = st.lists(
    st.sampled_from(
        [
            *(
                "@octocat",
                "#123",
                "GH-123",
                "org/repo#1",
                "owner@example.com",
                "https://example.com/x",
                "www.example.com",
            ),
            *(
                ":tada:",
                "deadbeef1",
                "<img src=x onerror=alert(1)>",
                "<!--",
                "-->",
                "</details>",
                "```",
                "``",
                "`",
                "|",
            ),
            *("[a](javascript:alert(1))", "![x](http://e.example/p.png)", "**", "~~~", "&amp;", "&lt;", "\\", "\\|"),
            *("1.", "#", "---", "> ", "'quoted @me'", '"twice"', "word", "it's", "a-b", "\n\n", "\u2028", "JIRA-9"),
        ]
    ),
    max_size=8,
).map(" ".join)
HOSTILE = st.one_of(NASTY, PHRASES)


def in_cell(content: str) -> Element:
    """The middle cell of a row, as a parser finds it; the row must have three."""
    root = tree(rendered(f"{table_head('ABC')}{row(('x', content, 'y'))}\nafter\n"))
    (line,) = root.all("tbody")[0].all("tr")
    first, cell, last = line.all("td")
    assert (first.text, last.text) == ("x", "y")
    assert root.all("p")[-1].text == "after"
    return cell


@given(text=HOSTILE)
def test_a_code_span_in_a_cell_is_the_text_and_nothing_else(text: str) -> None:
    cell = in_cell(code(text))

    expected = clean(text, 200).replace("|", "\\x7c")
    if expected.strip():
        (found,) = cell.children
        assert isinstance(found, Element)
        assert (found.tag, found.text) == ("code", expected)
    else:
        assert cell.text == "—"


@given(text=HOSTILE)
def test_prose_is_words_and_code_spans_that_together_say_what_was_said(text: str) -> None:
    cell = in_cell(prose(text))

    assert {element.tag for element in cell.walk()} <= {"td", "code"}
    quotes = str.maketrans("", "", "'\"` ")
    expected = clean(text, 600).replace("|", "\\x7c").translate(quotes)
    assert cell.text.translate(quotes).replace("—", "") == expected.replace("—", "")


@given(text=HOSTILE)
def test_prose_and_code_hold_nothing_that_github_acts_on(text: str) -> None:
    assert harm(f"- ⚠️ {prose(text)}\n- {code(text)}\n") == []


@given(text=HOSTILE)
def test_a_summary_of_a_fold_and_its_block_of_code_are_the_texts_and_nothing_else(text: str) -> None:
    lines = text.split("\n")

    root = tree(rendered(f"before\n\n{fold(in_html(text), fenced(lines, 'diff'))}after\n"))

    before, details, after = (child for child in root.children if isinstance(child, Element))
    assert (before.text, details.tag, after.text) == ("before", "details", "after")
    assert details.all("summary")[0].text == clean(text, 200)
    (block,) = details.all("pre")
    assert block.text == "".join(f"{clean_line(line)}\n" for line in lines)


@given(text=HOSTILE)
def test_a_plain_text_has_neither_mentions_nor_references_and_reads_the_same(text: str) -> None:
    shown = plain(text)

    unseen = shown.replace("\u200b", "").replace("\u2011", "-")
    assert unseen == clean(text, 200).replace("\u2011", "-")
    assert not any(sign in shown for sign in ("@o", "#1", "://", "GH-1", ":tada:"))


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("the tag 'v1 x' of it", "the tag `v1 x` of it"),
        ('the value "it\'s" here', "the value `it's` here"),
        ("run `docker login ghcr.io` first", "run `docker login ghcr.io` first"),
        ("the registry's answer, 404 (not found)!", "the registry's answer, 404 (not found)!"),
        ("see ghcr.io/org/app:1.2, then", "see `ghcr.io/org/app:1.2`, then"),
        ("answered 401 UNAUTHORIZED", "answered 401 UNAUTHORIZED"),
        ("thanks to @octocat and #12 or GH-12", "thanks to `@octocat` and `#12` or `GH-12`"),
        ("at 0a1b2c3 and (deadbeef00)", "at `0a1b2c3` and (`deadbeef00`)"),
        ("a — b - c … d", "a — b - c … d"),
        ("größer, naïve, 日本", "größer, naïve, 日本"),
        ("*bold* _it_ <b>", "`*bold*` `_it_` `<b>`"),
        ("'unclosed quote", "'unclosed quote"),
        ("an empty '' value", "an empty — value"),
        ("", ""),
    ],
)
def test_plain_words_stay_and_everything_else_becomes_code(text: str, markdown: str) -> None:
    assert prose(text) == markdown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("v1.0", "`v1.0`"),
        ("a`b", "``a`b``"),
        ("``", "``` `` ```"),
        ("`a", "`` `a ``"),
        ("a ", "` a  `"),
        ("", "—"),
        ("  ", "—"),
        ("a\nb", "`a\\x0ab`"),
        ("x" * 300, f"`{'x' * 100}…{'x' * 99}`"),
    ],
)
def test_a_code_span_has_more_backticks_than_the_text(text: str, markdown: str) -> None:
    assert code(text) == markdown


def test_a_title_keeps_what_could_ping_apart_with_a_space_of_no_width() -> None:
    assert plain("app @me #12 GH-12 https://x :tada: a:1") == (
        "app @\u200bme #\u200b12 GH\u201112 https:\u200b//x :\u200btada: a:1"
    )


def test_without_an_address_there_is_no_link() -> None:
    assert link("`a`", "") == "`a`"
    assert link("`a`", "https://example.com") == "[`a`](https://example.com)"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("sha256:" + "ab" * 32, "sha256:abababababab"),
        ("app:1@sha256:" + "ab" * 32, "app:1@sha256:abababababab"),
        ("sha256:" + "ab" * 33, "sha256:" + "ab" * 33),
        ("sha256:" + "ab" * 31, "sha256:" + "ab" * 31),
        ("1.0", "1.0"),
    ],
)
def test_a_digest_is_shown_by_its_first_digits(text: str, short: str) -> None:
    assert short_digest(text) == short
