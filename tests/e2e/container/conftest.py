"""The image that `.ci/container` has built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.container.image import Image


@pytest.fixture(scope="session")
def image(pytestconfig: pytest.Config) -> Image:
    folder = pytestconfig.getoption("--image")
    assert isinstance(folder, str)
    return Image(folder=Path(folder).resolve())
