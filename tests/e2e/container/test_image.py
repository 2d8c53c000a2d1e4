"""What is in the image and what is not, and that it is the command line as well."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from imgupdate import __version__
from tests.e2e.container.image import Image

pytestmark = pytest.mark.needs_image

SECONDS = 60
PACKAGES = "opt/imgupdate/lib/python3.*/site-packages"


def run(image: Image, *arguments: str, command: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    """`docker run --rm IMAGE ARGUMENTS`, or another command in the same container."""
    invocation = image.invocation([*(command or image.entrypoint), *arguments], {}, {}, "/")
    return subprocess.run(
        invocation.arguments,
        env=dict(invocation.environment),
        cwd=invocation.directory,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_the_image_says_what_it_is_and_starts_without_a_shell_as_root(image: Image) -> None:
    config = image.config

    assert config["Entrypoint"] == ["/opt/imgupdate/bin/python", "-I", "-B", "-u", "/opt/imgupdate/entrypoint.py"]
    assert not config.get("Cmd")
    assert not config.get("User")
    assert not config.get("Volumes")
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert labels["title"] == "imgupdate"
    assert labels["licenses"] == "Apache-2.0"
    assert labels["version"] == __version__
    assert len(labels["revision"]) == 40
    assert "cluster" in labels["description"]


def test_no_variable_of_the_image_comes_from_the_machine_that_built_it(image: Image) -> None:
    ours = {"PATH", "LANG"}
    of_the_base = {"GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256"}

    assert set(image.environment) <= ours | of_the_base


@pytest.mark.parametrize("name", ["pip", "setuptools", "wheel", "hatchling", "ensurepip", "tests", "test"])
def test_what_only_installs_or_tests_is_not_shipped(image: Image, name: str) -> None:
    assert [*image.root.glob(f"{PACKAGES}/{name}"), *image.root.glob(f"{PACKAGES}/{name}-*")] == []


def test_the_environment_has_no_program_but_its_interpreter(image: Image) -> None:
    assert all(path.name.startswith("python") for path in (image.root / "opt/imgupdate/bin").iterdir())


@pytest.mark.parametrize(
    "path",
    [
        "usr/bin/gcc*",
        "usr/bin/cc",
        "usr/bin/make",
        "usr/share/perl/5*",
        "usr/lib/git-core/git-svn",
        "usr/bin/ssh-agent",
        "root/.cache",
        "etc/pip.conf",
        "run/pip-ca.pem",
        "run/secrets/*",
        "source",
        "container",
        "wheels",
        "opt/tools",
        "var/lib/apt/lists/*",
        "var/cache/apt/*.bin",
        "var/log/*.log",
        "tmp/*",
    ],
)
def test_nothing_of_building_is_left(image: Image, path: str) -> None:
    assert [found for found in image.root.glob(path) if found.stat().st_size or found.is_dir()] == []


def test_every_module_that_a_run_may_import_has_its_bytecode(image: Image) -> None:
    (packages,) = image.root.glob(PACKAGES)
    sources = [path for path in (packages / "imgupdate").rglob("*.py") if path.name != "__main__.py"]

    bare = [path for path in sources if not [*path.parent.glob(f"__pycache__/{path.stem}.*.pyc")]]

    assert len(sources) > 20
    assert bare == []


def test_the_bill_of_materials_lists_what_is_installed(image: Image) -> None:
    bill = json.loads((image.root / "opt/imgupdate/sbom.cdx.json").read_text())
    (packages,) = image.root.glob(PACKAGES)
    installed = {path.name.split("-")[0].lower().replace("_", "-") for path in packages.glob("*.dist-info")}
    listed = [component["purl"] for component in bill["components"]]

    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/imgupdate@{__version__}"
    python = {address.split("/")[1].split("@")[0] for address in listed if address.startswith("pkg:pypi/")}
    assert python == installed - {"imgupdate"}
    debian = {address.split("/")[2].split("@")[0] for address in listed if address.startswith("pkg:deb/debian/")}
    assert {"git", "gpg", "openssh-client", "libc6", "ca-certificates"} <= debian
    assert "imgupdate-unused" not in debian
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("arguments", [["run", "--help"], ["--help"], ["--version"]])
def test_the_image_is_the_command_line_where_no_runner_calls_it(image: Image, arguments: list[str]) -> None:
    done = run(image, *arguments)

    assert done.returncode == 0
    assert "imgupdate" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    "command",
    [
        ["git", "--version"],
        ["git", "ls-remote", "/nowhere.git"],
        ["gpg", "--version"],
        ["gpg-agent", "--version"],
        ["ssh", "-V"],
        ["ssh-keygen", "-A", "-f", "/tmp"],
    ],
    ids=lambda command: command[0] + command[1],
)
def test_the_programs_that_sign_and_push_can_be_started(image: Image, command: list[str]) -> None:
    done = run(image, command=command)

    assert done.returncode in {0, 1, 128}
    assert "error while loading shared libraries" not in done.stderr
    assert "not found" not in done.stderr


@pytest.mark.parametrize("address", ["https://127.0.0.1:1/x.git", "http://127.0.0.1:1/x.git"])
def test_git_speaks_http_and_https(image: Image, address: str) -> None:
    done = run(image, command=["git", "ls-remote", address])

    assert done.returncode == 128
    assert "Failed to connect" in done.stderr


def test_git_commits_clones_and_pushes(image: Image, tmp_path: Path) -> None:
    script = """
        git init -q --bare there.git
        git clone -q there.git here
        cd here
        echo x >file
        git add file
        git -c user.name=n -c user.email=e commit -qm message
        git push -q origin HEAD:refs/heads/branch
        git -C ../there.git log branch
    """
    invocation = image.invocation(["/bin/sh", "-ec", script], {"HOME": "/tmp"}, {tmp_path: "/mnt"}, "/mnt")
    done = subprocess.run(
        invocation.arguments, env=dict(invocation.environment), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "commit " in done.stdout


def test_the_size_of_the_image(image: Image, tell: Callable[[str], None]) -> None:
    layers = image.layers

    total = layers.base + layers.ours
    tell(
        f"the image, compressed: {total / 1e6:.1f} MB = {layers.base / 1e6:.1f} MB of the base"
        f" + {layers.ours / 1e6:.1f} MB of ours"
    )

    assert layers.base > 20_000_000
    assert total < 90_000_000
