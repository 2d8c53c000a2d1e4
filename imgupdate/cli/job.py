"""What `imgupdate run` does: the rooms put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from imgupdate.cli.execution import execute
from imgupdate.cli.output import TextReport, make_progress
from imgupdate.cli.settings import RunSettings
from imgupdate.cli.streams import writing
from imgupdate.registry import Clock
from imgupdate.report.document import to_json
from imgupdate.results import Result

CHANGED = 1
"""The exit code of `--fail-on change` where nothing is wrong but something changed or would change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command, as the person gave them."""

    settings: RunSettings
    output: str
    fail_on: str
    color: str


def perform(
    options: Options, environment: Mapping[str, str], stdout: TextIO, stderr: TextIO, *, clock: Clock | None = None
) -> int:
    """Do what the options ask for, report it, and return the exit code; `clock` is what the registry client goes by.

    Raises:
        UsageError: the path is no directory, the namespace no name, or a policy that is asked for does not exist.
        OutputLost: the report could not be written; the files are.

    """
    progress = make_progress(stderr, options.color, environment)
    result = execute(options.settings, environment, progress, clock)
    code = exit_code(result, options.fail_on)
    with writing(stdout):
        if options.output == "json":
            stdout.write(to_json(result, exit_code=code))
        else:
            TextReport(stdout, options.color, environment).show(result, requested=bool(options.settings.policies))
    return code


def exit_code(result: Result, fail_on: str) -> int:
    """The exit code of a run (design, section 6), as `--fail-on` has it."""
    if fail_on == "never":
        return 0
    if fail_on == "change" and result.plan.edits:
        return max(result.exit_code, CHANGED)
    return result.exit_code
