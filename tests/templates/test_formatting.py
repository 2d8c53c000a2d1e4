"""Values that templates rarely make, printed for every verb; the rest is recorded in `tests/conformance`."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.templates.formatting import DEEPEST, Flags, Printer, text_of
from imgupdate.templates.functions import Budget, BudgetExceeded, FunctionFailed
from imgupdate.templates.printing import sprint, sprintf, sprintln
from imgupdate.templates.values import ANY, STRING, Int32, Map, Slice, Struct, StructField, StructType, Uint8, Uint32

PLAIN = StructType(name="p.T", fields=(StructField("A", STRING), StructField("B", ANY)))
POINTER = StructType(name="p.T", fields=(StructField("A", STRING),), pointer=True)
NAMED = StructType(name="p.Named", fields=(StructField("A", STRING),), string=lambda value: f"<{value.get('A')}>")

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.complex_numbers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3).map(Slice.of)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3).map(lambda found: Map(STRING, ANY, dict(found)))
        | st.tuples(st.text(), inner).map(lambda parts: Struct(PLAIN, parts))
    ),
    max_leaves=8,
)


def printed(format_text: str, *values: object) -> str:
    return sprintf(format_text, values, Budget())


@pytest.mark.parametrize(
    ("format_text", "value", "text"),
    [
        ("%v", math.nan, "NaN"),
        ("%05v", math.nan, "  NaN"),
        ("%06.1f", math.inf, "  +Inf"),
        ("%+f", math.inf, "+Inf"),
        ("% f", -math.inf, "-Inf"),
        ("% f", math.nan, " NaN"),
        ("%+f", math.nan, "+NaN"),
        ("%v", Struct(PLAIN, ("a", None)), "{a <nil>}"),
        ("%+v", Struct(PLAIN, ("a", 1)), "{A:a B:1}"),
        ("%#v", Struct(PLAIN, ("a", None)), 'p.T{A:"a", B:interface {}(nil)}'),
        ("%v", Struct(POINTER, ("a",)), "&{a}"),
        ("%#v", Struct(POINTER, ("a",)), '&p.T{A:"a"}'),
        ("%T", Struct(POINTER, ("a",)), "*p.T"),
        ("%s", Struct(NAMED, ("a",)), "<a>"),
        ("%d", Struct(NAMED, ("a",)), "{%!d(string=a)}"),
        ("%#v", Struct(NAMED, ("a",)), 'p.Named{A:"a"}'),
        ("%v", Slice.of([Struct(NAMED, ("a",))], "p.Named"), "[<a>]"),
        ("%w", Struct(NAMED, ("a",)), "%!w(p.Named={a})"),
        ("%#v", Map(nil=True), "map[string]interface {}(nil)"),
        ("%#v", Map(), "map[string]interface {}{}"),
        ("%#v", Slice(nil=True), "[]interface {}(nil)"),
        ("%v", Slice(nil=True), "[]"),
        ("%v", Int32(-5), "-5"),
        ("%#v", Uint32(255), "0xff"),
        ("%#v", Uint8(10), "0xa"),
        ("%#U", 0xD800, "U+D800"),
        ("%#g", 0.0, "0.00000"),
        ("%#x", 0.5, "0x1.0000p-01"),
        ("%#.0e", 1.0, "1.e+00"),
    ],
)
def test_a_value_is_printed_as_go_prints_it(format_text: str, value: object, text: str) -> None:
    assert printed(format_text, value) == text


@pytest.mark.parametrize(
    ("format_text", "text"),
    [
        ("%99999999d|", "%!(NOVERB)%!(EXTRA int=3)"),
        ("%.99999999d|", "%!(NOVERB)%!(EXTRA int=3)"),
        ("%[99999999]d|", "%!d(BADINDEX)|"),
        ("%[1].2d|", "%!d(BADINDEX)|"),
        ("%[1]2d|", "%!d(BADINDEX)|"),
        ("%[1]*.[1]*d|", "%!d(MISSING)|"),
        ("%[1]*[1]d|", "  3|"),
    ],
)
def test_a_number_in_a_format_has_bounds_and_its_place(format_text: str, text: str) -> None:
    assert printed(format_text, 3) == text


def nested(depth: int) -> Slice:
    value = Slice.of([1], "int")
    for _ in range(depth):
        value = Slice.of([value], "[]int")
    return value


def test_a_value_that_holds_itself_is_not_printed() -> None:
    endless = Map()
    endless.entries["self"] = endless

    for format_text in ("%v", "%+v", "%#v", "%d"):
        with pytest.raises(FunctionFailed, match="holds itself"):
            printed(format_text, endless)
    assert printed("%v", nested(DEEPEST - 1)).startswith("[[[")
    with pytest.raises(FunctionFailed, match="nested too deeply"):
        printed("%v", nested(DEEPEST))


@pytest.mark.parametrize("value", [Map(), Slice(), Struct(POINTER, ("a",))])
def test_an_address_is_not_printed(value: object) -> None:
    with pytest.raises(FunctionFailed, match="another one in every run"):
        printed("%p", value)


def test_what_is_no_value_is_not_printed() -> None:
    with pytest.raises(TypeError, match="object is not a value of a template"):
        printed("%v", object())


@pytest.mark.parametrize(
    ("format_text", "values"),
    [
        ("%100000d", [1]),
        ("%-100000d", [1]),
        ("%.100000d", [1]),
        ("%0100000d", [1]),
        ("%.100000f", [1.5]),
        ("%0100000f", [-1.5]),
        ("%.100000U", [1]),
        ("%100000s", ["a"]),
        ("%x", ["a" * 30_000]),
        ("%v", [Slice.of(["a"] * 20_000)]),
        ("%%" * 10_000, []),
    ],
)
def test_printing_asks_the_budget_first(format_text: str, values: list[object]) -> None:
    with pytest.raises(BudgetExceeded):
        sprintf(format_text, values, Budget(90_000))


@given(VALUES, st.text(alphabet="+-# 0123456789.*[]vTtdxXobOcqUeEfFgGsw%!", max_size=8))
def test_every_format_prints_every_value(value: object, format_text: str) -> None:
    text = printed("%" + format_text, value, 2)

    assert isinstance(text, str)


@given(st.lists(VALUES, max_size=3))
def test_print_and_println_are_the_values_with_spaces_between(values: list[object]) -> None:
    texts = [text_of(value, Budget()) for value in values]

    assert sprintln(values, Budget()) == " ".join(texts) + "\n"
    assert sprint(values, Budget()).replace(" ", "") == "".join(texts).replace(" ", "")


@given(VALUES, st.integers(0, 40))
def test_a_width_fills_a_simple_value_up_with_spaces(value: object, width: int) -> None:
    plain = printed("%v", value)
    simple = value is None or isinstance(value, (bool, int, float, str))
    expected = plain.rjust(width) if simple else printed(f"%{width}v", value)

    assert Printer(Flags(width=width), Budget()).value(value, "v") == expected
