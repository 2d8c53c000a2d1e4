"""Where in a template's text something is, and the errors that say so as Go does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from imgupdate.errors import TemplateExecutionError, TemplateParseError
from imgupdate.templates.quoting import quoted
from imgupdate.templates.values import to_bytes

GENERAL = "templates are those of Go's text/template with the functions of Sprig"
SHOWN = 200


def printable(text: str) -> str:
    """A piece of a template or of its data as a message may hold it: on one line, printable, bounded."""
    text = text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
    return "".join(character if character.isprintable() else quoted(character)[1:-1] for character in text)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a template, its name, and the functions that it may call."""

    name: str
    text: str
    functions: Collection[str]

    def line(self, position: int) -> int:
        """The line of a position, from 1."""
        return self.text.count("\n", 0, position) + 1

    def column(self, position: int) -> int:
        """The column of a position in characters, from 1."""
        return position - self.text.rfind("\n", 0, position)

    def parse_error(self, message: str, position: int, *, line: int, remedy: str) -> TemplateParseError:
        """The error that the text does not parse; Go's message has the line only."""
        return TemplateParseError(
            f"template: {self.name}:{line}: {printable(message)}",
            line=self.line(position),
            column=self.column(position),
            remedy=remedy or GENERAL,
        )

    def located(self, message: str, position: int, template: str, context: str) -> str:
        """An error's text as Go writes it: its column is in bytes, from 0."""
        start = self.text.rfind("\n", 0, position) + 1
        column = len(to_bytes(self.text[start:position]))
        place = f"{self.name}:{self.line(position)}:{column}"
        return f"template: {place}: executing {quoted(template)} at <{printable(context)}>: {printable(message)}"

    def execution_error(
        self, message: str, position: int, template: str, context: str, *, remedy: str
    ) -> TemplateExecutionError:
        """The error that the text fails when it is rendered."""
        return TemplateExecutionError(
            self.located(message, position, template, context),
            line=self.line(position),
            column=self.column(position),
            remedy=remedy or GENERAL,
        )

    def similar(self, name: str) -> str:
        """The remedy that names functions with a similar name, empty where there is none."""
        found = get_close_matches(name, sorted(self.functions), n=3, cutoff=0.75)
        return f"did you mean {' or '.join(found)}?" if found else ""
