"""Text of strangers (tags, file names, YAML values, answers of registries) made fit for a terminal and a log."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"\A(\s*):(?=:)")
_OLD_COMMAND = re.compile(r"##(?=\[)")


def clean(text: str, limit: int = 0) -> str:
    r"""A text on one line, without characters that a terminal acts on or that hide what is written.

    Everything that is not printable (control characters, line separators, direction marks, bytes that are not text) is
    written as an escape: ``a\x1b[2Jb``. Longer than `limit` characters, it loses its middle.
    """
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _escape(character) for character in text)
    return shorten(text, limit) if limit else text


def clean_line(text: str) -> str:
    r"""A line of a file, for a diff: as `clean`, but tabs stay."""
    return "\t".join(clean(part) for part in text.split("\t"))


def harmless(line: str) -> str:
    r"""A line of output that a runner of GitHub Actions does not take for a command.

    A runner obeys `::name::` at the start of a line, whatever white space precedes it, and `##[name]` anywhere; the
    first colon and the second hash of such texts become escapes, so that the text still shows.

    >>> harmless(" ::add-mask::x")
    ' \\x3a:add-mask::x'
    """
    if "##[" in line:
        line = _OLD_COMMAND.sub(r"#\\x23", line)
    return _COMMAND.sub(r"\1\\x3a", line)


def shorten(text: str, limit: int) -> str:
    """A text of at most `limit` characters, at least 3: what is too long loses its middle.

    >>> shorten("main-3f2a9c1-1606234201", 12)
    'main-3…34201'
    """
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 2
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 file`, `2 files`, `3 policies`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
