"""How far a run has come: a bar on a terminal, a few lines in a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from imgupdate.report.text import clean, harmless

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_SOME, _MANY = 10, 50
"""From how many items on a log hears that a step begins, and of each quarter of it."""


class LogProgress:
    """One line when a step begins that may take a while, and one for each quarter of a long one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._step = ""
        self._total = 0
        self._done = 0

    def begin(self, step: str, total: int) -> None:
        """Say what begins."""
        self._step, self._total, self._done = step, total, 0
        if total >= _SOME:
            self._say(f"{step} ({total})")

    def advance(self, item: str) -> None:
        """Say how far a long step is, at each quarter."""
        self._done += 1
        quarter = self._done * 4 // self._total
        if self._total >= _MANY and quarter > (self._done - 1) * 4 // self._total:
            self._say(f"{self._step}: {self._done} of {self._total}")

    def end(self) -> None:
        """Nothing: the report follows."""

    def _say(self, text: str) -> None:
        print(harmless(text), file=self._stream, flush=True)


class BarProgress:
    """A bar that is gone when its step is over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Bar | None = None

    def begin(self, step: str, total: int) -> None:
        """Show an empty bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        item = TextColumn("{task.fields[item]}", markup=False, style="dim")
        console = Console(file=self._stream, force_terminal=True, markup=False, emoji=False)
        self._bar = Progress(*columns, item, console=console, transient=True)
        self._bar.add_task(step, total=total, item="")
        self._bar.start()

    def advance(self, item: str) -> None:
        """Move the bar on, and say what was done last."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=1, item=clean(item, 40))

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
