"""When a plain text is a string to every reader of YAML (spec/flux.md 5.5)."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imgupdate.documents.nodes import scalar_value
from imgupdate.documents.scalars import reads_as_no_string

# YAML 1.2, 10.3.2: the core schema.
CORE = re.compile(
    r"null|Null|NULL|~|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN"
)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True)
numbers = st.from_regex(r"[0-9][0-9_]{0,3}([.:eExXbBoO-][-+]?[0-9a-fA-F_]{0,3}){0,3}", fullmatch=True)


def is_a_string_to_pyyaml(text: str) -> bool:
    resolved = yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return bool(resolved == "tag:yaml.org,2002:str")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "y",
            "Y",
            "yes",
            "No",
            "ON",
            "off",
            "true",
            "False",
            "null",
            "NULL",
            "0777",
            "0x1F",
            "0b11",
            "0o7",
            "0B1",
            "1_000",
        ),
        *(
            "1",
            "1.",
            "1.5",
            "1.10",
            "1e3",
            "1E+3",
            "12e7890",
            "1_0.5",
            "190:20:30",
            "1:30",
            "1:30.5",
            "2024-01-01",
            "2024-1-1",
        ),
        *("2024-01-01T10:00:00Z", "00", "08", "9" * 40),
    ],
)
def test_what_some_reader_takes_for_something_else_is_no_string(text: str) -> None:
    assert reads_as_no_string(text)


@pytest.mark.parametrize(
    "text",
    [
        "v1",
        "5.0.3",
        "1.2.3-rc.1",
        "latest",
        "inf",
        "nan",
        "_1",
        "abc1234",
        "0xg",
        "1:99",
        "2024.01.01",
        "2024-01-01-abc",
        "nginx:1.27",
        "yess",
        "12e",
        "1.5.",
        "sha256:12",
    ],
)
def test_what_every_reader_takes_for_a_string_is_one(text: str) -> None:
    assert not reads_as_no_string(text)


@given(tags | numbers)
def test_no_reader_takes_a_plain_text_for_something_else_that_we_leave_plain(text: str) -> None:
    if not reads_as_no_string(text):
        assert is_a_string_to_pyyaml(text)
        assert isinstance(scalar_value(text), str)
        assert CORE.fullmatch(text) is None
