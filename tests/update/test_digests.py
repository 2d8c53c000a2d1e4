"""Which digests are asked for, and what becomes of a policy whose digest cannot be had."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from imgupdate.config import active_automations
from imgupdate.config.model import Config
from imgupdate.errors import ConfigurationError, Error, ScanError
from imgupdate.images import Digest
from imgupdate.results import Cause, Marker, Outcome, Part, Problem, Selection, Unavailable
from imgupdate.update import reflect_digests, select
from imgupdate.update.digests import needs_markers
from tests.report.results import key, marker
from tests.update.fakes import (
    DIGEST,
    OTHER_DIGEST,
    RecordedProgress,
    TableRegistry,
    configuration,
    listing,
    policy,
    repository,
    scanner,
)

IMAGE = "reg.example/podinfo"
ALWAYS = {"digestReflectionPolicy": "Always", "interval": "10m"}
IF_NOT_PRESENT = {"digestReflectionPolicy": "IfNotPresent"}


def served(digest: Digest | Error = DIGEST) -> TableRegistry:
    return TableRegistry({IMAGE: listing("1.0.0", "1.0.1")}, {f"{IMAGE}:1.0.1": digest})


def reflect(
    config: Config, registry: TableRegistry, markers: Sequence[Marker] = (), progress: RecordedProgress | None = None
) -> tuple[dict[str, Outcome], tuple[Problem, ...]]:
    automations = [found for scope in config.scopes for found in active_automations(scope, ())[0]]
    asker = scanner(registry, progress=progress)
    outcomes, problems = reflect_digests(select(config, automations, asker), markers, asker)
    return {outcome.policy.name: outcome for outcome in outcomes}, problems


def digest_of(outcome: Outcome) -> str | None:
    assert isinstance(outcome, Selection)
    return outcome.digest


def test_by_default_no_digest_is_asked_for() -> None:
    registry = served()

    outcomes, problems = reflect(configuration(repository(), policy()), registry)

    assert digest_of(outcomes["podinfo"]) is None
    assert registry.looked_up == []
    assert problems == ()


def test_always_asks_whatever_the_fields_have() -> None:
    registry = served()
    present = [marker(f"{IMAGE}:1.0.1@{OTHER_DIGEST}", Part.REFERENCE)]

    outcomes, _ = reflect(configuration(repository(), policy(**ALWAYS)), registry, present)

    assert digest_of(outcomes["podinfo"]) == DIGEST
    assert registry.looked_up == [f"{IMAGE}:1.0.1"]


@pytest.mark.parametrize(
    "present",
    [
        [(Part.REFERENCE, f"{IMAGE}:1.0.1@{OTHER_DIGEST}")],
        [(Part.TAG, "1.0.1"), (Part.DIGEST, OTHER_DIGEST)],
        [(Part.NAME, IMAGE), (Part.TAG, "1.0.1"), (Part.DIGEST, OTHER_DIGEST)],
    ],
)
def test_if_not_present_keeps_the_digest_that_all_fields_agree_on(present: list[tuple[Part, str]]) -> None:
    registry = served()

    outcomes, _ = reflect(
        configuration(repository(), policy(**IF_NOT_PRESENT)),
        registry,
        [marker(value, part) for part, value in present],
    )

    assert digest_of(outcomes["podinfo"]) == OTHER_DIGEST
    assert registry.looked_up == []


@pytest.mark.parametrize(
    "present",
    [
        [],
        [(Part.TAG, "1.0.1")],
        [(Part.DIGEST, OTHER_DIGEST)],
        [(Part.REFERENCE, f"{IMAGE}:1.0.0@{OTHER_DIGEST}")],
        [(Part.REFERENCE, f"reg.example/other:1.0.1@{OTHER_DIGEST}")],
        [(Part.REFERENCE, f"{IMAGE}:1.0.1@{OTHER_DIGEST}"), (Part.TAG, "1.0.0")],
        [(Part.REFERENCE, f"{IMAGE}:1.0.1@{OTHER_DIGEST}"), (Part.DIGEST, DIGEST)],
        [(Part.TAG, "1.0.1"), (Part.DIGEST, "sha256:short")],
    ],
)
def test_if_not_present_asks_where_the_fields_have_no_digest_of_the_choice(present: list[tuple[Part, str]]) -> None:
    registry = served()

    outcomes, _ = reflect(
        configuration(repository(), policy(**IF_NOT_PRESENT)),
        registry,
        [marker(value, part) for part, value in present],
    )

    assert digest_of(outcomes["podinfo"]) == DIGEST
    assert registry.looked_up == [f"{IMAGE}:1.0.1"]


def test_the_fields_of_another_policy_say_nothing() -> None:
    registry = served()
    others = [marker(f"{IMAGE}:1.0.1@{OTHER_DIGEST}", Part.REFERENCE, policy=key("other"))]

    outcomes, _ = reflect(configuration(repository(), policy(**IF_NOT_PRESENT)), registry, others)

    assert digest_of(outcomes["podinfo"]) == DIGEST


def test_each_digest_is_asked_for_once_with_the_greatest_patience() -> None:
    registry, progress = served(), RecordedProgress()
    config = configuration(
        repository("one"),
        repository("other", interval="1h"),
        policy("a", repository="one", **ALWAYS),
        policy("b", repository="other", **IF_NOT_PRESENT),
    )

    outcomes, _ = reflect(config, registry, progress=progress)

    assert registry.looked_up == [f"{IMAGE}:1.0.1"]
    assert {digest_of(outcome) for outcome in outcomes.values()} == {DIGEST}
    assert progress.heard[-3:] == ["looking up digests 1", f"{IMAGE}:1.0.1", "end"]


def test_a_policy_whose_digest_cannot_be_had_is_unavailable() -> None:
    gone = ScanError("not\x07 found", where=f"{IMAGE}:1.0.1", remedy="push it")

    outcomes, problems = reflect(configuration(repository(), policy(**ALWAYS)), served(gone))

    found = outcomes["podinfo"]
    assert isinstance(found, Unavailable)
    assert (found.cause, found.reason, found.image) == (Cause.NO_DIGEST, r"not\x07 found", IMAGE)
    (problem,) = problems
    assert problem.message == rf"the digest of {IMAGE}:1.0.1 could not be had: not\x07 found"
    assert (problem.remedy, problem.exit_code, problem.policy) == ("push it", 4, key())
    assert problem.location
    assert problem.location.path == "flux.yaml"


def test_an_access_that_cannot_be_used_is_an_error_of_the_configuration() -> None:
    outcomes, problems = reflect(
        configuration(repository(), policy(**ALWAYS)), served(ConfigurationError("no PEM", where="/etc/ca.pem"))
    )

    assert isinstance(outcomes["podinfo"], Unavailable)
    assert problems[0].exit_code == 3
    assert problems[0].message.endswith("could not be had: /etc/ca.pem: no PEM")


def test_what_is_unavailable_anyway_needs_no_digest() -> None:
    registry = served()

    outcomes, problems = reflect(configuration(repository(), policy(suspend="true", **ALWAYS)), registry)

    assert isinstance(outcomes["podinfo"], Unavailable)
    assert registry.looked_up == []
    assert problems == ()


@pytest.mark.parametrize(("spec", "needed"), [({}, False), (ALWAYS, False), (IF_NOT_PRESENT, True)])
def test_the_tree_is_surveyed_only_where_a_digest_may_stand(spec: dict[str, str], *, needed: bool) -> None:
    config = configuration(repository(), policy(**spec))
    automations = [found for scope in config.scopes for found in active_automations(scope, ())[0]]

    assert needs_markers(select(config, automations, scanner(served()))) is needed
