"""`imgupdate run` from the command line to the files, against a registry on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.support import SCHEMA, Tree, deployment, guide, policy, repository, run, run_json
from tests.twins.registry import Fault, RegistryTwin, digest_of


def test_without_write_it_shows_what_it_would_do_and_does_nothing(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = guide(tmp_path, registry.host)

    ran = run(tmp_path)

    assert ran.code == 0
    assert ran.err == ""
    assert ran.out == (
        "POLICY   CURRENT  CHOSEN  UPDATE  IMAGE\n"
        f"podinfo  5.0.0    5.0.3   patch   {registry.host}/podinfo\n"
        "\n"
        "--- a/apps/podinfo.yaml\n"
        "+++ b/apps/podinfo.yaml\n"
        "@@ -6,4 +6,4 @@\n"
        "     spec:\n"
        "       containers:\n"
        "         - name: podinfod\n"
        f'-          image: {registry.host}/podinfo:5.0.0 # {{"$imagepolicy": "flux-system:podinfo"}}\n'
        f'+          image: {registry.host}/podinfo:5.0.3 # {{"$imagepolicy": "flux-system:podinfo"}}\n'
        "\n"
        "1 file would change (1 field)\n"
    )
    assert tree.changed == set()


def test_dry_run_says_aloud_what_is_the_default(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = guide(tmp_path, registry.host)

    assert run(tmp_path, "--dry-run").out == run(tmp_path).out
    assert tree.changed == set()


def test_with_write_only_the_marked_bytes_change_and_a_second_run_changes_nothing(
    tmp_path: Path, registry: RegistryTwin
) -> None:
    tree = guide(tmp_path, registry.host)

    first = run(tmp_path, "--write")
    after = tree.now
    second = run(tmp_path, "--write")

    assert (first.code, second.code) == (0, 0)
    assert first.out.endswith("\n\n1 file changed (1 field)\n")
    assert tree.changed == {"apps/podinfo.yaml"}
    assert after["apps/podinfo.yaml"] == tree.before["apps/podinfo.yaml"].replace(b":5.0.0 ", b":5.0.3 ")
    assert second.out.endswith("\n\nnothing to change\n")
    assert "up to date" in second.out
    assert tree.now == after


def test_each_image_is_asked_for_with_one_request(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = guide(tmp_path, registry.host)
    tree.lay_out({"flux/more.yaml": policy("other", ">=5.1.0") + policy("third", "*")})

    assert run(tmp_path).code == 0
    assert [request.path for request in registry.requests] == ["/v2/podinfo/tags/list"]


def test_write_and_dry_run_exclude_each_other(tmp_path: Path) -> None:
    ran = run(tmp_path, "--write", "--dry-run")

    assert ran.code == 2
    assert "--write and --dry-run exclude each other" in ran.err


def test_the_json_fits_its_schema_and_is_the_same_every_time(tmp_path: Path, registry: RegistryTwin) -> None:
    guide(tmp_path, registry.host).lay_out({"apps/wrong.yaml": 'a: b # {"$imagepolicy": "flux-system:typo"}\n'})

    first, second = (run(tmp_path, "--output", "json", "--explain") for _ in range(2))

    assert first.out == second.out
    Draft202012Validator(SCHEMA).validate(first.document)
    assert first.document["exitCode"] == first.code == 5
    assert first.document["policies"][0]["tag"] == "5.0.3"
    assert [tag["tag"] for tag in first.document["policies"][0]["explanation"]["tags"] if tag["kept"]] == [
        "5.0.3",
        "5.0.0",
    ]


def test_the_output_does_not_depend_on_which_registry_answers_first(tmp_path: Path, registry: RegistryTwin) -> None:
    names = [f"app-{number:02}" for number in range(24)]
    for name in names[:-2]:
        registry.fill(name, ["1.0.0", "1.0.1"])
    Tree(tmp_path).lay_out(
        {
            f"{name}.yaml": repository(f"{registry.host}/{name}", name)
            + policy(name, "1.x", name)
            + "---\n"
            + deployment(f"{registry.host}/{name}:1.0.0", f"flux-system:{name}")
            for name in names
        }
    )
    outputs = set()
    for workers in (1, 8, 24):
        registry.inject(*(Fault(delay=0.02 * (position % 3), path=name) for position, name in enumerate(names)))
        outputs.add((run(tmp_path, "--workers", str(workers)).out, run(tmp_path, "--output", "json").out))

    assert len(outputs) == 1


def test_only_the_policies_that_are_asked_for_are_looked_at(tmp_path: Path, registry: RegistryTwin) -> None:
    registry.fill("other", ["1.0.0", "1.0.1"])
    tree = guide(tmp_path, registry.host).lay_out(
        {
            "flux/other.yaml": repository(f"{registry.host}/other", "other") + policy("other", "1.x", "other"),
            "apps/other.yaml": deployment(f"{registry.host}/other:1.0.0", "flux-system:other"),
        }
    )

    ran = run(tmp_path, "--write", "--policy", "other")

    assert ran.code == 0
    assert tree.changed == {"apps/other.yaml"}
    assert [line.split()[0] for line in ran.out.splitlines()[:2]] == ["POLICY", "other"]
    assert "podinfo " not in ran.out.split("\n\n", maxsplit=1)[0]
    assert {request.path for request in registry.requests} == {"/v2/other/tags/list"}


def test_a_policy_that_is_asked_for_and_not_there_is_wrong_usage(tmp_path: Path, registry: RegistryTwin) -> None:
    guide(tmp_path, registry.host)

    ran = run(tmp_path, "--policy", "podinf")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: there is no policy named 'podinf'; name one of: flux-system/podinfo\n"
    assert registry.requests == ()


@pytest.mark.parametrize(
    ("fail_on", "healthy", "broken"),
    [("error", 0, 4), ("never", 0, 0), ("change", 1, 4)],
    ids=["error", "never", "change"],
)
def test_fail_on_decides_when_the_exit_code_is_not_zero(
    tmp_path: Path, registry: RegistryTwin, fail_on: str, healthy: int, broken: int
) -> None:
    tree = guide(tmp_path, registry.host)
    assert run(tmp_path, "--fail-on", fail_on).code == healthy

    tree.lay_out({"flux/gone.yaml": repository(f"{registry.host}/gone", "gone") + policy("gone", "*", "gone")})
    ran = run(tmp_path, "--fail-on", fail_on, "--output", "json")

    assert ran.code == ran.document["exitCode"] == broken
    assert ran.document["summary"]["errors"] == 1


def test_fail_on_change_is_content_where_nothing_changes(tmp_path: Path, registry: RegistryTwin) -> None:
    guide(tmp_path, registry.host, tag="5.0.3")

    assert run(tmp_path, "--fail-on", "change").code == 0


def test_manifests_without_a_namespace_get_the_one_that_is_given(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = guide(tmp_path, registry.host)
    tree.lay_out(
        {
            "flux/podinfo.yaml": tree.before["flux/podinfo.yaml"].replace(b", namespace: flux-system", b""),
            "apps/podinfo.yaml": deployment(f"{registry.host}/podinfo:5.0.0", "apps:podinfo"),
        }
    )

    assert run(tmp_path).code == 5
    assert run(tmp_path, "--namespace", "apps", "--write").code == 0
    assert tree.changed == {"apps/podinfo.yaml"}


@pytest.mark.parametrize("namespace", ["", "Not A Name", "a\x1b[2J"])
def test_what_cannot_be_a_namespace_is_wrong_usage(tmp_path: Path, namespace: str) -> None:
    ran = run(tmp_path, "--namespace", namespace)

    assert ran.code == 2
    assert "cannot be a namespace" in ran.err
    assert ran.err[:-1].isprintable()


def test_native_configuration_works_without_flux(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = Tree(tmp_path).lay_out(
        {
            ".github/imgupdate.yaml": (
                f"images:\n  podinfo:\n    image: {registry.host}/podinfo\n    policy: {{semver: {{range: 5.0.x}}}}\n"
            ),
            "apps/podinfo.yaml": deployment(f"{registry.host}/podinfo:5.0.0", "podinfo"),
        }
    )

    assert run(tmp_path, "--write").code == 0
    assert tree.changed == {"apps/podinfo.yaml"}


def test_configuration_can_be_kept_elsewhere_in_the_tree(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = guide(tmp_path, registry.host)
    tree.lay_out({"old/podinfo.yaml": policy("old", "not a range")})

    assert run(tmp_path).code == 3
    assert run(tmp_path, "--config", "flux", "--write").code == 0
    assert tree.changed == {"apps/podinfo.yaml"}


@pytest.mark.parametrize(("repository_name", "changed"), [("org/fleet", {"apps/podinfo.yaml"}), ("org/fork", set())])
def test_an_automation_runs_in_the_repository_of_its_source_only(
    tmp_path: Path,
    registry: RegistryTwin,
    monkeypatch: pytest.MonkeyPatch,
    repository_name: str,
    changed: set[str],
) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", repository_name)
    tree = guide(tmp_path, registry.host).lay_out(
        {
            "flux/automation.yaml": (
                "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageUpdateAutomation\n"
                "metadata: {name: all, namespace: flux-system}\nspec:\n  interval: 1h\n"
                "  sourceRef: {kind: GitRepository, name: fleet}\n"
                "  git: {commit: {author: {email: a@example.com}}}\n---\n"
                "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
                "metadata: {name: fleet, namespace: flux-system}\n"
                "spec: {interval: 1m, url: 'ssh://git@git.example/org/fleet.git'}\n"
            )
        }
    )

    ran = run(tmp_path, "--write")

    assert ran.code == 0
    assert tree.changed == changed
    assert ("Notices" in ran.out) is not bool(changed)


def test_an_empty_tree_is_no_failure_and_says_what_is_missing(tmp_path: Path) -> None:
    ran = run(tmp_path)

    assert ran.code == 0
    assert ran.out.startswith("Warnings (1)\n  there is no ImagePolicy")
    assert ran.out.endswith("\n\nnothing to do: no image policy was found, 1 warning\n")


def test_a_wanted_digest_is_pinned_and_stays_where_it_is_wanted_only_once(
    tmp_path: Path, registry: RegistryTwin
) -> None:
    tree = guide(tmp_path, registry.host)
    tree.lay_out(
        {"flux/podinfo.yaml": repository(f"{registry.host}/podinfo") + policy(digestReflectionPolicy="IfNotPresent")}
    )
    digest = registry.digest("podinfo", "5.0.3")

    assert run(tmp_path, "--write").code == 0
    assert f"podinfo:5.0.3@{digest} #".encode() in tree.now["apps/podinfo.yaml"]

    registry.put_manifest("podinfo", "5.0.3", b"moved")
    registry.forget_requests()
    tree.lay_out({})
    assert run(tmp_path, "--write").code == 0
    assert tree.changed == set()
    assert [request.method for request in registry.requests] == ["GET"]


def test_a_digest_that_moves_is_followed_where_it_is_always_wanted(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = guide(tmp_path, registry.host)
    always = {"digestReflectionPolicy": "Always", "interval": "10m"}
    tree.lay_out({"flux/podinfo.yaml": repository(f"{registry.host}/podinfo") + policy(**always)})
    assert run(tmp_path, "--write").code == 0

    registry.put_manifest("podinfo", "5.0.3", b"moved")
    ran = run(tmp_path, "--write")

    assert f"@{digest_of(b'moved')} #".encode() in tree.now["apps/podinfo.yaml"]
    assert ran.out.splitlines()[1].split()[3] == "digest"


def test_a_pin_is_never_dropped(tmp_path: Path, registry: RegistryTwin) -> None:
    pinned = f"{registry.host}/podinfo:5.0.0@{registry.digest('podinfo', '5.0.0')}"
    always = {"digestReflectionPolicy": "Always", "interval": "10m"}
    tree = Tree(tmp_path).lay_out(
        {
            "flux/podinfo.yaml": repository(f"{registry.host}/podinfo") + policy(**always),
            "apps/podinfo.yaml": deployment(pinned),
        }
    )
    registry.inject(Fault(status=404, path="/manifests/", times=99))

    ran = run_json(tmp_path)

    assert ran.code == 4
    assert tree.changed == set()
    assert ran.document["policies"][0]["cause"] == "no-digest"
    assert ran.problems[0].startswith(
        f"error flux/podinfo.yaml:9: the digest of {registry.host}/podinfo:5.0.3 could not be had: "
    )


def test_there_is_no_step_back_by_accident(tmp_path: Path, registry: RegistryTwin) -> None:
    tree = guide(tmp_path, registry.host, tag="5.0.9")

    ran = run(tmp_path, "--write")

    assert tree.changed == set()
    assert "not changed" in ran.out
    assert "5.0.9" in ran.out.split("Warnings")[1]


def test_credentials_come_from_dockers_configuration(tmp_path: Path) -> None:
    from tests.twins.registry import Basic

    with RegistryTwin(authentication=Basic(username="me", password="s3cret")) as registry:
        registry.fill("podinfo", ["5.0.0", "5.0.3"])
        tree = guide(tmp_path / "tree", registry.host)
        docker = Path(os.environ["HOME"], ".docker")
        docker.mkdir()
        docker.joinpath("config.json").write_text(
            f'{{"auths": {{"{registry.host}": {{"username": "me", "password": "s3cret"}}}}}}'
        )

        ran = run(tree.root, "--write")

    assert ran.code == 0, ran.out
    assert tree.changed == {"apps/podinfo.yaml"}
    assert "s3cret" not in ran.out + ran.err


def test_explanations_say_why_tags_were_kept_or_dropped(tmp_path: Path, registry: RegistryTwin) -> None:
    guide(tmp_path, registry.host)

    ran = run(tmp_path, "--explain")

    assert ran.out.split("\n\n")[1].splitlines() == [
        "flux-system/podinfo: the highest version in the range '5.0.x'",
        "  kept     5.0.3   chosen",
        "  kept     5.0.0   ranks below '5.0.3'",
        "  dropped  latest  is not a version",
        "  dropped  5.1.0   is not in the range",
    ]
