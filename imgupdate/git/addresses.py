"""The addresses that a checkout has, asked of the git program within bounds, without a user's settings or a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

_TIMEOUT = 10.0
_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)@")


def remote_urls(root: Path, *, search_path: str = os.defpath) -> tuple[str, ...]:
    """The addresses of the remotes of the repository that holds a directory, as its own configuration has them.

    Credentials are taken out of them. Nothing, where there is no repository, or no git on the search path. The
    repository may belong to another user, as it does in a container.
    """
    program = shutil.which("git", path=search_path)
    folder = next((up / ".git" for up in (root.resolve(), *root.resolve().parents) if (up / ".git").exists()), None)
    if program is None or folder is None:
        return ()
    # A folder that is named is not refused for its owner, as one that git finds is; reading settings runs nothing.
    environment = {"GIT_DIR": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
    command = [program, "config", "--local", "--null", "--get-regexp", r"^remote\..*\.url$"]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and nothing in the command comes from outside
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    values = (entry.partition("\n")[2] for entry in done.stdout.decode(errors="replace").split("\0"))
    return tuple(dict.fromkeys(_without_credentials(value) for value in values if value and value.isprintable()))


def _without_credentials(url: str) -> str:
    """An address without password, and without user but where SSH needs one.

    >>> _without_credentials("https://x-access-token:secret@github.com/org/fleet")
    'https://github.com/org/fleet'
    """
    found = _USER.match(url)
    if found is None:
        return url
    scheme, user = found.groups()
    kept = user.partition(":")[0] + "@" if scheme.lower().rstrip(":/").endswith("ssh") else ""
    return scheme + kept + url[found.end() :]
