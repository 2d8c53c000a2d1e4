"""Reports for logs, files and pipes: no colours, no boxes, columns that line up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from imgupdate.cli.view import GAP, HEADINGS, Line, PolicyCells
from imgupdate.report.text import harmless


def table(cells: Sequence[PolicyCells]) -> Iterator[str]:
    """The table of policies, as wide as it needs to be: a name or a tag that is cut short can not be searched for."""
    if not cells:
        return
    rows = [(c.policy, c.current, c.chosen, c.update, c.image) for c in (HEADINGS, *cells)]
    *widths, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    for *left, image in rows:
        yield harmless(GAP.join((*(text.ljust(size) for text, size in zip(left, widths, strict=True)), image)))


def lines(shown: Iterable[Line]) -> Iterator[str]:
    """Lines as they are, indented. They are not wrapped: a log is searched, and a screen wraps by itself."""
    for line in shown:
        yield harmless(" " * line.indent + line.text)
