"""Number literals; most are recorded in `tests/conformance`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.templates.numbers import InvalidNumber, Value, character, complex_number, number, parse_float


@given(st.integers(-(2**63), 2**64 - 1))
def test_an_integer_is_read_in_every_base(value: int) -> None:
    signed = value if value < 2**63 else None
    expected = Value(integer=signed, unsigned=value if value >= 0 else None, real=float(value))

    assert number(str(value)) == expected
    if value >= 0:
        assert [number(text) for text in (hex(value), oct(value), bin(value), f"0{value:o}")] == [expected] * 4
        assert number(f"{value:_}") == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_in_both_bases(value: float) -> None:
    assert parse_float(repr(value)) == value
    assert parse_float(value.hex()) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-0", Value(integer=0, unsigned=0, real=0.0)),
        ("+5", Value(integer=5, real=5.0)),
        ("1e3", Value(integer=1000, unsigned=1000, real=1000.0)),
        ("-1e3", Value(integer=-1000, real=-1000.0)),
        ("1e19", Value(unsigned=10**19, real=1e19)),
        ("1.5", Value(real=1.5)),
        ("2i", Value(complex=2j)),
        ("0i", Value(complex=0j, real=0.0, integer=0, unsigned=0)),
    ],
)
def test_a_literal_is_a_number_of_every_kind_that_holds_its_value(text: str, value: Value) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "illegal number syntax"),
        ("1__0", "illegal number syntax"),
        ("_1", "illegal number syntax"),
        ("1_", "illegal number syntax"),
        ("0x", "illegal number syntax"),
        ("0b2", "illegal number syntax"),
        ("1e400", "illegal number syntax"),
        ("0x1p2000", "illegal number syntax"),
        ("0x1.8", "illegal number syntax"),
        ("xi", "illegal number syntax"),
        ("08", "integer overflow"),
        ("18446744073709551616", "integer overflow"),
        ("9" * 500, "illegal number syntax"),
    ],
)
def test_what_is_no_number_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidNumber, match=message):
        number(text)


@pytest.mark.parametrize("text", ["0xe+1i", "1+0x2i", "1e400+1i", "1+i"])
def test_what_is_no_complex_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidNumber, match="illegal number syntax"):
        complex_number(text)


def test_a_complex_number_without_an_imaginary_part_is_a_number_too() -> None:
    assert complex_number("1e+2-3i") == Value(complex=100 - 3j)
    assert complex_number("-2+0i") == Value(complex=-2 + 0j, real=-2.0, integer=-2)


def test_a_character_is_its_code_point() -> None:
    assert character("'é'") == Value(integer=233, unsigned=233, real=233.0)
