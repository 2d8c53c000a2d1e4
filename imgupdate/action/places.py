"""Where the files of a run are: for the runner's annotations, and for links to GitHub's pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from imgupdate.action.settings import workspace_of
from imgupdate.cli.checkout import head_commit, repository_root
from imgupdate.cli.settings import RunSettings
from imgupdate.report.links import Links


def file_prefix(root: Path, environment: Mapping[str, str]) -> str:
    """What goes before a path below the root to make it one below the workspace."""
    relative = root.relative_to(workspace_of(environment)).as_posix()
    return "" if relative == "." else f"{relative}/"


def links(settings: RunSettings, environment: Mapping[str, str]) -> Links | None:
    """The addresses of files as they are checked out; None where that is not known, or paths begin elsewhere."""
    commit = head_commit(settings.root) or environment.get("GITHUB_SHA", "")
    known = repository_root(settings.root) in (settings.root, None)
    if not (known and commit and settings.github.repository):
        return None
    return Links(settings.github.server_url, settings.github.repository, commit)
