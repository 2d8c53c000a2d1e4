"""What policies choose, and why (spec/flux.md 3.3 to 3.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.errors import InvalidPattern, InvalidPolicy, InvalidRange, NoTagSelected
from imgupdate.policies import (
    Alphabetical,
    Choice,
    Numerical,
    Order,
    ScanOrder,
    SemVer,
    TagFilter,
    TagPolicy,
    compile_exclusions,
    compile_policy,
)
from imgupdate.results import Verdict

ASC, DESC = Order.ASC, Order.DESC


def policy(choice: Choice, pattern: str | None = None, extract: str = "") -> TagPolicy:
    return compile_policy(choice, None if pattern is None else TagFilter(pattern=pattern, extract=extract))


# Upstream's own tests (spec/flux.md 3.4).
@pytest.mark.parametrize(
    ("chosen_by", "tags", "expected"),
    [
        (policy(Alphabetical()), "16.04 16.04.1 16.10 20.04 20.10", "20.10"),
        (policy(Alphabetical(DESC)), "16.04 16.04.1 16.10 20.04 20.10", "16.04"),
        (policy(Alphabetical()), "xenial yakkety zesty artful bionic", "zesty"),
        (policy(Alphabetical(DESC)), "xenial yakkety zesty artful bionic", "artful"),
        (policy(Alphabetical()), "1 B _ a é", "é"),
        (policy(Alphabetical(DESC)), "1 B _ a é", "1"),
        (policy(Numerical()), "-62 -88 73 72 15 16 15 29 -33 -91", "73"),
        (policy(Numerical(DESC)), "5 -8 -78 25 70 -4 80 92 -20 -24", "-78"),
        (policy(SemVer("1.0.x")), "1.0.0 1.0.0.1 1.0.0p 1.0.1 1.2.0 0.1.0", "1.0.1"),
        (policy(SemVer("1.0.x")), "v1.2.3 v1.0.0 v0.1.0", "v1.0.0"),
        (
            policy(Numerical(), r"1.0.0-rc\.(?P<num>[0-9]+)", "$num"),
            "1.0.0 1.0.0-rc.1 1.0.0-rc.2 1.0.0-rc.3 1.0.1-rc.2",
            "1.0.0-rc.3",
        ),
        (policy(SemVer(">=0.x"), "^test-(.*)$", "$1"), "test-0.1.0 test-0.1.1 dev-0.2.0 1.0.0", "test-0.1.1"),
    ],
)
def test_a_policy_chooses_what_upstream_tests_say(chosen_by: TagPolicy, tags: str, expected: str) -> None:
    assert chosen_by.choose(tags.split()).tag == expected


# spec/flux.md 3.5; where the reference chooses at random, the choice that the section names.
@pytest.mark.parametrize(
    ("chosen_by", "tags", "expected"),
    [
        (policy(SemVer(">=1.0.0")), "1.0.0 v1.0.0", "v1.0.0"),
        (policy(SemVer(">=1.0.0")), "1.0.0 01.0.0 1.00.0", "1.00.0"),
        (policy(SemVer(">=1.0.0"), ""), "1.0.0 v1.0.0", "v1.0.0"),
        (policy(SemVer(">=1.0.0"), "^(.*)$", "$1"), "1.0.0 v1.0.0", "v1.0.0"),
        (policy(SemVer(">=1.0.0"), "^v?(.*)$", "$1"), "1.0.0 v1.0.0", "1.0.0"),
        (policy(SemVer("1.x-0")), "1.2-beta.1 1.1.9", "1.2-beta.1"),
        (policy(Numerical(ASC)), "1 1.0 01", "01"),
        (policy(Numerical(DESC)), "1 1.0 01", "01"),
        (policy(Numerical(ASC), r"-(\d+)$", "$1"), "a-1 b-01 c-1", "a-1"),
        (policy(Numerical(ASC), r"-(\d+)$", "$1"), "a-5 b-5 c-4", "a-5"),
        (policy(Numerical(ASC)), "nan 1 2", "2"),
        (policy(Numerical(DESC)), "nan 1 2", "1"),
        (policy(Numerical(ASC)), "inf 1 2", "inf"),
        (policy(Numerical(ASC)), "9007199254740993 9007199254740992", "9007199254740992"),
        (policy(Alphabetical(), "^v(.*)", "$1x"), "v1 v2", "v1"),
        (policy(Alphabetical(), "^v(?P<n>.*)", "$nope"), "v1 v2 v3", "v1"),
    ],
)
def test_a_tie_is_decided_by_the_tags(chosen_by: TagPolicy, tags: str, expected: str) -> None:
    listed = tags.split()

    assert chosen_by.choose(listed).tag == expected
    assert chosen_by.choose(listed[::-1]).tag == expected


def test_the_key_that_won_is_told_beside_the_tag_as_published() -> None:
    chosen = policy(Numerical(), "^main-[0-9a-f]+-(?P<ts>[0-9]+)", "$ts").choose(
        ["main-ab-2", "main-cd-10", "dev-ab-99"]
    )

    assert (chosen.tag, chosen.key) == ("main-cd-10", "10")


@pytest.mark.parametrize(
    ("chosen_by", "tags", "reason"),
    [
        (policy(SemVer("*")), [], "there is no tag to choose from"),
        (policy(Alphabetical()), [], "there is no tag to choose from"),
        (policy(Numerical()), [], "there is no tag to choose from"),
        (policy(SemVer("*"), "^x"), ["1.0.0", "2.0.0"], r"the filter '\^x' matches none of 2 tags"),
        (policy(Alphabetical(), "^x"), ["1"], r"the filter '\^x' matches none of 1 tags"),
        (policy(Numerical(), "^x", "$1"), ["1"], r"the filter '\^x' matches none of 1 tags"),
        (policy(SemVer("1.0.x")), ["b1.2.3", "2.0.0"], r"none of 2 tags is a version in the range '1.0.x'"),
        (policy(Numerical()), ["0", "1a", "b"], "the key 'b' is not a number"),
        (policy(Numerical(), r"^v([0-9]+)?", "$1"), ["v1", "v2", "vx"], "the key '' is not a number"),
        (policy(Numerical()), ["1", "1e400"], "the key '1e400' is not a number"),
    ],
)
def test_a_policy_that_can_choose_nothing_says_why(chosen_by: TagPolicy, tags: list[str], reason: str) -> None:
    with pytest.raises(NoTagSelected, match=reason) as caught:
        chosen_by.choose(tags)

    assert caught.value.remedy
    assert caught.value.exit_code == 4


def test_a_filter_without_fields_lets_everything_pass() -> None:
    assert compile_policy(Alphabetical(), TagFilter()).choose(["a", "b"]).tag == "b"


def test_a_policy_without_a_choice_is_an_error() -> None:
    with pytest.raises(InvalidPolicy, match="the policy is empty"):
        compile_policy(None, None)


def test_the_choice_is_checked_before_the_filter() -> None:
    with pytest.raises(InvalidRange):
        policy(SemVer("oops"), "(")
    with pytest.raises(InvalidPattern):
        policy(SemVer("*"), "(")


@pytest.mark.parametrize(("text", "order"), [("", ASC), ("asc", ASC), ("ASC", ASC), ("Desc", DESC), ("desc", DESC)])
def test_an_order_is_read_in_any_case(text: str, order: Order) -> None:
    assert Order.parse(text) is order


@pytest.mark.parametrize("text", ["up", " asc", "ascending", "\u017fsc"])
def test_an_order_that_is_unknown_is_an_error(text: str) -> None:
    with pytest.raises(InvalidPolicy, match="is unknown"):
        Order.parse(text)


def test_policies_written_alike_are_equal_and_print_what_is_written() -> None:
    one = policy(SemVer("1.x"), "^v", "$0")

    assert one == policy(SemVer("1.x"), "^v", "$0")
    assert one != policy(SemVer("1.x"), "^v")
    assert "SemVer(range='1.x')" in repr(one)


POLICIES = [
    policy(SemVer("*-0")),
    policy(SemVer("1.x || >=2-0")),
    policy(SemVer("*"), "^v?(.*)$", "$1"),
    policy(SemVer("*"), "^(v)?", ""),
    policy(Alphabetical()),
    policy(Alphabetical(DESC), "^(.)", "$1"),
    policy(Numerical()),
    policy(Numerical(DESC)),
    policy(Numerical(), "([0-9]+)$", "$1"),
    policy(Numerical(DESC), "^v?([^-]*)", "$1"),
]
tags = st.sampled_from(
    [
        "1.0.0",
        "v1.0.0",
        "01.0.0",
        "1.0.0+b",
        "1.2-beta.1",
        "2.0.0-rc.1",
        "2.0.0",
        "1",
        "01",
        "1.0",
        "1e0",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "-1",
        "5",
        "v5",
        "a-1",
        "b-01",
        "c-1",
        "latest",
        "é",
        "",
        "vnan",
        "v-1",
        "+5",
        "0x5p0",
    ]
) | st.text(max_size=5)


def outcome(chosen_by: TagPolicy, listed: list[str]) -> str:
    try:
        return chosen_by.choose(listed).tag
    except NoTagSelected as error:
        return type(error).__name__


@given(
    st.sampled_from(POLICIES), st.lists(tags, max_size=12).flatmap(lambda x: st.tuples(st.just(x), st.permutations(x)))
)
def test_shuffling_tags_never_changes_the_choice(chosen_by: TagPolicy, listings: tuple[list[str], list[str]]) -> None:
    listed, shuffled = listings
    before = listed.copy()

    assert outcome(chosen_by, listed) == outcome(chosen_by, shuffled)
    assert outcome(chosen_by, listed + listed) == outcome(chosen_by, listed)
    assert listed == before


@given(st.sampled_from(POLICIES), st.lists(tags, min_size=1, max_size=12))
def test_the_chosen_tag_is_admitted_and_no_other_outranks_it(chosen_by: TagPolicy, listed: list[str]) -> None:
    try:
        chosen = chosen_by.choose(listed)
    except NoTagSelected:
        return

    assert chosen.tag in listed
    assert chosen_by.admits(chosen.tag)
    assert chosen_by.choose([chosen.tag]).tag == chosen.tag
    if "nan" not in "".join(listed).lower():
        admitted = [tag for tag in listed if chosen_by.admits(tag)]
        assert not any(chosen_by.outranks(tag, chosen.tag) for tag in admitted)


@given(st.sampled_from(POLICIES), st.text(), tags)
def test_judging_single_tags_never_fails(chosen_by: TagPolicy, one: str, other: str) -> None:
    assert not (chosen_by.outranks(one, other) and chosen_by.outranks(other, one))
    assert not chosen_by.outranks(one, one)
    assert chosen_by.admits(one) is (outcome(chosen_by, [one]) == one)


@given(st.sampled_from(POLICIES), st.lists(tags, max_size=12, unique=True))
def test_an_explanation_has_a_verdict_for_each_tag_and_agrees_with_the_choice(
    chosen_by: TagPolicy, listed: list[str]
) -> None:
    explanation = chosen_by.explain(listed)
    winners = [verdict.tag for verdict in explanation.verdicts if verdict.reason == "chosen"]

    assert [verdict.tag for verdict in explanation.verdicts] == sorted(listed, reverse=True)
    assert all(verdict.reason for verdict in explanation.verdicts)
    assert all(chosen_by.admits(verdict.tag) for verdict in explanation.verdicts if verdict.kept)
    if winners:
        chosen = chosen_by.choose(listed, explain=True)
        assert chosen.explanation == explanation
        assert winners == [explanation.chosen] == [chosen.tag]
        assert explanation.key == chosen.key
    else:
        with pytest.raises(NoTagSelected) as caught:
            chosen_by.choose(listed, explain=True)
        assert (explanation.chosen, explanation.key, explanation.reason) == ("", "", caught.value.message)


def test_nothing_is_explained_unless_asked_for() -> None:
    assert policy(Alphabetical()).choose(["a"]).explanation is None


def test_an_explanation_of_versions_tells_what_each_tag_lacks() -> None:
    explanation = policy(SemVer("1.x")).explain(["1.0.0", "1.1.0", "v1.1.0", "1.2.0-rc.1", "2.0.0", "latest"])

    assert explanation.reason == "the highest version in the range '1.x'"
    assert explanation.verdicts == (
        Verdict("v1.1.0", kept=True, key="v1.1.0", reason="chosen"),
        Verdict("latest", kept=False, key="latest", reason="is not a version"),
        Verdict("2.0.0", kept=False, key="2.0.0", reason="is not in the range"),
        Verdict("1.2.0-rc.1", kept=False, key="1.2.0-rc.1", reason="is a pre-release, and the range asks for none"),
        Verdict("1.1.0", kept=True, key="1.1.0", reason="ranks with 'v1.1.0', and the tie is decided by the tags"),
        Verdict("1.0.0", kept=True, key="1.0.0", reason="ranks below 'v1.1.0'"),
    )


def test_an_explanation_of_keys_tells_which_tag_stands_for_a_key() -> None:
    explanation = policy(Numerical(DESC), "-([0-9]+)$", "$1").explain(["a-1", "b-1", "c-2", "main"])

    assert (explanation.chosen, explanation.key, explanation.reason) == ("a-1", "1", "the smallest number")
    assert explanation.verdicts == (
        Verdict("main", kept=False, key="", reason="the filter does not match"),
        Verdict("c-2", kept=True, key="2", reason="ranks below '1'"),
        Verdict("b-1", kept=False, key="1", reason="'a-1' has the same key and comes first"),
        Verdict("a-1", kept=True, key="1", reason="chosen"),
    )


def test_an_explanation_of_a_failure_tells_which_key_is_no_number() -> None:
    explanation = policy(Numerical()).explain(["1", "x"])

    assert (explanation.chosen, explanation.reason) == ("", "the key 'x' is not a number")
    assert explanation.verdicts == (
        Verdict("x", kept=False, key="x", reason="is not a number"),
        Verdict("1", kept=True, key="1", reason="nothing is chosen"),
    )


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        (Alphabetical(ASC), "the last in alphabetical order"),
        (Alphabetical(DESC), "the first in alphabetical order"),
        (Numerical(ASC), "the largest number"),
        (Numerical(DESC), "the smallest number"),
    ],
)
def test_an_explanation_tells_what_the_policy_looks_for(choice: Choice, reason: str) -> None:
    assert policy(choice).explain(["1"]).reason == reason


@pytest.mark.parametrize(
    ("judged_by", "higher", "lower"),
    [
        (policy(SemVer("1.x")), "1.10.0", "1.9.0"),
        (policy(SemVer("1.x")), "2.0.0", "1.9.0"),
        (policy(Alphabetical(ASC)), "9", "10"),
        (policy(Alphabetical(DESC)), "10", "9"),
        (policy(Numerical(ASC)), "10", "9"),
        (policy(Numerical(DESC)), "9", "10"),
        (policy(Numerical(), "-([0-9]+)$", "$1"), "a-10", "b-9"),
    ],
)
def test_one_tag_outranks_another_by_its_key(judged_by: TagPolicy, higher: str, lower: str) -> None:
    assert judged_by.outranks(higher, lower)
    assert not judged_by.outranks(lower, higher)


@pytest.mark.parametrize(
    ("judged_by", "one", "other"),
    [
        (policy(SemVer("1.x")), "1.0.0", "v1.0.0"),
        (policy(SemVer("1.x")), "latest", "1.0.0"),
        (policy(Numerical()), "1.0", "1"),
        (policy(Numerical()), "nan", "1"),
        (policy(Numerical()), "x", "1"),
        (policy(Alphabetical(), "^v"), "v1", "x"),
    ],
)
def test_equal_and_incomparable_tags_do_not_outrank_each_other(judged_by: TagPolicy, one: str, other: str) -> None:
    assert not judged_by.outranks(one, other)
    assert not judged_by.outranks(other, one)


def test_a_scan_admits_only_what_neither_its_exclusions_nor_its_policy_drop() -> None:
    order = ScanOrder(compile_exclusions(["-debug$"]), policy(SemVer("1.x-0")))

    assert order.admits("1.0.0")
    assert not order.admits("1.0.0-debug")
    assert not order.admits("2.0.0")
    assert order.outranks("1.1.0", "1.0.0")
    assert not order.outranks("1.0.0", "1.1.0")
