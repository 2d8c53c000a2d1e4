"""What the container starts: the action in a step of a workflow that gives it no arguments, else the command line.

Started as `python -I -u /path/to/entrypoint.py`, so that nothing of the repository that it works on, and no variable of
the workflow, gets in the way of the packages that are installed beside the interpreter.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run what is meant, and return the exit code."""
    if os.environ.get("GITHUB_ACTIONS") == "true" and not sys.argv[1:]:
        from imgupdate.action.main import main as action

        return action()
    from imgupdate.cli.main import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
