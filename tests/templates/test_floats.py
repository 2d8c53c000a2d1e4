"""Texts of floating point numbers, as Go writes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.templates.floats import format_float

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "verb", "precision", "text"),
    [
        (math.nan, "g", -1, "NaN"),
        (math.inf, "f", 2, "+Inf"),
        (-math.inf, "e", -1, "-Inf"),
        (0.0, "g", -1, "0"),
        (-0.0, "g", -1, "-0"),
        (100000.0, "g", -1, "100000"),
        (1e6, "g", -1, "1e+06"),
        (1e6, "G", -1, "1E+06"),
        (0.0001, "g", -1, "0.0001"),
        (0.00001, "g", -1, "1e-05"),
        (123456789.0, "g", 4, "1.235e+08"),
        (1.5, "f", -1, "1.5"),
        (1e21, "f", -1, "1000000000000000000000"),
        (1.25e-7, "f", -1, "0.000000125"),
        (2.5, "f", 0, "2"),
        (1.5, "e", -1, "1.5e+00"),
        (1.5, "E", 3, "1.500E+00"),
        (1.0, "b", -1, "4503599627370496p-52"),
        (0.0, "b", -1, "0p-1074"),
        (1.0, "x", -1, "0x1p+00"),
        (-1.5, "X", -1, "-0X1.8P+00"),
        (1.999, "x", 0, "0x1p+01"),
        (1.25, "x", 0, "0x1p+00"),
        (1.999, "x", 2, "0x1.00p+01"),
        (1.5, "x", 16, "0x1.8000000000000000p+00"),
        (0.0, "x", 2, "0x0.00p+00"),
        (5e-324, "x", -1, "0x1p-1074"),
        (5e-324, "b", -1, "1p-1074"),
        (5e-324, "g", -1, "5e-324"),
        (1.7976931348623157e308, "g", -1, "1.7976931348623157e+308"),
    ],
)
def test_a_number_is_written_as_go_writes_it(value: float, verb: str, precision: int, text: str) -> None:
    assert format_float(value, verb, precision) == text


@given(FINITE, st.sampled_from("gGeEf"))
def test_the_shortest_text_reads_back_as_the_number(value: float, verb: str) -> None:
    assert float(format_float(value, verb)) == value


@given(FINITE)
def test_the_hexadecimal_text_reads_back_as_the_number(value: float) -> None:
    assert float.fromhex(format_float(value, "x")) == value


@given(FINITE)
def test_mantissa_and_exponent_make_the_number(value: float) -> None:
    mantissa, _, exponent = format_float(value, "b").partition("p")

    assert math.ldexp(int(mantissa), int(exponent)) == value


@given(FINITE, st.integers(0, 20))
def test_a_precision_is_the_number_of_digits_after_the_point(value: float, precision: int) -> None:
    assert format_float(value, "f", precision) == f"{value:.{precision}f}"
