"""Which images are scanned, and what every policy makes of the answers."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import pytest

from imgupdate.config import active_automations
from imgupdate.config.model import Config
from imgupdate.errors import ConfigurationError, ScanError, UsageError
from imgupdate.results import Cause, Listing, ObjectKey, Outcome, Selection, Severity, Unavailable
from imgupdate.update import Choices, named_policies, select
from tests.update.fakes import RecordedProgress, TableRegistry, configuration, listing, policy, repository, scanner

AUTOMATION = """
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: {name: all, namespace: flux-system}
spec:
  interval: 1h
  sourceRef: {kind: GitRepository, name: flux-system}
  git: {commit: {author: {email: bot@example.com}}}
  policySelector: {matchLabels: {app: wanted}}
"""


def choose(
    config: Config,
    registry: TableRegistry,
    *,
    names: Sequence[str] = (),
    explain: bool = False,
    workers: int = 8,
    progress: RecordedProgress | None = None,
) -> Choices:
    automations = [found for scope in config.scopes for found in active_automations(scope, ())[0]]
    wanted = named_policies(config, names) if names else None
    return select(
        config, automations, scanner(registry, workers=workers, progress=progress), wanted=wanted, explain=explain
    )


def outcome(choices: Choices, name: str = "podinfo") -> Outcome:
    (found,) = [outcome for outcome in choices.outcomes if outcome.policy.name == name]
    return found


def tags(choices: Choices) -> dict[str, str]:
    return {selection.policy.name: selection.tag for selection in choices.selections}


def podinfo(*given: str, warnings: tuple[str, ...] = ()) -> TableRegistry:
    return TableRegistry({"reg.example/podinfo": listing(*given, warnings=warnings)})


def test_a_policy_chooses_among_the_tags_of_its_image() -> None:
    choices = choose(configuration(repository(), policy(range_="5.0.x")), podinfo("5.0.0", "5.1.0", "5.0.3"))

    found = outcome(choices)
    assert isinstance(found, Selection)
    assert (found.policy, found.image, found.tag) == (
        ObjectKey("", "flux-system", "podinfo"),
        "reg.example/podinfo",
        "5.0.3",
    )
    assert found.order.outranks("5.0.3", "5.0.0")
    assert not found.order.admits("5.1.0")
    assert found.explanation is None
    assert choices.problems == ()


def test_each_image_is_scanned_once_however_many_name_it() -> None:
    config = configuration(
        repository("one"),
        repository("other", exclusionList="[^5]", interval="1h"),
        policy("a", repository="one"),
        policy("b", repository="one", range_="4.x"),
        policy("c", repository="other"),
    )
    registry = podinfo("4.0.0", "5.0.0")

    choices = choose(config, registry)

    assert registry.scanned == registry.prepared == ["reg.example/podinfo"]
    assert registry.accesses[0].timeout == 3600
    assert registry.accesses[0].interval == 300
    assert tags(choices) == {"a": "5.0.0", "b": "4.0.0", "c": "4.0.0"}


def test_exclusions_are_those_of_the_image_repository_that_a_policy_names() -> None:
    config = configuration(
        repository("all", exclusionList="[never]"),
        repository("old", exclusionList="[^5]"),
        policy("of-all", repository="all"),
        policy("of-old", repository="old"),
    )

    assert tags(choose(config, podinfo("4.0.0", "5.0.0"))) == {"of-all": "5.0.0", "of-old": "4.0.0"}


def test_images_that_need_different_access_are_scanned_for_each() -> None:
    config = configuration(
        repository("safe"),
        repository("loose", insecure="true"),
        policy("a", repository="safe"),
        policy("b", repository="loose"),
    )
    registry = podinfo("1.0.0")

    choose(config, registry)

    assert registry.scanned == ["reg.example/podinfo"] * 2
    assert sorted(access.insecure for access in registry.accesses) == [False, True]


def test_one_image_that_cannot_be_scanned_does_not_stop_the_others() -> None:
    config = configuration(
        repository("good"),
        repository("bad", "down.example/app"),
        policy("good", repository="good"),
        policy("bad", repository="bad"),
        policy("bad-too", repository="bad"),
    )
    down = ScanError("no\x1b[31m answer", where="down.example/app", remedy="is it up?")
    registry = TableRegistry({"reg.example/podinfo": listing("1.0.0"), "down.example/app": down})

    choices = choose(config, registry)

    assert tags(choices) == {"good": "1.0.0"}
    found = outcome(choices, "bad")
    assert isinstance(found, Unavailable)
    assert (found.cause, found.image, found.reason) == (
        Cause.SCAN_FAILED,
        "down.example/app",
        r"no\x1b[31m answer",
    )
    (problem,) = choices.problems
    assert problem.message == r"down.example/app could not be scanned: no\x1b[31m answer"
    assert problem.remedy == "is it up?"
    assert problem.exit_code == 4
    assert problem.location
    assert (problem.location.path, problem.location.line) == ("flux.yaml", 8)


def test_every_image_repository_of_an_image_that_cannot_be_scanned_is_named() -> None:
    config = configuration(
        repository("one"), repository("other"), policy("a", repository="one"), policy("b", repository="other")
    )

    choices = choose(config, TableRegistry())

    assert len({problem.location for problem in choices.problems}) == 2


def test_an_access_that_cannot_be_used_is_an_error_of_the_configuration() -> None:
    wrong = ConfigurationError("it is no PEM", where="/etc/ca.pem", remedy="name PEM")

    choices = choose(configuration(repository(), policy()), TableRegistry({"reg.example/podinfo": wrong}))

    found = outcome(choices)
    assert isinstance(found, Unavailable)
    assert found.cause is Cause.INVALID
    assert choices.problems[0].message == "reg.example/podinfo could not be scanned: /etc/ca.pem: it is no PEM"
    assert choices.problems[0].exit_code == 3


@pytest.mark.parametrize(
    ("manifests", "reason"),
    [
        ((repository(), policy(suspend="true")), "the policy is suspended"),
        ((repository(suspend="true"), policy()), "its image repository flux-system/podinfo is suspended"),
    ],
)
def test_what_is_suspended_is_unavailable_without_a_scan_and_without_a_failure(
    manifests: tuple[str, str], reason: str
) -> None:
    registry = podinfo("1.0.0")

    choices = choose(configuration(*manifests), registry)

    found = outcome(choices)
    assert isinstance(found, Unavailable)
    assert (found.cause, found.reason) == (Cause.SUSPENDED, reason)
    assert choices.problems == ()
    assert registry.scanned == []


def test_a_policy_that_no_automation_takes_is_not_scanned_for() -> None:
    labelled = policy("taken").replace("name: taken,", "name: taken, labels: {app: wanted},")
    config = configuration(
        repository(), repository("other", "reg.example/other"), AUTOMATION, labelled, policy("left", repository="other")
    )
    registry = podinfo("1.0.0")

    choices = choose(config, registry)

    assert tags(choices) == {"taken": "1.0.0"}
    found = outcome(choices, "left")
    assert isinstance(found, Unavailable)
    assert (found.cause, found.reason) == (Cause.NO_AUTOMATION, "no automation that runs takes it")
    assert registry.scanned == ["reg.example/podinfo"]


@pytest.mark.parametrize("name", ["b", "flux-system/b"])
def test_only_the_policies_that_are_asked_for_are_looked_at(name: str) -> None:
    config = configuration(
        repository(), repository("other", "reg.example/other"), policy("a", repository="other"), policy("b")
    )
    registry = podinfo("1.0.0")

    choices = choose(config, registry, names=[name])

    assert tags(choices) == {"b": "1.0.0"}
    found = outcome(choices, "a")
    assert isinstance(found, Unavailable)
    assert (found.cause, found.reason) == (Cause.NOT_REQUESTED, "it is not among the policies asked for")
    assert registry.scanned == ["reg.example/podinfo"]


def test_a_policy_that_is_asked_for_and_does_not_exist_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        named_policies(configuration(repository(), policy("a"), policy("b")), ["a", "c"])

    assert str(caught.value) == "there is no policy named 'c'; name one of: flux-system/a, flux-system/b"


def test_where_there_is_no_policy_none_can_be_named() -> None:
    with pytest.raises(UsageError, match="none"):
        named_policies(configuration(repository()), ["a"])


def test_a_policy_that_is_wrong_can_be_asked_for_and_is_unavailable_for_its_reason() -> None:
    config = configuration(repository(), policy("wrong", range_="not a range"), policy("good"))
    (problem,) = config.problems

    choices = choose(config, podinfo("1.0.0"), names=["wrong", "good"])

    found = outcome(choices, "wrong")
    assert isinstance(found, Unavailable)
    assert (found.cause, found.reason) == (Cause.INVALID, problem.message)
    assert tags(choices) == {"good": "1.0.0"}
    assert choices.problems == ()


def test_a_repository_that_a_scope_lacks_is_an_error_of_the_policy() -> None:
    config = configuration(repository(), policy())
    (scope,) = config.scopes

    choices = choose(replace(config, scopes=(replace(scope, repositories={}),)), podinfo("1.0.0"))

    found = outcome(choices)
    assert isinstance(found, Unavailable)
    assert found.cause is Cause.INVALID
    (problem,) = choices.problems
    assert (problem.exit_code, problem.policy, problem.message) == (3, found.policy, found.reason)
    assert "does not exist" in found.reason


def test_an_access_that_the_manifests_do_not_give_is_an_error_of_each_repository() -> None:
    proxy = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: proxy, namespace: flux-system}\nstringData: {username: me}\n"
    )
    config = configuration(
        repository("one", proxySecretRef="{name: proxy}"),
        policy("a", repository="one"),
        policy("b", repository="one"),
        proxy,
    )
    registry = podinfo("1.0.0")

    choices = choose(config, registry)

    assert [found.cause for found in choices.outcomes if isinstance(found, Unavailable)] == [Cause.INVALID] * 2
    (problem,) = choices.problems
    assert problem.exit_code == 3
    assert registry.scanned == []


@pytest.mark.parametrize(
    ("given", "spec", "reason", "remedy"),
    [
        ((), {}, "the registry lists no tags", "push one, or correct the image"),
        (
            ("1.0.0", "2.0.0"),
            {"exclusionList": '["."]'},
            "the exclusion list leaves none of 2 tags",
            "correct spec.exclusionList of flux.yaml:1",
        ),
        (("0.1.0",), {}, "none of 1 tags", "widen"),
    ],
)
def test_a_policy_without_a_choice_says_why_at_its_place(
    given: tuple[str, ...], spec: dict[str, str], reason: str, remedy: str
) -> None:
    choices = choose(configuration(repository(**spec), policy()), podinfo(*given))

    found = outcome(choices)
    assert isinstance(found, Unavailable)
    assert found.cause is Cause.NO_TAG
    assert found.reason.startswith(reason)
    (problem,) = choices.problems
    assert problem.message == f"flux-system/podinfo chooses no tag of reg.example/podinfo: {found.reason}"
    assert problem.remedy.startswith(remedy)
    assert (problem.severity, problem.exit_code) == (Severity.ERROR, 4)
    assert problem.policy == found.policy
    assert problem.location
    assert problem.location.line > 1


def test_what_is_not_a_valid_tag_is_never_chosen() -> None:
    everything = policy(policy="{alphabetical: {order: asc}}")

    choices = choose(configuration(repository(), everything), podinfo("a", "z\n::error::boo"))

    found = outcome(choices)
    assert isinstance(found, Unavailable)
    assert found.cause is Cause.NO_TAG
    assert found.reason == r"its choice 'z\n::error::boo' is not a valid tag"


def test_what_was_odd_about_a_listing_is_a_clean_warning_where_the_repository_is_written() -> None:
    choices = choose(configuration(repository(), policy()), podinfo("1.0.0", warnings=("a tag\x07 is odd",)))

    (problem,) = choices.problems
    assert (problem.severity, problem.exit_code) == (Severity.WARNING, 0)
    assert problem.message == r"reg.example/podinfo: a tag\x07 is odd"
    assert problem.location
    assert (problem.location.path, problem.location.line) == ("flux.yaml", 1)


def test_an_explanation_tells_of_every_tag_also_of_the_excluded() -> None:
    choices = choose(configuration(repository(), policy()), podinfo("1.0.0", "0.1.0", "x.sig"), explain=True)

    explanation = outcome(choices).explanation
    assert explanation
    assert [(verdict.tag, verdict.kept) for verdict in explanation.verdicts] == [
        ("1.0.0", True),
        ("0.1.0", False),
        ("x.sig", False),
    ]
    assert explanation.verdicts[-1].reason == "excluded by the exclusion list"
    assert explanation.chosen == "1.0.0"


def test_a_policy_that_chooses_nothing_is_explained_too() -> None:
    choices = choose(configuration(repository(), policy(range_=">=2")), podinfo("1.0.0"), explain=True)

    explanation = outcome(choices).explanation
    assert explanation
    assert [(verdict.tag, verdict.kept) for verdict in explanation.verdicts] == [("1.0.0", False)]


def many(count: int) -> Config:
    names = [f"app-{number:02}" for number in range(count)]
    return configuration(
        *(repository(name, f"reg.example/{name}") for name in names),
        *(policy(name, repository=name) for name in names),
    )


def answer(number: int, order: Sequence[int], turn: Mapping[int, threading.Event]) -> Listing:
    """The tags of one of many images, once it is its turn; then it is that of the next in the order."""
    assert turn[number].wait(10)
    for before, after in itertools.pairwise(order):
        if before == number:
            turn[after].set()
    if number % 3 == 0:
        raise ScanError(f"{number} is down")
    return listing(f"1.0.{number}", warnings=("odd",))


def test_the_result_does_not_depend_on_the_order_in_which_registries_answer() -> None:
    config = many(12)
    results = set()
    for seed in range(5):
        order = list(range(12))
        random.Random(seed).shuffle(order)
        turn = {image: threading.Event() for image in order}
        turn[order[0]].set()

        registry = TableRegistry(
            {f"reg.example/app-{number:02}": partial(answer, number, order, turn) for number in order}
        )
        results.add(repr(choose(config, registry, workers=12)))

    assert len(results) == 1


def test_progress_hears_of_every_image_once() -> None:
    progress = RecordedProgress()

    choose(many(3), TableRegistry(), progress=progress)

    assert progress.heard[0] == "scanning images 3"
    assert sorted(progress.heard[1:-1]) == [f"reg.example/app-{number:02}" for number in range(3)]
    assert progress.heard[-1] == "end"


def test_where_nothing_is_scanned_progress_hears_nothing() -> None:
    progress = RecordedProgress()

    choose(configuration(repository(), policy(suspend="true")), TableRegistry(), progress=progress)

    assert progress.heard == []


def test_an_interruption_ends_the_scan_and_the_progress() -> None:
    progress = RecordedProgress()
    interrupted = TableRegistry({"reg.example/podinfo": KeyboardInterrupt()})

    with pytest.raises(KeyboardInterrupt):
        choose(configuration(repository(), policy()), interrupted, progress=progress)

    assert progress.heard == ["scanning images 1", "end"]
