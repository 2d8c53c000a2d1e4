"""The ways into the program and out of it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import click
import pytest

import imgupdate.cli.main as entry
from imgupdate import __version__
from imgupdate.cli.main import COMMANDS, main
from imgupdate.cli.streams import OutputLost
from imgupdate.errors import Error, UsageError
from tests.cli.support import guide, imgupdate

HEAVY = ("httpx", "rich", "yaml", "_re2", "semver", "ssl")


def process(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "imgupdate", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def imported(*arguments: str) -> set[str]:
    """The heavy modules that a command line imports."""
    script = (
        f"import sys; from imgupdate.cli.main import main; main({arguments!r}); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    return {name for name in HEAVY if name in done.stderr.split()}


def test_the_version_is_the_package_s() -> None:
    assert imgupdate("--version").out == f"imgupdate {__version__}\n"
    assert process("--version").stdout == f"imgupdate {__version__}\n"


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("run", "--help"), ("--version",)])
def test_help_is_there_at_once(arguments: tuple[str, ...]) -> None:
    assert imgupdate(*arguments).code == 0
    assert imported(*arguments) == set()


def test_a_report_for_a_log_does_without_what_draws_on_terminals(tmp_path: Path) -> None:
    assert "rich" not in imported("run", "--path", str(tmp_path))


def test_every_command_that_help_lists_is_there_and_nothing_else() -> None:
    assert list(COMMANDS) == entry.imgupdate.list_commands(click.Context(entry.imgupdate))
    for name, purpose in COMMANDS.items():
        assert imgupdate(name, "--help").code == 0
        assert purpose.split()[0] in imgupdate("--help").out
    assert imgupdate("ruin").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Usage: imgupdate"),
        (("ruin",), "No such command 'ruin'"),
        (("run", "--wrong"), "No such option"),
        (("run", "--output", "xml"), "'xml' is not one of"),
        (("run", "--workers", "0"), "0 is not in the range"),
        (("run", "--path", "/nowhere/at/all"), "does not exist"),
        (("run", "extra"), "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_explained_and_ends_with_2(arguments: tuple[str, ...], said: str) -> None:
    ran = imgupdate(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@click.command()
@click.argument("how")
def misbehave(how: str) -> int:
    """Leave in the way that is asked for."""
    if how == "defect":
        raise ValueError("a\x1b[2J defect\n::error::x")
    if how == "usage":
        raise UsageError("it is wrong", where="here", remedy="do it right")
    if how == "error":
        raise Error("it broke")
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "pipe":
        raise OutputLost(BrokenPipeError())
    if how == "full":
        raise OutputLost(OSError(errno.ENOSPC, "No space left on device"))
    return 7


@pytest.fixture
def misbehaving(monkeypatch: pytest.MonkeyPatch) -> None:
    """A further command, `misbehave`."""
    monkeypatch.setitem(COMMANDS, "misbehave", "Misbehave.")
    monkeypatch.setitem(sys.modules, "imgupdate.cli.misbehave", type(sys)("imgupdate.cli.misbehave"))
    monkeypatch.setattr(sys.modules["imgupdate.cli.misbehave"], "command", misbehave, raising=False)


@pytest.mark.usefixtures("misbehaving")
def test_a_command_s_number_is_the_exit_code() -> None:
    assert imgupdate("misbehave", "well").code == 7


@pytest.mark.usefixtures("misbehaving")
def test_our_own_errors_say_what_where_and_what_to_do() -> None:
    ran = imgupdate("misbehave", "usage")

    assert (ran.code, ran.err) == (2, "error: here: it is wrong; do it right\n")
    assert imgupdate("misbehave", "error").code == 1


@pytest.mark.usefixtures("misbehaving")
def test_a_defect_is_one_clean_line_that_says_how_to_report_it() -> None:
    ran = imgupdate("misbehave", "defect")

    assert ran.code == 1
    assert ran.err == (
        rf"error: ValueError: a\x1b[2J defect\x0a::error::x; this is a defect of imgupdate {__version__}; "
        "please report it with what `imgupdate --debug` shows for the same command\n"
    )


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.parametrize("how", ["option", "runner"])
def test_a_defect_shows_where_it_is_when_debugging(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "runner":
        monkeypatch.setenv("RUNNER_DEBUG", "1")

    ran = imgupdate(*(["--debug"] if how == "option" else []), "misbehave", "defect")

    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "in misbehave" in ran.err
    assert not any(line.lstrip().startswith("::") for line in ran.err.splitlines())
    assert ran.err.endswith("please report it\n")


@pytest.mark.usefixtures("misbehaving")
def test_an_interruption_ends_with_130() -> None:
    ran = imgupdate("misbehave", "interrupt")

    assert ran.code == 130
    assert ran.err.startswith("interrupted")


def test_a_reader_that_goes_away_is_no_defect(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "imgupdate", "run", "--path", str(tmp_path)],
            stdout=write,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write)

    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.usefixtures("misbehaving")
def test_nothing_more_is_written_to_a_reader_that_went_away(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream, redirect_stdout(stream):
        assert main(["misbehave", "pipe"]) == 141
        stream.write("what was still waiting")

    assert (tmp_path / "out").read_text() == ""


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--path", "."]])
def test_a_full_disk_below_the_output_is_told_where_it_can_be(tmp_path: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "imgupdate", *arguments],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stderr) == (1, "error: the output could not be written: No space left on device\n")


@pytest.mark.usefixtures("misbehaving")
def test_a_full_disk_below_the_output_is_no_defect() -> None:
    ran = imgupdate("misbehave", "full")

    assert (ran.code, ran.err) == (1, "error: the output could not be written: No space left on device\n")


def test_an_interrupted_scan_does_not_wait_for_the_registry(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tree = guide(tmp_path, f"127.0.0.1:{silent.getsockname()[1]}")
        running = subprocess.Popen(
            [sys.executable, "-m", "imgupdate", "run", "--write", "--path", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        silent.settimeout(30)
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(1)
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=20)

    assert running.returncode == 130
    assert err.startswith(b"interrupted")
    assert tree.changed == set()


def test_what_is_printed_survives_a_terminal_that_knows_only_ascii(tmp_path: Path) -> None:
    odd = tmp_path / "ünï.yaml"
    odd.write_text('a: b # {"$imagepolicy": "flux-system:typo"}\n')

    done = process("run", "--path", str(tmp_path), PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert done.returncode == 5
    assert r"\xfcn\xef.yaml:1: " in done.stdout


def test_main_takes_the_command_line_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["imgupdate", "--version"])

    assert main() == 0
    assert capsys.readouterr().out == f"imgupdate {__version__}\n"
