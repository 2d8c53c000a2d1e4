"""The twin by itself, for clients in other processes: it serves until its standard input ends.

The first line that it prints is JSON with its addresses and tokens; the last one what has happened. It ends with 1
where GitHub's description was not kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.twins.github.server import GitHubTwin


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.twins.github", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="directory for the bare repository")
    parser.add_argument("--owner", default="octo-org")
    parser.add_argument("--name", default="fleet")
    parser.add_argument("--branch", default="main", help="the default branch")
    parser.add_argument("--enterprise", action="store_true", help="serve under /api/v3")
    parser.add_argument("--seed", type=Path, help="a directory whose files are the first commit")
    parser.add_argument("--no-pull-requests", action="store_true", help="forbid them to workflows")
    return parser.parse_args()


def _seed(github: GitHubTwin, directory: Path, branch: str) -> None:
    files = {
        path.relative_to(directory).as_posix(): path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(directory).parts
    }
    github.push(
        branch,
        {name: path.read_bytes() for name, path in files.items()},
        modes={name: "100755" for name, path in files.items() if path.stat().st_mode & 0o100},
        message="Initial commit",
    )


def _summary(github: GitHubTwin) -> dict[str, object]:
    return {
        "calls": [f"{call.operation} {call.status}" for call in github.calls],
        "pulls": [
            {"number": pull.number, "state": pull.state, "title": pull.title, "head": pull.head, "body": pull.body}
            for pull in github.pulls()
        ],
        "branches": github.branches(),
        "breaches": github.breaches,
    }


def main() -> int:
    """Serve until the standard input ends."""
    given = _arguments()
    github = GitHubTwin(
        given.root,
        owner=given.owner,
        name=given.name,
        enterprise=given.enterprise,
        default_branch=given.branch,
    )
    github.world.settings.actions_may_create_pull_requests = not given.no_pull_requests
    with github:
        if given.seed:
            _seed(github, given.seed, given.branch)
        addresses = {
            "url": github.url,
            "api_url": github.api_url,
            "graphql_url": github.graphql_url,
            "clone_url": github.clone_url,
            "repository": github.world.full_name,
            "tokens": {"workflow": github.workflow.value, "app": github.app.value, "person": github.person.value},
        }
        print(json.dumps(addresses), flush=True)
        sys.stdin.read()
        print(json.dumps(_summary(github)), flush=True)
        broken, github.breaches = github.breaches, []
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
