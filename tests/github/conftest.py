"""A GitHub twin with one commit, and the way to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.support import Hub
from tests.twins.github import GitHubTwin

FILES = {"apps/podinfo.yaml": "tag: 1.0.0\n", "apps/redis.yaml": "tag: 7.0.0\n", "run.sh": "#!/bin/sh\n"}


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[GitHubTwin]:
    with GitHubTwin(tmp_path / "fleet.git") as twin:
        twin.push("main", FILES, modes={"run.sh": "100755"}, message="Start")
        yield twin


@pytest.fixture
def hub(twin: GitHubTwin) -> Hub:
    return Hub(twin)
