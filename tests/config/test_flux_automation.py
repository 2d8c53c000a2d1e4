"""ImageUpdateAutomation: the fields of each version, their defaults, and what Flux refuses."""

from __future__ import annotations

import pytest

from imgupdate.config.model import (
    CommitSpec,
    GitRef,
    GitSpec,
    ImageUpdateAutomation,
    LabelSelector,
    Operator,
    PushSpec,
    Requirement,
    SigningKey,
    SigningType,
)
from imgupdate.results import Location, Severity
from tests.config.tree import AUTOMATION, POLICY, REPOSITORY, errors, key, loaded, only_scope, warnings

VERSIONS = ("v1alpha2", "v1beta1", "v1beta2", "v1")
OBJECTS = REPOSITORY + "---" + POLICY + "---\n"

MINIMAL = """
interval: 30m
sourceRef: {kind: GitRepository, name: fleet}
git:
  commit: {author: {email: bot@example.com}}
"""
FLAT = """
interval: 30m
checkout: {gitRepositoryRef: {name: fleet}, branch: main}
commit: {authorName: bot, authorEmail: bot@example.com}
"""


def automation_text(spec: str, version: str = "v1") -> str:
    return (
        f"apiVersion: image.toolkit.fluxcd.io/{version}\nkind: ImageUpdateAutomation\n"
        f"metadata: {{name: app}}\nspec:\n" + "".join(f"  {line}\n" for line in spec.strip("\n").splitlines())
    )


def automation_of(text: str) -> ImageUpdateAutomation:
    config = loaded(text, objects=OBJECTS)
    assert errors(config.problems) == []
    (automation,) = only_scope(config).automations
    assert not only_scope(config).broken_automations
    return automation


def automation_errors(spec: str, version: str = "v1") -> list[str]:
    config = loaded(automation_text(spec, version), objects=OBJECTS)
    assert only_scope(config).automations == ()
    assert only_scope(config).broken_automations
    assert {problem.exit_code for problem in config.problems if problem.severity is Severity.ERROR} == {3}
    return errors(config.problems)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_least_that_flux_accepts_is_read_with_its_defaults(version: str) -> None:
    automation = automation_of(automation_text(MINIMAL, version))

    assert automation == ImageUpdateAutomation(
        key=key("app"),
        location=Location("flux.yaml", 1, 1),
        api_version=f"image.toolkit.fluxcd.io/{version}",
        git=GitSpec(commit=CommitSpec(author_email="bot@example.com")),
        source=key("fleet"),
        interval=1800.0,
    )


def test_every_field_arrives() -> None:
    spec = """
interval: 1h
suspend: true
sourceRef: {apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, name: fleet, namespace: other}
policySelector:
  matchLabels: {team: one}
  matchExpressions:
    - {key: stage, operator: In, values: [a, b]}
    - {key: stage, operator: NotIn, values: [c]}
    - {key: stage, operator: Exists}
    - {key: example.com/old, operator: DoesNotExist, values: []}
git:
  checkout: {ref: {branch: main, tag: v1, semver: 1.x, name: refs/heads/main, commit: abc}}
  commit:
    author: {name: bot, email: bot@example.com}
    messageTemplate: "hello"
    messageTemplateValues: {cluster: prod}
    signingKey: {secretRef: {name: signing}, type: ssh}
  push: {branch: next, refspec: "refs/heads/main:refs/heads/x", options: {merge_request.create: "true"}}
update: {path: ./clusters/../clusters/prod/, strategy: Setters}
"""
    assert automation_of(automation_text(spec)) == ImageUpdateAutomation(
        key=key("app"),
        location=Location("flux.yaml", 1, 1),
        api_version="image.toolkit.fluxcd.io/v1",
        git=GitSpec(
            commit=CommitSpec(
                author_name="bot",
                author_email="bot@example.com",
                message_template="hello",
                message_values={"cluster": "prod"},
                signing_key=SigningKey(secret="signing", type=SigningType.SSH),
            ),
            checkout=GitRef(branch="main", tag="v1", semver="1.x", name="refs/heads/main", commit="abc"),
            push=PushSpec(
                branch="next", refspec="refs/heads/main:refs/heads/x", options={"merge_request.create": "true"}
            ),
        ),
        source=key("fleet", "other"),
        selector=LabelSelector(
            match_labels={"team": "one"},
            match_expressions=(
                Requirement(key="stage", operator=Operator.IN, values=("a", "b")),
                Requirement(key="stage", operator=Operator.NOT_IN, values=("c",)),
                Requirement(key="stage", operator=Operator.EXISTS),
                Requirement(key="example.com/old", operator=Operator.DOES_NOT_EXIST),
            ),
        ),
        path="clusters/prod",
        interval=3600.0,
        suspend=True,
    )


def test_v1alpha1_wrote_the_same_flat() -> None:
    spec = """
interval: 30m
suspend: true
checkout: {gitRepositoryRef: {name: fleet}, branch: main}
commit:
  authorName: bot
  authorEmail: bot@example.com
  messageTemplate: "hello"
  signingKey: {secretRef: {name: signing}}
push: {branch: next}
update: {strategy: Setters, path: clusters}
"""
    automation = automation_of(automation_text(spec, "v1alpha1"))

    assert automation.git == GitSpec(
        commit=CommitSpec(
            author_name="bot",
            author_email="bot@example.com",
            message_template="hello",
            signing_key=SigningKey(secret="signing"),
        ),
        checkout=GitRef(branch="main"),
        push=PushSpec(branch="next"),
    )
    assert (automation.source, automation.path, automation.suspend) == (key("fleet"), "clusters", True)
    assert automation.api_version == "image.toolkit.fluxcd.io/v1alpha1"


def test_a_message_template_of_v1alpha1_must_parse_too() -> None:
    spec = """
interval: 30m
checkout: {gitRepositoryRef: {name: fleet}, branch: main}
commit: {authorName: bot, authorEmail: bot@example.com, messageTemplate: "{{ end }}"}
"""
    assert any(
        "spec.commit.messageTemplate: template: commit message:1: unexpected {{end}}" in error
        for error in automation_errors(spec, "v1alpha1")
    )


@pytest.mark.parametrize(
    ("update", "path"),
    [
        ("update: {setters: {}}", ""),
        ("update: {setters: {paths: []}}", ""),
        ("update: {setters: {paths: [./a]}}", "a"),
        ("update: {path: b, setters: {paths: [a]}}", "b"),
        ("update: {}", ""),
    ],
)
def test_the_prototypes_are_read(update: str, path: str) -> None:
    spec = FLAT.replace("interval", "minimumRunInterval") + update

    automation = automation_of(automation_text(spec + "\ninterval: null", "v1alpha1"))

    assert (automation.path, automation.interval) == (path, 1800.0)
    problems = loaded(automation_text(spec + "\ninterval: null", "v1alpha1"), objects=OBJECTS).problems
    assert not any("there is no field" in text for text in warnings(problems))


def test_a_prototype_of_several_paths_has_no_equal_today() -> None:
    (error,) = automation_errors(FLAT + "update: {setters: {paths: [a, b]}}", "v1alpha1")

    assert error == (
        "flux.yaml:8:spec.update.setters.paths[1]: an automation has one path; make an automation of each path"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("checkout:", "ceckout:", "spec.checkout: checkout is missing; add checkout"),
        ("commit:", "comit:", "spec.commit: commit is missing; add commit"),
        (", branch: main", "", "spec.checkout.branch: branch is missing"),
        ("gitRepositoryRef: {name: fleet}", "a: b", "spec.checkout.gitRepositoryRef: gitRepositoryRef is missing"),
        ("authorName: bot, ", "", "spec.commit.authorName: authorName is missing"),
        (", authorEmail: bot@example.com", "", "spec.commit.authorEmail: authorEmail is missing"),
        ("interval: 30m", "push: {}", "spec.push.branch: branch is missing"),
        ("interval: 30m", "", "spec.interval: interval is missing"),
    ],
)
def test_what_v1alpha1_requires(old: str, new: str, message: str) -> None:
    found = automation_errors(FLAT.replace(old, new), "v1alpha1")

    assert any(message in error for error in found)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("interval: 30m", "", "flux.yaml:5:spec.interval: interval is missing"),
        ("interval: 30m", "interval: 1d", "flux.yaml:5:spec.interval: interval is not a duration: '1d'"),
        ("sourceRef: {kind: GitRepository, name: fleet}", "", "spec.sourceRef: sourceRef is missing"),
        (", name: fleet", "", "spec.sourceRef.name: name is missing"),
        (
            "kind: GitRepository",
            "kind: OCIRepository",
            "spec.sourceRef.kind: source kind 'OCIRepository' is not supported (InvalidSourceConfiguration)",
        ),
        ("kind: GitRepository", "kind: ''", "spec.sourceRef.kind: source kind '' is not supported"),
        (
            "git:\n  commit: {author: {email: bot@example.com}}",
            "",
            "source kind 'GitRepository' necessitates field .spec.git (InvalidSourceConfiguration)",
        ),
        ("commit: {author: {email: bot@example.com}}", "push: {}", "spec.git.commit: commit is missing"),
        ("author: {email: bot@example.com}", "messageTemplate: x", "spec.git.commit.author: author is missing"),
        ("email: bot@example.com", "name: bot", "spec.git.commit.author.email: email is missing"),
        ("interval: 30m", "update: {strategy: Sed}", "unsupported update strategy 'Sed' (InvalidUpdateStrategy)"),
        ("interval: 30m", "update: {strategy: ''}", "unsupported update strategy ''"),
        ("interval: 30m", 'update: {path: "a\\nb"}', "spec.update.path: a path holds a control character"),
        ("interval: 30m", "update: {path: 1}", 'spec.update.path: path is a number, it must be a text; quote it: "1"'),
        (
            "commit: {",
            "commit: {messageTemplateValues: {a: 1}, ",
            'messageTemplateValues.a is a number, it must be a text; quote it: "1"',
        ),
        (
            "commit: {",
            'commit: {messageTemplate: "{{ if }}", ',
            "spec.git.commit.messageTemplate: template: commit message:1: missing value for if; templates are",
        ),
        (
            "commit: {",
            'commit: {messageTemplate: "{{ now }}", ',
            'messageTemplate: template: commit message:1: function "now" not defined; imgupdate does not have it',
        ),
        ("commit: {", "commit: {signingKey: {}, ", "spec.git.commit.signingKey.secretRef: secretRef is missing"),
        (
            "commit: {",
            "commit: {signingKey: {secretRef: {name: a}, type: x}, ",
            "type cannot be 'x'; write 'gpg' or 'ssh'",
        ),
        ("git:\n", "git:\n  checkout: {}\n", "spec.git.checkout.ref: ref is missing"),
        (
            "git:\n",
            "git:\n  push: {options: {a: true}}\n",
            'options.a is a boolean, it must be a text; quote it: "true"',
        ),
    ],
)
def test_a_wrong_automation_is_broken_and_its_problem_has_a_place(old: str, new: str, message: str) -> None:
    found = automation_errors(MINIMAL.replace(old, new))

    assert any(message in error for error in found)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("{operator: Exists}", "key is missing"),
        ("{key: a}", "operator is missing"),
        ("{key: a, operator: in, values: [b]}", "operator cannot be 'in'; write In, NotIn, Exists, DoesNotExist"),
        ("{key: a, operator: In}", "the operator In needs values"),
        ("{key: a, operator: NotIn, values: []}", "the operator NotIn needs values"),
        ("{key: a, operator: Exists, values: [b]}", "the operator Exists takes no values"),
        ("{key: a, operator: DoesNotExist, values: [b]}", "the operator DoesNotExist takes no values"),
        ("{key: a/b/c, operator: Exists}", "no label can have the key 'a/b/c'"),
        ("{key: a, operator: In, values: [-b]}", "no label can have the value '-b'"),
        ("{key: a, operator: In, values: [1]}", 'quote it: "1"'),
    ],
)
def test_a_selector_that_kubernetes_refuses_breaks_the_automation(expression: str, message: str) -> None:
    found = automation_errors(MINIMAL + f"policySelector: {{matchExpressions: [{expression}]}}")

    assert any("spec.policySelector.matchExpressions[0]" in error and message in error for error in found)


@pytest.mark.parametrize(
    ("old", "new", "since"),
    [
        ("name: fleet", "name: fleet, namespace: other", "v1beta1"),
        ("git:\n", "git:\n  checkout: {ref: {name: refs/heads/a}}\n", "v1beta1"),
        ("git:\n", "git:\n  push: {branch: a, refspec: b}\n", "v1beta1"),
        ("git:\n", "git:\n  push: {branch: a, options: {b: c}}\n", "v1beta1"),
        ("interval: 30m", "interval: 30m\npolicySelector: {matchLabels: {a: b}}", "v1beta2"),
        ("commit: {", "commit: {messageTemplateValues: {a: b}, ", "v1beta2"),
        ("commit: {", "commit: {signingKey: {secretRef: {name: a}, type: ssh}, ", "v1"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_that_a_version_does_not_have_is_dropped_with_a_warning(
    old: str, new: str, since: str, version: str
) -> None:
    config = loaded(automation_text(MINIMAL.replace(old, new), version), objects=OBJECTS)

    dropped = VERSIONS.index(version) < VERSIONS.index(since)
    assert len(only_scope(config).automations) == 1
    assert any(f"does not exist in {version}, Flux drops it" in text for text in warnings(config.problems)) is dropped


def test_v1alpha2_required_the_branch_of_a_push() -> None:
    found = automation_errors(MINIMAL.replace("git:\n", "git:\n  push: {}\n"), "v1alpha2")

    assert any("spec.git.push.branch: branch is missing" in error for error in found)


@pytest.mark.parametrize("version", ["v1alpha2", "v1beta1"])
def test_an_absent_branch_stays_absent_whatever_old_schemas_filled_in(version: str) -> None:
    text = automation_text(MINIMAL.replace("git:\n", "git:\n  checkout: {ref: {}}\n"), version)

    automation = automation_of(text)

    assert automation.git is not None
    assert automation.git.checkout == GitRef()


@pytest.mark.parametrize("path", ["", "/", ".", "./", "a/..", "../.."])
def test_a_path_that_is_the_root_is_empty(path: str) -> None:
    assert automation_of(automation_text(MINIMAL + f"update: {{path: '{path}'}}")).path == ""


def test_the_owner_of_a_suspended_automation_is_heard() -> None:
    text = AUTOMATION.replace("system}", "system, annotations: {imgupdate.dev/owner: action}}", 1)

    automation = automation_of(text)

    assert automation.owned
    assert not automation.suspend


def test_an_automation_may_leave_its_signature_to_github() -> None:
    text = AUTOMATION.replace("system}", "system, annotations: {imgupdate.dev/sign: github}}", 1)

    assert automation_of(text).sign_github
    assert not automation_of(AUTOMATION).sign_github


def test_nobody_but_github_can_be_asked_for_a_signature() -> None:
    text = AUTOMATION.replace("system}", "system, annotations: {imgupdate.dev/sign: gpg}}", 1)

    config = loaded(text, objects=OBJECTS)

    assert any("imgupdate.dev/sign cannot be 'gpg'" in error for error in errors(config.problems))
    assert only_scope(config).broken_automations


def test_an_automation_without_a_name_is_broken() -> None:
    config = loaded(AUTOMATION.replace("{name: app, namespace: flux-system}", "{}"), objects=OBJECTS)

    assert only_scope(config).broken_automations


def test_the_prototypes_field_is_unknown_to_later_versions() -> None:
    config = loaded(automation_text(MINIMAL + "minimumRunInterval: 1m"), objects=OBJECTS)

    assert any("there is no field 'minimumRunInterval'" in text for text in warnings(config.problems))
