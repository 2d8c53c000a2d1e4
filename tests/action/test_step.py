"""Whole steps: what the action finds, writes and tells."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from imgupdate.action.log import LONGEST_LINE
from imgupdate.action.main import main
from imgupdate.action.outputs import NOTHING
from tests.action.support import event, messages, process, step
from tests.cli.support import Tree, deployment, guide, policy, repository
from tests.twins.registry import Basic, Fault, RegistryTwin
from tests.twins.runner import TOKEN, Runner
from tests.twins.runner_commands import parse_pairs


def test_the_files_are_written_where_nothing_is_published(runner: Runner, registry: RegistryTwin) -> None:
    tree = Tree(runner.workspace).lay_out({})

    done = step(runner, {"publish": "none"})

    assert (done.exit_code, done.succeeded) == (0, True)
    assert tree.changed == {"apps/podinfo.yaml"}
    assert json.loads(done.outputs["updates"]) == [
        {
            "image": f"{registry.host}/podinfo",
            "old": "5.0.0",
            "new": "5.0.3",
            "kind": "patch",
            "policies": ["flux-system/podinfo"],
            "places": ["apps/podinfo.yaml:9"],
        }
    ]
    assert done.outputs["changed"] == "true"
    assert done.outputs["files"] == '["apps/podinfo.yaml"]'
    assert done.outputs["updated-count"] == "1"
    assert done.outputs["pull-request-operation"] == "none"
    assert done.annotations == []


def test_a_dry_run_shows_everything_and_changes_nothing(runner: Runner) -> None:
    tree = Tree(runner.workspace).lay_out({})

    done = step(runner, {"publish": "none", "dry-run": "true"})

    assert done.exit_code == 0
    assert tree.changed == set()
    assert done.outputs["changed"] == "true"
    assert "Dry run" in done.summary
    assert "publish: none, but this is a dry run: nothing is changed" in done.log


def test_where_nothing_is_behind_nothing_is_said_to_change(tmp_path: Path, registry: RegistryTwin) -> None:
    runner = Runner(tmp_path)
    guide(runner.workspace, registry.host, tag="5.0.3")

    done = step(runner, {"publish": "none"})

    assert done.exit_code == 0
    assert done.outputs == dict(NOTHING)
    assert "##[group]Changes" not in done.log


def test_the_log_has_a_fold_for_each_phase_and_ends_with_one_sentence(runner: Runner) -> None:
    log = step(runner, {"publish": "none"}).log.splitlines()

    assert [line for line in log if line.startswith("##[group]")] == [
        "##[group]Configuration",
        "##[group]Scanning",
        "##[group]Changes",
        "##[group]Outputs",
    ]
    assert log[0].startswith("imgupdate ")
    assert log[-1] == "1 file changed (1 field)"
    assert "event: schedule" in log
    assert "updated-count=1" in log
    assert any(line.startswith("podinfo  5.0.0    5.0.3   patch") for line in log)
    assert any(line.startswith("+") and "podinfo:5.0.3" in line for line in log)


def test_a_step_that_is_debugged_says_why_each_tag_was_kept_or_dropped_and_where_it_runs(
    tmp_path: Path, registry: RegistryTwin
) -> None:
    runner = Runner(tmp_path, debug=True)
    guide(runner.workspace, registry.host)

    log = step(runner, {"publish": "none"}).log

    assert f"##[debug]root {runner.workspace}, commit unknown" in log
    assert "##[debug]GITHUB_REF: refs/heads/main" in log
    assert "dropped  latest" in log


def test_a_diff_that_is_too_long_for_a_log_is_cut_there(tmp_path: Path, registry: RegistryTwin) -> None:
    runner = Runner(tmp_path)
    guide(runner.workspace, registry.host)
    marked = f'a: {registry.host}/podinfo:5.0.0 # {{"$imagepolicy": "flux-system:podinfo"}}\n'
    Tree(runner.workspace).lay_out({"apps/many.yaml": f"---\n{marked}" * 3000})

    done = step(runner, {"publish": "none"})

    assert done.exit_code == 0
    assert "… the rest of the diff is left out" in done.log
    assert len(done.log.splitlines()) < 5100


def test_a_line_that_is_too_long_for_a_log_is_cut_in_its_middle(tmp_path: Path, registry: RegistryTwin) -> None:
    runner = Runner(tmp_path)
    guide(runner.workspace, registry.host)
    path = runner.workspace / "apps/podinfo.yaml"
    path.write_text(path.read_text().replace("image:", f"args: [{'x' * 100_000}]\n          image:"))

    done = step(runner, {"publish": "none", "dry-run": "true"})

    assert done.outputs["changed"] == "true"
    assert "xxx…xxx" in done.log
    assert max(map(len, done.log.splitlines())) <= LONGEST_LINE


def test_the_summary_links_to_the_files_of_the_commit(runner: Runner) -> None:
    summary = step(runner, {"publish": "none"}).summary

    assert "1 image updated" in summary
    assert f"https://github.example/octo/fleet/blob/{'0' * 40}/apps/podinfo.yaml#L9" in summary


def test_an_image_that_cannot_be_scanned_is_annotated_at_its_line_and_the_others_are_updated(
    runner: Runner, registry: RegistryTwin
) -> None:
    Tree(runner.workspace).lay_out(
        {"flux/gone.yaml": repository(f"{registry.host}/gone", "gone") + policy("gone", "*", "gone")}
    )

    done = step(runner, {"publish": "none"})

    assert (done.exit_code, done.outputs["changed"]) == (4, "true")
    error = done.annotations[0]
    assert (error.level, error.file, error.line) == ("error", "flux/gone.yaml", 2)
    assert "could not be scanned" in error.message


@pytest.mark.parametrize(
    "form", ['"{host}": {{username: alice, password: {word}}}', '"{host}/podinfo": "alice:{word}"']
)
def test_a_private_registry_is_read_with_the_credentials_of_the_input(
    runner: Runner, registry: RegistryTwin, form: str
) -> None:
    registry.authentication = Basic(username="alice", password="the-right-word")

    right = step(runner, {"publish": "none", "registry-auth": form.format(host=registry.host, word="the-right-word")})
    wrong = step(runner, {"publish": "none", "registry-auth": form.format(host=registry.host, word="the-wrong-word")})

    assert (right.exit_code, right.outputs["changed"]) == (0, "true")
    assert (wrong.exit_code, wrong.outputs["changed"]) == (4, "false")
    (message,) = messages(wrong, "error")
    assert "with the credentials of the input registry-auth" in message
    assert "DOCKER_AUTH_CONFIG" not in message
    assert "word" not in message.replace("password", "")


def test_annotations_of_a_repository_in_a_folder_of_the_workspace_are_at_its_files(
    tmp_path: Path, registry: RegistryTwin
) -> None:
    runner = Runner(tmp_path)
    guide(runner.workspace / "fleet", registry.host)
    Tree(runner.workspace).lay_out({"fleet/apps/wrong.yaml": 'a: b # {"$imagepolicy": "flux-system:typo"}\n'})

    done = step(runner, {"publish": "none", "path": "fleet"})

    assert done.exit_code == 5
    assert [found.file for found in done.annotations if found.level == "error"] == ["fleet/apps/wrong.yaml"]
    assert done.outputs["files"] == '["apps/podinfo.yaml"]'


def test_no_more_than_ten_annotations_of_a_level_are_made_and_the_summary_has_them_all(
    tmp_path: Path, registry: RegistryTwin
) -> None:
    runner = Runner(tmp_path)
    guide(runner.workspace, registry.host)
    wrong = "".join(f'a{number}: b # {{"$imagepolicy": "flux-system:typo-{number}"}}\n' for number in range(30))
    Tree(runner.workspace).lay_out({"apps/wrong.yaml": wrong})

    done = step(runner, {"publish": "none"})

    assert len(messages(done, "error")) == 10
    assert done.lost == []
    assert "21 more errors" in messages(done, "error")[-1]
    assert all(f"typo-{number}`" in done.summary or f"typo-{number} " in done.summary for number in range(30))


@pytest.mark.parametrize(
    ("fail_on", "code", "said"),
    [
        ("error", 0, []),
        ("never", 0, []),
        ("change", 1, ["there are changes, and `fail-on` is change"]),
    ],
)
def test_fail_on_decides_whether_changes_fail_the_step(
    runner: Runner, fail_on: str, code: int, said: list[str]
) -> None:
    done = step(runner, {"publish": "none", "fail-on": fail_on})

    assert done.exit_code == code
    assert messages(done, "error") == said
    assert done.outputs["changed"] == "true"


def test_fail_on_never_is_content_with_errors(runner: Runner, registry: RegistryTwin) -> None:
    Tree(runner.workspace).lay_out({"apps/wrong.yaml": 'a: b # {"$imagepolicy": "flux-system:typo"}\n'})

    done = step(runner, {"publish": "none", "fail-on": "never"})

    assert done.exit_code == 0
    assert len(messages(done, "error")) == 1


def test_wrong_inputs_are_all_reported_at_once_and_nothing_is_done(runner: Runner, registry: RegistryTwin) -> None:
    tree = Tree(runner.workspace).lay_out({})

    done = step(runner, {"publish": "pr", "draft": "yes", "group-by": "polciy", "fail-on": "warning", "lable": "x"})

    assert done.exit_code == 2
    assert tree.changed == set()
    assert registry.requests == ()
    assert done.outputs == dict(NOTHING)
    assert "there is no input 'lable', it does nothing; did you mean labels?" in messages(done, "warning")
    assert {found.title for found in done.annotations if found.level == "error"} == {"imgupdate cannot begin"}
    said = "\n".join(messages(done, "error"))
    assert len(messages(done, "error")) == 4
    assert "the input group-by: 'polciy' is none of its values; did you mean policy?" in said
    assert "the input draft: 'yes' is neither true nor false" in said
    assert all(text in done.summary for text in ("polciy", "warning", "yes"))


def test_an_input_that_there_is_not_is_a_warning_that_names_the_one_that_is_meant(runner: Runner) -> None:
    done = step(runner, {"publish": "none", "label": "x", "dry_run": "true", "zzz": ""})

    assert done.exit_code == 0
    assert [message for message in messages(done, "warning") if "Unexpected" not in message] == [
        "there is no input 'dry_run', it does nothing; did you mean dry-run?",
        "there is no input 'label', it does nothing; did you mean labels?",
        "there is no input 'zzz', it does nothing; the inputs are listed in docs/action.md",
    ]


def test_a_policy_that_there_is_not_is_wrong_usage(runner: Runner) -> None:
    done = step(runner, {"publish": "none", "images": "podinf"})

    assert done.exit_code == 2
    assert messages(done, "error") == ["there is no policy named 'podinf'; name one of: flux-system/podinfo"]
    assert "podinf" in done.summary


def test_a_workspace_without_a_checkout_is_told_apart_from_one_without_policies(tmp_path: Path) -> None:
    done = step(Runner(tmp_path))

    assert done.exit_code == 2
    assert "add a step with actions/checkout before this one" in messages(done, "error")[0]


def test_configuration_that_cannot_be_read_is_an_error_with_all_outputs(runner: Runner) -> None:
    Tree(runner.workspace).lay_out({"flux/broken.yaml": "apiVersion: image.toolkit.fluxcd.io/v1\nkind: [\n"})

    done = step(runner, {"publish": "none"})

    assert done.exit_code == 3
    assert done.outputs == dict(NOTHING)
    assert done.annotations[0].file == "flux/broken.yaml"


def test_without_any_variable_of_a_runner_it_still_works(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runner.workspace)
    tree = Tree(runner.workspace).lay_out({})

    done = step(runner, {"publish": "none"}, unset=["GITHUB_", "RUNNER_", "HOME", "CI"])

    assert done.exit_code == 0
    assert tree.changed == {"apps/podinfo.yaml"}
    assert done.outputs == {}
    assert "changed=true" in done.log


def test_only_the_image_of_a_dispatch_is_scanned(tmp_path: Path, registry: RegistryTwin) -> None:
    registry.fill("other", ["1.0.0", "1.0.1"])
    payload = event("repository_dispatch") | {
        "client_payload": {"image": f"{registry.host}/other:9.9.9", "tag": "9.9.9"}
    }
    runner = Runner(tmp_path, event_name="repository_dispatch", event=payload)
    guide(runner.workspace, registry.host)
    tree = Tree(runner.workspace).lay_out(
        {
            "flux/other.yaml": repository(f"{registry.host}/other", "other") + policy("other", "1.x", "other"),
            "apps/other.yaml": deployment(f"{registry.host}/other:1.0.0", "flux-system:other"),
        }
    )

    done = step(runner, {"publish": "none"})

    assert done.exit_code == 0
    assert tree.changed == {"apps/other.yaml"}
    assert {request.path for request in registry.requests} == {"/v2/other/tags/list"}
    assert "\nother " in done.log
    assert "\npodinfo " not in done.log
    assert json.loads(done.outputs["updates"])[0]["new"] == "1.0.1"
    assert "said to be pushed (the registry decides):" in done.log


def test_only_the_image_that_was_pushed_to_githubs_registry_is_scanned(tmp_path: Path, registry: RegistryTwin) -> None:
    payload = event("registry_package.published.docker")
    version = payload["registry_package"]["package_version"]
    version["container_metadata"]["tag"]["name"] = "5.0.3"
    version["package_url"] = f"{registry.host}/podinfo:5.0.3"
    runner = Runner(tmp_path, event_name="registry_package", event=payload)
    guide(runner.workspace, registry.host)
    Tree(runner.workspace).lay_out(
        {"flux/other.yaml": repository(f"{registry.host}/other", "other") + policy("other", "1.x", "other")}
    )

    done = step(runner, {"publish": "none"})

    assert (done.exit_code, done.outputs["updated-count"]) == (0, "1")
    assert {request.path for request in registry.requests} == {"/v2/podinfo/tags/list"}


def test_an_image_that_no_policy_uses_is_reported_and_nothing_is_scanned(
    tmp_path: Path, registry: RegistryTwin
) -> None:
    payload = event("repository_dispatch") | {"client_payload": {"image": f"{registry.host}/unknown"}}
    runner = Runner(tmp_path, event_name="repository_dispatch", event=payload)
    tree = guide(runner.workspace, registry.host)

    done = step(runner, {"publish": "none"})

    assert (done.exit_code, tree.changed, registry.requests) == (0, set(), ())
    assert f"{registry.host}/unknown" in "\n".join(found.message for found in done.annotations)


def test_an_untagged_manifest_of_a_package_leaves_nothing_to_do(tmp_path: Path, registry: RegistryTwin) -> None:
    name = "registry_package.published.docker"
    runner = Runner(tmp_path, event_name="registry_package", event=event(name))
    guide(runner.workspace, registry.host)

    done = step(runner, {"publish": "none"})

    assert (done.exit_code, done.outputs) == (0, dict(NOTHING))
    assert registry.requests == ()
    assert messages(done, "notice")[0].startswith("nothing to do: the manifest has no tag")
    assert "nothing to do" in done.summary


@pytest.mark.parametrize(("name", "level"), [("pull_request", "notice"), ("pull_request_target", "warning")])
def test_on_pull_requests_nothing_is_published_or_written(
    tmp_path: Path, registry: RegistryTwin, name: str, level: str
) -> None:
    runner = Runner(tmp_path, event_name=name, ref="refs/pull/7/merge")
    tree = guide(runner.workspace, registry.host)

    done = step(runner, {"token": ""})

    assert (done.exit_code, tree.changed) == (0, set())
    assert done.outputs["changed"] == "true"
    assert "nothing is published" in messages(done, level)[0]


def test_publishing_where_no_branch_is_known_says_which_input_is_missing(
    tmp_path: Path, registry: RegistryTwin
) -> None:
    runner = Runner(tmp_path, ref="refs/tags/v1.0.0")
    guide(runner.workspace, registry.host)

    done = step(runner)

    assert done.exit_code == 2
    assert messages(done, "error") == [
        (
            "the workflow runs for 'refs/tags/v1.0.0', so that there is no branch to publish to; "
            "name it with `base`, or check out a branch (`ref` of actions/checkout)"
        )
    ]


class Exploding(dict[str, str]):
    """An environment of which one variable cannot be read, with an error that nobody reckons with."""

    def __getitem__(self, key: str) -> str:
        raise LookupError

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        if key == "GITHUB_REPOSITORY":
            raise LookupError(f"no {TOKEN} for you\n::set-output name=changed::x\n##[set-output name=changed]true")
        return super().get(key, default)


@pytest.mark.parametrize("debug", [False, True])
def test_a_defect_is_one_clear_error_with_all_outputs_and_no_secret(
    tmp_path: Path, registry: RegistryTwin, debug: bool
) -> None:
    runner = Runner(tmp_path, debug=debug)
    guide(runner.workspace, registry.host)

    done = step(runner, {"publish": "none"}, seen=Exploding)

    assert done.exit_code == 1
    assert done.outputs == dict(NOTHING)
    assert len(messages(done, "error")) == 1
    assert "LookupError: no *** for you" in messages(done, "error")[0]
    assert "please report it" in messages(done, "error")[0]
    assert ("Traceback" in done.log) is debug
    assert ("debug logging" in messages(done, "error")[0]) is not debug
    assert [line for line in done.stdout.splitlines() if TOKEN in line] == [f"::add-mask::{TOKEN}"]
    assert "failed unexpectedly" in done.summary


def test_outputs_that_cannot_be_written_fail_the_step(runner: Runner) -> None:
    done = step(runner, {"publish": "none"}, seen=lambda given: given | {"GITHUB_STEP_SUMMARY": "/dev/full"})

    assert done.exit_code == 1
    assert done.outputs["changed"] == "true"
    assert messages(done, "error") == [
        "the file of GITHUB_STEP_SUMMARY cannot be written: [Errno 28] No space left on device"
    ]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_cancelled_workflow_ends_the_step_at_once_with_all_outputs(
    runner: Runner, registry: RegistryTwin, number: int, code: int
) -> None:
    registry.inject(Fault(delay=60))

    def cancel(pid: int) -> None:
        def when_it_scans() -> None:
            assert registry.asked.wait(60)
            os.kill(pid, number)

        threading.Thread(target=when_it_scans, daemon=True).start()

    done = process(runner, {"publish": "none"}, started=cancel)

    assert done.exit_code == code
    assert done.outputs == dict(NOTHING)
    assert messages(done, "warning") == ["the workflow was cancelled; what was published until then stays"]
    assert done.log.count("##[group]") == done.log.count("##[endgroup]")


class Cancelling(dict[str, str]):
    """An environment that is looked at as the workflow is cancelled."""

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        if key == "GITHUB_REPOSITORY":
            signal.raise_signal(signal.SIGTERM)
        return super().get(key, default)


def test_a_workflow_can_be_cancelled_at_any_time_and_the_handlers_of_signals_are_as_they_were(runner: Runner) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    done = step(runner, {"publish": "none"}, seen=Cancelling)

    assert done.exit_code == 143
    assert messages(done, "warning") == ["the workflow was cancelled; what was published until then stays"]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


class CancelledAgain(io.StringIO):
    """A log that is written to as the second signal of a cancelled workflow comes."""

    comes = False

    def write(self, text: str) -> int:
        if self.comes:
            self.comes = False
            signal.raise_signal(signal.SIGINT)
        return super().write(text)


def test_the_second_signal_of_a_cancelled_workflow_does_not_disturb_the_end_of_a_step(runner: Runner) -> None:
    log = CancelledAgain()

    class Environment(dict[str, str]):
        def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
            if key == "SSL_CERT_FILE":
                log.comes = True
                signal.raise_signal(signal.SIGTERM)
            return super().get(key, default)

    assert main(Environment(runner.variables({"publish": "none"}, {})), log) == 143
    assert log.getvalue().count("::endgroup::") == log.getvalue().count("::group::") == 2


def test_a_log_that_nobody_reads_any_more_fails_the_step(runner: Runner) -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    output = runner.workspace.parent / "output"

    assert main({**runner.variables({}, {}), "GITHUB_OUTPUT": str(output)}, Closed()) == 1
    assert dict(parse_pairs(output.read_text())) == dict(NOTHING)


def test_outputs_and_signals_are_there_before_the_rest_of_the_program_is_loaded() -> None:
    script = "import sys; import imgupdate.action.main; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", script], check=True, capture_output=True, text=True
    ).stdout.split()

    ours = {name for name in loaded if name.startswith("imgupdate.")}
    assert {"imgupdate.action.main", "imgupdate.action.names"} <= ours
    assert {name.split(".")[1] for name in ours} == {"action", "errors", "report"}
    assert "imgupdate.action.step" not in ours
    assert {"yaml", "github", "httpx", "requests"} & set(loaded) == set()


def test_a_process_that_is_killed_has_its_outputs(runner: Runner, registry: RegistryTwin) -> None:
    registry.inject(Fault(delay=60))

    def kill(pid: int) -> None:
        def when_it_scans() -> None:
            assert registry.asked.wait(60)
            os.kill(pid, signal.SIGKILL)

        threading.Thread(target=when_it_scans, daemon=True).start()

    assert process(runner, {"publish": "none"}, started=kill).outputs == dict(NOTHING)


def test_the_action_runs_as_the_container_starts_it(runner: Runner) -> None:
    (runner.workspace / "yaml.py").write_text("raise SystemExit('the repository was imported')")

    done = process(
        runner,
        {"publish": "none"},
        environment={"PYTHONPATH": str(runner.workspace), "PYTHONSTARTUP": "yaml.py", "LANG": "C", "PYTHONUTF8": "0"},
    )

    assert (done.exit_code, done.outputs["changed"]) == (0, "true")
    assert not any(runner.home.iterdir())
