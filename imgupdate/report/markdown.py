r"""GitHub's Markdown around texts of strangers, so that these neither format, link, ping nor break anything.

What is to be read as it stands goes into code spans, where GitHub looks for no mention, reference, address or emoji.
Prose keeps its plain words; every word that could mean something to GitHub becomes a code span.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from imgupdate.report.text import clean, clean_line

NONE = "—"
"""What stands in a cell where there is nothing."""

LONGEST = 200
"""To how many characters a name, a tag or a path of the outside world is cut."""

LONGEST_PROSE = 600
"""To how many characters a message is cut."""

_BACKTICKS = re.compile(r"`+")
_QUOTED = re.compile(r"""(?<![^\s(\[])(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`([^`]*)`)(?=[\s.,;:!?)\]]|$)""")
_OPENING, _CLOSING = "(\"'", ")\"'.,;:!?…"
_COMMIT = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{7,64}")
_REFERENCE = re.compile(r"(?=.*[0-9]).*-.*")
_MENTION = re.compile(r"(?:(?<!\w)@|#)(?=\w)")
_EMOJI = re.compile(r":(?=[\w+-]+:)")
_SIGNS = frozenset({"-", "—", "…"})

_UNSEEN = "\u200b"
"""A space of no width: what it stands in is read as before, by people."""


def code(text: str, limit: int = LONGEST) -> str:
    r"""A text as a code span, on one line, for any place: a table's cell, a link's text, a paragraph.

    A vertical bar is written as an escape, since parsers differ in how a cell may hold one after a backslash.

    >>> code("1.0|2")
    '`1.0\\x7c2`'
    """
    shown = clean(text, limit).replace("|", "\\x7c")
    if not shown.strip():
        return NONE
    fence = _fence(shown, 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str, limit: int = LONGEST_PROSE) -> str:
    """A sentence whose plain words stay as they are; what is quoted in it, and every other word, becomes code.

    >>> prose("the tag 'v1' of ghcr.io/org/app is gone, see @owner")
    'the tag `v1` of `ghcr.io/org/app` is gone, see `@owner`'
    """
    shown = clean(text, limit)
    parts: list[str] = []
    end = 0
    for found in _QUOTED.finditer(shown):
        parts += (_words(shown[end : found.start()]), code(found[1] or found[2] or found[3] or "", limit))
        end = found.end()
    return "".join((*parts, _words(shown[end:])))


def plain(text: str, limit: int = LONGEST) -> str:
    """A text for where GitHub knows no code spans, such as a title: nothing in it is a mention or a reference."""
    shown = clean(text, limit)
    shown = _MENTION.sub(lambda found: found[0] + _UNSEEN, shown)
    shown = _EMOJI.sub(":" + _UNSEEN, shown).replace("://", f":{_UNSEEN}//")
    return re.sub(r"(?i)\b(gh)-(?=[0-9])", "\\1\u2011", shown)


def in_html(text: str, limit: int = LONGEST) -> str:
    """A text as code inside of HTML, such as the summary of a fold."""
    return f"<code>{html.escape(clean(text, limit))}</code>"


def link(text: str, url: str) -> str:
    """Markdown as a link; without a URL, as it is. The text is Markdown already, the URL one of `links.py`."""
    return f"[{text}]({url})" if url else text


def row(cells: Iterable[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |\n"


def table_head(titles: Iterable[str]) -> str:
    """The head of a table and the line below it."""
    names = tuple(titles)
    return f"{row(names)}{row('---' for _ in names)}"


def fenced(lines: Iterable[str], language: str) -> str:
    """Lines of a file as a block of code, whatever they hold."""
    content = "".join(f"{clean_line(line)}\n" for line in lines)
    fence = _fence(content, 3)
    return f"{fence}{language}\n{content}{fence}\n"


def fold(summary: str, content: str) -> str:
    """Content that shows when its summary is clicked. The summary is HTML, the content whole blocks of Markdown."""
    return f"<details>\n<summary>{summary}</summary>\n\n{content}\n</details>\n\n"


def size(text: str) -> int:
    """How long a text is at most by anyone's count of characters: its bytes in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def short_digest(text: str) -> str:
    """A reference or a digest whose digests are cut to 12 digits.

    >>> short_digest("1.0@sha256:" + "ab" * 32)
    '1.0@sha256:abababababab'
    """
    return re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}(?![0-9a-f])", r"\1", text)


def _fence(text: str, least: int) -> str:
    """More backticks than stand together anywhere in a text."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    return "`" * max(least, longest + 1)


def _words(text: str) -> str:
    return " ".join(_word(word) for word in text.split(" "))


def _word(word: str) -> str:
    rest = word.lstrip(_OPENING)
    core = rest.rstrip(_CLOSING)
    shown = core if _is_plain(core) else code(core)
    return f"{word[: len(word) - len(rest)]}{shown}{rest[len(core) :]}"


def _is_plain(core: str) -> bool:
    """Whether a word is a word and no more: no address, number of an issue, commit, mark-up or emoji."""
    if core in _SIGNS or not core:
        return True
    if _COMMIT.fullmatch(core) or _REFERENCE.fullmatch(core):
        return False
    parts = re.split("['\u2019-]", core)
    return all(part.isalnum() for part in parts)
