"""The scene of the publishing tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.stage import Stage, stage


@pytest.fixture(autouse=True)
def _few_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each run the reading of the system's certificates, which takes longer than all the rest of it."""
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", os.devnull)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Stage]:
    """Both twins, running."""
    with stage(tmp_path) as found:
        yield found
