"""The pages say what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imgupdate import cli, registry
from imgupdate.cli.main import COMMANDS, INTERRUPTED, PIPE_CLOSED
from imgupdate.errors import Error
from tests.cli.support import imgupdate

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_page_shows_the_help_as_it_is(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    call = " ".join(["imgupdate", *command.split(), "--help"])
    shown = dict(re.findall(r"^```console\n\$ (.*)\n([^`]*)^```$", PAGE.read_text(), re.MULTILINE))

    assert shown[call] == imgupdate(*command.split(), "--help").out


def test_the_page_lists_every_exit_code() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)}
    classes: list[type[Error]] = [Error]
    for known in classes:
        classes += known.__subclasses__()
    codes = {known.exit_code for known in classes}

    assert listed >= codes - {6} | {0, INTERRUPTED, PIPE_CLOSED}


def test_the_page_names_every_variable_of_the_environment_that_is_read() -> None:
    folders = [Path(str(package.__file__)).parent for package in (cli, registry)]
    source = "\n".join(path.read_text() for folder in folders for path in folder.rglob("*.py"))
    read = set(re.findall(r"(?:environment|environ)(?:\.get\(|\[)\"([A-Z_]+)\"", source))
    read |= set(re.findall(r"value\(\"([A-Z_]+)\"\)", source))
    page = PAGE.read_text()

    assert read > {"HOME", "NO_COLOR", "HTTPS_PROXY"}
    assert {name for name in read if f"`{name}`" not in page} == set()
