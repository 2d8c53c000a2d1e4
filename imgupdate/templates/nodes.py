"""The parse tree of a template. `position` counts characters from 0; `str()` of a node is what error messages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imgupdate.templates.numbers import Value
from imgupdate.templates.quoting import quoted


@dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a function."""

    position: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Field:
    """`.A.B`, looked up in dot."""

    position: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x` with the fields that follow it; `$` is part of the first name."""

    position: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Chain:
    """A pipeline in parentheses, or a function, with the fields that follow it."""

    position: int
    node: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        return shown(self.node) + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Dot:
    """The cursor."""

    position: int

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True, slots=True)
class Nil:
    """The untyped nil."""

    position: int

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True, slots=True)
class Bool:
    """`true` or `false`."""

    position: int
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class Number:
    """A number or character literal."""

    position: int
    text: str
    value: Value

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class String:
    """A string literal; `literal` has its quotes."""

    position: int
    literal: str
    text: str

    def __str__(self) -> str:
        return self.literal


@dataclass(frozen=True, slots=True)
class Command:
    """An operand and its arguments."""

    position: int
    words: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(shown(word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each given the value of the one before; the last value goes to the variables."""

    position: int
    variables: tuple[Variable, ...]
    assigns: bool
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        names = ", ".join(str(variable) for variable in self.variables)
        head = f"{names} {'=' if self.assigns else ':='} " if names else ""
        return head + " | ".join(str(command) for command in self.commands)


Operand = Identifier | Field | Variable | Chain | Dot | Nil | Bool | Number | String | Pipe


def shown(node: Operand) -> str:
    """An operand as part of a command."""
    return f"({node})" if isinstance(node, Pipe) else str(node)


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it stands."""

    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """A pipeline whose value is printed, unless it declares a variable."""

    position: int
    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(frozen=True, slots=True)
class Branch:
    """`if`, `with` or `range`, and what is done otherwise."""

    position: int
    keyword: str
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """`template`, or `block` after its definition."""

    position: int
    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f"{{{{template {quoted(self.name)}{'' if self.pipe is None else f' {self.pipe}'}}}}}"


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    position: int
    keyword: str


Node = Text | Action | Branch | Call | Jump
Trees = Mapping[str, tuple[Node, ...]]
