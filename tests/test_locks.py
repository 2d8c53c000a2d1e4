"""The lock files: what pyproject.toml asks for, pinned and hashed, from no particular index."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
REMEDY = "run `make lock`"

PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?P<marker> ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?P<more> \\)?")


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, str]:
    found = (PIN.fullmatch(line) for line in (ROOT / lock).read_text().splitlines())
    return {match["name"]: match["version"] for match in found if match}


def asked_for(lock: str) -> Iterator[Requirement]:
    """What a lock has to hold: the run time and its extras; for development also its group and the build backend.

    The lock of the build backend is for the image, which builds the package in a stage of its own.
    """
    project = pyproject()
    texts: list[str] = [*project["build-system"]["requires"]] if lock != "requirements.lock" else []
    if lock != "requirements-build.lock":
        texts += project["project"]["dependencies"]
        for extra in project["project"]["optional-dependencies"].values():
            texts += extra
    if lock == "requirements-dev.lock":
        texts += [entry for entry in project["dependency-groups"]["dev"] if isinstance(entry, str)]
    return (Requirement(text) for text in texts)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_all_that_pyproject_asks_for_within_its_bounds(lock: str) -> None:
    locked = pins(lock)

    wrong = [
        str(wanted)
        for wanted in asked_for(lock)
        if (version := locked.get(canonicalize_name(wanted.name))) is None or not wanted.specifier.contains(version)
    ]

    assert wrong == [], REMEDY


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_nothing_but_pins_and_their_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text()
    open_pin = False
    odd = []
    for number, line in enumerate(text.splitlines(), 1):
        hashed = HASH.fullmatch(line)
        if not (line.startswith("#") or (hashed if open_pin else PIN.fullmatch(line))):
            odd.append(f"{lock}:{number}: {line}")
        open_pin = bool(hashed["more"]) if hashed else not line.startswith("#")

    assert odd == [], REMEDY
    assert not open_pin
    assert "://" not in text


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_development_runs_on_the_versions_that_users_get(lock: str) -> None:
    development = pins("requirements-dev.lock")

    differing = {name for name, version in pins(lock).items() if development.get(name) != version}

    assert differing == set(), REMEDY
