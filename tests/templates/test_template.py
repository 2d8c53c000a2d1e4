"""What a template promises whatever its text is: text or an error that says where, within bounds."""

from __future__ import annotations

import inspect
import sys
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgupdate.errors import (
    ConfigurationError,
    RemovedTemplateField,
    TemplateError,
    TemplateExecutionError,
    TemplateParseError,
)
from imgupdate.templates import Template, check_message_template, well_formed
from imgupdate.templates.builtins import BUILTINS
from imgupdate.templates.execute import TABLE
from imgupdate.templates.names import BUILTIN_NAMES, FUNCTION_NAMES, SPRIG_NAMES
from imgupdate.templates.sprig import FUNCTIONS, REFUSED
from imgupdate.templates.values import ANY, ANY_MAP, STRING, Map, Slice, Struct, StructField, StructType

DATA = Map(STRING, ANY, {"name": "app", "list": Slice.of([1, "a", None]), "nothing": None})

WORDS = """{{ }} {{- -}} ( ) | . .name .list .nothing.x $ $x $x:=1 $x=2 := = , if else end with range break continue
    define
    template block "T" "a" `b` 'c' 1 0x1F 1.5e3 1i nil true print printf "%d%s%v" len index eq and or not list dict
    upper repeat until toJson set /* */ \n é \\ \x00 \ud800 \udc80"""
PIECES = st.sampled_from(WORDS.split(" "))
TEMPLATES = st.one_of(
    st.text(max_size=40),
    st.lists(PIECES, max_size=14).map(" ".join),
    st.lists(PIECES, max_size=10).map(lambda pieces: "{{" + " ".join(pieces) + "}}"),
    st.lists(PIECES, max_size=6).map(lambda pieces: "{{range .list}}{{" + " ".join(pieces) + "}}{{end}}"),
)


def rendered(text: str, data: object = DATA) -> str:
    return Template.parse(text).render(data)


def attempt(text: str) -> tuple[str, TemplateError | None]:
    try:
        return rendered(text), None
    except TemplateError as error:
        return "", error


@given(TEMPLATES)
@settings(max_examples=200)
def test_a_template_gives_text_or_a_template_error(text: str) -> None:
    output, error = attempt(text)

    assert output.encode() is not None
    if error is not None:
        assert error.message.startswith("template: commit message:")
        assert error.message.isprintable()
        assert error.line >= 1
        assert error.column >= 1
        assert error.remedy


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])).filter(lambda text: "{{" not in text))
def test_a_text_without_actions_renders_as_itself(text: str) -> None:
    assert rendered(text) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_data_is_printed_as_it_is(text: str) -> None:
    assert rendered("{{.}}", text) == text
    assert rendered('{{printf "%s" .}}{{/* nothing */}}', text) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_is_read_back_as_the_same_text(text: str) -> None:
    literal = rendered('{{printf "%q" .}}', text)

    assert rendered("{{" + literal + "}}") == text


def test_a_parse_error_says_where_what_and_what_to_do() -> None:
    with pytest.raises(TemplateParseError) as caught:
        Template.parse("one\n  é{{ nope }}")

    assert caught.value.message == 'template: commit message:2: function "nope" not defined'
    assert (caught.value.line, caught.value.column) == (2, 7)
    assert "text/template" in caught.value.remedy
    assert isinstance(caught.value, ConfigurationError)


def test_an_execution_error_says_where_what_and_what_to_do() -> None:
    with pytest.raises(TemplateExecutionError) as caught:
        rendered("é\né{{ .name.first }}")

    place = 'template: commit message:2:10: executing "commit message" at <.name.first>'
    assert caught.value.message == f"{place}: can't evaluate field first in type string"
    assert (caught.value.line, caught.value.column) == (2, 10)
    assert caught.value.remedy


def test_the_template_has_the_name_that_it_is_given() -> None:
    with pytest.raises(TemplateParseError, match=r"^template: title:1: unexpected EOF"):
        Template.parse("{{if 1}}", name="title")
    with pytest.raises(TemplateExecutionError, match=r'^template: title:1:7: executing "title" at <fail "x">'):
        Template.parse('{{1}}{{fail "x"}}', name="title").render(None)


def test_a_misspelt_function_brings_up_the_right_one() -> None:
    with pytest.raises(TemplateParseError) as caught:
        Template.parse("{{ uper .name }}")

    assert "upper" in caught.value.remedy


@pytest.mark.parametrize("name", ["now", "env", "uuidv4", "genPrivateKey", "bcrypt", "ago", "randInt", "shuffle"])
def test_a_function_whose_result_is_chance_is_not_defined_and_the_error_says_why(name: str) -> None:
    with pytest.raises(TemplateParseError) as caught:
        Template.parse(f"{{{{ {name} }}}}")

    assert caught.value.message == f'template: commit message:1: function "{name}" not defined'
    assert REFUSED[name] in caught.value.remedy


def test_the_names_that_parsing_knows_are_those_of_the_functions() -> None:
    assert BUILTINS.keys() == BUILTIN_NAMES
    assert FUNCTIONS.keys() == SPRIG_NAMES
    assert TABLE.keys() == FUNCTION_NAMES
    assert not REFUSED.keys() & FUNCTION_NAMES


def test_a_check_raises_for_a_template_that_does_not_parse_only() -> None:
    check_message_template("")
    check_message_template("{{ .Nope }}{{ template `none` }}")
    with pytest.raises(TemplateParseError):
        check_message_template("{{ if }}")


def test_a_template_has_a_length() -> None:
    assert len(rendered("x" * 65_536)) == 65_536
    with pytest.raises(TemplateParseError, match="too long"):
        Template.parse("x" * 65_537)


def test_bytes_that_are_not_text_are_replaced_in_the_end() -> None:
    assert rendered(r'{{"a\xffb"}}{{"\xc3"}}{{"\xa9"}}') == "a\ufffdbé"


def test_surrogates_that_yaml_can_spell_are_no_characters() -> None:
    assert well_formed("a\ud800b\udcff") == "a\ufffdb\ufffd"
    assert rendered("a\ud800{{1}}\udc80") == "a\ufffd1\ufffd"


def test_a_message_shows_no_control_characters_of_the_template() -> None:
    with pytest.raises(TemplateParseError) as caught:
        Template.parse("{{ 1 | \x1b[2J }}")

    assert "\x1b" not in str(caught.value)


ENDLESS = [
    "{{range 1000000000}}x{{end}}",
    "{{range 1000000000}}{{end}}",
    "{{range $i := until 300}}{{range $j := until 300}}{{$x := add $i $j}}{{end}}{{end}}",
    '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}',
    '{{define "a"}}{{template "b"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}',
    '{{repeat 1000000000 "x"}}',
    "{{until 1000000000}}",
    '{{$x := "aaaaaaaaaaaaaaaa"}}{{range 100}}{{$x = printf "%s%s" $x $x}}{{end}}',
    "{{$x := list 1}}{{range 100}}{{$x = concat $x $x}}{{end}}",
    "{{$x := list 1}}{{range 90}}{{$x = list $x $x}}{{end}}{{$x}}",
    "{{$x := list 1}}{{range 20}}{{$x = list $x $x}}{{end}}{{$x}}",
    '{{$x := dict}}{{$y := set $x "a" $x}}{{$x}}',
    '{{$x := dict}}{{$y := set $x "a" $x}}{{range $x.a}}{{.}}{{end}}',
    '{{range 1000}}{{printf "%1000000d" 1}}{{end}}',
    '{{range 1000}}{{$x := printf "%.1000000f" 1.5}}{{end}}',
    '{{range 1000}}{{$x := printf "%*d" 1000000 1}}{{end}}',
    '{{$x := repeat 1000000 "<"}}{{html $x}}',
    '{{$x := repeat 1000000 "a"}}{{range 100000}}{{$y := index $x 1}}{{end}}',
    '{{$x := repeat 1000000 "a"}}{{range 100000}}{{if lt $x $x}}{{end}}{{end}}',
    "{{$a := 1}}" + "{{$b := 1}}" * 5000 + "{{range 100000}}{{$a}}{{end}}",
    "{{$a := 1}}" + "{{$b := 1}}" * 5000 + "{{range 100000}}{{$a = 2}}{{end}}",
    "{{$d := dict}}{{range until 900}}{{$x := set $d (toString .) 1}}{{end}}{{range 9999}}{{range $d}}{{end}}{{end}}",
    "{{" + "(" * 10_000 + "1" + ")" * 10_000 + "}}",
    "{{if 1}}" * 3000 + "{{end}}" * 3000,
    "{{if 0}}" + "{{else if 0}}" * 3000 + "{{end}}",
    '{{define "a"}}' + "{{if 1}}" * 30 + '{{template "a"}}' + "{{end}}" * 30 + '{{end}}{{template "a"}}',
    '{{define "a"}}{{print ' + "(not " * 30 + "1" + ")" * 30 + '}}{{template "a"}}{{end}}{{template "a"}}',
]


@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: text[:60])
def test_a_template_that_asks_for_too_much_ends_soon_with_an_error(text: str) -> None:
    start = process_time()
    with pytest.raises(TemplateError) as caught:
        rendered(text)

    assert process_time() - start < 10  # it takes less than one; coverage and debuggers are slow
    assert caught.value.remedy
    assert len(caught.value.message) < 700


def deep_down(frames: int, text: str) -> str:
    return deep_down(frames - 1, text) if frames else rendered(text)


def test_a_stack_that_is_too_small_for_a_template_is_a_template_error() -> None:
    used = len(inspect.stack(0))
    text = '{{define "a"}}' + "{{if 1}}" * 30 + '{{template "a"}}' + "{{end}}" * 30 + '{{end}}{{template "a"}}'

    with pytest.raises(TemplateExecutionError, match="nested too deeply"):
        deep_down(sys.getrecursionlimit() - used - 260, text)


def test_blocks_and_parentheses_may_be_nested_as_deep_as_the_bound_says() -> None:
    assert rendered("{{if 1}}" * 40 + "x" + "{{end}}" * 40) == "x"
    assert rendered("{{" + "(" * 40 + "1" + ")" * 40 + "}}") == "1"
    with pytest.raises(TemplateParseError, match="max expression depth exceeded"):
        Template.parse("{{if 1}}" * 41 + "{{end}}" * 41)


def test_a_long_but_honest_template_is_within_the_budget() -> None:
    rows = Slice.of([Map(STRING, ANY, {"old": f"app:1.0.{n}", "new": f"app:1.1.{n}"}) for n in range(3000)], ANY_MAP)
    text = rendered(
        '{{range $i, $c := .}}{{if $i}}{{"\\n"}}{{end}}- {{$c.old | quote}} -> {{$c.new | quote}}{{end}}', rows
    )

    assert text.splitlines()[-1] == '- "app:1.0.2999" -> "app:1.1.2999"'


def test_a_removed_field_says_what_to_use() -> None:
    kind = StructType(name="p.T", fields=(StructField("New", STRING),), removed={"Old": ("it has gone", "use .New")})

    with pytest.raises(RemovedTemplateField) as caught:
        rendered("{{ .New }}\n{{ .Old.x }}", Struct(kind, ("a",)))

    assert (caught.value.line, caught.value.column, caught.value.remedy) == (2, 8, "use .New")
    assert caught.value.message.endswith("at <.Old.x>: it has gone")


def test_an_unknown_field_brings_up_those_that_there_are() -> None:
    inner = StructType(name="p.Inner", fields=(StructField("Deep", STRING), StructField("hidden", STRING)))
    outer = StructType(name="p.T", fields=(StructField("Inner", "p.Inner", embedded=True), StructField("Own", STRING)))
    data = Struct(outer, (Struct(inner, ("d", "h")), "o"))

    assert rendered("{{.Own}}{{.Deep}}{{.Inner.Deep}}", data) == "odd"
    with pytest.raises(TemplateExecutionError) as caught:
        rendered("{{.Nope}}", data)
    assert caught.value.remedy == "it has Own, Deep"
    with pytest.raises(TemplateExecutionError, match=r"hidden is an unexported field of struct type p\.T"):
        rendered("{{.hidden}}", data)
    with pytest.raises(TemplateExecutionError) as caught:
        rendered("{{.Nope}}", Struct(StructType(name="p.Empty")))
    assert caught.value.remedy == "it has no fields"
