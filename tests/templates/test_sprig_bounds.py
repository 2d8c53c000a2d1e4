"""No function of Sprig takes more time or memory than a rendering may spend."""

from __future__ import annotations

import time

import pytest

from imgupdate.errors import TemplateExecutionError
from imgupdate.templates.functions import BUDGET, Budget, BudgetExceeded, FunctionFailed
from imgupdate.templates.sprig import FUNCTIONS
from imgupdate.templates.values import ANY, Map, Slice
from tests.templates.sprig_calls import call, render

LONG = "aB c_d1." * 125_000
WIDE = "é世 Ö_xß." * 125_000
MANY = Slice.of(range(100_000))
BILLION = 1_000_000_000
EIGHTH = BUDGET // 8

TOO_LARGE: list[tuple[str, tuple[object, ...]]] = [
    ("repeat", (BILLION, "x")),
    ("repeat", (2, LONG * 8)),
    ("indent", (BILLION, "x")),
    ("indent", (1000, "\n" * 100_000)),
    ("nindent", (BILLION, "x")),
    ("replace", ("a", "b" * 1000, LONG)),
    ("replace", ("", "b" * 1000, LONG)),
    ("wrap", (1, "a " * 1_000_000)),
    ("wrapWith", (1, "-" * 1000, LONG)),
    ("until", (BILLION,)),
    ("until", (-BILLION,)),
    ("untilStep", (0, 2**62, 1)),
    ("untilStep", (2**62, -(2**62), -1)),
    ("seq", (BILLION,)),
    ("seq", (1, 1, 2**63 - 2)),
    ("splitList", ("", LONG)),
    ("splitList", (" ", " " * 1_000_000)),
    ("split", ("", LONG)),
    ("chunk", (1, Slice.of(range(1_000_000)))),
    ("join", ("-" * 1000, MANY)),
    ("concat", (MANY,) * 10),
    ("without", (MANY, *range(1000))),
    ("deepEqual", (Slice.of(range(3_000_000)), Slice.of(range(3_000_000)))),
    ("toJson", (Slice.of([LONG] * 10),)),
    ("toPrettyJson", (Slice.of([MANY] * 10),)),
    ("fromJson", ("[" + "1," * 1_000_000 + "1]",)),
    ("regexReplaceAll", ("", LONG, "x" * 100)),
    ("regexReplaceAll", ("a", LONG, "${0}" * 100)),
    ("regexFindAll", ("(?s)a.*z|a", "a" * 200_000, -1)),
    ("regexSplit", ("", LONG, -1)),
    ("mulf", (1.1,) * 20_000),
    ("toDate", ("-" * 100_000, "-" * 100_000)),
    ("urlParse", ("%41" * 200_000,)),
    ("urlJoin", (Map(entries={"path": WIDE}),)),
    ("durationRound", ("1h" * 200_000,)),
    ("snakecase", (LONG,)),
    ("camelcase", (WIDE,)),
    ("keys", (Map(entries=dict.fromkeys(map(str, range(100_000)))),) * 10),
    ("omit", (Map(entries=dict.fromkeys(map(str, range(1_000_000)))),)),
]


@pytest.mark.parametrize(
    ("name", "arguments"), TOO_LARGE, ids=[f"{name}-{at}" for at, (name, _) in enumerate(TOO_LARGE)]
)
def test_work_beyond_the_budget_is_refused_before_it_takes_long(name: str, arguments: tuple[object, ...]) -> None:
    budget = Budget(EIGHTH)
    started = time.process_time()

    with pytest.raises(BudgetExceeded):
        call(name, *arguments, budget=budget)

    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", ["toJson", "toPrettyJson", "deepCopy", "deepEqual", "merge", "mergeOverwrite"])
def test_a_value_that_holds_itself_ends(name: str) -> None:
    knot = Map()
    knot.entries["a"] = knot
    other = Map()
    other.entries["a"] = other
    arguments = (knot, other) if name in ("deepEqual", "merge", "mergeOverwrite") else (knot,)

    if name.startswith("to"):
        assert call(name, *arguments) == ""
        return
    with pytest.raises(FunctionFailed, match="nested too deeply"):
        call(name, *arguments)


@pytest.mark.parametrize("name", ["toJson", "deepCopy", "deepEqual"])
def test_a_list_that_doubles_at_each_level_ends(name: str) -> None:
    doubled: list[object] = [1, 1]
    for at in range(2):
        for _ in range(40):
            doubled[at] = Slice.of([doubled[at]] * 2)

    with pytest.raises(BudgetExceeded):
        call(name, *(doubled if name == "deepEqual" else doubled[:1]), budget=Budget(EIGHTH))


def test_a_match_that_cannot_be_paid_for_is_not_taken_for_none() -> None:
    with pytest.raises(BudgetExceeded):
        call("regexMatch", "a", "a", budget=Budget(100))
    with pytest.raises(BudgetExceeded):
        call("toDate", "2006", "2020", budget=Budget(10))


def test_no_more_passwords_are_derived_than_the_budget_pays_for() -> None:
    budget = Budget(3 << 20)
    for _ in range(3):
        call("derivePassword", 1, "pin", "p", "u", "s", budget=budget)

    with pytest.raises(BudgetExceeded):
        call("derivePassword", 1, "pin", "p", "u", "s", budget=budget)


def test_a_json_text_is_nested_as_deeply_as_a_value_may_be() -> None:
    assert call("fromJson", "[" * 150 + "]" * 150) is not None
    assert call("fromJson", "[" * 300 + "]" * 300) is None
    with pytest.raises(FunctionFailed, match="exceeded max depth"):
        call("mustFromJson", '{"a":' * 300)


def test_lists_as_long_as_a_large_update_are_made_unique_within_the_budget() -> None:
    values = Slice.of([*range(20_000), *range(20_000), "a", "a", None, None, 1.5, 1.5])

    result = call("uniq", values)

    assert isinstance(result, Slice)
    assert len(result.items) == 20_003


def test_a_template_says_that_it_asks_for_too_much() -> None:
    with pytest.raises(TemplateExecutionError, match=r"error calling repeat: .*|too long"):
        render("{{ repeat 1000000000 .Values.a }}", a="x")


def test_every_function_that_makes_lists_of_its_own_size_asks_the_budget() -> None:
    for name in ("until", "untilStep", "seq", "chunk", "concat", "splitList", "split", "splitn", "repeat", "indent"):
        assert FUNCTIONS[name].budgeted, name
        assert FUNCTIONS[name].parameters != (ANY, ANY, ANY)
