"""Credential helpers: found, bounded, asked once, and never trusted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.helpers import Helpers
from imgupdate.registry.credentials.model import Credential
from imgupdate.registry.credentials.process import ProcessFailed, find_program, run_program

WriteHelper = Callable[..., str]


def test_a_helper_is_asked_for_the_server(helper: WriteHelper, tmp_path: Path) -> None:
    helpers = Helpers(helper("vault"))

    assert helpers.get("vault", "ghcr.io", "config.json") == Credential(
        source="docker-credential-vault", username="alice", password="secret-of-alice"
    )
    assert (tmp_path / "vault.asked").read_text() == "ghcr.io\n"
    assert (tmp_path / "vault.arguments").read_text() == "get\n"


def test_a_helper_is_asked_once_for_each_host(helper: WriteHelper, tmp_path: Path) -> None:
    helpers = Helpers(helper("vault"))

    for server in ("ghcr.io", "quay.io", "ghcr.io"):
        helpers.get("vault", server, "config.json")

    assert (tmp_path / "vault.asked").read_text() == "ghcr.io\nquay.io\n"


def test_a_helper_that_fails_is_asked_once_as_well(helper: WriteHelper, tmp_path: Path) -> None:
    helpers = Helpers(helper("vault", output="locked", status=1))

    for _ in range(2):
        with pytest.raises(ScanError, match=r"docker-credential-vault failed for ghcr\.io: locked"):
            helpers.get("vault", "ghcr.io", "config.json")

    assert (tmp_path / "vault.asked").read_text() == "ghcr.io\n"


def test_a_helper_that_hangs_for_one_host_holds_up_no_other(helper: WriteHelper, tmp_path: Path) -> None:
    wait = f'while [ ! -e "{tmp_path}/go" ]; do sleep 0.01; done'
    helpers = Helpers(helper("slow", body=wait))
    helper("quick")

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(helpers.get, "slow", "ghcr.io", "config.json")
        quick = helpers.get("quick", "quay.io", "config.json")
        assert not slow.done()
        (tmp_path / "go").touch()
        assert slow.result() is not None
    assert quick is not None


def test_many_threads_ask_a_helper_once_for_a_host(helper: WriteHelper, tmp_path: Path) -> None:
    helpers = Helpers(helper("vault"))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: helpers.get("vault", "ghcr.io", "config.json"), range(8)))

    assert len(set(found)) == 1
    assert (tmp_path / "vault.asked").read_text() == "ghcr.io\n"


def test_an_identity_token_is_known_by_its_user(helper: WriteHelper) -> None:
    found = Helpers(helper("vault", username="<token>", secret="identity")).get("vault", "ghcr.io", "x")

    assert found == Credential(source="docker-credential-vault", identity_token="identity")


def test_a_helper_may_have_nothing(helper: WriteHelper) -> None:
    assert Helpers(helper("vault", found=False)).get("vault", "ghcr.io", "x") is None
    assert Helpers(helper("empty", secret="")).get("empty", "ghcr.io", "x") is None


@pytest.mark.parametrize(
    ("output", "status", "words"),
    [
        ("not json", 0, "other than JSON"),
        ("[]", 0, "other than JSON"),
        ('{"Username": "x"}', 0, "no Username and Secret"),
        ('{"Username": 5, "Secret": "x"}', 0, "no Username and Secret"),
        ('{"Username": "x", "Secret": "\\ud800"}', 0, "no Username and Secret"),
        ("", 3, "exit status 3"),
        ("bad\x1b[31m\nnews", 1, r"bad \[31m news"),
        ("x" * 100_000, 0, "printed too much"),
    ],
)
def test_what_a_helper_says_wrongly_is_an_error(helper: WriteHelper, output: str, status: int, words: str) -> None:
    with pytest.raises(ScanError, match=words) as caught:
        Helpers(helper("vault", output=output, status=status)).get("vault", "ghcr.io", "config.json")

    assert "echo ghcr.io | docker-credential-vault get" in caught.value.remedy


@pytest.mark.parametrize("name", ["", "../evil", "a b", "a;b", "$(x)", "a/b", "é"])
def test_a_name_that_is_none_is_not_run(name: str) -> None:
    with pytest.raises(ScanError, match="not a plain name"):
        Helpers("/usr/bin").get(name, "ghcr.io", "config.json")


def test_a_helper_that_takes_too_long_is_ended_with_all_that_it_started(helper: WriteHelper, tmp_path: Path) -> None:
    search_path = helper("slow", body=f"(sleep 60; touch {tmp_path}/late) & sleep 60")
    begun = time.monotonic()

    with pytest.raises(ScanError, match=r"did not finish within 0\.3 s"):
        Helpers(search_path, seconds=0.3).get("slow", "ghcr.io", "config.json")

    assert time.monotonic() - begun < 20


def test_a_helper_that_prints_without_end_is_ended(helper: WriteHelper) -> None:
    search_path = helper("loud", body="head -c 200000 /dev/zero; trap '' PIPE; sleep 60")
    begun = time.monotonic()

    with pytest.raises(ScanError, match="printed too much"):
        Helpers(search_path).get("loud", "ghcr.io", "config.json")

    assert time.monotonic() - begun < 9


def test_what_a_helper_leaves_behind_with_its_output_open_is_ended_as_well(helper: WriteHelper) -> None:
    search_path = helper("messy", body="sleep 60 &")

    with pytest.raises(ScanError, match="did not finish"):
        Helpers(search_path, seconds=0.3).get("messy", "ghcr.io", "config.json")


def test_a_helper_that_leaves_something_running_does_not_hold_us_up(helper: WriteHelper) -> None:
    search_path = helper("messy", body="sleep 15 >/dev/null &")
    begun = time.monotonic()

    assert Helpers(search_path).get("messy", "ghcr.io", "config.json") is not None
    assert time.monotonic() - begun < 9


def test_a_helper_that_does_not_read_is_no_failure(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec <&-\necho done\n")
    program.chmod(0o700)

    assert run_program(str(program), "get", "x" * 1_000_000, seconds=10) == (0, b"done\n")


def test_a_program_that_does_not_start_is_told_apart(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o700)

    with pytest.raises(ProcessFailed, match="does not start"):
        run_program(str(program), "get", "x", seconds=10)


def test_a_program_is_looked_for_in_absolute_directories_only(
    helper: WriteHelper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search_path = helper("vault")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docker-credential-plain").write_text("not executable")
    (tmp_path / "docker-credential-directory").mkdir()

    assert find_program("docker-credential-vault", search_path) == str(tmp_path / "docker-credential-vault")
    assert find_program("docker-credential-vault", os.pathsep.join(["", ".", "bin"])) is None
    assert find_program("docker-credential-plain", search_path) is None
    assert find_program("docker-credential-directory", search_path) is None
    assert find_program("docker-credential-vault", os.pathsep.join(["/nowhere", search_path])) is not None
