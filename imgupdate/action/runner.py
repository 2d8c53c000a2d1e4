"""How to speak to GitHub's runner, with nothing in it that is not meant (spec/github-actions.md 1.5, 1.6).

Everything that the runner reads goes through here: commands and lines through one stream, outputs and the summary
through the files that it names. Of actions-toolkit the modules below `core` are used: `core` itself writes only to the
process's standard output, reads only the process's environment, and imports an HTTP client for tokens that we never ask
for, which takes a third of the time that we have to start.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from actions_toolkit.command import Command
from actions_toolkit.file_command import prepare_key_value_message

from imgupdate.report.text import clean, harmless

SHORTEST_SECRET = 6
"""Texts shorter than this are not masked: they occur by chance, and an output that holds one is dropped."""

LONGEST_MESSAGE = 4000
"""Characters of an annotation; the runner cuts off what is beyond 4096."""


class Unwritable(Exception):
    """The runner does not hear us: a file that it named, or the log, cannot be written."""


class Runner:
    """The runner of a workflow, or whatever takes its place: each variable may be missing."""

    def __init__(self, environment: Mapping[str, str], stream: TextIO) -> None:
        self._environment = environment
        self._stream = stream
        self._masked: set[str] = set()
        self._stopped = False
        self.debugging = environment.get("RUNNER_DEBUG") == "1"

    def mask(self, secret: str) -> None:
        """Have a text hidden from here on in the log, the summary and annotations. Its lines are masked one by one."""
        for line in secret.splitlines():
            value = line.strip()
            if len(value) >= SHORTEST_SECRET and value not in self._masked:
                self._masked.add(value)
                self._command("add-mask", value)

    def redacted(self, text: str) -> str:
        """A text with what is masked taken out."""
        for secret in sorted(self._masked, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def annotate(
        self, level: str, message: str, *, title: str = "", file: str = "", line: int = 0, column: int = 0
    ) -> None:
        """An error, a warning or a notice (`level`), at a line of a file of the workspace where there is one.

        The message may have several lines.
        """
        text = "\n".join(harmless(clean(part)) for part in message.splitlines())
        given = {
            "title": harmless(clean(title)),
            "file": harmless(clean(file)),
            "line": str(line) if file and line else "",
            "col": str(column) if file and line and column else "",
        }
        self._command(level, text[:LONGEST_MESSAGE], {name: value for name, value in given.items() if value})

    def debug(self, text: str) -> None:
        """Lines that are shown where the step is debugged."""
        if self.debugging:
            for line in text.splitlines():
                self._command("debug", harmless(clean(line)))

    def say(self, text: str = "") -> None:
        """A line of the log, whatever it holds."""
        self._write(harmless(clean(text)))

    def overheard(self) -> TextIO:
        """A stream whose lines are said: for those who print or warn without knowing where they are."""
        return _Overheard(self)

    @contextmanager
    def group(self, title: str) -> Iterator[TextIO]:
        """A fold of the log, within which nothing is a command, whoever writes it."""
        self._command("group", harmless(clean(title)))
        token = secrets.token_hex(16)
        self._command("stop-commands", token)
        self._stopped = True
        try:
            yield self._stream
        finally:
            self._stopped = False
            self._write(f"::{token}::")
            self._command("endgroup", "")

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Set outputs of the step; what was set before is replaced.

        Raises:
            Unwritable: the file for them cannot be written.

        """
        self._append(
            "GITHUB_OUTPUT", "".join(f"{prepare_key_value_message(name, value)}\n" for name, value in outputs.items())
        )

    def add_to_summary(self, markdown: str) -> None:
        """Append to the summary of the job.

        Raises:
            Unwritable: the file for it cannot be written.

        """
        self._append("GITHUB_STEP_SUMMARY", markdown)

    def _append(self, variable: str, text: str) -> None:
        path = self._environment.get(variable)
        if not (path and text):
            return
        try:
            with Path(path).open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.write(text)
        except (OSError, ValueError) as error:
            raise Unwritable(f"the file of {variable} cannot be written: {error}") from error

    def _command(self, name: str, data: str, properties: Mapping[str, str] | None = None) -> None:
        if self._stopped:
            raise RuntimeError(f"the command {name!r} within a group would not be one")
        self._write(str(Command(name, dict(properties or {}), data)))

    def _write(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except OSError as error:
            raise Unwritable(f"the log cannot be written: {error}") from error


class _Overheard(io.StringIO):
    """Says each line that is written to it."""

    def __init__(self, runner: Runner) -> None:
        super().__init__()
        self._runner = runner
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._runner.say(line)
        return len(text)
