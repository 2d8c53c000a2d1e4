"""What single values of people have to be, whether they come as options or as inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from imgupdate.errors import TemplateError, UsageError, shown
from imgupdate.templates.template import Template

_HEADS = "refs/heads/"
_NO_BRANCH = re.compile(r"@|HEAD|[0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?")
_ODD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)")
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)
LONGEST_TITLE = 1000


def branch_name(text: str, what: str) -> str:
    """The name of a branch as git and GitHub take it; `refs/heads/` before it is dropped.

    Raises:
        UsageError: they take no such name: it is odd, or that of a commit.

    """
    name = text.removeprefix(_HEADS)
    odd = not name or len(name) > 250 or _ODD.search(name) or name[0] in "-/." or name[-1] in "/."
    if odd or _NO_BRANCH.fullmatch(name):
        raise UsageError(
            f"{what} {shown(text)} is not the name of a branch", remedy="write it as `git branch` shows it"
        )
    return name


def host_names(texts: Iterable[str], what: str) -> frozenset[str]:
    """Whole names of hosts, in lower case, without scheme, port and path.

    Raises:
        UsageError: one is none.

    """
    hosts = frozenset(text.lower() for text in texts)
    for host in sorted(hosts):
        if not _HOST.fullmatch(host):
            raise UsageError(
                f"{what} {shown(host)} is not the name of a host", remedy="write it without scheme, port and path"
            )
    return hosts


def title_template(text: str, what: str) -> str:
    """A template for titles that parses, on one line.

    Raises:
        UsageError: it does not, or is longer than a title can be.

    """
    if not text.isprintable():
        raise UsageError(
            f"{what} {shown(text)} holds a line break or a control character", remedy="write it on one line"
        )
    if len(text) > LONGEST_TITLE:
        raise UsageError(f"{what} is longer than {LONGEST_TITLE} characters", remedy="shorten it")
    try:
        Template.parse(text, name="title")
    except TemplateError as error:
        raise UsageError(f"{what} {shown(text)} is no template: {error.message}", remedy=error.remedy) from error
    return text
