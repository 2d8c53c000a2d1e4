"""Run a small program for its output, within bounds of time and size."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

LONGEST_OUTPUT = 64 * 1024


class ProcessFailed(Exception):
    """The program could not be started, took too long, or said too much."""


def find_program(name: str, search_path: str) -> str | None:
    """Where a program is, looked for only in absolute directories: never in the one that happens to be current."""
    for directory in search_path.split(os.pathsep):
        candidate = Path(directory, name)
        if directory.startswith("/") and candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    return None


def run_program(
    program: str,
    argument: str | Sequence[str],
    text: str,
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Run a program with an argument (or several) and a text on its standard input; its exit status and output.

    It has the variables of `environment` and no others, where that is given; else those that we have.

    Raises:
        ProcessFailed: it does not start, is not done in time, or prints more than 64 KiB; then it is killed.

    """
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell; the name is checked by the caller
            [program, *([argument] if isinstance(argument, str) else argument)],
            env=None if environment is None else dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ProcessFailed(f"it does not start ({error.strerror})") from error
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        output = _talk(process, text)
    finally:
        timer.cancel()
        if process.poll() is None:
            _kill(process)
        status = process.wait()
        timer.join()
    if late.is_set():
        raise ProcessFailed(f"it did not finish within {seconds:g} s")
    if len(output) > LONGEST_OUTPUT:
        raise ProcessFailed("it printed too much")
    return status, output


def _talk(process: subprocess.Popen[bytes], text: str) -> bytes:
    given, said = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    with said:
        with suppress(BrokenPipeError), given:  # a program need not read what it is given
            given.write(text.encode())
        output = said.read(LONGEST_OUTPUT + 1)
        if len(output) <= LONGEST_OUTPUT:
            process.wait()
        return output


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started, which may outlive it; it leads a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
