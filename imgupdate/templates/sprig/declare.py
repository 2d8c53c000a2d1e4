"""What the modules of Sprig's functions share: how a table of them is written, and errors that Go would raise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from imgupdate.templates.functions import Budget, Function, FunctionFailed
from imgupdate.templates.values import go_type

NIL_DEREFERENCE: Final = "runtime error: invalid memory address or nil pointer dereference"

Table = tuple[Function, ...]


def plain(name: str, *parameters: str, call: Callable[..., Any]) -> Function:
    """A function of as many arguments as parameters, whose work and result are no larger than the arguments."""
    return Function(name=name, parameters=parameters, call=call)


def costly(name: str, *parameters: str, call: Callable[..., Any]) -> Function:
    """A function of as many arguments as parameters that asks the budget, which is its first argument."""
    return Function(name=name, parameters=parameters, budgeted=True, call=call)


def variadic(name: str, *parameters: str, call: Callable[..., Any]) -> Function:
    """A function whose last parameter stands for any number of arguments, and that asks the budget."""
    return Function(name=name, parameters=parameters, variadic=True, budgeted=True, call=call)


def named(names: Iterable[str], declared: Callable[..., Function], *parameters: str, call: Callable[..., Any]) -> Table:
    """One function under several names."""
    return tuple(declared(name, *parameters, call=call) for name in names)


def wrong_conversion(value: object, wanted: str) -> FunctionFailed:
    """Go's panic where a value in an interface is not of the type that it is taken for."""
    found = "nil" if value is None else go_type(value)
    return FunctionFailed(f"interface conversion: interface {{}} is {found}, not {wanted}")


def slice_bounds(start: int | None, end: int | None, length: int) -> FunctionFailed:
    """Go's panic where a string or slice of a length is cut at places that it does not have."""
    if end is not None and not 0 <= end <= length:
        where = f"[:{end}]" + (f" with length {length}" if end > length else "")
    elif end is None:
        where = f"[{start}:{length}]"
    else:
        where = f"[{start}:{end}]"
    return FunctionFailed(f"runtime error: slice bounds out of range {where}")


def bounded_repeat(budget: Budget, text: str, count: int) -> str:
    """A text so many times; Go's panic if the count is negative."""
    if count < 0:
        raise FunctionFailed("strings: negative Repeat count")
    budget.text(len(text) * count)
    return text * count
