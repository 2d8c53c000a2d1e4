"""Docker's configuration: where it is, and whose entry is whose (spec/registry.md 7.1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.docker_config import (
    DockerCredentials,
    docker_config_paths,
    normalise_key,
    podman_config_paths,
)
from imgupdate.registry.credentials.helpers import Helpers
from tests.registry.support import entry

HUB = ("index.docker.io", "library/ubuntu")
QUAY = ("quay.io", "org/app")


def credentials(config: object, search_path: str = "") -> DockerCredentials:
    data = config if isinstance(config, bytes) else json.dumps(config).encode()
    return DockerCredentials(data, "config.json", Helpers(search_path))


def user(config: object, host: str, path: str, search_path: str = "") -> str | None:
    found = credentials(config, search_path).find(host, path)
    return None if found is None else found.username


@pytest.mark.parametrize(
    ("key", "image", "matches"),
    [
        ("https://index.docker.io/v1/", HUB, True),
        ("https://index.docker.io/v1", HUB, True),
        ("index.docker.io", HUB, True),
        ("docker.io", HUB, True),
        ("registry-1.docker.io", HUB, True),
        ("https://registry-1.docker.io/v2/", HUB, True),
        ("index.docker.io/library/ubuntu", HUB, True),
        ("docker.io/library", HUB, True),
        ("docker.io/other", HUB, False),
        ("quay.io", QUAY, True),
        ("http://quay.io", QUAY, True),
        ("https://quay.io/", QUAY, True),
        ("https://quay.io/v1/", QUAY, True),
        ("https://quay.io/v2/", QUAY, True),
        ("QUAY.io", QUAY, True),
        ("quay.io:443", QUAY, True),
        ("quay.io:5000", QUAY, False),
        ("quay.io/org/app", QUAY, True),
        ("quay.io/org", QUAY, True),
        ("quay.io/org/", QUAY, True),
        ("quay.io/other", QUAY, False),
        ("quay.io/or", QUAY, False),
        ("quay.io/org/app/more", QUAY, False),
        ("*.io", QUAY, False),
        ("evilquay.io", QUAY, False),
    ],
)
def test_a_key_matches_by_host_and_by_whole_parts_of_the_path(key: str, image: tuple[str, str], matches: bool) -> None:
    assert (user({"auths": {key: entry("alice")}}, *image) == "alice") is matches


def test_the_longest_key_wins() -> None:
    config = {"auths": {"quay.io": entry("a"), "quay.io/org/app": entry("c"), "quay.io/org": entry("b")}}

    assert [user(config, "quay.io", path) for path in ("org/app", "org/app/x", "org/other", "else")] == [
        "c",
        "c",
        "b",
        "a",
    ]


def test_an_empty_entry_gives_way_to_a_shorter_key() -> None:
    assert user({"auths": {"quay.io/org": {}, "quay.io": entry("a")}}, *QUAY) == "a"


@pytest.mark.parametrize("config", [b"", b"  \n", {}, {"auths": None}, {"auths": []}, {"auths": {}}])
def test_a_configuration_without_entries_has_none(config: object) -> None:
    assert user(config, *QUAY) is None


def test_a_broken_entry_is_passed_over_with_a_warning() -> None:
    found = credentials({"auths": {"quay.io/\x1borg": {"auth": "%%%"}, "quay.io": entry("a")}})

    assert found.find(*QUAY) is not None
    assert found.warnings == ["config.json: the entry 'quay.io/ org' is passed over: its auth is not base64"]


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
def test_a_file_that_is_none_is_an_error_where_it_is_needed(data: bytes) -> None:
    with pytest.raises(ScanError, match=r"config\.json is not a docker configuration") as caught:
        credentials(data).find(*QUAY)

    assert "docker login" in caught.value.remedy


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("https://index.docker.io/v1/", ("index.docker.io", "")),
        ("ghcr.io/v2/app", ("ghcr.io", "v2/app")),
        ("localhost:5000/x/", ("localhost:5000", "x")),
        ("", ("", "")),
    ],
)
def test_keys_are_put_into_one_form(key: str, expected: tuple[str, str]) -> None:
    assert normalise_key(key) == expected


class TestHelpers:
    def test_a_helper_of_the_host_comes_before_the_store_and_that_before_the_entries(
        self, helper: Callable[..., str], tmp_path: Path
    ) -> None:
        search_path = helper("one", username="of-host")
        helper("two", username="of-store")
        config = {"credHelpers": {"Quay.IO": "one"}, "credsStore": "two", "auths": {"quay.io": entry("of-entry")}}

        assert user(config, *QUAY, search_path) == "of-host"
        assert user(config, "ghcr.io", "a", search_path) == "of-store"

    def test_where_the_store_has_nothing_the_entry_counts(self, helper: Callable[..., str]) -> None:
        search_path = helper("two", found=False)

        config = {"credsStore": "two", "auths": {"quay.io": entry("of-entry")}}

        assert user(config, *QUAY, search_path) == "of-entry"

    def test_docker_hub_has_its_old_name_for_helpers(self, helper: Callable[..., str], tmp_path: Path) -> None:
        search_path = helper("one", username="u")

        assert user({"credHelpers": {"docker.io": "one"}}, *HUB, search_path) == "u"
        assert (tmp_path / "one.asked").read_text() == "https://index.docker.io/v1/\n"

    def test_a_helper_that_is_not_there_is_an_error(self) -> None:
        with pytest.raises(ScanError, match="docker-credential-desktop, which is not on the PATH"):
            user({"credsStore": "desktop"}, *QUAY)

    def test_a_helper_that_is_no_text_is_none(self) -> None:
        assert user({"credsStore": 5, "credHelpers": {"quay.io": []}}, *QUAY) is None


class TestPaths:
    def test_the_configuration_is_looked_for_where_docker_and_podman_keep_it(self) -> None:
        environment = {"HOME": "/home/me", "REGISTRY_AUTH_FILE": "/run/auth.json", "XDG_RUNTIME_DIR": "/run/user/1"}

        assert docker_config_paths(environment) == ("/home/me/.docker/config.json",)
        assert podman_config_paths(environment) == (
            "/run/auth.json",
            "/run/user/1/containers/auth.json",
            "/home/me/.config/containers/auth.json",
        )

    def test_a_named_directory_takes_the_place_of_that_in_the_home(self) -> None:
        environment = {"HOME": "/home/me", "DOCKER_CONFIG": "/cfg", "XDG_CONFIG_HOME": "/conf"}

        assert docker_config_paths(environment) == ("/cfg/config.json",)
        assert podman_config_paths(environment) == ("/conf/containers/auth.json",)

    def test_an_empty_environment_names_no_file(self) -> None:
        assert docker_config_paths({}) == ()
        assert podman_config_paths({}) == ()
