"""Runs in processes of their own, so that they can be killed, and many at once."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from imgupdate.cli.execution import execute
from imgupdate.cli.settings import RunSettings
from imgupdate.update import Silent
from tests.publish.stage import told
from tests.registry.support import FakeClock

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["imgupdate.cli.publishing", "imgupdate.github.sender", "tests.publish.children"])


def start(settings: RunSettings, environment: Mapping[str, str], report: Path) -> ForkServerProcess:
    """A run that has begun; at its end its problems are in the report."""
    child = CONTEXT.Process(target=_run, args=(settings, dict(environment), report), daemon=True)
    child.start()
    return child


def _run(settings: RunSettings, environment: dict[str, str], report: Path) -> None:
    result = execute(settings, environment, Silent(), FakeClock())
    report.write_text("".join(f"{message}\n" for message in told(result)))
    sys.exit(result.exit_code)
