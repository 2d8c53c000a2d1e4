"""GitHub's Markdown as a page of HTML that looks about as GitHub shows it, and as a tree to look things up in.

    Path("summary.html").write_text(page("Summary", job_summary(result)))

The page stands by itself: no scripts, no fonts, nothing from elsewhere.
"""

from __future__ import annotations

import html
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

__all__ = ["Element", "page", "rendered", "rendered_by_cmark", "tree"]

_VOID = frozenset({"br", "hr", "img", "meta"})
_STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #f6f8fa; color: #1f2328;
  font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif, "Noto Color Emoji"; }
main { max-width: 1180px; margin: 24px auto; background: #fff; border: 1px solid #d1d9e0; border-radius: 6px; }
main > h1 { margin: 0; padding: 16px 24px; font-size: 20px; font-weight: 600; border-bottom: 1px solid #d1d9e0; }
main > article { padding: 16px 24px 24px; }
h2, h3 { margin: 24px 0 12px; line-height: 1.25; }
h2 { font-size: 1.5em; padding-bottom: .3em; border-bottom: 1px solid #d1d9e0b3; }
h3 { font-size: 1.2em; }
article > :first-child { margin-top: 0; }
p, ul, table, pre, details { margin: 0 0 16px; }
ul { padding-left: 2em; }
li + li { margin-top: .25em; }
a { color: #0969da; text-decoration: none; }
a:hover { text-decoration: underline; }
hr { height: 3px; border: 0; margin: 24px 0; background: #d1d9e0; }
table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; }
th { font-weight: 600; }
tr { background: #fff; border-top: 1px solid #d1d9e0b3; }
tbody tr:nth-child(2n) { background: #f6f8fa; }
code { padding: .2em .4em; border-radius: 6px; background: #818b981f;
  font: 85%/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; }
td code { white-space: break-spaces; }
pre { padding: 16px; overflow: auto; border-radius: 6px; background: #f6f8fa; }
pre code { padding: 0; background: none; white-space: pre; }
.added { color: #116329; background: #dafbe1; }
.removed { color: #82071e; background: #ffebe9; }
.hunk { color: #8250df; font-weight: 600; }
.file { color: #0550ae; font-weight: 600; }
summary { cursor: pointer; }
details[open] > summary { margin-bottom: 8px; }
"""


@dataclass(slots=True)
class Element:
    """An element of a page: its tag, its attributes, and the elements and texts in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All the text in it, as people see it."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str) -> list[Element]:
        """The elements with that tag in it, in the order of the page."""
        return [element for element in self.walk() if element.tag == tag]

    def walk(self) -> Iterator[Element]:
        """It and every element in it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def texts(self, *, outside: frozenset[str]) -> Iterator[str]:
        """The texts in it, each by itself, that are not within any of these tags."""
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in outside:
                yield from child.texts(outside=outside)


def rendered(markdown: str) -> str:
    """The HTML of a text in GitHub's Markdown: CommonMark with tables, HTML as it stands, diffs in colour."""
    parser = MarkdownIt("commonmark", {"html": True, "highlight": _highlighted}).enable(["table", "strikethrough"])
    return str(parser.render(markdown))


def rendered_by_cmark(markdown: str) -> str:
    """The HTML that GitHub's own parser makes, the program `cmark-gfm`, with the extensions that GitHub has on."""
    extensions = [word for name in ("table", "autolink", "strikethrough", "tagfilter") for word in ("-e", name)]
    command = ["cmark-gfm", "--unsafe", *extensions]
    done = subprocess.run(command, input=markdown.encode(), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def page(title: str, markdown: str, *, unfolded: bool = False) -> str:
    """A whole page that shows a text in GitHub's Markdown under a title; `unfolded` opens what one would click."""
    content = rendered(markdown)
    if unfolded:
        content = content.replace("<details>", "<details open>")
    heading = html.escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{heading}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{heading}</h1>\n<article>\n{content}</article>\n"
        "</main>\n</body>\n</html>\n"
    )


def tree(fragment: str) -> Element:
    """The elements of a piece of HTML.

    Raises:
        AssertionError: an element is not closed, or closed where it was not open.

    """
    builder = _Builder()
    builder.feed(fragment)
    builder.close()
    assert len(builder.open) == 1, f"not closed: {[element.tag for element in builder.open[1:]]}"
    return builder.open[0]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> where <{self.open[-1].tag}> is open"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def _highlighted(content: str, language: str, _attributes: str) -> str:
    if language != "diff":
        return ""
    return "".join(f"{_coloured(line)}\n" for line in content.splitlines())


def _coloured(line: str) -> str:
    kinds = {"---": "file", "+++": "file", "@@ ": "hunk", "-": "removed", "+": "added"}
    kind = next((name for start, name in kinds.items() if line.startswith(start)), "")
    shown = html.escape(line)
    return f'<span class="{kind}">{shown}</span>' if kind else shown
