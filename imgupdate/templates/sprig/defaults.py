"""Sprig's functions for values that may be missing, its tests of types, and `fail`."""

from __future__ import annotations

from typing import Final

from imgupdate.templates.functions import Budget, FunctionFailed
from imgupdate.templates.sprig.declare import Table, costly, plain, variadic
from imgupdate.templates.sprig.equality import deep_equal, empty
from imgupdate.templates.values import ANY, BOOL, STRING, go_type, kind


def _default(_budget: Budget, default: object, *given: object) -> object:
    return given[0] if given and not empty(given[0]) else default


def _coalesce(_budget: Budget, *values: object) -> object:
    return next((value for value in values if not empty(value)), None)


def _all(_budget: Budget, *values: object) -> bool:
    return not any(map(empty, values))


def _any(_budget: Budget, *values: object) -> bool:
    return not all(map(empty, values))


def _ternary(if_true: object, if_false: object, condition: bool) -> object:  # noqa: FBT001 - as Go declares it
    return if_true if condition else if_false


def _type_is_like(target: str, value: object) -> bool:
    return go_type(value) in (target, f"*{target}")


def _fail(message: str) -> str:
    raise FunctionFailed(message)


FUNCTIONS: Final[Table] = (
    variadic("default", ANY, ANY, call=_default),
    plain("empty", ANY, call=empty),
    variadic("coalesce", ANY, call=_coalesce),
    variadic("all", ANY, call=_all),
    variadic("any", ANY, call=_any),
    plain("ternary", ANY, ANY, BOOL, call=_ternary),
    plain("typeOf", ANY, call=go_type),
    plain("typeIs", STRING, ANY, call=lambda target, value: target == go_type(value)),
    plain("typeIsLike", STRING, ANY, call=_type_is_like),
    plain("kindOf", ANY, call=kind),
    plain("kindIs", STRING, ANY, call=lambda target, value: target == kind(value)),
    costly("deepEqual", ANY, ANY, call=deep_equal),
    plain("fail", STRING, call=_fail),
)
