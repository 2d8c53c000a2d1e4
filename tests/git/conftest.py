"""A remote repository with one marked file, for every test that asks for one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.git.support import MARKED, Hosted, make_hosted, settle


@pytest.fixture(scope="session")
def prototype(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to copy, which is faster than to make one."""
    folder = tmp_path_factory.mktemp("prototype")
    found = make_hosted(folder)
    found.write({"app.yaml": MARKED, "notes.txt": "words\n"})
    found.save("first")
    return folder


@pytest.fixture
def hosted(prototype: Path, tmp_path: Path) -> Hosted:
    shutil.copytree(prototype, tmp_path, symlinks=True, dirs_exist_ok=True)
    return settle(tmp_path)
