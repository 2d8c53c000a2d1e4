"""Kubernetes' names, labels and label selectors."""

from __future__ import annotations

import re
from collections.abc import Mapping

from imgupdate.config.fields import Fields
from imgupdate.config.model import LabelSelector, Operator, Requirement
from imgupdate.errors import shown

_DNS = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_OBJECT_NAME = re.compile(_DNS)
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")


def is_object_name(text: str) -> bool:
    """Whether Kubernetes takes a text as the name of an object (RFC 1123 subdomain)."""
    return len(text) <= 253 and _OBJECT_NAME.fullmatch(text) is not None


def is_label_key(text: str) -> bool:
    """Whether a text is a label's key: a name of at most 63 characters, after an optional DNS prefix and a slash."""
    prefix, slash, name = text.rpartition("/")
    return (not slash or is_object_name(prefix)) and len(name) <= 63 and _LABEL.fullmatch(name) is not None


def is_label_value(text: str) -> bool:
    """Whether a text is a label's value: empty, or like a key's name."""
    return not text or (len(text) <= 63 and _LABEL.fullmatch(text) is not None)


def read_selector(fields: Fields, *, expressions: bool = True) -> LabelSelector:
    """A label selector. `accessFrom` knows `matchLabels` only."""
    labels = fields.string_map("matchLabels")
    for key, value in labels.items():
        _check(fields, key, (value,), "matchLabels")
    found = []
    if expressions:
        found = [_read_requirement(item) for item in fields.children("matchExpressions")]
    return LabelSelector(match_labels=labels, match_expressions=tuple(found))


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether a selector takes an object with these labels."""
    return all(labels.get(key) == value for key, value in selector.match_labels.items()) and all(
        _holds(requirement, labels) for requirement in selector.match_expressions
    )


def _holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case Operator.IN:
            return value in requirement.values
        case Operator.NOT_IN:
            return value not in requirement.values
        case Operator.EXISTS:
            return value is not None
    return value is None


def _read_requirement(fields: Fields) -> Requirement:
    key = fields.string("key", required=True)
    written = fields.string("operator", required=True)
    values = tuple(text for text, _ in fields.strings("values"))
    operator = next((member for member in Operator if member == written), None)
    if written and operator is None:
        remedy = f"write {', '.join(Operator)}"
        fields.findings.error(f"operator cannot be {shown(written)}", fields.at("operator"), remedy)
    if operator in {Operator.IN, Operator.NOT_IN} and not values:
        fields.findings.error(f"the operator {operator} needs values", fields.at("operator"), "add values")
    if operator in {Operator.EXISTS, Operator.DOES_NOT_EXIST} and values:
        fields.findings.error(f"the operator {operator} takes no values", fields.at("values"), "remove values")
    if key:
        _check(fields, key, values, "key")
    return Requirement(key=key, operator=operator or Operator.EXISTS, values=values)


def _check(fields: Fields, key: str, values: tuple[str, ...], field: str) -> None:
    if not is_label_key(key):
        fields.findings.error(f"no label can have the key {shown(key)}", fields.at(field), "correct it")
    for value in values:
        if not is_label_value(value):
            fields.findings.error(f"no label can have the value {shown(value)}", fields.at(field), "correct it")
