"""Go's values in Python: their types, kinds, truth and order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.templates.values import (
    ANY,
    ANY_MAP,
    INT,
    SIZED,
    STRING,
    Int32,
    Int64,
    Map,
    SizedInteger,
    Slice,
    Struct,
    StructField,
    StructType,
    Uint8,
    Uint64,
    from_bytes,
    go_type,
    is_integer,
    joined,
    kind,
    sort_key,
    sorted_entries,
    to_bytes,
    truth,
    wrapped,
    zero,
)

POINT = StructType(name="p.Point", fields=(StructField("X", INT), StructField("Y", INT)))
POINTER = StructType(name="p.Point", pointer=True)


@pytest.mark.parametrize(
    ("value", "type_text", "kind_text"),
    [
        (None, "<nil>", "invalid"),
        (True, "bool", "bool"),
        ("a", "string", "string"),
        (1, "int", "int"),
        (Int32(1), "int32", "int32"),
        (Int64(1), "int64", "int64"),
        (Uint8(1), "uint8", "uint8"),
        (1.0, "float64", "float64"),
        (1j, "complex128", "complex128"),
        (Slice.of([1]), "[]interface {}", "slice"),
        (Slice.of(["a"], STRING), "[]string", "slice"),
        (Map(), "map[string]interface {}", "map"),
        (Struct(POINT, (1, 2)), "p.Point", "struct"),
        (Struct(POINTER), "*p.Point", "ptr"),
    ],
)
def test_a_value_knows_its_type_and_its_kind(value: object, type_text: str, kind_text: str) -> None:
    assert go_type(value) == type_text
    assert kind(value) == kind_text


def test_what_is_no_value_has_no_type() -> None:
    with pytest.raises(TypeError, match="set is not a value of a template"):
        go_type(set())


@pytest.mark.parametrize(
    ("value", "true"),
    [
        (None, False),
        (False, False),
        (0, False),
        (Int64(0), False),
        (0.0, False),
        ("", False),
        (Slice(), False),
        (Map(), False),
        (True, True),
        (-1, True),
        (0.5, True),
        ("0", True),
        (Slice.of([None]), True),
        (Map(STRING, ANY, {"a": None}), True),
        (Struct(POINT, (0, 0)), True),
    ],
)
def test_zero_and_empty_are_false_and_a_struct_is_true(value: object, true: bool) -> None:
    assert truth(value) is true


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Int64(2**63), -(2**63)),
        (Int64(-(2**63) - 1), 2**63 - 1),
        (Int32(2**31), -(2**31)),
        (Uint8(256), 0),
        (Uint8(-1), 255),
        (Uint64(-1), 2**64 - 1),
        (wrapped(2**63), -(2**63)),
        (wrapped(2**64 + 5), 5),
    ],
)
def test_an_integer_wraps_around_as_gos_does(made: int, expected: int) -> None:
    assert int(made) == expected


@given(st.integers(), st.sampled_from(sorted(SIZED)))
def test_a_sized_integer_is_in_its_range_and_congruent(number: int, name: str) -> None:
    kind_of_it = SIZED[name]
    made = kind_of_it(number)

    assert (made - number) % 2**kind_of_it.bits == 0
    assert (made >= 0) or kind_of_it.signed
    assert made.bit_length() <= kind_of_it.bits
    assert repr(made) == f"{kind_of_it.__name__}({int(made)})"


def test_only_integers_are_integers() -> None:
    assert [is_integer(value) for value in (1, Int64(1), True, 1.0, "1", None)] == [True, True, *[False] * 4]
    assert issubclass(Uint8, SizedInteger)


@given(st.binary())
def test_a_string_has_the_bytes_it_was_made_of(data: bytes) -> None:
    assert to_bytes(from_bytes(data)) == data


@given(st.binary(), st.binary())
def test_joined_strings_have_the_bytes_of_their_parts(left: bytes, right: bytes) -> None:
    assert joined(from_bytes(left), from_bytes(right)) == from_bytes(left + right)


@given(st.dictionaries(st.binary(max_size=3).map(from_bytes), st.integers()))
def test_maps_are_ordered_by_the_bytes_of_their_keys(entries: dict[str, int]) -> None:
    keys = [key for key, _ in sorted_entries(Map(STRING, ANY, dict(entries)))]

    assert [to_bytes(str(key)) for key in keys] == sorted(to_bytes(key) for key in entries)


def test_keys_that_are_structs_are_ordered_field_by_field() -> None:
    points = [Struct(POINT, (2, 1)), Struct(POINT, (1, 9)), Struct(POINT, (1, 2))]
    keys = [key for key, _ in sorted_entries(Map("p.Point", ANY, dict.fromkeys(points)))]

    assert keys == [points[2], points[1], points[0]]
    assert sorted(["b", None, 2, True, "a"], key=sort_key) == [None, True, 2, "a", "b"]


def test_a_field_is_asked_for_by_its_name() -> None:
    assert Struct(POINT, (1, 2)).get("Y") == 2
    with pytest.raises(KeyError):
        Struct(POINT, (1, 2)).get("Z")


def test_slices_and_structs_are_equal_by_value_and_maps_by_identity() -> None:
    shared = Map()

    assert Slice.of([1]) == Slice.of([1])
    assert Struct(POINT, (1, 2)) == Struct(POINT, (1, 2))
    assert shared == shared  # noqa: PLR0124 - the identity of a map is what is tested
    assert Map() != Map()


def test_every_type_has_its_zero_value() -> None:
    found = [zero(name) for name in ("string", "bool", "int", "float64", "int64", "interface {}", "p.T")]

    assert found == ["", False, 0, 0.0, 0, None, None]
    assert type(found[4]) is Int64
    assert zero("[]string") == Slice(STRING, nil=True)
    nested = zero("map[string]map[string]interface {}")
    assert isinstance(nested, Map)
    assert (nested.key, nested.element, nested.nil) == (STRING, ANY_MAP, True)
