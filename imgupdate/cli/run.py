"""`imgupdate run`: the options. What they ask for is done in `imgupdate.cli.job`, imported only then."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from imgupdate.cli.inputs import BY_NAME, FAIL_ON, Kind

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def shared(name: str, parameter: str = "") -> Callable[[Decorated], Decorated]:
    """The option that means the same as an input of the action."""
    known = BY_NAME[name]
    default: Any = known.option_default or known.default
    described = known.description
    more: dict[str, Any] = {}
    if known.kind is Kind.FLAG:
        default, more = False, {"is_flag": True}
    elif known.kind is Kind.LIST:
        default, more = (), {"multiple": True, "metavar": known.metavar}
        described += " May be repeated."
    elif known.choices:
        default, more = default or None, {"type": click.Choice(known.choices)}
    else:
        more = {"metavar": known.metavar}
    if known.unset:
        described += f"  [default: {known.unset}]"
    names = [known.option, parameter or name.replace("-", "_")]
    return click.option(*names, default=default, show_default=bool(default), help=described, **more)


@click.command("run")
@click.option(
    BY_NAME["path"].option,
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=BY_NAME["path"].default,
    show_default=True,
    help=BY_NAME["path"].description,
)
@shared("config")
@shared("namespace")
@click.option("--write", is_flag=True, help="Write the changes to the files.")
@shared("publish")
@shared("dry-run")
@shared("images", "policies")
@shared("base")
@shared("branch")
@shared("title")
@shared("labels")
@shared("assignees")
@shared("reviewers")
@shared("team-reviewers")
@shared("milestone")
@shared("draft")
@shared("auto-merge")
@shared("group-by")
@shared("ambient-credentials")
@shared("token-servers")
@shared("cache-dir")
@shared("respect-interval")
@shared("sign")
@click.option(
    BY_NAME["signing-key"].option,
    "signing_key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar=BY_NAME["signing-key"].metavar,
    help=BY_NAME["signing-key"].description,
)
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What is printed. The JSON is described in docs/output.md.",
)
@click.option("--explain", is_flag=True, help="Say for each tag why it was kept or dropped.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=32,
    show_default=True,
    help="How many images are scanned at once.",
)
@click.option(
    BY_NAME["fail-on"].option,
    type=click.Choice(FAIL_ON),
    default=BY_NAME["fail-on"].default,
    show_default=True,
    help=BY_NAME["fail-on"].description,
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour the text. auto: on a terminal, unless NO_COLOR is set.",
)
@click.pass_context
def command(context: click.Context, /, *, output: str, fail_on: str, color: str, **given: Any) -> int:  # noqa: ANN401
    """Scan images, let each policy choose a tag, and update the marked fields.

    Without --write and --publish nothing is changed: the policies, a diff and what
    is wrong are shown.

    Exit codes, of which the highest that applies counts: 0 done, whether or not
    anything changed; 1 an unexpected error, or a change with --fail-on change; 2
    wrong usage; 3 wrong configuration; 4 an image that could not be scanned or a
    policy that chose no tag; 5 a marker or a marked file that could not be served;
    6 a commit or a pull request that could not be made. An error in one place never
    keeps the others from being updated.
    """
    if given["write"] and given["dry_run"]:
        raise click.UsageError("--write and --dry-run exclude each other", context)
    if given["write"] and given["publish"] != "none":
        raise click.UsageError("--write and --publish exclude each other: publishing leaves the files alone", context)
    from imgupdate.cli.given import Given, settings_of
    from imgupdate.cli.job import Options, perform

    settings = settings_of(Given(**given), os.environ)
    options = Options(settings=settings, output=output, fail_on=fail_on, color=color)
    return perform(options, os.environ, sys.stdout, sys.stderr)
