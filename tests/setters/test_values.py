"""How a new value is written where an old one stands (spec/flux.md 5.5, and design 7 for what we do not copy)."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import ManifestError
from imgupdate.setters import scan

M = '# {"$imagepolicy": "ns:p"}'
UNQUOTED = ("5", "1.0", "v1", "2024-01-01", "true", "null", "~")

# The new value, and how it is written where there were no quotes.
NEW = (
    ("5.0.3", "5.0.3"),
    ("1.10", '"1.10"'),
    ("2024-02-01", '"2024-02-01"'),
    ("0777", '"0777"'),
    ("1_000", '"1_000"'),
    ("0o7", '"0o7"'),
    ("y", '"y"'),
    ("null", '"null"'),
    ("abc1234", "abc1234"),
    ("1606234201", '"1606234201"'),
    ("0b11", '"0b11"'),
    ("inf", "inf"),
    (".5", '".5"'),
    ("0x1f", '"0x1f"'),
    ("true", '"true"'),
    ("_1", "_1"),
    ("", '""'),
)


def rewritten(text: str, *values: str) -> str:
    """The text with its marked scalars set to values; read back, they are these, and a second time changes nothing."""
    marked = scan(text.encode(), "a.yaml")
    wanted = dict(enumerate(values))
    assert len(marked.markers) == len(wanted)
    after = marked.rewrite(wanted)
    again = scan(after, "a.yaml")
    assert [marker.value for marker in again.markers] == list(values)
    assert again.rewrite(wanted) == after
    return after.decode()


def read(text: str) -> object:
    return yaml.load(text, yaml.CSafeLoader)


@pytest.mark.parametrize("old", UNQUOTED)
@pytest.mark.parametrize(("new", "written"), NEW)
def test_a_value_without_quotes_gets_them_where_it_would_not_be_read_as_a_string(
    old: str, new: str, written: str
) -> None:
    after = rewritten(f"key: {old} {M}\n", new)

    assert after == f"key: {written} {M}\n"
    assert read(after) == {"key": new}


@pytest.mark.parametrize("old", ['"v1"', '""', "'v1'", "''", '"a\\x2eb"', "'it''s'"])
@pytest.mark.parametrize("new", [*(new for new, _ in NEW), "12e7890", "123e4567"])
def test_quotes_are_kept(old: str, new: str) -> None:
    after = rewritten(f"key: {old} {M}\n", new)

    assert after == f"key: {old[0]}{new}{old[0]} {M}\n"
    assert read(after) == {"key": new}


@pytest.mark.parametrize(
    "new", ["12e7890", "123e4567", "1e3", "1.5e3", "-1", "+1", "0o17", "1:30", "190:20:30", "1__0"]
)
def test_what_some_reader_takes_for_a_number_is_read_as_a_string_by_ours(new: str) -> None:
    assert read(rewritten(f"key: v1 {M}\n", new)) == {"key": new}


@pytest.mark.parametrize(
    "word", ["y", "Y", "yes", "No", "NO", "on", "Off", "True", "FALSE", "Null", "~", ".inf", "-.INF", ".nan"]
)
def test_every_word_of_yaml_is_quoted(word: str) -> None:
    assert rewritten(f"key: v1 {M}\n", word) == f'key: "{word}" {M}\n'


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("1.10", "1.10", '"1.10"'),
        ("123", "123", '"123"'),
        ("v1", "v1", "v1"),
        ("'1.10'", "1.10", "'1.10'"),
        ('"a\\x2eb"', "a.b", '"a\\x2eb"'),
        ("!!str 1.10", "1.10", "!!str 1.10"),
        ("!!float 1.10", "1.10", '"1.10"'),
        ('!!float "1.10"', "1.10", '"1.10"'),
    ],
)
def test_a_right_value_stays_as_written_unless_it_is_read_as_no_string(old: str, new: str, written: str) -> None:
    assert rewritten(f"key: {old} {M}\n", new) == f"key: {written} {M}\n"


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("!!str 1.0", "1.10", "!!str 1.10"),
        ("! 1.0", "1.10", "! 1.10"),
        ("!custom a", "b", "!custom b"),
        ("!!int 5", "5.0.3", "5.0.3"),
        ("!!float 1.0", "1.10", '"1.10"'),
        ("!!bool true", "v1", "v1"),
        ("!!null null", "v1", "v1"),
        ("!!timestamp 2024-01-01", "v1", "v1"),
        ("!<tag:yaml.org,2002:float>  1.0", "v1", "v1"),
        ("!!float &a 1.0", "v1", "&a v1"),
        ("&a !!float 1.0", "v1", "&a v1"),
        ("&a !!float '1.0'", "v1", "&a 'v1'"),
        ("&a-b_c v1", "v2", "&a-b_c v2"),
        ("&a !!str 'v1'", "v2", "&a !!str 'v2'"),
    ],
)
def test_anchors_and_tags_are_kept_unless_the_tag_says_that_it_is_no_string(old: str, new: str, written: str) -> None:
    assert rewritten(f"key: {old} {M}\n", new) == f"key: {written} {M}\n"


def test_a_tag_on_another_line_than_its_value_goes_and_the_line_stays() -> None:
    assert rewritten(f"key: &x\n  !!float\n  1.0 {M}\n", "v1") == f"key: &x\n  \n  v1 {M}\n"


def test_an_alias_follows_its_anchor() -> None:
    after = rewritten(f"a: &x 1.0 {M}\nb: *x\n", "1.10")

    assert after == f'a: &x "1.10" {M}\nb: *x\n'
    assert read(after) == {"a": "1.10", "b": "1.10"}


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("[\n  app, # M\n]", "web", "[\n  web, # M\n]"),
        ("[\n  app, # M\n]", "reg.io/app:v2", '[\n  "reg.io/app:v2", # M\n]'),
        ("[\n  reg.io/app:v1, # M\n]", "reg.io/app:v2", "[\n  reg.io/app:v2, # M\n]"),
        ("{a: app, # M\n}", "reg.io/app:v2", '{a: "reg.io/app:v2", # M\n}'),
        ("{a: 'app', # M\n}", "reg.io/app:v2", "{a: 'reg.io/app:v2', # M\n}"),
        ("{a: app # M\n}", "a,b", '{a: "a,b" # M\n}'),
        ("{a: app # M\n}", "1.10", '{a: "1.10" # M\n}'),
        ("{a: &x app # M\n, b: *x}", "web", "{a: &x web # M\n, b: *x}"),
    ],
)
def test_within_brackets_a_value_is_quoted_that_could_end_early(old: str, new: str, written: str) -> None:
    assert rewritten(f"key: {old.replace('# M', M)}\n", new) == f"key: {written.replace('# M', M)}\n"


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("| # M\n  old", "new", "|- # M\n  new"),
        ("|- # M\n  old", "new", "|- # M\n  new"),
        ("|+ # M\n  old\n\n", "new", "|- # M\n  new\n\n"),
        ("> # M\n  old\n  more", "new", ">- # M\n  new"),
        (">- # M\n  old\n\n  more", "new", ">- # M\n  new"),
        ("|2 # M\n  old", "new", "|- # M\n  new"),
        ("|2- # M\n    old", "new", "|- # M\n    new"),
        ("| # M\n\n  old\n\n", "new", "|- # M\n  new\n\n"),
        ("| # M\n  old\n      \n   ", "new", "|- # M\n  new"),
        ("| # M\n  old  ", "new", "|- # M\n  new"),
        ("|+ # M\n  old\n\n     \n", "new", "|- # M\n  new\n"),
        ("| # M\n  old", "1.10", "|- # M\n  1.10"),
        ("| # M\n  old", "# a: {b}", "|- # M\n  # a: {b}"),
        ("&x | # M\n  old", "new", "&x |- # M\n  new"),
        ("!!str | # M\n  old", "new", "!!str |- # M\n  new"),
        ("!!float |- # M\n  1.0", "1.10", "|- # M\n  1.10"),
        ("| # M\n  old", "", '"" # M'),
        ("| # M\n  old\n  more", " a", '" a" # M'),
        ("| # M\n  old", "a\nb", '"a\\nb" # M'),
        ("| # M", "new", '"new" # M'),
        ("| # M\n\n", "new", '"new" # M\n\n'),
    ],
)
@pytest.mark.parametrize("behind", ["", "\n", "\nnext: x\n", "\n# comment\nnext: x\n"])
def test_block_scalars_stay_block_scalars_of_one_line(old: str, new: str, written: str, behind: str) -> None:
    after = rewritten(f"key: {old.replace('# M', M)}{behind}", new)

    assert after == f"key: {written.replace('# M', M)}{behind}"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_block_scalars_keep_their_line_ends(line_break: str) -> None:
    before = f"key: | {M}\n  old\n  more\n\nnext: x\n".replace("\n", line_break)

    assert rewritten(before, "new") == f"key: |- {M}\n  new\n\nnext: x\n".replace("\n", line_break)


@pytest.mark.parametrize(
    ("old", "written"),
    [
        ("old\n  more\n\n  end", "new"),
        ('"old\n  more"', '"new"'),
        ("'old\n\n  more'", "'new'"),
        ('"old\\\n  more"', '"new"'),
    ],
)
def test_values_of_several_lines_become_values_of_one(old: str, written: str) -> None:
    assert rewritten(f"key: {old} {M}\nnext: x\n", "new") == f"key: {written} {M}\nnext: x\n"


@pytest.mark.parametrize(
    ("new", "written"),
    [
        ('a"b', '"a\\"b"'),
        ("a\\b", '"a\\\\b"'),
        ("a\nb", '"a\\nb"'),
        ("a\tb\r", '"a\\tb\\r"'),
        ("\x07", '"\\x07"'),
        ("\x85", '"\\x85"'),
        ("\u2028", '"\\u2028"'),
        ("\ufeff", '"\\ufeff"'),
        ("🚀", '"🚀"'),
        ("é", '"é"'),
        ("\U0010ffff", '"\U0010ffff"'),
    ],
)
def test_characters_that_yaml_cannot_hold_are_escaped(new: str, written: str) -> None:
    assert rewritten(f"a: old {M}\n", new) == f"a: {written} {M}\n"


@pytest.mark.parametrize(("new", "written"), [("it's", "'it''s'"), ('a"b\\', "'a\"b\\'"), ("a\nb", '"a\\nb"')])
def test_single_quotes_stay_single_where_they_can(new: str, written: str) -> None:
    assert rewritten(f"a: 'old' {M}\n", new) == f"a: {written} {M}\n"


def test_what_cannot_be_written_as_utf_8_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"a\.yaml:2: the marked values cannot be set") as caught:
        scan(f"a: b\nkey: 'old' {M}\n".encode(), "a.yaml").rewrite({0: "\ud800"})

    assert caught.value.remedy


@pytest.mark.parametrize("style", ["{}", '"{}"', "'{}'", "&x {}", "!!str {}"])
@given(
    new=st.one_of(
        st.text(st.characters(codec="utf-8")),
        st.from_regex(r"[0-9a-zA-Z_.:~+\-, #&*!|>%@`'\"\[\]{}]{0,12}", fullmatch=True),
    )
)
def test_whatever_the_new_value_is_a_reader_finds_that_string(style: str, new: str) -> None:
    for key in ("key: {} {}\n", "key: [\n  {}, {}\n]\n", "- {} {}"):
        after = rewritten(key.format(style.format("old"), M), new)
        found = read(after)
        items = found["key"] if isinstance(found, dict) else found

        assert items in (new, [new])


@given(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["| {}\n  old\n", ">+ {}\n   old\n\n   more\n\n", "|- {}\n\n old", "> {}\n"]),
)
def test_whatever_replaces_a_block_scalar_a_reader_finds_that_string(new: str, block: str) -> None:
    assert read(rewritten("key: " + block.format(M), new)) == {"key": new}
