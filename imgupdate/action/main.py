"""The action in a process: its signals, its last resort, and outputs that are there whatever happens."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from imgupdate import __version__
from imgupdate.action.names import NOTHING
from imgupdate.action.runner import Runner, Unwritable
from imgupdate.errors import Error

if TYPE_CHECKING:
    from imgupdate.registry import Clock

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""What the runner sends when a workflow is cancelled, some seconds apart; after some more it kills."""


CANCELLED = "the workflow was cancelled; what was published until then stays"


class Cancelled(BaseException):
    """The workflow was cancelled. Nothing but the end of the step may catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def main(
    environment: Mapping[str, str] | None = None, stdout: TextIO | None = None, *, clock: Clock | None = None
) -> int:
    """Run the action (default: in the environment of the process) and return the exit code (design, section 6)."""
    stream = sys.stdout if stdout is None else stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    given = os.environ if environment is None else environment
    runner = Runner(given, stream)
    try:
        others = runner.overheard()
        with redirect_stdout(others), redirect_stderr(others), _cancellable():
            return _guarded(runner, given, clock)
    except Cancelled as cancelled:
        with suppress(Unwritable):
            runner.annotate("warning", CANCELLED, title="imgupdate")
        return cancelled.exit_code
    except Unwritable as error:
        with suppress(Unwritable):
            runner.annotate("error", str(error), title="imgupdate")
        return Error.exit_code


@contextmanager
def _cancellable() -> Iterator[None]:
    """Has the signals of a cancelled workflow end the block, once."""

    def cancel(number: int, _frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Cancelled(number)

    before = {number: signal.signal(number, cancel) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _guarded(runner: Runner, environment: Mapping[str, str], clock: Clock | None) -> int:
    """The step, with an exit code for whatever goes wrong. Outputs are there first, and so also where it is killed."""
    try:
        runner.set_outputs(NOTHING)
        from imgupdate.action.step import perform

        return perform(runner, environment, clock)
    except Unwritable:
        raise
    except Exception as error:  # noqa: BLE001 - the last resort of the whole program
        return _unexpected(runner, error)


def _unexpected(runner: Runner, error: Exception) -> int:
    """The end of a step with a defect of ours."""
    what = runner.redacted(f"{type(error).__name__}: {error}")
    how = "" if runner.debugging else "; run it with debug logging (`Re-run jobs` offers it) to see where it happened"
    runner.debug(runner.redacted("".join(traceback.format_exception(error))))
    runner.annotate(
        "error",
        f"{what}; this is a defect of imgupdate {__version__}, please report it{how}",
        title="imgupdate failed unexpectedly",
    )
    runner.add_to_summary(
        "## imgupdate failed unexpectedly\n\nThis is a defect of imgupdate. See the log of the step.\n"
    )
    return Error.exit_code
