"""`imgupdate run`: the options. What they ask for is done in `imgupdate.cli.job`, imported only then."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.command("run")
@click.option(
    "--path",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="The root of the repository.",
)
@click.option(
    "--config",
    default="",
    metavar="PATH",
    help="The file or folder, below the root, that holds the configuration.  [default: the whole repository]",
)
@click.option(
    "--namespace",
    default="flux-system",
    show_default=True,
    metavar="NAME",
    help="The namespace of manifests that name none.",
)
@click.option("--write", is_flag=True, help="Write the changes to the files.")
@click.option("--dry-run", is_flag=True, help="Only show what would change. That is the default.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="NAME",
    help="Look only at this policy, given as namespace/name or name. May be repeated.",
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
    "--fail-on",
    type=click.Choice(["error", "never", "change"]),
    default="error",
    show_default=True,
    help="When the exit code is not 0: after errors, never, or after errors and changes.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour the text. auto: on a terminal, unless NO_COLOR is set.",
)
@click.pass_context
def command(  # noqa: PLR0913 - as many as there are options
    context: click.Context,
    *,
    root: Path,
    config: str,
    namespace: str,
    write: bool,
    dry_run: bool,
    policies: tuple[str, ...],
    output: str,
    explain: bool,
    workers: int,
    fail_on: str,
    color: str,
) -> int:
    """Scan images, let each policy choose a tag, and update the marked fields.

    Without --write nothing is changed: the policies, a diff and what is wrong are
    shown.

    Exit codes, of which the highest that applies counts: 0 done, whether or not
    anything changed; 1 an unexpected error, or a change with --fail-on change; 2
    wrong usage; 3 wrong configuration; 4 an image that could not be scanned or a
    policy that chose no tag; 5 a marker or a marked file that could not be served.
    An error in one place never keeps the others from being updated.
    """
    from imgupdate.cli.job import Options, perform
    from imgupdate.cli.settings import RunSettings

    if write and dry_run:
        raise click.UsageError("--write and --dry-run exclude each other", context)
    settings = RunSettings(
        root=root,
        config=config,
        namespace=namespace,
        write=write,
        policies=policies,
        explain=explain,
        workers=workers,
    )
    options = Options(settings=settings, output=output, fail_on=fail_on, color=color)
    return perform(options, os.environ, sys.stdout, sys.stderr)
