"""The parser of templates: tokens in, named trees out (Go's `text/template/parse`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from imgupdate.errors import TemplateParseError
from imgupdate.templates import nodes
from imgupdate.templates.lexer import Item, Token, tokens
from imgupdate.templates.numbers import InvalidNumber, Value, character, complex_number, number
from imgupdate.templates.places import Source
from imgupdate.templates.quoting import InvalidLiteral, quoted, unquoted

DEEPEST = 40
"""How deep blocks and parentheses may be nested; Go's bound is its stack's."""

OPERANDS = frozenset(
    [
        Token.BOOL,
        Token.CHARACTER_CONSTANT,
        Token.COMPLEX,
        Token.FIELD,
        Token.IDENTIFIER,
        Token.NUMBER,
        Token.RAW_STRING,
        Token.STRING,
        Token.VARIABLE,
        Token.LEFT_PARENTHESIS,
    ]
)
CONSTANTS = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)


@dataclass(slots=True)
class Scope:
    """What holds inside one `define`, one `block`, or the template itself."""

    variables: list[str] = field(default_factory=lambda: ["$"])
    ranges: int = 0
    action_line: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """The `end` or `else` that closes a list; `follows` is the `if` or `with` right after an `else`."""

    word: str
    follows: str = ""

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


class Parser:
    """The walk through the tokens of one text. `reason` says why there is no function of a name, if there is one."""

    def __init__(self, source: Source, reason: Callable[[str], str]) -> None:
        self.source = source
        self.reason = reason
        self.items = tokens(source.text)
        self.index = 0
        self.furthest = 0
        self.depth = 0
        self.scope = Scope()
        self.trees: dict[str, tuple[nodes.Node, ...]] = {}

    def trees_of(self, name: str) -> nodes.Trees:
        """All templates that the text defines, and what is left of it under its own name; raises TemplateParseError."""
        root: list[nodes.Node] = []
        while self._peek().kind is not Token.EOF:
            start = self.index
            if self._next().kind is Token.LEFT_DELIMITER and self._next_non_space().is_word("define"):
                self._define()
                continue
            self.index = start
            found = self._text_or_action()
            if isinstance(found, Stop):
                raise self._error(f"unexpected {found}")
            root.append(found)
        self._add(name, tuple(root))
        return self.trees

    # -- tokens

    def _next(self) -> Item:
        item = self.items[min(self.index, len(self.items) - 1)]
        self.furthest = max(self.furthest, self.index)
        self.index += 1
        return item

    def _peek(self) -> Item:
        item = self._next()
        self.index -= 1
        return item

    def _next_non_space(self) -> Item:
        while (item := self._next()).kind is Token.SPACE:
            pass
        return item

    def _peek_non_space(self) -> Item:
        item = self._next_non_space()
        self.index -= 1
        return item

    def _expect(self, kinds: frozenset[Token], context: str) -> Item:
        item = self._next_non_space()
        if item.kind not in kinds:
            raise self._unexpected(item, context)
        return item

    def _error(self, message: str, *, remedy: str = "") -> TemplateParseError:
        item = self.items[min(self.furthest, len(self.items) - 1)]
        return self.source.parse_error(message, item.position, line=item.line, remedy=remedy)

    def _unexpected(self, item: Item, context: str) -> TemplateParseError:
        if item.kind is not Token.ERROR:
            return self._error(f"unexpected {item} in {context}")
        started = self.scope.action_line
        extra = ""
        if started not in {0, item.line}:
            action = "" if item.text.endswith(" action") else " in action"
            extra = f"{action} started at {self.source.name}:{started}"
        return self._error(item.text + extra)

    # -- templates

    def _define(self) -> None:
        outer, self.scope = self.scope, Scope()
        context = "define clause"
        name = self._text_of(self._expect(frozenset({Token.STRING, Token.RAW_STRING}), context))
        self._expect(frozenset({Token.RIGHT_DELIMITER}), context)
        self._body_of(name, context)
        self.scope = outer

    def _body_of(self, name: str, context: str) -> None:
        body, stop = self._list()
        if stop.word != "end":
            raise self._error(f"unexpected {stop} in {context}")
        self._add(name, body)

    def _add(self, name: str, tree: tuple[nodes.Node, ...]) -> None:
        if is_empty(self.trees.get(name, ())):
            self.trees[name] = tree
        elif not is_empty(tree):
            raise self._error(f"template: multiple definition of template {quoted(name)}")

    def _list(self) -> tuple[tuple[nodes.Node, ...], Stop]:
        self._enter()
        found: list[nodes.Node] = []
        while self._peek_non_space().kind is not Token.EOF:
            node = self._text_or_action()
            if isinstance(node, Stop):
                self.depth -= 1
                return tuple(found), node
            found.append(node)
        raise self._error("unexpected EOF")

    def _enter(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error("max expression depth exceeded", remedy=f"nest at most {DEEPEST} blocks and parentheses")

    def _text_or_action(self) -> nodes.Node | Stop:
        item = self._next_non_space()
        if item.kind is Token.TEXT:
            return nodes.Text(item.position, item.text)
        if item.kind is not Token.LEFT_DELIMITER:
            raise self._unexpected(item, "input")
        self.scope.action_line = item.line
        node = self._action()
        self.scope.action_line = 0
        return node

    def _action(self) -> nodes.Node | Stop:  # noqa: PLR0911 - one line a keyword
        item = self._next_non_space()
        if item.kind is Token.KEYWORD:
            match item.text:
                case "if" | "with" | "range":
                    return self._branch(item.text)
                case "block":
                    return self._block()
                case "template":
                    return self._template()
                case "break" | "continue":
                    return self._jump(item)
                case "else":
                    return self._else()
                case "end":
                    self._expect(frozenset({Token.RIGHT_DELIMITER}), "end")
                    return Stop("end")
        self.index -= 1
        return nodes.Action(self._peek().position, self._pipeline("command", Token.RIGHT_DELIMITER))

    def _jump(self, item: Item) -> nodes.Node:
        shown = f"{{{{{item.text}}}}}"
        after = self._next_non_space()
        if after.kind is not Token.RIGHT_DELIMITER:
            raise self._unexpected(after, shown)
        if not self.scope.ranges:
            raise self._error(f"{shown} outside {{{{range}}}}")
        return nodes.Jump(item.position, item.text)

    def _else(self) -> Stop:
        item = self._peek_non_space()
        if item.is_word("if") or item.is_word("with"):
            return Stop("else", item.text)
        self._expect(frozenset({Token.RIGHT_DELIMITER}), "else")
        return Stop("else")

    def _branch(self, keyword: str) -> nodes.Branch:
        known = len(self.scope.variables)
        pipe = self._pipeline(keyword, Token.RIGHT_DELIMITER)
        self.scope.ranges += keyword == "range"
        body, stop = self._list()
        self.scope.ranges -= keyword == "range"
        otherwise: tuple[nodes.Node, ...] = ()
        if stop.word == "else":
            if stop.follows == keyword and keyword != "range":
                self._next()
                self._enter()
                otherwise = (self._branch(keyword),)
                self.depth -= 1
            else:
                otherwise, stop = self._list()
                if stop.word != "end":
                    raise self._error(f"expected end; found {stop}")
        del self.scope.variables[known:]
        return nodes.Branch(pipe.position, keyword, pipe, body, otherwise)

    def _block(self) -> nodes.Call:
        context = "block clause"
        item = self._next_non_space()
        name = self._template_name(item, context)
        pipe = self._pipeline(context, Token.RIGHT_DELIMITER)
        outer, self.scope = self.scope, Scope()
        self._body_of(name, context)
        self.scope = outer
        return nodes.Call(item.position, name, pipe)

    def _template(self) -> nodes.Call:
        context = "template clause"
        item = self._next_non_space()
        name = self._template_name(item, context)
        pipe = None
        if self._next_non_space().kind is not Token.RIGHT_DELIMITER:
            self.index -= 1
            pipe = self._pipeline(context, Token.RIGHT_DELIMITER)
        return nodes.Call(item.position, name, pipe)

    def _template_name(self, item: Item, context: str) -> str:
        if item.kind not in {Token.STRING, Token.RAW_STRING}:
            raise self._unexpected(item, context)
        return self._text_of(item)

    # -- pipelines

    def _pipeline(self, context: str, end: Token) -> nodes.Pipe:
        position = self._peek_non_space().position
        variables, assigns = self._declarations(context)
        commands: list[nodes.Command] = []
        while (item := self._next_non_space()).kind is not end:
            if item.kind not in OPERANDS and not item.is_word(".") and not item.is_word("nil"):
                raise self._unexpected(item, context)
            self.index -= 1
            commands.append(self._command())
        if not commands:
            raise self._error(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], start=2):
            if isinstance(command.words[0], CONSTANTS):
                raise self._error(f"non executable command in pipeline stage {stage}")
        return nodes.Pipe(position, variables, assigns, tuple(commands))

    def _declarations(self, context: str) -> tuple[tuple[nodes.Variable, ...], bool]:
        found: list[nodes.Variable] = []
        while self._peek_non_space().kind is Token.VARIABLE:
            start = self.index
            item = self._next()
            after = self._peek_non_space()
            comma = after.kind is Token.CHARACTER and after.text == ","
            if not comma and after.kind not in {Token.ASSIGN, Token.DECLARE}:
                self.index = start
                break
            self._next_non_space()
            found.append(nodes.Variable(item.position, (item.text,)))
            self.scope.variables.append(item.text)
            if not comma:
                return tuple(found), after.kind is Token.ASSIGN
            if context != "range" or len(found) > 1:
                raise self._error(f"too many declarations in {context}")
            following = self._peek_non_space().kind
            if following not in {Token.VARIABLE, Token.RIGHT_DELIMITER, Token.RIGHT_PARENTHESIS}:
                raise self._error("range can only initialize variables")
        return tuple(found), False

    def _command(self) -> nodes.Command:
        position = self._peek_non_space().position
        words: list[nodes.Operand] = []
        while True:
            self._peek_non_space()
            operand = self._operand()
            if operand is not None:
                words.append(operand)
            item = self._next()
            if item.kind is Token.SPACE:
                continue
            if item.kind in {Token.RIGHT_DELIMITER, Token.RIGHT_PARENTHESIS}:
                self.index -= 1
            elif item.kind is not Token.PIPE:
                raise self._unexpected(item, "operand")
            break
        return nodes.Command(position, tuple(words))

    def _operand(self) -> nodes.Operand | None:
        node = self._term()
        if node is None or self._peek().kind is not Token.FIELD:
            return node
        position = self._peek().position
        names: list[str] = []
        while self._peek().kind is Token.FIELD:
            names.append(self._next().text[1:])
        match node:
            case nodes.Field():
                return nodes.Field(position, (*node.names, *names))
            case nodes.Variable():
                return nodes.Variable(position, (*node.names, *names))
            case nodes.Bool() | nodes.String() | nodes.Number() | nodes.Nil() | nodes.Dot():
                raise self._error(f"unexpected . after term {quoted(str(node))}")
        return nodes.Chain(position, node, tuple(names))

    def _term(self) -> nodes.Operand | None:  # noqa: PLR0911 - one line a term
        item = self._next_non_space()
        match item.kind:
            case Token.IDENTIFIER:
                return self._function(item)
            case Token.VARIABLE:
                return self._variable(item)
            case Token.FIELD:
                return nodes.Field(item.position, (item.text[1:],))
            case Token.BOOL:
                return nodes.Bool(item.position, item.text == "true")
            case Token.CHARACTER_CONSTANT | Token.COMPLEX | Token.NUMBER:
                return nodes.Number(item.position, item.text, self._number(item))
            case Token.STRING | Token.RAW_STRING:
                return nodes.String(item.position, item.text, self._text_of(item))
            case Token.LEFT_PARENTHESIS:
                self._enter()
                pipe = self._pipeline("parenthesized pipeline", Token.RIGHT_PARENTHESIS)
                self.depth -= 1
                return pipe
            case Token.KEYWORD if item.text in {".", "nil"}:
                return (nodes.Dot if item.text == "." else nodes.Nil)(item.position)
        self.index -= 1
        return None

    def _function(self, item: Item) -> nodes.Identifier:
        if item.text in self.source.functions:
            return nodes.Identifier(item.position, item.text)
        reason = self.reason(item.text)
        remedy = f"imgupdate does not have it: {reason}" if reason else self.source.similar(item.text)
        raise self._error(f"function {quoted(item.text)} not defined", remedy=remedy)

    def _variable(self, item: Item) -> nodes.Variable:
        if item.text not in self.scope.variables:
            raise self._error(f"undefined variable {quoted(item.text)}")
        return nodes.Variable(item.position, (item.text,))

    def _number(self, item: Item) -> Value:
        try:
            if item.kind is Token.CHARACTER_CONSTANT:
                return character(item.text)
            return complex_number(item.text) if item.kind is Token.COMPLEX else number(item.text)
        except (InvalidNumber, InvalidLiteral) as error:
            raise self._error(str(error)) from error

    def _text_of(self, item: Item) -> str:
        try:
            return unquoted(item.text)
        except InvalidLiteral as error:
            raise self._error(str(error)) from error


def is_empty(tree: tuple[nodes.Node, ...]) -> bool:
    """Whether a template is nothing but spaces; such a one may be defined again."""
    return all(isinstance(node, nodes.Text) and not node.text.strip() for node in tree)
