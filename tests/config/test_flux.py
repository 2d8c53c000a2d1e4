"""ImageRepository and ImagePolicy: the fields of each version, their defaults, and what the API server refuses."""

from __future__ import annotations

import pytest

from imgupdate.config.model import ImagePolicy, ImageRepository, LabelSelector, Provider
from imgupdate.policies import Alphabetical, Numerical, Order, SemVer, TagFilter
from imgupdate.results import DigestReflection, Location, Severity
from tests.config.tree import POLICY, REPOSITORY, errors, key, loaded, only_scope, warnings

VERSIONS = ("v1alpha1", "v1alpha2", "v1beta1", "v1beta2", "v1")


def repository_text(spec: str, version: str = "v1") -> str:
    return (
        f"apiVersion: image.toolkit.fluxcd.io/{version}\nkind: ImageRepository\n"
        f"metadata: {{name: app}}\nspec:\n" + "".join(f"  {line}\n" for line in spec.strip().splitlines())
    )


def policy_text(spec: str, version: str = "v1") -> str:
    return (
        f"apiVersion: image.toolkit.fluxcd.io/{version}\nkind: ImagePolicy\n"
        f"metadata: {{name: app}}\nspec:\n" + "".join(f"  {line}\n" for line in spec.strip().splitlines())
    )


def repository_of(text: str) -> ImageRepository:
    config = loaded(text + "---\n" + POLICY)
    assert errors(config.problems) == []
    return only_scope(config).repositories[key("app")]


def policy_of(text: str) -> ImagePolicy:
    config = loaded(text + "---\n" + REPOSITORY)
    assert errors(config.problems) == []
    return only_scope(config).policies[key("app")]


def repository_errors(spec: str, version: str = "v1") -> list[str]:
    config = loaded(repository_text(spec, version))
    assert only_scope(config).repositories == {}
    found = errors(config.problems)
    assert {problem.exit_code for problem in config.problems if problem.severity is Severity.ERROR} <= {3}
    return found


def policy_errors(spec: str, version: str = "v1") -> list[str]:
    config = loaded(policy_text(spec, version) + "---\n" + REPOSITORY)
    assert only_scope(config).policies == {}
    assert set(only_scope(config).unusable) == {key("app")}
    return errors(config.problems)


MINIMAL = "image: ghcr.io/org/app\ninterval: 5m"
CHOICE = "imageRepositoryRef: {name: app}\npolicy: {semver: {range: 5.0.x}}"


def test_the_defaults_are_those_of_flux() -> None:
    repository = repository_of(repository_text(MINIMAL))
    policy = policy_of(policy_text(CHOICE))

    assert repository.provider is Provider.GENERIC
    assert repository.exclusions.patterns == (r"^.*\.sig$",)
    assert (repository.interval, repository.timeout) == (300.0, None)
    assert (repository.suspend, repository.insecure, repository.access_from) == (False, False, None)
    assert policy.reflection is DigestReflection.NEVER
    assert (policy.tags.choice, policy.tags.filter, policy.suspend) == (SemVer("5.0.x"), None, False)
    assert policy.repository == key("app")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_read(version: str) -> None:
    repository = repository_of(repository_text(MINIMAL, version))
    policy = policy_of(policy_text(CHOICE, version))

    assert repository.image.text == "ghcr.io/org/app"
    assert policy.tags.choice == SemVer("5.0.x")


def test_every_field_of_a_repository_arrives() -> None:
    spec = """
image: ghcr.io/org/app
interval: 1h30m
timeout: 90.5s
secretRef: {name: login}
certSecretRef: {name: certificate}
proxySecretRef: {name: proxy}
serviceAccountName: account
suspend: true
insecure: true
provider: aws
exclusionList: ["^dev", "rc$"]
accessFrom:
  namespaceSelectors:
    - matchLabels: {team: one}
    - {}
"""
    repository = repository_of(repository_text(spec))

    assert (repository.interval, repository.timeout) == (5400.0, 90.5)
    assert (repository.secret, repository.cert_secret, repository.proxy_secret) == ("login", "certificate", "proxy")
    assert (repository.service_account, repository.provider) == ("account", Provider.AWS)
    assert (repository.suspend, repository.insecure) == (True, True)
    assert repository.exclusions.patterns == ("^dev", "rc$")
    assert repository.access_from == (LabelSelector(match_labels={"team": "one"}), LabelSelector())
    assert repository.location == Location("flux.yaml", 1, 1)


def test_every_field_of_a_policy_arrives() -> None:
    spec = """
imageRepositoryRef: {name: app, namespace: flux-system}
policy: {numerical: {order: desc}}
filterTags: {pattern: "^v(?P<n>[0-9]+)$", extract: $n}
digestReflectionPolicy: Always
interval: 10m
suspend: true
"""
    policy = policy_of(policy_text(spec))

    assert policy.tags.choice == Numerical(Order.DESC)
    assert policy.tags.filter == TagFilter(pattern="^v(?P<n>[0-9]+)$", extract="$n")
    assert (policy.reflection, policy.interval, policy.suspend) == (DigestReflection.ALWAYS, 600.0, True)


@pytest.mark.parametrize(
    ("member", "choice"),
    [
        ("semver: {range: '>=1'}", SemVer(">=1")),
        ("alphabetical: {}", Alphabetical(Order.ASC)),
        ("alphabetical: {order: desc}", Alphabetical(Order.DESC)),
        ("numerical: {}", Numerical(Order.ASC)),
        ("semver: {range: '1'}, alphabetical: {}, numerical: {}", SemVer("1")),
        ("numerical: {}, alphabetical: {order: asc}", Alphabetical(Order.ASC)),
        ("numerical: {}, semver: null", Numerical(Order.ASC)),
    ],
)
def test_of_several_choices_flux_takes_semver_then_alphabetical_then_numerical(member: str, choice: object) -> None:
    policy = policy_of(policy_text(f"imageRepositoryRef: {{name: app}}\npolicy: {{{member}}}"))

    assert policy.tags.choice == choice


def test_an_empty_list_of_exclusions_means_the_default() -> None:
    assert repository_of(repository_text(MINIMAL + "\nexclusionList: []")).exclusions.patterns == (r"^.*\.sig$",)


@pytest.mark.parametrize("version", ["v1alpha1", "v1alpha2"])
def test_the_alpha_versions_leave_durations_to_go_and_need_no_interval(version: str) -> None:
    assert repository_of(repository_text("image: ghcr.io/org/app", version)).interval is None

    repository = repository_of(repository_text("image: ghcr.io/org/app\ninterval: 1.5h\ntimeout: 1h", version))

    assert (repository.interval, repository.timeout) == (5400.0, 3600.0)


def test_the_prototype_called_the_interval_scan_interval() -> None:
    config = loaded(repository_text("image: ghcr.io/org/app\nscanInterval: 2m\ninterval: null", "v1alpha1"))

    assert only_scope(config).repositories[key("app")].interval == 120.0
    assert not any("there is no field" in text for text in warnings(config.problems))


def test_the_prototypes_field_is_unknown_to_later_versions() -> None:
    config = loaded(repository_text(MINIMAL + "\nscanInterval: 2m"))

    assert any("there is no field 'scanInterval'" in text for text in warnings(config.problems))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0.0),
        ("1ms", 0.001),
        ("90s", 90.0),
        ("1m", 60.0),
        ("1.5m", 90.0),
        ("1h30m10s", 5410.0),
        ("1m1m", 120.0),
        ("300s", 300.0),
    ],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert repository_of(repository_text(f"image: ghcr.io/org/app\ninterval: {text}")).interval == pytest.approx(
        seconds
    )


@pytest.mark.parametrize(
    "text", ["5", "'5'", "5d", "-5m", "5 m", "1us", "1ns", ".5m", "5m,", "five minutes", "''", "1h "]
)
def test_what_the_api_server_takes_for_no_duration_is_an_error(text: str) -> None:
    (error,) = repository_errors(f"image: ghcr.io/org/app\ninterval: '{text.strip(chr(39))}'")

    assert error.startswith("flux.yaml:6:spec.interval: interval is ")
    assert "5m" in error or "give it a value" in error


def test_a_duration_that_no_machine_can_count_is_an_error() -> None:
    (error,) = repository_errors("image: ghcr.io/org/app\ninterval: 99999999999h")

    assert "longer than any duration" in error


@pytest.mark.parametrize(
    ("text", "seconds"), [("-1.5h", -5400.0), ("1us", 1e-6), ("2\u00b5s", 2e-6), (".5m", 30.0), ("0", 0.0)]
)
def test_go_reads_more_durations_than_the_schema(text: str, seconds: float) -> None:
    repository = repository_of(repository_text(f"image: ghcr.io/org/app\ninterval: '{text}'", "v1alpha2"))

    assert repository.interval == pytest.approx(seconds)


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2", "v1"])
def test_a_timeout_in_hours_is_an_error_with_the_way_out(version: str) -> None:
    (error,) = repository_errors(MINIMAL + "\ntimeout: 1h", version)

    assert (
        error == "flux.yaml:7:spec.timeout: timeout is not a duration: '1h'; write minutes instead of hours, like 60m"
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("interval: 5m", "flux.yaml:5:spec.image: image is missing; add image"),
        ("image: ''\ninterval: 5m", "flux.yaml:5:spec.image: image is empty; give it a value"),
        ("image: null\ninterval: 5m", "flux.yaml:5:spec.image: image is missing; add image"),
        ("image: ghcr.io/org/app", "flux.yaml:5:spec.interval: interval is missing; add interval"),
        (MINIMAL + "\nsecretRef: {}", "flux.yaml:7:spec.secretRef.name: name is missing; add name"),
        (MINIMAL + "\nsecretRef: login", "flux.yaml:7:spec.secretRef: secretRef is a text, it must be a mapping"),
        (MINIMAL + "\nprovider: ibm", "flux.yaml:7:spec.provider: provider cannot be 'ibm'; write 'generic' or 'aws'"),
        (MINIMAL + "\nprovider: ''", "flux.yaml:7:spec.provider: provider cannot be ''"),
        (MINIMAL + "\nsuspend: 'true'", "flux.yaml:7:spec.suspend: suspend is a text, it must be true or false"),
        (MINIMAL + "\ninsecure: 1", "flux.yaml:7:spec.insecure: insecure is a number, it must be true or false"),
        (MINIMAL + "\nexclusionList: a", "flux.yaml:7:spec.exclusionList: exclusionList is a text, it must be a list"),
        (
            MINIMAL + "\nexclusionList: [a, 1.5]",
            'flux.yaml:7:spec.exclusionList[1]: exclusionList[1] is a number, it must be a text; quote it: "1.5"',
        ),
        (MINIMAL + "\nexclusionList: [~]", "exclusionList[0] is null, it must be a text; write a text"),
        (MINIMAL + "\nexclusionList: [ok, 'a(']", "flux.yaml:7:spec.exclusionList[1]: "),
        (
            MINIMAL + "\nexclusionList: [" + ",".join("a" * 26) + "]",
            "flux.yaml:7:spec.exclusionList: exclusionList has 26 items; keep at most 25",
        ),
        (
            MINIMAL + "\nserviceAccountName: " + "a" * 254,
            "flux.yaml:7:spec.serviceAccountName: serviceAccountName is longer than 253 characters; shorten it",
        ),
        (MINIMAL + "\naccessFrom: {}", "flux.yaml:7:spec.accessFrom: accessFrom has no namespaceSelectors"),
        (
            MINIMAL + "\naccessFrom: {namespaceSelectors: [{matchLabels: {a: 1}}]}",
            '[0].matchLabels.a: matchLabels.a is a number, it must be a text; quote it: "1"',
        ),
        (
            MINIMAL + "\naccessFrom: {namespaceSelectors: [{matchLabels: [a]}]}",
            "matchLabels is a list, it must be a mapping",
        ),
        (MINIMAL + "\naccessFrom: {namespaceSelectors: [a]}", "namespaceSelectors[0] is a text, it must be a mapping"),
        (MINIMAL + "\naccessFrom: {namespaceSelectors: [{matchLabels: {a b: c}}]}", "no label can have the key 'a b'"),
        ("image: https://ghcr.io/org/app\ninterval: 5m", "flux.yaml:5:spec.image: "),
        ("image: ghcr.io/org/app:1.0\ninterval: 5m", "flux.yaml:5:spec.image: "),
        ("image: ghcr.io/Org/app\ninterval: 5m", "flux.yaml:5:spec.image: "),
        ("image: 5.0\ninterval: 5m", 'flux.yaml:5:spec.image: image is a number, it must be a text; quote it: "5.0"'),
    ],
)
def test_a_wrong_repository_is_unusable_and_its_problem_has_a_place(spec: str, message: str) -> None:
    (error,) = repository_errors(spec)

    assert message in error


def test_a_timeout_that_is_no_duration_in_any_unit_is_an_error() -> None:
    (error,) = repository_errors(MINIMAL + "\ntimeout: 1d")

    assert error.endswith("timeout is not a duration: '1d'; write something like 30s, 5m or 1m30s")


def test_a_number_where_a_duration_belongs_is_not_to_be_quoted() -> None:
    (error,) = repository_errors("image: ghcr.io/org/app\ninterval: 60")

    assert error == (
        "flux.yaml:6:spec.interval: interval is a number, it must be a text; write something like 30s, 5m or 1m30s"
    )


def test_all_that_is_wrong_with_an_object_is_told_at_once() -> None:
    spec = "image: a:1\ninterval: x\ntimeout: 1h\nprovider: x\nexclusionList: ['(', '[']\nsecretRef: {nmae: x}"

    config = loaded(repository_text(spec))

    assert [problem.location.field for problem in config.problems if problem.location and problem.exit_code] == [
        "spec.image",
        "spec.interval",
        "spec.timeout",
        "spec.provider",
        "spec.exclusionList[0]",
        "spec.exclusionList[1]",
        "spec.secretRef.name",
    ]
    assert any("did you mean 'name'?" in text for text in warnings(config.problems))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("policy: {semver: {range: '1'}}", "flux.yaml:5:spec.imageRepositoryRef: imageRepositoryRef is missing"),
        ("imageRepositoryRef: {}\npolicy: {semver: {range: '1'}}", "spec.imageRepositoryRef.name: name is missing"),
        ("imageRepositoryRef: {name: app}", "spec.policy: policy is missing"),
        ("imageRepositoryRef: {name: app}\npolicy: {semver: {}}", "spec.policy.semver.range: range is missing"),
        (
            "imageRepositoryRef: {name: app}\npolicy: {semver: {range: 1.20}}",
            'flux.yaml:6:spec.policy.semver.range: range is a number, it must be a text; quote it: "1.20"',
        ),
        (
            "imageRepositoryRef: {name: app}\npolicy: {semver: {range: 'latest'}}",
            "flux.yaml:6:spec.policy.semver.range: ",
        ),
        (
            "imageRepositoryRef: {name: app}\npolicy: {alphabetical: {order: up}}",
            "order cannot be 'up'; write 'asc' or 'desc'",
        ),
        (CHOICE + "\nfilterTags: {pattern: '(?=a)'}", "flux.yaml:7:spec.filterTags.pattern: "),
        (CHOICE + "\nfilterTags: {pattern: [a]}", "pattern is a list, it must be a text"),
        (CHOICE + "\ndigestReflectionPolicy: Sometimes", "digestReflectionPolicy cannot be 'Sometimes'"),
        (
            CHOICE + "\ninterval: 5m",
            "flux.yaml:7:spec.interval: interval is only accepted when digestReflectionPolicy is 'Always'",
        ),
        (
            CHOICE + "\ninterval: 5m\ndigestReflectionPolicy: IfNotPresent",
            "interval is only accepted when digestReflectionPolicy is 'Always'",
        ),
        (
            CHOICE + "\ndigestReflectionPolicy: Always",
            "flux.yaml:7:spec.digestReflectionPolicy: interval must be set when digestReflectionPolicy is 'Always'",
        ),
    ],
)
@pytest.mark.parametrize("version", ["v1beta2", "v1"])
def test_a_wrong_policy_is_unusable_and_its_problem_has_a_place(spec: str, message: str, version: str) -> None:
    (error,) = policy_errors(spec, version)

    assert message in error


@pytest.mark.parametrize("policy", ["{}", "{semVer: {range: '1'}}"])
def test_an_empty_policy_passes_the_schema_and_is_refused_as_flux_refuses_it(policy: str) -> None:
    (error,) = policy_errors(f"imageRepositoryRef: {{name: app}}\npolicy: {policy}")

    assert error == (
        "flux.yaml:6:spec.policy: the policy is empty (InvalidPolicy: given ImagePolicyChoice object is invalid); "
        "give it one of semver, alphabetical or numerical"
    )


def test_a_misspelt_choice_is_named() -> None:
    config = loaded(
        policy_text("imageRepositoryRef: {name: app}\npolicy: {semVer: {range: '1'}}") + "---\n" + REPOSITORY
    )

    assert "flux.yaml:6:spec.policy.semVer: there is no field 'semVer' here, Flux drops it; did you mean 'semver'?" in (
        warnings(config.problems)
    )


def test_a_wrong_range_does_not_hide_a_wrong_filter() -> None:
    found = policy_errors("imageRepositoryRef: {name: app}\npolicy: {semver: {range: x1}}\nfilterTags: {pattern: '('}")

    assert [text.split(": ")[0] for text in found] == [
        "flux.yaml:6:spec.policy.semver.range",
        "flux.yaml:7:spec.filterTags.pattern",
    ]


@pytest.mark.parametrize(
    ("template", "unknown"),
    [("$ts", ["'ts'"]), ("${1}-$2 $2", ["'2'"]), ("$1x", ["'1x'"]), ("$n-$1-$0-$$2", [])],
)
def test_a_template_that_refers_to_no_group_is_a_warning(template: str, unknown: list[str]) -> None:
    config = loaded(
        policy_text(
            "imageRepositoryRef: {name: app}\n"
            "policy: {alphabetical: {}}\n"
            f"filterTags: {{pattern: '^v(?P<n>.*)', extract: '{template}'}}"
        )
    )

    found = [text for text in warnings(config.problems) if "always empty" in text]
    assert [text.split("refers to ")[1].split(",")[0] for text in found] == unknown
    assert all(text.startswith("flux.yaml:7:spec.filterTags.extract: ") for text in found)


@pytest.mark.parametrize(
    ("field", "since"),
    [
        ("serviceAccountName: account", "v1beta1"),
        ("accessFrom: {namespaceSelectors: []}", "v1beta1"),
        ("exclusionList: ['^v']", "v1beta1"),
        ("provider: aws", "v1beta2"),
        ("insecure: true", "v1beta2"),
        ("proxySecretRef: {name: proxy}", "v1beta2"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_that_a_version_does_not_have_is_dropped_with_a_warning(field: str, since: str, version: str) -> None:
    config = loaded(repository_text(f"{MINIMAL}\n{field}", version))
    repository = only_scope(config).repositories[key("app")]

    plain = only_scope(loaded(repository_text(MINIMAL, version))).repositories[key("app")]
    dropped = VERSIONS.index(version) < VERSIONS.index(since)
    name = field.partition(":")[0]

    assert (repository == plain) is dropped
    assert (
        any(f"{name} does not exist in {version}, Flux drops it" in text for text in warnings(config.problems))
        is dropped
    )


@pytest.mark.parametrize(
    ("field", "since"),
    [
        ("digestReflectionPolicy: IfNotPresent", "v1beta2"),
        ("suspend: true", "v1beta2"),
        ("digestReflectionPolicy: Always\ninterval: 5m", "v1beta2"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_policys_field_that_a_version_does_not_have_is_dropped(field: str, since: str, version: str) -> None:
    policy = policy_of(policy_text(f"{CHOICE}\n{field}", version))

    plain = policy_of(policy_text(CHOICE, version))

    assert (policy == plain) is (VERSIONS.index(version) < VERSIONS.index(since))


def test_a_namespace_in_a_reference_came_with_v1beta1() -> None:
    text = policy_text(
        "imageRepositoryRef: {name: app, namespace: elsewhere}\npolicy: {semver: {range: '1'}}", "v1alpha2"
    )

    assert policy_of(text).repository == key("app")


def test_v1beta1_had_no_bound_on_exclusions() -> None:
    spec = MINIMAL + "\nexclusionList: [" + ",".join("a" * 26) + "]"

    assert len(repository_of(repository_text(spec, "v1beta1")).exclusions.patterns) == 26


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("imag: x", "remove it"),
        ("Suspend: true", "did you mean 'suspend'?"),
        ("exclusionlist: []", "did you mean 'exclusionList'?"),
        ("somethingElse: 1", "remove it"),
    ],
)
def test_an_unknown_field_is_a_warning_as_flux_drops_it(field: str, hint: str) -> None:
    config = loaded(repository_text(f"{MINIMAL}\n{field}"))

    (warning, _) = warnings(config.problems)
    name = field.partition(":")[0]
    assert key("app") in only_scope(config).repositories
    assert f"flux.yaml:7:spec.{name}: there is no field '{name}' here, Flux drops it; {hint}" in warning


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("{}", "metadata.name: name is missing"),
        ("{name: 1}", 'metadata.name: name is a number, it must be a text; quote it: "1"'),
        ("{name: App}", "metadata.name: name is not one that Kubernetes takes: 'App'"),
        ("{name: a:b}", "name is not one that Kubernetes takes: 'a:b'"),
        ("{name: '${app}'}", "variables of a Flux Kustomization are not filled in"),
        ("{name: app, namespace: A_B}", "metadata.namespace: namespace is not one that Kubernetes takes: 'A_B'"),
        ("[name]", "metadata: metadata is a list, it must be a mapping"),
        ("{name: {{ .Release.Name }}}", "a key is not a string; quote it, or render the template first"),
    ],
)
def test_an_object_that_cannot_be_named_is_an_error(metadata: str, message: str) -> None:
    config = loaded(REPOSITORY.replace("{name: app, namespace: flux-system}", metadata))

    assert only_scope(config).repositories == {}
    assert any(message in error for error in errors(config.problems))


@pytest.mark.parametrize("missing", ["metadata", "spec"])
def test_an_object_without_metadata_or_specification_is_an_error(missing: str) -> None:
    lines = [line for line in POLICY.splitlines() if not line.startswith((missing, "  "))]

    config = loaded("\n".join(lines) + "\n---\n" + REPOSITORY)

    assert any(f"{missing}: {missing} is missing" in error for error in errors(config.problems))


def test_fields_that_the_api_server_writes_are_known() -> None:
    text = """
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata:
  name: app
  creationTimestamp: null
  generation: 2
  labels: {a: b}
  annotations: {any: thing}
  resourceVersion: "1"
  uid: x
  managedFields: []
  finalizers: [finalizers.fluxcd.io]
spec: {image: ghcr.io/org/app, interval: 5m}
status: {observedGeneration: -1}
"""
    assert warnings(loaded(text + "---" + POLICY).problems) == []


def test_a_misspelt_field_of_the_metadata_is_a_warning() -> None:
    config = loaded(POLICY.replace("labels:", "lables:") + "---" + REPOSITORY)

    assert warnings(config.problems) == [
        "flux.yaml:4:metadata.lables: there is no field 'lables' here, Flux drops it; did you mean 'labels'?"
    ]


@pytest.mark.parametrize("version", ["v2", "v1beta3", "", "v1/v2"])
def test_a_version_that_flux_never_had_makes_the_object_unusable(version: str) -> None:
    config = loaded(POLICY.replace("/v1\n", f"/{version}\n") + "---" + REPOSITORY)

    scope = only_scope(config)
    assert scope.unusable[key("app")].message == f"Flux has no version '{version}' of ImagePolicy"
    assert str(scope.unusable[key("app")].location) == "flux.yaml:2:apiVersion"


@pytest.mark.parametrize(
    ("kind", "hint"),
    [("ImagePolcy", "did you mean 'ImagePolicy'?"), ("imagerepository", "did you mean 'ImageRepository'?")],
)
def test_a_kind_that_flux_does_not_have_is_a_warning(kind: str, hint: str) -> None:
    config = loaded(REPOSITORY + "---" + POLICY.replace("kind: ImagePolicy", f"kind: {kind}"))

    assert f"flux.yaml:8:kind: Flux has no image kind '{kind}'; {hint}" in warnings(config.problems)


def test_an_object_of_flux_without_a_kind_is_a_warning() -> None:
    config = loaded("apiVersion: image.toolkit.fluxcd.io/v1\nmetadata: {name: app}\n")

    assert any("names no kind" in warning for warning in warnings(config.problems))


@pytest.mark.parametrize(
    ("annotations", "allowed", "owned"),
    [
        ("{}", False, False),
        ("{imgupdate.dev/allow-downgrade: 'true'}", True, False),
        ("{imgupdate.dev/allow-downgrade: 'false'}", False, False),
        ("{imgupdate.dev/owner: action}", False, True),
        ("{other.dev/owner: someone}", False, False),
    ],
)
def test_annotations_say_what_flux_has_no_field_for(annotations: str, allowed: bool, owned: bool) -> None:
    text = policy_text(CHOICE + "\nsuspend: true").replace("{name: app}", f"{{name: app, annotations: {annotations}}}")

    policy = policy_of(text)

    assert policy.allow_downgrade is allowed
    assert policy.suspend is not owned


def test_the_owner_of_a_suspended_repository_is_heard() -> None:
    text = repository_text(MINIMAL + "\nsuspend: true")

    assert repository_of(text).suspend
    assert not repository_of(text.replace("app}", "app, annotations: {imgupdate.dev/owner: action}}")).suspend


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (
            "imgupdate.dev/allow-downgrade: true",
            'imgupdate.dev/allow-downgrade is a boolean, it must be a text; quote it: "true"',
        ),
        ("imgupdate.dev/allow-downgrade: 'yes'", "imgupdate.dev/allow-downgrade cannot be 'yes'"),
        ("imgupdate.dev/owner: controller", "imgupdate.dev/owner cannot be 'controller'"),
        ("other.dev/number: 1", 'is a number, it must be a text; quote it: "1"'),
    ],
)
def test_an_annotation_with_a_wrong_value_is_an_error(annotation: str, message: str) -> None:
    text = policy_text(CHOICE).replace("{name: app}", f"{{name: app, annotations: {{{annotation}}}}}")

    config = loaded(text + "---" + REPOSITORY)

    assert any(message in error for error in errors(config.problems))
    assert key("app") in only_scope(config).unusable


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ("imgupdate.dev/allow-downgrad: 'true'", "did you mean 'imgupdate.dev/allow-downgrade'?"),
        ("imgupdate.dev/sign: github", "put it on an ImageUpdateAutomation"),
        ("imgupdate.dev/anything-else-at-all: 'x'", "there is no annotation 'imgupdate.dev/anything-else-at-all'"),
    ],
)
def test_an_unknown_annotation_of_ours_is_a_warning(annotation: str, message: str) -> None:
    text = policy_text(CHOICE).replace("{name: app}", f"{{name: app, annotations: {{{annotation}}}}}")

    config = loaded(text + "---" + REPOSITORY)

    assert any(message in warning for warning in warnings(config.problems))
    assert key("app") in only_scope(config).policies


def test_an_annotation_on_a_kind_that_it_does_not_concern_is_a_warning() -> None:
    text = REPOSITORY.replace("system}", "system, annotations: {imgupdate.dev/allow-downgrade: 'true'}}")

    config = loaded(text + "---" + POLICY)

    assert any("has no effect on this kind; put it on an ImagePolicy" in text for text in warnings(config.problems))


def test_a_key_that_is_there_twice_makes_the_object_unusable() -> None:
    config = loaded(REPOSITORY + "---" + POLICY + "  policy: {alphabetical: {}}\n")

    problem = only_scope(config).unusable[key("app")]

    assert str(problem) == ("flux.yaml:13: the key 'policy' is there twice, first in line 12; remove one of them")
    assert problem.policy == key("app")


def test_anchors_and_merges_are_read_as_yaml_says() -> None:
    text = """
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: app}
spec:
  <<: &defaults {interval: 5m, timeout: 1m}
  image: ghcr.io/org/app
"""
    assert repository_of(text).timeout == 60.0


def test_no_message_can_forge_a_line_of_output() -> None:
    config = loaded(
        policy_text(CHOICE).replace("app}", 'app, annotations: {"a\\n::error::b": 1}}', 1)
        + "---\n"
        + repository_text('image: "a\\n::error::b"\ninterval: "x\\u001b[31m\\r\\n::set-output"\n"\\n::x": 1')
    )

    for problem in config.problems:
        assert str(problem).isprintable()
