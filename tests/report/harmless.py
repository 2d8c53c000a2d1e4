"""Whether anything in a rendered text could ping somebody, link elsewhere, or become something else on GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.rendering import Element, rendered, tree

QUIET = frozenset({"code", "pre", "a"})
"""Where GitHub looks for no mentions, references, addresses and emoji."""

ELEMENTS = frozenset(
    "p br hr h2 h3 ul li strong a code pre span table thead tbody tr th td details summary".split()  # noqa: SIM905
)
HARMFUL = re.compile(
    r"""[@#]\w                                # mentions, issues
      | \b(?i:gh)-\d                          # issues, in another spelling
      | \b[A-Za-z]+-\d                        # issues of trackers that a repository links
      | (?:https?|ftp|mailto|xmpp):|://|\bwww\. # addresses
      | :[\w+-]+:                             # emoji
      | \b(?=[a-f]*\d)[0-9a-f]{7,40}\b        # commits
      | [<>|`\\]                              # what is left of markup""",
    re.VERBOSE,
)


def harm(markdown: str) -> list[str]:
    """What is wrong with a text of ours, once rendered: markup of others, addresses of others, pings."""
    return [*harm_in(tree(rendered(markdown)))]


def harm_in(root: Element) -> Iterator[str]:
    """The same of a text that is rendered already."""
    for element in root.walk():
        if element.tag and element.tag not in ELEMENTS:
            yield f"<{element.tag}>"
        allowed = {"a": {"href"}, "span": {"class"}, "code": {"class"}}.get(element.tag, set())
        yield from (f"<{element.tag} {name}>" for name in element.attributes if name not in allowed)
        if element.tag == "a" and not element.attributes["href"].startswith("https://"):
            yield element.attributes["href"]
    for text in root.texts(outside=QUIET):
        yield from (found[0] for found in HARMFUL.finditer(text))
