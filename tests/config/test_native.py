"""Native configuration, and that its JSON Schema says the same."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import jsonschema
import pytest
import yaml

from imgupdate.config import UnreadableConfiguration, active_automations, load
from imgupdate.config.model import (
    CommitSpec,
    Config,
    GitRef,
    GitSpec,
    LabelSelector,
    PushSpec,
    SigningKey,
    SigningType,
)
from imgupdate.policies import Numerical, Order, SemVer
from imgupdate.results import DigestReflection, Location, ObjectKey
from tests.config.tree import Tree, errors, key, only_scope, warnings

PATH = ".github/imgupdate.yaml"
SCHEMA: dict[str, Any] = json.loads((resources.files("imgupdate.config") / "imgupdate.schema.json").read_text())

APP = "image: ghcr.io/org/app, policy: {semver: {range: 5.0.x}}"


def native(text: str) -> Config:
    return load(Tree({PATH: text}))


def image(fields: str = "") -> str:
    return f"images: {{app: {{{APP}, {fields}}}}}"


def automation(fields: str) -> str:
    return image() + f"\nautomation: {{{fields}}}"


def test_the_example_of_the_design_is_read() -> None:
    scope = only_scope(
        native(
            """
            images:
              podinfo:
                image: ghcr.io/stefanprodan/podinfo
                policy: {semver: {range: 5.0.x}}
            automation:
              git: {push: {branch: imgupdate/main}}
              update: {path: ./clusters}
            """
        )
    )

    podinfo = ObjectKey("", "", "podinfo")
    assert scope.native
    assert scope.repositories[podinfo].image.text == "ghcr.io/stefanprodan/podinfo"
    assert scope.policies[podinfo].tags.choice == SemVer("5.0.x")
    assert scope.policies[podinfo].repository == podinfo
    assert scope.policies[podinfo].location == Location(PATH, 3, 3, "images.podinfo")
    ((active,), problems) = active_automations(scope, [])
    assert active.path == "clusters"
    assert active.policies == {podinfo}
    assert active.automation is not None
    assert active.automation.git == GitSpec(commit=CommitSpec(), push=PushSpec(branch="imgupdate/main"))
    assert problems == ()


def test_an_entry_is_a_repository_and_a_policy_in_one() -> None:
    config = native(
        image(
            "interval: 5m, timeout: 30s, secretRef: {name: a}, certSecretRef: {name: b}, proxySecretRef: {name: c},"
            "insecure: true, exclusionList: ['^dev'], digestReflectionPolicy: Always, digestInterval: 10m,"
            "policy: {numerical: {order: desc}}, filterTags: {pattern: '(.*)', extract: $1}, labels: {team: one},"
            "allowDowngrade: true, suspend: true"
        ).replace(", policy: {semver: {range: 5.0.x}}", "", 1)
    )

    assert config.problems == ()
    scope = only_scope(config)
    repository, policy = scope.repositories[key("app", "")], scope.policies[key("app", "")]
    assert (repository.interval, repository.timeout, policy.interval) == (300.0, 30.0, 600.0)
    assert (repository.secret, repository.cert_secret, repository.proxy_secret) == ("a", "b", "c")
    assert (repository.insecure, repository.suspend, policy.suspend) == (True, True, True)
    assert repository.exclusions.patterns == ("^dev",)
    assert policy.reflection is DigestReflection.ALWAYS
    assert policy.tags.choice == Numerical(Order.DESC)
    assert policy.labels == {"team": "one"}
    assert policy.allow_downgrade


def test_the_automation_takes_flux_fields() -> None:
    config = native(
        automation(
            "interval: 1m, suspend: true, owner: action, policySelector: {matchLabels: {team: one}},"
            "git: {checkout: {ref: {branch: main}}, commit: {author: {name: bot, email: bot@example.com},"
            "messageTemplate: hello, messageTemplateValues: {a: b}, signingKey: {secretRef: {name: key}, type: ssh}},"
            "push: {branch: next, refspec: x, options: {a: b}}}, update: {path: a, strategy: Setters}"
        )
    )

    assert config.problems == ()
    (found,) = only_scope(config).automations
    assert found.key == ObjectKey("", "", "imgupdate")
    assert found.location == Location(PATH, 2, 1, "automation")
    assert (found.suspend, found.owned, found.path, found.source) == (True, True, "a", None)
    assert found.selector == LabelSelector(match_labels={"team": "one"})
    assert found.git == GitSpec(
        commit=CommitSpec(
            author_name="bot",
            author_email="bot@example.com",
            message_template="hello",
            message_values={"a": "b"},
            signing_key=SigningKey(secret="key", type=SigningType.SSH),
        ),
        checkout=GitRef(branch="main"),
        push=PushSpec(branch="next", refspec="x", options={"a": "b"}),
    )


def test_what_a_cluster_needs_may_be_left_out() -> None:
    config = native(automation(""))

    (found,) = only_scope(config).automations
    assert (found.git, found.source, found.interval, found.api_version) == (
        None,
        None,
        None,
        "image.toolkit.fluxcd.io/v1",
    )
    assert config.problems == ()


def test_without_an_automation_an_implicit_one_runs() -> None:
    ((active,), _) = active_automations(only_scope(native(image())), [])

    assert active.automation is None
    assert active.policies == {key("app", "")}


def test_a_suspended_automation_does_not_run_and_a_wrong_one_gives_way_to_none() -> None:
    for fields in ("suspend: true", "update: {strategy: x}"):
        assert active_automations(only_scope(native(automation(fields))), [])[0] == ()


def test_the_owner_of_a_suspended_image_is_heard() -> None:
    scope = only_scope(native(image("suspend: true, owner: action")))

    assert not scope.policies[key("app", "")].suspend
    assert not scope.repositories[key("app", "")].suspend


@pytest.mark.parametrize(
    "field", ["imageRepositoryRef: {name: app, namespace: x}", "accessFrom: {namespaceSelectors: []}"]
)
def test_what_a_copied_manifest_brings_in_vain_is_a_warning(field: str) -> None:
    (warning,) = warnings(native(image(field)).problems)

    assert f"{field.partition(':')[0]} has no effect in native configuration" in warning


def test_a_source_in_the_automation_is_a_warning() -> None:
    config = native(automation("sourceRef: {kind: GitRepository, name: fleet}"))

    (warning,) = warnings(config.problems)
    assert "sourceRef has no effect" in warning
    assert only_scope(config).automations[0].source is None


def test_a_wrong_entry_leaves_the_others_alone() -> None:
    config = native("images:\n  bad: {image: 'a:1', policy: {}}\n  good: {" + APP + "}\n")

    scope = only_scope(config)
    assert set(scope.policies) == set(scope.repositories) == {key("good", "")}
    assert set(scope.unusable) == {key("bad", "")}
    assert len(errors(config.problems)) == 2
    assert {problem.policy for problem in config.problems} == {key("bad", "")}
    assert all(error.startswith(f"{PATH}:2:images.bad.") for error in errors(config.problems))


def test_an_entry_that_is_there_twice_is_unusable_and_says_where() -> None:
    config = native("images:\n  a: {" + APP + "}\n  a: {" + APP + "}\n  b: {" + APP + "}\n")

    scope = only_scope(config)
    assert set(scope.policies) == {key("b", "")}
    assert str(scope.unusable[key("a", "")]) == (
        f"{PATH}:3: the key 'a' is there twice, first in line 2; remove one of them"
    )


@pytest.mark.parametrize(
    "text",
    [
        "images:\n  app: {" + APP + ", policy: {alphabetical: {}}}",
        "images:\n  app: {" + APP + ", filterTags: {pattern: a, pattern: b}}",
    ],
)
def test_a_field_that_is_there_twice_makes_the_entry_unusable(text: str) -> None:
    config = native(text)

    assert set(only_scope(config).unusable) == {key("app", "")}
    assert "twice" in errors(config.problems)[0]


def test_a_key_of_images_that_is_no_scalar_is_an_error() -> None:
    config = native("images:\n  [a]: 1\n  b: {" + APP + "}\n")

    assert errors(config.problems) == [f"{PATH}:2: a key is not a string; quote it, or render the template first"]
    assert set(only_scope(config).policies) == {key("b", "")}


@pytest.mark.parametrize("name", ["app", "App", "my_app-1.x", "1a", "a" * 253])
def test_names_that_a_marker_can_hold(name: str) -> None:
    assert key(name, "") in only_scope(native(image().replace("app:", f"{name}:", 1))).policies


@pytest.mark.parametrize("name", ["'a:b'", "'a/b'", "'a b'", "''", "-a", "a-", '"a\\n"', "a" * 254, "1", "true", "1.5"])
def test_names_that_no_marker_can_hold_are_errors(name: str) -> None:
    config = native(f"images: {{{name}: {{{APP}}}}}")

    remedy = "quote it" if name in {"1", "true", "1.5"} else "use letters, digits, '-', '_' and '.'"
    assert any(
        "an image cannot be named" in error and error.endswith(f"; {remedy}") for error in errors(config.problems)
    )
    assert only_scope(config).policies == {}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "is empty"),
        ("# nothing\n", 0, "is empty"),
        (image() + "\n---\na: 1\n", 3, "several documents"),
        ("- a\n", 1, "no mapping"),
        ("images\n", 1, "no mapping"),
        ("automation: {}\n", 1, "images is missing"),
        ("images: {}\n", 1, "images is empty"),
        ("images:\n", 1, "images has no value"),
        ("images: [a]\n", 1, "images is a list, it must be a mapping"),
        (image() + "\nautomations: {}\n", 2, "there is no field 'automations' here"),
        (image() + "\nautomation: {}\nautomation: {}\n", 3, "the key 'automation' is there twice"),
        ("images: {a: [}\n", 1, "not valid YAML"),
        ("images: {a: &a [*a]}\n", 1, "inside its own anchor"),
    ],
)
def test_what_cannot_be_read_as_a_whole_is_fatal(text: str, line: int, message: str) -> None:
    with pytest.raises(UnreadableConfiguration) as caught:
        native(text)

    first = caught.value.problems[0]
    assert first.location is not None
    assert (first.location.path, first.location.line) == (PATH, line)
    assert message in first.message
    assert first.remedy


def test_a_misspelt_field_is_an_error_here_with_the_right_one() -> None:
    config = native(image("filtertags: {}"))

    assert errors(config.problems) == [
        f"{PATH}:1:images.app.filtertags: there is no field 'filtertags' here; did you mean 'filterTags'?"
    ]


def test_anchors_and_merges_save_repetition() -> None:
    config = native(
        """
        images:
          one: &one
            image: ghcr.io/org/one
            policy: {semver: {range: 1.x}}
          two:
            <<: *one
            image: ghcr.io/org/two
        """
    )

    assert config.problems == ()
    assert only_scope(config).policies[key("two", "")].tags.choice == SemVer("1.x")


ACCEPTED = [
    image(),
    image("interval: 1h30m"),
    image("timeout: 90m"),
    image("provider: aws"),
    image("suspend: false, insecure: true, allowDowngrade: false, owner: action"),
    image("exclusionList: []"),
    image("digestReflectionPolicy: IfNotPresent"),
    image("digestReflectionPolicy: Always, digestInterval: 1m"),
    image("filterTags: {}"),
    image("filterTags: {pattern: a, extract: b}"),
    image("serviceAccountName: a"),
    image("labels: {a: b}"),
    image("accessFrom: {namespaceSelectors: [{matchLabels: {a.b/c: d}}, {}]}"),
    image("imageRepositoryRef: {name: a, namespace: b}"),
    image("secretRef: {name: a}, certSecretRef: {name: b}, proxySecretRef: {name: c}"),
    image().replace("semver: {range: 5.0.x}", "alphabetical: {}"),
    image().replace("semver: {range: 5.0.x}", "numerical: {order: asc}, alphabetical: {order: desc}"),
    automation(""),
    automation("interval: 1m, suspend: true, owner: action"),
    automation("sign: github"),
    automation("sourceRef: {name: a}"),
    automation("sourceRef: {apiVersion: a, kind: GitRepository, name: a, namespace: b}"),
    automation("policySelector: {}"),
    automation("policySelector: {matchLabels: {a: '', b.c/d: e}}"),
    automation("policySelector: {matchExpressions: [{key: a, operator: In, values: [b]}]}"),
    automation("policySelector: {matchExpressions: [{key: a, operator: Exists}]}"),
    automation("policySelector: {matchExpressions: [{key: a, operator: DoesNotExist, values: []}]}"),
    automation("git: {}"),
    automation("git: {checkout: {ref: {}}, commit: {}, push: {}}"),
    automation("git: {checkout: {ref: {branch: a, tag: b, semver: c, name: d, commit: e}}}"),
    automation("git: {commit: {author: {name: a, email: b}, messageTemplate: c, messageTemplateValues: {d: e}}}"),
    automation("git: {commit: {author: {email: a}}}"),
    automation("git: {commit: {signingKey: {secretRef: {name: a}, type: gpg}}}"),
    automation("git: {commit: {signingKey: {secretRef: {name: a}}}}"),
    automation("git: {push: {branch: a, refspec: b, options: {c: d}}}"),
    automation("update: {}"),
    automation("update: {path: '', strategy: Setters}"),
]
REFUSED = [
    "images: {app: {}}",
    "images: {app: []}",
    "images: {app: ghcr.io/org/app}",
    "images: {app:}",
    "images: {'a:b': {" + APP + "}}",
    "images: {app: {image: ghcr.io/org/app}}",
    "images: {app: {policy: {semver: {range: 5.0.x}}}}",
    image().replace("ghcr.io/org/app", "''"),
    image().replace("ghcr.io/org/app", "5"),
    image().replace("semver: {range: 5.0.x}", ""),
    image().replace("range: 5.0.x", ""),
    image().replace("range: 5.0.x", "range: 5.0"),
    image().replace("range: 5.0.x", "range: ''"),
    image().replace("semver: {range: 5.0.x}", "semVer: {range: 5.0.x}"),
    image().replace("semver: {range: 5.0.x}", "alphabetical: {order: ASC}"),
    image().replace("semver: {range: 5.0.x}", "alphabetical:"),
    image("interval: 1d"),
    image("interval: 5"),
    image("interval:"),
    image("timeout: 1h"),
    image("provider: ibm"),
    image("provider: ''"),
    image("suspend: 'true'"),
    image("insecure: 1"),
    image("exclusionList: a"),
    image("exclusionList: [1]"),
    image("exclusionList: [" + ", ".join("a" * 26) + "]"),
    image("digestReflectionPolicy: always"),
    image("digestReflectionPolicy: Always"),
    image("digestInterval: 1m"),
    image("digestReflectionPolicy: Never, digestInterval: 1m"),
    image("filterTags: {pattern: 1}"),
    image("filterTags: {patern: a}"),
    image("filterTags: []"),
    image("serviceAccountName: " + "a" * 254),
    image("labels: {a: 1}"),
    image("labels: [a]"),
    image("accessFrom: {}"),
    image("accessFrom: {namespaceSelectors: [{matchLabels: {a b: c}}]}"),
    image("accessFrom: {namespaceSelectors: [{matchExpressions: []}]}"),
    image("imageRepositoryRef: {}"),
    image("secretRef: {}"),
    image("secretRef: {name: ''}"),
    image("secretRef: a"),
    image("owner: flux"),
    image("owner: ''"),
    image("allowDowngrade: 'true'"),
    image("digest: true"),
    automation("interval: 1"),
    automation("interval: often"),
    automation("owner: me"),
    automation("sign: gpg"),
    image("sign: github"),
    automation("allowDowngrade: true"),
    automation("sourceRef: {kind: Bucket, name: a}"),
    automation("sourceRef: {kind: GitRepository}"),
    automation("policySelector: {matchLabels: {a: '-'}}"),
    automation("policySelector: {matchLabels: {a/b/c: d}}"),
    automation("policySelector: {matchExpressions: [{key: a}]}"),
    automation("policySelector: {matchExpressions: [{operator: Exists}]}"),
    automation("policySelector: {matchExpressions: [{key: a, operator: In}]}"),
    automation("policySelector: {matchExpressions: [{key: a, operator: In, values: []}]}"),
    automation("policySelector: {matchExpressions: [{key: a, operator: NotIn, values: ['a b']}]}"),
    automation("policySelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}"),
    automation("policySelector: {matchExpressions: [{key: a, operator: Equals, values: [b]}]}"),
    automation("git:"),
    automation("git: {branch: a}"),
    automation("git: {checkout: {}}"),
    automation("git: {checkout: {ref: {branch: 1}}}"),
    automation("git: {commit: {author: {name: a}}}"),
    automation("git: {commit: {author: {name: a, email: ''}}}"),
    automation("git: {commit: {messageTemplateValues: {a: 1}}}"),
    automation("git: {commit: {signingKey: {}}}"),
    automation("git: {commit: {signingKey: {secretRef: {name: a}, type: x509}}}"),
    automation("git: {push: {branch: a, force: true}}"),
    automation("git: {push: {options: {a: true}}}"),
    automation("update: {strategy: Sed}"),
    automation("update: {path: 1}"),
    image() + "\nautomation:",
    image() + "\nautomation: []",
    image() + "\nimagess: {}",
    "images: {}",
    "images: []",
    "images:",
    "automation: {}",
    "[]",
]


def loader_takes(text: str) -> bool:
    try:
        return errors(native(text).problems) == []
    except UnreadableConfiguration:
        return False


def schema_takes(text: str) -> bool:
    return jsonschema.Draft7Validator(SCHEMA).is_valid(yaml.safe_load(text))


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", ACCEPTED)
def test_loader_and_schema_take_the_same(text: str) -> None:
    assert loader_takes(text)
    assert schema_takes(text)


@pytest.mark.parametrize("text", REFUSED)
def test_loader_and_schema_refuse_the_same(text: str) -> None:
    assert not loader_takes(text)
    assert not schema_takes(text)


def fields_of(schema: object) -> set[str]:
    """Every name of a field that the schema knows."""
    if isinstance(schema, dict):
        own = set(schema.get("properties", {})) if isinstance(schema.get("properties"), dict) else set()
        return own.union(*(fields_of(value) for value in schema.values()))
    return set()


def test_every_field_of_the_schema_is_in_an_accepted_example() -> None:
    words = set(re.findall(r"[A-Za-z]+", " ".join(ACCEPTED)))

    assert fields_of(SCHEMA) <= words


def test_a_message_template_that_does_not_parse_is_an_error_at_its_place() -> None:
    config = native(automation('git: {commit: {messageTemplate: "{{ .Changed"}}'))
    [error] = errors(config.problems)

    assert only_scope(config).automations == ()
    assert only_scope(config).broken_automations
    assert ".github/imgupdate.yaml:2:automation.git.commit.messageTemplate: template: " in error
    assert "commit message:1: unclosed action" in error
