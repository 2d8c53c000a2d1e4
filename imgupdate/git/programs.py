"""Programs of the system: found on a search path, run without a shell, bounded in time and in what they say."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from imgupdate.errors import PublishError, shown

BOUND = 64 << 20
_CHUNK = 1 << 16
_PACKAGES = {"git": "git", "gpg": "gnupg", "gpgconf": "gnupg", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a program said, and its exit status (negative: the signal that ended it)."""

    status: int
    output: bytes
    errors: bytes


class OutOfTime(PublishError):
    """A program did not end in time; it and all that it started are gone."""


@contextmanager
def disk() -> Iterator[None]:
    """Turn what the system says about our temporary files into PublishError."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise PublishError(f"a temporary file cannot be made: {reason}", remedy="free some space") from error


def find_program(name: str, search_path: str) -> str:
    """The full path of a program.

    Raises:
        PublishError: it is not on the search path.

    """
    found = shutil.which(name, path=search_path)
    if found is None:
        raise PublishError(
            f"the program {name} is needed and is not on the search path {shown(search_path)}",
            remedy=f"install it (Debian: {_PACKAGES[name]}), or use imgupdate's container image, which has it as "
            f"/usr/bin/{name}",
        )
    return found


def run(
    command: Sequence[str], *, environment: Mapping[str, str], timeout: float, given: bytes = b"", bound: int = BOUND
) -> Finished:
    """Run a program to its end, in a process group of its own and with no other environment than the given.

    The first of the command is a full path. `timeout` is in seconds; `bound` is on the bytes of each of its outputs.

    Raises:
        OutOfTime: it did not end in time.
        PublishError: it could not be started, or said too much.

    """
    name = os.path.basename(command[0])  # noqa: PTH119 - a name, no path
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell; what comes from outside is checked by those who call
            command,
            cwd="/",
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
    except (OSError, ValueError) as error:
        raise PublishError(
            f"the program {name} cannot be run: {error}", remedy="see whether it is installed"
        ) from error
    with process:
        try:
            return _Attended(process, name, bound, timeout).finish(given)
        except BaseException:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


class _Attended:
    """A running program whose pipes are served until they are closed."""

    def __init__(self, process: subprocess.Popen[bytes], name: str, bound: int, timeout: float) -> None:
        self._process = process
        self._pipes = (process.stdin, process.stdout, process.stderr)
        self._name = name
        self._bound = bound
        self._timeout = timeout
        self._end = time.monotonic() + timeout

    def finish(self, given: bytes) -> Finished:
        taking, *telling = (pipe for pipe in self._pipes if pipe is not None)
        said = {pipe.fileno(): bytearray() for pipe in telling}
        rest = memoryview(given)
        with selectors.DefaultSelector() as selector:
            for pipe in telling:
                selector.register(pipe, selectors.EVENT_READ)
            os.set_blocking(taking.fileno(), False)
            selector.register(taking, selectors.EVENT_WRITE)
            while selector.get_map():
                for key, _ in selector.select(self._remaining()):
                    if key.fileobj is taking:
                        rest = self._give(taking, rest)
                        if not rest:
                            selector.unregister(taking)
                            taking.close()
                    elif chunk := os.read(key.fd, _CHUNK):
                        self._take(said[key.fd], chunk)
                    else:
                        selector.unregister(key.fileobj)
        try:
            status = self._process.wait(self._remaining())
        except subprocess.TimeoutExpired as error:
            raise self._late() from error
        output, errors = map(bytes, said.values())
        return Finished(status=status, output=output, errors=errors)

    def _give(self, pipe: IO[bytes], rest: memoryview) -> memoryview:
        try:
            return rest[os.write(pipe.fileno(), rest[:_CHUNK]) :] if rest else rest
        except BrokenPipeError:
            return rest[:0]

    def _take(self, said: bytearray, chunk: bytes) -> None:
        said += chunk
        if len(said) > self._bound:
            raise PublishError(f"{self._name} said more than {self._bound} bytes", remedy="see what it works on")

    def _remaining(self) -> float:
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise self._late()
        return remaining

    def _late(self) -> OutOfTime:
        return OutOfTime(
            f"{self._name} did not end within {self._timeout:g} s",
            remedy="try again later, or raise `spec.timeout` of the GitRepository",
        )
