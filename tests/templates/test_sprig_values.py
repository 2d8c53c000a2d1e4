"""What the recorded calls cannot show: bytes that are not UTF-8, orders that Go leaves open, and what changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from imgupdate.templates.functions import FunctionFailed
from imgupdate.templates.sprig.durations import duration_text
from imgupdate.templates.sprig.encoding import decode_base32, decode_base64
from imgupdate.templates.values import Map, Slice, Struct, from_bytes, to_bytes
from tests.templates.sprig_calls import call, items, render, text

TEXTS = some.text(max_size=40)
BYTES = some.binary(max_size=60)


def test_keys_and_values_are_in_the_order_of_the_keys() -> None:
    dictionary = Map(entries={"b": 1, "é": 2, "a": 3, "Z": 4})

    assert items("keys", dictionary) == ("Z", "a", "b", "é")
    assert items("values", dictionary) == (4, 3, 1, 2)
    assert items("keys", dictionary, Map(entries={"0": 1})) == ("Z", "a", "b", "é", "0")


def test_set_unset_and_merge_change_the_dict_itself() -> None:
    dictionary = Map(entries={"a": 1})

    assert call("set", dictionary, "b", 2) is dictionary
    assert call("unset", dictionary, "a") is dictionary
    assert call("merge", dictionary, Map(entries={"c": 3})) is dictionary
    assert dictionary.entries == {"b": 2, "c": 3}


def test_a_nil_dict_takes_no_entry() -> None:
    with pytest.raises(FunctionFailed, match="assignment to entry in nil map"):
        call("set", Map(nil=True), "a", 1)


def test_sort_alpha_sorts_a_list_of_texts_in_place_and_copies_any_other() -> None:
    texts, values = Slice.of(["b", "a"], "string"), Slice.of(["b", "a"])

    assert call("sortAlpha", texts) is texts
    assert texts.items == ("a", "b")
    assert items("sortAlpha", values) == ("a", "b")
    assert values.items == ("b", "a")


def test_texts_are_cut_by_bytes() -> None:
    assert to_bytes(text("trunc", 1, "é")) == b"\xc3"
    assert to_bytes(text("trunc", -1, "é")) == b"\xa9"
    assert to_bytes(text("substr", 1, 3, "éé")) == b"\xa9\xc3"
    assert to_bytes(text("abbrev", 4, "éééé")) == b"\xc3..."
    assert to_bytes(text("wrapWith", 1, "|", "é")) == b"\xc3|\xa9"
    assert to_bytes(text("b64dec", "/w==")) == b"\xff"
    assert render("{{ trunc 1 .Values.a }}{{ trunc -1 .Values.a }}", a="é") == "é"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("snakecase", b"\xffA\xffB\xff", b"\xef\xbf\xbda\xef\xbf\xbdb\xef\xbf\xbd"),
        ("snakecase", b"\xff", b"\xff"),
        ("kebabcase", b"a\xff", b"a\xff"),
        ("camelcase", b"\xff_a", b"\xef\xbf\xbdA"),
        ("upper", b"a\xff", b"A\xef\xbf\xbd"),
        ("title", b"\xffa", b"\xef\xbf\xbda"),
        ("swapcase", b"a\xff", b"A\xef\xbf\xbd"),
        ("untitle", b"A\xff", b"a\xef\xbf\xbd"),
        ("trim", b" \xff ", b"\xff"),
        ("nospace", b"\xff x", b"\xc3\xbfx"),
        ("toJson", b"\xff", b'"\\ufffd"'),
        ("toRawJson", b"\xff", b'"\\ufffd"'),
        ("b64enc", b"\xff", b"/w=="),
        ("quote", b"\xff", b'"\\xff"'),
    ],
)
def test_bytes_that_are_not_utf_8_are_kept_or_replaced_as_go_does(name: str, data: bytes, expected: bytes) -> None:
    assert to_bytes(text(name, from_bytes(data))) == expected


def test_a_pattern_that_is_not_utf_8_is_refused() -> None:
    assert call("regexMatch", from_bytes(b"\xff"), "a") is False
    with pytest.raises(FunctionFailed, match="not UTF-8"):
        call("regexFind", from_bytes(b"\xff"), "a")


def test_a_time_since_now_is_refused() -> None:
    moment = call("toDate", "2006-01-02", "2020-05-06")

    with pytest.raises(FunctionFailed, match="depends on when it is asked for"):
        call("durationRound", moment)


def test_versions_compare_as_the_policies_compare_them() -> None:
    assert render('{{ semverCompare ">=1.0.0-0" "1.0.0-rc.1" }}') == "true"
    with pytest.raises(FunctionFailed, match="version string is too long"):
        call("semver", "1" * 300)
    with pytest.raises(FunctionFailed, match="improper constraint"):
        call("semverCompare", "1" * 600, "1.0.0")


def test_a_version_as_long_as_one_may_be_is_compared() -> None:
    assert call("semverCompare", "^1.0.0-0", f"1-{'a' * 254}") is True


@pytest.mark.parametrize(
    ("nanoseconds", "expected"),
    [(1, "1ns"), (-1500, "-1.5µs"), (2_000_000, "2ms"), (3_600_000_000_001, "1h0m0.000000001s")],
)
def test_durations_below_a_second_have_units_of_their_own(nanoseconds: int, expected: str) -> None:
    assert duration_text(nanoseconds) == expected


def test_a_copied_version_has_lost_its_parts_as_in_go() -> None:
    copied = call("deepCopy", call("semver", "1.2.3"))

    assert isinstance(copied, Struct)
    assert text("toString", copied) == "0.0.0"


def test_deep_copies_share_nothing() -> None:
    inner = Map(entries={"x": 1})
    original = Map(entries={"a": Slice.of([inner])})

    copied = call("deepCopy", original)
    inner.entries["x"] = 2

    assert call("toJson", copied) == '{"a":[{"x":1}]}'


@given(BYTES)
def test_what_is_encoded_is_decoded_to_the_same(data: bytes) -> None:
    written = from_bytes(data)

    assert to_bytes(text("b64dec", text("b64enc", written))) == data
    assert to_bytes(text("b32dec", text("b32enc", written))) == data


@given(some.text(alphabet="AB2=\n", max_size=20))
def test_a_broken_encoding_never_raises_anything_but_says_where(given_text: str) -> None:
    for decode in (decode_base64, decode_base32):
        try:
            decode(to_bytes(given_text))
        except FunctionFailed as error:
            assert "data at input byte" in str(error)  # noqa: PT017 - either is right, and nothing else


@given(TEXTS)
def test_json_of_a_text_reads_back(given_text: str) -> None:
    clean = given_text.encode("utf-8", "replace").decode()

    assert call("fromJson", call("toJson", clean)) == clean
    assert call("fromJson", call("toRawJson", clean)) == clean


@given(TEXTS, some.integers(min_value=-5, max_value=50))
def test_cutting_keeps_what_it_keeps(given_text: str, count: int) -> None:
    clean = given_text.encode("utf-8", "replace").decode()
    cut = to_bytes(text("trunc", count, clean))

    assert len(cut) <= max(len(to_bytes(clean)), abs(count))
    assert cut in to_bytes(clean)


@given(some.lists(some.integers() | some.text(max_size=3) | some.none() | some.floats(allow_nan=False), max_size=12))
def test_unique_items_are_those_that_no_earlier_one_equals(values: list[object]) -> None:
    bounded = [value % 2**62 if isinstance(value, int) else value for value in values]
    kept = items("uniq", Slice.of(bounded))

    assert items("uniq", Slice.of(kept)) == kept
    for value in bounded:
        assert sum(call("deepEqual", value, one) is True for one in kept) == 1


@given(some.integers(-(2**63), 2**63 - 1), some.integers(-(2**63), 2**63 - 1))
def test_division_and_remainder_belong_together(left: int, right: int) -> None:
    if right == 0:
        return
    quotient, rest = call("div", left, right), call("mod", left, right)

    assert call("add", call("mul", quotient, right), rest) == left
    assert isinstance(rest, int)
    assert abs(rest) < abs(right)
