"""What is written about the project beside its code, and the commands that it names, are true."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgupdate import __version__

ROOT = Path(__file__).parents[1]
TEXT_LIMIT = 5_000_000

# Spelled in pieces, so that this file does not hold what it looks for.
MACHINE_PATHS = tuple("/" + path for path in ("work/main", "work/shared", "work/.library", "root/.pyenv", "opt/wheels"))
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("python" + "hosted", "org"),
        ("registry", "npmjs"),
        ("deb", "debian"),
        ("crates", "io"),
        ("proxy", "golang"),
    )
)


def tracked() -> list[str]:
    """The files that are committed or about to be."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def pages() -> list[str]:
    return [name for name in tracked() if name.endswith(".md")]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_version_is_the_newest_of_the_changelog() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert newest
    assert newest[1] == __version__


def test_the_makefile_has_the_commands_that_people_are_told_and_help_lists_them_all() -> None:
    assert make_targets() == {"demo", "test", "check", "bench", "fuzz", "lock", "clean", "help"}

    listed = subprocess.run(["make", "-C", str(ROOT), "--silent", "help"], check=True, capture_output=True, text=True)
    assert set(re.findall(r"make ([a-z]+)", listed.stdout)) == make_targets()


def test_no_page_names_a_make_target_that_is_not_there() -> None:
    named = {
        (page, target) for page in pages() for target in re.findall(r"\bmake ([a-z]+)`", (ROOT / page).read_text())
    }

    assert {(page, target) for page, target in named if target not in make_targets()} == set()


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_readme_names_the_two_commands_and_ci_runs_them(command: str) -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert command in (ROOT / "README.md").read_text()
    assert re.search(rf"^{command}\b", script, re.MULTILINE)


def test_ci_fails_where_a_step_fails_and_where_a_program_is_missing() -> None:
    path = ROOT / ".ci" / "run"
    script = path.read_text()

    assert os.access(path, os.X_OK)
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in script
    assert "--demand-programs" in script


def test_no_tracked_file_names_a_path_of_one_machine_or_the_host_of_a_package_registry() -> None:
    wrong = []
    for name in tracked():
        content = (ROOT / name).read_bytes()[:TEXT_LIMIT].decode(errors="replace")
        wrong += [f"{name}: {text}" for text in (*MACHINE_PATHS, *REGISTRY_HOSTS) if text in content]

    assert wrong == []


def links(page: str) -> Iterator[tuple[str, str]]:
    """The relative links of a page: the file that each leads to, and the heading in it."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, heading = target.partition("#")
            yield os.path.normpath(Path(page).parent / path) if path else page, heading


def anchors(page: str) -> set[str]:
    """The headings of a page as GitHub links to them."""
    found = re.findall(r"^#+ (.+?)\s*$", (ROOT / page).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", pages())
def test_each_link_of_a_page_leads_somewhere(page: str) -> None:
    broken = [
        f"{path}#{heading}" if heading else path
        for path, heading in links(page)
        if not (ROOT / path).exists() or (heading and path.endswith(".md") and heading not in anchors(path))
    ]

    assert broken == []


def test_each_test_that_a_page_names_exists() -> None:
    sources = "\n".join((ROOT / name).read_text() for name in tracked() if re.match(r"tests/.*\.py$", name))
    existing = set(re.findall(r"^ *def (test_\w+)\(", sources, re.MULTILINE))
    files = {Path(name).stem for name in tracked() if name.startswith("tests/")}

    named = {(page, name) for page in pages() for name in re.findall(r"\b(test_\w+)\b", (ROOT / page).read_text())}

    assert {(page, name) for page, name in named if name not in existing | files} == set()
