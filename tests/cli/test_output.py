"""How a report looks in a log and on a terminal."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import pty
import re
import struct
import termios
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pytest

from imgupdate.cli import plain, view
from imgupdate.cli.output import TextReport, make_progress
from imgupdate.cli.progress import BarProgress, LogProgress
from imgupdate.cli.streams import OutputLost, is_colourful, width_of, writing
from imgupdate.results import Cause, Result, Severity
from tests.report.results import edit, key, marker, problem, result, selection, unavailable, updated

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HOSTILE = "x\n::error::owned\x1b[2J##[error]owned\u202e\udcff"


def on_terminal(write: Callable[[TextIO], None], columns: int = 80) -> str:
    """What a terminal of that width receives."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        with writing(stream):
            write(stream)
            stream.write("\0")
        received = b""
        while not received.endswith(b"\0"):
            received += os.read(ours, 4096)
    os.close(ours)
    return received[:-1].decode()


def text(given: Result, *, color: str = "auto", environment: Mapping[str, str] | None = None) -> str:
    stream = io.StringIO()
    TextReport(stream, color, environment or {}).show(given)
    return stream.getvalue()


def hostile() -> Result:
    """A result whose every text of strangers wants to be something else."""
    return result(
        selection(HOSTILE, image=HOSTILE, policy=key(HOSTILE, "")),
        unavailable(Cause.SCAN_FAILED, HOSTILE, key("::error::owned", "")),
        edits=(
            edit(f" {HOSTILE}\nold\n ::add-mask::x\n".encode(errors="surrogateescape"), b"new", path="::error::a.yaml"),
        ),
        markers=(marker(HOSTILE, policy=key(HOSTILE, "")),),
        problems=(problem(HOSTILE, path="::error::a.yaml", remedy="::error::owned"), problem("::error::x", path=None)),
    )


def full() -> Result:
    """A run in which something of everything happened."""
    base = updated()
    return replace(
        base,
        outcomes=(
            *base.outcomes,
            unavailable(policy=key("down"), image="123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/app"),
            selection("main-1fac61e0000000000000000000000000000000000-1614729269", policy=key("staging")),
        ),
        problems=(problem("a long message " * 9, remedy="a long remedy " * 9), problem("small", Severity.NOTICE)),
    )


@pytest.mark.parametrize(
    ("color", "environment", "terminal", "colourful"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {}, True, False),
    ],
)
def test_colours_are_for_terminals_that_want_them_or_for_who_insists(
    color: str, environment: Mapping[str, str], *, terminal: bool, colourful: bool
) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    assert is_colourful(Stream(), color, environment) is colourful


@pytest.mark.parametrize(
    ("environment", "width"),
    [
        ({}, 80),
        ({"CI": "true"}, 120),
        ({"COLUMNS": "132", "CI": "true"}, 132),
        ({"COLUMNS": "0"}, 80),
        ({"COLUMNS": "x"}, 80),
    ],
)
def test_a_log_is_as_wide_as_it_is_said_to_be(environment: Mapping[str, str], width: int) -> None:
    assert width_of(io.StringIO(), environment) == width


def test_a_terminal_is_as_wide_as_it_is() -> None:
    widths = []

    on_terminal(lambda stream: widths.append(width_of(stream, {})), columns=97)
    on_terminal(lambda stream: widths.append(width_of(stream, {})), columns=0)

    assert widths == [97, 80]


@pytest.mark.parametrize("given", [full(), updated(), result(), hostile()], ids=["full", "updated", "empty", "hostile"])
def test_a_report_for_a_log_has_no_colours_and_no_commands_in_it(given: Result) -> None:
    shown = text(given)

    assert "\x1b" not in shown
    assert shown.endswith("\n")
    assert "\n\n\n" not in shown
    assert not shown.startswith("\n")
    assert_harmless(shown)


def test_a_report_on_a_terminal_has_colours_and_the_same_words() -> None:
    shown = on_terminal(lambda stream: TextReport(stream, "auto", {"TERM": "xterm"}).show(updated()))

    assert "\x1b[32m" in shown
    assert "\x1b[31m" in shown
    assert ANSI.sub("", shown).splitlines() == [
        "Policy   Current  Chosen  Update  Image                       ",
        "──────────────────────────────────────────────────────────────",
        "podinfo  5.0.0    5.0.3   patch   ghcr.io/stefanprodan/podinfo",
        "",
        "--- a/apps/podinfo.yaml",
        "+++ b/apps/podinfo.yaml",
        "@@ -1,3 +1,3 @@",
        " kind: Deployment",
        " spec:",
        "-  tag: 5.0.0 # marker",
        "+  tag: 5.0.3 # marker",
        "",
        "1 file would change (1 field)",
    ]


def test_a_report_for_a_log_cuts_no_name_short() -> None:
    policy, tag, image = "podinfo-" + "p" * 60, "main-" + "0" * 60, "ghcr.io/" + "i" * 60
    cells = view.PolicyCells(
        policy=policy, image=image, current=tag, chosen=tag, update="up to date", tone=view.Tone.PLAIN
    )

    _, row = plain.table([cells])

    assert row.split() == [policy, tag, tag, "up", "to", "date", image]


@pytest.mark.parametrize("columns", [80, 100, 160])
def test_a_report_on_a_terminal_stays_within_it(columns: int) -> None:
    shown = on_terminal(lambda stream: TextReport(stream, "auto", {}).show(full()), columns)

    assert max(map(len, ANSI.sub("", shown).splitlines())) <= columns


def test_what_is_hostile_reaches_no_terminal() -> None:
    shown = on_terminal(lambda stream: TextReport(stream, "always", {}).show(hostile()), 200)

    assert "\x1b[2J" not in shown
    assert_harmless(ANSI.sub("", shown))


def test_an_empty_run_has_no_table() -> None:
    assert text(result(), color="always").count("\n") == 2
    assert "Policy" not in text(result(), color="always")
    assert list(plain.table(())) == []


def assert_harmless(shown: str) -> None:
    for line in shown.split("\n"):
        assert line.replace("\t", "").isprintable(), line
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line, line


def test_a_stream_that_lacks_a_character_gets_its_escape(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as stream, writing(stream):
        stream.write("… é")

    assert (tmp_path / "out").read_bytes() == rb"\u2026 \xe9"


def test_a_report_that_cannot_be_written_is_lost() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputLost) as caught, writing(Full()) as stream:
        stream.write("a report")

    assert caught.value.error.errno == errno.ENOSPC


@pytest.mark.parametrize(
    ("color", "environment", "kind"),
    [
        ("auto", {}, BarProgress),
        ("always", {}, BarProgress),
        ("never", {}, LogProgress),
        ("auto", {"CI": "true"}, LogProgress),
        ("auto", {"NO_COLOR": "1"}, LogProgress),
    ],
)
def test_a_terminal_gets_a_bar_unless_it_is_a_log_or_wants_it_plain(
    color: str, environment: Mapping[str, str], kind: type
) -> None:
    made = []

    on_terminal(lambda stream: made.append(make_progress(stream, color, environment)))

    assert isinstance(made[0], kind)
    assert isinstance(make_progress(io.StringIO(), color, environment), LogProgress)
