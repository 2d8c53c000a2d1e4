"""The scripts of the release workflow, run on copies of what they read, with a `gh` that keeps what it is asked."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from imgupdate import __version__

ROOT = Path(__file__).parents[1]
DIGEST = f"sha256:{'ab' * 32}"
NAME = "ghcr.io/org/imgupdate"
MAJOR = __version__.partition(".")[0]

# Answers by the last words of the address; an address that ends in a tag of nobody's is not found.
GH = """#!/usr/bin/env python3
import json, os, sys
words = sys.argv[1:]
content = next((open(w.partition("=@")[2]).read() for w in words if "=@" in w), None)
with open(os.environ["GH_LOG"], "a") as log:
    log.write(json.dumps({"words": words, "content": content}) + "\\n")
if any(known in word for word in words for known in os.environ["GH_MISSING"].split()):
    sys.exit(1)
for ending, answer in (("/git/trees", "the-tree"), ("/git/commits", "the-commit")):
    if any(word.endswith(ending) for word in words):
        print(answer)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a script ended, what it asked of GitHub, and what it left in its folder."""

    exit_code: int
    said: str
    asked: list[dict[str, Any]]
    output: str


def script(job: str, step: str) -> str:
    steps = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"][job]["steps"]
    (found,) = (each["run"] for each in steps if each.get("name") == step)
    assert isinstance(found, str)
    return found


def run(folder: Path, text: str, *, missing: str = "", **variables: str) -> Done:
    """Run a script as the runner runs `shell: bash`, in a folder with the files of the release."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "gh").write_text(GH)
    (programs / "gh").chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "GH_LOG": str(folder / "gh.log"),
        "GH_MISSING": missing,
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REPOSITORY": "org/imgupdate",
        "GITHUB_SHA": "the-head-of-main",
        "NAME": NAME,
        "DIGEST": DIGEST,
        "VERSION": __version__,
        "COMMIT": "the-commit",
    }
    for name in ("action.yml", "CHANGELOG.md", "imgupdate/__init__.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((ROOT / name).read_text())
    for name in ("output", "gh.log"):
        (folder / name).touch()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(
        exit_code=done.returncode,
        said=done.stdout + done.stderr,
        asked=[json.loads(line) for line in (folder / "gh.log").read_text().splitlines()],
        output=(folder / "output").read_text(),
    )


VERSION = ("version", "On main, in the package and the changelog, and not released yet")
COMMIT = ("publish", "Commit an action.yml that names the image, and tag the commit")
RELEASE = ("publish", "Make the release, which can not be changed afterwards")
MOVE = ("publish", "Move the tag of the major version")


DATED = f"sed --in-place 's/^\\(## {__version__} [^ ]*\\) .*/\\1 2026-01-31/' CHANGELOG.md\n"
UNDATED = DATED.replace("2026-01-31", "unreleased")


def test_the_version_of_the_package_can_be_released_once_it_has_its_date(tmp_path: Path) -> None:
    done = run(tmp_path, DATED + script(*VERSION), missing=f"tags/v{__version__}")

    assert done.exit_code == 0, done.said


@pytest.mark.parametrize(
    ("missing", "before", "variables"),
    [
        ("", DATED, {}),
        ("tags/", UNDATED, {}),
        ("tags/", DATED, {"VERSION": "99.0.0"}),
        ("tags/", DATED, {"VERSION": f"v{__version__}"}),
        ("tags/", DATED, {"VERSION": f"{__version__}; id"}),
        ("tags/", DATED, {"GITHUB_REF": "refs/heads/topic"}),
    ],
    ids=["released already", "without a date", "another version", "with a v", "a command", "not on main"],
)
def test_what_is_not_to_be_released_is_not(
    tmp_path: Path, missing: str, before: str, variables: dict[str, str]
) -> None:
    assert run(tmp_path, before + script(*VERSION), missing=missing, **variables).exit_code != 0


def test_the_commit_of_a_release_differs_from_main_in_the_image_of_the_action(tmp_path: Path) -> None:
    done = run(tmp_path, script(*COMMIT))

    assert done.exit_code == 0, done.said
    tree, commit, tag = done.asked
    before, after = (ROOT / "action.yml").read_text(), tree["content"]
    assert after == before.replace("image: Dockerfile", f"image: docker://{NAME}@{DIGEST}")
    assert yaml.safe_load(after)["runs"] == {"using": "docker", "image": f"docker://{NAME}@{DIGEST}"}
    assert {"base_tree=the-head-of-main", "tree[][path]=action.yml", "tree[][mode]=100644"} <= set(tree["words"])
    assert {"tree=the-tree", "parents[]=the-head-of-main"} <= set(commit["words"])
    assert {f"ref=refs/tags/v{__version__}", "sha=the-commit"} <= set(tag["words"])
    assert done.output == "sha=the-commit\n"


def test_an_action_without_the_line_is_not_released(tmp_path: Path) -> None:
    broken = f"sed --in-place 's/image: Dockerfile/image: Containerfile/' action.yml\n{script(*COMMIT)}"

    done = run(tmp_path, broken)

    assert done.exit_code != 0
    assert done.asked == []


def test_the_release_says_what_changed_and_how_to_pin_and_verify_it(tmp_path: Path) -> None:
    done = run(tmp_path, script(*RELEASE))

    assert done.exit_code == 0, done.said
    notes = (tmp_path / "notes.md").read_text()
    newest = (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1].partition("\n")[2].strip()
    assert newest in notes
    assert f"uses: org/imgupdate@the-commit # v{__version__}" in notes
    assert f"gh attestation verify oci://{NAME}@{DIGEST} --repo org/imgupdate" in notes
    assert done.asked[0]["words"][:3] == ["release", "create", f"v{__version__}"]


@pytest.mark.parametrize("missing", ["", "PATCH"], ids=["there already", "the first of its major version"])
def test_the_tag_of_the_major_version_moves_or_is_made(tmp_path: Path, missing: str) -> None:
    done = run(tmp_path, script(*MOVE), missing=missing)

    assert done.exit_code == 0, done.said
    assert f"repos/org/imgupdate/git/refs/tags/v{MAJOR}" in done.asked[0]["words"]
    assert "force=true" in done.asked[0]["words"]
    made = [asked["words"] for asked in done.asked[1:]]
    assert [f"ref=refs/tags/v{MAJOR}" in words for words in made] == ([True] if missing else [])
