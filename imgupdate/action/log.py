"""A run as people read it in the log of a workflow: one fold for each phase, and one line that says it all."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TextIO

from imgupdate.action.events import Trigger
from imgupdate.action.inputs import Inputs
from imgupdate.cli import plain, view
from imgupdate.cli.checkout import head_commit
from imgupdate.cli.settings import RunSettings
from imgupdate.publish.settings import Mode
from imgupdate.report.text import clean, harmless, shorten
from imgupdate.results import Result

LONGEST_VALUE = 2000
"""How many characters of an output the log shows."""

LONGEST_DIFF = 5000
"""How many lines of the diff the log shows; the files, the commit and the pull request have all of them."""

LONGEST_LINE = 2000
"""How many characters of a line of the diff the log shows."""


def configuration(settings: RunSettings, inputs: Inputs, trigger: Trigger) -> Iterator[str]:
    """What the run was asked to do: everything that was decided, and nothing that is secret."""
    told = {
        "event": trigger.event or "none",
        "repository": settings.github.repository or "unknown",
        "path": inputs.path,
        "configuration": settings.config or "the whole repository",
        "publish": _publishing(settings, inputs),
        "base branch": settings.base,
        "branch": settings.branch,
        "policies": ", ".join(settings.policies),
        "images": ", ".join(settings.only_images or ()),
        "said to be pushed (the registry decides)": "; ".join(trigger.hints),
        "registry-auth": "given" if settings.registry_auth or settings.registry_secrets else "",
        "in the place of Secrets": ", ".join(settings.registry_secrets),
        "ambient-credentials": "" if settings.ambient_credentials else "ignored",
        "token-servers": ", ".join(sorted(settings.token_servers)),
        "cache": inputs.cache_dir,
        "intervals": "respected" if settings.respect_interval else "",
        "signing-key": "given" if settings.signing_key else "",
        "fail-on": inputs.fail_on,
    }
    for name, value in told.items():
        if value:
            yield f"{name}: {clean(value, LONGEST_VALUE)}"


def _publishing(settings: RunSettings, inputs: Inputs) -> str:
    if settings.dry_run:
        return f"{inputs.publish.value}, but this is a dry run: nothing is changed"
    if settings.publish is not Mode.NONE:
        return settings.publish.value
    return "none: the files are written" if settings.write else "none: nothing is changed"


def facts(settings: RunSettings, environment: Mapping[str, str]) -> Iterator[str]:
    """What helps to find out why a run does what it does."""
    yield f"Python {sys.version.split()[0]} on {platform.platform()}, as user {os.getuid()}"
    yield f"root {settings.root}, commit {head_commit(settings.root) or 'unknown'}"
    yield f"GitHub at {settings.github.server_url}, its API at {settings.github.api_url}"
    for name in ("GITHUB_EVENT_NAME", "GITHUB_REF", "GITHUB_SHA", "GITHUB_WORKSPACE", "RUNNER_NAME"):
        yield f"{name}: {environment.get(name, 'not set')}"


def policies(result: Result, *, requested: bool) -> Iterator[str]:
    """The table of policies."""
    yield from plain.table(view.policy_cells(result, requested=requested))


def explanations(result: Result) -> Iterator[str]:
    """Why each policy chose what it chose, where it was asked to say so."""
    yield from plain.lines(view.explanation_lines(result))


def changes(result: Result) -> Iterator[str]:
    """The diff, as far as a log should hold it."""
    for number, line in enumerate(plain.lines(view.diff_lines(result))):
        if number == LONGEST_DIFF:
            yield "… the rest of the diff is left out"
            return
        yield shorten(line, LONGEST_LINE)


def published(result: Result) -> Iterator[str]:
    """The commits and pull requests."""
    yield from plain.lines(view.published_lines(result))


def outputs(values: Mapping[str, str]) -> Iterator[str]:
    """Every output, as it is but for its length."""
    for name, value in values.items():
        yield f"{name}={clean(value, LONGEST_VALUE)}"


def conclusion(result: Result) -> str:
    """The run in one sentence."""
    return view.summary_line(result).text


def write(stream: TextIO, lines: Iterable[str]) -> None:
    """Lines into a fold of the log."""
    for line in lines:
        print(harmless(line), file=stream)
    stream.flush()
