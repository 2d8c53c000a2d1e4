"""The value of a pipeline: operands, fields, methods and calls (the expressions of Go's `text/template`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imgupdate.errors import RemovedTemplateField, TemplateExecutionError
from imgupdate.templates import nodes
from imgupdate.templates.builtins import SHORT_CIRCUIT
from imgupdate.templates.functions import STEP, Budget, BudgetExceeded, Function, FunctionFailed
from imgupdate.templates.lookup import InterfaceNil, bare, element, find_field, find_method, has_nil, known_names
from imgupdate.templates.places import Source
from imgupdate.templates.values import (
    ANY,
    BOOL,
    FLOAT64,
    INT,
    REFLECT_VALUE,
    SIZED,
    STRING,
    Map,
    Slice,
    Struct,
    StructField,
    go_type,
    truth,
    wrapped,
    zero,
)

DEEPEST = 100
"""How deep templates, blocks and parentheses may be nested while they run."""

TOO_MUCH = "make the template simpler, or let it list less"


Located = nodes.Operand | nodes.Command | nodes.Action | nodes.Call


class Missing:
    """The place of the value before the first command of a pipeline."""


MISSING = Missing()


class Evaluator:
    """The state of one rendering: variables, the place that errors name, and what may still be spent."""

    def __init__(self, source: Source, functions: Mapping[str, Function], data: object, budget: Budget) -> None:
        self.source = source
        self.functions = functions
        self.budget = budget
        self.variables: list[tuple[str, object]] = [("$", data)]
        self.template = source.name
        self.node: Located | None = None
        self.depth = 0

    def error(self, message: str, *, remedy: str = "") -> TemplateExecutionError:
        """The error that Go would raise, at the node that is being evaluated."""
        position = self.node.position if self.node else 0
        context = str(self.node) if self.node else ""
        return self.source.execution_error(message, position, self.template, context, remedy=remedy)

    def step(self) -> None:
        """Pay for one step."""
        self.spend(STEP)

    def spend(self, amount: int) -> None:
        """Pay for a piece of work; the template fails when it has nothing left."""
        try:
            self.budget.spend(amount)
        except BudgetExceeded as error:
            raise self.error(str(error), remedy=TOO_MUCH) from error

    def enter(self) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"exceeded maximum template depth ({DEEPEST})", remedy="end the recursion of the template")

    # -- variables

    def assign(self, name: str, value: object) -> None:
        """Give the innermost variable of a name another value."""
        for place in range(len(self.variables) - 1, -1, -1):
            if self.variables[place][0] == name:
                self.variables[place] = (name, value)
                self.spend(8 * (len(self.variables) - place))
                return
        raise self.error(f"undefined variable: {name}")

    def variable(self, name: str) -> object:
        """The value of the innermost variable of a name."""
        for place in range(len(self.variables) - 1, -1, -1):
            known, value = self.variables[place]
            if known == name:
                self.spend(8 * (len(self.variables) - place))
                return value
        raise self.error(f"undefined variable: {name}")

    # -- pipelines

    def pipeline(self, dot: object, pipe: nodes.Pipe | None) -> object:
        """The value of the last command; what the pipeline declares stays on the stack of variables."""
        if pipe is None:
            return None
        self.node = pipe
        self.enter()
        value: object = MISSING
        for command in pipe.commands:
            value = bare(self.command(dot, command, value))
        for variable in pipe.variables:
            if pipe.assigns:
                self.assign(variable.names[0], value)
            else:
                self.variables.append((variable.names[0], value))
        self.depth -= 1
        return value

    def command(self, dot: object, command: nodes.Command, final: object) -> object:
        """The value of a command, given the value of the one before (or MISSING)."""
        self.step()
        first, arguments = command.words[0], command.words[1:]
        match first:
            case nodes.Field():
                self.node = first
                return self.chain(dot, dot, first.names, arguments, final)
            case nodes.Chain():
                return self.chained(dot, first, arguments, final)
            case nodes.Identifier():
                self.node = first
                return self.call(dot, self.functions[first.name], command, arguments, final)
            case nodes.Variable():
                return self.variable_chain(dot, first, arguments, final)
            case nodes.Pipe():
                self.not_a_function(first, arguments, final)
                return self.pipeline(dot, first)
        self.node = first
        self.not_a_function(first, arguments, final)
        if isinstance(first, nodes.Nil):
            raise self.error("nil is not a command")
        return dot if isinstance(first, nodes.Dot) else self.constant(first)

    def not_a_function(self, first: nodes.Operand, arguments: Sequence[nodes.Operand], final: object) -> None:
        """Fail where something that is no function is given arguments."""
        if arguments or final is not MISSING:
            raise self.error(f"can't give argument to non-function {first}")

    def constant(self, node: nodes.Bool | nodes.Number | nodes.String) -> object:
        """The value of a literal where nothing says which type is wanted."""
        self.node = node
        if isinstance(node, nodes.String):
            return node.text
        if isinstance(node, nodes.Bool):
            return node.value
        value, text = node.value, node.text
        if value.complex is not None:
            return value.complex
        whole = text[0] == "'" or (text[:2].lower() == "0x" and not set(text) & set("pP"))
        if not whole and value.real is not None and set(text) & set(".eEpP"):
            return value.real
        if value.integer is None:
            raise self.error(f"{text} overflows int")
        return value.integer

    # -- fields

    def chained(self, dot: object, chain: nodes.Chain, arguments: Sequence[nodes.Operand], final: object) -> object:
        """The value of a field of a pipeline in parentheses or of a function's result."""
        self.node = chain
        return self.chain(dot, self.operand(dot, chain.node), chain.names, arguments, final, chain)

    def variable_chain(
        self, dot: object, node: nodes.Variable, arguments: Sequence[nodes.Operand], final: object
    ) -> object:
        """The value of a variable, or of a field of it."""
        self.node = node
        value = self.variable(node.names[0])
        if len(node.names) == 1:
            self.not_a_function(node, arguments, final)
            return value
        return self.chain(dot, value, node.names[1:], arguments, final)

    def chain(
        self,
        dot: object,
        receiver: object,
        names: Sequence[str],
        arguments: Sequence[nodes.Operand],
        final: object,
        node: Located | None = None,
    ) -> object:
        """The value at the end of a chain of fields; the last one, if a method, gets the arguments."""
        node = node or self.node
        for name in names[:-1]:
            receiver = self.field(dot, name, receiver, (), MISSING, node)
        return self.field(dot, names[-1], receiver, arguments, final, node)

    def field(
        self,
        dot: object,
        name: str,
        receiver: object,
        arguments: Sequence[nodes.Operand],
        final: object,
        node: Located | None,
    ) -> object:
        """The value of a field, of a method, or of a key of a map."""
        self.step()
        self.node = node
        if receiver is None:
            return None
        if isinstance(receiver, InterfaceNil):
            raise self.error(
                f"nil pointer evaluating {ANY}.{name}", remedy="ask with `if` or `with` whether there is a value"
            )
        if isinstance(receiver, Struct):
            method = find_method(receiver, name)
            if method is not None:
                owner, function = method
                return self.call(dot, function, node, arguments, final, owner)
            found = find_field(receiver, name)
            if found is not None:
                return self.plain_field(name, receiver, *found, given=bool(arguments) or final is not MISSING)
        if isinstance(receiver, Map) and receiver.key in {STRING, ANY}:
            if arguments or final is not MISSING:
                raise self.error(f"{name} is not a method but has arguments")
            return element(receiver.entries[name], receiver.element) if name in receiver.entries else None
        raise self.no_field(name, receiver)

    def plain_field(self, name: str, owner: Struct, known: StructField, value: object, *, given: bool) -> object:
        """The value of a field of a struct."""
        if not name[0].isupper():
            raise self.error(f"{name} is an unexported field of struct type {go_type(owner)}")
        if given:
            raise self.error(f"{name} has arguments but cannot be invoked as function")
        return element(value, known.type)

    def no_field(self, name: str, receiver: object) -> TemplateExecutionError:
        """The error that a value has no such field, which says what it has or had."""
        message = f"can't evaluate field {name} in type {go_type(receiver)}"
        if not isinstance(receiver, Struct):
            return self.error(message)
        if name in receiver.type.removed:
            message, remedy = receiver.type.removed[name]
            error = self.error(message)
            return RemovedTemplateField(error.message, line=error.line, column=error.column, remedy=remedy)
        return self.error(message, remedy=f"it has {', '.join(known_names(receiver)) or 'no fields'}")

    # -- calls

    def call(
        self,
        dot: object,
        function: Function,
        node: Located | None,
        arguments: Sequence[nodes.Operand],
        final: object,
        receiver: Struct | None = None,
    ) -> object:
        """The result of a function or, with a receiver, of a method."""
        self.check_count(function, len(arguments), given=final is not MISSING)
        if function.name in SHORT_CIRCUIT and receiver is None:
            return self.short_circuit(dot, function.name, arguments, final)
        values: list[object] = [] if receiver is None else [receiver]
        for position, argument in enumerate(arguments):
            values.append(self.argument(dot, parameter(function, position), argument))
        if final is not MISSING:
            values.append(self.validated(final, parameter(function, len(arguments))))
        try:
            self.budget.items(len(values))
            self.budget.spend(sum(len(value) >> 3 for value in values if isinstance(value, str)))
            result = function.call(self.budget, *values) if function.budgeted else function.call(*values)
            self.charge(result)
        except BudgetExceeded as error:
            self.node = node
            raise self.error(str(error), remedy=TOO_MUCH) from error
        except FunctionFailed as error:
            self.node = node
            raise self.error(f"error calling {function.name}: {error}") from error
        return result

    def check_count(self, function: Function, count: int, *, given: bool) -> None:
        """Fail unless the function takes so many arguments."""
        wanted = len(function.parameters)
        total = count + given
        if function.variadic:
            if total < wanted - 1:
                raise self.error(f"wrong number of args for {function.name}: want at least {wanted - 1} got {count}")
        elif total != wanted:
            raise self.error(f"wrong number of args for {function.name}: want {wanted} got {total}")

    def short_circuit(self, dot: object, name: str, arguments: Sequence[nodes.Operand], final: object) -> object:
        """The first argument that decides an `and` or `or`, or the last one; those after it are not evaluated."""
        value: object = None
        for argument in arguments:
            value = self.argument(dot, REFLECT_VALUE, argument)
            if truth(value) == (name == "or"):
                return value
        return value if final is MISSING else bare(final)

    def charge(self, result: object) -> None:
        """Pay for what a function has made."""
        match result:
            case str():
                self.budget.text(len(result))
            case Slice():
                self.budget.items(len(result.items))
            case Map():
                self.budget.items(len(result.entries))

    # -- arguments

    def argument(self, dot: object, declared: str, node: nodes.Operand) -> object:
        """The value of an argument for a parameter of a type."""
        self.node = node
        match node:
            case nodes.Nil():
                if not has_nil(declared):
                    raise self.error(f"cannot assign nil to {declared}")
                return zero(declared)
            case nodes.Bool() | nodes.Number() | nodes.String():
                return self.literal(declared, node)
        return self.validated(self.operand(dot, node), declared)

    def operand(self, dot: object, node: nodes.Operand) -> object:
        """The value of an operand that is not a literal, without arguments."""
        self.node = node
        match node:
            case nodes.Field():
                return self.chain(dot, dot, node.names, (), MISSING)
            case nodes.Variable():
                return self.variable_chain(dot, node, (), MISSING)
            case nodes.Pipe():
                return self.pipeline(dot, node)
            case nodes.Identifier():
                return self.call(dot, self.functions[node.name], node, (), MISSING)
            case nodes.Chain():
                return self.chained(dot, node, (), MISSING)
        return dot

    def literal(self, declared: str, node: nodes.Bool | nodes.Number | nodes.String) -> object:
        """The value of a literal as a value of the type that is wanted."""
        number = node.value if isinstance(node, nodes.Number) else None
        if declared in {ANY, REFLECT_VALUE}:
            return self.constant(node)
        if declared == BOOL and isinstance(node, nodes.Bool):
            return node.value
        if declared == STRING and isinstance(node, nodes.String):
            return node.text
        if declared == FLOAT64 and number and number.real is not None:
            return number.real
        if declared == INT or (declared in SIZED and SIZED[declared].signed):
            if number and number.integer is not None:
                return SIZED[declared](number.integer) if declared in SIZED else wrapped(number.integer)
            raise self.error(f"expected integer; found {node}")
        if declared in SIZED:
            if number and number.unsigned is not None:
                return SIZED[declared](number.unsigned)
            raise self.error(f"expected unsigned integer; found {node}")
        if declared in {BOOL, STRING, FLOAT64}:
            raise self.error(f"expected {'float' if declared == FLOAT64 else declared}; found {node}")
        raise self.error(f"can't handle {node} for arg of type {declared}")

    def validated(self, value: object, declared: str) -> object:
        """The value, if a parameter of the type takes it."""
        if declared in {ANY, REFLECT_VALUE}:
            return bare(value)
        if value is None:
            if not has_nil(declared):
                raise self.error(f"invalid value; expected {declared}", remedy="give it a value with `default`")
            return zero(declared)
        actual = ANY if isinstance(value, InterfaceNil) else go_type(value)
        if actual == declared:
            return value
        raise self.error(f"wrong type for value; expected {declared}; got {actual}")


def parameter(function: Function, position: int) -> str:
    """The type of the parameter that takes the argument at a position."""
    return function.parameters[min(position, len(function.parameters) - 1)]
