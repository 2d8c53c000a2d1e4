"""Signatures of commits, by the programs gpg and ssh-keygen (spec/flux.md 6.5).

Keys lie in a folder that only their owner may enter and that is gone when the signature is made. Passphrases reach gpg
through a pipe and ssh-keygen through its environment.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imgupdate.config.model import SigningType
from imgupdate.errors import PublishError
from imgupdate.git.keys import (
    askpass_environment,
    bare_environment,
    first_line,
    private_key,
    public_key,
    unusable_key,
    write_private,
)
from imgupdate.git.programs import Finished, disk, find_program, run
from imgupdate.remote import SigningIdentity

_TIMEOUT = 60.0
_SMALLEST_RSA = 2048

# A Unix socket's path has fewer than 108 bytes; gpg's agent makes one of 21 in its home, whose own name has 13.
_LONGEST_HOME = 107 - 21 - 13
_SHORT = Path("/tmp")  # noqa: S108 - only for a folder of our own in it
_SSH_KINDS = ("ED25519", "ECDSA", "RSA")

# What protects the agent's copy, which is gone in a moment; measuring how much work that may be would take seconds.
_AGENT = b"s2k-count 65536\n"
_KEY = "signing key"
_OPENPGP = "use a private key as `gpg --armor --export-secret-keys` gives it"
_OPENSSH = "use a private key in the format of OpenSSH: ed25519, ecdsa, or rsa of at least 2048 bits"


class Signer:
    """Signs with the programs of a search path. The folder is where keys lie for a moment."""

    def __init__(self, folder: Path, *, search_path: str) -> None:
        self._folder = folder
        self._search_path = search_path

    def sign(self, payload: bytes, identity: SigningIdentity) -> bytes:
        """The armored signature of a commit.

        Raises:
            PublishError: the key or its passphrase does not do, or the program is not there.

        """
        return self._gpg(payload, identity) if identity.type is SigningType.GPG else self._ssh(payload, identity)

    def _gpg(self, payload: bytes, identity: SigningIdentity) -> bytes:
        with self._gpg_home() as (home, environment):

            def gpg(*arguments: str, given: bytes = b"") -> Finished:
                program = find_program("gpg", self._search_path)
                fixed = ("--no-options", "--batch", "--no-tty", "--quiet", "--pinentry-mode", "loopback")
                return run([program, *fixed, *arguments], environment=environment, timeout=_TIMEOUT, given=given)

            gpg("--import", given=identity.key)
            owned = gpg("--with-colons", "--list-secret-keys").output.splitlines()
            known = gpg("--with-colons", "--list-keys").output.splitlines()
            fingerprints = [line.split(b":")[9].decode() for line in owned if line.startswith(b"fpr:")]
            if not fingerprints:
                raise PublishError("the signing key is not a private OpenPGP key", remedy=_OPENPGP)
            if sum(line.startswith(b"pub:") for line in known) > 1:
                raise PublishError(
                    "multiple entities read from the signing key, could not determine which signing key to use",
                    remedy="export the one key that is to sign",
                )
            data = write_private(home / "payload", payload)
            finished = gpg(
                *("--passphrase-fd", "0", "--local-user", fingerprints[0]),
                *("--armor", "--output", "-", "--detach-sign", "--", str(data)),
                given=first_line(identity.passphrase) + b"\n",
            )
        if finished.status or not finished.output:
            raise unusable_key(_KEY, "passphrase", finished, identity.passphrase, _OPENPGP)
        return finished.output

    @contextmanager
    def _gpg_home(self) -> Iterator[tuple[Path, dict[str, str]]]:
        """A home for gpg, and the agent that runs for it until the end."""
        where = self._folder if len(str(self._folder)) < _LONGEST_HOME else _SHORT
        with disk(), tempfile.TemporaryDirectory(prefix="gpg-", dir=where, ignore_cleanup_errors=True) as name:
            home = Path(name)
            write_private(home / "gpg-agent.conf", _AGENT)
            environment = bare_environment(self._search_path, home) | {"GNUPGHOME": name}
            try:
                yield home, environment
            finally:
                with suppress(PublishError):
                    program = find_program("gpgconf", self._search_path)
                    run([program, "--kill", "all"], environment=environment, timeout=_TIMEOUT)

    def _ssh(self, payload: bytes, identity: SigningIdentity) -> bytes:
        program = find_program("ssh-keygen", self._search_path)
        with disk(), tempfile.TemporaryDirectory(prefix="ssh-", dir=self._folder) as name:
            home = Path(name)
            key = write_private(home / "identity", private_key(identity.key))
            environment = bare_environment(self._search_path, home) | askpass_environment(home, identity.passphrase)

            def keygen(*arguments: str, given: bytes = b"") -> Finished:
                return run([program, *arguments], environment=environment, timeout=_TIMEOUT, given=given)

            # Not every format of a private key shows the public one, which signing begins with.
            public = public_key(key, environment, self._search_path)
            if public.status:
                raise unusable_key(_KEY, "password", public, identity.passphrase, _OPENSSH)
            told = keygen("-l", "-f", str(write_private(home / "identity.pub", public.output)))
            found = re.match(rb"(\d+) .*\(([A-Z0-9-]+)\)\s*$", told.output, re.DOTALL)
            kind, bits = (found[2].decode(), int(found[1])) if found else ("", 0)
            if kind not in _SSH_KINDS or (kind == "RSA" and bits < _SMALLEST_RSA):
                raise PublishError(f"the signing key is {kind} of {bits} bits, which is not used", remedy=_OPENSSH)
            finished = keygen("-Y", "sign", "-n", "git", "-f", str(key), given=payload)
        if finished.status or not finished.output:
            raise unusable_key(_KEY, "password", finished, identity.passphrase, _OPENSSH)
        return finished.output
