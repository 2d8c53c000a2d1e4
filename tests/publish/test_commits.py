"""Commits to branches, as Flux pushes them (spec/flux.md 6.2 to 6.4), through the API and through git."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping

import pytest

from imgupdate.publish.settings import Mode
from imgupdate.results import PullRequestOperation, Severity
from tests.publish.stage import APP, WEB, Stage, told
from tests.twins.github import SeenCall, faults


def flux(scene: Stage, push: str = "", **more: str) -> dict[str, str]:
    return scene.usual(**{"auto.yaml": scene.automation(push, **more), "source.yaml": scene.source()})


def errors(scene: Stage) -> list[str]:
    return told(scene.run(), Severity.ERROR)


def test_an_automation_commits_to_the_branch_that_it_checks_out(scene: Stage) -> None:
    base = scene.github.push("main", flux(scene))

    result = scene.run()

    assert told(result, Severity.ERROR) == []
    (commit,) = scene.github.log("main", since=base)
    assert (commit.author, commit.email) == ("fluxbot", "fluxbot@example.org")
    assert commit.message == "Update from image update automation"
    assert commit.parents == (base,)
    assert not commit.verified
    assert scene.image("main") == f"{APP}:1.1.0"
    assert scene.github.pulls() == []
    assert [made.sha for made in result.commits] == [commit.sha]
    assert result.commits[0].reason == "unsigned"


def test_a_second_run_makes_no_commit(scene: Stage) -> None:
    scene.github.push("main", flux(scene))
    scene.run()
    head = scene.github.head("main")

    assert scene.run().commits == ()
    assert scene.github.head("main") == head


def test_a_direct_commit_takes_five_calls(scene: Stage) -> None:
    scene.github.push("main", flux(scene))

    scene.run()

    assert [call.operation for call in scene.github.calls] == [
        "git/get-ref",
        "git/get-tree",
        "git/create-tree",
        "git/create-commit",
        "git/update-ref",
    ]


def test_the_message_is_the_templates_to_the_byte(scene: Stage) -> None:
    message = "ci: {{ range .Changed.Changes }}{{ .OldValue }} -> {{ .NewValue }}{{ end }}\n\n\n"
    scene.github.push("main", flux(scene, message=message))

    scene.run()

    host = scene.registry.host
    assert scene.github.log("main")[0].message == f"ci: {host}/{APP}:1.0.0 -> {host}/{APP}:1.1.0\n\n\n"


def test_an_older_manifest_tells_the_whole_image_where_only_a_tag_changes(scene: Stage) -> None:
    files = flux(scene, message="{{ range .Updated.Images }}{{ . }}{{ end }}")
    files["auto.yaml"] = files["auto.yaml"].replace("fluxcd.io/v1\n", "fluxcd.io/v1beta1\n")
    files["apps/app.yaml"] = 'tag: 1.0.0 # {"$imagepolicy": "flux-system:app:tag"}\n'
    scene.github.push("main", files)

    assert errors(scene) == []

    assert scene.github.log("main")[0].message == f"{scene.registry.host}/{APP}:1.1.0"


def test_github_signs_where_the_author_stands_back(scene: Stage) -> None:
    annotation = ", annotations: {imgupdate.dev/sign: github}"
    scene.github.push("main", flux(scene, more=annotation))

    result = scene.run()

    commit = scene.github.log("main")[0]
    assert commit.author == "github-actions[bot]"
    assert commit.message.endswith("\n\nCo-authored-by: fluxbot <fluxbot@example.org>\n")
    assert result.commits[0].verified


def test_a_push_branch_that_does_not_exist_is_made_and_proposed(scene: Stage) -> None:
    base = scene.github.push("main", flux(scene, "push: {branch: flux-updates}"))

    result = scene.run()

    (commit,) = scene.github.log("flux-updates", since="main")
    assert commit.parents == (base,)
    assert "Imgupdate-Plan: " in commit.message
    assert [pull.operation for pull in result.pull_requests] == [PullRequestOperation.CREATED]
    assert scene.open_pulls()[0][:2] == (1, "flux-updates")


def test_a_push_branch_that_exists_is_added_to_whoever_committed_to_it(scene: Stage) -> None:
    scene.github.push("main", flux(scene, "push: {branch: flux-updates}"))
    scene.run()
    theirs = scene.github.push("flux-updates", {"notes.txt": "mine\n"})
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    scene.run()

    assert scene.image("flux-updates") == f"{APP}:1.2.0"
    assert scene.github.log("flux-updates")[0].parents == (theirs,)
    assert scene.github.tree("flux-updates")["notes.txt"] == b"mine\n"
    body = scene.github.pulls()[0].body or ""
    assert "`1.0.0`" in body
    assert "`1.2.0`" in body


def test_a_push_branch_that_lags_stays_behind(scene: Stage) -> None:
    start = scene.github.push("main", flux(scene, "push: {branch: flux-updates}"))
    scene.github.push("flux-updates", {"notes.txt": "old\n"}, start=start)
    scene.github.push("main", {"README.md": "new\n"})

    scene.run()

    assert "README.md" not in scene.github.tree("flux-updates")
    assert scene.image("flux-updates") == f"{APP}:1.1.0"


def test_a_push_branch_that_is_up_to_date_gets_no_commit(scene: Stage) -> None:
    scene.github.push("main", flux(scene, "push: {branch: flux-updates}"))
    scene.run()
    head = scene.github.head("flux-updates")
    scene.github.push("main", {"README.md": "new\n"})

    result = scene.run()

    assert scene.github.head("flux-updates") == head
    assert [pull.operation for pull in result.pull_requests] == [PullRequestOperation.NONE]


def test_a_push_branch_whose_pull_request_was_squashed_starts_anew(scene: Stage) -> None:
    scene.github.push("main", flux(scene, "push: {branch: flux-updates}"))
    scene.run()
    scene.github.merge_pull(1, "squash")
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    result = scene.run()

    assert len(scene.github.log("flux-updates", since="main")) == 1
    assert [(pull.number, pull.operation) for pull in result.pull_requests] == [(2, PullRequestOperation.CREATED)]


def test_a_push_branch_without_pull_request_is_only_pushed(scene: Stage) -> None:
    scene.github.push("main", flux(scene, "push: {branch: flux-updates}"))

    result = scene.run(publish=Mode.COMMIT)

    assert scene.image("flux-updates") == f"{APP}:1.1.0"
    assert "Imgupdate-Plan" not in scene.github.log("flux-updates")[0].message
    assert (scene.github.pulls(), result.pull_requests) == ([], ())


def test_two_automations_commit_one_after_the_other(scene: Stage) -> None:
    second = scene.automation().replace("name: auto,", "name: second,").replace("./}", "./web}")
    files = {
        **flux(scene),
        "auto.yaml": scene.automation().replace("./}", "./apps}"),
        "second.yaml": second,
        "web/web.yaml": scene.deployment("web", WEB, "1.0.0"),
        "web.yaml": scene.policy("web", WEB),
    }
    base = scene.github.push("main", files)

    result = scene.run()

    newest, oldest = scene.github.log("main", since=base)
    assert newest.parents == (oldest.sha,)
    assert [commit.sha for commit in result.commits] == [oldest.sha, newest.sha]
    assert (scene.image("main"), scene.image("main", "web/web.yaml")) == (f"{APP}:1.1.0", f"{WEB}:1.2.0")


def test_a_head_that_moves_between_our_look_and_our_push_is_built_upon(scene: Stage) -> None:
    scene.github.push("main", flux(scene))
    moved: list[str] = []

    def interfere(call: SeenCall) -> None:
        if call.operation == "git/update-ref" and len(moved) < 3:
            moved.append(scene.github.push("main", {f"theirs-{len(moved)}.txt": "mine\n"}))

    scene.github.before = interfere
    result = scene.run()

    assert told(result, Severity.ERROR) == []
    assert scene.github.log("main")[0].parents == (moved[-1],)
    assert {f"theirs-{number}.txt" for number in range(3)} <= scene.github.tree("main").keys()
    assert scene.clock.slept == sorted(scene.clock.slept)
    assert len(scene.clock.slept) == 3


def test_what_others_did_meanwhile_is_planned_anew(scene: Stage) -> None:
    scene.github.push("main", flux(scene))
    done: list[str] = []

    def interfere(call: SeenCall) -> None:
        if call.operation == "git/update-ref" and not done:
            done.append(scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.1.0")}))

    scene.github.before = interfere
    result = scene.run()

    assert result.commits == ()
    assert scene.github.head("main") == done[0]


def test_a_branch_that_never_stands_still_is_given_up_on(scene: Stage) -> None:
    scene.github.push("main", flux(scene))

    def interfere(call: SeenCall) -> None:
        if call.operation == "git/update-ref":
            scene.github.push("main", {"theirs.txt": f"{call.number}\n"})

    scene.github.before = interfere
    result = scene.run()

    (error,) = told(result, Severity.ERROR)
    assert "others moved the branch main 10 times" in error
    assert result.exit_code == 6


def test_a_branch_to_commit_to_that_is_not_there_is_an_error(scene: Stage) -> None:
    scene.github.push("main", flux(scene, checkout="checkout: {ref: {branch: gone}}"))

    (error,) = errors(scene)

    assert "gone" in error


def test_a_template_that_fails_stops_its_automation_only(scene: Stage) -> None:
    second = scene.automation("push: {branch: other}").replace("name: auto,", "name: second,")
    files = flux(scene, message="{{ .Nothing.Like.This }}") | {"second.yaml": second}
    scene.github.push("main", files)

    result = scene.run()

    (problem,) = [found for found in result.all_problems if found.severity is Severity.ERROR]
    assert problem.location is not None
    assert problem.location.path == "auto.yaml"
    assert problem.exit_code == 3
    assert scene.image("other") == f"{APP}:1.1.0"


@pytest.mark.parametrize(
    ("failure", "on", "words"),
    [
        (faults.not_accessible(), "git/create-tree", "contents: write"),
        (faults.rule_violation(), "git/update-ref", "pull request"),
        (faults.bad_credentials(), "git/get-ref", "token"),
    ],
)
def test_what_github_refuses_says_which_setting_to_change(
    scene: Stage, failure: faults.Failure, on: str, words: str
) -> None:
    scene.github.push("main", flux(scene))
    scene.github.fail(failure, on=on, times=20)

    result = scene.run()

    (problem,) = [found for found in result.all_problems if found.severity is Severity.ERROR]
    assert words in str(problem)
    assert result.exit_code == 6


def test_a_pull_request_that_actions_must_not_open_leaves_its_branch_and_says_what_to_do(scene: Stage) -> None:
    scene.github.push("main", scene.usual())
    scene.github.fail(faults.not_permitted_to_create_pull_requests(), on="pulls/create", times=20)

    result = scene.run()

    (problem,) = [found for found in result.all_problems if found.severity is Severity.ERROR]
    assert "Allow GitHub Actions to create and approve pull requests" in problem.remedy
    assert "compare/main...imgupdate" in str(problem)
    assert scene.image("imgupdate/main") == f"{APP}:1.1.0"


# -- through the git program ------------------------------------------------------------------------------------------


def test_a_refspec_is_pushed_besides_the_branch(scene: Stage) -> None:
    scene.github.push("main", flux(scene, "push: {branch: main, refspec: 'refs/heads/main:refs/heads/copy'}"))

    result = scene.run()

    assert told(result, Severity.ERROR) == []
    assert scene.github.head("copy") == scene.github.head("main")
    assert scene.image("copy") == f"{APP}:1.1.0"


def test_push_options_reach_the_server(scene: Stage) -> None:
    scene.github.push("main", flux(scene, "push: {options: {ci.skip: '', merge_request.create: 'true'}}"))

    assert errors(scene) == []

    assert any("merge_request.create=true" in option for option in scene.github.push_options())
    assert scene.image("main") == f"{APP}:1.1.0"


@pytest.mark.parametrize(
    "ref", ["branch: release", "tag: v1.0.0", "name: refs/heads/release", 'semver: "1.x"', "commit: {commit}"]
)
def test_another_checkout_than_the_workspaces_is_what_the_edit_is_made_upon(scene: Stage, ref: str) -> None:
    released = scene.github.push("release", {**scene.usual(), "release.txt": "here\n"})
    scene.github.tag("v1.0.0", released)
    ref = ref.replace("{commit}", released)
    scene.github.push(
        "main", flux(scene, "push: {branch: flux-updates}", checkout=f"checkout: {{ref: {{{ref}}}}}"), start="release"
    )

    result = scene.run()

    assert told(result, Severity.ERROR) == []
    assert scene.image("flux-updates") == f"{APP}:1.1.0"
    assert scene.github.log("flux-updates")[0].parents == (released,)
    opened = [(pull.branch, pull.base) for pull in result.pull_requests]
    assert opened == ([("flux-updates", "release")] if "release" in ref else [])


@pytest.fixture
def signing(scene: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """An environment for gpg that has one key, which is also in the Secret that the automation signs with.

    Its path is short, since gpg's agent makes a socket in it.
    """
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    environment = {"GNUPGHOME": str(home), "PATH": scene.environment["PATH"]}
    quick = ["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "fluxbot@example.org", "ed25519", "sign"]
    subprocess.run(quick, env=environment, check=True, capture_output=True)
    armored = subprocess.run(
        ["gpg", "--batch", "--armor", "--export-secret-keys"], env=environment, check=True, capture_output=True
    ).stdout.decode()
    indented = "".join(f"    {line}\n" for line in armored.splitlines())
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: signing, namespace: flux-system}\n"
        f"stringData:\n  git.asc: |\n{indented}"
    )
    automation = scene.automation().replace("commit:\n", "commit:\n      signingKey: {secretRef: {name: signing}}\n")
    scene.github.push("main", {**flux(scene), "auto.yaml": automation, "secret.yaml": secret})
    yield environment
    subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False, capture_output=True)


def is_signed(scene: Stage, branch: str, environment: Mapping[str, str]) -> bool:
    verify = ["git", "--git-dir", str(scene.github.directory), "verify-commit", f"refs/heads/{branch}"]
    return subprocess.run(verify, env=dict(environment), check=False, capture_output=True).returncode == 0


@pytest.mark.needs_program("gpg")
def test_a_commit_is_signed_with_the_key_in_the_secret(scene: Stage, signing: Mapping[str, str]) -> None:
    assert errors(scene) == []

    assert scene.image("main") == f"{APP}:1.1.0"
    assert is_signed(scene, "main", signing)


@pytest.mark.needs_program("gpg")
def test_a_signed_pull_request_is_kept_up_to_date_through_git(scene: Stage, signing: Mapping[str, str]) -> None:
    scene.run(publish=Mode.PULL_REQUEST)
    first = scene.github.head("imgupdate/main")
    unchanged = scene.run(publish=Mode.PULL_REQUEST)
    scene.github.push("main", {"README.md": "new\n"})
    scene.registry.fill(APP, ["1.0.0", "1.1.0", "1.2.0"])

    result = scene.run(publish=Mode.PULL_REQUEST)

    assert unchanged.commits == ()
    assert scene.github.head("imgupdate/main") != first
    assert scene.image("imgupdate/main") == f"{APP}:1.2.0"
    assert is_signed(scene, "imgupdate/main", signing)
    assert [(pull.number, pull.operation) for pull in result.pull_requests] == [(1, PullRequestOperation.UPDATED)]
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.2.0")})
    assert scene.run(publish=Mode.PULL_REQUEST).pull_requests[0].operation is PullRequestOperation.CLOSED
    assert "imgupdate/main" not in scene.github.branches()


def test_a_signing_key_that_nobody_has_is_an_error_that_names_the_input(scene: Stage) -> None:
    automation = scene.automation().replace("commit:\n", "commit:\n      signingKey: {secretRef: {name: signing}}\n")
    scene.github.push("main", {**flux(scene), "auto.yaml": automation})

    (problem,) = [found for found in scene.run().all_problems if found.severity is Severity.ERROR]

    assert "could not find signing key secret 'signing'" in problem.message
    assert "signing-key" in problem.remedy
