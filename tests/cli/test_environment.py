"""What is read from the environment."""

from __future__ import annotations

import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from imgupdate.cli.environment import credential_sources, docker_config, registry_client, repository_urls
from imgupdate.cli.settings import GitHubAccess, RunSettings
from imgupdate.config.model import Provider
from imgupdate.errors import ConfigurationError, ScanError
from tests.registry.support import FakeClock, access
from tests.registry.support import repository as image_repository


def repository(root: Path, url: str) -> Path:
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "remote", "add", "origin", url], check=True)
    return root


def test_a_repository_is_known_by_its_workflow_and_by_its_remotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path, "git@git.example:org/other.git")
    monkeypatch.setenv("LC_ALL", "C")
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}

    assert repository_urls(root, path) == ("git@git.example:org/other.git",)
    assert repository_urls(root, path | {"GITHUB_REPOSITORY": "org/app"}) == (
        "https://github.com/org/app",
        "git@git.example:org/other.git",
    )
    assert (
        repository_urls(root, path | {"GITHUB_REPOSITORY": "org/app", "GITHUB_SERVER_URL": "https://git.example"})[0]
        == "https://git.example/org/app"
    )


def test_what_is_no_repository_has_no_address(tmp_path: Path) -> None:
    assert repository_urls(tmp_path, {}) == ()


def test_the_configurations_of_docker_and_podman_are_read_the_first_of_each_that_exists(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_bytes(b"docker")
    (tmp_path / "auth.json").write_bytes(b"podman")
    environment = {"HOME": str(tmp_path / "nowhere"), "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"), "PATH": "/bin"}

    podman = docker_config(environment)
    docker = docker_config(environment | {"DOCKER_CONFIG": str(tmp_path / "docker"), "DOCKER_AUTH_CONFIG": "{}"})

    assert (podman.data, podman.podman, podman.podman_source) == (b"", b"podman", str(tmp_path / "auth.json"))
    assert podman.override == b""
    assert (docker.data, docker.source) == (b"docker", str(tmp_path / "docker" / "config.json"))
    assert (docker.podman, docker.override, docker.search_path) == (b"podman", b"{}", "/bin")


def test_without_any_there_are_no_credentials() -> None:
    assert docker_config({}).data == b""


def test_a_configuration_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()

    with pytest.raises(ConfigurationError, match=r"config\.json cannot be read: Is a directory"):
        docker_config({"DOCKER_CONFIG": str(tmp_path)})


def test_a_configuration_of_absurd_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b" " * ((1 << 20) + 1))

    with pytest.raises(ConfigurationError, match="larger than"):
        docker_config({"DOCKER_CONFIG": str(tmp_path)})


def test_a_client_is_made_of_the_environment(tmp_path: Path) -> None:
    with registry_client({"HTTPS_PROXY": "http://proxy.example:3128", "SSL_CERT_FILE": str(tmp_path)}) as client:
        assert client is not None


def test_bytes_that_are_not_utf_8_are_wrong_values_and_no_defect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    environment = {"HTTPS_PROXY": f"http://us\udcffer:word@127.0.0.1:{port}", "DOCKER_AUTH_CONFIG": "{\udcff}"}

    assert docker_config(environment).override == b"{\xff}"
    del environment["DOCKER_AUTH_CONFIG"]
    sources = credential_sources(RunSettings(root=Path()), environment)
    with (
        registry_client(environment, FakeClock(), credentials=sources) as client,
        pytest.raises(ScanError, match="the proxy does not connect"),
    ):
        client.tags(image_repository(), access())


ACTION = RunSettings(root=Path(), github=GitHubAccess(token="token-of-the-input"), registry_auth=b"{}")


def test_what_is_given_and_what_is_around_each_have_their_place() -> None:
    environment = {
        "GITHUB_ACTOR": "octocat",
        "GITHUB_TOKEN": "token-of-the-environment",
        "GITHUB_SERVER_URL": "https://GitHub.com/",
        "DOCKER_AUTH_CONFIG": "{ }",
        "AWS_PROFILE": "p",
    }

    sources = credential_sources(ACTION, environment)

    assert (sources.given, sources.docker.override, sources.ambient) == (b"{}", b"{ }", frozenset({Provider.AWS}))
    assert set(sources.clouds) == {Provider.AWS, Provider.AZURE, Provider.GCP}
    assert sources.job is not None
    assert (sources.job.username, sources.job.password) == ("octocat", "token-of-the-input")


def test_on_the_command_line_the_token_comes_from_the_environment() -> None:
    sources = credential_sources(RunSettings(root=Path()), {"GITHUB_TOKEN": " token\n", "GH_TOKEN": "other"})

    assert sources.job is not None
    assert (sources.job.username, sources.job.password) == ("unset", "token")
    assert credential_sources(RunSettings(root=Path()), {}).job is None


def test_a_token_of_another_github_is_not_for_github_s_registry() -> None:
    environment = {"GITHUB_SERVER_URL": "https://github.com.evil.example", "GITHUB_TOKEN": "token"}

    assert credential_sources(ACTION, environment).job is None


def test_what_is_around_can_be_left_alone() -> None:
    settings = replace(ACTION, ambient_credentials=False)

    sources = credential_sources(settings, {"GITHUB_TOKEN": "token", "AWS_PROFILE": "p"})

    assert (sources.ambient, sources.job, sources.given) == (frozenset(), None, b"{}")
    assert Provider.AWS in sources.clouds


def test_the_file_that_google_s_login_has_put_into_the_workspace_is_found_in_a_container(tmp_path: Path) -> None:
    """The variable has the path on the runner; in the container of an action the workspace is elsewhere."""
    name, variable = "gha-creds-0123456789abcdef.json", "GOOGLE_APPLICATION_CREDENTIALS"
    (tmp_path / "elsewhere.json").write_text("not google's")
    mounted = tmp_path / name

    def login_with(path: str) -> str:
        environment = {variable: path, "GITHUB_WORKSPACE": str(tmp_path), "NO_GCE_CHECK": "true"}
        with pytest.raises(ScanError) as caught:
            credential_sources(ACTION, environment).clouds[Provider.GCP].credential("gcr.io")
        return caught.value.message

    assert f"/home/runner/{name} cannot be read" in login_with(f"/home/runner/{name}")
    mounted.write_text("[]")
    assert str(mounted) in login_with(f"/home/runner/{name}")
    assert "/home/runner/elsewhere.json cannot be read" in login_with("/home/runner/elsewhere.json")
    there = tmp_path / "there" / name
    there.parent.mkdir()
    there.write_text("[]")
    assert str(there) in login_with(str(there))
