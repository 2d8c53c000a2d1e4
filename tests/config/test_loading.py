"""From files to a configuration: what is looked for, what is parsed, what belongs together, and what is fatal."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from imgupdate.config import TOKENS, UnreadableConfiguration, load, resolve_repository
from imgupdate.config.model import Config
from imgupdate.errors import ConfigurationError
from imgupdate.results import Location, Severity
from imgupdate.workspace import Workspace
from tests.config.tree import (
    AUTOMATION,
    POLICY,
    REPOSITORY,
    SOURCE,
    Tree,
    errors,
    key,
    loaded,
    only_scope,
    warnings,
)

NATIVE = "images:\n  app:\n    image: ghcr.io/org/app\n    policy: {semver: {range: 1.x}}\n"
BOTH = REPOSITORY + "---" + POLICY


def refused(tree: Tree, config_path: str = "") -> UnreadableConfiguration:
    with pytest.raises(UnreadableConfiguration) as caught:
        load(tree, config_path=config_path)
    assert caught.value.exit_code == 3
    assert str(caught.value)
    return caught.value


def policy_problem(config: Config) -> str:
    """The one error of a configuration whose policy is thereby unusable."""
    (error,) = errors(config.problems)
    scope = only_scope(config)
    assert scope.policies == {}
    assert str(scope.unusable[key("app")]) == error
    return error


def test_of_ten_thousand_files_only_those_that_hold_image_kinds_are_read() -> None:
    plain = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"
    texts = {f"apps/{number}.yaml": plain for number in range(9970)}
    texts |= {f"images/{number}.yaml": BOTH.replace("name: app", f"name: app{number}") for number in range(30)}
    tree = Tree(texts)

    config = load(tree)

    assert len(only_scope(config).policies) == 30
    assert sorted(tree.reads) == sorted(f"images/{number}.yaml" for number in range(30))
    assert tree.listed == [("", TOKENS[0]), (".github/imgupdate.yaml", TOKENS[0])]


def test_a_file_that_only_speaks_of_image_kinds_in_comments_is_not_parsed() -> None:
    comment = (
        "# see image.toolkit.fluxcd.io/v1\n{{ x }}: [\n\t # image.toolkit.fluxcd.io/v1\r# image.toolkit.fluxcd.io/\n"
    )

    config = load(Tree({"flux.yaml": BOTH, "chart/template.yaml": comment}))

    assert set(only_scope(config).policies) == {key("app")}


def test_objects_of_other_kinds_beside_ours_are_passed_over() -> None:
    other = "apiVersion: v1\nkind: ConfigMap\ndata: {a: 1, a: 2}\n---\n- a list\n---\njust text\n---\n---\n"
    named = "apiVersion: apiextensions.k8s.io/v1\nkind: ImagePolicy\n"

    config = loaded(other + BOTH + "---\n" + named)

    assert config.problems == ()
    assert set(only_scope(config).policies) == {key("app")}


@pytest.mark.parametrize("list_kind", ["v1\nkind: List", "image.toolkit.fluxcd.io/v1\nkind: ImagePolicyList"])
def test_the_items_of_a_list_are_objects(list_kind: str) -> None:
    items = "".join("\n- " + textwrap.indent(text.strip(), "  ").lstrip() for text in (REPOSITORY, POLICY))

    config = loaded(f"apiVersion: {list_kind}\nitems:{items}\n- nothing\n")

    assert errors(config.problems) == []
    assert set(only_scope(config).policies) == {key("app")}


def test_a_problem_in_an_item_of_a_list_says_which() -> None:
    config = loaded(
        "apiVersion: v1\nkind: List\nitems:\n"
        "- {apiVersion: v1, kind: List, items: [{apiVersion: image.toolkit.fluxcd.io/v1, kind: ImageRepository,"
        " metadata: {name: app}, spec: {image: ghcr.io/org/app, interval: 5}}]}\n"
    )

    (error,) = errors(config.problems)
    assert error.startswith("flux.yaml:4:items[0].items[0].spec.interval: ")


def test_a_list_that_has_its_items_twice_is_fatal_as_half_of_it_would_be_lost() -> None:
    items = "items: [{apiVersion: image.toolkit.fluxcd.io/v1, kind: ImagePolicy}]\n"

    error = refused(Tree({"a.yaml": f"apiVersion: v1\nkind: List\n{items}{items}"}))

    assert [str(problem) for problem in error.problems if "twice" in problem.message] == [
        "a.yaml:4: the key 'items' is there twice, first in line 3; remove one of them"
    ]


def test_an_object_without_a_name_hides_nothing_else_that_is_wrong_with_it() -> None:
    config = loaded(POLICY.replace("name: app, namespace", "nmae: app, namespace").replace("5.0.x", "x1"))

    assert [error.split(": ")[0] for error in errors(config.problems)] == [
        "flux.yaml:4:metadata.name",
        "flux.yaml:7:spec.policy.semver.range",
    ]
    assert only_scope(config).unusable == {}


def test_json_is_yaml() -> None:
    text = (
        '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"image.toolkit.fluxcd.io/v1","kind":"ImageRepository",'
        '"metadata":{"name":"app"},"spec":{"image":"ghcr.io/org/app","interval":"5m"}}]}'
    )

    assert set(only_scope(loaded(text)).repositories) == {key("app")}


def test_a_manifest_without_a_namespace_is_in_the_default_one() -> None:
    text = BOTH.replace(", namespace: flux-system", "")

    assert set(only_scope(loaded(text)).policies) == {key("app")}
    assert set(only_scope(load(Tree({"a.yaml": text}), namespace="apps")).policies) == {key("app", "apps")}


def test_the_policies_of_a_repository_can_be_in_any_file_and_order() -> None:
    config = load(Tree({"a/policy.yaml": POLICY, "z/repository.yml": REPOSITORY}))

    scope = only_scope(config)
    assert resolve_repository(scope, scope.policies[key("app")]) is scope.repositories[key("app")]


def test_a_policy_that_names_no_repository_is_unusable() -> None:
    assert policy_problem(loaded(POLICY)) == (
        "flux.yaml:6:spec.imageRepositoryRef: the ImageRepository flux-system/app does not exist; "
        "add it, or correct imageRepositoryRef"
    )


def test_a_policy_that_names_no_repository_of_another_namespace_is_unusable() -> None:
    (error,) = errors(loaded(ACROSS).problems)

    assert "the ImageRepository flux-system/app does not exist" in error


def test_a_misspelt_repository_is_suggested() -> None:
    error = policy_problem(loaded(REPOSITORY.replace("name: app,", "name: apps,") + "---" + POLICY))

    assert error.endswith("; did you mean 'apps'?")


def test_a_repository_in_another_namespace_is_pointed_out() -> None:
    error = policy_problem(loaded(REPOSITORY.replace("namespace: flux-system", "namespace: images") + "---" + POLICY))

    assert error.endswith("; it is in the namespace images: set imageRepositoryRef.namespace")


def test_a_policy_of_a_wrong_repository_points_there() -> None:
    config = loaded(REPOSITORY.replace("ghcr.io", "https://ghcr.io") + "---" + POLICY)

    scope = only_scope(config)
    assert scope.repositories == {}
    assert str(scope.unusable[key("app")]) == (
        "flux.yaml:11:spec.imageRepositoryRef: its ImageRepository flux-system/app is wrong; see flux.yaml:5:spec.image"
    )
    assert [problem.location.line for problem in config.problems if problem.location] == [5, 11]


@pytest.mark.parametrize(
    ("first", "second"), [(REPOSITORY, POLICY + "---" + REPOSITORY), (POLICY, REPOSITORY + "---" + POLICY)]
)
def test_of_two_objects_of_one_name_neither_is_used(first: str, second: str) -> None:
    config = load(Tree({"a.yaml": first, "b.yaml": second}))

    scope = only_scope(config)
    assert scope.policies == {}
    assert set(scope.unusable) == {key("app")}
    (twice,) = [error for error in errors(config.problems) if "two objects" in error]
    assert twice.startswith("b.yaml:")
    assert "named flux-system/app: the other is a.yaml:2; remove one" in twice


def test_three_objects_of_one_name_are_two_problems_and_other_names_are_not_touched() -> None:
    other = BOTH.replace("name: app", "name: other")

    config = load(Tree({"a.yaml": BOTH, "b.yaml": POLICY, "c.yaml": POLICY, "d.yaml": other}))

    assert [error.split(":")[0] for error in errors(config.problems)] == ["b.yaml", "c.yaml"]
    assert set(only_scope(config).policies) == {key("other")}


def test_the_same_name_in_two_namespaces_is_no_clash() -> None:
    elsewhere = BOTH.replace("namespace: flux-system", "namespace: apps")

    assert set(only_scope(loaded(BOTH + "---" + elsewhere)).policies) == {key("app"), key("app", "apps")}


def test_a_wrong_object_and_its_double_are_both_reported() -> None:
    config = load(Tree({"a.yaml": BOTH.replace("5.0.x", "x1"), "b.yaml": POLICY}))

    assert [error.split(": ")[0] for error in errors(config.problems)] == [
        "a.yaml:12:spec.policy.semver.range",
        "b.yaml:2",
    ]
    assert str(only_scope(config).unusable[key("app")].location) == "a.yaml:12:spec.policy.semver.range"


def test_two_automations_of_one_name_are_broken() -> None:
    config = load(Tree({"a.yaml": BOTH + "---" + AUTOMATION, "b.yaml": AUTOMATION}))

    assert only_scope(config).automations == ()
    assert only_scope(config).broken_automations


def test_the_problems_of_all_files_come_sorted_by_place() -> None:
    wrong = REPOSITORY.replace("5m", "5")

    config = load(
        Tree({"z.yaml": wrong.replace("name: app", "name: z"), "a.yaml": POLICY + "---" + wrong + "---" + POLICY})
    )

    places = [problem.location for problem in config.problems]
    assert None not in places
    assert places == sorted(place for place in places if place)
    assert [(place.path, place.line) for place in places if place] == [
        ("a.yaml", 12),
        ("a.yaml", 14),
        ("z.yaml", 5),
    ]


ACROSS = POLICY.replace("namespace: flux-system", "namespace: apps").replace(
    "imageRepositoryRef: {name: app}", "imageRepositoryRef: {name: app, namespace: flux-system}"
)


def shared(access: str) -> str:
    return REPOSITORY.replace("interval: 5m", f"interval: 5m, accessFrom: {access}")


def test_without_access_from_another_namespace_is_denied() -> None:
    config = loaded(REPOSITORY + "---" + ACROSS)

    (error,) = errors(config.problems)
    assert "access denied: 'flux-system/app' can't be accessed due to missing ACL labels on 'accessFrom'" in error
    assert error.startswith("flux.yaml:11:spec.imageRepositoryRef: ")
    assert set(only_scope(config).unusable) == {key("app", "apps")}


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: apps, labels: {team: one, tier: web}}\n"


@pytest.mark.parametrize(
    ("access", "admitted"),
    [
        ("{namespaceSelectors: []}", False),
        ("{namespaceSelectors: [{}]}", True),
        ("{namespaceSelectors: [{matchLabels: {}}]}", True),
        ("{namespaceSelectors: [{matchLabels: {kubernetes.io/metadata.name: apps}}]}", True),
        ("{namespaceSelectors: [{matchLabels: {kubernetes.io/metadata.name: other}}]}", False),
        ("{namespaceSelectors: [{matchLabels: {team: one}}]}", True),
        ("{namespaceSelectors: [{matchLabels: {team: one, tier: web}}]}", True),
        ("{namespaceSelectors: [{matchLabels: {team: one, tier: db}}]}", False),
        ("{namespaceSelectors: [{matchLabels: {team: two}}, {matchLabels: {tier: web}}]}", True),
        ("{namespaceSelectors: [{matchLabels: {team: two}}, {matchLabels: {tier: db}}]}", False),
    ],
)
def test_access_is_by_the_labels_of_the_policys_namespace(access: str, admitted: bool) -> None:
    config = loaded(shared(access) + "---" + ACROSS, namespaces=NAMESPACE)

    assert (key("app", "apps") in only_scope(config).policies) is admitted
    if not admitted:
        assert "due to ACL labels mismatch on namespace 'apps'" in errors(config.problems)[0]


def test_without_a_namespace_manifest_only_its_name_is_known() -> None:
    config = loaded(shared("{namespaceSelectors: [{matchLabels: {team: one}}]}") + "---" + ACROSS)

    assert set(only_scope(config).unusable) == {key("app", "apps")}


def test_a_label_that_two_namespace_manifests_disagree_on_gives_no_access() -> None:
    access = shared("{namespaceSelectors: [{matchLabels: {team: one}}]}") + "---" + ACROSS

    agreeing = loaded(access, one=NAMESPACE, two=NAMESPACE.replace("tier: web", "tier: db"))
    other = NAMESPACE.replace("team: one", "team: two")

    assert key("app", "apps") in only_scope(agreeing).policies
    for one, two in ((NAMESPACE, other), (other, NAMESPACE)):
        assert key("app", "apps") in only_scope(loaded(access, one=one, two=two)).unusable


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: apps}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: apps, labels: [team]}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: apps\n",
        "apiVersion: v2\nkind: Namespace\nmetadata: {name: apps, labels: {team: one}}\n",
        "apiVersion: v1\nkind: NamespaceX\nmetadata: {name: apps, labels: {team: one}}\n",
    ],
)
def test_a_namespace_manifest_without_the_label_gives_no_access(text: str) -> None:
    access = shared("{namespaceSelectors: [{matchLabels: {team: one}}]}") + "---" + ACROSS

    assert key("app", "apps") in only_scope(loaded(access, namespaces=text)).unusable


def test_namespaces_are_looked_for_only_where_their_labels_decide() -> None:
    for text in (BOTH, shared("{namespaceSelectors: [{}]}") + "---" + ACROSS):
        tree = Tree({"flux.yaml": text, "namespaces.yaml": NAMESPACE})
        load(tree)

        assert b"Namespace" not in {token for _, token in tree.listed}
        assert tree.reads == ["flux.yaml"]


def test_native_configuration_is_read_from_its_place() -> None:
    scope = only_scope(load(Tree({".github/imgupdate.yaml": NATIVE, "apps/a.yaml": "a: 1"})))

    assert scope.native
    assert set(scope.policies) == {key("app", "")}


def test_native_configuration_beside_flux_manifests_is_fatal_and_names_both() -> None:
    error = refused(Tree({".github/imgupdate.yaml": NATIVE, "flux/images.yaml": BOTH}))

    (problem,) = error.problems
    assert problem.location == Location(".github/imgupdate.yaml")
    assert "flux/images.yaml:2" in problem.message
    assert "config" in problem.remedy
    assert str(error).startswith(".github/imgupdate.yaml: ")


@pytest.mark.parametrize(
    ("config_path", "native"),
    [
        (".github/imgupdate.yaml", True),
        (".github", True),
        ("./.github/", True),
        ("clusters/prod", False),
        ("clusters/prod/images.yaml", False),
        ("/clusters/prod/../prod", False),
    ],
)
def test_the_path_of_the_configuration_chooses_between_them(config_path: str, native: bool) -> None:
    tree = Tree({".github/imgupdate.yaml": NATIVE, "clusters/prod/images.yaml": BOTH, "clusters/dev/images.yaml": BOTH})

    config = load(tree, config_path=config_path)

    assert only_scope(config).native is native
    assert len(only_scope(config).policies) == 1
    assert errors(config.problems) == []


def test_native_configuration_can_have_another_name_where_it_is_named() -> None:
    config = load(Tree({"ci/images.txt": NATIVE, "flux.yaml": BOTH}), config_path="ci/images.txt")

    assert only_scope(config).native


def test_manifests_can_have_another_name_where_they_are_named() -> None:
    config = load(Tree({"ci/images.txt": BOTH, ".github/imgupdate.yaml": NATIVE}), config_path="ci/images.txt")

    assert set(only_scope(config).policies) == {key("app")}


@pytest.mark.parametrize(
    ("tree", "config_path", "place", "message"),
    [
        (Tree({"a.yaml": "a"}), "missing", "missing", "the configuration is not in the tree"),
        (Tree({"a.yaml": "a: 1"}), "a.yaml", "a.yaml", "holds neither Flux's image kinds nor native configuration"),
        (Tree({"a.yaml": ""}), "a.yaml", "a.yaml", "holds neither"),
        (Tree({"a.yaml": "- images"}), "a.yaml", "a.yaml", "holds neither"),
        (Tree({"a.yaml": "apiVersion: x/v1\nkind: Kustomization\nimages: []"}), "a.yaml", "a.yaml", "holds neither"),
        (Tree({"a.yaml": "images: ["}), "a.yaml", "a.yaml:1", "not valid YAML"),
        (Tree({"a.yaml": BOTH + "---\na: b: c\n"}), "", "a.yaml:14", "not valid YAML"),
        (Tree({"a.yaml": b"apiVersion: image.toolkit.fluxcd.io/v1\n\xff"}), "", "a.yaml:2", "not UTF-8"),
        (Tree({"a.yaml": BOTH}, unreadable=["a.yaml"]), "", "a.yaml", "cannot be read"),
        (Tree({".github/imgupdate.yaml": ""}), "", ".github/imgupdate.yaml", "the configuration is empty"),
        (
            Tree({".github/imgupdate.yaml": NATIVE}, unreadable=[".github/imgupdate.yaml"]),
            "",
            ".github/imgupdate.yaml",
            "cannot be read",
        ),
    ],
)
def test_what_cannot_be_read_as_a_whole_is_fatal(tree: Tree, config_path: str, place: str, message: str) -> None:
    error = refused(tree, config_path)

    assert [str(problem.location) for problem in error.problems][:1] == [place]
    assert message in error.problems[0].message
    assert error.problems[0].remedy
    assert error.problems[0].exit_code == 3


def test_a_template_of_helm_that_holds_image_kinds_is_fatal_with_the_way_out() -> None:
    template = "{{- if .Values.images }}\napiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\n{{- end }}\n"

    error = refused(Tree({"flux.yaml": BOTH, "chart/templates/policy.yaml": template}))

    (problem,) = error.problems
    assert str(problem.location) == "chart/templates/policy.yaml:1"
    assert "point `config` at the folder of your manifests" in problem.remedy


def test_a_fatal_error_carries_everything_else_that_is_wrong() -> None:
    error = refused(
        Tree(
            {
                "a.yaml": REPOSITORY.replace("5m", "5"),
                "b.yaml": "apiVersion: image.toolkit.fluxcd.io/v1\n  x: [\n",
                "c.yaml": POLICY.replace("spec:", "sepc: {}\nspec:"),
                "d.yaml": "apiVersion: image.toolkit.fluxcd.io/v1\n\tx",
            }
        )
    )

    assert [str(problem.location).split(":")[0] for problem in error.problems] == [
        "a.yaml",
        "b.yaml",
        "c.yaml",
        "d.yaml",
    ]
    assert [problem.severity for problem in error.problems] == [
        Severity.ERROR,
        Severity.ERROR,
        Severity.WARNING,
        Severity.ERROR,
    ]


@pytest.mark.parametrize("path", ["a\nb", "a\0b"])
def test_a_path_that_holds_a_control_character_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="control character"):
        load(Tree({}), config_path=path)


def test_a_repository_without_any_configuration_is_a_warning() -> None:
    config = load(Tree({"a.yaml": "a: 1"}))

    assert only_scope(config).policies == {}
    assert warnings(config.problems) == ["there is no ImagePolicy, and no .github/imgupdate.yaml; add one of them"]


def test_native_configuration_under_a_name_that_is_not_read_is_pointed_out() -> None:
    config = load(Tree({".github/imgupdate.yml": NATIVE}))

    assert warnings(config.problems) == [
        ".github/imgupdate.yml: native configuration has another name; rename it to .github/imgupdate.yaml"
    ]


def test_a_bomb_in_a_file_that_holds_image_kinds_is_fatal_and_cheap() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )

    error = refused(Tree({"a.yaml": BOTH + "---\n" + bomb}))

    assert "too large to read" in error.problems[0].message


@pytest.mark.parametrize("config_path", ["", ".github/imgupdate.yaml", "link.yaml"])
def test_native_configuration_may_be_a_link_within_the_tree(tmp_path: Path, config_path: str) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / "images.txt").write_text(NATIVE)
    (tmp_path / "images.yaml").write_text(NATIVE)
    (tmp_path / ".github" / "imgupdate.yaml").symlink_to("../images.yaml")
    (tmp_path / "link.yaml").symlink_to("images.yaml")

    assert only_scope(load(Workspace(tmp_path), config_path=config_path)).native


def test_native_configuration_is_not_read_through_a_link_out_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "out.yaml").write_text(NATIVE)
    root = tmp_path / "root"
    (root / ".github").mkdir(parents=True)
    (root / ".github" / "imgupdate.yaml").symlink_to("../../out.yaml")

    assert not only_scope(load(Workspace(root))).policies
    with pytest.raises(UnreadableConfiguration):
        load(Workspace(root), config_path=".github/imgupdate.yaml")


def test_a_folder_that_has_the_name_of_a_file_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "clusters.yaml").mkdir()
    (tmp_path / "clusters.yaml" / "images.yaml").write_text(BOTH)

    assert only_scope(load(Workspace(tmp_path), config_path="clusters.yaml")).policies


def test_sources_are_looked_for_below_the_path_of_the_configuration() -> None:
    other = SOURCE.replace("org/fleet", "org/other")
    tree = Tree(
        {
            "clusters/prod/images.yaml": BOTH + "---" + AUTOMATION,
            "clusters/prod/flux-system/gotk-sync.yaml": SOURCE,
            "clusters/dev/flux-system/gotk-sync.yaml": other,
        }
    )

    for config_path in ("clusters/prod", "clusters/prod/images.yaml"):
        scope = only_scope(load(tree, config_path=config_path))
        assert scope.git_repositories[key("flux-system")].url == "ssh://git@github.com/org/fleet"

    config = load(tree)
    assert set(only_scope(config).broken_git_repositories) == {key("flux-system")}
    assert "another GitRepository named flux-system/flux-system says something else" in errors(config.problems)[0]


def test_the_tokens_are_all_that_the_tree_is_asked_for() -> None:
    text = BOTH.replace("interval: 5m", "interval: 5m, secretRef: {name: login}") + "---" + AUTOMATION
    tree = Tree(
        {"flux.yaml": text + "---" + shared("{namespaceSelectors: [{matchLabels: {a: b}}]}").replace("app", "b")}
    )

    load(tree)

    assert {token for _, token in tree.listed} <= set(TOKENS)
