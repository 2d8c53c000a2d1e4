"""Standard output and error: how wide, how colourful, and what happens when they break."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

_WIDTH, _LOG_WIDTH = 80, 120


class OutputLost(Exception):
    """A report could not be written; `error` is why: its reader went away, or the disk is full."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def writing(stream: TextIO) -> Iterator[TextIO]:
    """A stream for a report; all of it is written when the block ends.

    Where its encoding lacks a character, it writes an escape.

    Raises:
        OutputLost: something could not be written.

    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    try:
        yield stream
        stream.flush()
    except OSError as error:
        raise OutputLost(error) from error


def is_colourful(stream: TextIO, color: str, environment: Mapping[str, str]) -> bool:
    """Whether a stream gets colours: as told, or, when left to us, on a terminal that wants them (no-color.org)."""
    if color != "auto":
        return color == "always"
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def width_of(stream: TextIO, environment: Mapping[str, str]) -> int:
    """How many characters a coloured line has: as COLUMNS says, or the terminal; the logs of CI are wide."""
    columns = environment.get("COLUMNS", "")
    if re.fullmatch("[1-9][0-9]{0,4}", columns):
        return int(columns)
    if stream.isatty():
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    return _LOG_WIDTH if environment.get("CI") else _WIDTH
