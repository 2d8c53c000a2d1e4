"""Names, modes, links, numbers and places that repositories have: what is committed is just what changes."""

from __future__ import annotations

import pytest

from imgupdate.publish.settings import GroupBy, Mode
from imgupdate.results import PullRequestOperation, Severity
from tests.publish.stage import APP, WEB, Stage, told

OWN = "imgupdate/main"
MANY = 1_000


def changed(scene: Stage, branch: str = OWN, base: str = "main") -> set[str]:
    before, after = scene.github.tree(base), scene.github.tree(branch)
    assert before.keys() == after.keys()
    assert scene.github.modes(base) == scene.github.modes(branch)
    return {path for path in after if before[path] != after[path]}


@pytest.mark.parametrize("by", [GroupBy.AUTOMATION, GroupBy.DIRECTORY])
@pytest.mark.parametrize(
    "path", ["größe/äpp.yaml", "apps/ein name.yaml", "apps/日本.yaml", "a+b/#c?&%20.yaml", "App/app.yaml", "-x/-y.yaml"]
)
def test_a_path_of_any_letters_is_committed_as_it_is(scene: Stage, path: str, by: GroupBy) -> None:
    files = scene.usual(**{path: scene.deployment("app", APP, "1.0.0")})
    del files["apps/app.yaml"]
    scene.github.push("main", files)

    result = scene.run(group_by=by)

    assert told(result, Severity.ERROR) == []
    (pull,) = result.pull_requests
    assert changed(scene, pull.branch) == {path}
    assert scene.run(group_by=by).commits == ()


def test_folders_that_differ_in_case_alone_have_a_pull_request_each(scene: Stage) -> None:
    files = {f"{folder}/app.yaml": scene.deployment("app", APP, "1.0.0") for folder in ("apps", "Apps", "a/b", "a-b")}
    scene.github.push("main", {**files, "policies.yaml": scene.policy("app", APP)})

    result = scene.run(group_by=GroupBy.DIRECTORY)

    assert [changed(scene, pull.branch) for pull in result.pull_requests] == [{path} for path in sorted(files)]


def test_modes_links_and_submodules_stay_as_they_are(scene: Stage) -> None:
    head = scene.github.push("main", {"README.md": "x\n"})
    files = scene.usual(
        **{"link.yaml": "apps/app.yaml", "out.yaml": "../outside.yaml", "vendor": head, "run.sh": "x\n"}
    )
    modes = {"link.yaml": "120000", "out.yaml": "120000", "vendor": "160000", "apps/app.yaml": "100755"}
    scene.github.push("main", files, modes=modes)
    root = scene.scratch / "bare"
    root.mkdir()
    (root / "policies.yaml").write_text(files["policies.yaml"])

    result = scene.run(root)

    assert told(result, Severity.ERROR) == []
    assert changed(scene) == {"apps/app.yaml"}


def test_a_thousand_files_take_ten_trees_and_one_commit(scene: Stage) -> None:
    files = {f"apps/{number:04}.yaml": scene.deployment("app", APP, "1.0.0") for number in range(MANY)}
    scene.github.push("main", {**files, "policies.yaml": scene.policy("app", APP)})
    root = scene.checkout()

    result = scene.run(root)

    assert told(result, Severity.ERROR) == []
    assert len(changed(scene)) == MANY
    names = [call.operation for call in scene.github.calls]
    assert names.count("git/create-tree") == MANY // 100
    assert names.count("git/create-commit") == 1
    assert len(names) <= MANY // 100 + 8
    scene.github.forget_calls()
    assert scene.run(root).commits == ()
    assert all(call.method == "GET" for call in scene.github.calls)


def test_configuration_that_lies_in_the_checkout_alone_is_what_counts(scene: Stage) -> None:
    scene.github.push("main", {"apps/app.yaml": scene.deployment("app", APP, "1.0.0")})
    root = scene.checkout()
    (root / "policies.yaml").write_text(scene.policy("app", APP))

    scene.run(root)

    assert changed(scene) == {"apps/app.yaml"}


def test_a_path_that_the_base_has_not_is_an_error_and_closes_nothing_of_others(scene: Stage) -> None:
    files = scene.usual(**{"auto.yaml": scene.automation(), "source.yaml": scene.source()})
    scene.github.push("main", files)
    root = scene.checkout()
    (root / "auto.yaml").write_text(scene.automation().replace("path: ./", "path: ./nowhere"))

    result = scene.run(root, publish=Mode.PULL_REQUEST)

    assert any("nowhere" in message for message in told(result, Severity.ERROR))
    assert (result.commits, result.pull_requests) == ((), ())
    assert result.exit_code == 5


@pytest.mark.parametrize("by", [GroupBy.AUTOMATION, GroupBy.POLICY])
def test_a_refspec_is_for_the_branch_that_the_automation_pushes_to_and_no_other(scene: Stage, by: GroupBy) -> None:
    push = "push: {branch: flux-updates, refspec: 'refs/heads/flux-updates:refs/heads/copy'}"
    scene.github.push("main", scene.usual(**{"auto.yaml": scene.automation(push), "source.yaml": scene.source()}))

    result = scene.run(group_by=by)

    assert told(result, Severity.ERROR) == []
    assert [pull.operation for pull in result.pull_requests] == [PullRequestOperation.CREATED]
    assert ("copy" in scene.github.branches()) == (by is GroupBy.AUTOMATION)


def test_a_refspec_is_not_pushed_where_a_pull_request_takes_the_place_of_the_branch(scene: Stage) -> None:
    push = "push: {branch: main, refspec: 'refs/heads/main:refs/heads/copy'}"
    scene.github.push("main", scene.usual(**{"auto.yaml": scene.automation(push), "source.yaml": scene.source()}))

    result = scene.run(publish=Mode.PULL_REQUEST)

    assert told(result, Severity.ERROR) == []
    assert scene.github.branches().keys() == {"main", OWN}


def test_a_digest_that_a_registry_lost_keeps_its_place_in_the_pull_request(scene: Stage) -> None:
    pinned = {"policies.yaml": scene.policy("app", APP, more="digestReflectionPolicy: IfNotPresent")}
    scene.github.push("main", scene.usual(**pinned))
    scene.run()
    image = scene.image(OWN)
    scene.github.push("main", {"README.md": "new\n"})
    scene.lose(f"{APP}/manifests")

    result = scene.run()

    assert "@sha256:" in image
    assert scene.image(OWN) == image
    assert result.exit_code == 4


def test_one_image_that_is_down_holds_up_no_group_of_another(scene: Stage) -> None:
    web = {"apps/web.yaml": scene.deployment("web", WEB, "1.0.0"), "web.yaml": scene.policy("web", WEB)}
    scene.github.push("main", scene.usual(**web))
    scene.run(group_by=GroupBy.DIRECTORY)
    scene.registry.fill(APP, ["1.0.0", "1.2.0"])
    scene.lose(WEB)

    result = scene.run(group_by=GroupBy.DIRECTORY)

    (pull,) = result.pull_requests
    assert scene.image(pull.branch) == f"{APP}:1.2.0"
    assert scene.image(pull.branch, "apps/web.yaml") == f"{WEB}:1.2.0"
