"""Reports for people at a terminal. Imported only there: it brings rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from imgupdate.cli.view import HEADINGS, Line, PolicyCells, Tone, fitted
from imgupdate.report.text import harmless

_STYLES = {
    Tone.PLAIN: Style(),
    Tone.DIM: Style(dim=True),
    Tone.HEADING: Style(bold=True),
    Tone.ADDED: Style(color="green"),
    Tone.REMOVED: Style(color="red"),
    Tone.HUNK: Style(color="cyan"),
    Tone.GOOD: Style(color="green", bold=True),
    Tone.ERROR: Style(color="red", bold=True),
    Tone.WARNING: Style(color="yellow", bold=True),
    Tone.NOTICE: Style(color="blue", bold=True),
}


class Screen:
    """A terminal that a report is written to, in colour and as wide as it is."""

    def __init__(self, stream: TextIO, width: int) -> None:
        self._width = width
        self._console = Console(
            file=stream, width=width, force_terminal=True, highlight=False, markup=False, emoji=False
        )

    def table(self, cells: Sequence[PolicyCells]) -> None:
        """The table of policies."""
        if not cells:
            return
        table = Table(box=box.SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        rows = fitted(cells, self._width - 2)
        for heading in (HEADINGS.policy, HEADINGS.current, HEADINGS.chosen, HEADINGS.update, HEADINGS.image):
            table.add_column(heading.capitalize(), no_wrap=True)
        for c in rows:
            policy, current, chosen, image = (Text(harmless(t)) for t in (c.policy, c.current, c.chosen, c.image))
            table.add_row(policy, current, chosen, Text(c.update, _STYLES[c.tone]), image)
        self._console.print(table)

    def section(self, shown: Iterable[Line]) -> None:
        """Lines, with an empty one before them; they go on at their indentation where the terminal is too narrow.

        Lines without one, such as those of a diff, are not broken: who copies them gets what was written.
        """
        begun = False
        for line in shown:
            if not begun:
                self._console.print()
                begun = True
            if line.indent:
                text = Text(harmless(line.text), _STYLES[line.tone], overflow="fold")
                self._console.print(Padding(text, (0, 0, 0, line.indent), expand=False))
            else:
                self._console.file.write(_STYLES[line.tone].render(harmless(line.text)) + "\n")
