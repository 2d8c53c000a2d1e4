"""Sprig's functions on paths: Go's `path`, and `path/filepath` as it is on Linux, which is the same."""

from __future__ import annotations

from typing import Final

from imgupdate.templates.sprig.declare import Table, named, plain
from imgupdate.templates.values import STRING


def clean(path: str) -> str:
    """The shortest path that says the same: without `.`, doubled slashes and what `..` undoes; `.` for none."""
    rooted = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            kept.append(part)
        elif kept and kept[-1] != "..":
            kept.pop()
        elif not rooted:
            kept.append(part)
    return ("/" if rooted else "") + "/".join(kept) or "."


def base(path: str) -> str:
    """The last element; `.` of an empty path, `/` of slashes only."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def directory(path: str) -> str:
    """All but the last element, cleaned."""
    before, slash, _ = path.rpartition("/")
    return clean(before + slash)


def extension(path: str) -> str:
    """From the last dot of the last element on."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if dot >= 0 else ""


def _is_absolute(path: str) -> bool:
    return path.startswith("/")


FUNCTIONS: Final[Table] = (
    *named(("base", "osBase"), plain, STRING, call=base),
    *named(("dir", "osDir"), plain, STRING, call=directory),
    *named(("ext", "osExt"), plain, STRING, call=extension),
    *named(("clean", "osClean"), plain, STRING, call=clean),
    *named(("isAbs", "osIsAbs"), plain, STRING, call=_is_absolute),
)
