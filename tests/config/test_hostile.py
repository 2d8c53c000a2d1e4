"""Whatever a configuration holds, reading it ends in a configuration or in an error of ours that can be printed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from imgupdate.config import UnreadableConfiguration, active_automations, load, registry_access
from imgupdate.config.native import NATIVE_PATH
from imgupdate.errors import ConfigurationError
from imgupdate.results import Problem, Severity
from tests.config.tree import Tree

WORDS = [
    *("apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "spec", "image", "interval"),
    *("timeout", "secretRef", "certSecretRef", "proxySecretRef", "provider", "exclusionList", "accessFrom"),
    *("namespaceSelectors", "matchLabels", "matchExpressions", "key", "operator", "values", "imageRepositoryRef"),
    *("policy", "semver", "range", "alphabetical", "numerical", "order", "filterTags", "pattern", "extract", "suspend"),
    *("digestReflectionPolicy", "digestInterval", "sourceRef", "policySelector", "git", "checkout", "ref", "branch"),
    *(
        "commit",
        "author",
        "email",
        "messageTemplate",
        "push",
        "options",
        "update",
        "path",
        "strategy",
        "setters",
        "paths",
    ),
    *("images", "automation", "owner", "allowDowngrade", "items", "data", "stringData", "sops", "type", "url"),
    *("imgupdate.dev/owner", "imgupdate.dev/x", "gitRepositoryRef", "authorName", "minimumRunInterval", "scanInterval"),
]
TEXTS = [
    *("v1", "v2", "image.toolkit.fluxcd.io/v1", "image.toolkit.fluxcd.io/v1alpha1", "image.toolkit.fluxcd.io/v1beta1"),
    *("ImageRepository", "ImagePolicy", "ImageUpdateAutomation", "List", "Secret", "GitRepository", "Namespace", "app"),
    *("ghcr.io/org/app", "5m", "1h", "action", "Always", "In", "asc", "1.x", "(", "true", "kubernetes.io/dockercfg"),
]
# JSON escapes what lies beyond the basic plane in a way that YAML does not know.
words = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=6)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(TEXTS) | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | words, inner),
    max_leaves=30,
)
objects = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(TEXTS[2:5]),
        "kind": st.sampled_from(TEXTS[5:12]),
    },
    optional={
        "metadata": st.fixed_dictionaries({"name": st.just("app")}, optional={"labels": values, "annotations": values})
        | values,
        "spec": st.dictionaries(st.sampled_from(WORDS), values, max_size=12) | values,
        "items": values,
    },
)


def check(tree: Tree) -> None:
    problems: list[Problem] = []
    try:
        config = load(tree)
    except UnreadableConfiguration as error:
        problems += error.problems
        assert any(problem.severity is Severity.ERROR for problem in problems)
    else:
        problems += config.problems
        (scope,) = config.scopes
        assert not set(scope.policies) & set(scope.unusable)
        assert set(scope.unusable.values()) <= set(problems)
        problems += active_automations(scope, ["https://github.com/org/fleet"])[1]
        for repository in scope.repositories.values():
            try:
                problems += registry_access(scope, repository)[1]
            except ConfigurationError as error:
                assert str(error).isprintable()  # noqa: PT017
    for problem in problems:
        assert str(problem).isprintable()
        assert problem.exit_code == (3 if problem.severity is Severity.ERROR else 0)


@given(st.lists(objects, max_size=5))
def test_any_manifests_are_read_or_refused(manifests: list[Any]) -> None:
    check(Tree({"flux.yaml": "\n---\n".join(map(json.dumps, manifests))}))


@given(st.dictionaries(st.sampled_from(["a", "b", "1"]), st.dictionaries(st.sampled_from(WORDS), values)), values)
def test_any_native_configuration_is_read_or_refused(images: Any, automation: Any) -> None:
    check(Tree({NATIVE_PATH: json.dumps({"images": images, "automation": automation})}))


@given(st.dictionaries(st.sampled_from(["images", "automation", "x"]), values))
def test_any_mapping_is_native_configuration_or_refused(content: Any) -> None:
    check(Tree({NATIVE_PATH: json.dumps(content)}))


@given(st.text(max_size=40))
def test_any_text_beside_an_image_kind_is_read_or_refused(text: str) -> None:
    data = f"apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\n---\n{text}".encode("utf-8", "surrogatepass")

    check(Tree({"flux.yaml": data}))
