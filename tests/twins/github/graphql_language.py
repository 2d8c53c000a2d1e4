"""As much of GraphQL's language as clients send: operations, variables, arguments, selections, inline fragments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.twins.github.contract import Json

TOKEN = re.compile(
    r"""(?P<skip>[\s,]+|\#[^\n]*)|(?P<spread>\.\.\.)|(?P<mark>[!$():=@\[\]{}|&])|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<text>"(?:[^"\\\n]|\\.)*")"""
)


class SyntaxWrong(Exception):
    """The text is not GraphQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A use of a variable."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum:
    """A bare word as a value."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A field with its arguments and what is asked of it; `on` is the type of an inline fragment around it."""

    name: str
    alias: str
    arguments: Mapping[str, Json]
    fields: Sequence[Selection]
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One operation: `query` or `mutation`, the types of its variables, what it selects."""

    kind: str
    variables: Mapping[str, str]
    fields: Sequence[Selection]


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            match = TOKEN.match(text, place)
            if match is None:
                raise SyntaxWrong(f"Parse error on {text[place]!r} at {place}")
            if match.lastgroup != "skip":
                self._tokens.append((str(match.lastgroup), match[0]))
            place = match.end()
        self._place = 0

    def _peek(self) -> str:
        return self._tokens[self._place][1] if self._place < len(self._tokens) else ""

    def _next(self, wanted: str = "", kind: str = "") -> str:
        if self._place >= len(self._tokens):
            raise SyntaxWrong(f"Parse error: unexpected end, expected {wanted or kind!r}")
        found, text = self._tokens[self._place]
        if (wanted and text != wanted) or (kind and found != kind):
            raise SyntaxWrong(f"Parse error: {text!r} where {wanted or kind!r} was expected")
        self._place += 1
        return text

    def _take(self, wanted: str) -> bool:
        if self._peek() == wanted:
            self._place += 1
            return True
        return False

    def document(self) -> Document:
        kind, variables = "query", {}
        if self._peek() != "{":
            kind = self._next(kind="name")
            if kind not in {"query", "mutation"}:
                raise SyntaxWrong(f"Parse error: {kind!r} is no operation")
            if self._peek() not in {"(", "{"}:
                self._next(kind="name")
            if self._take("("):
                variables = self._variables()
        fields = self._selections("")
        if self._peek():
            raise SyntaxWrong(f"Parse error: {self._peek()!r} after the operation")
        return Document(kind=kind, variables=variables, fields=fields)

    def _variables(self) -> dict[str, str]:
        variables: dict[str, str] = {}
        while not self._take(")"):
            self._next("$")
            name = self._next(kind="name")
            self._next(":")
            variables[name] = self._type()
            if self._take("="):
                self._value()
        return variables

    def _type(self) -> str:
        if self._take("["):
            text = f"[{self._type()}]"
            self._next("]")
        else:
            text = self._next(kind="name")
        return text + ("!" if self._take("!") else "")

    def _selections(self, on: str) -> list[Selection]:
        self._next("{")
        found: list[Selection] = []
        while not self._take("}"):
            if self._take("..."):
                self._next("on")
                found += self._selections(self._next(kind="name"))
            else:
                found.append(self._field(on))
        if not found:
            raise SyntaxWrong("Parse error: an empty selection")
        return found

    def _field(self, on: str) -> Selection:
        alias = name = self._next(kind="name")
        if self._take(":"):
            name = self._next(kind="name")
        arguments: dict[str, Json] = {}
        if self._take("("):
            while not self._take(")"):
                argument = self._next(kind="name")
                self._next(":")
                arguments[argument] = self._value()
        fields = self._selections("") if self._peek() == "{" else []
        return Selection(name=name, alias=alias, arguments=arguments, fields=fields, on=on)

    def _value(self) -> Json:
        if self._take("$"):
            return Variable(name=self._next(kind="name"))
        if self._take("["):
            items = []
            while not self._take("]"):
                items.append(self._value())
            return items
        if self._take("{"):
            members = {}
            while not self._take("}"):
                name = self._next(kind="name")
                self._next(":")
                members[name] = self._value()
            return members
        return self._scalar()

    def _scalar(self) -> Json:
        kind, text = self._tokens[self._place] if self._place < len(self._tokens) else ("", "")
        self._next()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind != "name":
            raise SyntaxWrong(f"Parse error: {text!r} is no value")
        words = {"true": True, "false": False, "null": None}
        return words[text] if text in words else Enum(name=text)


def parse(text: str) -> Document:
    """The operation of a text.

    Raises:
        SyntaxWrong: it is none.

    """
    return _Parser(text).document()


def variables_of(value: Json) -> set[str]:
    """The variables that an argument uses."""
    if isinstance(value, Variable):
        return {value.name}
    parts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return {name for part in parts for name in variables_of(part)}


def filled(value: Json, variables: Mapping[str, Json]) -> Json:
    """An argument with its variables' values."""
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list):
        return [filled(part, variables) for part in value]
    if isinstance(value, dict):
        return {name: filled(part, variables) for name, part in value.items()}
    return value
