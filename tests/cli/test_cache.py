"""Runs with a cache: what the second one asks for, and what it says when the folder is of no use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import Ran, Tree, guide, imgupdate, run_json
from tests.registry.support import FakeClock
from tests.twins.registry import RegistryTwin

CLEAN: dict[str, str] = {}


@pytest.fixture
def tree(tmp_path: Path, registry: RegistryTwin) -> Tree:
    registry.fill("podinfo", ["5.0.0", "5.0.1"])
    (tmp_path / "tree").mkdir()
    return guide(tmp_path / "tree", registry.host)


def tried(tree: Tree, clock: FakeClock, **given: Any) -> Ran:
    return run_json(tree.root, clock=clock, environment=CLEAN, write=False, **given)


def test_an_image_is_asked_for_again_when_its_interval_has_passed(
    tmp_path: Path, tree: Tree, registry: RegistryTwin
) -> None:
    clock = FakeClock()
    asked = []
    for wait in (0.0, 200.0, 200.0):
        clock.pass_by(wait)
        ran = tried(tree, clock, cache_dir=tmp_path / "cache", respect_interval=True)
        assert (ran.code, ran.problems) == (0, [])
        assert ran.document["policies"][0]["tag"] == "5.0.1"
        asked.append(len(registry.requests))

    assert asked == [1, 1, 2]


def test_an_image_that_an_event_names_is_asked_for_whatever_its_interval(
    tmp_path: Path, tree: Tree, registry: RegistryTwin
) -> None:
    clock = FakeClock()
    cache = {"cache_dir": tmp_path / "cache", "respect_interval": True}
    tried(tree, clock, **cache)
    registry.fill("podinfo", ["5.0.2"])

    ran = tried(tree, clock, only_images=(f"{registry.host}/podinfo",), **cache)

    assert ran.document["policies"][0]["tag"] == "5.0.2"


def test_without_being_told_to_nothing_is_kept_and_every_run_asks(tree: Tree, registry: RegistryTwin) -> None:
    clock = FakeClock()
    tried(tree, clock)
    tried(tree, clock)

    assert len(registry.requests) == 2
    assert tree.changed == set()


def test_what_is_wrong_with_the_cache_is_a_notice_and_no_failure(tmp_path: Path, tree: Tree) -> None:
    clock = FakeClock()
    folder = tmp_path / "cache"
    tried(tree, clock, cache_dir=folder, respect_interval=True)
    (file,) = folder.iterdir()
    file.write_bytes(b"{}")

    ran = tried(tree, clock, cache_dir=folder, respect_interval=True)

    assert ran.code == 0
    told = f"notice None:: the file {file.name} of the cache is not what it should be, and is left aside; "
    assert ran.problems == [told + "nothing is lost but time; remove the file, or the folder with all of the cache"]


def test_a_folder_that_cannot_be_used_is_a_notice_and_no_failure(tmp_path: Path, tree: Tree) -> None:
    (tmp_path / "cache").write_text("a file")

    ran = tried(tree, FakeClock(), cache_dir=tmp_path / "cache")

    assert ran.code == 0
    assert ["cannot be used: not a directory" in problem for problem in ran.problems] == [True]


def test_intervals_cannot_be_respected_without_a_cache(tree: Tree) -> None:
    ran = imgupdate("run", "--path", str(tree.root), "--respect-interval")

    assert ran.code == 2
    assert "respect-interval is of no use without cache-dir" in ran.err


def test_the_command_line_makes_the_folder(tmp_path: Path, tree: Tree) -> None:
    folder = tmp_path / "new" / "cache"

    ran = imgupdate("run", "--path", str(tree.root), "--cache-dir", str(folder), "--respect-interval")

    assert ran.code == 0
    assert [path.name.partition("-")[0] for path in folder.iterdir()] == ["tags"]
