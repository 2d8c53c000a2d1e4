"""What every git process is given, and that there is nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgupdate.config.model import Proxy
from imgupdate.git.access import Connection, GitCredentials, read_address
from imgupdate.git.environment import Environments

REPOSITORY = Path("/scratch/objects.git")
COMMON = {
    *("PATH", "HOME", "TMPDIR", "LC_ALL", "GIT_DIR", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_ATTR_NOSYSTEM"),
    *("GIT_TERMINAL_PROMPT", "GIT_NO_REPLACE_OBJECTS", "GIT_NO_LAZY_FETCH", "GIT_OPTIONAL_LOCKS", "GIT_ALLOW_PROTOCOL"),
    "GIT_CONFIG_COUNT",
}
HARMLESS = {
    "safe.directory": str(REPOSITORY),
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.askPass": "",
    "credential.helper": "",
    "gc.auto": "0",
    "push.gpgSign": "false",
    "transfer.fsckObjects": "true",
}


def environments(folder: Path, url: str, connection: Connection) -> Environments:
    address, credentials = read_address(url, GitCredentials.of_token("geheim"), connection)
    return Environments(address, credentials, connection, folder=folder, search_path="/usr/bin")


def settings(variables: dict[str, str]) -> dict[str, str]:
    """Git's settings in an environment, which are as many as it says."""
    count = int(variables["GIT_CONFIG_COUNT"])
    found = {variables[f"GIT_CONFIG_KEY_{n}"]: variables[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}
    assert len(found) == count
    return found


def others(variables: dict[str, str]) -> set[str]:
    return {name for name in variables if not name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))}


def test_local_commands_have_a_home_of_their_own_no_settings_of_others_and_no_way_out(tmp_path: Path) -> None:
    variables = environments(tmp_path, "https://example.com/x", Connection()).local(REPOSITORY)

    assert others(variables) == COMMON
    assert (variables["HOME"], variables["PATH"]) == (str(tmp_path), "/usr/bin")
    assert (variables["GIT_CONFIG_GLOBAL"], variables["GIT_CONFIG_NOSYSTEM"]) == ("/dev/null", "1")
    assert variables["GIT_ALLOW_PROTOCOL"] == ""
    assert settings(variables).items() >= HARMLESS.items()
    assert not any("geheim" in value or "Authorization" in value for value in variables.values())


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://example.com/x", "https://example.com/"),
        ("https://example.com:8443/x/y", "https://example.com:8443/"),
        ("http://example.com/x", "http://example.com/"),
    ],
)
def test_credentials_are_for_exactly_the_server_of_the_address(tmp_path: Path, url: str, origin: str) -> None:
    variables = environments(tmp_path, url, Connection(allow_http=True)).remote(REPOSITORY)
    found = settings(variables)

    assert others(variables) == COMMON
    assert variables["GIT_ALLOW_PROTOCOL"] == url.partition(":")[0]
    assert variables["GIT_TERMINAL_PROMPT"] == "0"
    assert found.items() >= HARMLESS.items()
    assert found["remote.origin.url"] == url
    assert found["http.followRedirects"] == "false"
    assert {name for name, value in found.items() if "Authorization" in value} == {f"http.{origin}.extraHeader"}


def test_of_the_environments_proxies_only_the_known_variables_are_handed_on(tmp_path: Path) -> None:
    proxies = {"https_proxy": "http://p", "no_proxy": "x", "LD_PRELOAD": "/evil", "GIT_SSH": "/evil"}
    given = environments(tmp_path, "https://example.com/x", Connection(proxies=proxies)).remote(REPOSITORY)
    named = Connection(proxy=Proxy(address="http://q:1", username="u@x", password="p/w"), proxies=proxies)
    own = environments(tmp_path, "https://example.com/x", named).remote(REPOSITORY)

    assert others(given) == COMMON | {"https_proxy", "no_proxy"}
    assert others(own) == COMMON
    assert settings(own)["http.proxy"] == "http://u%40x:p%2Fw@q:1"
