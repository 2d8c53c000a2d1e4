"""Numbers as Go's `strconv.ParseFloat` reads them (spec/flux.md 3.4)."""

from __future__ import annotations

from math import inf, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.policies.numbers import parse_number, plain_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("01", 1),
        ("007", 7),
        ("-1", -1),
        ("+1", 1),
        ("1.", 1),
        (".5", 0.5),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1e-2", 0.01),
        ("1e-400", 0),
        ("1_000", 1000),
        ("1_0.0_1", 10.01),
        ("1e1_0", 1e10),
        ("0x_10p1", 32),
        ("0x1p4", 16),
        ("0x1.8p1", 3),
        ("0X1P-2", 0.25),
        ("0x.8p1", 1),
        ("-0x1p4", -16),
        ("0x1p-2000", 0),
        ("0x1_0p0_1", 32),
        ("inf", inf),
        ("Inf", inf),
        ("INF", inf),
        ("+inf", inf),
        ("-Infinity", -inf),
        ("infinity", inf),
        ("99999999999999999999", 1e20),
        ("9007199254740993", 9007199254740992),
        ("1" * 308, float("1" * 308)),
    ],
)
def test_a_number_of_go_is_read(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["nan", "NaN", "NAN"])
def test_nan_is_a_number(text: str) -> None:
    number = parse_number(text)

    assert number is not None
    assert isnan(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "1a",
        "v1",
        ".",
        "-",
        "+",
        "1e",
        "e1",
        "1.2.3",
        "1,000",
        "\uff11",
        "\u0661",
        "_1",
        "1_",
        "1__0",
        "1_.0",
        "1._0",
        "1_e5",
        "1e_5",
        "0x10",
        "0x",
        "0xp1",
        "0x1p",
        "0x1_p1",
        "0x._8p1",
        "0x1e1",
        "0b1",
        "0o7",
        "+nan",
        "-nan",
        "infi",
        "1e400",
        "-1e400",
        "0x1p2000",
        "9" * 400,
        "\u0131nf",
    ],
)
def test_what_go_does_not_read_as_a_number_is_none(text: str) -> None:
    assert parse_number(text) is None


@given(st.lists(st.from_regex(r"[0-9]{0,20}", fullmatch=True) | st.sampled_from(["1.5", "٣", "9" * 310, "-1", "1_0"])))
def test_reading_many_plain_numbers_at_once_is_reading_each(keys: list[str]) -> None:
    numbers = plain_numbers(keys)

    assert not numbers or list(map(float, numbers)) == [parse_number(key) for key in keys]


def test_digits_are_read_at_once_exactly_where_they_are_exact() -> None:
    assert plain_numbers(["1", "02"]) == [1, 2]
    assert plain_numbers(["9007199254740993", "9007199254740992"]) == [9007199254740992.0] * 2
    assert plain_numbers(["9" * 309]) == []
    assert plain_numbers(["1", ""]) == []
    assert plain_numbers([]) == []
