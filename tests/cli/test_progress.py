"""What people hear while they wait."""

from __future__ import annotations

import io
from typing import TextIO

import pytest

from imgupdate.cli.progress import BarProgress, LogProgress
from tests.cli.test_output import ANSI, on_terminal


def heard(total: int) -> list[str]:
    stream = io.StringIO()
    progress = LogProgress(stream)
    progress.begin("scanning images", total)
    for number in range(total):
        progress.advance(f"image {number}")
    progress.end()
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("total", "lines"),
    [
        (1, []),
        (9, []),
        (10, ["scanning images (10)"]),
        (
            200,
            [
                "scanning images (200)",
                "scanning images: 50 of 200",
                "scanning images: 100 of 200",
                "scanning images: 150 of 200",
                "scanning images: 200 of 200",
            ],
        ),
    ],
)
def test_a_log_hears_little_and_the_less_the_less_there_is_to_do(total: int, lines: list[str]) -> None:
    assert heard(total) == lines


def test_a_log_of_a_long_step_hears_of_each_quarter_once() -> None:
    assert len(heard(57)) == 5


def test_a_bar_names_what_was_done_last_and_is_gone_at_the_end() -> None:
    def show(stream: TextIO) -> None:
        progress = BarProgress(stream)
        progress.begin("scanning images", 2)
        progress.advance("reg.example/app\x1b]0;title\x07")
        progress.advance("reg.example/" + "long" * 30)
        progress.end()

    shown = on_terminal(show, 120)

    assert "scanning images" in shown
    assert "2/2" in shown
    assert "\x1b]0;" not in shown
    assert shown.endswith("\x1b[2K")
    assert "…" in ANSI.sub("", shown)


def test_a_bar_that_was_never_begun_takes_everything() -> None:
    progress = BarProgress(io.StringIO())

    progress.advance("image")
    progress.end()
