"""A report for people, and how they hear that it takes a while."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TextIO

from imgupdate.cli import plain, view
from imgupdate.cli.streams import is_colourful, width_of
from imgupdate.results import Result
from imgupdate.update import Progress


def make_progress(stream: TextIO, color: str, environment: Mapping[str, str]) -> Progress:
    """A bar on a terminal that is not a log, else lines."""
    from imgupdate.cli.progress import BarProgress, LogProgress

    wanted = color != "never" and not environment.get("CI")
    return BarProgress(stream) if wanted and is_colourful(stream, "auto", environment) else LogProgress(stream)


class TextReport:
    """A report for people, on a stream."""

    def __init__(self, stream: TextIO, color: str, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._width = width_of(stream, environment)
        self._colourful = is_colourful(stream, color, environment)
        self._begun = False

    def show(self, result: Result, *, requested: bool = False) -> None:
        """The table of policies, explanations, the diff, what was published, what is wrong, and a summary.

        With `requested`, the table holds only the policies that were looked at.
        """
        cells = view.policy_cells(result, requested=requested)
        sections = (
            view.explanation_lines(result),
            view.diff_lines(result),
            view.published_lines(result),
            view.problem_lines(result.all_problems),
            [view.summary_line(result)],
        )
        if self._colourful:
            from imgupdate.cli.fancy import Screen

            screen = Screen(self._stream, self._width)
            screen.table(cells)
            for section in sections:
                screen.section(section)
        else:
            self._write(plain.table(cells))
            for section in sections:
                self._write(plain.lines(section))

    def _write(self, lines: Iterable[str]) -> None:
        """A section, with an empty line before it unless it is the first; nothing where it has no lines."""
        gap = self._begun
        for line in lines:
            if gap:
                self._stream.write("\n")
                gap = False
            self._stream.write(line + "\n")
            self._begun = True
