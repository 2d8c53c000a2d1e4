"""Credential helpers that are small programs of a test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def helper(tmp_path: Path) -> Callable[..., str]:
    """Write a helper program; gives the search path that leads to it. What it is asked goes into `<name>.asked`."""

    def write(
        name: str,
        *,
        username: str = "alice",
        secret: str = "secret-of-alice",
        found: bool = True,
        output: str | None = None,
        status: int = 0,
        body: str = "",
    ) -> str:
        answer = json.dumps({"ServerURL": "x", "Username": username, "Secret": secret}) if output is None else output
        if not found:
            answer, status = "credentials not found in native keychain", 1
        (tmp_path / f"{name}.out").write_text(answer)
        program = tmp_path / f"docker-credential-{name}"
        program.write_text(
            "#!/bin/sh\n"
            f'cat >> "{tmp_path}/{name}.asked"; echo >> "{tmp_path}/{name}.asked"\n'
            f'echo "$@" >> "{tmp_path}/{name}.arguments"\n'
            f"{body}\n"
            f'cat "{tmp_path}/{name}.out"\n'
            f"exit {status}\n"
        )
        program.chmod(0o700)
        return str(tmp_path)

    return write
