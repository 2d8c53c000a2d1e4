"""Bytes to text within bounds, and positions to lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.documents.bounds import MAXIMUM_BYTES, Places, decode
from imgupdate.errors import UnparsableYaml


def test_text_keeps_its_byte_order_mark_and_its_line_ends() -> None:
    assert decode("\ufeffa: é\r\n😀\r".encode(), "f") == "\ufeffa: é\r\n😀\r"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("a: b\n".encode("utf-16"), "f:1: the file is UTF-16 or UTF-32, not UTF-8; save it as UTF-8"),
        ("a: b\n".encode("utf-32"), "f:1: the file is UTF-16 or UTF-32, not UTF-8; save it as UTF-8"),
        (b"a: b\nb: \xe9\n", "f:2: the file is not UTF-8; save it as UTF-8"),
        (b"a: \xed\xa0\x80\n", "f:1: the file is not UTF-8; save it as UTF-8"),
        (b"x" * (MAXIMUM_BYTES + 1), "f: the file is larger than 10 MiB; split the file"),
    ],
)
def test_what_is_no_text_of_a_sane_size_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(UnparsableYaml) as error:
        decode(data, "f")

    assert str(error.value) == says


def test_the_largest_file_is_still_read() -> None:
    assert len(decode(b"x" * MAXIMUM_BYTES, "f")) == MAXIMUM_BYTES


@given(st.text("a\n\r\u2028😀", max_size=30), st.data())
def test_lines_and_columns_are_those_of_editors_in_whatever_order_they_are_asked(
    text: str, data: st.DataObject
) -> None:
    places = Places(text)
    for position in data.draw(st.lists(st.integers(0, len(text)), max_size=8)):
        before = text[:position]
        if before.endswith("\r") and text[position : position + 1] == "\n":
            continue  # in the middle of a line end
        lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")

        assert places.at(position) == (len(lines), len(lines[-1]) + 1)
