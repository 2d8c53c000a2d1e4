"""Which automations run in this repository, and which policies each takes."""

from __future__ import annotations

import pytest

from imgupdate.config import active_automations, load
from imgupdate.config.model import ActiveAutomation, Config
from imgupdate.results import ObjectKey, Problem, Severity
from tests.config.tree import AUTOMATION, POLICY, REPOSITORY, SOURCE, Tree, errors, key, only_scope

URLS = ("git@github.com:org/fleet.git",)
BOTH = REPOSITORY + "---" + POLICY
OWNED = AUTOMATION.replace("system}", "system, annotations: {imgupdate.dev/owner: action}}", 1)
SUSPENDED = "interval: 30m\n  suspend: true"
COMPONENTS = "kind: Deployment\nmetadata: {name: image-automation-controller}\n"


def configuration(**texts: str) -> Config:
    files = {f"{name}.yaml": text for name, text in texts.items()}
    if "components" in texts:
        files["clusters/prod/gotk-components.yaml"] = files.pop("components.yaml")
    return load(Tree({"flux.yaml": BOTH, **files}))


def active(config: Config, urls: tuple[str, ...] = URLS) -> tuple[tuple[ActiveAutomation, ...], tuple[Problem, ...]]:
    return active_automations(only_scope(config), urls)


def test_an_automation_of_this_repository_runs() -> None:
    ((automation,), problems) = active(configuration(automation=AUTOMATION, source=SOURCE))

    assert automation.key == key("app")
    assert automation.path == "clusters/prod"
    assert automation.policies == {key("app")}
    assert automation.automation is not None
    assert problems == ()


def test_one_of_several_addresses_of_this_repository_is_enough() -> None:
    urls = ("https://mirror.example/org/fleet", "https://github.com/Org/Fleet")

    assert len(active(configuration(automation=AUTOMATION, source=SOURCE), urls)[0]) == 1


def test_an_automation_of_another_repository_is_skipped_with_a_notice_that_keeps_its_credentials() -> None:
    source = SOURCE.replace("ssh://git@github.com/org/fleet", "https://bot:hunter2@github.com/org/other")

    config = configuration(automation=AUTOMATION, source=source)
    (runs, (notice,)) = active(config)

    assert runs == ()
    assert notice.severity is Severity.NOTICE
    assert "updates another repository, that of GitRepository flux-system/flux-system" in notice.message
    assert "remotes" in notice.remedy
    assert "hunter2" not in f"{notice} {config!r}"


def test_without_a_manifest_of_the_source_it_is_taken_for_this_repository_with_a_warning() -> None:
    ((automation,), (warning,)) = active(configuration(automation=AUTOMATION))

    assert automation.key == key("app")
    assert warning.severity is Severity.WARNING
    assert "there is no GitRepository flux-system/flux-system" in warning.message


def test_where_this_repositorys_address_is_unknown_all_run_with_a_warning() -> None:
    other = AUTOMATION.replace("name: app,", "name: second,")

    (runs, problems) = active(configuration(automation=AUTOMATION, second=other, source=SOURCE), ())

    assert [automation.key.name for automation in runs] == ["app", "second"]
    assert [problem.severity for problem in problems] == [Severity.WARNING, Severity.WARNING]
    assert "address is unknown" in problems[0].message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (SOURCE.replace("url: ssh://git@github.com/org/fleet", "url: 1"), 'quote it: "1"'),
        (SOURCE.replace("url: ssh://git@github.com/org/fleet", "timeout: 1m"), "url is missing"),
        (SOURCE.replace("spec:", "sepc:"), "spec is missing"),
    ],
)
def test_an_automation_of_a_wrong_source_does_not_run(source: str, message: str) -> None:
    config = configuration(automation=AUTOMATION, source=source)

    (runs, (error,)) = active(config)

    assert any(message in text for text in errors(config.problems))
    assert runs == ()
    assert error.exit_code == 3
    assert "does not run: its GitRepository flux-system/flux-system is wrong" in error.message


def test_a_source_says_more_than_its_address() -> None:
    source = SOURCE + "  secretRef: {name: deploy}\n  timeout: 90s\n"

    found = only_scope(configuration(automation=AUTOMATION, source=source)).git_repositories[key("flux-system")]

    assert (found.secret, found.timeout) == ("deploy", 90.0)
    assert found.ref is not None
    assert found.ref.branch == "main"


def test_a_suspended_automation_is_skipped_with_a_notice_and_nothing_takes_its_place() -> None:
    (runs, (notice,)) = active(configuration(automation=AUTOMATION.replace("interval: 30m", SUSPENDED)))

    assert runs == ()
    assert notice.severity is Severity.NOTICE
    assert "imgupdate.dev/owner: action" in notice.remedy


def test_a_suspended_automation_of_ours_runs() -> None:
    (runs, problems) = active(configuration(automation=OWNED.replace("interval: 30m", SUSPENDED), source=SOURCE))

    assert [automation.key for automation in runs] == [key("app")]
    assert problems == ()


@pytest.mark.parametrize(
    ("automation", "components", "warned"),
    [
        (AUTOMATION, COMPONENTS, True),
        (AUTOMATION, "kind: Deployment\nmetadata: {name: source-controller}\n", False),
        (OWNED, COMPONENTS, False),
        (OWNED.replace("interval: 30m", SUSPENDED), COMPONENTS, False),
    ],
)
def test_beside_installed_controllers_an_automation_that_is_not_handed_over_gets_a_warning(
    automation: str, components: str, warned: bool
) -> None:
    (runs, problems) = active(configuration(automation=automation, source=SOURCE, components=components))

    assert len(runs) == 1
    assert [problem.severity for problem in problems] == [Severity.WARNING] * warned
    assert all("both would push" in problem.message and "suspend: true" in problem.remedy for problem in problems)


def test_the_controllers_are_looked_for_by_the_name_of_their_file() -> None:
    config = configuration(automation=AUTOMATION, source=SOURCE, other=COMPONENTS)

    assert not only_scope(config).controllers_installed


def test_where_all_is_handed_over_the_controllers_are_not_looked_for() -> None:
    tree = Tree({"flux.yaml": BOTH + "---" + OWNED, "source.yaml": SOURCE})

    load(tree)

    assert b"image-automation-controller" not in {token for _, token in tree.listed}


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        ("{}", {"one", "two", "none"}),
        ("{matchLabels: {team: one}}", {"one"}),
        ("{matchExpressions: [{key: team, operator: In, values: [one, two]}]}", {"one", "two"}),
        ("{matchExpressions: [{key: team, operator: NotIn, values: [one]}]}", {"two", "none"}),
        ("{matchExpressions: [{key: team, operator: DoesNotExist}]}", {"none"}),
        ("{matchLabels: {team: one}, matchExpressions: [{key: team, operator: NotIn, values: [one]}]}", set()),
    ],
)
def test_an_automation_takes_the_policies_that_its_selector_selects(selector: str, taken: set[str]) -> None:
    policies = "---".join(
        POLICY.replace("metadata: {name: app,", f"metadata: {{name: {name},").replace(
            "labels: {team: one}", f"labels: {labels}"
        )
        for name, labels in (("one", "{team: one}"), ("two", "{team: two}"), ("none", "{}"))
    )
    automation = AUTOMATION.replace("interval: 30m", f"interval: 30m\n  policySelector: {selector}")
    config = load(Tree({"flux.yaml": REPOSITORY + "---" + policies + "---" + automation, "source.yaml": SOURCE}))

    ((found,), problems) = active(config)

    assert {policy.name for policy in found.policies} == taken
    notices = {problem.policy for problem in problems if "no automation takes" in problem.message}
    assert notices == {key(name) for name in {"one", "two", "none"} - taken}
    assert {problem.severity for problem in problems} <= {Severity.NOTICE}


def test_an_automation_takes_policies_of_its_own_namespace_only() -> None:
    elsewhere = BOTH.replace("namespace: flux-system", "namespace: apps")

    ((found,), (notice,)) = active(configuration(automation=AUTOMATION, source=SOURCE, elsewhere=elsewhere))

    assert found.policies == {key("app")}
    assert notice.policy == key("app", "apps")


def test_the_policies_of_a_suspended_or_foreign_automation_are_not_without_one() -> None:
    suspended = AUTOMATION.replace("interval: 30m", SUSPENDED)

    _, problems = active(configuration(automation=suspended))

    assert not any("no automation takes" in problem.message for problem in problems)


def test_an_unusable_policy_is_taken_by_none() -> None:
    config = load(Tree({"flux.yaml": BOTH.replace("5.0.x", "x1"), "a.yaml": AUTOMATION, "source.yaml": SOURCE}))

    ((found,), problems) = active(config)

    assert found.policies == frozenset()
    assert problems == ()


def test_without_any_automation_an_implicit_one_takes_all_policies() -> None:
    elsewhere = BOTH.replace("namespace: flux-system", "namespace: apps")

    ((found,), problems) = active(configuration(elsewhere=elsewhere))

    assert found.key == ObjectKey("", "", "imgupdate")
    assert (found.path, found.automation) == ("", None)
    assert found.policies == {key("app"), key("app", "apps")}
    assert problems == ()


@pytest.mark.parametrize(
    "broken",
    [
        AUTOMATION.replace("interval: 30m", "interval: 30"),
        AUTOMATION.replace("name: app,", ""),
        AUTOMATION.replace("/v1", "/v3"),
        AUTOMATION + "---" + AUTOMATION,
        AUTOMATION.replace("spec:", "sepc:"),
    ],
)
def test_a_broken_automation_never_gives_way_to_the_implicit_one(broken: str) -> None:
    config = configuration(automation=broken, source=SOURCE)

    (runs, problems) = active(config)

    assert errors(config.problems)
    assert runs == ()
    assert problems == ()


def test_a_broken_automation_does_not_stop_the_others() -> None:
    broken = AUTOMATION.replace("name: app,", "name: second,").replace("interval: 30m", "interval: 30")
    elsewhere = BOTH.replace("namespace: flux-system", "namespace: apps")

    (runs, problems) = active(configuration(automation=AUTOMATION, second=broken, source=SOURCE, elsewhere=elsewhere))

    assert [automation.key for automation in runs] == [key("app")]
    assert problems == ()


def test_a_source_in_another_namespace_is_found() -> None:
    automation = AUTOMATION.replace("name: flux-system}", "name: fleet, namespace: sources}")
    source = SOURCE.replace("{name: flux-system, namespace: flux-system}", "{name: fleet, namespace: sources}")

    (runs, problems) = active(configuration(automation=automation, source=source))

    assert len(runs) == 1
    assert problems == ()


def test_sources_of_automations_that_do_not_run_are_not_looked_for() -> None:
    tree = Tree({"flux.yaml": BOTH + "---" + AUTOMATION.replace("interval: 30m", SUSPENDED), "source.yaml": SOURCE})

    load(tree)

    assert tree.reads == ["flux.yaml"]
