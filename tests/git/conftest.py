"""A remote repository with one marked file, for every test that asks for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git.support import MARKED, Hosted, make_hosted


@pytest.fixture
def hosted(tmp_path: Path) -> Hosted:
    found = make_hosted(tmp_path)
    found.write({"app.yaml": MARKED, "notes.txt": "words\n"})
    found.save("first")
    return found
