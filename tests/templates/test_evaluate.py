"""Calls, arguments and fields with functions and types made for it; the rest is recorded in `tests/conformance`."""

from __future__ import annotations

import pytest

from imgupdate.errors import TemplateExecutionError
from imgupdate.templates.execute import LONGEST, TABLE, Rendering
from imgupdate.templates.functions import Budget, BudgetExceeded, Function, FunctionFailed
from imgupdate.templates.parse import Parser
from imgupdate.templates.places import Source
from imgupdate.templates.values import (
    ANY,
    ANY_MAP,
    ANY_SLICE,
    BOOL,
    FLOAT64,
    INT,
    INT64,
    STRING,
    Int64,
    Map,
    Slice,
    Struct,
    StructField,
    StructType,
    Uint8,
    go_type,
)


def refuse(_budget: Budget) -> object:
    raise BudgetExceeded("enough")


def complain(_receiver: Struct) -> object:
    raise FunctionFailed("no")


def declared(name: str, *parameters: str, variadic: bool = False) -> Function:
    return Function(
        name=name,
        parameters=parameters,
        variadic=variadic,
        call=lambda *values: " ".join(f"{go_type(value)}={value}" for value in values),
    )


FUNCTIONS = {
    **TABLE,
    "any": declared("any", ANY),
    "bool": declared("bool", BOOL),
    "string": declared("string", STRING),
    "integer": declared("integer", INT),
    "long": declared("long", INT64),
    "byte": declared("byte", "uint8"),
    "float": declared("float", FLOAT64),
    "slice": declared("slice", ANY_SLICE),
    "map": declared("map", ANY_MAP),
    "time": declared("time", "time.Time"),
    "many": declared("many", STRING, INT, variadic=True),
    "spent": Function(name="spent", budgeted=True, call=refuse),
}
COUNTER = StructType(
    name="p.Counter",
    fields=(StructField("Start", INT), StructField("Any", ANY)),
    pointer=True,
    methods={
        "Plus": Function(name="Plus", parameters=(INT,), call=lambda value, other: value.get("Start") + other),
        "Fails": Function(name="Fails", call=complain),
    },
)
OUTER = StructType(
    name="p.Outer", fields=(StructField("Counter", "*p.Counter", embedded=True), StructField("Own", INT))
)
DATA = Map(
    STRING,
    ANY,
    {
        "counter": Struct(COUNTER, (40, None)),
        "outer": Struct(OUTER, (Struct(COUNTER, (1, None)), 7)),
        "long": Int64(5),
        "byte": Uint8(6),
        "list": Slice.of([1]),
        "nil": None,
        "integers": Map(INT, ANY, {1: "one"}),
        "longs": Map(INT64, STRING, {Int64(1): "one"}),
        "anything": Map(ANY, ANY, {"a": 1, None: "nil"}),
    },
)


def rendered(text: str, budget: int = 1 << 20) -> str:
    source = Source("t", text, FUNCTIONS)
    trees = Parser(source, lambda _: "").trees_of("t")
    return Rendering(source, trees, FUNCTIONS, DATA, Budget(budget)).text(DATA)


def failure(text: str, budget: int = 1 << 20) -> str:
    with pytest.raises(TemplateExecutionError) as caught:
        rendered(text, budget)
    return caught.value.message.partition("executing ")[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{any 1}}", "int=1"),
        ("{{any nil}}", "<nil>=None"),
        ("{{any .nil}}", "<nil>=None"),
        ("{{any .missing}}", "<nil>=None"),
        ("{{any 'a'}}", "int=97"),
        ("{{bool true}}", "bool=True"),
        ("{{string `a`}}", "string=a"),
        ("{{integer 1.0}}", "int=1"),
        ("{{integer 'a'}}", "int=97"),
        ("{{long 5}}", "int64=Int64(5)"),
        ("{{long .long}}", "int64=Int64(5)"),
        ("{{byte 300}}", "uint8=Uint8(44)"),
        ("{{byte .byte}}", "uint8=Uint8(6)"),
        ("{{float 2}}", "float64=2.0"),
        ("{{float 'a'}}", "float64=97.0"),
        ("{{slice nil}}", "[]interface {}=Slice(element='interface {}', items=(), nil=True)"),
        ("{{slice .missing}}", "[]interface {}=Slice(element='interface {}', items=(), nil=True)"),
        ("{{slice .list}}", "[]interface {}=Slice(element='interface {}', items=(1,), nil=False)"),
        ("{{many `a`}}", "string=a"),
        ("{{many `a` 1 2}}", "string=a int=1 int=2"),
        ("{{`a` | many}}", "string=a"),
        ("{{2 | many `a` 1}}", "string=a int=1 int=2"),
        ("{{.counter.Plus 2}}", "42"),
        ("{{2 | .counter.Plus}}", "42"),
        ("{{(.counter).Plus 2}}", "42"),
        ("{{print ((.counter).Plus 2)}}", "42"),
        ("{{.outer.Plus 2}}", "3"),
        ("{{.outer.Start}} {{.outer.Own}}", "1 7"),
        ("{{with $c := .counter}}{{$c.Plus 1}} {{$c.Start}}{{end}}", "41 40"),
        ("{{print (.counter.Plus 1 | printf `%d`)}}", "41"),
        ("{{index .integers 1}} {{index .integers (index `a` 0)}}", "one <no value>"),
        ("{{index .longs 1}} {{index .longs .byte}}", "one "),
        ("{{index .anything `a`}} {{index .anything nil}} {{.anything.a}}", "1 nil 1"),
        ("{{eq .counter .counter}} {{eq .counter (index (list .outer.Counter) 0)}}", "true false"),
    ],
)
def test_an_argument_becomes_a_value_of_the_parameters_type(text: str, expected: str) -> None:
    assert rendered(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{bool 1}}", '"t" at <1>: expected bool; found 1'),
        ("{{string 1}}", '"t" at <1>: expected string; found 1'),
        ("{{integer 1.5}}", '"t" at <1.5>: expected integer; found 1.5'),
        ("{{integer `a`}}", '"t" at <`a`>: expected integer; found `a`'),
        ("{{long true}}", '"t" at <true>: expected integer; found true'),
        ("{{byte -1}}", '"t" at <-1>: expected unsigned integer; found -1'),
        ("{{float `a`}}", '"t" at <`a`>: expected float; found `a`'),
        ("{{float 1i}}", '"t" at <1i>: expected float; found 1i'),
        ("{{slice 1}}", '"t" at <1>: can\'t handle 1 for arg of type []interface {}'),
        ("{{time `a`}}", '"t" at <`a`>: can\'t handle `a` for arg of type time.Time'),
        ("{{string nil}}", '"t" at <nil>: cannot assign nil to string'),
        ("{{time nil}}", '"t" at <nil>: cannot assign nil to time.Time'),
        ("{{string .missing}}", '"t" at <.missing>: invalid value; expected string'),
        ("{{string .nil}}", '"t" at <.nil>: wrong type for value; expected string; got interface {}'),
        ("{{integer .long}}", '"t" at <.long>: wrong type for value; expected int; got int64'),
        ("{{map .integers}}", '"t" at <.integers>: wrong type for value; expected map[string]interface {}; '),
        ("{{.list | map}}", '"t" at <map>: wrong type for value; expected map[string]interface {}; got []interface {}'),
        ("{{any}}", '"t" at <any>: wrong number of args for any: want 1 got 0'),
        ("{{1 | any 2}}", '"t" at <any>: wrong number of args for any: want 1 got 2'),
        ("{{many}}", '"t" at <many>: wrong number of args for many: want at least 1 got 0'),
        ("{{many `a` `b`}}", '"t" at <`b`>: expected integer; found `b`'),
        ("{{`b` | many `a`}}", '"t" at <`a`>: wrong type for value; expected int; got string'),
        ("{{.counter.Plus}}", '"t" at <.counter.Plus>: wrong number of args for Plus: want 1 got 0'),
        ("{{.counter.Fails}}", '"t" at <.counter.Fails>: error calling Fails: no'),
        ("{{(.counter).Start 1}}", '"t" at <(.counter).Start>: Start has arguments but cannot be invoked as function'),
        ("{{.counter.Any.x}}", '"t" at <.counter.Any.x>: nil pointer evaluating interface {}.x'),
        ("{{.integers.x}}", '"t" at <.integers.x>: can\'t evaluate field x in type map[int]interface {}'),
        ("{{len .counter}}", '"t" at <len .counter>: error calling len: len of type p.Counter'),
        ("{{index .counter 1}}", '"t" at <index .counter 1>: error calling index: can\'t index item of type p.Counter'),
        ("{{len .nil}}", '"t" at <len .nil>: error calling len: len of nil pointer'),
        ("{{(nil).x}}", '"t" at <nil>: nil is not a command'),
        ("{{print (list 1).x}}", '"t" at <(list 1).x>: can\'t evaluate field x in type []interface {}'),
        (
            "{{eq dict list}}",
            '"t" at <eq dict list>: error calling eq: non-comparable types map[string]interface {} and []',
        ),
        ("{{spent}}", '"t" at <spent>: enough'),
    ],
)
def test_an_argument_that_does_not_fit_is_an_error_at_its_place(text: str, message: str) -> None:
    assert failure(text).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        "{{range 100}}{{any 1}}{{end}}",
        "{{any (printf `%s` (printf `%500d` 1))}}",
        "{{list 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20}}",
        "{{.list}}{{.list}}{{.list}}{{.list}}{{.list}}{{.list}}{{.list}}{{.list}}{{.list}}",
        "{{range .integers}}{{end}}{{range .integers}}{{end}}{{range .integers}}{{end}}{{range .integers}}{{end}}",
        "{{if any 1 | printf `%999d` 1}}{{end}}",
    ],
)
def test_everything_that_a_template_does_is_paid_for(text: str) -> None:
    assert "the template takes too long or makes too much text" in failure(text, 1000)


def spent(text: str) -> int:
    source = Source("t", text, FUNCTIONS)
    budget = Budget()
    Rendering(source, Parser(source, lambda _: "").trees_of("t"), FUNCTIONS, DATA, budget).text(DATA)
    return Budget().left - budget.left


@pytest.mark.parametrize("use", ["{{$x := $a}}", "{{$a = 1}}"])
def test_a_variable_below_many_others_costs_more(use: str) -> None:
    others = "{{$b := 1}}" * 100
    far, near = f"{{{{$a := 1}}}}{others}{use}", f"{others}{{{{$a := 1}}}}{use}"

    assert spent(far) >= spent(near) + 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{range 150}}{{continue}}{{end}}a", "a"),
        ("{{range 150}}{{range 1}}{{break}}{{end}}{{end}}a", "a"),
        ("{{range 150}}{{if 1}}{{with 1}}{{end}}{{end}}{{end}}a", "a"),
        ('{{range 150}}{{template "T"}}{{end}}{{define "T"}}.{{end}}', "." * 150),
        ('{{$a := 1}}{{define "T"}}{{end}}{{$a}}', "1"),
        ('{{$a := 1}}{{block "T" 2}}{{.}}{{end}}{{$a}}', "21"),
        ('{{range list 1 2}}{{block "T" .}}{{.}}{{end}}{{break}}{{end}}', "1"),
    ],
)
def test_what_has_ended_leaves_nothing_behind(text: str, expected: str) -> None:
    assert rendered(text) == expected


def test_a_text_has_a_length() -> None:
    assert len(rendered(f'{{{{repeat {LONGEST} "x"}}}}')) == LONGEST
    assert f"the text is longer than {LONGEST} characters" in failure(f'{{{{repeat {LONGEST} "x"}}}}y')
