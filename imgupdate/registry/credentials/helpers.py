"""Docker's credential helpers: programs named `docker-credential-…` (spec/registry.md 7.1)."""

from __future__ import annotations

import re
import threading

from imgupdate.errors import ScanError
from imgupdate.registry.credentials.model import Credential, Malformed, is_text, read_json
from imgupdate.registry.credentials.process import ProcessFailed, find_program, run_program
from imgupdate.registry.failures import clean

SECONDS = 10.0
HUB_SERVER = "https://index.docker.io/v1/"

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NOT_FOUND = b"credentials not found"
_TOKEN_USER = "<token>"  # noqa: S105 - what helpers print in place of a user


class Helpers:
    """Asks each helper once for each host, different hosts at the same time. Safe to use from many threads.

    Programs come from the directories of `search_path` only.
    """

    def __init__(self, search_path: str, *, seconds: float = SECONDS) -> None:
        self._search_path = search_path
        self._seconds = seconds
        self._lock = threading.Lock()
        self._alone: dict[tuple[str, str], threading.Lock] = {}
        self._asked: dict[tuple[str, str], Credential | ScanError | None] = {}

    def get(self, name: str, server: str, source: str) -> Credential | None:
        """What a helper holds for a server, None where it holds nothing.

        Raises:
            ScanError: the name is none, the program is missing, fails, or prints what is not a credential.

        """
        with self._lock:
            alone = self._alone.setdefault((name, server), threading.Lock())
        with alone:
            if (name, server) not in self._asked:
                try:
                    self._asked[name, server] = self._ask(name, server, source)
                except ScanError as error:
                    self._asked[name, server] = error
            found = self._asked[name, server]
        if isinstance(found, ScanError):
            raise ScanError(found.message, remedy=found.remedy) from found
        return found

    def _ask(self, name: str, server: str, source: str) -> Credential | None:
        if not _NAME.fullmatch(name):
            raise ScanError(f"{source} names a credential helper that is not a plain name", remedy="correct it there")
        label = f"docker-credential-{name}"
        program = find_program(label, self._search_path)
        if program is None:
            raise ScanError(
                f"{source} names the credential helper {label}, which is not on the PATH",
                remedy=f"install it, or take it out of {source}",
            )
        try:
            status, output = run_program(program, "get", server, seconds=self._seconds)
        except ProcessFailed as error:
            raise _failed(label, server, str(error)) from error
        if status != 0:
            if _NOT_FOUND in output.lower():
                return None
            raise _failed(label, server, clean(output.decode(errors="replace")) or f"exit status {status}")
        return _read(label, server, output)


def _read(label: str, server: str, output: bytes) -> Credential | None:
    try:
        parsed = read_json(output)
    except Malformed as error:
        raise _failed(label, server, "it printed something other than JSON") from error
    username, secret = parsed.get("Username"), parsed.get("Secret")
    if not is_text(username) or not is_text(secret):
        raise _failed(label, server, "it printed no Username and Secret")
    if not secret:
        return None
    if username == _TOKEN_USER:
        return Credential(source=label, identity_token=secret)
    return Credential(source=label, username=username, password=secret)


def _failed(label: str, server: str, reason: str) -> ScanError:
    return ScanError(
        f"the credential helper {label} failed for {server}: {reason}", remedy=f"run `echo {server} | {label} get`"
    )
