"""What the container starts: the action in a step of a workflow that gives it no arguments, else the command line.

Started as `python -I -u /path/to/entrypoint.py`, so that nothing of the repository that it works on, and no variable of
the workflow, gets in the way of the packages that are installed beside the interpreter.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where the image has git, gpg and ssh. The PATH of the workflow is of another machine, or leads into the workspace."""


def main() -> int:
    """Run what is meant, and return the exit code."""
    if Path(__file__).parent == Path(sys.prefix):  # in the image
        os.environ["PATH"] = PROGRAMS
    if os.environ.get("GITHUB_ACTIONS") == "true" and not sys.argv[1:]:
        from imgupdate.action.main import main as action

        return action()
    from imgupdate.cli.main import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
