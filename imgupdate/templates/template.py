"""A template, from its text to the text that it makes of data."""

from __future__ import annotations

from dataclasses import dataclass

from imgupdate.templates import nodes
from imgupdate.templates.names import FUNCTION_NAMES
from imgupdate.templates.parse import Parser
from imgupdate.templates.places import Source

NAME = "commit message"
"""The name that Flux gives to its template; error messages begin with it."""

LONGEST = 64 * 1024
"""The longest template that is read, in characters."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that parses."""

    source: Source
    trees: nodes.Trees

    @classmethod
    def parse(cls, text: str, *, name: str = NAME) -> Template:
        """The template of a text; raises TemplateParseError with Go's message, line, column and a remedy."""
        source = Source(name, well_formed(text), FUNCTION_NAMES)
        if len(text) > LONGEST:
            remedy = f"a template may have at most {LONGEST} characters"
            raise source.parse_error("the template is too long", 0, line=1, remedy=remedy)
        return cls(source, Parser(source, _reason).trees_of(name))

    def render(self, data: object) -> str:
        """The text that the template makes of its data (a value of `values`); bytes that are not UTF-8 are replaced.

        Raises TemplateExecutionError; time, depth and length are bounded.
        """
        # Configuration is read in every run, and messages are made in few: only these import the functions.
        from imgupdate.templates.execute import render  # noqa: PLC0415

        return render(self.source, self.trees, data).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _reason(name: str) -> str:
    """Why Sprig's function of a name is left out, empty where Sprig has none."""
    from imgupdate.templates.sprig import REFUSED  # noqa: PLC0415 - only where a template is wrong

    return REFUSED.get(name, "")


def well_formed(text: str) -> str:
    """A text without lone surrogates, which YAML can spell and no Go string holds."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check_message_template(text: str) -> None:
    """Raise TemplateParseError unless a commit message's template parses."""
    Template.parse(text)
