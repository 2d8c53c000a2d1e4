"""Files that are made to break a reader: refused with a reason, or read in bounded time."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.documents.bounds import (
    MAXIMUM_BYTES,
    MAXIMUM_DEPTH,
    MAXIMUM_DIRECTIVES,
    MAXIMUM_EVENTS,
    MAXIMUM_PARTS,
    Places,
)
from imgupdate.errors import UnparsableYaml
from imgupdate.setters import scan

M = '# {"$imagepolicy": "ns:p"}'
LINE = f"key: old {M}\n"


def refusal(data: bytes | str) -> UnparsableYaml:
    with pytest.raises(UnparsableYaml) as caught:
        scan(data.encode() if isinstance(data, str) else data, "a.yaml")
    assert caught.value.remedy
    assert str(caught.value).isprintable()
    return caught.value


def set_to_new(text: str) -> str:
    marked = scan(text.encode(), "a.yaml")
    return marked.rewrite({marker.index: "new" for marker in marked.markers}).decode()


# -- bytes -------------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_utf_8_is_refused_with_the_line_of_the_first_wrong_byte() -> None:
    error = refusal(LINE.encode() + b"a: b\nc: \xe9\n")

    assert error.line == 3
    assert error.where == "a.yaml:3"
    assert error.message == "the file is not UTF-8"
    assert "UTF-8" in error.remedy


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_a_file_with_the_mark_of_another_encoding_is_refused_by_its_name(mark: bytes) -> None:
    assert "UTF-16 or UTF-32" in refusal(mark + LINE.encode()).message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_a_file_in_another_encoding_does_not_hold_the_token_and_is_not_read(encoding: str) -> None:
    marked = scan(LINE.encode(encoding), "a.yaml")

    assert (marked.markers, marked.faults) == ((), ())


def test_a_file_of_the_greatest_size_is_read_and_a_byte_more_is_refused() -> None:
    comment = "#" * (MAXIMUM_BYTES - len(LINE))

    assert len(scan((LINE + comment).encode(), "a.yaml").markers) == 1
    assert "larger than 10 MiB" in refusal(LINE + comment + "#").message


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\ufffe"])
def test_a_character_that_yaml_does_not_allow_is_named_by_its_number_and_line(character: str) -> None:
    error = refusal(f"{LINE}a: b\nc: x{character}\n")

    assert error.line == 3
    assert f"U+{ord(character):04X} is not allowed" in error.message


# -- structure ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{LINE}a: [\n", 3),
        (f"{LINE}\ta: b\n", 2),
        (f"a: {{{{ .Values.a }}}}b\n{LINE}", 1),
        (f"{LINE}---\na: b\nc: 'open\n", 5),
        (f"{LINE}--- \nx: *unknown\n{LINE}", 3),
        (f"a: &x b\n---\nc: *x\n{LINE}", 3),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str, line: int) -> None:
    error = refusal(text)

    assert "not valid YAML" in error.message
    assert error.line == line


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("[{a: ", "}]")])
@pytest.mark.parametrize("with_marker", [True, False])
def test_brackets_are_read_to_a_depth_and_no_further(opening: str, closing: str, with_marker: bool) -> None:
    separator = "" if with_marker else "---\n"
    levels = (MAXIMUM_DEPTH - 1) // (opening.count("[") + opening.count("{"))
    within = f"{LINE}{separator}deep: {opening * levels}{closing * levels}\n"

    assert set_to_new(within) == within.replace("old", "new")
    assert "nested deeper" in refusal(f"{LINE}{separator}deep: {opening * 101}{closing * 101}\n").message
    assert "nested deeper" in refusal(f"{LINE}{separator}deep: {opening * 100_000}").message


def test_many_brackets_beside_each_other_are_not_deep() -> None:
    text = f"{LINE}a: [{'[], ' * 500}]\n---\nb: [{'{}, ' * 500}]\n"

    assert set_to_new(text) == text.replace("old", "new")


def test_a_file_has_so_many_nodes_and_no_more() -> None:
    assert f"more than {MAXIMUM_EVENTS} nodes" in refusal(LINE + "a: [" + "1," * MAXIMUM_EVENTS + "]\n").message


def test_the_nodes_of_all_documents_count_together() -> None:
    document = f"key: old {M}\na: [{'1,' * (MAXIMUM_EVENTS // 3)}]\n"

    assert "nodes" in refusal("---\n".join([document] * 4)).message


def test_aliases_are_never_followed_so_a_bomb_of_them_is_harmless() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    text = "\n".join([*lines, LINE])

    assert set_to_new(text) == text.replace("old", "new")


def test_an_anchor_that_holds_itself_is_harmless() -> None:
    text = f"a: &a [*a]\n{LINE}"

    assert set_to_new(text) == text.replace("old", "new")


def test_many_directives_are_refused() -> None:
    text = f"{'%TAG !x! tag:x,1:' + chr(10)}---\n{LINE}"
    assert set_to_new(text) == text.replace("old", "new")

    assert "too many directives" in refusal("%X\n" * (MAXIMUM_DIRECTIVES + 1) + text).message


def test_more_documents_than_parts_are_all_found() -> None:
    text = "---\n".join([LINE] * (MAXIMUM_PARTS + 500))

    assert len(scan(text.encode(), "a.yaml").markers) == MAXIMUM_PARTS + 500
    assert set_to_new(text) == text.replace("old", "new")


@pytest.mark.parametrize(
    "line",
    [
        'key{}: old # {{"$imagepolicy": "ns:p"}}\n',
        'key{}: | # {{"$imagepolicy": "ns:p"}}\n  old\n',
        'key{}: # {{"$imagepolicy": "ns:p"}}\n',
        'key{}: &a{} !!str old # {{"$imagepolicy": "ns:p"}}\n',
        '# {{"$imagepolicy": "ns:p"}}\n',
        'key{}:\n  # {{"$imagepolicy": "ns:p"}}\n  - old\n',
        'key{}: old # {{"$imagepolicy": "ns:p"\n',
        '--- # {{"$imagepolicy": "ns:p"}}\nkey{}: old\n',
        'kind: List\nitems:\n- a: old # {{"$imagepolicy": "ns:p"}}\n---\n',
    ],
)
def test_ten_times_the_markers_are_ten_times_the_work(line: str) -> None:
    few, many = (calls_for(line, count) for count in (300, 3000))

    assert many < 11 * few


def calls_for(line: str, count: int) -> int:
    """How many functions are called, built-in ones too, to scan and set so many markers."""
    data = "".join(line.format(number, number) for number in range(count)).encode()
    calls = 0

    def count_call(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count_call)
    try:
        marked = scan(data, "a.yaml")
        if marked.markers:
            marked.rewrite({marker.index: "new" for marker in marked.markers})
    finally:
        sys.setprofile(before)
    assert len(marked.markers) + len(marked.faults) == count
    return calls


# -- lines -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line_break", ["\x85", "\u2028", "\u2029"])
def test_the_rare_line_breaks_of_yaml_end_a_comment_and_are_kept(line_break: str) -> None:
    text = f"a: old {M}{line_break}b: old {M}\nc: x\n"
    marked = scan(text.encode(), "a.yaml")

    assert [marker.value for marker in marked.markers] == ["old", "old"]
    assert {marker.line for marker in marked.markers} == {1}
    assert set_to_new(text) == text.replace("old", "new")


@pytest.mark.parametrize("line_break", ["\x85", "\u2028", "\u2029", "\r", "\r\n"])
def test_a_block_scalar_that_ends_with_a_rare_line_break_is_set(line_break: str) -> None:
    text = f"a: | {M}{line_break}  old{line_break}  more{line_break}b: x\n"

    assert set_to_new(text) == f"a: |- {M}{line_break}  new{line_break}b: x\n"


def test_a_line_break_that_only_python_knows_is_no_line_break() -> None:
    text = "'a\u001c'"
    assert "U+001C is not allowed" in refusal(f"{text}: old {M}\n").message


@given(st.text(st.sampled_from("ab\n\r\u2028é🚀"), max_size=30), st.lists(st.integers(0, 30), max_size=8))
def test_places_are_the_same_in_whatever_order_they_are_asked(text: str, positions: list[int]) -> None:
    def expected(position: int) -> tuple[int, int]:
        before = text[:position]
        if text[position - 1 : position + 1] == "\r\n" and position:
            before = before[:-1] + " "  # between CR and LF the line has not ended
        lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return len(lines), len(lines[-1]) + 1

    inside = [position % (len(text) + 1) for position in positions]
    places = Places(text)

    assert [places.at(position) for position in inside] == [expected(position) for position in inside]


# -- comments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("escape", ["\\u0000", "\\u0007", "\\u001b[31m", "\\n", "\\u009b", "\\u202e", "\\ud800"])
def test_a_name_with_a_control_character_is_no_marker_and_is_not_shown(escape: str) -> None:
    (fault,) = scan(f'key: old # {{"$imagepolicy": "ns:p{escape}"}}\n'.encode(), "a.yaml").faults

    assert "control character" in fault.message
    assert fault.message.isprintable()


@pytest.mark.parametrize("behind", ['{"a":' * 1300, "[" * 4000, '{"$imagepolicy": 1' + "0" * 4000, "9" * 4000])
def test_json_that_is_made_to_exhaust_a_reader_is_no_marker(behind: str) -> None:
    text = f'key: old # {{"$imagepolicy": "ns:p", "x": {behind}'[:4000]
    (fault,) = scan(text.encode(), "a.yaml").faults

    assert "is not a marker" in fault.message
