"""Other people's texts in every place where the action shows one: the runner hears only what we say."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from imgupdate.action.auth import token_secrets
from tests.action.support import event, messages, process, step
from tests.cli.support import Tree, guide, policy, repository
from tests.twins.registry import Fault, RegistryTwin, error_body
from tests.twins.runner import TOKEN, Runner

COMMANDS = [
    "::add-mask::podinfo",
    "::set-output name=changed::false",
    "##[add-mask]podinfo",
    "##[set-output name=changed]false",
    "##[error]gotcha",
    "\n::error::gotcha",
    "\r::error::gotcha",
    "::endgroup::",
    "::stop-commands::abcdefgh",
]
EVIL = " ".join(COMMANDS)


def unharmed(runner: Runner, inputs: dict[str, str] | None = None, *, apart: bool = False) -> str:
    """Run a step whose world is hostile, as a process of its own where it is `apart`; what it says."""
    run = process if apart else step
    done = run(runner, {"publish": "none", "dry-run": "true", **(inputs or {})})

    assert {mask for mask in done.masks if not re.fullmatch("[0-9a-f]{32}", mask)} == set(token_secrets(TOKEN))
    assert [message for message in messages(done, "error") if message == "gotcha"] == []
    assert done.outputs["changed"] == "true"
    assert done.lost == []
    opened = [command.data for command in done.commands if command.name == "group"]
    assert opened == ["Configuration", "Scanning", "Changes", "Outputs"]
    assert len([command for command in done.commands if command.name == "endgroup"]) == len(opened)
    return done.log


@pytest.mark.parametrize("command", COMMANDS)
def test_tags_that_a_registry_lists(runner: Runner, registry: RegistryTwin, command: str) -> None:
    registry.fill("podinfo", ["5.0.0", "5.0.3", command, f"5.0.4-{command}"])

    unharmed(runner)


@pytest.mark.parametrize("name", ["##[add-mask]podinfo.yaml", "::error::gotcha.yaml", "a\n::error::gotcha\n.yaml"])
def test_names_of_files(runner: Runner, registry: RegistryTwin, name: str) -> None:
    marked = (runner.workspace / "apps/podinfo.yaml").read_text()
    Tree(runner.workspace).lay_out({f"apps/{name}": marked})

    assert "gotcha" in unharmed(runner) or "add-mask" in name


def test_lines_around_a_change_in_the_diff(runner: Runner) -> None:
    path = runner.workspace / "apps/podinfo.yaml"
    evil = "".join(f"# {command.strip()}\n" for command in COMMANDS) + "::error::gotcha: 1\n"
    path.write_text(evil + path.read_text())
    path.write_text(path.read_text().replace("spec:", 'x: "##[add-mask]podinfo"\nspec:', 1))

    log = unharmed(runner, apart=True)

    assert "+          image:" in log


def test_what_a_registry_says_when_it_refuses(runner: Runner, registry: RegistryTwin) -> None:
    Tree(runner.workspace).lay_out(
        {"flux/gone.yaml": repository(f"{registry.host}/gone", "gone") + policy("gone", "*", "gone")}
    )
    registry.inject(Fault(status=403, body=error_body("DENIED", EVIL), path="gone", times=9))

    unharmed(runner, {"fail-on": "never"}, apart=True)


def test_values_and_names_in_manifests(runner: Runner, registry: RegistryTwin) -> None:
    Tree(runner.workspace).lay_out(
        {
            "flux/evil.yaml": repository(f'"{registry.host}/##[add-mask]podinfo"', "evil")
            + policy("evil", "::error::gotcha ##[error]gotcha", "evil"),
            "apps/evil.yaml": 'a: b # {"$imagepolicy": "flux-system:##[error]gotcha"}\n',
        }
    )

    unharmed(runner)


def test_inputs(runner: Runner) -> None:
    unharmed(runner, {"title": "##[add-mask]podinfo", "labels": "##[error]gotcha\n::error::gotcha"})


def test_unknown_inputs(runner: Runner) -> None:
    unharmed(runner, {"##[error]gotcha": "x", "::error::gotcha": "##[add-mask]podinfo"})


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_dispatch_carries(tmp_path: Path, registry: RegistryTwin, command: str) -> None:
    payload = event("repository_dispatch") | {
        "client_payload": {"image": f"{registry.host}/podinfo", "tag": command, "digest": command, command: command}
    }
    runner = Runner(tmp_path, event_name="repository_dispatch", event=payload)
    guide(runner.workspace, registry.host)

    unharmed(runner)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_image_of_a_dispatch_that_is_none(tmp_path: Path, command: str) -> None:
    runner = Runner(tmp_path, event_name="repository_dispatch", event={"client_payload": {"image": command}})
    (runner.workspace / "README.md").touch()

    done = step(runner, {"publish": "none"})

    assert (done.exit_code, len(done.annotations)) == (2, 1)
    assert messages(done, "error")[0].startswith("the client_payload names ")


def test_the_name_of_an_event(tmp_path: Path, registry: RegistryTwin) -> None:
    for name in COMMANDS:
        runner = Runner(tmp_path / str(COMMANDS.index(name)), event_name=name, ref="refs/heads/##[error]gotcha")
        guide(runner.workspace, registry.host)

        done = step(runner, {"publish": "none"})

        assert (done.exit_code, done.annotations) == (0, [])


def test_secrets_are_masked_before_anything_is_said_and_appear_nowhere_else(runner: Runner) -> None:
    auth = 'a.example: {username: robot-name, password: "pass ##[error]word"}\nb.example: "robot-name:second-word"\n'

    done = step(
        runner,
        {
            "publish": "none",
            "token": "the-token-itself",
            "registry-auth": auth,
            "signing-key": "-----BEGIN\nthe-key-itself\n-----END",
            "signing-passphrase": "the-phrase-itself",
        },
    )

    lines = done.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if not line.startswith("::add-mask::"))
    rest = "\n".join(lines[first:]) + done.summary + "".join(done.outputs.values())
    for secret in ("the-token-itself", "pass ##[error]word", "second-word", "the-key-itself", "the-phrase-itself"):
        assert f"::add-mask::{secret}" in lines[:first]
        assert secret not in rest
    assert "robot-name" not in {*done.masks}
    assert first == 8


class Noisy(dict[str, str]):
    """An environment beside which a library prints and warns what it has read somewhere."""

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        for name, stream in (("stdout", sys.stdout), ("stderr", sys.stderr)):
            stream.write(f"{key} on {name}: ")
            stream.write("##[add-mask]podinfo\n::error::gotcha\n ::set-output name=changed::false\n")
        return super().get(key, default)


def test_what_a_library_prints_or_warns(runner: Runner) -> None:
    done = step(runner, {"publish": "none"}, seen=Noisy)

    assert (done.exit_code, done.annotations) == (0, [])
    assert done.outputs["changed"] == "true"
    assert {mask for mask in done.masks if not re.fullmatch("[0-9a-f]{32}", mask)} == set(token_secrets(TOKEN))
    assert "\\x3a:error::gotcha" in done.log
    for name in ("stdout", "stderr"):
        assert f"GITHUB_REPOSITORY on {name}: #\\x23[add-mask]podinfo" in done.log
