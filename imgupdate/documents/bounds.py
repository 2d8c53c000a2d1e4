"""How much YAML is read, bytes to text within that, and where in the text a position is."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Final

from imgupdate.errors import UnparsableYaml

MAXIMUM_BYTES: Final = 10 * 1024 * 1024
MAXIMUM_EVENTS: Final = 500_000
MAXIMUM_DEPTH: Final = 100
MAXIMUM_DIRECTIVES: Final = 100
MAXIMUM_PARTS: Final = 1_000

_UTF_16_OR_32: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


class TooMuchYaml(Exception):
    """A text is beyond a bound, the message says which; within this room only."""


def decode(data: bytes, path: str) -> str:
    """The text of a file, byte-order mark included, so that encoding it gives the same bytes.

    Raises:
        UnparsableYaml: it is too large, or not UTF-8.

    """
    if len(data) > MAXIMUM_BYTES:
        raise UnparsableYaml(
            f"the file is larger than {MAXIMUM_BYTES // 1024 // 1024} MiB", where=path, remedy="split the file"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        encoding = "UTF-16 or UTF-32, not UTF-8" if data.startswith(_UTF_16_OR_32) else "not UTF-8"
        line = data.count(b"\n", 0, error.start) + 1
        raise UnparsableYaml(f"the file is {encoding}", where=path, line=line, remedy="save it as UTF-8") from error


class Places:
    """Turns positions in a text into lines and columns. Cheap as long as it is asked in ascending order.

    Lines are those of editors: they end at LF, CRLF or a lone CR, while YAML knows more line breaks.
    """

    __slots__ = ("_line", "_position", "_start", "_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", " \n").replace("\r", "\n") if "\r" in text else text
        self._line = 1
        self._start = 0
        self._position = 0
        self._starts: list[int] = []

    def at(self, position: int) -> tuple[int, int]:
        """Line and column of a position, both counted from 1."""
        if position < self._position:
            return self._look_up(position)
        breaks = self._text.count("\n", self._position, position)
        if breaks:
            self._line += breaks
            self._start = self._text.rindex("\n", self._position, position) + 1
        self._position = position
        return self._line, position - self._start + 1

    def _look_up(self, position: int) -> tuple[int, int]:
        if not self._starts:
            self._starts = [0, *accumulate(len(line) + 1 for line in self._text.split("\n"))]
        line = bisect_right(self._starts, position)
        return line, position - self._starts[line - 1] + 1
