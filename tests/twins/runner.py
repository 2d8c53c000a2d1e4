"""GitHub's runner as far as a Docker action meets it: folders, variables, inputs, command files, limits.

    runner = Runner(tmp_path, event={"ref": "refs/heads/main"})
    (runner.workspace / "app.yaml").write_text(...)
    step = runner.run([sys.executable, "-I", "-u", str(ENTRYPOINT)], inputs={"dry-run": "true"})
    assert step.outputs["changed"] == "false"

The contract is that of spec/github-actions.md 1.1 to 1.6. The same step runs in a container where `place` is one.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import yaml

from tests.twins.runner_commands import (
    SUMMARY_LIMIT,
    Annotation,
    Command,
    FileCommandRefused,
    Log,
    parse_pairs,
)

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
RUNNER_USER = 1001
TOKEN = "ghs_ATokenOfTheTwinThatOpensNothing00000"
SECONDS = 60

FILES = {
    "GITHUB_OUTPUT": "set_output_",
    "GITHUB_ENV": "set_env_",
    "GITHUB_PATH": "add_path_",
    "GITHUB_STATE": "save_state_",
    "GITHUB_STEP_SUMMARY": "step_summary_",
}
CONTAINER_PATHS = {
    "temp/_github_home": "/github/home",
    "temp/_github_workflow": "/github/workflow",
    "temp/_runner_file_commands": "/github/file_commands",
    "temp": "/github/runner_temp",
    "workspace": "/github/workspace",
}
"""Where each folder of the runner is in a container, the inner ones first (spec 1.2)."""

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What is started: a program with its arguments, variables and directory."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    directory: Path


class Place(Protocol):
    """Where a step runs: on the machine itself, or in a container."""

    @property
    def is_container(self) -> bool:
        """Whether paths have to be those of `CONTAINER_PATHS`."""
        ...

    def invocation(
        self, arguments: Sequence[str], environment: Mapping[str, str], mounts: Mapping[Path, str], directory: str
    ) -> Invocation:
        """How to start a program there; `mounts` says where each folder of the machine is seen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine itself: what the step sees beside the runner's variables is the PATH."""

    is_container: bool = False

    def invocation(
        self, arguments: Sequence[str], environment: Mapping[str, str], mounts: Mapping[Path, str], directory: str
    ) -> Invocation:
        path = {"PATH": os.environ.get("PATH", os.defpath)}
        return Invocation(arguments=arguments, environment=path | dict(environment), directory=Path(directory))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How a step ended, as the runner knows it.

    Attributes:
        succeeded: Exit code 0 and nothing that the runner fails a step for.
        outputs: Those of the output file.
        variables: What it gave to later steps through GITHUB_ENV.
        summary: The job summary; empty where it was too large, as the runner then drops it.
        annotations: Those that are shown; `lost` are those beyond the limits.
        log: Both streams as people see them, secrets masked.
        stdout: One stream, byte for byte; likewise `stderr`.
        runner_errors: What the runner itself had to say against the step.

    """

    exit_code: int
    succeeded: bool
    outputs: Mapping[str, str]
    variables: Mapping[str, str]
    path: Sequence[str]
    state: Mapping[str, str]
    summary: str
    annotations: Sequence[Annotation]
    lost: Sequence[Annotation]
    commands: Sequence[Command]
    masks: frozenset[str]
    log: str
    stdout: str
    stderr: str
    runner_errors: Sequence[str]


@dataclass(slots=True, kw_only=True)
class _Streams:
    """The two streams of a process, line by line as they come."""

    lines: list[str] = field(default_factory=list)
    kept: dict[str, list[bytes]] = field(default_factory=lambda: {"stdout": [], "stderr": []})
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, name: str, stream: IO[bytes]) -> None:
        for line in stream:
            with self.lock:
                self.kept[name].append(line)
                # .NET ends a line at \n, \r\n and a lone \r.
                self.lines += re.split(r"\r\n|\r|\n", re.sub(r"\r?\n\Z", "", line.decode(errors="replace")))

    def text(self, name: str) -> str:
        return b"".join(self.kept[name]).decode(errors="replace")


class Runner:
    """A runner in the middle of a job of a workflow.

    Args:
        root: An empty folder of its own, that of the test.
        repository: `owner/name`.
        event_name: What the workflow runs on; `event` is its payload.
        ref: The branch, tag or pull request that it runs for.
        api_url: Where GitHub's API is; likewise `server_url` for its pages and Git.
        token: What `github.token` is.
        action: The `action.yml` whose inputs and defaults hold.
        owner: Who owns the folders; anybody but root, who the step often is. None: whoever runs the tests.
        debug: Whether step debugging is on.

    """

    def __init__(
        self,
        root: Path,
        *,
        repository: str = "octo/fleet",
        event_name: str = "schedule",
        event: Mapping[str, Any] | None = None,
        ref: str = "refs/heads/main",
        sha: str = "0" * 40,
        api_url: str = "https://api.github.example",
        server_url: str = "https://github.example",
        token: str = TOKEN,
        action: Path = ACTION,
        owner: int | None = None,
        debug: bool = False,
        place: Place | None = None,
    ) -> None:
        self.workspace = root / "workspace"
        self.home = root / "temp/_github_home"
        self.token = token
        self.place: Place = place or Machine()
        self._root = root
        self._action = action
        self._owner = owner
        self._debug = debug
        for folder in CONTAINER_PATHS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        self.event_path = root / "temp/_github_workflow/event.json"
        self.event_path.write_text(json.dumps({} if event is None else event, indent=2))
        self.context = _github_context(
            repository=repository, event_name=event_name, ref=ref, sha=sha, api_url=api_url, server_url=server_url
        ) | {"workspace": str(self.workspace), "event_path": str(self.event_path)}

    def run(
        self,
        arguments: Sequence[str],
        *,
        inputs: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        unset: Sequence[str] = (),
        timeout: float = SECONDS,
        started: Callable[[int], None] | None = None,
    ) -> Step:
        """Run a step of the job and read what it left behind, as the runner does after a failure, too.

        Args:
            arguments: The program with its arguments.
            inputs: The workflow's `with:`.
            environment: The workflow's `env:`.
            unset: Variables of the runner that this one does not know (an older or another runner).
            timeout: After so many seconds the process is killed and `subprocess.TimeoutExpired` raised.
            started: Is told the process id once the step runs, so that a test can end it.

        """
        files = self._command_files()
        variables = self.variables(inputs or {}, environment or {}) | {name: str(path) for name, path in files.items()}
        for name in unset:
            del variables[name]
        mounts = {self._root / folder: self._seen(str(self._root / folder)) for folder in CONTAINER_PATHS}
        invocation = self.place.invocation(
            arguments,
            {name: self._seen(value) for name, value in variables.items()},
            mounts,
            self._seen(str(self.workspace)),
        )
        self.hand_over()
        code, streams = _execute(invocation, timeout, started)
        return self._step(code, streams, files, inputs or {})

    def variables(self, inputs: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
        """The variables of a step, the command files apart, with the paths of this machine."""
        runner = {"os": "Linux", "arch": "X64", "name": "twin", "temp": str(self._root / "temp")}
        runner |= {"environment": "github-hosted", "tool_cache": str(self._root / "temp/tools")}
        variables = dict(environment)
        variables |= {f"GITHUB_{name.upper()}": value for name, value in self.context.items()}
        variables |= {f"RUNNER_{name.upper()}": value for name, value in runner.items()}
        variables |= {"RUNNER_DEBUG": "1"} if self._debug else {}
        declared = declared_inputs(self._action)
        for name in {**declared, **inputs}:
            value = inputs.get(name, declared.get(name, ""))
            variables[f"INPUT_{name.replace(' ', '_').upper()}"] = self._evaluate(value)
        return variables | {"HOME": str(self.home), "GITHUB_ACTIONS": "true", "CI": environment.get("CI", "true")}

    def foreign_files(self) -> list[str]:
        """The files and folders of the workspace that do not belong to the runner's user."""
        owner = os.getuid() if self._owner is None else self._owner
        found = [path for path in self.workspace.rglob("*") if path.lstat().st_uid != owner]
        return sorted(path.relative_to(self.workspace).as_posix() for path in found)

    def hand_over(self) -> None:
        """Give everything to the runner's user, as if that one had checked the repository out."""
        if self._owner is not None:
            for path in (self._root, *self._root.rglob("*")):
                os.chown(path, self._owner, self._owner, follow_symlinks=False)

    def _command_files(self) -> dict[str, Path]:
        suffix = uuid.uuid4()
        folder = self._root / "temp/_runner_file_commands"
        files = {name: folder / f"{prefix}{suffix}" for name, prefix in FILES.items()}
        for path in files.values():
            path.touch()
        return files

    def _seen(self, value: str) -> str:
        """A value as the step sees it: in a container, one that begins with a folder of the runner is translated."""
        if not self.place.is_container:
            return value
        for folder, inside in CONTAINER_PATHS.items():
            outside = str(self._root / folder)
            if value == outside or value.startswith(outside + "/"):
                return inside + value.removeprefix(outside)
        return value

    def _evaluate(self, text: str) -> str:
        """A value with its expressions; those that an action's defaults use are known, others fail the test."""

        def value(found: re.Match[str]) -> str:
            context, _, name = found[1].partition(".")
            known = self.context | {"token": self.token} if context == "github" else {}
            assert name in known, f"the runner twin does not know the expression {found[0]}"
            return known[name]

        return EXPRESSION.sub(value, text)

    def _step(self, code: int, streams: _Streams, files: Mapping[str, Path], inputs: Mapping[str, str]) -> Step:
        log = Log(workspace=self._seen(str(self.workspace)), debug=self._debug)
        log.mask(self.token)
        unexpected = sorted(set(inputs) - set(declared_inputs(self._action)))
        if unexpected:
            log.issue(Annotation(level="warning", message=f"Unexpected input(s) {', '.join(unexpected)}"))
        for line in streams.lines:
            log.take(line)
        pairs = {name: self._pairs(name, files[name], log) for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STATE")}
        summary = log.masked(_text(files["GITHUB_STEP_SUMMARY"]))
        if len(files["GITHUB_STEP_SUMMARY"].read_bytes()) > SUMMARY_LIMIT:
            log.issue(Annotation(level="error", message="The job summary is larger than 1024k and was dropped"))
            summary = ""
        return Step(
            exit_code=code,
            succeeded=code == 0 and not log.failures,
            outputs=log.outputs | pairs["GITHUB_OUTPUT"],
            variables=pairs["GITHUB_ENV"],
            path=[line for line in files["GITHUB_PATH"].read_text().splitlines() if line],
            state=pairs["GITHUB_STATE"],
            summary=summary,
            annotations=log.annotations,
            lost=log.lost,
            commands=log.commands,
            masks=frozenset(log.secrets),
            log="\n".join(log.lines),
            stdout=streams.text("stdout"),
            stderr=streams.text("stderr"),
            runner_errors=log.failures,
        )

    def _pairs(self, name: str, path: Path, log: Log) -> dict[str, str]:
        found: dict[str, str] = {}
        try:
            found.update(parse_pairs(_text(path)))
        except FileCommandRefused as error:
            log.failures.append(f"Unable to process file command {name!r}: {error}")
        return found


def _text(path: Path) -> str:
    """A file as it is, its line ends too."""
    return path.read_bytes().decode(errors="replace")


def declared_inputs(action: Path) -> dict[str, str]:
    """The inputs of an `action.yml` with their defaults; without one it is ''."""
    declared = yaml.safe_load(action.read_text()).get("inputs") or {}
    return {name: _default((described or {}).get("default")) for name, described in declared.items()}


def _default(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _github_context(
    *, repository: str, event_name: str, ref: str, sha: str, api_url: str, server_url: str
) -> dict[str, str]:
    owner, _, _ = repository.partition("/")
    kind, _, name = ref.removeprefix("refs/").partition("/")
    return {
        "action": "imgupdate",
        "action_ref": "v1",
        "action_repository": "octo/imgupdate",
        "actor": "octocat",
        "actor_id": "583231",
        "api_url": api_url,
        "base_ref": "",
        "event_name": event_name,
        "graphql_url": f"{api_url}/graphql",
        "head_ref": "",
        "job": "update",
        "ref": ref,
        "ref_name": name,
        "ref_protected": "false",
        "ref_type": "tag" if kind == "tags" else "branch",
        "repository": repository,
        "repository_id": "1296269",
        "repository_owner": owner,
        "repository_owner_id": "583231",
        "retention_days": "90",
        "run_attempt": "1",
        "run_id": "1658821493",
        "run_number": "3",
        "server_url": server_url,
        "sha": sha,
        "triggering_actor": "octocat",
        "workflow": "Update images",
        "workflow_ref": f"{repository}/.github/workflows/images.yml@{ref}",
        "workflow_sha": sha,
    }


def _execute(invocation: Invocation, timeout: float, started: Callable[[int], None] | None) -> tuple[int, _Streams]:
    streams = _Streams()
    process = subprocess.Popen(
        invocation.arguments,
        env=dict(invocation.environment),
        cwd=invocation.directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout
        assert process.stderr
        readers = [
            threading.Thread(target=streams.read, args=(name, stream))
            for name, stream in (("stdout", process.stdout), ("stderr", process.stderr))
        ]
        for reader in readers:
            reader.start()
        if started:
            started(process.pid)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            for reader in readers:
                reader.join()
    return code, streams
