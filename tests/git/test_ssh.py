"""Over SSH, against OpenSSH's real server: only the host and the key of the Secret count."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from imgupdate.config.model import GitRef
from imgupdate.errors import PublishError
from imgupdate.git.access import GitCredentials, SshIdentity
from imgupdate.git.remote import GitRemote
from imgupdate.remote import CommitId, Push
from tests.git.support import TOKEN, Hosted, commit_on, search_path, ssh_key
from tests.twins.ssh import SshTwin

pytestmark = [pytest.mark.needs_program("git"), pytest.mark.needs_program("sshd"), pytest.mark.needs_program("ssh")]

PASSPHRASE = "pass wörd $(x) '\""


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, tuple[bytes, str]]:
    return {
        "plain": ssh_key(tmp_path, name="plain"),
        "locked": ssh_key(tmp_path, name="locked", passphrase=PASSPHRASE),
        "stranger": ssh_key(tmp_path, name="stranger"),
    }


@pytest.fixture
def server(tmp_path: Path, keys: dict[str, tuple[bytes, str]]) -> Iterator[SshTwin]:
    with SshTwin(tmp_path / "sshd", keys["plain"][1], keys["locked"][1]) as twin:
        yield twin


def remote_of(hosted: Hosted, server: SshTwin, identity: SshIdentity | None, url: str = "") -> GitRemote:
    return GitRemote(
        url or f"{server.url}{hosted.bare}",
        scratch=hosted.scratch,
        search_path=search_path(),
        credentials=GitCredentials(ssh=identity),
    )


@pytest.mark.parametrize(("name", "passphrase"), [("plain", ""), ("locked", PASSPHRASE), ("locked", PASSPHRASE + "\n")])
def test_a_commit_is_pushed_over_ssh(
    hosted: Hosted, server: SshTwin, keys: dict[str, tuple[bytes, str]], name: str, passphrase: str
) -> None:
    identity = SshIdentity(key=keys[name][0], known_hosts=server.known_hosts, passphrase=passphrase.encode())
    remote = remote_of(hosted, server, identity)
    base = remote.resolve(GitRef(branch=remote.default_branch()))
    assert remote.tree(base).list("", TOKEN) == ("app.yaml",)
    made = commit_on(remote, base)

    remote.push(Push(branch="main", commit=made.id, expected=base))

    assert hosted.at("main") == made.id
    for file in (path for path in hosted.scratch.rglob("*") if path.is_file()):
        assert PASSPHRASE.encode() not in file.read_bytes(), file


def test_the_key_is_a_file_that_only_its_owner_may_read(
    hosted: Hosted, server: SshTwin, keys: dict[str, tuple[bytes, str]]
) -> None:
    remote_of(hosted, server, SshIdentity(key=keys["plain"][0], known_hosts=server.known_hosts)).head("main")

    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in hosted.scratch.glob("*/*") if path.is_file()}
    assert modes == {"identity": "0o600", "known_hosts": "0o600", "ssh_config": "0o600"}


@pytest.mark.parametrize("known", [b"", b"[127.0.0.1]:1 ssh-ed25519 AAAA\n", b"other"])
def test_a_host_that_is_not_known_is_not_trusted(
    hosted: Hosted, server: SshTwin, keys: dict[str, tuple[bytes, str]], known: bytes
) -> None:
    if known == b"other":
        kind, key = keys["stranger"][1].split()[:2]
        known = server.known_hosts.partition(b" ")[0] + f" {kind} {key}\n".encode()

    with pytest.raises(PublishError, match="SSH key is not the one in `known_hosts`") as caught:
        remote_of(hosted, server, SshIdentity(key=keys["plain"][0], known_hosts=known)).head("main")

    assert "known_hosts" in caught.value.remedy


def test_a_key_that_the_server_does_not_know_is_told(
    hosted: Hosted, server: SshTwin, keys: dict[str, tuple[bytes, str]]
) -> None:
    with pytest.raises(PublishError, match="does not accept the SSH key") as caught:
        remote_of(hosted, server, SshIdentity(key=keys["stranger"][0], known_hosts=server.known_hosts)).head("main")

    assert "deploy key" in caught.value.remedy


@pytest.mark.parametrize("passphrase", [b"", b"wrong-phrase"])
def test_a_key_whose_passphrase_is_missing_or_wrong_is_told(
    hosted: Hosted, server: SshTwin, keys: dict[str, tuple[bytes, str]], passphrase: bytes
) -> None:
    identity = SshIdentity(key=keys["locked"][0], known_hosts=server.known_hosts, passphrase=passphrase)

    with pytest.raises(PublishError) as caught:
        remote_of(hosted, server, identity).head("main")

    assert str(hosted.scratch) not in str(caught.value)
    assert "key of the Git repository" in caught.value.message
    assert "field present" in caught.value.message or passphrase
    assert "`password`" in caught.value.remedy
    assert "wrong-phrase" not in str(caught.value)


def test_settings_and_keys_of_the_user_have_no_say(
    hosted: Hosted, server: SshTwin, keys: dict[str, tuple[bytes, str]], scrubbed_environment: Path
) -> None:
    folder = scrubbed_environment / ".ssh"
    folder.mkdir()
    (folder / "config").write_text("Host *\n  ProxyCommand false\n")
    (folder / "id_ed25519").write_bytes(keys["plain"][0])
    (folder / "id_ed25519").chmod(0o600)
    ours = SshIdentity(key=keys["plain"][0], known_hosts=server.known_hosts)
    strange = SshIdentity(key=keys["stranger"][0], known_hosts=server.known_hosts)

    assert remote_of(hosted, server, ours).head("main") == hosted.at("main")
    with pytest.raises(PublishError, match="does not accept the SSH key"):
        remote_of(hosted, server, strange).head("main")


def test_without_a_key_nothing_is_tried(hosted: Hosted, server: SshTwin) -> None:
    with pytest.raises(PublishError, match="no SSH key is known") as caught:
        remote_of(hosted, server, None).head("main")

    assert "identity" in caught.value.remedy


def test_a_repository_that_is_not_there_is_told(
    hosted: Hosted, server: SshTwin, keys: dict[str, tuple[bytes, str]]
) -> None:
    identity = SshIdentity(key=keys["plain"][0], known_hosts=server.known_hosts)

    with pytest.raises(PublishError, match="there is no such repository"):
        remote_of(hosted, server, identity, f"{server.url}/nowhere.git").head("main")


def test_a_server_that_is_gone_is_told(hosted: Hosted, tmp_path: Path, keys: dict[str, tuple[bytes, str]]) -> None:
    with SshTwin(tmp_path / "gone") as server:
        url, known_hosts = server.url, server.known_hosts
    identity = SshIdentity(key=keys["plain"][0], known_hosts=known_hosts)

    with pytest.raises(PublishError, match="the server cannot be reached"):
        remote_of(hosted, server, identity, f"{url}{hosted.bare}").head("main")


def test_an_address_cannot_smuggle_commands_into_ssh(
    hosted: Hosted, tmp_path: Path, keys: dict[str, tuple[bytes, str]]
) -> None:
    """The shell that git starts for the words of ours gets host and command as they are."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "ssh").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\nexit 1\n')
    (tools / "ssh").chmod(0o755)
    remote = GitRemote(
        "git@example.com:org/$(touch${IFS}owned);`touch${IFS}owned`'.git",
        scratch=hosted.scratch,
        search_path=f"{tools}:{os.environ['PATH']}",
        credentials=GitCredentials(ssh=SshIdentity(key=keys["plain"][0], known_hosts=b"h")),
    )

    with pytest.raises(PublishError):
        remote.tree(CommitId("1" * 40))

    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert arguments[0] == "-F"
    assert arguments[-2] == "git@example.com"
    assert arguments[-1] == "git-upload-pack 'org/$(touch${IFS}owned);`touch${IFS}owned`'\\''.git'"
    assert not list(tmp_path.rglob("owned"))
