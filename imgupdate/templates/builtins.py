"""The functions that Go's `text/template` has by itself. Sprig's `slice` takes the place of the built-in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus

from imgupdate.templates.comparison import equal, less
from imgupdate.templates.functions import Budget, Function, FunctionFailed
from imgupdate.templates.printing import sprint, sprintf, sprintln
from imgupdate.templates.quoting import escaped_byte
from imgupdate.templates.values import (
    ANY,
    REFLECT_VALUE,
    SIZED,
    STRING,
    Map,
    Slice,
    Struct,
    Uint8,
    go_type,
    is_integer,
    to_bytes,
    truth,
    zero,
)

HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
NO_VALUE = "<no value>"


def index(budget: Budget, item: object, *keys: object) -> object:
    """`index x 1 2 3` is x[1][2][3]; raises FunctionFailed with the text of Go's error or panic."""
    if item is None:
        raise FunctionFailed("index of untyped nil")
    for key in keys:
        match item:
            case str():
                data = to_bytes(item)
                budget.text(len(data))
                item = Uint8(data[_position(key, len(data), "string")])
            case Slice():
                item = item.items[_position(key, len(item.items), "slice")]
            case Map():
                item = item.entries.get(_key(key, item.key), zero(item.element))
            case None:
                raise FunctionFailed("index of nil pointer")
            case Struct() if item.type.pointer:
                raise FunctionFailed(f"can't index item of type {item.type.name}")
            case _:
                raise FunctionFailed(f"can't index item of type {go_type(item)}")
    return item


def _position(key: object, length: int, what: str) -> int:
    if key is None:
        raise FunctionFailed("cannot index slice/array with nil")
    if not isinstance(key, int) or not is_integer(key):
        raise FunctionFailed(f"cannot index slice/array with type {go_type(key)}")
    if not 0 <= key <= length:
        raise FunctionFailed(f"index out of range: {int(key)}")
    if key == length:
        raise FunctionFailed(f"reflect: {what} index out of range")
    return int(key)


def _key(key: object, wanted: str) -> object:
    """A map's key as its map takes it."""
    if key is None:
        if wanted != ANY:
            raise FunctionFailed(f"value is nil; should be of type {wanted}")
        return None
    if wanted in {ANY, go_type(key)}:
        return key
    if isinstance(key, int) and is_integer(key) and (wanted in SIZED or wanted == "int"):
        return SIZED[wanted](key) if wanted in SIZED else int(key)
    raise FunctionFailed(f"value has type {go_type(key)}; should be {wanted}")


def length(item: object) -> int:
    """The number of bytes, items or entries."""
    match item:
        case None:
            raise FunctionFailed("len of nil pointer")
        case str():
            return len(to_bytes(item))
        case Slice():
            return len(item.items)
        case Map():
            return len(item.entries)
        case Struct():
            raise FunctionFailed(f"len of type {item.type.name}")
    raise FunctionFailed(f"len of type {go_type(item)}")


def call(function: object, *_arguments: object) -> object:
    """No value of ours is a function, so that this always fails."""
    if function is None:
        raise FunctionFailed("call of nil")
    raise FunctionFailed(f"non-function of type {go_type(function)}")


def _text(budget: Budget, arguments: Sequence[object]) -> str:
    """The arguments as one text, as the escaping functions take them."""
    return sprint([NO_VALUE if argument is None else argument for argument in arguments], budget)


def html(budget: Budget, *arguments: object) -> str:
    """The text with HTML's special characters escaped."""
    text = _text(budget, arguments)
    budget.text(6 * len(text))
    return text.translate(HTML)


def js(budget: Budget, *arguments: object) -> str:
    """The text escaped for a JavaScript string."""
    text = _text(budget, arguments)
    budget.text(6 * len(text))
    return "".join(_js(character) for character in text)


def _js(character: str) -> str:
    if character in JS:
        return JS[character]
    raw = " " <= character < "\x80" or character.isprintable() or escaped_byte(character) is not None
    return character if raw else f"\\u{ord(character):04X}"


def urlquery(budget: Budget, *arguments: object) -> str:
    """The text escaped for the query of a URL."""
    text = _text(budget, arguments)
    budget.text(3 * len(text))
    return quote_plus(to_bytes(text), safe="~")


def _comparison(name: str) -> Function:
    def compare(left: object, right: object) -> bool:
        match name:
            case "ne":
                return not equal(left, [right])
            case "lt":
                return less(left, right)
            case "le":
                return less(left, right) or equal(left, [right])
            case "gt":
                return not (less(left, right) or equal(left, [right]))
        return not less(left, right)

    return Function(name=name, parameters=(REFLECT_VALUE, REFLECT_VALUE), call=compare)


def _escaping(name: str, call: object) -> Function:
    return Function(name=name, parameters=(ANY,), variadic=True, budgeted=True, call=call)  # type: ignore[arg-type]


def _logic(name: str) -> Function:
    """`and` and `or`: the evaluator looks at their arguments one by one and never calls them."""
    return Function(
        name=name, parameters=(REFLECT_VALUE, REFLECT_VALUE), variadic=True, call=lambda *values: values[-1]
    )


_DECLARED = (
    _logic("and"),
    _logic("or"),
    Function(name="not", parameters=(REFLECT_VALUE,), call=lambda value: not truth(value)),
    Function(name="len", parameters=(REFLECT_VALUE,), call=length),
    Function(name="index", parameters=(REFLECT_VALUE, REFLECT_VALUE), variadic=True, budgeted=True, call=index),
    Function(name="call", parameters=(REFLECT_VALUE, REFLECT_VALUE), variadic=True, call=call),
    Function(
        name="eq",
        parameters=(REFLECT_VALUE, REFLECT_VALUE),
        variadic=True,
        call=lambda value, *others: equal(value, others),
    ),
    *(_comparison(name) for name in ("ne", "lt", "le", "gt", "ge")),
    Function(
        name="print",
        parameters=(ANY,),
        variadic=True,
        budgeted=True,
        call=lambda budget, *values: sprint(values, budget),
    ),
    Function(
        name="println",
        parameters=(ANY,),
        variadic=True,
        budgeted=True,
        call=lambda budget, *values: sprintln(values, budget),
    ),
    Function(
        name="printf",
        parameters=(STRING, ANY),
        variadic=True,
        budgeted=True,
        call=lambda budget, text, *values: sprintf(text, values, budget),
    ),
    _escaping("html", html),
    _escaping("js", js),
    _escaping("urlquery", urlquery),
)

BUILTINS: Mapping[str, Function] = {function.name: function for function in _DECLARED}
SHORT_CIRCUIT = frozenset({"and", "or"})
