"""The rendering of a parsed template with its data (the statements of Go's `text/template`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from imgupdate.templates import nodes
from imgupdate.templates.builtins import BUILTINS
from imgupdate.templates.evaluate import TOO_MUCH, Evaluator
from imgupdate.templates.formatting import text_of
from imgupdate.templates.functions import ITEM, STEP, Budget, BudgetExceeded, Function, FunctionFailed
from imgupdate.templates.lookup import element
from imgupdate.templates.places import Source
from imgupdate.templates.quoting import quoted
from imgupdate.templates.sprig import FUNCTIONS
from imgupdate.templates.values import Map, Slice, is_integer, joined, sorted_entries, truth

LONGEST = 256 * 1024
"""The longest text that a template may make, in characters; a commit message is far below."""

NO_VALUE = "<no value>"
BREAK, CONTINUE = "break", "continue"


TABLE: Mapping[str, Function] = {**BUILTINS, **FUNCTIONS}


def render(source: Source, trees: nodes.Trees, data: object) -> str:
    """The text that a template makes of its data; raises TemplateExecutionError."""
    rendering = Rendering(source, trees, TABLE, data, Budget())
    try:
        return rendering.text(data)
    except RecursionError as error:
        raise rendering.error("the template is nested too deeply", remedy=TOO_MUCH) from error


class Rendering(Evaluator):
    """One rendering of one template."""

    def __init__(
        self,
        source: Source,
        trees: nodes.Trees,
        functions: Mapping[str, Function],
        data: object,
        budget: Budget,
    ) -> None:
        super().__init__(source, functions, data, budget)
        self.trees = trees
        self.parts: list[str] = []
        self.length = 0

    def text(self, data: object) -> str:
        """The text that the template makes of its data; raises TemplateExecutionError."""
        self.walk(self.trees[self.source.name], data)
        return joined(*self.parts)

    def write(self, text: str) -> None:
        """Add to the text, within its bound."""
        self.length += len(text)
        if self.length > LONGEST:
            raise self.error(f"the text is longer than {LONGEST} characters", remedy="let the template list less")
        self.parts.append(text)

    def walk(self, tree: Sequence[nodes.Node], dot: object) -> str:
        """Run statements one by one; the result says whether they ended at a `break` or a `continue`."""
        self.enter()
        for node in tree:
            self.spend(STEP)
            jump = self.statement(node, dot)
            if jump:
                self.depth -= 1
                return jump
        self.depth -= 1
        return ""

    def statement(self, node: nodes.Node, dot: object) -> str:
        """Run one statement."""
        match node:
            case nodes.Text():
                self.write(node.text)
            case nodes.Action():
                self.action(node, dot)
            case nodes.Branch() if node.keyword == "range":
                return self.loop(node, dot)
            case nodes.Branch():
                return self.branch(node, dot)
            case nodes.Jump():
                return node.keyword
            case _:
                self.template_call(node, dot)
        return ""

    def action(self, node: nodes.Action, dot: object) -> None:
        """Print the value of a pipeline that declares nothing."""
        self.node = node
        value = self.pipeline(dot, node.pipe)
        if node.pipe.variables:
            return
        self.node = node
        self.write(NO_VALUE if value is None else self.printed(value))

    def printed(self, value: object) -> str:
        """The text of a value as `%v` prints it."""
        try:
            return text_of(value, self.budget)
        except BudgetExceeded as error:
            raise self.error(str(error), remedy=TOO_MUCH) from error
        except FunctionFailed as error:
            raise self.error(f"can't print the value: {error}") from error

    def branch(self, node: nodes.Branch, dot: object) -> str:
        """Run `if` or `with`."""
        mark = len(self.variables)
        value = self.pipeline(dot, node.pipe)
        if truth(value):
            jump = self.walk(node.body, value if node.keyword == "with" else dot)
        else:
            jump = self.walk(node.otherwise, dot)
        del self.variables[mark:]
        return jump

    def loop(self, node: nodes.Branch, dot: object) -> str:
        """Run `range`. A `break` of its `else` ends here, as in Go; a `continue` there belongs to the loop around."""
        mark = len(self.variables)
        value = self.pipeline(dot, node.pipe)
        inner = len(self.variables)
        jump = ""
        ran = False
        for index, item in self.items(node, value):
            ran = True
            self.spend(STEP)
            self.bind(node.pipe, index, item)
            stopped = self.walk(node.body, item)
            del self.variables[inner:]
            if stopped == BREAK:
                break
        if not ran:
            jump = self.walk(node.otherwise, dot)
        del self.variables[mark:]
        return "" if jump == BREAK else jump

    def items(self, node: nodes.Branch, value: object) -> Iterable[tuple[object, object]]:
        """What a `range` runs over, each with its index or key."""
        match value:
            case None:
                return ()
            case Slice():
                return enumerate(element(item, value.element) for item in value.items)
            case Map():
                self.spend(ITEM * len(value.entries))
                return [(key, element(item, value.element)) for key, item in sorted_entries(value)]
            case int() if is_integer(value):
                if len(node.pipe.variables) > 1:
                    raise self.error(f"can't use {int(value)} to iterate over more than one variable")
                kind = type(value)
                return ((None, kind(number)) for number in range(value))
        raise self.error(f"range can't iterate over {self.printed(value)}")

    def bind(self, pipe: nodes.Pipe, index: object, item: object) -> None:
        """Give a `range`'s variables their values for one iteration."""
        values = (item,) if len(pipe.variables) == 1 else (index, item)
        for place, (variable, value) in enumerate(zip(pipe.variables, values, strict=False)):
            if pipe.assigns:
                self.assign(variable.names[0], value)
            else:
                self.variables[place - len(pipe.variables)] = (variable.names[0], value)

    def template_call(self, node: nodes.Call, dot: object) -> None:
        """Run another template with the value of a pipeline as its data."""
        self.node = node
        tree = self.trees.get(node.name)
        if tree is None:
            raise self.error(f"template {quoted(node.name)} not defined")
        data = self.pipeline(dot, node.pipe)
        caller, variables = self.template, self.variables
        self.template, self.variables = node.name, [("$", data)]
        self.walk(tree, data)
        self.template, self.variables = caller, variables
