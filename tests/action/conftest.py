"""A registry and a runner for the tests of the action."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import guide
from tests.twins.registry import RegistryTwin
from tests.twins.runner import Runner


@pytest.fixture
def registry() -> Iterator[RegistryTwin]:
    """An open registry with the tags of one image."""
    with RegistryTwin() as twin:
        twin.fill("podinfo", ["5.0.0", "5.0.3", "5.1.0", "latest"])
        yield twin


@pytest.fixture
def runner(tmp_path: Path, registry: RegistryTwin) -> Runner:
    """A runner whose workspace holds a policy, and a Deployment that is behind."""
    made = Runner(tmp_path)
    guide(made.workspace, registry.host)
    return made
