"""Calling a Sprig function from a test as the engine does, without a template around it."""

from __future__ import annotations

from imgupdate.templates import Template
from imgupdate.templates.functions import BUDGET, Budget
from imgupdate.templates.sprig import FUNCTIONS
from imgupdate.templates.values import STRING_MAP, Map, Slice, Struct, StructField, StructType

DATA_TYPE = StructType(name="source.TemplateData", fields=(StructField("Values", STRING_MAP),))


def call(name: str, *arguments: object, budget: Budget | None = None) -> object:
    """The result of a function for these arguments, within the budget of a rendering."""
    function = FUNCTIONS[name]
    first = (budget or Budget(BUDGET),) if function.budgeted else ()
    return function.call(*first, *arguments)


def text(name: str, *arguments: object) -> str:
    """The result of a function that gives a text."""
    result = call(name, *arguments)
    assert isinstance(result, str)
    return result


def items(name: str, *arguments: object) -> tuple[object, ...]:
    """The items of the list that a function gives."""
    result = call(name, *arguments)
    assert isinstance(result, Slice)
    return result.items


def render(template: str, **values: str) -> str:
    """What a template makes of the values that a manifest gives."""
    return Template.parse(template).render(Struct(DATA_TYPE, (Map(element="string", entries=dict(values)),)))
