"""A registry for the tests of the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.twins.registry import RegistryTwin


@pytest.fixture
def registry() -> Iterator[RegistryTwin]:
    """An open registry with the tags of one image."""
    with RegistryTwin() as twin:
        twin.fill("podinfo", ["5.0.0", "5.0.3", "5.1.0", "latest"])
        yield twin
