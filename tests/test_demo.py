"""`make demo` shows what it promises, and would not hide it if it did not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.scene import differences, manifests, registry

ROOT = Path(__file__).parents[1]
HOST = "localhost:5000"


@dataclass(frozen=True)
class Played:
    """A demo that was played: its exit code, what it printed, and what it left in the directory for temporary files."""

    exit_code: int
    output: str
    errors: str
    left: list[str]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    scratch = tmp_path_factory.mktemp("scratch")
    done = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    left = [path.name for path in scratch.iterdir()]
    return Played(exit_code=done.returncode, output=done.stdout, errors=done.stderr, left=left)


def test_the_demo_goes_from_a_registry_to_a_merged_pull_request_and_leaves_nothing_behind(played: Played) -> None:
    assert played.exit_code == 0, played.errors
    first, second, third, fourth = played.output.split("$ cd flux-image-updates && imgupdate")[1:]
    added = re.findall(r"^\+[^+].*", first, re.MULTILINE)
    assert len(added) == 6
    assert all("5.0.3" in line or "1614729269" in line or "2025-03-12" in line for line in added)
    assert "pull request #1 created" in second
    assert re.search(r"\| \| `127\.0\.0\.1:\d+/stefanprodan/podinfo` \| `5\.0\.0` \| `5\.0\.3` \| patch \|", second)
    assert "pull request #1 unchanged" in third
    assert "nothing to publish" in fourth
    assert played.left == []


def test_readme_shows_lines_of_the_demo(played: Played) -> None:
    """With the registries' own names where the demo has the address of the embedded one."""
    shown = re.search(
        r"^```console\n\$ imgupdate run\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert shown
    printed = re.sub(r"127\.0\.0\.1:\d+", "REGISTRY", played.output).splitlines()
    expected = re.sub(r"ghcr\.io|quay\.io", "REGISTRY", shown[1]).splitlines()

    assert [line for line in expected if line not in {*printed, "…"}] == []


def test_the_repository_of_the_demo_has_each_kind_of_the_guide_with_a_marker() -> None:
    texts = manifests("before", HOST).values()
    marked = {text.split("kind: ")[1].split()[0] for text in texts if '"$imagepolicy"' in text}

    assert marked == {"Deployment", "HelmRelease", "Task", "Kustomization"}
    assert any("kustomize.config.k8s.io" in text and '"$imagepolicy"' in text for text in texts)


def test_the_registry_of_the_demo_serves_the_images_of_its_repository() -> None:
    images = set(re.findall(rf"{HOST}/([a-z/]+)", "\n".join(manifests("before", HOST).values())))

    with registry() as twin:
        tags = {image: twin.manifest(image, "latest") for image in images}

    assert set(tags) == {"stefanprodan/podinfo", "minio/mc"}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("clusters/my-cluster/podinfo-deployment.yaml", "# one byte more\n"),
        ("clusters/my-cluster/unexpected.yaml", "kind: List\n"),
    ],
)
def test_the_demo_notices_a_file_that_is_not_as_expected(name: str, line: str) -> None:
    files = {path: text.encode() for path, text in manifests("after", HOST).items()}
    assert differences(files, HOST) == []

    files[name] = files.get(name, b"") + line.encode()

    assert differences(files, HOST) == [name]
