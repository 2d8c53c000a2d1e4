"""The command `imgupdate`: finds the command that is meant, and turns every way out into an exit code."""

from __future__ import annotations

import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import click

from imgupdate import __version__
from imgupdate.cli.streams import OutputLost
from imgupdate.errors import Error

COMMANDS = {"run": "Update the image references of a repository, or show what would be updated."}
"""What each command is for. Each is a module of this package, imported only when it is called."""

INTERRUPTED = 130
PIPE_CLOSED = 141


class _Commands(click.Group):
    """The commands of `COMMANDS`, listed without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"imgupdate.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="imgupdate", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show where in the program an unexpected error happened.")
def imgupdate(*, debug: bool) -> None:
    """Flux's image automation without a cluster.

    Reads ImageRepository, ImagePolicy and ImageUpdateAutomation manifests (or .github/imgupdate.yaml), asks the
    registries, and updates the fields that carry an image policy marker.
    """
    click.get_current_context().obj = debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (default: that of the process) and return the exit code (design, section 6)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _parse_and_invoke(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        _say("interrupted; files that were not written yet are as they were")
        return INTERRUPTED
    except OSError as error:
        _let_go_of_stdout()
        if isinstance(error, BrokenPipeError):
            return PIPE_CLOSED
        _say(f"error: the output could not be written: {error.strerror}")
        return Error.exit_code
    return code


def _parse_and_invoke(words: list[str]) -> int:
    try:
        with imgupdate.make_context("imgupdate", words) as context:
            return _invoke(context)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code


def _invoke(context: click.Context) -> int:
    try:
        return int(imgupdate.invoke(context))
    except Error as error:
        _say(f"error: {error}")
        return error.exit_code
    except OutputLost as lost:
        raise lost.error from lost
    except (click.exceptions.Exit, click.ClickException):
        raise
    except Exception as error:  # noqa: BLE001 - the last resort of the whole program
        _say_unexpected(error, debug=bool(context.obj) or os.environ.get("RUNNER_DEBUG") == "1")
        return Error.exit_code


def _say_unexpected(error: Exception, *, debug: bool) -> None:
    """Report a defect of ours on one line; with `debug`, where it happened too."""
    if debug:
        for line in "".join(traceback.format_exception(error)).splitlines():
            _say(line)
    what = f"error: {type(error).__name__}: {error}; this is a defect of imgupdate {__version__}"
    how = "please report it" if debug else "please report it with what `imgupdate --debug` shows for the same command"
    _say(f"{what}; {how}")


def _say(text: str) -> None:
    from imgupdate.report.text import clean, harmless

    click.echo(harmless(clean(text)), err=True)


def _let_go_of_stdout() -> None:
    """Keep the interpreter from trying to write the rest once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(io.UnsupportedOperation):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
