"""The runner twin reads a step's log and files as GitHub's runner does (spec/github-actions.md 1.2 to 1.6)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.twins.runner import TOKEN, Invocation, Runner, Step, declared_inputs
from tests.twins.runner_commands import Command, FileCommandRefused, Log, parse_command, parse_pairs

ACTION = """\
inputs:
  token: {default: "${{ github.token }}"}
  dry-run: {default: false}
  two words: {default: x}
  path: {}
"""


@pytest.mark.parametrize(
    ("line", "name", "properties", "data"),
    [
        ("::error::it broke", "error", {}, "it broke"),
        ("  \t::warning file=a.yaml,line=3::look", "warning", {"file": "a.yaml", "line": "3"}, "look"),
        ("::ERROR title=A%3A B%2C%25::x%0Ay%250A", "error", {"title": "A: B,%"}, "x\ny%0A"),
        ("::notice file=,line==2,,col::x", "notice", {"line": "2"}, "x"),
        ("text ##[add-mask]secret", "add-mask", {}, "secret"),
        ("a ##[error file=a;line=3]te%3Bxt%5D", "error", {"file": "a", "line": "3"}, "te;xt]"),
        ("::unknown::x ##[group]y", "group", {}, "y"),
    ],
)
def test_a_line_that_the_runner_takes_for_a_command(
    line: str, name: str, properties: Mapping[str, str], data: str
) -> None:
    assert parse_command(line) == Command(name=name, properties=properties, data=data)


@pytest.mark.parametrize(
    "line",
    ["", "plain", "a ::error::x", "::error:x", "::nothing::x", "##[error", "##[\\error]x", "\x1f::error::x", "##[-]"],
)
def test_a_line_that_the_runner_prints_as_it_is(line: str) -> None:
    assert parse_command(line) is None


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ("\n\na=1\nb=x=y\nc=\n", {"a": "1", "b": "x=y", "c": ""}),
        ("a=1<<E\n", {"a": "1<<E"}),
        ("a<<E\none\n\ntwo\r\nE\nb=2", {"a": "one\n\ntwo\r", "b": "2"}),
        ("a<<E\nE\n", {"a": ""}),
        ("a<<=\nx\n=", {"a": "x"}),
        ("a<<E\nx\u2028y\nE\n", {"a": "x\u2028y"}),
    ],
)
def test_what_a_command_file_says(text: str, pairs: Mapping[str, str]) -> None:
    assert dict(parse_pairs(text)) == pairs


@pytest.mark.parametrize("text", ["a\n", "<<E\nE\n", "a<<\nx\n", "a<<E\nx\n", "a<<E\nx", "a<<E\nE \n"])
def test_what_a_command_file_may_not_say(text: str) -> None:
    with pytest.raises(FileCommandRefused):
        dict(parse_pairs(text))


def read(*lines: str) -> Log:
    log = Log(workspace="/github/workspace")
    for line in lines:
        log.take(line)
    return log


def test_stop_commands_hold_until_their_token_comes_back() -> None:
    log = read("::stop-commands::Token-of-7", "::error::a", "##[error]b", "::token-OF-7::", "::error::c")

    assert [annotation.message for annotation in log.annotations] == ["c"]
    assert log.lines[:2] == ["::error::a", "##[error]b"]
    assert log.secrets == {"Token-of-7"}


@pytest.mark.parametrize("token", ["", "error", "Pause-Logging", "stop-commands"])
def test_a_token_that_anybody_could_say_stops_nothing_and_fails_the_step(token: str) -> None:
    log = read(f"::stop-commands::{token}", "::error::seen")

    assert len(log.failures) == 1
    assert len(log.annotations) == 1


def test_ten_annotations_of_a_level_are_shown_and_no_more() -> None:
    log = read(*(f"::error::{number}" for number in range(12)), "::notice::n")

    assert [annotation.message for annotation in log.annotations] == [*map(str, range(10)), "n"]
    assert [annotation.message for annotation in log.lost] == ["10", "11"]
    assert "##[error]11" in log.lines


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ("file=/github/workspace/a/b.yaml,line=3,col=4", ("a/b.yaml", 3, 0, 4, 0)),
        ("file=a.yaml,line=3,endLine=3,col=4,endColumn=9", ("a.yaml", 3, 3, 4, 9)),
        ("file=a.yaml,line=3,endLine=5,col=4", ("a.yaml", 3, 5, 0, 0)),
        ("file=a.yaml,line=5,endLine=3", ("a.yaml", 0, 0, 0, 0)),
        ("file=a.yaml,endLine=3", ("a.yaml", 3, 3, 0, 0)),
        ("file=a.yaml,col=4", ("a.yaml", 0, 0, 0, 0)),
        ("file=a.yaml,line=1,col=9,endColumn=4", ("a.yaml", 1, 0, 0, 0)),
        ("file=a.yaml,line=x", ("a.yaml", 0, 0, 0, 0)),
    ],
)
def test_where_an_annotation_stands(properties: str, place: tuple[str, int, int, int, int]) -> None:
    (found,) = read(f"::error {properties}::x").annotations

    assert (found.file, found.line, found.end_line, found.column, found.end_column) == place


def test_a_long_message_is_cut() -> None:
    assert len(read("::error::" + "x" * 5000).annotations[0].message) == 4096


def test_a_secret_is_hidden_from_its_mask_on_in_the_encodings_that_the_runner_knows() -> None:
    log = read("hunter-22", "::add-mask::hunter-22%0Asecond line", "a hunter-22 b", "aHVudGVyLTIy", "second line")

    assert log.lines == ["hunter-22", "a *** b", "***", "***"]


def test_commands_that_the_runner_no_longer_takes_fail_the_step() -> None:
    assert read("::set-env name=A::b", "##[add-path]/x").failures == [
        "The command 'set-env' is disabled",
        "The command 'add-path' is disabled",
    ]


@pytest.fixture
def action(tmp_path: Path) -> Path:
    path = tmp_path / "action.yml"
    path.write_text(ACTION)
    return path


def script(runner: Runner, text: str, **inputs: str) -> Step:
    return runner.run(
        [sys.executable, "-I", "-c", text], inputs={name.replace("_", "-"): v for name, v in inputs.items()}
    )


def test_inputs_have_their_defaults_and_dashes_stay(action: Path) -> None:
    runner = Runner(action.parent / "runner", action=action)

    variables = runner.variables({"path": "apps", "other": "x"}, {"CI": "maybe", "HOME": "/elsewhere"})

    assert declared_inputs(action) == {"token": "${{ github.token }}", "dry-run": "false", "two words": "x", "path": ""}
    assert {name: value for name, value in variables.items() if name.startswith("INPUT_")} == {
        "INPUT_TOKEN": TOKEN,
        "INPUT_DRY-RUN": "false",
        "INPUT_TWO_WORDS": "x",
        "INPUT_PATH": "apps",
        "INPUT_OTHER": "x",
    }
    assert variables["CI"] == "maybe"
    assert variables["HOME"] == str(runner.home)
    assert "GITHUB_TOKEN" not in variables
    assert variables["GITHUB_REF_NAME"] == "main"


def test_a_step_is_read_from_its_files_and_both_its_streams_also_when_it_fails(action: Path) -> None:
    runner = Runner(action.parent / "runner", action=action, event={"ref": "refs/heads/main"})
    step = script(
        runner,
        """if True:
        import json, os, sys
        e = os.environ
        ref = json.load(open(e["GITHUB_EVENT_PATH"]))["ref"]
        print("::error::one", flush=True)
        print("::warning::two\\nhas " + e["INPUT_TOKEN"], file=sys.stderr, flush=True)
        open(e["GITHUB_OUTPUT"], "a").write("cwd<<X\\n" + os.getcwd() + "\\nX\\nref=" + ref)
        open(e["GITHUB_STEP_SUMMARY"], "a").write("# Done " + e["INPUT_TOKEN"])
        open(e["GITHUB_PATH"], "a").write("/a\\n")
        open(e["GITHUB_ENV"], "a").write("A=b")
        open(e["GITHUB_STATE"], "a").write("s=t")
        sys.exit(3)""",
        unknown="x",
    )

    assert (step.exit_code, step.succeeded) == (3, False)
    assert step.outputs == {"cwd": os.path.realpath(runner.workspace), "ref": "refs/heads/main"}
    assert sorted(a.message for a in step.annotations) == ["Unexpected input(s) unknown", "one", "two"]
    assert step.summary == "# Done ***"
    assert (step.path, step.variables, step.state) == (["/a"], {"A": "b"}, {"s": "t"})
    assert "has ***" in step.log
    assert TOKEN not in step.log
    assert TOKEN in step.stderr
    assert step.stdout == "::error::one\n"


def test_a_broken_output_file_fails_a_step_that_ended_well_and_a_summary_too_large_is_dropped(action: Path) -> None:
    step = script(
        Runner(action.parent / "runner", action=action),
        """if True:
        import os
        open(os.environ["GITHUB_OUTPUT"], "a").write("kept=1\\na<<X\\nnever ended\\n")
        open(os.environ["GITHUB_STEP_SUMMARY"], "a").write("x" * (1024 * 1024 + 1))""",
    )

    assert (step.exit_code, step.succeeded) == (0, False)
    assert step.outputs == {"kept": "1"}
    assert "GITHUB_OUTPUT" in step.runner_errors[0]
    assert step.summary == ""
    assert [a.level for a in step.annotations] == ["error"]


class Elsewhere:
    """A place that runs on the machine, but is told of a container's paths."""

    is_container = True
    seen: tuple[Mapping[str, str], Mapping[Path, str], str]

    def invocation(
        self, arguments: object, environment: Mapping[str, str], mounts: Mapping[Path, str], directory: str
    ) -> Invocation:
        self.seen = (environment, mounts, directory)
        return Invocation(arguments=[sys.executable, "-c", ""], environment={}, directory=Path.cwd())


def test_a_container_sees_its_own_paths(action: Path) -> None:
    root = action.parent / "runner"
    place = Elsewhere()
    runner = Runner(root, action=action, place=place)

    runner.run(
        ["x"],
        environment={"MINE": f"{root}/workspace/a", "OTHER": f"see {root}/workspace", "NEAR": f"{root}/workspaces"},
    )

    environment, mounts, directory = place.seen
    assert directory == environment["GITHUB_WORKSPACE"] == "/github/workspace"
    assert environment["HOME"] == "/github/home"
    assert environment["GITHUB_EVENT_PATH"] == "/github/workflow/event.json"
    assert environment["GITHUB_OUTPUT"].startswith("/github/file_commands/set_output_")
    assert environment["RUNNER_TEMP"] == "/github/runner_temp"
    assert environment["MINE"] == "/github/workspace/a"
    assert environment["OTHER"] == f"see {root}/workspace"
    assert environment["NEAR"] == f"{root}/workspaces"
    assert mounts[root / "workspace"] == "/github/workspace"


def test_a_variable_can_be_one_that_this_runner_does_not_know(action: Path) -> None:
    place = Elsewhere()

    Runner(action.parent / "runner", action=action, place=place).run(["x"], unset=["GITHUB_REPOSITORY_ID"])

    assert "GITHUB_REPOSITORY_ID" not in place.seen[0]
