"""A GitHub twin with one commit, and a client that knows nothing of it but HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twins.github import GitHubTwin
from tests.twins.github_client import Client

FILES = {"apps/podinfo.yaml": "tag: 1.0.0\n", "apps/redis.yaml": "tag: 7.0.0\n", "run.sh": "#!/bin/sh\n"}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubTwin]:
    with GitHubTwin(tmp_path / "fleet.git") as twin:
        twin.push("main", FILES, modes={"run.sh": "100755"}, message="Start")
        yield twin


@pytest.fixture
def client(github: GitHubTwin) -> Client:
    return Client(github, github.workflow)
