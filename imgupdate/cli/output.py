"""Where a report goes and how it looks there."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping
from typing import TextIO

from imgupdate.cli import plain, view
from imgupdate.results import Result
from imgupdate.update import Progress

_WIDTH, _LOG_WIDTH = 80, 120


def is_colourful(stream: TextIO, color: str, environment: Mapping[str, str]) -> bool:
    """Whether a stream gets colours: as told, or, when left to us, on a terminal that wants them (no-color.org)."""
    if color != "auto":
        return color == "always"
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def width_of(stream: TextIO, environment: Mapping[str, str]) -> int:
    """How many characters a line has: as COLUMNS says, or the terminal; the logs of CI are wide; else 80."""
    columns = environment.get("COLUMNS", "")
    if re.fullmatch("[1-9][0-9]{0,4}", columns):
        return int(columns)
    if stream.isatty():
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    return _LOG_WIDTH if environment.get("CI") else _WIDTH


def tolerant(stream: TextIO) -> TextIO:
    """The same stream, which writes an escape where its encoding lacks a character."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def make_progress(stream: TextIO, color: str, environment: Mapping[str, str]) -> Progress:
    """A bar on a terminal that is not a log, else lines."""
    from imgupdate.cli.progress import BarProgress, LogProgress

    if stream.isatty() and color != "never" and is_colourful(stream, "auto", environment) and not environment.get("CI"):
        return BarProgress(stream)
    return LogProgress(stream)


class TextReport:
    """A report for people, on a stream."""

    def __init__(self, stream: TextIO, color: str, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._width = width_of(stream, environment)
        self._colourful = is_colourful(stream, color, environment)
        self._begun = False

    def show(self, result: Result, *, requested: bool = False) -> None:
        """The table of policies, explanations, the diff, what is wrong, and a summary.

        With `requested`, the table holds only the policies that were looked at.
        """
        cells = view.policy_cells(result, requested=requested)
        sections = (
            view.explanation_lines(result),
            view.diff_lines(result),
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
            self._write(plain.table(cells, self._width))
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
