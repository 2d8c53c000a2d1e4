"""Private keys and passphrases on their way to the programs of OpenSSH and GnuPG.

A key is a file that only its owner may read. A passphrase goes through the environment of one process, or a pipe.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from imgupdate.errors import PublishError
from imgupdate.git.programs import Finished, disk, find_program, run
from imgupdate.git.words import Words

_TIMEOUT = 60.0
_PASSPHRASE = "IMGUPDATE_PASSPHRASE"  # noqa: S105 - the name of a variable
_ASKED = re.compile(rb"[Pp]assphrase")
_PATH = re.compile(rb"\"?/[^\s\"]*/identity\"?")

_ASKPASS = f"""\
#!/bin/sh
printf '%s\\n' "${_PASSPHRASE}"
"""


def write_private(path: Path, content: bytes, mode: int = 0o600) -> Path:
    """Make a file that only its owner may read, in the place of another."""
    with disk():
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return path


def bare_environment(search_path: str, home: Path) -> dict[str, str]:
    """What any program gets: where programs are, a home of its own, plain English."""
    return {"PATH": search_path, "HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C"}


def askpass_environment(folder: Path, passphrase: bytes) -> dict[str, str]:
    """What makes OpenSSH take a passphrase from its environment, or none, and never ask anybody."""
    if not passphrase:
        return {"SSH_ASKPASS_REQUIRE": "never"}
    words = first_line(passphrase)
    if b"\0" in words:
        raise PublishError("the passphrase of the SSH key holds a NUL", remedy="correct the Secret")
    program = write_private(folder / "askpass", _ASKPASS.encode(), 0o700)
    text = os.fsdecode(words)
    return {"SSH_ASKPASS": str(program), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":", _PASSPHRASE: text}


def private_key(key: bytes) -> bytes:
    """A key as OpenSSH wants it: with plain line ends, and one at its end."""
    return key.replace(b"\r\n", b"\n").strip() + b"\n"


def first_line(passphrase: bytes) -> bytes:
    """A passphrase without the line break that files end with."""
    return passphrase.partition(b"\n")[0].removesuffix(b"\r")


def public_key(key: Path, environment: Mapping[str, str], search_path: str) -> Finished:
    """What ssh-keygen says of a private key: its public one, where key and passphrase are right."""
    program = find_program("ssh-keygen", search_path)
    return run([program, "-y", "-f", str(key)], environment=environment, timeout=_TIMEOUT)


def unusable_key(what: str, field: str, finished: Finished, passphrase: bytes, remedy: str = "") -> PublishError:
    """Why a key does not do; `field` is where its Secret has the passphrase. The first message is Flux's."""
    if _ASKED.search(finished.errors) and not passphrase:
        return PublishError(
            f"can not use passphrase protected {what} without '{field}' field present in its secret",
            remedy=f"add `{field}` to the Secret",
        )
    said = Words([passphrase.decode(errors="replace").strip()]).clean(_PATH.sub(b"the key", finished.errors))
    advice = f"see whether `{field}` of the Secret is right, and whether the key is whole"
    return PublishError(f"the {what} could not be used: {said}", remedy=f"{advice}; {remedy}" if remedy else advice)
