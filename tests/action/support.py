"""Steps of the action within this process, and on their own as the runner starts them."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from imgupdate.action.main import main
from imgupdate.action.outputs import OUTPUTS
from imgupdate.registry import Clock
from tests.registry.support import FakeClock
from tests.twins.runner import Runner, Step, _Streams

ROOT = Path(__file__).parents[2]
ENTRYPOINT = ROOT / "entrypoint.py"
EVENTS = Path(__file__).parent / "events"
OUR_COMMANDS = {"add-mask", "debug", "endgroup", "error", "group", "notice", "stop-commands", "warning"}
COMMAND = (sys.executable, "-I", "-u", str(ENTRYPOINT))


def event(name: str) -> dict[str, Any]:
    """A payload as GitHub sends it."""
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.payload.json").read_text())
    return found


def step(
    runner: Runner,
    inputs: Mapping[str, str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    unset: Sequence[str] = (),
    seen: Callable[[dict[str, str]], Mapping[str, str]] = dict,
    clock: Clock | None = None,
) -> Step:
    """Run the action within this process, and read what it says and leaves behind as the runner does.

    `seen` is what the action sees instead of the environment.
    """
    files = runner._command_files()
    variables = runner.variables(inputs or {}, environment or {}) | {name: str(path) for name, path in files.items()}
    variables = {"PATH": os.environ["PATH"]} | {
        name: value for name, value in variables.items() if not name.startswith(tuple(unset))
    }
    kept = io.BytesIO()
    stream = io.TextIOWrapper(kept, encoding="ascii")
    code = main(seen(variables), stream, clock=clock or FakeClock())
    lines = re.split(r"\r\n|\r|\n", kept.getvalue().decode().removesuffix("\n"))
    streams = _Streams(lines=lines, kept={"stdout": [kept.getvalue()], "stderr": []})
    done = runner._step(code, streams, files, inputs or {})
    return checked(done) if "GITHUB_OUTPUT" in variables else done


def process(runner: Runner, inputs: Mapping[str, str] | None = None, **more: Any) -> Step:
    """Run the action as a process of its own, as the container starts it."""
    done = checked(runner.run(COMMAND, inputs=inputs, **more))
    assert done.stderr == ""
    return done


def checked(done: Step) -> Step:
    """A step that left the runner nothing to complain about, with all its outputs, and with no command but ours."""
    assert done.runner_errors == []
    assert set(done.outputs) == set(OUTPUTS)
    assert done.variables == done.state == {}
    assert done.path == []
    assert {found.name for found in done.commands} <= OUR_COMMANDS
    return done


def messages(done: Step, level: str) -> list[str]:
    """What the annotations of a level say."""
    return [found.message for found in done.annotations if found.level == level]
