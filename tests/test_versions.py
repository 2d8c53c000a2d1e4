"""Loose versions, their order, and ranges of them (spec/flux.md 2)."""

from __future__ import annotations

from itertools import product

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import InvalidRange
from imgupdate.versions import RELEASE, Version, parse_loose, parse_range, parse_version, update_kind


def version(text: str) -> Version:
    found = parse_loose(text)
    assert found is not None, text
    return found


def text_of(found: Version) -> str:
    prerelease = ".".join(str(part) for _, part in found.key[3]) if found.is_prerelease else ""
    numbers = ".".join(map(str, found.key[:3]))
    return f"{numbers}-{prerelease}" if prerelease else numbers


# spec/flux.md 2.1
@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("01.02.03", "1.2.3"),
        ("2025.07.03", "2025.7.3"),
        ("2021.04.1-dev", "2021.4.1-dev"),
        ("1.2.3-0a", "1.2.3-0a"),
        ("1.2.3--x", "1.2.3--x"),
        ("1.2.3--1", "1.2.3--1"),
        ("1.2.3-1.-1", "1.2.3-1.-1"),
        ("1.2.0-x.Y.0+metadata-width-hypen", "1.2.0-x.Y.0"),
        ("1.2.3+01", "1.2.3"),
        ("1.2-beta.1", "1.2.0-beta.1"),
        ("1-a.b.c", "1.0.0-a.b.c"),
        ("1+a.b.c", "1.0.0"),
        ("1.2+a.b", "1.2.0"),
        ("18446744073709551615.0.0", "18446744073709551615.0.0"),
        ("1.2.3-18446744073709551616", "1.2.3-18446744073709551616"),
        ("1.2.3-" + "a" * 250, "1.2.3-" + "a" * 250),
    ],
)
def test_a_tag_is_the_version_that_flux_reads(tag: str, value: str) -> None:
    found = parse_version(tag)

    assert found is not None
    assert text_of(found) == value
    assert found.text == tag


@pytest.mark.parametrize(
    "tag",
    [
        "V1.2.3",
        "v1.2",
        "1",
        "v1",
        "v1.2-5",
        "v1.2-beta5",
        "v1.2.beta",
        "1.2.x",
        "1.2.3.4",
        "1.2.3-01",
        "1.2.3-rc.01",
        "1-a.b",
        "1.2.3-",
        "1.2.3+",
        "1.2.3-rc_1",
        "1.2.3_1",
        "1.2.3p",
        "release-1.2.3",
        "vv1.2.3",
        "1..3",
        ".1.2",
        "v.1.2",
        "18446744073709551616.0.0",
        "0.18446744073709551616.0",
        "\nv1.2.0",
        "v1.2.0\n",
        " 1.2.3",
        "1.2.3 ",
        "1.0.0+a+b",
        "1.2.3-alpha..1",
        "",
        "1.2.3-" + "a" * 251,
        "9" * 5000 + ".0.0",
        "\uff11.2.3",
        "1.2.٣",
        "1.2.3-é",
    ],
)
def test_a_tag_that_flux_skips_is_no_version(tag: str) -> None:
    assert parse_version(tag) is None


@pytest.mark.parametrize("text", ["1", "v1", "1.4", "0", "v1.2-5"])
def test_without_the_rule_of_three_pieces_one_or_two_numbers_are_a_version(text: str) -> None:
    assert parse_version(text) is None
    assert parse_loose(text) is not None


# spec/flux.md 2.2
@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1.0.0", "1.0.0+b", 0),
        ("1.0.0+a", "1.0.0+b", 0),
        ("v1.0.0", "1.0.0", 0),
        ("01.0.0", "1.0.0", 0),
        ("1.0.0-a", "1.0.0", -1),
        ("1.0.0-1", "1.0.0-a", -1),
        ("1.0.0-10", "1.0.0-9", 1),
        ("1.0.0-a.10", "1.0.0-a.9", 1),
        ("1.0.0-a10", "1.0.0-a9", -1),
        ("1.0.0-a", "1.0.0-a.1", -1),
        ("1.0.0-a.1", "1.0.0-a.b", -1),
        ("1.0.0-rc1", "1.0.0-rc.1", 1),
        ("1.0.0-A", "1.0.0-a", -1),
        ("1.0.0-18446744073709551616", "1.0.0-9", 1),
        ("1.0.0--1", "1.0.0-1", 1),
        ("1.0.0-a-b", "1.0.0-a", 1),
    ],
)
def test_versions_compare_as_the_table_says(one: str, other: str, expected: int) -> None:
    first, second = version(one), version(other)

    assert (first > second) - (first < second) == expected
    assert (first == second) is (expected == 0)


identifiers = st.integers(0, 30).map(str) | st.from_regex(r"[a-zA-Z-][0-9A-Za-z-]{0,3}", fullmatch=True)
strict_versions = st.builds(
    lambda numbers, parts, build: (
        ".".join(map(str, numbers)) + ("-" + ".".join(parts) if parts else "") + ("+" + build if build else "")
    ),
    st.tuples(*[st.integers(0, 3)] * 3),
    st.lists(identifiers, max_size=3),
    st.from_regex(r"[0-9A-Za-z-]{0,3}", fullmatch=True),
)


@given(strict_versions, strict_versions)
def test_strict_versions_order_as_the_semver_package_orders_them(one: str, other: str) -> None:
    first, second = version(one), version(other)

    assert (first > second) - (first < second) == semver.Version.parse(one).compare(other)


@given(strict_versions, strict_versions)
def test_the_kind_of_an_update_is_the_highest_part_that_differs(one: str, other: str) -> None:
    before, after = semver.Version.parse(one), semver.Version.parse(other)
    parts = [part for part in ("major", "minor", "patch") if getattr(before, part) != getattr(after, part)]

    assert update_kind(one, other) == (parts[0] if parts else "patch" if before.compare(other) else "")


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("1.2.3", "v2.0.0", "major"),
        ("2.0.0", "1.2.3", "major"),
        ("1.2.3", "1.3", "minor"),
        ("1.2", "1.2.1", "patch"),
        ("1.2.3-rc.1", "1.2.3", "patch"),
        ("1.2.3+a", "1.2.3+b", ""),
        ("v1.2.3", "1.2.3", ""),
        ("41", "42", ""),
        ("1.2.3", "latest", ""),
        ("", "1.2.3", ""),
        ("main-abc-1", "main-abd-2", ""),
    ],
)
def test_an_update_has_a_kind_only_between_two_versions(old: str, new: str, kind: str) -> None:
    assert update_kind(old, new) == kind


# spec/flux.md 2.3
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "latest",
        "a",
        "bar",
        "1x",
        "x1",
        "xx",
        "**",
        "1|2",
        "1 | 2",
        "1.0.0p",
        "-1",
        "*-*",
        ">=1.0,",
        ">=1.0,,<2",
        ">=1.0<2",
        "|| >1",
        "1 ||",
        "1.0 -2.0",
        "1.0- 2.0",
        ">1.0 - 2.0",
        "1.0 - 2.0 - 3.0",
        "12.3.34~ 1.2.3",
        "1.2.3-01",
        "v1.2.3-beta.01",
        "18446744073709551616",
        "^",
        ">=",
        "- 1.0.0",
        "1.0.0 - ",
        "1.2.3.4",
        "V1.2",
        "==1.0",
        ">==1",
        "> = 1",
        "!1",
        "<>1",
        "(>=1)",
        "[1,2)",
        ">=1 && <2",
        ">=1 and <2",
        "\x0b1",
        "1\x0b2",
        "\xa01",
        "\uff11",
        "1 ,, 2",
        ", 1",
        "1.0.0-",
        "1.0.0+",
        "1.0.0-a..b",
        "1 || || 2",
    ],
)
def test_a_range_that_the_grammar_does_not_have_is_an_error(text: str) -> None:
    with pytest.raises(InvalidRange) as caught:
        parse_range(text)

    assert "the version range" in caught.value.message
    assert caught.value.remedy
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "v1.2",
        "=v1.2",
        ">=v1.2.0, <v2",
        ">= 1.0 <2",
        "1,2",
        "1 , 2",
        "1 ,2",
        "1||2",
        "1.0-2.0",
        "1.0.0 - 2.0.0, <=2.0.0",
        "12.3.34 ~1.2.3",
        "01.02.03",
        ">=2025.07",
        "1.x.3",
        "x.2.3",
        "\t1\n",
        "1\r2",
        "1\x0c2",
        "=>1 =<2 ~>1",
    ],
)
def test_a_range_that_the_grammar_has_is_read(text: str) -> None:
    assert parse_range(text).text == text


def test_a_message_names_the_group_that_does_not_parse() -> None:
    with pytest.raises(InvalidRange, match=r"'1.x \|\| oops' does not parse in ' oops'"):
        parse_range("1.x || oops")


def test_a_message_names_the_version_that_is_none() -> None:
    with pytest.raises(InvalidRange, match=r"'>=1 <1.2.3-01' holds '1.2.3-01', which is not a version"):
        parse_range(">=1 <1.2.3-01")


@pytest.mark.parametrize(
    ("longest", "too_long", "what"),
    [
        (">" + " " * 510 + "1", ">" + " " * 511 + "1", "longer than 512 bytes"),
        ("||".join(["1"] * 32), "||".join(["1"] * 33), "more than 32 groups"),
        ("1.2.3-" + "a" * 250, "1.2.3-" + "a" * 251, "which is not a version"),
    ],
)
def test_a_range_has_the_bounds_of_the_reference(longest: str, too_long: str, what: str) -> None:
    assert parse_range(longest).text == longest
    with pytest.raises(InvalidRange, match=what):
        parse_range(too_long)


def test_ranges_written_alike_are_equal() -> None:
    assert parse_range("1.x") == parse_range("1.x")
    assert parse_range("1.x") != parse_range("1.X")


# spec/flux.md 2.4 to 2.6 beyond the tables of appendix A
@pytest.mark.parametrize(
    ("text", "admitted", "refused"),
    [
        ("1.0-2.0", ["1.0.0-2.0", "1.0.5"], ["1.0.0-1.0", "1.1.0"]),
        ("1.2.3 - 1.2.5 || 3", ["1.2.4", "3.1.0"], ["1.2.6", "2.0.0"]),
        (">=1.0.0-0 || 3.x", ["1.0.0-rc", "3.0.0"], ["0.9.0", "0.1.0-a"]),
        ("3.x || >=4-0", ["3.1.0", "4.1.0-a"], ["3.1.0-a"]),
        ("!=1.2.3 !=1.2.4", ["1.2.5", "0.1.0"], ["1.2.3", "1.2.4", "1.2.5-a"]),
        ("!=1.2-a", ["1.2.0-b", "1.2.3", "1.3.0"], ["1.2.0-a", "1.2.9-a"]),
        ("!=1.2", ["1.3.0"], ["1.2.0", "1.2.9"]),
        ("!=1-a", ["2.0.0-a"], ["1.0.0-b", "1.9.9"]),
        ("!=*-a", ["0.0.0", "0.0.0-b"], ["0.0.0-a"]),
        (">*-a", ["0.0.0-b", "0.0.0"], ["0.0.0-a"]),
        ("^0.0.x", ["0.0.9"], ["0.1.0"]),
        ("^0.1.2", ["0.1.2", "0.1.9"], ["0.1.1", "0.2.0"]),
        ("^0.0.3-a", ["0.0.3-b", "0.0.3"], ["0.0.3-A", "0.0.4-a", "0.0.4"]),
        ("<=1.2.3", ["1.2.3", "1.2.3+b"], ["1.2.4", "1.2.3-a"]),
        ("<=1.2.3-b", ["1.2.3-a", "1.2.3-b"], ["1.2.3-c", "1.2.3"]),
        (">1.2.3", ["1.2.4"], ["1.2.3+z", "1.2.3"]),
        ("x.2|3", ["0.1.0"], []),
    ],
)
def test_operators_admit_what_the_table_says(text: str, admitted: list[str], refused: list[str]) -> None:
    wanted = parse_range(text)

    assert [tag for tag in admitted + refused if wanted.admits(version(tag))] == admitted


def test_a_prerelease_that_only_the_gate_keeps_out_is_told_from_one_that_is_out_of_range() -> None:
    wanted = parse_range("1.x !=1.2.3 || 3.x-0")

    assert wanted.misses_only_for_prerelease(version("1.2.0-rc.1"))
    assert not wanted.misses_only_for_prerelease(version("1.2.3"))
    assert not wanted.misses_only_for_prerelease(version("2.2.0-rc.1"))
    assert not wanted.misses_only_for_prerelease(version("3.2.0-rc.1"))


RANGES = ["5.0.x", "*", ">=1.0.0-0 <2", "1.x || >=3", "1.x || >=2-0", "!=1.1.1", ">=1 !=2.x", "~1.2.3-beta.2", "0.0.0"]
tags = st.sampled_from(["", "v", "V", "0"]).flatmap(
    lambda prefix: st.builds(
        lambda numbers, suffix: prefix + ".".join(map(str, numbers)) + suffix,
        st.lists(st.integers(0, 5), min_size=1, max_size=4),
        st.sampled_from(["", "", "", "-rc.1", "-beta.3", "-0", "-01", "+b", "+b-x", "-a.b", "-a.b.c", "p", ".9" * 20]),
    )
) | st.sampled_from(["latest", "", "1.2.12345678901234567890", "0.0.12345678901234567890", "1.2.3\n"])


@given(st.lists(tags, max_size=12), st.sampled_from(RANGES))
def test_the_newest_tag_is_the_first_of_the_highest_that_the_range_admits(listed: list[str], text: str) -> None:
    wanted = parse_range(text)
    best: Version | None = None
    for tag in listed:
        found = parse_version(tag)
        if found and wanted.admits(found) and (best is None or found > best):
            best = found

    assert wanted.newest(listed) == (best.text if best else None)


def test_the_whole_table_of_operators_agrees_with_itself_on_small_versions() -> None:
    """`=`, `!=`, `<`, `<=`, `>` and `>=` of a full version split all versions as comparison does."""
    small = [f"{a}.{b}.{c}{suffix}" for a, b, c in product(range(2), repeat=3) for suffix in ("-a", "-0", "")]
    for one, other in product(small, repeat=2):
        found, limit = version(one), version(other)
        answers = {
            operator: parse_range(f"{operator}{other} *-0").admits(found)
            for operator in ("=", "!=", "<", "<=", ">", ">=", "=<", "=>")
        }
        assert answers == {
            "=": found == limit,
            "!=": found != limit,
            "<": found < limit,
            "<=": found <= limit,
            ">": found > limit,
            ">=": found >= limit,
            "=<": found <= limit,
            "=>": found >= limit,
        }


def test_a_release_ranks_above_its_prereleases_and_is_none() -> None:
    assert version("1.0.0").key[3] == RELEASE
    assert not version("1.0.0").is_prerelease
    assert version("1.0.0-rc").is_prerelease
