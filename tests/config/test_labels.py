"""Kubernetes' names, labels and selectors."""

from __future__ import annotations

import pytest

from imgupdate.config.labels import is_label_key, is_label_value, is_object_name, selects
from imgupdate.config.model import LabelSelector, Operator, Requirement

LABELS = {"team": "one", "stage": "", "example.com/tier": "web"}


def requirement(key: str, operator: Operator, *values: str) -> LabelSelector:
    return LabelSelector(match_expressions=(Requirement(key=key, operator=operator, values=values),))


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        (LabelSelector(), True),
        (LabelSelector(match_labels={"team": "one"}), True),
        (LabelSelector(match_labels={"team": "two"}), False),
        (LabelSelector(match_labels={"stage": ""}), True),
        (LabelSelector(match_labels={"absent": ""}), False),
        (LabelSelector(match_labels={"team": "one", "absent": "x"}), False),
        (requirement("team", Operator.IN, "two", "one"), True),
        (requirement("team", Operator.IN, "two"), False),
        (requirement("absent", Operator.IN, "one"), False),
        (requirement("team", Operator.NOT_IN, "two"), True),
        (requirement("team", Operator.NOT_IN, "one"), False),
        (requirement("absent", Operator.NOT_IN, "one"), True),
        (requirement("stage", Operator.EXISTS), True),
        (requirement("absent", Operator.EXISTS), False),
        (requirement("absent", Operator.DOES_NOT_EXIST), True),
        (requirement("stage", Operator.DOES_NOT_EXIST), False),
        (requirement("example.com/tier", Operator.IN, "web"), True),
    ],
)
def test_a_selector_takes_what_kubernetes_takes(selector: LabelSelector, taken: bool) -> None:
    assert selects(selector, LABELS) is taken


def test_labels_and_expressions_must_all_hold() -> None:
    expressions = (
        Requirement(key="team", operator=Operator.EXISTS),
        Requirement(key="absent", operator=Operator.EXISTS),
    )

    assert not selects(LabelSelector(match_expressions=expressions), LABELS)
    assert not selects(LabelSelector(match_labels={"team": "two"}, match_expressions=expressions[:1]), LABELS)
    assert selects(LabelSelector(match_labels={"team": "one"}, match_expressions=expressions[:1]), LABELS)


@pytest.mark.parametrize("text", ["a", "app", "app-1", "a.b.c", "1", "a" * 253])
def test_names_that_kubernetes_takes(text: str) -> None:
    assert is_object_name(text)


@pytest.mark.parametrize("text", ["", "-a", "a-", "a..b", ".a", "A", "a_b", "a:b", "a/b", "a\n", "a" * 254])
def test_names_that_kubernetes_refuses(text: str) -> None:
    assert not is_object_name(text)


@pytest.mark.parametrize("text", ["a", "A_b.c-d", "example.com/name", "a" * 63, "example.com/" + "a" * 63])
def test_keys_of_labels(text: str) -> None:
    assert is_label_key(text)


@pytest.mark.parametrize("text", ["", "/a", "a/", "Example.com/a", "a/b/c", "-a", "a b", "a" * 64, "x" * 254 + "/a"])
def test_what_is_no_key_of_a_label(text: str) -> None:
    assert not is_label_key(text)


@pytest.mark.parametrize(
    ("text", "valid"), [("", True), ("a", True), ("a" * 63, True), ("a" * 64, False), ("a b", False)]
)
def test_values_of_labels(text: str, valid: bool) -> None:
    assert is_label_value(text) is valid
