"""The demo's props: a registry that serves `tags/`, and a repository on a GitHub that holds `before/`.

The manifests name the real registries. On the stage, the embedded ones play their part.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.twins.github import GitHubTwin
from tests.twins.registry import RegistryTwin

HERE = Path(__file__).parent
PLAYED = ("ghcr.io", "quay.io")
ENVIRONMENT = ("PATH", "TERM", "COLUMNS", "LINES", "NO_COLOR", "LANG", "LC_ALL")
OWNER, NAME = "you", "flux-image-updates"
REMOTE = f"ssh://git@github.com/{OWNER}/{NAME}"


@contextmanager
def registry() -> Iterator[RegistryTwin]:
    """A registry on a free port with one repository for each file of `tags/`, as long as the block runs."""
    with RegistryTwin() as twin:
        for path in sorted((HERE / "tags").rglob("*.txt")):
            twin.fill(path.relative_to(HERE / "tags").with_suffix("").as_posix(), path.read_text().split())
        yield twin


def manifests(act: str, host: str) -> dict[str, str]:
    """The manifests of `before` or `after` by path, with images at `host`."""
    texts = {}
    for path in sorted((HERE / act).rglob("*.yaml")):
        text = path.read_text()
        for played in PLAYED:
            text = text.replace(f"{played}/", f"{host}/")
        texts[path.relative_to(HERE / act).as_posix()] = text
    return texts


@contextmanager
def github(folder: Path, host: str) -> Iterator[GitHubTwin]:
    """A GitHub with the repository that Flux is bootstrapped from, as long as the block runs."""
    with GitHubTwin(folder / f"{NAME}.git", owner=OWNER, name=NAME) as twin:
        twin.push("main", dict(manifests("before", host)), message="Add the manifests of the guide")
        yield twin


def in_workflow(twin: GitHubTwin, home: Path) -> dict[str, str]:
    """What a step of a workflow has in its environment besides: where GitHub is, and a token for it."""
    return environment(home) | {
        "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
        "GITHUB_SERVER_URL": twin.url,
        "GITHUB_API_URL": twin.api_url,
        "GITHUB_GRAPHQL_URL": twin.graphql_url,
        "GITHUB_TOKEN": twin.workflow.value,
    }


def lay_out(root: Path, host: str) -> None:
    """Make a Git repository of the manifests of `before`, as a clone of the one on GitHub."""
    for name, text in manifests("before", host).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for arguments in (("init", "--quiet", "--initial-branch=main"), ("remote", "add", "origin", REMOTE)):
        subprocess.run(["git", "-C", str(root), *arguments], env=environment(root), check=True)


def environment(home: Path) -> dict[str, str]:
    """What a program of the demo sees of the viewer's environment: no credentials, proxies or settings of Git."""
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return kept | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "PYTHONPATH": str(HERE.parent)}


def differences(files: Mapping[str, bytes], host: str) -> list[str]:
    """The paths of a tree whose content is not what `after` says, or that are not there at all."""
    expected = manifests("after", host)
    found = {path: content.decode() for path, content in files.items()}
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
