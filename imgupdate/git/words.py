"""What git says, as an error of ours: cleaned, bounded, with what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from imgupdate.errors import PublishError
from imgupdate.git.programs import Finished

_LONGEST = 600
_READ = 32_000
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?")
_NOISE = re.compile(
    r"(?:remote:|hint:.*|To .*|Counting objects.*|Compressing objects.*|Total .*|Everything up-to-date)"
)

_TOKEN = "see whether the token is still valid and may read and write this repository"  # noqa: S105 - no password
_RULES = "have the automation push to another branch and open a pull request, or let the token's owner by the rule"
_FAILURES = (
    (
        r"refusing to allow .*workflow",
        "the token may not change workflows",
        "use a token of a GitHub App with the permission `workflows: write`",
    ),
    (r"GH006|[Pp]rotected branch", "the branch is protected", _RULES),
    (r"GH013|[Rr]epository rule violations", "a rule of the repository forbids the push", _RULES),
    (
        r"terminal prompts disabled|Authentication failed|could not read (?:Username|Password)|error: 401|HTTP 401",
        "the server does not accept the credentials",
        _TOKEN,
    ),
    (
        r"error: 403|HTTP 403|Permission to .* denied|Write access to repository not granted",
        "the credentials do not allow it",
        "give the token `contents: write`, or the deploy key the right to write",
    ),
    (
        r"error: 404|HTTP 404|[Rr]epository .*not found|does not appear to be a git repository|does not exist",
        "there is no such repository, or the credentials do not see it",
        "correct the address, or let the token read the repository",
    ),
    (r"error: 30[12378]", "the address leads elsewhere", "write the address that the repository has now"),
    (
        r"[Hh]ost key verification failed|host key .*has changed|No \S+ host key is known",
        "the host's SSH key is not the one in `known_hosts`",
        "renew `known_hosts` of the Secret, if the host is the right one",
    ),
    (
        r"incorrect passphrase|error in libcrypto|invalid format",
        "the SSH key cannot be read",
        "see whether it is whole, and its passphrase in `password` of the Secret",
    ),
    (r"Permission denied \(", "the server does not accept the SSH key", "add the public key as a deploy key"),
    (r"[Cc]ould not resolve", "the name of the host is not known", "correct the address"),
    (
        r"certificate|SSL|TLS",
        "no safe connection to the server can be made",
        "give its authority as `ca.crt` in the Secret of the GitRepository",
    ),
    (
        r"Failed to connect|[Cc]ould(?:n't| not) connect|Connection (?:refused|reset|closed|timed out)|unreachable",
        "the server cannot be reached",
        "try again later, or see whether the runner may reach it",
    ),
    (r"does not support push options", "the server takes no push options", "take out `git.push.options`"),
    (r"hook declined", "a hook of the server declined the push", "do as it says"),
)


class Words:
    """Cleans what was said of secrets and of all that a terminal or a runner would take for a command."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def clean(self, said: bytes | str, *, longest: int = _LONGEST) -> str:
        """A text on one line, printable, bounded and without secrets."""
        text = said if isinstance(said, str) else _ends(said).decode(errors="replace")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        lines = []
        for raw in re.split(r"[\r\n]+", _ESCAPE.sub("", text)):
            line = "".join(c if c.isprintable() else " " for c in raw).replace("##[", "## [")
            line = " ".join(re.sub(":(?=:)", ": ", line).removeprefix("remote: ").split())
            if line and not _NOISE.fullmatch(line) and line not in lines:
                lines.append(line)
        joined = "; ".join(lines)
        return joined if len(joined) <= longest else joined[: longest - 3] + "..."

    def failure(self, what: str, finished: Finished) -> PublishError:
        """The error that a failed command stands for; `what` is like "the push to main"."""
        return self.refusal(what, finished.errors or f"exit status {finished.status}")

    def refusal(self, what: str, said: bytes | str) -> PublishError:
        """The error that a text stands for."""
        whole, text = self.clean(said, longest=_READ), self.clean(said)
        for pattern, meaning, remedy in _FAILURES:
            if re.search(pattern, whole):
                return PublishError(f"{what} failed: {meaning} ({text})", remedy=remedy)
        return PublishError(f"{what} failed: {text}", remedy="see what the server says")


def _ends(said: bytes) -> bytes:
    """The beginning and the end of what was said: git itself speaks last."""
    return said if len(said) <= _READ else said[: _READ // 2] + b"\n" + said[-_READ // 2 :]
