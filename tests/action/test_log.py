"""A run as people read it in a log."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from imgupdate.action import log
from imgupdate.action.events import Trigger
from imgupdate.action.inputs import Inputs
from imgupdate.cli.settings import GitHubAccess, RunSettings
from imgupdate.publish.settings import Mode


def test_no_line_that_is_written_is_a_command() -> None:
    stream = io.StringIO()

    log.write(stream, ["::error::a", "b ##[error]c", "d"])

    assert stream.getvalue() == "\\x3a:error::a\nb #\\x23[error]c\nd\n"


def test_everything_that_was_decided_is_told_and_nothing_that_is_secret() -> None:
    settings = RunSettings(
        root=Path("/w"),
        config="clusters",
        policies=("a", "b"),
        only_images=("ghcr.io/a/b",),
        publish=Mode.COMMIT,
        base="main",
        branch="bots",
        signing_key=b"the key",
        registry_auth=b"the auth",
        github=GitHubAccess(token="the token", repository="octo/fleet"),
    )
    trigger = Trigger(event="repository_dispatch", hints=("ghcr.io/a/b:1.0",))

    assert list(log.configuration(settings, Inputs(path="sub", fail_on="never"), trigger)) == [
        "event: repository_dispatch",
        "repository: octo/fleet",
        "path: sub",
        "configuration: clusters",
        "publish: commit",
        "base branch: main",
        "branch: bots",
        "policies: a, b",
        "images: ghcr.io/a/b",
        "said to be pushed (the registry decides): ghcr.io/a/b:1.0",
        "registry-auth: given",
        "signing-key: given",
        "fail-on: never",
    ]


@pytest.mark.parametrize(
    ("mode", "write", "dry_run", "said"),
    [
        (Mode.AUTO, False, False, "publish: auto"),
        (Mode.AUTO, False, True, "publish: auto, but this is a dry run: nothing is changed"),
        (Mode.NONE, True, False, "publish: none: the files are written"),
        (Mode.NONE, False, False, "publish: none: nothing is changed"),
    ],
)
def test_it_is_plain_what_becomes_of_the_changes(mode: Mode, write: bool, dry_run: bool, said: str) -> None:
    settings = RunSettings(root=Path("/w"), publish=mode, write=write, dry_run=dry_run)

    assert said in list(log.configuration(settings, Inputs(publish=mode), Trigger(event="")))


def test_long_outputs_are_cut_in_the_log_only() -> None:
    (line,) = log.outputs({"updates": "x" * 9000})

    assert len(line) == len("updates=") + log.LONGEST_VALUE
